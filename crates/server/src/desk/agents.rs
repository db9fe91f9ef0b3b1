//! Agents and queues: what they do now, and what is wished of them.

use axum::Json;
use nohold_app::ports::Role;
use nohold_core::agent::{Input, Mode};
use nohold_core::text;
use nohold_model::{AgentKey, PhoneNumber};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Seat, refused};
use crate::access::{Need, Scope, guarded};
use crate::board::{AgentShown, QueueShown};
use crate::body::{Given, Named};
use crate::configuration::work_outside;
use crate::failure::Failure;
use crate::state::Api;

/// The longest reason of a break, in characters.
const LONGEST_REASON: usize = 64;

/// What an agent shall do.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AgentWish {
    /// What.
    action: AgentAction,
    /// The reason of a break, up to 64 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// What an agent can do by a click.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AgentAction {
    /// Begin to work.
    SignIn,
    /// End work; with a call in hand, after it.
    SignOut,
    /// Take calls; with a call in hand, after it.
    Available,
    /// Take no calls.
    NotReady,
    /// Have a break, with its reason.
    Break,
    /// Clear *no answer*.
    Clear,
    /// End the wrap-up.
    EndWrapUp,
    /// Take the wrap-up that the queue leaves to the agent: after the present conversation, or the one that has just ended.
    TakeWrapUp,
    /// Need longer: the wrap-up does not end when the time of the queue is over, but a quarter of an hour after it began. One
    /// that is mandatory has no end by time.
    StayInWrapUp,
}

/// Agents whom somebody may see.
#[derive(Serialize, ToSchema)]
pub(crate) struct Agents {
    #[schema(value_type = Vec<AgentShown>)]
    items: Vec<Box<RawValue>>,
}

/// Queues that somebody may see.
#[derive(Serialize, ToSchema)]
pub(crate) struct Queues {
    #[schema(value_type = Vec<QueueShown>)]
    items: Vec<Box<RawValue>>,
}

pub(crate) fn routes(api: &Api) -> OpenApiRouter<Api> {
    let look = Need::look(Role::Agent, Scope::Read);
    let change = Need::change(Role::Agent, Scope::Desk);
    let supervise = Need::change(Role::Supervisor, Scope::Desk);
    OpenApiRouter::new()
        .routes(guarded(api, look, routes!(me)))
        .routes(guarded(api, change, routes!(change_me)))
        .routes(guarded(api, look, routes!(outside)))
        .routes(guarded(api, change, routes!(change_outside)))
        .routes(guarded(api, look, routes!(all)))
        .routes(guarded(api, supervise, routes!(change_one)))
        .routes(guarded(api, look, routes!(queues)))
}

/// Myself, as an agent
#[utoipa::path(get, path = "/api/me/agent", tag = "desk", responses((status = 200, body = AgentShown)))]
async fn me(seat: Seat) -> Result<Json<Box<RawValue>>, Failure> {
    let agent = seat.agent(None)?;
    seat.shown(&agent)
}

/// Where my calls ring.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OwnOutside {
    /// At the number outside; otherwise at the phone.
    outside: bool,
    /// The number outside that is configured for me, as E.164. Nobody else at the desk is told it.
    #[schema(value_type = Option<String>)]
    number: Option<PhoneNumber>,
}

/// Whether my calls ring at a number outside, and at which
#[utoipa::path(get, path = "/api/me/outside", tag = "desk", responses((status = 200, body = OwnOutside)))]
async fn outside(seat: Seat) -> Result<Json<OwnOutside>, Failure> {
    let agent = seat.agent(None)?;
    let directory = seat.desk.desk.directory();
    let works = directory.agents.get(&agent).and_then(|profile| profile.outside.as_ref());
    Ok(Json(OwnOutside {
        outside: works.is_some_and(|works| works.used),
        number: works.map(|works| works.number.clone()),
    }))
}

/// Where an agent works.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Outside {
    /// At the number outside that is configured for the agent; otherwise at the phone.
    outside: bool,
}

/// Work at my number outside, where whoever answers presses 1 to be connected, or at my phone again
#[utoipa::path(
    put, path = "/api/me/outside", tag = "desk", request_body = Outside, responses((status = 200, body = Outside))
)]
async fn change_outside(seat: Seat, Given(given): Given<Outside>) -> Result<Json<Outside>, Failure> {
    seat.telling().wish(&given);
    let agent = seat.agent(None)?;
    seat.telling().before(&seat.agent_told(&agent));
    work_outside(&seat.api, &seat.caller.user.name, &agent, given.outside).await?;
    seat.telling().after(&given);
    Ok(Json(given))
}

/// Sign in or out, take calls or not, have a break, clear *no answer*, end the wrap-up
#[utoipa::path(
    post, path = "/api/me/agent", tag = "desk", request_body = AgentWish, responses((status = 200, body = AgentShown))
)]
async fn change_me(seat: Seat, Given(wish): Given<AgentWish>) -> Result<Json<Box<RawValue>>, Failure> {
    let agent = seat.agent(None)?;
    seat.wish(agent, wish).await
}

/// The agents of my groups, and what they do now
#[utoipa::path(get, path = "/api/agents", tag = "desk", responses((status = 200, body = Agents)))]
async fn all(seat: Seat) -> Json<Agents> {
    let items = seat.desk.board.look(|rows, _| {
        let sight = seat.sight(&rows.directory);
        let seen = rows.agents.iter().filter(|(key, _)| sight.sees_agent(key));
        seen.map(|(_, row)| row.json.clone()).collect()
    });
    Json(Agents { items })
}

/// What a supervisor wishes of an agent
#[utoipa::path(
    post, path = "/api/agents/{key}", tag = "desk", params(("key" = String, Path)), request_body = AgentWish,
    responses((status = 200, body = AgentShown))
)]
async fn change_one(
    seat: Seat,
    Named(key): Named<AgentKey>,
    Given(wish): Given<AgentWish>,
) -> Result<Json<Box<RawValue>>, Failure> {
    seat.telling().wish(&wish);
    let agent = seat.agent(Some(key))?;
    seat.wish(agent, wish).await
}

/// The queues of my groups: who waits, how long, and who serves them
#[utoipa::path(get, path = "/api/queues", tag = "desk", responses((status = 200, body = Queues)))]
async fn queues(seat: Seat) -> Json<Queues> {
    let items = seat.desk.board.look(|rows, _| {
        let sight = seat.sight(&rows.directory);
        let seen = |key| rows.directory.queue(key).is_some_and(|queue| sight.sees_queue(queue));
        rows.queues.iter().filter(|(key, _)| seen(key)).map(|(_, row)| row.json.clone()).collect()
    });
    Json(Queues { items })
}

impl Seat {
    fn shown(&self, agent: &AgentKey) -> Result<Json<Box<RawValue>>, Failure> {
        let row = self.desk.board.look(|rows, _| rows.agents.get(agent).map(|row| row.json.clone()));
        row.map(Json).ok_or_else(|| Failure::not_found("there is no such agent"))
    }

    /// Where reasons of breaks are configured, one of them must be given.
    fn is_a_reason(&self, input: &Input) -> Result<(), Failure> {
        let directory = self.desk.desk.directory();
        let known = &directory.site.break_reasons;
        match input {
            Input::Choose(Mode::Break(reason)) if !known.is_empty() && !known.contains(reason) => {
                let message = format!("choose one of the reasons that are configured: {}", known.join(", "));
                Err(Failure::invalid("reason", message))
            }
            _ => Ok(()),
        }
    }

    async fn wish(&self, agent: AgentKey, wish: AgentWish) -> Result<Json<Box<RawValue>>, Failure> {
        self.telling().wish(&wish);
        let input = wish.meant()?;
        self.is_a_reason(&input)?;
        let by = self.actor()?;
        self.telling().before(&self.agent_told(&agent));
        self.desk.desk.change_agent(agent.clone(), input, by).await.map_err(refused)?;
        self.telling().after(&self.agent_told(&agent));
        self.shown(&agent)
    }
}

impl AgentWish {
    fn meant(self) -> Result<Input, Failure> {
        if self.reason.is_some() && self.action != AgentAction::Break {
            return Err(Failure::invalid("reason", "a reason belongs to `break`"));
        }
        Ok(match self.action {
            AgentAction::SignIn => Input::SignIn,
            AgentAction::SignOut => Input::SignOut,
            AgentAction::Available => Input::Choose(Mode::Available),
            AgentAction::NotReady => Input::Choose(Mode::NotReady),
            AgentAction::Break => {
                let reason = self.reason.unwrap_or_default().trim().to_owned();
                text::name(&reason).map_err(|unfit| Failure::invalid("reason", unfit.to_string()))?;
                if !(1..=LONGEST_REASON).contains(&reason.chars().count()) {
                    let message = format!("a break has a reason of 1 to {LONGEST_REASON} characters");
                    return Err(Failure::invalid("reason", message));
                }
                Input::Choose(Mode::Break(reason))
            }
            AgentAction::Clear => Input::Clear,
            AgentAction::EndWrapUp => Input::EndWrapUp,
            AgentAction::TakeWrapUp => Input::TakeWrapUp,
            AgentAction::StayInWrapUp => Input::StayInWrapUp,
        })
    }
}
