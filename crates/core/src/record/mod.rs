//! Call records (通话记录): what a call was, told by the facts that name it, for who looks at it afterwards.

mod leg;
mod telling;

use nohold_model::{
    AgentKey, CallId, CallResult, DispositionKey, EntryId, ExtensionKey, FlowKey, MessageId, Millis, PhoneNumber,
    QueueKey, RecordingId, ServiceKey, Timestamp,
};
use serde::{Deserialize, Serialize};

pub use leg::{Leg, LegEnd, Party, Stay};
pub use telling::tell;

use crate::entry::{Entry, Outcome, Window};
use crate::fact::Ender;
use crate::note::Written;

/// So many legs, stays and recordings of one call are remembered each; a call that is sent round for hours has more.
pub const MOST_PARTS: usize = 100;

/// Which way a call went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the public network.
    In,
    /// A callback of an entry of the missed-call list.
    Callback,
    /// From a phone of ours to the public network.
    Out,
    /// Between phones of ours.
    Internal,
}

/// What came of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordEnd {
    /// Two people talked.
    Talked,
    /// The caller asked to be called back.
    Requested,
    /// The caller left a message.
    Message,
    /// The caller left unserved.
    Missed,
    /// The flow ended it, as drawn.
    EndedByFlow,
    /// It ended through our fault.
    CutOff,
    /// Whom we called did not answer.
    NotReached,
    /// It ended before anybody outside was dialled.
    NotDialled,
}

/// A call that is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The call.
    pub call: CallId,
    /// When it began.
    pub began: Timestamp,
    /// When it was over.
    pub ended: Timestamp,
    /// Which way it went.
    pub direction: Direction,
    /// What came of it.
    pub end: RecordEnd,
    /// What the network said of the one whom we called.
    #[serde(default)]
    pub result: Option<CallResult>,
    /// Who has hung up, of a call that we made by hand: after they talked, or, the caller, while it rang there.
    #[serde(default)]
    pub ended_by: Option<Ender>,
    /// The number outside.
    pub number: Option<PhoneNumber>,
    /// The number of ours that was dialled.
    #[serde(default)]
    pub called: Option<PhoneNumber>,
    /// The service.
    #[serde(default)]
    pub service: Option<ServiceKey>,
    /// The queue in which the caller stood last.
    #[serde(default)]
    pub queue: Option<QueueKey>,
    /// The phone of ours that called.
    #[serde(default)]
    pub extension: Option<ExtensionKey>,
    /// The agents who made it or talked in it, each once, in that order.
    #[serde(default)]
    pub agents: Vec<AgentKey>,
    /// The connections that it was made of.
    #[serde(default)]
    pub legs: Vec<Leg>,
    /// The lines in which the caller stood.
    #[serde(default)]
    pub stays: Vec<Stay>,
    /// The flows that treated the caller, in turn.
    #[serde(default)]
    pub flows: Vec<FlowKey>,
    /// The path through the menu, as far as the caller's request tells it.
    #[serde(default)]
    pub path: Vec<String>,
    /// How long the caller stood in lines.
    #[serde(default)]
    pub waited: Millis,
    /// How long people talked, with the time on hold.
    #[serde(default)]
    pub talked: Millis,
    /// How much of that one side was on hold.
    #[serde(default)]
    pub held: Millis,
    /// The entry that it called back, or into which it was gathered.
    #[serde(default)]
    pub entry: Option<EntryId>,
    /// What was recorded, in turn.
    #[serde(default)]
    pub recordings: Vec<RecordingOf>,
    /// The messages that the caller left.
    #[serde(default)]
    pub messages: Vec<MessageId>,
    /// Of the first callback after a promise: what was promised.
    #[serde(default)]
    pub promise: Option<Window>,
    /// When the customer was dialled.
    #[serde(default)]
    pub dialled: Option<Timestamp>,
    /// The disposition that was chosen for it.
    #[serde(default)]
    pub disposition: Option<DispositionKey>,
    /// The note that was written for it.
    #[serde(default)]
    pub note: String,
}

/// A recording of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordingOf {
    /// The recording.
    pub recording: RecordingId,
    /// The agent who is heard.
    pub agent: AgentKey,
    /// When it began.
    pub at: Timestamp,
}

impl Record {
    /// Adds what the entry knows that was called back: how the attempt went, and whether a promise hung on it. `promises`
    /// are those that were made for the entry, each with the time at which it was.
    pub fn complete(&mut self, entry: &Entry, promises: &[(Timestamp, Window)]) {
        let Some(at) = entry.attempts.iter().position(|attempt| attempt.call == self.call) else { return };
        let (before, rest) = entry.attempts.split_at(at);
        let Some(attempt) = rest.first() else { return };
        self.number = self.number.take().or_else(|| entry.number.clone());
        self.dialled = Some(attempt.began);
        if let Some((_, result)) = attempt.ended {
            self.result = Some(result);
        }
        if self.end == RecordEnd::NotReached && self.result == Some(CallResult::Answered) {
            self.end = RecordEnd::Talked;
        }
        self.talked = self.talked.max(attempt.talked);
        let made = promises.iter().filter(|(made, _)| *made <= attempt.began).max_by_key(|(made, _)| *made);
        // Later attempts follow from the first: the promise was kept or broken by then.
        let first = |made: Timestamp| before.iter().all(|earlier| earlier.began < made);
        self.promise = made.filter(|(made, _)| first(*made)).map(|(_, window)| *window);
    }

    /// Adds what was said of the call after it.
    pub fn say(&mut self, outcome: &Outcome) {
        self.disposition = outcome.disposition().cloned().or_else(|| self.disposition.take());
        if !outcome.note().is_empty() {
            outcome.note().clone_into(&mut self.note);
        }
    }

    /// Adds what an agent has written about the call: what was written last stands.
    pub fn note_down(&mut self, written: &Written) {
        self.disposition.clone_from(&written.disposition);
        self.note.clone_from(&written.note);
    }

    /// Whether the promise was kept: the customer was dialled before its end. Nothing where there was none.
    #[must_use]
    pub fn kept_promise(&self) -> Option<bool> {
        Some(self.dialled? <= self.promise?.to)
    }

    /// Whether the agent made the call: called back, or dialled.
    #[must_use]
    pub fn is_made_by(&self, agent: &AgentKey) -> bool {
        match self.direction {
            Direction::In => false,
            Direction::Callback => self.agents.first() == Some(agent),
            // The connection of whoever calls is the first one.
            Direction::Out | Direction::Internal => {
                self.legs.first().is_some_and(|leg| matches!(&leg.party, Party::Agent(one) if one == agent))
            }
        }
    }

    /// Whose calls it stands among: who made it or talked in it, and of a call between two phones of ours whom it rang at in vain.
    /// What a line offers and nobody takes is the line's.
    pub fn owners(&self) -> impl Iterator<Item = &AgentKey> {
        let rings = self.direction == Direction::Internal && self.stays.is_empty();
        let rung = self.legs.iter().filter_map(move |leg| match &leg.party {
            Party::Agent(agent) if rings && !self.agents.contains(agent) => Some(agent),
            Party::Agent(_) | Party::Customer | Party::Extension(_) | Party::Number(_) => None,
        });
        self.agents.iter().chain(rung)
    }

    /// How long the agent talked in it, with the time on hold: while the own phone was off the hook, and no longer than anybody talked.
    /// It is off the hook before that where the other side is still called, or a notice is heard.
    #[must_use]
    pub fn talked_with(&self, agent: &AgentKey) -> Millis {
        let own = self.legs.iter().filter(|leg| matches!(&leg.party, Party::Agent(one) if one == agent));
        own.map(|leg| leg.answered.map_or(Millis::ZERO, |at| leg.ended.unwrap_or(self.ended).since(at)))
            .fold(Millis::ZERO, |all, one| all + one)
            .min(self.talked)
    }
}
