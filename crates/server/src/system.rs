//! Whether the server is alive, and whether it is well.

use std::collections::BTreeMap;
use std::time::SystemTime;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::{Need, Scope, guarded, open};
use crate::state::Api;
use crate::tls::{About, Origin};
use nohold_app::ports::{Condition, Image, Role};
use nohold_core::fact::NumberRefusal;
use nohold_model::Timestamp;

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
    /// Whether conversations are recorded that should be, as the last ones tell; not said where nothing runs that could.
    #[serde(skip_serializing_if = "Option::is_none")]
    recordings: Option<RecordingsState>,
    /// Where they fail: since when, in milliseconds since 1970 (UTC).
    #[serde(skip_serializing_if = "Option::is_none")]
    recordings_failing_since: Option<i64>,
    /// What was counted at the edge of SIP since the start, by name: messages handed on (`passed`), refused, ignored,
    /// dropped as too many (`over_rate`, `locked_out`), refused with 503 (`overloaded`, `not_accepting`, and for
    /// `most_calls`, for want of ports or of a store `calls_refused`), connections.
    /// Not said where nothing runs that could count.
    #[serde(skip_serializing_if = "Option::is_none")]
    sip: Option<BTreeMap<String, u64>>,
    /// Numbers that callers wanted to be called on and that were refused since the start (AT-17), by the class of the reason:
    /// `impossible` (also emergency numbers), `not_allowed` (premium-rate, abroad, our own), `blocked`, `over_limit`.
    refused_numbers: RefusedNumbers,
    /// The certificate with which the server itself speaks HTTPS; not said where it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<CertificateShown>,
}

/// How many numbers were refused as targets of a callback.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefusedNumbers {
    /// They could not exist, or belong to the emergency services.
    impossible: u64,
    /// Of a kind that is never called back: premium-rate, abroad, our own.
    not_allowed: u64,
    /// On the block list.
    blocked: u64,
    /// They have asked too often.
    over_limit: u64,
}

impl RefusedNumbers {
    fn of(image: &Image) -> Self {
        RefusedNumbers {
            impossible: image.refused_numbers(NumberRefusal::Impossible),
            not_allowed: image.refused_numbers(NumberRefusal::NotAllowed),
            blocked: image.refused_numbers(NumberRefusal::Blocked),
            over_limit: image.refused_numbers(NumberRefusal::OverLimit),
        }
    }
}

/// The certificate of the server's own HTTPS.
#[derive(Debug, Serialize, ToSchema)]
pub struct CertificateShown {
    /// The server has made it itself, so browsers warn of it.
    self_signed: bool,
    /// SHA-256 of it, as browsers show it: `AB:CD:…`.
    fingerprint: String,
    /// Names and addresses that it is for.
    names: Vec<String>,
    /// When it ends, in milliseconds since 1970 (UTC).
    until: u64,
    /// What is wrong with it, or with the one that should have taken its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

impl From<About> for CertificateShown {
    fn from(about: About) -> Self {
        let until = about.until.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis();
        CertificateShown {
            self_signed: about.origin == Origin::SelfSigned,
            fingerprint: about.fingerprint,
            names: about.names,
            until: u64::try_from(until).unwrap_or(u64::MAX),
            problem: about.problem,
        }
    }
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

/// Whether conversations are recorded.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordingsState {
    /// The last one was kept, or there was none since the start.
    Well,
    /// The last one was not, nor those before it since the time that is told: the server's log says why (the disk is full,
    /// broken or too slow). Calls go on without.
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

/// Version, age, how the store and the recordings are, and what was counted
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
    let failing_since = api.desk().map(|desk| (desk.recordings_failing_since)());
    let recordings = failing_since.map(|since| match since {
        Some(_) => RecordingsState::Failing,
        None => RecordingsState::Well,
    });
    let sip =
        api.desk().map(|desk| (desk.counted)().into_iter().map(|(name, count)| (name.to_owned(), count)).collect());
    let since = api.since();
    Json(Status {
        version: api.parts().version,
        since: since.as_millis(),
        uptime_seconds: api.now().since(since).as_millis() / 1000,
        store,
        recordings,
        recordings_failing_since: failing_since.flatten().map(Timestamp::as_millis),
        sip,
        refused_numbers: RefusedNumbers::of(api.parts().archive.image()),
        certificate: api.tls().map(|tls| tls.about(SystemTime::now()).into()),
    })
}
