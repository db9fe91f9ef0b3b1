//! By which way the packets of a leg come and go.

use std::fmt;
use std::net::{SocketAddr, UdpSocket};

use crate::words::Line;

/// A leg has one way at a time; its stream goes on over a change of it.
pub(crate) enum Way {
    /// A socket of its own.
    Socket(UdpSocket),
    /// Somebody else carries its packets.
    Line(Box<dyn Line>),
    /// None yet: nothing comes and nothing goes.
    None,
}

/// Where a packet goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// From the leg's socket to there.
    Address(SocketAddr),
    /// Into the leg's line, which leads to one far end.
    Line,
}

impl Way {
    /// Whether the packet has left.
    pub(crate) fn send(&mut self, packet: &[u8], target: Target) -> bool {
        match (self, target) {
            (Way::Socket(socket), Target::Address(address)) => socket.send_to(packet, address).is_ok(),
            (Way::Line(line), Target::Line) => line.send(packet),
            (Way::Socket(_) | Way::Line(_) | Way::None, Target::Address(_) | Target::Line) => false,
        }
    }

    /// The next packet of a line, where it is one.
    pub(crate) fn receive(&mut self, packet: &mut [u8]) -> Option<usize> {
        match self {
            Way::Line(line) => line.receive(packet),
            Way::Socket(_) | Way::None => None,
        }
    }
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Way::Socket(_) => "Socket",
            Way::Line(_) => "Line",
            Way::None => "None",
        })
    }
}
