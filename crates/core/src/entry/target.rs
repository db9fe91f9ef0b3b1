//! Who should work on an entry.

use nohold_model::{AgentKey, CampaignKey, GroupKey, QueueKey, ServiceKey};
use serde::{Deserialize, Serialize};

use crate::directory::Directory;

/// Whose agents are meant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The agents of the campaign's groups.
    Campaign(CampaignKey),
    /// The agents of one group of the service.
    Service(ServiceKey, GroupKey),
    /// All agents of the queue that the caller came from.
    Queue(QueueKey),
    /// All agents of the service: a caller who never reached a queue.
    WholeService(ServiceKey),
}

/// A line of business: within one, a number has one open entry (I-7).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Business {
    /// An inbound service.
    Service(ServiceKey),
    /// An outbound campaign.
    Campaign(CampaignKey),
}

impl Target {
    /// The line of business that this target belongs to; nothing when the configuration no longer knows it.
    #[must_use]
    pub fn business(&self, directory: &Directory) -> Option<Business> {
        match self {
            Target::Campaign(campaign) => Some(Business::Campaign(campaign.clone())),
            Target::Service(service, _) | Target::WholeService(service) => Some(Business::Service(service.clone())),
            Target::Queue(queue) => directory.queue(queue).map(|queue| Business::Service(queue.service.clone())),
        }
    }

    /// The service whose customer this is; none for a campaign's.
    #[must_use]
    pub fn service(&self, directory: &Directory) -> Option<ServiceKey> {
        match self.business(directory)? {
            Business::Service(service) => Some(service),
            Business::Campaign(_) => None,
        }
    }

    /// Whether the configuration knows it, and the group of a service is one of the service's.
    #[must_use]
    pub fn is_known(&self, directory: &Directory) -> bool {
        match self {
            Target::Campaign(key) => directory.campaigns.contains_key(key),
            Target::Service(key, group) => {
                directory.services.get(key).is_some_and(|service| service.groups.contains(group))
            }
            Target::Queue(key) => directory.queues.contains_key(key),
            Target::WholeService(key) => directory.services.contains_key(key),
        }
    }

    /// The groups whose agents are meant.
    #[must_use]
    pub fn groups<'a>(&'a self, directory: &'a Directory) -> &'a [GroupKey] {
        match self {
            Target::Campaign(key) => directory.campaigns.get(key).map_or(&[], |campaign| &campaign.groups),
            Target::Service(_, group) => std::slice::from_ref(group),
            Target::Queue(key) => directory.queue(key).map_or(&[], |queue| &queue.groups),
            Target::WholeService(key) => directory.services.get(key).map_or(&[], |service| &service.groups),
        }
    }

    /// The agents who are meant, each once.
    #[must_use]
    pub fn agents(&self, directory: &Directory) -> std::collections::BTreeSet<AgentKey> {
        self.groups(directory)
            .iter()
            .filter_map(|group| directory.groups.get(group))
            .flat_map(|group| group.agents.iter().cloned())
            .collect()
    }
}
