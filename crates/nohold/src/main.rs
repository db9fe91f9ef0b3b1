//! The `nohold` program: it reads what was configured, puts the parts together, and runs them.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod check;
mod cli;
mod control;
mod data;
mod demo;
mod document;
mod environment;
mod installation;
mod machine;
mod operate;
mod proxies;
mod say;
mod secrets;
mod serve;
mod settings;
mod system;
mod telephony;
mod trunk_look;

use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _};
use tracing_subscriber::EnvFilter;

use cli::{Cli, Command};

/// What is logged where `RUST_LOG` says nothing.
const DEFAULT_LOG: &str = "info";

fn main() -> ExitCode {
    let matches = Cli::command().get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|problem| problem.exit());
    log();
    let done = environment::refuse_misspelt().and_then(|()| carry_out(&cli, &matches));
    if say::has_failed() {
        say::aside("nohold: standard output could not be written: see that there is room where it goes");
        return ExitCode::FAILURE;
    }
    done.unwrap_or_else(|error| {
        say::aside(format_args!("nohold: {error:#}"));
        ExitCode::FAILURE
    })
}

fn carry_out(cli: &Cli, matches: &ArgMatches) -> anyhow::Result<ExitCode> {
    match &cli.command {
        Command::Check(arguments) => check::run(&cli.common, arguments),
        Command::Serve(arguments) => serve::run(&cli.common, arguments).map(|()| ExitCode::SUCCESS),
        Command::Demo(arguments) => {
            cli::refuse_for_demo(matches)?;
            demo::run(arguments).map(|()| ExitCode::SUCCESS)
        }
        Command::Import(arguments) => operate::import(&cli.common, arguments).map(|()| ExitCode::SUCCESS),
        Command::Export(arguments) => operate::export(&cli.common, arguments).map(|()| ExitCode::SUCCESS),
        Command::User(command) => operate::user(&cli.common, command).map(|()| ExitCode::SUCCESS),
        Command::Settings => {
            say::text(settings::EXPLAINED);
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Logs go to stderr; stdout is for what was asked for.
fn log() {
    let mut filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT_LOG));
    // Whatever RUST_LOG says: below this the SIP library logs whole messages, passwords' digests and all.
    let quiet =
        [nohold_sip::LIBRARY_LOG_DIRECTIVE].into_iter().chain(nohold_sip::BROWSER_LOG_DIRECTIVES.iter().copied());
    for quiet in quiet.filter_map(|directive| directive.parse().ok()) {
        filter = filter.add_directive(quiet);
    }
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours).init();
}
