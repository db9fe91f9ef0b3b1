//! The engine with phones on loopback: what the app tells it, what it tells the app, and what is really heard.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail where it stands")]

mod board;
mod calls_in;
mod calls_out;
mod conversations;
mod leaving;
mod pages;
mod raw;
mod registering;
mod restart;
mod trunks;
