//! A server on loopback with a store of its own, and people in it.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use axum::http::Method;
use futures::FutureExt as _;
use futures::future::{BoxFuture, ready};
use nohold_app::ports::{HiddenText, Pass, PassKind, Role, User};
use nohold_model::{AgentKey, Millis, Timestamp};
use nohold_server::access::{COOKIE, fingerprint};
use nohold_server::configuration::{Applied, Effective, NotApplied, OwnSip, Seal};
use nohold_server::{Api, Connections, Parts, PasswordCost, router, serve};
use nohold_store::SqliteStore;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::client::Ask;

/// When the tests begin.
const BEGINNING: i64 = 1_790_000_000_000;

/// What would run: it writes down what it was given.
#[derive(Default)]
pub struct Running {
    /// What holds now.
    pub effective: Mutex<Option<Arc<Effective>>>,
    /// It takes nothing more.
    pub stubborn: AtomicBool,
}

impl Applied for Running {
    fn apply(&self, effective: Arc<Effective>) -> BoxFuture<'static, Result<(), NotApplied>> {
        if self.stubborn.load(Ordering::SeqCst) {
            return ready(Err(NotApplied("the port is busy".into()))).boxed();
        }
        *self.effective.lock().unwrap() = Some(effective);
        ready(Ok(())).boxed()
    }
}

impl Running {
    pub fn now(&self) -> Arc<Effective> {
        self.effective.lock().unwrap().clone().expect("nothing was applied")
    }
}

/// A server that ends with the test.
pub struct House {
    pub address: SocketAddr,
    pub store: Arc<SqliteStore>,
    pub api: Api,
    pub running: Arc<Running>,
    _folder: TempDir,
    clock: Arc<AtomicI64>,
    _tasks: Arc<Mutex<JoinSet<()>>>,
    _stop: oneshot::Sender<()>,
}

/// Where this server would take SIP.
pub const SIP: &str = "127.0.0.99:5060";

/// By which address the outside would reach it.
pub const PUBLIC: &str = "203.0.113.7";

impl House {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// With parts that are changed before it starts.
    pub async fn with(change: impl FnOnce(&mut Parts)) -> Self {
        Self::with_door(change, Connections::default()).await
    }

    /// The same, and with rules for who connects.
    pub async fn with_door(change: impl FnOnce(&mut Parts), door: Connections) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteStore::open(folder.path()).await.unwrap());
        let running = Arc::new(Running::default());
        let clock = Arc::new(AtomicI64::new(BEGINNING));
        let tasks = Arc::new(Mutex::new(JoinSet::new()));
        let (hands, ticks) = (Arc::downgrade(&tasks), clock.clone());
        let mut parts = Parts {
            accounts: store.clone(),
            configured: store.clone(),
            answers: store.clone(),
            archive: store.clone(),
            contacts: store.clone(),
            audit: store.clone(),
            applied: running.clone(),
            effective: None,
            // As it is, so that a test can read it.
            seal: Seal { seal: |_, password| HiddenText(password.to_owned()), is_of: |_, _| true },
            now: Arc::new(move || Timestamp::from_millis(ticks.load(Ordering::SeqCst))),
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
        };
        change(&mut parts);
        let own = OwnSip { at: SIP.parse().unwrap(), public: Some(PUBLIC.parse().unwrap()) };
        let mut api = Api::new(parts).with_sip_at(own);
        if let Some(tls) = &door.tls {
            api = api.by_tls(tls.clone());
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let served = serve(listener, router(api.clone()), door, async {
            let _ = stopped.await;
        });
        tasks.lock().unwrap().spawn(async {
            let _ = served.await;
        });
        House { address, store, api, running, _folder: folder, clock, _tasks: tasks, _stop: stop }
    }

    pub fn ask(&self, method: &str, path: &str) -> Ask {
        Ask::new(self.address, Method::from_bytes(method.as_bytes()).unwrap(), path)
    }

    /// An administrator `anna` who has signed in.
    pub async fn with_anna() -> (Self, String) {
        let house = House::new().await;
        house.person("anna", Role::Administrator, None).await;
        let cookie = house.signed_in("anna").await;
        (house, cookie)
    }

    pub fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.clock.load(Ordering::SeqCst))
    }

    /// Time passes.
    pub fn later(&self, millis: Millis) {
        self.clock.fetch_add(millis.as_millis().try_into().unwrap(), Ordering::SeqCst);
    }

    /// Somebody who works here; they cannot sign in with a password.
    pub async fn person(&self, name: &str, role: Role, agent: Option<&str>) -> User {
        let user = User {
            name: name.to_owned(),
            version: 0,
            role,
            agent: agent.map(|key| AgentKey::new(key).unwrap()),
            groups: None,
            may: None,
            password: None,
            disabled: false,
            made: self.now(),
        };
        self.api.parts().accounts.keep_user(user.clone()).await.unwrap();
        user
    }

    /// The cookie of somebody who has signed in.
    pub async fn signed_in(&self, name: &str) -> String {
        let secret = format!("session-of-{name}");
        self.pass(&secret, name, PassKind::Session).await;
        format!("{COOKIE}={secret}")
    }

    /// A token of somebody.
    pub async fn token(&self, name: &str, words: &[&str]) -> String {
        let secret = format!("nh_{name}_{}", words.join("_"));
        let kind =
            PassKind::Token { label: words.join(" "), scopes: words.iter().map(|word| (*word).to_owned()).collect() };
        self.pass(&secret, name, kind).await;
        secret
    }

    async fn pass(&self, secret: &str, user: &str, kind: PassKind) {
        let (made, expires) = (self.now(), self.now() + Millis::hours(12));
        let pass = Pass { hash: fingerprint(secret), kind, user: user.to_owned(), made, expires };
        self.api.parts().accounts.keep_pass(pass).await.unwrap();
    }
}
