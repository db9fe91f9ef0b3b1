//! Accounts for the calls that died with the process before this one.

use nohold_core::transaction::Transaction;
use nohold_model::{IdSource, Millis};

use crate::node::Node;
use crate::patience;
use crate::ports::{Clock, Ports, Store};

/// A store that is not there yet is asked again after this.
const ASK_AGAIN_AFTER: Millis = Millis::seconds(1);

/// Every call that the store believes alive is ended: its people are listed, its agents freed. No new call is taken
/// before that is done.
pub(crate) async fn account_for_the_dead<P: Ports>(node: &Node<P>) {
    let store = node.ports().store();
    let calls = loop {
        match patience::of_store(node, store.live_calls()).await {
            Ok(calls) => break calls,
            Err(_) => pause(node).await,
        }
    };
    if !calls.is_empty() {
        tracing::warn!(calls = calls.len(), "calls have died with the process before this one: listing their people");
    }
    let driven = node.calls();
    // An emergency call does not wait for this, so it may be in the books already.
    for call in calls.into_iter().filter(|call| !driven.contains_key(call)) {
        let entry = IdSource::new(node.ports().seed()).next(node.now());
        loop {
            // One whose answer was given up may be done all the same: then there is nothing left of it to recover.
            let recovered = store.transact(node.directory(), node.now(), Transaction::Recover { call, entry });
            if patience::of_store(node, recovered).await.is_ok() {
                break;
            }
            pause(node).await;
        }
    }
}

/// Leaves the store some time.
pub(crate) async fn pause<P: Ports>(node: &Node<P>) {
    node.ports().clock().sleep_until(node.now() + ASK_AGAIN_AFTER).await;
}
