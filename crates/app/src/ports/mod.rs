//! What a node needs from the outside.

mod audit;
mod contacts;
mod image;
mod office;
mod page;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;

use futures::future::BoxFuture;
use nohold_core::call::{Command, Input, LegState, Promised};
use nohold_core::directory::{Directory, Site};
use nohold_core::numbers::Privacy;
use nohold_core::routing::Snapshot;
use nohold_core::tables::Tables;
use nohold_core::transaction::{Answer, Transaction};
use nohold_model::{AgentKey, CallId, EntryId, ExtensionKey, LegId, Timestamp, TrunkKey};
use thiserror::Error;

pub use audit::{Audit, AuditLine, AuditPlace, AuditQuery, AuditTold, AuditWay};
pub use contacts::{
    Brought, Contact, ContactNote, ContactQuery, Contacts, Duplicates, Known, MERGE_UNDONE_WITHIN, MOST_NOTES,
    MOST_NUMBERS, MOST_TAGS, Merge,
};
pub use image::{
    AgentDay, Archive, ClosedEntries, ClosedPlace, ClosedQuery, Commit, Condition, HistoryQuery, Image, Recorded,
    RecordedQuery, Revision, SeenCalls, Told, TooLongAgo,
};
pub use office::{
    Accounts, AllKept, Answers, Configured, Ended, Ending, GivenAnswer, HiddenText, Keeping, Kept, Ledger, NotKept,
    Page, Pass, PassKind, Permission, Place, Reading, Reconfiguration, Role, User,
};
pub use page::{
    NotOnPage, PageAnswer, PageCall, PageCallEnd, PageCallState, PageConnection, PagePhone, PagePhones, PageState,
};

/// All ports of a node.
pub trait Ports: Send + Sync + 'static {
    /// The telephony engine.
    type Telephony: Telephony;
    /// The store.
    type Store: Store;
    /// The clock.
    type Clock: Clock;

    /// The telephony engine.
    fn telephony(&self) -> &Self::Telephony;
    /// The store.
    fn store(&self) -> &Self::Store;
    /// The clock.
    fn clock(&self) -> &Self::Clock;
    /// Runs a future beside the others. Every task of a node is started here, under a name.
    fn spawn(&self, name: &'static str, task: BoxFuture<'static, ()>);
    /// A number that nobody can foresee, for the ids of what begins now.
    fn seed(&self) -> u64;
}

/// A telephony engine: legs, media, and what is heard of them.
pub trait Telephony: Send + Sync + 'static {
    /// Carries out a command. Accepted is not finished: what becomes of it is an event. Repeating a command does no
    /// harm, and one for a leg that is gone does nothing.
    fn execute(&self, command: Command);

    /// The legs of these that the engine has, or has had a moment ago.
    fn inventory(&self, legs: &BTreeSet<LegId>) -> impl Future<Output = BTreeMap<LegId, LegState>> + Send + 'static;

    /// The extensions whose phone was in a page that has been away for longer than a call waits for it, and that have no
    /// other phone. An engine without phones in browsers knows none.
    fn without_a_page(&self) -> BTreeSet<ExtensionKey> {
        BTreeSet::new()
    }

    /// The extensions whose phone is in a page that is not there just now, for however short a time, and that have no other phone:
    /// what would ring there fails.
    fn pages_away(&self) -> BTreeSet<ExtensionKey> {
        BTreeSet::new()
    }

    /// The extensions that have a phone: one that is registered now or was when the engine ended, or a page. Nothing where the
    /// engine cannot tell.
    fn reachable(&self) -> Option<BTreeSet<ExtensionKey>> {
        None
    }
}

/// What the engine tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TelephonyEvent {
    /// A call comes in; its leg waits for an answer.
    NewCall {
        /// The caller's leg.
        leg: LegId,
        /// By which way it came.
        source: Source,
        /// What it says of the caller.
        caller: CallerHeaders,
        /// What was dialled, as it was written: the user part of the Request-URI, or the whole of it.
        to: String,
    },
    /// Something happened on a leg.
    OnLeg(LegId, Input),
}

/// By which way a call came in. The engine has made sure of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// From the public network.
    Trunk(TrunkKey),
    /// From a phone of ours.
    Extension(ExtensionKey),
}

/// What a call says of its caller, each as it was written, with or without display name and URI.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallerHeaders {
    /// `From`.
    pub from: Option<String>,
    /// `P-Asserted-Identity` (RFC 3325), where the source may be trusted with it.
    pub asserted: Option<String>,
    /// `Privacy` (RFC 3323).
    pub privacy: Privacy,
}

/// The store has not done what was asked, and nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the store is not available")]
pub struct StoreFailed;

/// The store. Each method is one transaction.
///
/// What has waited for a commit for more than two seconds is answered with [`StoreFailed`]. What hangs in a commit stays
/// without an answer until it is known whether it was done. Giving up an answer changes nothing about what is done.
pub trait Store: Send + Sync + 'static {
    /// Runs a transaction of the core on the rows, and writes all that it decides, or nothing.
    fn transact(
        &self,
        directory: Arc<Directory>,
        at: Timestamp,
        transaction: Transaction,
    ) -> impl Future<Output = Result<Answer, StoreFailed>> + Send + 'static;

    /// Who waits and who could take a call; where `requests` says so, with the open requests, which may be many.
    fn routing_snapshot(&self, requests: bool) -> impl Future<Output = Result<Overview, StoreFailed>> + Send + 'static;

    /// What has come due by the passing of time.
    fn due(
        &self,
        directory: Arc<Directory>,
        at: Timestamp,
    ) -> impl Future<Output = Result<Due, StoreFailed>> + Send + 'static;

    /// The calls that were alive when the store last heard of them.
    fn live_calls(&self) -> impl Future<Output = Result<Vec<CallId>, StoreFailed>> + Send + 'static;
}

/// What routing looks at, and what tells how long a line is.
#[derive(Debug, Clone, Default)]
pub struct Overview {
    /// For [`nohold_core::routing::assign`].
    pub snapshot: Snapshot,
    /// The open requests, where they were asked for.
    pub requests: Option<Promised>,
}

impl Overview {
    /// The overview that rows in memory give.
    #[must_use]
    pub fn of(tables: &Tables, requests: bool) -> Self {
        let all = || Promised::of(tables.open_requests().map(|(target, promised)| (target.clone(), promised)));
        Overview { snapshot: tables.snapshot(), requests: requests.then(all) }
    }
}

/// What has come due.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Due {
    /// Agents whose wrap-up is over.
    pub agents: Vec<AgentKey>,
    /// Entries whose [tick](nohold_core::entry::Entry::ticks_at) is due.
    pub entries: Vec<EntryId>,
    /// All calls that the store believes alive: one that nobody drives is accounted for.
    pub calls: Vec<CallId>,
}

impl Due {
    /// What is due among rows in memory.
    #[must_use]
    pub fn of(tables: &Tables, site: &Site, at: Timestamp) -> Self {
        Due {
            agents: tables.agents_due(at).cloned().collect(),
            entries: tables.entries_due(site, at).collect(),
            calls: tables.calls.keys().copied().collect(),
        }
    }
}

/// The clock of the edge: the only place where time is read.
pub trait Clock: Send + Sync + 'static {
    /// The time.
    fn now(&self) -> Timestamp;
    /// Waits until then.
    fn sleep_until(&self, at: Timestamp) -> impl Future<Output = ()> + Send + 'static;
}
