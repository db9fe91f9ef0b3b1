//! What is done with an entry.

use axum::Json;
use nohold_app::desk::NotDone;
use nohold_app::ports::Role;
use nohold_core::directory::{Directory, DispositionEffect};
use nohold_core::entry::{Actor, Change, CloseReason, Outcome, Window};
use nohold_core::text;
use nohold_core::transaction::Refusal;
use nohold_model::{AgentKey, CallId, CallResult, DispositionKey, EntryId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::told::EntryTold;
use super::{Seat, refused};
use crate::access::{Need, Scope, guarded};
use crate::board::{EntryShown, TargetShown, WindowShown};
use crate::body::{Given, Named};
use crate::failure::Failure;
use crate::state::Api;

/// A wish that needs no more than the entry.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plain {
    /// The version that was seen; refused as `changed` where there is a newer one.
    version: Option<u64>,
}

/// A wish that concerns an agent.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ForAgent {
    /// The agent, where a supervisor acts for one; the caller otherwise.
    #[schema(value_type = Option<String>)]
    agent: Option<AgentKey>,
    /// The version that was seen.
    version: Option<u64>,
}

/// *Call back*.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CallBack {
    /// The agent who calls, where a supervisor acts for one; the caller otherwise.
    #[schema(value_type = Option<String>)]
    agent: Option<AgentKey>,
    /// A supervisor lets it happen outside the dialling window, which stands in the history.
    #[serde(default)]
    beyond_window: bool,
    /// The version that was seen.
    version: Option<u64>,
}

/// A call that has begun.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CallBegun {
    /// Its id.
    #[schema(value_type = String)]
    call: CallId,
}

/// The word on an entry.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OutcomeGiven {
    /// What becomes of it.
    outcome: OutcomeKind,
    /// For `close`: as what; `done` where nothing is said.
    reason: Option<ReasonGiven>,
    /// For `not_reached`: what was heard instead of the customer: `machine`, `no_answer`, `busy`, `refused`, `unallocated` or
    /// `switched_off`.
    #[schema(value_type = Option<String>)]
    result: Option<CallResult>,
    /// For `postpone`: the window that was agreed.
    window: Option<WindowShown>,
    /// The disposition; where some are listed for the entry's queue, service or campaign, one of them, and else one of those
    /// that are configured, where any are.
    #[schema(value_type = Option<String>)]
    disposition: Option<DispositionKey>,
    /// A note for those who read it later, up to 2,000 characters.
    #[serde(default)]
    #[schema(max_length = 2000)]
    note: String,
    /// The version that was seen.
    version: Option<u64>,
}

/// What becomes of an entry.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OutcomeKind {
    /// It is settled.
    Close,
    /// The line was answered, but not by the customer: the retry plan goes on.
    NotReached,
    /// It stays on the list, due at once.
    Keep,
    /// It is moved to a time that was agreed.
    Postpone,
}

/// As what an entry is closed by hand.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReasonGiven {
    /// The customer was called.
    Done,
    /// The customer took it back.
    Cancelled,
    /// The customer may not be called.
    Refused,
}

/// A new priority.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PriorityGiven {
    /// Higher comes first within its part of the list.
    priority: u8,
    /// The version that was seen.
    version: Option<u64>,
}

/// Others who shall work on it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reassigned {
    /// Another group, service, campaign or queue.
    target: Option<TargetShown>,
    /// One agent; nobody in particular where nothing is said.
    #[schema(value_type = Option<String>)]
    agent: Option<AgentKey>,
    /// The version that was seen.
    version: Option<u64>,
}

/// What the outcome of an entry may be called.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DispositionsShown {
    /// Those that may be given, in the order in which they are offered.
    items: Vec<DispositionShown>,
    /// These are listed for the entry's queue, service or campaign; otherwise they are all that are configured. None other
    /// may be given, but where none is configured at all.
    only_these: bool,
}

/// A disposition.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DispositionShown {
    /// Its key, which an outcome names.
    #[schema(value_type = String)]
    key: DispositionKey,
    /// The name that people see.
    name: String,
    /// What it does to the request that was called back, where the agent says nothing else: `closes`, `keeps_open`, or
    /// `retries` where the customer was not reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    effect: Option<DispositionEffect>,
}

impl DispositionShown {
    pub(super) fn new(directory: &Directory, key: &DispositionKey) -> Self {
        let known = &directory.dispositions;
        DispositionShown {
            key: key.clone(),
            name: known.names.get(key).cloned().unwrap_or_else(|| key.to_string()),
            effect: known.effects.get(key).copied(),
        }
    }
}

type Answer = Result<Json<EntryShown>, Failure>;

pub(crate) fn routes(api: &Api) -> OpenApiRouter<Api> {
    let agents = Need::change(Role::Agent, Scope::Desk);
    let supervisors = Need::change(Role::Supervisor, Scope::Desk);
    OpenApiRouter::new()
        .routes(guarded(api, agents, routes!(claim)))
        .routes(guarded(api, agents, routes!(release)))
        .routes(guarded(api, agents, routes!(call)))
        .routes(guarded(api, agents, routes!(outcome)))
        .routes(guarded(api, Need::look(Role::Agent, Scope::Read), routes!(dispositions)))
        .routes(guarded(api, agents, routes!(reopen)))
        .routes(guarded(api, agents, routes!(take_back_served)))
        .routes(guarded(api, agents, routes!(cancel)))
        .routes(guarded(api, agents, routes!(acknowledge)))
        .routes(guarded(api, supervisors, routes!(prioritise)))
        .routes(guarded(api, supervisors, routes!(reassign)))
        .routes(guarded(api, supervisors, routes!(allow_more_attempts)))
}

/// Claim an entry: nobody else works on it for a while
#[utoipa::path(
    post, path = "/api/entries/{id}/claim", tag = "desk", params(("id" = String, Path)), request_body = ForAgent,
    responses((status = 200, body = EntryShown))
)]
async fn claim(seat: Seat, Named(id): Named<EntryId>, Given(given): Given<ForAgent>) -> Answer {
    seat.telling().wish(&json!({ "agent": given.agent }));
    let agent = seat.agent(given.agent)?;
    seat.change(id, given.version, Change::Claim { agent }).await
}

/// Give a claim back
#[utoipa::path(
    post, path = "/api/entries/{id}/release", tag = "desk", params(("id" = String, Path)), request_body = Plain,
    responses((status = 200, body = EntryShown))
)]
async fn release(seat: Seat, Named(id): Named<EntryId>, Given(given): Given<Plain>) -> Answer {
    seat.change(id, given.version, Change::Release).await
}

/// Call back: the agent's phone rings first, then the customer is dialled
#[utoipa::path(
    post, path = "/api/entries/{id}/call", tag = "desk", params(("id" = String, Path)), request_body = CallBack,
    responses((status = 200, body = CallBegun))
)]
async fn call(
    seat: Seat,
    Named(id): Named<EntryId>,
    Given(given): Given<CallBack>,
) -> Result<Json<CallBegun>, Failure> {
    seat.telling().wish(&json!({ "agent": given.agent, "beyond_window": given.beyond_window }));
    let agent = seat.agent(given.agent)?;
    seat.telling().before(&EntryTold::from(&seat.entry(id).await?));
    let by = seat.actor()?;
    if given.beyond_window && !matches!(by, Actor::Supervisor(_)) {
        let message = "only a supervisor may call outside the dialling window";
        return Err(Failure::forbidden("not_allowed", message).at("beyond_window"));
    }
    let begun = seat.desk.desk.call_back(id, agent.clone(), given.beyond_window, given.version, by);
    let call = begun.await.map_err(|not_done| match not_done {
        NotDone::Refused(Refusal::AgentState) if !seat.is_signed_in(&agent) => {
            let message = "the agent has not signed in: do it first, with *10 on the phone or at `/api/me/agent`";
            Failure::conflict("agent_state", message)
        }
        other => refused(other),
    })?;
    seat.telling().after(&json!({ "call": call, "agent": agent }));
    Ok(Json(CallBegun { call }))
}

/// Say what becomes of an entry: after a conversation, or without one
#[utoipa::path(
    post, path = "/api/entries/{id}/outcome", tag = "desk", params(("id" = String, Path)), request_body = OutcomeGiven,
    responses((status = 200, body = EntryShown))
)]
async fn outcome(seat: Seat, Named(id): Named<EntryId>, Given(given): Given<OutcomeGiven>) -> Answer {
    let OutcomeGiven { outcome, reason, result, window, disposition, version, .. } = &given;
    let version = *version;
    seat.telling().wish(&json!({
        "outcome": outcome, "reason": reason, "result": result, "window": window, "disposition": disposition,
    }));
    let outcome = given.meant()?;
    seat.change(id, version, Change::Outcome(outcome)).await
}

/// What the outcome of an entry may be called
#[utoipa::path(
    get, path = "/api/entries/{id}/dispositions", tag = "desk", params(("id" = String, Path)),
    responses((status = 200, body = DispositionsShown))
)]
async fn dispositions(seat: Seat, Named(id): Named<EntryId>) -> Result<Json<DispositionsShown>, Failure> {
    let entry = seat.entry(id).await?;
    let directory = seat.desk.desk.directory();
    Ok(Json(DispositionsShown::new(&directory, directory.dispositions_of(&entry))))
}

impl DispositionsShown {
    /// Those that are listed, else all that are configured.
    pub(super) fn new(directory: &Directory, listed: Option<&[DispositionKey]>) -> Self {
        let names = &directory.dispositions.names;
        let shown = |key: &DispositionKey| DispositionShown::new(directory, key);
        let items = match listed {
            Some(listed) => listed.iter().map(shown).collect(),
            None => names.keys().map(shown).collect(),
        };
        DispositionsShown { items, only_these: listed.is_some() }
    }
}

/// Work on a closed entry again
#[utoipa::path(
    post, path = "/api/entries/{id}/reopen", tag = "desk", params(("id" = String, Path)), request_body = Plain,
    responses((status = 200, body = EntryShown))
)]
async fn reopen(seat: Seat, Named(id): Named<EntryId>, Given(given): Given<Plain>) -> Answer {
    seat.change(id, given.version, Change::Reopen).await
}

/// It closed because the customer was served in another call, and should not have: within 24 hours it is as it was before
#[utoipa::path(
    post, path = "/api/entries/{id}/take-back-served", tag = "desk", params(("id" = String, Path)), request_body = Plain,
    responses((status = 200, body = EntryShown))
)]
async fn take_back_served(seat: Seat, Named(id): Named<EntryId>, Given(given): Given<Plain>) -> Answer {
    seat.change(id, given.version, Change::TakeBackServed).await
}

/// The customer takes the request back
#[utoipa::path(
    post, path = "/api/entries/{id}/cancel", tag = "desk", params(("id" = String, Path)), request_body = Plain,
    responses((status = 200, body = EntryShown))
)]
async fn cancel(seat: Seat, Named(id): Named<EntryId>, Given(given): Given<Plain>) -> Answer {
    seat.change(id, given.version, Change::Cancel).await
}

/// It was seen that the customer could not be reached: nobody is told any more
#[utoipa::path(
    post, path = "/api/entries/{id}/acknowledge", tag = "desk", params(("id" = String, Path)), request_body = Plain,
    responses((status = 200, body = EntryShown))
)]
async fn acknowledge(seat: Seat, Named(id): Named<EntryId>, Given(given): Given<Plain>) -> Answer {
    seat.change(id, given.version, Change::Acknowledge).await
}

/// Move an entry up or down
#[utoipa::path(
    post, path = "/api/entries/{id}/prioritise", tag = "desk", params(("id" = String, Path)),
    request_body = PriorityGiven, responses((status = 200, body = EntryShown))
)]
async fn prioritise(seat: Seat, Named(id): Named<EntryId>, Given(given): Given<PriorityGiven>) -> Answer {
    seat.telling().wish(&json!({ "priority": given.priority }));
    seat.change(id, given.version, Change::Prioritise { priority: given.priority }).await
}

/// Give an entry to other agents, or to one
#[utoipa::path(
    post, path = "/api/entries/{id}/reassign", tag = "desk", params(("id" = String, Path)), request_body = Reassigned,
    responses((status = 200, body = EntryShown))
)]
async fn reassign(seat: Seat, Named(id): Named<EntryId>, Given(given): Given<Reassigned>) -> Answer {
    seat.telling().wish(&json!({ "target": given.target, "agent": given.agent }));
    let directory = seat.desk.desk.directory();
    let target = given.target.map(|target| target.known(&directory)).transpose()?;
    if given.agent.as_ref().is_some_and(|agent| !directory.agents.contains_key(agent)) {
        return Err(Failure::invalid("agent", "there is no such agent"));
    }
    seat.change(id, given.version, Change::Reassign { target, agent: given.agent }).await
}

/// Let a customer be tried again although there have been enough attempts
#[utoipa::path(
    post, path = "/api/entries/{id}/allow-more-attempts", tag = "desk", params(("id" = String, Path)),
    request_body = Plain, responses((status = 200, body = EntryShown))
)]
async fn allow_more_attempts(seat: Seat, Named(id): Named<EntryId>, Given(given): Given<Plain>) -> Answer {
    seat.change(id, given.version, Change::AllowMoreAttempts).await
}

impl Seat {
    /// Whether this agent has begun to work.
    fn is_signed_in(&self, agent: &AgentKey) -> bool {
        self.desk.board.look(|rows, _| rows.agents.get(agent).is_some_and(|row| row.row.is_signed_in()))
    }

    /// Changes an entry that this person may see. Whether it is as they have seen it is decided where it is changed.
    async fn change(&self, id: EntryId, version: Option<u64>, change: Change) -> Answer {
        self.telling().before(&EntryTold::from(&self.entry(id).await?));
        let by = self.actor()?;
        self.desk.desk.change_entry(id, change, version, by).await.map_err(refused)?;
        let entry = self.any_entry(id).await?.ok_or_else(|| Failure::not_found("there is no such entry any more"))?;
        self.telling().after(&EntryTold::from(&entry));
        Ok(Json(self.entry_shown(&entry)))
    }
}

impl OutcomeGiven {
    fn meant(self) -> Result<Outcome, Failure> {
        let OutcomeGiven { outcome, reason, result, window, disposition, note, version: _ } = self;
        text::note(&note).map_err(|unfit| Failure::invalid("note", unfit.to_string()))?;
        let close = matches!(outcome, OutcomeKind::Close);
        if reason.is_some() && !close {
            return Err(Failure::invalid("reason", "a reason belongs to `close`"));
        }
        if result.is_some() != matches!(outcome, OutcomeKind::NotReached) {
            return Err(Failure::invalid("result", "a result belongs to `not_reached`, which needs one"));
        }
        let postpone = matches!(outcome, OutcomeKind::Postpone);
        if window.is_some() != postpone {
            return Err(Failure::invalid("window", "a window belongs to `postpone`, which needs one"));
        }
        if let Some(result) = result {
            return Ok(Outcome::NotReached { result, disposition, note });
        }
        Ok(match (outcome, window) {
            (OutcomeKind::Close, _) => {
                let reason = match reason.unwrap_or(ReasonGiven::Done) {
                    ReasonGiven::Done => CloseReason::Done,
                    ReasonGiven::Cancelled => CloseReason::Cancelled,
                    ReasonGiven::Refused => CloseReason::Refused,
                };
                Outcome::Close { reason, disposition, note }
            }
            (OutcomeKind::Postpone, Some(WindowShown { from, to })) => {
                Outcome::Postpone { window: Window { from, to }, disposition, note }
            }
            (OutcomeKind::Keep | OutcomeKind::NotReached | OutcomeKind::Postpone, _) => {
                Outcome::Keep { disposition, note }
            }
        })
    }
}
