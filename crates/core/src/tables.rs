//! All rows of a store, in memory: what [`run`] reads and what it decides, with the indexes
//! that it asks for.
//!
//! This is the whole store of tests and of the simulator, and of a server that keeps nothing on a disk. No rule is in
//! here, only rows.

use std::collections::{BTreeMap, BTreeSet};

use nohold_model::{AgentKey, AttemptId, CallId, EntryId, OfferId, PhoneNumber, QueueKey, Timestamp};

use crate::agent::Agent;
use crate::directory::{Directory, Site};
use crate::entry::{Entry, State, Target, Tried};
use crate::fact::Dated;
use crate::note::CallNote;
use crate::routing::{Offer, Snapshot, Waiting};
use crate::transaction::{Answer, CallRow, Hold, Outcome, Read, Rows, Transaction, Write, run};

/// All rows. Write them by [`Tables::write`] and [`Tables::put`], which keep the indexes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tables {
    /// Agents who have ever signed in.
    pub agents: BTreeMap<AgentKey, Agent>,
    /// Calls that live.
    pub calls: BTreeMap<CallId, CallRow>,
    /// Places in lines.
    pub waiting: BTreeMap<CallId, Waiting>,
    /// Offers, ended ones too.
    pub offers: BTreeMap<OfferId, Offer>,
    /// Entries, closed ones too.
    pub entries: BTreeMap<EntryId, Entry>,
    /// Notes of calls that are not done, and those that were done a short while ago.
    pub notes: BTreeMap<(CallId, AgentKey), CallNote>,
    /// Numbers in use.
    pub holds: BTreeMap<(PhoneNumber, CallId), Hold>,
    /// Whom each round-robin queue rang last.
    pub memory: BTreeMap<QueueKey, AgentKey>,
    /// The history, in the order of the commits.
    pub facts: Vec<Dated>,
    requests: BTreeMap<PhoneNumber, Vec<Timestamp>>,
    tries: BTreeMap<PhoneNumber, BTreeMap<AttemptId, Tried>>,
    live_offers: BTreeMap<CallId, BTreeSet<OfferId>>,
    open_entries: BTreeMap<PhoneNumber, BTreeSet<EntryId>>,
}

impl Tables {
    /// Runs a transaction and writes all that it decides.
    pub fn commit(&mut self, directory: &Directory, at: Timestamp, transaction: &Transaction) -> Answer {
        let outcome = self.outcome(directory, at, transaction);
        self.write(&outcome);
        outcome.answer
    }

    /// What a transaction would do now; nothing is written.
    #[must_use]
    pub fn outcome(&self, directory: &Directory, at: Timestamp, transaction: &Transaction) -> Outcome {
        match run(self, directory, at, transaction) {
            Ok(outcome) => outcome,
            // No read of these rows ever says "not loaded".
            Err(_) => Outcome { answer: Answer::Done, writes: Vec::new(), facts: Vec::new() },
        }
    }

    /// Writes all that a transaction has decided.
    pub fn write(&mut self, outcome: &Outcome) {
        for write in &outcome.writes {
            self.put(write.clone());
        }
        self.facts.extend(outcome.facts.iter().cloned());
    }

    /// Writes one row.
    pub fn put(&mut self, write: Write) {
        match write {
            Write::Agent(row) => drop(self.agents.insert(row.key.clone(), row)),
            Write::Call(row) => drop(self.calls.insert(row.id, *row)),
            Write::CallGone(id) => drop(self.calls.remove(&id)),
            Write::Waiting(row) => drop(self.waiting.insert(row.call, row)),
            Write::WaitingGone(id) => drop(self.waiting.remove(&id)),
            Write::Offer(row) => {
                index(&mut self.live_offers, row.call, row.id, row.ended.is_none());
                self.offers.insert(row.id, row);
            }
            Write::Entry(row) => self.put_entry(*row),
            Write::Note(row) => drop(self.notes.insert((row.call, row.agent.clone()), *row)),
            Write::Hold(row) => drop(self.holds.insert((row.number.clone(), row.call), row)),
            Write::HoldGone(number, call) => drop(self.holds.remove(&(number, call))),
            Write::Memory(queue, agent) => drop(self.memory.insert(queue, agent)),
            Write::RequestCounted(number, at) => self.requests.entry(number).or_default().push(at),
            Write::Tried(row) => drop(self.tries.entry(row.number.clone()).or_default().insert(row.attempt, row)),
            Write::TriedGone(number, attempt) => self.forget_try(&number, attempt),
        }
    }

    fn put_entry(&mut self, entry: Entry) {
        // A caller who had no number may have given one since.
        let before = self.entries.get(&entry.id).and_then(|before| before.number.clone());
        if let Some(number) = before.filter(|before| Some(before) != entry.number.as_ref()) {
            index(&mut self.open_entries, number, entry.id, false);
        }
        if let Some(number) = entry.number.clone() {
            index(&mut self.open_entries, number, entry.id, entry.is_open());
        }
        self.entries.insert(entry.id, entry);
    }

    fn forget_try(&mut self, number: &PhoneNumber, attempt: AttemptId) {
        if let Some(of_number) = self.tries.get_mut(number) {
            of_number.remove(&attempt);
            if of_number.is_empty() {
                self.tries.remove(number);
            }
        }
    }

    /// The offers that have not ended.
    pub fn all_live_offers(&self) -> impl Iterator<Item = &Offer> {
        self.live_offers.values().flatten().filter_map(|id| self.offers.get(id))
    }

    /// The requests that are open: whose they are, and the end of what was promised.
    pub fn open_requests(&self) -> impl Iterator<Item = (&Target, Timestamp)> {
        let open = self.open_entries.values().flatten().filter_map(|id| self.entries.get(id));
        open.filter_map(|entry| Some((&entry.target, entry.request.as_ref()?.promise.to)))
    }

    /// What routing looks at.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            waiting: self.waiting.values().cloned().collect(),
            agents: self.agents.values().filter(|agent| agent.is_signed_in()).cloned().collect(),
            offers: self.all_live_offers().cloned().collect(),
            memory: self.memory.clone(),
            busy_phones: BTreeSet::new(),
        }
    }

    /// Agents whose wrap-up is over.
    pub fn agents_due(&self, at: Timestamp) -> impl Iterator<Item = &AgentKey> {
        let due = move |agent: &&Agent| agent.wrap_up_ends().is_some_and(|until| at >= until);
        self.agents.values().filter(due).map(|agent| &agent.key)
    }

    /// Entries whose [tick](Entry::ticks_at) is due.
    pub fn entries_due(&self, site: &Site, at: Timestamp) -> impl Iterator<Item = EntryId> {
        let due = move |entry: &&Entry| entry.ticks_at(site).is_some_and(|tick| at >= tick);
        self.entries.values().filter(due).map(|entry| entry.id)
    }

    /// Forgets what no transaction asks for any more and nobody can see: facts and counted requests from before then,
    /// and offers that ended before then. Entries stay, whatever their age.
    pub fn forget_before(&mut self, then: Timestamp) {
        self.facts.retain(|fact| fact.at >= then);
        self.forget_notes_before(then);
        self.forget_offers_before(then);
        self.forget_requests_before(then);
    }

    /// Forgets offers that ended and entries that closed before then. For a store that has them elsewhere.
    pub fn forget_over_before(&mut self, then: Timestamp) {
        self.forget_offers_before(then);
        self.entries.retain(|_, entry| !matches!(entry.state, State::Closed { at, .. } if at < then));
        self.forget_notes_before(then);
    }

    /// Of what nobody has to do any more.
    fn forget_notes_before(&mut self, then: Timestamp) {
        let over = |note: &CallNote| match note.ended {
            // One of a call that goes on is written to.
            None => false,
            Some(ended) => !note.is_open() && note.done.unwrap_or(ended).max(ended) < then,
        };
        self.notes.retain(|_, note| !over(note));
    }

    /// Forgets requests that were counted before then.
    pub fn forget_requests_before(&mut self, then: Timestamp) {
        self.requests.retain(|_, made| {
            made.retain(|at| *at >= then);
            !made.is_empty()
        });
    }

    fn forget_offers_before(&mut self, then: Timestamp) {
        self.offers.retain(|_, offer| offer.ended.is_none_or(|(ended, _)| ended >= then));
    }

    /// Forgets attempts that began before then. Transactions ask for those of the last [`Site::tries_remembered`].
    pub fn forget_tries_before(&mut self, then: Timestamp) {
        self.tries.retain(|_, tries| {
            tries.retain(|_, tried| tried.began >= then);
            !tries.is_empty()
        });
    }
}

/// Puts a value under a key, or takes it away; a key without values is not kept.
fn index<K: Ord, V: Ord>(index: &mut BTreeMap<K, BTreeSet<V>>, key: K, value: V, present: bool) {
    if present {
        index.entry(key).or_default().insert(value);
    } else if let Some(values) = index.get_mut(&key) {
        values.remove(&value);
        if values.is_empty() {
            index.remove(&key);
        }
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

    fn line(&self, queue: &QueueKey) -> BTreeSet<CallId> {
        self.waiting.values().filter(|row| row.queue == *queue).map(|row| row.call).collect()
    }

    fn offer(&self, id: OfferId) -> Read<Option<Offer>> {
        Ok(self.offers.get(&id).cloned())
    }

    fn live_offers(&self, call: CallId) -> Read<Vec<OfferId>> {
        Ok(self.live_offers.get(&call).into_iter().flatten().copied().collect())
    }

    fn entry(&self, id: EntryId) -> Read<Option<Entry>> {
        Ok(self.entries.get(&id).cloned())
    }

    fn note(&self, call: CallId, agent: &AgentKey) -> Read<Option<CallNote>> {
        Ok(self.notes.get(&(call, agent.clone())).cloned())
    }

    fn open_entries(&self, number: &PhoneNumber) -> Read<Vec<EntryId>> {
        Ok(self.open_entries.get(number).into_iter().flatten().copied().collect())
    }

    fn holds(&self, number: &PhoneNumber) -> Read<Vec<Hold>> {
        let of_number = self.holds.iter().filter(|((held, _), _)| held == number);
        Ok(of_number.map(|(_, hold)| hold.clone()).collect())
    }

    fn requests_since(&self, number: &PhoneNumber, since: Timestamp) -> Read<u32> {
        let made = self.requests.get(number).into_iter().flatten().filter(|at| **at >= since).count();
        Ok(u32::try_from(made).unwrap_or(u32::MAX))
    }

    fn tries_since(&self, number: &PhoneNumber, since: Timestamp) -> Read<Vec<Tried>> {
        let of_number = self.tries.get(number).into_iter().flat_map(BTreeMap::values);
        Ok(of_number.filter(|tried| tried.began >= since).cloned().collect())
    }
}

#[cfg(test)]
mod tests;
