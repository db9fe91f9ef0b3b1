//! How many calls each phone and each trunk has at once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::access::Who;

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
}
