//! `cargo xtask test`: what must pass before a commit, in the order that fails soonest.

use std::path::Path;
use std::process::Stdio;

use anyhow::Result;

use crate::steps::{Call, Steps, cargo};
use crate::tidy;
use crate::{console, e2e, setup, sim};

/// Runs all steps.
///
/// # Errors
/// When a step fails.
pub fn run(root: &Path) -> Result<()> {
    let mut steps = Steps::new("cargo xtask test");
    // First, because a machine that cannot have the peers should say so at once.
    steps.run("setup", "cargo xtask setup", || setup::run(root))?;
    step(&mut steps, root, "format", &Call::cargo("fmt --all --check"))?;
    step(&mut steps, root, "lints", &Call::cargo("clippy --workspace --all-targets -- -D warnings"))?;
    steps.run("tidy", "cargo xtask tidy", || tidy::run(root))?;
    // Before the server, which carries it inside.
    console::steps(&mut steps, root)?;
    // The end-to-end tests start it as a program of its own.
    step(&mut steps, root, "server", &e2e::server())?;
    step(&mut steps, root, "tests", &runner(root))?;
    step(&mut steps, root, "browser", &console::tests_in_browser(root, None))?;
    step(&mut steps, root, "doc tests", &Call::cargo("test --workspace --doc"))?;
    step(&mut steps, root, "docs", &Call::cargo("doc --workspace --no-deps").with("RUSTDOCFLAGS", "-D warnings"))?;
    let options = sim::Options::for_every_commit();
    steps.run("simulator", &options.typed(), || sim::run(root, &options))?;
    steps.summary();
    Ok(())
}

fn step(steps: &mut Steps, root: &Path, name: &str, call: &Call) -> Result<()> {
    steps.run(name, &call.typed(), || call.run(root))
}

/// Nextest where somebody has installed it, because it is quicker; else cargo's own runner. Both run the same tests.
fn runner(root: &Path) -> Call {
    let nextest = cargo(root).args(["nextest", "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if nextest.is_ok_and(|status| status.success()) {
        Call::cargo("nextest run --workspace --all-targets")
    } else {
        Call::cargo("test --workspace --all-targets")
    }
}
