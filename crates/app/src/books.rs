//! What a call has to commit, in order, until the store has it.
//!
//! Records are kept and tried again until they are committed. A promise is tried once, together with all records
//! before it: it stands or fails, and the call is told. Where the store says nothing for a while, the call is told that, too.

use std::sync::Arc;

use futures::future::BoxFuture;
use nohold_core::call::{Effects, Input, Promise};
use nohold_core::directory::Directory;
use nohold_core::fact::Dated;
use nohold_core::transaction::{Answer, Transaction};
use nohold_model::{Millis, Timestamp};

use crate::patience::{FIRST_WORD, NEXT_WORD};
use crate::ports::{Store, StoreFailed};

/// After a failure the store is asked again after this, then at growing intervals.
const FIRST_PAUSE: Millis = Millis::new(250);
const LONGEST_PAUSE: Millis = Millis::seconds(4);

/// A call's uncommitted records and its promise.
#[derive(Default)]
pub(crate) struct Books {
    records: Vec<Dated>,
    promise: Option<Promise>,
    /// The promise whose answer the call waits for, and when its people are told that it takes a moment.
    waits: Option<(u32, Timestamp)>,
    asked: Option<Asked>,
    pause: Option<(Timestamp, Millis)>,
}

/// A transaction on its way.
struct Asked {
    records: usize,
    promise: Option<u32>,
    answer: BoxFuture<'static, Result<Answer, StoreFailed>>,
}

impl Books {
    /// Takes over what one input led to.
    pub(crate) fn add(&mut self, effects: &mut Effects, at: Timestamp) {
        self.records.append(&mut effects.records);
        if let Some(promise) = effects.promise.take() {
            self.waits = Some((promise.number, at + FIRST_WORD));
            self.promise = Some(promise);
            // A promise does not wait for a pause after a failure: the caller does.
            self.pause = None;
        }
    }

    /// Whether everything is committed.
    pub(crate) fn are_settled(&self) -> bool {
        self.records.is_empty() && self.promise.is_none() && self.asked.is_none()
    }

    /// When the store should be asked again after a failure.
    pub(crate) fn retry_at(&self) -> Option<Timestamp> {
        let waits = self.asked.is_none() && !(self.records.is_empty() && self.promise.is_none());
        self.pause.filter(|_| waits).map(|(until, _)| until)
    }

    /// When the call should be told that the store has not answered yet.
    pub(crate) fn word_at(&self) -> Option<Timestamp> {
        self.waits.map(|(_, word_at)| word_at)
    }

    /// What the call must be told by now, if anything.
    pub(crate) fn word(&mut self, at: Timestamp) -> Option<Input> {
        let (promise, word_at) = self.waits.as_mut().filter(|(_, word_at)| at >= *word_at)?;
        *word_at = at + NEXT_WORD;
        Some(Input::StoreSlow { promise: *promise })
    }

    /// Asks the store for what is open, one transaction at a time.
    pub(crate) fn submit<S: Store>(&mut self, store: &S, directory: &Arc<Directory>, at: Timestamp) {
        let nothing_to_do = self.records.is_empty() && self.promise.is_none();
        if self.asked.is_some() || nothing_to_do || self.pause.is_some_and(|(until, _)| at < until) {
            return;
        }
        let promise = self.promise.take();
        let number = promise.as_ref().map(|promise| promise.number);
        let records = self.records.clone();
        let (count, promise) = (records.len(), promise.map(|promise| promise.fact));
        let answer = store.transact(Arc::clone(directory), at, Transaction::Call { records, promise });
        self.asked = Some(Asked { records: count, promise: number, answer: Box::pin(answer) });
    }

    /// Waits for the store's answer to what was submitted; for ever, where nothing was.
    pub(crate) async fn answer(&mut self) -> Result<Answer, StoreFailed> {
        match &mut self.asked {
            Some(asked) => asked.answer.as_mut().await,
            None => std::future::pending().await,
        }
    }

    /// Notes the answer; what the call must be told of it, if anything.
    pub(crate) fn note(&mut self, answer: Result<Answer, StoreFailed>, at: Timestamp) -> Option<Input> {
        let asked = self.asked.take()?;
        self.waits.take_if(|(waits, _)| asked.promise == Some(*waits));
        match answer {
            Ok(answer) => {
                self.records.drain(..asked.records);
                self.pause = None;
                let full = matches!(answer, Answer::LineFull(_)).then_some(Promise::OF_RECORDS);
                asked.promise.or(full).map(|promise| Input::Committed { promise, answer })
            }
            Err(StoreFailed) => {
                let length = self.pause.map_or(FIRST_PAUSE, |(_, last)| last.times(2).min(LONGEST_PAUSE));
                self.pause = Some((at + length, length));
                asked.promise.map(|promise| Input::StoreFailed { promise })
            }
        }
    }
}
