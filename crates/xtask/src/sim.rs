//! `cargo xtask sim`: the simulator, over many seeds.

use std::path::Path;

use anyhow::Result;
use clap::Args;

use crate::steps::Call;

/// What to simulate.
#[derive(Args, Debug, Clone)]
pub struct Options {
    /// How many worlds to run, one per seed
    #[arg(long, value_name = "NUMBER", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
    /// How many steps each world takes
    #[arg(long, value_name = "NUMBER", default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..))]
    steps: u32,
    /// The first seed; the others follow it
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    first_seed: u64,
    /// Plant a fault by name, to see that the invariants find it (the run is then expected to fail)
    #[arg(long, value_name = "NAME")]
    fault: Option<String>,
    /// Show what happened before a violation
    #[arg(long)]
    trace: bool,
}

impl Options {
    /// The part of the simulation that every commit has to pass, a quarter of a minute; all of it is `cargo xtask sim`.
    pub fn for_every_commit() -> Self {
        Options { seeds: 200, steps: 2_000, first_seed: 1, fault: None, trace: false }
    }

    /// The command line that runs just this.
    pub fn typed(&self) -> String {
        format!("cargo xtask sim {}", self.arguments().join(" "))
    }

    fn arguments(&self) -> Vec<String> {
        let mut all = vec![
            format!("--seeds={}", self.seeds),
            format!("--steps={}", self.steps),
            format!("--first-seed={}", self.first_seed),
        ];
        all.extend(self.fault.as_ref().map(|name| format!("--fault={name}")));
        all.extend(self.trace.then(|| "--trace".to_owned()));
        all
    }
}

/// Builds the simulator in the profile of the tests and runs it; it uses all cores itself.
///
/// # Errors
/// When it does not build, or an invariant is violated.
pub fn run(root: &Path, options: &Options) -> Result<()> {
    let arguments = options.arguments().join(" ");
    Call::cargo(&format!("run --quiet --package nohold-sim --bin sim -- {arguments}")).run(root)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_typed_command_repeats_the_run() {
        let fault = Some("agent-not-freed".into());
        let options = Options { seeds: 1, steps: 50, first_seed: 7, fault, trace: true };
        let typed = "cargo xtask sim --seeds=1 --steps=50 --first-seed=7 --fault=agent-not-freed --trace";
        assert_eq!(options.typed(), typed);
    }
}
