//! What a developer of Nohold runs, as `cargo xtask <command>`: all tests and what they need, the simulator, the
//! house rules.

mod bench;
mod console;
mod e2e;
mod generate;
mod kill;
mod setup;
mod sim;
mod steps;
mod test;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The developer's commands of Nohold.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Install what the tests call: SIPp, baresip and Chromium by apt, an Asterisk into the target folder
    ///
    /// Needs root, or sudo without a password, the first time; says nothing when all is there.
    Setup,
    /// Run everything that must pass before a commit: setup, format, lints, tidy, tests, docs, simulator
    ///
    /// Stops at the first step that fails and says how to repeat that step alone. This is what CI runs.
    Test,
    /// Run the end-to-end tests alone: the server and telephones of other makers, real calls between them
    E2e(e2e::Options),
    /// Run the tests that drive the console in a browser, against the server and real telephones
    Browser(console::Options),
    /// Kill the server at moments of chance, from the key that asks for a callback to the callback's end, and start it again
    ///
    /// People look at their lists then, and the phones count every message. A seed always draws the same plan, so a fault
    /// can be looked for again: `cargo xtask kill --runs 1 --first-seed 1234`.
    Kill(kill::Options),
    /// Let simulated callers, agents and faults loose on the rules, and check the invariants after every step
    ///
    /// Each seed is a world of its own and always runs the same way, so a violation can be repeated from its seed:
    /// `cargo xtask sim --first-seed 1234 --seeds 1`.
    Sim(sim::Options),
    /// Measure the server in release, and a peer beside it in the same run by the same load
    ///
    /// Prints what was reached beside the goals. Takes minutes and both cores; nothing else should run meanwhile.
    /// bench/README.md says how it measures.
    Bench(bench::Options),
    /// Make files anew that are committed but made by programs: the audio of the prompts, the music on hold
    #[command(subcommand, name = "gen")]
    Generate(generate::What),
    /// Check the house rules that no compiler checks: arrows between crates, file length, links, licences …
    ///
    /// Prints each finding as `file:line: what is wrong`, with the way to mend it below.
    Tidy,
}

fn main() -> ExitCode {
    let root = workspace_root();
    let result = match Cli::parse().command {
        Command::Setup => setup::run(&root),
        Command::Test => test::run(&root),
        Command::E2e(options) => e2e::run(&root, &options),
        Command::Browser(options) => console::browser(&root, &options),
        Command::Kill(options) => kill::run(&root, &options),
        Command::Sim(options) => sim::run(&root, &options),
        Command::Bench(options) => bench::run(&root, &options),
        Command::Generate(what) => generate::run(&root, &what),
        Command::Tidy => tidy::run(&root),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The folder of the workspace's `Cargo.toml`.
fn workspace_root() -> PathBuf {
    // Cargo sets the variable when it runs us; the value of the build would be stale in a checkout that was moved.
    let here = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    here.ancestors().nth(2).map(Path::to_path_buf).unwrap_or(here)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn an_unknown_command_is_refused_by_name() {
        let problem = Cli::try_parse_from(["cargo xtask", "tset"]).err().unwrap().to_string();
        assert!(problem.contains("unrecognized subcommand 'tset'") && problem.contains("test"), "{problem}");
    }

    #[test]
    fn the_root_is_where_the_workspace_is() {
        assert!(workspace_root().join("crates/xtask/Cargo.toml").is_file());
    }
}
