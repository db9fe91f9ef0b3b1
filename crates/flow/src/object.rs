//! Whom a callback request or a message is for.

use nohold_model::{CampaignKey, GroupKey, ServiceKey};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whom a callback request or a message is for (回呼对象).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Object {
    /// Nothing is chosen: the agents of the queue that the caller came from.
    // Braces, because serde lets a variant without them have unknown fields.
    Queue {},
    /// The agents of a campaign's groups.
    Campaign {
        /// The campaign (外呼营销).
        campaign: CampaignKey,
    },
    /// The agents of one group of a service.
    Service {
        /// The service (呼入客服).
        service: ServiceKey,
        /// One of its groups; absent only where the service has none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        group: Option<GroupKey>,
    },
}

impl Default for Object {
    fn default() -> Self {
        Object::Queue {}
    }
}

impl Object {
    /// Whether nothing is chosen, so that the queue the caller came from decides.
    #[must_use]
    pub const fn is_queue(&self) -> bool {
        matches!(self, Object::Queue {})
    }
}
