//! The rules of Nohold, and nothing else.
//!
//! Everything in here is a function of its arguments: events come in with the time they happened, and what comes out
//! are facts (what is now true, stored and shown) and commands (wishes to the outside). No clock, no chance, no I/O.
//!
//! | module | decides |
//! | --- | --- |
//! | [`call`] | what one call does next: the caller's treatment, the agent offers, the conversation, a callback |
//! | [`agent`] | which state an agent is in |
//! | [`entry`] | the missed-call list: claims, attempts, outcomes of requests, messages and missed calls |
//! | [`note`] | what agents write down about their calls |
//! | [`routing`] | who is next, and for which agent |
//! | [`transaction`] | what the store changes together, or refuses |
//! | [`viewing`] | who may see and do what, and of what they are reminded |
//! | [`tables`] | nothing: the rows of a store, in memory |
//! | [`directory`] | what an administrator has configured |
//! | [`configuration`] | whether what was written makes sense, and the directory that it means |
//! | [`hours`], [`numbers`], [`wait`] | when a place is open, what a number is, how long a wait will be |
//! | [`fact`] | what is now true |
//! | [`record`], [`workday`] | nothing: what a call was, and an agent's day, as the facts tell them |
#![cfg_attr(not(test), warn(clippy::wildcard_enum_match_arm))]

pub mod agent;
pub mod call;
pub mod configuration;
pub mod directory;
pub mod entry;
pub mod fact;
pub mod hours;
pub mod note;
pub mod numbers;
pub mod record;
pub mod routing;
pub mod tables;
pub mod text;
pub mod transaction;
pub mod viewing;
pub mod wait;
pub mod workday;

#[cfg(test)]
pub(crate) mod fixture;
