//! What becomes of an entry by a change (I-8).

use nohold_model::{AgentKey, AttemptId, CallId, CallResult, MessageId, Millis, Timestamp};

use super::agreement::{follow_up, outlives, take_back};
use super::outcome::say_outcome;
use super::{Actor, Attempt, Change, CloseReason, Entry, Heard, Refusal, State, Target, Window};
use crate::directory::Site;
use crate::hours::Moment;

/// An attempt that may have been sent is not repeated before its ring time and this, within which a callback that waits for
/// the store still dials.
const INTERRUPTED_MARGIN: Millis = Millis::seconds(30);

/// The entry after `change`, or why it stays as it is.
///
/// # Errors
/// A [`Refusal`] when the change does not fit the entry's state. It is total: a change that comes late, twice or for
/// another call is refused and does no harm.
pub fn change(entry: &Entry, site: &Site, at: Timestamp, by: &Actor, change: &Change) -> Result<Entry, Refusal> {
    let mut next = entry.clone();
    match change {
        Change::Claim { agent } => claim(&mut next, site, at, by, agent)?,
        Change::Release => release(&mut next, site, at, by)?,
        Change::Tick => tick(&mut next, site, at)?,
        Change::CallBegan { agent, call, .. } => call_began(&mut next, site, at, by, agent, *call)?,
        Change::CallDropped { call, .. } => call_dropped(&mut next, site, at, *call)?,
        Change::AttemptBegan { attempt, call } => attempt_began(&mut next, site, at, *attempt, *call)?,
        Change::AttemptEnded { attempt, result, sent } => attempt_ended(&mut next, site, at, *attempt, *result, *sent)?,
        Change::Answered { attempt } => answered(&mut next, at, *attempt)?,
        Change::TalkEnded { attempt, talked, broken } => talk_ended(&mut next, site, at, *attempt, *talked, *broken)?,
        Change::Outcome(outcome) => say_outcome(&mut next, site, at, by, outcome)?,
        Change::Served => end_without_call(&mut next, at, CloseReason::Served)?,
        Change::FollowUp(agreed) => follow_up(&mut next, at, agreed, by)?,
        Change::FollowUpTakenBack { call, .. } => take_back(&mut next, at, by, *call)?,
        Change::Cancel => cancel(&mut next, at, by)?,
        Change::Prioritise { priority } => prioritise(&mut next, by, *priority)?,
        Change::Reassign { target, agent } => reassign(&mut next, by, target.as_ref(), agent.as_ref())?,
        Change::Reopen => reopen(&mut next, at)?,
        Change::TakeBackServed => take_back_served(&mut next, site, at)?,
        Change::Acknowledge => acknowledge(&mut next)?,
        Change::Heard { message } => hear(&mut next, at, by, *message)?,
        Change::AllowMoreAttempts => allow_more_attempts(&mut next, at, by)?,
    }
    if next.state == State::Waiting && entry.state != State::Waiting {
        next.waiting_since = Some(at);
    }
    next.agreement.take_if(|_| !outlives(change, &entry.state));
    next.version += 1;
    Ok(next)
}

/// So long after an entry closed as served that can be taken back (AT-14).
pub const SERVED_TAKEN_BACK_WITHIN: Millis = Millis::hours(24);

fn claim(entry: &mut Entry, site: &Site, at: Timestamp, by: &Actor, agent: &AgentKey) -> Result<(), Refusal> {
    if !may_act_for(by, agent) {
        return Err(Refusal::NotAllowed);
    }
    match &entry.state {
        State::Waiting => {}
        State::Claimed { agent: holder, call: None, .. } if holder == agent => {}
        State::Noting { agent: holder, .. } if holder == agent => return Err(Refusal::NoOutcomeYet),
        State::Claimed { agent: holder, .. }
        | State::Attempting { agent: holder, .. }
        | State::Talking { agent: holder, .. }
            if holder == agent =>
        {
            return Err(Refusal::InCall);
        }
        State::Claimed { agent: holder, .. }
        | State::Attempting { agent: holder, .. }
        | State::Talking { agent: holder, .. }
        | State::Noting { agent: holder, .. } => return Err(Refusal::HeldBy(holder.clone())),
        State::Closed { .. } => return Err(Refusal::Closed),
    }
    entry.state = State::Claimed { agent: agent.clone(), until: at + site.claim_for, call: None };
    Ok(())
}

fn release(entry: &mut Entry, site: &Site, at: Timestamp, by: &Actor) -> Result<(), Refusal> {
    match &entry.state {
        State::Claimed { agent, call: None, .. } if may_act_for(by, agent) => entry.state = State::Waiting,
        State::Claimed { call: Some(_), .. } | State::Attempting { .. } | State::Talking { .. } => {
            return Err(Refusal::InCall);
        }
        State::Claimed { agent, .. } => return Err(Refusal::HeldBy(agent.clone())),
        State::Noting { agent, broken: false, .. } if may_act_for(by, agent) => {
            // They have talked, and somebody else shall go on.
            keep_for_another_round(entry, at);
            entry.state = State::Waiting;
        }
        State::Noting { agent, broken: true, .. } if may_act_for(by, agent) => wait_after_broken_line(entry, site, at),
        State::Noting { agent, .. } => return Err(Refusal::HeldBy(agent.clone())),
        State::Waiting => return Err(Refusal::NotClaimed),
        State::Closed { .. } => return Err(Refusal::Closed),
    }
    Ok(())
}

/// Whoever was cut short while talking has not called again, and others may. Where that was the last attempt of the plan, a
/// person who picked up is worth another round; the limit of the number holds all the same.
fn wait_after_broken_line(entry: &mut Entry, site: &Site, at: Timestamp) {
    if matches!(entry.state, State::Noting { called_again: true, .. }) {
        keep_for_another_round(entry, at);
    } else if entry.is_used_up(&site.retry_plan) {
        entry.begin_new_round();
    }
    entry.state = State::Waiting;
}

pub(super) fn keep_for_another_round(entry: &mut Entry, at: Timestamp) {
    entry.begin_new_round();
    entry.due = entry.due_again(at);
}

pub(super) fn may_act_for(by: &Actor, holder: &AgentKey) -> bool {
    match by {
        Actor::Agent(agent) => agent == holder,
        Actor::Supervisor(_) | Actor::System => true,
        Actor::Customer => false,
    }
}

fn tick(entry: &mut Entry, site: &Site, at: Timestamp) -> Result<(), Refusal> {
    if entry.ticks_at(site).is_none_or(|due| at < due) {
        return Err(Refusal::Stale);
    }
    match entry.state {
        State::Waiting => entry.state = State::Closed { reason: CloseReason::Expired, at },
        State::Noting { broken: false, called_again: false, .. } => {
            entry.state = State::Closed { reason: CloseReason::Done, at };
        }
        State::Noting { broken: false, called_again: true, .. } => {
            keep_for_another_round(entry, at);
            entry.state = State::Waiting;
        }
        State::Noting { broken: true, .. } => wait_after_broken_line(entry, site, at),
        State::Claimed { .. } | State::Attempting { .. } | State::Talking { .. } | State::Closed { .. } => {
            entry.state = State::Waiting;
        }
    }
    Ok(())
}

fn call_began(
    entry: &mut Entry,
    site: &Site,
    at: Timestamp,
    by: &Actor,
    agent: &AgentKey,
    call: CallId,
) -> Result<(), Refusal> {
    // An agent who was cut short while talking may call again at once; the outcome is then of the later call.
    if let State::Noting { agent: holder, broken: true, .. } = &entry.state
        && holder == agent
    {
        wait_after_broken_line(entry, site, at);
    }
    claim(entry, site, at, by, agent)?;
    if at < entry.not_before {
        return Err(Refusal::TooSoon { until: Moment::new(entry.not_before, &site.zone) });
    }
    if entry.is_used_up(&site.retry_plan) {
        return Err(Refusal::NoAttemptsLeft);
    }
    entry.state = State::Claimed { agent: agent.clone(), until: at + site.claim_for, call: Some(call) };
    Ok(())
}

fn call_dropped(entry: &mut Entry, site: &Site, at: Timestamp, call: CallId) -> Result<(), Refusal> {
    match &entry.state {
        State::Claimed { call: Some(dialling), .. } if *dialling == call => entry.state = State::Waiting,
        State::Attempting { call: dialling, .. } if *dialling == call => {
            let last = entry.attempts.last().map(|attempt| attempt.id);
            if let Some(attempt) = last {
                return attempt_ended(entry, site, at, attempt, CallResult::Interrupted, false);
            }
            entry.state = State::Waiting;
        }
        State::Waiting
        | State::Claimed { .. }
        | State::Attempting { .. }
        | State::Talking { .. }
        | State::Noting { .. }
        | State::Closed { .. } => return Err(Refusal::Stale),
    }
    Ok(())
}

fn attempt_began(
    entry: &mut Entry,
    site: &Site,
    at: Timestamp,
    attempt: AttemptId,
    call: CallId,
) -> Result<(), Refusal> {
    let State::Claimed { agent, call: Some(dialling), .. } = &entry.state else { return Err(Refusal::Stale) };
    if *dialling != call {
        return Err(Refusal::Stale);
    }
    if entry.is_used_up(&site.retry_plan) {
        return Err(Refusal::NoAttemptsLeft);
    }
    let agent = agent.clone();
    entry.attempts.push(Attempt {
        id: attempt,
        call,
        agent: agent.clone(),
        began: at,
        ended: None,
        counted: true,
        talked: Millis::ZERO,
    });
    entry.state = State::Attempting { agent, call };
    Ok(())
}

/// The attempt with this id while it is still going on.
fn live_attempt(entry: &mut Entry, id: AttemptId) -> Result<&mut Attempt, Refusal> {
    entry.attempts.iter_mut().find(|attempt| attempt.id == id && attempt.ended.is_none()).ok_or(Refusal::Stale)
}

fn attempt_ended(
    entry: &mut Entry,
    site: &Site,
    at: Timestamp,
    id: AttemptId,
    result: CallResult,
    sent: bool,
) -> Result<(), Refusal> {
    if !matches!(entry.state, State::Attempting { .. }) {
        return Err(Refusal::Stale);
    }
    let attempt = live_attempt(entry, id)?;
    attempt.ended = Some((at, result));
    attempt.counted = sent;
    let retry_at = match (result, sent) {
        (_, false) => at,
        (CallResult::Interrupted, true) => at.max(may_ring_until(attempt.began, site)),
        (_, true) => at + site.retry_plan.gap_after(result),
    };
    back_to_waiting(entry, site, at, retry_at, result);
    Ok(())
}

/// Until when a phone may ring at which we have begun to ring at `began`, though nobody on our side listens any more.
pub(crate) fn may_ring_until(began: Timestamp, site: &Site) -> Timestamp {
    began + site.ring_customer_for + INTERRUPTED_MARGIN
}

/// A failed attempt: the entry waits again, or the plan has come to its end. The place stays.
pub(super) fn back_to_waiting(entry: &mut Entry, site: &Site, at: Timestamp, retry_at: Timestamp, result: CallResult) {
    let plan = &site.retry_plan;
    // The gap holds for a closed entry too: it may be reopened.
    entry.not_before = retry_at;
    entry.due = retry_at;
    if entry.is_used_up(plan) || plan.final_results.contains(&result) {
        entry.state = State::Closed { reason: CloseReason::Unreachable, at };
        entry.acknowledged = false;
        return;
    }
    entry.state = State::Waiting;
    if let Some(request) = &mut entry.request
        && retry_at > at
    {
        let promise = site.promise.retry(retry_at);
        request.promise = Window { from: promise.from, to: promise.to };
    }
}

fn answered(entry: &mut Entry, at: Timestamp, id: AttemptId) -> Result<(), Refusal> {
    let State::Attempting { agent, call } = entry.state.clone() else { return Err(Refusal::Stale) };
    live_attempt(entry, id)?.ended = Some((at, CallResult::Answered));
    entry.state = State::Talking { agent, call };
    Ok(())
}

fn talk_ended(
    entry: &mut Entry,
    site: &Site,
    at: Timestamp,
    id: AttemptId,
    talked: Millis,
    broken: bool,
) -> Result<(), Refusal> {
    let State::Talking { agent, call } = entry.state.clone() else { return Err(Refusal::Stale) };
    let attempt = entry.attempts.iter_mut().find(|attempt| attempt.id == id).ok_or(Refusal::Stale)?;
    attempt.talked = talked;
    // What they have agreed upon meanwhile is a new wish, which the outcome of this conversation does not settle.
    let agreed = entry.request.as_ref().is_some_and(|request| request.agreed_in == Some(call));
    entry.state = State::Noting { agent, until: at + site.claim_for, broken, called_again: agreed };
    if broken && !agreed {
        // The customer expects us at once; whoever is quickest may do it when the agent does not.
        entry.due = at;
        entry.not_before = at;
    }
    Ok(())
}

/// It is over without a callback. One that is under way ends by its own outcome.
pub(super) fn end_without_call(entry: &mut Entry, at: Timestamp, reason: CloseReason) -> Result<(), Refusal> {
    match entry.state {
        State::Waiting | State::Claimed { call: None, .. } | State::Noting { .. } => {
            entry.state = State::Closed { reason, at };
            Ok(())
        }
        State::Claimed { .. } | State::Attempting { .. } | State::Talking { .. } => Err(Refusal::InCall),
        State::Closed { .. } => Err(Refusal::Closed),
    }
}

fn prioritise(entry: &mut Entry, by: &Actor, priority: u8) -> Result<(), Refusal> {
    if !matches!(by, Actor::Supervisor(_) | Actor::System) {
        return Err(Refusal::NotAllowed);
    }
    if !entry.is_open() {
        return Err(Refusal::Closed);
    }
    entry.priority = priority;
    Ok(())
}

fn reassign(entry: &mut Entry, by: &Actor, target: Option<&Target>, agent: Option<&AgentKey>) -> Result<(), Refusal> {
    if !matches!(by, Actor::Supervisor(_) | Actor::System) {
        return Err(Refusal::NotAllowed);
    }
    match &entry.state {
        State::Waiting | State::Claimed { call: None, .. } => entry.state = State::Waiting,
        State::Claimed { .. } | State::Attempting { .. } | State::Talking { .. } => return Err(Refusal::InCall),
        State::Noting { agent, .. } => return Err(Refusal::HeldBy(agent.clone())),
        State::Closed { .. } => return Err(Refusal::Closed),
    }
    if let Some(target) = target {
        entry.target = target.clone();
    }
    entry.assigned = agent.cloned();
    Ok(())
}

/// The customer takes the wish back, or staff do; an agent not over the head of another.
fn cancel(entry: &mut Entry, at: Timestamp, by: &Actor) -> Result<(), Refusal> {
    if let (Actor::Agent(agent), Some(holder)) = (by, entry.holder())
        && agent != holder
    {
        return Err(Refusal::HeldBy(holder.clone()));
    }
    end_without_call(entry, at, CloseReason::Cancelled)
}

fn reopen(entry: &mut Entry, at: Timestamp) -> Result<(), Refusal> {
    if entry.is_open() {
        return Err(Refusal::Open);
    }
    entry.state = State::Waiting;
    entry.due = at.max(entry.not_before);
    entry.begin_new_round();
    Ok(())
}

/// It closed because the customer was served in another call, and somebody knows better: place, due time and attempts are as
/// they were. Where there were enough of them, the retry plan begins again, as for whoever reopens it.
fn take_back_served(entry: &mut Entry, site: &Site, at: Timestamp) -> Result<(), Refusal> {
    match entry.state {
        State::Closed { reason: CloseReason::Served, at: closed } if at.since(closed) <= SERVED_TAKEN_BACK_WITHIN => {
            entry.state = State::Waiting;
            if entry.is_used_up(&site.retry_plan) {
                entry.begin_new_round();
            }
            Ok(())
        }
        State::Closed { .. } => Err(Refusal::NotServedNow),
        State::Waiting
        | State::Claimed { .. }
        | State::Attempting { .. }
        | State::Talking { .. }
        | State::Noting { .. } => Err(Refusal::Open),
    }
}

/// Of what was seen already nobody is told anew; of an entry that is worked on again there is nothing to see.
fn acknowledge(entry: &mut Entry) -> Result<(), Refusal> {
    match entry.state {
        State::Closed { reason: CloseReason::Unreachable, .. } if !entry.acknowledged => {
            entry.acknowledged = true;
            Ok(())
        }
        State::Closed { .. } => Err(Refusal::Closed),
        State::Waiting
        | State::Claimed { .. }
        | State::Attempting { .. }
        | State::Talking { .. }
        | State::Noting { .. } => Err(Refusal::Open),
    }
}

/// The first who listens is remembered; a message that is not here, or was heard before, changes nothing.
fn hear(entry: &mut Entry, at: Timestamp, by: &Actor, message: MessageId) -> Result<(), Refusal> {
    let (Actor::Agent(who) | Actor::Supervisor(who)) = by else { return Err(Refusal::NotAllowed) };
    let known = entry.heard.iter().any(|heard| heard.message == message);
    if known || !entry.messages.contains(&message) {
        return Err(Refusal::Stale);
    }
    entry.heard.push(Heard { message, by: who.clone(), at });
    Ok(())
}

fn allow_more_attempts(entry: &mut Entry, at: Timestamp, by: &Actor) -> Result<(), Refusal> {
    if !matches!(by, Actor::Supervisor(_)) {
        return Err(Refusal::NotAllowed);
    }
    if !entry.is_open() {
        return Err(Refusal::Closed);
    }
    entry.more_attempts_from = Some(at);
    entry.begin_new_round();
    Ok(())
}
