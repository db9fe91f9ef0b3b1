//! A plain HTTP client: one connection for each request, and every header as the test wants it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// No answer takes longer.
const LIMIT: Duration = Duration::from_secs(20);

/// A request that is being put together.
#[must_use]
pub struct Ask {
    address: SocketAddr,
    method: Method,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    /// The certificate that is trusted, where it is asked by HTTPS.
    trust: Option<String>,
    /// The address that it is asked from, where it matters.
    from: Option<IpAddr>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Ask {
    pub fn new(address: SocketAddr, method: Method, path: &str) -> Self {
        Ask { address, method, path: path.to_owned(), headers: Vec::new(), body: Vec::new(), trust: None, from: None }
    }

    /// By HTTPS, trusting this certificate alone.
    pub fn trusting(mut self, certificate: &str) -> Self {
        self.trust = Some(certificate.to_owned());
        self
    }

    /// From this address of the machine.
    pub fn from(mut self, address: &str) -> Self {
        self.from = Some(address.parse().unwrap());
        self
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// As a program with this token.
    pub fn token(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// As a page of this server with this cookie.
    pub fn page(self, cookie: &str) -> Self {
        let scheme = if self.trust.is_some() { "https" } else { "http" };
        let origin = format!("{scheme}://{}", self.address);
        self.header("cookie", cookie).header("origin", &origin)
    }

    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").raw(body.to_string())
    }

    pub fn raw(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub async fn send(self) -> Answer {
        tokio::time::timeout(LIMIT, self.exchange()).await.expect("no answer in time")
    }

    async fn exchange(self) -> Answer {
        let stream = connect(self.address, self.from).await;
        match &self.trust {
            Some(certificate) => {
                let stream = agree(stream, certificate).await.unwrap();
                self.exchange_by(stream).await
            }
            None => self.exchange_by(stream).await,
        }
    }

    async fn exchange_by(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Answer {
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        let mut request = Request::builder().method(self.method).uri(&self.path);
        if !self.headers.iter().any(|(name, _)| name == "host") {
            request = request.header(header::HOST, self.address.to_string());
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request.body(Body::from(self.body)).unwrap();
        let answered = async {
            let response = sender.send_request(request).await.unwrap();
            let (parts, body) = response.into_parts();
            let bytes = body.collect().await.unwrap().to_bytes();
            Answer { status: parts.status, headers: parts.headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
        };
        tokio::pin!(answered, connection);
        tokio::select! {
            answer = &mut answered => answer,
            // The connection may be over before the answer has been read.
            _ = &mut connection => answered.await,
        }
    }
}

/// Connects to it, from this address.
pub async fn connect(to: SocketAddr, from: Option<IpAddr>) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    if let Some(from) = from {
        socket.bind(SocketAddr::new(from, 0)).unwrap();
    }
    socket.connect(to).await.unwrap()
}

/// Agrees on TLS with whoever shows this certificate.
pub async fn agree(stream: TcpStream, certificate: &str) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::IpAddress(stream.peer_addr().unwrap().ip().into());
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

impl Answer {
    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {} {:?}", self.status, self.text))
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self
    }

    /// It is a refusal with this status and code, in the one form of all refusals.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Self {
        let answer = self.expect(status);
        let body = answer.json();
        assert_eq!(body["code"], code, "{body}");
        assert!(body["message"].as_str().is_some_and(|message| message.len() > 10), "{body}");
        answer
    }

    /// The cookie that was set, as it is sent back.
    #[track_caller]
    pub fn cookie(&self) -> String {
        let set = self.headers[header::SET_COOKIE].to_str().unwrap();
        set.split(';').next().unwrap().to_owned()
    }
}
