//! When a fact became true.

use nohold_model::Timestamp;
use serde::{Deserialize, Serialize};

use super::Fact;

/// A fact with the time it became true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dated {
    /// When.
    pub at: Timestamp,
    /// What.
    pub fact: Fact,
}
