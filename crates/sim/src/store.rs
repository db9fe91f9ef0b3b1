//! A store in memory that can be slow, fail, stand still, and lose a process between commit and answer.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fastrand::Rng;
use nohold_app::ports::{Clock, Due, Overview, Store, StoreFailed};
use nohold_core::directory::Directory;
use nohold_core::fact::{Dated, Fact};
use nohold_core::tables::Tables;
use nohold_core::transaction::{Answer, Transaction};
use nohold_model::{CallId, Millis, Timestamp};

use crate::clock::VirtualClock;
use crate::faults::Fault;
use crate::invariants::Commits;
use crate::reach::Reach;

/// How the store is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Weather {
    /// It answers within milliseconds, now and then within a few hundred.
    #[default]
    Fine,
    /// It refuses everything; nothing is written.
    Failing,
    /// It stands still: what is in its commit is done, and answered, once it is fine again; what still waits for more than
    /// two seconds is answered as not done.
    Still,
}

/// What has not come into a commit by then is not done.
const LONGEST_WAIT: Millis = Millis::seconds(2);

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
    /// When that is over.
    pub clears: Option<Timestamp>,
    /// Watches every commit.
    pub commits: Commits,
    /// What was seen.
    pub reach: Reach,
    /// There is weather at all.
    pub may_break: bool,
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
            clears: None,
            commits: Commits::default(),
            reach: Reach::default(),
            may_break: true,
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
    async fn reach(self, what: Wish) -> Result<Self, StoreFailed> {
        // What comes while the store stands still waits behind what is in its commit; now and then it was let in last.
        let (delay, in_commit) = {
            let mut inner = self.inner();
            let in_commit = inner.weather != Weather::Still || inner.rng.u8(0..6) == 0;
            inner.somebody_waits_for(what, self.clock.now());
            (inner.delay(), in_commit)
        };
        let asked = self.clock.now();
        self.clock.sleep(delay).await;
        let mut stood_still = false;
        loop {
            let weather = self.inner().weather;
            match weather {
                Weather::Fine => {
                    if stood_still && in_commit && what == Wish::Promise {
                        self.inner().reach.count("promises committed after a standstill");
                    }
                    return Ok(self);
                }
                Weather::Failing => return Err(StoreFailed),
                Weather::Still if !in_commit && self.clock.now().since(asked) >= LONGEST_WAIT => {
                    if what == Wish::Promise {
                        self.inner().reach.count("promises failed in a standstill");
                    }
                    return Err(StoreFailed);
                }
                Weather::Still => {
                    stood_still = true;
                    self.clock.sleep(Millis::new(100)).await;
                }
            }
        }
    }
}

/// Who waits for the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    /// Somebody on the line, for a request, a message, an attempt or another phone.
    Promise,
    /// Somebody or something else.
    Other,
}

impl Wish {
    fn of(transaction: &Transaction) -> Wish {
        match transaction {
            Transaction::Call { promise: Some(Dated { fact: Fact::CallArrived(_), .. }) | None, .. } => Wish::Other,
            Transaction::Call { promise: Some(_), .. } => Wish::Promise,
            Transaction::Reserve { .. }
            | Transaction::Agent { .. }
            | Transaction::Entry { .. }
            | Transaction::CallBack { .. }
            | Transaction::Note { .. }
            | Transaction::KeepOpen { .. }
            | Transaction::Request(_)
            | Transaction::FollowUp { .. }
            | Transaction::TakeBackFollowUp { .. }
            | Transaction::DialOut { .. }
            | Transaction::Recover { .. } => Wish::Other,
        }
    }
}

impl Inner {
    /// A store stands still most instructively while somebody on the line waits for it.
    fn somebody_waits_for(&mut self, what: Wish, now: Timestamp) {
        if what == Wish::Promise && self.weather == Weather::Fine && self.may_break && self.rng.u8(0..25) == 0 {
            self.stand_still(now);
        }
    }

    /// The store stands still from now on, for a while.
    pub fn stand_still(&mut self, now: Timestamp) {
        self.weather = Weather::Still;
        self.clears = Some(now + Millis::new(self.rng.u64(50..25_000)));
        self.reach.count("store stood still");
    }

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
            let store = store.reach(Wish::of(&transaction)).await?;
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

    fn routing_snapshot(&self, requests: bool) -> impl Future<Output = Result<Overview, StoreFailed>> + Send + 'static {
        let store = self.clone();
        async move { Ok(Overview::of(&store.reach(Wish::Other).await?.inner().tables, requests)) }
    }

    fn due(
        &self,
        directory: Arc<Directory>,
        at: Timestamp,
    ) -> impl Future<Output = Result<Due, StoreFailed>> + Send + 'static {
        let store = self.clone();
        async move { Ok(Due::of(&store.reach(Wish::Other).await?.inner().tables, &directory.site, at)) }
    }

    fn live_calls(&self) -> impl Future<Output = Result<Vec<CallId>, StoreFailed>> + Send + 'static {
        let store = self.clone();
        async move { Ok(store.reach(Wish::Other).await?.inner().tables.calls.keys().copied().collect()) }
    }
}
