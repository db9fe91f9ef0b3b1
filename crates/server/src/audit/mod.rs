//! Who has asked for what: a line for each request that changes something, and for each recording or message that is opened.
//!
//! A line is put into the store's queue before the work is done, so that nothing which the work commits can come before it; the
//! same line is written again with what came of it. What is opened waits until its line is durable: who listens to a customer
//! without leaving a trace would be no use of an audit. Bodies are never written down as they come, for they hold secrets and
//! customers; what was asked for and what a change did is told by the handler ([`Telling`]), else by the versions of the thing.
//! Who is refused at the door leaves a line as well, where it is known who it was.

mod listing;
mod openings;
mod telling;
mod turned_away;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::Query;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use nohold_app::ports::{AuditLine, AuditTold, AuditWay, PassKind};
use serde::Deserialize;
use serde_json::json;

use crate::access::Caller;
use crate::came::Came;
use crate::failure::Failure;
use crate::masking;
use crate::request::RequestName;
use crate::state::Api;

pub(crate) use listing::routes;
pub(crate) use openings::Openings;
pub(crate) use telling::Telling;
pub(crate) use turned_away::TurnedAway;

/// So long somebody who opens something waits for the line.
const WRITTEN_WITHIN: Duration = Duration::from_secs(5);

/// The longest thing that is named, in characters.
const LONGEST_OBJECT: usize = 200;

/// What a request is to the audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trace {
    /// It leaves a line if its method changes something.
    Changes,
    /// It leaves a line whatever its method, and is refused where none can be written.
    Opens,
    /// The same of audio, which may be taken away as a file (`?download=true`): the line says which of both.
    Plays,
    /// It leaves none: it is sent again and again while somebody types, and what comes of it in the end leaves one.
    Draft,
}

/// The line of a request by somebody who is known, as far as it can be told before the work.
pub(crate) fn line(api: &Api, caller: &Caller, route: &Arc<str>, request: &Parts) -> AuditLine {
    let way = if api.is_operator(caller.pass) {
        AuditWay::Operator
    } else if caller.scopes.is_some() {
        AuditWay::Token
    } else {
        AuditWay::Session
    };
    let token = match &caller.kind {
        PassKind::Token { label, .. } if way == AuditWay::Token => Some(label.clone()),
        PassKind::Token { .. } | PassKind::Session => None,
    };
    AuditLine {
        at: api.now(),
        request: request.extensions.get::<RequestName>().map_or_else(String::new, |name| name.0.clone()),
        who: caller.user.name.clone(),
        object: object(route, request.uri.path()),
        told: AuditTold {
            way,
            token,
            from: request.extensions.get::<Came>().and_then(|came| came.address).map(|from| from.to_string()),
            method: request.method.to_string(),
            route: route.to_string(),
            status: None,
            wish: None,
            before: seen(&request.headers),
            after: None,
            downloaded: false,
            unsaid: 0,
        },
    }
}

/// Whether audio is asked for as a file.
#[derive(Debug, Deserialize)]
struct AsFile {
    #[serde(default)]
    download: Option<bool>,
}

/// The same line of somebody who opens audio. The address is read as the handler reads it; what cannot be read is refused there.
pub(crate) fn playing(mut line: AuditLine, address: &Uri) -> AuditLine {
    let asked = Query::<AsFile>::try_from_uri(address);
    line.told.downloaded = asked.is_ok_and(|Query(asked)| asked.download == Some(true));
    line
}

/// What stands in the places of a route's parameters.
fn object(route: &str, path: &str) -> String {
    let pairs = route.split('/').zip(path.split('/'));
    let found = pairs.filter(|(name, _)| name.starts_with('{')).map(|(_, value)| value);
    let found = found.collect::<Vec<_>>().join("/");
    found.chars().take(LONGEST_OBJECT).collect()
}

/// The version that whoever asks has seen.
fn seen(headers: &HeaderMap) -> Option<String> {
    version(headers.get(header::IF_MATCH)?.to_str().ok()?)
}

fn version(tag: &str) -> Option<String> {
    let version: u64 = tag.trim().trim_matches('"').parse().ok()?;
    Some(json!({ "version": version }).to_string())
}

/// The same line with what came of it.
fn with_answer(api: &Api, mut line: AuditLine, telling: &Telling, response: &Response) -> AuditLine {
    line.told.status = Some(response.status().as_u16());
    let said = telling.said();
    // Lines are never removed: no customer's number stands in one, whoever has written it down.
    let directory = api.desk().map(|desk| desk.desk.directory());
    let hidden = |text: String| masking::hidden_in_json(&text, directory.as_deref(), None).into_owned();
    if line.object.is_empty() {
        line.object = said.object.unwrap_or_default();
    }
    line.told.wish = said.wish.map(hidden);
    line.told.before = said.before.map(hidden).or(line.told.before);
    if response.status().is_success() {
        let tag = || version(response.headers().get(header::ETAG)?.to_str().ok()?);
        line.told.after = said.after.map(hidden).or_else(tag);
    }
    line
}

/// Does work that changes something, and writes down who asked for it.
pub(crate) async fn changing(
    api: &Api,
    caller: &Caller,
    line: AuditLine,
    work: impl Future<Output = Response>,
) -> Response {
    let before_it = api.parts().audit.write_line(line.clone());
    let response = work.await;
    let name = line.request.clone();
    let with_answer = api.parts().audit.write_line(with_answer(api, line, &caller.telling, &response));
    let told = async move {
        let before_it = before_it.await;
        if let (Err(problem), Err(_)) = (with_answer.await, before_it) {
            tracing::error!(request = name, %problem, "who asked for this could not be written down for the audit");
        }
    };
    (api.parts().spawn)("audit", Box::pin(told));
    response
}

/// Opens something, once it is written down who does. A player asks for a file piece by piece, which is one opening.
pub(crate) async fn opening(
    api: &Api,
    caller: &Caller,
    line: AuditLine,
    work: impl Future<Output = Response>,
) -> Response {
    // Who has listened and takes the file away opens it once more.
    let way = if line.told.downloaded { "as a file" } else { "" };
    let what = (caller.pass, format!("{} {} {way}", line.told.route, line.object));
    if api.openings().is_open(&what, line.at) {
        return work.await;
    }
    let written = tokio::time::timeout(WRITTEN_WITHIN, api.parts().audit.write_line(line.clone())).await;
    if !matches!(written, Ok(Ok(()))) {
        let message = "who listens to this is written down first, and that is not possible now: try again in a moment";
        return Failure::unavailable("not_written_down", message).into_response();
    }
    let at = line.at;
    let response = work.await;
    if response.status().is_success() {
        api.openings().opened(what, at);
    }
    // The line stands; that it says how it ended is not worth a refusal.
    let with_answer = api.parts().audit.write_line(with_answer(api, line, &caller.telling, &response));
    (api.parts().spawn)("audit", Box::pin(async move { drop(with_answer.await) }));
    response
}

/// Writes down that somebody who is known was refused at the door. Who goes on and on leaves a line now and then, which says how
/// many there were between.
pub(crate) fn turned_away(api: &Api, mut line: AuditLine, response: &Response) {
    let what = format!("{} {}", line.told.method, line.told.route);
    let Some(unsaid) = api.turned_away().unsaid_before(line.who.clone(), what, line.at) else { return };
    line.told.status = Some(response.status().as_u16());
    line.told.unsaid = unsaid;
    write_beside(api, line);
}

/// Writes a line whose request does not wait for it.
fn write_beside(api: &Api, line: AuditLine) {
    let name = line.request.clone();
    let written = api.parts().audit.write_line(line);
    let told = async move {
        if let Err(problem) = written.await {
            tracing::error!(request = name, %problem, "who was refused this could not be written down for the audit");
        }
    };
    (api.parts().spawn)("audit", Box::pin(told));
}

/// Writes down a sign-in, or the first start, before it is answered.
///
/// # Errors
/// When the store cannot keep it.
pub(crate) async fn begun(
    api: &Api,
    who: &str,
    way: AuditWay,
    route: &str,
    came: Came,
    request: &RequestName,
) -> Result<(), Failure> {
    let line = at_the_door(api, who, way, route, came, request, StatusCode::OK);
    Ok(api.parts().audit.write_line(line).await?)
}

/// Writes down that somebody gave a wrong password for a name. A name that nobody has leaves no line; which of both it is, the
/// answer does not show by the time that it takes, for it does not wait. How many there can be, the limit of guesses says.
pub(crate) fn not_begun(api: &Api, who: String, came: Came, request: &RequestName) {
    let line = at_the_door(api, &who, AuditWay::Session, "/api/session", came, request, StatusCode::UNAUTHORIZED);
    let of = api.clone();
    let told = async move {
        if let Ok(Some(_)) = of.parts().accounts.user(&who).await {
            write_beside(&of, line);
        }
    };
    (api.parts().spawn)("audit", Box::pin(told));
}

fn at_the_door(
    api: &Api,
    who: &str,
    way: AuditWay,
    route: &str,
    came: Came,
    request: &RequestName,
    status: StatusCode,
) -> AuditLine {
    let told = AuditTold {
        way,
        token: None,
        from: came.address.map(|from| from.to_string()),
        method: "POST".to_owned(),
        route: route.to_owned(),
        status: Some(status.as_u16()),
        wish: None,
        before: None,
        after: None,
        downloaded: false,
        unsaid: 0,
    };
    AuditLine { at: api.now(), request: request.0.clone(), who: who.to_owned(), object: String::new(), told }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_the_thing_and_nothing_of_the_question() {
        assert_eq!(object("/api/users/{name}/tokens/{id}", "/api/users/ada/tokens/7"), "ada/7");
        assert_eq!(object("/api/users", "/api/users"), "");
        assert_eq!(object("/api/users/{name}", &format!("/api/users/{}", "a".repeat(999))).len(), LONGEST_OBJECT);
    }

    #[test]
    fn audio_is_taken_away_where_the_handler_would_read_so() {
        let line = AuditLine {
            at: nohold_model::Timestamp::EPOCH,
            request: String::new(),
            who: String::new(),
            object: String::new(),
            told: AuditTold {
                way: AuditWay::Session,
                token: None,
                from: None,
                method: "GET".to_owned(),
                route: String::new(),
                status: None,
                wish: None,
                before: None,
                after: None,
                downloaded: false,
                unsaid: 0,
            },
        };
        let downloaded = |query: &str| {
            let address = format!("/api/messages/1/audio{query}").parse().unwrap();
            playing(line.clone(), &address).told.downloaded
        };
        for query in ["?download=true", "?entry=1&download=true", "?d%6Fwnload=tru%65"] {
            assert!(downloaded(query), "{query}");
        }
        for query in ["", "?download=false", "?entry=download=true", "?download=1", "?download=true&download=false"] {
            assert!(!downloaded(query), "{query}");
        }
    }

    #[test]
    fn a_version_is_read_from_a_tag() {
        assert_eq!(version("\"3\"").as_deref(), Some(r#"{"version":3}"#));
        assert_eq!((version("*"), version("W/\"x\"")), (None, None));
    }
}
