//! The engine with phones on loopback: what the app tells it, what it tells the app, and what is really heard.

mod board;
mod calls_in;
mod calls_out;
mod conversations;
mod raw;
mod registering;
mod trunks;
