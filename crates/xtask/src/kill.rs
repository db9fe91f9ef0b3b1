//! `cargo xtask kill`: the server dies at many moments of a callback and comes back.

use std::path::Path;

use anyhow::Result;
use clap::Args;

use crate::steps::Call;
use crate::{e2e, setup};

/// What to run.
#[derive(Args, Debug, Clone)]
pub struct Options {
    /// How many times the server dies, each run with a seed of its own
    #[arg(long, value_name = "NUMBER", default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..))]
    runs: u64,
    /// The first seed; the others follow it
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    first_seed: u64,
    /// How many runs beside each other; they wait more than they work
    #[arg(long, value_name = "NUMBER", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=32))]
    at_once: u8,
}

/// Builds the server and makes the runs.
///
/// # Errors
/// When something does not build, a promise does not hold after a kill, or 200 runs have not met every phase.
pub fn run(root: &Path, options: &Options) -> Result<()> {
    setup::run(root)?;
    e2e::server().run(root)?;
    let Options { runs, first_seed, at_once } = options;
    Call::cargo(&format!("run --quiet --package nohold-e2e --bin kill -- {runs} {first_seed} {at_once}")).run(root)
}
