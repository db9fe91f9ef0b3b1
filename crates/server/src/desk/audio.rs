//! What was recorded: messages, for those who may see their entries; conversations, for those who may act for the agent.

use std::convert::Infallible;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;
use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use futures::stream;
use nohold_app::ports::{Recorded, RecordedQuery, Role};
use nohold_model::{AgentKey, EntryId, MessageId, RecordingId};
use serde::{Deserialize, Serialize};
use tokio::sync::OwnedSemaphorePermit;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Seat;
use super::listing::page_length;
use crate::access::{Need, Scope, guarded};
use crate::body::{Asked, Named};
use crate::failure::Failure;
use crate::state::Api;

/// At most so many bytes are sent in one answer: more than eight minutes of a telephone's audio. Players ask for the next
/// part themselves.
const MOST_BYTES: u64 = 8 * 1024 * 1024;

/// So many answers are held in memory at once.
pub(super) const AT_ONCE: usize = 8;

/// Who cannot be served for so long is told to come again.
const PATIENCE: Duration = Duration::from_secs(10);

/// So many bytes are handed to the connection at once.
const PIECE: usize = 64 * 1024;

/// Where to look.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Of {
    /// The entry of the message; needed where it is closed.
    #[param(value_type = Option<String>)]
    entry: Option<EntryId>,
}

pub(crate) fn routes(api: &Api) -> OpenApiRouter<Api> {
    let need = || Need::look(Role::Agent, Scope::Read);
    OpenApiRouter::new()
        .routes(guarded(api, need(), routes!(audio)))
        .routes(guarded(api, need(), routes!(conversation)))
        .routes(guarded(api, need(), routes!(conversations)))
}

/// A recorded message as WAV, or a part of it
#[utoipa::path(
    get, path = "/api/messages/{id}/audio", tag = "desk", params(("id" = String, Path), Of),
    responses(
        (status = 200, content_type = "audio/wav", body = Vec<u8>),
        (status = 206, description = "the range that was asked for", content_type = "audio/wav", body = Vec<u8>),
    )
)]
async fn audio(
    seat: Seat,
    Named(id): Named<MessageId>,
    Asked(of): Asked<Of>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    seat.may_hear(id, of.entry).await?;
    // The name is made of the id as it was understood, never of what the client wrote.
    seat.play(&format!("{id}.wav"), &headers).await
}

/// Which recorded conversations are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WantedRecordings {
    /// Of this agent; of all whom you may act for, where nothing is said.
    #[param(value_type = Option<String>)]
    agent: Option<AgentKey>,
    /// The cursor of the page before.
    after: Option<String>,
    /// At most so many, 1 to 200; 50 where nothing is said.
    limit: Option<usize>,
}

/// A recorded conversation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RecordedShown {
    /// The recording: listen to it at `/api/recordings/{id}/audio`.
    id: String,
    /// When it began, in milliseconds since 1970 (UTC).
    at: i64,
    /// The call. A hold ends a recording, so one call can have several.
    call: String,
    /// The entry that was called back.
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<String>,
    /// The agent.
    agent: String,
    /// The customer's number, as E.164.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<String>,
}

/// A page of recorded conversations, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RecordingsPage {
    /// Those of this page that you may hear; there can be fewer than asked for although more pages follow.
    items: Vec<RecordedShown>,
    /// The cursor of the next page; none when this is the last.
    next: Option<String>,
}

/// Recorded conversations that one may hear, newest first
#[utoipa::path(
    get, path = "/api/recordings", tag = "desk", params(WantedRecordings),
    responses((status = 200, body = RecordingsPage))
)]
async fn conversations(seat: Seat, Asked(wanted): Asked<WantedRecordings>) -> Result<Json<RecordingsPage>, Failure> {
    let limit = page_length(wanted.limit)?;
    let sight = seat.sight(&seat.desk.desk.directory());
    // Who hears the own ones alone does not page through everybody's.
    let own = || sight.agent().filter(|_| !sight.oversees()).cloned();
    let query = RecordedQuery { agent: wanted.agent.or_else(own), after: wanted.after, limit };
    let page = seat.api.parts().archive.recordings(query).await?;
    let heard = page.items.into_iter().filter(|one| sight.acts_for(&one.agent));
    let shown = |one: Recorded| RecordedShown {
        id: one.recording.to_string(),
        at: one.at.as_millis(),
        call: one.call.to_string(),
        entry: one.entry.map(|entry| entry.to_string()),
        agent: one.agent.to_string(),
        number: one.number,
    };
    Ok(Json(RecordingsPage { items: heard.map(shown).collect(), next: page.next }))
}

/// A recorded conversation as WAV, or a part of it
///
/// The agent is on the left, the customer on the right. For the agent who talked, and for those who may act for the agent.
/// A conversation that goes on is not there yet.
#[utoipa::path(
    get, path = "/api/recordings/{id}/audio", tag = "desk", params(("id" = String, Path)),
    responses(
        (status = 200, content_type = "audio/wav", body = Vec<u8>),
        (status = 206, description = "the range that was asked for", content_type = "audio/wav", body = Vec<u8>),
    )
)]
async fn conversation(
    State(api): State<Api>,
    seat: Seat,
    Named(id): Named<RecordingId>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let none = || Failure::not_found("there is no such recording among the conversations that you may hear");
    let found = api.parts().archive.recorded(id).await?.ok_or_else(none)?;
    let may = seat.sight(&seat.desk.desk.directory()).acts_for(&found.agent);
    if !may {
        return Err(none());
    }
    seat.play(&format!("{id}.wav"), &headers).await
}

impl Seat {
    /// Answers with a file of the folder of recordings.
    async fn play(&self, file: &str, headers: &HeaderMap) -> Result<Response, Failure> {
        let path = self.desk.recordings.as_ref().ok_or_else(gone)?.join(file);
        let range = headers.get(header::RANGE).and_then(|range| range.to_str().ok()).map(str::to_owned);
        let busy = || Failure::unavailable("busy", "as many recordings as the server serves are being listened to");
        let turn = tokio::time::timeout(PATIENCE, self.desk.hearing.clone().acquire_owned()).await;
        let turn = turn.map_err(|_| busy())?.map_err(|_| busy())?;
        let read = tokio::task::spawn_blocking(move || read(&path, range.as_deref())).await;
        answer(read.map_err(|_| Failure::internal())??, turn)
    }

    async fn may_hear(&self, id: MessageId, entry: Option<EntryId>) -> Result<(), Failure> {
        let found = match entry {
            Some(entry) => self.entry(entry).await?.messages.contains(&id),
            None => self.desk.board.look(|rows, _| {
                let sight = self.sight(&rows.directory);
                let mut with_it = rows.entries.values().filter(|row| row.row.entry.messages.contains(&id));
                with_it.any(|row| sight.sees_entry(&row.row.entry, &rows.directory))
            }),
        };
        if found { Ok(()) } else { Err(gone()) }
    }
}

fn gone() -> Failure {
    Failure::not_found("there is no such message among the entries that you may see")
}

/// A part of a file.
struct Part {
    bytes: Vec<u8>,
    from: u64,
    whole: u64,
    /// A range was asked for.
    ranged: bool,
}

enum Wanted {
    All,
    Part { from: u64, to: u64 },
    Nothing,
}

fn read(path: &PathBuf, range: Option<&str>) -> Result<Part, Failure> {
    let mut file = std::fs::File::open(path).map_err(|problem| {
        if problem.kind() != std::io::ErrorKind::NotFound {
            tracing::error!(%problem, "a recording cannot be opened");
        }
        Failure::not_found("this recording is not there: it is not finished yet, or not kept any more")
    })?;
    let failed = |problem: std::io::Error| {
        tracing::error!(%problem, "a recording cannot be read");
        Failure::internal()
    };
    let whole = file.metadata().map_err(failed)?.len();
    let (from, to, ranged) = match wanted(range, whole) {
        Wanted::All => (0, whole, false),
        Wanted::Part { from, to } => (from, to, true),
        Wanted::Nothing => {
            let message = format!("the recording has {whole} bytes, none of them in this range");
            return Err(Failure::new(StatusCode::RANGE_NOT_SATISFIABLE, "no_such_range", message));
        }
    };
    let ranged = ranged || to - from > MOST_BYTES;
    file.seek(SeekFrom::Start(from)).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take((to - from).min(MOST_BYTES)).read_to_end(&mut bytes).map_err(failed)?;
    Ok(Part { bytes, from, whole, ranged })
}

/// The bytes that a range asks for (RFC 9110 §14.2): one range; what is no range is passed over.
fn wanted(range: Option<&str>, whole: u64) -> Wanted {
    let Some(spec) = range.and_then(|range| range.trim().strip_prefix("bytes=")) else { return Wanted::All };
    let Some((from, to)) = spec.split_once('-').filter(|_| !spec.contains(',')) else { return Wanted::All };
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let (from, to) = match (from.trim().is_empty(), to.trim().is_empty()) {
        (true, true) => return Wanted::All,
        (true, false) => match number(to) {
            Some(last) => (whole.saturating_sub(last), whole),
            None => return Wanted::All,
        },
        (false, open) => {
            let end = if open { Some(whole) } else { number(to).map(|to| to.saturating_add(1).min(whole)) };
            match (number(from), end) {
                (Some(from), Some(end)) => (from, end),
                _ => return Wanted::All,
            }
        }
    };
    if from < to && from < whole { Wanted::Part { from, to } } else { Wanted::Nothing }
}

/// The turn is over when all of it was handed to the connection, or when nobody listens any more.
fn answer(part: Part, turn: OwnedSemaphorePermit) -> Result<Response, Failure> {
    let Part { bytes, from, whole, ranged } = part;
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let mut answer = Response::builder()
        .status(if ranged { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK })
        .header(header::CONTENT_TYPE, HeaderValue::from_static("audio/wav"))
        .header(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if ranged && length > 0 {
        answer = answer.header(header::CONTENT_RANGE, format!("bytes {from}-{}/{whole}", from + length - 1));
    }
    let pieces = stream::unfold((Bytes::from(bytes), turn), |(mut rest, turn)| async move {
        let piece = rest.split_to(rest.len().min(PIECE));
        (!piece.is_empty()).then_some((Ok::<_, Infallible>(piece), (rest, turn)))
    });
    answer.header(header::CONTENT_LENGTH, length).body(Body::from_stream(pieces)).map_err(|_| Failure::internal())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_understood_and_what_is_none_is_passed_over() {
        for (range, expected) in [
            (None, "all"),
            (Some("bytes=0-9"), "0-10"),
            (Some("bytes=90-"), "90-100"),
            (Some("bytes=90-900"), "90-100"),
            (Some("bytes=-10"), "90-100"),
            (Some("bytes=-1000"), "0-100"),
            (Some("bytes=100-"), "nothing"),
            (Some("bytes=9-3"), "nothing"),
            (Some("bytes=-0"), "nothing"),
            (Some("bytes=0-1,5-6"), "all"),
            (Some("bytes=a-b"), "all"),
            (Some("seconds=1-2"), "all"),
        ] {
            let found = match wanted(range, 100) {
                Wanted::All => "all".to_owned(),
                Wanted::Part { from, to } => format!("{from}-{to}"),
                Wanted::Nothing => "nothing".to_owned(),
            };
            assert_eq!(found, expected, "{range:?}");
        }
    }
}
