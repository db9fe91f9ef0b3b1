//! `cargo xtask tidy`: the house rules that no compiler checks.
//!
//! Every check is a function from what the repository holds to a list of [`Problem`]s; none of them writes anything.
//! How long a function may be is clippy's affair (`too-many-lines-threshold` in `clippy.toml`).

mod arrows;
mod docs;
mod licences;
mod purity;
mod text;
mod tree;
mod workspace;

use std::fmt;
use std::path::Path;

use anyhow::{Result, bail};

use tree::Tree;
use workspace::Workspace;

/// A rule that is broken somewhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file, from the root of the repository.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub mend: String,
}

/// Prints all problems.
///
/// # Errors
/// When there is a problem, or the repository cannot be read.
pub fn run(root: &Path) -> Result<()> {
    let problems = check(root)?;
    for problem in &problems {
        eprintln!("{problem}");
    }
    match problems.len() {
        0 => Ok(()),
        1 => bail!("tidy has found 1 problem"),
        n => bail!("tidy has found {n} problems"),
    }
}

/// All problems of the repository, by file and line.
fn check(root: &Path) -> Result<Vec<Problem>> {
    let tree = Tree::read(root)?;
    let workspace = Workspace::read(root)?;
    let mut problems = Vec::new();
    problems.extend(arrows::check(&tree, &workspace));
    problems.extend(purity::check(&tree, &workspace));
    problems.extend(licences::check(&tree, &workspace));
    problems.extend(docs::check(&tree));
    problems.extend(text::check(&tree));
    problems.sort();
    Ok(problems)
}

impl Problem {
    fn new(file: &str, line: usize, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Problem { file: file.to_owned(), line, what: what.into(), mend: mend.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}\n    mend: {}", self.file, self.line, self.what, self.mend)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_is_tidy() {
        let problems = check(&crate::workspace_root()).unwrap();
        let all: String = problems.iter().map(|problem| format!("{problem}\n")).collect();
        assert!(problems.is_empty(), "\n{all}");
    }
}
