//! The page that the set-up link leads to: name and password of the first administrator.

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::state::Api;

/// Nothing but what this server sends, and no other page around it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'none'; \
                      base-uri 'none'; frame-ancestors 'none'";

/// The page and its two files. They hold no secret: the token is in the link alone.
pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/setup", get(async || file("text/html; charset=utf-8", include_str!("setup_page/setup.html"))))
        .route("/setup.js", get(async || file("text/javascript; charset=utf-8", include_str!("setup_page/setup.js"))))
        .route("/setup.css", get(async || file("text/css; charset=utf-8", include_str!("setup_page/setup.css"))))
}

fn file(kind: &'static str, text: &'static str) -> Response {
    let headers =
        [(CONTENT_TYPE, HeaderValue::from_static(kind)), (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY))];
    (headers, text).into_response()
}
