//! What agents write about their calls: typed, saved, and what follows from it.

use axum::Json;
use axum::http::StatusCode;
use nohold_app::desk::CallbackWish;
use nohold_app::ports::Role;
use nohold_core::note::{CallNote, NotWritten, Wish, Written};
use nohold_model::{AgentKey, CallId, EntryId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::entries::DispositionsShown;
use super::requests::LATEST;
use super::{Seat, refused, told};
use crate::access::{Need, Scope, guarded};
use crate::board::{NoteShown, WindowShown, WrittenShown};
use crate::body::{Given, Named};
use crate::failure::Failure;
use crate::state::Api;

/// Notes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Notes {
    items: Vec<NoteShown>,
}

/// A callback that the customer and the agent have agreed upon.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FollowUpGiven {
    /// Not to be called before this.
    #[schema(value_type = i64)]
    not_before: Timestamp,
    /// The agent whose note it is shall call; otherwise anybody of the groups.
    #[serde(default)]
    by_me: bool,
}

/// A callback that stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FollowUp {
    /// Its entry.
    #[schema(value_type = String)]
    entry: EntryId,
    /// What the customer may be told.
    promise: WindowShown,
    /// It was made by this; otherwise there was an open one already, which was moved to this time.
    new: bool,
}

/// Which callback is not to be after all.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FollowUpOf {
    /// Its entry.
    #[schema(value_type = String)]
    entry: EntryId,
}

/// What has become of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TakenBack {
    /// It waits as before; otherwise it is closed: it was new, or the conversation has settled it.
    open: bool,
}

/// Whether an entry shall stay open.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeepGiven {
    /// The entry, an open one of the customer of the call.
    #[schema(value_type = String)]
    entry: EntryId,
    /// It stays open, however long they talk.
    keep: bool,
}

/// The entries that stay open.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Kept {
    /// All that this call does not settle.
    #[schema(value_type = Vec<String>)]
    keep_open: Vec<EntryId>,
}

pub(crate) fn routes(api: &Api) -> OpenApiRouter<Api> {
    let look = Need::look(Role::Agent, Scope::Read);
    let change = Need::change(Role::Agent, Scope::Desk);
    OpenApiRouter::new()
        .routes(guarded(api, look, routes!(mine)))
        .routes(guarded(api, look, routes!(dispositions)))
        .routes(guarded(api, Need::draft(Role::Agent, Scope::Desk), routes!(write)))
        .routes(guarded(api, change, routes!(save)))
        .routes(guarded(api, change, routes!(discard)))
        .routes(guarded(api, change, routes!(follow_up)))
        .routes(guarded(api, change, routes!(take_follow_up_back)))
        .routes(guarded(api, change, routes!(keep)))
}

/// My notes that are to be done, oldest first, and the one that may be written
#[utoipa::path(get, path = "/api/me/notes", tag = "desk", responses((status = 200, body = Notes)))]
async fn mine(seat: Seat) -> Result<Json<Notes>, Failure> {
    let agent = seat.agent(None)?;
    let mut items: Vec<NoteShown> = seat.desk.board.look(|rows, _| {
        let own = rows.notes.values().filter(|row| row.row.agent == agent);
        own.map(|row| NoteShown::from(&row.row)).collect()
    });
    items.sort_by_key(|note| (note.began, note.call));
    Ok(Json(Notes { items }))
}

/// What the outcome of a call may be called: by its queue, else its service or campaign
#[utoipa::path(
    get, path = "/api/calls/{id}/dispositions", tag = "desk", params(("id" = String, Path)),
    responses((status = 200, body = DispositionsShown))
)]
async fn dispositions(seat: Seat, Named(call): Named<CallId>) -> Result<Json<DispositionsShown>, Failure> {
    let agent = seat.agent(None)?;
    let note = seat.note_or_begun(call, &agent)?;
    let directory = seat.desk.desk.directory();
    Ok(Json(DispositionsShown::new(&directory, directory.dispositions_of_note(&note))))
}

/// Keep the note of a call as typed so far; it stands on the agent's page until it is saved
#[utoipa::path(
    put, path = "/api/calls/{id}/note", tag = "desk", params(("id" = String, Path)), request_body = WrittenShown,
    responses((status = 200, body = NoteShown))
)]
async fn write(
    seat: Seat,
    Named(call): Named<CallId>,
    Given(given): Given<WrittenShown>,
) -> Result<Json<NoteShown>, Failure> {
    let written = checked(given)?;
    seat.note(call, Wish::Type(written.clone()), written).await
}

/// Save the note of a call: it is done, and so is the wrap-up; again, to correct it
#[utoipa::path(
    post, path = "/api/calls/{id}/note/save", tag = "desk", params(("id" = String, Path)), request_body = WrittenShown,
    responses((status = 200, body = NoteShown))
)]
async fn save(
    seat: Seat,
    Named(call): Named<CallId>,
    Given(given): Given<WrittenShown>,
) -> Result<Json<NoteShown>, Failure> {
    let written = checked(given)?;
    seat.note(call, Wish::Save(written.clone()), written).await
}

/// Throw the note of a call away, where the queue does not ask for it
#[utoipa::path(
    delete, path = "/api/calls/{id}/note", tag = "desk", params(("id" = String, Path)),
    responses((status = 200, body = NoteShown))
)]
async fn discard(seat: Seat, Named(call): Named<CallId>) -> Result<Json<NoteShown>, Failure> {
    seat.note(call, Wish::Discard, Written::default()).await
}

/// Have the customer of a call called again: by me, or by the groups that the call was for
///
/// The rules are those of every request, but that it does not count among the requests of a number. The number is that of the call, so that nobody needs to see it. A request that waits already
/// is moved to that time, is assigned where I shall call, and is not settled by the end of this call.
#[utoipa::path(
    post, path = "/api/calls/{id}/follow-up", tag = "desk", params(("id" = String, Path)), request_body = FollowUpGiven,
    responses((status = 201, body = FollowUp), (status = 200, description = "there was one, which was moved", body = FollowUp))
)]
async fn follow_up(
    seat: Seat,
    Named(call): Named<CallId>,
    Given(given): Given<FollowUpGiven>,
) -> Result<(StatusCode, Json<FollowUp>), Failure> {
    seat.telling().wish(&json!({ "not_before": given.not_before, "by_me": given.by_me }));
    let agent = seat.agent(None)?;
    let note = seat.note_or_begun(call, &agent)?;
    let now = seat.desk.desk.now();
    if given.not_before <= now || given.not_before > now + LATEST {
        return Err(Failure::invalid("not_before", "choose a time that is still to come, within a year"));
    }
    let (Some(number), Some(target)) = (note.number.clone(), note.target()) else {
        let message = "nobody can be called again: the number was withheld, or the call was for no service or campaign";
        return Err(Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "no_number", message));
    };
    // By the agent's key, as everywhere in the history: colleagues read the name, which the account does not tell.
    let source = format!("desk/{agent}");
    let wish = CallbackWish {
        number,
        target,
        not_before: Some(given.not_before),
        another_matter: false,
        assigned: given.by_me.then_some(agent),
        source,
    };
    let asked = seat.desk.desk.follow_up(call, wish, seat.actor()?).await.map_err(refused)?;
    let promise = WindowShown { from: asked.promise.from, to: asked.promise.to };
    seat.telling().after(&json!({ "entry": asked.entry, "new": asked.new, "promise": promise }));
    let status = if asked.new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(FollowUp { entry: asked.entry, promise, new: asked.new })))
}

/// Take back what was agreed upon in a call: a request that was moved stands as it stood before, a new one is withdrawn
///
/// For as long as nothing else has become of the entry.
#[utoipa::path(
    post, path = "/api/calls/{id}/follow-up/take-back", tag = "desk", params(("id" = String, Path)), request_body = FollowUpOf,
    responses((status = 200, body = TakenBack))
)]
async fn take_follow_up_back(
    seat: Seat,
    Named(call): Named<CallId>,
    Given(given): Given<FollowUpOf>,
) -> Result<Json<TakenBack>, Failure> {
    seat.telling().wish(&json!({ "entry": given.entry }));
    seat.note_or_begun(call, &seat.agent(None)?)?;
    seat.desk.desk.take_back_follow_up(call, given.entry, seat.actor()?).await.map_err(refused)?;
    let taken_back = TakenBack { open: seat.any_entry(given.entry).await?.is_some_and(|entry| entry.is_open()) };
    seat.telling().after(&taken_back);
    Ok(Json(taken_back))
}

/// Keep an entry open that this call would settle when they talk for long enough, or let it be settled
#[utoipa::path(
    post, path = "/api/calls/{id}/keep-open", tag = "desk", params(("id" = String, Path)), request_body = KeepGiven,
    responses((status = 200, body = Kept))
)]
async fn keep(seat: Seat, Named(call): Named<CallId>, Given(given): Given<KeepGiven>) -> Result<Json<Kept>, Failure> {
    seat.telling().wish(&json!({ "entry": given.entry, "keep": given.keep }));
    seat.in_hand(call)?;
    let by = seat.actor()?;
    let kept = || {
        let kept = seat.desk.board.look(|rows, _| rows.calls.get(&call).map(|row| row.row.call.keep_open.clone()));
        Kept { keep_open: kept.unwrap_or_default() }
    };
    seat.telling().before(&kept());
    seat.desk.desk.keep_open(call, given.entry, given.keep, by).await.map_err(refused)?;
    let kept = kept();
    seat.telling().after(&kept);
    Ok(Json(kept))
}

fn checked(given: WrittenShown) -> Result<Written, Failure> {
    let written = Written::from(given);
    written.check().map_err(|problem| {
        let field = match problem {
            NotWritten::Note(_) => "note",
            NotWritten::Tag(_) | NotWritten::TagLength | NotWritten::Tags => "tags",
        };
        Failure::invalid(field, problem.to_string())
    })?;
    Ok(written)
}

impl Seat {
    /// Changes this agent's note on a call; the answer is the note as it is then.
    async fn note(&self, call: CallId, wish: Wish, written: Written) -> Result<Json<NoteShown>, Failure> {
        let agent = self.agent(None)?;
        let by = self.actor()?;
        let before = self.note_or_begun(call, &agent).ok();
        if let Some(before) = &before {
            self.telling().before(&told::note(before));
        }
        let done = !matches!(wish, Wish::Type(_));
        self.desk.desk.note(call, agent.clone(), wish, by).await.map_err(refused)?;
        if let Ok(now) = self.known_note(call, &agent) {
            self.telling().after(&told::note(&now));
            return Ok(Json(NoteShown::from(&now)));
        }
        // What is done stands on no page any more.
        let mut note = before.ok_or_else(|| Failure::not_found("there is no such note"))?;
        note.written = written;
        note.done = done.then(|| self.desk.desk.now());
        note.version += 1;
        self.telling().after(&told::note(&note));
        Ok(Json(NoteShown::from(&note)))
    }

    fn known_note(&self, call: CallId, agent: &AgentKey) -> Result<CallNote, Failure> {
        let image = self.api.parts().archive.image();
        let known = image.view(|tables, _| tables.notes.get(&(call, agent.clone())).cloned());
        known.ok_or_else(|| Failure::not_found("there is no such call, or it was not yours"))
    }

    /// This agent's note on a call; what it would be, while they are in it.
    pub(super) fn note_or_begun(&self, call: CallId, agent: &AgentKey) -> Result<CallNote, Failure> {
        self.known_note(call, agent).or_else(|unknown| {
            let image = self.api.parts().archive.image();
            let begun = image.view(|tables, _| {
                let row = tables.calls.get(&call)?;
                let in_it = tables.agents.get(agent).is_some_and(|agent| agent.call() == Some(call));
                let entry = row.callback.as_ref().and_then(|callback| tables.entries.get(&callback.entry));
                CallNote::of(row, agent, entry).filter(|_| in_it)
            });
            begun.ok_or(unknown)
        })
    }
}
