//! The routes of single things: each table has its own, made here from one pattern.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, put};
use axum::{Extension, Json};
use nohold_app::ports::{Kept, Place, Role};
use nohold_model::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema as _, ToSchema};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use super::change::{Way, carry_out, told};
use super::kind::Kind;
use super::plan::{Plan, Standing, plan};
use super::schemas::Pattern;
use super::strict;
use crate::access::{Caller, Need, Scope, guarded};
use crate::audit::Telling;
use crate::body::{Asked, Named, bad_json, is_json, not_json, unreadable};
use crate::etag;
use crate::failure::{Failure, ProblemBody};
use crate::repeat::NotKept;
use crate::state::Api;

/// The most things on a page.
const MOST: usize = 500;

/// The things on a page, when nothing is said.
const USUAL: usize = 100;

/// A configured thing.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Thing {
    /// The table.
    kind: String,
    /// The key in it; empty where there is only one.
    key: String,
    /// Counts its changes; also its `ETag`.
    version: u64,
    /// When it was changed last.
    #[schema(value_type = i64)]
    at: Timestamp,
    /// By whom.
    by: String,
    /// The thing; in its history `null` where it was removed.
    body: Value,
}

/// A thing that was changed.
#[derive(Debug, Serialize, ToSchema)]
struct Changed {
    #[serde(flatten)]
    thing: Thing,
    /// Counts the changes of anything.
    revision: u64,
    /// What runs has taken it over. Otherwise it is kept, and holds when the server is started again.
    in_force: bool,
    /// What is not wrong, but should be looked at.
    warnings: Vec<ProblemBody>,
    /// Passwords that were drawn, by account. They are shown now and never again.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    generated: BTreeMap<String, String>,
}

/// A part of a list.
#[derive(Debug, Serialize, ToSchema)]
struct Things {
    /// The part.
    items: Vec<Thing>,
    /// The cursor of the next part: `after`.
    next: Option<String>,
}

/// Which part of a list is asked for.
#[derive(Debug, Deserialize)]
struct Part {
    after: Option<String>,
    limit: Option<usize>,
}

impl Part {
    fn limit(&self) -> usize {
        self.limit.unwrap_or(USUAL).clamp(1, MOST)
    }
}

pub(super) fn routes(api: &Api) -> OpenApiRouter<Api> {
    let look = Need::look(Role::Administrator, Scope::Read).of_configuration();
    let change = Need::change(Role::Administrator, Scope::Configure).of_configuration();
    let mut router = OpenApiRouter::new();
    for kind in Kind::ALL {
        let pattern = Pattern::of(kind);
        let routes: Vec<(Need, UtoipaMethodRouter<Api>)> = if kind.is_single() {
            vec![
                (look, pattern.show(get(move |api| show(api, kind, String::new())))),
                (change, pattern.put(put(move |api, caller, body| change_one(api, caller, kind, String::new(), body)))),
                (look, pattern.versions(get(move |api, part| versions(api, kind, String::new(), part)))),
            ]
        } else {
            vec![
                (look, pattern.list(get(move |api, part| list(api, kind, part)))),
                (look, pattern.show(get(move |api, Named(key)| show(api, kind, key)))),
                (
                    change,
                    pattern.put(put(move |api, Named(key), caller, body| change_one(api, caller, kind, key, body))),
                ),
                (
                    change,
                    pattern.delete(delete(move |api, Named(key), caller, headers| {
                        remove(api, caller, kind, key, headers)
                    })),
                ),
                (look, pattern.versions(get(move |api, Named(key), part| versions(api, kind, key, part)))),
            ]
        };
        for (need, routes) in routes {
            router = router.routes(guarded(api, need, routes));
        }
    }
    router
}

/// A body that is to be put, with the versions that whoever sends it has seen.
struct Put {
    headers: HeaderMap,
    body: Value,
}

impl<S: Send + Sync> FromRequest<S> for Put {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let headers = request.headers().clone();
        if !is_json(&headers) {
            return Err(not_json());
        }
        let bytes = Bytes::from_request(request, state).await.map_err(unreadable)?;
        Ok(Put { headers, body: parsed(&bytes)? })
    }
}

/// A body of JSON in which nothing stands twice.
pub(super) fn parsed(bytes: &[u8]) -> Result<Value, Failure> {
    strict::parse(bytes).map_err(|problem| bad_json(bytes, &problem))
}

fn place(kind: Kind, key: &str) -> Result<Place, Failure> {
    kind.place(key).map_err(|_| nothing_here())
}

fn nothing_here() -> Failure {
    Failure::not_found("nothing is configured here")
}

async fn list(State(api): State<Api>, kind: Kind, Asked(part): Asked<Part>) -> Result<Json<Things>, Failure> {
    let kept = api.parts().configured.configured().await?;
    let after = part.after.as_deref().unwrap_or_default();
    let of_kind = kept.things.iter().filter(|(place, _)| place.kind == kind.word() && place.key.as_str() > after);
    let mut items: Vec<Thing> =
        of_kind.take(part.limit() + 1).map(|(place, kept)| thing(place, kept)).collect::<Result<_, _>>()?;
    let more = items.len() > part.limit();
    items.truncate(part.limit());
    let next = items.last().filter(|_| more).map(|last| last.key.clone());
    Ok(Json(Things { items, next }))
}

async fn show(State(api): State<Api>, kind: Kind, key: String) -> Result<Response, Failure> {
    let place = place(kind, &key)?;
    let all = api.parts().configured.configured().await?;
    let unset = || match kind.is_single() {
        true => Failure::not_found("nothing is set here, so what is documented as usual holds"),
        false => nothing_here(),
    };
    let kept = all.things.get(&place).filter(|kept| kept.body.is_some()).ok_or_else(unset)?;
    Ok(([(header::ETAG, etag::of(kept.version))], Json(thing(&place, kept)?)).into_response())
}

async fn versions(
    State(api): State<Api>,
    kind: Kind,
    key: String,
    Asked(part): Asked<Part>,
) -> Result<Json<Things>, Failure> {
    let place = place(kind, &key)?;
    let before: u64 = match &part.after {
        Some(after) => after.parse().map_err(|_| Failure::invalid("after", "this is no cursor of this list"))?,
        None => u64::MAX,
    };
    let kept = api.parts().configured.versions(place.clone()).await?;
    if kept.is_empty() {
        return Err(nothing_here());
    }
    let older = kept.iter().filter(|kept| kept.version < before);
    let mut items: Vec<Thing> =
        older.take(part.limit() + 1).map(|kept| thing(&place, kept)).collect::<Result<_, _>>()?;
    let more = items.len() > part.limit();
    items.truncate(part.limit());
    let next = items.last().filter(|_| more).map(|last| last.version.to_string());
    Ok(Json(Things { items, next }))
}

async fn change_one(
    State(api): State<Api>,
    caller: Caller,
    kind: Kind,
    key: String,
    put: Put,
) -> Result<Response, Failure> {
    let place = kind.place(&key).map_err(|problem| Failure::invalid(kind.word(), problem))?;
    let at = place.clone();
    let telling = caller.telling.clone();
    let way = Way { by: caller.user.name, redraw: true, generate_missing: false, dry_run: false };
    let done = carry_out(&api, way, move |kept, around| {
        let before = kept.things.get(&at).cloned();
        etag::must_match(&put.headers, before.as_ref().map(|kept| kept.version))?;
        Ok((plan(kept, BTreeMap::from([(at, Some(put.body))]), around)?, before))
    })
    .await?;
    let kept = done.kept.things.get(&place).ok_or_else(Failure::internal)?;
    tell(&telling, done.about.as_ref(), Some(kept), &done.plan);
    let tag = etag::of(kept.version);
    let status =
        if done.plan.standings.get(&place) == Some(&Standing::Added) { StatusCode::CREATED } else { StatusCode::OK };
    let changed = Changed {
        thing: thing(&place, kept)?,
        revision: done.kept.revision,
        in_force: done.in_force,
        warnings: warnings_of(&done.plan, &place),
        generated: generated(&done.plan),
    };
    Ok(with_secrets(!changed.generated.is_empty(), (status, [(header::ETAG, tag)], Json(changed)).into_response()))
}

async fn remove(
    State(api): State<Api>,
    caller: Caller,
    kind: Kind,
    key: String,
    headers: HeaderMap,
) -> Result<StatusCode, Failure> {
    let place = place(kind, &key)?;
    let telling = caller.telling.clone();
    let way = Way { by: caller.user.name, redraw: false, generate_missing: false, dry_run: false };
    let done = carry_out(&api, way, move |kept, around| {
        let known = kept.things.get(&place).cloned().ok_or_else(nothing_here)?;
        etag::must_match(&headers, Some(known.version))?;
        Ok((plan(kept, BTreeMap::from([(place, None)]), around)?, known))
    })
    .await?;
    tell(&telling, Some(&done.about), None, &done.plan);
    Ok(StatusCode::NO_CONTENT)
}

/// Tells the audit what of a thing has changed; all that it was and is stands among its versions. In a body stands no password,
/// so that one which has changed is told beside it.
fn tell(telling: &Telling, before: Option<&Kept>, after: Option<&Kept>, plan: &Plan) {
    let told = |kept: Option<&Kept>, other: Option<&Kept>| {
        let mut told = body_of(kept?)?;
        if let Some(other) = other.and_then(body_of) {
            told.retain(|name, value| other.get(name) != Some(value));
        }
        told.insert("version".to_owned(), kept?.version.into());
        Some(told)
    };
    if let Some(before) = told(before, after) {
        telling.before(&before);
    }
    if let Some(mut after) = told(after, before) {
        let passwords: Vec<&String> = plan.reconfiguration.secrets.keys().collect();
        if !passwords.is_empty() {
            after.insert("passwords_changed".to_owned(), json!(passwords));
        }
        telling.after(&after);
    }
}

fn body_of(kept: &Kept) -> Option<Map<String, Value>> {
    serde_json::from_str(kept.body.as_deref()?).ok()
}

/// What should be looked at about this thing, and what is not about any one.
fn warnings_of(plan: &Plan, place: &Place) -> Vec<ProblemBody> {
    let path = super::plan::path(place);
    let about = |field: &str| field.strip_prefix(&path).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    plan.warnings.iter().filter(|problem| about(&problem.path)).map(told).collect()
}

/// The passwords that were drawn, to be shown once.
pub(super) fn generated(plan: &Plan) -> BTreeMap<String, String> {
    plan.generated.iter().map(|(account, drawn)| (account.clone(), drawn.0.clone())).collect()
}

/// An answer that holds secrets is not kept to be given again.
pub(super) fn with_secrets(secret: bool, response: Response) -> Response {
    if secret { (Extension(NotKept), response).into_response() } else { response }
}

/// A thing as it is shown.
pub(super) fn thing(place: &Place, kept: &Kept) -> Result<Thing, Failure> {
    let body = match &kept.body {
        Some(text) => serde_json::from_str(text).map_err(|_| Failure::internal())?,
        None => Value::Null,
    };
    Ok(Thing {
        kind: place.kind.clone(),
        key: place.key.clone(),
        version: kept.version,
        at: kept.at,
        by: kept.by.clone(),
        body,
    })
}

/// The schemas of what the routes of all tables answer.
pub(super) fn schemas() -> Vec<(String, RefOr<Schema>)> {
    let mut schemas = Vec::new();
    for (name, schema) in
        [(Thing::name(), Thing::schema()), (Things::name(), Things::schema()), (Changed::name(), Changed::schema())]
    {
        schemas.push((name.into_owned(), schema));
    }
    schemas
}

/// The tag of a revision of everything.
pub(super) fn revision_tag(revision: u64) -> [(header::HeaderName, HeaderValue); 1] {
    [(header::ETAG, etag::of(revision))]
}
