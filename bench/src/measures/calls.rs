//! How many calls a second are answered, hear one second and end, each of them recorded; what comes above that; and what
//! many of them leave in memory.

use std::collections::HashMap;

use anyhow::{Result, bail};
use serde::Serialize;

use crate::datagrams::{MILLISECOND, Nanos, SECOND, now};
use crate::figures::{Distribution, Spread};
use crate::history;
use crate::load::{Cpu, Load, Tally};
use crate::phones::{Event, Number};
use crate::process::Memory;
use crate::report::Row;
use crate::system::Kind;

/// A call whose end comes so long after its answer was played to for longer than it should.
const LONGEST: Nanos = 2_500 * MILLISECOND;
/// A caller should not wait longer for the answer, 99 times of 100: else the server does not keep pace.
const ANSWER_MS: f64 = 500.0;
/// Memory may grow by so much over all calls after the first fifth of them, in bytes a call.
const LEFT_BYTES: f64 = 100.0;

/// How it is measured.
#[derive(Debug, Clone, Serialize)]
pub struct Plan {
    /// Calls before anything is measured.
    pub first: u64,
    /// Calls in a second, step after step, up to the first that is not clean.
    pub steps: Vec<u64>,
    /// How long each step is, in seconds.
    pub seconds: u64,
    /// Calls in all for the look at memory.
    pub many: u64,
    /// Whether twice the largest step is put on it.
    pub overload: bool,
    /// What a server is given to put away what is left of calls, before memory is looked at, in milliseconds.
    pub rest_ms: u64,
}

impl Plan {
    /// As the goal says it, or with a tenth of the calls.
    pub fn usual(long: bool) -> Self {
        let steps = vec![50, 100, 150, 200, 250, 300, 400, 500, 600, 800, 1_000, 1_200];
        Plan { first: 50, steps, seconds: 10, many: if long { 50_000 } else { 5_000 }, overload: true, rest_ms: 2_000 }
    }

    /// A few calls.
    pub fn smoke() -> Self {
        Plan { first: 2, steps: vec![5], seconds: 1, many: 5, overload: false, rest_ms: 0 }
    }
}

/// One step.
#[derive(Debug, Clone, Serialize)]
pub struct Step {
    /// Calls in a second that were wanted.
    pub per_second: u64,
    /// What became of the calls of this step.
    pub calls: Tally,
    /// From INVITE to answer.
    pub answer: Spread,
    /// From answer to the server's BYE.
    pub length: Spread,
    /// Calls that were longer than they should.
    pub too_long: u64,
    /// Messages that had to be sent again.
    pub repeated: u64,
    /// How far the load stayed behind its own beat at the end, in milliseconds: above 100 it is the load that is slow.
    pub load_behind_ms: f64,
    /// What it cost.
    pub cpu: Cpu,
    /// Every call was answered, ended by the server in time, and nothing had to be sent again.
    pub clean: bool,
}

/// What many calls leave.
#[derive(Debug, Clone, Serialize)]
pub struct Left {
    /// Calls.
    pub calls: u64,
    /// In a second.
    pub per_second: u64,
    /// Memory after each fifth of them.
    pub memory: Vec<Memory>,
    /// Anonymous memory that was added after the first fifth, in bytes a call.
    pub bytes_each: f64,
}

/// What one server has shown.
#[derive(Debug, Clone, Serialize)]
pub struct Figures {
    /// Which.
    pub kind: Kind,
    /// The steps.
    pub steps: Vec<Step>,
    /// Twice the last of them.
    pub overload: Option<Step>,
    /// Many calls.
    pub left: Left,
    /// Calls that were made, in all.
    pub begun: u64,
    /// Calls that were answered, in all.
    pub answered: u64,
    /// Calls that the server has recorded.
    pub recorded: u64,
}

/// A call that goes on.
struct Going {
    begun: Nanos,
    answered: Option<Nanos>,
}

/// Calls that are made in a beat.
struct Run<'a> {
    load: &'a mut Load,
    going: HashMap<Number, Going>,
    answer: Distribution,
    length: Distribution,
    too_long: u64,
    behind: Nanos,
}

/// Measures one server.
///
/// # Errors
/// When it cannot be started, or ends.
pub fn measure(kind: Kind, plan: &Plan) -> Result<Figures> {
    let mut load = Load::on(kind, 0)?;
    // The first calls find nothing prepared.
    step(&mut load, 10, plan.first)?;
    let mut steps = Vec::new();
    for per_second in &plan.steps {
        let step = step(&mut load, *per_second, per_second * plan.seconds)?;
        tell(kind, &step);
        let clean = step.clean;
        steps.push(step);
        if !clean {
            break;
        }
    }
    let best = steps.iter().rfind(|step| step.clean).map_or(10, |step| step.per_second);
    let last = steps.last().map_or(best, |step| step.per_second);
    let overload = plan.overload.then(|| step(&mut load, last * 2, last * 2 * plan.seconds / 2)).transpose()?;
    overload.iter().for_each(|step| tell(kind, step));
    let left = many(&mut load, plan, (best / 2).max(5))?;
    let (begun, answered) = (load.tally.begun, load.tally.answered);
    load.system.process.end()?;
    let folder = load.system.folder.path();
    let recorded = match kind {
        Kind::Nohold => history::count(folder, "call_ended")?,
        Kind::Asterisk => history::lines(folder)?,
    };
    eprintln!(
        "  {}: {answered} calls answered, {recorded} recorded, {:.0} bytes left a call",
        kind.name(),
        left.bytes_each
    );
    Ok(Figures { kind, steps, overload, left, begun, answered, recorded })
}

fn tell(kind: Kind, step: &Step) {
    eprintln!(
        "  {}: {}/s: {} of {} answered, refused {:?}, {} repeated, answer p99 {:.0} ms, server {:.0} %, load {:.0} % of a core{}",
        kind.name(),
        step.per_second,
        step.calls.answered,
        step.calls.begun,
        step.calls.refused,
        step.repeated,
        step.answer.p99_ms,
        step.cpu.server_percent,
        step.cpu.load_percent,
        if step.clean { "" } else { " · not clean" }
    );
}

fn step(load: &mut Load, per_second: u64, count: u64) -> Result<Step> {
    let before = (load.tally.clone(), load.phones.counted.repeated);
    let stretch = load.begin()?;
    let mut run = Run {
        load,
        going: HashMap::new(),
        answer: Distribution::default(),
        length: Distribution::default(),
        too_long: 0,
        behind: 0,
    };
    run.beat(per_second, count)?;
    let cpu = run.load.since(&stretch)?;
    run.settle()?;
    let (answer, length, too_long) = (run.answer.spread(), run.length.spread(), run.too_long);
    let behind = crate::figures::ms(run.behind);
    load.sink.forget_all();
    let calls = load.tally.since(&before.0);
    let repeated = load.phones.counted.repeated - before.1;
    let all_well = calls.answered == count && calls.ended_by_server == count && too_long == 0 && repeated == 0;
    let clean = all_well && answer.p99_ms <= ANSWER_MS && behind <= 100.0;
    Ok(Step { per_second, calls, answer, length, too_long, repeated, load_behind_ms: behind, cpu, clean })
}

impl Run<'_> {
    fn beat(&mut self, per_second: u64, count: u64) -> Result<()> {
        let begun = now();
        let number = self.load.system.announcement();
        for n in 0..count {
            let due = begun + n * SECOND / per_second;
            while now() < due {
                if let Some(event) = self.load.next(due)? {
                    self.take(event);
                }
            }
            self.behind = now() - due;
            let (call, _) = self.load.arrive(number)?;
            self.going.insert(call, Going { begun: now(), answered: None });
            // What is there already is taken without a wait, so that a beat that is missed is made up for.
            while let Some(event) = self.load.next(0)? {
                self.take(event);
            }
        }
        Ok(())
    }

    /// Waits until every call is over, or has been given up.
    fn settle(&mut self) -> Result<()> {
        let end = now() + 45 * SECOND;
        while !self.going.is_empty() && now() < end {
            if let Some(event) = self.load.next(now() + SECOND / 10)? {
                self.take(event);
            }
        }
        if !self.load.system.process.is_alive()? {
            bail!("the server has ended:\n{}", self.load.system.process.last_words());
        }
        Ok(())
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Answered { call, at, .. } => {
                if let Some(going) = self.going.get_mut(&call) {
                    self.answer.add(at.saturating_sub(going.begun));
                    going.answered = Some(at);
                }
            }
            Event::HungUp { call, at } => {
                if let Some(Going { answered: Some(answered), .. }) = self.going.remove(&call) {
                    let length = at.saturating_sub(answered);
                    self.length.add(length);
                    self.too_long += u64::from(length > LONGEST);
                }
            }
            Event::Refused { call, .. } | Event::Unanswered { call } => drop(self.going.remove(&call)),
            Event::Offered { .. } | Event::Registered => {}
        }
    }
}

/// Many calls, with a look at memory after each fifth of them.
#[expect(clippy::cast_precision_loss, reason = "kilobytes")]
fn many(load: &mut Load, plan: &Plan, per_second: u64) -> Result<Left> {
    let (calls, mut memory) = (plan.many, Vec::new());
    for _ in 0..5 {
        step(load, per_second, calls / 5)?;
        // What is put away after a call is given the time for it.
        load.pass(plan.rest_ms * MILLISECOND)?;
        memory.push(load.memory()?);
    }
    let kb = |at: usize| memory.get(at).map_or(0.0, |memory| memory.anonymous_kb as f64);
    let bytes_each = (kb(4) - kb(0)) * 1_024.0 / (calls * 4 / 5).max(1) as f64;
    Ok(Left { calls, per_second, memory, bytes_each })
}

/// The rows of the table.
#[expect(clippy::cast_precision_loss, reason = "hundreds")]
pub fn rows(ours: &Figures, peer: Option<&Figures>) -> Vec<Row> {
    let clean = |it: &Figures| it.steps.iter().rfind(|step| step.clean).map_or(0, |step| step.per_second);
    let (rate, theirs) = (clean(ours), peer.map(clean));
    let mut row = Row::new("calls: clean per second", "≥ the peer".into(), rate.to_string())
        .beside(theirs.map(|rate| (rate.to_string(), rate as f64)), rate as f64);
    if let Some(theirs) = theirs {
        row = row.reached(rate >= theirs);
    }
    let left = |it: &Figures| format!("{:.0} bytes after {}", it.left.bytes_each, it.left.calls);
    let recorded = |it: &Figures| format!("{} of {}", it.recorded.min(it.answered), it.answered);
    let mut rows = vec![
        row,
        Row::new("calls: memory left a call", format!("≤ {LEFT_BYTES} bytes"), left(ours))
            .beside(peer.map(|it| (left(it), it.left.bytes_each)), ours.left.bytes_each)
            .reached(ours.left.bytes_each <= LEFT_BYTES),
        Row::new("calls: recorded", "all".into(), recorded(ours))
            .beside(peer.map(|it| (recorded(it), 0.0)), 0.0)
            .reached(ours.recorded >= ours.answered),
    ];
    if let Some(overload) = &ours.overload {
        let refused: u64 = overload.calls.refused.get(&503).copied().unwrap_or(0);
        let text = format!(
            "{} answered (p99 {:.0} ms), {refused} × 503, {} unanswered, {} messages repeated",
            overload.calls.answered, overload.answer.p99_ms, overload.calls.unanswered, overload.repeated
        );
        let others = overload.calls.begun - overload.calls.answered - refused;
        let told = overload.calls.with_retry_after == refused;
        let theirs = peer.and_then(|it| it.overload.as_ref()).map(|step| {
            let refused: u64 = step.calls.refused.values().sum();
            let (answered, p99) = (step.calls.answered, step.answer.p99_ms);
            format!("{answered} answered (p99 {p99:.0} ms), {refused} refused, {} unanswered", step.calls.unanswered)
        });
        let measure = format!("calls: above capacity, {}/s", overload.per_second);
        rows.push(
            Row::new(&measure, "answered, or 503 with Retry-After; nothing repeated".into(), text)
                .beside(theirs.map(|text| (text, 0.0)), 0.0)
                .reached(others == 0 && told && overload.repeated == 0),
        );
    }
    rows
}
