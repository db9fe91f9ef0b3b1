//! Calls that are over.

use std::collections::BTreeSet;

use axum::Json;
use nohold_app::ports::{ClosedQuery, HistoryQuery, Role, SeenCalls};
use nohold_core::directory::Directory;
use nohold_core::entry::{CloseReason, Entry, State};
use nohold_core::record::{Direction, Record, RecordEnd};
use nohold_model::{AgentKey, CallId, EntryId, QueueKey, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::listing::page_length;
use super::{Seat, history_table};
use crate::access::{Need, Scope, guarded};
use crate::body::{Asked, Named};
use crate::failure::Failure;
use crate::state::Api;

/// Of so many entries of a customer that closed last it is looked which a call has settled.
const MOST_SERVED: usize = 200;

/// Which calls are asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WantedCalls {
    /// Whose number outside ends with these digits, four at least; spaces, hyphens and a plus may stand between.
    number: Option<String>,
    /// In which this agent talked, which the agent made, or in which a colleague called the agent in vain.
    #[param(value_type = Option<String>)]
    agent: Option<AgentKey>,
    /// Which stood in this queue.
    #[param(value_type = Option<String>)]
    queue: Option<QueueKey>,
    /// `in`, `callback`, `out` or `internal`.
    #[param(value_type = Option<String>)]
    direction: Option<Direction>,
    /// `talked`, `requested`, `message`, `missed`, `ended_by_flow`, `cut_off`, `not_reached` or `not_dialled`.
    #[param(value_type = Option<String>)]
    result: Option<RecordEnd>,
    /// Which began then or later, in milliseconds since 1970 (UTC).
    since: Option<i64>,
    /// Which began before, in milliseconds since 1970 (UTC).
    until: Option<i64>,
    /// The cursor of the page before.
    pub(super) after: Option<String>,
    /// At most so many, 1 to 200; 50 where nothing is said.
    pub(super) limit: Option<usize>,
}

/// A page of calls that are over, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HistoryPage {
    /// The calls: `{call, began, ended, direction, end, number, agents, legs, stays, …}`.
    #[schema(value_type = Vec<Object>)]
    items: Vec<Record>,
    /// The cursor of the next page; none when this is the last.
    next: Option<String>,
}

/// A call that is over, and what it has settled.
#[derive(Debug, Serialize, ToSchema)]
struct EndedCallShown {
    /// The call: `{call, began, ended, direction, end, number, agents, legs, stays, …}`.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    call: Record,
    /// Entries of the customer that closed as *served* by this conversation, as far as one may see them.
    #[schema(value_type = Vec<String>)]
    served: Vec<EntryId>,
}

pub(crate) fn routes(api: &Api) -> OpenApiRouter<Api> {
    let look = Need::look(Role::Agent, Scope::Read);
    let take = Need::open(Role::Agent, Scope::Read);
    OpenApiRouter::new()
        .routes(guarded(api, look, routes!(past_calls)))
        .routes(guarded(api, take, routes!(history_table::table)))
        .routes(guarded(api, look, routes!(past_call)))
}

/// Calls that are over: one's own and those of one's groups, newest first
#[utoipa::path(
    get, path = "/api/history", tag = "desk", params(WantedCalls), responses((status = 200, body = HistoryPage))
)]
async fn past_calls(seat: Seat, Asked(wanted): Asked<WantedCalls>) -> Result<Json<HistoryPage>, Failure> {
    let query = seat.history_query(wanted)?;
    let page = seat.api.parts().archive.call_records(query).await?;
    let items = page.items.into_iter().map(|record| seat.as_heard(record)).collect();
    Ok(Json(HistoryPage { items, next: page.next }))
}

/// A call that is over, leg by leg
#[utoipa::path(
    get, path = "/api/history/{call}", tag = "desk", params(("call" = String, Path)),
    responses((status = 200, body = EndedCallShown))
)]
async fn past_call(seat: Seat, Named(call): Named<CallId>) -> Result<Json<EndedCallShown>, Failure> {
    let none = || Failure::not_found("there is no such call that is over, or it is not for you to see");
    let record = seat.seen_records(vec![call]).await?.pop().ok_or_else(none)?;
    let served = seat.served_in(&record).await?;
    Ok(Json(EndedCallShown { call: seat.as_heard(record), served }))
}

impl Seat {
    /// What the store is asked for, of what this person sees.
    pub(super) fn history_query(&self, wanted: WantedCalls) -> Result<HistoryQuery, Failure> {
        Ok(HistoryQuery {
            seen: self.seen_calls(&self.desk.desk.directory()),
            number: wanted.number.as_deref().map(|number| self.digits(number)).transpose()?,
            agent: wanted.agent,
            queue: wanted.queue,
            direction: wanted.direction,
            end: wanted.result,
            since: wanted.since.map(Timestamp::from_millis),
            until: wanted.until.map(Timestamp::from_millis),
            after: wanted.after,
            limit: page_length(wanted.limit)?,
        })
    }

    /// Those of these calls that are over and that this person sees.
    pub(super) async fn seen_records(&self, calls: Vec<CallId>) -> Result<Vec<Record>, Failure> {
        let mut records = self.api.parts().archive.call_records_of(calls).await?;
        if let Some(seen) = self.seen_calls(&self.desk.desk.directory()) {
            records.retain(|record| sees(&seen, record));
        }
        Ok(records)
    }

    /// Which calls this person sees: those of the agents and queues of the groups, and the own; none means all.
    fn seen_calls(&self, directory: &Directory) -> Option<SeenCalls> {
        let sight = self.sight(directory);
        let everything = sight.oversees() && sight.may_act_for().is_none();
        if everything {
            return None;
        }
        let agents: BTreeSet<AgentKey> = directory.agents.keys().filter(|key| sight.sees_agent(key)).cloned().collect();
        let queues = directory.queues.values().filter(|queue| sight.sees_queue(queue));
        let queues: BTreeSet<QueueKey> = queues.map(|queue| queue.key.clone()).collect();
        let serves = |groups: &[nohold_model::GroupKey]| sight.sees_groups(groups);
        let services = directory.services.values().filter(|service| sight.oversees() && serves(&service.groups));
        Some(SeenCalls {
            agents: agents.into_iter().chain(self.viewer.agent.clone()).collect(),
            queues,
            services: services.map(|service| service.key.clone()).collect(),
        })
    }

    /// The entries that closed while the call went on because its customer was served. Nobody else serves them then: a customer
    /// has one conversation at a time.
    async fn served_in(&self, record: &Record) -> Result<Vec<EntryId>, Failure> {
        let Some(number) = record.number.as_ref().filter(|_| record.end == RecordEnd::Talked) else {
            return Ok(Vec::new());
        };
        let query = ClosedQuery {
            reason: Some(CloseReason::Served),
            number: Some(number.as_str().to_owned()),
            after: None,
            limit: MOST_SERVED,
        };
        let closed = self.api.parts().archive.closed_entries(query).await?;
        let directory = self.desk.desk.directory();
        let sight = self.sight(&directory);
        let call = record.began..=record.ended;
        let by_it = |entry: &&Entry| matches!(entry.state, State::Closed { at, .. } if call.contains(&at));
        let seen = closed.items.iter().filter(by_it).filter(|entry| sight.sees_entry(entry, &directory));
        Ok(seen.map(|entry| entry.id).collect())
    }

    /// The record with those recordings alone that this person may hear.
    pub(super) fn as_heard(&self, mut record: Record) -> Record {
        let sight = self.sight(&self.desk.desk.directory());
        record.recordings.retain(|recording| sight.acts_for(&recording.agent));
        record
    }
}

/// Whether the record is one of these: as the store decides it for pages.
fn sees(seen: &SeenCalls, record: &Record) -> bool {
    record.owners().any(|agent| seen.agents.contains(agent))
        || record.stays.iter().any(|stay| seen.queues.contains(&stay.queue))
        || (record.queue.is_none() && record.service.as_ref().is_some_and(|key| seen.services.contains(key)))
}
