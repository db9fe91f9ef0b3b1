//! What follows for an agent from an offer that was not accepted.

use nohold_model::Millis;
use serde::{Deserialize, Serialize};

/// What an offer that was not accepted does to the agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AfterOffer {
    /// No further offers for this long.
    pub pause: Millis,
    /// One unanswered ring does not take the agent out of rotation (ring all).
    pub forgiving: bool,
}
