//! How the lines look from a call: the place, the wait, and what may be promised by it.

use std::collections::BTreeMap;

use nohold_flow::{Builtin, Promise as Told, WaitToSay};
use nohold_model::{CallId, Millis, QueueKey, Spoken, Timestamp};

use super::World;
use crate::directory::Queue;
use crate::entry::{Target, Window};
use crate::wait::{Correction, LineAhead, PromiseRequest};

/// Promises made further ahead than this are told by the clock, not by a length of time.
const TOLD_AS_LENGTH: Millis = Millis::hours(2);

/// The lines of all queues, as they were a moment ago.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lines(BTreeMap<QueueKey, Line>);

/// One queue's line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    /// The callers, first to last.
    pub callers: Vec<CallId>,
    /// The ends of the promises given to open requests of this line.
    pub promised: Vec<Timestamp>,
    /// Agents of the queue who are signed in.
    pub agents: u32,
    /// Agents of the queue in all.
    pub usual_agents: u32,
}

static EMPTY: Line = Line { callers: Vec::new(), promised: Vec::new(), agents: 0, usual_agents: 0 };

impl Lines {
    /// The lines of these queues.
    #[must_use]
    pub fn new(lines: BTreeMap<QueueKey, Line>) -> Self {
        Lines(lines)
    }

    /// The line of a queue.
    #[must_use]
    pub fn of(&self, queue: &QueueKey) -> &Line {
        self.0.get(queue).unwrap_or(&EMPTY)
    }
}

impl Line {
    /// How many callers stand in it.
    #[must_use]
    pub fn length(&self) -> u32 {
        count(self.callers.len())
    }

    /// A caller's position, counted from one.
    #[must_use]
    pub fn position(&self, call: CallId) -> Option<u32> {
        self.callers.iter().position(|other| *other == call).map(|before| count(before).saturating_add(1))
    }

    /// What stands before this caller.
    fn ahead(&self, call: Option<CallId>, queue: &Queue) -> LineAhead {
        let position = call.and_then(|call| self.position(call));
        LineAhead {
            agents: self.agents,
            aht: queue.handling_time,
            patience: queue.patience,
            live_ahead: position.map_or(self.length(), |position| position - 1),
            requests_ahead: self.requests(),
        }
    }

    fn requests(&self) -> u32 {
        count(self.promised.len())
    }
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// The wait that a caller is told.
pub(super) fn wait(call: CallId, queue: &Queue, world: World<'_>) -> Option<WaitToSay> {
    let estimate = world.lines.of(&queue.key).ahead(Some(call), queue).estimate()?;
    match estimate.spoken() {
        Spoken::WaitUnder { minutes } => Some(WaitToSay::Under { minutes }),
        Spoken::WaitBetween { from_minutes, to_minutes } => Some(WaitToSay::Between { from_minutes, to_minutes }),
        Spoken::Prompt(_)
        | Spoken::Digits(_)
        | Spoken::Number(_)
        | Spoken::Position(_)
        | Spoken::Soon
        | Spoken::SoonBy { .. }
        | Spoken::Window { .. }
        | Spoken::Tone
        | Spoken::AgentNumber(_) => None,
    }
}

/// What a waiting caller hears of place and wait.
pub(super) fn place_and_wait(call: CallId, queue: &Queue, world: World<'_>) -> Vec<Spoken> {
    let mut what = Vec::new();
    if let Some(position) = world.lines.of(&queue.key).position(call) {
        what.extend(Builtin::SayPosition.by_default());
        what.push(Spoken::Position(position));
    }
    if let Some(estimate) = world.lines.of(&queue.key).ahead(Some(call), queue).estimate() {
        what.extend(Builtin::SayWait.by_default());
        what.push(estimate.spoken());
    }
    what
}

/// The window that is promised to who asks at `at`, by the line it joins and the hours it may be called in.
#[must_use]
pub fn promise(target: &Target, came_from: Option<&QueueKey>, at: Timestamp, world: World<'_>) -> Window {
    let directory = world.directory;
    let queue = came_from.and_then(|key| directory.queue(key)).or_else(|| directory.queue_for(target));
    let calendar = directory.calendar_of(target);
    let line = queue.map_or(&EMPTY, |queue| world.lines.of(&queue.key));
    let ahead = queue.map_or_else(
        || LineAhead {
            agents: 0,
            aht: crate::wait::DEFAULT_AHT,
            patience: crate::wait::DEFAULT_PATIENCE,
            live_ahead: 0,
            requests_ahead: 0,
        },
        |queue| line.ahead(None, queue),
    );
    let request = PromiseRequest {
        at,
        line: ahead,
        correction: Correction::NONE,
        pending: line.requests(),
        calendar,
        usual_agents: line.usual_agents,
        promised: &line.promised,
    };
    match directory.site.promise.promise(&request) {
        Some(promise) => Window { from: promise.from, to: promise.to },
        // A calendar that never opens again: the day after tomorrow is a promise that staff can still mend.
        None => Window { from: at + Millis::hours(24), to: at + Millis::hours(48) },
    }
}

/// A window in the flow's words: by its length where it begins now, by the clock otherwise.
pub(super) fn told(window: Window, at: Timestamp, world: World<'_>) -> Told {
    let length = window.to.since(at);
    if window.from <= at && length <= TOLD_AS_LENGTH {
        let minutes = length.as_millis().div_ceil(60_000);
        Told::Within { minutes: u32::try_from(minutes).unwrap_or(u32::MAX).max(1) }
    } else {
        Told::Window { from: window.from, to: window.to, zone: world.directory.site.zone.name().to_owned() }
    }
}
