//! What may happen to an entry, and what it is afterwards (I-8).

use nohold_model::{AgentKey, AttemptId, CallId, CallResult, Millis, Timestamp};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Actor, Attempt, CloseReason, Entry, State, Target, Window};
use crate::directory::{RetryPlan, Site};

/// After a retry the customer is promised a fresh window of this length.
const RETRY_WINDOW: Millis = Millis::minutes(10);
/// An attempt that may have been sent is not repeated before its ring time and this.
const INTERRUPTED_MARGIN: Millis = Millis::seconds(30);

/// One change of an entry. Every change stands in its history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// An agent takes it (认领).
    Claim {
        /// Who.
        agent: AgentKey,
    },
    /// The claim is given back (释放).
    Release,
    /// Time has passed: a claim, or the wait for an outcome, may be over.
    Tick,
    /// *Call back* was pressed: the agent's phone is about to ring.
    CallBegan {
        /// Who calls.
        agent: AgentKey,
        /// In which call.
        call: CallId,
    },
    /// The agent's phone did not answer, or the call ended before the customer was dialled: nothing is counted.
    CallDropped {
        /// The call.
        call: CallId,
    },
    /// An attempt is committed; its INVITE may leave from now on.
    AttemptBegan {
        /// The attempt.
        attempt: AttemptId,
        /// In which call.
        call: CallId,
    },
    /// The attempt ended without a conversation.
    AttemptEnded {
        /// The attempt.
        attempt: AttemptId,
        /// How.
        result: CallResult,
        /// Whether the customer's phone may have rung.
        sent: bool,
    },
    /// The customer answered.
    Answered {
        /// The attempt.
        attempt: AttemptId,
    },
    /// The conversation ended.
    TalkEnded {
        /// The attempt.
        attempt: AttemptId,
        /// How long they talked.
        talked: Millis,
        /// The line broke, or the customer's side ended it, before it was a conversation.
        broken: bool,
    },
    /// The agent's word on it after the conversation, or without one.
    Outcome(Outcome),
    /// The customer was served in another call.
    Served,
    /// A supervisor gives it to other agents.
    Reassign {
        /// Another group, if it changes.
        target: Option<Target>,
        /// One agent, if one is chosen.
        agent: Option<AgentKey>,
    },
    /// A closed entry is worked on again.
    Reopen,
}

/// An agent's word on an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is settled.
    Close {
        /// As what.
        reason: CloseReason,
        /// A note for those who read it later.
        note: String,
    },
    /// It stays on the list, due at once.
    Keep {
        /// A note.
        note: String,
    },
    /// It is moved (改约) to a time that was agreed.
    Postpone {
        /// The new window.
        window: Window,
        /// A note.
        note: String,
    },
}

/// Why a change is refused. Nothing has changed then.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// Somebody else has it.
    #[error("{0} has claimed this entry")]
    HeldBy(AgentKey),
    /// It is closed.
    #[error("this entry is closed: reopen it first")]
    Closed,
    /// It is open already.
    #[error("this entry is open already")]
    Open,
    /// Only who has claimed it may do that.
    #[error("claim the entry first")]
    NotClaimed,
    /// A call is going on.
    #[error("a call for this entry is going on: end it first")]
    InCall,
    /// Too early after the last attempt.
    #[error("the last attempt was too recent: try again later")]
    TooSoon {
        /// When it may be tried.
        until: Timestamp,
    },
    /// The retry plan is at its end.
    #[error("all attempts are used up")]
    NoAttemptsLeft,
    /// A window that ends before it begins or lies in the past.
    #[error("choose a time that is still to come")]
    NotInTheFuture,
    /// It belongs to another call or attempt: the input is stale.
    #[error("this belongs to another call")]
    Stale,
    /// This actor may not do that.
    #[error("only a supervisor may do that")]
    NotAllowed,
}

/// The entry after `change`, or why it stays as it is.
///
/// # Errors
/// A [`Refusal`] when the change does not fit the entry's state. It is total: a change that comes late, twice or for
/// another call is refused and does no harm.
pub fn change(entry: &Entry, site: &Site, at: Timestamp, by: &Actor, change: &Change) -> Result<Entry, Refusal> {
    let mut next = entry.clone();
    match change {
        Change::Claim { agent } => claim(&mut next, site, at, agent)?,
        Change::Release => release(&mut next, site, at, by)?,
        Change::Tick => tick(&mut next, site, at)?,
        Change::CallBegan { agent, call } => call_began(&mut next, site, at, agent, *call)?,
        Change::CallDropped { call } => call_dropped(&mut next, site, at, *call)?,
        Change::AttemptBegan { attempt, call } => attempt_began(&mut next, site, at, *attempt, *call)?,
        Change::AttemptEnded { attempt, result, sent } => attempt_ended(&mut next, site, at, *attempt, *result, *sent)?,
        Change::Answered { attempt } => answered(&mut next, at, *attempt)?,
        Change::TalkEnded { attempt, talked, broken } => talk_ended(&mut next, site, at, *attempt, *talked, *broken)?,
        Change::Outcome(outcome) => say_outcome(&mut next, at, by, outcome)?,
        Change::Served => served(&mut next, at)?,
        Change::Reassign { target, agent } => reassign(&mut next, by, target.as_ref(), agent.as_ref())?,
        Change::Reopen => reopen(&mut next, at)?,
    }
    next.version += 1;
    Ok(next)
}

fn claim(entry: &mut Entry, site: &Site, at: Timestamp, agent: &AgentKey) -> Result<(), Refusal> {
    match &entry.state {
        State::Waiting => {}
        State::Claimed { agent: holder, call: None, .. } if holder == agent => {}
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
        State::Noting { agent, .. } if may_act_for(by, agent) => wait_or_give_up(entry, site, at),
        State::Noting { agent, .. } => return Err(Refusal::HeldBy(agent.clone())),
        State::Waiting => return Err(Refusal::NotClaimed),
        State::Closed { .. } => return Err(Refusal::Closed),
    }
    Ok(())
}

/// Back to waiting; where no attempt is left nobody could call, so that is the end of the plan.
fn wait_or_give_up(entry: &mut Entry, site: &Site, at: Timestamp) {
    entry.state = if entry.counted_attempts() >= site.retry_plan.max_attempts {
        State::Closed { reason: CloseReason::Unreachable, at }
    } else {
        State::Waiting
    };
}

fn may_act_for(by: &Actor, holder: &AgentKey) -> bool {
    match by {
        Actor::Agent(agent) => agent == holder,
        Actor::Supervisor(_) | Actor::System => true,
        Actor::Customer => false,
    }
}

fn tick(entry: &mut Entry, site: &Site, at: Timestamp) -> Result<(), Refusal> {
    match entry.state {
        State::Claimed { until, call: None, .. } if at >= until => entry.state = State::Waiting,
        State::Noting { until, broken, .. } if at >= until => {
            if broken {
                wait_or_give_up(entry, site, at);
            } else {
                entry.state = State::Closed { reason: CloseReason::Done, at };
            }
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

fn call_began(entry: &mut Entry, site: &Site, at: Timestamp, agent: &AgentKey, call: CallId) -> Result<(), Refusal> {
    // An agent who was cut short while talking may call again at once; the outcome is then of the later call.
    if let State::Noting { agent: holder, broken: true, .. } = &entry.state
        && holder == agent
    {
        entry.state = State::Waiting;
    }
    claim(entry, site, at, agent)?;
    if at < entry.not_before {
        return Err(Refusal::TooSoon { until: entry.not_before });
    }
    if entry.counted_attempts() >= site.retry_plan.max_attempts {
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
    if entry.counted_attempts() >= site.retry_plan.max_attempts {
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
        (CallResult::Interrupted, true) => at.max(attempt.began + site.ring_customer_for + INTERRUPTED_MARGIN),
        (_, true) => at + site.retry_plan.gap_after(result),
    };
    back_to_waiting(entry, &site.retry_plan, at, retry_at, result);
    Ok(())
}

/// A failed attempt: the entry waits again, or the plan has come to its end. The place stays.
fn back_to_waiting(entry: &mut Entry, plan: &RetryPlan, at: Timestamp, retry_at: Timestamp, result: CallResult) {
    if entry.counted_attempts() >= plan.max_attempts || plan.final_results.contains(&result) {
        entry.state = State::Closed { reason: CloseReason::Unreachable, at };
        return;
    }
    entry.state = State::Waiting;
    entry.not_before = retry_at;
    entry.due = retry_at;
    if let Some(request) = &mut entry.request
        && retry_at > at
    {
        request.promise = Window { from: retry_at, to: retry_at + RETRY_WINDOW };
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
    let State::Talking { agent, .. } = entry.state.clone() else { return Err(Refusal::Stale) };
    let attempt = entry.attempts.iter_mut().find(|attempt| attempt.id == id).ok_or(Refusal::Stale)?;
    attempt.talked = talked;
    entry.state = State::Noting { agent, until: at + site.claim_for, broken };
    if broken {
        // The customer expects us at once; whoever is quickest may do it when the agent does not.
        entry.due = at;
        entry.not_before = at;
    }
    Ok(())
}

fn say_outcome(entry: &mut Entry, at: Timestamp, by: &Actor, outcome: &Outcome) -> Result<(), Refusal> {
    match &entry.state {
        State::Claimed { call: Some(_), .. } | State::Attempting { .. } | State::Talking { .. } => {
            return Err(Refusal::InCall);
        }
        State::Claimed { agent, call: None, .. } | State::Noting { agent, .. } if may_act_for(by, agent) => {}
        State::Claimed { agent, .. } | State::Noting { agent, .. } => return Err(Refusal::HeldBy(agent.clone())),
        // Closing or moving an entry that nobody has claimed is the same click for whoever sees it.
        State::Waiting => {}
        State::Closed { .. } => return Err(Refusal::Closed),
    }
    let talked = matches!(entry.state, State::Noting { .. });
    if talked && !matches!(outcome, Outcome::Close { .. }) {
        entry.begin_new_round();
    }
    let note = match outcome {
        Outcome::Close { reason, note } => {
            entry.state = State::Closed { reason: *reason, at };
            note
        }
        Outcome::Keep { note } => {
            entry.state = State::Waiting;
            entry.due = at.max(entry.not_before);
            note
        }
        Outcome::Postpone { window, note } => {
            if window.to <= at || window.from > window.to {
                return Err(Refusal::NotInTheFuture);
            }
            entry.state = State::Waiting;
            entry.due = window.from.max(entry.not_before);
            if let Some(request) = &mut entry.request {
                request.promise = *window;
            }
            note
        }
    };
    if !note.is_empty() {
        entry.note.clone_from(note);
    }
    Ok(())
}

fn served(entry: &mut Entry, at: Timestamp) -> Result<(), Refusal> {
    match entry.state {
        State::Waiting | State::Claimed { call: None, .. } | State::Noting { .. } => {
            entry.state = State::Closed { reason: CloseReason::Served, at };
            Ok(())
        }
        // A callback that is under way ends by its own outcome.
        State::Claimed { .. } | State::Attempting { .. } | State::Talking { .. } => Err(Refusal::InCall),
        State::Closed { .. } => Err(Refusal::Closed),
    }
}

fn reassign(
    entry: &mut Entry,
    by: &Actor,
    target: Option<&Target>,
    agent: Option<&AgentKey>,
) -> Result<(), Refusal> {
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

fn reopen(entry: &mut Entry, at: Timestamp) -> Result<(), Refusal> {
    if entry.is_open() {
        return Err(Refusal::Open);
    }
    entry.state = State::Waiting;
    entry.due = at.max(entry.not_before);
    entry.begin_new_round();
    Ok(())
}
