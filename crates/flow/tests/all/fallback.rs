//! Fallbacks: every cause, the loop limit, the second time, and the built-in end.

use expect_test::{Expect, expect};
use nohold_flow::{Input, RecordingEnd, TransferFailure};
use nohold_model::Millis;

use crate::menu::{call, flow, flow_with};
use crate::world::{Call, World};

fn check(call: &Call, expected: &Expect) {
    expected.assert_eq(&call.told());
}

/// These nodes, with a queue of its own for every cause.
fn by_cause(nodes: &str) -> Call {
    let fallback = r#""fallback":{"by_cause":{"too_many_loops":"loops","prompt_failed":"prompt","no_target":"target",
        "nothing_matched":"nothing","transfer_failed":"transfer"}},"#;
    let queue = |name: &str| format!(r#""{name}":{{"action":{{"type":"queue","queue":"{name}"}}}}"#);
    let queues = ["loops", "prompt", "target", "nothing", "transfer"].map(queue).join(",");
    let json = flow_with(fallback, &format!("{nodes},{queues}"));
    Call::into(World::with(&[&json]), "f")
}

#[test]
fn a_circle_that_never_waits_is_too_many_loops() {
    let call = by_cause(
        r#""a":{"action":{"type":"set_variable","variable":"x","value":"${x}1"},"exits":{"next":"b"}},
        "b":{"action":{"type":"condition"},"exits":{"next":"a"}}"#,
    );
    let told = call.told();
    assert!(told.contains("→ queue loops") && told.contains("causes: [TooManyLoops]"), "{told}");
    assert_eq!(call.run.path().len(), 51);
}

#[test]
fn failed_inputs_are_too_many_loops_even_where_exits_go_round() {
    let mut call = by_cause(
        r#""a":{"action":{"type":"collect","prompts":[{"prompt":"hello"}],"tries":2},
            "branches":[{"condition":{"equals":"1"},"target":"end"}],"exits":{"no_input":"a","no_match":"a"}}"#,
    );
    while !call.run.is_over() {
        call.press("9");
    }
    check(
        &call,
        &expect![[r#"
           0.0 begins → say hello
           0.0 presses 9 → stop; say hello
           0.0 presses 9 → stop; say hello
           0.0 presses 9 → stop; say hello
           0.0 presses 9 → stop; say hello
           0.0 presses 9 → stop; say hello
           0.0 presses 9 → stop; say hello
           0.0 presses 9 → stop; say hello
           0.0 presses 9 → stop; say hello
           0.0 presses 9 → stop; queue loops
        path: start a a a a a loops
        causes: [TooManyLoops]
    "#]],
    );
}

#[test]
fn a_prompt_that_fails() {
    let mut play = by_cause(r#""a":{"action":{"type":"play","prompts":[{"prompt":"hello"}]},"exits":{"next":"end"}}"#);
    play.input("prompt failed", Input::PlayFailed);
    check(
        &play,
        &expect![[r#"
           0.0 begins → say hello
           0.0 prompt failed → queue prompt
        path: start a prompt
        causes: [PromptFailed]
    "#]],
    );
    let mut collect =
        by_cause(r#""a":{"action":{"type":"collect","prompts":[{"prompt":"hello"}]},"exits":{"next":"end"}}"#);
    collect.input("prompt failed", Input::PlayFailed);
    check(
        &collect,
        &expect![[r#"
           0.0 begins → say hello
           0.0 prompt failed → queue prompt
        path: start a prompt
        causes: [PromptFailed]
    "#]],
    );
    let mut connected = by_cause(
        r#""a":{"action":{"type":"play","prompts":[{"prompt":"hello"}]},"exits":{"next":"end","failed":"end"}}"#,
    );
    connected.input("prompt failed", Input::PlayFailed);
    check(
        &connected,
        &expect![[r#"
           0.0 begins → say hello
           0.0 prompt failed → hang up
        path: start a end
    "#]],
    );
}

#[test]
fn a_way_that_leads_nowhere() {
    check(
        &by_cause(r#""a":{"action":{"type":"condition"}}"#),
        &expect![[r#"
           0.0 begins → queue target
        path: start a target
        causes: [NoTarget]
    "#]],
    );
    check(
        &by_cause(r#""a":{"action":{"type":"condition"},"exits":{"next":"missing"}}"#),
        &expect![[r#"
           0.0 begins → queue target
        path: start a target
        causes: [NoTarget]
    "#]],
    );
    check(
        &by_cause(r#""a":{"action":{"type":"hours"}}"#),
        &expect![[r#"
           0.0 begins → queue target
        path: start a target
        causes: [NoTarget]
    "#]],
    );
    check(
        &by_cause(r#""a":{"action":{"type":"return"}}"#),
        &expect![[r#"
           0.0 begins → queue target
        path: start a target
        causes: [NoTarget]
    "#]],
    );
}

#[test]
fn branches_of_which_none_matches() {
    let call = by_cause(
        r#""a":{"action":{"type":"condition"},"branches":[{"source":"queue","condition":{"equals":"600"},"target":"end"}]}"#,
    );
    check(
        &call,
        &expect![[r#"
           0.0 begins → queue nothing
        path: start a nothing
        causes: [NothingMatched]
    "#]],
    );
}

#[test]
fn a_transfer_that_fails_or_never_answers() {
    let nodes = r#""a":{"action":{"type":"transfer","to":{"number":"${inputcode}700"},"ring_ms":20000}}"#;
    let mut busy = by_cause(nodes);
    busy.press("1").input("transfer failed", Input::TransferFailed(TransferFailure::Busy));
    check(
        &busy,
        &expect![[r#"
           0.0 begins → transfer to number 700 for 20000ms
           0.0 presses 1
           0.0 transfer failed → queue transfer
        path: start a transfer
        causes: [TransferFailed]
    "#]],
    );
    let mut lost = by_cause(nodes);
    lost.silent();
    check(
        &lost,
        &expect![[r#"
           0.0 begins → transfer to number 700 for 20000ms
          50.0 is silent → queue transfer
        path: start a transfer
        causes: [TransferFailed]
    "#]],
    );
    let nowhere = by_cause(r#""a":{"action":{"type":"transfer","to":{"number":"${inputcode}"}}}"#);
    check(
        &nowhere,
        &expect![[r#"
           0.0 begins → queue transfer
        path: start a transfer
        causes: [TransferFailed]
    "#]],
    );
}

#[test]
fn a_calendar_that_is_gone_matches_nothing() {
    let json = flow(r#""a":{"action":{"type":"hours","calendar":"gone"},"exits":{"open":"end","closed":"end"}}"#);
    let mut world = World::with(&[&json]);
    world.open = None;
    check(
        &Call::into(world, "f"),
        &expect![[r#"
           0.0 begins → keep waiting
        path: start a
        causes: [NothingMatched]
    "#]],
    );
}

#[test]
fn the_second_time_the_built_in_fallback_is_taken() {
    let json = flow_with(
        r#""fallback":{"target":"b"},"#,
        r#""a":{"action":{"type":"condition"}},"b":{"action":{"type":"play","prompts":[{"prompt":"hello"}]}}"#,
    );
    let mut waiting = Call::into(World::with(&[&json]), "f");
    waiting.played();
    check(
        &waiting,
        &expect![[r#"
           0.0 begins → say hello
           0.0 heard → keep waiting
        path: start a b
        causes: [NoTarget, NoTarget]
    "#]],
    );
    let mut without = Call::into(World::with(&[&json]).without_queue(), "f");
    without.played().played();
    let spoke = Input::Recorded { speech_ms: Millis::seconds(8), ended: RecordingEnd::Silence };
    without.input("falls silent", spoke).input("store failed", Input::NotSaved).played();
    check(
        &without,
        &expect![[r#"
           0.0 begins → say hello
           0.0 heard → say message-greeting + tone
           0.0 heard → record at most 180000ms, silence 5000ms, end #
           0.0 falls silent → KEEP MESSAGE for the queue
           0.0 store failed → say message-not-saved
           0.0 heard → hang up
        path: start a b
        causes: [NoTarget, NoTarget]
    "#]],
    );
}

#[test]
fn without_a_flow_the_caller_is_not_hung_up_on() {
    let call = Call::into(World::default(), "gone");
    check(
        &call,
        &expect![[r#"
           0.0 begins → keep waiting
        path: 
        causes: [NoTarget]
    "#]],
    );
    let mut without = Call::into(World::default().without_queue(), "gone");
    without.played().input("ends", Input::Recorded { speech_ms: Millis::ZERO, ended: RecordingEnd::Key });
    check(
        &without,
        &expect![[r#"
           0.0 begins → say message-greeting + tone
           0.0 heard → record at most 180000ms, silence 5000ms, end #
           0.0 ends → drop message; hang up
        path: 
        causes: [NoTarget]
    "#]],
    );
}

#[test]
fn keep_waiting_is_not_offered_by_a_closed_queue() {
    let json = flow(r#""a":{"action":{"type":"queue"},"exits":{"failed":"end"}}"#);
    let mut world = World::with(&[&json]);
    world.may_keep_waiting = false;
    check(
        &Call::into(world, "f"),
        &expect![[r#"
           0.0 begins → hang up
        path: start a end
    "#]],
    );
}

#[test]
fn an_announcement_with_nothing_to_say_is_passed() {
    let call = call(
        r#""a":{"action":{"type":"play","prompts":[{"digits":"${inputcode}"},{"number":"many"}]},"exits":{"next":"end"}}"#,
    );
    check(
        &call,
        &expect![[r#"
           0.0 begins → hang up
        path: start a end
    "#]],
    );
}
