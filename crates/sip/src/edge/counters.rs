//! What the edge has seen, counted.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($(#[$doc:meta])+ $name:ident,)+) => {
        /// How often each thing has happened at the edge since the start.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Counters {
            $($(#[$doc])+ pub $name: u64,)+
        }

        impl Counters {
            /// Each count with its name, for people to read.
            #[must_use]
            pub fn named(&self) -> Vec<(&'static str, u64)> {
                vec![$((stringify!($name), self.$name),)+]
            }
        }

        /// The same, as it grows.
        #[derive(Default)]
        pub(super) struct Tally {
            $(pub(super) $name: Count,)+
        }

        impl Tally {
            /// The counts of this moment.
            pub(super) fn read(&self) -> Counters {
                Counters { $($name: self.$name.0.load(Ordering::Relaxed),)+ }
            }
        }
    };
}

counters! {
    /// Messages handed on to the transaction layer.
    passed,
    /// Requests that were answered with an error at the edge: malformed, unsupported, too large.
    refused,
    /// Messages that could not be answered: noise, malformed responses and ACKs, datagrams without a head.
    ignored,
    /// Keep-alives (CRLF).
    keep_alives,
    /// Requests and messages dropped, or INVITEs answered with 503, because their source sent too many.
    over_rate,
    /// REGISTERs and INVITEs dropped after too many failed authentications.
    locked_out,
    /// New INVITEs answered with 503 while we accept none.
    not_accepting,
    /// Messages from other machines, dropped while only this one is listened to.
    not_open,
    /// Requests refused with 503, and ACKs dropped, because too much was being done already.
    overloaded,
    /// Calls of trunks answered with 503 behind the edge: as many went on as may, no port was free, the store or the
    /// configuration was not ready, or we were going down.
    calls_refused,
    /// Messages that the trace has left out, because whoever writes it is too slow.
    untraced,
    /// Streams that were opened to us and served.
    connections_accepted,
    /// Streams that were opened to us and closed at once, because there were too many.
    connections_refused,
    /// Streams that we opened.
    connections_opened,
    /// Streams that we could not open.
    connections_failed,
    /// Streams closed because the peer did not read what we sent.
    closed_stalled,
    /// Streams closed because nothing came for too long, or a message was not finished in time.
    closed_idle,
    /// Streams closed because what came was too large or no SIP.
    closed_unreadable,
    /// Messages of ours that found no way out: the stream had gone, its queue was full, or the socket refused.
    unsent,
}

/// One count.
#[derive(Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    /// One more.
    pub(super) fn up(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}
