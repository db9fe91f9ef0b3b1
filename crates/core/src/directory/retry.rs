//! How often a customer is tried.

use std::collections::{BTreeMap, BTreeSet};

use nohold_model::{CallResult, Millis};
use serde::{Deserialize, Serialize};

use super::Site;

/// How often a customer is tried (重呼策略) and how long we wait in between.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryPlan {
    /// After this many attempts the entry is *unreachable* (未能联系上), and a number is not tried more often within
    /// [`within`](RetryPlan::within), whichever entries want it.
    pub max_attempts: u32,
    /// The time in which the attempts at one number are counted together.
    pub within: Millis,
    /// The gap (重呼间隔) after a result that has no gap of its own.
    pub gap: Millis,
    /// Gaps by result.
    pub gaps: BTreeMap<CallResult, Millis>,
    /// Results after which another attempt makes no sense.
    pub final_results: BTreeSet<CallResult>,
}

impl Default for RetryPlan {
    /// Three attempts, ten minutes apart, fifteen after a machine; after a broken line or an interrupted attempt the
    /// entry's own rules hold. A number that is not in use is not tried again.
    fn default() -> Self {
        RetryPlan {
            max_attempts: 3,
            within: Millis::hours(24),
            gap: Millis::minutes(10),
            gaps: BTreeMap::from([(CallResult::Machine, Millis::minutes(15))]),
            final_results: BTreeSet::from([CallResult::Unallocated]),
        }
    }
}

impl Site {
    /// How long an attempt at a number has to be remembered.
    #[must_use]
    pub fn tries_remembered(&self) -> Millis {
        self.retry_plan.remembered().max(self.returning_within)
    }
}

impl RetryPlan {
    /// How long an attempt has to be remembered: while it counts, and through the longest gap.
    #[must_use]
    pub fn remembered(&self) -> Millis {
        self.gaps.values().copied().chain([self.gap, self.within]).max().unwrap_or(self.within)
    }

    /// How long to wait after an attempt with this result.
    #[must_use]
    pub fn gap_after(&self, result: CallResult) -> Millis {
        self.gaps.get(&result).copied().unwrap_or(self.gap)
    }
}
