//! What must hold by what the far end sees.

use nohold_app::ports::Clock as _;
use nohold_core::entry::Attempt;
use nohold_model::{CallResult, Millis};

use super::World;
use crate::invariants::Violation;

impl World {
    /// I-7, I-8 and I-10 by what the far end sees.
    pub(super) fn look_outside(&mut self) -> Option<Violation> {
        let mut phones = self.phones.state();
        let inner = self.store.inner();
        let now = self.clock.now();
        if std::mem::take(&mut phones.emergencies) > 0 {
            return Some(Violation {
                invariant: "AT-30",
                what: "an emergency call was not dialled at once".to_owned(),
            });
        }
        for (number, leg, others) in std::mem::take(&mut phones.fresh_dials) {
            let dialled = format!("{number:?} by {leg}");
            if others > 0 {
                return Some(Violation { invariant: "I-7", what: format!("{dialled} while it was dialled already") });
            }
            let entry = inner.tables.entries.values().find(|entry| {
                entry.number.as_ref() == Some(&number)
                    && matches!(entry.state, nohold_core::entry::State::Attempting { .. })
            });
            let Some(entry) = entry else { continue };
            // As the far end counts: only a try that was interrupted before it was sent has not rung.
            let rang = |attempt: &&Attempt| {
                attempt.counted || attempt.ended.is_none_or(|(_, result)| result != CallResult::Interrupted)
            };
            let sent = entry.attempts.iter().filter(rang).count();
            let before = usize::try_from(entry.earlier_attempts).unwrap_or(usize::MAX);
            let limit = usize::try_from(self.scenario.directory.site.retry_plan.max_attempts).unwrap_or(usize::MAX);
            if sent.saturating_sub(before) > limit {
                return Some(Violation { invariant: "I-10", what: format!("{dialled} above the limit of attempts") });
            }
            let beyond = entry
                .call()
                .and_then(|call| inner.tables.calls.get(&call)?.callback.as_ref())
                .is_some_and(|callback| callback.beyond_window);
            // A moment passes between the commit and the dial.
            let at = now - Millis::seconds(20);
            if let Err(forbidden) = self.scenario.directory.may_dial(&number, &entry.target, now, beyond)
                && self.scenario.directory.may_dial(&number, &entry.target, at, beyond).is_err()
            {
                return Some(Violation { invariant: "I-10", what: format!("{dialled}: {forbidden}") });
            }
        }
        let calls = &inner.commits.callers;
        for leg in std::mem::take(&mut phones.thanked) {
            let noted = calls.get(&leg).is_some_and(|call| inner.commits.requests.contains_key(call));
            if !noted {
                return Some(Violation { invariant: "I-8", what: format!("{leg} was thanked before the commit") });
            }
        }
        let unbooked = std::mem::take(&mut phones.answered).into_iter().find(|leg| !calls.contains_key(leg));
        if let Some(leg) = unbooked {
            return Some(Violation {
                invariant: "I-9",
                what: format!("{leg} was answered before it was in the books"),
            });
        }
        None
    }
}
