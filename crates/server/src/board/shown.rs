//! Entries and reminders, as people and programs read them.

use nohold_core::directory::Directory;
use nohold_core::entry::{CloseReason, Entry, LeftAt, Section, State, Target};
use nohold_core::viewing::{Reminder, ReminderId, ReminderKind};
use nohold_model::{
    AgentKey, AttemptId, CallId, CallResult, CampaignKey, Digit, DispositionKey, EntryId, GroupKey, Language,
    MessageId, Millis, PhoneNumber, PromptKey, QueueKey, ServiceKey, Timestamp,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::failure::Failure;

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
    /// The number is on the block list: nobody calls it back, and whoever calls from it is turned away.
    pub blocked: bool,
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
    /// Which of them were listened to.
    pub heard: Vec<HeardShown>,
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

/// A message that was listened to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HeardShown {
    /// The message.
    #[schema(value_type = String)]
    pub message: MessageId,
    /// Who did first: an agent, or `user-` and the name of a user who is none.
    #[schema(value_type = String)]
    pub by: AgentKey,
    /// When.
    #[schema(value_type = i64)]
    pub at: Timestamp,
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
    /// The call in which an agent and the customer have agreed upon the promise.
    #[schema(value_type = Option<String>)]
    pub agreed_in: Option<CallId>,
    /// Who of ours has agreed upon it.
    #[schema(value_type = Option<String>)]
    pub agreed_by: Option<AgentKey>,
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

/// Something that somebody should know at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReminderShown {
    /// Its id: the same after a restart; what was shown once under it is not shown again.
    #[schema(value_type = String)]
    pub id: ReminderId,
    /// `request`, `cut_off`, `unreachable`, `unclaimed` (the group is told again) or `escalated` (its supervisors are told).
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

    /// The target that is meant, which there is.
    ///
    /// # Errors
    /// 422, with the field that names nothing.
    pub(crate) fn known(self, directory: &Directory) -> Result<Target, Failure> {
        let meant = self.meant().ok_or_else(|| {
            Failure::invalid("target", "name one: a service (with one of its groups), a campaign, or a queue")
        })?;
        if meant.is_known(directory) {
            return Ok(meant);
        }
        let (field, message) = match &meant {
            Target::Campaign(key) => ("target.campaign", format!("there is no campaign `{key}`")),
            Target::Queue(key) => ("target.queue", format!("there is no queue `{key}`")),
            Target::Service(service, group) if directory.services.contains_key(service) => {
                ("target.group", format!("the service `{service}` has no group `{group}`"))
            }
            Target::Service(key, _) | Target::WholeService(key) => {
                ("target.service", format!("there is no service `{key}`"))
            }
        };
        Err(Failure::invalid(field, format!("{message}: name one that is configured")))
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

impl EntryShown {
    /// An entry, as it stands on the list.
    #[must_use]
    pub fn new(entry: &Entry, directory: &Directory) -> Self {
        let request = entry.request.as_ref().map(|request| RequestShown {
            asked: request.asked,
            promise: WindowShown { from: request.promise.from, to: request.promise.to },
            called: request.called.clone(),
            queue: request.queue.clone(),
            path: request.path.clone(),
            language: request.language,
            prompts: request.consent.prompts.clone(),
            key: request.consent.key,
            agreed_in: request.agreed_in,
            agreed_by: request.agreed_by.clone(),
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
        let heard = entry.heard.iter().map(|one| HeardShown { message: one.message, by: one.by.clone(), at: one.at });
        EntryShown {
            id: entry.id,
            version: entry.version,
            number: entry.number.clone(),
            blocked: directory.blocks(entry.number.as_ref()),
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
            not_before: entry.held.map_or(entry.not_before, |held| entry.not_before.max(held.until)),
            request,
            cut_off: entry.cut_off,
            messages: entry.messages.clone(),
            heard: heard.collect(),
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
