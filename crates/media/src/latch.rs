//! From whom a leg takes packets.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// The source of a leg's stream. The rule stands at [`Remote`](crate::Remote).
#[derive(Debug, Default)]
pub(crate) struct Latch {
    /// What the signalling named.
    expected: Option<SocketAddr>,
    source: Option<Source>,
}

#[derive(Debug, Clone, Copy)]
struct Source {
    address: SocketAddr,
    heard: Instant,
}

/// What the latch says to a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    /// It is of the leg's source.
    Known,
    /// It is of a source that the leg takes from now on.
    New,
    /// It is of somebody else.
    Stranger,
}

impl Latch {
    /// The signalling named an address; a new one lets the next packet decide anew.
    pub(crate) fn expect(&mut self, address: Option<SocketAddr>) {
        if address != self.expected {
            self.source = None;
        }
        self.expected = address;
    }

    /// Where the packets come from, once that is known.
    pub(crate) fn source(&self) -> Option<SocketAddr> {
        self.source.map(|source| source.address)
    }

    /// Decides about a valid packet.
    pub(crate) fn admit(&mut self, from: SocketAddr, now: Instant, takeover_after: Duration) -> Admission {
        let admission = match self.source {
            Some(source) if source.address == from => Admission::Known,
            Some(source) => {
                let named = self.expected == Some(from);
                let silent = now.saturating_duration_since(source.heard) >= takeover_after;
                if named || silent { Admission::New } else { Admission::Stranger }
            }
            None => Admission::New,
        };
        if admission != Admission::Stranger {
            self.source = Some(Source { address: from, heard: now });
        }
        admission
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AFTER: Duration = Duration::from_secs(3);

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    #[test]
    fn a_stranger_takes_over_only_after_silence() {
        let (mut latch, start) = (Latch::default(), Instant::now());
        latch.expect(Some(address(1)));
        assert_eq!(latch.admit(address(2), start, AFTER), Admission::New);
        assert_eq!(latch.admit(address(3), start + AFTER / 2, AFTER), Admission::Stranger);
        assert_eq!(latch.admit(address(2), start + AFTER / 2, AFTER), Admission::Known);
        assert_eq!(latch.admit(address(3), start + AFTER, AFTER), Admission::Stranger);
        assert_eq!(latch.admit(address(3), start + AFTER * 2, AFTER), Admission::New);
        assert_eq!(latch.source(), Some(address(3)));
    }

    #[test]
    fn the_address_that_the_signalling_named_takes_over_and_stays() {
        let (mut latch, now) = (Latch::default(), Instant::now());
        latch.expect(Some(address(1)));
        assert_eq!(latch.admit(address(2), now, AFTER), Admission::New);
        assert_eq!(latch.admit(address(1), now, AFTER), Admission::New);
        assert_eq!(latch.admit(address(2), now, AFTER), Admission::Stranger);
    }

    #[test]
    fn only_another_address_lets_the_next_packet_decide_anew() {
        let (mut latch, now) = (Latch::default(), Instant::now());
        latch.expect(Some(address(1)));
        latch.admit(address(2), now, AFTER);
        latch.expect(Some(address(1)));
        assert_eq!(latch.admit(address(3), now, AFTER), Admission::Stranger);
        latch.expect(Some(address(4)));
        assert_eq!(latch.source(), None);
        assert_eq!(latch.admit(address(3), now, AFTER), Admission::New);
    }
}
