//! Keys that come in as telephone events (RFC 4733).

use std::time::{Duration, Instant};

use nohold_model::Digit;

/// A key from which nothing has come for so long is up again, and its end was lost.
const RELEASED_AFTER: Duration = Duration::from_millis(200);

/// An event that began less than this (10 s, more than a segment lasts, in units of the timestamp) before the last one is a straggler.
const STRAGGLER: i32 = 80_000;

/// The greatest duration that a packet can tell; a longer event goes on as another segment (RFC 4733 §2.5.1.3).
const SEGMENT: u32 = 0xffff;

/// Merges the packets of each press into one key. The timestamp tells presses apart; every packet of one may be lost
/// but one, come twice, or come late.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    press: Option<Press>,
    /// The timestamp of the last press that was reported.
    done: Option<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Press {
    event: u8,
    /// The timestamp of its present segment.
    segment: u32,
    seen: Instant,
}

/// The keys that one packet completes: the one before, whose end was lost, and the one that it ends itself.
pub(crate) type Pressed = [Option<Digit>; 2];

impl Keys {
    /// Takes the payload of an event packet.
    pub(crate) fn packet(&mut self, now: Instant, timestamp: u32, payload: &[u8]) -> Pressed {
        let [event, flags, ..] = *payload else {
            return [None, None];
        };
        let ends = flags & 0x80 != 0;
        let mut before = None;
        match self.press {
            Some(press) if press.segment == timestamp || press.goes_on(event, timestamp) => {}
            Some(press) if is_straggler(timestamp, press.segment) => return [None, None],
            Some(press) => {
                before = digit(press.event);
                self.done = Some(press.segment);
            }
            None if self.done.is_some_and(|done| is_straggler(timestamp, done)) => return [None, None],
            None => {}
        }
        let event = self.press.filter(|press| press.segment == timestamp).map_or(event, |press| press.event);
        if ends {
            self.press = None;
            self.done = Some(timestamp);
            return [before, digit(event)];
        }
        self.press = Some(Press { event, segment: timestamp, seen: now });
        [before, None]
    }

    /// The key whose end was lost, once nothing comes of it any more.
    pub(crate) fn released(&mut self, now: Instant) -> Option<Digit> {
        let press = self.press.filter(|press| now.saturating_duration_since(press.seen) >= RELEASED_AFTER)?;
        self.press = None;
        self.done = Some(press.segment);
        digit(press.event)
    }

    /// Another sender speaks, whose timestamps have nothing to do with those before; returns the key that was down.
    pub(crate) fn restart(&mut self) -> Option<Digit> {
        let press = self.press.take();
        self.done = None;
        press.and_then(|press| digit(press.event))
    }
}

impl Press {
    /// The same key is still down, in the segment after this one.
    fn goes_on(&self, event: u8, timestamp: u32) -> bool {
        event == self.event && timestamp == self.segment.wrapping_add(SEGMENT)
    }
}

fn is_straggler(timestamp: u32, last: u32) -> bool {
    (-STRAGGLER..=0).contains(&timestamp.wrapping_sub(last).cast_signed())
}

/// The key of an event code (RFC 4733 §3.2); nothing for A to D, flash and all other events.
fn digit(event: u8) -> Option<Digit> {
    let character = match event {
        0..=9 => char::from(b'0' + event),
        10 => '*',
        11 => '#',
        _ => return None,
    };
    Digit::new(character).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Timestamp, event, whether the end bit is set.
    type Told = (u32, u8, bool);

    fn keys(told: &[Told]) -> String {
        let (mut keys, now) = (Keys::default(), Instant::now());
        let mut pressed: Vec<Digit> = told
            .iter()
            .flat_map(|(timestamp, event, ends)| {
                keys.packet(now, *timestamp, &[*event, if *ends { 0x8a } else { 0x0a }, 0, 160])
            })
            .flatten()
            .collect();
        assert_eq!(keys.released(now + RELEASED_AFTER / 2), None);
        pressed.extend(keys.released(now + RELEASED_AFTER));
        assert_eq!(keys.released(now + RELEASED_AFTER * 2), None);
        pressed.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_press_is_one_key_however_its_packets_come() {
        assert_eq!(keys(&[(100, 5, false), (100, 5, false), (100, 5, true), (100, 5, true), (100, 5, true)]), "5");
        assert_eq!(keys(&[(100, 5, true)]), "5", "only its end has come");
        assert_eq!(keys(&[(100, 5, false)]), "5", "its end was lost");
        assert_eq!(keys(&[(100, 5, true), (100, 5, false), (100, 5, true)]), "5", "out of order");
    }

    #[test]
    fn the_same_key_twice_is_two_presses() {
        assert_eq!(keys(&[(100, 5, true), (1_300, 5, false), (1_300, 5, true)]), "55");
        assert_eq!(keys(&[(100, 5, false), (1_300, 5, true)]), "55", "the first end was lost");
    }

    #[test]
    fn stragglers_of_an_earlier_press_are_none() {
        assert_eq!(keys(&[(100, 5, true), (1_300, 6, false), (100, 5, true), (1_300, 6, true)]), "56");
        assert_eq!(keys(&[(100, 5, true), (1_300, 6, true), (100, 5, true)]), "56");
    }

    #[test]
    fn timestamps_may_wrap() {
        assert_eq!(keys(&[(u32::MAX - 10, 1, true), (2_000, 2, false), (2_000, 2, true)]), "12");
    }

    #[test]
    fn a_key_that_stays_down_is_one_press_over_its_segments() {
        let next = 100 + SEGMENT;
        assert_eq!(keys(&[(100, 9, false), (next, 9, false), (next, 9, true), (100, 9, false)]), "9");
    }

    #[test]
    fn star_and_hash_are_keys_and_other_events_are_not() {
        assert_eq!(keys(&[(100, 10, true), (5_000, 11, true), (9_000, 12, true), (12_000, 16, true)]), "*#");
    }

    #[test]
    fn too_short_a_payload_is_nothing() {
        assert_eq!(Keys::default().packet(Instant::now(), 1, &[5]), [None, None]);
    }
}
