//! Kills the server at many moments; `cargo xtask kill` runs it.

use std::process::ExitCode;

use anyhow::{Context, Result};
use nohold_e2e::kill;

fn main() -> ExitCode {
    match asked() {
        Ok((runs, first_seed, at_once)) => {
            let summary = kill::many(first_seed, runs, at_once, |line| println!("{line}"));
            println!("\n{summary}");
            let problems = summary.problems();
            for problem in &problems {
                eprintln!("error: {problem}");
            }
            for fault in &summary.faults {
                eprintln!("to repeat: cargo xtask kill --runs 1 --first-seed {}", fault.plan.seed);
            }
            if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(problem) => {
            eprintln!("error: {problem:#}");
            ExitCode::FAILURE
        }
    }
}

/// The three numbers of the command line: runs, first seed, and how many at once.
fn asked() -> Result<(u64, u64, usize)> {
    const USAGE: &str = "say three numbers: how many runs, the first seed, how many at once";
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [runs, first_seed, at_once] = &words[..] else { anyhow::bail!(USAGE) };
    Ok((runs.parse().context(USAGE)?, first_seed.parse().context(USAGE)?, at_once.parse().context(USAGE)?))
}
