//! The API over real HTTP on loopback, as people, programs and attackers use it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod client;
mod door;
mod house;
mod memory;
mod people;
