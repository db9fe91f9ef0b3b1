//! Whether the server is alive, and whether it is well.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::{Need, Scope, guarded, open};
use crate::state::Api;
use nohold_app::ports::Role;

/// It is alive.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// Always `true`.
    alive: bool,
}

/// How it is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Status {
    /// The version of the program.
    version: &'static str,
    /// Since when it runs, in milliseconds since 1970 (UTC).
    since: i64,
    /// How long it has run, in seconds.
    uptime_seconds: u64,
    /// Whether the store answers.
    store: StoreState,
}

/// Whether the store answers.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StoreState {
    /// It does.
    Well,
    /// It does not.
    Failing,
}

pub(crate) fn routes(api: &Api) -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(open(routes!(health))).routes(guarded(
        api,
        Need::look(Role::Administrator, Scope::Read),
        routes!(status),
    ))
}

/// Whether the server is alive
#[utoipa::path(get, path = "/api/health", tag = "system", responses((status = 200, body = Health)))]
async fn health() -> Json<Health> {
    Json(Health { alive: true })
}

/// Version, age, and whether the store answers
#[utoipa::path(get, path = "/api/status", tag = "system", responses((status = 200, body = Status)))]
async fn status(State(api): State<Api>) -> Json<Status> {
    let store = match api.parts().configured.configured().await {
        Ok(_) => StoreState::Well,
        Err(_) => StoreState::Failing,
    };
    let since = api.since();
    Json(Status {
        version: api.parts().version,
        since: since.as_millis(),
        uptime_seconds: api.now().since(since).as_millis() / 1000,
        store,
    })
}
