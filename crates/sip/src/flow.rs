//! The way to a peer: its address, and over which transport.

use std::net::SocketAddr;

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
