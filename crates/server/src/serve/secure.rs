//! HTTPS and plain HTTP on one socket.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::http::uri::Authority;
use axum::http::{HeaderValue, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::HEAD_WITHIN;
use crate::tls::Tls;

/// A handshake must be over within this. It is some hundred bytes each way.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);

/// Whoever is sent elsewhere has read the answer, and is gone, within this.
const GONE_WITHIN: Duration = Duration::from_secs(30);

/// With this byte begins a handshake of TLS (RFC 8446 §5.1), and no word of HTTP.
const HANDSHAKE: u8 = 22;

/// What a connection speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spoken {
    /// TLS.
    Tls,
    /// Something else, which is taken for HTTP.
    Plain,
    /// It has ended, or said nothing for too long.
    Nothing,
}

/// What it speaks, by its first byte, which stays to be read.
pub(super) async fn spoken(stream: &TcpStream) -> io::Result<Spoken> {
    let mut first = [0];
    match timeout(HEAD_WITHIN, stream.peek(&mut first)).await {
        Err(_) | Ok(Ok(0)) => Ok(Spoken::Nothing),
        Ok(Ok(_)) if first == [HANDSHAKE] => Ok(Spoken::Tls),
        Ok(Ok(_)) => Ok(Spoken::Plain),
        Ok(Err(problem)) => Err(problem),
    }
}

/// The stream inside the encryption, once both sides have agreed.
pub(super) async fn handshake<S>(tls: &Tls, stream: S) -> io::Result<TlsStream<S>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let agreed = TlsAcceptor::from(tls.config()).accept(stream);
    timeout(HANDSHAKE_WITHIN, agreed).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}

/// Sends whoever speaks plain HTTP to the same place by HTTPS. One answer, and the connection ends.
pub(super) async fn elsewhere<S>(stream: S) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let service = service_fn(async |request: Request<Incoming>| Ok::<_, Infallible>(sent(&request)));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    match timeout(GONE_WITHIN, connection).await {
        Ok(done) => done.map_err(io::Error::other),
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
    }
}

fn sent<B>(request: &Request<B>) -> Response<Body> {
    let mut response = match by_https(request) {
        Some(place) => {
            let mut response = Response::new(Body::from("this server is reached by HTTPS\n"));
            *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
            response.headers_mut().insert(header::LOCATION, place);
            response
        }
        None => {
            let mut response = Response::new(Body::from("this server is reached by HTTPS: ask with https://\n"));
            *response.status_mut() = StatusCode::BAD_REQUEST;
            response
        }
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        // A browser would keep a permanent one for ever, and HTTPS may be given up.
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The same address by HTTPS, where the request says which.
fn by_https<B>(request: &Request<B>) -> Option<HeaderValue> {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let host = host.or_else(|| request.uri().authority().map(Authority::as_str))?;
    let authority: Authority = host.parse().ok().filter(|_| !host.contains('@'))?;
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    // `OPTIONS *` has no place.
    let path = if path.starts_with('/') { path } else { "/" };
    HeaderValue::from_str(&format!("https://{authority}{path}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(uri: &str, host: Option<&str>) -> Option<String> {
        let mut request = Request::builder().uri(uri);
        if let Some(host) = host {
            request = request.header(header::HOST, host);
        }
        by_https(&request.body(()).unwrap()).map(|place| place.to_str().unwrap().to_owned())
    }

    #[test]
    fn the_same_place_by_https_is_named() {
        let expected = Some("https://calls.example:8080/list?tab=done".to_owned());
        assert_eq!(place("/list?tab=done", Some("calls.example:8080")), expected);
        assert_eq!(place("http://calls.example:8080/list?tab=done", None), expected);
        assert_eq!(place("/", Some("[2001:db8::1]:8080")), Some("https://[2001:db8::1]:8080/".to_owned()));
        assert_eq!(place("*", Some("calls.example")), Some("https://calls.example/".to_owned()));
        // Two slashes are a path here, and stay behind the host.
        assert_eq!(
            place("//evil.example/", Some("calls.example")),
            Some("https://calls.example//evil.example/".to_owned())
        );
    }

    #[test]
    fn who_does_not_say_where_is_sent_nowhere() {
        for host in [None, Some(""), Some("a b"), Some("name@calls.example"), Some("calls.example/x")] {
            assert_eq!(place("/", host), None, "{host:?}");
        }
    }
}
