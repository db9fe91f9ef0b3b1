//! The routes of the configuration as a whole: look, check, import, export.

use std::collections::BTreeMap;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, Request, State};
use axum::response::{IntoResponse, Response};
use nohold_app::ports::{Place, Role};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt as _};
use utoipa_axum::routes;

use super::change::{Way, carry_out, told};
use super::kind::Kind;
use super::plan::{Standing, plan};
use super::things::{Thing, generated, parsed, revision_tag, thing, with_secrets};
use super::whole::{export, import};
use crate::access::{Caller, Need, Scope, guarded};
use crate::body::{Asked, Given, is_json, not_json, unreadable};
use crate::failure::{Failure, FailureBody, ProblemBody};
use crate::state::Api;

/// The largest document that is imported.
const MOST_IMPORTED: usize = 8 * 1024 * 1024;

/// So many changes are checked at once.
const MOST_CHECKED: usize = 1000;

pub(super) fn routes(api: &Api) -> OpenApiRouter<Api> {
    let look = Need::look(Role::Administrator, Scope::Read).of_configuration();
    let change = Need::change(Role::Administrator, Scope::Configure).of_configuration();
    let imports = guarded(api, change, routes!(bring)).layer(DefaultBodyLimit::max(MOST_IMPORTED));
    OpenApiRouter::new()
        .routes(guarded(api, look, routes!(all)))
        .routes(guarded(api, look, routes!(take)))
        .routes(guarded(api, Need { repeatable: false, ..change }, routes!(check)))
        .routes(imports)
}

/// Everything that is configured.
#[derive(Debug, Serialize, ToSchema)]
struct Everything {
    /// Counts the changes of anything.
    revision: u64,
    /// The revision that runs; another one when a change could not be taken over.
    in_force: Option<u64>,
    /// The things, by table and key.
    things: Vec<Thing>,
}

/// Changes that are thought of.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Thought {
    /// The changes; they are looked at together.
    changes: Vec<ThoughtChange>,
}

/// One of them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ThoughtChange {
    /// The table.
    kind: String,
    /// The key; none where there is only one thing.
    #[serde(default)]
    key: String,
    /// The new body; `null` removes the thing.
    #[serde(default)]
    body: Value,
}

/// What would be said of them.
#[derive(Debug, Serialize, ToSchema)]
struct Verdict {
    /// They would be taken.
    possible: bool,
    /// All that is wrong, errors first, and what should be looked at.
    problems: Vec<ProblemBody>,
}

/// How a document is imported.
#[derive(Debug, Deserialize)]
struct How {
    #[serde(default)]
    prune: bool,
    #[serde(default)]
    dry_run: bool,
    #[serde(default)]
    generate_missing: bool,
}

/// What an import has done, or would do.
#[derive(Debug, Serialize, ToSchema)]
struct Imported {
    /// Counts the changes of anything.
    revision: u64,
    /// Nothing was changed: it was only asked what would be.
    dry_run: bool,
    /// What runs has taken it over.
    in_force: bool,
    /// What was not there.
    added: Vec<String>,
    /// What was another.
    changed: Vec<String>,
    /// What was so already.
    unchanged: Vec<String>,
    /// What is configured and not in the document; it has stayed.
    missing: Vec<String>,
    /// What was configured and not in the document; it has gone, as `prune` wanted.
    removed: Vec<String>,
    /// What is not wrong, but should be looked at.
    warnings: Vec<ProblemBody>,
    /// The accounts whose passwords were drawn, or would be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    drawn_for: Vec<String>,
    /// Passwords that were drawn, by account. They are shown now and never again.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    generated: BTreeMap<String, String>,
}

/// Everything that is configured, with versions
#[utoipa::path(get, path = "/api/configuration", tag = "configuration", responses((status = 200, body = Everything)))]
async fn all(State(api): State<Api>) -> Result<Response, Failure> {
    let kept = api.parts().configured.configured().await?;
    let things = kept.things.iter().map(|(place, kept)| thing(place, kept)).collect::<Result<_, _>>()?;
    let in_force = api.configuring().effective().map(|effective| effective.revision);
    let everything = Everything { revision: kept.revision, in_force, things };
    Ok((revision_tag(kept.revision), Json(everything)).into_response())
}

/// Everything that is configured, as one document that can be imported
#[utoipa::path(get, path = "/api/configuration/export", tag = "configuration", responses(
    (status = 200, description = "the document; passwords are `{ \"stored\": true }`", body = Value)))]
async fn take(State(api): State<Api>) -> Result<Response, Failure> {
    let kept = api.parts().configured.configured().await?;
    let document = export(&kept).map_err(|_| Failure::internal())?;
    Ok((revision_tag(kept.revision), Json(document)).into_response())
}

/// What changes would be refused for; nothing is changed
#[utoipa::path(post, path = "/api/configuration/check", tag = "configuration", request_body = Thought, responses(
    (status = 200, body = Verdict)))]
async fn check(
    State(api): State<Api>,
    caller: Caller,
    Given(thought): Given<Thought>,
) -> Result<Json<Verdict>, Failure> {
    if thought.changes.len() > MOST_CHECKED {
        return Err(Failure::invalid("changes", format!("at most {MOST_CHECKED} changes are looked at together")));
    }
    let mut changes = BTreeMap::new();
    for (index, change) in thought.changes.into_iter().enumerate() {
        let at = |name: &str| format!("changes[{index}].{name}");
        let kind = Kind::of(&change.kind).ok_or_else(|| Failure::invalid(&at("kind"), "there is no such table"))?;
        let place = kind.place(&change.key).map_err(|problem| Failure::invalid(&at("key"), problem))?;
        let body = Some(change.body).filter(|body| !body.is_null());
        if changes.insert(place, body).is_some() {
            return Err(Failure::invalid(&at("key"), "this thing is changed twice"));
        }
    }
    let way = Way { by: caller.user.name, redraw: false, generate_missing: false, dry_run: true };
    let done = carry_out(&api, way, move |kept, around| Ok((plan(kept, changes, around)?, ()))).await;
    match done {
        Ok(done) => Ok(Json(Verdict { possible: true, problems: done.plan.warnings.iter().map(told).collect() })),
        Err(failure) if failure.body.problems.is_empty() => Err(failure),
        Err(failure) => Ok(Json(Verdict { possible: false, problems: failure.body.problems })),
    }
}

/// A whole document, up to 8 MiB.
struct Document(Value);

impl<S: Send + Sync> FromRequest<S> for Document {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        if !is_json(request.headers()) {
            return Err(not_json());
        }
        let bytes = Bytes::from_request(request, state).await.map_err(unreadable)?;
        parsed(&bytes).map(Document)
    }
}

/// Make things as a document says
///
/// The document states what is wanted, by stable names; repeated, it changes nothing. A password that is
/// `{ "generate": true }` is drawn where there is none, and else kept.
#[utoipa::path(post, path = "/api/configuration/import", tag = "configuration", request_body = Value,
    params(
        ("prune" = Option<bool>, Query, description = "remove what does not stand in the document"),
        ("dry_run" = Option<bool>, Query, description = "say what would change, and change nothing"),
        ("generate_missing" = Option<bool>, Query,
            description = "draw the passwords that should be stored and are not, as of another installation's export"),
    ),
    responses(
        (status = 200, body = Imported),
        (status = 422, description = "all that is wrong: `invalid_configuration`", body = FailureBody),
    ))]
async fn bring(
    State(api): State<Api>,
    caller: Caller,
    Asked(how): Asked<How>,
    Document(document): Document,
) -> Result<Response, Failure> {
    let How { prune, dry_run, generate_missing } = how;
    let (telling, tells) = (caller.telling.clone(), caller.telling.clone());
    telling.wish(&json!({ "prune": prune, "dry_run": dry_run, "generate_missing": generate_missing }));
    let way = Way { by: caller.user.name, redraw: false, generate_missing, dry_run };
    let done = carry_out(&api, way, move |kept, around| {
        let import = import(&document, kept, prune, around)?;
        tells.before(&json!({ "revision": kept.revision }));
        Ok((import.plan, import.missing))
    })
    .await?;
    let standing = |wanted: Standing| -> Vec<String> {
        let places = done.plan.standings.iter().filter(|(_, standing)| **standing == wanted);
        places.map(|(place, _)| named(place)).collect()
    };
    // What was drawn for a dry run holds nowhere.
    let drawn = if dry_run { BTreeMap::new() } else { generated(&done.plan) };
    let imported = Imported {
        revision: done.kept.revision,
        dry_run,
        in_force: done.in_force,
        added: standing(Standing::Added),
        changed: standing(Standing::Changed),
        unchanged: standing(Standing::Unchanged),
        missing: if prune { Vec::new() } else { done.about.iter().map(named).collect() },
        removed: standing(Standing::Removed),
        warnings: done.plan.warnings.iter().map(told).collect(),
        drawn_for: done.plan.generated.keys().cloned().collect(),
        generated: drawn,
    };
    if !dry_run {
        let Imported { revision, added, changed, removed, .. } = &imported;
        telling.after(&json!({ "revision": revision, "added": added, "changed": changed, "removed": removed }));
    }
    Ok(with_secrets(!imported.generated.is_empty(), Json(imported).into_response()))
}

fn named(place: &Place) -> String {
    super::plan::path(place)
}
