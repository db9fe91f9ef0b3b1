//! Who those are that stand on the missed-call list, as far as the contacts know them.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use nohold_app::ports::Role;
use nohold_core::entry::Entry;
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

/// The longest part of a name, in characters.
const LONGEST_PART: usize = 100;

/// Of which entries the names are asked for: one of the two.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Of {
    /// Open entries, apart by commas, 100 at most.
    entries: Option<String>,
    /// All open entries whose customer's name has this part, however many customers there are.
    q: Option<String>,
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
/// By entry and not by number, so that those whom numbers are hidden from have the names as well. They look for no digits.
#[utoipa::path(get, path = "/api/entries/names", tag = "desk", params(Of), responses((status = 200, body = Names)))]
async fn names(seat: Seat, Asked(of): Asked<Of>) -> Result<Json<Names>, Failure> {
    let (numbers, part) = match (of.entries, of.q) {
        (Some(entries), None) => (seat.numbers_of(Some(&ids(&entries)?)), String::new()),
        (None, Some(part)) => (seat.numbers_of(None), seat.part_of_name(&part)?),
        _ => return Err(Failure::invalid("entries", "name entries, or a part of a name in `q`")),
    };
    let wanted: BTreeSet<PhoneNumber> = numbers.values().cloned().collect();
    let known = seat.api.parts().contacts.names_of(wanted.into_iter().collect()).await?;
    let named = numbers.iter().filter_map(|(id, number)| Some((id, known.get(number)?)));
    let fits = named.filter(|(_, name)| name.to_lowercase().contains(&part));
    Ok(Json(Names { names: fits.map(|(id, name)| (id.to_string(), name.clone())).collect() }))
}

fn ids(text: &str) -> Result<Vec<EntryId>, Failure> {
    let ids: Vec<&str> = text.split(',').filter(|id| !id.is_empty()).collect();
    if ids.len() > MOST {
        return Err(Failure::invalid("entries", format!("ask for {MOST} entries at most")));
    }
    let ids: Result<Vec<EntryId>, _> = ids.into_iter().map(str::parse).collect();
    ids.map_err(|_| Failure::invalid("entries", "write ids of entries, apart by commas"))
}

impl Seat {
    /// The numbers of these open entries, or of all, as far as this person sees the entries.
    fn numbers_of(&self, ids: Option<&[EntryId]>) -> BTreeMap<EntryId, PhoneNumber> {
        self.desk.board.look(|rows, _| {
            let sight = self.sight(&rows.directory);
            let number = |entry: &Entry| {
                let seen = sight.sees_entry(entry, &rows.directory);
                Some((entry.id, entry.number.clone().filter(|_| seen)?))
            };
            match ids {
                Some(ids) => {
                    ids.iter().filter_map(|id| rows.entries.get(id)).filter_map(|row| number(&row.row.entry)).collect()
                }
                None => {
                    let open = rows.entries.values().map(|row| &row.row.entry).filter(|entry| entry.is_open());
                    open.filter_map(number).collect()
                }
            }
        })
    }

    /// What is looked for in names, in lower case.
    fn part_of_name(&self, part: &str) -> Result<String, Failure> {
        // A few digits at a time would tell a number that stands in a name.
        if part.contains(char::is_numeric) {
            self.may_look_for_numbers("q")?;
        }
        let part = part.trim().to_lowercase();
        if part.is_empty() || part.chars().count() > LONGEST_PART {
            return Err(Failure::invalid("q", format!("write 1 to {LONGEST_PART} characters of a name")));
        }
        Ok(part)
    }
}
