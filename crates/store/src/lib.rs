//! Stores of Nohold: where the rows are between two transactions.
//!
//! A store knows no rule: it loads rows, lets [`nohold_core::transaction`] decide, and writes what comes back. What every
//! store has to do is told by one suite of tests, `tests/contract`, which runs on each of them.
//!
//! | module | keeps rows |
//! | --- | --- |
//! | [`memory`] | in memory, until the process ends |
//! | [`sqlite`] | in a SQLite database, durably |
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod memory;
pub mod sqlite;

pub use memory::MemoryStore;
pub use sqlite::{OpenError, SqliteStore};
