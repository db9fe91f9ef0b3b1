//! Who somebody is, and whether a route is for them.
//!
//! What a route needs is written down once, where it is put together ([`guarded`]): the guard in front of it and the
//! document that describes it are made of the same [`Need`].

mod known;
mod query;

use axum::body::Body;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use nohold_app::ports::{AuditLine, PassKind, Permission, Role, User};
use nohold_model::Millis;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::SecurityRequirement;
use utoipa_axum::router::{UtoipaMethodRouter, UtoipaMethodRouterExt as _};

use crate::audit::{self, Telling, Trace};
use crate::body::{is_json, not_json};
use crate::came::Came;
use crate::failure::Failure;
use crate::masking;
use crate::repeat;
use crate::state::Api;

pub(crate) use known::session_end;

/// The cookie of a sign-in.
pub const COOKIE: &str = "nohold_session";

/// What a token begins with.
pub const TOKEN_PREFIX: &str = "nh_";

/// A sign-in ends when nothing was asked for so long.
pub const IDLE: Millis = Millis::hours(12);

/// A sign-in ends after so long, whatever was asked.
pub const LONGEST: Millis = Millis::hours(7 * 24);

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
    /// All of them.
    pub const ALL: [Scope; 5] = [Scope::Read, Scope::Desk, Scope::Requests, Scope::Configure, Scope::Accounts];

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
    /// What the audit is told.
    pub trace: Trace,
    /// Whether its answers show numbers whole to whoever may use it.
    pub whole: bool,
}

impl Need {
    /// Of a route that changes nothing.
    #[must_use]
    pub const fn look(role: Role, scope: Scope) -> Self {
        Need { role, scope: Some(scope), repeatable: false, trace: Trace::Changes, whole: false }
    }

    /// Of a route that changes something; a wish with an idempotency key is carried out once.
    #[must_use]
    pub const fn change(role: Role, scope: Scope) -> Self {
        Need { role, scope: Some(scope), repeatable: true, trace: Trace::Changes, whole: false }
    }

    /// The same of a route that opens what customers have said, or all that is known of them: it leaves a line in the audit first.
    #[must_use]
    pub const fn open(role: Role, scope: Scope) -> Self {
        Need { trace: Trace::Opens, ..Need::look(role, scope) }
    }

    /// The same of a route that opens audio, which may be taken away as a file, too.
    #[must_use]
    pub const fn play(role: Role, scope: Scope) -> Self {
        Need { trace: Trace::Plays, ..Need::look(role, scope) }
    }

    /// Of a route that changes something again and again while somebody types; what comes of it in the end is another's.
    #[must_use]
    pub const fn draft(role: Role, scope: Scope) -> Self {
        Need { trace: Trace::Draft, ..Need::change(role, scope) }
    }

    /// The same of a route of the configuration. It has no customers, but numbers that are to be given back as they came: who is
    /// blocked, where an agent works outside.
    #[must_use]
    pub const fn of_configuration(self) -> Self {
        Need { whole: true, ..self }
    }

    /// Whether its changes concern accounts or what is configured. What is done at the desk has a patience of its own.
    const fn writes_beside_the_rules(self) -> bool {
        matches!(self.scope, None | Some(Scope::Accounts | Scope::Configure))
    }

    /// Whether a request with this method leaves a line.
    fn leaves_a_line(&self, method: &Method) -> bool {
        match self.trace {
            Trace::Opens | Trace::Plays => true,
            Trace::Changes => changes(method),
            Trace::Draft => false,
        }
    }

    /// Of a route that is for a person who has signed in, and not for programs.
    #[must_use]
    pub const fn in_person(role: Role) -> Self {
        Need { role, scope: None, repeatable: false, trace: Trace::Changes, whole: false }
    }
}

/// Who asks. A handler behind [`guarded`] takes it as an argument.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The user.
    pub user: User,
    /// SHA-256 of the secret by which they are known.
    pub pass: [u8; 32],
    /// What they are known by.
    pub kind: PassKind,
    /// What a token is for; none of a person who has signed in, who may do all that the role may.
    pub scopes: Option<BTreeSet<Scope>>,
    /// What the audit is told of the request.
    pub(crate) telling: Telling,
}

/// What an account holds that somebody wants to make, change or end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Power {
    /// A user who is no administrator, without a sign-in that whoever asks could use.
    User,
    /// A password of such a user: whoever knows it has signed in, and may do all that the role may.
    SignIn,
    /// An administrator, in any way.
    Administrator,
}

impl Caller {
    /// Whether they may hand out, or take away, so much. A person may whose role is that of the route. A token never gives
    /// more than it has: a password needs all scopes of those who are no administrators, an administrator needs all there are.
    ///
    /// # Errors
    /// 403 `scope_missing`, naming what is missing.
    pub(crate) fn may_give(&self, power: Power) -> Result<(), Failure> {
        let Some(scopes) = &self.scopes else { return Ok(()) };
        let (needed, what): (&[Scope], _) = match power {
            Power::User => return Ok(()),
            Power::SignIn => (&[Scope::Read, Scope::Desk, Scope::Requests], "who sets a password can sign in with it"),
            Power::Administrator => (&Scope::ALL, "an administrator may do everything"),
        };
        let missing: Vec<&str> =
            needed.iter().filter(|scope| !scopes.contains(scope)).map(|scope| scope.word()).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let missing = missing.join("`, `");
        let message = format!(
            "{what}, so a token needs the scopes for all of that, and this one has no `{missing}`: use one that has, or \
             sign in as an administrator"
        );
        Err(Failure::forbidden("scope_missing", message))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        parts.extensions.get::<Caller>().cloned().ok_or_else(Failure::unknown_caller)
    }
}

/// A route for everybody.
pub fn open(routes: UtoipaMethodRouter<Api>) -> UtoipaMethodRouter<Api> {
    let known = Arc::new(query::Known::of(&routes.1));
    let routes = routes.map(|router| router.route_layer(middleware::from_fn_with_state(known, asked_here)));
    documented(routes, |operation| {
        operation.security = Some(vec![SecurityRequirement::default()]);
        describe(operation, "x-role", "everybody");
    })
}

/// A route for those who have what it needs.
pub fn guarded(api: &Api, need: Need, routes: UtoipaMethodRouter<Api>) -> UtoipaMethodRouter<Api> {
    // Routes are put together one address at a time.
    let route: Arc<str> = routes.1.paths.keys().next().map_or("", String::as_str).into();
    let known = Arc::new(query::Known::of(&routes.1));
    let guard = middleware::from_fn_with_state((api.clone(), need, route, known), guard);
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

/// A browser says where a page comes from; a page of others may not sign anybody in. Programs say nothing of it.
async fn asked_here(State(known): State<Arc<query::Known>>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let says = headers.contains_key(header::ORIGIN) || headers.contains_key("sec-fetch-site");
    if says && changes(request.method()) {
        let by_https = request.extensions().get::<Came>().and_then(|came| came.by_https);
        if let Err(refusal) = same_origin(headers, request.uri(), by_https) {
            return refusal.into_response();
        }
    }
    match known.check(request.method(), request.uri()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

/// Whether a method changes something (RFC 9110 §9.2.1).
fn changes(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
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

type Guarded = (Api, Need, Arc<str>, Arc<query::Known>);

async fn guard(State((api, need, route, known)): State<Guarded>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let caller = match admitted(&api, need, &parts).await {
        Ok(caller) => caller,
        Err(TurnedAway { refusal, known }) => {
            let answer = refusal.into_response();
            if let Some(caller) = known.filter(|_| need.leaves_a_line(&parts.method)) {
                audit::turned_away(&api, line_of(&api, need, &caller, &route, &parts), &answer);
            }
            return answer;
        }
    };
    parts.extensions.insert(caller.clone());
    let changes = changes(&parts.method);
    let line = line_of(&api, need, &caller, &route, &parts);
    let readable = known.check(&parts.method, &parts.uri);
    let work = async {
        match readable {
            Ok(()) => carried_out(&api, need, &caller, Request::from_parts(parts, body), next).await,
            Err(refusal) => refusal.into_response(),
        }
    };
    let answer = match need.trace {
        Trace::Opens | Trace::Plays => audit::opening(&api, &caller, line, work).await,
        Trace::Changes if changes => audit::changing(&api, &caller, line, work).await,
        Trace::Changes | Trace::Draft => work.await,
    };
    if need.whole || caller.user.permissions().contains(&Permission::SeeNumbers) {
        return answer;
    }
    masking::hidden_in(&api, caller.user.agent.as_ref(), answer).await
}

fn line_of(api: &Api, need: Need, caller: &Caller, route: &Arc<str>, request: &Parts) -> AuditLine {
    let line = audit::line(api, caller, route, request);
    if need.trace == Trace::Plays { audit::playing(line, &request.uri) } else { line }
}

async fn carried_out(api: &Api, need: Need, caller: &Caller, request: Request, next: Next) -> Response {
    if need.repeatable && request.headers().contains_key(repeat::KEY) {
        return repeat::once(api, caller, request, next).await;
    }
    if need.writes_beside_the_rules() && !matches!(*request.method(), Method::GET | Method::HEAD) {
        return to_its_end(api, request, next).await.unwrap_or_else(IntoResponse::into_response);
    }
    next.run(request).await
}

/// Carries out a change that the store is asked for here, also when whoever asked goes away or the store stands still.
async fn to_its_end(api: &Api, request: Request, next: Next) -> Result<Response, Failure> {
    // First: nobody who sends slowly takes a place among those at work.
    let (parts, bytes) = repeat::whole(request).await?;
    let work = async move { Ok(next.run(Request::from_parts(parts, Body::from(bytes))).await) };
    api.patiently("change", work).await
}

/// Somebody who is not let in.
struct TurnedAway {
    refusal: Failure,
    /// Who it is, where that is known.
    known: Option<Box<Caller>>,
}

async fn admitted(api: &Api, need: Need, request: &Parts) -> Result<Caller, TurnedAway> {
    let caller = known::who(api, request).await.map_err(|refusal| TurnedAway { refusal, known: None })?;
    match may_enter(api, need, &caller, request) {
        Ok(()) => Ok(caller),
        Err(refusal) => Err(TurnedAway { refusal, known: Some(Box::new(caller)) }),
    }
}

fn may_enter(api: &Api, need: Need, caller: &Caller, request: &Parts) -> Result<(), Failure> {
    match &caller.scopes {
        Some(_) if api.is_operator(caller.pass) => {}
        Some(scopes) => {
            let Some(scope) = need.scope else {
                let message = "this is for a person who has signed in, not for programs";
                return Err(Failure::forbidden("not_for_tokens", message));
            };
            if !scopes.contains(&scope) {
                let message = format!("this token is not for `{0}`: make one that has this scope", scope.word());
                return Err(Failure::forbidden("scope_missing", message));
            }
        }
        None => {
            let (headers, changes) = (&request.headers, changes(&request.method));
            if changes || headers.contains_key(header::UPGRADE) {
                let came = request.extensions.get::<Came>();
                same_origin(headers, &request.uri, came.and_then(|came| came.by_https))?;
            }
            if changes && has_body(headers) && !is_json(headers) {
                return Err(not_json());
            }
        }
    }
    if caller.user.role < need.role {
        let who = match need.role {
            Role::Agent | Role::Supervisor => "supervisors and administrators",
            Role::Administrator => "administrators",
        };
        let own = role_word(caller.user.role);
        let message = format!("only {who} may do this, and your role is `{own}`: ask an administrator");
        return Err(Failure::forbidden("role_too_small", message));
    }
    Ok(())
}

fn has_body(headers: &HeaderMap) -> bool {
    let length = headers.get(header::CONTENT_LENGTH).is_some_and(|length| length != "0");
    length || headers.contains_key(header::TRANSFER_ENCODING)
}

/// Whether a page of this very server asks: a browser sends our cookie with what other pages ask, too. Where it is known how
/// the request has come, a page that came in the other way is another's.
///
/// # Errors
/// When another page asks, or nothing tells which.
pub fn same_origin(headers: &HeaderMap, uri: &Uri, by_https: Option<bool>) -> Result<(), Failure> {
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
    let by_tls = origin.strip_prefix("https://").filter(|_| by_https != Some(false));
    let plain = origin.strip_prefix("http://").filter(|_| by_https != Some(true));
    let authority = by_tls.or(plain).ok_or_else(refused)?;
    if !host.is_empty() && authority.eq_ignore_ascii_case(host) { Ok(()) } else { Err(refused()) }
}
