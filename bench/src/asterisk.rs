//! Asterisk 22 with `app_queue`, set up for the calls of the benchmarks, as favourably as we know: its music and its
//! announcement lie there in the codec of the callers, so that it turns nothing into anything else.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::process::Process;
use crate::system::{AUDIO_PORTS, Folder, Kind, SetUp, System, agents, free_port, root};
use crate::tone;

/// Leads to queue 600.
pub const QUEUE_NUMBER: &str = "600";
/// Leads to one second of a tone, and to the end.
pub const ANNOUNCEMENT_NUMBER: &str = "601";
/// How long a start may take.
const START_LIMIT: Duration = Duration::from_secs(60);
/// Where it writes a line for each call.
pub const RECORDS: &str = "run/log/cdr-csv/Master.csv";

/// Starts the Asterisk that `cargo xtask setup` unpacks.
///
/// # Errors
/// When it is missing, or is not ready in time.
pub fn start(set_up: &SetUp) -> Result<System> {
    let script = script()?;
    let folder = Folder::new("asterisk")?;
    let sip = free_port()?;
    let mut pjsip = include_str!("../asterisk/pjsip.conf").to_owned();
    let mut queues = include_str!("../asterisk/queues.conf").to_owned();
    for agent in agents(set_up.agents) {
        pjsip += &include_str!("../asterisk/agent.conf").replace("{{agent}}", &agent);
        queues += &format!("member => PJSIP/{agent}\n");
    }
    for (name, text) in [
        ("asterisk.conf", include_str!("../asterisk/asterisk.conf")),
        ("cdr.conf", include_str!("../asterisk/cdr.conf")),
        ("extensions.conf", include_str!("../asterisk/extensions.conf")),
        ("indications.conf", include_str!("../asterisk/indications.conf")),
        ("logger.conf", include_str!("../asterisk/logger.conf")),
        ("modules.conf", include_str!("../asterisk/modules.conf")),
        ("musiconhold.conf", include_str!("../asterisk/musiconhold.conf")),
        ("rtp.conf", include_str!("../asterisk/rtp.conf")),
        ("pjsip.conf", &pjsip),
        ("queues.conf", &queues),
    ] {
        let text = text
            .replace("{{sip}}", &sip.to_string())
            .replace("{{callers}}", &set_up.callers.ip().to_string())
            .replace("{{phones}}", &set_up.phones.to_string())
            .replace("{{folder}}", &folder.path().display().to_string())
            .replace("{{rtp_low}}", &AUDIO_PORTS.0.to_string())
            .replace("{{rtp_high}}", &AUDIO_PORTS.1.to_string());
        folder.write(&format!("conf/{name}"), text)?;
    }
    let music = root().join("prompts/music/default.wav");
    let music = fs::read(&music).with_context(|| format!("cannot read {}", music.display()))?;
    folder.write("music/music.alaw", tone::samples(&music).context("the music is no WAV file")?)?;
    folder.write("second.alaw", tone::alaw())?;
    let arguments = ["conf".to_owned(), "run".to_owned()];
    let mut process = Process::start("asterisk", &script, &arguments, folder.path())?;
    process.wait_for("Asterisk Ready", START_LIMIT)?;
    Ok(System { kind: Kind::Asterisk, process, sip, http: None, folder })
}

/// The version, as it says it.
///
/// # Errors
/// When it is missing.
pub fn version() -> Result<String> {
    let output = Command::new(script()?).arg("--version").output().context("cannot start Asterisk")?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn script() -> Result<PathBuf> {
    let home = root().join("target/peers/asterisk");
    let script = home.join("bin/asterisk-run");
    if !home.join(".complete").is_file() || !script.is_file() {
        bail!("there is no Asterisk in target/peers; run `cargo xtask setup`");
    }
    Ok(script)
}
