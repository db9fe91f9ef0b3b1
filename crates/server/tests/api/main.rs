//! The API over real HTTP on loopback, as people, programs and attackers use it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod audit;
mod client;
mod configuration;
mod door;
mod house;
mod https;
mod people;
mod slow;
