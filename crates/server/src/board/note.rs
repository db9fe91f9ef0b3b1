//! Notes of calls, as people and programs read them.

use nohold_core::note::{CallNote, Written};
use nohold_model::{
    AgentKey, CallId, CampaignKey, DispositionKey, EntryId, PhoneNumber, QueueKey, ServiceKey, Timestamp,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The note of an agent on a call: what is typed, until it is saved. Times are milliseconds since 1970 (UTC).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct NoteShown {
    /// The call.
    #[schema(value_type = String)]
    pub call: CallId,
    /// Whose note it is.
    #[schema(value_type = String)]
    pub agent: AgentKey,
    /// Counts the changes.
    pub version: u64,
    /// The customer's number as E.164.
    #[schema(value_type = Option<String>)]
    pub number: Option<PhoneNumber>,
    /// The service.
    #[schema(value_type = Option<String>)]
    pub service: Option<ServiceKey>,
    /// The campaign.
    #[schema(value_type = Option<String>)]
    pub campaign: Option<CampaignKey>,
    /// The queue that the caller came from.
    #[schema(value_type = Option<String>)]
    pub queue: Option<QueueKey>,
    /// The entry that was called back.
    #[schema(value_type = Option<String>)]
    pub entry: Option<EntryId>,
    /// When the call began.
    #[schema(value_type = i64)]
    pub began: Timestamp,
    /// When it let the agent go; none while they talk.
    #[schema(value_type = Option<i64>)]
    pub ended: Option<Timestamp>,
    /// The queue asks for a disposition.
    pub required: bool,
    /// It stands on the agent's page until it is done: something is typed, or the queue asks for it.
    pub open: bool,
    /// What is written.
    pub written: WrittenShown,
    /// When something was typed last.
    #[schema(value_type = Option<i64>)]
    pub typed: Option<Timestamp>,
    /// When it was saved.
    #[schema(value_type = Option<i64>)]
    pub done: Option<Timestamp>,
}

/// What an agent writes about a call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WrittenShown {
    /// The disposition.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub disposition: Option<DispositionKey>,
    /// The note, up to 2,000 characters.
    #[serde(default)]
    #[schema(max_length = 2000)]
    pub note: String,
    /// Words to find it by: 10 at most, of up to 40 characters.
    #[serde(default)]
    #[schema(max_items = 10)]
    pub tags: Vec<String>,
}

impl From<&Written> for WrittenShown {
    fn from(written: &Written) -> Self {
        let Written { disposition, note, tags } = written.clone();
        WrittenShown { disposition, note, tags }
    }
}

impl From<WrittenShown> for Written {
    fn from(given: WrittenShown) -> Self {
        let WrittenShown { disposition, note, tags } = given;
        Written { disposition, note, tags }
    }
}

impl From<&CallNote> for NoteShown {
    fn from(note: &CallNote) -> Self {
        NoteShown {
            call: note.call,
            agent: note.agent.clone(),
            version: note.version,
            number: note.number.clone(),
            service: note.service.clone(),
            campaign: note.campaign.clone(),
            queue: note.queue.clone(),
            entry: note.entry,
            began: note.began,
            ended: note.ended,
            required: note.required,
            open: note.is_open(),
            written: (&note.written).into(),
            typed: note.typed,
            done: note.done,
        }
    }
}
