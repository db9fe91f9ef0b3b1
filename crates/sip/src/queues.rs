//! The requests of each dialog, one after the other: a burst of keys by INFO is taken in the order in which it came.

use std::collections::HashMap;
use std::time::Duration;

use futures::FutureExt as _;
use rsipstack::sip::StatusCode;
use rsipstack::sip::prelude::HeadersExt;
use rsipstack::transaction::transaction::Transaction;
use tokio::sync::mpsc;

use crate::engine::Engine;

/// So many requests of one dialog may wait; whoever sends more is asked to try again.
const MOST_WAITING: usize = 64;
/// A queue that nothing came to for so long is given up, and begun anew when something comes.
const QUIET: Duration = Duration::from_secs(1);
/// With so many queues, those that were given up are swept away.
const SWEEP_AT: usize = 256;

/// The queues, by dialog.
#[derive(Default)]
pub(crate) struct Queues {
    of: HashMap<String, mpsc::Sender<Transaction>>,
    sweep_at: usize,
}

impl Queues {
    /// Takes a request of a dialog.
    pub(crate) fn push(&mut self, engine: &Engine, transaction: Transaction) {
        let Some(dialog) = dialog(&transaction) else {
            return engine.tasks().spawn("request", engine.clone().in_order(transaction));
        };
        let mut transaction = transaction;
        if let Some(queue) = self.of.get(&dialog) {
            transaction = match queue.try_send(transaction) {
                Ok(()) => return,
                Err(mpsc::error::TrySendError::Full(transaction)) => return refuse(engine, transaction),
                Err(mpsc::error::TrySendError::Closed(transaction)) => transaction,
            };
        }
        let (queue, waiting) = mpsc::channel(MOST_WAITING);
        // There is room in a new one.
        let _ = queue.try_send(transaction);
        engine.tasks().spawn("requests of a dialog", engine.clone().work_off(waiting));
        self.of.insert(dialog, queue);
        if self.of.len() >= self.sweep_at.max(SWEEP_AT) {
            self.of.retain(|_, queue| !queue.is_closed());
            self.sweep_at = self.of.len() * 2;
        }
    }
}

impl Engine {
    async fn work_off(self, mut waiting: mpsc::Receiver<Transaction>) {
        while let Ok(Some(transaction)) = tokio::time::timeout(QUIET, waiting.recv()).await {
            self.clone().in_order(transaction).await;
        }
        waiting.close();
        while let Some(transaction) = waiting.recv().await {
            self.clone().in_order(transaction).await;
        }
    }

    /// Works on a request until the dialog has taken it; the rest, such as the wait for an ACK, holds up none behind it.
    async fn in_order(self, transaction: Transaction) {
        self.ready_for(&transaction).await;
        let tasks = self.tasks();
        let mut handled = Box::pin(async move {
            if let Err(error) = self.within_dialog(transaction).await {
                tracing::debug!(%error, "a request could not be answered");
            }
        });
        // The library takes a request, and tells the leg of it, before it first waits.
        if handled.as_mut().now_or_never().is_none() {
            tasks.spawn("request", handled);
        }
    }
}

fn refuse(engine: &Engine, mut transaction: Transaction) {
    engine.tasks().spawn("request", async move {
        // RFC 3261 §14.2 and §21.5.1: try again.
        if let Err(error) = transaction.reply(StatusCode::ServiceUnavailable).await {
            tracing::debug!(%error, "a request could not be answered");
        }
    });
}

/// Call-ID and both tags.
fn dialog(transaction: &Transaction) -> Option<String> {
    let request = &transaction.original;
    let from = request.from_header().ok()?.tag().ok()??;
    let to = request.to_header().ok()?.tag().ok()??;
    Some(format!("{};{};{}", request.call_id_header().ok()?.value(), from.value(), to.value()))
}
