//! Whether the server is alive, and whether it is well.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::{Need, Scope, guarded, open};
use crate::state::Api;
use nohold_app::ports::{Condition, Role};

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
    /// How the store is.
    store: StoreState,
}

/// How the store is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StoreState {
    /// It keeps what it is given.
    Well,
    /// What it was given some seconds ago is not on the disk yet: the disk stands still, or another program holds the
    /// database. New calls are refused meanwhile.
    Standing,
    /// There is no room on the disk: make some, and all goes on by itself. New calls are refused meanwhile.
    Full,
    /// It does not answer or cannot write; the server's log says why. New calls are refused meanwhile.
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

/// Version, age, and how the store is
#[utoipa::path(get, path = "/api/status", tag = "system", responses((status = 200, body = Status)))]
async fn status(State(api): State<Api>) -> Json<Status> {
    let reads = api.parts().configured.configured().await.is_ok();
    let store = match api.parts().archive.condition() {
        Condition::Full => StoreState::Full,
        Condition::Failing => StoreState::Failing,
        Condition::Standing => StoreState::Standing,
        Condition::Well if reads => StoreState::Well,
        Condition::Well => StoreState::Failing,
    };
    let since = api.since();
    Json(Status {
        version: api.parts().version,
        since: since.as_millis(),
        uptime_seconds: api.now().since(since).as_millis() / 1000,
        store,
    })
}
