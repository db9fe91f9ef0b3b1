//! Environment variables that look like settings of ours and are none.

use clap::{Command, CommandFactory as _};

use crate::cli::Cli;
use crate::document::is_near;

/// What all of ours begin with.
const PREFIX: &str = "NOHOLD_";

/// A variable that no setting has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stranger {
    /// Its name.
    pub name: String,
    /// The setting that was meant, where one is near.
    pub meant: Option<String>,
}

/// The names of all settings of ours.
pub fn ours() -> Vec<String> {
    known(&Cli::command())
}

/// Those in this process's environment. One that is near no setting may hold a password that a configuration names.
pub fn strangers() -> Vec<Stranger> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    among(names, &ours())
}

/// Refuses a setting that is spelt wrongly, for the command would work without it: on another installation, maybe.
///
/// # Errors
/// The variable, and the name that was meant.
pub fn refuse_misspelt() -> anyhow::Result<()> {
    for Stranger { name, meant } in strangers() {
        if let Some(meant) = meant {
            anyhow::bail!("there is no setting {name}: did you mean {meant}? Rename it, or unset it");
        }
    }
    Ok(())
}

/// Names what may be a setting and is none.
pub fn doubt_strangers() {
    for Stranger { name, .. } in strangers() {
        tracing::warn!(name, "this environment variable is no setting: `nohold serve --help` names those there are");
    }
}

fn among(names: impl Iterator<Item = String>, known: &[String]) -> Vec<Stranger> {
    let strange = names.filter(|name| name.starts_with(PREFIX) && !known.contains(name));
    let mut found: Vec<Stranger> = strange
        .map(|name| {
            let meant = nearest(&name, known);
            Stranger { name, meant }
        })
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

fn nearest(name: &str, known: &[String]) -> Option<String> {
    let own = |name: &str| name.trim_start_matches(PREFIX).to_owned();
    let written = own(name);
    let near = |known: &&String| is_near(&written, &own(known)) || known.starts_with(&format!("{name}_"));
    known.iter().find(near).cloned()
}

/// The variables of this command and all below it.
fn known(command: &Command) -> Vec<String> {
    let own = command.get_arguments().filter_map(|argument| argument.get_env()?.to_str().map(str::to_owned));
    own.chain(command.get_subcommands().flat_map(known)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_that_is_no_setting_is_found_with_the_one_that_was_meant() {
        let known = known(&Cli::command());
        let names = ["NOHOLD_SPI", "NOHOLD_RTP", "NOHOLD_2000", "NOHOLD_SIP", "NOHOLD_DATA", "PATH"];
        let found = among(names.iter().map(|name| (*name).to_owned()), &known);
        let stranger = |name: &str, meant: Option<&str>| Stranger { name: name.into(), meant: meant.map(Into::into) };
        assert_eq!(
            found,
            [
                stranger("NOHOLD_2000", None),
                stranger("NOHOLD_RTP", Some("NOHOLD_RTP_PORTS")),
                stranger("NOHOLD_SPI", Some("NOHOLD_SIP")),
            ]
        );
    }
}
