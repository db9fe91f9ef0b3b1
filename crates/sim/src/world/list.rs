//! How people work on the missed-call list.

use std::sync::Arc;

use nohold_app::ports::Clock as _;
use nohold_core::agent::Mode;
use nohold_core::entry::{Actor, Change, CloseReason, Entry, Outcome, State, Window};
use nohold_model::{AgentKey, EntryId, Millis};

use super::{World, note};

impl World {
    pub(super) fn somebody_works_on_the_list(&mut self) {
        let Some(node) = self.node.clone() else { return };
        let Some(agent) = self.agent_for_the_list() else { return };
        let reach = Arc::clone(&self.reach);
        if let (Some(entry), 0) = (self.a_served_entry(), self.rng.u8(0..3)) {
            let by = Actor::Supervisor(agent.clone());
            self.executor.nursery().spawn(Box::pin(async move {
                note(&reach, &node.change_entry(entry, Change::TakeBackServed, None, by).await, "served taken back");
            }));
            return;
        }
        let Some(entry) = self.choose_entry(&agent) else { return };
        if self.rng.u8(0..10) < 5 {
            let beyond = self.rng.u8(0..20) == 0;
            let by = if beyond { Actor::Supervisor(agent.clone()) } else { Actor::Agent(agent.clone()) };
            self.executor.nursery().spawn(Box::pin(async move {
                note(&reach, &node.call_back(entry, agent, beyond, None, by).await, "callbacks begun");
            }));
            return;
        }
        let (change, by, what) = self.choose_change(&agent);
        self.executor.nursery().spawn(Box::pin(async move {
            note(&reach, &node.change_entry(entry, change, None, by).await, what);
        }));
    }

    /// Mostly one who has the time; others try all the same.
    fn agent_for_the_list(&mut self) -> Option<AgentKey> {
        let inner = self.store.inner();
        let has_time = |key: &&AgentKey| {
            let agent = inner.tables.agents.get(*key);
            agent.is_some_and(|agent| agent.mode == Mode::Available && agent.engagement.is_none())
        };
        let free: Vec<&AgentKey> = self.scenario.agents.iter().filter(has_time).collect();
        match self.rng.u8(0..4) {
            0..3 if !free.is_empty() => self.rng.choice(free).cloned(),
            _ => self.rng.choice(&self.scenario.agents).cloned(),
        }
    }

    /// One that a call has settled.
    fn a_served_entry(&mut self) -> Option<EntryId> {
        let inner = self.store.inner();
        let served = inner
            .tables
            .entries
            .values()
            .filter(|entry| matches!(entry.state, State::Closed { reason: CloseReason::Served, .. }));
        let served: Vec<EntryId> = served.map(|entry| entry.id).collect();
        self.rng.choice(served)
    }

    /// Mostly an open entry of the agent's groups, and often the agent's own.
    fn choose_entry(&mut self, agent: &AgentKey) -> Option<EntryId> {
        let inner = self.store.inner();
        let anyones = self.rng.u8(0..8) == 0;
        let directory = &self.scenario.directory;
        let fits = |entry: &&Entry| anyones || entry.target.agents(directory).contains(agent);
        let entries: Vec<&Entry> = inner.tables.entries.values().filter(fits).collect();
        let own: Vec<&&Entry> = entries.iter().filter(|entry| entry.holder() == Some(agent)).collect();
        let open: Vec<&&Entry> = entries.iter().filter(|entry| entry.is_open()).collect();
        let now = self.clock.now();
        let can_be_called = |entry: &&&&Entry| {
            entry.number.is_some() && entry.not_before <= now && entry.holder().is_none_or(|holder| holder == agent)
        };
        let callable: Vec<&&Entry> = open.iter().filter(can_be_called).copied().collect();
        match self.rng.u8(0..10) {
            0..3 if !own.is_empty() => self.rng.choice(&own).map(|entry| entry.id),
            3..7 if !callable.is_empty() => self.rng.choice(&callable).map(|entry| entry.id),
            0..9 => self.rng.choice(&open).map(|entry| entry.id),
            _ => self.rng.choice(&entries).map(|entry| entry.id),
        }
    }

    fn choose_change(&mut self, agent: &AgentKey) -> (Change, Actor, &'static str) {
        let now = self.clock.now();
        let own = Actor::Agent(agent.clone());
        let supervisor = Actor::Supervisor(agent.clone());
        let note = String::from("noted");
        match self.rng.u8(0..20) {
            0..5 => (Change::Claim { agent: agent.clone() }, own, "entries claimed"),
            5..13 => (Change::Release, own, "entries released"),
            13..15 => {
                let reason =
                    *self.rng.choice(&[CloseReason::Done, CloseReason::Cancelled]).unwrap_or(&CloseReason::Done);
                (Change::Outcome(Outcome::Close { reason, disposition: None, note }), own, "entries closed by hand")
            }
            15 => (Change::Outcome(Outcome::Keep { disposition: None, note }), own, "entries kept"),
            16 => {
                let from = now + Millis::minutes(self.rng.u64(1..90));
                let window = Window { from, to: from + Millis::minutes(30) };
                (Change::Outcome(Outcome::Postpone { window, disposition: None, note }), own, "entries postponed")
            }
            17 if self.rng.bool() => (Change::Cancel, Actor::Customer, "entries cancelled by the customer"),
            17 => (Change::Reassign { target: None, agent: Some(agent.clone()) }, supervisor, "entries reassigned"),
            18 if self.rng.bool() => (Change::AllowMoreAttempts, supervisor, "more attempts allowed"),
            _ => (Change::Reopen, own, "entries reopened"),
        }
    }
}
