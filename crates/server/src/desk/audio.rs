//! What was recorded: messages, for those who may see their entries; conversations, for those who may act for the agent.

use std::collections::BTreeSet;
use std::path::PathBuf;

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::Response;
use nohold_app::desk::NotDone;
use nohold_app::ports::{Permission, Recorded, RecordedQuery, Role};
use nohold_core::entry::{self, Change};
use nohold_core::hours::Zone;
use nohold_core::transaction::Refusal;
use nohold_model::{AgentKey, EntryId, MessageId, RecordingId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::file::{Asked as AskedOf, answer, open};
use super::listing::page_length;
use super::told::EntryTold;
use super::{Seat, refused};
use crate::access::{Need, Scope, guarded};
use crate::board::EntryShown;
use crate::body::{Asked, Given, Named};
use crate::failure::{Failure, FailureBody};
use crate::state::Api;

/// Where to look, and what for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Of {
    /// The entry of the message; needed where it is closed.
    #[param(value_type = Option<String>)]
    entry: Option<EntryId>,
    /// As a file to take away, which needs `download` of what you may.
    download: Option<bool>,
}

/// What for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Taken {
    /// As a file to take away, which needs `download` of what you may.
    download: Option<bool>,
}

/// Somebody has listened.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HeardGiven {
    /// The entry of the message; needed where it is closed.
    #[schema(value_type = Option<String>)]
    entry: Option<EntryId>,
}

pub(crate) fn routes(api: &Api) -> OpenApiRouter<Api> {
    let hear = || Need::play(Role::Agent, Scope::Read);
    OpenApiRouter::new()
        .routes(guarded(api, hear(), routes!(audio)))
        .routes(guarded(api, Need::change(Role::Agent, Scope::Desk), routes!(heard)))
        .routes(guarded(api, hear(), routes!(conversation)))
        .routes(guarded(api, Need::look(Role::Agent, Scope::Read), routes!(conversations)))
}

/// A recorded message as WAV, or a part of it
#[utoipa::path(
    get, path = "/api/messages/{id}/audio", tag = "desk", params(("id" = String, Path), Of),
    responses(
        (status = 200, content_type = "audio/wav", body = Vec<u8>),
        (status = 206, description = "the range that was asked for", content_type = "audio/wav", body = Vec<u8>),
        (status = 403, description = "you may listen and not take it away: `not_allowed`", body = FailureBody),
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
    let handed = seat.handed(of.download, || FileName { at: id.made_at(), agent: None, kind: "message" })?;
    // The name is made of the id as it was understood, never of what the client wrote.
    seat.play(&format!("{id}.wav"), handed, &method, &headers).await
}

/// You have listened to a message: everybody who sees its entry sees that and when. The first who did is remembered
#[utoipa::path(
    post, path = "/api/messages/{id}/heard", tag = "desk", params(("id" = String, Path)), request_body = HeardGiven,
    responses((status = 200, body = EntryShown))
)]
async fn heard(
    seat: Seat,
    Named(id): Named<MessageId>,
    Given(given): Given<HeardGiven>,
) -> Result<Json<EntryShown>, Failure> {
    let by = seat.actor()?;
    let entry = seat.may_hear(id, given.entry).await?;
    if let Some(before) = seat.any_entry(entry).await? {
        seat.telling().before(&EntryTold::from(&before));
    }
    let told = seat.desk.desk.change_entry(entry, Change::Heard { message: id }, None, by).await;
    match told {
        // Somebody has heard it before, oneself perhaps: that stands, and it is what was wished.
        Ok(()) | Err(NotDone::Refused(Refusal::Entry(entry::Refusal::Stale))) => {}
        Err(not_done) => return Err(refused(not_done)),
    }
    let entry = seat.any_entry(entry).await?.filter(|entry| entry.messages.contains(&id)).ok_or_else(gone)?;
    seat.telling().after(&EntryTold::from(&entry));
    Ok(Json(seat.entry_shown(&entry)))
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
    get, path = "/api/recordings/{id}/audio", tag = "desk", params(("id" = String, Path), Taken),
    responses(
        (status = 200, content_type = "audio/wav", body = Vec<u8>),
        (status = 206, description = "the range that was asked for", content_type = "audio/wav", body = Vec<u8>),
        (status = 403, description = "you may listen and not take it away: `not_allowed`", body = FailureBody),
        (status = 416, description = "none of it is in the range: `no_such_range`", body = FailureBody),
    )
)]
async fn conversation(
    seat: Seat,
    Named(id): Named<RecordingId>,
    Asked(taken): Asked<Taken>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let found = seat.may_hear_conversation(id).await?;
    let handed =
        seat.handed(taken.download, || FileName { at: found.at, agent: Some(found.agent), kind: "recording" })?;
    seat.play(&format!("{id}.wav"), handed, &method, &headers).await
}

/// What a file is called that is taken away: when, whose and what, and never a customer's number.
struct FileName {
    at: Timestamp,
    agent: Option<AgentKey>,
    kind: &'static str,
}

impl FileName {
    /// `2026-03-02-1000-2000-recording.wav`, as a clock of this zone shows the time. No part of it needs quoting (RFC 6266).
    fn text(&self, zone: &Zone) -> String {
        let minute = zone.minute(self.at).to_string().replace(':', "");
        let agent = self.agent.as_ref().map(|agent| format!("-{agent}")).unwrap_or_default();
        format!("{}-{minute}{agent}-{}.wav", zone.date(self.at), self.kind)
    }
}

impl Seat {
    /// How the browser shall take it (`Content-Disposition`, RFC 6266): to play, or as a file.
    ///
    /// # Errors
    /// When it is to be taken away, and this person may only listen.
    fn handed(&self, download: Option<bool>, name: impl FnOnce() -> FileName) -> Result<HeaderValue, Failure> {
        if download != Some(true) {
            return Ok(HeaderValue::from_static("inline"));
        }
        if !self.may(Permission::Download) {
            let message = "you may listen to this and not take it away as a file: an administrator can allow you to, \
                           with `download` at your user";
            return Err(Failure::forbidden("not_allowed", message).at("download"));
        }
        let name = name().text(&self.desk.desk.directory().site.zone);
        HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")).map_err(|_| Failure::internal())
    }

    /// Where a file of the folder of recordings lies.
    pub(super) fn recorded_at(&self, file: &str) -> Result<PathBuf, Failure> {
        Ok(self.desk.recordings.as_ref().ok_or_else(gone)?.join(file))
    }

    /// Answers with a file of the folder of recordings.
    async fn play(
        &self,
        file: &str,
        handed: HeaderValue,
        method: &Method,
        headers: &HeaderMap,
    ) -> Result<Response, Failure> {
        let path = self.recorded_at(file)?;
        let asked = AskedOf::of(method, headers);
        let turn = self.desk.turns.take(&self.caller.user.name).await?;
        let found = tokio::task::spawn_blocking(move || open(&path, &asked)).await;
        let mut answer = answer(found.map_err(|_| Failure::internal())??, turn)?;
        answer.headers_mut().insert(header::CONTENT_DISPOSITION, handed);
        Ok(answer)
    }

    /// The entry with this message, where this person may see it.
    pub(super) async fn may_hear(&self, id: MessageId, entry: Option<EntryId>) -> Result<EntryId, Failure> {
        let found = match entry {
            Some(entry) => self.entry(entry).await?.messages.contains(&id).then_some(entry),
            None => self.desk.board.look(|rows, _| {
                let sight = self.sight(&rows.directory);
                let mut with_it = rows.entries.values().filter(|row| row.row.entry.messages.contains(&id));
                let seen = with_it.find(|row| sight.sees_entry(&row.row.entry, &rows.directory));
                seen.map(|row| row.row.entry.id)
            }),
        };
        found.ok_or_else(gone)
    }

    /// A recorded conversation, where this person may hear it.
    pub(super) async fn may_hear_conversation(&self, id: RecordingId) -> Result<Recorded, Failure> {
        let found = self.api.parts().archive.recorded(id).await?;
        let found = found.filter(|found| self.sight(&self.desk.desk.directory()).acts_for(&found.agent));
        found.ok_or_else(|| Failure::not_found("there is no such recording among the conversations that you may hear"))
    }
}

fn gone() -> Failure {
    Failure::not_found("there is no such message among the entries that you may see")
}
