//! What a phone hears: packets and their order, samples, keys.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use audio_codec::pcma::PcmaDecoder;
use audio_codec::pcmu::PcmuDecoder;
use audio_codec::{Decoder, PcmBuf};
use rtp_types::RtpPacket;
use tokio::time::Instant;

use crate::settings::Codec;
use crate::tone::{SAMPLE_RATE, Sound, sound_of};

/// The samples that one look at the sound takes: 200 ms.
pub(crate) const WINDOW: usize = 1_600;
/// A longer pause in the timestamps is not filled with silence: it is another stream, or nonsense.
const LONGEST_FILL: u32 = SAMPLE_RATE;
const MOST_DIGITS: usize = 200;

/// What a phone heard in one look, and the packets of the whole call until then.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// The sound of the last 200 ms.
    pub sound: Sound,
    /// Audio packets since the call began, telephone events not counted.
    pub packets: u64,
    /// How often the stream's source (SSRC) changed.
    pub ssrc_changes: u64,
    /// Sequence numbers that never came, or came late.
    pub sequence_gaps: u64,
    /// Audio packets that came after one with a higher sequence number, or twice.
    pub reordered: u64,
    /// How often the timestamp of an audio packet did not follow from the one before.
    pub timestamp_jumps: u64,
    /// Packets with a payload type that was not agreed upon.
    pub foreign: u64,
    /// The longest time between two packets that followed each other, of any kind.
    pub longest_gap: Duration,
}

impl Heard {
    /// The frequency in Hz where a single tone is heard.
    pub fn tone(&self) -> Option<f64> {
        match self.sound {
            Sound::Tone(frequency) => Some(frequency),
            Sound::Nothing | Sound::Silence | Sound::Other => None,
        }
    }

    /// Whether a tone of this frequency is heard, ± 2 Hz.
    pub fn is_tone(&self, frequency: f64) -> bool {
        self.tone().is_some_and(|heard| (heard - frequency).abs() <= 2.0)
    }
}

impl fmt::Display for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.sound {
            Sound::Nothing => write!(f, "no audio at all")?,
            Sound::Silence => write!(f, "silence")?,
            Sound::Tone(frequency) => write!(f, "a tone of {frequency:.1} Hz")?,
            Sound::Other => write!(f, "speech, music or noise")?,
        }
        let Heard { packets, ssrc_changes, sequence_gaps, reordered, timestamp_jumps, foreign, longest_gap, .. } = self;
        write!(
            f,
            " ({packets} packets, {sequence_gaps} missing, {reordered} out of order, {timestamp_jumps} timestamp jumps, \
             {ssrc_changes} SSRC changes, {foreign} foreign, at most {} ms apart)",
            longest_gap.as_millis()
        )
    }
}

/// The receiving half of a call's media.
pub(crate) struct Ear {
    counts: Heard,
    recent: VecDeque<i16>,
    recording: Vec<i16>,
    recording_limit: usize,
    samples: u64,
    event_type: Option<u8>,
    event: Option<(u32, u32)>,
    digits: String,
    last: Option<Last>,
    last_arrival: Option<Instant>,
}

/// The packet before, of any payload type.
#[derive(Clone, Copy)]
struct Last {
    ssrc: u32,
    sequence: u16,
    /// Where the next audio packet begins, when the last one was audio.
    next_timestamp: Option<u32>,
}

impl Ear {
    pub fn new(recording_limit: Duration) -> Self {
        let counts = Heard {
            sound: Sound::Nothing,
            packets: 0,
            ssrc_changes: 0,
            sequence_gaps: 0,
            reordered: 0,
            timestamp_jumps: 0,
            foreign: 0,
            longest_gap: Duration::ZERO,
        };
        let seconds = usize::try_from(recording_limit.as_secs()).unwrap_or(usize::MAX);
        Ear {
            counts,
            recent: VecDeque::with_capacity(WINDOW),
            recording: Vec::new(),
            recording_limit: seconds.saturating_mul(SAMPLE_RATE as usize),
            samples: 0,
            event_type: None,
            event: None,
            digits: String::new(),
            last: None,
            last_arrival: None,
        }
    }

    /// The payload type under which keys come.
    pub fn expect_events(&mut self, payload_type: Option<u8>) {
        self.event_type = payload_type;
    }

    /// Takes one datagram; returns a key that it tells of for the first time.
    pub fn hear(&mut self, datagram: &[u8], at: Instant) -> Option<char> {
        let Ok(packet) = RtpPacket::parse(datagram) else {
            self.counts.foreign += 1;
            return None;
        };
        if let Some(before) = self.last_arrival.replace(at) {
            self.counts.longest_gap = self.counts.longest_gap.max(at - before);
        }
        let is_event = self.event_type == Some(packet.payload_type());
        let codec = Codec::of(packet.payload_type());
        if !is_event && codec.is_none() {
            self.counts.foreign += 1;
        }
        if !self.follows(&packet, is_event) {
            return None;
        }
        if is_event {
            return self.key(&packet);
        }
        if let Some(codec) = codec {
            self.audio(&packet, codec);
        }
        None
    }

    /// All keys so far.
    pub fn digits(&self) -> &str {
        &self.digits
    }

    /// Notes a key, also one that came by another way than RTP.
    pub fn push_digit(&mut self, digit: char) {
        if self.digits.len() < MOST_DIGITS {
            self.digits.push(digit);
        }
    }

    /// How many samples came so far, gaps that were filled included.
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// The sound of the last `count` samples, at most a window.
    pub fn heard(&self, count: usize) -> Heard {
        let skip = self.recent.len().saturating_sub(count);
        let samples: Vec<i16> = self.recent.iter().skip(skip).copied().collect();
        Heard { sound: sound_of(&samples), ..self.counts.clone() }
    }

    /// What was heard from the start on, until the limit.
    pub fn recording(&self) -> &[i16] {
        &self.recording
    }

    /// Counts gaps and jumps; false for a packet that comes too late or twice.
    fn follows(&mut self, packet: &RtpPacket<'_>, is_event: bool) -> bool {
        let (ssrc, sequence) = (packet.ssrc(), packet.sequence_number());
        let now = Last { ssrc, sequence, next_timestamp: None };
        let Some(last) = self.last.replace(now) else { return true };
        if last.ssrc != ssrc {
            self.counts.ssrc_changes += 1;
            return true;
        }
        let step = sequence.wrapping_sub(last.sequence);
        if step == 0 || step >= 0x8000 {
            self.last = Some(last);
            self.counts.reordered += u64::from(!is_event);
            return false;
        }
        self.counts.sequence_gaps += u64::from(step - 1);
        if let Some(expected) = last.next_timestamp.filter(|_| !is_event) {
            let pause = packet.timestamp().wrapping_sub(expected);
            let lost = u32::from(step - 1) * u32::try_from(packet.payload_len()).unwrap_or(0);
            self.counts.timestamp_jumps += u64::from(pause != lost);
            if pause <= LONGEST_FILL {
                self.take(&vec![0; pause as usize]);
            }
        }
        true
    }

    fn audio(&mut self, packet: &RtpPacket<'_>, codec: Codec) {
        self.counts.packets += 1;
        let samples = decode(codec, packet.payload());
        let length = u32::try_from(samples.len()).unwrap_or(0);
        if let Some(last) = &mut self.last {
            last.next_timestamp = Some(packet.timestamp().wrapping_add(length));
        }
        self.take(&samples);
    }

    fn take(&mut self, samples: &[i16]) {
        self.samples += samples.len() as u64;
        let room = self.recording_limit.saturating_sub(self.recording.len()).min(samples.len());
        self.recording.extend_from_slice(&samples[..room]);
        self.recent.extend(samples);
        let surplus = self.recent.len().saturating_sub(WINDOW);
        self.recent.drain(..surplus);
    }

    /// A telephone event (RFC 4733): its packets share one timestamp, and the last of them comes three times.
    fn key(&mut self, packet: &RtpPacket<'_>) -> Option<char> {
        let code = *packet.payload().first()?;
        let event = (packet.ssrc(), packet.timestamp());
        if self.event == Some(event) {
            return None;
        }
        self.event = Some(event);
        let digit = b"0123456789*#ABCD".get(usize::from(code)).map(|byte| char::from(*byte))?;
        self.push_digit(digit);
        Some(digit)
    }
}

fn decode(codec: Codec, payload: &[u8]) -> PcmBuf {
    match codec {
        Codec::Pcma => PcmaDecoder::new().decode(payload),
        Codec::Pcmu => PcmuDecoder::new().decode(payload),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rtp_types::RtpPacketBuilder;

    fn packet(ssrc: u32, sequence: u16, timestamp: u32, kind: u8, payload: &[u8]) -> Vec<u8> {
        RtpPacketBuilder::<_, &[u8]>::new()
            .ssrc(ssrc)
            .sequence_number(sequence)
            .timestamp(timestamp)
            .payload_type(kind)
            .payload(payload)
            .write_vec()
            .unwrap()
    }

    fn ear() -> Ear {
        let mut ear = Ear::new(Duration::from_secs(10));
        ear.expect_events(Some(101));
        ear
    }

    #[test]
    fn faults_of_a_stream_are_counted_apart() {
        let mut ear = ear();
        let start = Instant::now();
        let silence = [0xff; 160];
        let mut hear = |ms, ssrc, sequence, timestamp| {
            ear.hear(&packet(ssrc, sequence, timestamp, 0, &silence), start + Duration::from_millis(ms));
        };
        hear(0, 1, 65_535, 0);
        hear(20, 1, 0, 160);
        hear(80, 1, 3, 640); // two were lost: a gap, no jump
        hear(81, 1, 2, 480); // one of them comes late
        hear(100, 1, 4, 8_000); // the clock jumps
        hear(120, 9, 77, 5); // another source
        let heard = ear.heard(WINDOW);
        assert_eq!((heard.packets, heard.sequence_gaps, heard.reordered), (5, 2, 1));
        assert_eq!((heard.timestamp_jumps, heard.ssrc_changes), (1, 1));
        assert_eq!(heard.longest_gap, Duration::from_millis(60));
    }

    #[test]
    fn a_key_is_told_once_and_the_same_key_again() {
        let mut ear = ear();
        let now = Instant::now();
        let mut keys = String::new();
        for (sequence, (timestamp, code)) in
            [(0, 2), (0, 2), (0, 2), (0, 2), (1_600, 2), (1_600, 2), (3_200, 11)].into_iter().enumerate()
        {
            let sequence = u16::try_from(sequence).unwrap();
            keys.extend(ear.hear(&packet(1, sequence, timestamp, 101, &[code, 10, 0, 160]), now));
        }
        assert_eq!((keys.as_str(), ear.digits()), ("22#", "22#"));
    }

    #[test]
    fn noise_on_the_port_is_counted_and_nothing_else() {
        let mut ear = ear();
        ear.hear(b"hello", Instant::now());
        ear.hear(&packet(1, 1, 1, 18, &[0; 20]), Instant::now());
        let heard = ear.heard(WINDOW);
        assert_eq!((heard.foreign, heard.packets, heard.sound), (2, 0, Sound::Nothing));
    }

    #[test]
    fn a_recording_ends_at_its_limit() {
        let mut ear = Ear::new(Duration::from_secs(1));
        for n in 0..60_u16 {
            ear.hear(&packet(1, n, u32::from(n) * 160, 8, &[0xd5; 160]), Instant::now());
        }
        assert_eq!((ear.recording().len(), ear.samples()), (8_000, 9_600));
    }
}
