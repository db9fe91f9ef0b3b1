//! Who does something with an entry.

use nohold_model::AgentKey;
use serde::{Deserialize, Serialize};

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The caller.
    Customer,
    /// An agent.
    Agent(AgentKey),
    /// A supervisor (班长), who may do more than an agent.
    Supervisor(AgentKey),
    /// Nohold itself: a timer, a retry plan, a restart.
    System,
}

impl Actor {
    /// Who of ours it is, by key.
    #[must_use]
    pub fn key(&self) -> Option<&AgentKey> {
        match self {
            Actor::Agent(key) | Actor::Supervisor(key) => Some(key),
            Actor::Customer | Actor::System => None,
        }
    }
}
