//! Callback requests that programs make, for people who ask on a web page.

use axum::Json;
use axum::http::StatusCode;
use nohold_app::desk::CallbackWish;
use nohold_app::ports::{Permission, Role};
use nohold_core::directory::Directory;
use nohold_core::entry::Target;
use nohold_model::{AgentKey, EntryId, Millis, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Seat, refused};
use crate::access::{Need, Scope, guarded};
use crate::board::{TargetShown, WindowShown};
use crate::body::Given;
use crate::failure::Failure;
use crate::state::Api;

/// Nothing is agreed with a customer for later than this.
pub(super) const LATEST: Millis = Millis::hours(24 * 366);

/// A request that is made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestGiven {
    /// Whom to call: as E.164, or as people write numbers where the site is.
    #[schema(example = "+8613800138001")]
    number: String,
    /// Who shall call.
    target: TargetShown,
    /// Not to be called before this.
    #[schema(value_type = Option<i64>)]
    not_before: Option<Timestamp>,
    /// The agent who has agreed to call, where it is one; others still see it.
    #[schema(value_type = Option<String>)]
    agent: Option<AgentKey>,
    /// It is for another person or matter than an open request of this number.
    #[serde(default)]
    another_matter: bool,
}

/// A request that stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RequestTaken {
    /// Its entry, where whoever asked may see it: another one's open request may be for other groups. Who sees no numbers
    /// whole is told nothing of these three: each answer would confirm a guessed number.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    entry: Option<EntryId>,
    /// What the customer may be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    promise: Option<WindowShown>,
    /// It was made by this; otherwise there was an open one already.
    #[serde(skip_serializing_if = "Option::is_none")]
    new: Option<bool>,
}

pub(crate) fn routes(api: &Api) -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(guarded(api, Need::change(Role::Agent, Scope::Requests), routes!(ask)))
}

/// Ask for a callback for somebody
///
/// The rules are those of every request: the number may be called, it has not asked too often today, and there is one open
/// request per number and line of business. Who has the role of an agent asks for targets of their own groups alone.
#[utoipa::path(
    post, path = "/api/requests", tag = "desk", request_body = RequestGiven,
    responses(
        (status = 201, body = RequestTaken),
        (status = 200, description = "there was one, or whoever asks sees no numbers", body = RequestTaken)
    )
)]
async fn ask(seat: Seat, Given(given): Given<RequestGiven>) -> Result<(StatusCode, Json<RequestTaken>), Failure> {
    let directory = seat.desk.desk.directory();
    let number = directory.site.numbers.normalise(&given.number);
    let number = number.map_err(|problem| Failure::invalid("number", problem.to_string()))?;
    seat.telling().wish(&json!({
        "number": number, "target": given.target, "not_before": given.not_before, "agent": given.agent,
        "another_matter": given.another_matter,
    }));
    let target = given.target.known(&directory)?;
    if !seat.may_ask_of(&target, &directory) {
        let message = "this is for other groups than yours: name a target that you work for";
        return Err(Failure::forbidden("other_groups", message).at("target"));
    }
    let now = seat.desk.desk.now();
    if given.not_before.is_some_and(|not_before| not_before < Timestamp::EPOCH) {
        return Err(Failure::invalid("not_before", "a time is given in milliseconds since 1970 (UTC), never below 0"));
    }
    if given.not_before.is_some_and(|not_before| not_before > now + LATEST) {
        return Err(Failure::invalid("not_before", "nothing is agreed for later than a year from now"));
    }
    let assigned = given.agent.map(|agent| seat.agent(Some(agent))).transpose()?;
    let source = format!("api/{}", seat.caller.user.name);
    let wish = CallbackWish {
        number,
        target,
        not_before: given.not_before,
        another_matter: given.another_matter,
        assigned,
        source,
    };
    let asked = seat.desk.desk.request_callback(wish).await.map_err(refused)?;
    if !seat.may(Permission::SeeNumbers) {
        // Whether there was one would tell that the number is somebody's.
        return Ok((StatusCode::OK, Json(RequestTaken { entry: None, promise: None, new: None })));
    }
    let promise = WindowShown { from: asked.promise.from, to: asked.promise.to };
    let status = if asked.new { StatusCode::CREATED } else { StatusCode::OK };
    seat.telling().object(&asked.entry);
    seat.telling().after(&json!({ "entry": asked.entry, "new": asked.new, "promise": promise }));
    let entry = seat.any_entry(asked.entry).await?;
    let seen = entry.is_some_and(|entry| seat.sight(&directory).sees_entry(&entry, &directory));
    Ok((
        status,
        Json(RequestTaken { entry: seen.then_some(asked.entry), promise: Some(promise), new: Some(asked.new) }),
    ))
}

impl Seat {
    /// Whether this person may ask these for a callback: agents those of their own groups, supervisors everybody.
    pub(super) fn may_ask_of(&self, target: &Target, directory: &Directory) -> bool {
        match (self.viewer.role, &self.viewer.agent) {
            (Role::Agent, Some(agent)) => target.agents(directory).contains(agent),
            (Role::Agent, None) => false,
            (Role::Supervisor | Role::Administrator, _) => true,
        }
    }
}
