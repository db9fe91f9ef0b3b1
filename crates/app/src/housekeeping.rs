//! What happens because time passes: a wrap-up ends, a claim runs out, a call turns out to be driven by nobody, a page that
//! was an agent's phone does not come back.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use nohold_core::agent;
use nohold_core::directory::{AgentProfile, Directory};
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
    /// Until when they may come back.
    Until(Timestamp),
    /// The phones that have not.
    Away(BTreeSet<ExtensionKey>),
}

impl AfterRestart {
    /// The phones that have not come back until now.
    fn away<P: Ports>(&mut self, node: &Node<P>, directory: &Directory) -> BTreeSet<ExtensionKey> {
        let Some(there) = node.ports().telephony().reachable() else { return BTreeSet::new() };
        if matches!(self, Self::Until(until) if node.now() >= *until) {
            *self = Self::Away(directory.agents.values().map(|agent| agent.extension.clone()).collect());
        }
        match self {
            Self::Until(_) => BTreeSet::new(),
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
    let mut after_restart = AfterRestart::Until(node.now() + node.settings().pages_come_back_within);
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
    away.extend(after_restart.away(node, &directory));
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
