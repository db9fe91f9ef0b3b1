//! Tests of flows from the outside: calls that read like calls, documents and their problems, chance.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests")]

mod callback;
mod fallback;
mod menu;
mod message;
mod parsing;
mod random;
mod shipped;
mod sub_flow;
mod validating;
mod world;
