//! What must hold between the rows, the running calls and the world outside.

use std::collections::{BTreeMap, BTreeSet};

use nohold_app::LiveCall;
use nohold_core::agent::{Agent, Mode};
use nohold_core::directory::{Directory, Queue};
use nohold_core::entry::State;
use nohold_core::tables::Tables;
use nohold_model::{AgentKey, CallId, LegId, Millis, PhoneNumber, Timestamp};

use super::{Commits, Violation};

/// News between the store and a call are under way this long at most, while the store is fine.
const NEWS: Millis = Millis::seconds(8);
/// I-4: nobody waits beside a fitting free agent for longer than this.
const IDLE_BESIDE_WAITING: Millis = Millis::seconds(2);

/// Looks after every step.
#[derive(Debug, Default)]
pub struct Steps {
    /// What has been seen to be wrong, since when; it is a violation when it stays so.
    suspicions: BTreeMap<String, (Timestamp, &'static str, Millis)>,
    /// The store was not fine until then: everything may be late.
    excused_until: Timestamp,
    was_disturbed: bool,
}

/// What there is to look at.
pub struct Sight<'a> {
    /// The time.
    pub now: Timestamp,
    /// The rows.
    pub tables: &'a Tables,
    /// What the commits have shown.
    pub commits: &'a Commits,
    /// Customers' phones that ring or talk, because of us.
    pub dialled: &'a BTreeMap<PhoneNumber, BTreeSet<LegId>>,
    /// What is configured.
    pub directory: &'a Directory,
    /// The calls that are being driven; nothing while the process is down.
    pub calls: Option<&'a BTreeMap<CallId, LiveCall>>,
    /// Agents who are on the phone with a star code.
    pub at_codes: &'a BTreeSet<AgentKey>,
    /// The store answers.
    pub store_is_fine: bool,
}

impl Steps {
    /// Looks at everything; what does not hold, and has not for too long.
    pub fn look(&mut self, sight: &Sight<'_>) -> Vec<Violation> {
        let disturbed = !sight.store_is_fine || sight.calls.is_none();
        if disturbed || std::mem::replace(&mut self.was_disturbed, disturbed) {
            self.was_disturbed = disturbed;
            self.excused_until = sight.now + NEWS;
            self.suspicions.clear();
        }
        let mut violations = rows_agree(sight.tables);
        let mut suspicions = Vec::new();
        if let Some(calls) = sight.calls {
            suspicions.extend(calls_agree(sight.tables, calls));
        }
        suspicions.extend(nobody_idle(sight));
        suspicions.extend(numbers_are_held(sight));
        suspicions.extend(nothing_overdue(sight));
        self.keep(sight.now, suspicions, &mut violations);
        violations
    }

    fn keep(
        &mut self,
        now: Timestamp,
        suspicions: Vec<(&'static str, String, Millis)>,
        violations: &mut Vec<Violation>,
    ) {
        let excused = now < self.excused_until;
        let mut kept = BTreeMap::new();
        for (invariant, what, patience) in suspicions {
            let since = self.suspicions.get(&what).map_or(now, |(since, ..)| *since);
            if !excused && now.since(since) > patience {
                violations.push(Violation { invariant, what: what.clone() });
            }
            kept.insert(what, (if excused { now } else { since }, invariant, patience));
        }
        self.suspicions = kept;
    }
}

/// I-2 and I-3, as far as the rows alone can tell: who is held is held by a call that lives.
fn rows_agree(tables: &Tables) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut broken = |invariant, what| violations.push(Violation { invariant, what });
    for agent in tables.agents.values() {
        if let Some(call) = agent.call()
            && !tables.calls.contains_key(&call)
        {
            broken("I-3", format!("{} is held by {call}, which is over", agent.key));
        }
        if let Some(offer) = agent.offer()
            && tables.offers.get(&offer).is_none_or(|offer| offer.ended.is_some())
        {
            broken("I-2", format!("{} is held by {offer}, which has ended", agent.key));
        }
    }
    for offer in tables.all_live_offers() {
        if tables.agents.get(&offer.agent).and_then(|agent| agent.offer()) != Some(offer.id) {
            broken("I-2", format!("{} is live, and {} does not know of it", offer.id, offer.agent));
        }
        if !tables.calls.contains_key(&offer.call) {
            broken("I-3", format!("{} offers {}, which is over", offer.id, offer.call));
        }
    }
    for call in tables.waiting.keys() {
        if !tables.calls.contains_key(call) {
            broken("I-3", format!("{call} stands in line and is over"));
        }
    }
    violations
}

/// I-1 and I-2, between the rows and the running calls: they agree once the call has nothing uncommitted.
fn calls_agree(tables: &Tables, calls: &BTreeMap<CallId, LiveCall>) -> Vec<(&'static str, String, Millis)> {
    let mut suspicions = Vec::new();
    let mut holders: BTreeMap<AgentKey, Vec<CallId>> = BTreeMap::new();
    for (id, live) in calls {
        for agent in live.agents() {
            holders.entry(agent).or_default().push(*id);
        }
    }
    for (agent, by) in &holders {
        if by.len() > 1 {
            suspicions.push(("I-1", format!("{agent} is in several calls: {by:?}"), Millis::seconds(3)));
        }
        for call in by {
            let held = tables.agents.get(agent).and_then(nohold_core::agent::Agent::call);
            if held != Some(*call) {
                suspicions.push(("I-2", format!("{call} has {agent}, who is held by {held:?}"), NEWS));
            }
        }
    }
    for agent in tables.agents.values() {
        if let Some(call) = agent.call()
            && !holders.get(&agent.key).is_some_and(|by| by.contains(&call))
        {
            suspicions.push(("I-2", format!("{} is held by {call}, which does not have them", agent.key), NEWS));
        }
    }
    for id in tables.calls.keys().filter(|id| !calls.contains_key(id)) {
        suspicions.push(("I-9", format!("{id} lives in the store and is driven by nobody"), NEWS + NEWS));
    }
    suspicions
}

/// I-4: no caller waits who could be connected while a fitting agent is free.
fn nobody_idle(sight: &Sight<'_>) -> Vec<(&'static str, String, Millis)> {
    let mut suspicions = Vec::new();
    for row in sight.tables.waiting.values().filter(|row| row.connectable) {
        let Some(queue) = sight.directory.queue(&row.queue) else { continue };
        if sight.tables.all_live_offers().any(|offer| offer.call == row.call) {
            continue;
        }
        // Nobody is offered the own call.
        let others = sight.tables.agents.values().filter(|agent| row.caller.as_ref() != Some(&agent.key));
        if others.into_iter().any(|agent| is_idle_in(queue, agent, sight)) {
            let what = format!("{} waits in {} while somebody is available", row.call, row.queue);
            suspicions.push(("I-4", what, IDLE_BESIDE_WAITING));
        }
    }
    suspicions
}

/// An agent of the queue's groups who has chosen to take calls, is in none, has nothing to write, and has not failed to
/// take an offer a moment ago, nor is on the phone with a star code.
fn is_idle_in(queue: &Queue, agent: &Agent, sight: &Sight<'_>) -> bool {
    let serves = queue
        .groups
        .iter()
        .any(|group| sight.directory.groups.get(group).is_some_and(|group| group.agents.contains(&agent.key)));
    let paused = sight.commits.pauses.get(&agent.key).is_some_and(|until| sight.now < *until)
        || sight.at_codes.contains(&agent.key);
    serves && agent.mode == Mode::Available && agent.engagement.is_none() && agent.wrap_up.is_none() && !paused
}

/// I-7: a customer's phone that rings or talks because of us is held; what is held, by a call that lives.
fn numbers_are_held(sight: &Sight<'_>) -> Vec<(&'static str, String, Millis)> {
    let mut suspicions = Vec::new();
    for (number, legs) in sight.dialled.iter().filter(|(_, legs)| !legs.is_empty()) {
        if !sight.tables.holds.keys().any(|(held, _)| held == number) {
            suspicions.push(("I-7", format!("{number:?} is in use by {legs:?} and not held"), NEWS));
        }
    }
    for hold in sight.tables.holds.values().filter(|hold| hold.until.is_none()) {
        if !sight.tables.calls.contains_key(&hold.call) {
            suspicions.push(("I-3", format!("{:?} is held by {}, which is over", hold.number, hold.call), NEWS));
        }
    }
    suspicions
}

/// I-8 and I-4: a claim, the time to write an outcome and a wrap-up end by themselves.
fn nothing_overdue(sight: &Sight<'_>) -> Vec<(&'static str, String, Millis)> {
    let mut suspicions = Vec::new();
    for entry in sight.tables.entries.values() {
        if let State::Claimed { until, call: None, .. } | State::Noting { until, .. } = entry.state
            && sight.now > until
        {
            suspicions.push(("I-8", format!("{} is held beyond {until:?}", entry.id), NEWS));
        }
    }
    for agent in sight.tables.agents.values() {
        if let Some(until) = agent.wrap_up_ends().filter(|until| sight.now > *until) {
            suspicions.push(("I-4", format!("{} is in wrap-up beyond {until:?}", agent.key), NEWS));
        }
    }
    suspicions
}
