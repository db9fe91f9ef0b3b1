//! Dispositions in the document.

use std::collections::BTreeMap;

use nohold_model::DispositionKey;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Configuration;
use super::people::name;
use crate::directory::{DispositionEffect, Dispositions};

/// What an outcome may be called (通话小结).
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Disposition {
    /// The name people see. By default the key.
    pub name: Option<String>,
    /// What it does to the request that was called back: `closes`, `keeps_open` or `retries` (the customer was not reached). The
    /// page proposes it, and the agent may choose otherwise. By default nothing is proposed.
    pub effect: Option<DispositionEffect>,
}

impl Configuration {
    pub(super) fn build_dispositions(&self) -> Dispositions {
        let names = self.dispositions.iter().map(|(key, written)| (key.clone(), name(written.name.as_deref(), key)));
        Dispositions {
            names: names.collect(),
            effects: self.dispositions.iter().filter_map(|(key, one)| Some((key.clone(), one.effect?))).collect(),
            of_services: listed(&self.services, |service| service.dispositions.as_ref()),
            of_campaigns: listed(&self.campaigns, |campaign| campaign.dispositions.as_ref()),
            of_queues: listed(&self.queues, |queue| queue.dispositions.as_ref()),
        }
    }
}

fn listed<K: Ord + Clone, T>(
    things: &BTreeMap<K, T>,
    list: impl Fn(&T) -> Option<&Vec<DispositionKey>>,
) -> BTreeMap<K, Vec<DispositionKey>> {
    things.iter().filter_map(|(key, thing)| Some((key.clone(), list(thing)?.clone()))).collect()
}
