//! The configuration as people write it: one document with everything that a directory has, and the SIP accounts.
//!
//! What is left out has a default, which stands with its field. [`Configuration::check`] says all that is wrong with a
//! document at once, each with its place and its mend; [`Configuration::directory`] makes of a sound one what the rules
//! read. Reading files, and the format (TOML, JSON), is the matter of whoever has files.

mod check;
mod dispositions;
mod forms;
mod length;
mod lines;
mod network;
mod people;
mod pop;
mod problem;
mod secret;
mod site;
mod texts;
mod trunk;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use nohold_flow::{Document, Severity};
use nohold_model::{
    AgentKey, CalendarKey, CampaignKey, DispositionKey, ExtensionKey, FlowKey, GroupKey, Language, PhoneNumber,
    PromptKey, QueueKey, ServiceKey, TrunkKey,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use crate::directory::{self, Directory, StarCode};
use crate::hours;
use crate::numbers::BlockList;

pub use dispositions::Disposition;
pub use forms::check_forms;
pub use length::{InvalidLength, Length, Period};
pub use lines::{Calendar, CallbackKey, Campaign, Flow, InboundNumber, Queue, Service};
pub use network::{InvalidNetwork, Network};
pub use people::{Agent, Digest, Extension, Group, Ringing, Unanswered, WorksOutside};
pub use pop::Pop;
pub use problem::Problem;
pub use secret::{Password, Secret};
pub use site::{Outbound, Promise, RetryPlan, Site};
pub use texts::check_texts;
pub use trunk::{Inbound, Numbering, Transport, Trunk};

/// A whole configuration, as it is written. Only `site` must be there.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    /// What holds for the whole installation.
    pub site: Site,
    /// Calls to the public network.
    #[serde(default)]
    pub outbound: Outbound,
    /// Calendars of business hours (工作时间), by key.
    #[serde(default, deserialize_with = "without_doubles")]
    pub calendars: BTreeMap<CalendarKey, Calendar>,
    /// Inbound services (呼入客服), by key.
    #[serde(default, deserialize_with = "without_doubles")]
    pub services: BTreeMap<ServiceKey, Service>,
    /// Outbound campaigns (外呼营销), by key.
    #[serde(default, deserialize_with = "without_doubles")]
    pub campaigns: BTreeMap<CampaignKey, Campaign>,
    /// Agent groups (坐席组), by key.
    #[serde(default, deserialize_with = "without_doubles")]
    pub groups: BTreeMap<GroupKey, Group>,
    /// Agents (坐席), by key.
    #[serde(default, deserialize_with = "without_doubles")]
    pub agents: BTreeMap<AgentKey, Agent>,
    /// Phones of ours (分机), by key.
    #[serde(default, deserialize_with = "without_doubles")]
    pub extensions: BTreeMap<ExtensionKey, Extension>,
    /// Queues (队列), by key.
    #[serde(default, deserialize_with = "without_doubles")]
    pub queues: BTreeMap<QueueKey, Queue>,
    /// Trunks (中继), by key.
    #[serde(default, deserialize_with = "without_doubles")]
    pub trunks: BTreeMap<TrunkKey, Trunk>,
    /// Inbound numbers (接入号码), by the number: `"+862161230001"`.
    #[serde(default, deserialize_with = "without_doubles")]
    pub numbers: BTreeMap<PhoneNumber, InboundNumber>,
    /// IVR flows (IVR 流程), by key.
    #[serde(default, deserialize_with = "without_doubles")]
    pub flows: BTreeMap<FlowKey, Flow>,
    /// What the codes that begin with `*` do. By default `*10` signs in, `*11` out, `*12` is a break, `*13` not ready,
    /// `*14` available, `*15` clears *no answer*, `*16` ends the wrap-up, `*43` is the echo test, `*77` tests a flow.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, StarCode>")]
    pub star_codes: Option<BTreeMap<String, StarCode>>,
    /// Dispositions (通话小结), by key: what outcomes may be called.
    #[serde(default, deserialize_with = "without_doubles")]
    pub dispositions: BTreeMap<DispositionKey, Disposition>,
    /// Numbers that are never called (黑名单), single ones and beginnings.
    #[serde(default)]
    pub blocked: BlockList,
}

/// What a configuration refers to and does not hold.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// The flows that stand in files, read.
    pub flows: BTreeMap<FlowKey, Document>,
    /// The prompts that can be played, each with its languages. Where nothing is said of them, prompts are not checked.
    pub prompts: Option<BTreeMap<PromptKey, BTreeSet<Language>>>,
    /// The versions of the flows, where somebody counts them. By default 1.
    pub flow_versions: BTreeMap<FlowKey, u32>,
    /// Earlier versions of flows, which running calls may still hold.
    pub earlier_flows: BTreeMap<FlowKey, BTreeMap<u32, Arc<Document>>>,
}

/// The version of a flow that nobody counts.
const FIRST_VERSION: u32 = 1;

impl Configuration {
    /// All that is wrong with it, errors first.
    #[must_use]
    pub fn check(&self, surroundings: &Surroundings) -> Vec<Problem> {
        check::check(self, surroundings)
    }

    /// The directory that it means.
    ///
    /// # Errors
    /// All that is wrong with it, warnings too, where there is at least one error.
    pub fn directory(&self, surroundings: &Surroundings) -> Result<Directory, Vec<Problem>> {
        let problems = self.check(surroundings);
        if problems.iter().any(|problem| problem.severity == Severity::Error) {
            return Err(problems);
        }
        Ok(self.build(surroundings))
    }

    /// The documents of all flows, where they could be read.
    pub(crate) fn documents<'a>(
        &'a self,
        surroundings: &'a Surroundings,
    ) -> impl Iterator<Item = (&'a FlowKey, &'a Document)> {
        self.flows.iter().filter_map(|(key, flow)| match flow {
            Flow::Document(document) => Some((key, document.as_ref())),
            Flow::File(_) => Some((key, surroundings.flows.get(key)?)),
        })
    }

    /// The trunks by which the public network is called, first to last.
    fn outbound_trunks(&self) -> Vec<TrunkKey> {
        self.outbound.trunks.clone().unwrap_or_else(|| self.trunks.keys().cloned().collect())
    }

    fn build(&self, surroundings: &Surroundings) -> Directory {
        let calendars = self.calendars.iter().filter_map(|(key, calendar)| {
            // A calendar with problems was refused before.
            let calendar = hours::Calendar::new(calendar.definition(key, &self.site.zone)).ok()?;
            Some((key.clone(), calendar))
        });
        let flows = self
            .documents(surroundings)
            .map(|(key, document)| (key.clone(), surroundings.versions(key, Arc::new(document.clone()))));
        let trunk = |(key, trunk): (&TrunkKey, &Trunk)| {
            let numbering = trunk.numbering.rules(self.site.country);
            (key.clone(), directory::Trunk { key: key.clone(), numbering, numbers: trunk.numbers.clone() })
        };
        let queue =
            |(key, queue): (&QueueKey, &Queue)| (key.clone(), queue.build(key, self.services.get(&queue.service)));
        Directory {
            site: self.site.build(&self.outbound),
            services: each(&self.services, |key, service| Some(service.build(key))),
            campaigns: each(&self.campaigns, |key, campaign| Some(campaign.build(key))),
            groups: each(&self.groups, |key, group| Some(group.build(key))),
            agents: each(&self.agents, |key, agent| agent.build(key)),
            queues: self.queues.iter().map(queue).collect(),
            extensions: each(&self.extensions, |key, extension| Some(extension.build(key))),
            star_codes: self.star_codes.clone().unwrap_or_else(StarCode::defaults),
            trunks: self.trunks.iter().map(trunk).collect(),
            outbound: self.outbound_trunks(),
            numbers: each(&self.numbers, |number, inbound| Some(inbound.build(number))),
            calendars: calendars.collect(),
            flows: flows.collect(),
            blocked: self.blocked.clone(),
            dispositions: self.build_dispositions(),
            pops: self.build_pops(),
        }
    }
}

impl Surroundings {
    /// All versions of a flow whose newest is this. Nothing comes after it: it is the one for new calls.
    fn versions(&self, key: &FlowKey, newest: Arc<Document>) -> BTreeMap<u32, Arc<Document>> {
        let version = self.flow_versions.get(key).copied().unwrap_or(FIRST_VERSION);
        let earlier = self.earlier_flows.get(key).into_iter().flatten();
        let earlier = earlier.filter(|(known, _)| **known < version).map(|(known, old)| (*known, old.clone()));
        earlier.chain([(version, newest)]).collect()
    }
}

/// Each of the written things, built.
fn each<K: Ord + Clone, W, B>(written: &BTreeMap<K, W>, build: impl Fn(&K, &W) -> Option<B>) -> BTreeMap<K, B> {
    written.iter().filter_map(|(key, written)| Some((key.clone(), build(key, written)?))).collect()
}

/// JSON may name a key twice, and the last would silently win.
fn without_doubles<'de, D, K, V>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
where
    D: Deserializer<'de>,
    K: Deserialize<'de> + Ord,
    V: Deserialize<'de>,
{
    struct Table<K, V>(PhantomData<(K, V)>);
    impl<'de, K: Deserialize<'de> + Ord, V: Deserialize<'de>> Visitor<'de> for Table<K, V> {
        type Value = BTreeMap<K, V>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a table by keys")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut table = BTreeMap::new();
            while let Some((key, value)) = map.next_entry::<K, V>()? {
                if table.insert(key, value).is_some() {
                    return Err(serde::de::Error::custom("this key stands here twice: give one of them another"));
                }
            }
            Ok(table)
        }
    }
    deserializer.deserialize_map(Table(PhantomData))
}

#[cfg(test)]
mod tests;
