//! The row of a call.

use nohold_model::{
    AgentKey, AttemptId, CallId, CallResult, EntryId, ExtensionKey, FlowKey, PhoneNumber, QueueKey, ServiceKey,
    Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::entry::Target;
use crate::fact::{Destination, Doing, Together};

/// A call while it lives: what must be known of it if our side dies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallRow {
    /// The call.
    pub id: CallId,
    /// The customer's number.
    pub number: Option<PhoneNumber>,
    /// The service; none for a callback of a campaign, and between colleagues.
    pub service: Option<ServiceKey>,
    /// The queue that the caller was in last.
    pub queue: Option<QueueKey>,
    /// When the call began.
    pub began: Timestamp,
    /// What the customer is doing.
    pub doing: Doing,
    /// Since when agent and customer hear each other.
    pub connected: Option<Timestamp>,
    /// The agent whom the call has, from the answer on; whose phone is rung by its own number, from the ring on.
    pub agent: Option<AgentKey>,
    /// Who calls, where it is a phone of ours.
    pub caller: Option<CallerRow>,
    /// The number that a transfer, or a phone of ours, dials.
    pub dialled: Option<PhoneNumber>,
    /// For a callback: of what.
    pub callback: Option<CallbackRow>,
    /// Somebody whom the agent consults.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consult: Option<ConsultRow>,
    /// Agent and customer do not hear each other: one of them holds, or somebody is consulted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub held: bool,
    /// The agents who hold the others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held_by: Vec<AgentKey>,
    /// Whom we call is rung, and has not answered.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub far_rings: bool,
    /// Whether what they say is recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recording: Option<RecordingNow>,
    /// A phone outside the line that is rung.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rings: Option<RingsRow>,
    /// When the caller first came to stand in a line, or did after somebody had talked with them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stood: Option<Timestamp>,
    /// When the caller left the line for the last time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_line: Option<Timestamp>,
    /// The flows that have treated the caller, in their order; the last [`MOST_FLOWS`] of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flows: Vec<FlowKey>,
    /// On whose list a customer whom we have called stands, should we cut the call off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whose: Option<Target>,
    /// The number of ours that was dialled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub called: Option<PhoneNumber>,
    /// Entries of the customer that shall stay open, although this call would settle them (AT-14).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keep_open: Vec<EntryId>,
    /// For a customer whom an agent has dialled by hand for a line of business: the attempt that this is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_hand: Option<ByHandRow>,
}

/// So many flows of a call are remembered.
pub const MOST_FLOWS: usize = 20;

/// Somebody whom an agent consults, or has brought into a conference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsultRow {
    /// The agent who consults.
    pub by: AgentKey,
    /// Whom.
    pub to: Destination,
    /// The agent whose phone it is, where the call holds that agent.
    pub agent: Option<AgentKey>,
    /// Since when it rings there, and until when it may.
    pub rings: RingsRow,
    /// Since when they talk.
    pub answered: Option<Timestamp>,
    /// With whom the agent talks since.
    pub with: Together,
}

/// A phone that is rung.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RingsRow {
    /// Since when.
    pub since: Timestamp,
    /// Until when it may, where that is known.
    pub until: Option<Timestamp>,
}

/// Whether a conversation is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordingNow {
    /// What agent and customer say to each other is recorded; the customer has heard so.
    On,
    /// The agent has paused it.
    Paused,
}

impl CallRow {
    /// A call that began.
    pub(super) fn new(id: CallId, began: Timestamp, doing: Doing) -> CallRow {
        CallRow {
            id,
            number: None,
            service: None,
            queue: None,
            began,
            doing,
            connected: None,
            agent: None,
            caller: None,
            dialled: None,
            callback: None,
            consult: None,
            held: false,
            held_by: Vec::new(),
            far_rings: false,
            recording: None,
            rings: None,
            stood: None,
            left_line: None,
            flows: Vec::new(),
            whose: None,
            called: None,
            keep_open: Vec::new(),
            by_hand: None,
        }
    }
}

/// Who calls from a phone of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallerRow {
    /// The phone.
    pub extension: ExtensionKey,
    /// The agent whose phone it is, where the call holds the agent.
    pub agent: Option<AgentKey>,
}

/// An attempt that an agent makes by hand: of no entry, and remembered by the number all the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByHandRow {
    /// The attempt.
    pub attempt: AttemptId,
    /// The number.
    pub number: PhoneNumber,
    /// What came of it, where the customer was dialled and not reached.
    pub result: Option<CallResult>,
}

/// The callback that a call is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallbackRow {
    /// The entry.
    pub entry: EntryId,
    /// The attempt, once it began.
    pub attempt: Option<AttemptId>,
    /// A supervisor has allowed it outside the dialling window.
    pub beyond_window: bool,
}
