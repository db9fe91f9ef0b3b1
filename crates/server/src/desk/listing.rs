//! The missed-call list: open entries, one with its history.

use axum::Json;
use data_encoding::HEXLOWER;
use nohold_app::ports::{Permission, Role, Told};
use nohold_core::directory::Directory;
use nohold_core::entry::{Entry, Line, Section, Target, order};
use nohold_model::{CampaignKey, EntryId, GroupKey, QueueKey, ServiceKey};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Seat;
use crate::access::{Need, Scope, guarded};
use crate::board::EntryShown;
use crate::body::{Asked, Named};
use crate::failure::Failure;
use crate::state::Api;

/// A number is looked for by at least so many of its last digits.
const LEAST_DIGITS: usize = 4;

/// The longest page.
const LONGEST_PAGE: usize = 200;

/// Which open entries are asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Of this part of the list: `requests`, `cut_off`, `messages` or `missed`.
    #[param(value_type = Option<String>)]
    section: Option<Section>,
    /// Those that I have in hand or that were given to me.
    mine: Option<bool>,
    /// For this group.
    #[param(value_type = Option<String>)]
    group: Option<GroupKey>,
    /// Of this service.
    #[param(value_type = Option<String>)]
    service: Option<ServiceKey>,
    /// Of this campaign.
    #[param(value_type = Option<String>)]
    campaign: Option<CampaignKey>,
    /// From this queue.
    #[param(value_type = Option<String>)]
    queue: Option<QueueKey>,
    /// Also those behind which only short abandons stand; they are hidden and counted otherwise.
    short: Option<bool>,
    /// Whose numbers end with these digits, four at least.
    number: Option<String>,
    /// The cursor of the page before.
    after: Option<String>,
    /// At most so many, 1 to 200; 50 where nothing is said.
    limit: Option<usize>,
}

/// A page of open entries, in the order in which they should be worked on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OpenPage {
    /// The entries.
    items: Vec<EntryShown>,
    /// The cursor of the next page; none when this is the last.
    next: Option<String>,
    /// How many entries fit what was asked, on all pages.
    total: usize,
    /// How many more would, behind which only short abandons stand.
    short_hidden: usize,
}

/// An entry and what has happened with it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EntryWithHistory {
    /// The entry.
    entry: EntryShown,
    /// Facts, oldest first: `{revision, index, at, fact}`.
    #[schema(value_type = Vec<Object>)]
    history: Vec<Told>,
}

pub(crate) fn routes(api: &Api) -> OpenApiRouter<Api> {
    let look = Need::look(Role::Agent, Scope::Read);
    OpenApiRouter::new().routes(guarded(api, look, routes!(list))).routes(guarded(api, look, routes!(one)))
}

/// The missed-call list: open entries, requests first
#[utoipa::path(get, path = "/api/entries", tag = "desk", params(Wanted), responses((status = 200, body = OpenPage)))]
async fn list(seat: Seat, Asked(wanted): Asked<Wanted>) -> Result<Json<OpenPage>, Failure> {
    let limit = page_length(wanted.limit)?;
    let after = wanted.after.as_deref().map(read_cursor).transpose()?;
    let digits = wanted.number.as_deref().map(|number| seat.digits(number)).transpose()?;
    let page = seat.desk.board.look(|rows, _| {
        let directory = &*rows.directory;
        let sight = seat.sight(directory);
        let mut found = Vec::new();
        let mut short_hidden = 0;
        for row in rows.entries.values() {
            let entry = &row.row.entry;
            let number = || entry.number.as_ref().map_or("", |number| number.as_str());
            let fits = entry.is_open()
                && fits(entry, &wanted, &seat, directory)
                && digits.as_ref().is_none_or(|digits| number().ends_with(digits.as_str()))
                && sight.sees_entry(entry, directory);
            if fits && entry.is_short() && wanted.short != Some(true) {
                short_hidden += 1;
            } else if fits {
                found.push((order(entry), row));
            }
        }
        found.sort_by_key(|(line, _)| *line);
        let total = found.len();
        let from = after.map_or(0, |after| found.partition_point(|(line, _)| *line <= after));
        let part = found.get(from..).unwrap_or_default();
        let items: Vec<EntryShown> =
            part.iter().take(limit).map(|(_, row)| EntryShown::new(&row.row.entry, &rows.directory)).collect();
        let last = part.get(limit.saturating_sub(1)).filter(|_| part.len() > limit).map(|(line, _)| *line);
        (items, last, total, short_hidden)
    });
    let (items, last, total, short_hidden) = page;
    Ok(Json(OpenPage { items, next: last.map(|line| write_cursor(&line)).transpose()?, total, short_hidden }))
}

/// One entry, open or closed, with its history
#[utoipa::path(
    get, path = "/api/entries/{id}", tag = "desk", params(("id" = String, Path)),
    responses((status = 200, body = EntryWithHistory))
)]
async fn one(seat: Seat, Named(id): Named<EntryId>) -> Result<Json<EntryWithHistory>, Failure> {
    let entry = seat.entry(id).await?;
    let history = seat.api.parts().archive.entry_history(id).await?;
    Ok(Json(EntryWithHistory { entry: seat.entry_shown(&entry), history }))
}

impl Seat {
    /// An entry that this person may see.
    pub(crate) async fn entry(&self, id: EntryId) -> Result<Entry, Failure> {
        let entry = self.any_entry(id).await?;
        let directory = self.desk.desk.directory();
        let seen = entry.filter(|entry| self.sight(&directory).sees_entry(entry, &directory));
        seen.ok_or_else(|| Failure::not_found("there is no such entry, or it is for other groups"))
    }

    /// An entry as it stands on the list.
    pub(crate) fn entry_shown(&self, entry: &Entry) -> EntryShown {
        EntryShown::new(entry, &self.desk.desk.directory())
    }

    /// An entry, whoever may see it.
    pub(crate) async fn any_entry(&self, id: EntryId) -> Result<Option<Entry>, Failure> {
        let open = self.desk.board.look(|rows, _| rows.entries.get(&id).map(|row| row.row.entry.clone()));
        match open {
            Some(entry) => Ok(Some(entry)),
            None => Ok(self.api.parts().archive.entry(id).await?),
        }
    }
}

fn fits(entry: &Entry, wanted: &Wanted, seat: &Seat, directory: &Directory) -> bool {
    let mine = || {
        let me = seat.viewer.agent.as_ref();
        me.is_some() && (entry.assigned.as_ref() == me || entry.holder() == me)
    };
    let from_queue = |queue: &QueueKey| {
        let asked_in = entry.request.as_ref().and_then(|request| request.queue.as_ref());
        asked_in == Some(queue) || matches!(&entry.target, Target::Queue(target) if target == queue)
    };
    let of_campaign = |campaign: &CampaignKey| matches!(&entry.target, Target::Campaign(target) if target == campaign);
    wanted.section.is_none_or(|section| section == entry.section())
        && (wanted.mine != Some(true) || mine())
        && wanted.group.as_ref().is_none_or(|group| entry.target.groups(directory).contains(group))
        && wanted.service.as_ref().is_none_or(|service| entry.target.service(directory).as_ref() == Some(service))
        && wanted.campaign.as_ref().is_none_or(of_campaign)
        && wanted.queue.as_ref().is_none_or(from_queue)
}

pub(super) fn page_length(limit: Option<usize>) -> Result<usize, Failure> {
    match limit.unwrap_or(50) {
        limit @ 1..=LONGEST_PAGE => Ok(limit),
        _ => Err(Failure::invalid("limit", format!("a page has 1 to {LONGEST_PAGE} entries"))),
    }
}

/// The digits that a number ends with. Fewer than four would show whole lists of strangers.
fn digits(text: &str) -> Result<String, Failure> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let only_digits = text.chars().all(|c| c.is_ascii_digit() || matches!(c, ' ' | '-' | '+'));
    if !only_digits || !(LEAST_DIGITS..=15).contains(&digits.len()) {
        return Err(Failure::invalid("number", format!("give the last {LEAST_DIGITS} to 15 digits of a number")));
    }
    Ok(digits)
}

impl Seat {
    /// The digits that a number ends with. Who sees numbers with their middle hidden finds them by the four that are shown:
    /// with more, each guess at a hidden digit would be answered.
    pub(super) fn digits(&self, text: &str) -> Result<String, Failure> {
        let digits = digits(text)?;
        if digits.len() > LEAST_DIGITS && !self.may(Permission::SeeNumbers) {
            let message = format!("numbers are hidden from you: give the last {LEAST_DIGITS} digits and no more");
            return Err(Failure::invalid("number", message));
        }
        Ok(digits)
    }

    /// Refuses to look for a whole number in the name of somebody who may see none.
    pub(crate) fn may_look_for_numbers(&self, field: &str) -> Result<(), Failure> {
        if self.may(Permission::SeeNumbers) {
            return Ok(());
        }
        Err(Failure::invalid(field, "numbers are hidden from you: look for something else"))
    }
}

/// A cursor is the place of the last line that was shown, so that a page begins there whatever has happened meanwhile.
fn write_cursor(line: &Line) -> Result<String, Failure> {
    let text = serde_json::to_vec(line).map_err(|_| Failure::internal())?;
    Ok(HEXLOWER.encode(&text))
}

fn read_cursor(text: &str) -> Result<Line, Failure> {
    let wrong = || Failure::invalid("after", "this is no cursor of this list: begin with the first page");
    let bytes = HEXLOWER.decode(text.as_bytes()).map_err(|_| wrong())?;
    serde_json::from_slice(&bytes).map_err(|_| wrong())
}
