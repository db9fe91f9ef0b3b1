//! The invariants of the design (I-1 to I-10), looked at after every commit and every step.
//!
//! They are written from their text in ARCHITECTURE.md, and ask none of the core's own rules: a rule that is wrong must
//! not be its own judge. What they read are rows, facts, the configuration, and the phones outside.
//!
//! What must hold in the rows is checked at each commit ([`Commits`]); what must hold between the rows, the running
//! calls and the phones outside is checked after each step ([`Steps`]), with patience where news are on their way.

mod attempts;
mod commits;
mod conversations;
mod outside;
mod steps;

pub use commits::Commits;
pub use outside::FarEnd;
pub use steps::{Sight, Steps};

/// An invariant that did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which: `I-1` to `I-10`.
    pub invariant: &'static str,
    /// What was seen.
    pub what: String,
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} does not hold: {}", self.invariant, self.what)
    }
}
