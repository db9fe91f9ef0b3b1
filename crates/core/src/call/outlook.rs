//! How the lines look from a call: the place, the wait, and what may be promised by it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use nohold_flow::{Builtin, Promise as Told, WaitToSay};
use nohold_model::{AgentKey, CallId, Millis, PhoneNumber, QueueKey, Spoken, Timestamp};

use super::World;
use crate::directory::{Directory, Queue};
use crate::entry::{Target, Window};
use crate::wait::{Correction, Interval, LineAhead, PromisePolicy, PromiseRequest};

/// Promises made further ahead than this are told by the clock, not by a length of time.
const TOLD_AS_LENGTH: Millis = Millis::hours(2);

/// The lines of all queues, as they were a moment ago.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lines {
    lines: BTreeMap<QueueKey, Line>,
    /// The agents who are signed in.
    signed_in: BTreeSet<AgentKey>,
    /// The ends of the promises given to open requests, in order, by whose they are. A request that is made asks for them, so they
    /// are put together once for all looks at many of them.
    promised: Arc<BTreeMap<Target, Vec<Timestamp>>>,
}

/// One queue's line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    /// The callers, first to last.
    pub callers: Vec<CallId>,
    /// Open requests of this line.
    pub requests: u32,
    /// Agents of the queue who are signed in.
    pub agents: u32,
    /// Agents of the queue in all.
    pub usual_agents: u32,
}

static EMPTY: Line = Line { callers: Vec::new(), requests: 0, agents: 0, usual_agents: 0 };

impl Lines {
    /// The lines of these queues.
    #[must_use]
    pub fn new(lines: BTreeMap<QueueKey, Line>) -> Self {
        Lines { lines, ..Lines::default() }
    }

    /// With the agents who are signed in, and the open requests.
    #[must_use]
    pub fn with_work(self, signed_in: BTreeSet<AgentKey>, promised: Promised) -> Self {
        Lines { signed_in, promised: promised.0, ..self }
    }

    /// How long somebody would wait, in seconds, who came into this queue now; nothing where nobody serves it.
    #[must_use]
    pub fn wait_of_newcomer(&self, queue: &Queue) -> Option<Interval> {
        Some(self.of(&queue.key).ahead(None, queue).estimate()?.interval())
    }

    /// The line of a queue.
    #[must_use]
    pub fn of(&self, queue: &QueueKey) -> &Line {
        self.lines.get(queue).unwrap_or(&EMPTY)
    }
}

/// The ends of the promises given to open requests, by whose they are. Clones are the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Promised(Arc<BTreeMap<Target, Vec<Timestamp>>>);

impl Promised {
    /// Those of these requests: whose each is, and the end of what was promised.
    #[must_use]
    pub fn of(requests: impl IntoIterator<Item = (Target, Timestamp)>) -> Self {
        let mut all: BTreeMap<Target, Vec<Timestamp>> = BTreeMap::new();
        for (target, until) in requests {
            all.entry(target).or_default().push(until);
        }
        all.values_mut().for_each(|ends| ends.sort_unstable());
        Promised(Arc::new(all))
    }

    /// By whose they are, each in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Target, &[Timestamp])> {
        self.0.iter().map(|(target, ends)| (target, ends.as_slice()))
    }

    /// How many.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.values().map(Vec::len).sum()
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
            requests_ahead: self.requests,
        }
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

/// The window that is promised to who asks now: by the agents who will call, the requests that wait for them, and the hours
/// in which this number may be dialled for them.
#[must_use]
pub fn promise(
    target: &Target,
    number: &PhoneNumber,
    came_from: Option<&QueueKey>,
    at: Timestamp,
    world: World<'_>,
) -> Window {
    let directory = world.directory;
    let agents = target.agents(directory);
    // Live callers go before, where the same agents serve them.
    let serves = |queue: &&Queue| directory.members(queue).any(|member| agents.contains(&member.key));
    let came_from = came_from.and_then(|key| directory.queue(key)).filter(serves);
    let queue = came_from.or_else(|| directory.queue_for(target));
    let lines = world.lines;
    let promised = lines.promised.get(target).map(Vec::as_slice).unwrap_or_default();
    let line = LineAhead {
        agents: count(agents.intersection(&lines.signed_in).count()),
        aht: queue.map_or(crate::wait::DEFAULT_AHT, |queue| queue.handling_time),
        patience: queue.map_or(crate::wait::DEFAULT_PATIENCE, |queue| queue.patience),
        live_ahead: queue.map_or(0, |queue| lines.of(&queue.key).length()),
        requests_ahead: count(promised.len()),
    };
    let mut request = PromiseRequest {
        at,
        line,
        correction: Correction::NONE,
        pending: line.requests_ahead,
        calendar: directory.calendar_of(target),
        usual_agents: count(agents.len()),
        promised,
    };
    for _ in 0..MOST_LOOKS {
        let Some(promise) = directory.site.promise.promise(&request) else { break };
        match inside(Window { from: promise.from, to: promise.to }, number, target, directory) {
            Ok(window) => return window,
            Err(Some(opens)) if opens > request.at => request.at = opens,
            Err(_) => break,
        }
    }
    // Hours that never come again: the day after tomorrow is a promise that staff can still mend.
    Window { from: at + Millis::hours(24), to: at + Millis::hours(48) }
}

/// The window of a callback upon which an agent and the customer have agreed: it begins at that time, however long the list is and
/// whoever is signed in just now. Only where the number may not be dialled for these agents then, it begins when it next may.
#[must_use]
pub fn agreed(target: &Target, number: &PhoneNumber, at: Timestamp, directory: &Directory) -> Window {
    let policy = &directory.site.promise;
    let calendar = directory.calendar_of(target);
    let mut next = at;
    for _ in 0..MOST_LOOKS {
        let Some(from) = calendar.map_or(Some(next), |calendar| calendar.next_opening(next)) else { break };
        let closing = calendar.and_then(|calendar| calendar.next_closing(from));
        let to = policy.round_up(from + policy.shortest);
        let to = closing.map_or(to, |closing| closing.min(to));
        match within_hours(Window { from, to }, Millis::minutes(1), number, target, directory) {
            Ok(window) => return window,
            Err(Some(opens)) if opens > from => next = opens,
            Err(_) => break,
        }
    }
    Window { from: at + Millis::hours(24), to: at + Millis::hours(48) }
}

/// The window where the number may not be tried before a moment, in which an earlier attempt is still too fresh: no part of it
/// lies before that. Where too little of it would be left it begins then, as long as it was, in hours in which this customer may
/// be dialled.
pub(crate) fn no_sooner(
    window: Window,
    earliest: Timestamp,
    number: &PhoneNumber,
    target: &Target,
    directory: &Directory,
) -> Window {
    if earliest <= window.from {
        return window;
    }
    // As it is spoken.
    let earliest = PromisePolicy::full_minute(earliest);
    let policy = &directory.site.promise;
    if window.to.since(earliest) >= policy.retry_window {
        return Window { from: earliest, ..window };
    }
    let length = window.to.since(window.from);
    let calendar = directory.calendar_of(target);
    let mut next = earliest;
    for _ in 0..MOST_LOOKS {
        let Some(from) = calendar.map_or(Some(next), |calendar| calendar.next_opening(next)) else { break };
        // In the opening that goes on, what was told moves; of a later one the agents are not known yet.
        let to = policy.round_up(from + if from == earliest { length } else { length.max(policy.window) });
        let closing = calendar.and_then(|calendar| calendar.next_closing(from)).filter(|closing| *closing < to);
        if let Some(closing) = closing.filter(|closing| closing.since(from) < LEAST_REST) {
            next = closing;
            continue;
        }
        match inside(Window { from, to: closing.unwrap_or(to) }, number, target, directory) {
            Ok(window) => return window,
            Err(Some(opens)) if opens > from => next = opens,
            Err(_) => break,
        }
    }
    Window { from: earliest + Millis::hours(24), to: earliest + Millis::hours(48) }
}

/// So many openings are looked at for a window.
const MOST_LOOKS: u32 = 14;
/// A shorter rest of a window is none.
const LEAST_REST: Millis = Millis::minutes(15);

/// The window, cut to the hours at which this customer may be dialled (I-10), or the moment at which the next ones begin.
fn inside(
    window: Window,
    number: &PhoneNumber,
    target: &Target,
    directory: &Directory,
) -> Result<Window, Option<Timestamp>> {
    within_hours(window, LEAST_REST, number, target, directory)
}

/// The same, where a rest that is shorter than `least` is none.
fn within_hours(
    window: Window,
    least: Millis,
    number: &PhoneNumber,
    target: &Target,
    directory: &Directory,
) -> Result<Window, Option<Timestamp>> {
    let forbidden = |at| directory.may_dial_at(number, target, at).err().map(|why| why.until.map(|until| until.at));
    if let Some(opens) = forbidden(window.from) {
        return Err(opens);
    }
    let last = window.to - Millis::minutes(1);
    let Some(opens) = forbidden(last) else { return Ok(window) };
    // The hours end within the window: to the minute, by halves.
    let (mut open, mut closed) = (window.from, last);
    while closed.since(open) > Millis::minutes(1) {
        let middle = open + Millis::new(closed.since(open).as_millis() / 2);
        if forbidden(middle).is_some() { closed = middle } else { open = middle }
    }
    let to = Timestamp::from_millis(closed.as_millis() - closed.as_millis().rem_euclid(60_000));
    if to.since(window.from) >= least { Ok(Window { to, ..window }) } else { Err(opens) }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{at, customer, directory, queue_600};

    /// So many seconds of the hours after ten in the morning, of which the last eleven end with the dialling window.
    const HOUR: i64 = 3_600;

    #[test]
    fn a_time_that_was_agreed_upon_stands_up_to_the_last_minute_in_which_the_number_may_be_dialled() {
        let agreed = |seconds: i64| agreed(&queue_600(), &customer(1), at(seconds), &directory());
        let day = 24 * HOUR;
        for stands in [0, 2 * HOUR, 11 * HOUR - 900, 11 * HOUR - 600, 11 * HOUR - 60, day + 5 * HOUR] {
            let window = agreed(stands);
            assert_eq!(window.from, at(stands));
            let closes = at(stands - stands.rem_euclid(day) + 11 * HOUR);
            assert!(window.from < window.to && window.to <= closes, "{stands}: {window:?}");
        }
        assert_eq!(agreed(0).to, at(900));
        for moves in [11 * HOUR, 12 * HOUR, 18 * HOUR] {
            assert_eq!(agreed(moves).from, at(22 * HOUR), "eight in the morning");
        }
    }
}
