//! Signing in and out in a browser.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use nohold_app::ports::{AuditWay, Ending, NotKept, Pass, PassKind, Role, User};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::limiter::Trying;
use super::password;
use super::{Person, draw, name};
use crate::access::{COOKIE, Caller, LONGEST, Need, Scope, fingerprint, guarded, open, session_end};
use crate::audit;
use crate::body::Given;
use crate::came::Came;
use crate::failure::Failure;
use crate::request::RequestName;
use crate::state::Api;

/// One person has at most so many sign-ins; a new one ends the oldest.
const MOST_SESSIONS: usize = 20;

pub(super) fn routes(api: &Api) -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(open(routes!(sign_in)))
        .routes(guarded(api, Need::look(Role::Agent, Scope::Read), routes!(who)))
        .routes(guarded(api, Need::in_person(Role::Agent), routes!(sign_out)))
        .routes(guarded(api, Need::in_person(Role::Agent), routes!(change_password)))
}

/// Who signs in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignIn {
    /// The user's name, in upper or lower case.
    name: String,
    /// The password.
    password: String,
}

/// A new password of one's own.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OwnPassword {
    /// The one that holds now.
    old: String,
    /// The new one, 10 to 256 characters; another than the old one.
    new: String,
    /// End one's own tokens, too; otherwise programs go on.
    #[serde(default)]
    end_tokens: bool,
}

/// Sign in: the answer sets a cookie
#[utoipa::path(post, path = "/api/session", tag = "session", request_body = SignIn, responses(
    (status = 200, body = Person),
    (status = 401, description = "wrong name or password: `wrong_password`", body = crate::failure::FailureBody),
    (status = 429, description = "too many tries", body = crate::failure::FailureBody),
))]
async fn sign_in(
    State(api): State<Api>,
    came: Came,
    request: RequestName,
    Given(given): Given<SignIn>,
) -> Result<Response, Failure> {
    let wrong = || Failure::new(StatusCode::UNAUTHORIZED, "wrong_password", "there is no such user with this password");
    let name = name(&given.name).map_err(|_| wrong())?;
    let trying = Trying::Name(&name, came.from);
    let Some(user) = prove(&api, &name, trying, given.password).await? else {
        audit::not_begun(&api, name, came, &request);
        return Err(wrong());
    };
    let (of, person) = (api.clone(), user.clone());
    let begun = async move {
        // Looking at a password takes a while: it may have been reset meanwhile, and a reset ends what was begun before.
        let _order = of.change_accounts().await;
        let known = of.parts().accounts.user(&person.name).await?;
        if known.is_none_or(|known| known.disabled || known.password != person.password) {
            return Err(wrong());
        }
        audit::begun(&of, &person.name, AuditWay::Session, "/api/session", came, &request).await?;
        begin(&of, &person, came).await
    };
    let cookie = api.patiently("sign in", begun).await?;
    Ok(([(header::SET_COOKIE, cookie)], Json(Person::from(user))).into_response())
}

/// Who has signed in
#[utoipa::path(get, path = "/api/session", tag = "session", responses((status = 200, body = Person)))]
async fn who(caller: Caller) -> Json<Person> {
    Json(caller.user.into())
}

/// Sign out
#[utoipa::path(delete, path = "/api/session", tag = "session", responses((status = 204)))]
async fn sign_out(State(api): State<Api>, came: Came, caller: Caller) -> Result<Response, Failure> {
    match api.parts().accounts.end_pass(caller.pass).await {
        Ok(()) | Err(NotKept::Gone) => {}
        Err(problem) => return Err(problem.into()),
    }
    api.accounts_changed();
    let gone = cookie(&api, came, "", 0)?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, gone)]).into_response())
}

/// Change one's own password
///
/// All other sign-ins of the user end. Tokens stay, for programs do not know the password; `end_tokens` ends them as well.
#[utoipa::path(put, path = "/api/session/password", tag = "session", request_body = OwnPassword, responses(
    (status = 204),
    (status = 403, description = "the old one is wrong: `wrong_password`", body = crate::failure::FailureBody),
))]
async fn change_password(
    State(api): State<Api>,
    caller: Caller,
    Given(given): Given<OwnPassword>,
) -> Result<StatusCode, Failure> {
    let name = caller.user.name;
    password::check("new", &name, &given.new)?;
    let is_the_old_one = given.new == given.old;
    // Counted by this sign-in alone: what strangers guess at the name is no matter of it.
    let proven = prove(&api, &name, Trying::Session(caller.pass), given.old).await?;
    let user =
        proven.ok_or_else(|| Failure::forbidden("wrong_password", "the old password is another one").at("old"))?;
    if is_the_old_one {
        return Err(Failure::invalid("new", "this is the password that you have: choose another"));
    }
    let hash = api.passwords().hash(given.new).await?;
    let _order = api.change_accounts().await;
    let changed = User { password: Some(hash), version: user.version + 1, ..user };
    let ending = Ending { tokens: given.end_tokens, but: Some(caller.pass) };
    api.parts().accounts.reset_user(changed, ending).await?;
    api.accounts_changed();
    Ok(StatusCode::NO_CONTENT)
}

/// The user, if this is their password. An unknown name takes as long as a known one.
async fn prove(api: &Api, name: &str, trying: Trying<'_>, password: String) -> Result<Option<User>, Failure> {
    api.limiter().try_now(trying, api.now())?;
    let user = api.parts().accounts.user(name).await?.filter(|user| !user.disabled);
    let hash = user.as_ref().and_then(|user| user.password.clone());
    if !api.passwords().fits(hash, password).await? {
        return Ok(None);
    }
    api.limiter().was_right(trying);
    Ok(user)
}

/// Begins a sign-in: the cookie that stands for it.
pub(super) async fn begin(api: &Api, user: &User, came: Came) -> Result<HeaderValue, Failure> {
    let accounts = &api.parts().accounts;
    let now = api.now();
    let sessions: Vec<Pass> = accounts.passes(&user.name, now).await?;
    let sessions: Vec<Pass> = sessions.into_iter().filter(|pass| pass.kind == PassKind::Session).collect();
    for oldest in sessions.iter().rev().skip(MOST_SESSIONS - 1) {
        match accounts.end_pass(oldest.hash).await {
            Ok(()) | Err(NotKept::Gone) => {}
            Err(problem) => return Err(problem.into()),
        }
    }
    let secret = draw()?;
    let pass = Pass {
        hash: fingerprint(&secret),
        kind: PassKind::Session,
        user: user.name.clone(),
        made: now,
        expires: session_end(now, now),
    };
    accounts.keep_pass(pass).await?;
    cookie(api, came, &secret, LONGEST.as_millis() / 1000)
}

/// The cookie with this secret, for so many seconds. A browser gives one up only for another with the same attributes.
fn cookie(api: &Api, came: Came, secret: &str, seconds: u64) -> Result<HeaderValue, Failure> {
    let secure = if api.parts().secure_cookies || came.by_https == Some(true) { "; Secure" } else { "" };
    let cookie = format!("{COOKIE}={secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}");
    HeaderValue::from_str(&cookie).map_err(|_| Failure::internal())
}
