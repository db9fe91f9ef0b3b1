//! How many callback requests are committed in a second, each before it is confirmed, and whether each that was confirmed
//! is there after the server was killed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde::Serialize;
use serde_json::json;
use tokio::task::JoinSet;

use crate::figures::{Distribution, Spread};
use crate::history;
use crate::load::{Cpu, Load};
use crate::nohold;
use crate::report::Row;
use crate::system::{Kind, caller};

/// So many are to be committed in a second.
const PER_SECOND: f64 = 1_000.0;

/// How it is measured.
#[derive(Debug, Clone, Serialize)]
pub struct Plan {
    /// How many ask at once, each as soon as the last wish is confirmed.
    pub at_once: u64,
    /// For how long, in seconds.
    pub seconds: u64,
}

impl Plan {
    /// As the goal says it.
    pub const fn usual() -> Self {
        Plan { at_once: 128, seconds: 15 }
    }

    /// A moment.
    pub const fn smoke() -> Self {
        Plan { at_once: 4, seconds: 1 }
    }
}

/// What was seen.
#[derive(Debug, Clone, Serialize)]
pub struct Figures {
    /// Requests that were confirmed.
    pub confirmed: u64,
    /// The same in a second.
    pub per_second: f64,
    /// How long whoever asked has waited.
    pub wait: Spread,
    /// Wishes that were not fulfilled.
    pub failed: u64,
    /// Requests that stand in the database after the server was killed.
    pub found: u64,
    /// What it cost.
    pub cpu: Cpu,
}

/// Measures Nohold; a peer has nothing of the kind.
///
/// # Errors
/// When the server cannot be started, or its database not be read.
pub fn measure(plan: &Plan) -> Result<Figures> {
    let mut load = Load::on(Kind::Nohold, 0)?;
    let stretch = load.begin()?;
    let begun = Instant::now();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (waits, failed) = runtime.block_on(ask(&load, plan))?;
    let seconds = begun.elapsed().as_secs_f64();
    let cpu = load.since(&stretch)?;
    // As the power goes: what was confirmed a moment ago must be there.
    load.system.process.kill();
    let found = history::count(load.system.folder.path(), "request_made")?;
    let wait = waits.spread();
    #[expect(clippy::cast_precision_loss, reason = "thousands")]
    let per_second = wait.count as f64 / seconds;
    let figures = Figures { confirmed: wait.count, per_second, wait, failed, found, cpu };
    eprintln!(
        "  Nohold: {:.0} requests/s, waits p50 {:.1} ms, p99 {:.1} ms; {} confirmed, {} found",
        figures.per_second, wait.p50_ms, wait.p99_ms, figures.confirmed, figures.found
    );
    Ok(figures)
}

async fn ask(load: &Load, plan: &Plan) -> Result<(Distribution, u64)> {
    let administrator = nohold::administrator(&load.system)?;
    let (customers, end) = (Arc::new(AtomicU64::new(0)), Instant::now() + Duration::from_secs(plan.seconds));
    let mut askers = JoinSet::new();
    for _ in 0..plan.at_once {
        let (administrator, customers) = (administrator.clone(), Arc::clone(&customers));
        askers.spawn(async move {
            let (mut waits, mut failed) = (Vec::new(), 0_u64);
            while Instant::now() < end {
                let number = caller(customers.fetch_add(1, Ordering::Relaxed));
                let wish = json!({ "number": number, "target": { "queue": "600" } });
                let asked = Instant::now();
                match administrator.post("/api/requests", &wish).await {
                    Ok(answer) if answer["new"] == true => waits.push(asked.elapsed()),
                    Ok(_) => failed += 1,
                    Err(error) => {
                        if failed == 0 {
                            eprintln!("  a request was refused: {error}");
                        }
                        failed += 1;
                    }
                }
            }
            (waits, failed)
        });
    }
    let (mut all, mut all_failed) = (Distribution::default(), 0);
    while let Some(asker) = askers.join_next().await {
        let (waits, failed) = asker.context("somebody who asks has failed")?;
        waits.iter().for_each(|wait| all.add(u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX)));
        all_failed += failed;
    }
    Ok((all, all_failed))
}

/// The rows of the table.
pub fn rows(ours: &Figures) -> Vec<Row> {
    vec![
        Row::new("requests: committed per second", format!("≥ {PER_SECOND}"), format!("{:.0}", ours.per_second))
            .reached(ours.per_second >= PER_SECOND),
        Row::new(
            "requests: confirmed and there after a kill",
            "all".into(),
            format!("{} of {}", ours.found.min(ours.confirmed), ours.confirmed),
        )
        .reached(ours.found >= ours.confirmed && ours.failed == 0),
    ]
}
