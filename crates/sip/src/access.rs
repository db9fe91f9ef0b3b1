//! Who a request is from, as far as it can prove it.

use std::time::Instant;

use nohold_model::{ExtensionKey, TrunkKey};
use rsipstack::sip::{Header, Method, Request};

use crate::digest::{Algorithm, Asked, Proof};
use crate::engine::Engine;
use crate::flow::Flow;
use crate::leg::values;
use crate::name_addr;
use crate::settings::Account;
use crate::uri::as_it_came;

/// Somebody whom we know.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Who {
    /// A phone of ours.
    Extension(ExtensionKey),
    /// A carrier or another PBX.
    Trunk(TrunkKey),
}

/// What a request has proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Access {
    /// It is from this one.
    Granted(Who),
    /// It must prove it first.
    Challenge {
        /// It has proven it with a nonce that serves no more.
        stale: bool,
    },
    /// It has failed to.
    Refused,
}

impl Engine {
    /// Who a request is from: whoever knows the password of an account, or a trunk by its address. At an address that a
    /// trunk shares with phones of ours (one machine, one NAT), a phone is asked for its password all the same.
    pub(crate) fn access(&self, request: &Request, flow: Flow) -> Access {
        let realm_is_ours = |value: &String| value.contains(self.challenger().realm());
        if let Some(value) = values(request, "Authorization").find(realm_is_ours) {
            return self.proven(request, &value, flow);
        }
        let may_be_a_trunk = request.method != Method::Register && !self.registrar().is_phone(flow);
        match self.trunks().by_address(flow.peer.ip()).filter(|_| may_be_a_trunk) {
            Some(trunk) => Access::Granted(Who::Trunk(trunk)),
            None => Access::Challenge { stale: false },
        }
    }

    fn proven(&self, request: &Request, value: &str, flow: Flow) -> Access {
        let lines = self.lines();
        let extension = |user: &str| lines.extensions.iter().find(|(_, account)| account.user == user);
        let trunk = |user: &str| {
            lines.trunks.iter().find(|(_, trunk)| trunk.inbound.as_ref().is_some_and(|account| account.user == user))
        };
        let (method, uri, source) = (request.method.to_string(), as_it_came(&request.uri), source(flow));
        let asked = Asked { method: &method, uri: &uri, body: &request.body, source: &source };
        let proof = self.challenger().verify(Instant::now(), value, &asked, |user, algorithm| {
            let account = match (extension(user), trunk(user)) {
                (Some((_, account)), _) => account,
                (None, Some((_, trunk))) => trunk.inbound.as_ref()?,
                (None, None) => return None,
            };
            account.secret(algorithm)
        });
        match proof {
            Proof::Proven { user } => {
                self.edge().authentication_succeeded(flow.peer, &user);
                match (extension(&user), trunk(&user)) {
                    (Some((key, _)), _) => Access::Granted(Who::Extension(key.clone())),
                    (None, Some((key, _))) => Access::Granted(Who::Trunk(key.clone())),
                    (None, None) => Access::Refused,
                }
            }
            Proof::Stale => Access::Challenge { stale: true },
            Proof::Foreign => Access::Challenge { stale: false },
            Proof::Elsewhere => {
                tracing::debug!("a password was proven for another Request-URI");
                Access::Refused
            }
            Proof::Refused { user } => {
                let user = user.as_deref().unwrap_or_default();
                self.edge().authentication_failed(flow.peer, user);
                self.complaints().failed(flow.peer.ip().to_canonical(), user);
                Access::Refused
            }
        }
    }

    /// `WWW-Authenticate`, once for each algorithm (RFC 7616 §3.7) of whom the request says it is from: many phones give
    /// up at a challenge that names an algorithm they do not know, even beside one that they do.
    pub(crate) fn challenge(&self, request: &Request, flow: Flow, stale: bool) -> Vec<Header> {
        let algorithms = self.algorithms_for(request);
        let values = self.challenger().challenge(Instant::now(), stale, &algorithms, &source(flow));
        values.into_iter().map(|value| Header::WwwAuthenticate(value.into())).collect()
    }

    fn algorithms_for(&self, request: &Request) -> Vec<Algorithm> {
        let header = if request.method == Method::Register { "To" } else { "From" };
        let user = values(request, header).next().and_then(|value| name_addr::uri(&value)).and_then(|uri| uri.user());
        let lines = self.lines();
        let extension = lines.extensions.values().find(|account| Some(account.user.as_str()) == user.as_deref());
        let found: Vec<Algorithm> = match extension {
            Some(account) => account.algorithms().collect(),
            // A call that comes by a trunk is from a customer.
            None => {
                lines.trunks.values().filter_map(|trunk| trunk.inbound.as_ref()).flat_map(Account::algorithms).collect()
            }
        };
        // Somebody who is not there is asked like most of those who are.
        if found.is_empty() { vec![Algorithm::Md5] } else { found }
    }
}

/// What a nonce is bound to.
fn source(flow: Flow) -> String {
    format!("{} {}", flow.transport, flow.peer.ip().to_canonical())
}
