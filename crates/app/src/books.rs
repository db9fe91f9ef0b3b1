//! What a call has to commit, in order, until the store has it.
//!
//! Records are kept and tried again until they are committed. A promise is tried once, together with all records
//! before it: it stands or fails, and the call is told. Where the store says nothing for a while, the call is told that, too.

use std::sync::Arc;

use futures::future::BoxFuture;
use nohold_core::call::{Effects, Input, Promise};
use nohold_core::directory::Directory;
use nohold_core::fact::{Dated, Fact};
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
        // Whether a line had room for the caller is the store's to say, and one transaction has one answer.
        let joins_a_line = self.records.iter().any(|record| matches!(record.fact, Fact::Queued(_)));
        let promise = self.promise.take_if(|_| !joins_a_line);
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
                // Who waits behind records that fail waits for nothing.
                let behind = || self.promise.take().map(|promise| promise.number);
                let promise = asked.promise.or_else(behind)?;
                self.waits.take_if(|(waits, _)| promise == *waits);
                Some(Input::StoreFailed { promise })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;
    use std::sync::Mutex;

    use nohold_core::configuration::{Configuration, Surroundings};
    use nohold_core::fact::LeftQueue;
    use nohold_core::routing::{Class, Waiting};
    use nohold_model::{CallId, IdSource};

    use super::*;
    use crate::ports::{Due, Overview};

    /// A store that answers as it is told, and remembers what it was asked.
    struct Told {
        answer: Result<Answer, StoreFailed>,
        asked: Mutex<Vec<(usize, bool)>>,
    }

    impl Store for Told {
        fn transact(
            &self,
            _: Arc<Directory>,
            _: Timestamp,
            transaction: Transaction,
        ) -> impl Future<Output = Result<Answer, StoreFailed>> + Send + 'static {
            if let Transaction::Call { records, promise } = transaction {
                self.asked.lock().unwrap().push((records.len(), promise.is_some()));
            }
            ready(self.answer.clone())
        }

        fn routing_snapshot(&self, _: bool) -> impl Future<Output = Result<Overview, StoreFailed>> + Send + 'static {
            ready(Err(StoreFailed))
        }

        fn due(
            &self,
            _: Arc<Directory>,
            _: Timestamp,
        ) -> impl Future<Output = Result<Due, StoreFailed>> + Send + 'static {
            ready(Err(StoreFailed))
        }

        fn live_calls(&self) -> impl Future<Output = Result<Vec<CallId>, StoreFailed>> + Send + 'static {
            ready(Err(StoreFailed))
        }
    }

    const AT: Timestamp = Timestamp::EPOCH;

    /// A caller who comes into a line and presses a key in the same moment.
    fn joins_and_asks() -> Books {
        let call: CallId = IdSource::new(1).next(AT);
        let waiting = Waiting {
            call,
            queue: "600".parse().unwrap(),
            stay: 1,
            class: Class::Ordinary,
            priority: 0,
            place: AT,
            entered: AT,
            connectable: true,
            caller: None,
            declined: std::collections::BTreeSet::new(),
        };
        let fact = Dated { at: AT, fact: Fact::LeftQueue { call, why: LeftQueue::Chose } };
        let mut effects = Effects::default();
        effects.records.push(Dated { at: AT, fact: Fact::Queued(waiting) });
        effects.promise = Some(Promise { number: 7, fact });
        let mut books = Books::default();
        books.add(&mut effects, AT);
        books
    }

    fn directory() -> Arc<Directory> {
        let site = r#"{ "site": { "zone": "UTC", "country": "US" } }"#;
        let configuration: Configuration = serde_json::from_str(site).unwrap();
        Arc::new(configuration.directory(&Surroundings::default()).unwrap())
    }

    fn answers(books: &mut Books, store: &Told) -> Option<Input> {
        books.submit(store, &directory(), AT);
        let answer = futures::executor::block_on(books.answer());
        books.note(answer, AT)
    }

    #[test]
    fn whether_the_line_was_full_is_told_before_what_was_asked_in_the_same_moment() {
        let full = Answer::LineFull("600".parse().unwrap());
        let store = Told { answer: Ok(full.clone()), asked: Mutex::default() };
        let mut books = joins_and_asks();
        let told = answers(&mut books, &store);
        assert_eq!(told, Some(Input::Committed { promise: Promise::OF_RECORDS, answer: full }));
        answers(&mut books, &store);
        assert_eq!(*store.asked.lock().unwrap(), [(1, false), (0, true)]);
        assert!(books.are_settled());
    }

    #[test]
    fn what_waits_behind_records_that_fail_is_told_so() {
        let store = Told { answer: Err(StoreFailed), asked: Mutex::default() };
        let mut books = joins_and_asks();
        assert_eq!(answers(&mut books, &store), Some(Input::StoreFailed { promise: 7 }));
        assert!(!books.are_settled() && books.retry_at().is_some(), "the record is tried again");
    }
}
