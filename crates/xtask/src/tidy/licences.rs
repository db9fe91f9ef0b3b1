//! Other people's crates: licences, sources, and the same crate in versions that do not fit together.
//!
//! The lists stand in `deny.toml`, in the form of cargo-deny, so that both tools read the same.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::Problem;
use super::tree::Tree;
use super::workspace::{Foreign, Workspace};

const LISTS: &str = "deny.toml";
const LOCK: &str = "Cargo.lock";

/// Dependencies whose licence or source is not accepted, or that come twice without a reason.
pub fn check(tree: &Tree, workspace: &Workspace) -> Vec<Problem> {
    let lists: Lists = match toml::from_str(tree.text(LISTS).unwrap_or_default()) {
        Ok(lists) => lists,
        Err(error) => return vec![Problem::new(LISTS, 1, format!("cannot be read: {error}"), "correct it")],
    };
    let mut problems = Vec::new();
    for package in &workspace.foreign {
        problems.extend(unpublished(tree, package));
        problems.extend(unlicensed(tree, package, &lists.licenses.allow));
    }
    problems.extend(doubled(tree, workspace, &lists.bans.skip));
    problems
}

#[derive(Deserialize)]
struct Lists {
    licenses: Licenses,
    bans: Bans,
}

#[derive(Deserialize)]
struct Licenses {
    allow: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Bans {
    #[serde(default)]
    skip: Vec<Skip>,
}

/// A version that may stand beside another one of the same crate.
#[derive(Deserialize)]
struct Skip {
    #[serde(rename = "crate")]
    package: String,
    #[serde(default)]
    reason: String,
}

fn unpublished(tree: &Tree, package: &Foreign) -> Option<Problem> {
    let line = line_in_lock(tree, package);
    let what = format!("`{}` {} does not come from a registry", package.name, package.version);
    (!package.published).then(|| Problem::new(LOCK, line, what, "use a published version"))
}

fn unlicensed(tree: &Tree, package: &Foreign, allowed: &BTreeSet<String>) -> Option<Problem> {
    let licence = package.licence.as_deref().unwrap_or("nothing that can be read");
    if accepts(licence, allowed) {
        return None;
    }
    let what = format!("`{}` {} is licensed under {licence}", package.name, package.version);
    let mend = format!("use another crate; or, if the licence asks no more than those there, allow it in {LISTS}");
    Some(Problem::new(LOCK, line_in_lock(tree, package), what, mend))
}

/// Whether an SPDX expression can be met with allowed licences alone.
fn accepts(expression: &str, allowed: &BTreeSet<String>) -> bool {
    // The form `MIT/Apache-2.0` is older than SPDX expressions and means OR.
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let tokens: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = tokens.as_slice();
    either(&mut rest, allowed) == Some(true) && rest.is_empty()
}

/// `a OR b …`; nothing when it is not well formed.
fn either(rest: &mut &[&str], allowed: &BTreeSet<String>) -> Option<bool> {
    let mut fine = both(rest, allowed)?;
    while let Some(("OR", tail)) = rest.split_first().map(|(first, tail)| (*first, tail)) {
        *rest = tail;
        fine |= both(rest, allowed)?;
    }
    Some(fine)
}

/// `a AND b …`, which binds closer than OR.
fn both(rest: &mut &[&str], allowed: &BTreeSet<String>) -> Option<bool> {
    let mut fine = one(rest, allowed)?;
    while let Some(("AND", tail)) = rest.split_first().map(|(first, tail)| (*first, tail)) {
        *rest = tail;
        fine &= one(rest, allowed)?;
    }
    Some(fine)
}

/// A licence, with its exception if it has one, or an expression in brackets.
fn one(rest: &mut &[&str], allowed: &BTreeSet<String>) -> Option<bool> {
    let (first, tail) = rest.split_first()?;
    *rest = tail;
    if *first == "(" {
        let fine = either(rest, allowed)?;
        let (close, tail) = rest.split_first()?;
        *rest = tail;
        return (*close == ")").then_some(fine);
    }
    if let ["WITH", exception, tail @ ..] = *rest {
        *rest = tail;
        return Some(allowed.contains(&format!("{first} WITH {exception}")));
    }
    Some(allowed.contains(*first))
}

/// Crates that are built in two versions that cannot replace each other, beyond those that `skip` gives a reason for.
fn doubled(tree: &Tree, workspace: &Workspace, skip: &[Skip]) -> Vec<Problem> {
    let mut by_name: BTreeMap<&str, Vec<&Foreign>> = BTreeMap::new();
    for package in &workspace.foreign {
        by_name.entry(&package.name).or_default().push(package);
    }
    by_name.retain(|_, packages| {
        packages.iter().map(|package| line_of(&package.version)).collect::<BTreeSet<_>>().len() > 1
    });

    let mut problems = Vec::new();
    for entry in skip {
        let line = tree.line(LISTS, |line| line.contains(&format!("\"{}\"", entry.package)));
        let used = by_name.values().flatten().any(|package| is_meant(entry, package));
        if !used {
            let what = format!("`{}` does not come twice", entry.package);
            problems.push(Problem::new(LISTS, line, what, "take it out of `skip`"));
        } else if entry.reason.is_empty() {
            let what = format!("`{}` is skipped without a reason", entry.package);
            problems.push(Problem::new(LISTS, line, what, "add `reason = \"…\"`"));
        }
    }
    for packages in by_name.values() {
        let left: Vec<_> =
            packages.iter().filter(|package| !skip.iter().any(|entry| is_meant(entry, package))).collect();
        // One version may always stay; the others need a reason.
        for package in left.iter().skip(1) {
            let Foreign { name, version, .. } = package;
            let what = format!("`{name}` comes in version {version} and in {}", left[0].version);
            let mend = format!(
                "see `cargo tree --invert {name}@{version}` and update one side, or skip one in {LISTS} with a reason"
            );
            problems.push(Problem::new(LOCK, line_in_lock(tree, package), what, mend));
        }
    }
    problems
}

/// `name` or `name@version`, where the version may be cut short: `rand@0.9`.
fn is_meant(entry: &Skip, package: &Foreign) -> bool {
    let (name, version) = entry.package.split_once('@').unwrap_or((&entry.package, ""));
    name == package.name
        && package
            .version
            .strip_prefix(version)
            .is_some_and(|rest| version.is_empty() || rest.is_empty() || rest.starts_with('.'))
}

/// What two versions must share so that one can replace the other: the first number that is not 0.
fn line_of(version: &str) -> String {
    let numbers: Vec<&str> = version.split(['.', '-', '+']).take(3).collect();
    let significant = numbers.iter().position(|number| *number != "0").unwrap_or(2);
    numbers.iter().take(significant + 1).copied().collect::<Vec<_>>().join(".")
}

fn line_in_lock(tree: &Tree, package: &Foreign) -> usize {
    let text = tree.text(LOCK).unwrap_or_default();
    let wanted = (format!("name = \"{}\"", package.name), format!("version = \"{}\"", package.version));
    let lines: Vec<&str> = text.lines().collect();
    lines.windows(2).position(|pair| pair[0] == wanted.0 && pair[1] == wanted.1).map_or(1, |index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCKED: &str =
        "[[package]]\nname = \"rand\"\nversion = \"0.8.5\"\n\n[[package]]\nname = \"rand\"\nversion = \"0.9.1\"\n";

    fn foreign(name: &str, version: &str, licence: &str) -> Foreign {
        Foreign { name: name.into(), version: version.into(), licence: Some(licence.into()), published: true }
    }

    fn problems(skip: &str, foreign: Vec<Foreign>) -> Vec<String> {
        let lists = format!("[licenses]\nallow = [\"MIT\", \"Apache-2.0 WITH LLVM-exception\"]\n[bans]\n{skip}\n");
        let tree = Tree::from([("deny.toml", lists.as_str()), ("Cargo.lock", LOCKED)]);
        let workspace = Workspace { members: Vec::new(), foreign };
        check(&tree, &workspace).into_iter().map(|it| format!("{}:{}: {}", it.file, it.line, it.what)).collect()
    }

    #[test]
    fn licences_are_read_as_spdx_expressions() {
        let allowed: BTreeSet<String> =
            ["MIT", "Zlib", "Apache-2.0 WITH LLVM-exception"].into_iter().map(str::to_owned).collect();
        for fine in [
            "MIT",
            "GPL-3.0 OR MIT",
            "MIT/Apache-2.0",
            "MIT AND (Apache-2.0 OR Zlib)",
            "Apache-2.0 WITH LLVM-exception",
        ] {
            assert!(accepts(fine, &allowed), "{fine}");
        }
        for bad in
            ["", "GPL-3.0", "MIT AND GPL-3.0", "Apache-2.0", "(MIT", "MIT OR", "MIT Zlib", "GPL-3.0 OR MIT AND BSD"]
        {
            assert!(!accepts(bad, &allowed), "{bad}");
        }
    }

    #[test]
    fn a_licence_that_is_not_allowed_is_found() {
        let found = problems("", vec![foreign("good", "1.0.0", "MIT"), foreign("rand", "0.9.1", "AGPL-3.0")]);
        assert_eq!(found, ["Cargo.lock:6: `rand` 0.9.1 is licensed under AGPL-3.0"]);
    }

    #[test]
    fn a_missing_licence_is_found() {
        let found = problems("", vec![Foreign { licence: None, ..foreign("odd", "1.0.0", "") }]);
        assert_eq!(found, ["Cargo.lock:1: `odd` 1.0.0 is licensed under nothing that can be read"]);
    }

    #[test]
    fn a_dependency_from_a_git_repository_is_found() {
        let found = problems("", vec![Foreign { published: false, ..foreign("fork", "1.0.0", "MIT") }]);
        assert_eq!(found, ["Cargo.lock:1: `fork` 1.0.0 does not come from a registry"]);
    }

    #[test]
    fn versions_that_do_not_fit_together_are_found_unless_a_reason_is_given() {
        let two = || vec![foreign("rand", "0.8.5", "MIT"), foreign("rand", "0.9.1", "MIT")];
        assert_eq!(problems("", two()), ["Cargo.lock:6: `rand` comes in version 0.9.1 and in 0.8.5"]);
        assert!(problems("skip = [{ crate = \"rand@0.8\", reason = \"old\" }]", two()).is_empty());
        assert_eq!(
            problems("skip = [{ crate = \"rand@0.8\" }]", two()),
            ["deny.toml:4: `rand@0.8` is skipped without a reason"]
        );
    }

    #[test]
    fn versions_that_can_replace_each_other_are_no_double() {
        assert_eq!(line_of("1.2.3"), line_of("1.9.0"));
        assert_ne!(line_of("0.8.5"), line_of("0.9.1"));
        assert_ne!(line_of("0.0.3"), line_of("0.0.4"));
        assert_eq!(line_of("1.0.0-rc.1"), "1");
    }

    #[test]
    fn a_skip_that_is_not_needed_any_more_is_found() {
        let found =
            problems("skip = [{ crate = \"rand@0.8\", reason = \"old\" }]", vec![foreign("rand", "0.9.1", "MIT")]);
        assert_eq!(found, ["deny.toml:4: `rand@0.8` does not come twice"]);
    }
}
