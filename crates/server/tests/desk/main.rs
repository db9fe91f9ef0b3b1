//! The desk over real sockets: a node with the real rules and the real store, people who work, and programs that ask.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod audio;
// Not all that it can is needed here.
#[allow(dead_code)]
#[path = "../api/client.rs"]
mod client;
mod closed;
mod contacts;
mod fields;
mod history_table;
mod house;
mod https;
mod masking;
mod notes;
mod phones;
mod reminders;
mod screens;
mod socket;
mod today;
mod told;
mod trail;
mod work;
