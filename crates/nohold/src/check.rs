//! `nohold check`: says what is wrong with a configuration, or with this machine.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use nohold_core::configuration::{Configuration, Problem, Surroundings, check_forms};
use nohold_flow::Severity;
use nohold_server::configuration::trunks_that_lead_back;
use nohold_telephony::prompts::PromptLibrary;

use crate::cli::{Check, Common};
use crate::data::{DataFolder, Unusable};
use crate::machine::{self, Database, Finding, Verdict};
use crate::settings::Settings;
use crate::{data, document, environment, operate, say, trunk_look};

/// Prints all problems; the status is a failure when one of them is an error.
///
/// # Errors
/// When the configuration or the settings cannot be read at all.
pub fn run(common: &Common, arguments: &Check) -> anyhow::Result<ExitCode> {
    environment::doubt_strangers();
    let settings = Settings::find(common, &arguments.net)?;
    let good = match arguments.file.as_ref().or(arguments.scenario.as_ref()) {
        Some(file) => configuration(file, &settings)?,
        None => machine(&settings)?,
    };
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn configuration(file: &Path, settings: &Settings) -> anyhow::Result<bool> {
    let prompts = data::prompts(&settings.data);
    let read = document::read(file, &prompts)?;
    let mut problems = read.problems();
    problems.extend(lead_back(&read.configuration, settings)?);
    for problem in &problems {
        say::line(problem);
    }
    for problem in prompts.check() {
        say::line(format_args!("warning: {problem}"));
    }
    say::line(format_args!("{}: {}", file.display(), summary(&problems)));
    Ok(errors(&problems) == 0)
}

/// The trunks at which this server itself would ring, with these settings.
fn lead_back(configuration: &Configuration, settings: &Settings) -> anyhow::Result<Vec<Problem>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start")?;
    let found = runtime.block_on(trunks_that_lead_back(configuration, settings.own_sip()));
    // A name that is still looked up is waited for no longer.
    runtime.shutdown_background();
    Ok(found)
}

fn machine(settings: &Settings) -> anyhow::Result<bool> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start")?;
    let mut findings = machine::look(settings);
    let running = matches!(DataFolder::open_existing(&settings.data), Err(Unusable::InUse(_)));
    let database = runtime.block_on(machine::database(settings, running));
    if let Some(Database { finding, is_current }) = database {
        findings.push(finding);
        if is_current {
            findings.extend(configured(settings, &runtime));
        }
    }
    findings.extend(
        data::prompts(&settings.data).check().iter().map(|problem| Finding::doubtful("prompts", problem.to_string())),
    );
    for finding in &findings {
        say::line(finding);
    }
    Ok(findings.iter().all(|finding| finding.verdict < Verdict::Bad))
}

/// What is wrong with what is configured, and what its trunks say.
fn configured(settings: &Settings, runtime: &tokio::runtime::Runtime) -> Vec<Finding> {
    let configured = match operate::configured(&settings.data) {
        Ok(configured) => configured,
        Err(problem) => return vec![Finding::bad("configuration", format!("{problem:#}"))],
    };
    if configured.get("site").is_none() {
        return vec![Finding::good("configuration", "nothing is configured yet")];
    }
    let forms = check_forms(&configured);
    match serde_json::from_value::<Configuration>(configured) {
        Ok(configuration) => {
            let mut findings = as_it_stands(&configuration, forms, &data::prompts(&settings.data));
            findings.extend(runtime.block_on(trunk_look::look(&configuration, settings.own_sip())));
            findings
        }
        Err(problem) => vec![Finding::bad("configuration", format!("it cannot be used: {problem}"))],
    }
}

/// The configuration beside the prompts that there are now, which may be others than when it was taken over. A form that was taken
/// before there was a rule against it works on, and would be refused when it is imported again.
fn as_it_stands(configuration: &Configuration, forms: Vec<Problem>, prompts: &PromptLibrary) -> Vec<Finding> {
    const WHAT: &str = "configuration";
    let prompts = Some(prompts.catalogue());
    let mut problems = configuration.check(&Surroundings { prompts, ..Surroundings::default() });
    problems.extend(forms.into_iter().map(|form| Problem { severity: Severity::Warning, ..form }));
    if problems.is_empty() {
        return vec![Finding::good(WHAT, "sound")];
    }
    let finding = |problem: &Problem| {
        let seen = format!("{}: {}: {}", problem.path, problem.message, problem.mend);
        match problem.severity {
            Severity::Error => Finding::bad(WHAT, seen),
            Severity::Warning => Finding::doubtful(WHAT, seen),
        }
    };
    problems.iter().map(finding).collect()
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_form_from_before_there_was_a_rule_against_it_is_doubtful_and_works_on() {
        let prompts = PromptLibrary::shipped();
        let mut whole = document::shipped(&prompts).unwrap().whole;
        let configuration = serde_json::from_value::<Configuration>(whole.clone()).unwrap();
        let seen = |whole: &Value| as_it_stands(&configuration, check_forms(whole), &prompts);
        assert!(seen(&whole).iter().all(|finding| finding.verdict == Verdict::Good), "{:?}", seen(&whole));
        whole["outbound"] = json!([]);
        let seen = seen(&whole);
        assert!(matches!(&*seen, [one] if one.verdict == Verdict::Doubtful), "{seen:?}");
    }
}
