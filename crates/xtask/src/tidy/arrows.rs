//! The arrows of the map: which crate may depend on which, and on whose crates.

use super::Problem;
use super::tree::Tree;
use super::workspace::{Member, Workspace};

const THIS_FILE: &str = "crates/xtask/src/tidy/arrows.rs";

/// The crates without I/O, clock, chance and tasks.
pub const PURE: &[&str] = &["nohold-model", "nohold-flow", "nohold-core"];

/// Each crate and the crates of ours that it may use. Arrows point inwards only.
const ARROWS: &[(&str, &[&str])] = &[
    ("nohold-model", &[]),
    ("nohold-flow", &["nohold-model"]),
    ("nohold-core", &["nohold-model", "nohold-flow"]),
    ("nohold-app", &["nohold-model", "nohold-flow", "nohold-core"]),
    ("nohold-sim", &["nohold-model", "nohold-flow", "nohold-core", "nohold-app"]),
    ("nohold-store", &["nohold-model", "nohold-flow", "nohold-core", "nohold-app"]),
    ("nohold-telephony", &["nohold-model", "nohold-flow", "nohold-core", "nohold-app"]),
    ("nohold-media", &["nohold-model", "nohold-telephony"]),
    ("nohold-browser", &["nohold-model", "nohold-telephony", "nohold-media"]),
    (
        "nohold-sip",
        &["nohold-model", "nohold-core", "nohold-app", "nohold-telephony", "nohold-media", "nohold-browser"],
    ),
    ("nohold-server", &["nohold-model", "nohold-flow", "nohold-core", "nohold-app", "nohold-store"]),
    ("nohold-phone", &[]),
    ("nohold-client", &[]),
    (
        "nohold",
        &[
            "nohold-model",
            "nohold-flow",
            "nohold-core",
            "nohold-app",
            "nohold-store",
            "nohold-telephony",
            "nohold-media",
            "nohold-sip",
            "nohold-server",
            "nohold-phone",
            "nohold-client",
        ],
    ),
    ("nohold-e2e", &["nohold-phone", "nohold-client"]),
    ("nohold-bench", &["nohold-client"]),
    ("xtask", &[]),
];

/// What the tests of an edge crate may use besides.
const FOR_TESTS: &[&str] = &["nohold-sim", "nohold-phone", "nohold-client"];

/// What the pure crates may use of other people's. Each of them computes and does nothing else.
const PURE_MAY_USE: &[&str] =
    &["jiff", "namba", "rlibphonenumber", "schemars", "serde", "serde_json", "thiserror", "ulid"];

/// What the tests of the pure crates may use besides.
const PURE_TESTS_MAY_USE: &[&str] = &["expect-test", "proptest"];

/// A boundary is there to keep these on one side of it.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("axum", &["nohold-server", "nohold"]),
    ("hyper", &["nohold-server"]),
    ("quinn-udp", &["nohold-bench"]),
    ("rsipstack", &["nohold-sip", "nohold-phone"]),
    ("rtcp-types", &["nohold-media"]),
    ("rtp-types", &["nohold-browser", "nohold-media", "nohold-phone"]),
    ("rusqlite", &["nohold-store"]),
    ("sqlx", &["nohold-bench", "nohold-store"]),
    ("str0m", &["nohold-browser", "nohold-phone"]),
];

/// Dependencies that point the wrong way.
pub fn check(tree: &Tree, workspace: &Workspace) -> Vec<Problem> {
    workspace.members.iter().flat_map(|member| check_member(tree, workspace, member)).collect()
}

fn check_member(tree: &Tree, workspace: &Workspace, member: &Member) -> Vec<Problem> {
    let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == member.name) else {
        let what = format!("crate `{}` has no place on the map", member.name);
        return vec![Problem::new(&member.manifest, 1, what, format!("give it a row in ARROWS of {THIS_FILE}"))];
    };
    let pure = PURE.contains(&member.name.as_str());
    let mut problems = Vec::new();
    for dependency in &member.dependencies {
        let name = dependency.name.as_str();
        let mut report = |what: String, mend: String| {
            let line = tree.line(&member.manifest, |line| names(line, name));
            problems.push(Problem::new(&member.manifest, line, what, mend));
        };
        if workspace.members.iter().any(|other| other.name == name) {
            let for_tests = dependency.dev && !pure && FOR_TESTS.contains(&name);
            if !allowed.contains(&name) && !for_tests {
                report(
                    format!("`{}` must not depend on `{name}`", member.name),
                    format!(
                        "turn the dependency round (a trait in app's ports), or argue for it in ARROWS of {THIS_FILE}"
                    ),
                );
            }
        } else if pure && !may_be_pure(name, dependency.dev) {
            report(
                format!("the pure crate `{}` must not use `{name}`", member.name),
                format!("move its use to an edge crate, or show that it only computes and add it in {THIS_FILE}"),
            );
        } else if let Some((_, homes)) = ONLY_IN.iter().find(|(kept, _)| *kept == name)
            && !homes.contains(&member.name.as_str())
        {
            report(format!("`{name}` is used in `{}`", member.name), format!("use it only in {}", homes.join(" or ")));
        }
    }
    problems
}

/// Whether a pure crate may use this package of other people (or its tests, when `dev`).
pub fn may_be_pure(name: &str, dev: bool) -> bool {
    PURE_MAY_USE.contains(&name) || (dev && PURE_TESTS_MAY_USE.contains(&name))
}

/// Whether a line of a manifest begins with this dependency.
fn names(line: &str, dependency: &str) -> bool {
    let line = line.trim_start();
    line.strip_prefix(dependency).is_some_and(|rest| rest.starts_with(['.', ' ', '=']))
}

#[cfg(test)]
mod tests {
    use super::super::workspace::Dependency;
    use super::*;

    fn member(name: &str, dependencies: &[(&str, bool)]) -> Member {
        Member {
            name: name.into(),
            manifest: format!("crates/{}/Cargo.toml", name.trim_start_matches("nohold-")),
            dependencies: dependencies
                .iter()
                .map(|(name, dev)| Dependency { name: (*name).into(), dev: *dev })
                .collect(),
        }
    }

    fn problems(members: Vec<Member>) -> Vec<String> {
        let tree = Tree::from([("crates/core/Cargo.toml", "[dependencies]\nserde.workspace = true\ntokio = \"1\"\n")]);
        let workspace = Workspace { members, foreign: Vec::new() };
        check(&tree, &workspace).into_iter().map(|it| format!("{}:{}: {}", it.file, it.line, it.what)).collect()
    }

    #[test]
    fn arrows_that_point_inwards_are_fine() {
        let members = vec![
            member("nohold-model", &[("serde", false), ("proptest", true)]),
            member("nohold-core", &[("nohold-model", false)]),
            member("nohold-sim", &[("nohold-core", false)]),
            member("nohold-app", &[("nohold-core", false), ("nohold-sim", true), ("tokio", false)]),
        ];
        assert_eq!(problems(members), Vec::<String>::new());
    }

    #[test]
    fn an_arrow_that_points_outwards_is_found() {
        let members = vec![member("nohold-flow", &[("nohold-core", false)]), member("nohold-core", &[])];
        assert_eq!(problems(members), ["crates/flow/Cargo.toml:1: `nohold-flow` must not depend on `nohold-core`"]);
    }

    #[test]
    fn a_pure_crate_may_not_lean_on_the_simulator_even_in_tests() {
        let members = vec![member("nohold-core", &[("nohold-sim", true)]), member("nohold-sim", &[])];
        assert_eq!(problems(members), ["crates/core/Cargo.toml:1: `nohold-core` must not depend on `nohold-sim`"]);
    }

    #[test]
    fn an_impure_dependency_of_a_pure_crate_is_found_with_its_line() {
        let found = problems(vec![member("nohold-core", &[("serde", false), ("tokio", false)])]);
        assert_eq!(found, ["crates/core/Cargo.toml:3: the pure crate `nohold-core` must not use `tokio`"]);
    }

    #[test]
    fn a_test_tool_may_not_become_a_dependency_of_a_pure_crate() {
        let found = problems(vec![member("nohold-core", &[("proptest", false)])]);
        assert_eq!(found, ["crates/core/Cargo.toml:1: the pure crate `nohold-core` must not use `proptest`"]);
    }

    #[test]
    fn sql_outside_the_store_is_found() {
        let found =
            problems(vec![member("nohold-app", &[("sqlx", false)]), member("nohold-store", &[("sqlx", false)])]);
        assert_eq!(found, ["crates/app/Cargo.toml:1: `sqlx` is used in `nohold-app`"]);
    }

    #[test]
    fn a_crate_that_is_not_on_the_map_is_found() {
        let found = problems(vec![member("nohold-utils", &[])]);
        assert_eq!(found, ["crates/utils/Cargo.toml:1: crate `nohold-utils` has no place on the map"]);
    }
}
