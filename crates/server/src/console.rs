//! The console's page and its files, which the program carries inside it.
//!
//! They are what `npm run build` has made of the folder `console`. A build of the program without them works, and says at its
//! address how to get them. Names below `assets/` hold a hash of what is in the file, so a browser keeps those for ever; whether
//! the page itself is still the same is asked each time.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Write as _;
use std::sync::{LazyLock, PoisonError, RwLock};

use axum::body::{Body, Bytes};
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use data_encoding::HEXLOWER;
use flate2::Compression;
use flate2::write::GzEncoder;
use rust_embed::RustEmbed;

use crate::failure::Failure;

/// In a debug build they are read from the folder each time.
#[derive(RustEmbed)]
#[folder = "../../console/dist"]
#[allow_missing = true]
struct Built;

const PAGE: &str = "index.html";
/// Files whose names tell what is in them.
const IMMUTABLE: &str = "assets/";
/// Below this compressing gains nothing.
const WORTH_COMPRESSING: usize = 1_024;

/// All of the page comes from this server, and no other page stands around it.
const POLICY: &str =
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

/// What a page may use: the microphone for the phone, and where a sound comes out.
const PERMISSIONS: &str = "microphone=(self), speaker-selection=(self), autoplay=(self), camera=(), geolocation=(), \
                           payment=(), usb=()";

const NOT_BUILT: &str = "This program was built without the console. In its sources, in the folder `console`, run \
                         `npm ci` and `npm run build`, and build the program again. The API is there: /api/openapi.json\n";

/// A file of the console.
struct File {
    bytes: Cow<'static, [u8]>,
    hash: [u8; 32],
}

fn built(path: &str) -> Option<File> {
    Built::get(path).map(|file| File { bytes: file.data, hash: file.metadata.sha256_hash() })
}

/// What is at this path that is none of the API's: a file, or the page, whose own program knows all further paths.
pub(crate) fn answer(method: &Method, path: &str, headers: &HeaderMap) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return Failure::new(StatusCode::METHOD_NOT_ALLOWED, "wrong_method", "this address is only read")
            .into_response();
    }
    respond(built, path, headers)
}

fn respond(files: impl Fn(&str) -> Option<File>, path: &str, headers: &HeaderMap) -> Response {
    let path = path.trim_start_matches('/');
    if path != PAGE && !path.is_empty() {
        if let Some(file) = files(path) {
            return file.respond(path, headers);
        }
        // A file that is not there (of an older page, say) must not be answered with the page.
        if path.starts_with(IMMUTABLE) || path.rsplit('/').next().is_some_and(|name| name.contains('.')) {
            return Failure::not_found("there is no such file: load the page again").into_response();
        }
    }
    match files(PAGE) {
        Some(file) => page(file, headers),
        None => (StatusCode::NOT_FOUND, [(CONTENT_TYPE, "text/plain; charset=utf-8")], NOT_BUILT).into_response(),
    }
}

fn page(file: File, headers: &HeaderMap) -> Response {
    let mut response = file.respond(PAGE, headers);
    let fields = response.headers_mut();
    fields.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    fields.insert(HeaderName::from_static("permissions-policy"), HeaderValue::from_static(PERMISSIONS));
    response
}

impl File {
    fn respond(self, path: &str, headers: &HeaderMap) -> Response {
        let immutable = path.starts_with(IMMUTABLE);
        let tag = format!("\"{}\"", HEXLOWER.encode(&self.hash[..16]));
        let known = headers
            .get(IF_NONE_MATCH)
            .and_then(|tags| tags.to_str().ok())
            .is_some_and(|tags| tags.split(',').any(|one| one.trim().trim_start_matches("W/") == tag));
        let mut response = if known {
            StatusCode::NOT_MODIFIED.into_response()
        } else if accepts_gzip(headers) && self.bytes.len() >= WORTH_COMPRESSING && is_text(path) {
            compressed(self)
        } else {
            Bytes::from(self.bytes.into_owned()).into_response()
        };
        let fields = response.headers_mut();
        let cache = if immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
        fields.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
        fields.insert(CONTENT_TYPE, HeaderValue::from_static(kind(path)));
        fields.insert(VARY, HeaderValue::from_static("accept-encoding"));
        if let Ok(tag) = HeaderValue::from_str(&tag) {
            fields.insert(ETAG, tag);
        }
        response
    }
}

/// Compresses a file the first time that somebody wants it so.
fn compressed(file: File) -> Response {
    static DONE: LazyLock<RwLock<HashMap<[u8; 32], Bytes>>> = LazyLock::new(RwLock::default);
    let known = DONE.read().unwrap_or_else(PoisonError::into_inner).get(&file.hash).cloned();
    let bytes = match known {
        Some(bytes) => bytes,
        None => match gzip(&file.bytes) {
            Some(bytes) => {
                DONE.write().unwrap_or_else(PoisonError::into_inner).insert(file.hash, bytes.clone());
                bytes
            }
            None => return Bytes::from(file.bytes.into_owned()).into_response(),
        },
    };
    ([(CONTENT_ENCODING, "gzip")], Body::from(bytes)).into_response()
}

fn gzip(bytes: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    let words = headers.get_all(ACCEPT_ENCODING).into_iter().filter_map(|line| line.to_str().ok());
    words.flat_map(|line| line.split(',')).any(|word| {
        let mut parts = word.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip") || name == "*");
        named && !parts.any(|quality| matches!(quality.trim_start_matches("q="), "0" | "0.0" | "0.00" | "0.000"))
    })
}

fn kind(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("html") => "text/html; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json" | "webmanifest") => "application/json",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        Some("wav") => "audio/wav",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

fn is_text(path: &str) -> bool {
    matches!(path.rsplit('.').next(), Some("js" | "css" | "html" | "svg" | "json" | "webmanifest" | "txt"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(path: &str) -> Option<File> {
        let text = match path {
            PAGE => "<div id=\"root\"></div>".to_owned(),
            "assets/index-1a2b.js" => "say();".repeat(1_000),
            "mark.svg" => "<svg/>".to_owned(),
            _ => return None,
        };
        Some(File { hash: [u8::try_from(path.len()).unwrap(); 32], bytes: Cow::Owned(text.into_bytes()) })
    }

    fn get(path: &str, headers: &[(HeaderName, &str)]) -> Response {
        let headers = headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
        respond(files, path, &headers)
    }

    fn field(response: &Response, name: HeaderName) -> String {
        response.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
    }

    async fn text(response: Response) -> String {
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn the_page_is_at_every_address_of_its_own_and_lets_nothing_else_in() {
        for path in ["/", "/index.html", "/list/open", "/calls/today"] {
            let page = get(path, &[]);
            assert_eq!((page.status(), field(&page, CACHE_CONTROL)), (StatusCode::OK, "no-cache".to_owned()), "{path}");
            let policy = field(&page, CONTENT_SECURITY_POLICY);
            assert!(policy.starts_with("default-src 'self';") && !policy.contains("unsafe"), "{policy}");
            assert_eq!(field(&page, CONTENT_TYPE), "text/html; charset=utf-8");
            let again = get(path, &[(IF_NONE_MATCH, &field(&page, ETAG))]);
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        }
    }

    #[tokio::test]
    async fn a_file_is_kept_for_ever_where_its_name_tells_what_is_in_it() {
        let script = get("/assets/index-1a2b.js", &[]);
        assert_eq!(field(&script, CACHE_CONTROL), "public, max-age=31536000, immutable");
        assert_eq!(field(&script, CONTENT_TYPE), "text/javascript; charset=utf-8");
        let mark = get("/mark.svg", &[]);
        assert_eq!(field(&mark, CACHE_CONTROL), "no-cache");
        let again = get("/mark.svg", &[(IF_NONE_MATCH, &field(&mark, ETAG))]);
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(text(again).await, "");
    }

    #[tokio::test]
    async fn a_file_that_is_not_there_is_not_the_page() {
        for path in ["/assets/index-0000.js", "/favicon.ico", "/a/b.css"] {
            assert_eq!(get(path, &[]).status(), StatusCode::NOT_FOUND, "{path}");
        }
        let nothing = respond(|_| None, "/", &HeaderMap::new());
        assert_eq!(nothing.status(), StatusCode::NOT_FOUND);
        assert!(text(nothing).await.contains("npm run build"));
        assert_eq!(answer(&Method::POST, "/", &HeaderMap::new()).status(), StatusCode::METHOD_NOT_ALLOWED);
    }

    #[tokio::test]
    async fn texts_are_compressed_for_whoever_takes_it() {
        for (accepted, wished) in [("gzip, br", true), ("br;q=1.0, *", true), ("gzip;q=0", false), ("identity", false)]
        {
            let script = get("/assets/index-1a2b.js", &[(ACCEPT_ENCODING, accepted)]);
            assert_eq!(field(&script, CONTENT_ENCODING) == "gzip", wished, "{accepted}");
            let bytes = axum::body::to_bytes(script.into_body(), usize::MAX).await.unwrap();
            assert_eq!(bytes.len() < 1_000, wished, "{accepted}");
        }
    }
}
