//! Sub-flows and versions.

use expect_test::{Expect, expect};
use nohold_flow::{Run, VariableName};

use crate::menu::flow;
use crate::world::{Call, World};

fn check(call: &Call, expected: &Expect) {
    expected.assert_eq(&call.told());
}

fn sub(key: &str, nodes: &str) -> String {
    format!(
        r#"{{"key":"{key}","name":"S","kind":{{"type":"sub"}},"nodes":{{
        "s-start":{{"action":{{"type":"start"}},"exits":{{"next":"s"}}}},
        "back":{{"action":{{"type":"return"}}}},{nodes}}}}}"#
    )
}

fn main_flow() -> String {
    flow(
        r#""a":{"action":{"type":"sub_flow","flow":"s"},"exits":{"failed":"d"},
            "branches":[{"source":"level","condition":{"equals":"gold"},"target":"c"}]},
        "c":{"action":{"type":"queue","queue":"gold"}},"d":{"action":{"type":"queue","queue":"failed"}}"#,
    )
}

#[test]
fn a_sub_flow_comes_back_with_its_variables() {
    let set =
        sub("s", r#""s":{"action":{"type":"set_variable","variable":"level","value":"gold"},"exits":{"next":"back"}}"#);
    let call = Call::into(World::with(&[&main_flow(), &set]), "f");
    check(
        &call,
        &expect![[r#"
           0.0 begins → queue gold
        path: start a s-start s back c
    "#]],
    );
    assert_eq!(call.run.variables()[&VariableName::new("level").unwrap()], "gold");
}

#[test]
fn a_sub_flow_that_cannot_go_on_leaves_by_failed() {
    let stuck = sub("s", r#""s":{"action":{"type":"condition"}}"#);
    check(
        &Call::into(World::with(&[&main_flow(), &stuck]), "f"),
        &expect![[r#"
           0.0 begins → queue failed
        path: start a s-start s d
        causes: [NoTarget]
    "#]],
    );
    check(
        &Call::into(World::with(&[&main_flow()]), "f"),
        &expect![[r#"
           0.0 begins → queue failed
        path: start a d
    "#]],
    );
}

#[test]
fn a_flow_that_runs_itself_is_too_many_loops() {
    let round = sub("s", r#""s":{"action":{"type":"sub_flow","flow":"s"}}"#);
    let call = Call::into(World::with(&[&main_flow(), &round]), "f");
    let told = call.told();
    assert!(told.contains("→ queue failed") && told.contains("causes: [TooManyLoops]"), "{told}");
}

#[test]
fn a_running_call_keeps_the_versions_that_it_began_with() {
    let asks = sub("s", r#""s":{"action":{"type":"collect","prompts":[{"prompt":"hello"}]},"exits":{"next":"back"}}"#);
    let begin = flow(
        r#""a":{"action":{"type":"play","prompts":[{"prompt":"hello"}]},"exits":{"next":"b"}},
        "b":{"action":{"type":"sub_flow","flow":"s"},"exits":{"next":"end"}}"#,
    );
    let mut call = Call::into(World::with(&[&begin, &asks]), "f");
    call.world.publish(2, &flow(r#""a":{"action":{"type":"queue"}}"#));
    call.world.publish(2, &sub("s", r#""s":{"action":{"type":"queue","queue":"new"}}"#));
    call.played().press("1");
    check(
        &call,
        &expect![[r#"
           0.0 begins → say hello
           0.0 heard → say hello
           0.0 presses 1 → stop; hang up
        path: start a b s-start s back end
    "#]],
    );
    let pinned: Vec<String> = call.run.pinned().iter().map(|(flow, version)| format!("{flow}:{version}")).collect();
    assert_eq!(pinned, ["f:1", "s:1"]);
    check(
        &Call::into(call.world, "f"),
        &expect![[r#"
           0.0 begins → keep waiting
        path: start a
    "#]],
    );
}

#[test]
fn a_run_goes_on_from_what_was_stored_of_it() {
    let asks = sub("s", r#""s":{"action":{"type":"collect","prompts":[{"prompt":"hello"}]},"exits":{"next":"back"}}"#);
    let mut call = Call::into(World::with(&[&main_flow(), &asks]), "f");
    let stored = serde_json::to_string(&call.run).unwrap();
    call.run = serde_json::from_str::<Run>(&stored).unwrap();
    call.press("1");
    check(
        &call,
        &expect![[r#"
           0.0 begins → say hello
           0.0 presses 1 → stop; keep waiting
        path: start a s-start s back
        causes: [NothingMatched]
    "#]],
    );
}
