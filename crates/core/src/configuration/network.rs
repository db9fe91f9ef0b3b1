//! Addresses of peers: single ones, and networks.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use thiserror::Error;

/// A network of IP addresses, in the notation of RFC 4632 and RFC 4291: `203.0.113.0/24`, `2001:db8::/32`. A single
/// address is a network of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// Why a text is not a [`Network`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidNetwork {
    /// Not an address, or a prefix that it cannot have.
    #[error("`{0}` is not an address or a network: write it like `203.0.113.7` or `203.0.113.0/24`")]
    Form(String),
    /// Bits are set that the prefix does not cover.
    #[error("`{0}` has bits behind its prefix: did you mean `{1}`?")]
    BitsBehind(String, Network),
}

impl Network {
    /// The network of one address.
    #[must_use]
    pub fn single(address: IpAddr) -> Self {
        let address = address.to_canonical();
        Network { address, prefix: width(address) }
    }

    /// Whether the address is in the network. An IPv4 address that is written as IPv6 (RFC 4291 §2.5.5.2) is the IPv4
    /// address.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        width(address) == width(self.address) && masked(address, self.prefix) == masked(self.address, self.prefix)
    }

    /// Whether it has so many addresses that they hardly belong to one peer: over 65,536 of IPv4 (a `/16`), or more than a
    /// `/32` of IPv6. A network that is private as a whole (RFC 1918, RFC 4193, loopback) is an office's own.
    #[must_use]
    pub fn is_wide(&self) -> bool {
        match self.address {
            IpAddr::V4(address) => {
                let own = match address.octets() {
                    [10 | 127, ..] => self.prefix >= 8,
                    [172, second, ..] => (16..32).contains(&second) && self.prefix >= 12,
                    [192, 168, ..] => self.prefix >= 16,
                    _ => false,
                };
                self.prefix < 16 && !own
            }
            IpAddr::V6(address) => self.prefix < 32 && !(address.octets()[0] & 0xfe == 0xfc && self.prefix >= 7),
        }
    }

    /// Whether the two have addresses in common.
    #[must_use]
    pub fn overlaps(&self, other: &Network) -> bool {
        self.contains(other.address) || other.contains(self.address)
    }
}

const fn width(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

/// The first bits of an address, as a number.
fn masked(address: IpAddr, prefix: u8) -> u128 {
    let bits = match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    };
    let behind = width(address).saturating_sub(prefix);
    bits.checked_shr(behind.into()).unwrap_or(0)
}

impl FromStr for Network {
    type Err = InvalidNetwork;
    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let refused = || InvalidNetwork::Form(text.chars().take(64).collect());
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let address: IpAddr = address.parse().map_err(|_| refused())?;
        let Some(prefix) = prefix else { return Ok(Network::single(address)) };
        let prefix: u8 = prefix.parse().map_err(|_| refused())?;
        if prefix > width(address) {
            return Err(refused());
        }
        let first = first_of(address, prefix);
        if first == address {
            Ok(Network { address, prefix })
        } else {
            Err(InvalidNetwork::BitsBehind(text.to_owned(), Network { address: first, prefix }))
        }
    }
}

/// The address with nothing behind the prefix.
fn first_of(address: IpAddr, prefix: u8) -> IpAddr {
    let behind = u32::from(width(address).saturating_sub(prefix));
    let cleared = masked(address, prefix).checked_shl(behind).unwrap_or(0);
    match address {
        IpAddr::V4(_) => IpAddr::V4(u32::try_from(cleared).unwrap_or(0).into()),
        IpAddr::V6(_) => IpAddr::V6(cleared.into()),
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.prefix == width(self.address) {
            write!(f, "{}", self.address)
        } else {
            write!(f, "{}/{}", self.address, self.prefix)
        }
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Network {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Network".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "examples": ["203.0.113.7", "203.0.113.0/24", "2001:db8::/32"] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        text.parse().unwrap()
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_network_has_the_addresses_that_begin_like_it() {
        for (net, inside, outside) in [
            ("203.0.113.0/24", "203.0.113.255", "203.0.114.0"),
            ("203.0.113.7", "203.0.113.7", "203.0.113.8"),
            ("203.0.113.7", "::ffff:203.0.113.7", "2001:db8::1"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1"),
            ("10.0.0.0/8", "10.255.255.255", "11.0.0.0"),
        ] {
            assert!(network(net).contains(address(inside)), "{net} {inside}");
            assert!(!network(net).contains(address(outside)), "{net} {outside}");
        }
        assert!(network("0.0.0.0/0").contains(address("198.51.100.1")));
        assert!(!network("0.0.0.0/0").contains(address("2001:db8::1")));
        assert!(network("::/0").contains(address("2001:db8::1")));
    }

    #[test]
    fn what_is_no_network_is_refused_with_the_mend() {
        for bad in ["", "10.0.0.0/33", "10.0.0", "carrier.example", "10.0.0.0/x", "::/129"] {
            assert!(matches!(bad.parse::<Network>(), Err(InvalidNetwork::Form(_))), "{bad}");
        }
        let problem = "203.0.113.7/24".parse::<Network>().unwrap_err().to_string();
        assert!(problem.contains("did you mean `203.0.113.0/24`"), "{problem}");
    }

    #[test]
    fn a_network_that_no_single_peer_has_is_wide() {
        for wide in
            ["0.0.0.0/0", "128.0.0.0/1", "203.0.0.0/8", "8.0.0.0/7", "172.0.0.0/8", "::/0", "2001::/16", "fc00::/6"]
        {
            assert!(network(wide).is_wide(), "{wide}");
        }
        for usual in [
            "203.0.113.0/24",
            "203.0.0.0/16",
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "2001:db8::/32",
            "fc00::/7",
        ] {
            assert!(!network(usual).is_wide(), "{usual}");
        }
    }

    #[test]
    fn networks_overlap_when_one_is_inside_the_other() {
        assert!(network("10.0.0.0/8").overlaps(&network("10.1.2.3")));
        assert!(network("10.1.2.3").overlaps(&network("10.0.0.0/8")));
        assert!(!network("10.1.0.0/16").overlaps(&network("10.2.0.0/16")));
    }
}
