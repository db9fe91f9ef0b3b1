//! Signing in, passwords, users, tokens, the first start.

mod limiter;
mod password;
mod sessions;
mod setup;
mod tokens;
mod users;

use data_encoding::HEXLOWER;
use nohold_app::ports::{Ended, Ending, Permission, Role, User};
use nohold_model::{AgentKey, GroupKey, Timestamp};
use serde::Serialize;
use std::collections::BTreeSet;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

use crate::access::{Caller, RoleWord};
use crate::failure::Failure;
use crate::state::Api;

pub(crate) use limiter::Limiter;
pub(crate) use password::Passwords;

/// The longest name of a user, in characters.
const LONGEST_NAME: usize = 64;

pub(crate) fn routes(api: &Api) -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .merge(setup::routes())
        .merge(sessions::routes(api))
        .merge(tokens::routes(api))
        .merge(users::routes(api))
}

/// A user, as it is shown.
#[derive(Debug, Serialize, ToSchema)]
pub struct Person {
    /// The name to sign in with.
    name: String,
    /// Counts the changes; also the `ETag` of the user.
    version: u64,
    /// What they may do.
    #[schema(value_type = RoleWord)]
    role: Role,
    /// The agent who they are, where they take calls.
    #[schema(value_type = Option<String>)]
    agent: Option<AgentKey>,
    /// For supervisors: the groups they look after; none means all.
    #[schema(value_type = Option<Vec<String>>)]
    groups: Option<BTreeSet<GroupKey>>,
    /// What they may besides: `see_numbers`, `download`, `export_numbers`; none means what the role may.
    #[schema(value_type = Option<Vec<String>>)]
    may: Option<BTreeSet<Permission>>,
    /// The same, as it holds now.
    #[schema(value_type = Vec<String>)]
    may_now: BTreeSet<Permission>,
    /// They may not sign in.
    disabled: bool,
    /// Since when there is this account.
    #[schema(value_type = i64)]
    made: Timestamp,
}

impl std::convert::From<User> for Person {
    fn from(user: User) -> Self {
        let may_now = user.permissions();
        Person {
            may: user.may,
            may_now,
            name: user.name,
            version: user.version,
            role: user.role,
            agent: user.agent,
            groups: user.groups,
            disabled: user.disabled,
            made: user.made,
        }
    }
}

/// What has ended with a change of an account.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct EndedShown {
    /// So many sign-ins.
    sign_ins: u64,
    /// So many tokens.
    tokens: u64,
}

impl std::convert::From<Ended> for EndedShown {
    fn from(ended: Ended) -> Self {
        EndedShown { sign_ins: ended.sign_ins, tokens: ended.tokens }
    }
}

/// The name as it is kept: in lower case. Whoever writes `Anna` means `anna`, and nobody else can be called that.
fn name(written: &str) -> Result<String, Failure> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '@');
    if !(1..=LONGEST_NAME).contains(&written.len()) || !written.chars().all(fits) {
        let message = format!("a name has 1 to {LONGEST_NAME} letters (a to z), digits, `.`, `-`, `_` or `@`");
        return Err(Failure::invalid("name", message));
    }
    Ok(written.to_ascii_lowercase())
}

/// The same for somebody new. `.` and `..` are no names in an address, and `-x` is none on a command line; whoever is called
/// so already may go on signing in.
fn new_name(written: &str) -> Result<String, Failure> {
    let name = name(written)?;
    if !name.starts_with(|first: char| first.is_ascii_alphanumeric()) {
        return Err(Failure::invalid("name", "a name begins with a letter or a digit: put one before the rest"));
    }
    Ok(name)
}

/// A secret of 256 bits, as text.
fn draw() -> Result<String, Failure> {
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes).map_err(|problem| {
        tracing::error!(%problem, "the system gives no random numbers");
        Failure::internal()
    })?;
    Ok(HEXLOWER.encode(&bytes))
}

/// Which passes end where an account is reset: all, but the sign-in of whoever resets their own account.
fn all_but(caller: &Caller) -> Ending {
    let signed_in = caller.scopes.is_none();
    Ending { tokens: true, but: signed_in.then_some(caller.pass) }
}
