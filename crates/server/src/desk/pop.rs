//! The screen pop (弹屏): everything an agent should see of a customer as the phone rings, in one answer.

use std::collections::BTreeSet;

use axum::Json;
use nohold_app::ports::{Role, Told};
use nohold_core::directory::{Directory, Opens, Variables};
use nohold_core::entry::{Business, Entry};
use nohold_core::fact::{CallEnd, Fact};
use nohold_core::hours::Place;
use nohold_core::record::{Direction, Record};
use nohold_core::transaction::CallRow;
use nohold_model::{
    AgentKey, CallId, CallResult, EntryId, FlowKey, Millis, PhoneNumber, QueueKey, ServiceKey, Timestamp,
};
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

/// What is known of the customer of a call, as the phone rings; afterwards, of a call in which one has talked
#[utoipa::path(
    get, path = "/api/calls/{id}/pop", tag = "desk", params(("id" = String, Path)),
    responses((status = 200, body = PopShown))
)]
async fn pop(seat: Seat, Named(call): Named<CallId>) -> Result<Json<PopShown>, Failure> {
    let of = seat.live_or_over(call).await?;
    let open = seat.open_of(&of);
    let directory = seat.desk.desk.directory();
    let contacts = &seat.api.parts().contacts;
    let number = of.number.as_ref();
    let (contact, told) = match number {
        Some(number) => (contacts.contact_of(number).await?, contacts.calls_with(number, MOST_CALLS + 1).await?),
        None => (None, Vec::new()),
    };
    let contact = contact.map(|contact| ContactShown::new(&contact));
    let page = directory
        .pop(of.queue.as_ref())
        .map(|pop| PageShown { address: pop.filled(&seat.variables(&of, contact.as_ref())), opens: pop.opens });
    let place = number.map(|number| Place::of(number, &directory.site.zone));
    let zones = place.iter().flat_map(|place| place.zones()).map(ToString::to_string);
    let past = told.iter().filter_map(|told| PastCallShown::of(told)).filter(|past| past.call != call);
    Ok(Json(PopShown {
        call,
        number: number.map(|number| number.as_str().to_owned()),
        country: number.and_then(PhoneNumber::country).map(|country| country.to_string()),
        zones: zones.collect(),
        contact,
        waited: of.waited,
        path: of.flows.iter().map(ToString::to_string).collect(),
        open: open.iter().map(|entry| OpenShown::new(entry, &of, &directory)).collect(),
        calls: past.take(MOST_CALLS).collect(),
        page,
    }))
}

/// What the rules know of the call.
struct OfCall {
    id: CallId,
    /// Whom the agent talks with: who has called, or whom a phone of ours has dialled.
    number: Option<PhoneNumber>,
    called: Option<PhoneNumber>,
    queue: Option<QueueKey>,
    service: Option<ServiceKey>,
    /// The entry that is called back.
    entry: Option<EntryId>,
    flows: Vec<FlowKey>,
    waited: Option<Millis>,
    keep_open: BTreeSet<EntryId>,
    /// It goes on, and may still settle what is open.
    live: bool,
}

impl OfCall {
    fn live(row: CallRow, now: Timestamp) -> Self {
        OfCall {
            id: row.id,
            waited: row.stood.map(|stood| row.left_line.unwrap_or(now).since(stood)),
            number: row.number.or(row.dialled),
            called: row.called,
            queue: row.queue,
            service: row.service,
            entry: row.callback.map(|callback| callback.entry),
            flows: row.flows.into_iter().collect(),
            keep_open: row.keep_open.into_iter().collect(),
            live: true,
        }
    }

    fn over(record: Record) -> Self {
        OfCall {
            id: record.call,
            waited: (!record.stays.is_empty()).then_some(record.waited),
            number: record.number,
            called: record.called,
            queue: record.queue,
            service: record.service,
            entry: record.entry.filter(|_| record.direction == Direction::Callback),
            flows: record.flows,
            keep_open: BTreeSet::new(),
            live: false,
        }
    }
}

impl Seat {
    /// A live call that one has in hand, or one that is over in which one has talked: it is written about.
    async fn live_or_over(&self, call: CallId) -> Result<OfCall, Failure> {
        let live = self.desk.board.look(|rows, _| rows.calls.get(&call).map(|row| row.row.call.clone()));
        if let Some(row) = live {
            self.in_hand(call)?;
            return Ok(OfCall::live(row, self.api.now()));
        }
        let over = self.api.parts().archive.call_record(call).await?;
        let own = |record: &Record| self.viewer.agent.as_ref().is_some_and(|agent| record.agents.contains(agent));
        let none = || Failure::not_found("there is no such call, or it is not yours");
        Ok(OfCall::over(over.filter(own).ok_or_else(none)?))
    }

    /// What is open about the customer of a call: what this person may see, and what the call would settle.
    fn open_of(&self, of: &OfCall) -> Vec<Entry> {
        self.desk.board.look(|rows, _| {
            let sight = self.sight(&rows.directory);
            let of_customer =
                |entry: &&Entry| entry.is_open() && of.number.is_some() && entry.number.as_ref() == of.number.as_ref();
            let all = rows.entries.values().map(|row| &row.row.entry).filter(of_customer);
            let shown =
                all.filter(|entry| sight.sees_entry(entry, &rows.directory) || settles(entry, of, &rows.directory));
            let mut open: Vec<Entry> = shown.cloned().collect();
            open.sort_by_cached_key(nohold_core::entry::order);
            open
        })
    }

    fn variables(&self, of: &OfCall, contact: Option<&ContactShown>) -> Variables {
        let text = |text: Option<String>| text.unwrap_or_default();
        Variables::from([
            ("number", text(of.number.as_ref().map(|number| self.shown_number(number)))),
            ("call", of.id.to_string()),
            ("agent", text(self.viewer.agent.as_ref().map(ToString::to_string))),
            ("queue", text(of.queue.as_ref().map(ToString::to_string))),
            ("service", text(of.service.as_ref().map(ToString::to_string))),
            ("called", text(of.called.as_ref().map(|number| number.as_str().to_owned()))),
            ("name", text(contact.map(|contact| contact.name.clone()))),
            ("contact", text(contact.map(|contact| contact.id.to_string()))),
            ("entry", text(of.entry.as_ref().map(ToString::to_string))),
        ])
    }
}

/// Whether this call settles the entry when they talk for long enough.
fn settles(entry: &Entry, of: &OfCall, directory: &Directory) -> bool {
    let own = of.entry == Some(entry.id);
    let business = of.service.clone().map(Business::Service);
    of.live && !own && business.is_some() && entry.target.business(directory) == business
}

impl OpenShown {
    fn new(entry: &Entry, of: &OfCall, directory: &Directory) -> Self {
        OpenShown {
            settled_by_this: settles(entry, of, directory),
            kept_open: of.keep_open.contains(&entry.id),
            entry: EntryShown::new(entry, directory),
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
