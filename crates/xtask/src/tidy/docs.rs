//! The documents: the map names the crates there are, decisions are listed, links lead somewhere.

use std::collections::{BTreeMap, BTreeSet};

use super::Problem;
use super::tree::Tree;

const MAP: &str = "ARCHITECTURE.md";
const DECISIONS: &str = "docs/decisions/";
const INDEX: &str = "docs/decisions/README.md";

/// Crates that are not on the map or only there, decisions that are not listed, links that lead nowhere.
pub fn check(tree: &Tree) -> Vec<Problem> {
    let mut problems = map(tree);
    problems.extend(decisions(tree));
    problems.extend(
        tree.texts().filter(|(file, _)| file.ends_with(".md")).flat_map(|(file, text)| links(tree, file, text)),
    );
    problems
}

/// Every crate stands in the map as `crates/<name>`, and every one that stands there exists.
fn map(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    let text = tree.text(MAP).unwrap_or_default();
    let mut named = BTreeSet::new();
    for (index, line) in text.lines().enumerate() {
        for name in crates_in(line) {
            if !tree.has(&format!("crates/{name}")) {
                let mend = "correct the name, take it out, or name what is planned without `crates/`";
                problems.push(Problem::new(MAP, index + 1, format!("there is no crates/{name}"), mend));
            }
            named.insert(name);
        }
    }
    for manifest in tree.texts().map(|(file, _)| file) {
        let name = manifest.strip_prefix("crates/").and_then(|rest| rest.strip_suffix("/Cargo.toml"));
        if let Some(name) = name
            && !named.contains(name)
        {
            let what = format!("crates/{name} is not on the map");
            problems.push(Problem::new(manifest, 1, what, format!("say in {MAP} what it is for, as `crates/{name}`")));
        }
    }
    problems
}

fn crates_in(line: &str) -> impl Iterator<Item = &str> {
    line.split("crates/")
        .skip(1)
        .map(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-').unwrap_or(rest.len());
            &rest[..end]
        })
        .filter(|name| !name.is_empty())
}

/// Decision pages have unlike numbers and stand in the index.
fn decisions(tree: &Tree) -> Vec<Problem> {
    let mut problems = Vec::new();
    let index = tree.text(INDEX).unwrap_or_default();
    let mut numbers: BTreeMap<&str, &str> = BTreeMap::new();
    for (file, _) in tree.texts() {
        let Some(name) = file.strip_prefix(DECISIONS).filter(|name| name.ends_with(".md") && *name != "README.md")
        else {
            continue;
        };
        let number = name.split('-').next().unwrap_or_default();
        if number.len() != 4 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            problems.push(Problem::new(file, 1, "a decision without a number", "name it `NNNN-what-it-is-about.md`"));
        } else if let Some(other) = numbers.insert(number, name) {
            problems.push(Problem::new(
                file,
                1,
                format!("has the same number as {other}"),
                "take the next free number",
            ));
        }
        if !index.contains(&format!("({name})")) {
            problems.push(Problem::new(file, 1, "a decision that is not listed", format!("link it in {INDEX}")));
        }
    }
    problems
}

/// Relative links of a page that lead to nothing. Text in backticks is no link.
fn links(tree: &Tree, file: &str, text: &str) -> Vec<Problem> {
    let folder = file.rfind('/').map_or("", |slash| &file[..slash]);
    let mut problems = Vec::new();
    let mut fenced = false;
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            let plain: String = line.split('`').step_by(2).collect();
            for target in targets(&plain) {
                let path = target.split(['#', '?']).next().unwrap_or(target);
                let known = resolve(folder, path).is_some_and(|path| tree.has(&path));
                if !is_address(target) && !path.is_empty() && !known {
                    let what = format!("the link to `{target}` leads nowhere");
                    problems.push(Problem::new(file, index + 1, what, "correct the path, or take the link out"));
                }
            }
        }
    }
    problems
}

/// What stands in the round brackets of `[text](target)`, or behind `[text]:`.
fn targets(line: &str) -> Vec<&str> {
    let mut found: Vec<&str> = line
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'))
        .filter_map(|(target, _)| target.split_whitespace().next())
        .collect();
    if line.starts_with('[')
        && let Some((_, target)) = line.split_once("]: ")
    {
        found.extend(target.split_whitespace().next());
    }
    found
}

fn is_address(target: &str) -> bool {
    target.contains("://") || target.starts_with("mailto:")
}

/// The path from the root; nothing when it leads out of the repository.
fn resolve(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = if path.starts_with('/') { Vec::new() } else { folder.split('/').collect() };
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop().filter(|part| !part.is_empty())?;
            }
            name => parts.push(name),
        }
    }
    parts.retain(|part| !part.is_empty());
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems<const N: usize>(files: [(&str, &str); N]) -> Vec<String> {
        check(&Tree::from(files)).into_iter().map(|it| format!("{}:{}: {}", it.file, it.line, it.what)).collect()
    }

    #[test]
    fn a_crate_that_is_not_on_the_map_is_found() {
        let found =
            problems([("ARCHITECTURE.md", "`crates/a`\n"), ("crates/a/Cargo.toml", ""), ("crates/ab/Cargo.toml", "")]);
        assert_eq!(found, ["crates/ab/Cargo.toml:1: crates/ab is not on the map"]);
    }

    #[test]
    fn a_crate_that_is_only_on_the_map_is_found() {
        let found = problems([("ARCHITECTURE.md", "one\n`crates/a`, `crates/b/src`\n"), ("crates/a/Cargo.toml", "")]);
        assert_eq!(found, ["ARCHITECTURE.md:2: there is no crates/b"]);
    }

    #[test]
    fn a_decision_that_is_not_listed_is_found() {
        let found = problems([
            ("docs/decisions/README.md", "[one](0001-one.md)\n"),
            ("docs/decisions/0001-one.md", ""),
            ("docs/decisions/0002-two.md", ""),
        ]);
        assert_eq!(found, ["docs/decisions/0002-two.md:1: a decision that is not listed"]);
    }

    #[test]
    fn decisions_need_numbers_of_their_own() {
        let found = problems([
            ("docs/decisions/README.md", "[a](0001-a.md) [b](0001-b.md) [c](c.md)\n"),
            ("docs/decisions/0001-a.md", ""),
            ("docs/decisions/0001-b.md", ""),
            ("docs/decisions/c.md", ""),
        ]);
        assert_eq!(
            found,
            [
                "docs/decisions/0001-b.md:1: has the same number as 0001-a.md",
                "docs/decisions/c.md:1: a decision without a number",
            ]
        );
    }

    #[test]
    fn a_link_that_leads_nowhere_is_found() {
        let found = problems([
            ("docs/a.md", "[b](b.md)\n[c](../c.md#part) and [d](../../d.md)\n[e]: e.md\n"),
            ("docs/b.md", ""),
            ("c.md", ""),
        ]);
        assert_eq!(
            found,
            ["docs/a.md:2: the link to `../../d.md` leads nowhere", "docs/a.md:3: the link to `e.md` leads nowhere"]
        );
    }

    #[test]
    fn addresses_anchors_folders_and_code_are_no_dead_links() {
        let text = "[a](https://example.org/x) [b](#part) [c](docs) `[d](nowhere.md)`\n```\n[e](nowhere.md)\n```\n";
        assert_eq!(problems([("README.md", text), ("docs/x.md", "")]), Vec::<String>::new());
    }
}
