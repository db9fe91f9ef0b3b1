//! The media plane over real sockets of the loopback interface, against a peer that writes RTP by hand.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod bridge;
mod hold;
mod keys;
mod latch;
mod music;
mod peer;
mod recording;
mod reports;
mod robust;
mod site;
