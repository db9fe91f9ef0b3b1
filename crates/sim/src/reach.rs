//! Counters that prove that the interesting states were visited.

use std::collections::BTreeMap;
use std::fmt;

/// How often each thing was seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach(BTreeMap<&'static str, u64>);

impl Reach {
    /// It was seen once more.
    pub fn count(&mut self, what: &'static str) {
        *self.0.entry(what).or_default() += 1;
    }

    /// How often it was seen.
    #[must_use]
    pub fn of(&self, what: &str) -> u64 {
        self.0.get(what).copied().unwrap_or(0)
    }

    /// Adds the counts of another run.
    pub fn add(&mut self, other: &Reach) {
        for (what, count) in &other.0 {
            *self.0.entry(what).or_default() += count;
        }
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, count) in &self.0 {
            writeln!(f, "{count:>10}  {what}")?;
        }
        Ok(())
    }
}

/// Counts what the history of the store tells.
pub fn facts(tables: &crate::store::Tables, reach: &mut Reach) {
    use nohold_core::agent::OfferEnd;
    use nohold_core::fact::Fact;
    use nohold_model::CallResult;
    for dated in &tables.facts {
        let what = match &dated.fact {
            Fact::CallArrived(_) => "calls taken",
            Fact::RequestMade(_) => "requests made",
            Fact::MessageLeft { .. } => "messages left",
            Fact::Missed { .. } => "missed calls",
            Fact::CutOff { .. } => "callers cut off",
            Fact::Connected { .. } => "callers connected",
            Fact::Served { .. } => "customers served",
            Fact::OfferEnded { end: OfferEnd::NoAnswer, .. } => "offers not answered",
            Fact::OfferEnded { end: OfferEnd::Declined, .. } => "offers declined",
            Fact::OfferEnded { end: OfferEnd::Unreachable, .. } => "offers to dead phones",
            Fact::OfferEnded { end: OfferEnd::Withdrawn, .. } => "offers withdrawn late",
            Fact::AttemptBegan { .. } => "attempts begun",
            Fact::AttemptAnswered { .. } => "attempts connected",
            Fact::AttemptEnded { result: CallResult::Interrupted, .. } => "attempts interrupted",
            Fact::AttemptEnded { .. } => "attempts failed",
            Fact::CallbackDropped { .. } => "callbacks dropped before the attempt",
            Fact::FlowEntered { .. } => "flows entered",
            Fact::TransferAnswered { .. } => "transfers answered",
            Fact::TransferFailed { .. } => "transfers failed",
            _ => continue,
        };
        reach.count(what);
    }
}
