//! Users, for administrators.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use nohold_app::ports::{Permission, Place, Role, User};
use nohold_model::{AgentKey, GroupKey};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{EndedShown, Person, all_but, new_name, password};
use crate::access::{Caller, Need, Power, RoleWord, Scope, guarded};
use crate::body::{Given, Named};
use crate::etag;
use crate::failure::{Failure, FailureBody};
use crate::state::Api;

/// An installation has at most so many.
const MOST_USERS: usize = 5_000;

pub(super) fn routes(api: &Api) -> OpenApiRouter<Api> {
    let look = Need::look(Role::Administrator, Scope::Accounts);
    let change = Need::change(Role::Administrator, Scope::Accounts);
    // A wish is kept as a hash that is quick to compute, so one with a password is not kept at all.
    let with_password = Need { repeatable: false, ..change };
    OpenApiRouter::new()
        .routes(guarded(api, look, routes!(list)))
        .routes(guarded(api, look, routes!(show)))
        .routes(guarded(api, with_password, routes!(create)))
        .routes(guarded(api, change, routes!(update)))
        .routes(guarded(api, change, routes!(remove)))
        .routes(guarded(api, with_password, routes!(set_password)))
}

/// A user who is to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewUser {
    /// The name to sign in with: 1 to 64 letters, digits, `.`, `-`, `_`, `@`, of which a letter or a digit comes
    /// first; kept in lower case.
    name: String,
    /// The password, 10 to 256 characters; without one they cannot sign in yet.
    #[serde(default)]
    password: Option<String>,
    /// What they may do.
    #[schema(value_type = RoleWord)]
    role: Role,
    /// The agent who they are; one that is configured and that no other user is.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    agent: Option<AgentKey>,
    /// For supervisors: the groups they look after; none means all.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    groups: Option<BTreeSet<GroupKey>>,
    /// What they may besides: `see_numbers` (customers' numbers whole), `download` (audio as files), `export_numbers` (whole
    /// numbers in exports). None means what the role may: agents see numbers, others may download as well.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    may: Option<BTreeSet<Permission>>,
    /// They may not sign in.
    #[serde(default)]
    disabled: bool,
}

/// What a user may do from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangedUser {
    /// What they may do.
    #[schema(value_type = RoleWord)]
    role: Role,
    /// The agent who they are; one that is configured and that no other user is.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    agent: Option<AgentKey>,
    /// For supervisors: the groups they look after; none means all.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    groups: Option<BTreeSet<GroupKey>>,
    /// What they may besides: `see_numbers` (customers' numbers whole), `download` (audio as files), `export_numbers` (whole
    /// numbers in exports). None means what the role may: agents see numbers, others may download as well.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    may: Option<BTreeSet<Permission>>,
    /// They may not sign in.
    #[serde(default)]
    disabled: bool,
}

/// A password that an administrator sets.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SetPassword {
    /// The password, 10 to 256 characters.
    password: String,
}

/// A user who was changed.
#[derive(Debug, Serialize, ToSchema)]
struct ChangedPerson {
    #[serde(flatten)]
    person: Person,
    /// What has ended with it, where the role is another or the user is disabled.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<EndedShown>,
}

type Tagged<T> = ([(HeaderName, HeaderValue); 1], Json<T>);

/// All users, by name
#[utoipa::path(get, path = "/api/users", tag = "users", responses((status = 200, body = [Person])))]
async fn list(State(api): State<Api>) -> Result<Json<Vec<Person>>, Failure> {
    Ok(Json(api.parts().accounts.users().await?.into_iter().map(Person::from).collect()))
}

/// One user
#[utoipa::path(get, path = "/api/users/{name}", tag = "users", params(("name" = String, Path)),
    responses((status = 200, body = Person)))]
async fn show(State(api): State<Api>, Named(name): Named<String>) -> Result<Tagged<Person>, Failure> {
    let user = known(&api, &name).await?;
    Ok(tagged(user))
}

/// Make a user
#[utoipa::path(post, path = "/api/users", tag = "users", request_body = NewUser, responses(
    (status = 201, body = Person),
    (status = 403, description = "the token would give more than it has: `scope_missing`", body = FailureBody),
    (status = 409, description = "the name or the agent is taken: `taken`", body = FailureBody),
))]
async fn create(
    State(api): State<Api>,
    caller: Caller,
    Given(new): Given<NewUser>,
) -> Result<(StatusCode, Tagged<Person>), Failure> {
    caller.may_give(power(new.role))?;
    if new.password.is_some() {
        caller.may_give(Power::SignIn)?;
    }
    let name = new_name(&new.name)?;
    let password = match new.password {
        Some(chosen) => {
            password::check("password", &name, &chosen)?;
            Some(api.passwords().hash(chosen).await?)
        }
        None => None,
    };
    let NewUser { role, agent, groups, may, disabled, .. } = new;
    let user = User { name, version: 0, role, agent, groups, may, password, disabled, made: api.now() };
    let _order = api.change_accounts().await;
    let others = api.parts().accounts.users().await?;
    if others.len() >= MOST_USERS {
        return Err(Failure::conflict("too_many", format!("there are {MOST_USERS} users already")));
    }
    fits(&api, &user, &others).await?;
    api.parts().accounts.keep_user(user.clone()).await.map_err(|problem| Failure::from(problem).at("name"))?;
    api.accounts_changed();
    caller.telling.object(&user.name);
    caller.telling.after(&Person::from(user.clone()));
    Ok((StatusCode::CREATED, tagged(user)))
}

/// Change what a user may do
///
/// Another role (a greater one, too) and being disabled end all sign-ins and tokens of the user: what a token may do goes by
/// the role, and whoever made it for one role did not mean another. The answer says how many have ended.
#[utoipa::path(put, path = "/api/users/{name}", tag = "users", request_body = ChangedUser,
    params(("name" = String, Path), ("If-Match" = Option<String>, Header, description = "the ETag that was read")),
    responses(
        (status = 200, body = ChangedPerson),
        (status = 403, description = "the token would give more than it has: `scope_missing`", body = FailureBody),
        (status = 409, description = "`taken`, `last_administrator`, `oneself`", body = FailureBody),
        (status = 412, description = "it has changed since it was read: `changed`", body = FailureBody),
    ))]
async fn update(
    State(api): State<Api>,
    caller: Caller,
    Named(name): Named<String>,
    headers: HeaderMap,
    Given(change): Given<ChangedUser>,
) -> Result<Tagged<ChangedPerson>, Failure> {
    let _order = api.change_accounts().await;
    let old = known(&api, &name).await?;
    caller.telling.before(&Person::from(old.clone()));
    etag::must_match(&headers, Some(old.version))?;
    let ChangedUser { role, agent, groups, may, disabled } = change;
    caller.may_give(power(old.role.max(role)))?;
    let user = User { role, agent, groups, may, disabled, version: old.version + 1, ..old.clone() };
    let others = api.parts().accounts.users().await?;
    if disabled && user.name == caller.user.name {
        return Err(Failure::conflict("oneself", "nobody can disable themselves: ask another administrator"));
    }
    fits(&api, &user, &others).await?;
    let accounts = &api.parts().accounts;
    let ended = if role != old.role || disabled {
        Some(accounts.reset_user(user.clone(), all_but(&caller)).await?.into())
    } else {
        accounts.keep_user(user.clone()).await?;
        None
    };
    api.accounts_changed();
    let version = user.version;
    caller.telling.after(&Person::from(user.clone()));
    Ok(([(header::ETAG, etag::of(version))], Json(ChangedPerson { person: user.into(), ended })))
}

/// Remove a user with all their sign-ins and tokens
#[utoipa::path(delete, path = "/api/users/{name}", tag = "users", params(("name" = String, Path)), responses(
    (status = 204),
    (status = 403, description = "the token may not end an administrator: `scope_missing`", body = FailureBody),
    (status = 409, description = "`last_administrator`, `oneself`", body = FailureBody),
))]
async fn remove(State(api): State<Api>, caller: Caller, Named(name): Named<String>) -> Result<StatusCode, Failure> {
    let _order = api.change_accounts().await;
    let user = known(&api, &name).await?;
    caller.telling.before(&Person::from(user.clone()));
    caller.may_give(power(user.role))?;
    if user.name == caller.user.name {
        return Err(Failure::conflict("oneself", "nobody can remove themselves: ask another administrator"));
    }
    api.parts().accounts.remove_user(&user.name).await?;
    api.accounts_changed();
    Ok(StatusCode::NO_CONTENT)
}

/// Set a user's password
///
/// All sign-ins and tokens of the user end: whoever had the account has it no longer. The answer says how many.
#[utoipa::path(put, path = "/api/users/{name}/password", tag = "users", request_body = SetPassword,
    params(("name" = String, Path)), responses((status = 200, body = EndedShown)))]
async fn set_password(
    State(api): State<Api>,
    caller: Caller,
    Named(name): Named<String>,
    Given(set): Given<SetPassword>,
) -> Result<Json<EndedShown>, Failure> {
    let user = known(&api, &name).await?;
    caller.may_give(power(user.role))?;
    caller.may_give(Power::SignIn)?;
    password::check("password", &user.name, &set.password)?;
    let hash = api.passwords().hash(set.password).await?;
    let _order = api.change_accounts().await;
    let user = known(&api, &name).await?;
    // Somebody may have made an administrator of them meanwhile.
    caller.may_give(power(user.role))?;
    let changed = User { password: Some(hash), version: user.version + 1, ..user };
    let ended = api.parts().accounts.reset_user(changed, all_but(&caller)).await?;
    api.accounts_changed();
    Ok(Json(ended.into()))
}

pub(super) async fn known(api: &Api, name: &str) -> Result<User, Failure> {
    let user = api.parts().accounts.user(name).await?;
    user.ok_or_else(|| Failure::not_found("there is no user with this name"))
}

fn tagged(user: User) -> Tagged<Person> {
    ([(header::ETAG, etag::of(user.version))], Json(user.into()))
}

/// What somebody with this role holds.
pub(super) fn power(role: Role) -> Power {
    match role {
        Role::Agent | Role::Supervisor => Power::User,
        Role::Administrator => Power::Administrator,
    }
}

/// The agent and the groups are configured, and the agent is nobody else.
async fn fits(api: &Api, user: &User, others: &[User]) -> Result<(), Failure> {
    if user.groups.is_some() && user.role != Role::Supervisor {
        return Err(Failure::invalid("groups", "only supervisors look after groups: leave them out"));
    }
    if user.agent.is_none() && user.groups.is_none() {
        return Ok(());
    }
    let kept = api.parts().configured.configured().await?;
    let there = |kind: &str, key: &str| kept.things.contains_key(&Place { kind: kind.into(), key: key.into() });
    if let Some(agent) = &user.agent {
        if !there("agents", agent.as_str()) {
            let message = format!("there is no agent `{agent}`: choose one that is configured");
            return Err(Failure::invalid("agent", message));
        }
        if let Some(other) = others.iter().find(|other| other.name != user.name && other.agent == user.agent) {
            let message = format!("`{}` is this agent already", other.name);
            return Err(Failure::conflict("taken", message).at("agent"));
        }
    }
    if let Some(group) = user.groups.iter().flatten().find(|group| !there("groups", group.as_str())) {
        let message = format!("there is no group `{group}`: choose one that is configured");
        return Err(Failure::invalid("groups", message));
    }
    Ok(())
}
