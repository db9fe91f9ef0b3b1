//! What a browser may offer, and what is made of it.

use std::net::SocketAddr;
use std::time::Instant;

use nohold_telephony::codec::Codec;
use str0m::change::SdpOffer;
use str0m::format::{Codec as Format, FormatParams};
use str0m::media::{Direction, Frequency, Mid};
use str0m::rtp::Extension;
use str0m::{Candidate, Rtc, RtcConfig};
use thiserror::Error;

use crate::words::Agreed;

/// No offer is longer, in bytes. A browser with many networks offers about 4 kB.
pub const LONGEST_OFFER: usize = 32 * 1024;

/// The payload type of telephone events where the other side names none; the browser's own takes its place.
const TELEPHONE_EVENT: u8 = 126;

/// The id under which the media line is named in packets (RFC 8843 §15); the browser's own takes its place.
const MID_EXTENSION: u8 = 4;

/// Why an offer is not taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unusable {
    /// It is too long.
    #[error("the offer is longer than {LONGEST_OFFER} bytes: offer one audio stream and nothing else")]
    TooLong,
    /// It is no SDP, or no offer.
    #[error("this is no offer in SDP: send what createOffer() has made")]
    NotSdp,
    /// It is not about one audio stream.
    #[error("the offer has to be about one audio stream that is sent and received, and nothing else")]
    NotOneAudio,
    /// No codec of it is ours.
    #[error("the offer has neither PCMU nor PCMA: leave one of them among the codecs")]
    NoCodec,
}

/// A connection as it begins.
pub(crate) struct Begun {
    pub(crate) rtc: Rtc,
    pub(crate) mid: Mid,
    pub(crate) agreed: Agreed,
    pub(crate) answer: String,
    /// The name by which the browser calls us in its binding requests.
    pub(crate) ufrag: String,
}

/// Makes a connection of an offer.
pub(crate) fn accept(config: RtcConfig, offer: &str, ours: &[SocketAddr], now: Instant) -> Result<Begun, Unusable> {
    if offer.len() > LONGEST_OFFER {
        return Err(Unusable::TooLong);
    }
    let codec = wanted(offer)?;
    let offer = SdpOffer::from_sdp_string(offer).map_err(|_| Unusable::NotSdp)?;
    let mut rtc = configured(config, codec).build(now);
    for address in ours {
        let candidate = Candidate::host(*address, "udp").map_err(|_| Unusable::NotSdp)?;
        rtc.add_local_candidate(candidate);
    }
    // Not logged: the error may quote what the page has said of itself.
    let answer = rtc.sdp_api().accept_offer(offer).map_err(|_| Unusable::NotSdp)?;
    let mid = answer.media_lines.first().map(|line| line.mid()).ok_or(Unusable::NotOneAudio)?;
    let agreed = agreed(&rtc, mid, codec).ok_or(Unusable::NoCodec)?;
    let ufrag = rtc.direct_api().local_ice_credentials().ufrag;
    Ok(Begun { rtc, mid, agreed, answer: answer.to_sdp_string(), ufrag })
}

/// Which codec of the offer is taken: the first of the two that we have, so that the answer names one and both sides
/// speak the same. An offer of anything but one stream of audio is none.
fn wanted(offer: &str) -> Result<Codec, Unusable> {
    let mut media = offer.lines().filter_map(|line| line.trim_end().strip_prefix("m="));
    let (Some(first), None) = (media.next(), media.next()) else {
        return Err(if offer.starts_with("v=0") { Unusable::NotOneAudio } else { Unusable::NotSdp });
    };
    // RFC 8866 §5.14: media, port, protocol, formats.
    let mut words = first.split_ascii_whitespace();
    if words.next() != Some("audio") {
        return Err(Unusable::NotOneAudio);
    }
    let codec = |format: &str| match format {
        "0" => Some(Codec::Pcmu),
        "8" => Some(Codec::Pcma),
        _ => None,
    };
    words.skip(2).find_map(codec).ok_or(Unusable::NoCodec)
}

fn configured(config: RtcConfig, codec: Codec) -> RtcConfig {
    let mut config = config
        .set_ice_lite(true)
        .set_rtp_mode(true)
        .clear_codecs()
        .enable_pcmu(codec == Codec::Pcmu, false)
        .enable_pcma(codec == Codec::Pcma, false)
        .clear_extension_map()
        .set_extension(MID_EXTENSION, Extension::RtpMid)
        .set_send_buffer_audio(SEND_BUFFER);
    let rate = Frequency::EIGHT_KHZ;
    config.codec_config().add_config(TELEPHONE_EVENT.into(), None, Format::Tele, rate, None, FormatParams::default());
    config
}

/// Packets that wait to be sent; one leaves every 20 ms.
const SEND_BUFFER: usize = 16;

fn agreed(rtc: &Rtc, mid: Mid, codec: Codec) -> Option<Agreed> {
    let media = rtc.media(mid)?;
    if media.direction() != Direction::SendRecv {
        return None;
    }
    let format = match codec {
        Codec::Pcmu => Format::PCMU,
        Codec::Pcma => Format::PCMA,
    };
    let of = |wanted: Format| {
        media.remote_pts().iter().copied().find(|type_of| {
            rtc.codec_config().find(|known| known.pt() == *type_of && known.spec().codec == wanted).is_some()
        })
    };
    let payload_type = *of(format)?;
    Some(Agreed { codec, payload_type, telephone_event: of(Format::Tele).map(|type_of| *type_of) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(media: &str) -> String {
        format!("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n{media}")
    }

    #[test]
    fn the_first_codec_that_we_have_is_taken() {
        let of = |media: &str| wanted(&offer(media));
        assert_eq!(of("m=audio 9 UDP/TLS/RTP/SAVPF 111 8 0 126\r\n"), Ok(Codec::Pcma));
        assert_eq!(of("m=audio 9 UDP/TLS/RTP/SAVPF 0 8\r\n"), Ok(Codec::Pcmu));
        assert_eq!(of("m=audio 8 UDP/TLS/RTP/SAVPF 111\r\n"), Err(Unusable::NoCodec), "the port is no codec");
    }

    #[test]
    fn an_offer_of_more_than_one_stream_is_refused() {
        let audio = "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n";
        for media in [
            format!("{audio}{audio}"),
            format!("{audio}m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"),
            "m=video 9 UDP/TLS/RTP/SAVPF 0\r\n".to_owned(),
            String::new(),
        ] {
            assert_eq!(wanted(&offer(&media)), Err(Unusable::NotOneAudio), "{media}");
        }
        assert_eq!(wanted("hello"), Err(Unusable::NotSdp));
    }
}
