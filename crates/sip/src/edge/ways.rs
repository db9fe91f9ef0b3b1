//! Finds the way to a target: our own streams in place of the library's, names by DNS.

use super::flows::Flows;
use super::gate::Gate;
use crate::uri::Uri;
use async_trait::async_trait;
use rsipstack::Result;
use rsipstack::sip::{Host, HostWithPort, Transport, Uri as LibraryUri};
use rsipstack::transaction::endpoint::TargetLocator;
use rsipstack::transport::SipAddr;
use rsipstack::transport::transport_layer::{DefaultDomainResolver, DomainResolver};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// How long a name may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long it may take where we know without it whom it means.
const SHORT_PATIENCE: Duration = Duration::from_secs(1);
/// How long what a name means is kept.
const KEEP: Duration = Duration::from_secs(60);
/// How many names are kept.
const MAX_NAMES: usize = 1_024;

/// The library's locator and resolver.
#[derive(Clone)]
pub(super) struct Ways(Arc<Inner>);

struct Inner {
    flows: Arc<Flows>,
    gate: Arc<Gate>,
    dns: DefaultDomainResolver,
    names: Mutex<HashMap<String, (SipAddr, Instant)>>,
}

impl Ways {
    pub(super) fn new(flows: Arc<Flows>, gate: Arc<Gate>) -> Self {
        Self(Arc::new(Inner { flows, gate, dns: DefaultDomainResolver::default(), names: Mutex::default() }))
    }

    /// The way to an address. Over a stream the host is told to the library as a name, so that it asks us again each time
    /// and never opens a stream itself.
    pub(super) fn to(target: SocketAddr, transport: crate::addresses::Transport) -> SipAddr {
        let mut way = SipAddr::from(target);
        match transport {
            crate::addresses::Transport::Udp => way.r#type = Some(Transport::Udp),
            crate::addresses::Transport::Tcp => {
                way.r#type = Some(Transport::Tcp);
                way.addr.host = Host::Domain(target.ip().to_string().into());
            }
        }
        way
    }

    async fn find(&self, target: &SipAddr) -> Result<SipAddr> {
        let found = match &target.addr.host {
            Host::IpAddr(_) => target.clone(),
            Host::Domain(name) => {
                // A user part that the library could not write may stand before the host, see `Uri::to_library`.
                let host = name.0.rsplit('@').next().unwrap_or_default();
                let host = host.trim_start_matches('[').trim_end_matches(']');
                let mut target = target.clone();
                match host.parse::<IpAddr>() {
                    Ok(ip) => {
                        target.addr.host = Host::IpAddr(ip);
                        target
                    }
                    Err(_) => {
                        target.addr.host = Host::Domain(host.to_owned().into());
                        self.by_name(&target).await?
                    }
                }
            }
        };
        if found.r#type == Some(Transport::Tcp) {
            let mut peer = found.get_socketaddr()?;
            peer.set_ip(peer.ip().to_canonical());
            self.0.flows.reach(peer).await.map_err(|e| rsipstack::Error::Error(e.to_string()))?;
            return Ok(SipAddr { r#type: Some(Transport::Tcp), addr: peer.into() });
        }
        Ok(found)
    }

    /// Whether a name leads somewhere by itself.
    pub(super) async fn knows(&self, uri: &LibraryUri) -> bool {
        let Ok(target) = SipAddr::try_from(uri) else { return false };
        let host = target.addr.host.to_string();
        let host = host.rsplit('@').next().unwrap_or_default().to_owned();
        let target =
            SipAddr { addr: HostWithPort { host: Host::Domain(host.into()), port: target.addr.port }, ..target };
        matches!(timeout(PATIENCE, self.0.dns.resolve(&target)).await, Ok(Ok(_)))
    }

    async fn by_name(&self, target: &SipAddr) -> Result<SipAddr> {
        let key = target.to_string();
        let kept = self.names().get(&key).filter(|(_, at)| at.elapsed() < KEEP).map(|(found, _)| found.clone());
        if let Some(found) = kept {
            return Ok(found);
        }
        let late = || rsipstack::Error::DnsResolutionError(format!("{key}: no answer in time"));
        // Whoever has just answered by this name waits for its ACK, and is there whatever the name means.
        let answered = target.addr.host.to_string();
        let answered = self.0.gate.departures.answered_from(&answered);
        let patience = if answered.is_some() { SHORT_PATIENCE } else { PATIENCE };
        let found = match (timeout(patience, self.0.dns.resolve(target)).await, answered) {
            (Ok(Ok(found)), _) => found,
            (Ok(Err(_)) | Err(_), Some(flow)) => {
                let transport = match flow.transport {
                    crate::addresses::Transport::Udp => Transport::Udp,
                    crate::addresses::Transport::Tcp => Transport::Tcp,
                };
                return Ok(SipAddr { r#type: Some(transport), addr: flow.peer.into() });
            }
            (Ok(Err(error)), None) => return Err(error),
            (Err(_), None) => return Err(late()),
        };
        let mut names = self.names();
        if names.len() >= MAX_NAMES {
            names.retain(|_, (_, at)| at.elapsed() < KEEP);
        }
        if names.len() < MAX_NAMES {
            names.insert(key, (found.clone(), Instant::now()));
        }
        Ok(found)
    }

    fn names(&self) -> std::sync::MutexGuard<'_, HashMap<String, (SipAddr, Instant)>> {
        self.0.names.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl DomainResolver for Ways {
    async fn resolve(&self, target: &SipAddr) -> Result<SipAddr> {
        self.find(target).await
    }
}

#[async_trait]
impl TargetLocator for Ways {
    async fn locate(&self, uri: &LibraryUri) -> Result<SipAddr> {
        let target = SipAddr::try_from(uri)?;
        // `transport` behind a user part that looks like parameters is found by our own reading.
        let ours = uri.to_string().parse::<Uri>().ok();
        let tcp = ours.and_then(|u| u.parameter("transport").map(|t| t.eq_ignore_ascii_case("tcp")));
        let r#type = if tcp == Some(true) { Some(Transport::Tcp) } else { target.r#type };
        self.find(&SipAddr { r#type, ..target }).await
    }
}
