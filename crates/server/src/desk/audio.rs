//! What was recorded: messages, for those who may see their entries; conversations, for those who may act for the agent.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use nohold_app::ports::{Recorded, RecordedQuery, Role};
use nohold_model::{AgentKey, EntryId, MessageId, RecordingId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Seat;
use super::file::{Asked as AskedOf, answer, open};
use super::listing::page_length;
use crate::access::{Need, Scope, guarded};
use crate::body::{Asked, Named};
use crate::failure::{Failure, FailureBody};
use crate::state::Api;

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
    let hear = || Need::open(Role::Agent, Scope::Read);
    OpenApiRouter::new()
        .routes(guarded(api, hear(), routes!(audio)))
        .routes(guarded(api, hear(), routes!(conversation)))
        .routes(guarded(api, Need::look(Role::Agent, Scope::Read), routes!(conversations)))
}

/// A recorded message as WAV, or a part of it
#[utoipa::path(
    get, path = "/api/messages/{id}/audio", tag = "desk", params(("id" = String, Path), Of),
    responses(
        (status = 200, content_type = "audio/wav", body = Vec<u8>),
        (status = 206, description = "the range that was asked for", content_type = "audio/wav", body = Vec<u8>),
        (status = 416, description = "none of it is in the range: `no_such_range`", body = FailureBody),
    )
)]
async fn audio(
    seat: Seat,
    Named(id): Named<MessageId>,
    Asked(of): Asked<Of>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    seat.may_hear(id, of.entry).await?;
    // The name is made of the id as it was understood, never of what the client wrote.
    seat.play(&format!("{id}.wav"), &method, &headers).await
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
    /// Those of this page; you may hear all of them.
    items: Vec<RecordedShown>,
    /// The cursor of the next page; none when this is the last.
    next: Option<String>,
}

/// Recorded conversations that one may hear, newest first
#[utoipa::path(
    get, path = "/api/recordings", tag = "desk", params(WantedRecordings),
    responses(
        (status = 200, body = RecordingsPage),
        (status = 403, description = "you may not act for this agent: `other_agent`", body = FailureBody),
    )
)]
async fn conversations(seat: Seat, Asked(wanted): Asked<WantedRecordings>) -> Result<Json<RecordingsPage>, Failure> {
    let limit = page_length(wanted.limit)?;
    let sight = seat.sight(&seat.desk.desk.directory());
    // Nothing else is read, so that neither the length of a page nor a cursor tells of conversations of others.
    let agents = match wanted.agent {
        Some(agent) if !sight.acts_for(&agent) => {
            let message = "only a supervisor of their group hears the conversations of other agents";
            return Err(Failure::forbidden("other_agent", message).at("agent"));
        }
        Some(agent) => Some(BTreeSet::from([agent])),
        None => sight.may_act_for(),
    };
    let page = seat.api.parts().archive.recordings(RecordedQuery { agents, after: wanted.after, limit }).await?;
    let shown = |one: Recorded| RecordedShown {
        id: one.recording.to_string(),
        at: one.at.as_millis(),
        call: one.call.to_string(),
        entry: one.entry.map(|entry| entry.to_string()),
        agent: one.agent.to_string(),
        number: one.number,
    };
    Ok(Json(RecordingsPage { items: page.items.into_iter().map(shown).collect(), next: page.next }))
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
        (status = 416, description = "none of it is in the range: `no_such_range`", body = FailureBody),
    )
)]
async fn conversation(
    State(api): State<Api>,
    seat: Seat,
    Named(id): Named<RecordingId>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let none = || Failure::not_found("there is no such recording among the conversations that you may hear");
    let found = api.parts().archive.recorded(id).await?.ok_or_else(none)?;
    let may = seat.sight(&seat.desk.desk.directory()).acts_for(&found.agent);
    if !may {
        return Err(none());
    }
    seat.play(&format!("{id}.wav"), &method, &headers).await
}

impl Seat {
    /// Answers with a file of the folder of recordings.
    async fn play(&self, file: &str, method: &Method, headers: &HeaderMap) -> Result<Response, Failure> {
        let path = self.desk.recordings.as_ref().ok_or_else(gone)?.join(file);
        let asked = AskedOf::of(method, headers);
        let turn = self.desk.turns.take(&self.caller.user.name).await?;
        let found = tokio::task::spawn_blocking(move || open(&path, &asked)).await;
        answer(found.map_err(|_| Failure::internal())??, turn)
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
