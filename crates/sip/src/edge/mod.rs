//! The edge: the one place through which SIP comes and goes. It keeps the library's parser and sockets away from every
//! peer's bytes ([decision 1](../../../docs/decisions/0001-sip-library.md)).

mod counters;
mod departures;
mod flows;
mod framing;
mod gate;
mod guard;
mod head;
mod judge;
mod mender;
mod nat;
mod pace;
mod udp;
mod ways;

pub use counters::Counters;
pub(crate) use departures::{Departing, Late, LateAnswers, Watched};
pub(crate) use flows::ReachError;

use crate::addresses::{Addresses, Transport};
use crate::tasks::Tasks;
use crate::trace::TraceSink;
use crate::uri::Uri;
use flows::Flows;
use futures::future::BoxFuture;
use gate::Gate;
use mender::Mender;
use nohold_core::configuration::Network;
use rsipstack::EndpointBuilder;
use rsipstack::dialog::dialog_layer::DialogLayer;
use rsipstack::platform::CancellationToken;
use rsipstack::sip::SipMessage;
use rsipstack::transaction::TransactionReceiver;
use rsipstack::transaction::endpoint::{Endpoint, EndpointOption, MessageInspector as _};
use rsipstack::transport::udp::UdpConnection;
use rsipstack::transport::{SipAddr, TransportLayer};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use udp::{GateSocket, Sockets};
use ways::Ways;

/// A directive that every log filter must have. At level info the library writes whole messages into the log, with numbers
/// and credentials; whoever wants to see messages uses [`EdgeSettings::trace`].
pub const LIBRARY_LOG_DIRECTIVE: &str = "rsipstack=warn";

/// How fast something may come: on average, and at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// So many a second for ever.
    pub per_second: u32,
    /// So many in a moment, after a pause.
    pub burst: u32,
}

/// What one peer may ask of us, and all together. The defaults are generous to phones and trunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Requests outside dialogs, for each source that is not trusted.
    pub outside_dialogs: Rate,
    /// All other messages, for each source that is not trusted.
    pub within_dialogs: Rate,
    /// Failed authentications of one user from one address within a minute, after which it is locked.
    pub failures_per_user: u32,
    /// Failed authentications of all users from one address within a minute, after which all of them are locked.
    pub failures_per_source: u32,
    /// How long a lock lasts.
    pub lock_time: Duration,
    /// What a caller who is refused with 503 is told to wait, in seconds.
    pub retry_after_s: u32,
    /// Streams in all; for those of trusted sources and our own there is room for 1,000 more.
    pub connections: usize,
    /// Streams that one untrusted address may open.
    pub connections_per_source: usize,
    /// The largest body in a stream, in bytes.
    pub body_bytes: usize,
    /// What may wait to be written to one stream, in bytes; beyond it the stream is closed.
    pub queue_bytes: usize,
    /// How long a peer may take to read anything of what waits.
    pub write_time: Duration,
    /// How long a message may take to come whole, from its first byte.
    pub message_time: Duration,
    /// How long a stream may be silent over which nobody has authenticated.
    pub idle_time_unproven: Duration,
    /// How long any other stream may be silent: longer than registrations last.
    pub idle_time: Duration,
    /// How long a stream of ours may take to be opened.
    pub connect_time: Duration,
    /// More things than this are not done at once; requests beyond are answered with 503.
    pub tasks: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            outside_dialogs: Rate { per_second: 50, burst: 100 },
            within_dialogs: Rate { per_second: 200, burst: 400 },
            failures_per_user: 10,
            failures_per_source: 50,
            lock_time: Duration::from_secs(60),
            retry_after_s: 5,
            connections: 4_000,
            connections_per_source: 200,
            body_bytes: 65_536,
            queue_bytes: 262_144,
            write_time: Duration::from_secs(10),
            message_time: Duration::from_secs(30),
            idle_time_unproven: Duration::from_secs(120),
            idle_time: Duration::from_secs(3_900),
            connect_time: Duration::from_secs(5),
            tasks: 20_000,
        }
    }
}

impl Limits {
    fn rules(&self) -> guard::Rules {
        guard::Rules {
            outside_dialogs: self.outside_dialogs,
            within_dialogs: self.within_dialogs,
            failures_per_user: self.failures_per_user,
            failures_per_source: self.failures_per_source,
            lock: self.lock_time,
        }
    }
}

/// What the edge needs to know before it starts.
#[derive(Clone, Debug)]
pub struct EdgeSettings {
    /// Where to listen, and how we are seen.
    pub addresses: Addresses,
    /// What peers may ask of us.
    pub limits: Limits,
    /// Sources without limits: the trunks.
    pub trusted: Vec<Network>,
    /// What stands behind the `@` of each Call-ID of ours, such as the site's name; it is seen by every peer.
    pub call_id_suffix: String,
    /// Where each message is told to, if anybody wants it.
    pub trace: Option<TraceSink>,
    /// Timer T1 of RFC 3261 §17.1.1.1; all others follow from it.
    pub t1: Duration,
    /// Only this machine is listened to, from the first moment on.
    pub this_machine_only: bool,
}

impl Default for EdgeSettings {
    fn default() -> Self {
        Self {
            addresses: Addresses::default(),
            limits: Limits::default(),
            trusted: Vec::new(),
            call_id_suffix: "nohold".to_owned(),
            trace: None,
            t1: Duration::from_millis(500),
            this_machine_only: false,
        }
    }
}

/// Why the engine cannot speak SIP.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A socket could not be bound.
    #[error("cannot listen on {transport} {address}: {error}, see whether something else uses it, or choose another")]
    Bind {
        /// Over which transport.
        transport: Transport,
        /// Where.
        address: SocketAddr,
        /// What the system said.
        error: std::io::Error,
    },
    /// No address is configured for datagrams, over which nearly all peers speak.
    #[error("no UDP address to listen on, name one")]
    NoSocket,
    /// The SIP library did not start.
    #[error("the SIP library did not start: {0}")]
    Library(String),
}

/// SIP, running.
pub(crate) struct Edge {
    /// The library's endpoint.
    pub(crate) endpoint: Endpoint,
    /// Its dialogs.
    pub(crate) dialogs: Arc<DialogLayer>,
    gate: Arc<Gate>,
    flows: Arc<Flows>,
    ways: Ways,
    tasks: Tasks,
}

impl Edge {
    /// Listens and serves. The receiver gives each request that passed the gatekeeper and belongs to no transaction yet,
    /// within dialogs and outside; whoever takes it must answer every one. Tasks are begun on `tasks`.
    pub(crate) async fn start(settings: EdgeSettings, tasks: Tasks) -> Result<(Self, TransactionReceiver), StartError> {
        let EdgeSettings { mut addresses, limits, trusted, call_id_suffix, trace, t1, this_machine_only } = settings;
        if addresses.udp.is_empty() {
            return Err(StartError::NoSocket);
        }
        let bind = |transport| move |(address, error)| StartError::Bind { transport, address, error };
        let sockets = Sockets::bind(&addresses.udp).await.map_err(bind(Transport::Udp))?;
        addresses.udp = sockets.addresses().map_err(|e| StartError::Library(e.to_string()))?;
        let mut listeners = Vec::new();
        for address in &mut addresses.tcp {
            let failed = |error| StartError::Bind { transport: Transport::Tcp, address: *address, error };
            let listener = TcpListener::bind(*address).await.map_err(failed)?;
            *address = listener.local_addr().map_err(failed)?;
            listeners.push(listener);
        }
        let gate = Arc::new(Gate::new(addresses, limits, trusted, trace));
        gate.set_this_machine_only(this_machine_only);
        let flows = Flows::start(gate.clone(), tasks.clone());
        let ways = Ways::new(flows.clone(), gate.clone());
        let token = CancellationToken::new();
        let transport = TransportLayer::new_with_domain_resolver(token.child_token(), Box::new(ways.clone()));
        let sockets = Arc::new(sockets);
        for own in 0..gate.addresses.udp.len() {
            let socket = Arc::new(GateSocket::new(sockets.clone(), own, gate.clone()));
            let connection = UdpConnection::from_socket(socket, None, Some(token.child_token())).await;
            transport.add_transport(connection.map_err(|e| StartError::Library(e.to_string()))?.into());
        }
        let mut builder = EndpointBuilder::new();
        builder
            .with_user_agent(judge::PRODUCT)
            .with_transport_layer(transport)
            .with_cancel_token(token)
            .with_inspector(Box::new(Mender(gate.clone())))
            .with_transport_inspector(Box::new(Mender(gate.clone())))
            .with_target_locator(Box::new(ways.clone()))
            .with_option(EndpointOption {
                t1,
                t1x64: t1 * 64,
                callid_suffix: Some(call_id_suffix),
                ..EndpointOption::default()
            });
        let endpoint = builder.build();
        let incoming = endpoint.incoming_transactions().map_err(|e| StartError::Library(e.to_string()))?;
        let dialogs = Arc::new(DialogLayer::new(endpoint.inner.clone()));
        flows.serve(&endpoint.inner);
        let inner = endpoint.inner.clone();
        tasks.spawn("sip endpoint", async move {
            if let Err(error) = inner.serve().await {
                tracing::error!(%error, "the SIP library has stopped");
            }
        });
        for listener in listeners {
            tasks.spawn("sip listener", flows.clone().accept(listener));
        }
        Ok((Self { endpoint, dialogs, gate, flows, ways, tasks }, incoming))
    }

    /// Where we listen, with the ports that the system chose.
    pub(crate) fn addresses(&self) -> &Addresses {
        &self.gate.addresses
    }

    /// How often each thing has happened.
    pub(crate) fn counters(&self) -> Counters {
        self.gate.tally.read()
    }

    /// How many streams are open, or kept to be opened again.
    #[cfg(test)]
    pub(crate) fn connections(&self) -> usize {
        self.flows.len()
    }

    /// The Contact that this peer shall reach us by.
    pub(crate) fn local_contact(&self, user: Option<&str>, peer: SocketAddr, transport: Transport) -> Uri {
        let here = self.gate.addresses.sent_by(peer.ip(), transport);
        let uri = Uri::sip(user, &here.ip().to_string(), Some(here.port()));
        match transport {
            Transport::Udp => uri,
            Transport::Tcp => uri.with("transport", Some("tcp")),
        }
    }

    /// The destination for a request to this peer, such as `InviteOption::destination`. Over TCP there is a stream when
    /// this returns: the one that the peer opened to us, or a new one.
    pub(crate) async fn reach(&self, peer: SocketAddr, transport: Transport) -> Result<SipAddr, ReachError> {
        if transport == Transport::Tcp {
            self.flows.reach(peer).await?;
        }
        Ok(Ways::to(peer, transport))
    }

    /// Calls this before an INVITE with this Call-ID, or an ACK to its answer, leaves with another branch than before, and
    /// waits for what comes back, for as long as the watch is kept.
    pub(crate) fn before_leaving(
        &self,
        call_id: &str,
        hold: impl Fn(&Departing) -> BoxFuture<'static, ()> + Send + Sync + 'static,
    ) -> Watched {
        self.gate.departures.watch(call_id, Arc::new(hold))
    }

    /// Whether there is a watch on INVITEs with this Call-ID.
    pub(crate) fn watches(&self, call_id: &str) -> bool {
        self.gate.departures.watches(call_id)
    }

    /// Takes the responses to an INVITE that another run of the engine has sent, by the branch of its Via.
    pub(crate) fn late_answers(&self, branch: &str) -> LateAnswers {
        self.gate.departures.expect(branch)
    }

    /// A new Call-ID.
    pub(crate) fn call_id(&self) -> String {
        rsipstack::transaction::make_call_id(
            self.endpoint.inner.option.callid_suffix.as_deref(),
            self.endpoint.inner.option.callid_format,
        )
        .value()
        .to_owned()
    }

    /// A message that leaves without a transaction, mended as all others are.
    pub(crate) fn mended(&self, message: SipMessage, to: &SipAddr) -> SipMessage {
        Mender(Arc::clone(&self.gate)).before_send(message, Some(to))
    }

    /// Whether new calls are taken. While they are not, an INVITE that begins one is answered with 503 and Retry-After
    /// without any state; calls that exist go on.
    pub(crate) fn set_accepting(&self, accepting: bool) {
        self.gate.set_accepting(accepting);
    }

    /// Whether only this machine is listened to. What comes from others meanwhile is dropped and counted.
    pub(crate) fn set_this_machine_only(&self, only: bool) {
        self.gate.set_this_machine_only(only);
    }

    /// How many things may be done at once.
    pub(crate) fn most_tasks(&self) -> usize {
        self.gate.limits.tasks
    }

    /// The engine begins to work on a call that came in.
    pub(crate) fn note_taken(&self, call_id: &str) {
        self.gate.pace.taken(Instant::now(), call_id);
    }

    /// A request came while too much was being done.
    pub(crate) fn count_overload(&self) {
        self.gate.tally.overloaded.up();
    }

    /// A call that came in was answered with 503 for another reason than that.
    pub(crate) fn count_refused_call(&self) {
        self.gate.tally.calls_refused.up();
    }

    /// Sends later requests of a dialog to where its messages came from, where its target is a name that nobody knows.
    pub(crate) async fn mend_target(
        &self,
        dialog: rsipstack::dialog::invite_dialog::InviteDialog,
        flow: crate::flow::Flow,
    ) {
        let stand = dialog.snapshot();
        let Ok(target) = stand.remote_uri.to_string().parse::<Uri>() else { return };
        let is_name = target.host().parse::<std::net::IpAddr>().is_err();
        if is_name && stand.route_set.is_empty() && !self.ways.knows(&stand.remote_uri).await {
            tracing::debug!("the target of a dialog is not found: it is reached where its messages came from");
            let dialog = rsipstack::dialog::dialog::Dialog::Invite(dialog);
            dialog.set_remote_target(target.at(flow.peer).to_library(), None);
        }
    }

    /// Replaces the list of sources without limits.
    pub(crate) fn set_trusted(&self, networks: Vec<Network>) {
        self.gate.set_trusted(networks);
    }

    /// To be told of each wrong answer to a challenge; see [`guard`] for what follows from it.
    pub(crate) fn authentication_failed(&self, from: SocketAddr, user: &str) {
        self.gate.guard.failed(Instant::now(), from, user);
    }

    /// To be told of each right answer to a challenge.
    pub(crate) fn authentication_succeeded(&self, from: SocketAddr, user: &str) {
        self.gate.guard.succeeded(Instant::now(), from, user);
    }

    /// Ends all tasks and closes all sockets. What is to be said to peers must have been said.
    pub(crate) async fn shutdown(&self) {
        self.endpoint.shutdown();
        self.tasks.shutdown().await;
        self.flows.clear();
        let layer = &self.endpoint.inner.transport_layer;
        for listener in layer.get_listen_addrs() {
            layer.del_transport(&listener);
        }
    }
}

#[cfg(test)]
mod tests;
