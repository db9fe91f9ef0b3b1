//! The ports of legs.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::net::sockopt;

use crate::plane::{OpenError, StartError};

/// The traffic class of audio: expedited forwarding (RFC 4594 §4.1), in the upper six bits of the byte.
const EXPEDITED: u8 = 46 << 2;

/// How often the system is asked for a port of its choice before an odd one is taken.
const TRIES: usize = 64;

/// Hands out sockets at even ports. What is free, the system knows; here stands only where to look next, going round so
/// that a port rests before it is used again and late packets of the call before it meet nobody.
pub(crate) struct Ports {
    bind: IpAddr,
    range: RangeInclusive<u16>,
    /// The first even port; zero when the system chooses.
    first: u16,
    count: usize,
    next: AtomicUsize,
}

impl Ports {
    pub(crate) fn new(bind: IpAddr, range: RangeInclusive<u16>) -> Result<Self, StartError> {
        let (low, high) = (*range.start(), *range.end());
        let by_system = (low, high) == (0, 0);
        let first = low.max(1).checked_add(low.max(1) % 2).unwrap_or(0);
        let count = if first == 0 { 0 } else { (usize::from(high) + 2).saturating_sub(usize::from(first)) / 2 };
        if !by_system && (count == 0 || range.is_empty()) {
            return Err(StartError::NoPorts { first: low, last: high });
        }
        UdpSocket::bind((bind, 0)).map_err(|source| StartError::Bind { address: bind, source })?;
        let first = if by_system { 0 } else { first };
        Ok(Ports { bind, range, first, count, next: AtomicUsize::new(0) })
    }

    pub(crate) fn bind(&self) -> Result<(UdpSocket, u16), OpenError> {
        let socket = if self.first == 0 { self.any() } else { self.in_range() }?;
        socket.set_nonblocking(true).map_err(OpenError::Socket)?;
        self.mark(&socket);
        let port = socket.local_addr().map_err(OpenError::Socket)?.port();
        Ok((socket, port))
    }

    /// Lets routers that care prefer our audio.
    fn mark(&self, socket: &UdpSocket) {
        let marked = match self.bind {
            IpAddr::V4(_) => sockopt::set_ip_tos(socket, EXPEDITED),
            IpAddr::V6(_) => sockopt::set_ipv6_tclass(socket, u32::from(EXPEDITED)),
        };
        if let Err(error) = marked {
            tracing::debug!(%error, "the packets of a leg are not marked as audio");
        }
    }

    fn in_range(&self) -> Result<UdpSocket, OpenError> {
        for _ in 0..self.count {
            let index = self.next.fetch_add(1, Ordering::Relaxed) % self.count;
            let port = u16::try_from(usize::from(self.first) + 2 * index).unwrap_or(u16::MAX - 1);
            match UdpSocket::bind(SocketAddr::new(self.bind, port)) {
                Ok(socket) => return Ok(socket),
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
                Err(error) => return Err(OpenError::Socket(error)),
            }
        }
        Err(OpenError::NoPort { first: *self.range.start(), last: *self.range.end() })
    }

    fn any(&self) -> Result<UdpSocket, OpenError> {
        // Odd ones are held until an even one is found, so that the system does not offer them again.
        let mut odd = Vec::new();
        for _ in 0..TRIES {
            let socket = UdpSocket::bind((self.bind, 0)).map_err(OpenError::Socket)?;
            if socket.local_addr().map_err(OpenError::Socket)?.port() % 2 == 0 {
                return Ok(socket);
            }
            odd.push(socket);
        }
        odd.pop().ok_or(OpenError::NoPort { first: 0, last: 0 })
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    #[test]
    fn only_even_ports_of_the_range_are_counted() {
        let count = |range| Ports::new(LOCAL, range).ok().map(|ports| (ports.first, ports.count));
        assert_eq!(count(20_000..=20_003), Some((20_000, 2)));
        assert_eq!(count(20_001..=20_004), Some((20_002, 2)));
        assert_eq!(count(20_001..=20_001), None);
        assert_eq!(count(1..=3), Some((2, 1)));
        assert_eq!(count(65_534..=65_535), Some((65_534, 1)));
        assert_eq!(count(65_535..=65_535), None);
        #[expect(clippy::reversed_empty_ranges, reason = "that is the case")]
        let reversed = 30_000..=20_000;
        assert_eq!(count(reversed), None);
    }

    #[test]
    fn an_address_of_another_machine_is_refused() {
        let refused = Ports::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 0..=0);
        assert!(matches!(refused, Err(StartError::Bind { .. })));
    }

    #[test]
    fn the_system_chooses_even_ports() {
        let ports = Ports::new(LOCAL, 0..=0).unwrap();
        let taken: Vec<_> = (0..8).map(|_| ports.bind().unwrap()).collect();
        assert!(taken.iter().all(|(_, port)| port % 2 == 0 && *port > 0), "{taken:?}");
    }

    #[test]
    fn packets_are_marked_as_audio() {
        let (socket, _) = Ports::new(LOCAL, 0..=0).unwrap().bind().unwrap();
        assert_eq!(sockopt::ip_tos(&socket).unwrap(), EXPEDITED);
    }
}
