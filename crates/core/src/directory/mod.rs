//! What an administrator has configured, as the rules read it: one value, replaced whole when something changes.

mod dialling;
mod dispositions;
mod meaning;
mod phone;
mod pop;
mod retry;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use nohold_flow::Document;
use nohold_model::{
    AgentKey, CalendarKey, CampaignKey, Digit, ExtensionKey, FlowKey, GroupKey, Language, Millis, PhoneNumber,
    PromptKey, QueueKey, ServiceKey, Timestamp, TrunkKey,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::hours::{Calendar, DiallingWindow, Zone};
use crate::numbers::{BlockList, NumberRules, OutboundRules, RequestLimit};
use crate::wait::PromisePolicy;

pub use dialling::Forbidden;
pub use dispositions::{DispositionEffect, Dispositions};
pub use meaning::Meaning;
pub use phone::{Extension, StarCode, Unanswered};
pub use pop::{BadPop, Opens, Pop, Pops, Variables};
pub use retry::RetryPlan;

/// Everything configured. A directory is never changed in place: who holds one sees one consistent state.
#[derive(Debug, Clone)]
pub struct Directory {
    /// What holds for the whole installation.
    pub site: Site,
    /// Inbound services (呼入客服).
    pub services: BTreeMap<ServiceKey, Service>,
    /// Outbound campaigns (外呼营销).
    pub campaigns: BTreeMap<CampaignKey, Campaign>,
    /// Agent groups (坐席组).
    pub groups: BTreeMap<GroupKey, Group>,
    /// Agents, as configured; what they do now is [`crate::agent::Agent`].
    pub agents: BTreeMap<AgentKey, AgentProfile>,
    /// Queues (队列).
    pub queues: BTreeMap<QueueKey, Queue>,
    /// Phones of ours (分机).
    pub extensions: BTreeMap<ExtensionKey, Extension>,
    /// What the codes that begin with `*` do, by the code: `*10`.
    pub star_codes: BTreeMap<String, StarCode>,
    /// Trunks (中继).
    pub trunks: BTreeMap<TrunkKey, Trunk>,
    /// The trunks by which we call the public network, first to last.
    pub outbound: Vec<TrunkKey>,
    /// Inbound numbers (接入号码).
    pub numbers: BTreeMap<PhoneNumber, InboundNumber>,
    /// Calendars of business hours (工作时间).
    pub calendars: BTreeMap<CalendarKey, Calendar>,
    /// Published flows: every version that a running call may still hold; the last one is for new calls.
    pub flows: BTreeMap<FlowKey, BTreeMap<u32, Arc<Document>>>,
    /// Numbers that are never called or served.
    pub blocked: BlockList,
    /// What outcomes may be called.
    pub dispositions: Dispositions,
    /// Addresses that agents' pages open with what is known of a call.
    pub pops: Pops,
}

/// Settings of the whole installation.
#[derive(Debug, Clone)]
pub struct Site {
    /// The zone of the site, used where a customer's place is unknown.
    pub zone: Zone,
    /// How numbers are written here: by people who key them in, and by flows.
    pub numbers: NumberRules,
    /// The language of a call whose inbound number names none.
    pub language: Language,
    /// Hours in which a person may dial a customer, at the customer's place.
    pub dialling_window: DiallingWindow,
    /// Where a call may go.
    pub outbound: OutboundRules,
    /// How often and when a customer is tried.
    pub retry_plan: RetryPlan,
    /// How many callback requests one number may make.
    pub request_limit: RequestLimit,
    /// What is promised to who asks for a callback.
    pub promise: PromisePolicy,
    /// How long a claim holds without a call.
    pub claim_for: Millis,
    /// How long the customer's phone may ring in a callback.
    pub ring_customer_for: Millis,
    /// How long the agent's phone may ring in a callback.
    pub ring_agent_for: Millis,
    /// A conversation that breaks before this leaves its entry open (AT-11).
    pub broken_within: Millis,
    /// A conversation of at least this length serves the customer (AT-14).
    pub served_after: Millis,
    /// How long after our attempt a customer who rings in stands at the head of the line (I-5, *returning*).
    pub returning_within: Millis,
    /// An open entry on which nobody has worked for so long since it was due is *expired*; never, where there is
    /// nothing.
    pub expire_after: Option<Millis>,
    /// A request that nobody has claimed for so long alerts its group again (AT-18); never, where there is nothing.
    pub remind_again_after: Option<Millis>,
    /// A request that nobody has claimed for so long alerts the supervisors (AT-18); never, where there is nothing.
    pub escalate_after: Option<Millis>,
    /// The reasons of breaks that agents choose from; any words, where there are none.
    pub break_reasons: Vec<String>,
}

/// A line of business that answers callers.
#[derive(Debug, Clone)]
pub struct Service {
    /// Its key.
    pub key: ServiceKey,
    /// The name people see.
    pub name: String,
    /// The groups that work for it.
    pub groups: Vec<GroupKey>,
    /// When it is open; always, where there is no calendar.
    pub calendar: Option<CalendarKey>,
    /// The number (外显号码) that its customers see on a callback.
    pub caller_id: Option<PhoneNumber>,
}

/// A line of business that calls out.
#[derive(Debug, Clone)]
pub struct Campaign {
    /// Its key.
    pub key: CampaignKey,
    /// The name people see.
    pub name: String,
    /// The groups that work for it.
    pub groups: Vec<GroupKey>,
    /// When its customers may be called; always, where there is no calendar.
    pub calendar: Option<CalendarKey>,
    /// The number that its customers see.
    pub caller_id: Option<PhoneNumber>,
}

/// Agents who work together.
#[derive(Debug, Clone)]
pub struct Group {
    /// Its key.
    pub key: GroupKey,
    /// The name people see.
    pub name: String,
    /// Who is in it.
    pub agents: BTreeSet<AgentKey>,
}

/// An agent, as configured.
#[derive(Debug, Clone)]
pub struct AgentProfile {
    /// The key.
    pub key: AgentKey,
    /// The name that colleagues see.
    pub name: String,
    /// The agent number (工号) that callers hear.
    pub number: String,
    /// The phone that rings for this agent.
    pub extension: ExtensionKey,
    /// How the agent's phone rings, where it differs from the queue's.
    pub ringing: Option<Ringing>,
    /// Which queues come first for this agent: lower is earlier, a queue not named here has 0.
    pub priorities: BTreeMap<QueueKey, u8>,
    /// The language in which this agent is spoken to; the site's, where there is none.
    pub language: Option<Language>,
    /// A number outside that can ring for this agent instead of the phone.
    pub outside: Option<WorksOutside>,
}

impl AgentProfile {
    /// Whether calls ring at one of these phones and nowhere else: the agent does not work at a number outside.
    #[must_use]
    pub fn has_no_phone_but(&self, phones: &BTreeSet<ExtensionKey>) -> bool {
        phones.contains(&self.extension) && !self.outside.as_ref().is_some_and(|outside| outside.used)
    }
}

/// A number outside at which an agent can work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorksOutside {
    /// The number.
    pub number: PhoneNumber,
    /// It rings now, and the phone does not.
    pub used: bool,
}

/// How long one agent's phone rings for an offer, and how long it is left alone after one that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ringing {
    /// The ring time.
    pub ring_for: Millis,
    /// The retry pause.
    pub retry_pause: Millis,
}

/// Waiting callers and how they meet agents.
#[derive(Debug, Clone)]
pub struct Queue {
    /// Its key.
    pub key: QueueKey,
    /// The name people see.
    pub name: String,
    /// The internal number by which phones of ours call it, where it has one.
    pub number: Option<String>,
    /// The service it belongs to.
    pub service: ServiceKey,
    /// The groups whose agents serve it.
    pub groups: Vec<GroupKey>,
    /// Which of the available agents is rung.
    pub strategy: Strategy,
    /// A caller leaves for the overflow after waiting this long since the last entry.
    pub longest_wait: Millis,
    /// No more than this many callers wait.
    pub max_length: u32,
    /// How its agents' phones ring.
    pub ringing: Ringing,
    /// The wrap-up after a conversation; none when zero.
    pub wrap_up: Millis,
    /// Whether agents have it, and how it ends.
    pub wrap_up_mode: WrapUpMode,
    /// The key that leads a waiting caller to the overflow at once, and how often it is announced.
    pub callback_key: Option<CallbackKey>,
    /// How often the place in line and the wait are announced; never, where there is nothing.
    pub announce_every: Option<Millis>,
    /// The caller hears the agent's number (工号播报) before the conversation.
    pub announce_agent: bool,
    /// What the agent hears before the conversation, if anything: this, then the queue's number and the wait.
    pub whisper: Option<PromptKey>,
    /// Conversations are recorded, and customers are told so by this before; nothing is recorded where there is none.
    pub recording_notice: Option<PromptKey>,
    /// Hours of its own, instead of the service's.
    pub calendar: Option<CalendarKey>,
    /// What happens to those who wait when the hours end.
    pub at_closing: AtClosing,
    /// Whether callers wait when no agent of the queue is signed in.
    pub join_empty: bool,
    /// How long a call is taken to last until the queue has figures of its own; 300 s is a good start.
    pub handling_time: Millis,
    /// How long a caller is taken to wait before giving up; 240 s is a good start.
    pub patience: Millis,
    /// An abandon before this is *short* and not counted.
    pub short_abandon: Millis,
    /// What waiting callers hear; the built-in music where nothing is chosen.
    pub music: Option<PromptKey>,
    /// Where a caller goes (失败转向) who leaves unserved, by reason.
    pub overflow: BTreeMap<OverflowReason, OverflowTarget>,
}

/// The queue's callback key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallbackKey {
    /// The key.
    pub digit: Digit,
    /// It is announced this often.
    pub announce_every: Millis,
}

/// Which agents a queue rings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// The one who has had no call for the longest time.
    LongestIdle,
    /// One after the other; where it stopped is remembered.
    RoundRobin,
    /// All that are available at once.
    RingAll,
}

/// Whether agents have a wrap-up (话后整理), and how it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WrapUpMode {
    /// There is none.
    None,
    /// An agent may take it, and is free at once otherwise.
    Optional,
    /// It ends by time, or when the agent ends it; while something is typed it goes on.
    Timed,
    /// It ends when the outcome is saved, or when a supervisor ends it.
    Mandatory,
}

/// What happens to waiting callers when the hours of their queue end (AT-29).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AtClosing {
    /// They are served to the end.
    Serve,
    /// They leave for the overflow with the reason *closed*.
    Overflow,
}

/// Why a caller leaves a queue unserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OverflowReason {
    /// The longest wait was reached (超时).
    Timeout,
    /// The queue has its maximum length (已满).
    Full,
    /// No agent of the queue is signed in (无坐席).
    NoAgents,
    /// Outside its hours (已下班).
    Closed,
    /// The caller pressed the callback key (按键).
    Key,
}

/// Where an overflow leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OverflowTarget {
    /// An IVR flow.
    Flow(FlowKey),
    /// Another queue, at the place that the first arrival earned.
    Queue(QueueKey),
    /// A phone.
    Extension(ExtensionKey),
    /// All available agents of a group.
    Group(GroupKey),
    /// The built-in message dialogue.
    Message,
    /// A prompt, then the end of the call.
    Announcement(PromptKey),
    /// The busy tone.
    Busy,
    /// The end of the call.
    HangUp,
}

/// A connection to a carrier or another PBX.
#[derive(Debug, Clone)]
pub struct Trunk {
    /// Its key.
    pub key: TrunkKey,
    /// How numbers are written on it.
    pub numbering: NumberRules,
    /// The numbers that it owns: only they are shown to those we call.
    pub numbers: BTreeSet<PhoneNumber>,
}

/// A number that callers dial.
#[derive(Debug, Clone)]
pub struct InboundNumber {
    /// The number.
    pub number: PhoneNumber,
    /// The service it belongs to.
    pub service: ServiceKey,
    /// The language of its calls.
    pub language: Option<Language>,
    /// Hours of its own, instead of the service's.
    pub calendar: Option<CalendarKey>,
    /// Where it leads.
    pub target: InboundTarget,
    /// Where it leads outside its hours; to the same target where nothing is chosen.
    pub when_closed: Option<InboundTarget>,
}

/// Where an inbound number leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InboundTarget {
    /// An IVR flow.
    Flow(FlowKey),
    /// A queue.
    Queue(QueueKey),
    /// A phone.
    Extension(ExtensionKey),
}

impl Directory {
    /// The directory with a queue for each group that has none of its own: an overflow or a request to a group is a
    /// wait in its line, under the same rules as any other. It rings all, for the first queue's ring time and wait.
    #[must_use]
    pub fn with_queues_of_groups(mut self) -> Self {
        let Some(pattern) = self.queues.values().next().cloned() else { return self };
        for group in self.groups.values() {
            let Some(key) = Directory::queue_of_group(&group.key) else { continue };
            let service = self.services.values().find(|service| service.groups.contains(&group.key));
            let queue = Queue {
                key: key.clone(),
                name: group.name.clone(),
                number: None,
                service: service.map_or_else(|| pattern.service.clone(), |service| service.key.clone()),
                groups: vec![group.key.clone()],
                strategy: Strategy::RingAll,
                callback_key: None,
                calendar: None,
                overflow: BTreeMap::from([(OverflowReason::Timeout, OverflowTarget::Message)]),
                ..pattern.clone()
            };
            self.queues.entry(key).or_insert(queue);
        }
        self
    }

    /// The key of the queue that stands for a group; none where the group's key is too long for it.
    #[must_use]
    pub fn queue_of_group(group: &GroupKey) -> Option<QueueKey> {
        QueueKey::new(&format!("group.{group}")).ok()
    }

    /// Whether the number is one of ours: one that customers call or are shown, and nobody's secret.
    #[must_use]
    pub fn is_of_the_house(&self, number: &PhoneNumber) -> bool {
        let shown = self.services.values().map(|service| service.caller_id.as_ref());
        let shown = shown.chain(self.campaigns.values().map(|campaign| campaign.caller_id.as_ref()));
        self.numbers.contains_key(number)
            || self.trunks.values().any(|trunk| trunk.numbers.contains(number))
            || shown.flatten().any(|own| own == number)
    }

    /// Whether the block list has this number.
    #[must_use]
    pub fn blocks(&self, number: Option<&PhoneNumber>) -> bool {
        number.is_some_and(|number| self.blocked.contains(number))
    }

    /// The queue with this key.
    #[must_use]
    pub fn queue(&self, key: &QueueKey) -> Option<&Queue> {
        self.queues.get(key)
    }

    /// The agents who serve this queue, each once.
    pub fn members<'a>(&'a self, queue: &Queue) -> impl Iterator<Item = &'a AgentProfile> {
        let keys: BTreeSet<&AgentKey> =
            queue.groups.iter().filter_map(|group| self.groups.get(group)).flat_map(|group| &group.agents).collect();
        keys.into_iter().filter_map(|key| self.agents.get(key))
    }

    /// The priority that an agent gives to a queue, where the agent serves it; lower comes first.
    #[must_use]
    pub fn priority(&self, queue: &Queue, agent: &AgentKey) -> Option<u8> {
        let profile = self.agents.get(agent)?;
        let serves =
            queue.groups.iter().filter_map(|group| self.groups.get(group)).any(|group| group.agents.contains(agent));
        serves.then(|| profile.priorities.get(&queue.key).copied().unwrap_or(0))
    }

    /// How this agent's phone rings for this queue.
    #[must_use]
    pub fn ringing(&self, queue: &Queue, agent: &AgentKey) -> Ringing {
        self.agents.get(agent).and_then(|agent| agent.ringing).unwrap_or(queue.ringing)
    }

    /// Whether it is forgiven that an agent does not answer what a queue offers, so that the state stays: where all are
    /// rung one of them is enough, and who was handed a call has not promised to take it.
    #[must_use]
    pub fn forgives(&self, queue: Option<&QueueKey>) -> bool {
        queue.and_then(|queue| self.queue(queue)).is_none_or(|queue| queue.strategy == Strategy::RingAll)
    }

    /// Whether the calendar of that name is open at `at`; nothing when there is no such calendar.
    #[must_use]
    pub fn is_open(&self, calendar: &CalendarKey, at: Timestamp) -> Option<bool> {
        self.calendars.get(calendar).map(|calendar| calendar.is_open(at))
    }

    /// The calendar that a queue keeps: its own, else its service's.
    #[must_use]
    pub fn queue_calendar<'a>(&'a self, queue: &'a Queue) -> Option<&'a CalendarKey> {
        queue.calendar.as_ref().or_else(|| self.services.get(&queue.service)?.calendar.as_ref())
    }

    /// Whether the queue is open at `at`; a queue without a calendar always is.
    #[must_use]
    pub fn queue_is_open(&self, queue: &Queue, at: Timestamp) -> bool {
        self.queue_calendar(queue).and_then(|key| self.is_open(key, at)).unwrap_or(true)
    }

    /// The newest published version of a flow.
    #[must_use]
    pub fn latest_flow(&self, key: &FlowKey) -> Option<(u32, &Arc<Document>)> {
        self.flows.get(key)?.last_key_value().map(|(version, document)| (*version, document))
    }
}

#[cfg(test)]
mod tests;
