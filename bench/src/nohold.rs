//! Nohold, set up for the calls of the benchmarks.

use std::fs;
use std::net::SocketAddrV4;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use nohold_client::Client;
use serde_json::{Map, Value, json};

use crate::system::{AUDIO_PORTS, Folder, Kind, SetUp, System, agents, built, free_port, password};
use crate::tone;

/// Leads to queue 600.
pub const QUEUE_NUMBER: &str = "+862161230001";
/// Leads to one second of a tone, and to the end.
pub const ANNOUNCEMENT_NUMBER: &str = "+862161230002";
/// How long a start may take.
const START_LIMIT: Duration = Duration::from_secs(30);

/// Starts the server that was built together with this program.
///
/// # Errors
/// When it is not built, or is not ready in time.
pub fn start(set_up: &SetUp) -> Result<System> {
    let program = built()?.join("nohold");
    if !program.is_file() {
        bail!("there is no {}; `cargo xtask bench` builds it", program.display());
    }
    let folder = Folder::new("nohold")?;
    let (sip, http) = (free_port()?, free_port()?);
    let scenario = folder.write("scenario.json", configuration(set_up).to_string())?;
    folder.write("data/prompts/en/bench-second.wav", tone::wav())?;
    let data = folder.path().join("data");
    let arguments = [
        "serve".to_owned(),
        format!("--scenario={}", scenario.display()),
        format!("--data={}", data.display()),
        format!("--sip={sip}"),
        format!("--http={http}"),
        format!("--rtp-ports={}-{}", AUDIO_PORTS.0, AUDIO_PORTS.1),
    ];
    let mut process = crate::process::Process::start("nohold", &program, &arguments, folder.path())?;
    process.wait_for("ready: sip", START_LIMIT)?;
    Ok(System { kind: Kind::Nohold, process, sip, http: Some(http), folder })
}

/// The version, as the program says it.
///
/// # Errors
/// When it does not.
pub fn version() -> Result<String> {
    let output = Command::new(built()?.join("nohold")).arg("--version").output().context("cannot start nohold")?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Somebody who may do everything at its API for as long as it runs.
///
/// # Errors
/// When the server has not written down how to reach it.
pub fn administrator(system: &System) -> Result<Client> {
    let path = system.folder.path().join("data/control.json");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let control: Value = serde_json::from_str(&text)?;
    let token = control["token"].as_str().with_context(|| format!("there is no token in {}", path.display()))?;
    let http: SocketAddrV4 = system.http.context("this server has no API")?;
    Ok(Client::new(http.into()).with_token(token))
}

/// Signs all agents in.
///
/// # Errors
/// When the API refuses.
pub fn sign_in(system: &System, count: u32) -> Result<()> {
    let administrator = administrator(system)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        for agent in agents(count) {
            administrator.post(&format!("/api/agents/{agent}"), &json!({ "action": "sign_in" })).await?;
        }
        Ok(())
    })
}

fn configuration(set_up: &SetUp) -> Value {
    let names: Vec<String> = agents(set_up.agents.max(1)).collect();
    let each = |what: &dyn Fn(&str) -> Value| names.iter().map(|it| (it.clone(), what(it))).collect::<Map<_, _>>();
    json!({
        "site": { "zone": "Asia/Shanghai", "country": "CN", "language": "en" },
        "services": { "support": { "groups": ["all"], "caller_id": QUEUE_NUMBER } },
        "groups": { "all": { "agents": names } },
        "agents": each(&|_| json!({})),
        "extensions": each(&|name| json!({ "password": password(name) })),
        "queues": { "600": {
            "number": "600", "service": "support", "longest_wait": "24h", "max_length": 10_000, "wrap_up": "0s",
            "ringing": { "ring_for": "15s", "retry_pause": "1s" }, "overflow": { "timeout": "message" },
        } },
        "flows": { "second": { "document": {
            "key": "second", "name": "One second", "kind": { "type": "main", "internal_number": "702" },
            "nodes": {
                "start": { "action": { "type": "start" }, "exits": { "next": "say" } },
                "say": {
                    "action": { "type": "play", "prompts": [{ "prompt": "bench-second" }] },
                    "exits": { "next": "end" },
                },
                "end": { "action": { "type": "hang_up" } },
            },
        } } },
        "trunks": { "carrier": {
            "host": set_up.callers.ip(), "port": set_up.callers.port(), "options_every": "never",
            "numbers": [QUEUE_NUMBER, ANNOUNCEMENT_NUMBER],
        } },
        "numbers": {
            QUEUE_NUMBER: { "service": "support", "target": { "queue": "600" } },
            ANNOUNCEMENT_NUMBER: { "service": "support", "target": { "flow": "second" } },
        },
    })
}
