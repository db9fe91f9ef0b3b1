//! What happens because time passes: a wrap-up ends, a claim runs out, a call turns out to be driven by nobody, a page that
//! was an agent's phone does not come back.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use nohold_core::agent;
use nohold_core::directory::AgentProfile;
use nohold_core::entry::{Actor, Change};
use nohold_core::transaction::Transaction;
use nohold_model::{AgentKey, CallId, ExtensionKey, IdSource, Millis, Timestamp};

use crate::node::{LiveCall, Node};
use crate::patience;
use crate::ports::{Clock, Ports, Store, Telephony};

/// A call in the store that no task drives for this long is nobody's: whoever was about to drive it has died.
const FORGOTTEN_AFTER: Millis = Millis::seconds(5);

/// Pages that died together with the server are known to nobody: whoever has no phone at all when pages may have come back had
/// such a one.
enum AfterRestart {
    /// Until when they may come back, and the phones that were there since.
    Until(Timestamp, BTreeSet<ExtensionKey>),
    /// The phones that have not.
    Away(BTreeSet<ExtensionKey>),
}

impl AfterRestart {
    /// Of `all` phones those that have not come back until now, when these are `there`.
    fn away(
        &mut self,
        now: Timestamp,
        there: BTreeSet<ExtensionKey>,
        all: impl Iterator<Item = ExtensionKey>,
    ) -> BTreeSet<ExtensionKey> {
        if let Self::Until(until, back) = self
            && now >= *until
        {
            // Who was back and has gone again is no matter of the restart.
            *self = Self::Away(all.filter(|phone| !back.contains(phone)).collect());
        }
        match self {
            Self::Until(_, back) => {
                back.extend(there);
                BTreeSet::new()
            }
            Self::Away(away) => {
                away.retain(|phone| !there.contains(phone));
                away.clone()
            }
        }
    }
}

/// Looks now and then for what has come due.
pub(crate) async fn run<P: Ports>(node: Node<P>) {
    let (mut missing, mut signed_out) = (Missing::default(), BTreeSet::new());
    let mut after_restart = AfterRestart::Until(node.now() + node.settings().pages_come_back_within, BTreeSet::new());
    loop {
        look(&node, &mut missing).await;
        sign_out_without_a_page(&node, &mut signed_out, &mut after_restart).await;
        node.ports().clock().sleep_until(node.now() + node.settings().housekeeping_poll).await;
    }
}

/// Calls that the store believes alive and that no task drives, with the time since which that has been seen.
#[derive(Default)]
struct Missing(BTreeMap<CallId, Timestamp>);

impl Missing {
    /// Notes what is missing now; those that have been for too long.
    fn note(&mut self, missing: impl Iterator<Item = CallId>, now: Timestamp) -> Vec<CallId> {
        self.0 = missing.map(|call| (call, self.0.get(&call).copied().unwrap_or(now))).collect();
        let forgotten = self.0.iter().filter(|(_, since)| now.since(**since) >= FORGOTTEN_AFTER);
        forgotten.map(|(call, _)| *call).collect()
    }
}

async fn look<P: Ports>(node: &Node<P>, missing: &mut Missing) {
    let due = node.ports().store().due(node.directory(), node.now());
    let Ok(due) = patience::of_store(node, due).await else { return };
    let agents =
        due.agents.into_iter().map(|agent| Transaction::Agent { agent, input: agent::Input::Tick, by: Actor::System });
    let entries = due.entries.into_iter().map(|entry| Transaction::Entry {
        entry,
        change: Change::Tick,
        seen: None,
        by: Actor::System,
    });
    let (live, now) = (node.calls(), node.now());
    let not_driven = due.calls.into_iter().filter(|call| !live.contains_key(call));
    let forgotten = missing.note(not_driven, now).into_iter().map(|call| {
        tracing::error!(%call, "nobody drives this call: accounting for it");
        Transaction::Recover { call, entry: IdSource::new(node.ports().seed()).next(now) }
    });
    for transaction in agents.chain(entries).chain(forgotten) {
        let done = node.ports().store().transact(node.directory(), node.now(), transaction);
        if patience::of_store(node, done).await.is_err() {
            // What the store does not take now is still due at the next look.
            break;
        }
    }
    node.wake_routing();
}

/// Who works by a page alone is not there any more when it does not come back: nothing would ring for them. `done` are the
/// agents who were signed out since their page went.
async fn sign_out_without_a_page<P: Ports>(
    node: &Node<P>,
    done: &mut BTreeSet<AgentKey>,
    after_restart: &mut AfterRestart,
) {
    let (mut away, directory) = (node.ports().telephony().without_a_page(), node.directory());
    if let Some(there) = node.ports().telephony().reachable() {
        let all = directory.agents.values().map(|agent| agent.extension.clone());
        away.extend(after_restart.away(node.now(), there, all));
    }
    let is_away = |agent: &AgentProfile| agent.has_no_phone_but(&away);
    done.retain(|agent| directory.agents.get(agent).is_some_and(is_away));
    let lost: Vec<&AgentKey> =
        directory.agents.values().filter(|agent| is_away(agent)).map(|agent| &agent.key).collect();
    if lost.iter().all(|agent| done.contains(*agent)) {
        return;
    }
    // A call waits for the page by itself.
    let engaged: BTreeSet<AgentKey> = node.calls().values().flat_map(LiveCall::agents).collect();
    for agent in lost {
        if engaged.contains(agent) || done.contains(agent) {
            continue;
        }
        let gone = Transaction::Agent { agent: agent.clone(), input: agent::Input::PageLost, by: Actor::System };
        let told = node.ports().store().transact(Arc::clone(&directory), node.now(), gone);
        if patience::of_store(node, told).await.is_err() {
            // The next look tries again.
            break;
        }
        done.insert(agent.clone());
    }
    node.wake_routing();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_back_after_a_restart_and_looks_away_just_then_is_not_taken_for_gone() {
        let phone = |key: &str| ExtensionKey::new(key).unwrap();
        let all = || ["2000", "2001", "2002"].map(phone).into_iter();
        let at = |seconds| Timestamp::EPOCH + Millis::seconds(seconds);
        let mut after = AfterRestart::Until(at(30), BTreeSet::new());
        assert!(after.away(at(1), BTreeSet::new(), all()).is_empty());
        assert!(after.away(at(20), [phone("2000"), phone("2001")].into(), all()).is_empty());
        // 2000 opens the page anew in this very moment.
        let away = after.away(at(30), [phone("2001")].into(), all());
        assert_eq!(away, [phone("2002")].into(), "who was there is, and who never came is not");
        assert!(after.away(at(40), [phone("2002")].into(), all()).is_empty());
        assert!(after.away(at(50), BTreeSet::new(), all()).is_empty(), "once");
    }
}
