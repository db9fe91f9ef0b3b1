//! Who may see and do what, and of what they are reminded.
//!
//! What a viewer may see follows from the groups that the viewer belongs to or looks after, and from nothing else: of
//! two viewers with the same groups and role nobody sees more.

mod permission;
mod reminder;

use std::collections::BTreeSet;

use nohold_model::{AgentKey, GroupKey};
use serde::{Deserialize, Serialize};

pub use permission::Permission;
pub use reminder::{Reminder, ReminderId, ReminderKind, Reminders, SHOWN_UNREACHABLE_FOR, reminder, reminders, sounds};

use crate::agent::Agent;
use crate::directory::{Directory, Queue};
use crate::entry::Entry;
use crate::transaction::CallRow;

/// What somebody may do (角色).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Works on the own groups' entries (坐席).
    Agent,
    /// Sees and works on all that supervised groups do (班长).
    Supervisor,
    /// Configures everything, and may do what a supervisor of all groups may (管理员).
    Administrator,
}

/// Somebody who looks at the desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewer {
    /// What they may do.
    pub role: Role,
    /// The agent who they are, where they take calls.
    pub agent: Option<AgentKey>,
    /// For supervisors: the groups they look after; none means all.
    pub groups: Option<BTreeSet<GroupKey>>,
    /// What they may besides.
    pub may: BTreeSet<Permission>,
}

/// What a viewer may see, by one directory: make a new one when either changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    role: Role,
    agent: Option<AgentKey>,
    /// None means all.
    groups: Option<BTreeSet<GroupKey>>,
    /// The groups that the agent belongs to.
    own: BTreeSet<GroupKey>,
    /// The agents of the groups; not asked where all groups are meant.
    colleagues: BTreeSet<AgentKey>,
}

impl Sight {
    /// What this viewer may see.
    #[must_use]
    pub fn new(viewer: &Viewer, directory: &Directory) -> Self {
        let agent = viewer.agent.as_ref();
        let belongs = |agent: &AgentKey| {
            let groups = directory.groups.values().filter(|group| group.agents.contains(agent));
            groups.map(|group| group.key.clone()).collect::<BTreeSet<_>>()
        };
        let own = agent.map(belongs).unwrap_or_default();
        let groups = match viewer.role {
            Role::Agent => Some(own.clone()),
            // Who looks after some groups and works in another sees both.
            Role::Supervisor => viewer.groups.as_ref().map(|groups| groups | &own),
            Role::Administrator => None,
        };
        let seen = groups.iter().flatten().filter_map(|key| directory.groups.get(key));
        let colleagues = seen.flat_map(|group| group.agents.iter().cloned()).chain(agent.cloned()).collect();
        Sight { role: viewer.role, agent: agent.cloned(), groups, own, colleagues }
    }

    /// The agent who the viewer is.
    #[must_use]
    pub fn agent(&self) -> Option<&AgentKey> {
        self.agent.as_ref()
    }

    /// Whether the viewer may do what only supervisors may.
    #[must_use]
    pub fn oversees(&self) -> bool {
        match self.role {
            Role::Agent => false,
            Role::Supervisor | Role::Administrator => true,
        }
    }

    /// An entry of the missed-call list, with its number and its history: one for the viewer's groups, one that was given
    /// to the viewer, one that the viewer has in hand. A supervisor also sees what the agents of the groups have in hand.
    #[must_use]
    pub fn sees_entry(&self, entry: &Entry, directory: &Directory) -> bool {
        let named = || entry.assigned.iter().chain(entry.holder());
        self.sees_any(entry.target.groups(directory))
            || if self.oversees() {
                named().any(|agent| self.sees_agent(agent))
            } else {
                named().any(|one| self.is(one))
            }
    }

    /// What an agent does now.
    #[must_use]
    pub fn sees_agent(&self, agent: &AgentKey) -> bool {
        self.groups.is_none() || self.colleagues.contains(agent)
    }

    /// A queue and who waits in it.
    #[must_use]
    pub fn sees_queue(&self, queue: &Queue) -> bool {
        self.sees_any(&queue.groups)
    }

    /// A live call that has these agents in hand: an agent the own calls; a supervisor those of the agents, queues and
    /// services that the groups work for.
    #[must_use]
    pub fn sees_call<'a>(
        &self,
        call: &CallRow,
        mut agents: impl Iterator<Item = &'a AgentKey>,
        directory: &Directory,
    ) -> bool {
        if !self.oversees() {
            return agents.any(|agent| self.is(agent));
        }
        let service = || call.service.as_ref().and_then(|key| directory.services.get(key));
        self.groups.is_none()
            || agents.any(|agent| self.sees_agent(agent))
            || match call.queue.as_ref().and_then(|key| directory.queue(key)) {
                Some(queue) => self.sees_queue(queue),
                None => service().is_some_and(|service| self.sees_any(&service.groups)),
            }
    }

    /// Whether the viewer may act in the place of this agent: agents for themselves, supervisors for those they see.
    #[must_use]
    pub fn acts_for(&self, agent: &AgentKey) -> bool {
        self.is(agent) || (self.oversees() && self.sees_agent(agent))
    }

    /// Those in whose place the viewer may act; none means everybody's, also those who are agents no more.
    #[must_use]
    pub fn may_act_for(&self) -> Option<BTreeSet<AgentKey>> {
        match (self.oversees(), &self.groups) {
            (true, None) => None,
            (true, Some(_)) => Some(self.colleagues.clone()),
            (false, _) => Some(self.agent.iter().cloned().collect()),
        }
    }

    /// Whether the viewer must be reminded of what is open in this entry. Agents are, of the groups that are meant or
    /// where it was given to them, while they are signed in; supervisors of the groups always are. Administrators look
    /// when they like.
    ///
    /// `agent` is the viewer's own state.
    #[must_use]
    pub fn is_reminded(&self, entry: &Entry, agent: Option<&Agent>, directory: &Directory) -> bool {
        let meant = entry.target.groups(directory);
        let as_agent = agent.is_some_and(Agent::is_signed_in)
            && (meant.iter().any(|group| self.own.contains(group))
                || entry.assigned.as_ref().is_some_and(|agent| self.is(agent)));
        as_agent || (self.role == Role::Supervisor && self.sees_entry(entry, directory))
    }

    /// What belongs to any of these groups.
    #[must_use]
    pub fn sees_groups(&self, groups: &[GroupKey]) -> bool {
        self.sees_any(groups)
    }

    /// Which of what people are told of an entry this viewer is told.
    #[must_use]
    pub fn told<'a>(&self, reminders: &'a Reminders) -> Option<&'a Reminder> {
        let as_supervisor = reminders.supervisors.as_ref().filter(|_| self.role == Role::Supervisor);
        as_supervisor.or(reminders.group.as_ref())
    }

    fn is(&self, agent: &AgentKey) -> bool {
        self.agent.as_ref() == Some(agent)
    }

    fn sees_any(&self, groups: &[GroupKey]) -> bool {
        self.groups.as_ref().is_none_or(|seen| groups.iter().any(|group| seen.contains(group)))
    }
}

#[cfg(test)]
mod tests;
