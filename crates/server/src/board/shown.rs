//! The rows as people and programs read them.

use nohold_core::agent::{Agent, AgentState, Engagement, Mode};
use nohold_core::directory::{AgentProfile, Directory, Queue};
use nohold_core::entry::{CloseReason, Entry, LeftAt, Section, State, Target};
use nohold_core::fact::Doing;
use nohold_core::routing::{Class, Waiting};
use nohold_core::transaction::CallRow;
use nohold_core::viewing::{Reminder, ReminderId, ReminderKind};
use nohold_model::{
    AgentKey, AttemptId, CallId, CallResult, CampaignKey, Digit, DispositionKey, EntryId, GroupKey, Language,
    MessageId, Millis, PhoneNumber, PromptKey, QueueKey, ServiceKey, Timestamp,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// So many callers of a line are shown, first to last; its length is shown whole.
const MOST_CALLERS: usize = 50;

/// One line of the missed-call list. Times are milliseconds since 1970 (UTC).
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct EntryShown {
    /// Its id.
    #[schema(value_type = String, example = "cbr_01K0000000000000000000000A")]
    pub id: EntryId,
    /// Counts the changes; send it along to act on what you have seen.
    pub version: u64,
    /// The customer's number as E.164; none when it was withheld.
    #[schema(value_type = Option<String>)]
    pub number: Option<PhoneNumber>,
    /// Who should work on it.
    pub target: TargetShown,
    /// The agent to whom a supervisor has given it.
    #[schema(value_type = Option<String>)]
    pub assigned: Option<AgentKey>,
    /// `requests`, `cut_off`, `messages` or `missed`.
    #[schema(value_type = String)]
    pub section: Section,
    /// How many calls of the customer stand behind it.
    pub count: u32,
    /// Only short abandons stand behind it.
    pub short: bool,
    /// 0, or counted up for another person or matter of the same number.
    pub matter: u8,
    /// Higher comes first.
    pub priority: u8,
    /// The place in line: the first arrival.
    #[schema(value_type = i64)]
    pub place: Timestamp,
    /// When the first of its events happened.
    #[schema(value_type = i64)]
    pub made: Timestamp,
    /// When the last of its events happened.
    #[schema(value_type = i64)]
    pub last: Timestamp,
    /// When it should be called.
    #[schema(value_type = i64)]
    pub due: Timestamp,
    /// Not to be called before this.
    #[schema(value_type = i64)]
    pub not_before: Timestamp,
    /// The callback request in it.
    pub request: Option<RequestShown>,
    /// Calls that ended through our fault.
    pub cut_off: u32,
    /// Messages: listen to them at `/api/messages/{id}/audio`.
    #[schema(value_type = Vec<String>)]
    pub messages: Vec<MessageId>,
    /// Calls that the customer gave up.
    pub missed: MissedShown,
    /// Where it stands.
    pub state: StateShown,
    /// The tries to reach the customer, oldest first.
    pub attempts: Vec<AttemptShown>,
    /// Somebody has seen that it closed as unreachable.
    pub acknowledged: bool,
    /// The disposition that was chosen last.
    #[schema(value_type = Option<String>)]
    pub disposition: Option<DispositionKey>,
    /// The note.
    pub note: String,
}

/// Who should work on an entry: a service with one of its groups, a whole service, a campaign, or a queue's agents.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetShown {
    /// An inbound service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub service: Option<ServiceKey>,
    /// One of its groups; all of them where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub group: Option<GroupKey>,
    /// An outbound campaign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub campaign: Option<CampaignKey>,
    /// A queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub queue: Option<QueueKey>,
}

/// A window of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WindowShown {
    /// Its beginning.
    #[schema(value_type = i64)]
    pub from: Timestamp,
    /// Its end.
    #[schema(value_type = i64)]
    pub to: Timestamp,
}

/// A callback request.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RequestShown {
    /// When the customer asked.
    #[schema(value_type = i64)]
    pub asked: Timestamp,
    /// The window that the customer was told.
    pub promise: WindowShown,
    /// The number that was dialled.
    #[schema(value_type = Option<String>)]
    pub called: Option<PhoneNumber>,
    /// The queue that the customer came from.
    #[schema(value_type = Option<String>)]
    pub queue: Option<QueueKey>,
    /// The path through the menu.
    pub path: Vec<String>,
    /// The language of the call.
    #[schema(value_type = String)]
    pub language: Language,
    /// The prompts that offered the callback; none where it was asked for in another way.
    #[schema(value_type = Vec<String>)]
    pub prompts: Vec<PromptKey>,
    /// The key that was pressed.
    #[schema(value_type = Option<String>)]
    pub key: Option<Digit>,
}

/// Calls that were given up.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct MissedShown {
    /// How many.
    pub count: u32,
    /// How many of them were short abandons.
    pub short: u32,
    /// Where the last one left: `"menu"`, `{"queue": "600"}` …
    #[schema(value_type = Object)]
    pub left_at: Option<LeftAt>,
    /// How long the last one had waited, in milliseconds.
    #[schema(value_type = u64)]
    pub waited: Millis,
}

/// Where an entry stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StateShown {
    /// `waiting`, `claimed`, `attempting`, `talking`, `noting` or `closed`.
    pub name: &'static str,
    /// Who has it in hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub agent: Option<AgentKey>,
    /// Until when a claim, or the time for the outcome, holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    pub until: Option<Timestamp>,
    /// The callback's call.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub call: Option<CallId>,
    /// Why it closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub reason: Option<CloseReason>,
    /// When it closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i64>)]
    pub at: Option<Timestamp>,
    /// The line of the last conversation broke.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub broken: bool,
}

/// One try to reach a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AttemptShown {
    /// Its id.
    #[schema(value_type = String)]
    pub id: AttemptId,
    /// Who called.
    #[schema(value_type = String)]
    pub agent: AgentKey,
    /// When it began.
    #[schema(value_type = i64)]
    pub began: Timestamp,
    /// When it ended.
    #[schema(value_type = Option<i64>)]
    pub ended: Option<Timestamp>,
    /// What the network said.
    #[schema(value_type = Option<String>)]
    pub result: Option<CallResult>,
    /// It counts towards the limit.
    pub counted: bool,
    /// How long they talked, in milliseconds.
    #[schema(value_type = u64)]
    pub talked: Millis,
}

/// An agent at work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AgentShown {
    /// The key.
    #[schema(value_type = String)]
    pub key: AgentKey,
    /// The agent number.
    pub number: String,
    /// The phone.
    pub extension: String,
    /// The groups.
    #[schema(value_type = Vec<String>)]
    pub groups: Vec<GroupKey>,
    /// `not_signed_in`, `available`, `not_ready`, `break`, `reserved`, `ringing`, `talking`, `held`, `wrap_up` or
    /// `no_answer`.
    #[schema(value_type = String)]
    pub state: AgentState,
    /// Since when.
    #[schema(value_type = i64)]
    pub since: Timestamp,
    /// The reason of a break.
    pub reason: Option<String>,
    /// What the agent has chosen to be after the present call: a state, or `signed_out`.
    pub after: Option<&'static str>,
    /// When the wrap-up ends.
    #[schema(value_type = Option<i64>)]
    pub wrap_up_until: Option<Timestamp>,
    /// The call that holds the agent.
    #[schema(value_type = Option<String>)]
    pub call: Option<CallId>,
    /// The agent offer that rings, for the screen pop.
    pub offer: Option<String>,
    /// The entry that the agent calls back.
    #[schema(value_type = Option<String>)]
    pub entry: Option<EntryId>,
    /// Counts the changes.
    pub version: u64,
}

/// A queue and its line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct QueueShown {
    /// The key.
    #[schema(value_type = String)]
    pub key: QueueKey,
    /// The name.
    pub name: String,
    /// How many callers stand in the line.
    pub length: usize,
    /// The first fifty of them, in turn.
    pub callers: Vec<CallerShown>,
    /// Agents who serve it.
    pub agents: usize,
    /// Those of them who are signed in.
    pub signed_in: usize,
    /// Those of them who are available.
    pub available: usize,
}

/// Somebody who waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CallerShown {
    /// The call.
    #[schema(value_type = String)]
    pub call: CallId,
    /// The number.
    #[schema(value_type = Option<String>)]
    pub number: Option<PhoneNumber>,
    /// `recovered`, `called_back`, `returning` or `ordinary`.
    #[schema(value_type = String)]
    pub class: Class,
    /// Higher is served earlier within the class.
    pub priority: u8,
    /// The place in line: the first arrival.
    #[schema(value_type = i64)]
    pub place: Timestamp,
    /// Since when in this queue.
    #[schema(value_type = i64)]
    pub entered: Timestamp,
    /// May be connected now.
    pub connectable: bool,
}

/// A live call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CallShown {
    /// The id.
    #[schema(value_type = String)]
    pub id: CallId,
    /// The customer's number.
    #[schema(value_type = Option<String>)]
    pub number: Option<PhoneNumber>,
    /// The service.
    #[schema(value_type = Option<String>)]
    pub service: Option<ServiceKey>,
    /// The queue that the caller was in last.
    #[schema(value_type = Option<String>)]
    pub queue: Option<QueueKey>,
    /// When it began.
    #[schema(value_type = i64)]
    pub began: Timestamp,
    /// What the customer is doing: `in_flow`, `waiting`, `leaving_message`, `talking`, `transferring`, `finished` or
    /// `message_saved`.
    #[schema(value_type = String)]
    pub doing: Doing,
    /// Since when agent and customer hear each other.
    #[schema(value_type = Option<i64>)]
    pub connected: Option<Timestamp>,
    /// The agents whom it has in hand, also those whose phones ring.
    #[schema(value_type = Vec<String>)]
    pub agents: Vec<AgentKey>,
    /// The phone of ours that calls.
    pub extension: Option<String>,
    /// The entry that it calls back.
    #[schema(value_type = Option<String>)]
    pub entry: Option<EntryId>,
}

/// Something that somebody should know at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReminderShown {
    /// Its id: the same after a restart; what was shown once under it is not shown again.
    #[schema(value_type = String)]
    pub id: ReminderId,
    /// `request`, `cut_off` or `unreachable`.
    #[schema(value_type = String)]
    pub kind: ReminderKind,
    /// The entry.
    #[schema(value_type = String)]
    pub entry: EntryId,
    /// Since when there is reason for it.
    #[schema(value_type = i64)]
    pub since: Timestamp,
    /// When it ends by itself.
    #[schema(value_type = Option<i64>)]
    pub until: Option<Timestamp>,
    /// Whether it makes a sound where it comes up now. This is a word for the moment and no part of what is shown later.
    pub sounds: bool,
}

impl ReminderShown {
    /// The reminder for somebody.
    #[must_use]
    pub fn new(reminder: &Reminder, sounds: bool) -> Self {
        let Reminder { id, kind, entry, since, until } = reminder.clone();
        ReminderShown { id, kind, entry, since, until, sounds }
    }
}

impl From<&Target> for TargetShown {
    fn from(target: &Target) -> Self {
        let none = TargetShown::default();
        match target.clone() {
            Target::Campaign(campaign) => TargetShown { campaign: Some(campaign), ..none },
            Target::Service(service, group) => TargetShown { service: Some(service), group: Some(group), ..none },
            Target::WholeService(service) => TargetShown { service: Some(service), ..none },
            Target::Queue(queue) => TargetShown { queue: Some(queue), ..none },
        }
    }
}

impl TargetShown {
    /// The target that is meant; none where nothing, or more than one thing, is named.
    #[must_use]
    pub fn meant(self) -> Option<Target> {
        match (self.service, self.group, self.campaign, self.queue) {
            (Some(service), Some(group), None, None) => Some(Target::Service(service, group)),
            (Some(service), None, None, None) => Some(Target::WholeService(service)),
            (None, None, Some(campaign), None) => Some(Target::Campaign(campaign)),
            (None, None, None, Some(queue)) => Some(Target::Queue(queue)),
            _ => None,
        }
    }
}

impl From<&State> for StateShown {
    fn from(state: &State) -> Self {
        let named =
            |name| StateShown { name, agent: None, until: None, call: None, reason: None, at: None, broken: false };
        match state.clone() {
            State::Waiting => named("waiting"),
            State::Claimed { agent, until, call } => {
                StateShown { agent: Some(agent), until: Some(until), call, ..named("claimed") }
            }
            State::Attempting { agent, call } => {
                StateShown { agent: Some(agent), call: Some(call), ..named("attempting") }
            }
            State::Talking { agent, call } => StateShown { agent: Some(agent), call: Some(call), ..named("talking") },
            State::Noting { agent, until, broken, .. } => {
                StateShown { agent: Some(agent), until: Some(until), broken, ..named("noting") }
            }
            State::Closed { reason, at } => StateShown { reason: Some(reason), at: Some(at), ..named("closed") },
        }
    }
}

impl From<&Entry> for EntryShown {
    fn from(entry: &Entry) -> Self {
        let request = entry.request.as_ref().map(|request| RequestShown {
            asked: request.asked,
            promise: WindowShown { from: request.promise.from, to: request.promise.to },
            called: request.called.clone(),
            queue: request.queue.clone(),
            path: request.path.clone(),
            language: request.language,
            prompts: request.consent.prompts.clone(),
            key: request.consent.key,
        });
        let attempts = entry.attempts.iter().map(|attempt| AttemptShown {
            id: attempt.id,
            agent: attempt.agent.clone(),
            began: attempt.began,
            ended: attempt.ended.map(|(at, _)| at),
            result: attempt.ended.map(|(_, result)| result),
            counted: attempt.counted,
            talked: attempt.talked,
        });
        EntryShown {
            id: entry.id,
            version: entry.version,
            number: entry.number.clone(),
            target: (&entry.target).into(),
            assigned: entry.assigned.clone(),
            section: entry.section(),
            count: entry.count(),
            short: entry.is_short(),
            matter: entry.matter,
            priority: entry.priority,
            place: entry.place,
            made: entry.made,
            last: entry.last,
            due: entry.due,
            not_before: entry.not_before,
            request,
            cut_off: entry.cut_off,
            messages: entry.messages.clone(),
            missed: MissedShown {
                count: entry.missed.count,
                short: entry.missed.short,
                left_at: entry.missed.left_at.clone(),
                waited: entry.missed.waited,
            },
            state: (&entry.state).into(),
            attempts: attempts.collect(),
            acknowledged: entry.acknowledged,
            disposition: entry.disposition.clone(),
            note: entry.note.clone(),
        }
    }
}

impl AgentShown {
    /// An agent, as configured and as they are now.
    #[must_use]
    pub fn new(profile: &AgentProfile, agent: &Agent, directory: &Directory) -> Self {
        let groups = directory.groups.values().filter(|group| group.agents.contains(&agent.key));
        let after = agent.after.as_ref().map(|mode| match mode {
            Mode::SignedOut => "signed_out",
            Mode::Available => "available",
            Mode::NotReady => "not_ready",
            Mode::Break(_) => "break",
            Mode::NoAnswer => "no_answer",
        });
        AgentShown {
            key: agent.key.clone(),
            number: profile.number.clone(),
            extension: profile.extension.to_string(),
            groups: groups.map(|group| group.key.clone()).collect(),
            state: agent.state(),
            since: agent.since,
            reason: match &agent.mode {
                Mode::Break(reason) => Some(reason.clone()),
                Mode::SignedOut | Mode::Available | Mode::NotReady | Mode::NoAnswer => None,
            },
            after,
            wrap_up_until: agent.wrap_up,
            call: agent.call(),
            offer: agent.offer().map(|offer| offer.to_string()),
            entry: match &agent.engagement {
                Some(Engagement::Dialling { entry, .. }) => Some(*entry),
                Some(Engagement::Offered { .. } | Engagement::Rung { .. } | Engagement::Talking { .. }) | None => None,
            },
            version: agent.version,
        }
    }
}

impl QueueShown {
    /// A queue with its line, first to last, and the agents who serve it.
    #[must_use]
    pub fn new(queue: &Queue, line: &[(&Waiting, Option<&PhoneNumber>)], agents: &[Option<&Agent>]) -> Self {
        let callers = line.iter().take(MOST_CALLERS).map(|(waiting, number)| CallerShown {
            call: waiting.call,
            number: number.cloned(),
            class: waiting.class,
            priority: waiting.priority,
            place: waiting.place,
            entered: waiting.entered,
            connectable: waiting.connectable,
        });
        let known = || agents.iter().flatten();
        QueueShown {
            key: queue.key.clone(),
            name: queue.name.clone(),
            length: line.len(),
            callers: callers.collect(),
            agents: agents.len(),
            signed_in: known().filter(|agent| agent.is_signed_in()).count(),
            available: known().filter(|agent| agent.state() == AgentState::Available).count(),
        }
    }
}

impl CallShown {
    /// A call with the agents whom it has in hand.
    #[must_use]
    pub fn new(row: &CallRow, agents: Vec<AgentKey>) -> Self {
        CallShown {
            id: row.id,
            number: row.number.clone(),
            service: row.service.clone(),
            queue: row.queue.clone(),
            began: row.began,
            doing: row.doing,
            connected: row.connected,
            agents,
            extension: row.caller.as_ref().map(|caller| caller.extension.to_string()),
            entry: row.callback.as_ref().map(|callback| callback.entry),
        }
    }
}
