//! The words in which facts tell why and how.

use nohold_model::{ExtensionKey, FlowKey, PhoneNumber, QueueKey};
use serde::{Deserialize, Serialize};

/// Why a callback ended before the customer was dialled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dropped {
    /// The agent did not answer the own phone.
    NoAnswer,
    /// The agent refused the call, or was busy.
    Declined,
    /// The agent's phone could not be reached.
    Unreachable,
    /// The agent hung up.
    HungUp,
    /// Another call of ours dials the number, or talks with it.
    NumberInUse,
    /// The customer must not be dialled at this hour.
    Hour,
    /// The number must not be called: it is blocked, or calls do not go there.
    NotCallable,
    /// The number was tried a moment ago, or often enough.
    TriedEnough,
    /// The entry has changed meanwhile.
    Refused,
    /// The store could not keep the attempt.
    NotSaved,
    /// Our side failed.
    Interrupted,
}

/// Who has hung up a call to the public network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ender {
    /// Who called: a phone of ours.
    Caller,
    /// Who was called.
    Called,
}

/// Why a caller left a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftQueue {
    /// An agent answered.
    Answered,
    /// The caller hung up.
    HungUp,
    /// The caller chose something else in a menu.
    Chose,
    /// The overflow took the caller away.
    Overflow,
    /// Our side failed.
    CutOff,
}

/// What a customer was doing when our side failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doing {
    /// In a menu or another part of a flow.
    InFlow,
    /// Waiting in a queue.
    Waiting,
    /// Leaving a message.
    LeavingMessage,
    /// Talking with an agent or another phone.
    Talking,
    /// Being connected to another phone.
    Transferring,
    /// Nothing any more: the request stands.
    Finished,
    /// Nothing any more: the message is saved.
    MessageSaved,
}

/// How a call ended; the account of I-9.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallEnd {
    /// Talked with an agent or another phone.
    Served,
    /// Asked to be called back.
    Requested,
    /// Left a message.
    Message,
    /// Left unserved.
    Missed,
    /// The flow ended it, as drawn.
    EndedByFlow,
    /// Ended through our fault.
    CutOff,
    /// A callback that we made; its entry tells the rest.
    Callback,
    /// A call that a phone of ours made to the public network.
    Direct,
}

/// Where a call goes: a phone outside the line, or what an agent hands it over to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Destination {
    /// A phone of ours.
    Extension(ExtensionKey),
    /// A number of the public network.
    Number(PhoneNumber),
    /// Into the line of a queue; of a consultation: whoever of the queue is free.
    Queue(QueueKey),
    /// Into a flow.
    Flow(FlowKey),
}

/// Whom an agent talks with who has called somebody besides the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Together {
    /// With whoever was called; the customer waits.
    Target,
    /// With the customer; whoever was called waits.
    Customer,
    /// With both.
    All,
}

impl Destination {
    /// The number, where it is one of the public network.
    #[must_use]
    pub fn number(&self) -> Option<&PhoneNumber> {
        match self {
            Destination::Number(number) => Some(number),
            Destination::Extension(_) | Destination::Queue(_) | Destination::Flow(_) => None,
        }
    }
}
