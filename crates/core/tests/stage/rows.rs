//! The store of the stage: rows in memory.

use std::collections::BTreeMap;

use nohold_core::agent::Agent;
use nohold_core::call::{Line, Lines};
use nohold_core::directory::Directory;
use nohold_core::entry::{Entry, Tried};
use nohold_core::routing::{Offer, Snapshot, Waiting, turn};
use nohold_core::transaction::{Answer, CallRow, Hold, Read, Rows, Transaction, Write, run};
use nohold_model::{AgentKey, AttemptId, CallId, EntryId, OfferId, PhoneNumber, QueueKey, Timestamp};

/// All rows.
#[derive(Debug, Clone, Default)]
pub struct Tables {
    pub agents: BTreeMap<AgentKey, Agent>,
    pub calls: BTreeMap<CallId, CallRow>,
    pub waiting: BTreeMap<CallId, Waiting>,
    pub offers: BTreeMap<OfferId, Offer>,
    pub entries: BTreeMap<EntryId, Entry>,
    holds: BTreeMap<(PhoneNumber, CallId), Hold>,
    memory: BTreeMap<QueueKey, AgentKey>,
    requests: Vec<(PhoneNumber, Timestamp)>,
    pub tries: BTreeMap<AttemptId, Tried>,
}

impl Tables {
    /// Runs a transaction and writes what it decides.
    pub fn commit(&mut self, directory: &Directory, at: Timestamp, transaction: &Transaction) -> Answer {
        let outcome = run(self, directory, at, transaction).unwrap();
        for write in outcome.writes {
            self.write(write);
        }
        outcome.answer
    }

    fn write(&mut self, write: Write) {
        match write {
            Write::Agent(row) => drop(self.agents.insert(row.key.clone(), row)),
            Write::Call(row) => drop(self.calls.insert(row.id, row)),
            Write::CallGone(id) => drop(self.calls.remove(&id)),
            Write::Waiting(row) => drop(self.waiting.insert(row.call, row)),
            Write::WaitingGone(id) => drop(self.waiting.remove(&id)),
            Write::Offer(row) => drop(self.offers.insert(row.id, row)),
            Write::Entry(row) => drop(self.entries.insert(row.id, *row)),
            Write::Hold(row) => drop(self.holds.insert((row.number.clone(), row.call), row)),
            Write::HoldGone(number, call) => drop(self.holds.remove(&(number, call))),
            Write::Memory(queue, agent) => drop(self.memory.insert(queue, agent)),
            Write::RequestCounted(number, at) => self.requests.push((number, at)),
            Write::Tried(row) => drop(self.tries.insert(row.attempt, row)),
            Write::TriedGone(_, attempt) => drop(self.tries.remove(&attempt)),
        }
    }

    /// What routing looks at.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            waiting: self.waiting.values().cloned().collect(),
            agents: self.agents.values().filter(|agent| agent.is_signed_in()).cloned().collect(),
            offers: self.offers.values().filter(|offer| offer.ended.is_none()).cloned().collect(),
            memory: self.memory.clone(),
        }
    }

    /// The lines as calls see them.
    pub fn lines(&self, directory: &Directory) -> Lines {
        let line = |(key, queue): (&QueueKey, &nohold_core::directory::Queue)| {
            let mut callers: Vec<&Waiting> = self.waiting.values().filter(|row| row.queue == *key).collect();
            callers.sort_by_key(|row| turn(row));
            let signed_in = |agent: &AgentKey| self.agents.get(agent).is_some_and(Agent::is_signed_in);
            let members: Vec<_> = directory.members(queue).map(|profile| profile.key.clone()).collect();
            let agents = members.iter().filter(|agent| signed_in(agent)).count();
            let line = Line {
                callers: callers.into_iter().map(|row| row.call).collect(),
                promised: Vec::new(),
                agents: u32::try_from(agents).unwrap(),
                usual_agents: u32::try_from(members.len()).unwrap(),
            };
            (key.clone(), line)
        };
        Lines::new(directory.queues.iter().map(line).collect())
    }
}

impl Rows for Tables {
    fn agent(&self, key: &AgentKey) -> Read<Option<Agent>> {
        Ok(self.agents.get(key).cloned())
    }

    fn call(&self, id: CallId) -> Read<Option<CallRow>> {
        Ok(self.calls.get(&id).cloned())
    }

    fn waiting(&self, id: CallId) -> Read<Option<Waiting>> {
        Ok(self.waiting.get(&id).cloned())
    }

    fn offer(&self, id: OfferId) -> Read<Option<Offer>> {
        Ok(self.offers.get(&id).cloned())
    }

    fn live_offers(&self, call: CallId) -> Read<Vec<OfferId>> {
        let of_call = self.offers.values().filter(|offer| offer.call == call && offer.ended.is_none());
        Ok(of_call.map(|offer| offer.id).collect())
    }

    fn entry(&self, id: EntryId) -> Read<Option<Entry>> {
        Ok(self.entries.get(&id).cloned())
    }

    fn open_entries(&self, number: &PhoneNumber) -> Read<Vec<EntryId>> {
        let of_number = self.entries.values().filter(|row| row.is_open() && row.number.as_ref() == Some(number));
        Ok(of_number.map(|row| row.id).collect())
    }

    fn holds(&self, number: &PhoneNumber) -> Read<Vec<Hold>> {
        Ok(self.holds.values().filter(|hold| hold.number == *number).cloned().collect())
    }

    fn requests_since(&self, number: &PhoneNumber, since: Timestamp) -> Read<u32> {
        let made = self.requests.iter().filter(|(by, at)| by == number && *at >= since).count();
        Ok(u32::try_from(made).unwrap())
    }

    fn tries_since(&self, number: &PhoneNumber, since: Timestamp) -> Read<Vec<Tried>> {
        Ok(self.tries.values().filter(|tried| tried.number == *number && tried.began >= since).cloned().collect())
    }
}
