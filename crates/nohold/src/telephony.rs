//! The one place where a telephony engine is plugged in: what it is given, and what the rest of the program asks of it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::ops::RangeInclusive;
use std::path::PathBuf;

use anyhow::bail;
use nohold_app::ports::{Telephony, TelephonyEvent};
use nohold_core::call::{Command, LegState};
use nohold_core::configuration::{Extension, Trunk};
use nohold_model::{ExtensionKey, LegId, TrunkKey};
use thiserror::Error;
use tokio::sync::mpsc::UnboundedSender;

use crate::secrets::Secrets;

/// What an engine needs to know.
#[derive(Debug)]
#[expect(dead_code, reason = "read by the engine, which is not there yet")]
pub struct Settings {
    /// Where phones and trunks reach us, over UDP and TCP.
    pub sip: SocketAddr,
    /// Ports for audio.
    pub rtp_ports: RangeInclusive<u16>,
    /// The address by which the outside reaches us, where it is another.
    pub public_address: Option<IpAddr>,
    /// Whether each message is shown.
    pub sip_trace: bool,
    /// Where recordings are written.
    pub recordings: PathBuf,
    /// The accounts of our phones.
    pub extensions: BTreeMap<ExtensionKey, Extension>,
    /// The trunks.
    pub trunks: BTreeMap<TrunkKey, Trunk>,
    /// All passwords, found.
    pub secrets: Secrets,
}

/// A port cannot be had.
#[derive(Debug, Error)]
pub enum PortRefused {
    /// Somebody has it.
    #[error("{transport} port {address} is busy: another program listens there; stop it, or choose another with --sip")]
    Busy {
        /// UDP or TCP.
        transport: &'static str,
        /// Where.
        address: SocketAddr,
    },
    /// The address is not this machine's.
    #[error("{0} is not an address of this machine: use one that is, or 0.0.0.0 for all of them, with --sip")]
    NotOurs(IpAddr),
    /// The system keeps it.
    #[error("this user may not listen at {0}: use a port from 1024 on with --sip, or grant the right to")]
    Forbidden(SocketAddr),
    /// Something else.
    #[error("cannot listen at {0}: {1}: choose another address with --sip")]
    Other(SocketAddr, io::Error),
}

/// The engine of this build: there is none, so there is no value of this type.
#[derive(Debug)]
pub enum Engine {}

impl Engine {
    /// Starts an engine, which tells what happens through `events`.
    ///
    /// # Errors
    /// When it cannot have its ports, or something that it needs is missing.
    #[expect(clippy::unused_async, reason = "an engine binds its sockets here")]
    pub async fn start(settings: Settings, _events: UnboundedSender<TelephonyEvent>) -> anyhow::Result<Self> {
        may_listen(settings.sip)?;
        bail!("this build has no telephony engine: it can check a configuration, but not serve calls")
    }

    /// Where phones and trunks reach it.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        match *self {}
    }

    /// Ends what still goes on: every call is hung up.
    #[expect(clippy::unused_async, reason = "an engine waits for its peers here")]
    pub async fn stop(&self) {
        match *self {}
    }
}

impl Telephony for Engine {
    fn execute(&self, _command: Command) {
        match *self {}
    }

    fn inventory(&self, _legs: &BTreeSet<LegId>) -> impl Future<Output = BTreeMap<LegId, LegState>> + Send + 'static {
        // Nobody can ask: there is no engine.
        std::future::ready(BTreeMap::new())
    }
}

/// Whether the address can be had for SIP, over UDP and TCP. Between this look and the engine's own somebody may take
/// it; then the engine's error is less friendly, and that is all.
fn may_listen(address: SocketAddr) -> Result<(), PortRefused> {
    UdpSocket::bind(address).map_err(|problem| refused("UDP", address, problem))?;
    TcpListener::bind(address).map_err(|problem| refused("TCP", address, problem))?;
    Ok(())
}

fn refused(transport: &'static str, address: SocketAddr, problem: io::Error) -> PortRefused {
    match problem.kind() {
        io::ErrorKind::AddrInUse => PortRefused::Busy { transport, address },
        io::ErrorKind::AddrNotAvailable => PortRefused::NotOurs(address.ip()),
        io::ErrorKind::PermissionDenied => PortRefused::Forbidden(address),
        _ => PortRefused::Other(address, problem),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_port_and_a_foreign_address_are_named() {
        let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        let problem = may_listen(address).unwrap_err().to_string();
        assert!(problem.contains(&format!("UDP port {address} is busy")), "{problem}");
        // RFC 5737 gives this address to nobody.
        let problem = may_listen("192.0.2.1:5060".parse().unwrap()).unwrap_err().to_string();
        assert!(problem.contains("192.0.2.1 is not an address of this machine"), "{problem}");
    }
}
