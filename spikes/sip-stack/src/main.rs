//! A throw-away spike: the SIP library `rsipstack` under protocol test vectors and real peers.
//!
//! `serve` and `call` are the bare prototype for SIPp, baresip and Asterisk; `torture` and `cases`
//! run by themselves; `tls` shows which crypto provider the library's TLS uses; `make-tone` and
//! `tone` write and read what baresip plays and records.

mod call;
mod cases;
mod digest;
mod gate;
mod peer;
mod shim;
mod stack;
mod tls;
mod torture;
mod uac_cases;

use anyhow::{Result, bail};
use stack::{Config, Stack};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

static PANICS: AtomicUsize = AtomicUsize::new(0);

/// How many panics any task has had so far.
pub fn panics() -> usize {
    PANICS.load(Ordering::Relaxed)
}

/// The value after `--name` on the command line.
pub fn option(name: &str) -> Option<String> {
    let mut arguments = std::env::args();
    arguments.find(|a| a == name)?;
    arguments.next()
}

/// Whether `--name` is on the command line.
pub fn flag(name: &str) -> bool {
    std::env::args().any(|a| a == name)
}

/// Resident memory of this process in kB.
pub fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find(|l| l.starts_with("VmRSS:"));
    let number = line.and_then(|l| l.split_whitespace().nth(1));
    number.and_then(|n| n.parse().ok()).unwrap_or(0)
}

#[tokio::main]
async fn main() -> Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_from_env("SPIKE_LOG").unwrap_or_else(|_| "off".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    std::panic::set_hook(Box::new(|info| {
        PANICS.fetch_add(1, Ordering::Relaxed);
        eprintln!("PANIC {info}");
    }));
    match std::env::args().nth(1).as_deref() {
        Some("serve") => serve().await,
        Some("call") => call::run().await,
        Some("torture") => {
            let folder = option("--messages").unwrap_or_else(|| "../../crates/sip/tests/messages".into());
            torture::run(folder.as_ref(), flag("--gate")).await
        }
        Some("cases") => cases::run().await,
        Some("tls") => tls::run(flag("--install")).await,
        Some("tone") => call::tone_of_file(&std::env::args().nth(2).unwrap_or_default()),
        Some("make-tone") => call::make_tone(&std::env::args().nth(2).unwrap_or_default()),
        _ => bail!("usage: serve | call | torture | cases | tls | tone FILE | make-tone FILE"),
    }
}

async fn serve() -> Result<()> {
    let milliseconds = |name| option(name).and_then(|v| v.parse().ok()).map(Duration::from_millis);
    let config = Config {
        challenge: match option("--challenge").as_deref() {
            Some("sha-256") => Some(digest::Algorithm::Sha256),
            Some(_) => Some(digest::Algorithm::Md5),
            None => None,
        },
        library_verifier: flag("--library-verifier"),
        gate: flag("--gate"),
        shim: flag("--shim"),
        hang_up: milliseconds("--hang-up"),
        ring: milliseconds("--ring").unwrap_or_default(),
        ..Default::default()
    };
    let address = option("--listen").unwrap_or_else(|| "127.0.0.1:5960".into());
    let stack = Stack::start(address.parse()?, config).await?;
    let mut last = String::new();
    loop {
        let stats = stack.endpoint.inner.get_stats();
        let seen = &stack.seen;
        let n = |c: &AtomicUsize| c.load(Ordering::Relaxed);
        let line = format!(
            "requests {} answered {} confirmed {} ended {} auth_ok {} auth_bad {} dialogs {} tx {} finished {} waiting_ack {} panics {}",
            n(&seen.count),
            n(&seen.calls[0]),
            n(&seen.calls[1]),
            n(&seen.calls[2]),
            n(&seen.credentials[0]),
            n(&seen.credentials[1]),
            stack.dialogs.len(),
            stats.running_transactions,
            stats.finished_transactions,
            stats.waiting_ack,
            panics()
        );
        if line != last {
            println!("{line} rss_kb {}", resident());
            last = line;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}
