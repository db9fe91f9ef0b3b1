//! The rows of the store, in memory, with the indexes that transactions ask for.

use std::collections::{BTreeMap, BTreeSet};

use nohold_app::ports::{Due, Overview};
use nohold_core::agent::Agent;
use nohold_core::directory::Site;
use nohold_core::entry::{Entry, Tried};
use nohold_core::fact::Dated;
use nohold_core::routing::{Offer, Snapshot, Waiting};
use nohold_core::transaction::{CallRow, Hold, Outcome, Read, Rows, Write};
use nohold_model::{AgentKey, AttemptId, CallId, EntryId, OfferId, PhoneNumber, QueueKey, Timestamp};

/// All rows.
#[derive(Debug, Clone, Default)]
pub struct Tables {
    /// Agents.
    pub agents: BTreeMap<AgentKey, Agent>,
    /// Calls that live.
    pub calls: BTreeMap<CallId, CallRow>,
    /// Places in lines, with the time since which each is as it is.
    pub waiting: BTreeMap<CallId, (Waiting, Timestamp)>,
    /// Offers, ended ones too.
    pub offers: BTreeMap<OfferId, Offer>,
    /// Entries, closed ones too.
    pub entries: BTreeMap<EntryId, Entry>,
    /// Numbers in use.
    pub holds: BTreeMap<(PhoneNumber, CallId), Hold>,
    /// Whom each round-robin queue rang last.
    pub memory: BTreeMap<QueueKey, AgentKey>,
    /// The history.
    pub facts: Vec<Dated>,
    /// When each call's offers were written last: before that, whoever looked saw them as they were.
    pub offers_changed: BTreeMap<CallId, Timestamp>,
    requests: BTreeMap<PhoneNumber, Vec<Timestamp>>,
    tries: BTreeMap<PhoneNumber, BTreeMap<AttemptId, Tried>>,
    live_offers: BTreeMap<CallId, BTreeSet<OfferId>>,
    open_entries: BTreeMap<PhoneNumber, BTreeSet<EntryId>>,
}

impl Tables {
    /// Writes all that a transaction has decided.
    pub fn write(&mut self, outcome: &Outcome, now: Timestamp) {
        for write in &outcome.writes {
            self.put(write.clone(), now);
        }
        self.facts.extend(outcome.facts.iter().cloned());
    }

    fn put(&mut self, write: Write, now: Timestamp) {
        match write {
            Write::Agent(agent) => {
                self.agents.insert(agent.key.clone(), agent);
            }
            Write::Call(row) => {
                self.calls.insert(row.id, row);
            }
            Write::CallGone(id) => {
                self.calls.remove(&id);
            }
            Write::Waiting(row) => {
                self.waiting.insert(row.call, (row, now));
            }
            Write::WaitingGone(id) => {
                self.waiting.remove(&id);
            }
            Write::Offer(offer) => {
                self.offers_changed.insert(offer.call, now);
                let live = self.live_offers.entry(offer.call).or_default();
                if offer.ended.is_none() {
                    live.insert(offer.id);
                } else {
                    live.remove(&offer.id);
                }
                self.offers.insert(offer.id, offer);
            }
            Write::Entry(entry) => self.put_entry(*entry),
            Write::Hold(hold) => {
                self.holds.insert((hold.number.clone(), hold.call), hold);
            }
            Write::HoldGone(number, call) => {
                self.holds.remove(&(number, call));
            }
            Write::Memory(queue, agent) => {
                self.memory.insert(queue, agent);
            }
            Write::RequestCounted(number, at) => self.requests.entry(number).or_default().push(at),
            Write::Tried(tried) => {
                self.tries.entry(tried.number.clone()).or_default().insert(tried.attempt, tried);
            }
            Write::TriedGone(number, attempt) => {
                self.tries.entry(number).or_default().remove(&attempt);
            }
        }
    }

    fn put_entry(&mut self, entry: Entry) {
        if let Some(number) = &entry.number {
            let open = self.open_entries.entry(number.clone()).or_default();
            if entry.is_open() {
                open.insert(entry.id);
            } else {
                open.remove(&entry.id);
            }
        }
        self.entries.insert(entry.id, entry);
    }

    /// The offers that have not ended.
    pub fn all_live_offers(&self) -> impl Iterator<Item = &Offer> {
        self.live_offers.values().flatten().filter_map(|id| self.offers.get(id))
    }

    /// Whether a customer's phone is being rung by a callback.
    #[must_use]
    pub fn is_dialling(&self) -> bool {
        self.calls.values().any(|call| {
            call.connected.is_none() && call.callback.as_ref().is_some_and(|callback| callback.attempt.is_some())
        })
    }

    /// What routing looks at.
    #[must_use]
    pub fn overview(&self) -> Overview {
        let open = self.open_entries.values().flatten().filter_map(|id| self.entries.get(id));
        Overview {
            snapshot: Snapshot {
                waiting: self.waiting.values().map(|(row, _)| row.clone()).collect(),
                agents: self.agents.values().filter(|agent| agent.is_signed_in()).cloned().collect(),
                offers: self.all_live_offers().cloned().collect(),
                memory: self.memory.clone(),
            },
            requests: open
                .filter_map(|entry| Some((entry.target.clone(), entry.request.as_ref()?.promise.to)))
                .collect(),
        }
    }

    /// What has come due.
    #[must_use]
    pub fn due(&self, site: &Site, at: Timestamp) -> Due {
        let agents = self.agents.values().filter(|agent| agent.wrap_up.is_some_and(|until| at >= until));
        let is_due = |entry: &&Entry| entry.ticks_at(site).is_some_and(|tick| at >= tick);
        Due {
            agents: agents.map(|agent| agent.key.clone()).collect(),
            entries: self.entries.values().filter(is_due).map(|entry| entry.id).collect(),
            calls: self.calls.keys().copied().collect(),
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
        Ok(self.waiting.get(&id).map(|(row, _)| row.clone()))
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
