//! What happens because time passes: a wrap-up ends, a claim runs out.

use nohold_core::agent;
use nohold_core::entry::{Actor, Change};
use nohold_core::transaction::Transaction;

use crate::node::Node;
use crate::ports::{Clock, Ports, Store};

/// Looks now and then for what has come due.
pub(crate) async fn run<P: Ports>(node: Node<P>) {
    loop {
        look(&node).await;
        node.ports().clock().sleep_until(node.now() + node.settings().housekeeping_poll).await;
    }
}

async fn look<P: Ports>(node: &Node<P>) {
    let Ok(due) = node.ports().store().due(node.now()).await else { return };
    let agents = due.agents.into_iter().map(|agent| Transaction::Agent {
        agent,
        input: agent::Input::Tick,
        by: Actor::System,
    });
    let entries =
        due.entries.into_iter().map(|entry| Transaction::Entry { entry, change: Change::Tick, by: Actor::System });
    for transaction in agents.chain(entries) {
        // What the store does not take now is still due at the next look.
        let _ = node.ports().store().transact(node.directory(), node.now(), transaction).await;
    }
    node.wake_routing();
}
