//! What the audit is told of the desk: how things stood before a wish and stand after it, without what only their history needs.

use nohold_core::call::{Party, Wanted};
use nohold_core::directory::Meaning;
use nohold_core::entry::Entry;
use nohold_core::note::CallNote;
use nohold_model::{AgentKey, DispositionKey, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::Seat;
use crate::audit::Telling;
use crate::board::{StateShown, TargetShown};

/// An entry. Its customer, its note and its calls stand in its history.
#[derive(Debug, Serialize)]
pub(super) struct EntryTold {
    version: u64,
    state: StateShown,
    target: TargetShown,
    assigned: Option<AgentKey>,
    priority: u8,
    due: Timestamp,
    disposition: Option<DispositionKey>,
    heard: usize,
    acknowledged: bool,
}

impl From<&Entry> for EntryTold {
    fn from(entry: &Entry) -> Self {
        EntryTold {
            version: entry.version,
            state: (&entry.state).into(),
            target: (&entry.target).into(),
            assigned: entry.assigned.clone(),
            priority: entry.priority,
            due: entry.due,
            disposition: entry.disposition.clone(),
            heard: entry.heard.len(),
            acknowledged: entry.acknowledged,
        }
    }
}

/// What of an agent a click changes.
const OF_AN_AGENT: [&str; 5] = ["state", "reason", "after", "wants_wrap_up", "outside"];

/// The note of a call, without its words.
pub(super) fn note(note: &CallNote) -> Value {
    let written = &note.written;
    let characters = written.note.chars().count();
    json!({
        "version": note.version, "agent": note.agent, "disposition": written.disposition, "tags": written.tags,
        "characters": characters, "done": note.done.is_some(),
    })
}

/// What is wished of a conversation, of whose it is. Keys may be a customer's PIN: how many there are is told.
pub(super) fn wanted(agent: Option<&AgentKey>, what: &Wanted) -> Value {
    let mut told = match what {
        Wanted::Hold(hold) => json!({ "hold": hold }),
        Wanted::Press(keys) => json!({ "keys": keys.len() }),
        Wanted::PauseRecording(paused) => json!({ "paused": paused }),
        Wanted::Transfer(to) | Wanted::Consult(to) => json!({ "to": to }),
        Wanted::HoldOne { who: Party::Customer, hold } => json!({ "who": "customer", "hold": hold }),
        Wanted::HoldOne { who: Party::Target, hold } => json!({ "who": "target", "hold": hold }),
        Wanted::Complete | Wanted::Cancel | Wanted::Swap | Wanted::Conference => Value::Object(Map::new()),
    };
    if let (Some(agent), Some(fields)) = (agent, told.as_object_mut()) {
        fields.insert("agent".to_owned(), json!(agent));
    }
    told
}

impl Seat {
    /// What the audit is told.
    pub(crate) fn telling(&self) -> &Telling {
        &self.caller.telling
    }

    /// How an agent stands.
    pub(super) fn agent_told(&self, agent: &AgentKey) -> Value {
        let row = self.desk.board.look(|rows, _| rows.agents.get(agent).map(|row| row.json.clone()));
        let shown: Map<String, Value> = row.and_then(|row| serde_json::from_str(row.get()).ok()).unwrap_or_default();
        Value::Object(shown.into_iter().filter(|(name, _)| OF_AN_AGENT.contains(&name.as_str())).collect())
    }

    /// What somebody dials. A number of the public network is told as one, so that it is known for a customer's; what means
    /// nothing may be a part of one, so its length is told.
    pub(crate) fn dialled_told(&self, dialled: &str) -> Value {
        match self.desk.desk.directory().meaning(dialled) {
            Some(Meaning::Outside(number)) => json!({ "number": number }),
            Some(Meaning::Extension(extension)) => json!({ "extension": extension }),
            Some(Meaning::Queue(queue)) => json!({ "queue": queue }),
            Some(Meaning::Flow(flow)) => json!({ "flow": flow }),
            Some(Meaning::Emergency(_)) => json!({ "emergency": true }),
            Some(Meaning::Code(_)) => json!({ "code": dialled }),
            None => json!({ "characters": dialled.chars().count() }),
        }
    }
}
