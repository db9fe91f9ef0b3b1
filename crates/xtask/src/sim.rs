//! `cargo xtask sim`: the simulator, over many seeds.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Deserialize;

use crate::steps::cargo;

/// A process gets no fewer worlds than this: it must meet all interesting states among its own.
const LEAST_SHARE: u64 = 100;

/// What to simulate.
#[derive(Args, Debug, Clone)]
pub struct Options {
    /// How many worlds to run, one per seed
    #[arg(long, value_name = "NUMBER", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..))]
    seeds: u64,
    /// How many steps each world takes
    #[arg(long, value_name = "NUMBER", default_value_t = 2_000, value_parser = clap::value_parser!(u64).range(1..))]
    steps: u64,
    /// The first seed; the others follow it
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    first_seed: u64,
    /// Plant a fault by name, to see that the invariants find it (the run is then expected to fail)
    #[arg(long, value_name = "NAME")]
    fault: Option<String>,
    /// Handed to the simulator as they are, after `--`
    #[arg(last = true, value_name = "ARGUMENT")]
    rest: Vec<String>,
}

impl Options {
    /// The part of the simulation that every commit has to pass, a minute or so; the whole one is for the night.
    pub fn for_every_commit() -> Self {
        Options { seeds: 200, steps: 2_000, first_seed: 0, fault: None, rest: Vec::new() }
    }

    /// The command line that runs just this.
    pub fn typed(&self) -> String {
        let all = Share { first: self.first_seed, count: self.seeds };
        let mut typed = format!("cargo xtask sim {}", self.arguments(all).join(" "));
        if !self.rest.is_empty() {
            typed += &format!(" -- {}", self.rest.join(" "));
        }
        typed
    }

    /// The simulator's own arguments for some of the seeds.
    fn arguments(&self, share: Share) -> Vec<String> {
        let mut all = vec![
            format!("--seeds={}", share.count),
            format!("--steps={}", self.steps),
            format!("--first-seed={}", share.first),
        ];
        all.extend(self.fault.as_ref().map(|name| format!("--fault={name}")));
        all
    }

    /// The seeds, shared out among as many processes as make sense.
    fn shares(&self, cores: u64) -> Vec<Share> {
        let processes = cores.min(self.seeds / LEAST_SHARE).max(1);
        let (each, left) = (self.seeds / processes, self.seeds % processes);
        let mut first = self.first_seed;
        (0..processes)
            .map(|n| {
                let share = Share { first, count: each + u64::from(n < left) };
                first = first.wrapping_add(share.count);
                share
            })
            .collect()
    }
}

/// The seeds of one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Share {
    first: u64,
    count: u64,
}

/// Builds the simulator in the profile of the tests and runs it on all cores.
///
/// # Errors
/// When it does not build, or an invariant is violated.
pub fn run(root: &Path, options: &Options) -> Result<()> {
    let program = build(root)?;
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let shares = options.shares(u64::try_from(cores).unwrap_or(1));
    let mut children = Vec::new();
    for share in shares {
        children.push((start(root, &program, options, share)?, share));
    }
    let mut failed = Vec::new();
    for (child, Share { first, count }) in children {
        let output = child.wait_with_output().context("the simulator was lost")?;
        print!("{}", String::from_utf8_lossy(&output.stdout));
        if !output.status.success() {
            failed.push(format!("{count} seeds from {first} on: {}", output.status));
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    bail!("the simulation has failed, see above ({})", failed.join("; "))
}

fn start(root: &Path, program: &Path, options: &Options, share: Share) -> Result<Child> {
    Command::new(program)
        .args(options.arguments(share))
        .args(&options.rest)
        .current_dir(root)
        // Kept back, so that the reports of two processes do not run into each other; progress may go to stderr.
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", program.display()))
}

/// What cargo says about something that it has built.
#[derive(Deserialize)]
struct Built {
    executable: Option<PathBuf>,
}

fn build(root: &Path) -> Result<PathBuf> {
    let output = cargo(root)
        .args(["build", "--quiet", "--package=nohold-sim", "--bin=sim", "--message-format=json-render-diagnostics"])
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    if !output.status.success() {
        bail!("the simulator does not build");
    }
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Built>(line).ok())
        .find_map(|built| built.executable)
        .context("cargo has built no simulator")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(seeds: u64, first_seed: u64) -> Options {
        Options { seeds, steps: 50, first_seed, fault: Some("forgets-a-request".into()), rest: vec!["--loud".into()] }
    }

    #[test]
    fn the_typed_command_repeats_the_run() {
        let typed = "cargo xtask sim --seeds=1 --steps=50 --first-seed=7 --fault=forgets-a-request -- --loud";
        assert_eq!(options(1, 7).typed(), typed);
    }

    #[test]
    fn each_seed_is_run_by_one_process() {
        let shares = |seeds, first, cores| -> Vec<(u64, u64)> {
            options(seeds, first).shares(cores).into_iter().map(|share| (share.first, share.count)).collect()
        };
        assert_eq!(shares(1_001, 5, 2), [(5, 501), (506, 500)]);
        assert_eq!(shares(350, 0, 16), [(0, 117), (117, 117), (234, 116)]);
        assert_eq!(shares(1, 7, 8), [(7, 1)]);
        assert_eq!(shares(1, u64::MAX, 8), [(u64::MAX, 1)]);
    }
}
