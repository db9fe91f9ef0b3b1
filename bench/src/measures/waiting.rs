//! How many callers can wait with music, what each of them costs, and how evenly they are played to.

use anyhow::Result;
use serde::Serialize;

use crate::datagrams::{MILLISECOND, SECOND};
use crate::load::{Cpu, Load, Tally};
use crate::phones::Number;
use crate::process::Memory;
use crate::report::Row;
use crate::sink::{Talk, Window};
use crate::system::Kind;

/// Of the packets that are needed, so many must come.
const SHARE: f64 = 0.999;
/// 99 of 100 distances between packets must not be longer.
const DISTANCE_MS: f64 = 25.0;
/// A waiting caller may take so much memory.
const MEMORY_KB: f64 = 32.0;
/// A waiting caller may cost this part of what one costs the peer.
const PART_OF_PEER: f64 = 0.2;
/// So many are to wait.
const CALLERS: u64 = 4_000;

/// How it is measured.
#[derive(Debug, Clone, Serialize)]
pub struct Plan {
    /// How many callers wait, step after step.
    pub steps: Vec<u64>,
    /// How long each step is listened to, in seconds.
    pub seconds: u64,
    /// How many callers come in a second.
    pub per_second: u64,
    /// How often a caller's phone sends.
    pub talk: Talk,
    /// What the server is given to come to rest before it is listened to, in milliseconds.
    pub rest_ms: u64,
    /// How long the callers of the last step wait on before memory is looked at again, in seconds.
    pub settle_s: u64,
    /// Whether it goes on after a step that was not clean.
    pub go_on: bool,
}

impl Plan {
    /// The steps of the goal.
    pub fn usual(talk: Talk) -> Self {
        Plan {
            steps: vec![500, 1_000, 2_000, 3_000, CALLERS],
            seconds: 15,
            per_second: 100,
            talk,
            rest_ms: 2_000,
            settle_s: 35,
            go_on: false,
        }
    }

    /// A few callers for a moment.
    pub fn smoke() -> Self {
        Plan {
            steps: vec![5, 10],
            seconds: 1,
            per_second: 50,
            talk: Talk::Quiet,
            rest_ms: 200,
            settle_s: 0,
            go_on: true,
        }
    }
}

/// One step.
#[derive(Debug, Clone, Serialize)]
pub struct Step {
    /// How many callers should wait.
    pub callers: u64,
    /// How many did.
    pub up: u64,
    /// What was heard.
    pub heard: Window,
    /// What it cost.
    pub cpu: Cpu,
    /// A caller, in hundredths of one core.
    pub cpu_percent_each: f64,
    /// What the server has in memory.
    pub memory: Memory,
    /// A caller, in kB of anonymous memory above that of the empty server.
    pub memory_kb_each: f64,
    /// What has become of the calls since the beginning.
    pub calls: Tally,
    /// All were up, got 99.9 % of their packets, and 99 of 100 distances were not above 25 ms.
    pub clean: bool,
}

/// What one server has shown.
#[derive(Debug, Clone, Serialize)]
pub struct Figures {
    /// Which.
    pub kind: Kind,
    /// What it has in memory before the first of these callers.
    pub empty: Memory,
    /// The steps, up to the first that was not clean.
    pub steps: Vec<Step>,
    /// What it has in memory when the callers of the last step have waited for a while.
    pub settled: Memory,
    /// A caller then, in kB of anonymous memory above that of the empty server.
    pub settled_kb_each: f64,
}

/// Measures one server.
///
/// # Errors
/// When it cannot be started, or ends.
pub fn measure(kind: Kind, plan: &Plan) -> Result<Figures> {
    // Nobody takes a call: all wait.
    let mut load = Load::on(kind, 0)?;
    load.sink.talk(plan.talk);
    // The first calls find nothing prepared; they are not what is measured.
    let first = load.bring_up(20, plan.per_second)?;
    load.pass(plan.rest_ms * MILLISECOND)?;
    load.hang_up_all(&first, plan.per_second)?;
    load.tally = Tally::default();
    let empty = load.memory()?;
    let mut steps = Vec::new();
    let mut up: Vec<Number> = Vec::new();
    for callers in &plan.steps {
        let step = step(&mut load, plan, *callers, &mut up, empty)?;
        let clean = step.clean;
        eprintln!(
            "  {}: {callers} waiting: {:.3} % of packets, distance p99 {:.1} ms, {:.4} % of a core and {:.1} kB each; load {:.0} %",
            kind.name(),
            step.heard.share * 100.0,
            step.heard.distance.p99_ms,
            step.cpu_percent_each,
            step.memory_kb_each,
            step.cpu.load_percent
        );
        steps.push(step);
        if !clean && !plan.go_on {
            break;
        }
    }
    // What a call needs for its first half minute (RFC 3261 §17: 64 T1) is given back then.
    load.pass(plan.settle_s * SECOND)?;
    let settled = load.memory()?;
    let grown = settled.anonymous_kb.saturating_sub(empty.anonymous_kb);
    #[expect(clippy::cast_precision_loss, reason = "thousands")]
    let settled_kb_each = grown as f64 / up.len().max(1) as f64;
    eprintln!("  {}: {settled_kb_each:.1} kB each after {} s", kind.name(), plan.settle_s);
    load.hang_up_all(&up, 1_000)?;
    Ok(Figures { kind, empty, steps, settled, settled_kb_each })
}

#[expect(clippy::cast_precision_loss, reason = "thousands")]
fn step(load: &mut Load, plan: &Plan, callers: u64, up: &mut Vec<Number>, empty: Memory) -> Result<Step> {
    up.extend(load.bring_up(callers - up.len() as u64, plan.per_second)?);
    // Whoever has just come has been answered, and the server has nothing left to do for it.
    load.pass(plan.rest_ms * MILLISECOND)?;
    load.sink.begin()?;
    let stretch = load.begin()?;
    load.pass(plan.seconds * SECOND)?;
    let cpu = load.since(&stretch)?;
    let heard = load.sink.end()?;
    let memory = load.memory()?;
    let waiting = up.len() as u64 - load.tally.ended_by_server;
    let grown = memory.anonymous_kb.saturating_sub(empty.anonymous_kb);
    let clean = waiting == callers && heard.share >= SHARE && heard.distance.p99_ms <= DISTANCE_MS;
    Ok(Step {
        callers,
        up: waiting,
        cpu_percent_each: cpu.server_percent / waiting.max(1) as f64,
        memory_kb_each: grown as f64 / waiting.max(1) as f64,
        heard,
        cpu,
        memory,
        calls: load.tally.clone(),
        clean,
    })
}

/// The rows of the table.
#[expect(clippy::cast_precision_loss, reason = "thousands")]
pub fn rows(ours: &Figures, peer: Option<&Figures>) -> Vec<Row> {
    let clean = |figures: &Figures| figures.steps.iter().rfind(|step| step.clean).map(|step| step.callers);
    let most = clean(ours).unwrap_or(0);
    let mut rows = vec![
        Row::new("waiting: callers, all clean", format!("≥ {CALLERS}"), most.to_string())
            .reached(most >= CALLERS)
            .beside(peer.map(|peer| clean(peer).unwrap_or(0)).map(|most| (most.to_string(), most as f64)), most as f64),
    ];
    let Some(step) = ours.steps.iter().rfind(|step| step.clean).or(ours.steps.last()) else { return rows };
    let at = step.callers;
    rows.push(
        Row::new(&format!("waiting: packets at {at}"), "≥ 99.9 %".into(), format!("{:.3} %", step.heard.share * 100.0))
            .reached(step.heard.share >= SHARE),
    );
    let p99 = step.heard.distance.p99_ms;
    rows.push(
        Row::new(&format!("waiting: distance p99 at {at}"), format!("≤ {DISTANCE_MS} ms"), format!("{p99:.1} ms"))
            .reached(p99 <= DISTANCE_MS),
    );
    // The largest step that both have passed, else the first.
    let common =
        |step: &&Step| peer.is_some_and(|peer| peer.steps.iter().any(|it| it.callers == step.callers && it.clean));
    let same = ours.steps.iter().filter(|step| step.clean).rfind(common).or(ours.steps.first());
    if let Some(same) = same {
        let at = same.callers;
        let theirs = peer.and_then(|peer| peer.steps.iter().find(|step| step.callers == at));
        let cpu = same.cpu_percent_each;
        let text = |cpu: f64| format!("{cpu:.4} % of a core");
        let mut row = Row::new(&format!("waiting: CPU a caller at {at}"), "≤ 1/5 of the peer".into(), text(cpu));
        if let Some(theirs) = theirs.map(|step| step.cpu_percent_each) {
            row = row.beside(Some((text(theirs), theirs)), cpu).reached(cpu <= theirs * PART_OF_PEER);
        }
        rows.push(row);
        let last = ours.steps.last().map_or(0, |step| step.callers);
        let theirs = peer.map(|it| (format!("{:.0} kB", it.settled_kb_each), it.settled_kb_each));
        let kb = ours.settled_kb_each;
        rows.push(
            Row::new(
                &format!("waiting: memory a caller at {last}"),
                format!("≤ {MEMORY_KB} kB"),
                format!("{kb:.1} kB"),
            )
            .beside(theirs, kb)
            .reached(kb <= MEMORY_KB),
        );
    }
    rows
}
