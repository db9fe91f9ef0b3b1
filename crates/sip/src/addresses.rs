//! Where we listen, and which of our addresses a peer is told.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use nohold_core::configuration::Network;

/// A transport protocol of SIP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Transport {
    /// Datagrams.
    Udp,
    /// A stream.
    Tcp,
}

impl Transport {
    /// The word in Via header fields (RFC 3261 §18).
    pub fn token(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.token())
    }
}

/// Where the engine listens, and how it is seen from outside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    /// Sockets for datagrams; port 0 lets the system choose.
    pub udp: Vec<SocketAddr>,
    /// Sockets for streams; port 0 lets the system choose.
    pub tcp: Vec<SocketAddr>,
    /// The address under which the site is known on the internet, if there is a NAT in between.
    pub public: Option<IpAddr>,
    /// Networks that reach us without that NAT. While the list is empty, the private blocks (RFC 1918, RFC 4193) count.
    pub local_networks: Vec<Network>,
}

impl Addresses {
    /// The address of ours that this peer shall send to: what belongs into Via, Contact and SDP.
    ///
    /// Peers outside our networks get the public address if one is set. Others get the address we listen on, or with a
    /// wildcard the one from which this machine would send to them.
    pub fn for_peer(&self, peer: IpAddr) -> IpAddr {
        let peer = peer.to_canonical();
        if let Some(public) = self.public
            && public.is_ipv4() == peer.is_ipv4()
            && !self.is_local(peer)
        {
            return public;
        }
        let mut own = self.udp.iter().chain(&self.tcp).map(SocketAddr::ip).filter(|ip| ip.is_ipv4() == peer.is_ipv4());
        match own.next() {
            Some(ip) if !ip.is_unspecified() => {
                // Several to choose from: prefer one that shares the peer's kind, so that loopback meets loopback.
                let all = self.udp.iter().chain(&self.tcp).map(SocketAddr::ip);
                let same = |a: &IpAddr| {
                    !a.is_unspecified() && a.is_ipv4() == peer.is_ipv4() && a.is_loopback() == peer.is_loopback()
                };
                all.into_iter().find(same).unwrap_or(ip)
            }
            _ => source_for(peer).unwrap_or_else(|| loopback(peer)),
        }
    }

    /// Address and port of ours that this peer shall send to over this transport.
    pub fn sent_by(&self, peer: IpAddr, transport: Transport) -> SocketAddr {
        let ip = self.for_peer(peer);
        let sockets = match transport {
            Transport::Udp => &self.udp,
            Transport::Tcp => &self.tcp,
        };
        let fits = |socket: &&SocketAddr| socket.ip() == ip;
        let family = |socket: &&SocketAddr| socket.is_ipv4() == ip.is_ipv4();
        let socket = sockets.iter().find(fits).or_else(|| sockets.iter().find(family));
        SocketAddr::new(ip, socket.or_else(|| self.udp.iter().find(family)).map_or(5060, SocketAddr::port))
    }

    fn is_local(&self, peer: IpAddr) -> bool {
        if peer.is_loopback() {
            return true;
        }
        if self.local_networks.is_empty() {
            return match peer {
                IpAddr::V4(v4) => v4.is_private() || v4.is_link_local(),
                IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local(),
            };
        }
        self.local_networks.iter().any(|network| network.contains(peer))
    }
}

/// The address from which this machine would send to `peer`, by its routing table; nothing is sent.
fn source_for(peer: IpAddr) -> Option<IpAddr> {
    let any: IpAddr = match peer {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect((peer, 9)).ok()?;
    Some(socket.local_addr().ok()?.ip()).filter(|ip| !ip.is_unspecified())
}

fn loopback(peer: IpAddr) -> IpAddr {
    match peer {
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn sockets(list: &[&str]) -> Vec<SocketAddr> {
        list.iter().map(|s| s.parse().expect("a socket address")).collect()
    }

    #[test]
    fn a_peer_outside_is_told_the_public_address_and_one_inside_our_own() {
        let mut addresses = Addresses {
            udp: sockets(&["192.168.1.5:5060"]),
            tcp: sockets(&["192.168.1.5:5070"]),
            public: Some(ip("203.0.113.7")),
            ..Default::default()
        };
        assert_eq!(addresses.for_peer(ip("198.51.100.1")), ip("203.0.113.7"));
        assert_eq!(addresses.for_peer(ip("10.9.9.9")), ip("192.168.1.5"));
        assert_eq!(addresses.sent_by(ip("198.51.100.1"), Transport::Tcp).to_string(), "203.0.113.7:5070");
        assert_eq!(addresses.sent_by(ip("192.168.1.9"), Transport::Udp).to_string(), "192.168.1.5:5060");
        addresses.local_networks = vec!["192.168.0.0/16".parse().expect("a network")];
        assert_eq!(addresses.for_peer(ip("10.9.9.9")), ip("203.0.113.7"), "the list replaces the private blocks");
    }

    #[test]
    fn a_wildcard_is_never_told_to_anybody() {
        let addresses = Addresses { udp: sockets(&["0.0.0.0:5060", "[::]:5060"]), ..Default::default() };
        assert_eq!(addresses.for_peer(ip("127.0.0.1")), ip("127.0.0.1"));
        assert!(!addresses.for_peer(ip("203.0.113.1")).is_unspecified());
        assert!(!addresses.for_peer(ip("::1")).is_unspecified());
    }

    #[test]
    fn of_several_sockets_the_peer_gets_one_of_its_own_kind() {
        let addresses =
            Addresses { udp: sockets(&["127.0.0.1:5060", "192.168.1.5:5062", "[::1]:5064"]), ..Default::default() };
        assert_eq!(addresses.sent_by(ip("192.168.1.77"), Transport::Udp).to_string(), "192.168.1.5:5062");
        assert_eq!(addresses.sent_by(ip("127.0.0.1"), Transport::Udp).to_string(), "127.0.0.1:5060");
        assert_eq!(addresses.sent_by(ip("::1"), Transport::Udp).to_string(), "[::1]:5064");
    }
}
