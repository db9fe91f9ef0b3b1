//! How long a store is waited for.
//!
//! What was certainly not done, a store says with [`StoreFailed`]. What hangs in its commit stays without an answer, and may
//! still happen. Nobody here waits for that for ever.

use std::future::Future;

use nohold_model::Millis;

use crate::node::Node;
use crate::ports::{Clock, Ports, StoreFailed};

/// After so long without an answer, whoever waits on the line is told that it takes a moment.
pub(crate) const FIRST_WORD: Millis = Millis::seconds(3);
/// And again each time so much has passed.
pub(crate) const NEXT_WORD: Millis = Millis::seconds(10);
/// A loop, or a person at a desk, waits for an answer this long.
pub(crate) const LONGEST: Millis = Millis::seconds(5);

/// What did not come in time. It may still happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoAnswer;

/// The answer, where it comes in time. What was asked for is given up otherwise: hand in a future whose work goes on without
/// it, or one that may be begun anew.
pub(crate) async fn in_time<P: Ports, T>(
    node: &Node<P>,
    answer: impl Future<Output = T> + Send,
) -> Result<T, NoAnswer> {
    let alarm = node.ports().clock().sleep_until(node.now() + LONGEST);
    tokio::select! {
        biased;
        answer = answer => Ok(answer),
        () = alarm => Err(NoAnswer),
    }
}

/// The same for a loop that comes again anyhow: to it, no answer is a store that is not available.
pub(crate) async fn of_store<P: Ports, T>(
    node: &Node<P>,
    answer: impl Future<Output = Result<T, StoreFailed>> + Send,
) -> Result<T, StoreFailed> {
    match in_time(node, answer).await {
        Ok(answer) => answer,
        Err(NoAnswer) => {
            tracing::warn!("the store has not answered for {} s: looking again", LONGEST.as_millis() / 1_000);
            Err(StoreFailed)
        }
    }
}
