//! Who somebody is, and whether a route is for them.
//!
//! What a route needs is written down once, where it is put together ([`guarded`]): the guard in front of it and the
//! document that describes it are made of the same [`Need`].

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use nohold_app::ports::{Pass, PassKind, Role, User};
use nohold_model::{Millis, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::SecurityRequirement;
use utoipa_axum::router::{UtoipaMethodRouter, UtoipaMethodRouterExt as _};

use crate::body::{is_json, not_json};
use crate::failure::Failure;
use crate::repeat;
use crate::state::Api;

/// The cookie of a sign-in.
pub const COOKIE: &str = "nohold_session";

/// What a token begins with.
pub const TOKEN_PREFIX: &str = "nh_";

/// A sign-in ends when nothing was asked for so long.
pub const IDLE: Millis = Millis::hours(12);

/// A sign-in ends after so long, whatever was asked.
pub const LONGEST: Millis = Millis::hours(7 * 24);

/// The end of a sign-in is moved at most this often.
const MOVED_EVERY: Millis = Millis::minutes(1);

/// What a token may be for. A person who has signed in has all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Look at things.
    Read,
    /// Do what agents and supervisors do.
    Desk,
    /// Make callback requests, and nothing else: for a form on a web page.
    Requests,
    /// Change what is configured.
    Configure,
    /// Manage users and tokens.
    Accounts,
}

impl Scope {
    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Scope::Read => "read",
            Scope::Desk => "desk",
            Scope::Requests => "requests",
            Scope::Configure => "configure",
            Scope::Accounts => "accounts",
        }
    }
}

/// What somebody may do: `agent`, `supervisor` or `administrator`, each of whom may do what those before may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(as = Role, rename_all = "snake_case")]
pub enum RoleWord {
    /// Works on the own groups' entries.
    Agent,
    /// Sees and works on all that supervised groups do.
    Supervisor,
    /// Configures everything.
    Administrator,
}

/// The word for a role.
#[must_use]
pub const fn role_word(role: Role) -> &'static str {
    match role {
        Role::Agent => "agent",
        Role::Supervisor => "supervisor",
        Role::Administrator => "administrator",
    }
}

/// What a route needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// The least role.
    pub role: Role,
    /// What a token must be for; none where tokens are not taken at all.
    pub scope: Option<Scope>,
    /// Wishes may carry an idempotency key.
    pub repeatable: bool,
}

impl Need {
    /// Of a route that changes nothing.
    #[must_use]
    pub const fn look(role: Role, scope: Scope) -> Self {
        Need { role, scope: Some(scope), repeatable: false }
    }

    /// Of a route that changes something; a wish with an idempotency key is carried out once.
    #[must_use]
    pub const fn change(role: Role, scope: Scope) -> Self {
        Need { role, scope: Some(scope), repeatable: true }
    }

    /// Of a route that is for a person who has signed in, and not for programs.
    #[must_use]
    pub const fn in_person(role: Role) -> Self {
        Need { role, scope: None, repeatable: false }
    }
}

/// Who asks. A handler behind [`guarded`] takes it as an argument.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The user.
    pub user: User,
    /// SHA-256 of the secret by which they are known.
    pub pass: [u8; 32],
    /// A program with a token, not a person.
    pub is_program: bool,
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        parts.extensions.get::<Caller>().cloned().ok_or_else(Failure::unknown_caller)
    }
}

/// A route for everybody.
pub fn open(routes: UtoipaMethodRouter<Api>) -> UtoipaMethodRouter<Api> {
    documented(routes, |operation| {
        operation.security = Some(vec![SecurityRequirement::default()]);
        describe(operation, "x-role", "everybody");
    })
}

/// A route for those who have what it needs.
pub fn guarded(api: &Api, need: Need, routes: UtoipaMethodRouter<Api>) -> UtoipaMethodRouter<Api> {
    let guard = middleware::from_fn_with_state((api.clone(), need), guard);
    let routes = routes.map(|router| router.route_layer(guard));
    documented(routes, |operation| {
        let mut ways = vec![SecurityRequirement::new::<_, [&str; 0], &str>("session", [])];
        if let Some(scope) = need.scope {
            ways.push(SecurityRequirement::new("token", [scope.word()]));
            describe(operation, "x-scope", scope.word());
        }
        operation.security = Some(ways);
        describe(operation, "x-role", role_word(need.role));
        if need.repeatable {
            repeat::describe(operation);
        }
    })
}

fn describe(operation: &mut Operation, name: &str, word: &str) {
    let extension = utoipa::openapi::extensions::ExtensionsBuilder::new().add(name, word).build();
    match &mut operation.extensions {
        Some(known) => known.merge(extension),
        none => *none = Some(extension),
    }
}

fn documented(
    (schemas, mut paths, router): UtoipaMethodRouter<Api>,
    change: impl Fn(&mut Operation),
) -> UtoipaMethodRouter<Api> {
    for item in paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch];
        operations.into_iter().flatten().for_each(&change);
    }
    (schemas, paths, router)
}

/// SHA-256 of a secret: all of it that is ever kept. A secret has 256 bits of chance, so that nothing slower is needed.
#[must_use]
pub fn fingerprint(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

async fn guard(State((api, need)): State<(Api, Need)>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match admitted(&api, need, &parts).await {
        Err(refusal) => refusal.into_response(),
        Ok(caller) => {
            parts.extensions.insert(caller.clone());
            let request = Request::from_parts(parts, body);
            if need.repeatable { repeat::once(&api, &caller, request, next).await } else { next.run(request).await }
        }
    }
}

async fn admitted(api: &Api, need: Need, request: &Parts) -> Result<Caller, Failure> {
    let headers = &request.headers;
    let caller = match secret(headers)? {
        Secret::Token(token) => by_token(api, need, &token).await?,
        Secret::Cookie(cookie) => {
            let caller = by_cookie(api, &cookie).await?;
            let changes = !matches!(request.method, Method::GET | Method::HEAD | Method::OPTIONS);
            if changes || headers.contains_key(header::UPGRADE) {
                same_origin(headers, &request.uri)?;
            }
            if changes && has_body(headers) && !is_json(headers) {
                return Err(not_json());
            }
            caller
        }
    };
    if caller.user.role < need.role {
        let role = role_word(need.role);
        return Err(Failure::forbidden("role_too_small", format!("this is for the role `{role}` and those above it")));
    }
    Ok(caller)
}

fn has_body(headers: &HeaderMap) -> bool {
    let length = headers.get(header::CONTENT_LENGTH).is_some_and(|length| length != "0");
    length || headers.contains_key(header::TRANSFER_ENCODING)
}

enum Secret {
    Token(String),
    Cookie(String),
}

/// What a request brings to be known by. A browser sends cookies unasked, so a token comes before them.
fn secret(headers: &HeaderMap) -> Result<Secret, Failure> {
    if let Some(authorization) = headers.get(header::AUTHORIZATION) {
        let (scheme, token) =
            authorization.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(Failure::unknown_caller)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Failure::unknown_caller());
        }
        return Ok(Secret::Token(token.trim().to_owned()));
    }
    cookie(headers).map(Secret::Cookie).ok_or_else(Failure::unknown_caller)
}

/// The cookie of the sign-in (RFC 6265 §4.2).
pub(crate) fn cookie(headers: &HeaderMap) -> Option<String> {
    let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value.to_owned())
}

async fn by_token(api: &Api, need: Need, token: &str) -> Result<Caller, Failure> {
    if !token.starts_with(TOKEN_PREFIX) {
        return Err(Failure::unknown_caller());
    }
    let hash = fingerprint(token);
    if api.is_operator(hash) {
        return Ok(Caller { user: operator(), pass: hash, is_program: true });
    }
    let (pass, user) = valid(api, token).await?;
    let PassKind::Token { scopes, .. } = &pass.kind else { return Err(Failure::unknown_caller()) };
    let Some(scope) = need.scope else {
        return Err(Failure::forbidden("not_for_tokens", "this is for a person who has signed in, not for programs"));
    };
    if !scopes.contains(scope.word()) {
        let message = format!("this token is not for `{0}`: make one that has this scope", scope.word());
        return Err(Failure::forbidden("scope_missing", message));
    }
    Ok(Caller { user, pass: pass.hash, is_program: true })
}

/// Whoever runs this installation. No account can have this name.
fn operator() -> User {
    User {
        name: "(operator)".to_owned(),
        version: 0,
        role: Role::Administrator,
        agent: None,
        groups: None,
        password: None,
        disabled: false,
        made: Timestamp::EPOCH,
    }
}

/// Who a cookie belongs to. The end of the sign-in moves on.
pub(crate) async fn by_cookie(api: &Api, cookie: &str) -> Result<Caller, Failure> {
    let (pass, user) = valid(api, cookie).await?;
    if pass.kind != PassKind::Session {
        return Err(Failure::unknown_caller());
    }
    let caller = Caller { user, pass: pass.hash, is_program: false };
    let expires = session_end(pass.made, api.now());
    if expires.since(pass.expires) >= MOVED_EVERY
        && let Err(problem) = api.parts().accounts.move_pass(pass.hash, expires).await
    {
        tracing::debug!(%problem, "the end of a sign-in was not moved");
    }
    Ok(caller)
}

/// When a sign-in that was made then and is used now ends.
pub(crate) fn session_end(made: Timestamp, now: Timestamp) -> Timestamp {
    (now + IDLE).min(made + LONGEST)
}

async fn valid(api: &Api, secret: &str) -> Result<(Pass, User), Failure> {
    let found = api.parts().accounts.pass(fingerprint(secret), api.now()).await?;
    found.filter(|(_, user)| !user.disabled).ok_or_else(Failure::unknown_caller)
}

/// Whether a page of this very server asks: a browser sends our cookie with what other pages ask, too.
///
/// # Errors
/// When another page asks, or nothing tells which.
pub fn same_origin(headers: &HeaderMap, uri: &Uri) -> Result<(), Failure> {
    let refused = || {
        Failure::forbidden(
            "other_origin",
            "this must be asked from a page of this server: an `Origin` that equals `Host` is missing",
        )
    };
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    if let Some(site) = text("sec-fetch-site") {
        return if site == "same-origin" { Ok(()) } else { Err(refused()) };
    }
    let host = text("host").or_else(|| uri.authority().map(|host| host.as_str())).ok_or_else(refused)?;
    let origin = text("origin").ok_or_else(refused)?;
    let authority = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://")).ok_or_else(refused)?;
    if !host.is_empty() && authority.eq_ignore_ascii_case(host) { Ok(()) } else { Err(refused()) }
}
