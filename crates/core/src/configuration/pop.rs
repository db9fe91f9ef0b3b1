//! The address that an agent's page opens, in the document.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Configuration;
use crate::directory::{self, Opens, Pops};

/// The address of a customer in another program, which an agent's page opens.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pop {
    /// The address, `https://` or `http://`, with variables between braces: `https://crm.example/?n={number}`. Known are
    /// `number`, `call`, `agent`, `queue`, `service`, `called`, `name`, `contact` and `entry`; what is not known of a call is
    /// empty.
    pub address: String,
    /// When it opens: `on_click`, or `at_ringing` in a new tab. By default `on_click`.
    #[serde(default)]
    pub opens: Opens,
}

impl Configuration {
    pub(super) fn build_pops(&self) -> Pops {
        // One that may not be written like this was refused before.
        let read = |pop: &Pop| directory::Pop::new(&pop.address, pop.opens).ok();
        let of_queue = |queue: &super::Queue| queue.pop.as_ref().and_then(read);
        Pops {
            of_site: self.site.pop.as_ref().and_then(read),
            of_queues: self.queues.iter().filter_map(|(key, queue)| Some((key.clone(), of_queue(queue)?))).collect(),
        }
    }
}
