//! Callback reminders (回呼提醒): of what people are told at once, wherever they look.
//!
//! A reminder is no row of its own. It follows from an entry and from who looks at it, so that a claim withdraws it, a
//! release brings it back, and a restart shows it again under the same id. Who is shown an id again shows it once.

use std::fmt;

use nohold_model::{EntryId, Millis, Timestamp};
use serde::{Deserialize, Serialize, Serializer};

use crate::agent::{Agent, AgentState};
use crate::directory::Site;
use crate::entry::{CloseReason, Entry, State};

/// So long after it closed, people are told of an entry whose customer could not be reached, unless somebody
/// acknowledges or reopens it before.
pub const SHOWN_UNREACHABLE_FOR: Millis = Millis::hours(24);

/// Something that somebody should know at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reminder {
    /// Its id.
    pub id: ReminderId,
    /// What it is about.
    pub kind: ReminderKind,
    /// The entry.
    pub entry: EntryId,
    /// Since when there is reason for it.
    pub since: Timestamp,
    /// When it ends by itself; never, where there is nothing.
    pub until: Option<Timestamp>,
}

/// What a reminder is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReminderKind {
    /// A customer asks to be called.
    Request,
    /// We cut a customer off.
    CutOff,
    /// A customer could not be reached (AT-12).
    Unreachable,
    /// Nobody has claimed a request for a while: its group is told again (AT-18).
    Unclaimed,
    /// Nobody has claimed it for longer: the supervisors of the group are told (AT-18).
    Escalated,
}

/// The id of a reminder: the entry, and which of its wishes it is. A new request in the same entry is a new reminder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReminderId {
    entry: EntryId,
    kind: ReminderKind,
    /// Tells wishes of one kind apart: the time of asking, closing or since when nobody claims it in milliseconds, the count of
    /// calls cut off.
    mark: i64,
}

/// What people are told of an entry: the group, and those who look after it where they are told something else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reminders {
    /// What the group is told, and its supervisors.
    pub group: Option<Reminder>,
    /// What its supervisors are told instead.
    pub supervisors: Option<Reminder>,
    /// When that changes by itself.
    pub changes: Option<Timestamp>,
}

/// What people are told of an entry at `at`: a request that nobody claims is told again, then to the supervisors (AT-18).
#[must_use]
pub fn reminders(entry: &Entry, site: &Site, at: Timestamp) -> Reminders {
    let first = reminder(entry, at);
    let (Some(ReminderKind::Request), Some(since)) =
        (first.as_ref().map(|reminder| reminder.kind), entry.unclaimed_since())
    else {
        let changes = first.as_ref().and_then(|reminder| reminder.until);
        return Reminders { group: first, supervisors: None, changes };
    };
    let told = |kind, after: Option<Millis>| {
        let from = since + after?;
        let id = ReminderId { entry: entry.id, kind, mark: since.as_millis() };
        (at >= from).then_some(Reminder { id, kind, entry: entry.id, since: from, until: None })
    };
    let later = |after: Option<Millis>| after.map(|after| since + after).filter(|then| *then > at);
    Reminders {
        group: told(ReminderKind::Unclaimed, site.remind_again_after).or(first),
        supervisors: told(ReminderKind::Escalated, site.escalate_after),
        changes: later(site.remind_again_after).into_iter().chain(later(site.escalate_after)).min(),
    }
}

/// The reminder that is in an entry at `at`, for whoever [is reminded](super::Sight::is_reminded) of it: a request or a
/// call we cut off, as long as nobody works on it, also while it is not due yet; and for a while that a customer could
/// not be reached. Messages and missed calls change the list silently.
#[must_use]
pub fn reminder(entry: &Entry, at: Timestamp) -> Option<Reminder> {
    let (kind, mark, since, until) = match (&entry.state, &entry.request) {
        (State::Waiting, Some(request)) => (ReminderKind::Request, request.asked.as_millis(), request.asked, None),
        (State::Waiting, None) if entry.cut_off > 0 => (ReminderKind::CutOff, entry.cut_off.into(), entry.last, None),
        (State::Closed { reason: CloseReason::Unreachable, at: closed }, _) => {
            let until = *closed + SHOWN_UNREACHABLE_FOR;
            if entry.acknowledged || at >= until {
                return None;
            }
            (ReminderKind::Unreachable, closed.as_millis(), *closed, Some(until))
        }
        (
            State::Waiting
            | State::Claimed { .. }
            | State::Attempting { .. }
            | State::Talking { .. }
            | State::Noting { .. }
            | State::Closed { .. },
            _,
        ) => return None,
    };
    Some(Reminder { id: ReminderId { entry: entry.id, kind, mark }, kind, entry: entry.id, since, until })
}

/// Whether a reminder makes a sound where it comes up now: not for an agent who talks, is rung or is on break.
///
/// `agent` is the viewer's own state, where the viewer takes calls.
#[must_use]
pub fn sounds(agent: Option<&Agent>) -> bool {
    match agent.map(Agent::state) {
        Some(
            AgentState::Reserved | AgentState::Ringing | AgentState::Talking | AgentState::Held | AgentState::Break,
        ) => false,
        Some(
            AgentState::NotSignedIn
            | AgentState::Available
            | AgentState::NotReady
            | AgentState::WrapUp
            | AgentState::NoAnswer,
        )
        | None => true,
    }
}

impl fmt::Display for ReminderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            ReminderKind::Request => "request",
            ReminderKind::CutOff => "cut_off",
            ReminderKind::Unreachable => "unreachable",
            ReminderKind::Unclaimed => "unclaimed",
            ReminderKind::Escalated => "escalated",
        };
        write!(f, "{}.{kind}.{}", self.entry, self.mark)
    }
}

impl Serialize for ReminderId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
