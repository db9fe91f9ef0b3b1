//! The API over real HTTP on loopback, as people, programs and attackers use it.

mod client;
mod door;
mod house;
mod memory;
mod people;
