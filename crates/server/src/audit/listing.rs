//! The audit, for administrators.

use axum::Json;
use axum::extract::State;
use nohold_app::ports::{AuditLine, AuditPlace, AuditQuery, AuditWay, Role};
use nohold_model::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::{Caller, Need, Scope, guarded};
use crate::body::Asked;
use crate::failure::Failure;
use crate::sealed::Of;
use crate::state::Api;

/// The longest page.
const LONGEST_PAGE: usize = 200;

pub(crate) fn routes(api: &Api) -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(guarded(api, Need::look(Role::Administrator, Scope::Accounts), routes!(audit)))
}

/// Which lines are asked for.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct WantedLines {
    /// Of this user; `(operator)` for who runs the installation.
    who: Option<String>,
    /// About this part of the API: what stands behind `/api/`, such as `users` or `recordings`.
    area: Option<String>,
    /// About this thing: what stands in the places of the address's parameters, such as the id of a recording.
    object: Option<String>,
    /// Not older than this, in milliseconds since 1970 (UTC).
    since: Option<i64>,
    /// Older than this, in milliseconds since 1970 (UTC).
    until: Option<i64>,
    /// The cursor of the page before.
    after: Option<String>,
    /// At most so many, 1 to 200; 50 where nothing is said.
    limit: Option<usize>,
}

/// How somebody was known.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum AuditWayShown {
    /// By a sign-in, in a browser.
    Session,
    /// By a token, as a program.
    Token,
    /// As whoever runs this installation.
    Operator,
    /// By the link that sets an installation up.
    SetUp,
}

/// Who has asked for what.
#[derive(Debug, Serialize, ToSchema)]
struct AuditLineShown {
    /// When, in milliseconds since 1970 (UTC).
    at: i64,
    /// The name of the request, by which the server's log knows it (`X-Request-Id`).
    request: String,
    /// The user.
    who: String,
    /// How they were known.
    way: AuditWayShown,
    /// What the token is called, where it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    /// The address that it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    /// The method.
    method: String,
    /// The address with the names of its parameters.
    route: String,
    /// What stands in their places, with `/` between; empty where there are none.
    object: String,
    /// The HTTP status of the answer; none where nobody was left to hear it.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// What was asked for, where the address does not say it: where to a call goes, what an agent shall do.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    wish: Option<Value>,
    /// What was there before, or the version that was seen. Customers' numbers are masked, long texts and lists cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    before: Option<Value>,
    /// What is there now, or its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    after: Option<Value>,
    /// What was opened was to be taken away as a file (`?download=true`), and not only listened to.
    downloaded: bool,
    /// So many requests like this one were refused before it without a line of their own.
    unsaid: u32,
}

/// A page of the audit, newest first.
#[derive(Debug, Serialize, ToSchema)]
struct AuditPage {
    /// The lines.
    items: Vec<AuditLineShown>,
    /// The cursor of the next page; none when this is the last.
    next: Option<String>,
}

/// Who has asked for what, newest first
///
/// A line for each request that changed something or tried to, for each sign-in, also one with a wrong password, and for each
/// recording or message that was opened or refused. Drafts of notes, which are sent while somebody types, leave none.
#[utoipa::path(get, path = "/api/audit", tag = "users", params(WantedLines), responses((status = 200, body = AuditPage)))]
async fn audit(
    State(api): State<Api>,
    caller: Caller,
    Asked(wanted): Asked<WantedLines>,
) -> Result<Json<AuditPage>, Failure> {
    let limit = match wanted.limit.unwrap_or(50) {
        limit @ 1..=LONGEST_PAGE => limit,
        _ => return Err(Failure::invalid("limit", format!("a page has 1 to {LONGEST_PAGE} lines"))),
    };
    let WantedLines { who, area, object, since, until, after, limit: _ } = wanted;
    let of = Of::new("audit", &caller.user.name, &(&who, &area, &object, since, until));
    let after = after.map(|text| api.cursors().open::<AuditPlace>(&of, &text)).transpose()?;
    let (since, until) = (since.map(Timestamp::from_millis), until.map(Timestamp::from_millis));
    // One more than the page, to know whether there is another.
    let query = AuditQuery { who, area, object, since, until, after, limit: limit + 1 };
    let mut lines = api.parts().audit.lines(query).await?;
    let more = lines.len() > limit;
    lines.truncate(limit);
    let last = lines.last().filter(|_| more).map(|line| AuditPlace { at: line.at, request: line.request.clone() });
    let next = last.map(|place| api.cursors().seal(&of, &place)).transpose()?;
    Ok(Json(AuditPage { items: lines.into_iter().map(AuditLineShown::from).collect(), next }))
}

impl From<AuditLine> for AuditLineShown {
    fn from(line: AuditLine) -> Self {
        let value = |text: Option<String>| text.and_then(|text| serde_json::from_str(&text).ok());
        let told = line.told;
        AuditLineShown {
            at: line.at.as_millis(),
            request: line.request,
            who: line.who,
            way: match told.way {
                AuditWay::Session => AuditWayShown::Session,
                AuditWay::Token => AuditWayShown::Token,
                AuditWay::Operator => AuditWayShown::Operator,
                AuditWay::SetUp => AuditWayShown::SetUp,
            },
            token: told.token,
            from: told.from,
            method: told.method,
            route: told.route,
            object: line.object,
            status: told.status,
            wish: value(told.wish),
            before: value(told.before),
            after: value(told.after),
            downloaded: told.downloaded,
            unsaid: told.unsaid,
        }
    }
}
