//! Ids, time, phone numbers and the words that all crates of Nohold share.
//!
//! Pure: nothing in here reads a clock, draws a random number or touches the outside. Time is a [`Timestamp`] that
//! somebody at the edge has read, chance is a seed that came in with an event.
#![cfg_attr(not(test), warn(clippy::wildcard_enum_match_arm))]

mod id;
mod key;
mod number;
mod spoken;
mod time;
mod words;

pub use id::{
    AttemptId, BridgeId, CallId, ContactId, EntryId, IdSource, LegId, MessageId, OfferId, ParseIdError, PlaybackId,
    RecordingId,
};
pub use key::{
    AgentKey, CalendarKey, CampaignKey, DispositionKey, ExtensionKey, FlowKey, GroupKey, InvalidKey, PromptKey,
    QueueKey, ServiceKey, TrunkKey,
};
pub use number::{Country, InvalidNumber, NumberKind, PhoneNumber, UnknownCountry};
pub use spoken::Spoken;
pub use time::{Millis, Timestamp};
pub use words::{CallResult, Digit, Language, NotADigit, UnknownLanguage};
