//! A store in memory that can be slow, fail, stand still, and lose a process between commit and answer.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fastrand::Rng;
use nohold_app::ports::{Clock, Due, Overview, Store, StoreFailed};
use nohold_core::directory::Directory;
use nohold_core::tables::Tables;
use nohold_core::transaction::{Answer, Transaction};
use nohold_model::{CallId, Millis, Timestamp};

use crate::clock::VirtualClock;
use crate::faults::Fault;
use crate::invariants::Commits;

/// How the store is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Weather {
    /// It answers within milliseconds, now and then within a few hundred.
    #[default]
    Fine,
    /// It refuses everything; nothing is written.
    Failing,
    /// It does not answer until it is fine again.
    Still,
}

/// The store. What it has written survives the process. Clones are the same store.
#[derive(Clone)]
pub struct MemoryStore {
    clock: VirtualClock,
    inner: Arc<Mutex<Inner>>,
}

/// What stands behind the store's doors.
pub struct Inner {
    /// The rows.
    pub tables: Tables,
    /// How it is doing.
    pub weather: Weather,
    /// Watches every commit.
    pub commits: Commits,
    fault: Option<Fault>,
    rng: Rng,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new(clock: VirtualClock, seed: u64, fault: Option<Fault>) -> Self {
        let inner = Inner {
            tables: Tables::default(),
            weather: Weather::Fine,
            commits: Commits::default(),
            fault,
            rng: Rng::with_seed(seed),
        };
        MemoryStore { clock, inner: Arc::new(Mutex::new(inner)) }
    }

    /// What stands behind the doors.
    pub fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits like a request to a database does, until it is done or refused.
    async fn reach(self) -> Result<Self, StoreFailed> {
        let delay = self.inner().delay();
        self.clock.sleep(delay).await;
        loop {
            let weather = self.inner().weather;
            match weather {
                Weather::Fine => return Ok(self),
                Weather::Failing => return Err(StoreFailed),
                Weather::Still => self.clock.sleep(Millis::new(100)).await,
            }
        }
    }
}

impl Inner {
    /// Whether a customer's phone is being rung by a callback.
    #[must_use]
    pub fn is_dialling(&self) -> bool {
        self.tables.calls.values().any(|call| {
            call.connected.is_none() && call.callback.as_ref().is_some_and(|callback| callback.attempt.is_some())
        })
    }

    fn delay(&mut self) -> Millis {
        Millis::new(match self.rng.u32(0..100) {
            0..90 => self.rng.u64(0..4),
            90..99 => self.rng.u64(4..40),
            _ => self.rng.u64(40..300),
        })
    }

    fn commit(&mut self, directory: &Directory, at: Timestamp, now: Timestamp, transaction: Transaction) -> Answer {
        let transaction = match self.fault {
            Some(fault) => fault.corrupt(transaction, &self.tables, &mut self.rng),
            None => transaction,
        };
        let mut outcome = self.tables.outcome(directory, at, &transaction);
        if let Some(fault) = self.fault {
            fault.corrupt_outcome(&mut outcome, &transaction, &self.tables, at, &mut self.rng);
        }
        self.commits.watch(&self.tables, directory, now, &transaction, &outcome);
        self.tables.write(&outcome);
        outcome.answer
    }
}

impl Store for MemoryStore {
    fn transact(
        &self,
        directory: Arc<Directory>,
        at: Timestamp,
        transaction: Transaction,
    ) -> impl Future<Output = Result<Answer, StoreFailed>> + Send + 'static {
        let store = self.clone();
        async move {
            let store = store.reach().await?;
            let now = store.clock.now();
            let (answer, delay) = {
                let mut inner = store.inner();
                (inner.commit(&directory, at, now, transaction), inner.delay())
            };
            // Committed, but nobody knows yet: here a process may die.
            store.clock.sleep(delay).await;
            Ok(answer)
        }
    }

    fn routing_snapshot(&self) -> impl Future<Output = Result<Overview, StoreFailed>> + Send + 'static {
        let store = self.clone();
        async move { Ok(Overview::of(&store.reach().await?.inner().tables)) }
    }

    fn due(
        &self,
        directory: Arc<Directory>,
        at: Timestamp,
    ) -> impl Future<Output = Result<Due, StoreFailed>> + Send + 'static {
        let store = self.clone();
        async move { Ok(Due::of(&store.reach().await?.inner().tables, &directory.site, at)) }
    }

    fn live_calls(&self) -> impl Future<Output = Result<Vec<CallId>, StoreFailed>> + Send + 'static {
        let store = self.clone();
        async move { Ok(store.reach().await?.inner().tables.calls.keys().copied().collect()) }
    }
}
