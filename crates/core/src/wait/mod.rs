//! How long a wait will be, and what may be promised.
//!
//! [`LineAhead::estimate`] predicts the wait of a caller who finds all agents busy (QL_m: the known line, each of
//! its steps at the rate of service and of giving up). [`PromisePolicy`] makes the window that a customer is told
//! of it. [`theory`] holds the exact formulas that the simulator is measured by.

mod estimate;
mod promise;
pub mod theory;

pub use estimate::{Correction, DEFAULT_AHT, DEFAULT_PATIENCE, Estimate, Interval, LineAhead};
pub use promise::{Basis, Promise, PromisePolicy, PromiseRequest};

#[cfg(test)]
mod tests;
