//! What comes in on a leg, counted by sequence numbers.

use std::time::Instant;

use nohold_telephony::SAMPLE_RATE;

/// More than so many packets missing at once are a stream that begins anew (RFC 3550 appendix A.1, `MAX_DROPOUT`).
const MOST_MISSING: i32 = 3_000;

/// A packet may come so many places late (`MAX_MISORDER`).
const MOST_MISORDERED: i32 = 100;

/// Counts what should have come and what came (RFC 3550 appendix A.3).
#[derive(Debug, Default)]
pub(crate) struct Reception {
    stream: Option<Stream>,
    /// Of streams before this one.
    lost: u64,
}

#[derive(Debug)]
struct Stream {
    ssrc: u32,
    /// The highest sequence number, with the times it has wrapped above it.
    highest: u32,
    expected: u64,
    received: u64,
    /// Expected and received when the last report was made.
    reported: (u64, u64),
    /// When the first audio came, and its timestamp.
    first: Option<(Instant, u32)>,
    /// How late the last audio was against the first, in units of the timestamp.
    transit: i64,
    /// Sixteen times the mean of the differences (RFC 3550 appendix A.8).
    jitter: u64,
}

/// What a report tells of the far end's stream (RFC 3550 §6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Received {
    /// Whose stream it is.
    pub(crate) ssrc: u32,
    /// The highest sequence number, with the times it has wrapped above it.
    pub(crate) highest: u32,
    /// Packets that never came.
    pub(crate) lost: u32,
    /// How many of 256 packets were lost since the last report.
    pub(crate) fraction_lost: u8,
    /// In units of the timestamp. Arrivals are known to within a tick, so it is no finer.
    pub(crate) jitter: u32,
}

impl Reception {
    /// Notes a packet; true when another sender has begun to speak.
    pub(crate) fn note(&mut self, ssrc: u32, sequence: u16) -> bool {
        let Some(stream) = &mut self.stream else {
            self.begin(ssrc, sequence);
            return false;
        };
        if stream.ssrc != ssrc {
            self.begin(ssrc, sequence);
            return true;
        }
        let [_, _, high, low] = stream.highest.to_be_bytes();
        let ahead = i32::from(sequence.wrapping_sub(u16::from_be_bytes([high, low])).cast_signed());
        if !(-MOST_MISORDERED..=MOST_MISSING).contains(&ahead) {
            self.begin(ssrc, sequence);
            return false;
        }
        stream.received += 1;
        if ahead > 0 {
            stream.highest = stream.highest.wrapping_add(ahead.unsigned_abs());
            stream.expected += u64::from(ahead.unsigned_abs());
        }
        false
    }

    /// Notes when the audio of a packet came that has been noted.
    pub(crate) fn note_audio(&mut self, timestamp: u32, now: Instant) {
        let Some(stream) = &mut self.stream else {
            return;
        };
        let (began, first) = *stream.first.get_or_insert((now, timestamp));
        let passed = now.saturating_duration_since(began).as_micros() * u128::from(SAMPLE_RATE) / 1_000_000;
        let passed = i64::try_from(passed).unwrap_or(i64::MAX);
        // Of a stream that has gone on for more than three days the difference wraps, which one report will show.
        let transit = passed.wrapping_sub(i64::from(timestamp.wrapping_sub(first).cast_signed()));
        let difference = transit.abs_diff(stream.transit).min(u64::from(SAMPLE_RATE));
        stream.transit = transit;
        stream.jitter = stream.jitter + difference - (stream.jitter + 8) / 16;
    }

    /// How many packets never came. A packet that comes twice hides one that is lost.
    pub(crate) fn lost(&self) -> u64 {
        self.lost + self.stream.as_ref().map_or(0, Stream::lost)
    }

    /// What is to be told of the stream; nothing when there is none.
    pub(crate) fn report(&mut self) -> Option<Received> {
        let stream = self.stream.as_mut()?;
        let (expected, received) =
            (stream.expected - stream.reported.0, stream.received.saturating_sub(stream.reported.1));
        stream.reported = (stream.expected, stream.received);
        let fraction = (expected.saturating_sub(received) * 256).checked_div(expected).unwrap_or(0);
        Some(Received {
            ssrc: stream.ssrc,
            highest: stream.highest,
            // It has 24 bits, of which the first is the sign.
            lost: u32::try_from(stream.lost()).unwrap_or(u32::MAX).min(0x7f_ffff),
            fraction_lost: u8::try_from(fraction).unwrap_or(u8::MAX),
            jitter: u32::try_from(stream.jitter / 16).unwrap_or(u32::MAX),
        })
    }

    fn begin(&mut self, ssrc: u32, sequence: u16) {
        self.lost = self.lost();
        self.stream = Some(Stream {
            ssrc,
            highest: u32::from(sequence),
            expected: 1,
            received: 1,
            reported: (0, 0),
            first: None,
            transit: 0,
            jitter: 0,
        });
    }
}

impl Stream {
    fn lost(&self) -> u64 {
        self.expected.saturating_sub(self.received)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn lost(sequences: impl IntoIterator<Item = u16>) -> u64 {
        let mut reception = Reception::default();
        for sequence in sequences {
            reception.note(1, sequence);
        }
        reception.lost()
    }

    #[test]
    fn gaps_are_losses_until_the_packet_comes() {
        assert_eq!(lost(65_530..=65_535), 0);
        assert_eq!(lost((65_530..=65_535).chain(0..3)), 0);
        assert_eq!(lost([10, 11, 14]), 2);
        assert_eq!(lost([10, 12, 11, 13]), 0);
    }

    #[test]
    fn a_jump_begins_anew_and_keeps_what_was_lost() {
        assert_eq!(lost([10, 12, 40_000, 40_001, 40_003]), 2);
    }

    #[test]
    fn another_sender_is_noticed() {
        let mut reception = Reception::default();
        assert!(!reception.note(1, 5));
        assert!(!reception.note(1, 7));
        assert!(reception.note(2, 900));
        assert_eq!(reception.lost(), 1);
    }

    #[test]
    fn a_report_tells_of_the_time_since_the_one_before() {
        let mut reception = Reception::default();
        assert_eq!(reception.report(), None);
        for sequence in [65_534, 65_535, 1, 2] {
            reception.note(5, sequence);
        }
        let first = reception.report().unwrap();
        assert_eq!((first.ssrc, first.highest, first.lost, first.fraction_lost), (5, 65_538, 1, 51));
        for sequence in 3..13 {
            reception.note(5, sequence);
        }
        let second = reception.report().unwrap();
        assert_eq!((second.highest, second.lost, second.fraction_lost), (65_548, 1, 0));
        assert_eq!(reception.report().unwrap().fraction_lost, 0);
    }

    #[test]
    fn jitter_is_how_much_arrivals_differ() {
        let jitter = |uneven: u64| {
            let (mut reception, start) = (Reception::default(), Instant::now());
            for number in 0..200_u16 {
                let at = u64::from(number) * 20 + u64::from(number % 2) * uneven;
                reception.note(1, number);
                reception.note_audio(u32::from(number) * 160, start + Duration::from_millis(at));
            }
            reception.report().unwrap().jitter
        };
        assert_eq!(jitter(0), 0);
        // Each is 10 ms, or 80 units, nearer or farther than the one before.
        assert!((75..=80).contains(&jitter(10)), "{}", jitter(10));
    }
}
