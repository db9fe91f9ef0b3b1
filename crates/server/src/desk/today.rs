//! What an agent has done today, by the clocks of the site.

use axum::Json;
use nohold_app::ports::Role;
use nohold_core::agent::AgentState;
use nohold_core::fact::Ender;
use nohold_core::record::{Direction, Leg, Record, RecordEnd};
use nohold_core::workday::{Tally, Workday};
use nohold_model::{AgentKey, CallId, CallResult, EntryId, Millis, QueueKey, ServiceKey, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Seat;
use crate::access::{Need, Scope, guarded};
use crate::body::Asked;
use crate::failure::Failure;
use crate::state::Api;

/// So many of the last calls are told; the history has all.
const LAST_CALLS: usize = 8;

/// So many entries in hand are told; there may be more.
const MOST_CLAIMS: usize = 200;

/// Whose day is asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WhoseDay {
    /// An agent of the groups that a supervisor looks after; nothing for one's own.
    #[param(value_type = Option<String>)]
    agent: Option<AgentKey>,
}

/// An agent's day so far. Lengths are milliseconds, moments milliseconds since 1970 (UTC).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Today {
    /// Whose it is.
    #[schema(value_type = String)]
    agent: AgentKey,
    /// When the day began where the site is.
    #[schema(value_type = i64)]
    from: Timestamp,
    /// When it will be over: 23, 24 or 25 hours later.
    #[schema(value_type = i64)]
    to: Timestamp,
    /// Up to when it is told.
    #[schema(value_type = i64)]
    now: Timestamp,
    /// The time zone of the site, by its name in the IANA list.
    zone: String,
    /// From when on it is counted: `from`, but for who has done more than anybody could in a day.
    #[schema(value_type = i64)]
    counted_from: Timestamp,
    /// How the agent stands now.
    standing: StandingShown,
    /// When the agent was signed in first today; nothing for who was not yet.
    #[schema(value_type = Option<i64>)]
    signed_in_at: Option<Timestamp>,
    /// How long the agent was signed in, in whatever state.
    #[schema(value_type = i64)]
    signed_in: Millis,
    /// How long in each state; together they are `signed_in`.
    states: Vec<StateLength>,
    /// How long on break, by reason, the longest first.
    breaks: Vec<BreakLength>,
    /// Calls that are over, offers that came to nothing.
    calls: CallCounts,
    /// Of callbacks that the agent made.
    promises: PromiseCounts,
    /// Open entries that the agent has in hand or was given, at most 200, the oldest first.
    #[schema(value_type = Vec<String>)]
    claims: Vec<EntryId>,
    /// The last calls, newest first.
    last: Vec<CallOfDay>,
}

/// A state with its beginning.
#[derive(Debug, Serialize, ToSchema)]
struct StandingShown {
    /// As the state of an agent.
    #[schema(value_type = String)]
    state: AgentState,
    /// The reason of a break.
    reason: Option<String>,
    /// Since when, and not since before the day.
    #[schema(value_type = i64)]
    since: Timestamp,
}

/// How long an agent was in a state.
#[derive(Debug, Serialize, ToSchema)]
struct StateLength {
    /// As the state of an agent; never `not_signed_in`.
    #[schema(value_type = String)]
    state: AgentState,
    /// How long.
    #[schema(value_type = i64)]
    length: Millis,
}

/// How long an agent was on break for a reason.
#[derive(Debug, Serialize, ToSchema)]
struct BreakLength {
    /// The reason; empty where it is not known.
    reason: String,
    /// How long.
    #[schema(value_type = i64)]
    length: Millis,
}

/// How many calls there were.
#[derive(Debug, Serialize, ToSchema)]
struct CallCounts {
    /// Calls of others that the agent answered.
    taken: usize,
    /// Calls that the agent made.
    made: usize,
    /// Callbacks in which this agent had the customer dialled.
    callbacks: usize,
    /// Offers that rang for the whole ring time.
    not_answered: usize,
    /// Offers that the agent refused.
    declined: usize,
}

/// What became of promises.
#[derive(Debug, Serialize, ToSchema)]
struct PromiseCounts {
    /// The customer was dialled in time.
    kept: usize,
    /// The customer was dialled too late.
    late: usize,
}

/// A call of the day, in short.
#[derive(Debug, Serialize, ToSchema)]
struct CallOfDay {
    /// The call.
    #[schema(value_type = String)]
    call: CallId,
    /// When it began.
    #[schema(value_type = i64)]
    began: Timestamp,
    /// `in`, `callback`, `out` or `internal`.
    #[schema(value_type = String)]
    direction: Direction,
    /// `talked`, `requested`, `message`, `missed`, `ended_by_flow`, `cut_off`, `not_reached` or `not_dialled`.
    #[schema(value_type = String)]
    end: RecordEnd,
    /// What the network said of the one whom we called.
    #[schema(value_type = Option<String>)]
    result: Option<CallResult>,
    /// Who has hung up, of a call that was dialled by hand: `caller` or `called`.
    #[schema(value_type = Option<String>)]
    ended_by: Option<Ender>,
    /// The number outside.
    number: Option<String>,
    /// The phone of ours that called.
    extension: Option<String>,
    /// The connections that it was made of: `{party, began, answered, ended, why}`.
    #[schema(value_type = Vec<Object>)]
    legs: Vec<Leg>,
    /// The queue.
    #[schema(value_type = Option<String>)]
    queue: Option<QueueKey>,
    /// The service.
    #[schema(value_type = Option<String>)]
    service: Option<ServiceKey>,
    /// How long this agent talked in it.
    #[schema(value_type = i64)]
    talked: Millis,
}

pub(crate) fn routes(api: &Api) -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(guarded(api, Need::look(Role::Agent, Scope::Read), routes!(today)))
}

/// What I have done today; for supervisors also what an agent of their groups has
#[utoipa::path(get, path = "/api/me/today", tag = "desk", params(WhoseDay), responses((status = 200, body = Today)))]
async fn today(seat: Seat, Asked(whose): Asked<WhoseDay>) -> Result<Json<Today>, Failure> {
    if whose.agent.is_none() && seat.viewer.agent.is_none() {
        return Err(Failure::forbidden("no_agent", "this user is no agent, and has no day of calls: name an agent"));
    }
    let agent = seat.agent(whose.agent)?;
    let directory = seat.desk.desk.directory();
    let zone = &directory.site.zone;
    let now = seat.desk.desk.now();
    let (from, to) = zone.day(now);
    // What has happened in this very moment is in it, too.
    let told = seat.api.parts().archive.agent_day(agent.clone(), from, now + Millis::new(1)).await?;
    let day = Workday::tell(told.from, now.max(told.from), told.before, &told.facts);
    let tally = Tally::of(&agent, &told.calls);
    Ok(Json(Today {
        from,
        to,
        now,
        zone: zone.to_string(),
        counted_from: told.from,
        standing: StandingShown::of(&day, from),
        signed_in_at: day.signed_in_at,
        signed_in: day.signed_in,
        states: day.states.iter().map(|(state, length)| StateLength { state: *state, length: *length }).collect(),
        breaks: BreakLength::all(&day),
        calls: CallCounts {
            taken: tally.taken,
            made: tally.made,
            callbacks: tally.callbacks,
            not_answered: day.unanswered,
            declined: day.declined,
        },
        promises: PromiseCounts { kept: tally.kept, late: tally.late },
        claims: seat.in_hand_of(&agent),
        last: told.calls.into_iter().take(LAST_CALLS).map(|record| CallOfDay::of(record, &agent)).collect(),
        agent,
    }))
}

impl Seat {
    /// The open entries that this agent has in hand or was given, the oldest first.
    fn in_hand_of(&self, agent: &AgentKey) -> Vec<EntryId> {
        self.desk.board.look(|rows, _| {
            let entries = rows.entries.values().map(|row| &row.row.entry).filter(|entry| entry.is_open());
            let own = entries.filter(|entry| entry.holder().or(entry.assigned.as_ref()) == Some(agent));
            own.map(|entry| entry.id).take(MOST_CLAIMS).collect()
        })
    }
}

impl StandingShown {
    fn of(day: &Workday, from: Timestamp) -> Self {
        let away = || (AgentState::NotSignedIn, None, from);
        let stands = |(standing, since): &(nohold_core::workday::Standing, Timestamp)| {
            (standing.state, standing.reason.clone(), *since)
        };
        let (state, reason, since) = day.standing.as_ref().map_or_else(away, stands);
        StandingShown { state, reason, since }
    }
}

impl BreakLength {
    fn all(day: &Workday) -> Vec<Self> {
        let mut breaks: Vec<BreakLength> =
            day.breaks.iter().map(|(reason, length)| BreakLength { reason: reason.clone(), length: *length }).collect();
        breaks.sort_by_key(|one| std::cmp::Reverse(one.length));
        breaks
    }
}

impl CallOfDay {
    fn of(record: Record, agent: &AgentKey) -> Self {
        CallOfDay {
            call: record.call,
            began: record.began,
            direction: record.direction,
            end: record.end,
            result: record.result,
            talked: record.talked_with(agent),
            number: record.number.map(|number| number.as_str().to_owned()),
            extension: record.extension.map(|extension| extension.as_str().to_owned()),
            ended_by: record.ended_by,
            legs: record.legs,
            queue: record.queue,
            service: record.service,
        }
    }
}
