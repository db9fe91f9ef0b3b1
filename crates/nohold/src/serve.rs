//! `nohold serve`: puts the parts together and runs them until somebody stops it.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use nohold_app::{Node, Settings as Pace};
use nohold_core::directory::Directory;
use nohold_store::MemoryStore;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::cli::{Common, Serve};
use crate::data::DataFolder;
use crate::settings::Settings as Place;
use crate::system::{Parts, System};
use crate::telephony::{Engine, Settings};
use crate::{check, data, document, secrets};

/// How long the engine gets to hang up what still goes on.
const FAREWELL: Duration = Duration::from_secs(5);

/// Runs the server.
///
/// # Errors
/// When it cannot start, in words that say what to do.
pub fn run(common: &Common, arguments: &Serve) -> anyhow::Result<()> {
    let place = Place::find(common, &arguments.net)?;
    let Some(scenario) = &arguments.scenario else {
        bail!("nothing is configured yet: give a configuration with --scenario, for example scenario/support.toml");
    };
    let prompts = data::prompts(&place.data);
    let read = document::read(scenario, &prompts)?;
    let directory = sound(&read, scenario)?;
    let data = DataFolder::open(&place.data)?;
    let recordings = recordings(&place)?;
    let secrets = secrets::find(&read.configuration, &read.folder, data.path())?;
    if let Some(file) = &secrets.generated {
        println!("passwords: {}", file.display());
    }
    let settings = Settings {
        sip: place.sip,
        rtp_ports: place.rtp_ports.clone(),
        public_address: place.public_address,
        local_networks: place.local_networks.clone(),
        sip_trace: place.sip_trace,
        recordings,
        prompts,
        country: directory.site.numbers.country,
        extensions: read.configuration.extensions,
        trunks: read.configuration.trunks,
        secrets,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start threads")?;
    let served = runtime.block_on(serve(settings, directory));
    // What still runs has had its farewell; a task that hangs must not keep the process.
    runtime.shutdown_timeout(Duration::from_secs(1));
    served
}

/// The directory, where nothing forbids it; warnings are logged.
fn sound(read: &document::Read, scenario: &std::path::Path) -> anyhow::Result<Directory> {
    let problems = read.problems();
    let errors = check::errors(&problems);
    for problem in &problems {
        // A problem may name a telephone number, so it is for the terminal and not for a log.
        eprintln!("{problem}");
    }
    match read.configuration.directory(&read.surroundings) {
        Ok(directory) if errors == 0 => Ok(directory),
        _ => bail!("{} cannot be used: mend the {errors} errors above", scenario.display()),
    }
}

fn recordings(place: &Place) -> anyhow::Result<PathBuf> {
    let folder = &place.recordings;
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot make {}: choose another with --recordings", folder.display()))?;
    Ok(folder.clone())
}

async fn serve(settings: Settings, directory: Directory) -> anyhow::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for signals")?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for signals")?;
    let system = System::new().context("the system gives no random numbers")?;
    let (events, heard) = mpsc::unbounded_channel();
    let engine = Engine::start(settings, events).await?;
    let address = engine.address().context("the engine listens nowhere")?;
    let parts = Parts::new(engine, MemoryStore::new(), system);
    parts.watch_clock();
    let node = Node::start(parts.clone(), directory, Pace::default(), heard);
    tracing::warn!("nothing is kept on disk yet: requests and lists are gone when this process ends");
    println!("ready: sip udp/tcp {address}");
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    tracing::info!(calls = node.calls().len(), "stopping: hanging up what goes on; a second signal ends at once");
    tokio::select! {
        () = parts.engine().stop() => {}
        () = tokio::time::sleep(FAREWELL) => tracing::warn!("some phones did not answer our farewell in time"),
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}
