//! The live feed: what a page of the console would be told.

use std::collections::VecDeque;
use std::time::Duration;

use futures::StreamExt as _;
use rustls::pki_types::ServerName;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::{CONNECT, Client, ClientError};

/// What carries the feed: a connection, or TLS over one.
trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Wire for S {}

/// A connection to the live feed. It ends when it is dropped.
pub struct Live {
    socket: WebSocketStream<Box<dyn Wire>>,
    server: std::net::SocketAddr,
    /// What has come and was not asked for yet.
    waiting: VecDeque<Value>,
}

impl Live {
    pub(crate) async fn open(client: &Client) -> Result<Self, ClientError> {
        let server = client.server();
        let unreachable = |problem: Error| ClientError::Unreachable { server, problem: problem.to_string() };
        let scheme = if client.trust.is_some() { "wss" } else { "ws" };
        let mut request = format!("{scheme}://{server}/api/live").into_client_request().map_err(unreachable)?;
        for (name, value) in client.proof_headers() {
            let header = HeaderName::from_bytes(name.as_bytes()).ok().zip(HeaderValue::from_str(&value).ok());
            if let Some((name, value)) = header {
                request.headers_mut().insert(name, value);
            }
        }
        let wire = tokio::time::timeout(CONNECT, wire(client)).await;
        let wire = wire.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()));
        match client_async(request, wire.map_err(Error::Io).map_err(unreachable)?).await {
            Ok((socket, _)) => Ok(Live { socket, server, waiting: VecDeque::new() }),
            Err(Error::Http(response)) => {
                let body: Value =
                    response.body().as_deref().and_then(|body| serde_json::from_slice(body).ok()).unwrap_or_default();
                let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
                let (code, message) = (text("code"), text("message"));
                Err(ClientError::Refused { status: response.status().as_u16(), code, message, field: None, body })
            }
            Err(problem) => Err(unreachable(problem)),
        }
    }

    /// The next message, whatever it is.
    ///
    /// # Errors
    /// When none comes in time, or the server has closed the feed.
    pub async fn message(&mut self, limit: Duration) -> Result<Value, ClientError> {
        let late = || ClientError::Late("a message of the live feed".into());
        tokio::time::timeout(limit, self.receive()).await.map_err(|_| late())?
    }

    /// The next change that fits, in the order in which they come; others before it are passed over. The first message,
    /// which shows everything, is no change.
    ///
    /// # Errors
    /// When none comes in time, or the server has closed the feed.
    pub async fn change(
        &mut self,
        what: &str,
        limit: Duration,
        fits: impl Fn(&Value) -> bool,
    ) -> Result<Value, ClientError> {
        let search = async {
            loop {
                while let Some(change) = self.waiting.pop_front() {
                    if fits(&change) {
                        return Ok(change);
                    }
                }
                let message = self.receive().await?;
                let changes = message.get("changes").and_then(Value::as_array);
                self.waiting.extend(changes.into_iter().flatten().cloned());
            }
        };
        tokio::time::timeout(limit, search).await.map_err(|_| ClientError::Late(what.to_owned()))?
    }

    async fn receive(&mut self) -> Result<Value, ClientError> {
        let closed = |problem: String| ClientError::Unreachable { server: self.server, problem };
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) => {
                    return serde_json::from_str(text.as_str())
                        .map_err(|_| ClientError::Odd { server: self.server, status: 101 });
                }
                Some(Ok(Message::Close(frame))) => {
                    let reason = frame.map(|frame| format!("{} {}", frame.code, frame.reason)).unwrap_or_default();
                    return Err(closed(format!("the live feed was closed: {reason}")));
                }
                Some(Ok(_)) => {}
                Some(Err(problem)) => return Err(closed(problem.to_string())),
                None => return Err(closed("the live feed was closed".into())),
            }
        }
    }
}

/// Connects, by TLS where the client trusts somebody.
async fn wire(client: &Client) -> std::io::Result<Box<dyn Wire>> {
    let stream = TcpStream::connect(client.server()).await?;
    let Some(trust) = &client.trust else { return Ok(Box::new(stream)) };
    let name = ServerName::IpAddress(client.server().ip().into());
    Ok(Box::new(TlsConnector::from(trust.clone()).connect(name, stream).await?))
}
