//! What is done with every request: it gets a name, the way it came is found out, and it gets an answer whatever happens.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt as _;

use crate::came::{ByTls, Came};
use crate::failure::{Failure, Help};
use crate::state::Api;

/// The header of every answer by which its request is found in the log.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A browser that has been here by HTTPS comes by nothing else for 30 days (RFC 6797). Where the certificate is of our own
/// making it is not told so: it would let nobody go on who is warned.
const STRICTLY: &str = "max-age=2592000";

/// On a request: its name.
#[derive(Debug, Clone)]
pub(crate) struct RequestName(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for RequestName {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<RequestName>().cloned().unwrap_or_else(|| RequestName(String::new())))
    }
}

/// Names for requests: a word for this run of the server, and a count.
#[derive(Debug)]
pub(crate) struct Requests {
    run: u32,
    count: AtomicU32,
}

impl Default for Requests {
    fn default() -> Self {
        // Without chance the runs of a server have the same names, and the log has times.
        Requests { run: getrandom::u32().unwrap_or_default(), count: AtomicU32::new(0) }
    }
}

impl Requests {
    fn next(&self) -> String {
        format!("{:08x}-{:08x}", self.run, self.count.fetch_add(1, Ordering::Relaxed))
    }
}

/// Answers a request, and dresses the answer.
pub(crate) async fn answered(State(api): State<Api>, mut request: Request, next: Next) -> Response {
    let id = api.requests().next();
    let came = Came::of(request.extensions(), request.headers(), &api.parts().proxies);
    let strictly = request.extensions().get::<ByTls>().is_some_and(|by| by.own_certificate);
    request.extensions_mut().insert(came);
    request.extensions_mut().insert(RequestName(id.clone()));
    let method = request.method().clone();
    let route = beginning(request.uri().path());
    let response = match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(_) => {
            tracing::error!(request = %id, %method, route, "answering panicked: this is a mistake of the program, please report it");
            Failure::internal().into_response()
        }
    };
    let mut response = dressed(told(response, &id, &method, &route), &id);
    if strictly {
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(STRICTLY));
    }
    response
}

/// As much of a path as the log may have: what comes behind the table may be a telephone number.
fn beginning(path: &str) -> String {
    path.split('/').take(3).collect::<Vec<_>>().join("/")
}

/// An error of the server's own stands in the log, and its answer says under which name.
fn told(response: Response, id: &str, method: &Method, route: &str) -> Response {
    let status = response.status();
    if !status.is_server_error() {
        return response;
    }
    let status_code = status.as_u16();
    // A server that is busy says so to many, and the log need not have each of them.
    if status == StatusCode::SERVICE_UNAVAILABLE {
        tracing::debug!(request = id, %method, route, status = status_code, "a request was put off");
        return response;
    }
    tracing::warn!(request = id, %method, route, status = status_code, "a request could not be carried out");
    if status != StatusCode::INTERNAL_SERVER_ERROR {
        return response;
    }
    let mut failure = Failure::internal();
    failure.body.help = Some(Box::new(Help { request: Some(id.to_owned()), ..Help::default() }));
    failure.into_response()
}

/// What every answer carries.
fn dressed(mut response: Response, id: &str) -> Response {
    let headers = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in headers {
        // A page has a policy of its own.
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    if let Ok(id) = HeaderValue::from_str(id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_gets_into_the_log() {
        assert_eq!(beginning("/api/numbers/+862161230001"), "/api/numbers");
        assert_eq!(beginning("/api/health"), "/api/health");
        assert_eq!(beginning("/"), "/");
    }

    #[test]
    fn each_request_has_a_name_of_its_own() {
        let requests = Requests::default();
        let (one, other) = (requests.next(), requests.next());
        assert_ne!(one, other);
        assert_eq!((one.len(), one.get(..8)), (17, other.get(..8)));
    }
}
