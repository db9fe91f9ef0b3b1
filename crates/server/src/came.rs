//! From where a request comes, and how.
//!
//! Behind a proxy the other end of every connection is the proxy. It says whom it speaks for, and so may anybody who writes
//! the same header; so it is believed from those addresses alone that are configured as proxies.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap};
use nohold_core::configuration::Network;

/// The header in which proxies name those before them, each at the end.
const FORWARDED_FOR: &str = "x-forwarded-for";
/// The header in which a proxy says how it was asked.
const FORWARDED_PROTO: &str = "x-forwarded-proto";
/// More names than this nobody has a reason to send.
const MOST_HOPS: usize = 50;

/// The address that asks, as far as guesses are counted by it: of IPv6 the first 64 bits, all of which one line has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct From(pub(crate) IpAddr);

/// On a request: it came by TLS, which ends here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ByTls {
    /// The certificate is the site's own, and not one of our making.
    pub(crate) own_certificate: bool,
}

/// How a request has come. A handler takes it as an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Came {
    /// Who asks.
    pub(crate) from: From,
    /// The same as a whole address, where it is known.
    pub(crate) address: Option<IpAddr>,
    /// Whether it came by HTTPS, where that is known: it did so here, or a proxy that is believed says how it was asked. Plain
    /// HTTP without such a word may come from a proxy that nobody has told us of.
    pub(crate) by_https: Option<bool>,
}

impl From {
    pub(crate) fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => From(IpAddr::V4(address)),
            IpAddr::V6(address) => From(IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)))),
        }
    }
}

impl Came {
    /// How the request with these extensions and headers has come; `proxies` are believed.
    pub(crate) fn of(extensions: &Extensions, headers: &HeaderMap, proxies: &[Network]) -> Self {
        let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        let by_tls = extensions.get::<ByTls>().map(|_| true);
        let Some(peer) = peer else { return Came::unknown() };
        if !is_one(peer, proxies) {
            return Came { from: From::of(peer), address: Some(peer.to_canonical()), by_https: by_tls };
        }
        let by_https = last(headers, FORWARDED_PROTO).and_then(|word| match word.to_ascii_lowercase().as_str() {
            "https" => Some(true),
            "http" => Some(false),
            _ => None,
        });
        let address = before(peer, headers, proxies);
        Came { from: From::of(address), address: Some(address.to_canonical()), by_https: by_https.or(by_tls) }
    }

    fn unknown() -> Self {
        Came { from: From::of(IpAddr::V4(Ipv4Addr::UNSPECIFIED)), address: None, by_https: None }
    }
}

/// Whether this is the address of a proxy that is believed.
pub(crate) fn is_one(address: IpAddr, proxies: &[Network]) -> bool {
    proxies.iter().any(|network| network.contains(address))
}

/// Who stands before the proxies: the last one named who is none of them. What a proxy has not written itself is not
/// believed, so whatever the customer has sent in this header stands further left and is not looked at.
fn before(peer: IpAddr, headers: &HeaderMap, proxies: &[Network]) -> IpAddr {
    let lines: Vec<&str> =
        headers.get_all(FORWARDED_FOR).into_iter().map(|line| line.to_str().unwrap_or_default()).collect();
    let mut nearest = peer;
    for name in lines.iter().rev().flat_map(|line| line.rsplit(',')).take(MOST_HOPS) {
        let Some(address) = address(name.trim()) else { break };
        nearest = address;
        if !is_one(address, proxies) {
            break;
        }
    }
    nearest
}

/// The last word of a list that may stand on several lines.
fn last<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let line = headers.get_all(name).into_iter().next_back()?;
    line.to_str().ok()?.rsplit(',').next().map(str::trim)
}

/// An address, which some proxies write with a port: `192.0.2.1:4711`, `[2001:db8::1]:4711`.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    bare.parse().ok().or_else(|| text.parse().ok().map(|with_port: SocketAddr| with_port.ip()))
}

impl<S: Send + Sync> FromRequestParts<S> for Came {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Came>().copied().unwrap_or_else(Came::unknown))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn came(peer: &str, headers: &[(&'static str, &str)], proxies: &[&str]) -> Came {
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 4711)));
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let proxies: Vec<Network> = proxies.iter().map(|proxy| proxy.parse().unwrap()).collect();
        Came::of(&extensions, &map, &proxies)
    }

    fn from(peer: &str, forwarded: &[&str], proxies: &[&str]) -> String {
        let headers: Vec<_> = forwarded.iter().map(|line| (FORWARDED_FOR, *line)).collect();
        came(peer, &headers, proxies).from.0.to_string()
    }

    #[test]
    fn only_a_proxy_is_believed_and_only_what_it_has_written_itself() {
        assert_eq!(from("192.0.2.9", &["198.51.100.7"], &[]), "192.0.2.9", "no proxy is configured");
        assert_eq!(from("192.0.2.9", &["198.51.100.7"], &["127.0.0.1"]), "192.0.2.9", "this is none");
        assert_eq!(from("127.0.0.1", &["198.51.100.7"], &["127.0.0.1"]), "198.51.100.7");
        assert_eq!(
            from("127.0.0.1", &["203.0.113.1, 198.51.100.7"], &["127.0.0.1"]),
            "198.51.100.7",
            "a lie before it"
        );
        assert_eq!(from("127.0.0.1", &["203.0.113.1", "198.51.100.7"], &["127.0.0.1"]), "198.51.100.7", "on two lines");
        let two = ["127.0.0.1", "10.0.0.0/8"];
        assert_eq!(from("127.0.0.1", &["203.0.113.1, 198.51.100.7, 10.1.2.3"], &two), "198.51.100.7", "two proxies");
        assert_eq!(from("127.0.0.1", &["10.9.9.9, 10.1.2.3"], &two), "10.9.9.9", "somebody beside the proxies");
    }

    #[test]
    fn what_cannot_be_read_ends_the_belief() {
        assert_eq!(from("127.0.0.1", &[], &["127.0.0.1"]), "127.0.0.1");
        assert_eq!(from("127.0.0.1", &["198.51.100.7, unknown"], &["127.0.0.1"]), "127.0.0.1");
        assert_eq!(from("127.0.0.1", &["198.51.100.7:4711"], &["127.0.0.1"]), "198.51.100.7");
        assert_eq!(from("127.0.0.1", &["[2001:db8:1:2:3::1]:4711"], &["127.0.0.1"]), "2001:db8:1:2::", "one line");
        assert_eq!(from("127.0.0.1", &["2001:db8:1:2:3::1"], &["127.0.0.1"]), "2001:db8:1:2::");
    }

    #[test]
    fn how_it_came_is_the_last_proxys_word() {
        let by = |peer: &str, words: &[&str]| {
            let headers: Vec<_> = words.iter().map(|word| (FORWARDED_PROTO, *word)).collect();
            came(peer, &headers, &["127.0.0.1"]).by_https
        };
        assert_eq!(by("127.0.0.1", &["https"]), Some(true));
        assert_eq!(by("127.0.0.1", &["http, HTTPS"]), Some(true));
        assert_eq!(by("127.0.0.1", &["https", "http"]), Some(false));
        assert_eq!(by("127.0.0.1", &["gopher"]), None);
        assert_eq!(by("192.0.2.9", &["https"]), None, "no proxy");
    }
}
