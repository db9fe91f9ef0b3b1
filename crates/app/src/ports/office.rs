//! What a server keeps beside the rules' rows: people's accounts, what is configured, and answers already given.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::BoxFuture;
pub use nohold_core::viewing::{Permission, Role};
use nohold_model::{AgentKey, GroupKey, Timestamp};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{MOST_NOTES, MOST_NUMBERS, MOST_TAGS, StoreFailed};

/// The answer of a store, once it is awaited.
pub type Reading<T> = BoxFuture<'static, Result<T, StoreFailed>>;

/// Why something beside the rules' rows was not written. Nothing has changed then.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotKept {
    /// It has changed since it was read.
    #[error("somebody has changed this since you looked: look again, then repeat it")]
    Changed,
    /// There is one with this name.
    #[error("this name is taken: choose another")]
    Taken,
    /// There is no such thing.
    #[error("there is no such thing any more")]
    Gone,
    /// A contact would have more than it may.
    #[error(
        "a contact has {MOST_NUMBERS} numbers, {MOST_TAGS} tags and {MOST_NOTES} notes at most: take out what is old"
    )]
    TooMuch,
    /// Nobody would be left who can sign in and administer.
    #[error("this is the last administrator who can sign in: make another one first, with a password")]
    LastAdministrator,
    /// The store could not keep it.
    #[error(transparent)]
    Store(#[from] StoreFailed),
}

/// The answer to a wish to write.
pub type Keeping<T> = BoxFuture<'static, Result<T, NotKept>>;

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Page<T> {
    /// The part.
    pub items: Vec<T>,
    /// The cursor of the next part; none when this is the last.
    pub next: Option<String>,
}

/// Somebody who may sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The name to sign in with: 1 to 64 letters, digits, `.`, `-`, `_`, `@`, in lower case.
    pub name: String,
    /// Counts the changes.
    pub version: u64,
    /// What they may do.
    pub role: Role,
    /// The agent who they are, where they take calls.
    pub agent: Option<AgentKey>,
    /// For supervisors: the groups they look after; none means all.
    pub groups: Option<BTreeSet<GroupKey>>,
    /// What they may besides; none means what the role may ([`Permission::of_role`]).
    pub may: Option<BTreeSet<Permission>>,
    /// The hash of the password, in the PHC string format; none when they cannot sign in with one.
    pub password: Option<String>,
    /// They may not sign in.
    pub disabled: bool,
    /// Since when there is this account.
    pub made: Timestamp,
}

impl User {
    /// What they may besides what the role says, as it holds.
    #[must_use]
    pub fn permissions(&self) -> BTreeSet<Permission> {
        self.may.clone().unwrap_or_else(|| Permission::of_role(self.role))
    }

    /// Whether they can sign in and administer: an administrator with a password, who is not disabled.
    #[must_use]
    pub fn can_administer(&self) -> bool {
        self.role == Role::Administrator && !self.disabled && self.password.is_some()
    }
}

/// A sign-in, or a token for programs. Its secret is known to its holder alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass {
    /// SHA-256 of the secret.
    pub hash: [u8; 32],
    /// What it is.
    pub kind: PassKind,
    /// Whose it is.
    pub user: String,
    /// Since when.
    pub made: Timestamp,
    /// Until when it holds.
    pub expires: Timestamp,
}

/// What a pass is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PassKind {
    /// A person's sign-in in a browser.
    Session,
    /// A token for a program.
    Token {
        /// What people call it; unique for its user.
        label: String,
        /// What it may do, of all that its user may.
        scopes: BTreeSet<String>,
    },
}

/// Accounts and passes. A change of a user's role, groups, password or `disabled` leaves passes as they are: whoever
/// changes it decides about them.
pub trait Accounts: Send + Sync + 'static {
    /// All users, by name.
    fn users(&self) -> Reading<Vec<User>>;
    /// One user.
    fn user(&self, name: &str) -> Reading<Option<User>>;
    /// Adds a user whose `version` is 0, or changes the one that still has the version before (`version - 1`). Where this
    /// was the last one who can administer ([`User::can_administer`]) and no longer would, it is refused as
    /// [`NotKept::LastAdministrator`]; of two who give it up at once, one is refused.
    fn keep_user(&self, user: User) -> Keeping<()>;
    /// Adds the first administrator; refused as [`NotKept::Taken`] where there is one already who can sign in, and where
    /// somebody has the name.
    fn keep_first_user(&self, user: User) -> Keeping<()>;
    /// Changes a user and ends passes of theirs, in one step: nobody goes on with a pass of before. Refused as
    /// [`Accounts::keep_user`].
    fn reset_user(&self, user: User, ending: Ending) -> Keeping<Ended>;
    /// Removes a user, all their passes, and the answers that were kept for them; refused as [`NotKept::LastAdministrator`] as for [`Accounts::keep_user`].
    fn remove_user(&self, name: &str) -> Keeping<()>;
    /// Adds a pass, or moves the end of one that exists.
    fn keep_pass(&self, pass: Pass) -> Keeping<()>;
    /// A pass that has not expired at this time, with its user.
    fn pass(&self, hash: [u8; 32], at: Timestamp) -> Reading<Option<(Pass, User)>>;
    /// The passes of a user that have not expired at this time, oldest first.
    fn passes(&self, user: &str, at: Timestamp) -> Reading<Vec<Pass>>;
    /// Moves the end of a pass. One that was ended meanwhile stays ended: nothing to move is no failure.
    fn move_pass(&self, hash: [u8; 32], expires: Timestamp) -> Keeping<()>;
    /// Ends a pass.
    fn end_pass(&self, hash: [u8; 32]) -> Keeping<()>;
    /// Ends all passes of a user but this one.
    fn end_passes(&self, user: &str, but: Option<[u8; 32]>) -> Keeping<()>;
}

/// Which of a user's passes end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    /// Tokens end, too; otherwise only sign-ins.
    pub tokens: bool,
    /// This one stays.
    pub but: Option<[u8; 32]>,
}

/// How many passes have ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ended {
    /// Sign-ins.
    pub sign_ins: u64,
    /// Tokens.
    pub tokens: u64,
}

/// One configured thing: its kind (a table of the configuration, such as `queues`) and its key; what there is only one of
/// (`site`, `outbound`, `star_codes`, `blocked`) has an empty key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The table.
    pub kind: String,
    /// The key in it.
    pub key: String,
}

/// A configured thing as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Counts its changes, from 1.
    pub version: u64,
    /// When it was changed last.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// The thing as JSON, in the configuration's own form; none in the history of one that was removed.
    pub body: Option<String>,
}

/// All that is configured.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AllKept {
    /// Counts the changes of anything.
    pub revision: u64,
    /// The things.
    pub things: BTreeMap<Place, Kept>,
    /// Passwords of SIP accounts, by account: `extensions.2000`, `trunks.carrier`, `trunks.carrier.inbound`. Keep them out
    /// of logs and answers.
    pub secrets: BTreeMap<String, HiddenText>,
}

/// A text that `Debug` does not show.
#[derive(Clone, PartialEq, Eq)]
pub struct HiddenText(pub String);

impl std::fmt::Debug for HiddenText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HiddenText(…)")
    }
}

/// A change of what is configured: all of it happens, or nothing.
#[derive(Debug, Clone, Default)]
pub struct Reconfiguration {
    /// The revision that it was made for; [`NotKept::Changed`] when there is another.
    pub revision: u64,
    /// New bodies, or none for what is removed.
    pub things: BTreeMap<Place, Option<String>>,
    /// New passwords, or none for those that are forgotten.
    pub secrets: BTreeMap<String, Option<HiddenText>>,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
}

/// What is configured.
pub trait Configured: Send + Sync + 'static {
    /// All of it.
    fn configured(&self) -> Reading<AllKept>;
    /// Changes it; the answer is the new revision.
    fn reconfigure(&self, change: Reconfiguration) -> Keeping<u64>;
    /// All versions of one thing, newest first.
    fn versions(&self, place: Place) -> Reading<Vec<Kept>>;
}

/// An answer that was given to a wish with an idempotency key, to be given again when the wish is repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenAnswer {
    /// SHA-256 of the wish: method, path, what it was made conditional on, and body.
    pub wish: [u8; 32],
    /// The HTTP status; 0 while the wish is being carried out.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    /// When.
    pub at: Timestamp,
}

/// Answers already given, by user and idempotency key. They may be forgotten after 24 hours.
pub trait Answers: Send + Sync + 'static {
    /// Takes a key for a wish that is about to be carried out. Where it is taken already, what stands there comes back
    /// and nothing changes. One that is older than 24 hours, or has status 0 and is older than a minute, is taken over.
    fn take_key(&self, user: &str, key: &str, wish: [u8; 32], at: Timestamp) -> Keeping<Option<GivenAnswer>>;
    /// Writes down the answer, where the key is still taken: it goes with its user. A status of 0 gives the key back, as if the wish had not been made.
    fn answer_key(&self, user: &str, key: &str, answer: GivenAnswer) -> Keeping<()>;
}

/// What an engine wants to find again after a restart, such as where phones are and which dialogs live. What stands in it
/// is the engine's own matter.
pub trait Ledger: Send + Sync + 'static {
    /// Writes a line, in the place of the one with the same name on the same page. It is durable once the future is done.
    fn write(&self, page: &'static str, name: String, line: String) -> Keeping<()>;
    /// Removes a line; one that is not there is no failure.
    fn strike(&self, page: &'static str, name: String) -> Keeping<()>;
    /// All lines of a page, by name.
    fn page(&self, page: &'static str) -> Reading<Vec<(String, String)>>;
}
