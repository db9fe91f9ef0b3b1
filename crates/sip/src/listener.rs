//! Where audio must never be sent, whoever names it: a session description is only what somebody has written.

use std::net::{IpAddr, SocketAddr};

use rsipstack::sip::prelude::HasHeaders;

use crate::addresses::Addresses;
use crate::engine::Engine;
use crate::leg::description;
use crate::sdp::{Description, Unusable};

impl Engine {
    /// The session description in a message of somebody whose signalling comes from there. One that would have us send
    /// where nobody can want it counts as one that we cannot use.
    pub(crate) fn described(
        &self,
        headers: &impl HasHeaders,
        body: &[u8],
        signalling: IpAddr,
    ) -> Option<Result<Description, Unusable>> {
        let described = description(headers, body)?;
        Some(described.and_then(|described| {
            let forbidden = described.address.is_some_and(|address| {
                let addresses = self.edge().addresses();
                is_nobodys(address, signalling)
                    || is_of_another_family(address, addresses.for_peer(signalling))
                    || is_ours(address, addresses, signalling, |port| self.has_audio_at(port))
            });
            if forbidden { Err(Unusable::NotAcceptable) } else { Ok(described) }
        }))
    }
}

/// An address of a group or of nobody, or the loopback of this machine named by somebody who is not on it.
fn is_nobodys(address: SocketAddr, signalling: IpAddr) -> bool {
    let group = match address.ip().to_canonical() {
        // Also 0.0.0.0/8 and 240.0.0.0/4, where no host is (RFC 6890).
        IpAddr::V4(v4) => v4.is_multicast() || v4.is_broadcast() || v4.octets()[0] == 0 || v4.octets()[0] >= 240,
        IpAddr::V6(v6) => v6.is_multicast() || v6.is_unspecified(),
    };
    let loopback = address.ip().to_canonical().is_loopback() && !signalling.to_canonical().is_loopback();
    group || loopback
}

/// An address that the socket of the leg cannot send to: that is of the family in which we are reached.
fn is_of_another_family(address: SocketAddr, own: IpAddr) -> bool {
    address.ip().to_canonical().is_ipv4() != own.to_canonical().is_ipv4()
}

/// A port of ours: we would talk to ourselves, or one call into another.
fn is_ours(address: SocketAddr, ours: &Addresses, peer: IpAddr, has_audio: impl Fn(u16) -> bool) -> bool {
    let host = address.ip().to_canonical();
    let listening = || ours.udp.iter().chain(&ours.tcp);
    let known = listening().any(|own| own.ip() == host) || ours.public == Some(host) || ours.for_peer(peer) == host;
    // With a wildcard any address of loopback is ours.
    let wildcard = host.is_loopback() && listening().any(|own| own.ip().is_unspecified());
    (known || wildcard) && (has_audio(address.port()) || listening().any(|own| own.port() == address.port()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn groups_and_nobody_are_sent_nothing() {
        for (address, signalling, forbidden) in [
            ("224.0.1.75:4000", "192.0.2.1", true),
            ("255.255.255.255:4000", "192.0.2.1", true),
            ("0.0.0.1:4000", "192.0.2.1", true),
            ("240.0.0.1:4000", "192.0.2.1", true),
            ("[ff02::1]:4000", "2001:db8::1", true),
            ("[::ffff:224.0.0.1]:4000", "192.0.2.1", true),
            ("127.0.0.1:4000", "192.0.2.1", true),
            ("[::1]:4000", "2001:db8::1", true),
            ("127.0.0.1:4000", "127.0.0.9", false),
            ("192.0.2.1:4000", "192.0.2.1", false),
            ("10.0.0.7:4000", "192.0.2.1", false),
            ("[2001:db8::2]:4000", "2001:db8::1", false),
        ] {
            assert_eq!(is_nobodys(at(address), signalling.parse().unwrap()), forbidden, "{address}");
        }
    }

    #[test]
    fn audio_stays_in_the_family_in_which_we_are_reached() {
        let other = |address: &str, own: &str| is_of_another_family(at(address), own.parse().unwrap());
        assert!(other("[2001:db8::2]:4000", "192.0.2.10") && other("192.0.2.1:4000", "2001:db8::10"));
        assert!(!other("192.0.2.1:4000", "192.0.2.10") && !other("[::ffff:192.0.2.1]:4000", "192.0.2.10"));
        assert!(!other("[2001:db8::2]:4000", "2001:db8::10"));
    }

    #[test]
    fn our_own_ports_are_sent_nothing() {
        let ours =
            Addresses { udp: vec![at("192.0.2.10:5060")], public: "203.0.113.7".parse().ok(), ..Addresses::default() };
        let is_ours = |address: &str| is_ours(at(address), &ours, "192.0.2.1".parse().unwrap(), |port| port == 20_000);
        for address in ["192.0.2.10:20000", "192.0.2.10:5060", "203.0.113.7:20000"] {
            assert!(is_ours(address), "{address}");
        }
        for address in ["192.0.2.10:20002", "192.0.2.1:20000", "192.0.2.1:5060"] {
            assert!(!is_ours(address), "{address}");
        }
    }
}
