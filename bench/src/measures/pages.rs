//! How soon a change stands on every page: agents who look at a long missed-call list, each over a WebSocket of their own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use nohold_client::{Client, Live};
use serde::Serialize;
use serde_json::json;
use tokio::task::JoinSet;

use crate::figures::{Distribution, Spread};
use crate::load::{Cpu, Load};
use crate::nohold;
use crate::report::Row;
use crate::system::{Kind, agents, caller};

/// A change is to stand on all pages within this, in 99 of 100 cases.
const P99_MS: f64 = 200.0;
/// Between two changes.
const BEAT: Duration = Duration::from_millis(50);
/// What has not come by then is missing.
const LATEST: Duration = Duration::from_secs(10);
/// So many ask at once while the list is filled.
const ASKERS: u64 = 64;

/// How it is measured.
#[derive(Debug, Clone, Serialize)]
pub struct Plan {
    /// Agents, each with a page.
    pub agents: u32,
    /// Entries of the list, none of which changes by itself.
    pub entries: u64,
    /// Changes, each of which is shown to all.
    pub changes: usize,
}

impl Plan {
    /// As the goal says it.
    pub const fn usual() -> Self {
        Plan { agents: 50, entries: 5_000, changes: 400 }
    }

    /// A moment.
    pub const fn smoke() -> Self {
        Plan { agents: 3, entries: 20, changes: 5 }
    }
}

/// What was seen.
#[derive(Debug, Clone, Serialize)]
pub struct Figures {
    /// From the moment of the wish to the change on a page; once for each page and change.
    pub wait: Spread,
    /// The same until the last page has it; once for each change.
    pub all: Spread,
    /// Changes that have not come to a page.
    pub missing: u64,
    /// Pages that were shown everything anew.
    pub reloads: u64,
    /// What it cost, while the changes were made.
    pub cpu: Cpu,
}

/// The entries that were changed, and when that was wished.
type Wished = Arc<Mutex<BTreeMap<String, Instant>>>;

/// What one page has seen.
struct Seen {
    waits: BTreeMap<String, Duration>,
    reloads: u64,
}

/// Measures Nohold; a peer has nothing of the kind.
///
/// # Errors
/// When the server cannot be started, or refuses.
pub fn measure(plan: &Plan) -> Result<Figures> {
    let load = Load::on(Kind::Nohold, plan.agents)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let administrator = nohold::administrator(&load.system)?;
    runtime.block_on(fill(&administrator, plan.entries))?;
    let pages = runtime.block_on(open(&administrator, plan))?;
    let stretch = load.begin()?;
    let seen = runtime.block_on(change(&administrator, pages, plan))?;
    let cpu = load.since(&stretch)?;
    let (mut each, mut all) = (Distribution::default(), Distribution::default());
    let mut last: BTreeMap<&String, Duration> = BTreeMap::new();
    for (entry, wait) in seen.iter().flat_map(|page| &page.waits) {
        each.add(nanos(*wait));
        let known = last.entry(entry).or_default();
        *known = (*known).max(*wait);
    }
    last.values().for_each(|wait| all.add(nanos(*wait)));
    let wanted = u64::from(plan.agents) * plan.changes as u64;
    let reloads = seen.iter().map(|page| page.reloads).sum();
    let wait = each.spread();
    let figures = Figures { wait, all: all.spread(), missing: wanted - wait.count, reloads, cpu };
    eprintln!(
        "  Nohold: {} pages, {} entries: a change is there p50 {:.1} ms, p99 {:.1} ms; on all p99 {:.1} ms; {} missing, {} reloads",
        plan.agents,
        plan.entries,
        figures.wait.p50_ms,
        figures.wait.p99_ms,
        figures.all.p99_ms,
        figures.missing,
        figures.reloads
    );
    Ok(figures)
}

fn nanos(length: Duration) -> u64 {
    u64::try_from(length.as_nanos()).unwrap_or(u64::MAX)
}

/// Fills the list with requests.
async fn fill(administrator: &Client, entries: u64) -> Result<()> {
    let mut askers = JoinSet::new();
    for first in 0..ASKERS.min(entries) {
        let administrator = administrator.clone();
        askers.spawn(async move {
            let mut n = first;
            while n < entries {
                let wish = json!({ "number": caller(n), "target": { "queue": "600" } });
                administrator.post("/api/requests", &wish).await?;
                n += ASKERS;
            }
            anyhow::Ok(())
        });
    }
    while let Some(asker) = askers.join_next().await {
        asker.context("somebody who asks has failed")??;
    }
    Ok(())
}

/// Signs every agent in at a page, which has been shown the list.
async fn open(administrator: &Client, plan: &Plan) -> Result<Vec<Live>> {
    const PASSWORD: &str = "a page of the benchmark";
    let mut pages = Vec::new();
    for agent in agents(plan.agents) {
        let name = format!("page-{agent}");
        let person = json!({ "name": name, "password": PASSWORD, "role": "agent", "agent": agent });
        administrator.post("/api/users", &person).await?;
        let mut client = Client::new(administrator.server());
        client.sign_in(&name, PASSWORD).await?;
        let mut page = client.live().await?;
        let shown = page.message(LATEST).await?;
        let total = shown["entries"]["total"].as_u64();
        if total != Some(plan.entries) {
            bail!("a page was shown {total:?} entries instead of {}", plan.entries);
        }
        pages.push(page);
    }
    Ok(pages)
}

/// Makes the changes: each agent in turn takes an entry in hand.
async fn change(administrator: &Client, pages: Vec<Live>, plan: &Plan) -> Result<Vec<Seen>> {
    let wished = Wished::default();
    let changes = plan.changes;
    let mut looking = JoinSet::new();
    for page in pages {
        looking.spawn(look(page, wished.clone(), changes));
    }
    let list = entries(administrator, changes).await?;
    let names: Vec<String> = agents(plan.agents).collect();
    for (entry, agent) in list.iter().zip(names.iter().cycle()) {
        let next = Instant::now() + BEAT;
        wished.lock().unwrap_or_else(PoisonError::into_inner).insert(entry.clone(), Instant::now());
        administrator.post(&format!("/api/entries/{entry}/claim"), &json!({ "agent": agent })).await?;
        tokio::time::sleep_until(next.into()).await;
    }
    let mut seen = Vec::new();
    while let Some(page) = looking.join_next().await {
        seen.push(page.context("a page has failed")??);
    }
    Ok(seen)
}

/// So many entries of the list.
async fn entries(administrator: &Client, wanted: usize) -> Result<Vec<String>> {
    let (mut found, mut after) = (Vec::new(), String::new());
    while found.len() < wanted {
        let page = administrator.get(&format!("/api/entries?limit=200{after}")).await?;
        let ids = page["items"].as_array().into_iter().flatten().filter_map(|entry| entry["id"].as_str());
        found.extend(ids.map(str::to_owned));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    found.truncate(wanted);
    Ok(found)
}

/// What a page is told until it has all changes, or nothing comes any more.
async fn look(mut page: Live, wished: Wished, changes: usize) -> Result<Seen> {
    let mut seen = Seen { waits: BTreeMap::new(), reloads: 0 };
    let mut quiet_since = Instant::now();
    while seen.waits.len() < changes && quiet_since.elapsed() < LATEST {
        let Ok(message) = page.message(Duration::from_secs(1)).await else { continue };
        let now = Instant::now();
        seen.reloads += u64::from(message["type"] == "snapshot");
        for change in message["changes"].as_array().into_iter().flatten() {
            let entry = &change["entry"];
            let Some(id) = entry["id"].as_str().filter(|_| entry["state"]["name"] == "claimed") else { continue };
            let since = wished.lock().unwrap_or_else(PoisonError::into_inner).get(id).copied();
            if let Some(since) = since {
                quiet_since = now;
                seen.waits.entry(id.to_owned()).or_insert(now - since);
            }
        }
    }
    Ok(seen)
}

/// The rows of the table.
pub fn rows(ours: &Figures) -> Vec<Row> {
    vec![
        Row::new(
            "pages: a change is on all of them, p99",
            format!("≤ {P99_MS} ms"),
            format!("{:.1} ms", ours.all.p99_ms),
        )
        .reached(ours.all.p99_ms <= P99_MS),
        Row::new(
            "pages: changes that came, pages shown anew",
            "all, none".into(),
            format!("{} missing, {} anew", ours.missing, ours.reloads),
        )
        .reached(ours.missing == 0 && ours.reloads == 0),
    ]
}
