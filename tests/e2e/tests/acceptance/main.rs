//! What a caller and an agent must see, row by row: each test is named after its row. All of it is real calls, with
//! telephones of other makers on both sides wherever they can do what the row asks for.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod agents_outside;
mod at_after_hours;
mod at_callback;
mod at_configured;
mod at_disk;
mod at_messages;
mod at_outside;
mod at_queue;
mod at_reminders;
mod at_requests;
mod at_restart;
mod at_returning;
mod at_transfer;
mod recordings;
