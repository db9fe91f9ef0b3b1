//! What a phone is set up with.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

/// An audio codec of the phone, G.711 at 8 kHz.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// µ-law, RTP payload type 0.
    Pcmu,
    /// A-law, RTP payload type 8.
    Pcma,
}

impl Codec {
    /// Its static RTP payload type (RFC 3551).
    pub fn payload_type(self) -> u8 {
        match self {
            Codec::Pcmu => 0,
            Codec::Pcma => 8,
        }
    }

    /// Its name in SDP.
    pub fn name(self) -> &'static str {
        match self {
            Codec::Pcmu => "PCMU",
            Codec::Pcma => "PCMA",
        }
    }

    /// The codec of a static payload type; nothing for those that the phone does not speak.
    pub fn of(payload_type: u8) -> Option<Self> {
        [Codec::Pcmu, Codec::Pcma].into_iter().find(|codec| codec.payload_type() == payload_type)
    }
}

/// How SIP messages travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// One datagram a message.
    Udp,
    /// One connection to the server; the phone listens for others as well.
    Tcp,
}

/// How the phone sends the keys that are pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dtmf {
    /// As telephone events in RTP (RFC 4733).
    Events,
    /// In INFO requests with a body `application/dtmf-relay`.
    Info,
}

/// What a phone is set up with. It has no `Debug`, because it holds a password.
#[derive(Clone)]
pub struct PhoneSettings {
    pub(crate) bind: SocketAddr,
    pub(crate) user: String,
    pub(crate) password: Option<String>,
    pub(crate) display_name: Option<String>,
    pub(crate) server: Option<SocketAddr>,
    pub(crate) domain: Option<String>,
    pub(crate) transport: Transport,
    pub(crate) codecs: Vec<Codec>,
    pub(crate) dtmf: Dtmf,
    pub(crate) recording_limit: Duration,
}

impl PhoneSettings {
    /// A phone of this user on a free port of 127.0.0.1, over UDP, with A-law before µ-law, that knows no server.
    pub fn new(user: &str) -> Self {
        PhoneSettings {
            bind: (Ipv4Addr::LOCALHOST, 0).into(),
            user: user.to_owned(),
            password: None,
            display_name: None,
            server: None,
            domain: None,
            transport: Transport::Udp,
            codecs: vec![Codec::Pcma, Codec::Pcmu],
            dtmf: Dtmf::Events,
            recording_limit: Duration::from_secs(120),
        }
    }

    /// The address of the phone, for SIP and RTP, with a port that the system chooses.
    #[must_use]
    pub fn at(self, address: IpAddr) -> Self {
        self.bind((address, 0).into())
    }

    /// The address and port for SIP; port 0 lets the system choose. RTP has the same address and its own ports.
    #[must_use]
    pub fn bind(mut self, address: SocketAddr) -> Self {
        self.bind = address;
        self
    }

    /// Answers challenges (MD5 and SHA-256) with this password.
    #[must_use]
    pub fn password(mut self, password: &str) -> Self {
        self.password = Some(password.to_owned());
        self
    }

    /// The name shown to those who are called.
    #[must_use]
    pub fn display_name(mut self, name: &str) -> Self {
        self.display_name = Some(name.to_owned());
        self
    }

    /// Where to register, and where calls to a bare number go.
    #[must_use]
    pub fn server(mut self, address: SocketAddr) -> Self {
        self.server = Some(address);
        self
    }

    /// The domain in the phone's own URI, where it is not the address of the server.
    #[must_use]
    pub fn domain(mut self, domain: &str) -> Self {
        self.domain = Some(domain.to_owned());
        self
    }

    /// How SIP messages travel.
    #[must_use]
    pub fn transport(mut self, transport: Transport) -> Self {
        self.transport = transport;
        self
    }

    /// The codecs that the phone offers, the preferred one first.
    #[must_use]
    pub fn codecs(mut self, codecs: &[Codec]) -> Self {
        self.codecs = codecs.to_vec();
        self
    }

    /// How keys are sent.
    #[must_use]
    pub fn dtmf(mut self, dtmf: Dtmf) -> Self {
        self.dtmf = dtmf;
        self
    }

    /// How much of a call is kept for [`Call::recording`](crate::Call::recording), from its start; 2 minutes unless
    /// set. Many phones at once want less: a minute is a megabyte.
    #[must_use]
    pub fn recording_limit(mut self, limit: Duration) -> Self {
        self.recording_limit = limit;
        self
    }
}
