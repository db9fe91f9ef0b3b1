//! The rows of a store as people are shown them, and the commits that have changed them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nohold_core::tables::Tables;
use nohold_core::transaction::Outcome;
use nohold_model::{AgentKey, CallId, EntryId, QueueKey, RecordingId, ServiceKey, Timestamp};
use thiserror::Error;
use tokio::sync::watch;

use super::{Page, Reading};
use nohold_core::entry::{CloseReason, Entry, State};
use nohold_core::fact::{Dated, Fact, NumberRefusal};
use nohold_core::record::{Direction, Record, RecordEnd};
use nohold_core::workday::Standing;

/// How many of the last commits can be had again. Whoever was away longer takes a new look at everything.
const KEPT_COMMITS: usize = 10_000;

/// The number of a commit. It grows by one with each, for as long as the store's data exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Revision(pub u64);

/// A commit: what it wrote, and what has become true by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its number.
    pub revision: Revision,
    /// When it was committed.
    pub at: Timestamp,
    /// What it wrote. The answer in it is whoever asked for the commit's alone.
    pub outcome: Outcome,
}

/// The commits since then cannot be had any more: look at everything anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the changes since then are no longer kept: look at everything anew")]
pub struct TooLongAgo;

/// A fact of the history with the commit that wrote it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Told {
    /// The commit.
    pub revision: Revision,
    /// Which of the commit's facts it is, from 0.
    pub index: u32,
    /// When, and what.
    #[serde(flatten)]
    pub dated: Dated,
}

/// Which closed entries are asked for, newest first.
#[derive(Debug, Clone, Default)]
pub struct ClosedQuery {
    /// Closed for this reason only.
    pub reason: Option<CloseReason>,
    /// Of this number only, as E.164.
    pub number: Option<String>,
    /// Behind this place.
    pub after: Option<ClosedPlace>,
    /// At most so many, 1 to 200.
    pub limit: usize,
}

/// The place of a closed entry among all.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ClosedPlace {
    /// When it closed.
    pub closed: Timestamp,
    /// Which one.
    pub entry: EntryId,
}

impl ClosedPlace {
    /// The place of an entry, where it is closed.
    #[must_use]
    pub fn of(entry: &Entry) -> Option<Self> {
        match entry.state {
            State::Closed { at, .. } => Some(ClosedPlace { closed: at, entry: entry.id }),
            State::Waiting
            | State::Claimed { .. }
            | State::Attempting { .. }
            | State::Talking { .. }
            | State::Noting { .. } => None,
        }
    }
}

/// A part of the closed entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedEntries {
    /// The part.
    pub items: Vec<Entry>,
    /// There are more behind it.
    pub more: bool,
}

/// A conversation that was recorded, or is being.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The recording.
    pub recording: RecordingId,
    /// When it began.
    pub at: Timestamp,
    /// The call.
    pub call: CallId,
    /// The entry that was called back.
    pub entry: Option<EntryId>,
    /// The agent.
    pub agent: AgentKey,
    /// The customer's number, as E.164.
    pub number: Option<String>,
}

/// Which recorded conversations are asked for.
#[derive(Debug, Clone, Default)]
pub struct RecordedQuery {
    /// Of these agents only; none means of all.
    pub agents: Option<BTreeSet<AgentKey>>,
    /// The cursor of the page before.
    pub after: Option<String>,
    /// At most so many, 1 to 200.
    pub limit: usize,
}

/// Which calls that are over are asked for, newest first.
#[derive(Debug, Clone, Default)]
pub struct HistoryQuery {
    /// Only those that somebody may see who sees these; none means all.
    pub seen: Option<SeenCalls>,
    /// Whose number outside ends with these digits.
    pub number: Option<String>,
    /// In which this agent talked, which the agent made, or in which a colleague called the agent in vain.
    pub agent: Option<AgentKey>,
    /// Which stood in this queue.
    pub queue: Option<QueueKey>,
    /// Which went this way.
    pub direction: Option<Direction>,
    /// Of which this came.
    pub end: Option<RecordEnd>,
    /// Which began then or later.
    pub since: Option<Timestamp>,
    /// Which began before.
    pub until: Option<Timestamp>,
    /// The cursor of the page before.
    pub after: Option<String>,
    /// At most so many, 1 to 200.
    pub limit: usize,
}

/// What makes a call one that somebody may see; one of them is enough.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SeenCalls {
    /// One of these agents took part, or was called by a colleague in vain.
    pub agents: BTreeSet<AgentKey>,
    /// The caller stood in one of these queues.
    pub queues: BTreeSet<QueueKey>,
    /// It never came into a queue, and is of one of these services.
    pub services: BTreeSet<ServiceKey>,
}

/// What an agent has done in a stretch of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentDay {
    /// From when on it is told: later than was asked for where there is more than anybody could do in a day.
    pub from: Timestamp,
    /// How the agent stood just before.
    pub before: Standing,
    /// The changes of the agent's state, and how the offers to them ended; oldest first.
    pub facts: Vec<Dated>,
    /// The calls that are over, in which the agent took part, and that began in it; newest first.
    pub calls: Vec<Record>,
}

/// What a store shows. Reading is never in the way of a commit, and needs no commit to be possible.
pub trait Archive: Send + Sync + 'static {
    /// The live rows and the last commits.
    fn image(&self) -> &Image;

    /// How the store is, without waiting for it.
    fn condition(&self) -> Condition;

    /// One entry, also a closed one.
    fn entry(&self, id: EntryId) -> Reading<Option<Entry>>;

    /// Closed entries, the one that was closed last first.
    fn closed_entries(&self, query: ClosedQuery) -> Reading<ClosedEntries>;

    /// What has happened with an entry, oldest first: the facts that name it, and those of the calls that made it.
    fn entry_history(&self, id: EntryId) -> Reading<Vec<Told>>;

    /// A call that is over.
    fn call_record(&self, id: CallId) -> Reading<Option<Record>>;

    /// Those of these calls that are over, in no order.
    fn call_records_of(&self, ids: Vec<CallId>) -> Reading<Vec<Record>>;

    /// Calls that are over, newest first.
    fn call_records(&self, query: HistoryQuery) -> Reading<Page<Record>>;

    /// What this agent has done since `from` and before `until`.
    fn agent_day(&self, agent: AgentKey, from: Timestamp, until: Timestamp) -> Reading<AgentDay>;

    /// A recorded conversation.
    fn recorded(&self, id: RecordingId) -> Reading<Option<Recorded>>;

    /// Recorded conversations, newest first.
    fn recordings(&self, query: RecordedQuery) -> Reading<Page<Recorded>>;
}

/// How a store is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// It writes.
    Well,
    /// What it writes has not come to an end for some seconds: the disk stands still, or another program holds the database.
    Standing,
    /// There is no room on the disk.
    Full,
    /// It cannot write; its log says why.
    Failing,
}

/// The live rows of a store (all that is not closed, and what was closed a short while ago) and its last commits.
/// Clones are the same image.
#[derive(Debug, Clone)]
pub struct Image {
    inner: Arc<Mutex<Inner>>,
    revision: watch::Sender<Revision>,
}

#[derive(Debug)]
struct Inner {
    tables: Tables,
    commits: VecDeque<Arc<Commit>>,
    revision: Revision,
    /// A number that is refused leaves no row, so that its count is all that remains to be seen of it.
    refused_numbers: BTreeMap<NumberRefusal, u64>,
}

impl Image {
    /// An image of these rows, as they were after this commit.
    #[must_use]
    pub fn new(tables: Tables, revision: Revision) -> Self {
        let inner = Inner { tables, commits: VecDeque::new(), revision, refused_numbers: BTreeMap::new() };
        Image { inner: Arc::new(Mutex::new(inner)), revision: watch::Sender::new(revision) }
    }

    /// Shows the rows as they are after one commit. Be brief: nothing is committed meanwhile.
    pub fn view<T>(&self, look: impl FnOnce(&Tables, Revision) -> T) -> T {
        let inner = self.lock();
        look(&inner.tables, inner.revision)
    }

    /// How many numbers were refused as targets of a callback for this reason, since the image was made.
    #[must_use]
    pub fn refused_numbers(&self, why: NumberRefusal) -> u64 {
        self.lock().refused_numbers.get(&why).copied().unwrap_or_default()
    }

    /// Tells of each new commit; several may be told as one.
    #[must_use]
    pub fn revisions(&self) -> watch::Receiver<Revision> {
        self.revision.subscribe()
    }

    /// The commits after this one, oldest first.
    ///
    /// # Errors
    /// [`TooLongAgo`] when some of them are not kept any more, or when this one has never been.
    pub fn commits_after(&self, revision: Revision) -> Result<Vec<Arc<Commit>>, TooLongAgo> {
        let inner = self.lock();
        let behind = inner.revision.0.checked_sub(revision.0).ok_or(TooLongAgo)?;
        let behind = usize::try_from(behind).map_err(|_| TooLongAgo)?;
        let skipped = inner.commits.len().checked_sub(behind).ok_or(TooLongAgo)?;
        Ok(inner.commits.iter().skip(skipped).cloned().collect())
    }

    /// Takes over commits, in their order, once they are certain. For stores alone.
    pub fn apply(&self, commits: impl IntoIterator<Item = Commit>) {
        let mut inner = self.lock();
        for commit in commits {
            for write in &commit.outcome.writes {
                inner.tables.put(write.clone());
            }
            for dated in &commit.outcome.facts {
                if let Fact::NumberRefused { why, .. } = dated.fact {
                    *inner.refused_numbers.entry(why).or_default() += 1;
                }
            }
            inner.revision = commit.revision;
            if inner.commits.len() == KEPT_COMMITS {
                inner.commits.pop_front();
            }
            inner.commits.push_back(Arc::new(commit));
        }
        let revision = inner.revision;
        drop(inner);
        self.revision.send_if_modified(|last| std::mem::replace(last, revision) != revision);
    }

    /// Works on the rows without a commit: forgets what nobody needs in memory. For stores alone.
    pub fn tidy<T>(&self, work: impl FnOnce(&mut Tables) -> T) -> T {
        work(&mut self.lock().tables)
    }

    /// A change of the rows either happens whole or has not begun, so what a panic leaves behind is sound.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Image {
    fn default() -> Self {
        Image::new(Tables::default(), Revision::default())
    }
}
