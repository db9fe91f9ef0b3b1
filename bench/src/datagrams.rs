//! Datagrams with the moment at which the kernel had them, read many at a time.

use std::io::{ErrorKind, IoSliceMut};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use quinn_udp::{BATCH_SIZE, RecvMeta, UdpSocketState};
use rustix::net::sockopt;

/// Nanoseconds since 1970 by the wall clock, which is the one that the kernel stamps datagrams with.
pub type Nanos = u64;

/// One millisecond.
pub const MILLISECOND: Nanos = 1_000_000;
/// One second.
pub const SECOND: Nanos = 1_000 * MILLISECOND;

/// The present moment.
pub fn now() -> Nanos {
    // Before 1970 nothing is measured.
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, nanos)
}

/// A socket whose datagrams the kernel stamps, with room for what comes while nobody reads.
pub struct Stamped {
    socket: UdpSocket,
    state: UdpSocketState,
}

impl Stamped {
    /// Opens one; port 0 lets the system choose.
    ///
    /// # Errors
    /// When the system refuses it.
    pub fn bind(address: Ipv4Addr, port: u16, room: usize) -> Result<Self> {
        let socket = UdpSocket::bind((address, port)).with_context(|| format!("cannot listen at {address}:{port}"))?;
        let state = UdpSocketState::new((&socket).into()).context("cannot set a socket up")?;
        // Beyond the system's limit as root; others get what the limit allows, and what is dropped is counted and told.
        if sockopt::set_socket_recv_buffer_size_force(&socket, room).is_err() {
            sockopt::set_socket_recv_buffer_size(&socket, room).context("cannot give a socket more room")?;
        }
        Ok(Stamped { socket, state })
    }

    /// The socket, for what is sent.
    pub fn socket(&self) -> &UdpSocket {
        &self.socket
    }

    /// Where it is.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn address(&self) -> Result<SocketAddrV4> {
        v4(self.socket.local_addr()?).context("the load speaks IPv4")
    }
}

fn v4(address: SocketAddr) -> Option<SocketAddrV4> {
    match address {
        SocketAddr::V4(address) => Some(address),
        SocketAddr::V6(_) => None,
    }
}

/// A datagram as it came.
pub struct Datagram<'a> {
    /// When the kernel had it.
    pub at: Nanos,
    /// From whom.
    pub from: SocketAddrV4,
    /// What is in it.
    pub bytes: &'a [u8],
}

/// Reads many datagrams with one call.
pub struct Reader {
    space: Vec<u8>,
    longest: usize,
}

impl Reader {
    /// A reader of datagrams of at most so many bytes.
    pub fn new(longest: usize) -> Self {
        Reader { space: vec![0; BATCH_SIZE * longest], longest }
    }

    /// Hands over what waits at a socket, up to as much as one call brings; whether there may be more.
    ///
    /// # Errors
    /// When the socket is of no use any more.
    pub fn read(&mut self, from: &Stamped, mut take: impl FnMut(Datagram<'_>)) -> Result<bool> {
        let mut metas = [RecvMeta::default(); BATCH_SIZE];
        let count = {
            let mut slices: Vec<IoSliceMut<'_>> = self.space.chunks_mut(self.longest).map(IoSliceMut::new).collect();
            match from.state.recv((&from.socket).into(), &mut slices, &mut metas) {
                Ok(count) => count,
                // Nothing there; or a closed port has complained about something that was sent.
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::ConnectionRefused) => 0,
                Err(error) => return Err(error).context("cannot read a socket"),
            }
        };
        for (meta, bytes) in metas.iter().take(count).zip(self.space.chunks(self.longest)) {
            let Some(from) = v4(meta.addr) else { continue };
            let at = meta.timestamp.map_or_else(now, nanos);
            // The kernel may hand over several of one sender as one.
            let bytes = bytes.get(..meta.len).unwrap_or_default();
            bytes.chunks(meta.stride.max(1)).for_each(|bytes| take(Datagram { at, from, bytes }));
        }
        Ok(count == BATCH_SIZE)
    }
}

fn nanos(since: Duration) -> Nanos {
    u64::try_from(since.as_nanos()).unwrap_or(0)
}

/// How many datagrams the kernel has dropped at these sockets because nobody read them in time.
///
/// # Errors
/// When the system does not say.
pub fn dropped(sockets: &[Stamped]) -> Result<u64> {
    let table = std::fs::read_to_string("/proc/net/udp").context("cannot read /proc/net/udp")?;
    let mut wanted = Vec::new();
    for socket in sockets {
        let address = socket.address()?;
        // The address stands there as the machine keeps it in memory.
        wanted.push(format!("{:08X}:{:04X}", u32::from_ne_bytes(address.ip().octets()), address.port()));
    }
    let drops = table.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let address = words.nth(1)?;
        wanted.iter().any(|wanted| wanted == address).then(|| line.split_whitespace().last()?.parse::<u64>().ok())?
    });
    Ok(drops.sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn datagrams_come_with_sender_and_stamp() {
        let socket = Stamped::bind(Ipv4Addr::LOCALHOST, 0, 1 << 16).unwrap();
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        let before = now();
        sender.send_to(b"one", socket.address().unwrap()).unwrap();
        sender.send_to(b"three", socket.address().unwrap()).unwrap();
        std::thread::sleep(Duration::from_millis(20));
        let read = now();
        let (mut reader, mut seen) = (Reader::new(100), Vec::new());
        // Loopback delivers before `send_to` returns, or a moment later where the machine has much to do.
        assert!(!reader.read(&socket, |it| seen.push((it.at, it.from, it.bytes.to_vec()))).unwrap());
        assert!(!reader.read(&socket, |_| panic!("there are two")).unwrap());
        assert_eq!([seen[0].2.as_slice(), seen[1].2.as_slice()], [b"one".as_slice(), b"three"]);
        for (at, from, _) in &seen {
            assert_eq!(from.port(), sender.local_addr().unwrap().port());
            // When it came, and not when it was read.
            assert!((before..read).contains(at));
        }
    }

    #[test]
    fn what_does_not_fit_is_counted_by_the_kernel() {
        let socket = Stamped::bind(Ipv4Addr::LOCALHOST, 0, 2_048).unwrap();
        let other = Stamped::bind(Ipv4Addr::LOCALHOST, 0, 2_048).unwrap();
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        for _ in 0..100 {
            sender.send_to(&[0; 1_000], socket.address().unwrap()).unwrap();
        }
        assert!(dropped(&[socket]).unwrap() > 50);
        assert_eq!(dropped(&[other]).unwrap(), 0);
    }
}
