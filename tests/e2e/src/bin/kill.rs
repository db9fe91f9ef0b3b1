//! Kills the server at many moments; `cargo xtask kill` runs it.

use std::process::ExitCode;

use nohold_e2e::kill;

const USAGE: &str = "\
kills the server at many moments of a callback, and says whether it has kept its promises

usage: kill RUNS FIRST_SEED AT_ONCE

  RUNS        how many times it dies, each run with a seed of its own
  FIRST_SEED  the first seed; the others follow it
  AT_ONCE     how many runs beside each other, 1 to 32

`cargo xtask kill` builds what this needs and then runs it.";

/// Arguments that cannot be meant, as for other programs.
const WRONG_ARGUMENTS: u8 = 2;

/// Beyond this the machine is what fails.
const MOST_AT_ONCE: usize = 32;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.iter().any(|word| word == "--help" || word == "-h") {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    let (runs, first_seed, at_once) = match asked(&words) {
        Ok(asked) => asked,
        Err(problem) => {
            eprintln!("error: {problem}\n\n{USAGE}");
            return ExitCode::from(WRONG_ARGUMENTS);
        }
    };
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

/// The three numbers of the command line: runs, first seed, and how many at once.
fn asked(words: &[String]) -> Result<(u64, u64, usize), String> {
    let [runs, first_seed, at_once] = words else {
        return Err(format!("say three numbers, not {}", words.len()));
    };
    let number = |name: &str, word: &str| {
        word.parse::<u64>().map_err(|_| format!("`{word}` is no number that may stand for {name}: write a whole one"))
    };
    let (runs, first_seed) = (number("RUNS", runs)?, number("FIRST_SEED", first_seed)?);
    let at_once = usize::try_from(number("AT_ONCE", at_once)?).unwrap_or(usize::MAX);
    if runs == 0 {
        return Err("with no run nothing is tried: write 1 or more for RUNS".to_owned());
    }
    if !(1..=MOST_AT_ONCE).contains(&at_once) {
        return Err(format!("write 1 to {MOST_AT_ONCE} for AT_ONCE"));
    }
    Ok((runs, first_seed, at_once))
}
