//! What agents do with their conversations, and calls that they dial at the desk.

use std::sync::Arc;

use nohold_app::Node;
use nohold_app::desk::{CallbackWish, Desk};
use nohold_core::agent::{Agent, Engagement};
use nohold_core::call::{Party, Wanted};
use nohold_core::entry::{Actor, Business, Entry};
use nohold_core::fact::Destination;
use nohold_core::note::{Wish, Written};
use nohold_model::{AgentKey, CallId, CampaignKey, Digit, FlowKey, Millis, QueueKey, ServiceKey};

use super::{FakePorts, World, note};

impl World {
    pub(super) fn an_agent_works_with_a_call(&mut self) {
        let Some(node) = self.node.clone() else { return };
        let Some((agent, call)) = self.an_agent_in_conversation() else {
            self.an_agent_dials();
            return;
        };
        let Some(what) = self.what_is_wanted(call) else { return };
        self.is_wished_of(node, agent, call, what);
    }

    pub(super) fn is_wished_of(&self, node: Node<FakePorts>, agent: AgentKey, call: CallId, what: Wanted) {
        let reach = Arc::clone(&self.reach);
        self.executor.nursery().spawn(Box::pin(async move {
            note(&reach, &node.wish_of_call(call, agent, what).await, "wishes of conversations granted");
        }));
    }

    /// Mostly one who talks, and most gladly one with a colleague on the line too; now and then anybody in any call.
    fn an_agent_in_conversation(&mut self) -> Option<(AgentKey, CallId)> {
        let inner = self.store.inner();
        let anybody = self.rng.u8(0..12) == 0;
        let in_call = inner.tables.agents.values().filter_map(|agent: &Agent| {
            let talks = matches!(agent.engagement, Some(Engagement::Talking { .. }));
            Some((agent.key.clone(), agent.call().filter(|_| talks || anybody)?))
        });
        let in_call: Vec<(AgentKey, CallId)> = in_call.collect();
        let consults = |(agent, call): &&(AgentKey, CallId)| {
            let consult = inner.tables.calls.get(call).and_then(|call| call.consult.as_ref());
            consult.is_some_and(|consult| consult.by == *agent && consult.answered.is_some())
        };
        let consulting: Vec<(AgentKey, CallId)> = in_call.iter().filter(consults).cloned().collect();
        let chosen = self.rng.choice(consulting).filter(|_| self.rng.u8(0..4) > 0);
        chosen.or_else(|| self.rng.choice(in_call))
    }

    /// What agents want of a call: with a consulted colleague on the line mostly what ends in a transfer or a conference.
    fn what_is_wanted(&mut self, call: CallId) -> Option<Wanted> {
        let answered = {
            let inner = self.store.inner();
            let consult = inner.tables.calls.get(&call).and_then(|call| call.consult.as_ref());
            consult.is_some_and(|consult| consult.answered.is_some())
        };
        let roll = if answered { self.rng.u8(13..24) } else { self.rng.u8(0..24) };
        Some(match roll {
            0..6 => Wanted::Transfer(self.somewhere()?),
            6..14 => Wanted::Consult(self.somewhere()?),
            14 => Wanted::Complete,
            15 => Wanted::Cancel,
            16 => Wanted::Swap,
            17..21 => Wanted::Conference,
            21 => {
                let who = if self.rng.bool() { Party::Customer } else { Party::Target };
                Wanted::HoldOne { who, hold: self.rng.bool() }
            }
            22 => Wanted::PauseRecording(self.rng.bool()),
            _ => Wanted::Press(Digit::new('5').into_iter().collect()),
        })
    }

    fn somewhere(&mut self) -> Option<Destination> {
        let directory = &self.scenario.directory;
        let extensions: Vec<_> = directory.extensions.keys().cloned().collect();
        let queues: Vec<QueueKey> = directory.queues.keys().cloned().collect();
        let flows: Vec<FlowKey> = directory.flows.keys().cloned().collect();
        let found = match self.rng.u8(0..10) {
            0..5 => self.rng.choice(extensions).map(Destination::Extension),
            5 | 6 => self.rng.choice(queues).map(Destination::Queue),
            7 => self.rng.choice(flows).map(Destination::Flow),
            _ => None,
        };
        found.or_else(|| self.rng.choice(&self.scenario.customers).cloned().map(Destination::Number))
    }

    /// One whom nothing but a saved note lets out of the wrap-up.
    pub(super) fn an_agent_who_must_write(&mut self) -> Option<AgentKey> {
        let inner = self.store.inner();
        let must_write = inner.tables.agents.values().filter(|agent| agent.must_write());
        let must_write: Vec<AgentKey> = must_write.map(|agent| agent.key.clone()).collect();
        self.rng.choice(must_write)
    }

    /// An agent types or saves what came of a call, agrees upon another one, or says that an entry shall stay open.
    pub(super) fn an_agent_writes(&mut self, agent: &AgentKey) {
        let Some(node) = self.node.clone() else { return };
        let reach = Arc::clone(&self.reach);
        let (notes, call, open, customer, agreed) = {
            let inner = self.store.inner();
            let notes = inner.tables.notes.values().filter(|note| note.agent == *agent && note.done.is_none());
            let calls: Vec<CallId> = notes.map(|note| note.call).collect();
            let call = inner.tables.agents.get(agent).and_then(Agent::call);
            let number = call.and_then(|call| inner.tables.calls.get(&call)?.number.clone());
            let open = inner.tables.entries.values().find(|entry| entry.is_open() && entry.number == number);
            let own = inner.tables.notes.values().rfind(|note| note.agent == *agent);
            let customer = own.and_then(|note| Some((note.call, note.number.clone()?, note.target()?)));
            let agreed = customer.as_ref().and_then(|(call, ..)| {
                let of_call = |entry: &&Entry| entry.agreement.as_ref().is_some_and(|agreed| agreed.call == *call);
                inner.tables.entries.values().find(of_call).map(|entry| entry.id)
            });
            (calls, call, open.filter(|_| number.is_some()).map(|entry| entry.id), customer, agreed)
        };
        let (by, agent) = (Actor::Agent(agent.clone()), agent.clone());
        let written = Written { note: "asks for a price".to_owned(), ..Written::default() };
        if let (Some((call, ..)), Some(entry), 1) = (&customer, agreed, self.rng.u8(0..3)) {
            let call = *call;
            self.executor.nursery().spawn(Box::pin(async move {
                let answer = node.take_back_follow_up(call, entry, by).await;
                note(&reach, &answer, "follow-ups taken back");
            }));
            return;
        }
        if let (Some((call, number, target)), 0) = (customer, self.rng.u8(0..8)) {
            let assigned = self.rng.bool().then_some(agent);
            let not_before = Some(Desk::now(&node) + Millis::minutes(self.rng.u64(1..120)));
            let source = "desk/agent".to_owned();
            let wish = CallbackWish { number, target, not_before, another_matter: false, assigned, source };
            self.executor.nursery().spawn(Box::pin(async move {
                let answer = node.follow_up(call, wish, by).await;
                let what = match &answer {
                    Ok(asked) if !asked.new => "requests moved by a follow-up",
                    _ => "follow-ups",
                };
                note(&reach, &answer, what);
            }));
            return;
        }
        if let (Some(call), Some(entry), true) = (call, open, self.rng.bool()) {
            self.executor.nursery().spawn(Box::pin(async move {
                note(&reach, &node.keep_open(call, entry, true, by).await, "entries kept open");
            }));
            return;
        }
        let Some(call) = self.rng.choice(notes).or(call) else { return };
        let save = self.rng.u8(0..3) > 0;
        self.executor.nursery().spawn(Box::pin(async move {
            let wish = if save { Wish::Save(written) } else { Wish::Type(written) };
            note(&reach, &node.note(call, agent, wish, by).await, "notes written");
        }));
    }

    fn an_agent_dials(&mut self) {
        let Some(node) = self.node.clone() else { return };
        let agent = self.rng.choice(&self.scenario.agents).cloned();
        let number = self.rng.choice(&self.scenario.customers).cloned();
        let (Some(agent), Some(number)) = (agent, number) else { return };
        let business = match self.rng.u8(0..3) {
            0 => ServiceKey::new("support").ok().map(Business::Service),
            1 => CampaignKey::new("renewals").ok().map(Business::Campaign),
            _ => None,
        };
        let reach = Arc::clone(&self.reach);
        self.executor.nursery().spawn(Box::pin(async move {
            note(&reach, &node.dial_out(agent, number, business).await, "calls dialled at the desk");
        }));
    }
}
