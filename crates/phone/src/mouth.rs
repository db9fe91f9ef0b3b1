//! What a phone says: tones, recordings, silence, keys; one packet every 20 ms.

use std::collections::VecDeque;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use audio_codec::Encoder;
use audio_codec::pcma::PcmaEncoder;
use audio_codec::pcmu::PcmuEncoder;
use rtp_types::RtpPacketBuilder;
use tokio::sync::oneshot;

use crate::error::PhoneError;
use crate::settings::Codec;
use crate::tone::{SAMPLE_RATE, sine_at};

const FRAME: usize = 160;
/// A key sounds for 100 ms; its end is told three times (RFC 4733 section 2.5.1.4), and 60 ms of audio follow.
const KEY_FRAMES: u32 = 5;
const KEY_ENDS: u32 = 3;
const KEY_PAUSE: u32 = 3;

/// What is played.
#[derive(Clone)]
pub(crate) enum Source {
    Silence,
    Tone { hz: f64, position: f64 },
    Samples { samples: Arc<[i16]>, position: usize },
}

impl Source {
    fn frame(&mut self) -> [i16; FRAME] {
        let mut frame = [0; FRAME];
        match self {
            Source::Silence => {}
            Source::Tone { hz, position } => {
                for sample in &mut frame {
                    *sample = sine_at(*hz, *position);
                    *position += 1.0;
                }
            }
            Source::Samples { samples, position } => {
                let rest = samples.get(*position..).unwrap_or_default();
                let length = rest.len().min(FRAME);
                frame[..length].copy_from_slice(&rest[..length]);
                *position += length;
            }
        }
        frame
    }
}

/// Reads a WAV file as the phone can play it: 8 kHz, one channel, 16 bits.
///
/// # Errors
/// When it cannot be read or has another form.
pub fn read_wav(path: &Path) -> Result<Vec<i16>, PhoneError> {
    let problem = |what: String| PhoneError::SoundFile { path: path.display().to_string(), what };
    let mut reader = hound::WavReader::open(path).map_err(|error| problem(error.to_string()))?;
    let spec = reader.spec();
    if (spec.sample_rate, spec.channels, spec.bits_per_sample) != (SAMPLE_RATE, 1, 16) {
        return Err(problem(format!(
            "has {} Hz, {} channels and {} bits; convert it to 8000 Hz, 1 channel and 16 bits",
            spec.sample_rate, spec.channels, spec.bits_per_sample
        )));
    }
    reader.samples().collect::<Result<_, _>>().map_err(|error| problem(error.to_string()))
}

/// Where and how audio is sent, as both sides agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Agreed {
    pub remote: SocketAddr,
    pub codec: Codec,
    /// Under which payload type the other side wants keys.
    pub event_type: Option<u8>,
    /// False while the call is held.
    pub sending: bool,
}

/// The sending half of a call's media.
pub(crate) struct Mouth {
    agreed: Option<Agreed>,
    source: Source,
    keys: VecDeque<(u8, Option<oneshot::Sender<()>>)>,
    key: Option<Key>,
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    talkspurt: bool,
}

/// A key that is being sent.
struct Key {
    code: u8,
    begun: u32,
    frames: u32,
    done: Option<oneshot::Sender<()>>,
}

impl Mouth {
    pub fn new() -> Self {
        let chance = RandomState::new().build_hasher().finish();
        let [a, b, c, d, e, f, g, h] = chance.to_be_bytes();
        Mouth {
            agreed: None,
            source: Source::Silence,
            keys: VecDeque::new(),
            key: None,
            ssrc: u32::from_be_bytes([a, b, c, d]),
            sequence: u16::from_be_bytes([e, f]),
            timestamp: u32::from(u16::from_be_bytes([g, h])),
            talkspurt: true,
        }
    }

    pub fn agree(&mut self, agreed: Agreed) {
        self.agreed = Some(agreed);
    }

    pub fn agreed(&self) -> Option<Agreed> {
        self.agreed
    }

    pub fn play(&mut self, source: Source) {
        self.source = source;
    }

    /// Sends a key after those that wait; `done` is told when it has been sent.
    pub fn press(&mut self, code: u8, done: Option<oneshot::Sender<()>>) {
        self.keys.push_back((code, done));
    }

    /// The packet of the next 20 ms and where it goes. Time goes on also while nothing is sent.
    pub fn next(&mut self) -> Option<(Vec<u8>, SocketAddr)> {
        let frame = self.source.frame();
        let now = self.timestamp;
        self.timestamp = now.wrapping_add(160);
        let Some(agreed) = self.agreed.filter(|agreed| agreed.sending) else {
            self.talkspurt = true;
            return None;
        };
        let packet = match self.next_key(now).zip(agreed.event_type) {
            Some((Some(key), event_type)) => self.packet(key.marker, event_type, key.begun, &key.payload),
            _ => {
                let marker = std::mem::take(&mut self.talkspurt);
                self.packet(marker, agreed.codec.payload_type(), now, &encode(agreed.codec, &frame))
            }
        };
        packet.map(|packet| (packet, agreed.remote))
    }

    fn packet(&mut self, marker: bool, payload_type: u8, timestamp: u32, payload: &[u8]) -> Option<Vec<u8>> {
        let packet = RtpPacketBuilder::<_, &[u8]>::new()
            .marker_bit(marker)
            .payload_type(payload_type)
            .ssrc(self.ssrc)
            .sequence_number(self.sequence)
            .timestamp(timestamp)
            .payload(payload)
            .write_vec()
            .ok();
        self.sequence = self.sequence.wrapping_add(1);
        packet
    }

    /// Nothing when no key is pressed; `Some(None)` in the pause after one.
    fn next_key(&mut self, now: u32) -> Option<Option<KeyFrame>> {
        if self.key.is_none() {
            let (code, done) = self.keys.pop_front()?;
            self.key = Some(Key { code, begun: now, frames: 0, done });
        }
        let key = self.key.as_mut()?;
        key.frames += 1;
        if key.frames > KEY_FRAMES + KEY_ENDS {
            if key.frames == KEY_FRAMES + KEY_ENDS + KEY_PAUSE {
                if let Some(done) = key.done.take() {
                    // Whoever pressed may have gone.
                    let _ = done.send(());
                }
                self.key = None;
            }
            return Some(None);
        }
        let duration = u16::try_from(key.frames.min(KEY_FRAMES) * 160).unwrap_or(u16::MAX).to_be_bytes();
        let end = if key.frames > KEY_FRAMES { 0x80 } else { 0 };
        let payload = [key.code, end | 10, duration[0], duration[1]];
        Some(Some(KeyFrame { marker: key.frames == 1, begun: key.begun, payload }))
    }
}

struct KeyFrame {
    marker: bool,
    begun: u32,
    payload: [u8; 4],
}

/// The event code of a key (RFC 4733 section 3.2).
pub(crate) fn key_code(key: char) -> Option<u8> {
    let key = key.to_ascii_uppercase();
    "0123456789*#ABCD".chars().position(|known| known == key).and_then(|code| u8::try_from(code).ok())
}

fn encode(codec: Codec, samples: &[i16]) -> Vec<u8> {
    match codec {
        Codec::Pcma => PcmaEncoder::new().encode(samples),
        Codec::Pcmu => PcmuEncoder::new().encode(samples),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rtp_types::RtpPacket;

    fn mouth() -> Mouth {
        let mut mouth = Mouth::new();
        let remote = "127.0.0.1:4000".parse().unwrap();
        mouth.agree(Agreed { remote, codec: Codec::Pcma, event_type: Some(101), sending: true });
        mouth
    }

    #[test]
    fn a_key_takes_one_timestamp_and_the_audio_goes_on_where_the_clock_is() {
        let mut mouth = mouth();
        mouth.press(key_code('#').unwrap(), None);
        let packets: Vec<Vec<u8>> = (0..12).map(|_| mouth.next().unwrap().0).collect();
        let packets: Vec<RtpPacket<'_>> = packets.iter().map(|bytes| RtpPacket::parse(bytes).unwrap()).collect();
        let first = packets[0].timestamp();
        for packet in &packets[..8] {
            assert_eq!((packet.payload_type(), packet.timestamp(), packet.payload()[0]), (101, first, 11));
        }
        let ends = packets[..8].iter().filter(|packet| packet.payload()[1] & 0x80 != 0).count();
        assert_eq!(ends, 3);
        assert_eq!((packets[8].payload_type(), packets[8].timestamp()), (8, first.wrapping_add(8 * 160)));
        let consecutive = packets.windows(2).all(|pair| {
            pair[1].sequence_number() == pair[0].sequence_number().wrapping_add(1) && pair[1].ssrc() == pair[0].ssrc()
        });
        assert!(consecutive);
    }

    #[test]
    fn nothing_is_sent_while_held_and_the_clock_goes_on() {
        let mut mouth = mouth();
        let before = RtpPacket::parse(&mouth.next().unwrap().0).unwrap().timestamp();
        let agreed = mouth.agreed().unwrap();
        mouth.agree(Agreed { sending: false, ..agreed });
        assert!((0..10).all(|_| mouth.next().is_none()));
        mouth.agree(agreed);
        let after = RtpPacket::parse(&mouth.next().unwrap().0).unwrap().timestamp();
        assert_eq!(after.wrapping_sub(before), 11 * 160);
    }

    #[test]
    fn letters_are_keys_too_and_other_signs_are_not() {
        assert_eq!((key_code('0'), key_code('*'), key_code('d'), key_code('x')), (Some(0), Some(10), Some(15), None));
    }
}
