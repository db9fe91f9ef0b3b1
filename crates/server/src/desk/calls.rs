//! Live calls.

use axum::Json;
use nohold_app::ports::Role;
use nohold_core::call::Wanted;
use nohold_model::CallId;
use serde::Serialize;
use serde_json::json;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Seat, refused};
use crate::access::{Need, Scope, guarded};
use crate::board::CallShown;
use crate::body::Named;
use crate::failure::Failure;
use crate::state::Api;

/// Calls that somebody may see.
#[derive(Serialize, ToSchema)]
pub(crate) struct Calls {
    #[schema(value_type = Vec<CallShown>)]
    items: Vec<Box<RawValue>>,
}

/// It was passed on to the call; what becomes of it is seen there.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PassedOn {
    /// The call.
    #[schema(value_type = String)]
    pub(super) call: CallId,
}

pub(crate) fn routes(api: &Api) -> OpenApiRouter<Api> {
    let change = Need::change(Role::Agent, Scope::Desk);
    OpenApiRouter::new()
        .routes(guarded(api, Need::look(Role::Agent, Scope::Read), routes!(all)))
        .routes(guarded(api, change, routes!(hang_up)))
        .routes(guarded(api, change, routes!(hold)))
        .routes(guarded(api, change, routes!(unhold)))
}

/// Live calls: an agent's own, a supervisor's groups'
#[utoipa::path(get, path = "/api/calls", tag = "desk", responses((status = 200, body = Calls)))]
async fn all(seat: Seat) -> Json<Calls> {
    let items = seat.desk.board.look(|rows, _| {
        let sight = seat.sight(&rows.directory);
        let seen = rows.calls.values().filter(|row| {
            let live = &row.row;
            sight.sees_call(&live.call, live.agents.iter(), &rows.directory)
        });
        seen.map(|row| row.json.clone()).collect()
    });
    Json(Calls { items })
}

/// End a call
///
/// Whoever is only consulted, or the third of a conference, ends the own part: the others go on.
#[utoipa::path(
    post, path = "/api/calls/{id}/hang-up", tag = "desk", params(("id" = String, Path)),
    responses((status = 200, body = PassedOn))
)]
async fn hang_up(seat: Seat, Named(call): Named<CallId>) -> Result<Json<PassedOn>, Failure> {
    seat.in_hand(call)?;
    let agent = seat.whose(call, None)?;
    seat.telling().wish(&json!({ "agent": agent }));
    seat.desk.desk.hang_up(call, agent).map_err(refused)?;
    Ok(Json(PassedOn { call }))
}

/// Put the other side on hold
///
/// The other side is that of the agent who asks; whoever is only consulted has none.
#[utoipa::path(
    post, path = "/api/calls/{id}/hold", tag = "desk", params(("id" = String, Path)),
    responses((status = 200, body = PassedOn))
)]
async fn hold(seat: Seat, Named(call): Named<CallId>) -> Result<Json<PassedOn>, Failure> {
    seat.wish_of(call, None, Wanted::Hold(true)).await
}

/// Take the other side back
#[utoipa::path(
    post, path = "/api/calls/{id}/unhold", tag = "desk", params(("id" = String, Path)),
    responses((status = 200, body = PassedOn))
)]
async fn unhold(seat: Seat, Named(call): Named<CallId>) -> Result<Json<PassedOn>, Failure> {
    seat.wish_of(call, None, Wanted::Hold(false)).await
}

impl Seat {
    /// Whether this person may work on the call: it is their own, or a supervisor sees it.
    pub(super) fn in_hand(&self, call: CallId) -> Result<(), Failure> {
        let seen = self.desk.board.look(|rows, _| {
            let live = &rows.calls.get(&call)?.row;
            Some(self.sight(&rows.directory).sees_call(&live.call, live.agents.iter(), &rows.directory))
        });
        match seen {
            Some(true) => Ok(()),
            Some(false) | None => Err(Failure::not_found("there is no such call, or it is not yours")),
        }
    }
}
