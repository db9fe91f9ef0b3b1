//! Offer and answer (RFC 3264) for one audio stream in G.711, with the events of RFC 4733.

use std::net::{IpAddr, SocketAddr};

use nohold_telephony::codec::Codec;
use sdp_types::{Attribute, Connection, Direction, Media, Origin, RtpMap, Session, TransportProto};
use thiserror::Error;

/// The payload type under which we offer telephone events.
const TELEPHONE_EVENT: u8 = 101;
/// A description larger than this is refused: an audio call has no use for it.
const LONGEST: usize = 8_192;
/// More media lines than this are refused.
const MOST_MEDIA: usize = 16;

/// What the other side has described of its audio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// Where it wants to be sent to; none where it gave `0.0.0.0`, the old way to hold.
    pub address: Option<SocketAddr>,
    /// The codecs that we know, with their payload types, in its order.
    pub codecs: Vec<(Codec, u8)>,
    /// The payload type of telephone events.
    pub telephone_event: Option<u8>,
    /// Whether it sends audio.
    pub sends: bool,
    /// Whether it wants to hear us.
    pub receives: bool,
    /// All its media lines, for an answer that has as many.
    media: Vec<Media>,
    /// Which of them is the audio.
    audio: usize,
}

/// Why a description cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unusable {
    /// It is not SDP: 400.
    #[error("the session description cannot be read")]
    Malformed,
    /// There is nothing in it that we could use: 488.
    #[error("the session description offers no audio in G.711 over RTP")]
    NotAcceptable,
}

/// Our side of a session: the same numbers for its whole life, and a version that counts its changes (RFC 3264 §8).
#[derive(Debug, Clone)]
pub struct Local {
    address: SocketAddr,
    peer: IpAddr,
    session: u64,
    version: u64,
    last: Option<Vec<u8>>,
}

impl Description {
    /// Reads a session description.
    ///
    /// # Errors
    /// [`Unusable`], whose two cases have different status codes.
    pub fn parse(bytes: &[u8]) -> Result<Description, Unusable> {
        if bytes.len() > LONGEST {
            return Err(Unusable::Malformed);
        }
        let session = Session::parse(bytes).map_err(|_| Unusable::Malformed)?;
        if session.medias.len() > MOST_MEDIA {
            return Err(Unusable::NotAcceptable);
        }
        let usable = session.medias.iter().position(|media| is_plain_audio(media) && !codecs(media).is_empty());
        let audio = usable.ok_or(Unusable::NotAcceptable)?;
        let media = &session.medias[audio];
        let address = media.connections.first().or(session.connection.as_ref()).map(ip_address);
        // A name instead of an address would have to be resolved; nobody who calls us writes one.
        let address = match address {
            Some(Some(address)) => address,
            Some(None) | None => return Err(Unusable::NotAcceptable),
        };
        let direction = direction(media.attributes.iter()).or_else(|| direction(session.attributes.iter()));
        let direction = direction.unwrap_or_default();
        let nowhere = address.is_unspecified();
        Ok(Description {
            address: (!nowhere).then(|| SocketAddr::new(address, media.port)),
            codecs: codecs(media),
            telephone_event: telephone_event(media),
            sends: direction.has_send(),
            receives: direction.has_recv() && !nowhere,
            audio,
            media: session.medias,
        })
    }

    /// The codec to talk in: its first that we know.
    #[must_use]
    pub fn codec(&self) -> Option<(Codec, u8)> {
        self.codecs.first().copied()
    }
}

impl Local {
    /// A session whose audio arrives at this address; `session` is a number that nobody else has, and `peer` is where
    /// the signalling of the other side comes from.
    #[must_use]
    pub fn new(address: SocketAddr, session: u64, peer: IpAddr) -> Self {
        // Some far ends keep the number in 63 bits.
        Local { address, peer, session: session >> 1, version: 0, last: None }
    }

    /// Where the signalling of the other side comes from.
    #[must_use]
    pub fn peer(&self) -> IpAddr {
        self.peer
    }

    /// An offer of both laws and telephone events.
    pub fn offer(&mut self) -> Vec<u8> {
        let formats: Vec<(Codec, u8)> = Codec::ALL.iter().map(|codec| (*codec, codec.payload_type())).collect();
        let audio = self.audio(&formats, Some(TELEPHONE_EVENT), Direction::SendRecv);
        self.write(vec![audio])
    }

    /// What we said last, as an offer that changes nothing; a fresh offer where we have said nothing yet.
    pub fn repeat(&mut self) -> Vec<u8> {
        self.last.clone().unwrap_or_else(|| self.offer())
    }

    /// The answer to an offer: its first codec that we know, its media lines in its order, all but one refused.
    pub fn answer(&mut self, offer: &Description) -> Vec<u8> {
        let direction = match (offer.sends, offer.receives) {
            (true, true) => Direction::SendRecv,
            (true, false) => Direction::RecvOnly,
            (false, true) => Direction::SendOnly,
            (false, false) => Direction::Inactive,
        };
        let formats: Vec<(Codec, u8)> = offer.codec().into_iter().collect();
        let audio = self.audio(&formats, offer.telephone_event, direction);
        let media = offer
            .media
            .iter()
            .enumerate()
            .map(|(index, other)| if index == offer.audio { audio.clone() } else { refused(other) });
        let media = media.collect();
        self.write(media)
    }

    fn audio(&self, codecs: &[(Codec, u8)], telephone_event: Option<u8>, direction: Direction) -> Media {
        let formats = codecs.iter().map(|(_, payload_type)| *payload_type).chain(telephone_event);
        let formats: Vec<String> = formats.map(|format| format.to_string()).collect();
        let mut media =
            Media::new(sdp_types::MediaType::Audio, self.address.port(), TransportProto::RtpAvp, formats.join(" "));
        for (codec, payload_type) in codecs {
            media.add_attribute_with_value("rtpmap", RtpMap::new(*payload_type, codec.name(), 8_000));
        }
        if let Some(payload_type) = telephone_event {
            media.add_attribute_with_value("rtpmap", RtpMap::new(payload_type, "telephone-event", 8_000));
            media.add_attribute_with_value("fmtp", format!("{payload_type} 0-15"));
        }
        media.add_attribute_with_value("ptime", nohold_telephony::FRAME_MS);
        media.add_attribute_from_str(direction.as_str());
        media
    }

    fn write(&mut self, medias: Vec<Media>) -> Vec<u8> {
        let mut text = self.text(medias.clone());
        if self.last.as_ref().is_some_and(|last| *last != text) {
            self.version += 1;
            text = self.text(medias);
        }
        self.last = Some(text.clone());
        text
    }

    fn text(&self, medias: Vec<Media>) -> Vec<u8> {
        let ip = self.address.ip();
        let session = Session {
            origin: Origin { username: Some("nohold".into()), ..Origin::with_ip_addr(self.session, self.version, ip) },
            session_name: "-".into(),
            session_description: None,
            uri: None,
            emails: Vec::new(),
            phones: Vec::new(),
            connection: Some(Connection::from_ip_addr(ip)),
            bandwidths: Vec::new(),
            times: vec![sdp_types::Time::new(0, 0)],
            time_zones: Vec::new(),
            key: None,
            attributes: Vec::new(),
            medias,
        };
        let mut text = Vec::new();
        // Writing into a vector cannot fail.
        let _ = session.write(&mut text);
        text
    }
}

fn is_plain_audio(media: &Media) -> bool {
    media.media.eq_ignore_ascii_case("audio") && media.proto.eq_ignore_ascii_case("RTP/AVP") && media.port != 0
}

/// The media line of something that we do not take (RFC 3264 §6).
fn refused(other: &Media) -> Media {
    Media { port: 0, num_ports: None, connections: Vec::new(), attributes: Vec::new(), ..other.clone() }
}

fn ip_address(connection: &Connection) -> Option<IpAddr> {
    connection.connection_address.split('/').next()?.trim().parse().ok()
}

fn direction<'a>(attributes: impl Iterator<Item = &'a Attribute>) -> Option<Direction> {
    attributes.filter(|one| one.value.is_none()).find_map(|one| one.attribute.parse().ok())
}

/// The formats of a media line with what stands in their `rtpmap`.
fn formats(media: &Media) -> Vec<(u8, Option<RtpMap>)> {
    let maps: Vec<RtpMap> =
        media.get_attribute_values("rtpmap").flatten().filter_map(|value| value.parse().ok()).collect();
    let types = media.fmt.split_whitespace().filter_map(|format| format.parse::<u8>().ok()).filter(|pt| *pt < 128);
    types.map(|pt| (pt, maps.iter().find(|map| map.payload_type == pt).cloned())).collect()
}

fn codecs(media: &Media) -> Vec<(Codec, u8)> {
    let known = |payload_type: u8, map: Option<RtpMap>| match map {
        Some(map) => Codec::ALL.into_iter().find(|codec| {
            let mono = map.encoding_params.as_deref().is_none_or(|channels| channels == "1");
            map.encoding_name.eq_ignore_ascii_case(codec.name()) && map.clock_rate == 8_000 && mono
        }),
        // The static types need no map (RFC 3551 §6).
        None => Codec::ALL.into_iter().find(|codec| codec.payload_type() == payload_type),
    };
    formats(media).into_iter().filter_map(|(pt, map)| Some((known(pt, map)?, pt))).collect()
}

fn telephone_event(media: &Media) -> Option<u8> {
    let is_event = |map: &RtpMap| map.encoding_name.eq_ignore_ascii_case("telephone-event") && map.clock_rate == 8_000;
    formats(media).into_iter().find(|(_, map)| map.as_ref().is_some_and(is_event)).map(|(pt, _)| pt)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Description, Unusable> {
        Description::parse(text.replace('\n', "\r\n").as_bytes())
    }

    fn local() -> Local {
        Local::new("192.0.2.10:40000".parse().unwrap(), 84, "192.0.2.1".parse().unwrap())
    }

    const PHONE: &str = "v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\n\
        m=audio 4000 RTP/AVP 9 8 0 96\na=rtpmap:9 G722/8000\na=rtpmap:8 PCMA/8000\na=rtpmap:96 telephone-event/8000\n\
        a=fmtp:96 0-16\na=sendrecv\n";

    #[test]
    fn the_first_codec_that_we_know_is_taken_under_the_other_sides_payload_types() {
        let offer = parse(PHONE).unwrap();
        assert_eq!(offer.address, Some("192.0.2.1:4000".parse().unwrap()));
        assert_eq!(offer.codecs, [(Codec::Pcma, 8), (Codec::Pcmu, 0)]);
        assert_eq!(offer.telephone_event, Some(96));
        let answer = String::from_utf8(local().answer(&offer)).unwrap();
        assert_eq!(
            answer.replace("\r\n", "\n"),
            "v=0\no=nohold 42 0 IN IP4 192.0.2.10\ns=-\nc=IN IP4 192.0.2.10\nt=0 0\nm=audio 40000 RTP/AVP 8 96\n\
             a=rtpmap:8 PCMA/8000\na=rtpmap:96 telephone-event/8000\na=fmtp:96 0-15\na=ptime:20\na=sendrecv\n"
        );
    }

    #[test]
    fn our_offer_is_one_that_we_could_take() {
        let offer = Description::parse(&local().offer()).unwrap();
        assert_eq!(offer.codecs, [(Codec::Pcma, 8), (Codec::Pcmu, 0)]);
        assert_eq!(offer.telephone_event, Some(TELEPHONE_EVENT));
        assert!(offer.sends && offer.receives);
    }

    #[test]
    fn a_codec_may_stand_under_a_dynamic_type() {
        let text = PHONE.replace("9 8 0 96", "97 96").replace("rtpmap:8 PCMA/8000", "rtpmap:97 pcmu/8000/1");
        assert_eq!(parse(&text).unwrap().codecs, [(Codec::Pcmu, 97)]);
    }

    #[test]
    fn a_type_that_is_mapped_to_something_else_is_not_its_static_codec() {
        let text = PHONE.replace("9 8 0 96", "8 96").replace("rtpmap:8 PCMA/8000", "rtpmap:8 opus/48000/2");
        assert_eq!(parse(&text), Err(Unusable::NotAcceptable));
    }

    #[test]
    fn hold_is_understood_in_its_three_forms() {
        let holds = |text: &str| parse(text).map(|one| (one.sends, one.receives, one.address.is_some())).unwrap();
        assert_eq!(holds(&PHONE.replace("a=sendrecv", "a=sendonly")), (true, false, true));
        assert_eq!(holds(&PHONE.replace("a=sendrecv", "a=inactive")), (false, false, true));
        assert_eq!(holds(&PHONE.replace("c=IN IP4 192.0.2.1", "c=IN IP4 0.0.0.0")), (true, false, false));
        let offer = parse(&PHONE.replace("a=sendrecv", "a=sendonly")).unwrap();
        let answer = String::from_utf8(local().answer(&offer)).unwrap();
        assert!(answer.contains("a=recvonly"), "{answer}");
    }

    #[test]
    fn a_direction_of_the_whole_session_holds_for_the_audio() {
        let text = PHONE.replace("a=sendrecv\n", "").replace("t=0 0\n", "t=0 0\na=inactive\n");
        let offer = parse(&text).unwrap();
        assert!(!offer.sends && !offer.receives);
    }

    #[test]
    fn other_media_is_refused_line_by_line() {
        let text = PHONE.replace("m=audio", "m=video 5000 RTP/AVP 31\nm=audio") + "m=image 0 udptl t38\n";
        let answer = String::from_utf8(local().answer(&parse(&text).unwrap())).unwrap();
        let lines: Vec<&str> = answer.lines().filter(|line| line.starts_with("m=")).collect();
        assert_eq!(lines, ["m=video 0 RTP/AVP 31", "m=audio 40000 RTP/AVP 8 96", "m=image 0 udptl t38"]);
    }

    #[test]
    fn what_we_cannot_use_is_refused() {
        assert_eq!(parse(&PHONE.replace("RTP/AVP", "RTP/SAVP")), Err(Unusable::NotAcceptable));
        assert_eq!(parse(&PHONE.replace("audio 4000", "audio 0")), Err(Unusable::NotAcceptable));
        assert_eq!(
            parse(&PHONE.replace("IN IP4 192.0.2.1\nt=", "IN IP4 phone.example\nt=")),
            Err(Unusable::NotAcceptable)
        );
        assert_eq!(parse(&PHONE.replace("c=IN IP4 192.0.2.1\n", "")), Err(Unusable::NotAcceptable));
        assert_eq!(parse("v=0\nnonsense\n"), Err(Unusable::Malformed));
        assert_eq!(Description::parse(&[b'x'; LONGEST + 1]), Err(Unusable::Malformed));
        assert_eq!(Description::parse(b""), Err(Unusable::Malformed));
    }

    #[test]
    fn the_version_counts_changes_and_only_changes() {
        let version = |text: Vec<u8>| Session::parse(&text).unwrap().origin.sess_version;
        let (talk, hold) = (parse(PHONE).unwrap(), parse(&PHONE.replace("sendrecv", "sendonly")).unwrap());
        let mut local = local();
        let versions = [&talk, &talk, &hold, &hold, &talk].map(|offer| version(local.answer(offer)));
        assert_eq!(versions, [0, 0, 1, 1, 2]);
    }

    #[test]
    fn ipv6_is_written_as_such() {
        let mut local = Local::new("[2001:db8::1]:40000".parse().unwrap(), 2, "::1".parse().unwrap());
        let text = String::from_utf8(local.offer()).unwrap();
        assert!(text.contains("c=IN IP6 2001:db8::1"), "{text}");
        assert_eq!(Description::parse(text.as_bytes()).unwrap().address, Some("[2001:db8::1]:40000".parse().unwrap()));
    }
}
