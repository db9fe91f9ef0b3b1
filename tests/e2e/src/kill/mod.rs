//! `kill -9` at moments of chance: from the key that asks for a callback to the callback's end, while others wait and talk.
//!
//! A seed draws a [`Plan`]. The server, a process of its own with its database, dies in the middle of it, sometimes once
//! more while it starts, and comes back. Then people look at their lists, and the phones count: every message that went
//! over the wire stands in their books, whatever the server believes of itself.

mod account;
mod plan;
mod stage;
mod verdict;

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use nohold_phone::{Call, Dialling, Phone, PhoneSettings};
use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{Instant, sleep, timeout};

use crate::house::SUPPORT;

pub use plan::{Course, Phase, Plan};
use stage::Stage;
pub use verdict::Report;

/// A run takes some seconds; one that has not ended after this hangs.
const LONGEST: Duration = Duration::from_secs(120);
/// What a server has said last stands in the story of a run that has failed.
const LINES_OF_SERVER: usize = 120;
/// In so many runs every phase has to be met.
const FULL: u64 = 200;

/// A run that has shown a fault, or could not be made.
#[derive(Debug)]
pub struct Fault {
    /// The plan.
    pub plan: Box<Plan>,
    /// What is wrong, and what led to it.
    pub story: String,
}

/// What many runs have shown.
#[derive(Debug, Default)]
pub struct Summary {
    /// The runs that went well.
    pub reports: Vec<Report>,
    /// The others, by their seeds.
    pub faults: Vec<Fault>,
}

/// What the server's disk is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disk {
    /// What it has taken stays.
    Honest,
    /// It loses all since the key, though it has said that it was written: a planted fault, which must be found.
    Forgetful,
}

/// Makes one run.
///
/// # Errors
/// When something that was promised does not hold afterwards.
pub async fn run(plan: Plan, disk: Disk) -> Result<Report, Fault> {
    let plan = Box::new(plan);
    let story = timeout(LONGEST, lived_through(&plan, disk)).await;
    let story = story.unwrap_or_else(|_| Err(format!("it has not ended within {LONGEST:?}")));
    story.map_err(|story| Fault { plan, story })
}

async fn lived_through(plan: &Plan, disk: Disk) -> Result<Report, String> {
    let mut stage = Stage::set().await.map_err(|problem| format!("nothing could be tried: {problem:#}"))?;
    let (mut killed, mut phase) = (Instant::now(), Phase::Before);
    // At the carrier's address, and with books of its own.
    let settings = PhoneSettings::new("carrier").at(stage.house.carrier.address().ip());
    let passer_by = Phone::start(settings).await.map_err(|problem| problem.to_string())?;
    let ended = async {
        let data = stage.house.server.data().to_owned();
        let before = if disk == Disk::Forgetful { contents(&data)? } else { Vec::new() };
        let rings_in;
        (killed, phase, rings_in) = die(&mut stage, &passer_by, plan).await?;
        if plan.other_hangs_up {
            stage.other_hangs_up();
        }
        sleep(plan.down_for).await;
        for (name, bytes) in before {
            fs::write(data.join(name), bytes)?;
        }
        if let Some(after) = plan.again_after {
            stage.house.server.start_and_kill(after).await?;
        }
        stage.house.server.start_again().await?;
        let answered = stage.passer_by_is_told(&passer_by, rings_in, killed).await?;
        let report = stage.judge(killed, phase).await?;
        Ok(Report { answered, killed_again: plan.again_after.is_some(), ..report })
    };
    let ended: Result<Report> = ended.await;
    ended.map_err(|problem| {
        let mut story = format!("killed {phase}\n{problem:#}\n");
        let Stage { house, phone, other_phone, .. } = &stage;
        let phones = [("the carrier", &house.carrier), ("the agent", phone), ("the other agent", other_phone)];
        let phones = phones.into_iter().chain([("who rang in", &passer_by)]);
        for (name, phone) in phones {
            story += &account::told(name, phone, killed);
        }
        let said = stage.house.server.output();
        // Its messages stand in the phones' books already.
        let is_told = |line: &&str| [" INFO ", " WARN ", " ERROR ", "panicked"].iter().any(|mark| line.contains(mark));
        let lines: Vec<&str> = said.lines().filter(is_told).collect();
        story += "the server, since its last start:\n";
        story += &lines[lines.len().saturating_sub(LINES_OF_SERVER)..].join("\n");
        story
    })
}

/// The files of the database, as they are now.
fn contents(data: &Path) -> Result<Vec<(&'static str, Vec<u8>)>> {
    ["nohold.db", "nohold.db-wal"].into_iter().map(|name| Ok((name, fs::read(data.join(name))?))).collect()
}

/// Lets the callback go on until the planned moment, and kills the server.
async fn die(stage: &mut Stage, passer_by: &Phone, plan: &Plan) -> Result<(Instant, Phase, Option<Call>)> {
    let id = stage.house.server.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    let id = id.context("the server has ended by itself")?;
    let mut reached = stage.phase.subscribe();
    let support = format!("sip:{SUPPORT}@{}", stage.house.address());
    let kill = async {
        // A callback that goes another way than planned has its end, too.
        let _ = reached.wait_for(|phase| *phase >= plan.phase).await;
        let lead = plan.rings_in.unwrap_or_default();
        sleep(plan.after.saturating_sub(lead)).await;
        let rings_in = match plan.rings_in {
            Some(_) => Some(passer_by.dial_as(Dialling::to(&support).from(verdict::PASSER_BY)).await?),
            None => None,
        };
        sleep(lead).await;
        kill_process(id, Signal::KILL).context("the server cannot be killed")?;
        anyhow::Ok((Instant::now(), *reached.borrow(), rings_in))
    };
    let play = async {
        if let Err(problem) = stage.play(plan).await {
            return Err(problem.context("before anybody was killed"));
        }
        std::future::pending().await
    };
    let killed = tokio::select! {
        biased;
        killed = kill => killed?,
        never = play => never?,
    };
    stage.house.server.kill().await?;
    Ok(killed)
}

/// Makes `runs` runs from this seed on, `at_once` beside each other, and tells each as it ends.
#[must_use]
pub fn many(first_seed: u64, runs: u64, at_once: usize, tell: impl Fn(&str) + Sync) -> Summary {
    let (next, summary) = (AtomicU64::new(0), Mutex::new(Summary::default()));
    let work = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= runs {
                return;
            }
            let seed = first_seed + number;
            let begun = std::time::Instant::now();
            let outcome = alone(seed);
            let mut summary = summary.lock().unwrap_or_else(PoisonError::into_inner);
            let took = begun.elapsed().as_secs_f64();
            match outcome {
                Ok(report) => {
                    let phase = report.phase.unwrap_or(Phase::Before);
                    tell(&format!("seed {seed}: killed {phase}, all well ({took:.1} s)"));
                    summary.reports.push(report);
                }
                Err(fault) => {
                    tell(&format!("seed {seed}: FAULT\n{}\n{:?}", fault.story, fault.plan));
                    summary.faults.push(fault);
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..at_once.max(1) {
            scope.spawn(work);
        }
    });
    summary.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// One run on a runtime of its own, which ends all that it has begun.
fn alone(seed: u64) -> Result<Report, Fault> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime {
        Ok(runtime) => runtime.block_on(run(Plan::of(seed), Disk::Honest)),
        Err(problem) => Err(Fault { plan: Box::new(Plan::of(seed)), story: format!("there is no runtime: {problem}") }),
    }
}

impl Summary {
    /// In which phase the kills fell.
    #[must_use]
    pub fn phases(&self) -> BTreeMap<Phase, usize> {
        let mut phases: BTreeMap<Phase, usize> = Phase::ALL.into_iter().map(|phase| (phase, 0)).collect();
        for phase in self.reports.iter().filter_map(|report| report.phase) {
            *phases.entry(phase).or_default() += 1;
        }
        phases
    }

    /// What is wrong with it as a whole: faults, and in a full number of runs what was never reached.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let mut problems: Vec<String> =
            self.faults.iter().map(|fault| format!("seed {} has shown a fault", fault.plan.seed)).collect();
        let runs = self.reports.len() + self.faults.len();
        if runs as u64 >= FULL {
            let phases = self.phases();
            let counters = phases.iter().map(|(phase, count)| (format!("a kill {phase}"), *count));
            let missed = counters.chain(self.counters()).filter(|(_, count)| *count == 0);
            problems.extend(missed.map(|(what, _)| format!("{what} was never reached in {runs} runs")));
        }
        problems
    }

    fn counters(&self) -> Vec<(String, usize)> {
        let count = |fits: fn(&Report) -> bool| self.reports.iter().filter(|report| fits(report)).count();
        [
            ("thanked before the kill", count(|report| report.thanked)),
            ("a request that was kept", count(|report| report.requested)),
            ("a caller without a request, listed all the same", count(|report| !report.requested)),
            ("an attempt marked as interrupted", count(|report| report.interrupted)),
            ("a phone left ringing", count(|report| report.rang > 0)),
            ("a callback after the restart, to its end", count(|report| report.called_back)),
            ("a caller answered at the last moment", count(|report| report.answered == Some(true))),
            ("a caller not answered any more", count(|report| report.answered == Some(false))),
            ("a kill during the restart", count(|report| report.killed_again)),
        ]
        .map(|(what, count)| (what.to_owned(), count))
        .into()
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} runs, {} faults", self.reports.len() + self.faults.len(), self.faults.len())?;
        let left: usize = self.reports.iter().map(|report| report.left_behind).sum();
        writeln!(f, "{left:6}  dialogs left behind and ended after the restart")?;
        for (phase, count) in self.phases() {
            writeln!(f, "{count:6}  killed {phase}")?;
        }
        for (what, count) in self.counters() {
            writeln!(f, "{count:6}  {what}")?;
        }
        Ok(())
    }
}
