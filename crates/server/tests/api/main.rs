//! The API over real HTTP on loopback, as people, programs and attackers use it.

mod client;
mod configuration;
mod door;
mod house;
mod people;
