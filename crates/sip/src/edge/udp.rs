//! Datagrams: a socket of ours under the library's.

use super::gate::{Gate, Verdict};
use crate::addresses::Transport;
use crate::flow::Flow;
use crate::trace::Direction;
use rsipstack::platform::net::UdpSocket as LibrarySocket;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::UdpSocket;
use tokio::sync::Mutex;

/// The library's receive buffer, in bytes; what is larger would be cut off without notice.
pub(super) const LARGEST: usize = rsipstack::transport::connection::MAX_UDP_BUF_SIZE;
/// The largest datagram there is.
const DATAGRAM: usize = 65_535;
/// So many datagrams are read ahead; the system keeps those behind them.
const MOST_WAITING: usize = 8_192;
/// How long a socket that reports an error is left alone.
const PAUSE: Duration = Duration::from_millis(10);
/// What the system may keep for us while we are at something else, in bytes; it gives less where its own limit
/// (`net.core.rmem_max`) is lower. Its usual 200 kB hold a hundred messages, and of those that do not fit each is sent again after half a
/// second, which is what makes a busy server busier.
const RECEIVE_BUFFER: usize = 4 << 20;

/// All sockets that we have; each [`GateSocket`] receives on one of them and sends over the one that fits.
pub(super) struct Sockets(Vec<UdpSocket>);

impl Sockets {
    /// Binds one socket for each address.
    pub(super) async fn bind(addresses: &[SocketAddr]) -> Result<Self, (SocketAddr, std::io::Error)> {
        let mut sockets = Vec::with_capacity(addresses.len());
        for &address in addresses {
            let socket = UdpSocket::bind(address).await.map_err(|error| (address, error))?;
            if let Err(error) = rustix::net::sockopt::set_socket_recv_buffer_size(&socket, RECEIVE_BUFFER) {
                tracing::debug!(%error, "the receive buffer of a SIP socket stays as it is");
            }
            sockets.push(socket);
        }
        Ok(Self(sockets))
    }

    /// Where they are bound, in the order in which they were asked for.
    pub(super) fn addresses(&self) -> std::io::Result<Vec<SocketAddr>> {
        self.0.iter().map(UdpSocket::local_addr).collect()
    }
}

/// One socket, with the gatekeeper before it.
pub(super) struct GateSocket {
    sockets: Arc<Sockets>,
    own: usize,
    gate: Arc<Gate>,
    inbox: Mutex<Inbox>,
}

/// What was read and is not judged yet.
struct Inbox {
    buffer: Vec<u8>,
    waiting: VecDeque<Arrived>,
}

struct Arrived {
    bytes: Vec<u8>,
    from: SocketAddr,
    at: Instant,
}

impl Inbox {
    /// Reads all that has come, so that we know how long each datagram waits for us; one after the other when there is none.
    async fn next(&mut self, socket: &UdpSocket) -> std::io::Result<Arrived> {
        if self.waiting.is_empty() {
            let (length, from) = socket.recv_from(&mut self.buffer).await?;
            self.keep(length, from);
        }
        while self.waiting.len() < MOST_WAITING
            && let Ok((length, from)) = socket.try_recv_from(&mut self.buffer)
        {
            self.keep(length, from);
        }
        self.waiting.pop_front().ok_or_else(|| std::io::ErrorKind::WouldBlock.into())
    }

    fn keep(&mut self, length: usize, from: SocketAddr) {
        self.waiting.push_back(Arrived { bytes: self.buffer[..length].to_vec(), from, at: Instant::now() });
    }
}

impl GateSocket {
    pub(super) fn new(sockets: Arc<Sockets>, own: usize, gate: Arc<Gate>) -> Self {
        let inbox = Inbox { buffer: vec![0; DATAGRAM], waiting: VecDeque::new() };
        Self { sockets, own, gate, inbox: Mutex::new(inbox) }
    }

    /// The socket for a peer: this one, unless the peer's kind of address does not fit it. The library sends all its
    /// requests by the first socket.
    fn socket_for(&self, peer: SocketAddr) -> &UdpSocket {
        let all = &self.sockets.0;
        let bound = |socket: &UdpSocket| socket.local_addr().ok();
        let same_kind = |socket: &UdpSocket| bound(socket).is_some_and(|b| b.is_ipv4() == peer.is_ipv4());
        let told = self.gate.addresses.sent_by(peer.ip(), Transport::Udp);
        let exact = |socket: &&UdpSocket| same_kind(socket) && bound(socket).is_some_and(|b| b.ip() == told.ip());
        let own = &all[self.own];
        if self.own > 0 && same_kind(own) {
            return own; // An answer leaves by the socket that the request came to.
        }
        all.iter().find(exact).or_else(|| all.iter().find(|s| same_kind(s))).unwrap_or(own)
    }

    async fn send(&self, bytes: &[u8], to: SocketAddr) -> std::io::Result<usize> {
        self.gate.note(Direction::Out, Transport::Udp, to, bytes);
        self.socket_for(to).send_to(bytes, to).await.inspect_err(|_| self.gate.tally.unsent.up())
    }
}

#[async_trait::async_trait]
impl LibrarySocket for GateSocket {
    async fn recv_from(&self, clean: &mut [u8]) -> rsipstack::Result<(usize, SocketAddr)> {
        let mut inbox = self.inbox.lock().await;
        loop {
            let Arrived { bytes, from, at } = match inbox.next(&self.sockets.0[self.own]).await {
                Ok(arrived) => arrived,
                Err(error) => {
                    tracing::warn!(%error, "a SIP socket could not receive");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            };
            let (raw, now) = (&bytes[..], Instant::now());
            self.gate.pace.note_age(now.saturating_duration_since(at));
            if raw.iter().all(u8::is_ascii_whitespace) {
                // RFC 5626 answers keep-alives on streams only; on datagrams their way through the NAT is all they are for.
                self.gate.tally.keep_alives.up();
                continue;
            }
            match self.gate.judge(now, raw, from, Transport::Udp) {
                Verdict::Pass(bytes) => {
                    let Some(room) = clean.get_mut(..bytes.len()) else { continue };
                    room.copy_from_slice(&bytes);
                    return Ok((bytes.len(), from));
                }
                Verdict::Answer(bytes) => {
                    self.send(&bytes, from).await.ok();
                }
                Verdict::Drop => {}
            }
        }
    }

    async fn send_to(&self, bytes: &[u8], to: SocketAddr) -> rsipstack::Result<usize> {
        if let Some(hold) = self.gate.departures.hold(bytes, Flow { peer: to, transport: Transport::Udp }) {
            hold.await;
        }
        Ok(self.send(bytes, to).await?)
    }

    fn local_addr(&self) -> rsipstack::Result<SocketAddr> {
        Ok(self.sockets.0[self.own].local_addr()?)
    }
}
