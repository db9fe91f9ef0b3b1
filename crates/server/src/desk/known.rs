//! Who those are that stand on the missed-call list or were in calls, as far as the contacts know them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::str::FromStr;

use axum::Json;
use nohold_app::ports::Role;
use nohold_model::{CallId, EntryId, PhoneNumber};
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
    /// Entries, open or closed, apart by commas, 100 at most.
    entries: Option<String>,
    /// All open entries whose customer's name has this part, however many customers there are.
    q: Option<String>,
}

/// Of which calls the names are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OfCalls {
    /// Calls that are over, apart by commas, 100 at most.
    calls: String,
}

/// Names of customers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Names {
    /// The name by entry, or by call; what is of somebody whom nobody knows is not there.
    names: BTreeMap<String, String>,
}

pub(crate) fn routes(api: &Api) -> OpenApiRouter<Api> {
    let look = Need::look(Role::Agent, Scope::Read);
    OpenApiRouter::new().routes(guarded(api, look, routes!(names))).routes(guarded(api, look, routes!(names_of_calls)))
}

/// The names of the customers of entries, by their contacts
///
/// By entry and not by number, so that those whom numbers are hidden from have the names as well. They look for no digits.
#[utoipa::path(get, path = "/api/entries/names", tag = "desk", params(Of), responses((status = 200, body = Names)))]
async fn names(seat: Seat, Asked(of): Asked<Of>) -> Result<Json<Names>, Failure> {
    let (numbers, part) = match (of.entries, of.q) {
        (Some(entries), None) => (seat.numbers_of(&ids("entries", &entries)?).await?, String::new()),
        (None, Some(part)) => (seat.numbers_of_open(), seat.part_of_name(&part)?),
        _ => return Err(Failure::invalid("entries", "name entries, or a part of a name in `q`")),
    };
    let mut named = seat.named(numbers).await?;
    named.names.retain(|_, name| name.to_lowercase().contains(&part));
    Ok(Json(named))
}

/// The names of the customers of calls that are over, by their contacts
///
/// By call and not by number, so that those whom numbers are hidden from have the names as well.
#[utoipa::path(get, path = "/api/history/names", tag = "desk", params(OfCalls), responses((status = 200, body = Names)))]
async fn names_of_calls(seat: Seat, Asked(of): Asked<OfCalls>) -> Result<Json<Names>, Failure> {
    let calls = seat.seen_records(ids("calls", &of.calls)?).await?;
    let numbers = calls.into_iter().filter_map(|record| Some((record.call, record.number?)));
    Ok(Json(seat.named(numbers.collect::<BTreeMap<CallId, _>>()).await?))
}

fn ids<Id: FromStr>(field: &'static str, text: &str) -> Result<Vec<Id>, Failure> {
    let ids: Vec<&str> = text.split(',').filter(|id| !id.is_empty()).collect();
    if ids.len() > MOST {
        return Err(Failure::invalid(field, format!("ask for {MOST} {field} at most")));
    }
    let ids: Result<Vec<Id>, _> = ids.into_iter().map(str::parse).collect();
    ids.map_err(|_| Failure::invalid(field, format!("write ids of {field}, apart by commas")))
}

impl Seat {
    /// The numbers of these entries, as far as this person sees them.
    async fn numbers_of(&self, ids: &[EntryId]) -> Result<BTreeMap<EntryId, PhoneNumber>, Failure> {
        let mut numbers = BTreeMap::new();
        for id in ids {
            let entry = self.any_entry(*id).await?;
            let directory = self.desk.desk.directory();
            let seen = entry.filter(|entry| self.sight(&directory).sees_entry(entry, &directory));
            numbers.extend(seen.and_then(|entry| Some((entry.id, entry.number?))));
        }
        Ok(numbers)
    }

    /// The numbers of all open entries that this person sees.
    fn numbers_of_open(&self) -> BTreeMap<EntryId, PhoneNumber> {
        self.desk.board.look(|rows, _| {
            let sight = self.sight(&rows.directory);
            let open = rows.entries.values().map(|row| &row.row.entry).filter(|entry| entry.is_open());
            let seen = open.filter(|entry| sight.sees_entry(entry, &rows.directory));
            seen.filter_map(|entry| Some((entry.id, entry.number.clone()?))).collect()
        })
    }

    /// How these customers are called, of whom the numbers are known.
    async fn named<Id: Ord + Display>(&self, numbers: BTreeMap<Id, PhoneNumber>) -> Result<Names, Failure> {
        let wanted: BTreeSet<PhoneNumber> = numbers.values().cloned().collect();
        let known = self.api.parts().contacts.names_of(wanted.into_iter().collect()).await?;
        let named = numbers.iter().filter_map(|(id, number)| Some((id.to_string(), known.get(number)?.clone())));
        Ok(Names { names: named.collect() })
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
