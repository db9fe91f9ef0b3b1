//! What a request brings, read strictly; a refusal has the form of all refusals.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;

use crate::failure::Failure;
use crate::words;

/// The largest body, but for imports.
pub(crate) const MOST_BYTES: usize = 1024 * 1024;

/// A JSON body.
#[derive(Debug)]
pub struct Given<T>(pub T);

/// The query of the address.
#[derive(Debug)]
pub struct Asked<T>(pub T);

/// The parts of the path.
#[derive(Debug)]
pub struct Named<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Given<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        if !is_json(request.headers()) {
            return Err(not_json());
        }
        let bytes = Bytes::from_request(request, state).await.map_err(unreadable)?;
        parse(&bytes).map(Given)
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let Query(asked) = Query::<T>::from_request_parts(parts, state).await.map_err(|problem| {
            let problem = problem.body_text();
            let (field, words) = words::of_query(&problem);
            let failure = |of| Failure::new(StatusCode::BAD_REQUEST, "bad_query", format!("the query {of}: {words}"));
            match field {
                Some(field) => failure(format!("cannot be read at `{field}`")).at(field),
                None => failure("cannot be read".to_owned()),
            }
        })?;
        Ok(Asked(asked))
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Named<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        // What does not fit the path names nothing.
        let Path(named) = Path::<T>::from_request_parts(parts, state)
            .await
            .map_err(|_| Failure::not_found("there is nothing here"))?;
        Ok(Named(named))
    }
}

/// Whether the body calls itself JSON (RFC 8259): `application/json`, or a type with the suffix `+json`.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()) else { return false };
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

pub(crate) fn not_json() -> Failure {
    Failure::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "not_json",
        "send JSON, and say so with `content-type: application/json`",
    )
}

/// Why the bytes of a body did not come.
pub(crate) fn unreadable(problem: BytesRejection) -> Failure {
    if problem.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "this is more than the server reads at once");
    }
    Failure::new(StatusCode::BAD_REQUEST, "unreadable", "the body broke off before its end: send it again")
}

/// The value that a text of JSON means. A refusal names the field; it repeats no value but the word that was not known.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    // serde would take a list for a table whose fields stand in their order; nobody means that.
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
        let message = "a list stands here, and an object is expected: `{ … }`";
        return Err(Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", message));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|problem| {
        let path = problem.path().to_string();
        let problem = problem.into_inner();
        if problem.classify() != serde_json::error::Category::Data {
            return bad_json(bytes, &problem);
        }
        let (words, _) = words::json_words_and_place(bytes, &problem);
        let field = match words::missing(&words) {
            Some(missing) if path == "." => missing.to_owned(),
            Some(missing) => format!("{path}.{missing}"),
            None => path,
        };
        let failure = Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", words::plain(&words));
        if field == "." { failure } else { failure.at(field) }
    })?;
    reader.end().map_err(|problem| bad_json(bytes, &problem))?;
    Ok(value)
}

/// A text that is no JSON. Its place is told, and no field: where the text breaks off, none has been read.
pub(crate) fn bad_json(bytes: &[u8], problem: &serde_json::Error) -> Failure {
    let message = format!("this is not JSON: {}", words::of_json(bytes, problem));
    Failure::new(StatusCode::BAD_REQUEST, "bad_json", message)
}
