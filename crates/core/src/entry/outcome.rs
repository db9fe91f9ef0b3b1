//! What people say of an entry: an agent's word on it.

use nohold_model::{CallResult, Millis, Timestamp};

use super::life::{back_to_waiting, keep_for_another_round, may_act_for};
use super::{Actor, CloseReason, Entry, Outcome, Refusal, State, Window};
use crate::directory::Site;
use crate::hours::Moment;

/// Nothing is agreed with a customer for later than this; a window beyond it is a slip of the hand.
const LONGEST_POSTPONEMENT_DAYS: u64 = 366;

pub(super) fn say_outcome(
    entry: &mut Entry,
    site: &Site,
    at: Timestamp,
    by: &Actor,
    outcome: &Outcome,
) -> Result<(), Refusal> {
    let (talked, called_again) = match &entry.state {
        State::Claimed { call: Some(_), .. } | State::Attempting { .. } | State::Talking { .. } => {
            return Err(Refusal::InCall);
        }
        State::Claimed { agent, call: None, .. } if may_act_for(by, agent) => (false, false),
        State::Noting { agent, called_again, .. } if may_act_for(by, agent) => (true, *called_again),
        State::Claimed { agent, .. } | State::Noting { agent, .. } => return Err(Refusal::HeldBy(agent.clone())),
        // Closing or moving an entry that nobody has claimed is the same click for whoever sees it.
        State::Waiting => (false, false),
        State::Closed { .. } => return Err(Refusal::Closed),
    };
    if let Outcome::NotReached { result, .. } = outcome {
        not_reached(entry, site, at, *result)?;
    }
    // A person who keeps the entry wants the customer to be tried anew.
    let another_round = talked || entry.is_used_up(&site.retry_plan);
    let (disposition, note) = match outcome {
        Outcome::Close { reason, disposition, note } if called_again && !ends_what_was_agreed(entry, *reason) => {
            keep_for_another_round(entry, at);
            entry.state = State::Waiting;
            (disposition, note)
        }
        Outcome::Close { reason, disposition, note } => {
            entry.state = State::Closed { reason: *reason, at };
            (disposition, note)
        }
        Outcome::NotReached { disposition, note, .. } => (disposition, note),
        Outcome::Keep { disposition, note } => {
            entry.state = State::Waiting;
            entry.due = entry.due_again(at);
            if another_round {
                entry.begin_new_round();
            }
            (disposition, note)
        }
        Outcome::Postpone { window, disposition, note } => {
            may_be_promised(*window, at)?;
            if let Some(held) = entry.held.filter(|held| at < held.until && window.to <= held.until) {
                let (attempts, until) = (site.retry_plan.max_attempts, Moment::new(held.until, &site.zone));
                return Err(Refusal::TooOften { attempts, until, may_be_allowed: true });
            }
            entry.state = State::Waiting;
            entry.due = window.from.max(entry.not_before);
            if another_round {
                entry.begin_new_round();
            }
            if let Some(request) = &mut entry.request {
                // Whatever was agreed upon before.
                (request.promise, request.agreed_in, request.agreed_by) = (*window, None, None);
            }
            (disposition, note)
        }
    };
    if disposition.is_some() {
        entry.disposition.clone_from(disposition);
    }
    if !note.is_empty() {
        entry.note.clone_from(note);
    }
    Ok(())
}

/// Whether it closes though there is something to call for: whoever must not be called is not, and an agent who has agreed upon a
/// time with the customer may think better of it.
fn ends_what_was_agreed(entry: &Entry, reason: CloseReason) -> bool {
    let agreed = entry.request.as_ref().is_some_and(|request| request.agreed_in.is_some());
    match reason {
        CloseReason::Refused => true,
        CloseReason::Cancelled => agreed,
        CloseReason::Done | CloseReason::Served | CloseReason::Unreachable | CloseReason::Expired => false,
    }
}

/// The line was answered, and the agent says that it was not by a person: the attempt came to nothing.
fn not_reached(entry: &mut Entry, site: &Site, at: Timestamp, result: CallResult) -> Result<(), Refusal> {
    let State::Noting { called_again, .. } = entry.state else { return Err(Refusal::NothingToSay) };
    let heard = match result {
        CallResult::NoAnswer
        | CallResult::Busy
        | CallResult::Refused
        | CallResult::Unallocated
        | CallResult::SwitchedOff
        | CallResult::Machine => true,
        CallResult::Answered | CallResult::Failed | CallResult::Interrupted => false,
    };
    let attempt = entry.attempts.last_mut().filter(|_| heard).ok_or(Refusal::NothingToSay)?;
    attempt.ended = Some((at, result));
    attempt.counted = true;
    back_to_waiting(entry, site, at, at + site.retry_plan.gap_after(result), result);
    if called_again {
        // The customer wants to talk, whatever came of our attempt.
        keep_for_another_round(entry, at);
        entry.state = State::Waiting;
    }
    Ok(())
}

/// Whether a customer may be told this time.
pub(super) fn may_be_promised(window: Window, at: Timestamp) -> Result<(), Refusal> {
    if window.to <= at || window.from > window.to {
        return Err(Refusal::NotInTheFuture);
    }
    if window.to.since(at) > Millis::hours(24 * LONGEST_POSTPONEMENT_DAYS) {
        return Err(Refusal::TooFarAhead { days: LONGEST_POSTPONEMENT_DAYS });
    }
    Ok(())
}
