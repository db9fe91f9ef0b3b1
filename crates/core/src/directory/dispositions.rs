//! What an outcome may be called (通话小结), by who has asked for it.

use std::collections::BTreeMap;

use nohold_model::{CampaignKey, DispositionKey, QueueKey, ServiceKey};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Directory;
use crate::entry::{Entry, Target};

/// The dispositions that are configured, and which of them may be given where. Where nothing is said, any of them may be
/// given; where none is configured at all, any word.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dispositions {
    /// All of them, with the names that people see.
    pub names: BTreeMap<DispositionKey, String>,
    /// What they do to the request, where that is said.
    pub effects: BTreeMap<DispositionKey, DispositionEffect>,
    /// Those of inbound services.
    pub of_services: BTreeMap<ServiceKey, Vec<DispositionKey>>,
    /// Those of outbound campaigns.
    pub of_campaigns: BTreeMap<CampaignKey, Vec<DispositionKey>>,
    /// Those of queues, which count more than those of their service.
    pub of_queues: BTreeMap<QueueKey, Vec<DispositionKey>>,
}

/// What becomes of the request with a disposition, where nothing else is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DispositionEffect {
    /// It is closed.
    Closes,
    /// It stays open, due at once.
    KeepsOpen,
    /// The customer was not reached: the retry plan goes on.
    Retries,
}

impl Directory {
    /// The dispositions that are listed for this entry, in the order in which they are offered; none where any that is
    /// configured may be given.
    #[must_use]
    pub fn dispositions_of(&self, entry: &Entry) -> Option<&[DispositionKey]> {
        let known = &self.dispositions;
        let asked_in = entry.request.as_ref().and_then(|request| request.queue.as_ref());
        let of_queue = |queue: &QueueKey| known.of_queues.get(queue);
        let of_service = |service: &ServiceKey| known.of_services.get(service);
        let list = match &entry.target {
            Target::Campaign(campaign) => known.of_campaigns.get(campaign),
            Target::Queue(queue) => of_queue(queue).or_else(|| of_service(&self.queue(queue)?.service)),
            Target::Service(service, _) | Target::WholeService(service) => {
                asked_in.and_then(of_queue).or_else(|| of_service(service))
            }
        };
        list.map(Vec::as_slice)
    }

    /// Those that may be given to this entry, where it is not this one.
    #[must_use]
    pub fn dispositions_instead_of(&self, given: &DispositionKey, entry: &Entry) -> Option<Vec<&DispositionKey>> {
        self.other_than(given, self.dispositions_of(entry))
    }

    /// Those that may be given where these are listed, where it is not this one.
    pub(crate) fn other_than<'a>(
        &'a self,
        given: &DispositionKey,
        listed: Option<&'a [DispositionKey]>,
    ) -> Option<Vec<&'a DispositionKey>> {
        let allowed: Vec<&DispositionKey> = match listed {
            Some(listed) => listed.iter().collect(),
            None if self.dispositions.names.is_empty() => return None,
            None => self.dispositions.names.keys().collect(),
        };
        (!allowed.contains(&given)).then_some(allowed)
    }
}
