//! Benchmarks of Nohold beside a peer. `cargo xtask bench` builds both programs and runs this; bench/README.md says how
//! it measures.

mod asterisk;
mod datagrams;
mod digest;
mod figures;
mod history;
mod load;
mod machine;
mod measures;
mod nohold;
mod phones;
mod process;
mod report;
mod sink;
mod sip;
mod system;
mod tone;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::{Parser, ValueEnum};
use serde_json::{Value, json};

use machine::Machine;
use measures::{calls, pages, requests, route, waiting};
use report::Row;
use sink::Talk;
use system::{Kind, System};

/// Measures Nohold, and a peer beside it by the same load.
#[derive(Parser)]
struct Cli {
    /// Measure only this
    name: Option<Measure>,
    /// Measure this peer in the same run
    #[arg(long)]
    peer: Option<Kind>,
    /// Write all figures to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Waiting callers send audio all the time, too
    #[arg(long)]
    talk: bool,
    /// Callers who wait, or calls in a second, step after step, instead of the usual ones
    #[arg(long, value_delimiter = ',', value_name = "NUMBERS")]
    steps: Vec<u64>,
    /// Make 50,000 calls for the measure of calls
    #[arg(long)]
    long: bool,
    /// Tiny numbers: see that it works, and measure nothing
    #[arg(long)]
    smoke: bool,
}

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Measure {
    /// Agent free → INVITE at the agent's phone
    Route,
    /// Callers who wait with music
    Waiting,
    /// Calls that are answered, hear one second and end, each of them recorded
    Calls,
    /// Callback requests that are committed
    Requests,
    /// Pages on which a change stands
    Pages,
}

impl Measure {
    const ALL: [Measure; 5] = [Measure::Route, Measure::Waiting, Measure::Calls, Measure::Requests, Measure::Pages];
}

/// The status of a run that measured everything and missed a goal; 1 is for what could not be measured.
const MISSED: u8 = 2;

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(Goals::Reached) => ExitCode::SUCCESS,
        Ok(Goals::Missed) => {
            eprintln!("a goal was missed");
            ExitCode::from(MISSED)
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// How a run ended in which everything could be measured.
enum Goals {
    Reached,
    Missed,
}

fn run(cli: &Cli) -> Result<Goals> {
    let mut machine = Machine::look();
    let mut versions = vec![System::version(Kind::Nohold)?];
    versions.extend(cli.peer.map(System::version).transpose()?);
    println!(
        "{} · {} cores · load {} · {} · built from {}",
        machine.processor,
        machine.cores,
        machine.load_before,
        versions.join(" · "),
        machine.commit
    );
    let wanted = cli.name.map_or(Measure::ALL.to_vec(), |name| vec![name]);
    let mut rows = Vec::new();
    let mut raw = serde_json::Map::new();
    for measure in wanted {
        let (more, figures) = measure_one(cli, measure)?;
        rows.extend(more);
        raw.insert(format!("{measure:?}").to_ascii_lowercase(), figures);
    }
    machine.look_again();
    println!("\n{}", report::table(&rows, cli.peer.map(Kind::name)));
    if let Some(path) = &cli.json {
        let all = json!({ "machine": machine, "versions": versions, "goals": rows, "figures": raw });
        let text = serde_json::to_string_pretty(&all)?;
        std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    // With tiny numbers no time means anything.
    let missed = !cli.smoke && rows.iter().any(|row| row.reached == Some(false));
    Ok(if missed { Goals::Missed } else { Goals::Reached })
}

fn measure_one(cli: &Cli, measure: Measure) -> Result<(Vec<Row>, Value)> {
    eprintln!("{measure:?}");
    match measure {
        Measure::Route => {
            let plan = if cli.smoke { route::Plan::smoke() } else { route::Plan::usual() };
            both(cli, &plan, |kind| route::measure(kind, &plan), route::rows)
        }
        Measure::Waiting => {
            let talk = if cli.talk { Talk::Always } else { Talk::Quiet };
            let mut plan = if cli.smoke { waiting::Plan::smoke() } else { waiting::Plan::usual(talk) };
            if !cli.steps.is_empty() {
                (plan.steps, plan.go_on) = (cli.steps.clone(), true);
            }
            both(cli, &plan, |kind| waiting::measure(kind, &plan), waiting::rows)
        }
        Measure::Calls => {
            let mut plan = if cli.smoke { calls::Plan::smoke() } else { calls::Plan::usual(cli.long) };
            if !cli.steps.is_empty() {
                plan.steps.clone_from(&cli.steps);
            }
            both(cli, &plan, |kind| calls::measure(kind, &plan), calls::rows)
        }
        Measure::Requests => {
            let plan = if cli.smoke { requests::Plan::smoke() } else { requests::Plan::usual() };
            let figures = requests::measure(&plan)?;
            Ok((requests::rows(&figures), json!({ "plan": plan, "nohold": figures })))
        }
        Measure::Pages => {
            let plan = if cli.smoke { pages::Plan::smoke() } else { pages::Plan::usual() };
            let figures = pages::measure(&plan)?;
            Ok((pages::rows(&figures), json!({ "plan": plan, "nohold": figures })))
        }
    }
}

/// Measures one after the other, so that neither takes the other's processor.
fn both<F: serde::Serialize>(
    cli: &Cli,
    plan: &impl serde::Serialize,
    measure: impl Fn(Kind) -> Result<F>,
    rows: impl Fn(&F, Option<&F>) -> Vec<Row>,
) -> Result<(Vec<Row>, Value)> {
    let peer = cli.peer.map(&measure).transpose()?;
    let ours = measure(Kind::Nohold)?;
    let rows = rows(&ours, peer.as_ref());
    Ok((rows, json!({ "plan": plan, "nohold": ours, "peer": peer })))
}
