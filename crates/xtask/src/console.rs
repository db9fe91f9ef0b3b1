//! The console: its packages, what must pass, its build, and the tests in a browser.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::steps::{Call, Steps};
use crate::{e2e, setup};

/// The oldest Node.js that the console's packages run on.
const NODE: (u32, u32) = (20, 19);

/// The page as it is handed out.
const DIST: &str = "console/dist";

/// Which tests to run.
#[derive(Args, Debug, Clone)]
pub struct Options {
    /// Run only tests with this in their name, or the files of `console/e2e` with this in theirs
    filter: Option<String>,
}

/// Builds server and console, then runs the tests that drive a browser.
///
/// # Errors
/// When something cannot be installed, does not build, or a test fails.
pub fn browser(root: &Path, options: &Options) -> Result<()> {
    setup::run(root)?;
    packages(root)?;
    build().run(root)?;
    e2e::server().run(root)?;
    tests_in_browser(root, options.filter.as_deref()).run(root)
}

/// What must pass of the console, without a server.
///
/// # Errors
/// When a step fails.
pub fn steps(steps: &mut Steps, root: &Path) -> Result<()> {
    steps.run("packages", "npm ci (in console)", || packages(root))?;
    for (name, script) in [("console lint", "lint"), ("console types", "typecheck"), ("console tests", "test")] {
        let call = Call::npm(&format!("run {script}"));
        steps.run(name, &call.typed(), || call.run(root))?;
    }
    let call = build();
    steps.run("console build", &call.typed(), || call.run(root))?;
    steps.run("console handed out", &format!("git diff --stat -- {DIST}"), || handed_out(root))
}

/// The page in the repository is the one that its sources make: whoever builds the program needs no Node.js for it.
fn handed_out(root: &Path) -> Result<()> {
    let other = git(root, &["diff", "--name-only", "--", DIST])?;
    let new = git(root, &["ls-files", "--others", "--exclude-standard", "--", DIST])?;
    let files: Vec<&str> = other.lines().chain(new.lines()).collect();
    if files.is_empty() {
        return Ok(());
    }
    bail!(
        "the page that was just built is not the one in the repository: put it there with `git add --all {DIST}`\n    {}",
        files.join("\n    ")
    )
}

fn git(root: &Path, arguments: &[&str]) -> Result<String> {
    let output = Command::new("git").args(arguments).current_dir(root).output().context("cannot start git")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "`git {}`: {}", arguments.join(" "), said.trim());
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The call that builds the console.
fn build() -> Call {
    Call::npm("run build")
}

/// The call that drives a browser against the server; a word that is in the name of a file is meant for files, any other for
/// the names of tests.
pub fn tests_in_browser(root: &Path, filter: Option<&str>) -> Call {
    let call = Call::npm("run e2e");
    let Some(filter) = filter else { return call };
    let mut files = std::fs::read_dir(root.join("console/e2e")).into_iter().flatten().flatten();
    let is_file = files.any(|file| {
        let name = file.file_name();
        name.to_str().is_some_and(|name| name.ends_with(".test.ts") && name.contains(filter))
    });
    let of = if is_file { None } else { Some("-t".to_owned()) };
    call.and(["--".to_owned()].into_iter().chain(of).chain([filter.to_owned()]))
}

/// Installs the packages as the lock file has them, unless they are there.
fn packages(root: &Path) -> Result<()> {
    node()?;
    let console = root.join("console");
    let (wanted, there) = (console.join("package-lock.json"), console.join("node_modules/.nohold-installed"));
    let wanted = std::fs::read(&wanted).with_context(|| format!("cannot read {}", wanted.display()))?;
    if std::fs::read(&there).is_ok_and(|there| there == wanted) {
        return Ok(());
    }
    Call::npm("ci --no-audit --no-fund").run(root)?;
    std::fs::write(&there, &wanted).with_context(|| format!("cannot write {}", there.display()))
}

/// Sees that Node.js is there and new enough.
fn node() -> Result<()> {
    let output = Command::new("node").arg("--version").output();
    let said = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
    if version(&said).is_none_or(|found| found < NODE) {
        let (major, minor) = NODE;
        let found = if said.is_empty() { "there is none".to_owned() } else { format!("there is {said}") };
        bail!(
            "the console needs Node.js {major}.{minor} or newer with npm, and {found}: install it and run this again"
        );
    }
    Ok(())
}

/// Major and minor of a version as Node.js tells it.
fn version(said: &str) -> Option<(u32, u32)> {
    let mut parts = said.strip_prefix('v')?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_chooses_files_where_one_has_it_in_its_name_and_tests_else() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let typed = |filter| tests_in_browser(&root, filter).typed();
        assert_eq!(typed(None), "npm --prefix console run e2e");
        assert_eq!(typed(Some("long-list")), "npm --prefix console run e2e -- long-list");
        assert_eq!(typed(Some("has one winner")), "npm --prefix console run e2e -- -t has one winner");
    }

    #[test]
    fn a_version_is_read_as_node_tells_it() {
        assert_eq!(version("v20.20.2"), Some((20, 20)));
        assert_eq!(version("v24.1.0").map(|found| found < NODE), Some(false));
        assert_eq!(version("v20.9.0").map(|found| found < NODE), Some(true));
        assert_eq!(version(""), None);
    }
}
