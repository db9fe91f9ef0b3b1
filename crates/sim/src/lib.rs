//! A seeded world in which Nohold is simulated.
//!
//! The real [`nohold_app::Node`] runs here, with fakes behind all its ports: time that is moved by hand, a store that
//! is slow, fails or stands still, phones and people who do what people do, an engine whose news come late, twice,
//! mixed up or never, and a process that dies. After every commit and every step the invariants are looked at. One
//! seed is one history, and the same seed always gives the same one.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod clock;
pub mod day;
pub mod executor;
pub mod faults;
pub mod invariants;
pub mod phones;
pub mod reach;
pub mod scenario;
pub mod store;
pub mod world;
