//! What the store changes together, or refuses: each transaction is a pure function from rows to rows.
//!
//! A store loads the rows that [`run`] asks for, and writes what it returns, in one transaction of its own. All rules
//! of what may happen at the same time live here, once, for every database. A row that was not loaded yet ends the run
//! with [`NotLoaded`]; the store loads it and runs again: nothing has happened in between.

mod apply;
mod desk;
mod direct;
mod gather;
mod handing;
mod holding;
mod holding_back;
mod line;
mod noting;
mod offers;
mod recover;
mod refusal;
mod row;
mod working;

use std::collections::BTreeSet;

use nohold_model::{
    AgentKey, AttemptId, CallId, EntryId, ExtensionKey, Language, LegId, OfferId, PhoneNumber, QueueKey, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::agent::{self, Agent};
use crate::directory::Directory;
use crate::entry::{self, Actor, Business, Entry, Target, Tried, Window};
use crate::fact::{Dated, RequestMade};
use crate::note::{self, CallNote};
use crate::routing::{Assignment, Offer, Waiting};

use working::Working;

pub use refusal::{Noun, Refusal};
pub use row::{ByHandRow, CallRow, CallbackRow, CallerRow, ConsultRow, MOST_FLOWS, RecordingNow, RingsRow};

/// Something that must happen whole or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transaction {
    /// What a call has to record. `promise` is what must be true before the call may go on; when it is refused, the
    /// records still stand.
    Call {
        /// The records, in the order in which they became true.
        records: Vec<Dated>,
        /// The fact that the call waits for.
        promise: Option<Dated>,
    },
    /// An agent is reserved for a caller.
    Reserve {
        /// Who for whom.
        assignment: Assignment,
        /// The id that the offer will have.
        offer: OfferId,
    },
    /// An agent's own wish, a supervisor's, or a timer's.
    Agent {
        /// Whom it concerns.
        agent: AgentKey,
        /// What.
        input: agent::Input,
        /// Who wants it.
        by: Actor,
    },
    /// Work on an entry that needs no call.
    Entry {
        /// Which.
        entry: EntryId,
        /// What.
        change: entry::Change,
        /// The version that whoever wants it has seen; of another one it is refused. None: whatever it is now.
        seen: Option<u64>,
        /// Who wants it.
        by: Actor,
    },
    /// An agent calls an entry back: claim, agent and call together.
    CallBack {
        /// Which.
        entry: EntryId,
        /// Who calls.
        agent: AgentKey,
        /// The id that the call will have.
        call: CallId,
        /// A supervisor lets it happen outside the dialling window.
        beyond_window: bool,
        /// The version of the entry that whoever wants it has seen; of another one it is refused.
        seen: Option<u64>,
        /// Who wants it.
        by: Actor,
    },
    /// An agent types, saves or throws away the note of a call.
    Note {
        /// Of which call.
        call: CallId,
        /// Whose note.
        agent: AgentKey,
        /// What.
        wish: Box<note::Wish>,
        /// Who wants it.
        by: Actor,
    },
    /// An entry of the customer of this call shall stay open although they talk (AT-14), or shall not.
    KeepOpen {
        /// The call.
        call: CallId,
        /// Which entry.
        entry: EntryId,
        /// It shall stay open.
        keep: bool,
        /// Who wants it.
        by: Actor,
    },
    /// Somebody wants to be called back and has asked in another way than by a call.
    Request(Box<RequestMade>),
    /// An agent and the customer of a call have agreed that the customer is called at a time (跟进): a request, or the open one moved to
    /// that time.
    FollowUp {
        /// The call.
        call: CallId,
        /// The request, as it stands where there is no open one.
        made: Box<RequestMade>,
        /// Who has agreed.
        by: Actor,
    },
    /// What was agreed upon in this call is taken back: the entry is as it was before.
    TakeBackFollowUp {
        /// The call.
        call: CallId,
        /// The entry.
        entry: EntryId,
        /// Who wants it.
        by: Actor,
    },
    /// An agent dials a number from the desk: the agent, the number and the call together.
    DialOut {
        /// Who dials.
        agent: AgentKey,
        /// Whom.
        number: PhoneNumber,
        /// For which service or campaign, whose caller ID is shown; the phone's own where there is none.
        business: Option<Business>,
        /// The id that the call will have.
        call: CallId,
        /// The leg that will ring at the agent's phone.
        leg: LegId,
    },
    /// Our side died with this call: whoever was in it is accounted for.
    Recover {
        /// The call.
        call: CallId,
        /// The id of the entry that this may make.
        entry: EntryId,
    },
}

/// What a transaction answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It is done.
    Done,
    /// The call is in the books, and it is of a customer whom we have tried to reach a short while ago.
    Returning,
    /// The request stands.
    Requested {
        /// The entry.
        entry: EntryId,
        /// What may be told.
        promise: Window,
    },
    /// There is an open request already; nothing was added. A follow-up has moved it.
    AlreadyOpen {
        /// Its entry.
        entry: EntryId,
        /// What was told, or is from now on.
        promise: Window,
    },
    /// The records stand, but for this: the line of this queue is full, and the call does not stand in it.
    LineFull(QueueKey),
    /// The number has made too many requests.
    OverLimit,
    /// The attempt may be dialled now.
    Attempt(AttemptId),
    /// The agent is reserved.
    Reserved(Offer),
    /// The call of a phone of ours is in the books.
    Begun {
        /// The agent who makes it, where the call holds the agent.
        agent: Option<AgentKey>,
    },
    /// The phone may be rung.
    Rung {
        /// The agent whose phone it is, where the call holds the agent.
        agent: Option<AgentKey>,
    },
    /// The callback may begin.
    CallBack(CallbackOrder),
    /// The agent may be rung, and then the number dialled.
    DialOut(Box<DialOutOrder>),
    /// What was asked for has not happened, and this is why; the records of a call beside it stand all the same.
    Refused(Refusal),
}

/// What a callback needs to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallbackOrder {
    /// The call.
    pub call: CallId,
    /// The entry.
    pub entry: EntryId,
    /// Who calls.
    pub agent: AgentKey,
    /// Whom.
    pub number: PhoneNumber,
    /// The number that the customer sees.
    pub caller_id: PhoneNumber,
    /// Whose customer it is.
    pub target: Target,
    /// The queue that the request came from.
    pub queue: Option<QueueKey>,
    /// When the customer asked to be called, where the entry is a request.
    #[serde(default)]
    pub asked: Option<Timestamp>,
    /// The language of the customer: of the call in which the request was made, else the site's.
    pub language: Language,
    /// A supervisor has allowed it outside the dialling window.
    pub beyond_window: bool,
    /// When the call began in the books.
    #[serde(default)]
    pub began: Option<Timestamp>,
}

/// What a call that an agent dials from the desk needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialOutOrder {
    /// The call.
    pub call: CallId,
    /// The leg that will ring at the agent's phone.
    pub leg: LegId,
    /// Who dials.
    pub agent: AgentKey,
    /// The agent's phone.
    pub extension: ExtensionKey,
    /// Whom.
    pub number: PhoneNumber,
    /// The number that is shown; the phone's own where there is none.
    pub caller_id: Option<PhoneNumber>,
    /// Whose customer it is.
    pub whose: Option<Target>,
    /// When the call began in the books.
    pub began: Timestamp,
}

/// A number that a call of ours is using (I-7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The number.
    pub number: PhoneNumber,
    /// The call.
    pub call: CallId,
    /// We dial it, or have dialled it.
    pub dialled: bool,
    /// The call is dead, but the phone may go on ringing until then.
    pub until: Option<Timestamp>,
}

/// A row that [`run`] needs and the store has not given it yet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum NotLoaded {
    /// An agent.
    Agent(AgentKey),
    /// A call.
    Call(CallId),
    /// A place in a line.
    Waiting(CallId),
    /// An offer.
    Offer(OfferId),
    /// The live offers of a call.
    OffersOf(CallId),
    /// An entry.
    Entry(EntryId),
    /// The note of an agent on a call.
    Note(CallId, AgentKey),
    /// The open entries of a number.
    OpenEntries(PhoneNumber),
    /// The calls that use a number.
    Holds(PhoneNumber),
    /// How many requests a number has made since then.
    Requests(PhoneNumber, Timestamp),
    /// The attempts at a number that began then or later.
    Tries(PhoneNumber, Timestamp),
}

/// A row, or the word that it must be loaded first.
pub type Read<T> = Result<T, NotLoaded>;

/// The rows as they are before a transaction.
pub trait Rows {
    /// An agent, where one has ever signed in.
    fn agent(&self, key: &AgentKey) -> Read<Option<Agent>>;
    /// A call that lives.
    fn call(&self, id: CallId) -> Read<Option<CallRow>>;
    /// A call's place in a line.
    fn waiting(&self, id: CallId) -> Read<Option<Waiting>>;
    /// The calls that stand in the line of a queue; all of them are always in memory.
    fn line(&self, queue: &QueueKey) -> BTreeSet<CallId>;
    /// An offer, ended or not.
    fn offer(&self, id: OfferId) -> Read<Option<Offer>>;
    /// The offers of a call that have not ended.
    fn live_offers(&self, call: CallId) -> Read<Vec<OfferId>>;
    /// An entry.
    fn entry(&self, id: EntryId) -> Read<Option<Entry>>;
    /// The note of an agent on a call.
    fn note(&self, call: CallId, agent: &AgentKey) -> Read<Option<CallNote>>;
    /// The open entries of a number, oldest first.
    fn open_entries(&self, number: &PhoneNumber) -> Read<Vec<EntryId>>;
    /// The calls that use a number.
    fn holds(&self, number: &PhoneNumber) -> Read<Vec<Hold>>;
    /// How many requests the number has made since then.
    fn requests_since(&self, number: &PhoneNumber, since: Timestamp) -> Read<u32>;
    /// The attempts at a number that began then or later, of all entries, also closed ones.
    fn tries_since(&self, number: &PhoneNumber, since: Timestamp) -> Read<Vec<Tried>>;
}

/// A row to write, whole, or to remove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// An agent.
    Agent(Agent),
    /// A call that lives.
    Call(Box<CallRow>),
    /// A call that does not live any more.
    CallGone(CallId),
    /// A place in a line.
    Waiting(Waiting),
    /// A place that was left.
    WaitingGone(CallId),
    /// An offer.
    Offer(Offer),
    /// An entry.
    Entry(Box<Entry>),
    /// A note.
    Note(Box<CallNote>),
    /// A number in use.
    Hold(Hold),
    /// A number that this call does not use any more.
    HoldGone(PhoneNumber, CallId),
    /// Whom a round-robin queue rang last.
    Memory(QueueKey, AgentKey),
    /// One more request of a number.
    RequestCounted(PhoneNumber, Timestamp),
    /// An attempt at a number.
    Tried(Tried),
    /// An attempt that was certainly never sent.
    TriedGone(PhoneNumber, AttemptId),
}

/// What a transaction does: all of it is written, or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The answer.
    pub answer: Answer,
    /// The rows to write.
    pub writes: Vec<Write>,
    /// The facts to append to the history, in order.
    pub facts: Vec<Dated>,
}

/// Runs a transaction on rows.
///
/// # Errors
/// [`NotLoaded`] names a row that must be loaded before the transaction can run; nothing has happened then.
pub fn run<R: Rows>(rows: &R, directory: &Directory, at: Timestamp, transaction: &Transaction) -> Read<Outcome> {
    let mut working = Working::new(rows, directory, at);
    let answer = match transaction {
        Transaction::Call { records, promise } => {
            for record in records {
                working.apply(record)?;
            }
            match promise {
                Some(promise) => working.promise(promise)?,
                None => working.line_full().map_or(Answer::Done, Answer::LineFull),
            }
        }
        Transaction::Reserve { assignment, offer } => working.reserve(assignment, *offer)?,
        Transaction::Agent { agent, input, by } => working.agent_wish(agent, input, by)?,
        Transaction::Entry { entry, change, seen, by } => match working.as_seen(*entry, *seen)? {
            Some(refusal) => Answer::Refused(refusal),
            None => working.entry_wish(*entry, change, by)?,
        },
        Transaction::CallBack { entry, agent, call, beyond_window, seen, by } => {
            match working.as_seen(*entry, *seen)? {
                Some(refusal) => Answer::Refused(refusal),
                None => working.call_back(*entry, agent, *call, *beyond_window, by)?,
            }
        }
        Transaction::Note { call, agent, wish, by } => working.note_wish(*call, agent, wish, by)?,
        Transaction::KeepOpen { call, entry, keep, by } => working.keep_open(*call, *entry, *keep, by)?,
        Transaction::Request(made) => working.request_wish(made, None)?,
        Transaction::FollowUp { call, made, by } => working.follow_up(*call, made, by)?,
        Transaction::TakeBackFollowUp { call, entry, by } => working.take_back_follow_up(*call, *entry, by)?,
        Transaction::DialOut { agent, number, business, call, leg } => {
            working.dial_out(agent, number, business.as_ref(), (*call, *leg))?
        }
        Transaction::Recover { call, entry } => working.recover(*call, *entry)?,
    };
    working.hold_back()?;
    Ok(working.finish(answer))
}

#[cfg(test)]
mod tests;
