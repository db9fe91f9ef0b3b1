//! An installation: the data folder with its database, and the API on it.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use futures::future::BoxFuture;
use nohold_app::ports::{AllKept, Clock as _, Configured as _};
use nohold_client::Client;
use nohold_core::configuration::Problem;
use nohold_flow::Severity;
use nohold_model::Timestamp;
use nohold_server::access::fingerprint;
use nohold_server::configuration::{Applied, Around, Effective, NotApplied, Plan, Reference, Refused, import};
use nohold_server::failure::Failure;
use nohold_server::{Api, Connections, Parts, PasswordCost, router};
use nohold_store::{OpenError, SqliteStore};
use nohold_telephony::prompts::PromptLibrary;
use serde_json::Value;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::data::{self, DataFolder, Unusable};
use crate::document::Read;
use crate::system::{SystemClock, spawn};
use crate::telephony::{SEAL, is_password_of};
use crate::{say, secrets};

/// The data folder and its database, which nobody else has meanwhile.
pub struct Installation {
    folder: DataFolder,
    store: SqliteStore,
    clock: SystemClock,
    /// What callers hear.
    pub prompts: PromptLibrary,
}

/// Why an installation cannot be opened.
#[derive(Debug, Error)]
pub enum CannotOpen {
    /// The folder.
    #[error(transparent)]
    Folder(#[from] Unusable),
    /// The database in it.
    #[error(transparent)]
    Database(#[from] OpenError),
}

impl CannotOpen {
    /// Whether a server has it.
    #[must_use]
    pub fn is_in_use(&self) -> bool {
        matches!(self, CannotOpen::Folder(Unusable::InUse(_)))
    }
}

impl Installation {
    /// Opens it; makes an empty one where there is none.
    ///
    /// # Errors
    /// When somebody else has it, or the system or the database refuses.
    pub async fn open(data: &Path, clock: SystemClock) -> Result<Self, CannotOpen> {
        Installation::in_folder(DataFolder::open(data)?, clock).await
    }

    /// Opens one that is there, and makes none.
    ///
    /// # Errors
    /// As [`Installation::open`], and where there is none.
    pub async fn open_existing(data: &Path, clock: SystemClock) -> Result<Self, CannotOpen> {
        Installation::in_folder(DataFolder::open_existing(data)?, clock).await
    }

    async fn in_folder(folder: DataFolder, clock: SystemClock) -> Result<Self, CannotOpen> {
        let store = SqliteStore::open(folder.path()).await?;
        Ok(Installation { prompts: data::prompts(folder.path()), folder, store, clock })
    }

    /// Its database.
    #[must_use]
    pub fn store(&self) -> &SqliteStore {
        &self.store
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Fills it with a configuration, where nothing is configured yet; whether it did.
    ///
    /// # Errors
    /// When the configuration is not sound, a password is not where it should be, or the database refuses.
    pub async fn fill(&self, read: &Read) -> anyhow::Result<bool> {
        let kept = self.kept().await?;
        if !kept.things.is_empty() {
            return Ok(false);
        }
        let planned = filled(read, &kept, &self.prompts, self.clock.now())?;
        let drawn: BTreeMap<String, String> =
            planned.generated.iter().map(|(account, secret)| (account.clone(), secret.0.clone())).collect();
        // Before the database knows them: passwords that nobody can read would be of no use.
        if let Some(file) = secrets::keep_drawn(self.path(), &drawn)? {
            say::line(format_args!("passwords: {}", file.display()));
        }
        self.store.reconfigure(planned.reconfiguration).await.context("the configuration could not be kept")?;
        Ok(true)
    }

    /// What is configured, where something is.
    ///
    /// # Errors
    /// When it cannot be used any more.
    pub async fn effective(&self) -> anyhow::Result<Option<Effective>> {
        let kept = self.kept().await?;
        if kept.things.is_empty() {
            return Ok(None);
        }
        let catalogue = self.prompts.catalogue();
        match Effective::of(&kept, Some(&catalogue), None) {
            Ok(effective) => Ok(Some(effective)),
            // A prompt that has gone since is missed when it is played, and must not keep everybody from being called.
            Err(problems) => match Effective::of(&kept, None, None) {
                Ok(effective) => {
                    tracing::warn!("what is configured names prompts that are not there: `nohold check` says which");
                    Ok(Some(effective))
                }
                Err(_) => bail!("what is configured cannot be used: {}", told(&problems)),
            },
        }
    }

    async fn kept(&self) -> anyhow::Result<AllKept> {
        self.store.configured().await.context("what is configured cannot be read")
    }

    /// The API on it.
    #[must_use]
    pub fn api(
        &self,
        applied: Arc<dyn Applied>,
        effective: Option<Arc<Effective>>,
        setup_token: Option<[u8; 32]>,
        door: &Door,
    ) -> Api {
        let clock = self.clock.clone();
        Api::new(Parts {
            accounts: Arc::new(self.store.clone()),
            configured: Arc::new(self.store.clone()),
            answers: Arc::new(self.store.clone()),
            archive: Arc::new(self.store.clone()),
            contacts: Arc::new(self.store.clone()),
            audit: Arc::new(self.store.clone()),
            applied,
            effective,
            seal: SEAL,
            now: Arc::new(move || clock.now()),
            spawn: Arc::new(spawn),
            prompts: Some(self.prompts.catalogue()),
            setup_token,
            secure_cookies: door.https,
            proxies: door.connections.proxies.clone(),
            password_cost: PasswordCost::default(),
            version: env!("CARGO_PKG_VERSION"),
        })
    }

    /// Answers the API for this process alone.
    ///
    /// # Errors
    /// When the system gives no port.
    pub async fn answer_here(&self) -> anyhow::Result<Here> {
        let token = operator_token()?;
        let door = Door::default();
        let api = self
            // What is configured may have become unsound; then this is the way to mend it.
            .api(
                Arc::new(NothingRuns(self.path().to_owned())),
                self.effective().await.unwrap_or_default().map(Arc::new),
                None,
                &door,
            )
            .with_operator(fingerprint(&token));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("no port is free on 127.0.0.1")?;
        let client = Client::new(listener.local_addr()?).with_token(&token);
        Ok(Here { client, served: Served::begin(listener, api, door.connections) })
    }

    /// Closes it: all that was answered stands in the database file.
    pub async fn close(self) {
        self.store.close().await;
    }
}

/// A token for whoever runs the installation.
///
/// # Errors
/// When the system gives no random numbers.
pub fn operator_token() -> anyhow::Result<String> {
    Ok(format!("nh_{}{}{}", secrets::draw()?, secrets::draw()?, secrets::draw()?))
}

/// The API of this process alone.
pub struct Here {
    client: Client,
    served: Served,
}

impl Here {
    /// Asks it.
    #[must_use]
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// Ends it.
    pub async fn stop(self) {
        self.served.stop().await;
    }
}

/// Who comes to the API, and how.
#[derive(Debug, Default)]
pub struct Door {
    /// Browsers come by HTTPS alone.
    pub https: bool,
    /// How many come, and through which proxies.
    pub connections: Connections,
}

/// The API on a socket.
pub struct Served {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Served {
    /// Begins to answer.
    #[expect(clippy::disallowed_methods, reason = "the end of this task is waited for")]
    #[must_use]
    pub fn begin(listener: TcpListener, api: Api, connections: Connections) -> Self {
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            let shutdown = async {
                // Whoever drops it wants an end, too.
                let _ = stopped.await;
            };
            if let Err(problem) = nohold_server::serve(listener, router(api), connections, shutdown).await {
                tracing::error!(%problem, "the API has stopped: start the server again");
            }
        });
        Served { stop, task }
    }

    /// Answers what was asked, and ends.
    pub async fn stop(mut self) {
        let _ = self.stop.send(());
        if tokio::time::timeout(LAST_ANSWERS, &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

/// How long answers may still take that were asked for before the end.
const LAST_ANSWERS: std::time::Duration = std::time::Duration::from_secs(2);

/// No server runs: what is configured is taken over at the next start. This is its data folder.
struct NothingRuns(PathBuf);

impl Applied for NothingRuns {
    fn apply(&self, effective: Arc<Effective>) -> BoxFuture<'static, Result<(), NotApplied>> {
        let data = self.0.clone();
        Box::pin(async move {
            forget_stale_passwords(data, effective).await;
            Ok(())
        })
    }
}

/// Takes passwords that hold no more out of the file for whoever sets up the phones.
pub async fn forget_stale_passwords(data: PathBuf, effective: Arc<Effective>) {
    let done = tokio::task::spawn_blocking(move || {
        let Effective { configuration, secrets, .. } = &*effective;
        secrets::forget_stale(&data, |account, password| is_password_of(account, password, configuration, secrets))
    });
    if let Ok(Err(problem)) = done.await {
        let problem = format!("{problem:#}");
        tracing::warn!(problem, "passwords that hold no more could not be taken out of the file of drawn ones");
    }
}

/// Whether an empty installation could be filled with a configuration.
///
/// # Errors
/// All that is wrong with it, or that a password is not where it should be.
pub fn would_fill(read: &Read, prompts: &PromptLibrary) -> anyhow::Result<()> {
    filled(read, &AllKept::default(), prompts, Timestamp::EPOCH).map(drop)
}

fn filled(read: &Read, kept: &AllKept, prompts: &PromptLibrary, at: Timestamp) -> anyhow::Result<Plan> {
    let catalogue = prompts.catalogue();
    let resolve = |reference: Reference<'_>| secrets::resolve(reference, &read.folder);
    let around = Around {
        prompts: Some(&catalogue),
        resolve: &resolve,
        seal: SEAL,
        redraw: false,
        generate_missing: false,
        at,
        by: "start",
    };
    match import(&read.whole, kept, false, &around) {
        Ok(planned) => Ok(planned.plan),
        Err(Refused::Invalid(problems) | Refused::InUse(problems)) => bail!("{}", told(&problems)),
        Err(Refused::Failed(failure)) => bail!("{}", failure.body.message),
    }
}

/// Whether an empty installation would take a document in which all passwords stand.
///
/// # Errors
/// The refusal that the API would give.
pub fn would_take(whole: &Value, generate_missing: bool, prompts: &PromptLibrary) -> Result<(), Failure> {
    let catalogue = prompts.catalogue();
    let around = Around {
        prompts: Some(&catalogue),
        resolve: &|_| Err("the password should stand here".to_owned()),
        seal: SEAL,
        redraw: false,
        generate_missing,
        at: Timestamp::EPOCH,
        by: "import",
    };
    import(whole, &AllKept::default(), false, &around).map(drop).map_err(Failure::from)
}

/// Errors, one in a line.
fn told(problems: &[Problem]) -> String {
    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error);
    let lines: Vec<String> = errors.map(|problem| format!("\n  {problem}")).collect();
    format!("mend these {}:{}", lines.len(), lines.concat())
}

/// Where people and programs reach a server that listens there.
///
/// # Errors
/// When somebody else has the port, with what to do.
pub async fn listen(http: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(http).await.with_context(|| {
        format!("cannot listen for the API at {http}: stop the program that has it, or choose another with --http")
    })
}
