//! Who has asked for what.

use nohold_model::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Keeping, Reading};

/// A request that changes something, or that opens a recording or a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditLine {
    /// When it came.
    pub at: Timestamp,
    /// Its name, by which the server's log knows it, too.
    pub request: String,
    /// The user who asked.
    pub who: String,
    /// What it is about.
    pub object: String,
    /// The rest.
    pub told: AuditTold,
}

/// What an audit line tells beside when, who and what about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditTold {
    /// How whoever asked was known.
    pub way: AuditWay,
    /// What the token is called, where it was one.
    pub token: Option<String>,
    /// The address that it came from.
    pub from: Option<String>,
    /// The method.
    pub method: String,
    /// The address with the names of its parameters: `/api/users/{name}`.
    pub route: String,
    /// The HTTP status of the answer; none while there is none, and where nobody was left to hear it.
    pub status: Option<u16>,
    /// What was asked for, as JSON, where the address does not say it. Never a secret, and no customer's number whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wish: Option<String>,
    /// What was there before, likewise.
    pub before: Option<String>,
    /// What is there now, likewise.
    pub after: Option<String>,
    /// What was opened was taken away as a file, and not only listened to.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub downloaded: bool,
    /// So many requests like this one were refused before it without a line of their own.
    #[serde(default, skip_serializing_if = "is_none")]
    pub unsaid: u32,
}

fn is_none(count: &u32) -> bool {
    *count == 0
}

impl AuditTold {
    /// The part of the address behind `/api/`.
    #[must_use]
    pub fn area(&self) -> &str {
        self.route.split('/').nth(2).unwrap_or_default()
    }
}

/// How somebody was known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditWay {
    /// By a sign-in, in a browser.
    Session,
    /// By a token, as a program.
    Token,
    /// As whoever runs this installation.
    Operator,
    /// By the link that sets an installation up.
    SetUp,
}

/// The place of a line among all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditPlace {
    /// When.
    pub at: Timestamp,
    /// The name of the request.
    pub request: String,
}

/// Which lines are asked for, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// Of this user only.
    pub who: Option<String>,
    /// About this only: the part of the address behind `/api/`, such as `users`.
    pub area: Option<String>,
    /// About this thing only.
    pub object: Option<String>,
    /// Not older than this.
    pub since: Option<Timestamp>,
    /// Older than this.
    pub until: Option<Timestamp>,
    /// Behind this one.
    pub after: Option<AuditPlace>,
    /// At most so many, 1 to 201.
    pub limit: usize,
}

/// Who has asked for what. Lines are never removed.
pub trait Audit: Send + Sync + 'static {
    /// Writes a line, in the place of the one with the same time and name. It stands in the store's queue when this returns,
    /// before everything that is asked for later, and is durable once the future is done.
    fn write_line(&self, line: AuditLine) -> Keeping<()>;
    /// Lines, newest first.
    fn lines(&self, query: AuditQuery) -> Reading<Vec<AuditLine>>;
}
