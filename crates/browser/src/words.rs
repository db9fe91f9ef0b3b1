//! The words of the crate: what it is told, and what it tells.

use std::io;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use nohold_telephony::codec::Codec;
use thiserror::Error;

use crate::offer::Unusable;

/// How browsers are served.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The address of the socket of all browsers.
    pub bind: IpAddr,
    /// Its port: the first odd one of these that is free, or the only one. `0..=0` lets the system choose.
    pub ports: RangeInclusive<u16>,
    /// A connection from which nothing is heard for so long is lost: neither audio nor a check (RFC 7675), which browsers
    /// send every few seconds while the page does nothing.
    pub silent_after: Duration,
    /// A connection whose audio came up to the end, and of which nothing at all is heard then for so long, is quiet. Audio
    /// comes fifty times a second, so this is known sooner than of one from which only checks are expected.
    pub quiet_after: Duration,
    /// A connection that is lost for so long more is given up, as is one that has not come about within this.
    pub forgotten_after: Duration,
    /// So many connections there may be at once.
    pub most_connections: usize,
}

impl Settings {
    /// Usual settings: quiet after 2 s, lost after 5 s, forgotten 30 s later, at most 1,000.
    #[must_use]
    pub fn new(bind: IpAddr, ports: RangeInclusive<u16>) -> Self {
        Settings {
            bind,
            ports,
            silent_after: Duration::from_secs(5),
            quiet_after: Duration::from_secs(2),
            forgotten_after: Duration::from_secs(30),
            most_connections: 1_000,
        }
    }
}

/// A connection of one browser. Numbers are never used again while the process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// What a browser gets for its offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The connection, which comes about when the browser has seen the answer.
    pub connection: ConnectionId,
    /// The answer (SDP).
    pub sdp: String,
    /// In what form audio comes and goes.
    pub agreed: Agreed,
}

/// What was agreed about the audio of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreed {
    /// The codec, in both directions.
    pub codec: Codec,
    /// Its payload type.
    pub payload_type: u8,
    /// The payload type of telephone events (RFC 4733), where the browser has them.
    pub telephone_event: Option<u8>,
}

/// What happens to connections. It is told from the thread of the crate, so whoever takes it must not wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// It has come about: audio can flow.
    Up(ConnectionId),
    /// Its audio has broken off, and nothing has been heard of it for [`quiet_after`](Settings::quiet_after). Where it does
    /// not come back, [`Lost`](Event::Lost) follows.
    Quiet(ConnectionId),
    /// Nothing has been heard of it for [`silent_after`](Settings::silent_after).
    Lost(ConnectionId),
    /// Something is heard again of one that was quiet or lost.
    Back(ConnectionId),
    /// It is over.
    Gone(ConnectionId, End),
}

/// Why a connection is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It was closed from here.
    Ours,
    /// The browser has closed it: the page was left or loaded anew.
    Theirs,
    /// It has never come about: where that is so for all browsers of a place, UDP is blocked there.
    NeverCame,
    /// It was lost and did not come back.
    Lost,
    /// Something about it failed: the fingerprint of the certificate was another one, for example.
    Failed,
}

/// What has come to the socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Datagrams of connections.
    pub received: u64,
    /// Datagrams of nobody whom we know.
    pub strangers: u64,
    /// Datagrams of a connection that it could not use.
    pub unusable: u64,
    /// Audio packets that were lost inside, because a thread was late.
    pub overrun: u64,
}

/// Why browsers cannot be served.
#[derive(Debug, Error)]
pub enum StartError {
    /// The socket cannot be had.
    #[error(
        "cannot listen for browsers at {address}, ports {first} to {last}: give another port, or an address of this machine"
    )]
    Bind {
        /// Where.
        address: IpAddr,
        /// The first port that was tried.
        first: u16,
        /// The last one.
        last: u16,
        /// What the system said.
        source: io::Error,
    },
    /// No certificate could be made.
    #[error("cannot make the certificate by which browsers know us: the system gives no random numbers")]
    Certificate,
    /// The thread, or what wakes it, cannot be had.
    #[error("cannot start the thread that serves browsers: raise the limit of threads or descriptors")]
    Thread(#[source] io::Error),
}

/// Why a browser is not connected.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// The offer is none that we take.
    #[error(transparent)]
    Offer(#[from] Unusable),
    /// As many connections as are allowed are there.
    #[error("{most} browsers are connected, which is the limit: close some pages")]
    TooMany {
        /// The limit.
        most: usize,
    },
    /// No address of ours can be told.
    #[error("there is no address to be told to browsers: set the public address")]
    NoAddress(Vec<IpAddr>),
    /// The crate was shut down.
    #[error("browsers are not served any more: the server stops")]
    ShutDown,
}
