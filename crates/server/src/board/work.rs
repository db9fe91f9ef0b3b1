//! Agents, queues and calls, as people and programs read them.

use nohold_core::agent::{Agent, AgentState, Engagement, Mode};
use nohold_core::directory::{AgentProfile, Directory, Queue};
use nohold_core::fact::{Destination, Doing, PAGE_LOST, Together};
use nohold_core::routing::{Class, Offer, Waiting};
use nohold_core::transaction::{CallRow, RecordingNow};
use nohold_model::{AgentKey, CallId, EntryId, FlowKey, GroupKey, PhoneNumber, QueueKey, ServiceKey, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

/// So many callers of a line are shown, first to last; its length is shown whole.
const MOST_CALLERS: usize = 50;

/// An agent at work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AgentShown {
    /// The key.
    #[schema(value_type = String)]
    pub key: AgentKey,
    /// The name that colleagues see.
    pub name: String,
    /// The agent number.
    pub number: String,
    /// The phone.
    pub extension: String,
    /// Whether calls ring at the agent's number outside instead; nothing where no such number is configured.
    pub outside: Option<bool>,
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
    /// The reason of a break; `page_lost` where somebody is not signed in because the page that was their phone was away for too
    /// long.
    pub reason: Option<String>,
    /// What the agent has chosen to be after the present call: a state, or `signed_out`.
    pub after: Option<&'static str>,
    /// When the wrap-up ends.
    #[schema(value_type = Option<i64>)]
    pub wrap_up_until: Option<Timestamp>,
    /// The call that it follows.
    #[schema(value_type = Option<String>)]
    pub wrap_up_of: Option<CallId>,
    /// It ends only when the note of that call is saved; `wrap_up_until` is when it should be over.
    pub must_write: bool,
    /// Until when a wrap-up may still be taken, where the queue leaves it to the agent.
    #[schema(value_type = Option<i64>)]
    pub may_wrap_up_until: Option<Timestamp>,
    /// The agent wants a wrap-up after the present conversation.
    pub wants_wrap_up: bool,
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
    /// Entries of the customer that stay open although the call would settle them.
    #[schema(value_type = Vec<String>)]
    pub keep_open: Vec<EntryId>,
    /// The number outside that it was sent to, or that a phone of ours has dialled.
    #[schema(value_type = Option<String>)]
    pub dialled: Option<PhoneNumber>,
    /// Agent and customer do not hear each other: one of them holds, or somebody is consulted.
    pub held: bool,
    /// The agents who hold the others, each with the name that colleagues see: they alone can take them back.
    pub held_by: Vec<HolderShown>,
    /// Whom the call dials is rung, and has not answered.
    pub far_rings: bool,
    /// Somebody whom the agent has called besides.
    pub consult: Option<ConsultShown>,
    /// All three hear each other.
    pub conference: bool,
    /// `on` or `paused` where the conversation is one that is recorded, of which the customer was told; else none.
    #[schema(value_type = Option<String>)]
    pub recording: Option<RecordingNow>,
    /// Phones that ring for the caller, since when, and until when they may.
    pub ringing: Vec<RingingShown>,
    /// When the caller first came to stand in a line.
    #[schema(value_type = Option<i64>)]
    pub queued: Option<Timestamp>,
    /// When the caller left the line for the last time.
    #[schema(value_type = Option<i64>)]
    pub left_line: Option<Timestamp>,
    /// The flows that have treated the caller, in their order.
    #[schema(value_type = Vec<String>)]
    pub path: Vec<FlowKey>,
}

/// An agent who holds the others of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HolderShown {
    /// The agent.
    #[schema(value_type = String)]
    pub agent: AgentKey,
    /// The name that colleagues see.
    pub name: String,
}

/// Somebody whom an agent has called besides the customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ConsultShown {
    /// The agent who has called.
    #[schema(value_type = String)]
    pub by: AgentKey,
    /// The name of that agent that colleagues see, also those of other groups.
    pub by_name: String,
    /// Whom: `{"extension": "2001"}`, `{"queue": "600"}` or `{"number": "+86…"}`.
    #[schema(value_type = Object)]
    pub to: Destination,
    /// The agent whose phone it is.
    #[schema(value_type = Option<String>)]
    pub agent: Option<AgentKey>,
    /// Since when it rings there.
    #[schema(value_type = i64)]
    pub since: Timestamp,
    /// Until when it may.
    #[schema(value_type = Option<i64>)]
    pub until: Option<Timestamp>,
    /// Since when they talk.
    #[schema(value_type = Option<i64>)]
    pub answered: Option<Timestamp>,
    /// With whom the agent talks: `target`, `customer` or `all`.
    #[schema(value_type = String)]
    pub with: Together,
}

/// A phone that rings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RingingShown {
    /// Whose it is, where it is an agent's.
    #[schema(value_type = Option<String>)]
    pub agent: Option<AgentKey>,
    /// Since when.
    #[schema(value_type = i64)]
    pub since: Timestamp,
    /// Until when it may.
    #[schema(value_type = Option<i64>)]
    pub until: Option<Timestamp>,
    /// Whether the agent's state becomes *no answer* where nobody answers.
    pub out_of_rotation: bool,
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
            name: profile.name.clone(),
            number: profile.number.clone(),
            extension: profile.extension.to_string(),
            outside: profile.outside.as_ref().map(|outside| outside.used),
            groups: groups.map(|group| group.key.clone()).collect(),
            state: agent.state(),
            since: agent.since,
            reason: match &agent.mode {
                Mode::Break(reason) => Some(reason.clone()),
                Mode::SignedOut if agent.page_lost => Some(PAGE_LOST.to_owned()),
                Mode::SignedOut | Mode::Available | Mode::NotReady | Mode::NoAnswer => None,
            },
            after,
            wrap_up_until: agent.wrap_up,
            wrap_up_of: agent.wrap_up_of.map(|of| of.call),
            must_write: agent.must_write(),
            may_wrap_up_until: agent.may_wrap_up.map(|may| may.until),
            wants_wrap_up: agent.wants_wrap_up,
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
    /// A call with the agents whom it has in hand, and the offers that ring for it.
    #[must_use]
    pub fn new<'a>(
        row: &CallRow,
        agents: Vec<AgentKey>,
        offers: impl Iterator<Item = &'a Offer>,
        directory: &Directory,
    ) -> Self {
        let offers = offers.map(|offer| RingingShown {
            agent: Some(offer.agent.clone()),
            since: offer.made,
            until: Some(offer.ring_until),
            out_of_rotation: !directory.forgives(offer.queue.as_ref()),
        });
        let phone = row.rings.map(|rings| RingingShown {
            agent: row.agent.clone(),
            since: rings.since,
            until: rings.until,
            out_of_rotation: false,
        });
        let name = |agent: &AgentKey| {
            directory.agents.get(agent).map_or_else(|| agent.to_string(), |profile| profile.name.clone())
        };
        let consult = row.consult.as_ref().map(|consult| ConsultShown {
            by: consult.by.clone(),
            by_name: name(&consult.by),
            to: consult.to.clone(),
            agent: consult.agent.clone(),
            since: consult.rings.since,
            until: consult.rings.until,
            answered: consult.answered,
            with: consult.with,
        });
        CallShown {
            dialled: row.dialled.clone(),
            held: row.held,
            held_by: row.held_by.iter().map(|agent| HolderShown { agent: agent.clone(), name: name(agent) }).collect(),
            far_rings: row.far_rings && row.connected.is_none(),
            conference: consult.as_ref().is_some_and(|consult| consult.with == Together::All),
            consult,
            recording: row.recording,
            ringing: offers.chain(phone).collect(),
            queued: row.stood,
            left_line: row.left_line,
            path: row.flows.clone(),
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
            keep_open: row.keep_open.clone(),
        }
    }
}
