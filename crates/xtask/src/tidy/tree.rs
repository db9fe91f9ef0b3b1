//! The files of the repository, read once.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

/// Folders that hold nothing of ours; needed only where git cannot tell.
const NOT_OURS: &[&str] = &[".git", "target", "node_modules"];

/// What stands in the repository: every file that git tracks, or would if it were added.
#[derive(Debug, Default)]
pub struct Tree {
    texts: BTreeMap<String, String>,
    paths: BTreeSet<String>,
}

impl Tree {
    /// Reads the repository at `root`. Works in an unpacked archive too, where there is no git.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn read(root: &Path) -> Result<Self> {
        let listed = match listed_by_git(root) {
            Some(listed) => listed,
            None => {
                let mut found = Vec::new();
                walk(root, root, &mut found)?;
                found
            }
        };
        let mut tree = Tree::default();
        for path in listed {
            let bytes = match fs::read(root.join(&path)) {
                Ok(bytes) => bytes,
                // Deleted but not yet committed, or a link to a folder.
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::IsADirectory) => continue,
                Err(error) => return Err(error).with_context(|| format!("cannot read {path}")),
            };
            tree.add(&path, String::from_utf8(bytes).ok());
        }
        Ok(tree)
    }

    /// The text files, by path from the root with `/` between.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// One text file; nothing where there is none.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.texts.get(path).map(String::as_str)
    }

    /// Whether there is a file or folder of this path.
    pub fn has(&self, path: &str) -> bool {
        path.is_empty() || self.paths.contains(path)
    }

    /// The first line of a file on which `wanted` is true, from 1; 1 where there is none.
    pub fn line(&self, path: &str, wanted: impl Fn(&str) -> bool) -> usize {
        self.text(path).and_then(|text| text.lines().position(wanted)).map_or(1, |index| index + 1)
    }

    fn add(&mut self, path: &str, text: Option<String>) {
        let mut end = path.len();
        self.paths.insert(path.to_owned());
        while let Some(slash) = path[..end].rfind('/') {
            self.paths.insert(path[..slash].to_owned());
            end = slash;
        }
        if let Some(text) = text {
            self.texts.insert(path.to_owned(), text);
        }
    }
}

#[cfg(test)]
impl<const N: usize> From<[(&str, &str); N]> for Tree {
    fn from(files: [(&str, &str); N]) -> Self {
        let mut tree = Tree::default();
        for (path, text) in files {
            tree.add(path, Some(text.to_owned()));
        }
        tree
    }
}

/// Tracked files and new ones that are not ignored; nothing when this is no git repository.
fn listed_by_git(root: &Path) -> Option<Vec<String>> {
    if !root.join(".git").exists() {
        return None;
    }
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
        .current_dir(root)
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let names = String::from_utf8(output.stdout).ok()?;
    Some(names.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect())
}

fn walk(root: &Path, folder: &Path, found: &mut Vec<String>) -> Result<()> {
    for item in fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let item = item?;
        let path = item.path();
        if item.file_type()?.is_dir() {
            if !NOT_OURS.iter().any(|name| item.file_name() == *name) {
                walk(root, &path, found)?;
            }
        } else if let Some(name) = path.strip_prefix(root).ok().and_then(Path::to_str) {
            found.push(name.replace('\\', "/"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_exist_because_files_are_in_them() {
        let tree = Tree::from([("a/b/c.md", "x\ny\n")]);
        assert!(tree.has("a") && tree.has("a/b") && tree.has("a/b/c.md") && tree.has(""));
        assert!(!tree.has("a/c.md") && !tree.has("b"));
    }

    #[test]
    fn a_line_is_counted_from_one() {
        let tree = Tree::from([("a", "x\ny\n")]);
        assert_eq!(tree.line("a", |line| line == "y"), 2);
        assert_eq!(tree.line("a", |line| line == "z"), 1);
    }

    #[test]
    fn without_git_the_same_sources_are_found() {
        let root = crate::workspace_root();
        let mut found = Vec::new();
        walk(&root, &root.join("crates/xtask"), &mut found).unwrap();
        assert!(found.iter().any(|path| path == "crates/xtask/src/tidy/tree.rs"), "{found:?}");
    }
}
