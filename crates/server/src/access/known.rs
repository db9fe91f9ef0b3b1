//! Who asks: by a token, or by the cookie of a sign-in.

use std::collections::BTreeSet;

use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use nohold_app::ports::{Pass, PassKind, Role, User};
use nohold_model::{Millis, Timestamp};

use super::{COOKIE, Caller, IDLE, LONGEST, Scope, TOKEN_PREFIX, fingerprint};
use crate::audit::Telling;
use crate::came::Came;
use crate::failure::Failure;
use crate::state::Api;

/// The end of a sign-in is moved at most this often.
const MOVED_EVERY: Millis = Millis::minutes(1);

/// Who asks.
///
/// # Errors
/// When nobody does who is known.
pub(super) async fn who(api: &Api, request: &Parts) -> Result<Caller, Failure> {
    match secret(&request.headers)? {
        Secret::Token(token) => by_token(api, &token).await,
        Secret::Cookie(cookie) => {
            let caller = by_cookie(api, &cookie).await?;
            if let Some(came) = request.extensions.get::<Came>() {
                api.limiter().works_from(&caller.user.name, came.from);
            }
            Ok(caller)
        }
    }
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
fn cookie(headers: &HeaderMap) -> Option<String> {
    let lines = headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value.to_owned())
}

async fn by_token(api: &Api, token: &str) -> Result<Caller, Failure> {
    if !token.starts_with(TOKEN_PREFIX) {
        return Err(Failure::unknown_caller());
    }
    let hash = fingerprint(token);
    if api.is_operator(hash) {
        let kind = PassKind::Token { label: String::new(), scopes: BTreeSet::new() };
        return Ok(Caller {
            user: operator(),
            pass: hash,
            kind,
            scopes: Some(Scope::ALL.into()),
            telling: Telling::default(),
        });
    }
    let (pass, user) = valid(api, token).await?;
    let PassKind::Token { scopes, .. } = &pass.kind else { return Err(Failure::unknown_caller()) };
    let scopes = Some(Scope::ALL.into_iter().filter(|scope| scopes.contains(scope.word())).collect());
    Ok(Caller { user, pass: pass.hash, kind: pass.kind, scopes, telling: Telling::default() })
}

/// Whoever runs this installation. No account can have this name.
fn operator() -> User {
    User {
        name: "(operator)".to_owned(),
        version: 0,
        role: Role::Administrator,
        agent: None,
        groups: None,
        may: None,
        password: None,
        disabled: false,
        made: Timestamp::EPOCH,
    }
}

/// Who a cookie belongs to. The end of the sign-in moves on.
async fn by_cookie(api: &Api, cookie: &str) -> Result<Caller, Failure> {
    let (pass, user) = valid(api, cookie).await?;
    if pass.kind != PassKind::Session {
        return Err(Failure::unknown_caller());
    }
    let caller = Caller { user, pass: pass.hash, kind: pass.kind, scopes: None, telling: Telling::default() };
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
