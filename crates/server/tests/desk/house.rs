//! A server with a desk: queue 600 of Support with the groups A (2000, 2001) and B (2002), the campaign Renewals (2003).

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use axum::http::Method;
use futures::future::BoxFuture;
use nohold_app::desk::NotDone;
use nohold_app::ports::{
    Accounts, Audit, AuditLine, AuditQuery, Clock, HiddenText, Keeping, NotKept, Pass, PassKind, Ports, Reading, Role,
    Store, StoreFailed, Telephony, TelephonyEvent, User,
};
use nohold_app::{Node, Settings};
use nohold_core::agent::Input;
use nohold_core::call::{Command, LegState};
use nohold_core::configuration::{Configuration, Surroundings};
use nohold_core::directory::Directory;
use nohold_core::entry::{Actor, Consent, LeftAt, Target, Window};
use nohold_core::fact::{Arrival, Dated, Fact, RequestMade};
use nohold_core::transaction::{Answer, Transaction};
use nohold_model::{
    AgentKey, CallId, CampaignKey, EntryId, ExtensionKey, GroupKey, IdSource, Language, LegId, MessageId, Millis,
    PhoneNumber, QueueKey, ServiceKey, Timestamp,
};
use nohold_server::access::{COOKIE, fingerprint};
use nohold_server::configuration::{Applied, Effective, NotApplied, Seal};
use nohold_server::{Api, Connections, DeskParts, Parts, PasswordCost, PhoneParts, Relay, router, serve};
use nohold_store::SqliteStore;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::client::Ask;
use super::phones::Pages;

/// Monday, 10:00 in Shanghai.
pub const MORNING: Timestamp = Timestamp::from_millis(1_772_416_800_000);

pub const CONFIGURATION: &str = r#"{
    "site": { "zone": "Asia/Shanghai", "country": "CN" },
    "services": { "support": { "groups": ["support-a", "support-b"], "caller_id": "+862161230001" } },
    "campaigns": { "renewals": { "groups": ["renewals"], "caller_id": "+862161230001" } },
    "groups": {
        "support-a": { "agents": ["2000", "2001"] }, "support-b": { "agents": ["2002"] },
        "renewals": { "agents": ["2003"] }
    },
    "agents": { "2000": {}, "2001": {}, "2002": { "name": "Bea Lund" },
        "2003": { "outside": { "number": "+8613900139000", "used": false } } },
    "extensions": {
        "2000": { "password": { "generate": true } }, "2001": { "password": { "generate": true } },
        "2002": { "password": { "generate": true } }, "2003": { "password": { "generate": true } }
    },
    "queues": { "600": { "service": "support", "overflow": { "timeout": "message" } } },
    "dispositions": { "booked": { "name": "Engineer booked", "effect": "closes" }, "later": { "name": "Later" } },
    "blocked": { "numbers": ["+8613800138066"] },
    "trunks": { "carrier": { "host": "127.0.0.1", "numbers": ["+862161230001"] } }
}"#;

type Tasks = Arc<Mutex<JoinSet<()>>>;

/// A clock that begins on Monday morning.
#[derive(Clone, Copy)]
pub struct Watch(Instant);

impl Watch {
    fn read(self) -> Timestamp {
        MORNING + Millis::new(self.0.elapsed().as_millis().try_into().unwrap())
    }
}

impl Clock for Watch {
    fn now(&self) -> Timestamp {
        self.read()
    }
    fn sleep_until(&self, at: Timestamp) -> impl Future<Output = ()> + Send + 'static {
        tokio::time::sleep(Duration::from_millis(at.since(self.read()).as_millis()))
    }
}

/// Phones that nobody answers.
#[derive(Clone, Default)]
pub struct Silent {
    /// Phones whose page has gone.
    pub without_a_page: Arc<Mutex<BTreeSet<ExtensionKey>>>,
    /// Phones that there are, where the engine can tell.
    pub reachable: Arc<Mutex<Option<BTreeSet<ExtensionKey>>>>,
}

impl Telephony for Silent {
    fn execute(&self, _: Command) {}
    fn inventory(&self, legs: &BTreeSet<LegId>) -> impl Future<Output = BTreeMap<LegId, LegState>> + Send + 'static {
        std::future::ready(legs.iter().map(|leg| (*leg, LegState::default())).collect())
    }
    fn without_a_page(&self) -> BTreeSet<ExtensionKey> {
        self.without_a_page.lock().unwrap().clone()
    }
    fn reachable(&self) -> Option<BTreeSet<ExtensionKey>> {
        self.reachable.lock().unwrap().clone()
    }
}

pub struct Outside {
    telephony: Silent,
    store: SqliteStore,
    clock: Watch,
    tasks: Weak<Mutex<JoinSet<()>>>,
}

impl Ports for Outside {
    type Telephony = Silent;
    type Store = SqliteStore;
    type Clock = Watch;
    fn telephony(&self) -> &Silent {
        &self.telephony
    }
    fn store(&self) -> &SqliteStore {
        &self.store
    }
    fn clock(&self) -> &Watch {
        &self.clock
    }
    fn spawn(&self, _: &'static str, task: BoxFuture<'static, ()>) {
        if let Some(tasks) = self.tasks.upgrade() {
            tasks.lock().unwrap().spawn(task);
        }
    }
    fn seed(&self) -> u64 {
        getrandom::u64().unwrap()
    }
}

/// Takes over whatever is configured, and goes on as before.
struct Unmoved;

impl Applied for Unmoved {
    fn apply(&self, _: Arc<Effective>) -> BoxFuture<'static, Result<(), NotApplied>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

/// An audit that fails when it is told to.
struct Forgetful {
    audit: SqliteStore,
    fails: Arc<AtomicBool>,
}

impl Audit for Forgetful {
    fn write_line(&self, line: AuditLine) -> Keeping<()> {
        if self.fails.load(Ordering::SeqCst) {
            return Box::pin(std::future::ready(Err(NotKept::Store(StoreFailed))));
        }
        self.audit.write_line(line)
    }
    fn lines(&self, query: AuditQuery) -> Reading<Vec<AuditLine>> {
        self.audit.lines(query)
    }
}

/// What pages are told that cannot send UDP.
fn relay() -> Relay {
    Relay {
        urls: vec!["turn:127.0.0.1:3478".into()],
        user: Some("pages".into()),
        password: Some(HiddenText("relayed".into())),
    }
}

/// A server that ends with the test.
pub struct House {
    pub address: SocketAddr,
    pub store: SqliteStore,
    pub node: Node<Outside>,
    pub folder: PathBuf,
    /// Since when nothing could be recorded.
    pub not_recorded: Arc<Mutex<Option<Timestamp>>>,
    /// No line of the audit can be written.
    pub audit_fails: Arc<AtomicBool>,
    pub pages: Arc<Pages>,
    clock: Watch,
    tasks: Tasks,
    stop: Option<oneshot::Sender<()>>,
    _events: mpsc::UnboundedSender<TelephonyEvent>,
    _temporary: Option<tempfile::TempDir>,
}

pub fn directory() -> Directory {
    let configuration: Configuration = serde_json::from_str(CONFIGURATION).unwrap();
    configuration.directory(&Surroundings::default()).unwrap()
}

impl House {
    pub async fn new() -> Self {
        House::with_door(Connections::default()).await
    }

    /// With rules for who connects.
    pub async fn with_door(door: Connections) -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let mut house = House::at_with(temporary.path().to_owned(), door).await;
        house._temporary = Some(temporary);
        house
    }

    /// On a folder that may have been used before.
    pub async fn at(folder: PathBuf) -> Self {
        House::at_with(folder, Connections::default()).await
    }

    async fn at_with(folder: PathBuf, door: Connections) -> Self {
        let store = SqliteStore::open(&folder).await.unwrap();
        let tasks: Tasks = Tasks::default();
        let clock = Watch(Instant::now());
        let (events, heard) = mpsc::unbounded_channel();
        let telephony = Silent::default();
        let outside = Outside { telephony, store: store.clone(), clock, tasks: Arc::downgrade(&tasks) };
        let node = Node::start(
            outside,
            directory(),
            Settings { pages_come_back_within: Millis::seconds(3), ..Settings::default() },
            heard,
        );
        let hands = Arc::downgrade(&tasks);
        let audit_fails = Arc::new(AtomicBool::new(false));
        let parts = parts_of(&store, clock, hands, audit_fails.clone());
        let not_recorded: Arc<Mutex<Option<Timestamp>>> = Arc::default();
        let failing = not_recorded.clone();
        let desk = DeskParts {
            desk: Arc::new(node.clone()),
            recordings: Some(folder.clone()),
            recordings_failing_since: Arc::new(move || *failing.lock().unwrap()),
            counted: Arc::new(|| vec![("passed", 41_u64), ("overloaded", 2)]),
        };
        let pages = Arc::new(Pages::default());
        let phones = PhoneParts { phones: pages.clone(), relays: vec![relay()] };
        let api = Api::new(parts).at_desk(desk).with_phones(phones);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let served = serve(listener, router(api.clone()), door, async {
            let _ = stopped.await;
        });
        tasks.lock().unwrap().spawn(async {
            let _ = served.await;
        });
        let house = House {
            address,
            store,
            node,
            folder,
            not_recorded,
            audit_fails,
            pages,
            clock,
            tasks,
            stop: Some(stop),
            _events: events,
            _temporary: None,
        };
        house.is_ready().await;
        house
    }

    /// The node takes no wishes before it has accounted for what died before it.
    async fn is_ready(&self) {
        let clear = || self.node.change_agent(agent("2000"), Input::Clear, Actor::System);
        let ready = async {
            while matches!(clear().await, Err(NotDone::Store(_))) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), ready).await.expect("the node is not ready");
    }

    /// Ends it, as by a stop of the program.
    pub async fn end(mut self) {
        drop(self.stop.take());
        let mut tasks = std::mem::take(&mut *self.tasks.lock().unwrap());
        tasks.shutdown().await;
        self.store.close().await;
    }

    pub fn ask(&self, method: &str, path: &str) -> Ask {
        Ask::new(self.address, Method::from_bytes(method.as_bytes()).unwrap(), path)
    }

    pub fn now(&self) -> Timestamp {
        self.clock.read()
    }

    /// Somebody who works here; the answer is a token for everything they may do.
    pub async fn person(&self, name: &str, role: Role, agent: Option<&str>, groups: Option<&[&str]>) -> String {
        self.store.keep_user(user(name, 0, role, agent, groups, self.now())).await.unwrap();
        self.token(name, &["read", "desk", "requests"]).await
    }

    pub async fn token(&self, name: &str, words: &[&str]) -> String {
        let secret = format!("nh_{name}_{}", words.join("_"));
        let scopes = words.iter().map(|word| (*word).to_owned()).collect();
        let kind = PassKind::Token { label: words.join(" "), scopes };
        self.pass(&secret, name, kind).await;
        secret
    }

    /// The cookie of somebody who has signed in.
    pub async fn cookie(&self, name: &str) -> String {
        let secret = format!("session-of-{name}");
        self.pass(&secret, name, PassKind::Session).await;
        format!("{COOKIE}={secret}")
    }

    async fn pass(&self, secret: &str, user: &str, kind: PassKind) {
        let (made, expires) = (self.now(), self.now() + Millis::hours(12));
        let pass = Pass { hash: fingerprint(secret), kind, user: user.to_owned(), made, expires };
        self.store.keep_pass(pass).await.unwrap();
    }

    pub async fn sign_in(&self, key: &str) {
        self.node.change_agent(agent(key), Input::SignIn, Actor::System).await.unwrap();
    }

    pub async fn commit(&self, transaction: Transaction) -> Answer {
        self.store.transact(self.node.directory(), self.now(), transaction).await.unwrap()
    }

    /// What a call has told.
    pub async fn record(&self, fact: Fact) {
        let records = vec![Dated { at: self.now(), fact }];
        assert_eq!(self.commit(Transaction::Call { records, promise: None }).await, Answer::Done);
    }

    /// A caller asks to be called back. The call is over by then.
    pub async fn request(&self, n: u32, target: Target) -> EntryId {
        let at = self.now();
        let made = RequestMade {
            entry: entry(n),
            call: None,
            number: customer(n),
            target,
            assigned: None,
            another_matter: false,
            place: at,
            promise: Window { from: at, to: at + Millis::minutes(15) },
            consent: Consent { at, number: customer(n), prompts: Vec::new(), key: None },
            called: None,
            queue: None,
            path: Vec::new(),
            language: Language::Chinese,
        };
        let answer = self.commit(Transaction::Request(Box::new(made))).await;
        assert!(matches!(answer, Answer::Requested { .. }), "{answer:?}");
        entry(n)
    }

    /// A caller gives up in the queue.
    pub async fn missed(&self, n: u32, short: bool) -> EntryId {
        self.record(Fact::Missed {
            entry: entry(n),
            call: call(n),
            number: Some(customer(n)),
            target: queue_600(),
            left_at: LeftAt::Queue(QueueKey::new("600").unwrap()),
            waited: Millis::seconds(20),
            short,
        })
        .await;
        entry(n)
    }

    /// A caller leaves a message for a target.
    pub async fn message(&self, n: u32, target: Target) -> MessageId {
        let (entry, call, message) = (entry(n), call(n), message(n));
        let (number, speech) = (Some(customer(n)), Millis::seconds(9));
        self.record(Fact::MessageLeft { entry, call, message, number, target, speech }).await;
        message
    }

    /// A customer has dialled this agent's own number, and they talk: until it is seen that nobody drives the call.
    pub async fn talk(&self, n: u32, number: PhoneNumber, key: &str) -> CallId {
        let service = Some(ServiceKey::new("support").unwrap());
        let arrival =
            Arrival { call: call(n), leg: leg(n), number: Some(number), called: None, service, colleague: None };
        self.record(Fact::CallArrived(arrival)).await;
        let rung = Fact::PhoneRung { call: call(n), extension: ExtensionKey::new(key).unwrap(), leg: leg(n + 100) };
        let promise = Some(Dated { at: self.now(), fact: rung });
        self.commit(Transaction::Call { records: Vec::new(), promise }).await;
        self.record(Fact::PhoneAnswered { call: call(n) }).await;
        call(n)
    }

    /// A call comes in and stays alive for a few seconds, until it is seen that nobody drives it.
    pub async fn call(&self, n: u32) -> CallId {
        let service = Some(ServiceKey::new("support").unwrap());
        let number = Some(customer(n));
        let arrival = Arrival { call: call(n), leg: leg(n), number, called: None, service, colleague: None };
        self.record(Fact::CallArrived(arrival)).await;
        call(n)
    }
}

pub fn user(
    name: &str,
    version: u64,
    role: Role,
    agent: Option<&str>,
    groups: Option<&[&str]>,
    made: Timestamp,
) -> User {
    let groups = groups.map(|groups| groups.iter().map(|key| GroupKey::new(key).unwrap()).collect());
    let agent = agent.map(|key| AgentKey::new(key).unwrap());
    User { name: name.to_owned(), version, role, agent, groups, may: None, password: None, disabled: false, made }
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
    entry: EntryId;
    leg: LegId;
    message: MessageId;
}

pub fn agent(key: &str) -> AgentKey {
    AgentKey::new(key).unwrap()
}

pub fn customer(n: u32) -> PhoneNumber {
    format!("+8613800138{n:03}").parse().unwrap()
}

pub fn queue_600() -> Target {
    Target::Queue(QueueKey::new("600").unwrap())
}

pub fn group_b() -> Target {
    Target::Service(ServiceKey::new("support").unwrap(), GroupKey::new("support-b").unwrap())
}

pub fn renewals() -> Target {
    Target::Campaign(CampaignKey::new("renewals").unwrap())
}

/// What the API works with, on a store with a watch of the test's own.
fn parts_of(store: &SqliteStore, clock: Watch, hands: Weak<Mutex<JoinSet<()>>>, audit_fails: Arc<AtomicBool>) -> Parts {
    Parts {
        accounts: Arc::new(store.clone()),
        configured: Arc::new(store.clone()),
        answers: Arc::new(store.clone()),
        archive: Arc::new(store.clone()),
        contacts: Arc::new(store.clone()),
        audit: Arc::new(Forgetful { audit: store.clone(), fails: audit_fails }),
        applied: Arc::new(Unmoved),
        effective: None,
        // As it is, so that a test can read it.
        seal: Seal { seal: |_, password| HiddenText(password.to_owned()), is_of: |_, _| true },
        now: Arc::new(move || clock.read()),
        spawn: Arc::new(move |_, task| {
            if let Some(tasks) = hands.upgrade() {
                tasks.lock().unwrap().spawn(task);
            }
        }),
        prompts: None,
        setup_token: None,
        secure_cookies: false,
        proxies: Vec::new(),
        password_cost: PasswordCost { memory_kib: 64, passes: 1 },
        version: "0.0.0-test",
    }
}
