//! I-7 to I-10 by what the far end sees.

use nohold_core::directory::Directory;
use nohold_model::Timestamp;

use super::Violation;
use crate::phones;
use crate::store::Inner;

/// Looks at what has happened at the phones outside since the last time.
pub fn look_outside(
    phones: &mut phones::State,
    inner: &mut Inner,
    directory: &Directory,
    now: Timestamp,
) -> Option<Violation> {
    let broken = |invariant, what| Some(Violation { invariant, what });
    for (number, leg, others) in std::mem::take(&mut phones.fresh_dials) {
        let dialled = format!("{number:?} by {leg}");
        if others > 0 {
            return broken("I-7", format!("{dialled} while it was dialled already"));
        }
        if let Some(why) = inner.commits.attempts.dialled(&number, leg, now, &phones.gone, directory) {
            return broken("I-10", format!("{dialled}: {why}"));
        }
    }
    let commits = &inner.commits;
    let calls = &commits.callers;
    for leg in std::mem::take(&mut phones.thanked) {
        let noted = calls.get(&leg).is_some_and(|call| commits.requests.contains_key(call));
        if !noted {
            return broken("I-8", format!("{leg} was thanked before the commit"));
        }
    }
    let unbooked = std::mem::take(&mut phones.answered).into_iter().find(|leg| !calls.contains_key(leg));
    unbooked.and_then(|leg| broken("I-9", format!("{leg} was answered before it was in the books")))
}
