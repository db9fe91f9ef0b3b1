//! Who those are that stand on the missed-call list, as far as the contacts know them.

use std::collections::BTreeMap;

use axum::Json;
use nohold_app::ports::Role;
use nohold_model::{EntryId, PhoneNumber};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Seat;
use crate::access::{Need, Scope, guarded};
use crate::body::Asked;
use crate::failure::Failure;
use crate::state::Api;

/// So many are named at a time: more than a page shows.
const MOST: usize = 100;

/// Of which entries the names are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Of {
    /// Open entries, apart by commas, 100 at most.
    entries: String,
}

/// Names of customers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Names {
    /// The name by entry; an entry of somebody whom nobody knows is not there.
    names: BTreeMap<String, String>,
}

pub(crate) fn routes(api: &Api) -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(guarded(api, Need::look(Role::Agent, Scope::Read), routes!(names)))
}

/// The names of the customers of open entries, by their contacts
///
/// By entry and not by number, so that those whom numbers are hidden from have the names as well.
#[utoipa::path(get, path = "/api/entries/names", tag = "desk", params(Of), responses((status = 200, body = Names)))]
async fn names(seat: Seat, Asked(of): Asked<Of>) -> Result<Json<Names>, Failure> {
    let ids: Vec<&str> = of.entries.split(',').filter(|id| !id.is_empty()).collect();
    if ids.len() > MOST {
        return Err(Failure::invalid("entries", format!("ask for {MOST} entries at most")));
    }
    let ids: Result<Vec<EntryId>, _> = ids.into_iter().map(str::parse).collect();
    let ids = ids.map_err(|_| Failure::invalid("entries", "write ids of entries, apart by commas"))?;
    let numbers: BTreeMap<EntryId, PhoneNumber> = seat.desk.board.look(|rows, _| {
        let sight = seat.sight(&rows.directory);
        let seen = ids.iter().filter_map(|id| rows.entries.get(id)).map(|row| &row.row.entry);
        let seen = seen.filter(|entry| sight.sees_entry(entry, &rows.directory));
        seen.filter_map(|entry| Some((entry.id, entry.number.clone()?))).collect()
    });
    let wanted = numbers.values().cloned().collect();
    let known = seat.api.parts().contacts.names_of(wanted).await?;
    let named = numbers.iter().filter_map(|(id, number)| Some((id.to_string(), known.get(number)?.clone())));
    Ok(Json(Names { names: named.collect() }))
}
