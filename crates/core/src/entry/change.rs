//! What may be done with an entry, and why it may be refused.

use nohold_model::{AgentKey, AttemptId, CallId, CallResult, DispositionKey, MessageId, Millis, Timestamp};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Actor, CloseReason, Target, Window};
use crate::fact::Dropped;
use crate::hours::Moment;

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
    /// Time has passed: a claim, the wait for an outcome, or the patience with an entry that nobody works on may be
    /// over.
    Tick,
    /// *Call back* was pressed: the agent's phone is about to ring.
    CallBegan {
        /// Who calls.
        agent: AgentKey,
        /// In which call.
        call: CallId,
        /// A supervisor lets it happen outside the dialling window.
        beyond_window: bool,
    },
    /// The agent's phone did not answer, or the call ended before the customer was dialled: nothing is counted.
    CallDropped {
        /// The call.
        call: CallId,
        /// Why; histories of the first days do not tell.
        #[serde(default)]
        why: Option<Dropped>,
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
    /// An agent and the customer, who talk in another call, have agreed that they are called at this time (跟进).
    FollowUp(Box<FollowUp>),
    /// They have not: it is as it was before they had.
    FollowUpTakenBack {
        /// The call in which they had.
        call: CallId,
        /// When they first had in it. What was promised since then was not.
        since: Timestamp,
    },
    /// The customer takes it back.
    Cancel,
    /// A supervisor moves it up or down.
    Prioritise {
        /// Higher comes first.
        priority: u8,
    },
    /// A supervisor gives it to other agents.
    Reassign {
        /// Another group, if it changes.
        target: Option<Target>,
        /// One agent, if one is chosen.
        agent: Option<AgentKey>,
    },
    /// A closed entry is worked on again.
    Reopen,
    /// It closed as served, and should not have: it is as it was before (AT-14).
    TakeBackServed,
    /// A supervisor lets the customer be tried again although there have been enough attempts. The gap after the last
    /// one stays.
    AllowMoreAttempts,
    /// Somebody has seen that the customer could not be reached: the others need not be told any more (AT-12).
    Acknowledge,
    /// Somebody has listened to a message.
    Heard {
        /// Which.
        message: MessageId,
    },
}

/// What an agent and the customer have agreed upon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowUp {
    /// The call in which they have.
    pub call: CallId,
    /// The time, as the customer was told it.
    pub window: Window,
    /// Other groups, if it changes.
    pub target: Option<Target>,
    /// The agent who has agreed to call, where it is one.
    pub assigned: Option<AgentKey>,
}

impl Change {
    /// Whether somebody may wish this by itself. What a call does to an entry comes from the call alone.
    #[must_use]
    pub fn is_wish(&self, by: &Actor) -> bool {
        match self {
            Change::Tick => *by == Actor::System,
            Change::Cancel => true,
            Change::Outcome(Outcome::Close { reason, .. }) => {
                let by_hand = matches!(reason, CloseReason::Done | CloseReason::Cancelled | CloseReason::Refused);
                by_hand && *by != Actor::Customer
            }
            Change::Claim { .. }
            | Change::Release
            | Change::Outcome(_)
            | Change::Prioritise { .. }
            | Change::Reassign { .. }
            | Change::Reopen
            | Change::TakeBackServed
            | Change::AllowMoreAttempts
            | Change::Acknowledge => *by != Actor::Customer,
            Change::Heard { .. } => matches!(by, Actor::Agent(_) | Actor::Supervisor(_)),
            Change::CallBegan { .. }
            | Change::CallDropped { .. }
            | Change::AttemptBegan { .. }
            | Change::AttemptEnded { .. }
            | Change::Answered { .. }
            | Change::TalkEnded { .. }
            | Change::Served
            | Change::FollowUp(_)
            | Change::FollowUpTakenBack { .. } => false,
        }
    }
}

/// An agent's word on an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It is settled.
    Close {
        /// As what.
        reason: CloseReason,
        /// The disposition, where one was chosen.
        disposition: Option<DispositionKey>,
        /// A note for those who read it later.
        note: String,
    },
    /// It stays on the list, due at once, or at the time that was agreed upon in a call.
    Keep {
        /// The disposition, where one was chosen.
        disposition: Option<DispositionKey>,
        /// A note.
        note: String,
    },
    /// Nobody was talked with, although the line was answered: a machine, a carrier's recording. The attempt ends with this
    /// result, counts, and the retry plan goes on.
    NotReached {
        /// What the agent heard.
        result: CallResult,
        /// The disposition, where one was chosen.
        disposition: Option<DispositionKey>,
        /// A note.
        note: String,
    },
    /// It is moved (改约) to a time that was agreed.
    Postpone {
        /// The new window.
        window: Window,
        /// The disposition, where one was chosen.
        disposition: Option<DispositionKey>,
        /// A note.
        note: String,
    },
}

impl Outcome {
    /// The note, empty where nothing is said.
    #[must_use]
    pub fn note(&self) -> &str {
        match self {
            Outcome::Close { note, .. }
            | Outcome::Keep { note, .. }
            | Outcome::NotReached { note, .. }
            | Outcome::Postpone { note, .. } => note,
        }
    }

    /// The disposition, where one was chosen.
    #[must_use]
    pub const fn disposition(&self) -> Option<&DispositionKey> {
        match self {
            Outcome::Close { disposition, .. }
            | Outcome::Keep { disposition, .. }
            | Outcome::NotReached { disposition, .. }
            | Outcome::Postpone { disposition, .. } => disposition.as_ref(),
        }
    }
}

/// Why a change is refused. Nothing has changed then.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The disposition is none of those that may be given here.
    #[error("this disposition may not be given here: choose one of {listed}")]
    NoSuchDisposition {
        /// Those that may, for people.
        listed: String,
    },
    /// Somebody else has it.
    #[error("{0} has claimed this entry")]
    HeldBy(AgentKey),
    /// It is closed.
    #[error("this entry is closed: reopen it first")]
    Closed,
    /// It did not close as served, or too long ago.
    #[error("this can be taken back for 24 hours after an entry has closed as served: reopen it instead")]
    NotServedNow,
    /// Nothing was agreed upon in that call, or something has become of the entry since.
    #[error(
        "what was agreed upon can be taken back until something else becomes of the entry: choose another time instead"
    )]
    NotAgreedNow,
    /// It is open already.
    #[error("this entry is open already")]
    Open,
    /// Only who has claimed it may do that.
    #[error("claim the entry first")]
    NotClaimed,
    /// A call is going on.
    #[error("a call for this entry is going on: end it first")]
    InCall,
    /// Too early after the last attempt, of whatever entry.
    #[error("this customer was called a moment ago: try again from {until} on")]
    TooSoon {
        /// When it may be tried.
        until: Moment,
    },
    /// The number was tried often enough, by whatever entries.
    #[error(
        "{attempts} attempts to reach this customer are enough: try again from {until} on{}",
        if *may_be_allowed { ", or let a supervisor allow more" } else { "" }
    )]
    TooOften {
        /// How many attempts are made.
        attempts: u32,
        /// When it may be tried.
        until: Moment,
        /// A supervisor may allow more, because there is an entry for which.
        may_be_allowed: bool,
    },
    /// The retry plan is at its end.
    #[error("all attempts are used up: keep or re-date the entry to try anew")]
    NoAttemptsLeft,
    /// There was no call of which it could be said.
    #[error("nobody was called back just now: say how a call went right after it")]
    NothingToSay,
    /// The conversation before has no outcome yet.
    #[error("say first how the last conversation ended")]
    NoOutcomeYet,
    /// A window in which no moment is one at which this customer may be dialled.
    #[error("{} at that time: {}", because, instead(until.as_ref()))]
    NotThen {
        /// What forbids it.
        because: String,
        /// The first moment from the chosen one on at which it is allowed; nothing when none comes within a year.
        until: Option<Moment>,
    },
    /// A window that ends before it begins or lies in the past.
    #[error("choose a time that is still to come")]
    NotInTheFuture,
    /// A window so far away that no calendar is asked about it.
    #[error("choose a time within the next {days} days")]
    TooFarAhead {
        /// How far away it may be.
        days: u64,
    },
    /// It belongs to another call or attempt: the input is stale.
    #[error("this belongs to another call")]
    Stale,
    /// This actor may not do that.
    #[error("only a supervisor may do that for others")]
    NotAllowed,
    /// The entry is for agents of other groups.
    #[error("this entry belongs to other agent groups: ask a supervisor to give it to you")]
    OtherGroups,
}

fn instead(until: Option<&Moment>) -> String {
    match until {
        Some(until) => format!("choose a time from {until} on"),
        None => "no hour fits within a year".to_owned(),
    }
}
