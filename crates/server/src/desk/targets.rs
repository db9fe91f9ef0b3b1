//! Whom a conversation could go to.

use axum::Json;
use nohold_app::ports::Role;
use nohold_core::agent::AgentState;
use nohold_core::directory::Meaning;
use nohold_flow::Kind;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Seat;
use crate::access::{Need, Scope, guarded};
use crate::board::Rows;
use crate::body::Asked;
use crate::failure::Failure;
use crate::state::Api;

/// The longest query, in characters.
const LONGEST_QUERY: usize = 64;

/// The most of each kind that are found.
const MOST_OF_A_KIND: usize = 20;

/// What is looked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TargetQuery {
    /// A part of a number, name or key; everything where it is empty.
    #[serde(default)]
    query: String,
}

/// Whom a conversation could go to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Targets {
    /// Agents, queues, other phones, flows, then the number itself where it is one that may be dialled; up to 20 of a kind.
    items: Vec<TargetFound>,
}

/// One of them.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct TargetFound {
    /// `agent`, `queue`, `extension`, `flow` or `number`: also the field of `to` in a transfer.
    kind: &'static str,
    /// What to send there.
    value: String,
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// The number by which phones of ours call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<String>,
    /// Of an agent: the state.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    state: Option<AgentState>,
    /// Of an agent: since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<i64>,
    /// Of an agent: nothing has them in hand, so their phone would ring.
    #[serde(skip_serializing_if = "Option::is_none")]
    reachable: Option<bool>,
    /// Of a queue: agents who are free now.
    #[serde(skip_serializing_if = "Option::is_none")]
    available: Option<usize>,
    /// Of a queue: callers who wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting: Option<usize>,
    /// Of a queue: how long somebody who came now would wait, in seconds, at least and at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    wait: Option<WaitShown>,
}

/// A wait.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) struct WaitShown {
    /// At least, in seconds.
    from: u64,
    /// At most, in seconds.
    to: u64,
}

pub(crate) fn routes(api: &Api) -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(guarded(api, Need::look(Role::Agent, Scope::Read), routes!(search)))
}

/// Whom a conversation could go to: colleagues with their states, queues with their waits, phones, flows, a number
///
/// Of agents of other groups nothing else is shown than here: the name, the number and the state.
#[utoipa::path(
    get, path = "/api/transfer-targets", tag = "desk", params(TargetQuery), responses((status = 200, body = Targets))
)]
async fn search(seat: Seat, Asked(asked): Asked<TargetQuery>) -> Result<Json<Targets>, Failure> {
    if asked.query.chars().count() > LONGEST_QUERY {
        let message = format!("a query has up to {LONGEST_QUERY} characters");
        return Err(Failure::invalid("query", message));
    }
    let wanted = asked.query.trim().to_lowercase();
    let fits = |texts: &[&str]| texts.iter().any(|text| text.to_lowercase().contains(&wanted));
    let mut items = seat.desk.board.look(|rows, _| found(rows, &seat, &fits));
    let directory = seat.desk.desk.directory();
    if let Some(Meaning::Outside(number)) = directory.meaning(&asked.query) {
        let own = seat.viewer.agent.as_ref().and_then(|agent| directory.agents.get(agent));
        if own.is_some_and(|own| directory.may_call_outside(&own.extension, &number)) {
            let value = number.as_str().to_owned();
            items.push(TargetFound { kind: "number", value, ..TargetFound::default() });
        }
    }
    for item in items.iter_mut().filter(|item| item.kind == "queue") {
        let wait = item.value.parse().ok().and_then(|queue| seat.desk.desk.expected_wait(&queue));
        item.wait = wait.map(|wait| WaitShown { from: seconds(wait.low), to: seconds(wait.high) });
    }
    Ok(Json(Targets { items }))
}

/// Those of the house whom the words fit.
fn found(rows: &Rows, seat: &Seat, fits: &dyn Fn(&[&str]) -> bool) -> Vec<TargetFound> {
    let directory = &rows.directory;
    let own = seat.viewer.agent.as_ref();
    let name = |extension| directory.extensions.get(extension).map(|known| known.name.clone());
    let agents = directory.agents.values().filter(|profile| Some(&profile.key) != own).filter_map(|profile| {
        let phone = name(&profile.extension).unwrap_or_default();
        if !fits(&[profile.key.as_str(), &profile.number, &profile.name, &phone]) {
            return None;
        }
        let agent = &rows.agents.get(&profile.key)?.row;
        Some(TargetFound {
            kind: "agent",
            value: profile.key.to_string(),
            name: Some(profile.name.clone()),
            number: directory.extensions.get(&profile.extension).map(|known| known.number.clone()),
            state: Some(agent.state()),
            since: Some(agent.since.as_millis()),
            reachable: Some(agent.engagement.is_none() && agent.is_signed_in()),
            ..TargetFound::default()
        })
    });
    let queues = directory.queues.values().filter(|queue| {
        let number = queue.number.as_deref().unwrap_or_default();
        fits(&[queue.key.as_str(), &queue.name, number])
    });
    let queues = queues.map(|queue| {
        let (waiting, available) = rows.line(queue);
        TargetFound {
            kind: "queue",
            value: queue.key.to_string(),
            name: Some(queue.name.clone()),
            number: queue.number.clone(),
            available: Some(available),
            waiting: Some(waiting),
            ..TargetFound::default()
        }
    });
    let of_nobody = |key| directory.agent_of(key).is_none();
    let phones = directory.extensions.values().filter(|known| of_nobody(&known.key));
    let phones = phones.filter(|known| fits(&[known.key.as_str(), &known.number, &known.name]));
    let phones = phones.map(|known| TargetFound {
        kind: "extension",
        value: known.key.to_string(),
        name: Some(known.name.clone()),
        number: Some(known.number.clone()),
        ..TargetFound::default()
    });
    let flows = directory.flows.keys().filter_map(|key| {
        let (_, document) = directory.latest_flow(key)?;
        let Kind::Main { internal_number } = &document.kind else { return None };
        let fits = fits(&[key.as_str(), &document.name, internal_number]);
        fits.then(|| TargetFound {
            kind: "flow",
            value: key.to_string(),
            name: Some(document.name.clone()),
            number: Some(internal_number.clone()),
            ..TargetFound::default()
        })
    });
    let most = MOST_OF_A_KIND;
    agents.take(most).chain(queues.take(most)).chain(phones.take(most)).chain(flows.take(most)).collect()
}

fn seconds(seconds: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a wait is neither negative nor years long"
    )]
    let whole = seconds.max(0.0).round() as u64;
    whole
}
