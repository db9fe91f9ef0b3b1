//! The handle by which browsers are served.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use nohold_media::Line;
use rustix::net::sockopt;
use str0m::RtcConfig;
use str0m::config::DtlsCert;
use str0m::crypto::{CryptoProvider, from_feature_flags};

use crate::connection::{Connection, Patience};
use crate::line::{Waker, line};
use crate::offer;
use crate::thread::{Command, Counted, Events, Routes, Thread};
use crate::words::{Answer, ConnectError, ConnectionId, Counters, Event, Settings, StartError};

/// The traffic class of audio: expedited forwarding (RFC 4594 §4.1), in the upper six bits of the byte.
const EXPEDITED: u8 = 46 << 2;

/// Browsers that are served. Clones are the same; when the last one goes, the thread ends.
#[derive(Clone)]
pub struct Exchange {
    inner: Arc<Inner>,
}

struct Inner {
    port: u16,
    bind: IpAddr,
    most_connections: usize,
    /// Connections that have not been told to be gone.
    connections: Arc<AtomicUsize>,
    next: AtomicU64,
    provider: Arc<CryptoProvider>,
    certificate: DtlsCert,
    mailbox: Sender<Command>,
    waker: Arc<Waker>,
    counted: Arc<Counted>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Exchange {
    /// Opens the socket and starts the thread, which tells what happens to `events`; that must not wait.
    ///
    /// # Errors
    /// When the socket, the certificate or the thread cannot be had.
    pub fn start(settings: Settings, events: impl Fn(Event) + Send + Sync + 'static) -> Result<Exchange, StartError> {
        let (address, first, last) = (settings.bind, *settings.ports.start(), *settings.ports.end());
        let bind = |source| StartError::Bind { address, first, last, source };
        let socket = open(address, settings.ports).map_err(bind)?;
        socket.set_nonblocking(true).map_err(bind)?;
        let port = socket.local_addr().map_err(bind)?.port();
        mark(&socket, address);
        let provider = Arc::new(from_feature_flags());
        // One for all connections: what makes them differ are the names and passwords of each.
        let certificate = provider.dtls_provider.generate_certificate().ok_or(StartError::Certificate)?;
        let waker = Arc::new(Waker::new().map_err(StartError::Thread)?);
        let (counted, connections) = (Arc::new(Counted::default()), Arc::new(AtomicUsize::new(0)));
        // Not bounded: what stands in it comes from our own signalling, which has limits of its own.
        let (mailbox, commands) = channel();
        let thread = Thread {
            both_families: address.is_ipv6(),
            socket,
            waker: Arc::clone(&waker),
            mailbox: commands,
            events: counting(Arc::new(events), Arc::clone(&connections)),
            counted: Arc::clone(&counted),
            patience: Patience {
                quiet_after: settings.quiet_after,
                silent_after: settings.silent_after,
                forgotten_after: settings.forgotten_after,
            },
            connections: HashMap::new(),
            routes: Routes::default(),
            watched: Instant::now(),
        };
        let thread = std::thread::Builder::new().name("browsers".into()).spawn(move || thread.run());
        let inner = Inner {
            port,
            bind: address,
            most_connections: settings.most_connections,
            connections,
            next: AtomicU64::new(1),
            provider,
            certificate,
            mailbox,
            waker,
            counted,
            thread: Mutex::new(Some(thread.map_err(StartError::Thread)?)),
        };
        Ok(Exchange { inner: Arc::new(inner) })
    }

    /// The port of all browsers.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.inner.port
    }

    /// Takes an offer. The browser is told that it reaches us at `ours`, with the port of all browsers; the first is where
    /// packets really come in, the others are other names for it (a public address in front of a NAT).
    ///
    /// # Errors
    /// When the offer is none that we take, or there are too many connections.
    pub fn connect(&self, offer: &str, ours: &[IpAddr]) -> Result<Answer, ConnectError> {
        let inner = &self.inner;
        let fits = |address: &IpAddr| !address.is_unspecified() && (address.is_ipv4() || inner.bind.is_ipv6());
        let told: Vec<SocketAddr> =
            ours.iter().copied().filter(fits).map(|address| SocketAddr::new(address, inner.port)).collect();
        let Some(first) = told.first().copied() else { return Err(ConnectError::NoAddress(ours.to_vec())) };
        let now = Instant::now();
        let config =
            RtcConfig::new().set_crypto_provider(Arc::clone(&inner.provider)).set_dtls_cert(inner.certificate.clone());
        let mut begun = offer::accept(config, offer, &told, now)?;
        let place = |count| (count < inner.most_connections).then_some(count + 1);
        if inner.connections.fetch_update(Ordering::AcqRel, Ordering::Acquire, place).is_err() {
            return Err(ConnectError::TooMany { most: inner.most_connections });
        }
        let connection = ConnectionId(inner.next.fetch_add(1, Ordering::Relaxed));
        let (sdp, agreed) = (std::mem::take(&mut begun.answer), begun.agreed);
        let mut chance = [0; 2];
        if getrandom::fill(&mut chance).is_err() {
            tracing::debug!("no chance for where a stream begins");
        }
        let opened = Box::new(Connection::new(begun, first, u16::from_be_bytes(chance), now));
        if !self.tell(Command::Open(connection, opened)) {
            return Err(ConnectError::ShutDown);
        }
        Ok(Answer { connection, sdp, agreed })
    }

    /// Lets a leg speak and hear over a connection: gives the line for it. A leg that did so before is cut off from it.
    #[must_use]
    pub fn attach(&self, connection: ConnectionId) -> Box<dyn Line> {
        let (leg, wire) = line(&self.inner.waker);
        self.tell(Command::Attach(connection, Some(wire)));
        Box::new(leg)
    }

    /// Nobody speaks over a connection any more.
    pub fn detach(&self, connection: ConnectionId) {
        self.tell(Command::Attach(connection, None));
    }

    /// Ends a connection; the browser is told.
    pub fn close(&self, connection: ConnectionId) {
        self.tell(Command::Close(connection));
    }

    /// What has come to the socket.
    #[must_use]
    pub fn counters(&self) -> Counters {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let counted = &self.inner.counted;
        Counters {
            received: read(&counted.received),
            strangers: read(&counted.strangers),
            unusable: read(&counted.unusable),
            overrun: read(&counted.overrun),
        }
    }

    /// How many connections there are, with those that are coming about.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.inner.connections.load(Ordering::Acquire)
    }

    /// Ends all connections and waits for the thread. It must not be called from within an event.
    pub fn shut_down(&self) {
        self.tell(Command::ShutDown);
        let thread = self.inner.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A thread that has panicked has said so; there is nothing left to wait for.
            let _ = thread.join();
        }
    }

    /// False when the thread has ended.
    fn tell(&self, command: Command) -> bool {
        let told = self.inner.mailbox.send(command).is_ok();
        self.inner.waker.wake();
        told
    }
}

/// Events that also count how many connections there are.
fn counting(events: Events, connections: Arc<AtomicUsize>) -> Events {
    Arc::new(move |event| {
        if matches!(event, Event::Gone(..)) {
            connections.fetch_sub(1, Ordering::AcqRel);
        }
        events(event);
    })
}

/// The socket of all browsers.
fn open(address: IpAddr, ports: RangeInclusive<u16>) -> io::Result<UdpSocket> {
    let (first, last) = (*ports.start(), *ports.end());
    if first == last {
        return UdpSocket::bind((address, first));
    }
    for port in (first | 1..=last).step_by(2) {
        match UdpSocket::bind((address, port)) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            tried => return tried,
        }
    }
    Err(io::ErrorKind::AddrInUse.into())
}

/// Lets routers that care prefer our audio.
fn mark(socket: &UdpSocket, bind: IpAddr) {
    let marked = match bind {
        IpAddr::V4(_) => sockopt::set_ip_tos(socket, EXPEDITED),
        IpAddr::V6(_) => sockopt::set_ipv6_tclass(socket, u32::from(EXPEDITED)),
    };
    if let Err(error) = marked {
        tracing::debug!(%error, "the packets for browsers are not marked as audio");
    }
}
