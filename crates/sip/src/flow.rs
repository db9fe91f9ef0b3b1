//! The way to a peer: its address, and over which transport.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use rsipstack::sip::Transport as LibraryTransport;
use rsipstack::sip::prelude::HeadersExt;
use rsipstack::transaction::transaction::Transaction;
use rsipstack::transport::SipConnection;

use crate::addresses::Transport;

/// Where a request came from, and so where requests to whoever sent it go: the address that its packets had, whatever
/// the message itself names (RFC 3581, RFC 5626).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Flow {
    /// The peer.
    pub(crate) peer: SocketAddr,
    /// Over this transport.
    pub(crate) transport: Transport,
}

impl Flow {
    /// The way that a request came; the library has noted it in the topmost Via.
    pub(crate) fn of(transaction: &Transaction) -> Option<Flow> {
        let via = transaction.original.via_header().ok()?;
        let (transport, peer) = SipConnection::parse_target_from_via(via).ok()?;
        let transport = match transport {
            LibraryTransport::Udp => Transport::Udp,
            LibraryTransport::Tcp => Transport::Tcp,
            _ => return None,
        };
        Some(Flow { peer: peer.try_into().ok()?, transport })
    }
}

impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.transport, self.peer)
    }
}

/// Why a text is no way to a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not a transport and an address")]
pub(crate) struct ParseFlowError;

impl FromStr for Flow {
    type Err = ParseFlowError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (transport, peer) = text.split_once(' ').ok_or(ParseFlowError)?;
        let transport = [Transport::Udp, Transport::Tcp].into_iter().find(|one| one.token() == transport);
        let peer = peer.parse().map_err(|_| ParseFlowError)?;
        Ok(Flow { peer, transport: transport.ok_or(ParseFlowError)? })
    }
}
