//! The words of the plane: what it is told, and what it tells.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use nohold_model::{Digit, LegId, MessageId, Millis, PlaybackId, RecordingId};
use nohold_telephony::clip::Clip;
use nohold_telephony::codec::Codec;
use nohold_telephony::recording::RecordingEnd;

/// How the plane is set up.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The address at which legs receive and from which they send.
    pub bind: IpAddr,
    /// The ports of legs; each takes an even one (RFC 3550 §11). `0..=0` lets the system choose.
    pub ports: RangeInclusive<u16>,
    /// How many media threads there are; at least one.
    pub threads: usize,
    /// A leg that may send and from which nothing came for so long is reported as [`MediaEvent::Lost`].
    pub silence_after: Duration,
    /// Another source may take a leg's stream over when the old one was silent for so long; see [`Remote`].
    pub takeover_after: Duration,
    /// So long a leg sends to an address that only the signalling has named; see [`Remote`].
    pub unheard_for: Duration,
    /// The folder of recorded messages. It is made when it is not there.
    pub recordings: PathBuf,
    /// How many legs may be open at once.
    pub max_legs: usize,
}

impl Settings {
    /// Usual settings: all IPv4 addresses, ports 20000 to 29999, a thread for each core but four at most, lost after
    /// 30 s, taken over after 3 s, 5 s of audio for who is not heard, 8,000 legs.
    #[must_use]
    pub fn new(recordings: PathBuf) -> Self {
        Settings {
            bind: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            ports: 20_000..=29_999,
            threads: std::thread::available_parallelism().map_or(1, |cores| cores.get().min(4)),
            silence_after: Duration::from_secs(30),
            takeover_after: Duration::from_secs(3),
            unheard_for: Duration::from_secs(5),
            recordings,
            max_legs: 8_000,
        }
    }
}

/// What was negotiated with the far end of a leg.
///
/// **From whom we take packets.** Only hosts that the signalling vouches for are heard: the one that `address` names, and
/// the one that the signalling itself comes from, at any port. Among them the source of the first valid packet (RTP
/// version 2, a payload type that was negotiated, a payload of a plausible length) becomes the source of the leg, and
/// packets of others are dropped and counted as strangers. There are three ways for another source to take over: it is exactly the `address` that the
/// signalling named, and the present one is not; the present source has been silent for
/// [`takeover_after`](Settings::takeover_after); or [`Plane::connect`](crate::Plane::connect) was called with another
/// address, after which the next valid packet decides anew.
///
/// **Where we send.** To the leg's source where `symmetric` is set and a source is known, otherwise to `address`. Where
/// that is not the host that the signalling comes from, anybody may have named it to have it flooded: so it gets no more
/// than [`unheard_for`](Settings::unheard_for) of audio until something has come from the leg. The host of the signalling
/// may listen for ever and say nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remote {
    /// Where the far end wants its audio, by its SDP; nothing, or an unspecified address, where it named none.
    pub address: Option<SocketAddr>,
    /// The codec, in both directions.
    pub codec: Codec,
    /// The payload type of the codec, in both directions.
    pub payload_type: u8,
    /// The payload type of telephone events (RFC 4733), where both sides have them.
    pub telephone_event: Option<u8>,
    /// The far end may send: it is not on hold by us or by itself. What it sends all the same is taken.
    pub sends: bool,
    /// The far end wants to hear us. Where it does not, nothing is sent, and the clock of our stream goes on.
    pub receives: bool,
    /// Send to where the packets come from (RFC 4961), which gets through NAT.
    pub symmetric: bool,
    /// Where the signalling of the far end comes from: packets may come from there, besides the host that `address`
    /// names. Where neither is known, from anywhere.
    pub signalling: Option<IpAddr>,
}

/// A way for the packets of a leg that is no socket of the plane: somebody else carries them, over a transport of their
/// own, to one far end that they have made sure of. So whatever comes by it is of the leg's source.
pub trait Line: Send {
    /// Takes an RTP packet; false where it is lost, because the far end is gone or slow. A media thread calls it, so it
    /// must not wait.
    fn send(&mut self, packet: &[u8]) -> bool;

    /// Writes the next RTP packet that has come into `packet` and returns its length; none when there is no more. It must
    /// not wait.
    fn receive(&mut self, packet: &mut [u8]) -> Option<usize>;
}

/// What a leg hears.
#[derive(Debug, Clone)]
pub enum Source {
    /// These clips, one after the other, and then [`MediaEvent::Played`].
    Once(Vec<Clip>),
    /// This clip over and over until it is stopped or replaced.
    Loop(Clip),
    /// Its own voice, until it is stopped or replaced.
    Echo,
}

/// How a message is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordSpec {
    /// The greatest length.
    pub longest: Millis,
    /// So much silence ends it.
    pub silence: Millis,
    /// This key ends it, and is not reported as a digit.
    pub end_key: Digit,
    /// So long before the greatest length the speaker hears a tone.
    pub warn_before: Option<Millis>,
}

/// What the plane tells. It comes from a media thread or from the one that writes recordings, so whoever takes it must
/// not wait there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaEvent {
    /// A key was pressed on the phone, and is up again or has been followed by another.
    Digit {
        /// On this leg.
        leg: LegId,
        /// The key.
        digit: Digit,
    },
    /// A [`Source::Once`] was sent to its end.
    Played {
        /// To this leg.
        leg: LegId,
        /// The playing.
        playback: PlaybackId,
    },
    /// It cannot be played: the leg is not there, or there is nothing in the loop.
    PlayFailed {
        /// To this leg.
        leg: LegId,
        /// The playing.
        playback: PlaybackId,
    },
    /// A message was recorded and lies under its name on the disk.
    Recorded {
        /// From this leg, which may be closed by now.
        leg: LegId,
        /// The message.
        message: MessageId,
        /// How much of it is speech.
        speech: Millis,
        /// What ended it.
        ended: RecordingEnd,
    },
    /// A message could not be recorded: the leg is not there, or the disk is full, broken or too slow. Nothing of it
    /// stays.
    RecordFailed {
        /// From this leg.
        leg: LegId,
        /// The message.
        message: MessageId,
    },
    /// The recording of a conversation has ended and lies under its name on the disk.
    CallRecorded {
        /// The recording.
        recording: RecordingId,
        /// How long it is.
        length: Millis,
    },
    /// A conversation could not be recorded, or not to its end. Nothing of it stays.
    CallRecordFailed {
        /// The recording.
        recording: RecordingId,
    },
    /// Nothing has come from a leg that may send for [`silence_after`](Settings::silence_after). It is told once, and
    /// again only after something has come in between.
    Lost {
        /// The leg.
        leg: LegId,
    },
}

/// What has passed through a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Packets that we sent.
    pub sent: u64,
    /// Packets that could not be sent, because the system refused them.
    pub unsent: u64,
    /// Valid packets of the leg's source.
    pub received: u64,
    /// Packets that never came, by the gaps in the sequence numbers (RFC 3550 appendix A.3).
    pub lost: u64,
    /// Packets that came after their turn had passed for somebody who listens.
    pub late: u64,
    /// What arrived and was no packet of this leg: garbage, or another payload type.
    pub dropped: u64,
    /// Packets of others than the leg's source.
    pub strangers: u64,
    /// How loud the leg's own voice was a moment ago where it hears that ([`Source::Echo`]), in dBFS.
    pub echo_level: Option<i8>,
}
