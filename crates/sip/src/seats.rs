//! How many calls each phone and each trunk has at once.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::access::Who;

/// Above so many calls of which the rules have said nothing yet, further callers are sent to try again later: who would wait for
/// seconds before anything is heard gives up, and costs as much as one who is served.
const MOST_UNDECIDED: usize = 160;

/// The calls that are up.
#[derive(Clone, Default)]
pub(crate) struct Seats {
    taken: Arc<Mutex<BTreeMap<Who, usize>>>,
}

/// Room for one call, until it is dropped.
pub(crate) struct Seat {
    seats: Seats,
    who: Who,
}

impl Seats {
    /// Takes a seat, where fewer than `most` are taken.
    pub(crate) fn take(&self, who: &Who, most: usize) -> Option<Seat> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(who.clone()).or_insert(0);
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Seat { seats: self.clone(), who: who.clone() })
    }
}

impl Seats {
    /// How many calls go through trunks.
    pub(crate) fn of_trunks(&self) -> usize {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.iter().filter(|(who, _)| matches!(who, Who::Trunk(_))).map(|(_, count)| count).sum()
    }
}

/// Calls that have come in and of which the rules have said nothing yet. They are few, unless more come in than the machine
/// or its disk can do: each of them waits for those before it.
#[derive(Clone, Default)]
pub(crate) struct Undecided {
    count: Arc<AtomicUsize>,
}

/// One of them, until it is dropped.
pub(crate) struct OneUndecided {
    all: Undecided,
}

impl Undecided {
    /// One more, where there are not too many.
    pub(crate) fn one_more(&self) -> Option<OneUndecided> {
        let fewer = |count: usize| (count < MOST_UNDECIDED).then_some(count + 1);
        self.count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fewer).ok()?;
        Some(OneUndecided { all: self.clone() })
    }
}

impl Drop for OneUndecided {
    fn drop(&mut self) {
        self.all.count.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.who) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                taken.remove(&self.who);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nohold_model::{ExtensionKey, TrunkKey};

    #[test]
    fn a_seat_is_free_again_when_its_call_is_over() {
        let who = Who::Extension(ExtensionKey::new("1000").unwrap());
        let seats = Seats::default();
        let first = seats.take(&who, 2).unwrap();
        let _second = seats.take(&who, 2).unwrap();
        assert!(seats.take(&who, 2).is_none());
        assert_eq!(seats.of_trunks(), 0);
        let trunk = Who::Trunk(TrunkKey::new("carrier").unwrap());
        let outside = seats.take(&trunk, 9).unwrap();
        assert_eq!(seats.of_trunks(), 1);
        drop(outside);
        drop(first);
        assert!(seats.take(&who, 2).is_some());
        assert_eq!(seats.taken.lock().unwrap().len(), 1);
    }

    #[test]
    fn a_call_of_which_something_was_said_makes_room_for_another() {
        let undecided = Undecided::default();
        let mut calls: Vec<_> = (0..MOST_UNDECIDED).map(|_| undecided.one_more().unwrap()).collect();
        assert!(undecided.one_more().is_none());
        calls.pop();
        assert!(undecided.one_more().is_some());
    }
}
