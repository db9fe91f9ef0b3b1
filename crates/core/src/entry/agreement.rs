//! What an agent and the customer of a call agree upon (跟进), and how it is taken back.

use nohold_model::{AgentKey, CallId, Timestamp};
use serde::{Deserialize, Serialize};

use super::life::end_without_call;
use super::outcome::may_be_promised;
use super::{Actor, Change, CloseReason, Entry, FollowUp, Held, Refusal, Request, State, Target};

/// The last agreement, as long as it can be taken back: until something else becomes of the entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    /// The call in which an agent and the customer have agreed.
    pub call: CallId,
    /// When they first have in that call; they may think better of the time, and one taking back is of all.
    pub since: Timestamp,
    /// The end of the call would have left the entry open without it, too: the agent has chosen so.
    pub kept_open: bool,
    /// The conversation was one that settles what is open, and would have settled the entry without it: once it is taken back, it does.
    #[serde(default)]
    pub served: bool,
    /// What the entry was before; nothing where the agreement has made it.
    pub was: Option<Box<Was>>,
}

/// What an agreement changes of an entry, as it was before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Was {
    request: Option<Request>,
    target: Target,
    assigned: Option<AgentKey>,
    place: Timestamp,
    due: Timestamp,
    held: Option<Held>,
    more_attempts_from: Option<Timestamp>,
    earlier_attempts: u32,
    called_again: bool,
    /// The last that the customer had done. What the customer does after the agreement counts besides.
    last: Timestamp,
    /// What somebody else had agreed upon before, which stands again; of that, what was before is not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    agreement: Option<Box<Agreement>>,
}

impl Agreement {
    /// The customer has called once more since.
    pub(super) fn gather(&mut self, arrived: Timestamp, at: Timestamp) {
        self.served = false;
        if let Some(was) = &mut self.was {
            (was.place, was.last) = (was.place.min(arrived), was.last.max(at));
            was.called_again = true;
        }
    }
}

impl Was {
    pub(crate) fn of(entry: &Entry) -> Self {
        Was {
            request: entry.request.clone(),
            target: entry.target.clone(),
            assigned: entry.assigned.clone(),
            place: entry.place,
            due: entry.due,
            held: entry.held,
            more_attempts_from: entry.more_attempts_from,
            earlier_attempts: entry.earlier_attempts,
            called_again: matches!(entry.state, State::Noting { called_again: true, .. }),
            last: entry.last,
            agreement: entry.agreement.clone().map(|mut agreement| {
                if let Some(was) = &mut agreement.was {
                    was.agreement = None;
                }
                Box::new(agreement)
            }),
        }
    }
}

impl Entry {
    /// Whether the promise may be one upon which these have agreed, and no colleague of theirs.
    pub(crate) fn is_agreed_by(&self, by: &Actor) -> bool {
        let agreed_by = self.request.as_ref().and_then(|request| request.agreed_by.as_ref());
        agreed_by.is_none_or(|agent| by.key() == Some(agent))
    }
}

/// Whether an agreement can still be taken back after this change of an entry that stood like that: nothing follows from it yet.
pub(super) fn outlives(change: &Change, stood: &State) -> bool {
    match change {
        // Somebody had claimed it and gives it back.
        Change::Release | Change::Tick => matches!(stood, State::Claimed { .. }),
        Change::Claim { .. }
        | Change::TalkEnded { .. }
        | Change::FollowUp(_)
        // One that stands again.
        | Change::FollowUpTakenBack { .. }
        | Change::Prioritise { .. }
        | Change::Acknowledge
        | Change::Heard { .. } => true,
        Change::CallBegan { .. }
        | Change::CallDropped { .. }
        | Change::AttemptBegan { .. }
        | Change::AttemptEnded { .. }
        | Change::Answered { .. }
        | Change::Outcome(_)
        | Change::Served
        | Change::Cancel
        | Change::Reassign { .. }
        | Change::Reopen
        | Change::TakeBackServed
        | Change::AllowMoreAttempts => false,
    }
}

/// A time that was agreed upon in another call. Who had claimed it meant to call the customer about it, whom somebody has talked with by
/// now; who has still to say what came of a conversation does.
pub(super) fn follow_up(entry: &mut Entry, at: Timestamp, agreed: &FollowUp, by: &Actor) -> Result<(), Refusal> {
    may_be_promised(agreed.window, at)?;
    match &mut entry.state {
        State::Waiting | State::Claimed { call: None, .. } => entry.state = State::Waiting,
        State::Noting { called_again, .. } => *called_again = true,
        State::Claimed { .. } | State::Attempting { .. } | State::Talking { .. } => return Err(Refusal::InCall),
        State::Closed { .. } => return Err(Refusal::Closed),
    }
    if let Some(request) = &mut entry.request {
        (request.promise, request.agreed_in) = (agreed.window, Some(agreed.call));
        request.agreed_by = by.key().cloned();
    }
    if let Some(target) = &agreed.target {
        entry.target = target.clone();
    }
    entry.assigned.clone_from(&agreed.assigned);
    entry.due = agreed.window.from.max(entry.not_before);
    // A conversation begins the count anew.
    (entry.more_attempts_from, entry.held) = (Some(at), None);
    entry.begin_new_round();
    Ok(())
}

/// It is as it would be if they had not agreed: an entry that the agreement has made goes, but for what the customer has left behind since.
pub(super) fn take_back(entry: &mut Entry, at: Timestamp, by: &Actor, call: CallId) -> Result<(), Refusal> {
    let agreement = entry.agreement.take().filter(|agreement| agreement.call == call).ok_or(Refusal::NotAgreedNow)?;
    if !entry.is_agreed_by(by) {
        return Err(Refusal::NotAgreedNow);
    }
    match &entry.state {
        State::Claimed { call: Some(_), .. } | State::Attempting { .. } => return Err(Refusal::InCall),
        State::Closed { .. } => return Err(Refusal::Closed),
        State::Waiting | State::Claimed { .. } | State::Talking { .. } | State::Noting { .. } => {}
    }
    if let (Actor::Agent(agent), Some(holder)) = (by, entry.holder())
        && agent != holder
    {
        return Err(Refusal::HeldBy(holder.clone()));
    }
    let Some(was) = agreement.was else {
        if entry.count() <= 1 {
            return end_without_call(entry, at, CloseReason::Cancelled);
        }
        (entry.request, entry.assigned, entry.due) = (None, None, at.max(entry.not_before));
        return Ok(());
    };
    if let State::Noting { called_again, .. } = &mut entry.state {
        *called_again = was.called_again;
    }
    (entry.request, entry.target, entry.assigned) = (was.request, was.target, was.assigned);
    (entry.place, entry.last, entry.due) = (was.place, was.last, was.due);
    (entry.held, entry.more_attempts_from) = (was.held, was.more_attempts_from);
    entry.earlier_attempts = was.earlier_attempts;
    entry.agreement = was.agreement.map(|agreement| *agreement);
    Ok(())
}
