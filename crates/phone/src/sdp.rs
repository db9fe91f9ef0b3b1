//! Session descriptions (RFC 4566, RFC 3264), only as much as a phone with one audio stream needs.

use std::fmt::Write;
use std::net::{IpAddr, SocketAddr};

use crate::settings::Codec;

/// The payload type under which the phone offers telephone events.
pub(crate) const OWN_EVENT_TYPE: u8 = 101;

/// Which way audio goes, seen from whoever says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    SendRecv,
    SendOnly,
    RecvOnly,
    Inactive,
}

impl Direction {
    const ALL: [(Direction, &str); 4] = [
        (Direction::SendRecv, "sendrecv"),
        (Direction::SendOnly, "sendonly"),
        (Direction::RecvOnly, "recvonly"),
        (Direction::Inactive, "inactive"),
    ];

    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(direction, _)| *direction == self).map_or("sendrecv", |(_, word)| word)
    }

    pub fn sends(self) -> bool {
        matches!(self, Direction::SendRecv | Direction::SendOnly)
    }

    pub fn receives(self) -> bool {
        matches!(self, Direction::SendRecv | Direction::RecvOnly)
    }

    /// What to answer with, when we would like `wish` ourselves.
    pub fn answer(self, wish: Direction) -> Direction {
        match (wish.sends() && self.receives(), wish.receives() && self.sends()) {
            (true, true) => Direction::SendRecv,
            (true, false) => Direction::SendOnly,
            (false, true) => Direction::RecvOnly,
            (false, false) => Direction::Inactive,
        }
    }
}

/// What the other side has described.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session {
    /// Where it wants to have its audio.
    pub address: SocketAddr,
    /// Those of its codecs that the phone speaks, in its order.
    pub codecs: Vec<Codec>,
    /// Its payload type for telephone events.
    pub event_type: Option<u8>,
    /// Which way audio goes, seen from it.
    pub direction: Direction,
}

/// Writes an offer or answer.
pub(crate) fn write(
    address: SocketAddr,
    version: u32,
    codecs: &[Codec],
    events: Option<u8>,
    direction: Direction,
) -> String {
    let family = if address.is_ipv4() { "IP4" } else { "IP6" };
    let (ip, port) = (address.ip(), address.port());
    let types: String = codecs.iter().map(|codec| format!(" {}", codec.payload_type())).collect();
    let event_type = events.map(|number| format!(" {number}")).unwrap_or_default();
    let mut text = format!(
        "v=0\r\no=phone {port} {version} IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP{types}{event_type}\r\n"
    );
    for codec in codecs {
        let _ = write!(text, "a=rtpmap:{} {}/8000\r\n", codec.payload_type(), codec.name());
    }
    if let Some(number) = events {
        let _ = write!(text, "a=rtpmap:{number} telephone-event/8000\r\na=fmtp:{number} 0-15\r\n");
    }
    let _ = write!(text, "a=ptime:20\r\na={}\r\n", direction.word());
    text
}

/// Reads what the other side describes.
///
/// # Errors
/// A sentence that says what is missing.
pub(crate) fn read(body: &[u8]) -> Result<Session, String> {
    let text = String::from_utf8_lossy(body);
    let mut session = Reading::default();
    let mut in_audio = None;
    for line in text.lines().map(str::trim_end) {
        let Some((kind, value)) = line.split_once('=') else { continue };
        match (kind, in_audio) {
            ("m", None) if value.starts_with("audio ") => {
                session.media(value)?;
                in_audio = Some(true);
            }
            ("m", _) => in_audio = Some(false),
            ("c", None | Some(true)) => session.ip = value.split(' ').nth(2).and_then(|ip| ip.parse().ok()),
            ("a", None | Some(true)) => session.attribute(value),
            _ => {}
        }
    }
    session.finish()
}

#[derive(Default)]
struct Reading {
    ip: Option<IpAddr>,
    port: Option<u16>,
    types: Vec<u8>,
    maps: Vec<(u8, String)>,
    direction: Option<Direction>,
}

impl Reading {
    fn media(&mut self, value: &str) -> Result<(), String> {
        let mut words = value.split(' ').skip(1);
        self.port = words.next().and_then(|port| port.split('/').next()?.parse().ok());
        if self.port == Some(0) {
            return Err("the audio stream is refused (port 0)".into());
        }
        self.types = words.skip(1).filter_map(|word| word.parse().ok()).collect();
        Ok(())
    }

    fn attribute(&mut self, value: &str) {
        if let Some(map) = value.strip_prefix("rtpmap:") {
            if let Some((number, name)) = map.split_once(' ')
                && let Ok(number) = number.parse()
            {
                self.maps.push((number, name.to_ascii_uppercase()));
            }
        } else if let Some((direction, _)) = Direction::ALL.iter().find(|(_, word)| *word == value) {
            self.direction = Some(*direction);
        }
    }

    fn finish(self) -> Result<Session, String> {
        let port = self.port.ok_or("there is no audio stream")?;
        let ip = self.ip.ok_or("there is no address (c=)")?;
        let codecs: Vec<Codec> = self.types.iter().copied().filter_map(Codec::of).collect();
        if codecs.is_empty() {
            return Err(format!("neither PCMU nor PCMA is among the formats {:?}", self.types));
        }
        let is_event = |number: &u8| {
            self.maps.iter().any(|(mapped, name)| mapped == number && name.starts_with("TELEPHONE-EVENT/8000"))
        };
        let event_type = self.types.iter().copied().find(is_event);
        // An address of zeros is the hold of old phones (RFC 2543).
        let direction = self.direction.unwrap_or(Direction::SendRecv);
        let direction = if ip.is_unspecified() { Direction::SendOnly } else { direction };
        Ok(Session { address: (ip, port).into(), codecs, event_type, direction })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        let address = "127.0.0.2:4000".parse().unwrap();
        let text = write(address, 3, &[Codec::Pcma, Codec::Pcmu], Some(OWN_EVENT_TYPE), Direction::SendOnly);
        let session = Session {
            address,
            codecs: vec![Codec::Pcma, Codec::Pcmu],
            event_type: Some(OWN_EVENT_TYPE),
            direction: Direction::SendOnly,
        };
        assert_eq!(read(text.as_bytes()), Ok(session));
    }

    #[test]
    fn an_address_of_the_stream_goes_before_that_of_the_session() {
        let text = "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 18 0 96\r\n\
            c=IN IP4 10.0.0.2\r\na=rtpmap:96 telephone-event/8000\r\nm=video 5000 RTP/AVP 99\r\nc=IN IP4 10.0.0.3\r\n";
        let session = read(text.as_bytes()).unwrap();
        assert_eq!(session.address, "10.0.0.2:4000".parse().unwrap());
        assert_eq!((session.codecs, session.event_type), (vec![Codec::Pcmu], Some(96)));
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let read = |media: &str| read(format!("v=0\r\nc=IN IP4 10.0.0.1\r\n{media}").as_bytes()).unwrap_err();
        assert!(read("").contains("no audio stream"));
        assert!(read("m=audio 0 RTP/AVP 0\r\n").contains("port 0"));
        assert!(read("m=audio 4000 RTP/AVP 18\r\n").contains("[18]"));
    }

    #[test]
    fn a_hold_is_answered_by_listening_only() {
        use Direction::*;
        assert_eq!(SendOnly.answer(SendRecv), RecvOnly);
        assert_eq!(Inactive.answer(SendRecv), Inactive);
        assert_eq!(SendRecv.answer(SendOnly), SendOnly);
        assert_eq!(SendRecv.answer(SendRecv), SendRecv);
    }
}
