//! The `clippy.toml` of the pure crates: the same in each, and none weaker than the root's.
//!
//! Clippy reads one file only, the nearest: a pure crate's own list replaces the root's.

use std::collections::BTreeSet;

use toml::{Table, Value};

use super::Problem;
use super::arrows::PURE;
use super::tree::Tree;
use super::workspace::Workspace;

const ROOT: &str = "clippy.toml";

/// Pure crates whose lints are missing, unlike the others', or weaker than the root's.
pub fn check(tree: &Tree, workspace: &Workspace) -> Vec<Problem> {
    let mut problems = Vec::new();
    let Some(root) = parse(tree, ROOT, &mut problems) else { return problems };
    let mut first: Option<String> = None;
    for member in workspace.members.iter().filter(|member| PURE.contains(&member.name.as_str())) {
        let file = member.manifest.replace("Cargo.toml", ROOT);
        let Some(own) = parse(tree, &file, &mut problems) else { continue };
        match &first {
            None => {
                problems.extend(weaker(tree, &file, &root, &own));
                first = Some(file);
            }
            Some(first) => problems.extend(unlike(tree, first, &file)),
        }
    }
    problems
}

fn parse(tree: &Tree, file: &str, problems: &mut Vec<Problem>) -> Option<Table> {
    let Some(text) = tree.text(file) else {
        problems.push(Problem::new(file, 1, "there is no such file", "copy it from another pure crate"));
        return None;
    };
    match text.parse() {
        Ok(table) => Some(table),
        Err(error) => {
            problems.push(Problem::new(file, 1, format!("this is not TOML: {error}"), "correct it"));
            None
        }
    }
}

fn unlike(tree: &Tree, first: &str, file: &str) -> Option<Problem> {
    let (wanted, found) = (tree.text(first)?, tree.text(file)?);
    if wanted == found {
        return None;
    }
    let line = wanted.lines().zip(found.lines()).take_while(|(a, b)| a == b).count() + 1;
    Some(Problem::new(
        file,
        line,
        format!("unlike {first} from this line on"),
        "make the files of all pure crates the same",
    ))
}

/// What the root says and a pure crate's file does not.
fn weaker(tree: &Tree, file: &str, root: &Table, own: &Table) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (key, wanted) in root {
        let line = tree.line(ROOT, |line| line.starts_with(key));
        match (wanted, own.get(key)) {
            (Value::Array(wanted), found) => {
                let found = found.and_then(Value::as_array).map(|list| paths(list)).unwrap_or_default();
                for path in paths(wanted).difference(&found).filter(|path| can_be_called(path)) {
                    let mend = format!("add it to `{key}` of every pure crate's clippy.toml");
                    problems.push(Problem::new(
                        file,
                        1,
                        format!("`{path}` is disallowed in {ROOT} but not here"),
                        mend,
                    ));
                }
            }
            (wanted, found) if found != Some(wanted) => {
                let what = format!("`{key}` is not as in {ROOT}:{line}");
                problems.push(Problem::new(file, 1, what, "write what stands there"));
            }
            _ => {}
        }
    }
    problems
}

/// The paths of a list of disallowed things, each written as a text or as a table with `path`.
fn paths(list: &[Value]) -> BTreeSet<&str> {
    list.iter().filter_map(|item| item.as_str().or_else(|| item.get("path").and_then(Value::as_str))).collect()
}

/// A pure crate has no dependency through which it could reach another crate's path; the arrows see to that.
fn can_be_called(path: &str) -> bool {
    let crate_name = path.split("::").next().unwrap_or(path);
    matches!(crate_name, "std" | "core" | "alloc") || super::arrows::may_be_pure(crate_name, true)
}

#[cfg(test)]
mod tests {
    use super::super::workspace::Member;
    use super::*;

    const STRICT: &str = "limit = 70\ndisallowed-methods = [{ path = \"std::thread::sleep\" }, \"std::env::var\"]\n";

    fn problems(root: &str, model: &str, flow: &str) -> Vec<String> {
        let tree =
            Tree::from([("clippy.toml", root), ("crates/model/clippy.toml", model), ("crates/flow/clippy.toml", flow)]);
        let members = ["model", "flow"].map(|name| Member {
            name: format!("nohold-{name}"),
            manifest: format!("crates/{name}/Cargo.toml"),
            dependencies: Vec::new(),
        });
        let workspace = Workspace { members: members.into(), foreign: Vec::new() };
        check(&tree, &workspace).into_iter().map(|it| format!("{}:{}: {}", it.file, it.line, it.what)).collect()
    }

    #[test]
    fn files_that_are_the_same_and_no_weaker_are_fine() {
        let root = "limit = 70\ndisallowed-methods = [{ path = \"std::env::var\" }, { path = \"tokio::spawn\" }]\n";
        assert_eq!(problems(root, STRICT, STRICT), Vec::<String>::new());
    }

    #[test]
    fn a_file_that_is_unlike_the_others_is_found() {
        let found = problems("", STRICT, "limit = 70\n");
        assert_eq!(found, ["crates/flow/clippy.toml:2: unlike crates/model/clippy.toml from this line on"]);
    }

    #[test]
    fn a_missing_file_is_found() {
        let tree = Tree::from([("clippy.toml", "")]);
        let member =
            Member { name: "nohold-core".into(), manifest: "crates/core/Cargo.toml".into(), dependencies: Vec::new() };
        let found = check(&tree, &Workspace { members: vec![member], foreign: Vec::new() });
        assert_eq!(found[0].file, "crates/core/clippy.toml");
    }

    #[test]
    fn a_file_that_is_weaker_than_the_roots_is_found() {
        let root = "limit = 70\ndisallowed-methods = [\"std::env::var\", \"std::process::exit\"]\n";
        let weak = "limit = 100\ndisallowed-methods = [\"std::env::var\"]\n";
        assert_eq!(
            problems(root, weak, weak),
            [
                "crates/model/clippy.toml:1: `std::process::exit` is disallowed in clippy.toml but not here",
                "crates/model/clippy.toml:1: `limit` is not as in clippy.toml:1",
            ]
        );
    }
}
