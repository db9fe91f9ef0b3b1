//! What was opened a moment ago: a player asks for one file piece by piece.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use nohold_model::{Millis, Timestamp};

/// Pieces that are asked for within this belong to the same opening.
const ONE_OPENING: Millis = Millis::minutes(10);

/// So many are remembered. Beyond that they are forgotten, and leave one more line each.
const MOST: usize = 4_096;

/// Who has opened what: the fingerprint of a sign-in or token, and the thing.
pub(crate) type Opening = ([u8; 32], String);

/// The openings of the last minutes.
#[derive(Debug, Default)]
pub(crate) struct Openings {
    known: Mutex<HashMap<Opening, Timestamp>>,
}

impl Openings {
    /// Whether a line of this opening stands already.
    pub(super) fn is_open(&self, what: &Opening, now: Timestamp) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(what).is_some_and(|at| now.since(*at) <= ONE_OPENING)
    }

    /// A line of it stands.
    pub(super) fn opened(&self, what: Opening, now: Timestamp) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.retain(|_, at| now.since(*at) <= ONE_OPENING);
        }
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(what, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opening_lasts_for_a_while_and_there_are_not_too_many() {
        let openings = Openings::default();
        let at = |minutes: u64| Timestamp::EPOCH + Millis::minutes(minutes);
        let of = |n: usize| ([1; 32], format!("recording {n}"));
        openings.opened(of(0), at(0));
        assert!(
            openings.is_open(&of(0), at(10)) && !openings.is_open(&of(0), at(11)) && !openings.is_open(&of(1), at(0))
        );
        assert!(!openings.is_open(&([2; 32], of(0).1), at(0)), "another sign-in opens it anew");
        for n in 0..MOST * 2 {
            openings.opened(of(n), at(20));
        }
        assert!(openings.known.lock().unwrap().len() <= MOST && openings.is_open(&of(MOST * 2 - 1), at(20)));
    }
}
