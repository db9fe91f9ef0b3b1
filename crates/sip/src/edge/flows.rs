//! Streams: our own accept loop, outgoing connections, framing and writer. To the library each peer is a channel, so that
//! what it sends never waits for a peer that does not read.

use super::framing::{Frame, Framing};
use super::gate::{Gate, Verdict, readable};
use crate::addresses::Transport;
use crate::flow::Flow as Way;
use crate::tasks::Tasks;
use crate::trace::Direction;
use rsipstack::platform::{CancellationToken, mpsc};
use rsipstack::transaction::endpoint::EndpointInner;
use rsipstack::transport::channel::ChannelConnection;
use rsipstack::transport::{SipAddr, SipConnection, TransportEvent};
use std::collections::{HashMap, VecDeque};
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};
use tokio::io::Interest;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::{sleep, sleep_until, timeout};

/// How long the accept loop rests when the system has no more sockets to give.
const PAUSE: Duration = Duration::from_millis(50);
/// Streams beyond the limit, for those that we open and those that trunks open: strangers cannot take them away.
const RESERVED: usize = 1_000;
/// How often one message is tried over connections that close again at once.
const TRIES: u32 = 2;

/// Why there is no stream to a peer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReachError {
    /// It did not answer in time, or refused.
    #[error("no connection to the peer, see that it listens and that no firewall is between")]
    Unreachable,
    /// There are as many streams as the limits allow.
    #[error("too many connections, raise the limit")]
    TooMany,
    /// The engine is shutting down.
    #[error("the engine is shutting down")]
    ShuttingDown,
}

/// All streams.
pub(super) struct Flows {
    gate: Arc<Gate>,
    tasks: Tasks,
    endpoint: OnceLock<Weak<EndpointInner>>,
    table: Mutex<Table>,
    to_dispatcher: mpsc::UnboundedSender<TransportEvent>,
}

#[derive(Default)]
struct Table {
    flows: HashMap<SocketAddr, Arc<Flow>>,
    per_source: HashMap<IpAddr, usize>,
}

/// One peer at the other end of a stream. One that we opened stays when its stream is lost, and opens another when there
/// is something to send.
struct Flow {
    peer: SocketAddr,
    from: SipAddr,
    opened_by_us: bool,
    connection: SipConnection,
    out: Mutex<Out>,
    wake: Notify,
    /// While it is held, the library believes the connection alive.
    _alive: mpsc::UnboundedSender<TransportEvent>,
}

#[derive(Default)]
struct Out {
    queue: VecDeque<Vec<u8>>,
    bytes: usize,
    /// Of the first message.
    written: usize,
    overflow: bool,
}

/// Why a stream ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    ByPeer,
    Stalled,
    Idle,
    Unreadable,
}

impl Flows {
    /// Also begins the task that takes what the library sends to its channels.
    pub(super) fn start(gate: Arc<Gate>, tasks: Tasks) -> Arc<Self> {
        let (to_dispatcher, mut from_library) = mpsc::unbounded_channel();
        let flows = Arc::new(Self { gate, tasks, endpoint: OnceLock::new(), table: Mutex::default(), to_dispatcher });
        let weak = Arc::downgrade(&flows);
        // One queue for all: each channel of its own would hold a block of memory, also while it is idle.
        flows.tasks.spawn("sip stream dispatcher", async move {
            while let Some(event) = from_library.recv().await {
                let Some(flows) = weak.upgrade() else { return };
                if let TransportEvent::Incoming(message, _, to) = event
                    && let Ok(peer) = to.get_socketaddr()
                {
                    let bytes = message.to_bytes().to_vec();
                    let way = Way { peer, transport: Transport::Tcp };
                    match flows.gate.departures.hold(&bytes, way) {
                        // What is held holds up nobody else: nothing more is sent in its call before it is answered.
                        Some(hold) => flows.tasks.clone().spawn("sip invite", async move {
                            hold.await;
                            flows.send(peer, bytes);
                        }),
                        None => flows.send(peer, bytes),
                    }
                }
            }
        });
        flows
    }

    /// Names the endpoint that messages go to; must be done before there is a stream.
    pub(super) fn serve(&self, endpoint: &Arc<EndpointInner>) {
        self.endpoint.set(Arc::downgrade(endpoint)).ok();
    }

    /// Takes streams that are opened to us, for ever.
    pub(super) async fn accept(self: Arc<Self>, listener: TcpListener) {
        loop {
            match listener.accept().await {
                Ok((stream, peer)) => match self.add(peer, false).await {
                    Ok(flow) => {
                        self.gate.tally.connections_accepted.up();
                        stream.set_nodelay(true).ok();
                        let flows = self.clone();
                        self.tasks.spawn("sip stream", async move {
                            let end = flows.carry(&flow, &stream).await;
                            flows.count(end);
                            flows.remove(&flow);
                        });
                    }
                    Err(_) => self.gate.tally.connections_refused.up(),
                },
                Err(error) => {
                    tracing::warn!(%error, "a SIP listener could not accept");
                    sleep(PAUSE).await;
                }
            }
        }
    }

    /// Sees to it that there is a stream to this peer: the one it opened, or one of ours.
    pub(super) async fn reach(self: &Arc<Self>, peer: SocketAddr) -> Result<(), ReachError> {
        if self.lock().flows.contains_key(&peer) {
            return Ok(());
        }
        let stream = self.connect(peer).await.ok_or(ReachError::Unreachable)?;
        match self.add(peer, true).await {
            Ok(flow) => {
                let flows = self.clone();
                self.tasks.spawn("sip stream", async move { flows.keep(&flow, stream).await });
                Ok(())
            }
            // Somebody else was faster, which serves us as well.
            Err(_) if self.lock().flows.contains_key(&peer) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// How many streams there are.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.lock().flows.len()
    }

    /// Forgets all streams, so that nothing holds the endpoint.
    pub(super) fn clear(&self) {
        *self.lock() = Table::default();
    }

    fn send(&self, peer: SocketAddr, bytes: Vec<u8>) {
        let flow = self.lock().flows.get(&peer).cloned();
        match flow {
            Some(flow) => {
                self.gate.note(Direction::Out, Transport::Tcp, peer, &bytes);
                flow.push(bytes, self.gate.limits.queue_bytes);
            }
            None => self.gate.tally.unsent.up(),
        }
    }

    async fn connect(&self, peer: SocketAddr) -> Option<TcpStream> {
        let connected = timeout(self.gate.limits.connect_time, TcpStream::connect(peer)).await;
        let stream = connected.ok().and_then(Result::ok);
        match &stream {
            Some(stream) => {
                stream.set_nodelay(true).ok();
                self.gate.tally.connections_opened.up();
            }
            None => self.gate.tally.connections_failed.up(),
        }
        stream
    }

    async fn add(self: &Arc<Self>, peer: SocketAddr, opened_by_us: bool) -> Result<Arc<Flow>, ReachError> {
        let endpoint = self.endpoint.get().and_then(Weak::upgrade).ok_or(ReachError::ShuttingDown)?;
        let from = SipAddr { r#type: Some(rsipstack::sip::Transport::Tcp), addr: peer.into() };
        let (alive, incoming) = mpsc::unbounded_channel();
        let (to, token) = (self.to_dispatcher.clone(), CancellationToken::new());
        let channel = ChannelConnection::create_connection(incoming, to, from.clone(), Some(token)).await;
        let connection = SipConnection::Channel(channel.map_err(|_| ReachError::ShuttingDown)?);
        let (out, wake) = (Mutex::default(), Notify::new());
        let flow = Arc::new(Flow { peer, from, opened_by_us, connection, out, wake, _alive: alive });
        {
            let limits = &self.gate.limits;
            let mut table = self.lock();
            let here = table.per_source.get(&peer.ip()).copied().unwrap_or(0);
            let ours = opened_by_us || self.gate.is_trusted(peer.ip());
            let crowded = here >= limits.connections_per_source && !ours;
            let most = limits.connections + if ours { RESERVED } else { 0 };
            // Two streams from one port of a peer, to two of our sockets, could not be told apart.
            if crowded || table.flows.len() >= most || table.flows.contains_key(&peer) {
                return Err(ReachError::TooMany);
            }
            table.flows.insert(peer, flow.clone());
            if !opened_by_us {
                *table.per_source.entry(peer.ip()).or_insert(0) += 1;
            }
        }
        // Known to the library under the peer's address, so that requests to it take this flow.
        endpoint.transport_layer.add_connection(flow.connection.clone());
        Ok(flow)
    }

    fn remove(&self, flow: &Arc<Flow>) {
        {
            let mut table = self.lock();
            if table.flows.get(&flow.peer).is_some_and(|known| Arc::ptr_eq(known, flow)) {
                table.flows.remove(&flow.peer);
                if let Some(count) = table.per_source.get_mut(&flow.peer.ip()).filter(|_| !flow.opened_by_us) {
                    *count -= 1;
                    if *count == 0 {
                        table.per_source.remove(&flow.peer.ip());
                    }
                }
            }
        }
        if let Some(endpoint) = self.endpoint.get().and_then(Weak::upgrade) {
            endpoint.transport_layer.remove_connection(&flow.connection);
        }
    }

    fn count(&self, end: End) {
        match end {
            End::ByPeer => {}
            End::Stalled => self.gate.tally.closed_stalled.up(),
            End::Idle => self.gate.tally.closed_idle.up(),
            End::Unreadable => self.gate.tally.closed_unreadable.up(),
        }
    }

    /// The life of a flow that we opened.
    async fn keep(self: Arc<Self>, flow: &Arc<Flow>, stream: TcpStream) {
        let mut stream = Some(stream);
        let mut tries = 0;
        loop {
            if let Some(stream) = stream.take() {
                let before = flow.waiting();
                let end = self.carry(flow, &stream).await;
                self.count(end);
                if end != End::ByPeer {
                    break;
                }
                tries = if before > 0 && flow.waiting() >= before { tries + 1 } else { 0 };
            }
            if flow.waiting() == 0 && timeout(self.gate.limits.idle_time, flow.wake.notified()).await.is_err() {
                break;
            }
            if flow.waiting() == 0 {
                continue;
            }
            if tries < TRIES {
                stream = self.connect(flow.peer).await;
            }
            if stream.is_none() {
                break;
            }
        }
        self.remove(flow);
        let left = std::mem::take(&mut *flow.lock());
        for message in left.queue {
            self.gate.tally.unsent.up();
            if let Some(answer) = self.gate.no_way(&message, flow.peer) {
                self.deliver(&answer, flow).await;
            }
        }
    }

    /// Reads and writes until the stream ends.
    async fn carry(&self, flow: &Flow, stream: &TcpStream) -> End {
        let limits = &self.gate.limits;
        let mut framing = Framing::default();
        let mut heard = Instant::now();
        let mut amid_since = None;
        let mut stuck_since = None;
        let mut closing = false;
        loop {
            let Ok((wrote, waiting)) = flow.write(stream) else { return End::ByPeer };
            if flow.lock().overflow {
                return End::Stalled;
            }
            if closing && waiting == 0 {
                return End::Unreadable;
            }
            stuck_since = match stuck_since {
                _ if waiting == 0 => None,
                Some(since) if !wrote => Some(since),
                _ => Some(Instant::now()),
            };
            let (deadline, end) = self.deadline(flow, heard, amid_since, stuck_since);
            // Who does not read what we answer is not asked for more.
            let hungry = !closing && waiting < limits.queue_bytes / 2;
            let interest = match (hungry, waiting > 0) {
                (true, true) => Interest::READABLE | Interest::WRITABLE,
                (true, false) => Interest::READABLE,
                (false, _) => Interest::WRITABLE,
            };
            tokio::select! {
                ready = stream.ready(interest) => {
                    if ready.is_err() {
                        return End::ByPeer;
                    }
                }
                () = flow.wake.notified() => continue,
                () = sleep_until(deadline.into()) => {
                    if Instant::now() >= self.deadline(flow, heard, amid_since, stuck_since).0 {
                        return end;
                    }
                    continue;
                }
            }
            if !hungry {
                continue;
            }
            match stream.try_read_buf(framing.buffer()) {
                Ok(0) => return End::ByPeer,
                Ok(_) => heard = Instant::now(),
                Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
                Err(_) => return End::ByPeer,
            }
            closing = self.take_in(flow, &mut framing).await;
            amid_since = framing.is_amid().then(|| amid_since.unwrap_or(heard));
        }
    }

    /// When the stream is to be given up, and why.
    fn deadline(&self, flow: &Flow, heard: Instant, amid: Option<Instant>, stuck: Option<Instant>) -> (Instant, End) {
        let limits = &self.gate.limits;
        let now = Instant::now();
        let early = heard + limits.idle_time_unproven;
        let known = flow.opened_by_us || self.gate.is_trusted(flow.peer.ip());
        let idle = if known || (now >= early && self.gate.guard.is_proven(now, flow.peer)) {
            heard + limits.idle_time
        } else {
            early
        };
        let stalled = stuck.map(|since| (since + limits.write_time, End::Stalled));
        let unfinished = amid.map(|since| (since + limits.message_time, End::Idle));
        [stalled, unfinished].into_iter().flatten().fold((idle, End::Idle), |a, b| if b.0 < a.0 { b } else { a })
    }

    /// Takes what has come; `true` if nothing more is wanted.
    async fn take_in(&self, flow: &Flow, framing: &mut Framing) -> bool {
        let most = self.gate.limits.queue_bytes;
        loop {
            match framing.next(self.gate.limits.body_bytes) {
                Frame::Partial => return false,
                Frame::KeepAlive => {
                    self.gate.tally.keep_alives.up();
                    flow.push(b"\r\n".to_vec(), most);
                }
                Frame::Message(raw) => match self.gate.judge(Instant::now(), &raw, flow.peer, Transport::Tcp) {
                    Verdict::Pass(bytes) => self.deliver(&bytes, flow).await,
                    Verdict::Answer(bytes) => {
                        self.gate.note(Direction::Out, Transport::Tcp, flow.peer, &bytes);
                        flow.push(bytes, most);
                    }
                    Verdict::Drop => {}
                },
                Frame::TooLarge(head) => {
                    if let Some(answer) = self.gate.too_large(&head, flow.peer) {
                        flow.push(answer, most);
                    }
                    return true;
                }
                Frame::Unreadable => return true,
            }
        }
    }

    async fn deliver(&self, bytes: &[u8], flow: &Flow) {
        let Some(endpoint) = self.endpoint.get().and_then(Weak::upgrade) else { return };
        let Some(message) = readable(bytes, flow.peer, Transport::Tcp) else { return };
        // Straight to the transaction layer: a channel in between would be without a bound.
        if let Err(error) = endpoint.on_received_message(message, flow.connection.clone(), &flow.from).await {
            tracing::debug!(%error, "a message from a stream had no taker");
        }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Flow {
    fn push(&self, bytes: Vec<u8>, most: usize) {
        let mut out = self.lock();
        if out.bytes + bytes.len() > most {
            out.overflow = true;
        } else {
            out.bytes += bytes.len();
            out.queue.push_back(bytes);
        }
        drop(out);
        self.wake.notify_one();
    }

    /// Writes what the stream takes without waiting: whether it took something, and how many bytes are left.
    fn write(&self, stream: &TcpStream) -> std::io::Result<(bool, usize)> {
        let mut out = self.lock();
        let mut wrote = false;
        if out.written == 0 && !out.queue.is_empty() && has_ended(stream) {
            return Err(ErrorKind::BrokenPipe.into());
        }
        while let Some(first) = out.queue.front() {
            match stream.try_write(&first[out.written..]) {
                Ok(count) => {
                    wrote |= count > 0;
                    let whole = out.written + count == first.len();
                    out.bytes -= count;
                    out.written += count;
                    if whole {
                        out.queue.pop_front();
                        out.written = 0;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => {
                    // A stream that takes its place begins the message anew.
                    out.bytes += out.written;
                    out.written = 0;
                    return Err(error);
                }
            }
        }
        if out.queue.is_empty() {
            out.queue = VecDeque::new();
        }
        Ok((wrote, out.bytes))
    }

    fn waiting(&self) -> usize {
        self.lock().bytes
    }

    fn lock(&self) -> MutexGuard<'_, Out> {
        self.out.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the peer has closed its side and nothing is left to read. What is written then is lost without an error, and
/// the runtime may not have been told yet, so the system is asked.
fn has_ended(stream: &TcpStream) -> bool {
    let flags = rustix::net::RecvFlags::PEEK | rustix::net::RecvFlags::DONTWAIT;
    matches!(rustix::net::recv(stream, &mut [0; 1], flags), Ok((0, _)))
}
