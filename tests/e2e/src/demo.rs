//! The demo, as a program of its own.

use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::process::Command;

use crate::peers::{free_port, free_ports};
use crate::server;

/// How long the story may take, on a busy machine.
const STORY: Duration = Duration::from_secs(150);
/// Ports for its audio.
const RTP_PORTS: u16 = 60;

/// Plays the demo's story once in this language; whether it ended well, and all that it said.
///
/// # Errors
/// When it cannot be started, or does not end.
pub async fn once(language: &str) -> Result<(bool, String)> {
    let low = free_ports(RTP_PORTS)?;
    let ports = format!("{low}-{}", low + RTP_PORTS - 1);
    let (sip, http) = (free_port()?.to_string(), free_port()?.to_string());
    let mut command = Command::new(server::program()?);
    command.args(["demo", "--once", "--language", language, "--rtp-ports", &ports, "--sip", &sip, "--http", &http]);
    let output = tokio::time::timeout(STORY, command.kill_on_drop(true).output());
    let output = output.await.context("the demo does not end")?.context("the demo cannot be started")?;
    let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
    Ok((output.status.success(), said))
}
