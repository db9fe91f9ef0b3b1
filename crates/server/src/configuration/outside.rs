//! The one thing that agents configure by themselves: whether they work at their number outside.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use nohold_model::AgentKey;
use serde_json::{Value, json};

use super::change::{Way, carry_out};
use super::kind::Kind;
use super::plan::plan;
use crate::failure::Failure;
use crate::state::Api;

/// From now on this agent works at the number outside, or at the phone again.
///
/// # Errors
/// When no number outside is configured for the agent, or the change could not be made.
pub(crate) async fn work_outside(api: &Api, by: &str, agent: &AgentKey, outside: bool) -> Result<(), Failure> {
    let place = Kind::Agents.place(agent.as_str()).map_err(|problem| Failure::invalid("agent", problem))?;
    let way = Way { by: by.to_owned(), redraw: false, generate_missing: false, dry_run: false };
    carry_out(api, way, move |kept, around| {
        let known = kept.things.get(&place).and_then(|kept| kept.body.as_deref());
        let mut body: Value = serde_json::from_str(known.unwrap_or("null")).map_err(|_| Failure::internal())?;
        let used = body.get_mut("outside").and_then(Value::as_object_mut).ok_or_else(|| {
            let message = "no number outside is configured for you: ask an administrator for it";
            Failure::new(StatusCode::CONFLICT, "no_number_outside", message)
        })?;
        used.insert("used".to_owned(), json!(outside));
        Ok((plan(kept, BTreeMap::from([(place, Some(body))]), around)?, ()))
    })
    .await
    .map(drop)
}
