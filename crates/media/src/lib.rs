//! The media plane: RTP legs on a few threads.
//!
//! It knows RTP (RFC 3550), telephone events (RFC 4733) and audio; it knows no SIP, no SDP and no async runtime. A
//! signalling engine opens a leg here, writes its port into the SDP, connects the leg to what the far end answered, and
//! then says what the leg hears.
//!
//! **One clock per thread.** A few media threads share all legs; a leg belongs to one thread for its whole life. Every
//! 20 ms, on absolute deadlines, a thread carries out the commands that wait in its mailbox, reads what has arrived at
//! the sockets of its legs, and sends one packet for each leg that hears something. A thread that was late sends what it
//! owes, so that music does not play slowly. There is no thread, task or timer per leg.
//!
//! **Bridges across threads.** What a leg says lies in its *ear*, a small ring of audio that is addressed by RTP
//! timestamps and does the work of a jitter buffer. The leg's own thread writes it; whoever listens has a cursor of
//! their own and reads one frame at their own tick: the other leg of the bridge, a recorder, the echo. So two legs in
//! one bridge may live on unlike threads, and no leg is ever moved and no audio is sent from thread to thread: all that
//! they share is a lock that is held for the copying of 160 bytes. An ear nobody listens to keeps no audio.
//!
//! **Whose sockets.** A leg has a socket of its own, or a [`Line`]: then somebody else, who knows another transport than
//! plain RTP, carries its packets. All the rest is the same for both, and a leg may change from one to the other.
//!
//! **Whom we hear.** See [`Remote`] for the rule by which a leg decides from whom it takes packets, and where it sends.

mod conversation;
mod counters;
mod ear;
mod keys;
mod latch;
mod law;
mod leg;
mod message;
mod mix;
mod plane;
mod playing;
mod ports;
mod presses;
mod reception;
mod reports;
mod sequencer;
mod thread;
mod turns;
mod way;
mod words;

pub use nohold_telephony::recording::RecordingEnd;
pub use plane::{OpenError, Plane, StartError};
pub use words::{Line, MediaEvent, RecordSpec, Remote, Settings, Source, Statistics};
