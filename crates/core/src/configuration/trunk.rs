//! Trunks in the document.

use std::collections::BTreeSet;
use std::net::IpAddr;

use nohold_model::{Country, PhoneNumber};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Digest, Length, Network, Password, Period};
use crate::numbers::{DialFormat, NumberRules, PrefixRule};

/// A connection (中继) to a carrier or another PBX.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Trunk {
    /// The name or address of the peer, without a port.
    pub host: String,
    /// Its port. By default 5060.
    #[serde(default = "default_port")]
    pub port: u16,
    /// How messages travel. By default `udp`.
    #[serde(default)]
    pub transport: Transport,
    /// The user name with which we answer its challenges (RFC 3261 §22), and register.
    #[serde(default)]
    pub user: Option<String>,
    /// The password to it.
    #[serde(default)]
    pub password: Option<Password>,
    /// Whether we register there (RFC 3261 §10), so that the peer learns our address. By default not.
    #[serde(default)]
    pub register: bool,
    /// For how long we ask each registration to hold. By default 5 minutes.
    #[serde(default = "default_expiry")]
    pub register_expiry: Length,
    /// Whose calls come by this trunk.
    #[serde(default)]
    pub inbound: Inbound,
    /// How numbers are written on it. By default as its country does.
    #[serde(default)]
    pub numbering: Numbering,
    /// The numbers that it owns: only they are shown to those we call.
    #[serde(default)]
    pub numbers: BTreeSet<PhoneNumber>,
    /// How often the peer is asked whether it is there (OPTIONS, RFC 3261 §11); a peer that does not answer is passed
    /// over. By default every 30 seconds.
    #[serde(default = "default_options")]
    pub options_every: Period,
    /// So many calls may go through it at once, both ways together: as many as the carrier sells. One more that comes in
    /// is refused, one that goes out takes the next trunk. By default as many as come.
    #[serde(default)]
    pub most_calls: Option<u32>,
}

/// How SIP messages travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// UDP.
    #[default]
    Udp,
    /// TCP.
    Tcp,
}

/// Whose calls are taken as coming by a trunk.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Inbound {
    /// Calls from these addresses and networks. By default the trunk's host, where that is an address and no
    /// credentials are set.
    pub addresses: Vec<Network>,
    /// Calls whose sender answers our challenge with this user name.
    pub user: Option<String>,
    /// And with this password.
    pub password: Option<Password>,
    /// By this algorithm. By default `md5`.
    pub digest: Digest,
}

/// How numbers are written, where it differs from the country's ways.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Numbering {
    /// The country (ISO 3166, two letters). By default the site's.
    pub country: Option<Country>,
    /// The area code, without the national prefix, of numbers that come without one: `10` for Beijing.
    pub area_code: Option<String>,
    /// Digits that a person dials first to leave the office, such as `9`.
    pub outside_line: Option<String>,
    /// International prefixes of the carrier, beside `+` and the country's own.
    pub international_prefixes: Vec<String>,
    /// Rewriting of numbers by how they begin, tried in this order; the first that fits is applied.
    pub rewrite: Vec<PrefixRule>,
    /// How many digits internal numbers have, 2 to 6. By default 3 and 4.
    pub internal_lengths: Option<BTreeSet<u8>>,
    /// Domains that are ours: an internal number that names another one (`phone-context`, RFC 3966 §5.1.5) is not meant
    /// for us. By default none.
    pub domains: BTreeSet<String>,
    /// How numbers are sent. By default as `+8613800138000` (`plus`).
    pub send: DialFormat,
}

impl Trunk {
    /// The addresses from which its calls come without a challenge.
    #[must_use]
    pub fn inbound_addresses(&self) -> Vec<Network> {
        if !self.inbound.addresses.is_empty() || self.inbound.user.is_some() {
            return self.inbound.addresses.clone();
        }
        self.address().map(Network::single).into_iter().collect()
    }

    /// Its host, where that is an address; one of IPv6 may stand in brackets.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.host.trim_start_matches('[').trim_end_matches(']').parse().ok()
    }
}

impl Numbering {
    /// The rules in full.
    #[must_use]
    pub fn rules(&self, site: Country) -> NumberRules {
        let usual = NumberRules::of_country(self.country.unwrap_or(site));
        NumberRules {
            area_code: self.area_code.clone(),
            outside_line: self.outside_line.clone(),
            international_prefixes: self.international_prefixes.clone(),
            rewrite: self.rewrite.clone(),
            internal_lengths: self.internal_lengths.clone().unwrap_or(usual.internal_lengths),
            domains: self.domains.clone(),
            send: self.send,
            country: usual.country,
        }
    }
}

const fn default_port() -> u16 {
    5060
}

const fn default_expiry() -> Length {
    Length::minutes(5)
}

const fn default_options() -> Period {
    Period::After(Length::seconds(30))
}
