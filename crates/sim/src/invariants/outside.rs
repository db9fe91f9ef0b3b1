//! I-7 to I-10 by what the far end sees.

use std::collections::BTreeMap;

use nohold_app::LiveCall;
use nohold_core::directory::Directory;
use nohold_model::{CallId, LegId, PhoneNumber, Timestamp};

use super::{Commits, Violation};
use crate::store::Inner;
use crate::{phones, scenario};

/// Looks at what has happened at the phones outside.
pub struct FarEnd<'a> {
    /// The time.
    pub now: Timestamp,
    /// What is configured.
    pub directory: &'a Directory,
    /// The calls that are being driven; nothing while the process is down.
    pub calls: Option<&'a BTreeMap<CallId, LiveCall>>,
}

impl FarEnd<'_> {
    /// What has happened since the last time and may not.
    pub fn look(&self, phones: &mut phones::State, inner: &mut Inner) -> Option<Violation> {
        let broken = |invariant, what| Some(Violation { invariant, what });
        if std::mem::take(&mut phones.emergencies) > 0 {
            return broken("AT-30", "an emergency call was not dialled at once".to_owned());
        }
        if let Some(leg) = phones.unaccepted.pop_first() {
            return broken("accept", format!("{leg} was connected with somebody before the 1 was pressed"));
        }
        for (number, leg, others) in std::mem::take(&mut phones.fresh_dials) {
            let dialled = format!("{number:?} by {leg}");
            if others > 0 {
                return broken("I-7", format!("{dialled} while it was dialled already"));
            }
            // Whom people of ours bring into a conversation is theirs to say.
            if inner.commits.by_people.contains(&leg) {
                continue;
            }
            if let Some(call) = self.call_with(leg).filter(|call| inner.commits.direct.contains(call)) {
                if let Some(why) = self.speaks_against(call, &number, &inner.commits) {
                    return broken("I-10", format!("{dialled} at the desk: {why}"));
                }
                let by_hand = (call, leg);
                let attempts = &mut inner.commits.attempts;
                if let Some(why) = attempts.dialled_by_hand(&number, by_hand, self.now, &phones.gone, self.directory) {
                    return broken("I-10", format!("{dialled} at the desk: {why}"));
                }
                continue;
            }
            if let Some(why) = inner.commits.attempts.dialled(&number, leg, self.now, &phones.gone, self.directory) {
                return broken("I-10", format!("{dialled}: {why}"));
            }
        }
        let commits = &inner.commits;
        let calls = &commits.callers;
        for leg in std::mem::take(&mut phones.thanked) {
            // Somebody whom we have called, and who goes on as a caller, has not arrived.
            let noted = calls.get(&leg).copied().or_else(|| self.call_with(leg));
            let noted = noted.is_some_and(|call| commits.requests.contains_key(&call));
            if !noted {
                return broken("I-8", format!("{leg} was thanked before the commit"));
            }
        }
        let unbooked = std::mem::take(&mut phones.answered).into_iter().find(|leg| !calls.contains_key(leg));
        unbooked.and_then(|leg| broken("I-9", format!("{leg} was answered before it was in the books")))
    }

    /// What speaks against a call that a phone of ours has made to the public network. People of ours call whom they
    /// like at any hour, but not in the name of a service or a campaign.
    fn speaks_against(&self, call: CallId, number: &PhoneNumber, commits: &Commits) -> Option<&'static str> {
        let for_service = *commits.for_business.get(&call)?;
        if self.directory.blocked.numbers.contains(number) {
            return Some("on the block list");
        }
        (!scenario::may_ring(self.now, for_service)).then_some("outside the dialling window")
    }

    /// The call that is driven and has this leg.
    fn call_with(&self, leg: LegId) -> Option<CallId> {
        let by_leg = |(_, live): &(&CallId, &LiveCall)| live.call().legs().contains(&leg);
        Some(*self.calls?.iter().find(by_leg)?.0)
    }
}
