//! What the end-to-end tests drive: the server as a program of its own, and telephones of other makers.
//!
//! All of it runs on loopback, on ports that are free at that moment, in folders of its own, and ends with the test.
//! Where a peer is missing a test fails and says how to get it; it is never passed over.

pub mod asterisk;
pub mod baresip;
pub mod demo;
pub mod desk;
pub mod disk;
pub mod ear;
pub mod far_phones;
mod folder;
pub mod house;
pub mod kill;
pub mod nat;
mod peers;
pub mod people;
mod process;
pub mod server;
pub mod sipp;

pub use folder::Folder;
pub use nohold_phone::{Sound, sine, sound_of, tone_of};
pub use peers::{free_port, free_ports};
pub use process::Process;
