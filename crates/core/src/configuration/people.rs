//! Who works here, and by which phones, in the document.

use std::collections::{BTreeMap, BTreeSet};

use nohold_model::{AgentKey, ExtensionKey, GroupKey, Language, PhoneNumber, QueueKey};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Length, Password};
use crate::directory::{self, AgentProfile, InboundTarget};

/// Agents who work together (坐席组).
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// The name people see. By default the key.
    #[serde(default)]
    pub name: Option<String>,
    /// Who is in it.
    #[serde(default)]
    pub agents: BTreeSet<AgentKey>,
}

/// An agent (坐席).
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Agent {
    /// The name that colleagues see. By default the agent number.
    pub name: Option<String>,
    /// The agent number (工号) that callers hear. By default the key.
    pub number: Option<String>,
    /// The phone that rings for this agent. By default the extension whose key is the agent's.
    pub extension: Option<ExtensionKey>,
    /// How the agent's phone rings, where it differs from the queue's.
    pub ringing: Option<Ringing>,
    /// Which queues come first for this agent: lower is earlier, a queue not named here has 0.
    pub priorities: BTreeMap<QueueKey, u8>,
    /// The language in which this agent is spoken to, `en` or `zh`. By default the site's.
    pub language: Option<Language>,
    /// A number outside at which the agent can work: whoever answers there presses 1 before anybody is connected. By default
    /// none.
    pub outside: Option<WorksOutside>,
}

/// A number outside at which an agent can work.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorksOutside {
    /// The number, with its country: `+8613900000000`.
    pub number: PhoneNumber,
    /// Whether it rings instead of the phone; the agent can change that, too. By default it does.
    #[serde(default = "yes")]
    pub used: bool,
}

const fn yes() -> bool {
    true
}

/// How long one agent's phone rings for an offer, and how long it is left alone after one that failed.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Ringing {
    /// The ring time. By default 15 seconds.
    pub ring_for: Length,
    /// The retry pause. By default 10 seconds.
    pub retry_pause: Length,
}

/// A phone of ours (分机): a SIP account, whose user name is the key.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Extension {
    /// The number by which colleagues call it. By default the key.
    #[serde(default)]
    pub number: Option<String>,
    /// The name that colleagues see. By default the key.
    #[serde(default)]
    pub name: Option<String>,
    /// The password of its account.
    pub password: Password,
    /// How the phone proves that it knows it. By default `md5`.
    #[serde(default)]
    pub digest: Digest,
    /// Whether it may call the public network. By default not; emergency numbers it may call always.
    #[serde(default)]
    pub may_call_outside: bool,
    /// The number that it shows there, by trunks that own it alone: where none does, nobody outside is reached but emergency
    /// services. Without one each trunk shows its own first number.
    #[serde(default)]
    pub caller_id: Option<PhoneNumber>,
    /// The phone is asked to answer agent offers by itself. By default not.
    #[serde(default)]
    pub auto_answer: bool,
    /// Where a caller goes whom nobody answers here.
    #[serde(default)]
    pub unanswered: Option<Unanswered>,
}

/// The algorithm by which somebody proves to know a password (RFC 8760). It is the only one that is asked for and taken:
/// many phones give up at a challenge that names one they do not know, even beside one that they do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Digest {
    /// MD5, which every phone knows.
    #[default]
    Md5,
    /// SHA-256.
    Sha256,
}

/// Where a caller goes when a phone is not answered, is busy or cannot be reached.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Unanswered {
    /// The phone rings this long. By default 20 seconds.
    #[serde(default = "default_ring")]
    pub ring_for: Length,
    /// Where the caller goes then: `{ queue = "600" }`, `{ flow = "…" }` or `{ extension = "…" }`.
    pub target: InboundTarget,
}

impl Group {
    pub(super) fn build(&self, key: &GroupKey) -> directory::Group {
        directory::Group { key: key.clone(), name: name(self.name.as_deref(), key), agents: self.agents.clone() }
    }
}

impl Agent {
    /// The phone of the agent with this key; none where the key cannot be an extension's, which keys of our kinds can.
    pub(super) fn phone(&self, key: &AgentKey) -> Option<ExtensionKey> {
        self.extension.clone().or_else(|| ExtensionKey::new(key.as_str()).ok())
    }

    /// The number that callers hear.
    pub(super) fn spoken_number<'a>(&'a self, key: &'a AgentKey) -> &'a str {
        self.number.as_deref().unwrap_or(key.as_str())
    }

    pub(super) fn build(&self, key: &AgentKey) -> Option<AgentProfile> {
        Some(AgentProfile {
            key: key.clone(),
            name: self.name.as_deref().unwrap_or(self.spoken_number(key)).to_owned(),
            number: self.spoken_number(key).to_owned(),
            extension: self.phone(key)?,
            ringing: self.ringing.map(Ringing::build),
            priorities: self.priorities.clone(),
            language: self.language,
            outside: self
                .outside
                .as_ref()
                .map(|outside| directory::WorksOutside { number: outside.number.clone(), used: outside.used }),
        })
    }
}

impl Ringing {
    pub(super) fn build(self) -> directory::Ringing {
        directory::Ringing { ring_for: self.ring_for.0, retry_pause: self.retry_pause.0 }
    }
}

impl Default for Ringing {
    fn default() -> Self {
        Ringing { ring_for: Length::seconds(15), retry_pause: Length::seconds(10) }
    }
}

impl Extension {
    /// The number by which colleagues call it.
    pub(super) fn internal_number<'a>(&'a self, key: &'a ExtensionKey) -> &'a str {
        self.number.as_deref().unwrap_or(key.as_str())
    }

    pub(super) fn build(&self, key: &ExtensionKey) -> directory::Extension {
        let unanswered = self.unanswered.as_ref();
        directory::Extension {
            key: key.clone(),
            number: self.internal_number(key).to_owned(),
            name: name(self.name.as_deref(), key),
            may_call_outside: self.may_call_outside,
            caller_id: self.caller_id.clone(),
            auto_answer: self.auto_answer,
            unanswered: unanswered
                .map(|then| directory::Unanswered { ring_for: then.ring_for.0, target: then.target.clone() }),
        }
    }
}

/// The name people see: the one that was chosen, else the key.
pub(super) fn name(chosen: Option<&str>, key: &impl ToString) -> String {
    chosen.map_or_else(|| key.to_string(), str::to_owned)
}

const fn default_ring() -> Length {
    Length::seconds(20)
}
