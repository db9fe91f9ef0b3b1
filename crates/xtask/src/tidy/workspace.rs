//! The crates of the workspace and everything they depend on, as cargo sees them.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::steps::cargo;

/// All packages that a build of the workspace on this machine may use.
#[derive(Debug, Default)]
pub struct Workspace {
    /// Our own crates.
    pub members: Vec<Member>,
    /// Everybody else's.
    pub foreign: Vec<Foreign>,
}

/// A crate of ours.
#[derive(Debug)]
pub struct Member {
    /// Its package name.
    pub name: String,
    /// Its manifest, from the root of the repository.
    pub manifest: String,
    /// What it names as dependencies, each once.
    pub dependencies: Vec<Dependency>,
}

/// A dependency that a crate names.
#[derive(Debug, PartialEq, Eq)]
pub struct Dependency {
    /// The package it is.
    pub name: String,
    /// Only tests use it.
    pub dev: bool,
}

/// A crate that others have published.
#[derive(Debug)]
pub struct Foreign {
    /// Its package name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The licence as an SPDX expression, where it names one.
    pub licence: Option<String>,
    /// It comes from a registry, not from somebody's git repository.
    pub published: bool,
}

impl Workspace {
    /// Asks cargo about the workspace at `root`. The network is used only where a dependency was never fetched.
    ///
    /// # Errors
    /// When cargo cannot say.
    pub fn read(root: &Path) -> Result<Self> {
        let members = ask(root, &["metadata", "--format-version=1", "--no-deps"])?;
        // Not `cargo metadata`: it also names what no build uses, because it looks at optional dependencies coarsely.
        let all = ask(root, &["tree", "--workspace", "--edges=normal,build,dev", "--prefix=none", "--format={p}|{l}"])?;
        Ok(Workspace { members: read_members(&members)?, foreign: read_foreign(&all) })
    }
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_root: String,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: String,
    dependencies: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
    kind: Option<String>,
}

impl Package {
    fn into_member(self, root: &str) -> Member {
        let manifest = self.manifest_path.strip_prefix(root).unwrap_or(&self.manifest_path).replace('\\', "/");
        let dependencies = self
            .dependencies
            .into_iter()
            .map(|named| Dependency { name: named.name, dev: named.kind.as_deref() == Some("dev") })
            .collect();
        Member { name: self.name, manifest: manifest.trim_start_matches('/').to_owned(), dependencies }
    }
}

/// What cargo prints: offline if that is possible.
fn ask(root: &Path, arguments: &[&str]) -> Result<String> {
    let output = |more: Option<&str>| {
        let mut command = cargo(root);
        command.args(arguments).args(more).env("CARGO_TERM_COLOR", "never");
        command.output().context("cannot start cargo")
    };
    let mut answer = output(Some("--offline"))?;
    if !answer.status.success() {
        answer = output(None)?;
    }
    if !answer.status.success() {
        let said = String::from_utf8_lossy(&answer.stderr);
        bail!("cargo cannot tell what the workspace depends on; run `cargo fetch` while there is a network\n{said}");
    }
    String::from_utf8(answer.stdout).context("cargo has not answered in UTF-8")
}

fn read_members(json: &str) -> Result<Vec<Member>> {
    let Metadata { packages, workspace_root } =
        serde_json::from_str(json).context("cannot read the answer of `cargo metadata`")?;
    Ok(packages.into_iter().map(|package| package.into_member(&workspace_root)).collect())
}

/// Reads lines of the form `name v1.2.3 (proc-macro) (source)|licence (*)`, each package once.
fn read_foreign(lines: &str) -> Vec<Foreign> {
    let mut packages: Vec<Foreign> = lines.lines().filter_map(read_package).collect();
    packages.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
    packages.dedup_by(|a, b| (&a.name, &a.version) == (&b.name, &b.version));
    packages
}

fn read_package(line: &str) -> Option<Foreign> {
    let line = line.trim_end().trim_end_matches(" (*)");
    let (package, licence) = line.split_once('|')?;
    let (name, rest) = package.split_once(" v")?;
    let (version, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let source = rest.trim_start_matches("(proc-macro)").trim();
    // A folder stands there for our own crates, an address for a git repository, nothing for a registry.
    let ours = source.starts_with('(') && !source.contains("://");
    (!ours).then(|| Foreign {
        name: name.to_owned(),
        version: version.to_owned(),
        licence: (!licence.is_empty()).then(|| licence.to_owned()),
        published: source.is_empty(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_knows_its_manifest_and_its_dependencies() {
        let json = r#"{
            "workspace_root": "/repo",
            "packages": [{
                "name": "ours", "manifest_path": "/repo/crates/ours/Cargo.toml",
                "dependencies": [{ "name": "theirs", "kind": null }, { "name": "tests", "kind": "dev" }]
            }]
        }"#;
        let members = read_members(json).unwrap();
        assert_eq!((members[0].name.as_str(), members[0].manifest.as_str()), ("ours", "crates/ours/Cargo.toml"));
        assert_eq!(members[0].dependencies[1], Dependency { name: "tests".into(), dev: true });
    }

    #[test]
    fn foreign_packages_are_told_from_ours() {
        let lines = "ours v0.1.0 (/repo/crates/ours)|MIT\n\
            theirs v1.2.3+spec|MIT OR Zlib\n\
            theirs v1.2.3+spec|MIT OR Zlib (*)\n\
            \n\
            derive v1.0.0 (proc-macro)|\n\
            fork v2.0.0 (https://example.org/fork#0123)|MIT\n";
        let found: Vec<_> = read_foreign(lines)
            .into_iter()
            .map(|it| format!("{} {} {:?} {}", it.name, it.version, it.licence, it.published))
            .collect();
        assert_eq!(
            found,
            [
                "derive 1.0.0 None true",
                "fork 2.0.0 Some(\"MIT\") false",
                "theirs 1.2.3+spec Some(\"MIT OR Zlib\") true"
            ]
        );
    }

    #[test]
    fn this_workspace_can_be_read() {
        let workspace = Workspace::read(&crate::workspace_root()).unwrap();
        let xtask = workspace.members.iter().find(|member| member.name == "xtask").unwrap();
        assert!(xtask.dependencies.iter().any(|dependency| dependency.name == "clap"));
        assert!(workspace.foreign.iter().any(|package| package.name == "clap" && package.published));
    }
}
