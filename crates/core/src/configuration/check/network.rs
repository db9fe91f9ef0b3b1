//! Trunks: whom we call, and whose calls are taken for theirs.

use std::collections::BTreeMap;

use nohold_model::TrunkKey;

use super::super::{Length, Network, Period, Transport, Trunk};
use super::Check;
use super::site::MOST_CALLS;

impl Check<'_> {
    pub(super) fn trunks(&mut self) {
        let written = self.written;
        let mut peers: BTreeMap<(String, u16, Transport), &TrunkKey> = BTreeMap::new();
        let mut sources: Vec<(Network, &TrunkKey)> = Vec::new();
        for (key, trunk) in &written.trunks {
            let path = format!("trunks.{key}");
            self.peer(&path, trunk);
            self.credentials(&path, trunk);
            if let Err(problem) = trunk.numbering.rules(written.site.country).check() {
                self.problems.error(format!("{path}.numbering"), problem.to_string(), "correct it");
            }
            let peer = (trunk.host.to_ascii_lowercase(), trunk.port, trunk.transport);
            if let Some(other) = peers.insert(peer, key) {
                self.problems.error(
                    format!("{path}.host"),
                    format!("the trunk `{other}` leads to the same address"),
                    "make one trunk of the two, or give one another address",
                );
            }
            // With credentials it is they that tell the trunk; by address alone only one can be meant.
            if trunk.inbound.user.is_none() {
                for network in trunk.inbound_addresses() {
                    let other = sources.iter().find(|(known, other)| known.overlaps(&network) && *other != key);
                    if let Some((known, other)) = other {
                        self.problems.error(
                            format!("{path}.inbound.addresses"),
                            format!("calls from {network} could come by `{other}` as well, which has {known}"),
                            "let each address belong to one trunk, or use credentials",
                        );
                    }
                    sources.push((network, key));
                }
            }
        }
        if let Some(trunks) = &written.outbound.trunks {
            self.doubles("outbound.trunks", trunks);
            for key in trunks {
                self.trunk("outbound.trunks", key);
            }
        }
        self.inbound_users();
    }

    fn peer(&mut self, path: &str, trunk: &Trunk) {
        let plausible = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let is_name = !trunk.host.is_empty() && trunk.host.len() <= 253 && trunk.host.chars().all(plausible);
        if trunk.address().is_none() && !is_name {
            self.problems.error(
                format!("{path}.host"),
                format!("`{}` is neither a name nor an address", trunk.host),
                "write the peer's name or address alone, as in `sip.carrier.example`; its port stands in `port`",
            );
        }
        if trunk.port == 0 {
            self.problems.error(format!("{path}.port"), "0 is not a port", "use 1 to 65535; SIP has 5060");
        }
        if let Period::After(every) = trunk.options_every {
            self.length(format!("{path}.options_every"), every, Length::seconds(5), Length::hours(1));
        }
        if let Some(most) = trunk.most_calls {
            self.range(format!("{path}.most_calls"), most, 1, MOST_CALLS);
        }
        self.wide(path, trunk);
        self.length(format!("{path}.register_expiry"), trunk.register_expiry, Length::minutes(1), Length::hours(24));
        let no_way_in = trunk.inbound_addresses().is_empty() && trunk.inbound.user.is_none();
        if no_way_in && !trunk.register {
            self.problems.warn(
                format!("{path}.inbound"),
                "nobody can call in by this trunk: its host is a name, and no address is allowed",
                "list the peer's addresses in `inbound.addresses`, or set `inbound.user` and `inbound.password`",
            );
        }
        if trunk.numbers.is_empty() {
            self.problems.warn(
                format!("{path}.numbers"),
                "it owns no number, so it shows none to those we call",
                "list the numbers that the carrier has given you",
            );
        }
    }

    /// Calls from its networks are taken without a password.
    fn wide(&mut self, path: &str, trunk: &Trunk) {
        for network in trunk.inbound.addresses.iter().filter(|network| network.is_wide()) {
            self.problems.warn(
                format!("{path}.inbound.addresses"),
                format!("whoever calls from anywhere in {network} is taken for this trunk, without a password"),
                "list the addresses that the carrier calls from, or use `inbound.user` and `inbound.password` instead",
            );
        }
    }

    fn credentials(&mut self, path: &str, trunk: &Trunk) {
        let ours = (path.to_owned(), trunk.user.is_some(), trunk.password.is_some());
        let theirs = (format!("{path}.inbound"), trunk.inbound.user.is_some(), trunk.inbound.password.is_some());
        for (at, user, password) in [ours, theirs] {
            if user != password {
                let (there, missing) = if user { ("user", "password") } else { ("password", "user") };
                self.problems.error(
                    format!("{at}.{missing}"),
                    format!("there is a {there} and no {missing}"),
                    format!("add the {missing}, or remove the {there}"),
                );
            }
        }
        if trunk.register && trunk.user.is_none() {
            self.problems.error(
                format!("{path}.user"),
                "it registers, and no user is given",
                "add `user` and `password` as the carrier gave them",
            );
        }
    }

    /// Who answers our challenge is told by the user name, which an extension may not have too.
    fn inbound_users(&mut self) {
        let mut users: BTreeMap<&str, &TrunkKey> = BTreeMap::new();
        for (key, trunk) in &self.written.trunks {
            let Some(user) = trunk.inbound.user.as_deref() else { continue };
            let path = format!("trunks.{key}.inbound.user");
            if let Some(other) = users.insert(user, key) {
                self.problems.error(
                    path.clone(),
                    format!("the trunk `{other}` has the same user"),
                    "give each trunk a user of its own",
                );
            }
            if self.written.extensions.keys().any(|extension| extension.as_str() == user) {
                self.problems.error(
                    path,
                    format!("`{user}` is an extension as well"),
                    "give the trunk a user name that no extension has",
                );
            }
        }
    }
}
