//! The numbers of what we send to a browser.

use std::time::{Duration, Instant};

/// Units of the timestamp in a second (RFC 3551 §4.5.14).
const RATE: u64 = 8_000;
/// A frame, in units of the timestamp.
const FRAME: u32 = 160;

/// Sequence numbers and timestamps of a connection, over all legs that send into it one after the other.
#[derive(Debug)]
pub(crate) struct Stream {
    /// The number of the next packet, with its upper bits, as SRTP needs them (RFC 3711 §3.3.1).
    next: u64,
    /// What was sent last: its timestamp, and when.
    last: Option<(u32, Instant)>,
    /// What is added to the timestamps of the present leg.
    offset: Option<u32>,
}

/// The numbers of one packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Numbers {
    pub(crate) sequence: u64,
    pub(crate) timestamp: u32,
}

impl Stream {
    /// A stream that begins with these numbers.
    pub(crate) fn new(sequence: u16) -> Self {
        // Not in the upper half: a stream whose number wraps before the other side has heard of it loses its place.
        Stream { next: u64::from(sequence & 0x7fff), last: None, offset: None }
    }

    /// From now on somebody else's packets are sent.
    pub(crate) fn change(&mut self) {
        self.offset = None;
    }

    /// The numbers for a packet that has this timestamp in the stream of its leg.
    pub(crate) fn number(&mut self, timestamp: u32, now: Instant) -> Numbers {
        let last = self.last;
        let offset = *self.offset.get_or_insert_with(|| match last {
            Some((last, at)) => following(last, now.saturating_duration_since(at)).wrapping_sub(timestamp),
            None => 0,
        });
        let timestamp = timestamp.wrapping_add(offset);
        let sequence = self.next;
        self.next += 1;
        self.last = Some((timestamp, now));
        Numbers { sequence, timestamp }
    }
}

/// The timestamp of a packet that follows the last one after a while.
fn following(last: u32, after: Duration) -> u32 {
    let units = (after.as_micros() as u64).saturating_mul(RATE) / 1_000_000;
    // The clock of audio is 32 bits wide and turns over.
    last.wrapping_add((units as u32).max(FRAME))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_a_change_of_legs_the_numbers_go_on() {
        let (mut stream, start) = (Stream::new(0x8005), Instant::now());
        let at = |millis| start + Duration::from_millis(millis);
        assert_eq!(stream.number(1_000, at(0)), Numbers { sequence: 5, timestamp: 1_000 });
        assert_eq!(stream.number(1_160, at(20)), Numbers { sequence: 6, timestamp: 1_160 });
        stream.change();
        assert_eq!(stream.number(77, at(1_020)), Numbers { sequence: 7, timestamp: 9_160 }, "a second later");
        assert_eq!(stream.number(237, at(1_040)), Numbers { sequence: 8, timestamp: 9_320 });
        stream.change();
        assert_eq!(stream.number(0, at(1_041)), Numbers { sequence: 9, timestamp: 9_480 }, "at least a frame later");
    }

    #[test]
    fn timestamps_turn_over() {
        let (mut stream, start) = (Stream::new(0), Instant::now());
        stream.number(u32::MAX - 79, start);
        assert_eq!(stream.number(80, start).timestamp, 80);
        stream.change();
        assert_eq!(stream.number(u32::MAX, start + Duration::from_millis(20)).timestamp, 240);
    }
}
