//! `cargo xtask e2e`: the server and telephones of other makers, with real calls between them.

use std::path::Path;

use anyhow::Result;
use clap::Args;

use crate::setup;
use crate::steps::Call;

/// So many end-to-end tests run at once.
const AT_ONCE: u8 = 10;

/// Which tests to run.
#[derive(Args, Debug, Clone)]
pub struct Options {
    /// Run only tests with this in their name
    filter: Option<String>,
}

/// Builds the server, then runs the end-to-end tests.
///
/// # Errors
/// When a peer cannot be installed, something does not build, or a test fails.
pub fn run(root: &Path, options: &Options) -> Result<()> {
    setup::run(root)?;
    server().run(root)?;
    let filter = options.filter.as_ref().map(|filter| format!(" {filter}")).unwrap_or_default();
    // They wait more than they work: more of them at once than there are cores are quicker and still on time.
    Call::cargo(&format!("test --package nohold-e2e{filter} -- --test-threads {AT_ONCE}")).run(root)
}

/// The call that builds the programs which the tests start: the server, and the phones that the browser's tests drive.
pub fn server() -> Call {
    Call::cargo("build --package nohold --package nohold-e2e --bins")
}
