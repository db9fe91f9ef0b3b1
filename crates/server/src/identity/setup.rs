//! The first start: whoever has read the token from the server's terminal becomes the first administrator.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use nohold_app::ports::{AuditWay, NotKept, Role, User};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::limiter::Trying;
use super::password;
use super::sessions::begin;
use super::{Person, new_name};
use crate::access::{fingerprint, open};
use crate::audit;
use crate::body::Given;
use crate::came::Came;
use crate::failure::{Failure, FailureBody};
use crate::request::RequestName;
use crate::state::Api;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(open(routes!(needed))).routes(open(routes!(set_up)))
}

/// Whether the server has to be set up.
#[derive(Debug, Serialize, ToSchema)]
struct Setup {
    /// There is no administrator yet who can sign in: one who has a password and is not disabled.
    needed: bool,
}

/// The first administrator.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FirstUser {
    /// The token that the server has shown at its start.
    token: String,
    /// The name to sign in with.
    name: String,
    /// The password, 10 to 256 characters.
    password: String,
}

/// Whether the first administrator is still to be made
#[utoipa::path(get, path = "/api/setup", tag = "setup", responses((status = 200, body = Setup)))]
async fn needed(State(api): State<Api>) -> Result<Json<Setup>, Failure> {
    Ok(Json(Setup { needed: !is_set_up(&api).await? }))
}

/// Make the first administrator, and sign in
#[utoipa::path(post, path = "/api/setup", tag = "setup", request_body = FirstUser, responses(
    (status = 200, body = Person),
    (status = 403, description = "this is not the token: `wrong_token`", body = FailureBody),
    (status = 409, description = "a user has this name who is no administrator: `taken`", body = FailureBody),
    (status = 410, description = "there is an administrator already: `already_set_up`", body = FailureBody),
))]
async fn set_up(
    State(api): State<Api>,
    came: Came,
    request: RequestName,
    Given(given): Given<FirstUser>,
) -> Result<Response, Failure> {
    let gone = || Failure::new(StatusCode::GONE, "already_set_up", "the server has an administrator already: sign in");
    if is_set_up(&api).await? {
        return Err(gone());
    }
    api.limiter().try_now(Trying::SettingUp(came.from), api.now())?;
    let token = api.parts().setup_token.unwrap_or_default();
    // Hashes are compared, so that the time tells nothing about the token; without one, nothing fits.
    let fits = constant_time_eq::constant_time_eq_32(&fingerprint(given.token.trim()), &token);
    if api.parts().setup_token.is_none() || !fits {
        return Err(Failure::forbidden("wrong_token", "read the set-up token from the server's terminal").at("token"));
    }
    let name = new_name(&given.name)?;
    password::check("password", &name, &given.password)?;
    let hash = api.passwords().hash(given.password).await?;
    let user = User {
        name,
        version: 0,
        role: Role::Administrator,
        agent: None,
        groups: None,
        may: None,
        password: Some(hash),
        disabled: false,
        made: api.now(),
    };
    let of = api.clone();
    let made = async move {
        match of.parts().accounts.keep_first_user(user.clone()).await {
            Err(NotKept::Taken) if is_set_up(&of).await? => return Err(gone()),
            Err(problem) => return Err(Failure::from(problem).at("name")),
            Ok(()) => {}
        }
        audit::begun(&of, &user.name, AuditWay::SetUp, "/api/setup", came, &request).await?;
        // The program waits for it with the doors that are shut until somebody administers it.
        of.accounts_changed();
        let cookie = begin(&of, &user, came).await?;
        Ok(([(header::SET_COOKIE, cookie)], Json(Person::from(user))).into_response())
    };
    api.patiently("set up", made).await
}

/// Somebody administers the server who may sign in. Other users are no help: none of them can make an administrator.
async fn is_set_up(api: &Api) -> Result<bool, Failure> {
    let users = api.parts().accounts.users().await?;
    Ok(users.iter().any(User::can_administer))
}
