//! A trunk at our own address: whom we call by it rings here.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures::future::join_all;
use nohold_core::configuration::{Configuration, Problem};
use nohold_flow::Severity;
use serde_json::Value;
use tokio::net::lookup_host;

use super::kind::Kind;
use super::plan::{Plan, path};

/// The name of a carrier is looked up for this long; all of them at once.
const PATIENCE: Duration = Duration::from_secs(2);
/// So many trunks are looked at.
const MOST_LOOKED_AT: usize = 100;
/// Where carriers listen whose port is not written.
const SIP: u16 = 5_060;

/// Where a server takes SIP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnSip {
    /// Where it listens.
    pub at: SocketAddr,
    /// The address by which the outside reaches it, where it is another.
    pub public: Option<IpAddr>,
}

/// What is wrong with a trunk at this address.
#[must_use]
pub fn is_this_server(address: SocketAddr) -> String {
    format!("{address} is this server itself, so whom we call rings here")
}

/// What to do about it.
pub const NAME_THE_CARRIER: &str = "write the carrier's host and port";

/// The address of a trunk, where that is one at which this server takes SIP; a name that cannot be looked up in time is
/// another's.
pub async fn leads_back(host: &str, port: u16, own: OwnSip) -> Option<SocketAddr> {
    let host = host.trim_matches(['[', ']']);
    let mut found = tokio::time::timeout(PATIENCE, lookup_host((host, port))).await.ok()?.ok()?;
    found.find(|address| is_own(*address, own))
}

/// Whether an address is one at which this server takes SIP.
fn is_own(address: SocketAddr, OwnSip { at: own, public }: OwnSip) -> bool {
    // An address can be bound where it is one of this machine's.
    let is_here = |ip: IpAddr| std::net::UdpSocket::bind((ip, 0)).is_ok();
    // What is sent to no address in particular goes to this machine's loopback.
    let reaches = |ip: IpAddr| match (ip.is_unspecified(), own.ip().is_unspecified()) {
        (true, _) => own.ip().is_unspecified() || own.ip().is_loopback(),
        (false, true) => is_here(ip),
        (false, false) => ip == own.ip(),
    };
    // What is told to others leads here, whatever stands in between.
    address.port() == own.port() && (reaches(address.ip()) || public == Some(address.ip()))
}

/// Warnings of the trunks that a plan writes.
pub(super) async fn warnings(plan: &Plan, own: OwnSip) -> Vec<Problem> {
    let trunks = plan.reconfiguration.things.iter().filter(|(place, _)| place.kind == Kind::Trunks.word());
    let written = trunks.filter_map(|(place, body)| {
        let body: Value = serde_json::from_str(body.as_deref()?).ok()?;
        let host = body["host"].as_str()?.to_owned();
        let port = body["port"].as_u64().map_or(Some(SIP), |port| u16::try_from(port).ok())?;
        Some((path(place), host, port))
    });
    warnings_of(written, own).await
}

/// The same of the trunks of a configuration that is no change of any.
pub async fn trunks_that_lead_back(configuration: &Configuration, own: OwnSip) -> Vec<Problem> {
    let written = configuration.trunks.iter();
    warnings_of(written.map(|(key, trunk)| (format!("trunks.{key}"), trunk.host.clone(), trunk.port)), own).await
}

/// Of trunks, each with its place, host and port.
async fn warnings_of(trunks: impl Iterator<Item = (String, String, u16)>, own: OwnSip) -> Vec<Problem> {
    let looked_at = trunks.map(|(path, host, port)| async move {
        let address = leads_back(&host, port, own).await?;
        let (severity, message) = (Severity::Warning, is_this_server(address));
        Some(Problem { severity, path: format!("{path}.host"), message, mend: NAME_THE_CARRIER.to_owned() })
    });
    join_all(looked_at.take(MOST_LOOKED_AT)).await.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_is_ours_where_we_take_sip_and_nowhere_else() {
        let public = Some("203.0.113.7".parse().unwrap());
        let own = |text: &str| OwnSip { at: text.parse().unwrap(), public };
        for (host, port, ours, expected) in [
            ("127.0.0.1", 5060, "127.0.0.1:5060", true),
            ("127.0.0.1", 5060, "0.0.0.0:5060", true),
            ("0.0.0.0", 5060, "127.0.0.1:5060", true),
            ("0.0.0.0", 5060, "0.0.0.0:5060", true),
            ("0.0.0.0", 5060, "192.0.2.1:5060", false),
            ("0.0.0.0", 5070, "127.0.0.1:5060", false),
            ("[::1]", 5060, "[::1]:5060", true),
            ("127.0.0.1", 5060, "192.0.2.1:5060", false),
            ("127.0.0.1", 5060, "127.0.0.1:5061", false),
            ("192.0.2.1", 5060, "0.0.0.0:5060", false),
            ("203.0.113.7", 5060, "0.0.0.0:5060", true),
            ("203.0.113.7", 5060, "192.0.2.1:5060", true),
            ("203.0.113.7", 5070, "0.0.0.0:5060", false),
            ("203.0.113.8", 5060, "0.0.0.0:5060", false),
            ("no-such-carrier.invalid", 5060, "0.0.0.0:5060", false),
        ] {
            assert_eq!(leads_back(host, port, own(ours)).await.is_some(), expected, "{host}:{port} at {ours}");
        }
    }
}
