//! A small house to commit things in: queue 600 with agents 2000 to 2003.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::{Arc, Barrier};

use nohold_app::ports::Store;
use nohold_core::agent;
use nohold_core::configuration::{Configuration, Surroundings};
use nohold_core::directory::Directory;
use nohold_core::entry::{Actor, Consent, Target, Window};
use nohold_core::fact::{Arrival, Dated, Fact, RequestMade};
use nohold_core::routing::{Assignment, Class, Waiting};
use nohold_core::transaction::{Answer, Transaction};
use nohold_model::{
    AgentKey, AttemptId, CallId, EntryId, IdSource, Language, LegId, Millis, OfferId, PhoneNumber, QueueKey,
    ServiceKey, Timestamp,
};

/// Monday, 10:00 in Shanghai.
pub const MORNING: Timestamp = Timestamp::from_millis(1_772_416_800_000);

pub const AGENTS: [&str; 4] = ["2000", "2001", "2002", "2003"];

const CONFIGURATION: &str = r#"{
    "site": { "zone": "Asia/Shanghai", "country": "CN" },
    "services": { "support": { "groups": ["all"], "caller_id": "+862161230001" } },
    "groups": { "all": { "agents": ["2000", "2001", "2002", "2003"] } },
    "agents": { "2000": {}, "2001": {}, "2002": {}, "2003": {} },
    "extensions": {
        "2000": { "password": { "generate": true } }, "2001": { "password": { "generate": true } },
        "2002": { "password": { "generate": true } }, "2003": { "password": { "generate": true } }
    },
    "queues": { "600": { "service": "support", "overflow": { "timeout": "message" } } },
    "trunks": { "carrier": { "host": "127.0.0.1", "numbers": ["+862161230001"] } }
}"#;

/// A store with the people of the house.
pub struct House<S> {
    pub store: Arc<S>,
    pub directory: Arc<Directory>,
}

impl<S: Store> House<S> {
    /// All agents are available, nobody calls yet.
    pub async fn open(store: S) -> Self {
        let configuration: Configuration = serde_json::from_str(CONFIGURATION).unwrap();
        let directory = Arc::new(configuration.directory(&Surroundings::default()).unwrap());
        let house = House { store: Arc::new(store), directory };
        for key in AGENTS {
            let sign_in = Transaction::Agent { agent: agent(key), input: agent::Input::SignIn, by: Actor::System };
            assert_eq!(house.commit(sign_in).await, Answer::Done);
        }
        house
    }

    /// The same house after a restart.
    pub async fn reopen(self) -> Self
    where
        S: crate::Keeper,
    {
        let Ok(store) = Arc::try_unwrap(self.store) else { unreachable!("the house alone has the store") };
        House { store: Arc::new(store.reopen().await), directory: self.directory }
    }

    pub async fn commit_at(&self, at: Timestamp, transaction: Transaction) -> Answer {
        self.store.transact(Arc::clone(&self.directory), at, transaction).await.unwrap()
    }

    pub async fn commit(&self, transaction: Transaction) -> Answer {
        self.commit_at(MORNING, transaction).await
    }

    pub async fn record(&self, fact: Fact) {
        let records = vec![Dated { at: MORNING, fact }];
        assert_eq!(self.commit(Transaction::Call { records, promise: None }).await, Answer::Done);
    }

    /// Call `n` of customer `n` waits in queue 600.
    pub async fn wait(&self, n: u32) {
        self.record(arrived(n)).await;
        self.record(Fact::Queued(waiting(n))).await;
    }

    /// Call `n` asks for a callback to customer `of`.
    pub async fn ask(&self, n: u32, of: u32) -> Answer {
        self.commit(request(n, of)).await
    }

    /// Commits all of these at the same time, from threads of their own; the answers come in the order of the wishes.
    pub fn race(&self, wishes: Vec<Transaction>) -> Vec<Answer> {
        let start = Barrier::new(wishes.len());
        std::thread::scope(|scope| {
            let run = |wish| {
                let committed = self.store.transact(Arc::clone(&self.directory), MORNING, wish);
                scope.spawn(|| race_one(&start, committed))
            };
            let threads: Vec<_> = wishes.into_iter().map(run).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        })
    }
}

fn race_one<E: std::fmt::Debug>(start: &Barrier, committed: impl Future<Output = Result<Answer, E>>) -> Answer {
    start.wait();
    futures::executor::block_on(committed).unwrap()
}

macro_rules! ids {
    ($($name:ident: $id:ty;)*) => {$(
        /// The n-th of its kind.
        pub fn $name(n: u32) -> $id {
            IdSource::new(7).next(Timestamp::from_millis(n.into()))
        }
    )*};
}

ids! {
    call: CallId;
    offer: OfferId;
    entry: EntryId;
    attempt: AttemptId;
    leg: LegId;
}

pub fn agent(key: &str) -> AgentKey {
    AgentKey::new(key).unwrap()
}

pub fn queue() -> QueueKey {
    QueueKey::new("600").unwrap()
}

pub fn customer(n: u32) -> PhoneNumber {
    format!("+8613800138{n:03}").parse().unwrap()
}

pub fn arrived(n: u32) -> Fact {
    let (number, called) = (Some(customer(n)), Some("+862161230001".parse().unwrap()));
    let service = ServiceKey::new("support").unwrap();
    Fact::CallArrived(Arrival { call: call(n), leg: leg(n), number, called, service: Some(service), colleague: None })
}

pub fn waiting(n: u32) -> Waiting {
    Waiting {
        caller: None,
        declined: BTreeSet::new(),
        call: call(n),
        queue: queue(),
        stay: 1,
        class: Class::Ordinary,
        priority: 0,
        place: MORNING + Millis::new(n.into()),
        entered: MORNING,
        connectable: true,
    }
}

/// Offer `n` of a call to an agent.
pub fn reserve(n: u32, of: u32, key: &str) -> Transaction {
    let assignment = Assignment { call: call(of), stay: 1, queue: queue(), agent: agent(key) };
    Transaction::Reserve { assignment, offer: offer(n) }
}

/// An agent calls entry `of` back, in call `n`.
pub fn call_back(n: u32, of: u32, key: &str) -> Transaction {
    let by = Actor::Agent(agent(key));
    Transaction::CallBack { entry: entry(of), agent: agent(key), call: call(n), beyond_window: false, seen: None, by }
}

pub fn request(n: u32, of: u32) -> Transaction {
    let fact = Fact::RequestMade(Box::new(RequestMade {
        entry: entry(n),
        call: Some(call(n)),
        number: customer(of),
        target: Target::Queue(queue()),
        assigned: None,
        another_matter: false,
        place: MORNING,
        promise: Window { from: MORNING, to: MORNING + Millis::minutes(15) },
        consent: Consent { at: MORNING, number: customer(of), prompts: Vec::new(), key: None },
        called: None,
        queue: Some(queue()),
        path: Vec::new(),
        language: Language::Chinese,
    }));
    Transaction::Call { records: Vec::new(), promise: Some(Dated { at: MORNING, fact }) }
}
