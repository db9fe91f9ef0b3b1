//! One call or registration of a phone.

use std::net::{SocketAddrV4, UdpSocket};

use super::Side;
use crate::datagrams::Nanos;
use crate::sip::Writer;

/// How far it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// We call.
    Calling,
    /// It is up.
    Up,
    /// We have hung up.
    Leaving,
    /// We register, and may have answered a challenge.
    Registering {
        /// With this.
        password: String,
        /// A challenge was answered.
        proven: bool,
    },
}

/// One call.
pub struct Call {
    pub side: Side,
    pub id: String,
    /// Whom requests name (Request-URI).
    pub target: String,
    /// Where they go.
    pub peer: SocketAddrV4,
    pub state: State,
    /// Our name with our tag.
    pub local: String,
    /// The other's, with its tag once there is one.
    pub remote: String,
    pub contact: String,
    pub cseq: u32,
    own: String,
    /// The last request, or the answer to an INVITE.
    pub sent: String,
    pub sent_first: Nanos,
    pub repeat_after: Nanos,
    /// It need not be sent again.
    pub answered: bool,
}

impl Call {
    pub fn new(side: Side, id: String, target: String, peer: SocketAddrV4, socket: &UdpSocket) -> Self {
        Call {
            side,
            id,
            target,
            peer,
            state: State::Calling,
            local: String::new(),
            remote: String::new(),
            contact: String::new(),
            cseq: 1,
            // A socket that is open has an address.
            own: socket.local_addr().map(|own| own.to_string()).unwrap_or_default(),
            sent: String::new(),
            sent_first: 0,
            repeat_after: 0,
            answered: false,
        }
    }

    /// The head of a new request.
    pub fn request(&self, method: &str) -> Writer {
        self.head(Writer::request(method, &self.target), self.cseq, method, "", &self.remote)
    }

    /// The ACK to a final answer.
    pub fn acknowledgement(&self, to: &str, cseq: u32, status: u16) -> String {
        let way = if status < 300 { "a" } else { "" };
        let writer = Writer::request("ACK", &self.target);
        let method = if status < 300 { "ACK" } else { "INVITE" };
        self.way(writer, cseq, method, way)
            .header("From", &self.local)
            .header("To", to)
            .header("Call-ID", &self.id)
            .header("CSeq", &format!("{cseq} ACK"))
            .end()
    }

    fn head(&self, writer: Writer, cseq: u32, method: &str, way: &str, to: &str) -> Writer {
        self.way(writer, cseq, method, way)
            .header("From", &self.local)
            .header("To", to)
            .header("Call-ID", &self.id)
            .header("CSeq", &format!("{cseq} {method}"))
    }

    /// The Via, whose branch is that of the INVITE for an ACK to a refusal (RFC 3261 §17.1.1.3).
    fn way(&self, writer: Writer, cseq: u32, method: &str, more: &str) -> Writer {
        let branch = format!("z9hG4bK{}.{cseq}.{}{more}", self.id, method.to_ascii_lowercase());
        writer.header("Via", &format!("SIP/2.0/UDP {};rport;branch={branch}", self.own))
    }
}
