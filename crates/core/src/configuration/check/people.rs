//! Groups, agents and extensions.

use std::collections::{BTreeMap, BTreeSet};

use nohold_model::{AgentKey, ExtensionKey};

use super::super::{Length, Password};
use super::Check;

/// A password that is written down has at least so many characters.
const SHORTEST_PASSWORD: usize = 8;

impl Check<'_> {
    pub(super) fn people(&mut self) {
        self.groups();
        self.agents();
        self.extensions();
    }

    fn groups(&mut self) {
        for (key, group) in &self.written.groups {
            let path = format!("groups.{key}.agents");
            for agent in &group.agents {
                if !self.written.agents.contains_key(agent) {
                    self.unknown(&path, "agent", agent);
                }
            }
            if group.agents.is_empty() {
                self.problems.warn(path, "nobody is in this group", "name an agent");
            }
        }
    }

    fn agents(&mut self) {
        let written = self.written;
        let grouped: BTreeSet<&AgentKey> = written.groups.values().flat_map(|group| &group.agents).collect();
        let mut phones: BTreeMap<ExtensionKey, &AgentKey> = BTreeMap::new();
        let mut numbers: BTreeMap<&str, &AgentKey> = BTreeMap::new();
        for (key, agent) in &written.agents {
            let path = format!("agents.{key}");
            let phone = agent.phone(key);
            if let Some(phone) = phone {
                self.extension(&format!("{path}.extension"), &phone);
                if let Some(other) = phones.insert(phone.clone(), key) {
                    self.problems.error(
                        format!("{path}.extension"),
                        format!("the extension `{phone}` is the phone of agent `{other}` already"),
                        "give each agent a phone of their own",
                    );
                }
            }
            if !grouped.contains(key) {
                self.problems.warn(
                    path.clone(),
                    "this agent is in no group and gets no calls",
                    "add the agent to a group",
                );
            }
            let number = agent.spoken_number(key);
            if !(1..=10).contains(&number.len()) || !number.bytes().all(|b| b.is_ascii_digit()) {
                self.problems.error(
                    format!("{path}.number"),
                    format!("`{number}` cannot be spoken as an agent number"),
                    "give the agent a `number` of 1 to 10 digits",
                );
            }
            if let Some(other) = numbers.insert(number, key) {
                self.problems.error(
                    format!("{path}.number"),
                    format!("agent `{other}` has the number {number} already"),
                    "choose another number",
                );
            }
            if let Some(ringing) = agent.ringing {
                self.ringing(&format!("{path}.ringing"), ringing);
            }
            for queue in agent.priorities.keys() {
                self.queue(&format!("{path}.priorities"), queue);
            }
        }
    }

    fn extensions(&mut self) {
        let written = self.written;
        for (key, extension) in &written.extensions {
            let path = format!("extensions.{key}");
            if let Password::Inline(secret) = &extension.password
                && secret.reveal().chars().count() < SHORTEST_PASSWORD
            {
                self.problems.warn(
                    format!("{path}.password"),
                    format!("it is shorter than {SHORTEST_PASSWORD} characters, and such accounts are broken into"),
                    "choose a longer one, or `{ generate = true }`",
                );
            }
            if let Some(number) = extension.caller_id.as_ref().filter(|number| !self.owned(number)) {
                self.problems.warn(
                    format!("{path}.caller_id"),
                    format!(
                        "no trunk by which we call out owns {}, so this phone reaches nobody outside",
                        number.as_str()
                    ),
                    "choose a number that a trunk owns",
                );
            }
            if let Some(unanswered) = &extension.unanswered {
                let at = format!("{path}.unanswered");
                self.length(format!("{at}.ring_for"), unanswered.ring_for, Length::seconds(1), Length::minutes(10));
                self.target(&format!("{at}.target"), &unanswered.target);
                if unanswered.target == crate::directory::InboundTarget::Extension(key.clone()) {
                    self.problems.error(
                        format!("{at}.target"),
                        "it leads back to the same phone",
                        "choose another phone, a queue or a flow",
                    );
                }
            }
        }
    }
}
