//! `nohold demo`: a call centre on this machine, with telephones that call it and people who answer.
//!
//! The server is a process of its own, so that its power can be cut. Callers, agents and the carrier are real SIP phones
//! on the loopback interface; what is told was seen on them or at the API.

mod narrator;
mod stage;
mod story;

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::Demo;
use crate::say;
use narrator::Narrator;
use stage::Stage;

/// Plays the story; without `--once` the server stays up until it is stopped.
///
/// # Errors
/// The first thing that did not happen as it should.
pub fn run(arguments: &Demo) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start threads")?;
    runtime.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for signals")?;
        let mut terminate = signal(SignalKind::terminate()).context("cannot listen for signals")?;
        let told = Narrator::new();
        let mut stage = Stage::open(arguments).await?;
        told.saw(format!("a call centre is open: SIP {}, API http://{}", stage.sip, stage.http));
        let played = tokio::select! {
            played = story::play(&mut stage, &told) => played,
            _ = interrupt.recv() => Err(anyhow::anyhow!("stopped before the end of the story")),
            _ = terminate.recv() => Err(anyhow::anyhow!("stopped before the end of the story")),
        };
        if played.is_ok() && !arguments.once {
            say::line(invitation(&stage));
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                () = stage.server_ends() => {}
            }
        }
        stage.close().await;
        played?;
        say::line("\nEverything that was told was really seen and heard.");
        Ok(())
    })
}

/// What one can do now.
fn invitation(stage: &Stage) -> String {
    format!(
        "\nThe call centre stays open. Call it yourself with a softphone on this machine:\n  \
         server {}, user 2001, password {}; dial *43 for the echo test, *10 to sign in, 600 for the queue\n\
         The API is at http://{}/api/openapi.json; sign in as ann, bo or dee with the same password.\n\
         Stop with Ctrl-C; then everything is removed.",
        stage.sip, stage.password, stage.http
    )
}
