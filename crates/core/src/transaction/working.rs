//! The rows as a running transaction sees them: what it has changed itself, over what was there before.

use std::collections::BTreeMap;

use nohold_model::{AgentKey, AttemptId, CallId, EntryId, OfferId, PhoneNumber, QueueKey, Timestamp};

use super::{Answer, CallRow, Hold, Outcome, Read, Rows, Write};
use crate::agent::{self, Agent, AgentState};
use crate::directory::Directory;
use crate::entry::{self, Actor, Entry, Tried};
use crate::fact::{Dated, Fact, PAGE_LOST};
use crate::note::CallNote;
use crate::routing::{Offer, Waiting};

/// A transaction at work.
pub(super) struct Working<'a, R> {
    rows: &'a R,
    pub(super) directory: &'a Directory,
    pub(super) at: Timestamp,
    agents: BTreeMap<AgentKey, Agent>,
    calls: BTreeMap<CallId, Option<CallRow>>,
    waiting: BTreeMap<CallId, Option<Waiting>>,
    offers: BTreeMap<OfferId, Offer>,
    entries: BTreeMap<EntryId, Entry>,
    notes: BTreeMap<(CallId, AgentKey), CallNote>,
    holds: BTreeMap<(PhoneNumber, CallId), Option<Hold>>,
    memory: BTreeMap<QueueKey, AgentKey>,
    counted: Vec<(PhoneNumber, Timestamp)>,
    tries: BTreeMap<(PhoneNumber, AttemptId), Option<Tried>>,
    facts: Vec<Dated>,
    line_full: Option<QueueKey>,
}

impl<'a, R: Rows> Working<'a, R> {
    pub(super) fn new(rows: &'a R, directory: &'a Directory, at: Timestamp) -> Self {
        Working {
            rows,
            directory,
            at,
            agents: BTreeMap::new(),
            calls: BTreeMap::new(),
            waiting: BTreeMap::new(),
            offers: BTreeMap::new(),
            entries: BTreeMap::new(),
            notes: BTreeMap::new(),
            holds: BTreeMap::new(),
            memory: BTreeMap::new(),
            counted: Vec::new(),
            tries: BTreeMap::new(),
            facts: Vec::new(),
            line_full: None,
        }
    }

    pub(super) fn finish(self, answer: Answer) -> Outcome {
        let mut writes: Vec<Write> = Vec::new();
        writes.extend(self.agents.into_values().map(Write::Agent));
        writes.extend(
            self.calls.into_iter().map(|(id, row)| row.map_or(Write::CallGone(id), |row| Write::Call(Box::new(row)))),
        );
        writes.extend(self.waiting.into_iter().map(|(id, row)| row.map_or(Write::WaitingGone(id), Write::Waiting)));
        writes.extend(self.offers.into_values().map(Write::Offer));
        writes.extend(self.entries.into_values().map(|entry| Write::Entry(Box::new(entry))));
        writes.extend(self.notes.into_values().map(|note| Write::Note(Box::new(note))));
        writes.extend(
            self.holds
                .into_iter()
                .map(|((number, call), hold)| hold.map_or(Write::HoldGone(number, call), Write::Hold)),
        );
        writes.extend(self.memory.into_iter().map(|(queue, agent)| Write::Memory(queue, agent)));
        writes.extend(self.counted.into_iter().map(|(number, at)| Write::RequestCounted(number, at)));
        writes.extend(
            self.tries
                .into_iter()
                .map(|((number, attempt), tried)| tried.map_or(Write::TriedGone(number, attempt), Write::Tried)),
        );
        Outcome { answer, writes, facts: self.facts }
    }

    pub(super) fn note(&mut self, at: Timestamp, fact: Fact) {
        self.facts.push(Dated { at, fact });
    }

    // --- rows, as they are now ---

    pub(super) fn agent(&self, key: &AgentKey) -> Read<Option<Agent>> {
        match self.agents.get(key) {
            Some(agent) => Ok(Some(agent.clone())),
            None => self.rows.agent(key),
        }
    }

    pub(super) fn call(&self, id: CallId) -> Read<Option<CallRow>> {
        match self.calls.get(&id) {
            Some(row) => Ok(row.clone()),
            None => self.rows.call(id),
        }
    }

    pub(super) fn waiting(&self, id: CallId) -> Read<Option<Waiting>> {
        match self.waiting.get(&id) {
            Some(row) => Ok(row.clone()),
            None => self.rows.waiting(id),
        }
    }

    /// How many stand in the line of a queue.
    pub(super) fn line_length(&self, queue: &QueueKey) -> u32 {
        let mut line = self.rows.line(queue);
        for (call, row) in &self.waiting {
            match row {
                Some(row) if row.queue == *queue => drop(line.insert(*call)),
                Some(_) | None => drop(line.remove(call)),
            }
        }
        u32::try_from(line.len()).unwrap_or(u32::MAX)
    }

    /// The queue in whose line there was no room for the call, if there was one.
    pub(super) fn line_full(&self) -> Option<QueueKey> {
        self.line_full.clone()
    }

    pub(super) fn no_room_in(&mut self, queue: &QueueKey) {
        self.line_full = Some(queue.clone());
    }

    pub(super) fn offer(&self, id: OfferId) -> Read<Option<Offer>> {
        match self.offers.get(&id) {
            Some(offer) => Ok(Some(offer.clone())),
            None => self.rows.offer(id),
        }
    }

    pub(super) fn live_offers(&self, call: CallId) -> Read<Vec<Offer>> {
        let mut ids = self.rows.live_offers(call)?;
        ids.extend(self.offers.values().filter(|offer| offer.call == call).map(|offer| offer.id));
        ids.sort_unstable();
        ids.dedup();
        let mut live = Vec::new();
        for id in ids {
            live.extend(self.offer(id)?.filter(|offer| offer.ended.is_none()));
        }
        Ok(live)
    }

    pub(super) fn entry(&self, id: EntryId) -> Read<Option<Entry>> {
        match self.entries.get(&id) {
            Some(entry) => Ok(Some(entry.clone())),
            None => self.rows.entry(id),
        }
    }

    pub(super) fn note_of(&self, call: CallId, agent: &AgentKey) -> Read<Option<CallNote>> {
        match self.notes.get(&(call, agent.clone())) {
            Some(note) => Ok(Some(note.clone())),
            None => self.rows.note(call, agent),
        }
    }

    pub(super) fn open_entries(&self, number: &PhoneNumber) -> Read<Vec<Entry>> {
        let mut ids = self.rows.open_entries(number)?;
        ids.extend(self.entries.values().filter(|entry| entry.number.as_ref() == Some(number)).map(|entry| entry.id));
        ids.sort_unstable();
        ids.dedup();
        let mut open = Vec::new();
        for id in ids {
            open.extend(self.entry(id)?.filter(Entry::is_open));
        }
        Ok(open)
    }

    pub(super) fn holds(&self, number: &PhoneNumber) -> Read<Vec<Hold>> {
        let mut holds = self.rows.holds(number)?;
        holds.retain(|hold| !self.holds.contains_key(&(number.clone(), hold.call)));
        holds.extend(self.holds.values().flatten().filter(|hold| hold.number == *number).cloned());
        Ok(holds)
    }

    pub(super) fn requests_since(&self, number: &PhoneNumber, since: Timestamp) -> Read<u32> {
        let own = self.counted.iter().filter(|(counted, at)| counted == number && *at >= since).count();
        Ok(self.rows.requests_since(number, since)?.saturating_add(u32::try_from(own).unwrap_or(u32::MAX)))
    }

    /// The attempts at a number that began then or later.
    pub(super) fn tries_since(&self, number: &PhoneNumber, since: Timestamp) -> Read<Vec<Tried>> {
        let mut tries = self.rows.tries_since(number, since)?;
        tries.retain(|tried| !self.tries.contains_key(&(number.clone(), tried.attempt)));
        let own = self.tries.values().flatten().filter(|tried| tried.number == *number && tried.began >= since);
        tries.extend(own.cloned());
        Ok(tries)
    }

    /// The entries that this transaction has changed, or made.
    pub(super) fn changed_entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// The numbers of which this transaction has changed an attempt, or the use by a call.
    pub(super) fn numbers_tried(&self) -> impl Iterator<Item = &PhoneNumber> {
        self.tries.keys().map(|(number, _)| number).chain(self.holds.keys().map(|(number, _)| number))
    }

    // --- changes ---

    /// Gives the agent an input; an input that means nothing to the agent as they are changes nothing.
    pub(super) fn agent_input(
        &mut self,
        key: &AgentKey,
        at: Timestamp,
        input: &agent::Input,
        by: &Actor,
    ) -> Read<bool> {
        let agent = self.agent(key)?.unwrap_or_else(|| Agent::new(key.clone()));
        let Some(next) = agent::next(&agent, at, input) else { return Ok(false) };
        // Also what the agent will be after this call is shown to people.
        if next.state() != agent.state() || next.mode != agent.mode || next.after != agent.after {
            let (from, to) = (agent.state(), next.state());
            let reason = if *input == agent::Input::PageLost {
                Some(PAGE_LOST)
            } else {
                next.break_reason().filter(|_| to == AgentState::Break)
            };
            let reason = reason.map(str::to_owned);
            self.note(at, Fact::AgentChanged { agent: key.clone(), from, to, reason, by: by.clone() });
        }
        self.agents.insert(key.clone(), next);
        Ok(true)
    }

    /// Changes an entry, or says why not.
    pub(super) fn entry_change(
        &mut self,
        id: EntryId,
        at: Timestamp,
        change: &entry::Change,
        by: &Actor,
    ) -> Read<Result<(), entry::Refusal>> {
        let Some(entry) = self.entry(id)? else { return Ok(Err(entry::Refusal::Stale)) };
        match entry::change(&entry, &self.directory.site, at, by, change) {
            Ok(next) => {
                self.put_entry(next);
                self.note(at, Fact::EntryChanged { entry: id, change: change.clone(), by: by.clone() });
                Ok(Ok(()))
            }
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    pub(super) fn put_entry(&mut self, entry: Entry) {
        self.entries.insert(entry.id, entry);
    }

    pub(super) fn put_note(&mut self, note: CallNote) {
        self.notes.insert((note.call, note.agent.clone()), note);
    }

    pub(super) fn put_call(&mut self, row: CallRow) {
        self.calls.insert(row.id, Some(row));
    }

    pub(super) fn remove_call(&mut self, id: CallId) {
        self.calls.insert(id, None);
    }

    /// Changes the row of a call, where it lives.
    pub(super) fn edit_call(&mut self, id: CallId, edit: impl FnOnce(&mut CallRow)) -> Read<()> {
        if let Some(mut row) = self.call(id)? {
            edit(&mut row);
            self.put_call(row);
        }
        Ok(())
    }

    pub(super) fn put_waiting(&mut self, waiting: Waiting) {
        self.waiting.insert(waiting.call, Some(waiting));
    }

    pub(super) fn remove_waiting(&mut self, id: CallId) {
        self.waiting.insert(id, None);
    }

    pub(super) fn put_offer(&mut self, offer: Offer) {
        self.offers.insert(offer.id, offer);
    }

    pub(super) fn put_hold(&mut self, hold: Hold) {
        self.holds.insert((hold.number.clone(), hold.call), Some(hold));
    }

    pub(super) fn remove_hold(&mut self, number: &PhoneNumber, call: CallId) {
        self.holds.insert((number.clone(), call), None);
    }

    pub(super) fn remember(&mut self, queue: QueueKey, agent: AgentKey) {
        self.memory.insert(queue, agent);
    }

    pub(super) fn count_request(&mut self, number: PhoneNumber, at: Timestamp) {
        self.counted.push((number, at));
    }

    pub(super) fn put_tried(&mut self, tried: Tried) {
        self.tries.insert((tried.number.clone(), tried.attempt), Some(tried));
    }

    pub(super) fn remove_tried(&mut self, number: &PhoneNumber, attempt: AttemptId) {
        self.tries.insert((number.clone(), attempt), None);
    }
}
