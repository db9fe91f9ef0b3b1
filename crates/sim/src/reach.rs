//! Counters that prove that the interesting states were visited.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What a simulation must see, or it proves nothing: each at least once in [`STEPS_FOR_ONE`] steps.
const MUST_SEE: [&str; 54] = [
    "entries unreachable",
    "returning customers in line",
    "recovered callers in line",
    "requests made",
    "entries claimed",
    "entries released",
    "attempts begun",
    "attempts connected",
    "attempts failed",
    "attempts interrupted",
    "callbacks dropped before the attempt",
    "callers connected",
    "callers cut off",
    "messages left",
    "missed calls",
    "offers declined",
    "offers not answered",
    "process killed",
    "store failed",
    "store stood still",
    "events lost",
    "events repeated",
    "events delayed",
    "events overtaken",
    "transfers answered",
    "wishes refused",
    "direct calls to the public network",
    "direct calls to the public network answered",
    "phones rung by their own number",
    "phones rung by their own number answered",
    "phones rung by their own number failed",
    "colleagues in line",
    "emergency calls dialled",
    "early media bridged",
    "hold keys pressed",
    "phones away",
    "echo tests",
    "star codes answered",
    "told that it takes a moment",
    "promises committed after a standstill",
    "promises failed in a standstill",
    "wishes not known yet",
    "customers handed over",
    "customers who came back to the agent",
    "consultations begun",
    "consultations answered",
    "consultations ended",
    "consultations completed",
    "conferences",
    "calls dialled at the desk",
    "notes written",
    "agents dialled outside",
    "calls accepted outside",
    "notes saved",
];
/// So that a full run of two million steps sees each eight hundred times.
const STEPS_FOR_ONE: u64 = 2_500;

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

    /// What was seen less often than so many steps should have shown: what, how often, and how often it should be.
    #[must_use]
    pub fn unseen(&self, steps: u64) -> Vec<(&'static str, u64, u64)> {
        let wanted = steps / STEPS_FOR_ONE;
        MUST_SEE
            .into_iter()
            .map(|what| (what, self.of(what), wanted))
            .filter(|(_, seen, wanted)| seen < wanted)
            .collect()
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
pub fn facts(tables: &nohold_core::tables::Tables, reach: &mut Reach) {
    use nohold_core::agent::OfferEnd;
    use nohold_core::entry::{Change, CloseReason, State};
    use nohold_core::fact::{Fact, Together};
    use nohold_core::routing::Class;
    use nohold_model::CallResult;
    for entry in tables.entries.values() {
        if matches!(entry.state, State::Closed { reason: CloseReason::Unreachable, .. }) {
            reach.count("entries unreachable");
        }
    }
    let mut handed_over = BTreeSet::new();
    for dated in &tables.facts {
        let what = match &dated.fact {
            Fact::HandedOver { call, .. } => {
                handed_over.insert(*call);
                "customers handed over"
            }
            Fact::PhoneRung { call, .. } if handed_over.remove(call) => "customers who came back to the agent",
            Fact::NoteSaved { .. } => "notes saved",
            Fact::ConsultBegan { .. } => "consultations begun",
            Fact::ConsultAnswered { .. } => "consultations answered",
            Fact::ConsultEnded { .. } => "consultations ended",
            Fact::ConsultCompleted { .. } => "consultations completed",
            Fact::ConsultChanged { with: Together::All, .. } => "conferences",
            Fact::CallArrived(_) => "calls taken",
            Fact::Queued(waiting) if waiting.class == Class::Returning => "returning customers in line",
            Fact::Queued(waiting) if waiting.class == Class::Recovered => "recovered callers in line",
            Fact::Queued(waiting) if waiting.caller.is_some() => "colleagues in line",
            Fact::DirectBegan { number: Some(_), .. } => "direct calls to the public network",
            Fact::DirectAnswered { .. } => "direct calls to the public network answered",
            Fact::DirectOver { result: Some(result), .. } if *result != CallResult::Answered => {
                "calls to the public network not answered"
            }
            Fact::PhoneRung { .. } => "phones rung by their own number",
            Fact::PhoneAnswered { .. } => "phones rung by their own number answered",
            Fact::PhoneFailed { .. } => "phones rung by their own number failed",
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
            Fact::EntryChanged { change: Change::Answered { .. }, .. } => "attempts connected",
            Fact::EntryChanged { change: Change::AttemptEnded { result: CallResult::Interrupted, .. }, .. } => {
                "attempts interrupted"
            }
            Fact::EntryChanged { change: Change::AttemptEnded { .. }, .. } => "attempts failed",
            Fact::CallbackDropped { .. } => "callbacks dropped before the attempt",
            Fact::FlowEntered { .. } => "flows entered",
            Fact::TransferAnswered { .. } => "transfers answered",
            Fact::TransferFailed { .. } => "transfers failed",
            _ => continue,
        };
        reach.count(what);
    }
}
