//! A client of the HTTP API and of the live feed: what a program does that works with a running server.
//!
//! The command line uses it for a server that runs, the demo and the tests for agents and supervisors. It knows how one
//! signs in, repeats safely and reads errors; what the bodies mean is the matter of whoever asks.

mod live;
mod trust;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, COOKIE, ORIGIN, RANGE, SET_COOKIE};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use rustls::ClientConfig;
use serde::Deserialize;
use serde_json::{Value, json};
use thiserror::Error;

pub use live::Live;
pub use trust::BadCertificate;

/// The name of the cookie that a sign-in gives.
const COOKIE_NAME: &str = "nohold_session";

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);
/// How long an answer may take; some wishes wait for a slow disk.
const ANSWER: Duration = Duration::from_secs(60);

/// A connection that was idle for so long is not used again: the server may be closing it at this very moment.
const IDLE: Duration = Duration::from_secs(10);

/// Somebody who talks to one server.
#[derive(Clone)]
pub struct Client {
    server: SocketAddr,
    http: reqwest::Client,
    /// Whom we trust, where we speak HTTPS.
    trust: Option<Arc<ClientConfig>>,
    proof: Proof,
}

/// By what the server knows us.
#[derive(Clone)]
enum Proof {
    Nothing,
    Session(String),
    Token(String),
}

/// Why a wish was not fulfilled.
#[derive(Debug, Error)]
pub enum ClientError {
    /// The server does not answer.
    #[error("the server at {server} does not answer: {problem}")]
    Unreachable {
        /// Where.
        server: SocketAddr,
        /// Why.
        problem: String,
    },
    /// It refuses.
    #[error("{message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The code of the refusal.
        code: String,
        /// The words for a person.
        message: String,
        /// The field that is meant, if one is.
        field: Option<String>,
        /// The whole body.
        body: Value,
    },
    /// It says something that is not of this API.
    #[error("the server at {server} answered {status} with something that is not of this API: is it a Nohold server?")]
    Odd {
        /// Where.
        server: SocketAddr,
        /// The HTTP status.
        status: u16,
    },
    /// Something did not come in time.
    #[error("nothing like {0} came in time")]
    Late(String),
}

impl ClientError {
    /// The code of a refusal; empty for anything else.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            ClientError::Refused { code, .. } => code,
            ClientError::Unreachable { .. } | ClientError::Odd { .. } | ClientError::Late(_) => "",
        }
    }
}

/// An error body of the API.
#[derive(Deserialize)]
struct Refusal {
    code: String,
    message: String,
    field: Option<String>,
}

impl Client {
    /// A client that has not said who it is.
    #[must_use]
    pub fn new(server: SocketAddr) -> Self {
        Client { server, http: http(trust::nobody().ok()), trust: None, proof: Proof::Nothing }
    }

    /// The same by HTTPS, with a server that shows this certificate (PEM, RFC 7468) or one that this one vouches for, and
    /// with no other. The certificate has to be for the address.
    ///
    /// # Errors
    /// When the text holds no certificate.
    pub fn trusting(server: SocketAddr, certificate: &str) -> Result<Self, BadCertificate> {
        let config = trust::only(certificate)?;
        Ok(Client { http: http(Some(config.clone())), trust: Some(Arc::new(config)), ..Client::new(server) })
    }

    /// The same with a token.
    #[must_use]
    pub fn with_token(mut self, token: &str) -> Self {
        self.proof = Proof::Token(token.to_owned());
        self
    }

    /// Where the server is.
    #[must_use]
    pub fn server(&self) -> SocketAddr {
        self.server
    }

    /// Signs in with name and password; from then on this client is that person.
    ///
    /// # Errors
    /// When the server refuses, or does not answer.
    pub async fn sign_in(&mut self, name: &str, password: &str) -> Result<(), ClientError> {
        self.begin_session("/api/session", &json!({ "name": name, "password": password })).await.map(drop)
    }

    /// Posts something that is answered with a session, which is this client's from then on.
    ///
    /// # Errors
    /// When the server refuses, or does not answer.
    pub async fn begin_session(&mut self, path: &str, body: &Value) -> Result<Value, ClientError> {
        let response = self.send(Method::POST, path, Some(body)).await?;
        let session = session_of(&response);
        let answer = self.read(response).await?;
        if let Some(session) = session {
            self.proof = Proof::Session(session);
        }
        Ok(answer)
    }

    /// Reads something.
    ///
    /// # Errors
    /// When the server refuses, or does not answer.
    pub async fn get(&self, path: &str) -> Result<Value, ClientError> {
        self.ask(Method::GET, path, None).await
    }

    /// Wishes something.
    ///
    /// # Errors
    /// When the server refuses, or does not answer.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, ClientError> {
        self.ask(Method::POST, path, Some(body)).await
    }

    /// Puts something in its place.
    ///
    /// # Errors
    /// When the server refuses, or does not answer.
    pub async fn put(&self, path: &str, body: &Value) -> Result<Value, ClientError> {
        self.ask(Method::PUT, path, Some(body)).await
    }

    /// Removes something.
    ///
    /// # Errors
    /// When the server refuses, or does not answer.
    pub async fn delete(&self, path: &str) -> Result<Value, ClientError> {
        self.ask(Method::DELETE, path, None).await
    }

    /// Fetches a file, or a part of it: `bytes=0-99` (RFC 9110 §14.2).
    ///
    /// # Errors
    /// When the server refuses, or does not answer.
    pub async fn file(&self, path: &str, range: Option<&str>) -> Result<Vec<u8>, ClientError> {
        let mut request = self.request(Method::GET, path);
        if let Some(range) = range {
            request = request.header(RANGE, range);
        }
        let response = request.send().await.map_err(|problem| self.unreachable(&problem))?;
        if response.status().is_success() {
            let bytes = response.bytes().await.map_err(|problem| self.unreachable(&problem))?;
            return Ok(bytes.to_vec());
        }
        let odd = ClientError::Odd { server: self.server, status: response.status().as_u16() };
        Err(self.read(response).await.err().unwrap_or(odd))
    }

    /// Opens the live feed.
    ///
    /// # Errors
    /// When the server refuses, or does not answer.
    pub async fn live(&self) -> Result<Live, ClientError> {
        Live::open(self).await
    }

    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, ClientError> {
        let response = self.send(method, path, body).await?;
        self.read(response).await
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Response, ClientError> {
        let changes = method != Method::GET;
        let mut request = self.request(method, path);
        if changes {
            request = request.header("idempotency-key", key()?);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        request.send().await.map_err(|problem| self.unreachable(&problem))
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let mut request = self.http.request(method, format!("{}{path}", self.origin()));
        for (name, value) in self.proof_headers() {
            request = request.header(name, value);
        }
        request
    }

    /// The origin of pages of this server (RFC 6454 §4).
    fn origin(&self) -> String {
        let scheme = if self.trust.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.server)
    }

    /// What proves who we are; a session is taken from pages of the server alone, so its origin goes with it.
    fn proof_headers(&self) -> Vec<(&'static str, String)> {
        let origin = (ORIGIN.as_str(), self.origin());
        match &self.proof {
            Proof::Nothing => vec![origin],
            Proof::Session(session) => vec![origin, (COOKIE.as_str(), format!("{COOKIE_NAME}={session}"))],
            Proof::Token(token) => vec![(AUTHORIZATION.as_str(), format!("Bearer {token}"))],
        }
    }

    async fn read(&self, response: Response) -> Result<Value, ClientError> {
        let status = response.status();
        let odd = ClientError::Odd { server: self.server, status: status.as_u16() };
        let body = response.bytes().await.map_err(|problem| self.unreachable(&problem))?;
        if status == StatusCode::NO_CONTENT || (status.is_success() && body.is_empty()) {
            return Ok(Value::Null);
        }
        let body: Value = serde_json::from_slice(&body).map_err(|_| odd)?;
        if status.is_success() {
            return Ok(body);
        }
        match Refusal::deserialize(&body) {
            Ok(Refusal { code, message, field }) => {
                Err(ClientError::Refused { status: status.as_u16(), code, message, field, body })
            }
            Err(_) => Err(ClientError::Odd { server: self.server, status: status.as_u16() }),
        }
    }

    fn unreachable(&self, problem: &dyn std::error::Error) -> ClientError {
        // The innermost says what the system saw; the outer ones repeat the address.
        let mut innermost = problem;
        while let Some(source) = innermost.source() {
            innermost = source;
        }
        ClientError::Unreachable { server: self.server, problem: innermost.to_string() }
    }
}

/// What asks. Passwords and tokens go to the server that was named and through nobody else, whatever the environment says.
fn http(trust: Option<ClientConfig>) -> reqwest::Client {
    let http = reqwest::Client::builder().no_proxy().connect_timeout(CONNECT).timeout(ANSWER).pool_idle_timeout(IDLE);
    let http = match trust {
        Some(trust) => http.tls_backend_preconfigured(trust),
        None => http,
    };
    http.build().unwrap_or_default()
}

fn session_of(response: &Response) -> Option<String> {
    let cookies = response.headers().get_all(SET_COOKIE).iter().filter_map(|cookie| cookie.to_str().ok());
    cookies
        .filter_map(|cookie| cookie.split(';').next()?.strip_prefix(COOKIE_NAME)?.strip_prefix('='))
        .next()
        .map(str::to_owned)
}

/// A name of its own for each wish, so that one that is sent twice is done once.
fn key() -> Result<String, ClientError> {
    let no_chance = |_| ClientError::Late("a random number of the system".into());
    Ok(format!("{:016x}{:016x}", getrandom::u64().map_err(no_chance)?, getrandom::u64().map_err(no_chance)?))
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// Answers one request with this, and gives back what was asked.
    async fn once(answer: &'static str) -> (SocketAddr, impl Future<Output = String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = async move {
            let (mut peer, _) = listener.accept().await.unwrap();
            let mut buffer = vec![0; 4096];
            let length = peer.read(&mut buffer).await.unwrap();
            peer.write_all(answer.as_bytes()).await.unwrap();
            String::from_utf8_lossy(&buffer[..length]).into_owned()
        };
        (address, asked)
    }

    #[tokio::test]
    async fn a_refusal_is_told_in_the_servers_words() {
        let body =
            "HTTP/1.1 409 Conflict\r\ncontent-length: 41\r\n\r\n{\"code\":\"held\",\"message\":\"Li has it now\"}";
        let (server, asked) = once(body).await;
        let (refused, asked) = futures::future::join(
            async { Client::new(server).with_token("nh_1").post("/api/x", &json!({})).await.unwrap_err() },
            asked,
        )
        .await;
        assert_eq!((refused.code(), refused.to_string().as_str()), ("held", "Li has it now"));
        let asked = asked.to_lowercase();
        assert!(asked.contains("authorization: bearer nh_1") && asked.contains("idempotency-key: "), "{asked}");
    }

    #[tokio::test]
    async fn nobody_there_is_said_so() {
        let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = taken.local_addr().unwrap();
        drop(taken);
        let problem = Client::new(server).get("/api/health").await.unwrap_err().to_string();
        assert!(problem.contains("does not answer"), "{problem}");
    }
}
