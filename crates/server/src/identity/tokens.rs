//! Tokens for programs.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use data_encoding::HEXLOWER;
use nohold_app::ports::{Pass, PassKind, Role};
use nohold_core::text;
use nohold_model::{Millis, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::draw;
use super::users::power;
use crate::access::{Caller, Need, Scope, TOKEN_PREFIX, fingerprint, guarded};
use crate::audit::Telling;
use crate::body::{Given, Named};
use crate::failure::{Failure, FailureBody};
use crate::repeat::NotKept;
use crate::state::Api;

/// One user has at most so many.
const MOST_TOKENS: usize = 50;

/// The longest label, in characters.
const LONGEST_LABEL: usize = 64;

/// How long a token holds when nothing is said.
const USUAL_DAYS: u32 = 365;

/// The longest that may be asked for.
const MOST_DAYS: u32 = 3650;

pub(super) fn routes(api: &Api) -> OpenApiRouter<Api> {
    let own = Need::in_person(Role::Agent);
    let of_others = Need::look(Role::Administrator, Scope::Accounts);
    let change_others = Need::change(Role::Administrator, Scope::Accounts);
    OpenApiRouter::new()
        .routes(guarded(api, own, routes!(list)))
        .routes(guarded(api, Need { repeatable: true, ..own }, routes!(create)))
        .routes(guarded(api, Need { repeatable: true, ..own }, routes!(revoke)))
        .routes(guarded(api, of_others, routes!(list_of)))
        .routes(guarded(api, change_others, routes!(revoke_of)))
}

/// A token that is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewToken {
    /// What people call it, 1 to 64 characters; unique for its user.
    label: String,
    /// What it may do, of all that its user may.
    scopes: BTreeSet<Scope>,
    /// How many days it holds, 1 to 3650. By default 365.
    #[serde(default)]
    days: Option<u32>,
}

/// A token, without its secret.
#[derive(Debug, Serialize, ToSchema)]
struct Token {
    /// Names it when it is revoked.
    id: String,
    /// What people call it.
    label: String,
    /// What it may do.
    scopes: BTreeSet<String>,
    /// Since when.
    #[schema(value_type = i64)]
    made: Timestamp,
    /// Until when it holds.
    #[schema(value_type = i64)]
    expires: Timestamp,
}

/// A token that was made.
#[derive(Debug, Serialize, ToSchema)]
struct Made {
    /// The token itself, as it stands behind `Authorization: Bearer`. It is shown now and never again.
    secret: String,
    #[serde(flatten)]
    token: Token,
}

/// One's own tokens
#[utoipa::path(get, path = "/api/tokens", tag = "tokens", responses((status = 200, body = [Token])))]
async fn list(State(api): State<Api>, caller: Caller) -> Result<Json<Vec<Token>>, Failure> {
    tokens(&api, &caller.user.name).await.map(Json)
}

/// Make a token; its secret is shown once
#[utoipa::path(post, path = "/api/tokens", tag = "tokens", request_body = NewToken, responses(
    (status = 201, body = Made),
    (status = 409, description = "the label is taken: `taken`", body = FailureBody),
))]
async fn create(State(api): State<Api>, caller: Caller, Given(new): Given<NewToken>) -> Result<Response, Failure> {
    let label = new.label.trim().to_owned();
    if !(1..=LONGEST_LABEL).contains(&label.chars().count()) {
        return Err(Failure::invalid("label", format!("a label has 1 to {LONGEST_LABEL} characters")));
    }
    text::name(&label).map_err(|unfit| Failure::invalid("label", unfit.to_string()))?;
    if new.scopes.is_empty() {
        return Err(Failure::invalid("scopes", "a token without a scope can do nothing: name at least one"));
    }
    let days = new.days.unwrap_or(USUAL_DAYS);
    if !(1..=MOST_DAYS).contains(&days) {
        return Err(Failure::invalid("days", format!("a token holds 1 to {MOST_DAYS} days")));
    }
    let _order = api.change_accounts().await;
    // A reset of the account may have ended this sign-in while the wish waited for its turn.
    if api.parts().accounts.pass(caller.pass, api.now()).await?.is_none() {
        return Err(Failure::unknown_caller());
    }
    let known = tokens(&api, &caller.user.name).await?;
    if known.iter().any(|token| token.label == label) {
        return Err(Failure::conflict("taken", "there is a token with this label: choose another").at("label"));
    }
    if known.len() >= MOST_TOKENS {
        let message = format!("there are {MOST_TOKENS} tokens already: revoke one that is not used");
        return Err(Failure::conflict("too_many", message));
    }
    let secret = format!("{TOKEN_PREFIX}{}", draw()?);
    let scopes = new.scopes.into_iter().map(|scope| scope.word().to_owned()).collect();
    let made = api.now();
    let pass = Pass {
        hash: fingerprint(&secret),
        kind: PassKind::Token { label, scopes },
        user: caller.user.name.clone(),
        made,
        expires: made + Millis::hours(24).times(days.into()),
    };
    api.parts().accounts.keep_pass(pass.clone()).await?;
    let token = shown(pass).ok_or_else(Failure::internal)?;
    caller.telling.object(&token.id);
    caller.telling.after(&token);
    Ok((StatusCode::CREATED, Extension(NotKept), Json(Made { secret, token })).into_response())
}

/// Revoke one of one's own tokens
#[utoipa::path(delete, path = "/api/tokens/{id}", tag = "tokens", params(("id" = String, Path)),
    responses((status = 204)))]
async fn revoke(State(api): State<Api>, caller: Caller, Named(id): Named<String>) -> Result<StatusCode, Failure> {
    end(&api, &caller.telling, &caller.user.name, &id).await
}

/// The tokens of a user
#[utoipa::path(get, path = "/api/users/{name}/tokens", tag = "users", params(("name" = String, Path)),
    responses((status = 200, body = [Token])))]
async fn list_of(State(api): State<Api>, Named(name): Named<String>) -> Result<Json<Vec<Token>>, Failure> {
    tokens(&api, &name).await.map(Json)
}

/// Revoke a token of a user
#[utoipa::path(delete, path = "/api/users/{name}/tokens/{id}", tag = "users",
    params(("name" = String, Path), ("id" = String, Path)), responses((status = 204)))]
async fn revoke_of(
    State(api): State<Api>,
    caller: Caller,
    Named((name, id)): Named<(String, String)>,
) -> Result<StatusCode, Failure> {
    if let Some(user) = api.parts().accounts.user(&name).await? {
        caller.may_give(power(user.role))?;
    }
    end(&api, &caller.telling, &name, &id).await
}

async fn tokens(api: &Api, user: &str) -> Result<Vec<Token>, Failure> {
    let passes = api.parts().accounts.passes(user, api.now()).await?;
    Ok(passes.into_iter().filter_map(shown).collect())
}

async fn end(api: &Api, telling: &Telling, user: &str, id: &str) -> Result<StatusCode, Failure> {
    let passes = api.parts().accounts.passes(user, api.now()).await?;
    let is_meant = |pass: &&Pass| matches!(pass.kind, PassKind::Token { .. }) && self::id(&pass.hash) == id;
    let pass = passes.iter().find(is_meant).ok_or_else(|| Failure::not_found("there is no token with this id"))?;
    api.parts().accounts.end_pass(pass.hash).await?;
    api.accounts_changed();
    if let Some(token) = shown(pass.clone()) {
        telling.before(&token);
    }
    Ok(StatusCode::NO_CONTENT)
}

fn shown(pass: Pass) -> Option<Token> {
    let id = id(&pass.hash);
    match pass.kind {
        PassKind::Token { label, scopes } => Some(Token { id, label, scopes, made: pass.made, expires: pass.expires }),
        PassKind::Session => None,
    }
}

/// The beginning of the hash: it names the token and does not give it away.
fn id(hash: &[u8; 32]) -> String {
    HEXLOWER.encode(hash.get(..8).unwrap_or_default())
}
