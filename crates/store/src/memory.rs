//! A store in memory: it commits at once, never fails, and forgets everything when the process ends.

use std::future::{Future, ready};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nohold_app::ports::{Due, Overview, Store, StoreFailed};
use nohold_core::directory::Directory;
use nohold_core::fact::Dated;
use nohold_core::tables::Tables;
use nohold_core::transaction::{Answer, Transaction};
use nohold_model::{CallId, Millis, Timestamp};

/// The history is cut when it has so many facts: some hundred bytes each, so a few hundred megabytes at most.
const MOST_FACTS: usize = 1_000_000;

/// What a cut leaves. A day, because the limit of requests looks that far back, and an hour more.
const KEPT: Millis = Millis::hours(25);

/// Rows in memory. Clones are the same store.
///
/// Entries are never forgotten; ended offers and the history are, a day later, when there is very much of them, and
/// attempts at numbers when no rule asks for them any more.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    tables: Tables,
    /// The history is cut at this length; it moves up where a day alone has more facts.
    cut_at: Option<usize>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        MemoryStore::default()
    }

    /// What has become true, in the order of the commits.
    #[must_use]
    pub fn history(&self) -> Vec<Dated> {
        self.lock().tables.facts.clone()
    }

    /// All rows, as they are now.
    #[must_use]
    pub fn tables(&self) -> Tables {
        self.lock().tables.clone()
    }

    /// A commit either happens whole or has not begun, so what a panic leaves behind is sound.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn commit(&mut self, directory: &Directory, at: Timestamp, transaction: &Transaction) -> Answer {
        let outcome = self.tables.outcome(directory, at, transaction);
        self.tables.write(&outcome);
        self.cut(at, directory.site.tries_remembered());
        outcome.answer
    }

    fn cut(&mut self, at: Timestamp, tries_remembered: Millis) {
        let before = self.tables.facts.len();
        if before < self.cut_at.unwrap_or(MOST_FACTS) {
            return;
        }
        self.tables.forget_before(at - KEPT);
        self.tables.forget_tries_before(at - KEPT.max(tries_remembered));
        let after = self.tables.facts.len();
        // A cut costs a walk through everything, so the next one has to wait until it can be worth it.
        self.cut_at = Some(MOST_FACTS.max(after.saturating_add(MOST_FACTS / 2)));
        tracing::info!(before, after, "the history in memory was cut");
    }
}

impl Store for MemoryStore {
    fn transact(
        &self,
        directory: Arc<Directory>,
        at: Timestamp,
        transaction: Transaction,
    ) -> impl Future<Output = Result<Answer, StoreFailed>> + Send + 'static {
        // Inside the future: nothing happens before somebody awaits it, as with any store.
        let store = self.clone();
        async move { Ok(store.lock().commit(&directory, at, &transaction)) }
    }

    fn routing_snapshot(&self, requests: bool) -> impl Future<Output = Result<Overview, StoreFailed>> + Send + 'static {
        ready(Ok(Overview::of(&self.lock().tables, requests)))
    }

    fn due(
        &self,
        directory: Arc<Directory>,
        at: Timestamp,
    ) -> impl Future<Output = Result<Due, StoreFailed>> + Send + 'static {
        ready(Ok(Due::of(&self.lock().tables, &directory.site, at)))
    }

    fn live_calls(&self) -> impl Future<Output = Result<Vec<CallId>, StoreFailed>> + Send + 'static {
        ready(Ok(self.lock().tables.calls.keys().copied().collect()))
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;
    use nohold_core::configuration::{Configuration, Surroundings};
    use nohold_core::fact::{Arrival, Fact};
    use nohold_model::{IdSource, ServiceKey};

    use super::*;

    #[test]
    fn a_history_that_is_too_long_keeps_its_last_day() {
        let site = r#"{"site": {"zone": "Asia/Shanghai", "country": "CN"}}"#;
        let configuration: Configuration = serde_json::from_str(site).unwrap();
        let directory = Arc::new(configuration.directory(&Surroundings::default()).unwrap());
        let store = MemoryStore::new();
        store.lock().cut_at = Some(4);
        let mut ids = IdSource::new(7);
        let mut arrive = |hour: u64| {
            let at = Timestamp::EPOCH + Millis::hours(hour);
            let (call, leg) = (ids.next(at), ids.next(at));
            let service = ServiceKey::new("support").unwrap();
            let fact = Fact::CallArrived(Arrival {
                call,
                leg,
                number: None,
                called: None,
                service: Some(service),
                colleague: None,
            });
            let records = vec![Dated { at, fact }];
            let arrival = Transaction::Call { records, promise: None };
            block_on(store.transact(Arc::clone(&directory), at, arrival)).unwrap();
            store.history().len()
        };
        let lengths: Vec<usize> = [0, 1, 48, 49, 50].into_iter().map(&mut arrive).collect();
        assert_eq!(lengths, [1, 2, 3, 2, 3], "the fourth is one too many; then there is room again");
    }
}
