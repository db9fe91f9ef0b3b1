//! `nohold check`: says what is wrong with a configuration, or with this machine.

use std::path::Path;
use std::process::ExitCode;

use nohold_core::configuration::Problem;
use nohold_flow::Severity;

use crate::cli::{Check, Common};
use crate::machine::{self, Verdict};
use crate::settings::Settings;
use crate::{data, document};

/// Prints all problems; the status is a failure when one of them is an error.
///
/// # Errors
/// When the configuration or the settings cannot be read at all.
pub fn run(common: &Common, arguments: &Check) -> anyhow::Result<ExitCode> {
    let settings = Settings::find(common, &arguments.net)?;
    let good = match arguments.file.as_ref().or(arguments.scenario.as_ref()) {
        Some(file) => configuration(file, &settings)?,
        None => machine(&settings),
    };
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn configuration(file: &Path, settings: &Settings) -> anyhow::Result<bool> {
    let prompts = data::prompts(&settings.data);
    let read = document::read(file, &prompts)?;
    let problems = read.problems();
    for problem in &problems {
        println!("{problem}");
    }
    for problem in prompts.check() {
        println!("warning: {problem}");
    }
    println!("{}: {}", file.display(), summary(&problems));
    Ok(errors(&problems) == 0)
}

fn machine(settings: &Settings) -> bool {
    let findings = machine::look(settings);
    for finding in &findings {
        println!("{finding}");
    }
    findings.iter().all(|finding| finding.verdict < Verdict::Bad)
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
