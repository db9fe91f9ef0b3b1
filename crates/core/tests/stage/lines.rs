//! What calls see of the lines, from the rows.

use nohold_core::agent::Agent;
use nohold_core::call::{Line, Lines, Promised};
use nohold_core::directory::{Directory, Queue};
use nohold_core::routing::{Waiting, turn};
use nohold_core::tables::Tables;
use nohold_model::{AgentKey, QueueKey};

/// The lines as calls see them.
pub fn lines(tables: &Tables, directory: &Directory) -> Lines {
    let line = |(key, queue): (&QueueKey, &Queue)| {
        let mut callers: Vec<&Waiting> = tables.waiting.values().filter(|row| row.queue == *key).collect();
        callers.sort_by_key(|row| turn(row));
        let signed_in = |agent: &AgentKey| tables.agents.get(agent).is_some_and(Agent::is_signed_in);
        let members: Vec<_> = directory.members(queue).map(|profile| profile.key.clone()).collect();
        let agents = members.iter().filter(|agent| signed_in(agent)).count();
        let line = Line {
            callers: callers.into_iter().map(|row| row.call).collect(),
            requests: 0,
            agents: u32::try_from(agents).unwrap(),
            usual_agents: u32::try_from(members.len()).unwrap(),
        };
        (key.clone(), line)
    };
    let signed_in = tables.agents.values().filter(|agent| agent.is_signed_in()).map(|agent| agent.key.clone());
    let requests = tables.open_requests().map(|(target, until)| (target.clone(), until));
    Lines::new(directory.queues.iter().map(line).collect()).with_work(signed_in.collect(), Promised::of(requests))
}
