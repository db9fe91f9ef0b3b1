//! From whom a leg takes packets.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

/// The source of a leg's stream. The rule stands at [`Remote`](crate::Remote).
#[derive(Debug, Default)]
pub(crate) struct Latch {
    /// What the signalling named.
    expected: Option<SocketAddr>,
    /// Where the signalling comes from.
    signalling: Option<IpAddr>,
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
    /// The signalling, which comes from there, named an address; a new one lets the next packet decide anew.
    pub(crate) fn expect(&mut self, address: Option<SocketAddr>, signalling: Option<IpAddr>) {
        if address != self.expected {
            self.source = None;
        }
        (self.expected, self.signalling) = (address, signalling);
    }

    /// Whether the signalling vouches for this host; where it names none, it does for all.
    fn vouches_for(&self, host: IpAddr) -> bool {
        let named = self.expected.map(|address| address.ip()).filter(|host| !host.is_unspecified());
        let mut hosts = [named, self.signalling].into_iter().flatten().peekable();
        hosts.peek().is_none() || hosts.any(|known| known.to_canonical() == host.to_canonical())
    }

    /// Where the packets come from, once that is known.
    pub(crate) fn source(&self) -> Option<SocketAddr> {
        self.source.map(|source| source.address)
    }

    /// Decides about a valid packet.
    pub(crate) fn admit(&mut self, from: SocketAddr, now: Instant, takeover_after: Duration) -> Admission {
        if !self.vouches_for(from.ip()) {
            return Admission::Stranger;
        }
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
        latch.expect(Some(address(1)), None);
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
        latch.expect(Some(address(1)), None);
        assert_eq!(latch.admit(address(2), now, AFTER), Admission::New);
        assert_eq!(latch.admit(address(1), now, AFTER), Admission::New);
        assert_eq!(latch.admit(address(2), now, AFTER), Admission::Stranger);
    }

    #[test]
    fn a_host_that_the_signalling_does_not_vouch_for_is_never_heard() {
        let (mut latch, now) = (Latch::default(), Instant::now());
        let at = |text: &str| text.parse::<SocketAddr>().unwrap();
        latch.expect(Some(at("192.168.1.7:4000")), Some("203.0.113.9".parse().unwrap()));
        assert_eq!(latch.admit(at("198.51.100.1:4000"), now, AFTER), Admission::Stranger);
        assert_eq!(latch.admit(at("203.0.113.9:41000"), now, AFTER), Admission::New, "behind its NAT");
        assert_eq!(latch.admit(at("198.51.100.1:4000"), now + AFTER * 2, AFTER), Admission::Stranger);
        assert_eq!(latch.source(), Some(at("203.0.113.9:41000")));
    }

    #[test]
    fn only_another_address_lets_the_next_packet_decide_anew() {
        let (mut latch, now) = (Latch::default(), Instant::now());
        latch.expect(Some(address(1)), None);
        latch.admit(address(2), now, AFTER);
        latch.expect(Some(address(1)), None);
        assert_eq!(latch.admit(address(3), now, AFTER), Admission::Stranger);
        latch.expect(Some(address(4)), None);
        assert_eq!(latch.source(), None);
        assert_eq!(latch.admit(address(3), now, AFTER), Admission::New);
    }
}
