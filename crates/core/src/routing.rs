//! Who is next, and for which agent.
//!
//! [`assign`] is given one snapshot and answers with the agent offers to make now. It is asked again whenever an agent
//! or a caller might fit; nothing it says takes effect before the store has reserved the agent.

use std::collections::{BTreeMap, BTreeSet};

use nohold_model::{AgentKey, CallId, OfferId, QueueKey, Timestamp};
use serde::{Deserialize, Serialize};

use crate::agent::{Agent, OfferEnd};
use crate::directory::{Directory, Queue, Strategy};

/// A caller's stand in the line of a queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// The call.
    pub call: CallId,
    /// The queue.
    pub queue: QueueKey,
    /// Counts the entries of this call into a queue, so that an offer for an earlier stay is recognised.
    pub stay: u32,
    /// The class.
    pub class: Class,
    /// Higher is served earlier within the class.
    pub priority: u8,
    /// The place in line (排队位置): the first arrival.
    pub place: Timestamp,
    /// The last entry into this queue, from which the longest wait counts.
    pub entered: Timestamp,
    /// The caller may be connected now: neither keying a number nor recording.
    pub connectable: bool,
    /// The agent who calls, where it is one: nobody is offered the own call.
    pub caller: Option<AgentKey>,
    /// Who has declined this caller since they came to stand in this queue: they are offered it again only where nobody else
    /// is free.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub declined: BTreeSet<AgentKey>,
}

/// Classes of callers in a line, first to last (I-5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Was connected and lost through our fault.
    Recovered,
    /// Answered our dial and waits for the agent.
    CalledBack,
    /// Rings in soon after our attempt to reach them.
    Returning,
    /// Everybody else.
    Ordinary,
}

impl Class {
    /// Whether a line takes them however long it is: we have lost them, or have called them ourselves.
    #[must_use]
    pub const fn is_let_in(self) -> bool {
        match self {
            Class::Recovered | Class::CalledBack => true,
            Class::Returning | Class::Ordinary => false,
        }
    }
}

/// One agent offer (派话), as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Its id.
    pub id: OfferId,
    /// The call that is offered.
    pub call: CallId,
    /// The caller's stay in the queue for which it was made.
    pub stay: u32,
    /// The queue; none for a call that was transferred to this agent.
    pub queue: Option<QueueKey>,
    /// The agent.
    pub agent: AgentKey,
    /// When it was made.
    pub made: Timestamp,
    /// When the agent's phone stops ringing.
    pub ring_until: Timestamp,
    /// When and how it ended; each offer ends exactly once (I-6).
    pub ended: Option<(Timestamp, OfferEnd)>,
}

/// What [`assign`] looks at: one consistent moment.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// Everybody who waits.
    pub waiting: Vec<Waiting>,
    /// The agents who are signed in.
    pub agents: Vec<Agent>,
    /// Offers that have not ended.
    pub offers: Vec<Offer>,
    /// Whom each round-robin queue rang last.
    pub memory: BTreeMap<QueueKey, AgentKey>,
    /// Agents whose own phone is in a short call that holds nobody, such as that of a star code: they are offered nothing
    /// before it is over.
    pub busy_phones: BTreeSet<AgentKey>,
}

/// An offer to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// For this call,
    pub call: CallId,
    /// in this stay,
    pub stay: u32,
    /// waiting in this queue,
    pub queue: QueueKey,
    /// this agent.
    pub agent: AgentKey,
}

/// The order within a line: class, priority, place, and the id where two arrived in the same millisecond.
#[must_use]
pub fn turn(waiting: &Waiting) -> (Class, std::cmp::Reverse<u8>, Timestamp, CallId) {
    (waiting.class, std::cmp::Reverse(waiting.priority), waiting.place, waiting.call)
}

/// The offers to make now.
///
/// Callers are taken in turn; each gets the agent that the strategy of the queue picks. Where an agent serves several
/// queues, the agent's own priorities decide first whose caller comes. In a queue that rings all, whoever gets free
/// joins the ringing for the first in turn, once nobody waits in another queue for whom no phone rings. No agent is
/// named twice, and only those who [may be offered](Agent::may_be_offered) something at `at`.
#[must_use]
pub fn assign(snapshot: &Snapshot, directory: &Directory, at: Timestamp) -> Vec<Assignment> {
    let mut round = Round::new(snapshot, directory, at);
    let mut assignments = Vec::new();
    while let Some(pairing) = round.best_pairing() {
        assignments.extend(round.take(&pairing));
    }
    assignments
}

/// Callers and agents that are still to be paired.
struct Round<'a> {
    directory: &'a Directory,
    /// Callers who may be given an agent, by queue, the first in turn at the end, where it is cheap to take. In a
    /// queue that rings all these are also callers for whom phones ring already.
    lines: BTreeMap<&'a QueueKey, Vec<&'a Waiting>>,
    /// Calls for which a phone rings.
    rung: BTreeSet<CallId>,
    free: BTreeMap<&'a AgentKey, &'a Agent>,
    memory: BTreeMap<&'a QueueKey, AgentKey>,
}

/// The caller at the head of a line and the agents of the queue who are free, best first.
struct Pairing<'a> {
    queue: &'a Queue,
    caller: &'a Waiting,
    agents: Vec<&'a AgentKey>,
}

impl<'a> Round<'a> {
    fn new(snapshot: &'a Snapshot, directory: &'a Directory, at: Timestamp) -> Self {
        let rung: BTreeSet<CallId> = snapshot.offers.iter().map(|offer| offer.call).collect();
        let mut lines: BTreeMap<&QueueKey, Vec<&Waiting>> = BTreeMap::new();
        for caller in snapshot.waiting.iter().filter(|caller| caller.connectable) {
            let Some(queue) = directory.queue(&caller.queue) else { continue };
            if queue.strategy == Strategy::RingAll || !rung.contains(&caller.call) {
                lines.entry(&caller.queue).or_default().push(caller);
            }
        }
        for line in lines.values_mut() {
            line.sort_by_key(|caller| std::cmp::Reverse(turn(caller)));
        }
        let may_be = |agent: &&Agent| agent.may_be_offered(at) && !snapshot.busy_phones.contains(&agent.key);
        let free = snapshot.agents.iter().filter(may_be).map(|agent| (&agent.key, agent)).collect();
        let memory = snapshot.memory.iter().map(|(queue, agent)| (queue, agent.clone())).collect();
        Round { directory, lines, rung, free, memory }
    }

    /// The next caller to be given an agent: callers for whom no phone rings first, then by the best priority that a
    /// free agent gives to the queue, then by turn.
    fn best_pairing(&self) -> Option<Pairing<'a>> {
        let heads = self.lines.iter().filter_map(|(key, line)| {
            let queue = self.directory.queue(key)?;
            let free = self.free_agents(queue);
            // The first in turn, but for an agent who waits there and is the only one free.
            let is_own = |caller: &Waiting, agent: &AgentKey| caller.caller.as_ref() == Some(agent);
            let caller = line.iter().rev().find(|caller| free.iter().any(|(agent, _)| !is_own(caller, agent)))?;
            let mut agents: Vec<_> = free.into_iter().filter(|(agent, _)| !is_own(caller, agent)).collect();
            agents.sort_by_key(|(agent, _)| caller.declined.contains(*agent));
            let urgency = agents.first().map(|(_, priority)| *priority)?;
            Some((self.rung.contains(&caller.call), urgency, turn(caller), queue, *caller, agents))
        });
        let (_, _, _, queue, caller, agents) =
            heads.min_by_key(|(is_rung, urgency, turn, ..)| (*is_rung, *urgency, *turn))?;
        let agents = agents.into_iter().map(|(agent, _)| agent).collect();
        Some(Pairing { queue, caller, agents })
    }

    /// The free agents of a queue, best first, with the priority that each gives to it.
    fn free_agents(&self, queue: &'a Queue) -> Vec<(&'a AgentKey, u8)> {
        let mut agents: Vec<(&AgentKey, u8, Timestamp)> = self
            .free
            .iter()
            .filter_map(|(key, agent)| Some((*key, self.directory.priority(queue, key)?, agent.idle_since)))
            .collect();
        let last = self.memory.get(&queue.key);
        agents.sort_by_key(|(agent, priority, idle_since)| {
            let rank = match queue.strategy {
                Strategy::LongestIdle | Strategy::RingAll => (false, *idle_since),
                // Those behind the one who was rung last come first, then those before, each in the order of keys.
                Strategy::RoundRobin => (last.is_some_and(|last| *agent <= last), Timestamp::EPOCH),
            };
            (*priority, rank, *agent)
        });
        agents.into_iter().map(|(agent, priority, _)| (agent, priority)).collect()
    }

    /// Gives the caller the agent, or all of them where the queue rings all.
    fn take(&mut self, pairing: &Pairing<'a>) -> Vec<Assignment> {
        if let Some(line) = self.lines.get_mut(&pairing.queue.key)
            && let Some(index) = line.iter().rposition(|caller| caller.call == pairing.caller.call)
        {
            line.remove(index);
        }
        let chosen = match pairing.queue.strategy {
            Strategy::LongestIdle | Strategy::RoundRobin => pairing.agents.get(..1).unwrap_or_default(),
            Strategy::RingAll => &pairing.agents,
        };
        for agent in chosen {
            self.free.remove(*agent);
            self.memory.insert(&pairing.queue.key, (*agent).clone());
        }
        chosen.iter().map(|agent| assignment(pairing.caller, agent)).collect()
    }
}

fn assignment(caller: &Waiting, agent: &AgentKey) -> Assignment {
    Assignment { call: caller.call, stay: caller.stay, queue: caller.queue.clone(), agent: agent.clone() }
}

#[cfg(test)]
mod tests;
