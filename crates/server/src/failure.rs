//! The one form of all refusals.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use nohold_app::ports::{NotKept, StoreFailed};
use serde::Serialize;
use utoipa::ToSchema;

/// Why a request was not carried out. Nothing has changed then.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The HTTP status.
    pub status: StatusCode,
    /// What the caller reads.
    pub body: FailureBody,
    /// After so many seconds it may be tried again.
    pub retry_after: Option<u32>,
}

/// The body of every refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FailureBody {
    /// A stable word in snake_case, for programs.
    #[schema(example = "not_found")]
    pub code: String,
    /// What is wrong and what to do about it, for people.
    pub message: String,
    /// The field that it is about, from the outside inwards: `queues.600.overflow.timeout`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// All that is wrong, where it is more than one sentence can say.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<ProblemBody>,
    /// What helps to go on.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    #[schema(inline)]
    pub help: Option<Box<Help>>,
}

/// What helps to go on after a refusal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Help {
    /// From when on it may be tried again, in milliseconds since 1970 (UTC).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
    /// The entry that is meant instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// The contact that stands in the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<ContactNamed>,
    /// Under this the server's log tells of a mistake of its own; also the header `X-Request-Id` of every answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
}

/// A contact, by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ContactNamed {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// One thing that is wrong with what was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProblemBody {
    /// `error` or `warning`; a warning alone keeps nothing from happening.
    pub severity: String,
    /// Where it stands, from the outside inwards.
    pub field: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub mend: String,
}

impl Failure {
    /// A refusal.
    #[must_use]
    pub fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        let body = FailureBody {
            code: code.to_owned(),
            message: message.into(),
            field: None,
            problems: Vec::new(),
            help: None,
        };
        Failure { status, body, retry_after: None }
    }

    /// What was sent is readable and cannot be meant (422).
    #[must_use]
    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", message).at(field)
    }

    /// There is no such thing (404).
    #[must_use]
    pub fn not_found(message: impl Into<String>) -> Self {
        Failure::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// The rules, or somebody else's work, stand against it (409).
    #[must_use]
    pub fn conflict(code: &str, message: impl Into<String>) -> Self {
        Failure::new(StatusCode::CONFLICT, code, message)
    }

    /// Whoever asks may not (403).
    #[must_use]
    pub fn forbidden(code: &str, message: impl Into<String>) -> Self {
        Failure::new(StatusCode::FORBIDDEN, code, message)
    }

    /// It is not known who asks (401).
    #[must_use]
    pub fn unknown_caller() -> Self {
        Failure::new(StatusCode::UNAUTHORIZED, "not_signed_in", "sign in first, or send a token that is valid")
    }

    /// The server cannot do it now (503).
    #[must_use]
    pub fn unavailable(code: &str, message: impl Into<String>) -> Self {
        Failure { retry_after: Some(1), ..Failure::new(StatusCode::SERVICE_UNAVAILABLE, code, message) }
    }

    /// It is not known yet whether it was carried out, and it may still be (504).
    #[must_use]
    pub fn not_known_yet() -> Self {
        let message = "the store has not said yet whether this was done: look at it again before you repeat it";
        Failure::new(StatusCode::GATEWAY_TIMEOUT, "not_known_yet", message)
    }

    /// The server has failed (500); what went wrong is in its log.
    #[must_use]
    pub fn internal() -> Self {
        Failure::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "the server has made a mistake: its log says more about it",
        )
    }

    /// With the field that it is about.
    #[must_use]
    pub fn at(mut self, field: impl Into<String>) -> Self {
        self.body.field = Some(field.into());
        self
    }

    /// With all that is wrong; the field is the first one's.
    #[must_use]
    pub fn with_problems(mut self, problems: Vec<ProblemBody>) -> Self {
        if let Some(first) = problems.first() {
            self.body.field.get_or_insert_with(|| first.field.clone());
        }
        self.body.problems = problems;
        self
    }

    /// With the seconds after which it may be tried again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(u32::try_from(seconds.max(1)).unwrap_or(u32::MAX));
        self
    }
}

impl From<StoreFailed> for Failure {
    fn from(_: StoreFailed) -> Self {
        Failure::unavailable(
            "store_unavailable",
            "the store cannot keep anything just now (an administrator sees why under /api/status and in the \
             server's log): try again in a moment",
        )
    }
}

impl From<NotKept> for Failure {
    fn from(problem: NotKept) -> Self {
        match problem {
            NotKept::Changed => Failure::conflict("changed_meanwhile", problem.to_string()),
            NotKept::Taken => Failure::conflict("taken", problem.to_string()),
            NotKept::Gone => Failure::not_found(problem.to_string()),
            NotKept::TooMuch => Failure::conflict("too_much", problem.to_string()),
            NotKept::LastAdministrator => Failure::conflict("last_administrator", problem.to_string()),
            NotKept::Store(failed) => failed.into(),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = (self.status, axum::Json(self.body)).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            // RFC 9110 §11.6.1 asks for a challenge; a browser shows no window for this scheme.
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
