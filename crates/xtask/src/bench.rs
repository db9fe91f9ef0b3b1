//! `cargo xtask bench`: Nohold measured, and a peer beside it by the same load.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};

use crate::setup;
use crate::steps::Call;

/// What to measure, and how.
#[derive(Args, Debug, Clone)]
pub struct Options {
    /// Measure only this
    name: Option<Name>,
    /// Measure this peer in the same run, and say the ratio: only that means something on another machine
    #[arg(long)]
    peer: Option<Peer>,
    /// Write all figures, with the machine and the versions, to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Callers who wait send audio all the time, too, and not only now and then
    #[arg(long)]
    talk: bool,
    /// Make 50,000 calls for the measure of calls, as the goal says
    #[arg(long)]
    long: bool,
    /// Tiny numbers, seconds in all: see that everything works, counts and order; times mean nothing then
    #[arg(long)]
    smoke: bool,
}

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Name {
    /// From an agent who becomes free to the INVITE at that agent's phone
    Route,
    /// Callers who wait with music
    Waiting,
    /// Calls that are answered, hear one second and end, each of them recorded
    Calls,
    /// Callback requests that are committed
    Requests,
    /// Pages on which a change stands
    Pages,
}

/// Beside what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Peer {
    /// Asterisk 22 with its queue
    Asterisk,
}

impl Options {
    /// The arguments of the program that measures.
    fn arguments(&self, here: &Path) -> Vec<String> {
        let word =
            |value: &dyn Fn() -> Option<clap::builder::PossibleValue>| value().map(|it| it.get_name().to_owned());
        let mut all: Vec<String> = self.name.and_then(|name| word(&|| name.to_possible_value())).into_iter().collect();
        all.extend(self.peer.and_then(|peer| word(&|| peer.to_possible_value())).map(|peer| format!("--peer={peer}")));
        // The program runs in the folder of the repository, and the file is meant where it was typed.
        all.extend(self.json.as_ref().map(|file| format!("--json={}", here.join(file).display())));
        let flags = [(self.talk, "--talk"), (self.long, "--long"), (self.smoke, "--smoke")];
        all.extend(flags.into_iter().filter(|(wanted, _)| *wanted).map(|(_, flag)| flag.to_owned()));
        all
    }
}

/// Builds server and load in the profile that is shipped, then measures.
///
/// # Errors
/// When the peer cannot be installed, something does not build or cannot be measured, or a goal is missed.
pub fn run(root: &Path, options: &Options) -> Result<()> {
    if options.peer.is_some() {
        setup::run(root)?;
    }
    // Both in one build, so that the load finds the server beside itself.
    Call::cargo("build --release --package nohold --package nohold-bench").run(root)?;
    let here = std::env::current_dir().context("cannot tell in which folder this was typed")?;
    Call::cargo("run --quiet --release --package nohold-bench --").and(options.arguments(&here)).run(root)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_told_what_was_typed() {
        let options = Options {
            name: Some(Name::Waiting),
            peer: Some(Peer::Asterisk),
            json: Some("out.json".into()),
            talk: true,
            long: false,
            smoke: true,
        };
        let told = options.arguments(Path::new("/here"));
        assert_eq!(told, ["waiting", "--peer=asterisk", "--json=/here/out.json", "--talk", "--smoke"]);
    }
}
