//! The thread that serves all browsers.

use std::collections::{HashMap, VecDeque};
use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::connection::{Connection, News, Out, Patience};
use crate::line::{Waker, WireEnd};
use crate::stun;
use crate::words::{ConnectionId, End, Event};

/// It is looked this often whether connections are still there.
const WATCHED_EVERY: Duration = Duration::from_millis(200);
/// By how much the thread is less nice than others.
const PRECEDENCE: i32 = -10;
/// Datagrams that are read before anything else has its turn.
const MOST_READ: usize = 256;
/// Longer than any datagram that we take, and than an Ethernet frame.
const LONGEST_DATAGRAM: usize = 2_048;
/// Addresses of one browser at once: it may have several networks, and a new one after each change of them.
const MOST_ADDRESSES: usize = 8;
/// The thread waits no longer than this.
const LONGEST_WAIT: Duration = Duration::from_millis(100);

/// What the thread is told.
pub(crate) enum Command {
    Open(ConnectionId, Box<Connection>),
    Attach(ConnectionId, Option<WireEnd>),
    Close(ConnectionId),
    ShutDown,
}

/// What is counted, and read by everybody. The meaning stands at [`Counters`](crate::Counters).
#[derive(Debug, Default)]
pub(crate) struct Counted {
    pub(crate) received: AtomicU64,
    pub(crate) strangers: AtomicU64,
    pub(crate) unusable: AtomicU64,
    pub(crate) overrun: AtomicU64,
}

/// What every part of the crate tells its events to.
pub(crate) type Events = Arc<dyn Fn(Event) + Send + Sync>;

/// What the thread is made of.
pub(crate) struct Thread {
    pub(crate) socket: UdpSocket,
    /// The socket is one of IPv6.
    pub(crate) both_families: bool,
    pub(crate) waker: Arc<Waker>,
    pub(crate) mailbox: Receiver<Command>,
    pub(crate) events: Events,
    pub(crate) counted: Arc<Counted>,
    pub(crate) patience: Patience,
    pub(crate) connections: HashMap<ConnectionId, Box<Connection>>,
    pub(crate) routes: Routes,
    pub(crate) watched: Instant,
}

/// Whose a datagram is.
#[derive(Default)]
pub(crate) struct Routes {
    by_ufrag: HashMap<String, ConnectionId>,
    by_address: HashMap<SocketAddr, ConnectionId>,
    addresses: HashMap<ConnectionId, VecDeque<SocketAddr>>,
}

impl Routes {
    fn add(&mut self, connection: ConnectionId, ufrag: &str) {
        self.by_ufrag.insert(ufrag.to_owned(), connection);
    }

    /// A binding request from there was good: whoever sent it knows the password that stands in our answer.
    fn learn(&mut self, connection: ConnectionId, address: SocketAddr) {
        if self.by_address.insert(address, connection) == Some(connection) {
            return;
        }
        let addresses = self.addresses.entry(connection).or_default();
        addresses.push_back(address);
        if addresses.len() > MOST_ADDRESSES
            && let Some(oldest) = addresses.pop_front()
        {
            self.forget_address(connection, oldest);
        }
    }

    fn forget_address(&mut self, connection: ConnectionId, address: SocketAddr) {
        // Another browser behind the same NAT may have the address by now.
        if self.by_address.get(&address) == Some(&connection) {
            self.by_address.remove(&address);
        }
    }

    fn remove(&mut self, connection: ConnectionId, ufrag: &str) {
        self.by_ufrag.remove(ufrag);
        for address in self.addresses.remove(&connection).unwrap_or_default() {
            self.forget_address(connection, address);
        }
    }

    fn whose(&self, datagram: &[u8], from: SocketAddr) -> Option<ConnectionId> {
        if stun::is_stun(datagram) {
            return self.by_ufrag.get(stun::ufrag(datagram)?).copied();
        }
        self.by_address.get(&from).copied()
    }
}

/// What a connection sends goes to the socket, and tells where the browser is.
struct Sending<'a> {
    socket: &'a UdpSocket,
    routes: &'a mut Routes,
    connection: ConnectionId,
    both_families: bool,
}

impl Sending<'_> {
    /// A socket for both families takes IPv4 addresses in the form of IPv6 alone.
    fn as_the_socket_takes_it(&self, to: SocketAddr) -> SocketAddr {
        match to {
            SocketAddr::V4(v4) if self.both_families => SocketAddr::new(v4.ip().to_ipv6_mapped().into(), v4.port()),
            _ => to,
        }
    }
}

impl Out for Sending<'_> {
    fn send(&mut self, datagram: &[u8], to: SocketAddr) {
        if stun::is_success(datagram) {
            self.routes.learn(self.connection, to);
        }
        // What the system does not take is lost, as on every network.
        let _ = self.socket.send_to(datagram, self.as_the_socket_takes_it(to));
    }
}

impl Thread {
    pub(crate) fn run(mut self) {
        take_precedence();
        let mut touched = Vec::new();
        loop {
            // Nothing in here is meant to panic. If something does, one call may suffer, but not those of all browsers.
            match catch_unwind(AssertUnwindSafe(|| self.turn(&mut touched))) {
                Ok(true) => {}
                Ok(false) => return,
                Err(_) => tracing::error!("a turn of the thread for browsers has failed; the thread goes on"),
            }
        }
    }

    /// One round; false when it was the last.
    fn turn(&mut self, touched: &mut Vec<ConnectionId>) -> bool {
        self.wait();
        self.waker.rest();
        let now = Instant::now();
        touched.clear();
        if !self.obey(now, touched) {
            return false;
        }
        self.read(now, touched);
        let due = self.connections.iter_mut().filter_map(|(id, connection)| {
            let said = connection.speak(now);
            (said || connection.due() <= now).then_some(*id)
        });
        touched.extend(due);
        touched.sort_unstable();
        touched.dedup();
        for id in touched.iter() {
            self.work(*id, now);
        }
        if now.saturating_duration_since(self.watched) >= WATCHED_EVERY {
            self.watched = now;
            self.watch(now);
        }
        true
    }

    /// Waits for a datagram, a word, or the next deadline.
    fn wait(&self) {
        let now = Instant::now();
        let due = self.connections.values().map(|connection| connection.due()).min();
        let wait = due.map_or(LONGEST_WAIT, |due| due.saturating_duration_since(now).min(LONGEST_WAIT));
        let wait = Timespec { tv_sec: 0, tv_nsec: i64::from(wait.subsec_nanos()) };
        let mut sources = [PollFd::new(&self.socket, PollFlags::IN), PollFd::new(self.waker.file(), PollFlags::IN)];
        // An interrupted wait is a short one.
        let _ = poll(&mut sources, Some(&wait));
    }

    fn obey(&mut self, now: Instant, touched: &mut Vec<ConnectionId>) -> bool {
        loop {
            match self.mailbox.try_recv() {
                Ok(Command::Open(id, connection)) => {
                    self.routes.add(id, connection.ufrag());
                    self.connections.insert(id, connection);
                    touched.push(id);
                }
                Ok(Command::Attach(id, line)) => {
                    if let Some(connection) = self.connections.get_mut(&id) {
                        connection.attach(line);
                    }
                }
                Ok(Command::Close(id)) => self.close(id, End::Ours, now),
                Ok(Command::ShutDown) | Err(TryRecvError::Disconnected) => {
                    for id in self.connections.keys().copied().collect::<Vec<_>>() {
                        self.close(id, End::Ours, now);
                    }
                    return false;
                }
                Err(TryRecvError::Empty) => return true,
            }
        }
    }

    fn read(&mut self, now: Instant, touched: &mut Vec<ConnectionId>) {
        let mut buffer = [0; LONGEST_DATAGRAM];
        for _ in 0..MOST_READ {
            let (length, from) = match self.socket.recv_from(&mut buffer) {
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                // An error that a router has sent about an earlier datagram.
                Err(_) => continue,
            };
            // A socket for both families tells IPv4 addresses in the form of IPv6, and browsers do not.
            let from = SocketAddr::new(from.ip().to_canonical(), from.port());
            let datagram = buffer.get(..length).unwrap_or_default();
            let whose = self.routes.whose(datagram, from);
            let Some((id, connection)) = whose.and_then(|id| Some((id, self.connections.get_mut(&id)?))) else {
                add_one(&self.counted.strangers);
                continue;
            };
            add_one(&self.counted.received);
            connection.receive(datagram, from, now, &self.counted);
            touched.push(id);
        }
    }

    fn work(&mut self, id: ConnectionId, now: Instant) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let mut news = Vec::new();
        let mut out = Sending {
            socket: &self.socket,
            routes: &mut self.routes,
            connection: id,
            both_families: self.both_families,
        };
        connection.work(now, &mut out, &self.counted, &mut news);
        for one in news {
            self.tell(id, one, now);
        }
    }

    fn watch(&mut self, now: Instant) {
        let patience = self.patience;
        let news: Vec<_> = self
            .connections
            .iter_mut()
            .filter_map(|(id, connection)| Some((*id, connection.watch(now, patience)?)))
            .collect();
        for (id, one) in news {
            self.tell(id, one, now);
        }
    }

    fn tell(&mut self, id: ConnectionId, news: News, now: Instant) {
        match news {
            News::Up => (self.events)(Event::Up(id)),
            News::Quiet => (self.events)(Event::Quiet(id)),
            News::Lost => (self.events)(Event::Lost(id)),
            News::Back => (self.events)(Event::Back(id)),
            News::Over(end) => self.close(id, end, now),
        }
    }

    fn close(&mut self, id: ConnectionId, end: End, now: Instant) {
        let Some(mut connection) = self.connections.remove(&id) else { return };
        let mut out = Sending {
            socket: &self.socket,
            routes: &mut self.routes,
            connection: id,
            both_families: self.both_families,
        };
        connection.close(now, &mut out);
        self.routes.remove(id, connection.ufrag());
        (self.events)(Event::Gone(id, end));
    }
}

/// Asks the system to let this thread run before others, as media threads do: audio that is late is lost. It takes root or
/// `CAP_SYS_NICE`, and goes without.
fn take_precedence() {
    if let Err(error) = rustix::process::nice(PRECEDENCE) {
        tracing::debug!(%error, "the thread for browsers runs without precedence");
    }
}

fn add_one(counter: &AtomicU64) {
    counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
}
