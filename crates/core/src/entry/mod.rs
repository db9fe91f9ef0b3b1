//! The missed-call list (漏话列表): what agents work from.
//!
//! There is one open [`Entry`] per number and line of business. It gathers everything that is open about that
//! customer: a callback request, a call that we cut off, messages, missed calls; its [`Section`] is the highest of
//! them. A caller who first gave up and then asks to be called back therefore stands in one line, not in two.

mod actor;
mod agreement;
mod change;
mod life;
mod list;
mod outcome;
mod target;
mod tries;

use nohold_model::{
    AgentKey, AttemptId, CallId, CallResult, Digit, DispositionKey, EntryId, Language, MessageId, Millis, PhoneNumber,
    PromptKey, QueueKey, Timestamp,
};
use serde::{Deserialize, Serialize};

pub use actor::Actor;
pub use agreement::Agreement;
pub(crate) use agreement::Was;
pub use change::{Change, FollowUp, Outcome, Refusal};
pub(crate) use life::may_ring_until;
pub use life::{SERVED_TAKEN_BACK_WITHIN, change};
pub use list::{Line, order};
pub use target::{Business, Target};
pub use tries::{CameTo, Held, Tried};
pub(crate) use tries::{gap_ends, hold_back, may_try};

use crate::directory::{RetryPlan, Site};

/// One line of the missed-call list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its id; it stays the same when a missed call becomes a request.
    pub id: EntryId,
    /// Counts the changes.
    pub version: u64,
    /// The customer's number; nothing when it was withheld and never keyed in.
    pub number: Option<PhoneNumber>,
    /// Whose entry it is.
    pub target: Target,
    /// The agent to whom a supervisor has given it, if any; others still see it.
    pub assigned: Option<AgentKey>,
    /// 0, or counted up where the caller said that it is another person or matter.
    pub matter: u8,
    /// Higher comes first within its section.
    pub priority: u8,
    /// The place in line (排队位置): the first arrival that it stands for.
    pub place: Timestamp,
    /// When the first of its events happened.
    pub made: Timestamp,
    /// When the last of its events happened.
    pub last: Timestamp,
    /// When it should be called.
    pub due: Timestamp,
    /// Not to be called before this: the gap after an attempt.
    pub not_before: Timestamp,
    /// The number has been tried as often as it may be, for this entry or otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Held>,
    /// The callback request in it, if there is one.
    pub request: Option<Request>,
    /// Calls of this customer that ended through our fault.
    pub cut_off: u32,
    /// Messages that the customer left.
    pub messages: Vec<MessageId>,
    /// Which of them were listened to, each with who did first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heard: Vec<Heard>,
    /// Calls that the customer gave up.
    pub missed: Missed,
    /// Where it stands.
    pub state: State,
    /// The tries to reach the customer, oldest first.
    pub attempts: Vec<Attempt>,
    /// How many of the counted attempts belong to an earlier round of the retry plan: since then a person has reopened
    /// or kept the entry, or the customer has asked to be called.
    pub earlier_attempts: u32,
    /// Attempts at the number before this do not stand against more of them: a supervisor has said so, or the customer has
    /// agreed upon a time since.
    #[serde(default)]
    pub more_attempts_from: Option<Timestamp>,
    /// Somebody has seen that it closed as *unreachable*.
    #[serde(default)]
    pub acknowledged: bool,
    /// Since when it waits again, after somebody had it in hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_since: Option<Timestamp>,
    /// What was agreed upon last, as long as it can be taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<Agreement>,
    /// The disposition (通话小结) that an agent chose last.
    pub disposition: Option<DispositionKey>,
    /// The agent's note.
    pub note: String,
}

/// A message that was listened to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    /// The message.
    pub message: MessageId,
    /// Who did first; of a user who is no agent, the name as the history has it.
    pub by: AgentKey,
    /// When.
    pub at: Timestamp,
}

/// A caller's wish to be called (回呼请求).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The call in which the caller asked; none for one asked in another way.
    pub call: Option<CallId>,
    /// When the caller asked.
    pub asked: Timestamp,
    /// The window that the caller was told (承诺回呼时段).
    pub promise: Window,
    /// The consent: what was heard and pressed.
    pub consent: Consent,
    /// The number that was dialled.
    pub called: Option<PhoneNumber>,
    /// The queue that the caller came from.
    pub queue: Option<QueueKey>,
    /// The path through the menu.
    pub path: Vec<String>,
    /// The language of the call.
    pub language: Language,
    /// The call in which the customer and an agent have agreed upon the promise, where they have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreed_in: Option<CallId>,
    /// Who has agreed upon it with the customer; nothing known of promises that were agreed upon before this was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreed_by: Option<AgentKey>,
}

/// A window of time; `from` is inside, `to` is its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Its beginning.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
}

/// What the caller agreed to: this callback, nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// When.
    pub at: Timestamp,
    /// For which number.
    pub number: PhoneNumber,
    /// The prompts that offered it.
    pub prompts: Vec<PromptKey>,
    /// The key pressed; none when it was given in another way.
    pub key: Option<Digit>,
}

/// Calls that the customer gave up, gathered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missed {
    /// How many.
    pub count: u32,
    /// How many of them were short abandons (短时放弃).
    pub short: u32,
    /// Where the last one left.
    pub left_at: Option<LeftAt>,
    /// How long the last one had waited.
    pub waited: Millis,
}

/// Where a caller gave up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftAt {
    /// In a queue.
    Queue(QueueKey),
    /// In a menu, or while keying a number.
    Menu,
    /// In the after-hours flow.
    AfterHours,
    /// While leaving a message that was empty.
    Message,
    /// While the agent's phone was being connected.
    Connecting,
    /// In a transfer.
    Transfer,
    /// Sent away by a queue's overflow: busy, hang-up or an announcement.
    Overflow(QueueKey),
}

/// Where an entry stands (I-8).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nobody works on it; [`Entry::due`] says when it should be called.
    Waiting,
    /// An agent has claimed it (认领).
    Claimed {
        /// Who.
        agent: AgentKey,
        /// Until when the claim holds without a call.
        until: Timestamp,
        /// The callback's call, once *call back* was pressed: the agent's phone rings.
        call: Option<CallId>,
    },
    /// The customer is being dialled.
    Attempting {
        /// By whom.
        agent: AgentKey,
        /// In which call.
        call: CallId,
    },
    /// The customer has answered.
    Talking {
        /// With whom.
        agent: AgentKey,
        /// In which call.
        call: CallId,
    },
    /// The conversation is over and its outcome not yet said.
    Noting {
        /// Who still has to say it.
        agent: AgentKey,
        /// When the claim ends without a word.
        until: Timestamp,
        /// The line broke early: without a word the entry goes back to waiting.
        broken: bool,
        /// The customer has called again since the conversation. The outcome is not about that, so the entry goes
        /// back to waiting, whatever the outcome is.
        called_again: bool,
    },
    /// Over.
    Closed {
        /// Why.
        reason: CloseReason,
        /// Since when.
        at: Timestamp,
    },
}

/// Why an entry closed. Closed entries stay listed by reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CloseReason {
    /// An agent called back and closed it.
    Done,
    /// The customer was served in another way.
    Served,
    /// The customer, or staff, took it back.
    Cancelled,
    /// The retry plan came to its end.
    Unreachable,
    /// Nobody worked on it for too long.
    Expired,
    /// The customer may not be called.
    Refused,
}

/// One try to reach the customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Its id.
    pub id: AttemptId,
    /// The call it is made in.
    pub call: CallId,
    /// The agent who calls.
    pub agent: AgentKey,
    /// When it was committed, before anything was sent.
    pub began: Timestamp,
    /// When it ended, and how.
    pub ended: Option<(Timestamp, CallResult)>,
    /// It counts towards the limit; one that was certainly never sent does not.
    pub counted: bool,
    /// How long the customer and the agent talked.
    pub talked: Millis,
}

/// The parts of the list, highest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    /// Callback requests.
    Requests,
    /// People we cut off.
    CutOff,
    /// Voicemail messages (留言).
    Messages,
    /// Missed calls.
    Missed,
}

impl Missed {
    /// One more.
    pub(crate) fn add(&mut self, left_at: LeftAt, waited: Millis, short: bool) {
        self.count = self.count.saturating_add(1);
        self.short = self.short.saturating_add(u32::from(short));
        self.left_at = Some(left_at);
        self.waited = waited;
    }
}

impl Entry {
    /// An empty entry, to which something is about to be added.
    #[must_use]
    pub fn new(id: EntryId, number: Option<PhoneNumber>, target: Target, at: Timestamp) -> Self {
        Entry {
            id,
            version: 0,
            number,
            target,
            assigned: None,
            matter: 0,
            priority: 0,
            place: at,
            made: at,
            last: at,
            due: at,
            not_before: Timestamp::EPOCH,
            held: None,
            request: None,
            cut_off: 0,
            messages: Vec::new(),
            heard: Vec::new(),
            missed: Missed::default(),
            state: State::Waiting,
            attempts: Vec::new(),
            earlier_attempts: 0,
            more_attempts_from: None,
            acknowledged: false,
            waiting_since: None,
            agreement: None,
            disposition: None,
            note: String::new(),
        }
    }

    /// The part of the list in which it stands.
    #[must_use]
    pub fn section(&self) -> Section {
        if self.request.is_some() {
            Section::Requests
        } else if self.cut_off > 0 {
            Section::CutOff
        } else if !self.messages.is_empty() {
            Section::Messages
        } else {
            Section::Missed
        }
    }

    /// Whether somebody should still do something about it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !matches!(self.state, State::Closed { .. })
    }

    /// Since when it could have been claimed and was not: it waits, is due, and has not gathered a new wish.
    #[must_use]
    pub fn unclaimed_since(&self) -> Option<Timestamp> {
        match self.state {
            State::Waiting => Some(self.due.max(self.waiting_since.unwrap_or(self.made))),
            State::Claimed { .. }
            | State::Attempting { .. }
            | State::Talking { .. }
            | State::Noting { .. }
            | State::Closed { .. } => None,
        }
    }

    /// How many calls of the customer stand behind this line.
    #[must_use]
    pub fn count(&self) -> u32 {
        let messages = u32::try_from(self.messages.len()).unwrap_or(u32::MAX);
        [u32::from(self.request.is_some()), self.cut_off, messages, self.missed.count]
            .into_iter()
            .fold(0, u32::saturating_add)
    }

    /// Only short abandons stand behind this line: the list hides it unless asked.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.section() == Section::Missed && self.missed.short == self.missed.count
    }

    /// Attempts that count towards the limit of the retry plan.
    #[must_use]
    pub fn counted_attempts(&self) -> u32 {
        self.all_counted_attempts().saturating_sub(self.earlier_attempts)
    }

    fn all_counted_attempts(&self) -> u32 {
        u32::try_from(self.attempts.iter().filter(|attempt| attempt.counted).count()).unwrap_or(u32::MAX)
    }

    /// Whether nobody may try the number now, as it was tried too often.
    #[must_use]
    pub fn is_held(&self, at: Timestamp) -> bool {
        self.held.is_some_and(|held| at < held.until)
    }

    /// Whether the retry plan is at its end.
    #[must_use]
    pub fn is_used_up(&self, plan: &RetryPlan) -> bool {
        self.counted_attempts() >= plan.max_attempts
    }

    /// When [`Change::Tick`] is due; never, where there is nothing.
    #[must_use]
    pub fn ticks_at(&self, site: &Site) -> Option<Timestamp> {
        match self.state {
            State::Waiting => site.expire_after.map(|length| self.due.max(self.last) + length),
            State::Claimed { until, call: None, .. } | State::Noting { until, .. } => Some(until),
            State::Claimed { call: Some(_), .. }
            | State::Attempting { .. }
            | State::Talking { .. }
            | State::Closed { .. } => None,
        }
    }

    /// The customer has called once more, in a call that came in at `arrived` and is over at `at`.
    pub(crate) fn gather(&mut self, arrived: Timestamp, at: Timestamp) {
        self.place = self.place.min(arrived);
        self.last = self.last.max(at);
        self.version += 1;
        if let State::Noting { called_again, .. } = &mut self.state {
            *called_again = true;
        }
        if let Some(agreement) = &mut self.agreement {
            agreement.gather(arrived, at);
        }
    }

    /// Whether a request in it is still to be fulfilled: after the conversation that answered it, a new wish is one
    /// more.
    #[must_use]
    pub(crate) fn awaits_callback(&self) -> bool {
        self.request.is_some() && !matches!(self.state, State::Noting { broken: false, called_again: false, .. })
    }

    /// The customer asks to be called: the retry plan begins again, no earlier than the gap after the last attempt.
    pub(crate) fn ask(&mut self, request: Request) {
        self.begin_new_round();
        self.due = request.promise.from.max(self.not_before);
        self.waiting_since = Some(request.asked);
        (self.request, self.held, self.agreement) = (Some(request), None, None);
    }

    /// When an entry is due that waits again from now on: at once after the gap, and not before the time that was agreed upon.
    fn due_again(&self, at: Timestamp) -> Timestamp {
        let agreed = self.request.as_ref().filter(|request| request.agreed_in.is_some());
        let due = at.max(self.not_before);
        agreed.map_or(due, |request| due.max(request.promise.from))
    }

    /// A person wants the customer to be tried anew: the retry plan begins again.
    fn begin_new_round(&mut self) {
        self.earlier_attempts = self.all_counted_attempts();
    }

    /// The agent who has it in hand.
    #[must_use]
    pub fn holder(&self) -> Option<&AgentKey> {
        match &self.state {
            State::Claimed { agent, .. }
            | State::Attempting { agent, .. }
            | State::Talking { agent, .. }
            | State::Noting { agent, .. } => Some(agent),
            State::Waiting | State::Closed { .. } => None,
        }
    }

    /// The callback's call, while there is one.
    #[must_use]
    pub fn call(&self) -> Option<CallId> {
        match self.state {
            State::Claimed { call, .. } => call,
            State::Attempting { call, .. } | State::Talking { call, .. } => Some(call),
            State::Waiting | State::Noting { .. } | State::Closed { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests;
