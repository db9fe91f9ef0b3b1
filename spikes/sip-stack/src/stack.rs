//! The bare prototype: a user agent on the library, with as little of our own as possible.

use crate::digest::{self, Algorithm};
use crate::gate;
use crate::shim::Shim;
use anyhow::{Context, Result};
use rsipstack::EndpointBuilder;
use rsipstack::dialog::authenticate::verify_digest;
use rsipstack::dialog::dialog::{DialogState, DialogStateReceiver};
use rsipstack::dialog::dialog_layer::DialogLayer;
use rsipstack::sip::prelude::HeadersExt;
use rsipstack::sip::{Header, Method, StatusCode, Uri, typed};
use rsipstack::transaction::endpoint::{Endpoint, EndpointOption};
use rsipstack::transaction::transaction::Transaction;
use rsipstack::transport::udp::UdpConnection;
use rsipstack::transport::{TransportLayer, tcp_listener::TcpListenerConnection};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::UdpSocket;

/// The realm of every challenge.
pub const REALM: &str = "spike";
/// The only user.
pub const USER: &str = "100";
/// Its password.
pub const PASSWORD: &str = "secret";

/// How the prototype behaves.
#[derive(Clone, Default)]
pub struct Config {
    /// Challenge REGISTER and the first INVITE with this algorithm.
    pub challenge: Option<Algorithm>,
    /// Check credentials with the library's `verify_digest` in place of our own verifier.
    pub library_verifier: bool,
    /// Put the gatekeeper in front.
    pub gate: bool,
    /// Mend responses and credentials with the inspectors.
    pub shim: bool,
    /// Drop the handle of in-dialog requests in place of answering them.
    pub drop_handles: bool,
    /// Hang up this long after the ACK.
    pub hang_up: Option<Duration>,
    /// Ring this long before answering.
    pub ring: Duration,
    /// Timer T1 and 64*T1 where a case must not wait half a minute.
    pub short_timers: bool,
}

/// What the application saw.
#[derive(Default)]
pub struct Seen {
    /// How many requests reached the application.
    pub count: AtomicUsize,
    /// Call-ID and length of the body of the latest of them.
    pub latest: Mutex<(String, usize)>,
    /// Contacts of the latest REGISTER.
    pub contacts: Mutex<Vec<String>>,
    /// Calls answered, confirmed, ended.
    pub calls: [AtomicUsize; 3],
    /// Credentials accepted, refused.
    pub credentials: [AtomicUsize; 2],
}

/// The running prototype.
pub struct Stack {
    /// The library's endpoint.
    pub endpoint: Endpoint,
    /// Its dialogs.
    pub dialogs: Arc<DialogLayer>,
    /// Where it listens, UDP and TCP.
    pub address: SocketAddr,
    /// What reached the application.
    pub seen: Arc<Seen>,
    config: Config,
}

impl Stack {
    /// Starts listening on `address` (UDP and TCP) and serving.
    pub async fn start(address: SocketAddr, config: Config) -> Result<Arc<Self>> {
        let transport = TransportLayer::new(Default::default());
        let mut tcp = None;
        let address = if config.gate {
            let socket = UdpSocket::bind(address).await.context("bind UDP")?;
            let address = socket.local_addr()?;
            let socket = Arc::new(gate::GateSocket(socket));
            transport.add_transport(UdpConnection::from_socket(socket, None, None).await?.into());
            tcp = Some(tokio::net::TcpListener::bind(address).await?);
            address
        } else {
            let udp = UdpConnection::create_connection(address, None, None).await?;
            let address = udp.get_addr().get_socketaddr()?;
            transport.add_transport(udp.into());
            transport.add_transport(TcpListenerConnection::new(address, None).await?.into());
            address
        };
        let mut builder = EndpointBuilder::new();
        builder.with_user_agent("sip-stack-spike").with_transport_layer(transport);
        if config.short_timers {
            builder.with_option(EndpointOption {
                t1: Duration::from_millis(100),
                t1x64: Duration::from_secs(2),
                ..Default::default()
            });
        }
        if config.shim {
            builder.with_transport_inspector(Box::new(Shim)).with_inspector(Box::new(Shim));
        }
        let endpoint = builder.build();
        let mut incoming = endpoint.incoming_transactions()?;
        let dialogs = Arc::new(DialogLayer::new(endpoint.inner.clone()));
        if let Some(listener) = tcp {
            tokio::spawn(gate::serve_tcp(listener, endpoint.inner.clone()));
        }
        let inner = endpoint.inner.clone();
        tokio::spawn(async move { inner.serve().await });
        let stack = Arc::new(Self { endpoint, dialogs, address, seen: Arc::default(), config });
        let served = stack.clone();
        tokio::spawn(async move {
            while let Some(transaction) = incoming.recv().await {
                let stack = served.clone();
                tokio::spawn(async move {
                    if let Err(error) = stack.request(transaction).await {
                        tracing::info!(%error, "request");
                    }
                });
            }
        });
        tokio::time::sleep(Duration::from_millis(50)).await;
        Ok(stack)
    }

    /// The URI under which we can be reached.
    pub fn contact(&self) -> Uri {
        let text = format!("sip:spike@{}", self.address);
        Uri::try_from(text.as_str()).expect("a valid URI")
    }

    async fn request(self: Arc<Self>, mut tx: Transaction) -> Result<()> {
        let request = &tx.original;
        let call_id = request.call_id_header().map(|c| c.value().to_owned()).unwrap_or_default();
        *self.seen.latest.lock().expect("not poisoned") = (call_id, request.body.len());
        self.seen.count.fetch_add(1, Ordering::Relaxed);
        if request.to_header()?.tag()?.is_some() {
            if let Some(mut dialog) = self.dialogs.match_dialog(&tx) {
                dialog.handle(&mut tx).await?;
            } else if request.method != Method::Ack {
                tx.reply(StatusCode::CallTransactionDoesNotExist).await?;
            }
            return Ok(());
        }
        match request.method {
            Method::Register => self.register(tx).await,
            Method::Invite => self.invite(tx).await,
            Method::Options => Ok(tx.reply(StatusCode::OK).await?),
            _ => Ok(tx.reply(StatusCode::MethodNotAllowed).await?),
        }
    }

    async fn challenged(&self, tx: &mut Transaction) -> Result<bool> {
        let Some(algorithm) = self.config.challenge else {
            return Ok(false);
        };
        let method = tx.original.method.to_string();
        if let Some(header) = tx.original.authorization_header() {
            let ok = if self.config.library_verifier {
                typed::Authorization::parse(header.value())
                    .is_ok_and(|typed| verify_digest(&typed, PASSWORD, &tx.original.method, header.value()))
            } else {
                let ha1 = |a: Algorithm| a.ha1(USER, REALM, PASSWORD);
                digest::verify(header.value(), USER, ha1, &method)
            };
            self.seen.credentials[usize::from(!ok)].fetch_add(1, Ordering::Relaxed);
            if ok {
                return Ok(false);
            }
        }
        let value = format!(
            "Digest realm=\"{REALM}\", nonce=\"f2a8{:016x}\", qop=\"auth\", algorithm={}",
            tx.original.body.len(),
            algorithm.token()
        );
        let header = Header::WwwAuthenticate(value.into());
        tx.reply_with(StatusCode::Unauthorized, vec![header], None).await?;
        Ok(true)
    }

    async fn register(&self, mut tx: Transaction) -> Result<()> {
        if self.challenged(&mut tx).await? {
            return Ok(());
        }
        let contacts = tx.original.contact_headers();
        let mut headers: Vec<Header> = contacts.iter().map(|c| Header::Contact((*c).clone())).collect();
        let typed = tx.original.typed_contact_headers();
        *self.seen.contacts.lock().expect("not poisoned") = match typed {
            Ok(list) => list.iter().map(|c| c.uri.to_string()).collect(),
            Err(error) => vec![format!("error: {error}")],
        };
        headers.push(Header::Expires("60".into()));
        Ok(tx.reply_with(StatusCode::OK, headers, None).await?)
    }

    async fn invite(self: Arc<Self>, mut tx: Transaction) -> Result<()> {
        if self.challenged(&mut tx).await? {
            return Ok(());
        }
        let (sender, states) = self.dialogs.new_dialog_state_channel();
        let contact = Some(self.contact());
        let dialog = self.dialogs.get_or_create_server_invite(&tx, sender, None, contact)?;
        let mut driven = dialog.clone();
        tokio::spawn(async move {
            if let Err(error) = driven.handle(&mut tx).await {
                tracing::info!(%error, "invite");
            }
        });
        let echo = Arc::new(UdpSocket::bind((self.address.ip(), 0)).await?);
        let sdp = sdp(echo.local_addr()?);
        let stack = self.clone();
        let (id, key) = (dialog.id(), dialog.clone());
        let answer = sdp.clone();
        let watch = tokio::spawn(async move {
            let hang_up = stack.config.hang_up;
            stack.watch(states, answer, hang_up.map(|d| (key, d))).await;
            stack.dialogs.remove_dialog(&id);
        });
        dialog.ringing(None, None)?;
        tokio::time::sleep(self.config.ring).await;
        let media = tokio::spawn(rtp_echo(echo));
        if !watch.is_finished() {
            self.seen.calls[0].fetch_add(1, Ordering::Relaxed);
            dialog.accept(Some(vec![sdp_type()]), Some(sdp))?;
        }
        watch.await?;
        media.abort();
        Ok(())
    }

    /// Follows a dialog to its end, answering what comes inside it.
    pub async fn watch(
        &self,
        mut states: DialogStateReceiver,
        sdp: Vec<u8>,
        hang_up: Option<(rsipstack::dialog::invite_dialog::InviteDialog, Duration)>,
    ) {
        let mut hang_up = hang_up;
        while let Some(state) = states.recv().await {
            match state {
                DialogState::Confirmed(..) => {
                    self.seen.calls[1].fetch_add(1, Ordering::Relaxed);
                    if let Some((dialog, after)) = hang_up.take() {
                        tokio::spawn(async move {
                            tokio::time::sleep(after).await;
                            dialog.hangup().await.ok();
                        });
                    }
                }
                DialogState::Terminated(..) => {
                    self.seen.calls[2].fetch_add(1, Ordering::Relaxed);
                    return;
                }
                DialogState::Updated(_, _, handle) if !self.config.drop_handles => {
                    let headers = Some(vec![sdp_type()]);
                    handle.respond(StatusCode::OK, headers, Some(sdp.clone())).await.ok();
                }
                DialogState::Info(_, _, handle) | DialogState::Options(_, _, handle) if !self.config.drop_handles => {
                    handle.reply(StatusCode::OK).await.ok();
                }
                _ => {}
            }
        }
    }
}

fn sdp_type() -> Header {
    Header::ContentType("application/sdp".into())
}

/// An offer or answer for G.711 at this address.
pub fn sdp(address: SocketAddr) -> Vec<u8> {
    let (ip, port) = (address.ip(), address.port());
    format!(
        "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0 8\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=sendrecv\r\n"
    )
    .into_bytes()
}

/// Sends every packet back to where it came from.
pub async fn rtp_echo(socket: Arc<UdpSocket>) {
    let mut buffer = [0; 2048];
    while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
        socket.send_to(&buffer[..length], from).await.ok();
    }
}
