//! Browsers as telephones: their audio over WebRTC, on one UDP port for all.
//!
//! A page sends one offer (SDP, RFC 8829) and gets one answer; there is no exchange of candidates after it, because ours
//! stand in the answer and the server is *ICE-lite* (RFC 8445 §2.5): it sends no checks, it answers those of the browser.
//! What comes out of a connection, and goes into it, are the RTP packets of one stream with G.711 and telephone events. A
//! leg of the media plane takes them by a [`Line`](nohold_media::Line) and does all the rest: this crate knows no calls.
//!
//! **One thread, one socket.** All connections share a socket and a thread, which never waits for anything but datagrams,
//! its mailbox and the next deadline. To whom a datagram belongs, the name in a binding request says (the ICE ufrag), and
//! for all others the address from which such a request was answered. Media threads and this one exchange packets through
//! bounded channels; what does not fit is lost, as on every network.
//!
//! **One stream for many calls.** A connection outlives the calls that are made over it. Its sequence numbers and
//! timestamps go on from one leg to the next, because a jump silences browsers.

mod connection;
mod exchange;
mod line;
mod offer;
mod stream;
mod stun;
mod thread;
mod words;

/// Directives that every log filter must have. Below this the WebRTC library and its parts write down what a page says of its
/// network, and what they agree upon.
pub const LIBRARY_LOG_DIRECTIVES: &[&str] =
    &["str0m=warn", "str0m_proto=warn", "is=warn", "dimpl=warn", "sctp_proto=warn"];

pub use exchange::Exchange;
pub use offer::{LONGEST_OFFER, Unusable};
pub use words::{Agreed, Answer, ConnectError, ConnectionId, Counters, End, Event, Settings, StartError};
