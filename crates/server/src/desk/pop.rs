//! The screen pop (弹屏): everything an agent should see of a customer as the phone rings, in one answer.

use axum::Json;
use nohold_app::ports::{Role, Told};
use nohold_core::directory::{Directory, Opens, Variables};
use nohold_core::entry::{Business, Entry};
use nohold_core::fact::{CallEnd, Fact};
use nohold_core::hours::Place;
use nohold_core::transaction::CallRow;
use nohold_model::{AgentKey, CallId, CallResult, Millis, PhoneNumber, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Seat;
use crate::access::{Need, Scope, guarded};
use crate::board::{EntryShown, WrittenShown};
use crate::body::Named;
use crate::contacts::ContactShown;
use crate::failure::Failure;
use crate::state::Api;

/// So many earlier calls are told.
const MOST_CALLS: usize = 5;

/// What is known of the customer of a call. Times are milliseconds since 1970 (UTC).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PopShown {
    /// The call.
    #[schema(value_type = String)]
    call: CallId,
    /// The number as E.164, masked for who may not see it; none where it is withheld.
    number: Option<String>,
    /// The country of the number, by its two letters (ISO 3166-1).
    country: Option<String>,
    /// The time zones in which the customer may live, as far as the number tells.
    zones: Vec<String>,
    /// Whom people know by this number.
    contact: Option<ContactShown>,
    /// How long the customer has waited in lines, or had waited until the answer, in milliseconds.
    #[schema(value_type = Option<u64>)]
    waited: Option<Millis>,
    /// The flows that have treated the customer, in their order.
    path: Vec<String>,
    /// What is open about the customer.
    open: Vec<OpenShown>,
    /// The last calls with the number, newest first.
    calls: Vec<PastCallShown>,
    /// The customer's page in another program.
    page: Option<PageShown>,
}

/// Something open about the customer.
#[derive(Debug, Serialize, ToSchema)]
struct OpenShown {
    /// The entry.
    entry: EntryShown,
    /// The call settles it when they talk for long enough, unless it is kept open (`POST /api/calls/{id}/keep-open`).
    settled_by_this: bool,
    /// It is kept open.
    kept_open: bool,
}

/// An earlier call.
#[derive(Debug, Serialize, ToSchema)]
struct PastCallShown {
    /// The call.
    #[schema(value_type = String)]
    call: CallId,
    /// When it began.
    #[schema(value_type = i64)]
    at: Timestamp,
    /// We have called; otherwise the customer has.
    by_us: bool,
    /// How it ended: `served`, `requested`, `message`, `missed`, `ended_by_flow`, `cut_off`, `callback` or `direct`; none while
    /// it goes on.
    #[schema(value_type = Option<String>)]
    how: Option<CallEnd>,
    /// Of a callback whose customer was not reached: what the network said.
    #[schema(value_type = Option<String>)]
    result: Option<CallResult>,
    /// The agent who talked last.
    #[schema(value_type = Option<String>)]
    agent: Option<AgentKey>,
    /// What the agent has written about it.
    written: Option<WrittenShown>,
}

/// A page of another program.
#[derive(Debug, Serialize, ToSchema)]
struct PageShown {
    /// Its address, with what is known of the call in it.
    address: String,
    /// When it opens: `on_click` or `at_ringing`.
    #[schema(value_type = String)]
    opens: Opens,
}

pub(crate) fn routes(api: &Api) -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(guarded(api, Need::look(Role::Agent, Scope::Read), routes!(pop)))
}

/// What is known of the customer of a call, as the phone rings
#[utoipa::path(
    get, path = "/api/calls/{id}/pop", tag = "desk", params(("id" = String, Path)),
    responses((status = 200, body = PopShown))
)]
async fn pop(seat: Seat, Named(call): Named<CallId>) -> Result<Json<PopShown>, Failure> {
    seat.in_hand(call)?;
    let (row, open) = seat.row_and_open(call)?;
    let directory = seat.desk.desk.directory();
    let contacts = &seat.api.parts().contacts;
    let number = customer(&row);
    let (contact, told) = match number {
        Some(number) => (contacts.contact_of(number).await?, contacts.calls_with(number, MOST_CALLS + 1).await?),
        None => (None, Vec::new()),
    };
    let waited_until = row.left_line.unwrap_or_else(|| seat.api.now());
    let contact = contact.map(|contact| ContactShown::new(&contact, &seat));
    let page = directory
        .pop(row.queue.as_ref())
        .map(|pop| PageShown { address: pop.filled(&seat.variables(&row, contact.as_ref())), opens: pop.opens });
    let place = number.map(|number| Place::of(number, &directory.site.zone));
    let zones = place.iter().flat_map(|place| place.zones()).map(ToString::to_string);
    let past = told.iter().filter_map(|told| PastCallShown::of(told)).filter(|past| past.call != call);
    Ok(Json(PopShown {
        call,
        number: number.map(|number| seat.shown_number(number)),
        country: number.and_then(PhoneNumber::country).map(|country| country.to_string()),
        zones: zones.collect(),
        contact,
        waited: row.stood.map(|stood| waited_until.since(stood)),
        path: row.flows.iter().map(ToString::to_string).collect(),
        open: open.iter().map(|entry| OpenShown::new(entry, &row, &directory)).collect(),
        calls: past.take(MOST_CALLS).collect(),
        page,
    }))
}

/// Whom the agent talks with: who has called, or whom a phone of ours has dialled.
fn customer(row: &CallRow) -> Option<&PhoneNumber> {
    row.number.as_ref().or(row.dialled.as_ref())
}

impl Seat {
    /// A live call, and what is open about its customer: what this person may see, and what the call would settle.
    fn row_and_open(&self, call: CallId) -> Result<(CallRow, Vec<Entry>), Failure> {
        let found = self.desk.board.look(|rows, _| {
            let row = rows.calls.get(&call)?.row.call.clone();
            let sight = self.sight(&rows.directory);
            let number = customer(&row);
            let of_customer = |entry: &&Entry| entry.is_open() && number.is_some() && entry.number.as_ref() == number;
            let all = rows.entries.values().map(|row| &row.row.entry).filter(of_customer);
            let shown =
                all.filter(|entry| sight.sees_entry(entry, &rows.directory) || settles(entry, &row, &rows.directory));
            let mut open: Vec<Entry> = shown.cloned().collect();
            open.sort_by_cached_key(nohold_core::entry::order);
            Some((row, open))
        });
        found.ok_or_else(|| Failure::not_found("there is no such call"))
    }

    fn variables(&self, row: &CallRow, contact: Option<&ContactShown>) -> Variables {
        let text = |text: Option<String>| text.unwrap_or_default();
        Variables::from([
            ("number", text(customer(row).map(|number| self.shown_number(number)))),
            ("call", row.id.to_string()),
            ("agent", text(self.viewer.agent.as_ref().map(ToString::to_string))),
            ("queue", text(row.queue.as_ref().map(ToString::to_string))),
            ("service", text(row.service.as_ref().map(ToString::to_string))),
            ("called", text(row.called.as_ref().map(|number| number.as_str().to_owned()))),
            ("name", text(contact.map(|contact| contact.name.clone()))),
            ("contact", text(contact.map(|contact| contact.id.to_string()))),
            ("entry", text(row.callback.as_ref().map(|callback| callback.entry.to_string()))),
        ])
    }
}

/// Whether this call settles the entry when they talk for long enough.
fn settles(entry: &Entry, row: &CallRow, directory: &Directory) -> bool {
    let own = row.callback.as_ref().is_some_and(|callback| callback.entry == entry.id);
    let business = row.service.clone().map(Business::Service);
    !own && business.is_some() && entry.target.business(directory) == business
}

impl OpenShown {
    fn new(entry: &Entry, row: &CallRow, directory: &Directory) -> Self {
        OpenShown {
            settled_by_this: settles(entry, row, directory),
            kept_open: row.keep_open.contains(&entry.id),
            entry: entry.into(),
        }
    }
}

impl PastCallShown {
    fn of(told: &[Told]) -> Option<Self> {
        let facts = || told.iter().map(|told| &told.dated.fact);
        let call = facts().find_map(Fact::call)?;
        let mut past = PastCallShown {
            call,
            at: told.first()?.dated.at,
            by_us: !facts().any(|fact| matches!(fact, Fact::CallArrived(_))),
            how: None,
            result: None,
            agent: None,
            written: None,
        };
        for fact in facts() {
            match fact {
                Fact::CallEnded { how, .. } => past.how = Some(*how),
                Fact::Connected { agent, .. } => past.agent = Some(agent.clone()),
                Fact::AttemptEnded { result, .. } => past.result = Some(*result),
                Fact::NoteSaved { kept, .. } => past.written = Some((&kept.written).into()),
                _ => {}
            }
        }
        Some(past)
    }
}
