//! The rows as they are in the middle of a group: what earlier transactions of the group have written, over the image.

use std::collections::{BTreeMap, BTreeSet};

use nohold_core::agent::Agent;
use nohold_core::entry::{Entry, Tried};
use nohold_core::note::CallNote;
use nohold_core::routing::{Offer, Waiting};
use nohold_core::tables::Tables;
use nohold_core::transaction::{CallRow, Hold, NotLoaded, Outcome, Read, Rows, Write};
use nohold_model::{AgentKey, AttemptId, CallId, EntryId, OfferId, PhoneNumber, QueueKey, Timestamp};

/// What a group has written so far, each row as it is last; and what was loaded for it.
#[derive(Debug, Default)]
pub struct Overlay {
    pub(super) agents: BTreeMap<AgentKey, Agent>,
    pub(super) calls: BTreeMap<CallId, Option<CallRow>>,
    pub(super) waiting: BTreeMap<CallId, Option<Waiting>>,
    pub(super) offers: BTreeMap<OfferId, Offer>,
    pub(super) entries: BTreeMap<EntryId, Entry>,
    pub(super) notes: BTreeMap<(CallId, AgentKey), CallNote>,
    pub(super) holds: BTreeMap<(PhoneNumber, CallId), Option<Hold>>,
    pub(super) memory: BTreeMap<QueueKey, AgentKey>,
    pub(super) counted: Vec<(PhoneNumber, Timestamp)>,
    pub(super) tries: BTreeMap<(PhoneNumber, AttemptId), Option<Tried>>,
    pub(super) loaded: Loaded,
}

/// Rows that are not in memory, as they were before the group.
#[derive(Debug, Default)]
pub struct Loaded {
    pub(super) offers: BTreeMap<OfferId, Option<Offer>>,
    pub(super) entries: BTreeMap<EntryId, Option<Entry>>,
    pub(super) notes: BTreeMap<(CallId, AgentKey), Option<CallNote>>,
    pub(super) requests: BTreeMap<(PhoneNumber, Timestamp), u32>,
    pub(super) tries: BTreeMap<(PhoneNumber, Timestamp), Vec<Tried>>,
}

/// Since when the image knows all that was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Horizon {
    /// All requests that were counted then or later are in the image.
    pub requests: Timestamp,
    /// All attempts that began then or later are in the image.
    pub tries: Timestamp,
}

/// What a transaction sees.
pub struct View<'a> {
    /// The image.
    pub tables: &'a Tables,
    /// What lies over it.
    pub overlay: &'a Overlay,
    /// How far back the image goes.
    pub horizon: Horizon,
}

impl Overlay {
    /// Takes over what a transaction of the group has decided.
    pub fn absorb(&mut self, outcome: &Outcome) {
        for write in &outcome.writes {
            self.put(write.clone());
        }
    }

    fn put(&mut self, write: Write) {
        match write {
            Write::Agent(row) => drop(self.agents.insert(row.key.clone(), row)),
            Write::Call(row) => drop(self.calls.insert(row.id, Some(*row))),
            Write::CallGone(id) => drop(self.calls.insert(id, None)),
            Write::Waiting(row) => drop(self.waiting.insert(row.call, Some(row))),
            Write::WaitingGone(id) => drop(self.waiting.insert(id, None)),
            Write::Offer(row) => drop(self.offers.insert(row.id, row)),
            Write::Entry(row) => drop(self.entries.insert(row.id, *row)),
            Write::Note(row) => drop(self.notes.insert((row.call, row.agent.clone()), *row)),
            Write::Hold(row) => drop(self.holds.insert((row.number.clone(), row.call), Some(row))),
            Write::HoldGone(number, call) => drop(self.holds.insert((number, call), None)),
            Write::Memory(queue, agent) => drop(self.memory.insert(queue, agent)),
            Write::RequestCounted(number, at) => self.counted.push((number, at)),
            Write::Tried(row) => drop(self.tries.insert((row.number.clone(), row.attempt), Some(row))),
            Write::TriedGone(number, attempt) => drop(self.tries.insert((number, attempt), None)),
        }
    }
}

impl Rows for View<'_> {
    fn agent(&self, key: &AgentKey) -> Read<Option<Agent>> {
        match self.overlay.agents.get(key) {
            Some(agent) => Ok(Some(agent.clone())),
            None => self.tables.agent(key),
        }
    }

    fn call(&self, id: CallId) -> Read<Option<CallRow>> {
        match self.overlay.calls.get(&id) {
            Some(row) => Ok(row.clone()),
            None => self.tables.call(id),
        }
    }

    fn waiting(&self, id: CallId) -> Read<Option<Waiting>> {
        match self.overlay.waiting.get(&id) {
            Some(row) => Ok(row.clone()),
            None => self.tables.waiting(id),
        }
    }

    fn line(&self, queue: &QueueKey) -> BTreeSet<CallId> {
        let mut line = self.tables.line(queue);
        for (call, row) in &self.overlay.waiting {
            match row {
                Some(row) if row.queue == *queue => drop(line.insert(*call)),
                Some(_) | None => drop(line.remove(call)),
            }
        }
        line
    }

    fn offer(&self, id: OfferId) -> Read<Option<Offer>> {
        let in_memory = self.overlay.offers.get(&id).or_else(|| self.tables.offers.get(&id));
        match in_memory {
            Some(offer) => Ok(Some(offer.clone())),
            None => self.overlay.loaded.offers.get(&id).cloned().ok_or(NotLoaded::Offer(id)),
        }
    }

    fn live_offers(&self, call: CallId) -> Read<Vec<OfferId>> {
        let mut live = self.tables.live_offers(call)?;
        live.retain(|id| !self.overlay.offers.contains_key(id));
        let own = self.overlay.offers.values().filter(|offer| offer.call == call && offer.ended.is_none());
        live.extend(own.map(|offer| offer.id));
        live.sort_unstable();
        Ok(live)
    }

    fn entry(&self, id: EntryId) -> Read<Option<Entry>> {
        let in_memory = self.overlay.entries.get(&id).or_else(|| self.tables.entries.get(&id));
        match in_memory {
            Some(entry) => Ok(Some(entry.clone())),
            None => self.overlay.loaded.entries.get(&id).cloned().ok_or(NotLoaded::Entry(id)),
        }
    }

    fn note(&self, call: CallId, agent: &AgentKey) -> Read<Option<CallNote>> {
        let key = (call, agent.clone());
        let in_memory = self.overlay.notes.get(&key).or_else(|| self.tables.notes.get(&key));
        match in_memory {
            Some(note) => Ok(Some(note.clone())),
            None => self.overlay.loaded.notes.get(&key).cloned().ok_or(NotLoaded::Note(key.0, key.1)),
        }
    }

    fn open_entries(&self, number: &PhoneNumber) -> Read<Vec<EntryId>> {
        let mut open = self.tables.open_entries(number)?;
        open.retain(|id| !self.overlay.entries.contains_key(id));
        let of_number = |entry: &&Entry| entry.number.as_ref() == Some(number) && entry.is_open();
        open.extend(self.overlay.entries.values().filter(of_number).map(|entry| entry.id));
        open.sort_unstable();
        Ok(open)
    }

    fn holds(&self, number: &PhoneNumber) -> Read<Vec<Hold>> {
        let mut holds = self.tables.holds(number)?;
        holds.retain(|hold| !self.overlay.holds.contains_key(&(number.clone(), hold.call)));
        holds.extend(self.overlay.holds.values().flatten().filter(|hold| hold.number == *number).cloned());
        Ok(holds)
    }

    fn requests_since(&self, number: &PhoneNumber, since: Timestamp) -> Read<u32> {
        let before = if since >= self.horizon.requests {
            self.tables.requests_since(number, since)?
        } else {
            let key = (number.clone(), since);
            let loaded = self.overlay.loaded.requests.get(&key).copied();
            loaded.ok_or(NotLoaded::Requests(key.0, since))?
        };
        let own = self.overlay.counted.iter().filter(|(counted, at)| counted == number && *at >= since).count();
        Ok(before.saturating_add(u32::try_from(own).unwrap_or(u32::MAX)))
    }

    fn tries_since(&self, number: &PhoneNumber, since: Timestamp) -> Read<Vec<Tried>> {
        let mut tries = if since >= self.horizon.tries {
            self.tables.tries_since(number, since)?
        } else {
            let key = (number.clone(), since);
            let loaded = self.overlay.loaded.tries.get(&key).cloned();
            loaded.ok_or(NotLoaded::Tries(key.0, since))?
        };
        tries.retain(|tried| !self.overlay.tries.contains_key(&(number.clone(), tried.attempt)));
        let own = self.overlay.tries.values().flatten();
        tries.extend(own.filter(|tried| tried.number == *number && tried.began >= since).cloned());
        Ok(tries)
    }
}

#[cfg(test)]
mod tests;
