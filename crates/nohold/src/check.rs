//! `nohold check`: says what is wrong with a configuration.

use std::process::ExitCode;

use nohold_core::configuration::Problem;
use nohold_flow::Severity;

use crate::cli::Check;
use crate::{data, document};

/// Prints all problems; the status is a failure when one of them is an error.
///
/// # Errors
/// When the configuration cannot be read at all.
pub fn run(arguments: &Check) -> anyhow::Result<ExitCode> {
    let prompts = data::prompts(&arguments.data);
    let read = document::read(&arguments.scenario, &prompts)?;
    let problems = read.problems();
    for problem in &problems {
        println!("{problem}");
    }
    for problem in prompts.check() {
        println!("warning: {problem}");
    }
    println!("{}: {}", arguments.scenario.display(), summary(&problems));
    Ok(if errors(&problems) == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// How many of the problems keep the configuration from being used.
#[must_use]
pub fn errors(problems: &[Problem]) -> usize {
    problems.iter().filter(|problem| problem.severity == Severity::Error).count()
}

fn summary(problems: &[Problem]) -> String {
    let errors = errors(problems);
    match (errors, problems.len() - errors) {
        (0, 0) => "sound".into(),
        (0, warnings) => format!("can be used; warnings: {warnings}"),
        (errors, warnings) => format!("cannot be used; errors: {errors}, warnings: {warnings}"),
    }
}
