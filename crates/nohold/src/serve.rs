//! `nohold serve`: puts the parts together and runs them until somebody stops it.

use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use futures::future::BoxFuture;
use nohold_app::Node;
use nohold_app::Settings as Pace;
use nohold_app::ports::{Accounts as _, Ports as _, User};
use nohold_core::configuration::{Configuration, Surroundings};
use nohold_server::access::fingerprint;
use nohold_server::configuration::{Applied, Effective, NotApplied};
use nohold_server::{Api, Connections, DeskParts, Origin, PhoneParts, Tls};
use nohold_store::SqliteStore;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

use crate::cli::{Common, Serve};
use crate::control::{self, Control};
use crate::document::{self, Read};
use crate::installation::{Door, Installation, Served, forget_stale_passwords, listen, operator_token};
use crate::settings::Settings;
use crate::system::{Parts, System, SystemClock};
use crate::telephony::{self, Engine};
use crate::{environment, machine, say};

/// How long the engine gets to hang up what still goes on.
const FAREWELL: Duration = Duration::from_secs(5);

/// The folder in the data folder with the certificate that we have made.
const CERTIFICATE_FOLDER: &str = "tls";

/// Where there is nothing configured: no phone, no number, nobody who could call.
const NOTHING: &str = r#"{"site": {"zone": "UTC", "country": "US"}}"#;

/// Runs the server.
///
/// # Errors
/// When it cannot start, in words that say what to do.
pub fn run(common: &Common, arguments: &Serve) -> anyhow::Result<()> {
    environment::doubt_strangers();
    let settings = Settings::find(common, &arguments.net)?;
    if let Some(problem) = settings.port_meant_twice() {
        anyhow::bail!(problem);
    }
    let filling = filling(arguments, &settings)?;
    if let Some(read) = filling.as_ref().filter(|_| !nohold_store::sqlite::is_there(&settings.data)) {
        // A mistake in the file must not leave an empty installation behind.
        crate::installation::would_fill(read, &crate::data::prompts(&settings.data))?;
    }
    for problem in crate::proxies::doubts(&settings.behind_proxy) {
        tracing::warn!("{problem}");
    }
    raise_file_limit();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start threads")?;
    let served = runtime.block_on(serve(settings, filling));
    // What still runs has had its farewell; a task that hangs must not keep the process.
    runtime.shutdown_timeout(Duration::from_secs(1));
    served
}

/// Each leg of a call and each connection is a file: as many as the system lets us have.
fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    if let Err(problem) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }) {
        tracing::warn!(%problem, files = ?limit.current, "the limit of open files could not be raised");
    }
}

/// What an empty installation is filled with.
fn filling(arguments: &Serve, settings: &Settings) -> anyhow::Result<Option<Read>> {
    let prompts = crate::data::prompts(&settings.data);
    Ok(match &arguments.scenario {
        Some(file) => Some(document::read(file, &prompts)?),
        None if arguments.sample => Some(document::shipped(&prompts)?),
        None => None,
    })
}

async fn serve(settings: Settings, filling: Option<Read>) -> anyhow::Result<()> {
    let mut stops = Stops::new()?;
    let system = System::new().context("the system gives no random numbers")?;
    let (installation, listener) = open(&settings, system.clock().clone()).await?;
    if let Some(filling) = &filling {
        fill(&installation, filling).await?;
    }
    let http = listener.local_addr()?;
    let effective = installation.effective().await?.map(Arc::new);
    let held = match &effective {
        Some(effective) => effective.clone(),
        None => Arc::new(nothing()?),
    };
    if let Some(effective) = &effective {
        // A change may have come about while its last word did not.
        forget_stale_passwords(installation.path().to_owned(), effective.clone()).await;
    }
    let setup = SetUp::new(&installation).await?;
    let running = Running::start(&settings, &installation, system, &held, setup.token.is_some()).await?;
    let operator = operator_token()?;
    let tls = certificate(&settings, installation.path())?;
    let door = door(&settings, tls.clone());
    let api = installation
        .api(Arc::new(running.clone()), effective, setup.token.as_deref().map(fingerprint), &door)
        .with_operator(fingerprint(&operator))
        .by_tls(tls.clone())
        .with_sip_at(settings.own_sip())
        .at_desk(running.desk(&settings))
        .with_phones(PhoneParts { phones: running.engine().page_phones(), relays: settings.relays.clone() });
    setup.watch(&api, &running, installation.store().clone(), installation.path().join(LINK_FILE));
    let served = Served::begin(listener, api, door.connections);
    let control = Control::new(installation.path(), http, &operator)?;
    let reached = control.is_written();
    let sip = running.engine().address().context("the engine listens nowhere")?;
    setup.tell(http, installation.path())?;
    tell_certificate(&tls, http);
    say::line(format_args!("ready: sip udp/tcp {sip}, api http://{http} and https://{http}"));
    tokio::select! {
        () = stops.wait() => {}
        () = async {
            if !reached {
                control.write_later().await;
            }
            std::future::pending().await
        } => {}
        () = tls.watch() => {}
    }
    tracing::info!(
        calls = running.node.calls().len(),
        "stopping: hanging up what goes on; a second signal ends at once"
    );
    tokio::select! {
        () = running.engine().stop() => {}
        () = tokio::time::sleep(FAREWELL) => tracing::warn!("some phones did not answer our farewell in time"),
        () = stops.wait() => {}
    }
    drop(control);
    served.stop().await;
    // Calls write down their ends; what is not there in time, the next start accounts for.
    running.last_words().await;
    installation.close().await;
    Ok(())
}

/// The installation, and the socket of the API. A start that fails leaves no installation behind, and fills none.
async fn open(settings: &Settings, clock: SystemClock) -> anyhow::Result<(Installation, TcpListener)> {
    let no_folder = settings.data.exists() && !settings.data.is_dir();
    if !nohold_store::sqlite::is_there(&settings.data) && !no_folder {
        let listener = doors(settings).await?;
        return Ok((Installation::open(&settings.data, clock).await?, listener));
    }
    // That another server has it, or that it is no folder, says more than that the ports are taken.
    let installation = Installation::open(&settings.data, clock).await?;
    Ok((installation, doors(settings).await?))
}

/// The socket of the API, once all that the engine needs as well can be had.
async fn doors(settings: &Settings) -> anyhow::Result<TcpListener> {
    let listener = listen(settings.http).await?;
    telephony::may_listen(settings.sip)?;
    match machine::may_write(&settings.recordings) {
        // A full disk keeps no server from starting: calls come first.
        Err(problem) if problem.kind() != std::io::ErrorKind::StorageFull => Err(problem).with_context(|| {
            let (folder, option) = (settings.recordings.display(), option_of_recordings(settings));
            format!("cannot write recordings in {folder}: make it writable, or choose another with {option}")
        }),
        Ok(()) | Err(_) => Ok(listener),
    }
}

/// What HTTPS is answered with.
fn certificate(settings: &Settings, data: &Path) -> anyhow::Result<Tls> {
    Ok(match &settings.certificate {
        Some(files) => Tls::own(files.clone())?,
        None => Tls::self_signed(&data.join(CERTIFICATE_FOLDER), machine::names(settings), SystemTime::now())?,
    })
}

/// What a browser elsewhere will say of a certificate of our own making, and how to go on. On this machine nobody needs it.
fn tell_certificate(tls: &Tls, http: SocketAddr) {
    let about = tls.about(SystemTime::now());
    if let Some(problem) = &about.problem {
        tracing::warn!(problem, "the certificate");
    }
    if http.ip().is_loopback() || about.origin == Origin::Own {
        return;
    }
    say::line(format_args!(
        "browsers elsewhere come by https://, with a certificate that this server has made itself. Each warns once that it does not \
         know it: let it show the certificate, see that its SHA-256 fingerprint is\n  {}\nand only then go on (in most \
         browsers under *Advanced*). One of your own, with --certificate and --certificate-key, spares the warning.",
        about.fingerprint
    ));
}

fn door(settings: &Settings, tls: Tls) -> Door {
    let connections = Connections {
        most: settings.most_connections,
        most_from_one: settings.most_connections_from_one,
        proxies: settings.behind_proxy.clone(),
        tls: Some(tls),
        ..Connections::default()
    };
    Door { https: settings.https, connections }
}

async fn fill(installation: &Installation, filling: &Read) -> anyhow::Result<()> {
    for problem in filling.problems() {
        // A problem may name a telephone number, so it is for the terminal and not for a log.
        say::aside(problem);
    }
    if !installation.fill(filling).await? {
        say::line("something is configured already, so nothing was filled in: use `nohold import` to change it");
    }
    Ok(())
}

/// SIGINT and SIGTERM.
struct Stops {
    interrupt: Signal,
    terminate: Signal,
}

impl Stops {
    fn new() -> anyhow::Result<Self> {
        let of = |kind| signal(kind).context("cannot listen for signals");
        Ok(Stops { interrupt: of(SignalKind::interrupt())?, terminate: of(SignalKind::terminate())? })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

type Ports = Parts<Engine, SqliteStore>;

/// Node and engine at work. Clones are the same.
#[derive(Clone)]
struct Running {
    node: Node<Ports>,
    /// The data folder.
    data: PathBuf,
}

impl Running {
    async fn start(
        settings: &Settings,
        installation: &Installation,
        system: System,
        effective: &Effective,
        this_machine_only: bool,
    ) -> anyhow::Result<Self> {
        let (events, heard) = mpsc::unbounded_channel();
        let parts = telephony::Settings {
            sip: settings.sip,
            rtp_ports: settings.rtp_ports.clone(),
            public_address: settings.public_address,
            local_networks: settings.local_networks.clone(),
            sip_trace: settings.sip_trace,
            browser_port: settings.browser_port,
            page_waits_for: settings.page_waits_for,
            recordings: recordings(settings)?,
            prompts: installation.prompts.clone(),
            ledger: Some(Arc::new(installation.store().clone())),
            lines: telephony::lines(&effective.configuration, &effective.secrets),
            this_machine_only,
        };
        let engine = Engine::start(parts, events).await?;
        let parts = Parts::new(engine, installation.store().clone(), system);
        parts.watch_clock();
        let directory = (*effective.directory).clone();
        let data = installation.path().to_owned();
        Ok(Running { node: Node::start(parts, directory, Pace::default(), heard), data })
    }

    /// What people work with.
    fn desk(&self, settings: &Settings) -> DeskParts {
        let (engine, edge) = (self.engine().clone(), self.engine().clone());
        DeskParts {
            desk: Arc::new(self.node.clone()),
            recordings: Some(settings.recordings.clone()),
            recordings_failing_since: Arc::new(move || engine.recordings_failing_since()),
            counted: Arc::new(move || edge.counted()),
        }
    }

    fn engine(&self) -> &Engine {
        self.node.ports().telephony()
    }

    /// Waits until the calls that were hung up have written down how they ended.
    async fn last_words(&self) {
        let written = async {
            while !self.node.calls().is_empty() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        if tokio::time::timeout(FAREWELL, written).await.is_err() {
            tracing::warn!("some calls did not write down how they ended: the next start accounts for them");
        }
    }
}

impl Applied for Running {
    fn apply(&self, effective: Arc<Effective>) -> BoxFuture<'static, Result<(), NotApplied>> {
        let running = self.clone();
        Box::pin(async move {
            running.engine().configure(telephony::lines(&effective.configuration, &effective.secrets));
            running.node.configure((*effective.directory).clone());
            forget_stale_passwords(running.data.clone(), effective).await;
            Ok(())
        })
    }
}

fn nothing() -> anyhow::Result<Effective> {
    let configuration: Configuration = serde_json::from_str(NOTHING).context("this program was built wrongly")?;
    let directory = configuration
        .directory(&Surroundings::default())
        .map_err(|problems| anyhow::anyhow!("this program was built wrongly: {problems:?}"))?;
    Ok(Effective {
        revision: 0,
        configuration,
        directory: Arc::new(directory),
        secrets: std::collections::BTreeMap::new(),
    })
}

/// By what the folder of recordings was chosen: unless it was named, it is in the data folder.
fn option_of_recordings(settings: &Settings) -> &'static str {
    if settings.recordings.starts_with(&settings.data) { "--data" } else { "--recordings" }
}

fn recordings(settings: &Settings) -> anyhow::Result<PathBuf> {
    let folder = &settings.recordings;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).with_context(|| {
        format!("cannot make {}: choose another with {}", folder.display(), option_of_recordings(settings))
    })?;
    Ok(folder.clone())
}

/// The first administrator of an installation that has no users yet. Until then nobody but this machine is listened to.
struct SetUp {
    token: Option<String>,
}

fn somebody_administers(users: &[User]) -> bool {
    users.iter().any(User::can_administer)
}

/// Asks until the store answers: nobody else will ask again.
async fn is_set_up(store: &SqliteStore) -> bool {
    loop {
        match store.users().await {
            Ok(users) => return somebody_administers(&users),
            Err(_) => tokio::time::sleep(Duration::from_secs(1)).await,
        }
    }
}

/// The file of the set-up link, where there is no terminal to show it on.
const LINK_FILE: &str = "setup-link";

impl SetUp {
    async fn new(installation: &Installation) -> anyhow::Result<Self> {
        let users = installation.store().users().await.context("the accounts cannot be read")?;
        let token =
            if !somebody_administers(&users) { Some(crate::secrets::draw()? + &crate::secrets::draw()?) } else { None };
        Ok(SetUp { token })
    }

    /// Shows the link on the terminal, or keeps it in a file for its owner alone; never in a log.
    fn tell(&self, http: SocketAddr, data: &std::path::Path) -> anyhow::Result<()> {
        use std::io::IsTerminal as _;
        let file = data.join(LINK_FILE);
        let Some(token) = &self.token else {
            let _ = std::fs::remove_file(&file);
            return Ok(());
        };
        let link = format!("http://{}/setup#{token}", control::reachable(http));
        if std::io::stdout().is_terminal() {
            say::line(format_args!("set up the first administrator: {link}"));
        } else {
            crate::data::write_private(&file, &format!("{link}\n")).with_context(|| {
                format!("cannot write {}: make room, or start on a terminal, which shows the link", file.display())
            })?;
            say::line(format_args!("set up the first administrator: the link stands in {}", file.display()));
        }
        say::line("until then no phone and no trunk of another machine is listened to");
        Ok(())
    }

    /// Opens the doors, and removes the file of the link, once there is a user.
    fn watch(&self, api: &Api, running: &Running, store: SqliteStore, link: PathBuf) {
        if self.token.is_none() {
            return;
        }
        let mut changes = api.account_changes();
        let engine = running.engine().clone();
        running.node.ports().spawn(
            "set-up",
            Box::pin(async move {
                while changes.changed().await.is_ok() {
                    if is_set_up(&store).await {
                        engine.this_machine_only(false);
                        // It is often not there: the link was shown on a terminal.
                        let _ = std::fs::remove_file(&link);
                        tracing::info!("the installation is set up: phones and trunks elsewhere are listened to");
                        return;
                    }
                }
            }),
        );
    }
}
