//! How far the engine is behind what comes in.
//!
//! One call at a time is a probe: it is timed from the gate to where the engine takes it. While a probe takes too long, or
//! the last one did and the next is not back yet, or calls have waited long before the gate already, calls of the network are
//! refused at the gate, where that costs next to nothing, instead of after everything that waits before them. One probe at a
//! time goes on, so the gate opens as soon as the engine has caught up.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A call that has waited so long before the gate, or whose like waits so long behind it, is one too many: what comes after
/// that takes its time, too, as does what is let in until a late probe is noticed, and a phone repeats an INVITE that is not
/// answered within half a second (T1, RFC 3261 §17.1.1.2).
const TOO_LONG_BEFORE: Duration = Duration::from_millis(80);
const TOO_LONG_BEHIND: Duration = Duration::from_millis(200);
/// A probe that is not back by then has been dropped on the way.
const LOST: Duration = Duration::from_secs(2);

#[derive(Default)]
pub(super) struct Pace {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    probe: Option<(String, Instant)>,
    last: Duration,
    /// How long the message that is looked at now has waited before the gate.
    age: Duration,
}

impl Pace {
    /// Whether this new call may go on.
    pub(super) fn may_pass(&self, now: Instant, call_id: &str) -> bool {
        let mut state = self.lock();
        if state.age > TOO_LONG_BEFORE {
            return false;
        }
        let age = state.probe.as_ref().map(|(_, since)| now.saturating_duration_since(*since));
        match age {
            Some(age) if age <= LOST => age <= TOO_LONG_BEHIND && state.last <= TOO_LONG_BEHIND,
            Some(_) | None => {
                state.probe = Some((call_id.to_owned(), now));
                true
            }
        }
    }

    /// The message that comes next has waited so long before the gate.
    pub(super) fn note_age(&self, age: Duration) {
        self.lock().age = age;
    }

    /// The engine has taken this call.
    pub(super) fn taken(&self, now: Instant, call_id: &str) {
        let mut state = self.lock();
        if let Some((_, since)) = state.probe.take_if(|(probe, _)| probe == call_id) {
            state.last = now.saturating_duration_since(since);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_refused_while_a_probe_is_late_and_let_in_once_one_is_quick_again() {
        let (pace, begin) = (Pace::default(), Instant::now());
        let at = |ms: u64| begin + Duration::from_millis(ms);
        assert!(pace.may_pass(at(0), "a") && pace.may_pass(at(10), "b"), "nothing is known to be late");
        assert!(!pace.may_pass(at(250), "c"), "the probe is late");
        pace.taken(at(300), "b");
        assert!(!pace.may_pass(at(301), "d"), "b was no probe");
        pace.taken(at(310), "a");
        assert!(pace.may_pass(at(311), "e"), "the next probe");
        assert!(!pace.may_pass(at(312), "f"), "the last one was late, and this one is not back");
        pace.taken(at(320), "e");
        assert!(pace.may_pass(at(321), "g") && pace.may_pass(at(322), "h"), "it was quick");
    }

    #[test]
    fn a_call_that_has_waited_long_before_the_gate_is_refused() {
        let (pace, begin) = (Pace::default(), Instant::now());
        pace.note_age(Duration::from_millis(300));
        assert!(!pace.may_pass(begin, "a"));
        pace.note_age(Duration::from_millis(3));
        assert!(pace.may_pass(begin, "b"));
    }

    #[test]
    fn a_probe_that_was_lost_shuts_nobody_out_for_ever() {
        let (pace, begin) = (Pace::default(), Instant::now());
        assert!(pace.may_pass(begin, "lost"));
        assert!(!pace.may_pass(begin + Duration::from_secs(1), "a"));
        assert!(pace.may_pass(begin + Duration::from_secs(3), "b"));
    }
}
