//! What an inbound call is made of.

use nohold_flow::Run;
use nohold_model::{
    AgentKey, ExtensionKey, Language, LegId, MessageId, Millis, OfferId, PhoneNumber, PlaybackId, QueueKey, ServiceKey,
    Timestamp,
};

use super::{handing, transfer};
use crate::agent::AfterOffer;
use crate::call::talk::Pair;
use crate::directory::InboundTarget;
use crate::fact::{Doing, Fact};

/// A phone of ours that calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Colleague {
    pub(super) extension: ExtensionKey,
    /// What was dialled.
    pub(super) target: InboundTarget,
    /// The agent whose phone it is, where this call holds the agent.
    pub(super) agent: Option<AgentKey>,
}

/// When the waiting caller hears what next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Music {
    /// The queue's hours end, and it does not serve to the end.
    pub(super) closes_at: Option<Timestamp>,
    /// The callback key is announced.
    pub(super) key_at: Option<Timestamp>,
    /// Place and wait are announced.
    pub(super) place_at: Option<Timestamp>,
    /// Something is being announced; after it the music goes on.
    pub(super) announcing: bool,
}

/// A caller's stand in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stand {
    pub(super) queue: QueueKey,
    pub(super) stay: u32,
    pub(super) priority: u8,
    pub(super) entered: Timestamp,
    pub(super) connectable: bool,
}

/// Where "keep waiting" leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CameFrom {
    pub(super) queue: QueueKey,
    pub(super) priority: u8,
    /// The queue would not have the caller: closed, full or without agents.
    pub(super) refused: bool,
}

/// An agent's phone that rings for this caller.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ringing {
    pub(super) offer: OfferId,
    pub(super) agent: AgentKey,
    pub(super) leg: LegId,
    pub(super) until: Timestamp,
    pub(super) after: AfterOffer,
    /// The phone has said that it rings.
    pub(super) rings: bool,
    /// The agent has answered while a promise was on its way; what commits first wins.
    pub(super) answered: bool,
}

/// An agent and a caller on the way to each other.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Connecting {
    pub(super) agent: AgentKey,
    pub(super) agent_leg: LegId,
    /// What the caller still hears.
    pub(super) to_caller: Option<PlaybackId>,
    /// What they say will be recorded: the caller hears so, or has heard it.
    pub(super) recorded: bool,
    /// What the agent still hears.
    pub(super) to_agent: Option<PlaybackId>,
}

/// Another phone.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Transfer {
    /// The leg, once it is dialled; an agent's phone rings as an offer.
    pub(super) leg: Option<LegId>,
    pub(super) until: Timestamp,
    /// The agent whose phone it is, where this call holds an agent who takes no offer now.
    pub(super) agent: Option<(AgentKey, ExtensionKey)>,
    /// The flow that goes on where the transfer fails.
    pub(super) run: Option<Box<Run>>,
    /// The two, once they hear each other.
    pub(super) pair: Option<Pair>,
    /// Whose phone it is, where it holds nobody: an agent who is not signed in.
    pub(super) whose: Option<AgentKey>,
    /// Since when they talk.
    pub(super) since: Option<Timestamp>,
}

impl Transfer {
    /// To a phone that holds no agent, by this leg or one that is not dialled yet.
    pub(super) fn new(leg: Option<LegId>, until: Timestamp) -> Self {
        Transfer { leg, until, agent: None, run: None, pair: None, whose: None, since: None }
    }
}

/// A message on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Recording {
    pub(super) message: MessageId,
    pub(super) speech: Millis,
    pub(super) done: bool,
    /// A hang-up ended it: nobody waits to hear what became of it.
    pub(super) hung_up: bool,
    /// The recording that was cut by a hang-up is given up if the engine says nothing by then.
    pub(super) give_up_at: Option<Timestamp>,
}

/// A promise whose commit is awaited.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Awaited {
    pub(super) number: u32,
    pub(super) what: Awaiting,
}

/// What hangs on the commit.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Awaiting {
    /// The arrival: before it the call is not answered.
    Arrival,
    /// A callback request; the fact, in case it has to be recorded without the caller.
    Request(Box<Fact>),
    /// A message.
    Message(Box<Fact>),
    /// A transfer.
    Transfer(Box<transfer::Wanted>),
    /// The ring of a phone by its own number.
    Phone,
    /// An agent's wish to hand the customer over.
    HandOver(Box<handing::Handing>),
    /// An agent's wish to consult somebody.
    Consult {
        /// The wish.
        wish: u64,
    },
}

/// What the caller has got so far; it decides how the call is accounted for (I-9).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) talked: bool,
    pub(super) requested: bool,
    pub(super) message: bool,
    /// What the caller wished last and has not got.
    pub(super) unkept: Option<Unkept>,
}

/// A wish that came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unkept {
    /// The message was empty.
    Empty,
    /// The store could not keep the request or the message.
    NotSaved(Doing),
}

/// From where a call comes.
pub(super) struct Origin {
    pub(super) colleague: Option<Colleague>,
    pub(super) called: Option<PhoneNumber>,
    pub(super) service: Option<ServiceKey>,
    pub(super) language: Language,
}
