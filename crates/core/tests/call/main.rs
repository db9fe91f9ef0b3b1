//! Calls from outside and from our own phones: scenarios that read like calls, and chance.
#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

#[path = "../stage/mod.rs"]
mod stage;

mod accepting;
mod agents;
mod callback;
mod chance;
mod colleague;
mod consult;
mod dialled;
mod direct;
mod handover;
mod message;
mod outside;
mod overflow;
mod record;
mod recording;
mod request;
mod slow;
mod transfer;
mod waiting;
