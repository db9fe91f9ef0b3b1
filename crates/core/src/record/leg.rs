//! The parts of a call: connections, and stays in lines.

use nohold_model::{AgentKey, ExtensionKey, PhoneNumber, QueueKey, Timestamp};
use serde::{Deserialize, Serialize};

use crate::agent::OfferEnd;
use crate::fact::LeftQueue;

/// One party's connection (话路).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    /// Whose it is.
    pub party: Party,
    /// When it began: the call came in, the phone was rung.
    pub began: Timestamp,
    /// When it was answered.
    #[serde(default)]
    pub answered: Option<Timestamp>,
    /// When it ended; with the call, where nothing is said.
    #[serde(default)]
    pub ended: Option<Timestamp>,
    /// Why it was not answered, where that is known.
    #[serde(default)]
    pub why: Option<LegEnd>,
}

/// Whose connection it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// The customer.
    Customer,
    /// An agent.
    Agent(AgentKey),
    /// A phone of ours that is no agent's.
    Extension(ExtensionKey),
    /// Somebody else outside.
    Number(PhoneNumber),
}

/// Why a connection was not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LegEnd {
    /// It rang for the whole ring time.
    NoAnswer,
    /// It was refused, or busy.
    Declined,
    /// The phone could not be reached.
    Unreachable,
    /// It was taken back.
    Withdrawn,
    /// Our side failed.
    Interrupted,
}

/// A time in the line of a queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stay {
    /// The queue.
    pub queue: QueueKey,
    /// Since when.
    pub from: Timestamp,
    /// Until when.
    #[serde(default)]
    pub to: Option<Timestamp>,
    /// Why the caller left it.
    #[serde(default)]
    pub why: Option<LeftQueue>,
}

impl LegEnd {
    /// How an agent offer ended that was not accepted.
    pub(super) const fn of(end: OfferEnd) -> Option<LegEnd> {
        match end {
            OfferEnd::Accepted => None,
            OfferEnd::NoAnswer => Some(LegEnd::NoAnswer),
            OfferEnd::Declined => Some(LegEnd::Declined),
            OfferEnd::Unreachable => Some(LegEnd::Unreachable),
            OfferEnd::Withdrawn => Some(LegEnd::Withdrawn),
            OfferEnd::Interrupted => Some(LegEnd::Interrupted),
        }
    }
}
