//! How many lines somebody leaves who is refused at the door again and again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use nohold_model::{Millis, Timestamp};

/// So many refusals of one user by one route leave a line each at once.
const AT_ONCE: u64 = 5;

/// Then one does so often.
const EVERY: Millis = Millis::minutes(10);

/// So many users and routes are remembered. Beyond that they are forgotten, and leave a few more lines each.
const MOST: usize = 4_096;

/// Who was refused what, and how often without a line.
#[derive(Debug, Default)]
pub(crate) struct TurnedAway {
    known: Mutex<HashMap<(String, String), Count>>,
}

#[derive(Debug, Clone, Copy)]
struct Count {
    /// When the next refusal is the first again.
    empty_at: Timestamp,
    unsaid: u32,
}

impl TurnedAway {
    /// How many refusals like this one left no line since the last that did; nothing where this one leaves none either.
    pub(super) fn unsaid_before(&self, who: String, what: String, now: Timestamp) -> Option<u32> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (who, what);
        if known.len() >= MOST && !known.contains_key(&key) {
            known.retain(|_, count| count.empty_at > now);
            if known.len() >= MOST {
                known.clear();
            }
        }
        let count = known.entry(key).or_insert(Count { empty_at: now, unsaid: 0 });
        if count.empty_at > now + EVERY.times(AT_ONCE - 1) {
            count.unsaid = count.unsaid.saturating_add(1);
            return None;
        }
        count.empty_at = count.empty_at.max(now) + EVERY;
        Some(std::mem::take(&mut count.unsaid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_hammers_at_a_door_leaves_few_lines_which_say_how_often() {
        let turned_away = TurnedAway::default();
        let at = |minutes: u64| Timestamp::EPOCH + Millis::minutes(minutes);
        let of = |who: &str, what: &str, minutes| turned_away.unsaid_before(who.into(), what.into(), at(minutes));
        let told = (0..1_000).filter(|_| of("ada", "POST /api/users", 0).is_some()).count();
        assert_eq!(told, 5);
        assert_eq!(of("ada", "DELETE /api/users/{name}", 0), Some(0), "another route is another matter");
        assert_eq!(of("bob", "POST /api/users", 0), Some(0), "and so is another user");
        assert_eq!(of("ada", "POST /api/users", 10), Some(995));
        assert_eq!(of("ada", "POST /api/users", 11), None);
        assert_eq!(of("ada", "POST /api/users", 1_000), Some(1));
        assert_eq!(of("ada", "POST /api/users", 1_000), Some(0));
    }

    #[test]
    fn a_flood_of_names_does_not_fill_the_memory() {
        let turned_away = TurnedAway::default();
        for n in 0..MOST * 2 {
            assert_eq!(turned_away.unsaid_before(n.to_string(), String::new(), Timestamp::EPOCH), Some(0));
        }
        assert!(turned_away.known.lock().unwrap().len() <= MOST);
    }
}
