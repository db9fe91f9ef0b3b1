//! What is closed on the missed-call list: by the reason for which it closed, and what somebody looks for in it.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use nohold_app::ports::{ClosedPlace, ClosedQuery, Permission, Role};
use nohold_core::directory::Directory;
use nohold_core::entry::{Business, CloseReason, Entry};
use nohold_model::{EntryId, PhoneNumber};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Seat;
use super::listing::page_length;
use crate::access::{Need, Scope, guarded};
use crate::board::EntryShown;
use crate::body::Asked;
use crate::failure::Failure;
use crate::masking;
use crate::sealed::Of;
use crate::state::Api;

/// The longest text that is looked for, in characters.
const LONGEST_SEARCH: usize = 100;

/// The store is asked for so many at a time.
const AT_ONCE: usize = 200;

/// So many are looked through for one page: most may be other groups', or not what is looked for.
const MOST_LOOKED_THROUGH: usize = 2_000;

/// Which closed entries are asked for.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WantedClosed {
    /// Closed for this reason: `done`, `served`, `cancelled`, `unreachable`, `expired` or `refused`.
    #[param(value_type = Option<String>)]
    reason: Option<CloseReason>,
    /// Of this number, as E.164.
    number: Option<String>,
    /// Of this service or campaign, by its key; what is for a queue is of its service.
    service: Option<String>,
    /// Those whose customer's name or note has this text, or whose number has these digits in it where it has no letters; 100
    /// characters at most. What is of exactly this number comes first.
    q: Option<String>,
    /// The cursor of the page before.
    after: Option<String>,
    /// At most so many, 1 to 200; 50 where nothing is said.
    limit: Option<usize>,
}

/// A page of closed entries, the one that was closed last first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClosedPage {
    /// The entries of this page; you may see all of them. Where most are other groups' or not what is looked for, there can be
    /// fewer than asked for, or none, although more pages follow.
    items: Vec<EntryShown>,
    /// The cursor of the next page; none when this is the last.
    next: Option<String>,
}

pub(crate) fn routes(api: &Api) -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(guarded(api, Need::look(Role::Agent, Scope::Read), routes!(closed)))
}

/// Closed entries, by the reason for which they closed, and what is looked for in them
#[utoipa::path(
    get, path = "/api/entries/closed", tag = "desk", params(WantedClosed), responses((status = 200, body = ClosedPage))
)]
async fn closed(seat: Seat, Asked(wanted): Asked<WantedClosed>) -> Result<Json<ClosedPage>, Failure> {
    let limit = page_length(wanted.limit)?;
    let WantedClosed { reason, number, service, q, after, limit: _ } = wanted;
    if number.is_some() {
        seat.may_look_for_numbers("number")?;
    }
    // What comes first on the first page of a search is left out of the others, which are as long.
    let of = Of::new("closed", &seat.caller.user.name, &(reason, &number, &service, q.as_ref().map(|q| (q, limit))));
    let after = after.map(|text| seat.api.cursors().open(&of, &text)).transpose()?;
    let search = q.map(|text| Search::new(&text, seat.may(Permission::SeeNumbers))).transpose()?;
    let mut page = Filling { items: Vec::new(), limit, end: after.clone() };
    // A whole number is found at once, however much closed since; one place stays for what is looked through.
    let first = match &search {
        Some(search) if number.is_none() => seat.closed_with(search, reason, service.as_deref()).await?,
        _ => Vec::new(),
    };
    let first: Vec<EntryShown> = first.into_iter().take(limit - 1).collect();
    let is_first: BTreeSet<EntryId> = first.iter().map(|entry| entry.id).collect();
    if after.is_none() {
        page.items = first;
    }
    let mut query = ClosedQuery { reason, number, after, limit: AT_ONCE };
    let mut looked_through = 0;
    let more = loop {
        let part = seat.api.parts().archive.closed_entries(query.clone()).await?;
        let directory = seat.desk.desk.directory();
        let sight = seat.sight(&directory);
        let is_of_it = |entry: &Entry| service.as_deref().is_none_or(|key| is_of(entry, key, &directory));
        let sees =
            |entry: &Entry| !is_first.contains(&entry.id) && is_of_it(entry) && sight.sees_entry(entry, &directory);
        let names = match &search {
            Some(search) if search.is_of_words() => {
                seat.names_in(part.items.iter().filter(|entry| sees(entry))).await?
            }
            _ => BTreeMap::new(),
        };
        let fits =
            |entry: &Entry| search.as_ref().is_none_or(|search| search.fits(entry, name_in(&names, entry), &directory));
        if page.is_full_with(&part.items, |entry| sees(entry) && fits(entry), &directory) {
            break true;
        }
        looked_through += part.items.len();
        query.after = part.items.last().and_then(ClosedPlace::of);
        if !part.more || looked_through >= MOST_LOOKED_THROUGH {
            break part.more;
        }
    };
    let next = page.end.filter(|_| more).map(|end| seat.api.cursors().seal(&of, &end)).transpose()?;
    Ok(Json(ClosedPage { items: page.items, next }))
}

/// Whether an entry is of the service or campaign with this key.
fn is_of(entry: &Entry, key: &str, directory: &Directory) -> bool {
    entry.target.business(directory).is_some_and(|business| match business {
        Business::Service(service) => service.as_str() == key,
        Business::Campaign(campaign) => campaign.as_str() == key,
    })
}

/// How customers are called, by their numbers.
type Names = BTreeMap<PhoneNumber, String>;

fn name_in<'a>(names: &'a Names, entry: &Entry) -> Option<&'a str> {
    entry.number.as_ref().and_then(|number| names.get(number)).map(String::as_str)
}

impl Seat {
    /// The closed entries of the number that is looked for, where it is a whole one, as far as this person sees them.
    async fn closed_with(
        &self,
        search: &Search,
        reason: Option<CloseReason>,
        service: Option<&str>,
    ) -> Result<Vec<EntryShown>, Failure> {
        let Some(number) = search.whole_number(&self.desk.desk.directory()) else { return Ok(Vec::new()) };
        let number = Some(number.as_str().to_owned());
        let query = ClosedQuery { reason, number, after: None, limit: AT_ONCE };
        let part = self.api.parts().archive.closed_entries(query).await?;
        let directory = self.desk.desk.directory();
        let sight = self.sight(&directory);
        let is_meant = |entry: &&Entry| {
            service.is_none_or(|key| is_of(entry, key, &directory)) && sight.sees_entry(entry, &directory)
        };
        Ok(part.items.iter().filter(is_meant).map(|entry| EntryShown::new(entry, &directory)).collect())
    }

    async fn names_in(&self, entries: impl Iterator<Item = &Entry>) -> Result<Names, Failure> {
        let numbers: BTreeSet<PhoneNumber> = entries.filter_map(|entry| entry.number.clone()).collect();
        Ok(self.api.parts().contacts.names_of(numbers.into_iter().collect()).await?)
    }
}

/// What somebody looks for.
#[derive(Debug)]
struct Search {
    /// In lower case.
    text: String,
    digits: String,
    sees_numbers: bool,
}

impl Search {
    fn new(text: &str, sees_numbers: bool) -> Result<Search, Failure> {
        let text = text.trim().to_lowercase();
        if text.is_empty() || text.chars().count() > LONGEST_SEARCH {
            return Err(Failure::invalid("q", format!("write 1 to {LONGEST_SEARCH} characters to look for")));
        }
        let digits = text.chars().filter(char::is_ascii_digit).collect();
        Ok(Search { text, digits, sees_numbers })
    }

    /// Whether it is looked for in names and notes. In the name of somebody whom numbers are hidden from it is not where it has
    /// digits in it: a few at a time would tell a number that stands there.
    fn is_of_words(&self) -> bool {
        self.sees_numbers || !self.text.contains(char::is_numeric)
    }

    fn fits(&self, entry: &Entry, name: Option<&str>, directory: &Directory) -> bool {
        let has_words = |text: &str| text.to_lowercase().contains(&self.text);
        self.fits_number(entry, directory)
            || self.is_of_words() && (name.is_some_and(has_words) || has_words(&entry.note))
    }

    /// Whether it is of a number, and of nothing else: who writes words, too, means none.
    fn means_number(&self) -> bool {
        !self.digits.is_empty() && !self.text.contains(char::is_alphabetic)
    }

    /// The number that it is, where it is a whole one.
    fn whole_number(&self, directory: &Directory) -> Option<PhoneNumber> {
        let may_be = self.sees_numbers && self.means_number();
        may_be.then(|| directory.site.numbers.normalise(&self.text).ok()).flatten()
    }

    /// A number is looked for as its reader sees it, in international form or as it is dialled at home.
    fn fits_number(&self, entry: &Entry, directory: &Directory) -> bool {
        let Some(number) = entry.number.as_ref().filter(|_| self.means_number()) else { return false };
        let shown =
            if self.sees_numbers { number.as_str().to_owned() } else { masking::shown(number, Some(directory)) };
        if shown.contains(&self.text) {
            return true;
        }
        // Nobody finds digits that stand on both sides of hidden ones.
        let home = self.digits.trim_start_matches('0');
        shown.split('*').any(|part| {
            let part: String = part.chars().filter(char::is_ascii_digit).collect();
            part.contains(&self.digits) || !home.is_empty() && part.contains(home)
        })
    }
}

/// A page of closed entries that is being filled.
struct Filling {
    items: Vec<EntryShown>,
    limit: usize,
    /// The place behind which the next page begins.
    end: Option<ClosedPlace>,
}

impl Filling {
    /// Takes those of these that are seen; whether there is one more than the page has room for.
    fn is_full_with(&mut self, entries: &[Entry], sees: impl Fn(&Entry) -> bool, directory: &Directory) -> bool {
        for entry in entries {
            let (seen, has_room) = (sees(entry), self.items.len() < self.limit);
            if seen && !has_room {
                return true;
            }
            if seen {
                self.items.push(EntryShown::new(entry, directory));
            }
            if has_room {
                self.end = ClosedPlace::of(entry);
            }
        }
        false
    }
}
