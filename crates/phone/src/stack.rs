//! The SIP library, set up for one phone.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rsipstack::EndpointBuilder;
use rsipstack::dialog::authenticate::Credential;
use rsipstack::dialog::dialog_layer::DialogLayer;
use rsipstack::platform::CancellationToken;
use rsipstack::sip::{Param, Uri};
use rsipstack::transaction::TransactionReceiver;
use rsipstack::transaction::endpoint::{Endpoint, EndpointOption};
use rsipstack::transport::udp::UdpConnection;
use rsipstack::transport::{SipAddr, TcpListenerConnection, TransportLayer};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::time::{Instant, sleep};

use crate::error::PhoneError;
use crate::settings::{PhoneSettings, Transport};
use crate::tasks::Tasks;
use crate::wire::Wire;

/// How often another port is tried when the system's choice is taken for TCP.
const PORT_TRIES: usize = 20;

/// The running library of one phone.
pub(crate) struct Stack {
    pub endpoint: Endpoint,
    pub dialogs: Arc<DialogLayer>,
    /// Where the phone listens for SIP.
    pub address: SocketAddr,
    pub settings: PhoneSettings,
    pub wire: Wire,
    token: CancellationToken,
}

impl Stack {
    /// Opens the socket and begins to serve it.
    pub async fn start(settings: PhoneSettings, tasks: &Tasks) -> Result<(Self, TransactionReceiver), PhoneError> {
        let token = CancellationToken::new();
        let layer = TransportLayer::new(token.clone());
        let address = listen(&settings, &layer, &token).await?;
        let (mut builder, wire) = (EndpointBuilder::new(), Wire::default());
        // Without a suffix every Call-ID carries the domain of the library's maker.
        let option = EndpointOption { callid_suffix: Some("phone.invalid".into()), ..EndpointOption::default() };
        builder
            .with_user_agent("nohold-phone")
            .with_cancel_token(token.clone())
            .with_transport_layer(layer)
            .with_option(option)
            .with_transport_inspector(Box::new(wire.clone()))
            .with_inspector(Box::new(wire.clone()));
        let endpoint = builder.build();
        let incoming = endpoint.incoming_transactions().map_err(PhoneError::sip("starting the phone"))?;
        let dialogs = Arc::new(DialogLayer::new(endpoint.inner.clone()));
        let inner = endpoint.inner.clone();
        tasks.spawn(async move {
            if let Err(error) = inner.serve().await {
                tracing::warn!(%error, "the SIP endpoint of a phone has stopped");
            }
        });
        if settings.transport == Transport::Tcp {
            wait_until_listening(address).await?;
        }
        Ok((Stack { endpoint, dialogs, address, settings, wire, token }, incoming))
    }

    /// Closes all sockets without a word to anybody.
    pub fn stop(&self) {
        self.token.cancel();
    }

    /// The user and password, where the phone has one.
    pub fn credential(&self) -> Option<Credential> {
        let password = self.settings.password.clone()?;
        Some(Credential { username: self.settings.user.clone(), password, ..Credential::default() })
    }

    /// Where the phone can be reached.
    pub fn contact(&self) -> Result<Uri, PhoneError> {
        self.with_transport(uri(&format!("sip:{}@{}", self.settings.user, self.address))?)
    }

    /// The domain of the phone's own URI.
    pub fn domain(&self) -> String {
        let server = self.settings.server.unwrap_or(self.address);
        self.settings.domain.clone().unwrap_or_else(|| server.to_string())
    }

    /// The URI with the transport of the phone, where that is not UDP.
    pub fn with_transport(&self, mut uri: Uri) -> Result<Uri, PhoneError> {
        let named = uri.params.iter().any(|param| matches!(param, Param::Transport(_)));
        if self.settings.transport == Transport::Tcp && !named {
            uri.params.push(Param::Transport(rsipstack::sip::Transport::Tcp));
        }
        Ok(uri)
    }

    /// This address over the transport of the phone.
    pub fn target(&self, address: SocketAddr) -> SipAddr {
        let mut target = SipAddr::from(address);
        target.r#type = Some(match self.settings.transport {
            Transport::Udp => rsipstack::sip::Transport::Udp,
            Transport::Tcp => rsipstack::sip::Transport::Tcp,
        });
        target
    }
}

/// Reads a SIP URI.
pub(crate) fn uri(text: &str) -> Result<Uri, PhoneError> {
    Uri::try_from(text).map_err(|error| PhoneError::Usage(format!("`{text}` is no SIP URI: {error}")))
}

async fn listen(
    settings: &PhoneSettings,
    layer: &TransportLayer,
    token: &CancellationToken,
) -> Result<SocketAddr, PhoneError> {
    let failed = |source| PhoneError::Socket { address: settings.bind.to_string(), source };
    match settings.transport {
        Transport::Udp => {
            let socket = UdpSocket::bind(settings.bind).await.map_err(failed)?;
            let address = socket.local_addr().map_err(failed)?;
            let udp = UdpConnection::from_socket(Arc::new(socket), None, Some(token.clone()));
            layer.add_transport(udp.await.map_err(PhoneError::sip("opening the socket"))?.into());
            Ok(address)
        }
        Transport::Tcp => {
            let mut last = None;
            for _ in 0..PORT_TRIES {
                // The library opens the socket itself and wants to be told the port.
                match TcpListener::bind(settings.bind).await {
                    Ok(found) => {
                        let address = found.local_addr().map_err(failed)?;
                        let tcp = TcpListenerConnection::new(address, None);
                        layer.add_transport(tcp.await.map_err(PhoneError::sip("opening the socket"))?.into());
                        return Ok(address);
                    }
                    Err(error) => last = Some(error),
                }
            }
            Err(failed(last.unwrap_or_else(|| std::io::ErrorKind::AddrInUse.into())))
        }
    }
}

async fn wait_until_listening(address: SocketAddr) -> Result<(), PhoneError> {
    let end = Instant::now() + Duration::from_secs(2);
    loop {
        match TcpStream::connect(address).await {
            Ok(_) => return Ok(()),
            Err(source) if Instant::now() > end => {
                return Err(PhoneError::Socket { address: address.to_string(), source });
            }
            Err(_) => sleep(Duration::from_millis(5)).await,
        }
    }
}
