//! Keys that we press towards the far end.

use std::collections::VecDeque;

use nohold_model::Digit;

use crate::sequencer::{Event, FRAME_UNITS};

/// Keys that may wait.
const MOST_WAITING: usize = 64;

/// Ticks for which a key is down: 100 ms.
const DOWN: u8 = 5;

/// Ticks from one key to the next: 160 ms, so the gap is 60 ms.
const WHOLE: u8 = 8;

/// The end of an event is sent three times (RFC 4733 §2.5.1.4), each in a tick of its own.
const LAST_END: u8 = DOWN + 2;

/// The power of the tone, below 0 dBm0 (RFC 4733 §2.3.4).
const VOLUME: u8 = 10;

/// The keys that wait and the one that is down.
#[derive(Debug, Default)]
pub(crate) struct Presses {
    waiting: VecDeque<Digit>,
    current: Option<Press>,
}

#[derive(Debug, Clone, Copy)]
struct Press {
    digit: Digit,
    timestamp: u32,
    tick: u8,
    /// The far end takes events; otherwise the tones themselves are sent.
    as_event: bool,
}

/// What a tick sends for a press.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pressing {
    /// This event packet instead of audio.
    Event(Event),
    /// This frame of the key's tone.
    Tone(Digit, usize),
    /// Silence between two tones.
    Gap,
}

impl Presses {
    /// Presses these after what waits; what is too much is dropped.
    pub(crate) fn push(&mut self, digits: impl IntoIterator<Item = Digit>) {
        for digit in digits {
            if self.waiting.len() >= MOST_WAITING {
                tracing::warn!("too many keys wait to be pressed; the rest is dropped");
                return;
            }
            self.waiting.push_back(digit);
        }
    }

    /// What this tick sends; nothing when no key is down.
    pub(crate) fn next(&mut self, timestamp: u32, events: bool) -> Option<Pressing> {
        if self.current.is_none() {
            let digit = self.waiting.pop_front()?;
            self.current = Some(Press { digit, timestamp, tick: 0, as_event: events });
        }
        let press = self.current?;
        let following = Press { tick: press.tick + 1, ..press };
        self.current = (following.tick < WHOLE).then_some(following);
        match (press.as_event, press.tick) {
            (true, tick) if tick < LAST_END => Some(Pressing::Event(press.event())),
            (true, _) => None,
            (false, tick) if tick < DOWN => Some(Pressing::Tone(press.digit, usize::from(tick))),
            (false, _) => Some(Pressing::Gap),
        }
    }
}

impl Press {
    fn event(&self) -> Event {
        let code = match self.digit.as_char() {
            '*' => 10,
            '#' => 11,
            // The others are the figures.
            figure => u8::try_from(figure.to_digit(10).unwrap_or(0)).unwrap_or(0),
        };
        let end = if self.tick + 1 >= DOWN { 0x80 } else { 0 };
        let duration = u32::from((self.tick + 1).min(DOWN)) * FRAME_UNITS;
        let [_, _, high, low] = duration.to_be_bytes();
        Event { timestamp: self.timestamp, marker: self.tick == 0, payload: [code, end | VOLUME, high, low] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(text: &str) -> Vec<Digit> {
        text.chars().map(|c| Digit::new(c).unwrap()).collect()
    }

    #[test]
    fn a_key_is_five_packets_and_its_end_comes_three_times() {
        let mut presses = Presses::default();
        presses.push(digits("#1"));
        let mut sent = Vec::new();
        for tick in 0..9 {
            if let Some(Pressing::Event(event)) = presses.next(1_000 + 160 * tick, true) {
                let [code, flags, high, low] = event.payload;
                let duration = u16::from_be_bytes([high, low]);
                sent.push((event.timestamp, event.marker, code, flags, duration));
            }
        }
        let hash = |marker, flags, duration| (1_000, marker, 11, flags, duration);
        assert_eq!(
            sent,
            [
                hash(true, 10, 160),
                hash(false, 10, 320),
                hash(false, 10, 480),
                hash(false, 10, 640),
                hash(false, 0x8a, 800),
                hash(false, 0x8a, 800),
                hash(false, 0x8a, 800),
                (2_280, true, 1, 10, 160),
            ]
        );
    }

    #[test]
    fn without_events_the_tones_are_sent() {
        let mut presses = Presses::default();
        presses.push(digits("5"));
        let five = digits("5")[0];
        let sent: Vec<_> = (0..9).map(|_| presses.next(0, false)).collect();
        let mut expected: Vec<_> = (0..5).map(|frame| Some(Pressing::Tone(five, frame))).collect();
        expected.extend([Some(Pressing::Gap); 3]);
        expected.push(None);
        assert_eq!(sent, expected);
    }

    #[test]
    fn not_more_than_a_few_wait() {
        let mut presses = Presses::default();
        presses.push(digits(&"1".repeat(1_000)));
        assert_eq!(presses.waiting.len(), MOST_WAITING);
    }
}
