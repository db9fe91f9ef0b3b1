//! Menus: AT-1, AT-2, AT-7, and what a menu can do beside.

use expect_test::{Expect, expect};
use nohold_flow::{Input, WaitToSay, WaitsFor};
use nohold_model::Millis;

use crate::shipped::QUEUE_OVERFLOW;
use crate::world::{Call, World};

fn check(call: &Call, expected: &Expect) {
    expected.assert_eq(&call.told());
}

fn overflow() -> Call {
    Call::into(World::with(&[QUEUE_OVERFLOW]), "queue-overflow")
}

/// A flow of a start that leads to `a`, a hang-up `end`, and these nodes.
pub fn flow(nodes: &str) -> String {
    flow_with("", nodes)
}

/// The same with further fields of the document, each with a comma behind it.
pub fn flow_with(fields: &str, nodes: &str) -> String {
    format!(
        r#"{{"key":"f","name":"F","kind":{{"type":"main","internal_number":"700"}},{fields}"nodes":{{
        "start":{{"action":{{"type":"start"}},"exits":{{"next":"a"}}}},
        "end":{{"action":{{"type":"hang_up"}}}},
        {nodes}}}}}"#
    )
}

pub fn call(nodes: &str) -> Call {
    Call::into(World::with(&[&flow(nodes)]), "f")
}

#[test]
fn key_1_leads_back_to_the_old_place() {
    let mut call = overflow();
    assert!(call.run.waits_for().is_candidate());
    call.after(Millis::seconds(4)).press("1");
    check(
        &call,
        &expect![[r#"
           0.0 begins → say queue-menu
           4.0 presses 1 → stop; keep waiting
        path: start menu keep-waiting
    "#]],
    );
}

#[test]
fn a_key_counts_during_the_words_and_after_them() {
    let mut call = overflow();
    call.after(Millis::seconds(9)).played().after(Millis::seconds(2)).press("3");
    check(
        &call,
        &expect![[r#"
           0.0 begins → say queue-menu
           9.0 heard
          11.0 presses 3 → say message-greeting + tone
        path: start menu message
        waits for: Message
    "#]],
    );
}

#[test]
fn silence_and_keys_not_offered_repeat_the_menu_and_then_the_caller_keeps_waiting() {
    let mut call = overflow();
    call.played().silent().press("9").played().press("5");
    check(
        &call,
        &expect![[r#"
           0.0 begins → say queue-menu
           0.0 heard
           5.0 is silent → say queue-menu
           5.0 presses 9 → stop; say queue-menu
           5.0 heard
           5.0 presses 5 → keep waiting
        path: start menu
        causes: [TooManyLoops]
    "#]],
    );
}

#[test]
fn outside_a_queue_the_default_fallback_takes_a_message() {
    let mut call = Call::into(World::with(&[crate::shipped::AFTER_HOURS]).without_queue(), "after-hours");
    call.played().silent().played().silent().played().press("1");
    check(
        &call,
        &expect![[r#"
           0.0 begins → say after-hours-menu
           0.0 heard
           5.0 is silent → say after-hours-menu
           5.0 heard
          10.0 is silent → say after-hours-menu
          10.0 heard
          10.0 presses 1 → say message-greeting + tone
        path: start hours menu
        causes: [TooManyLoops]
        waits for: Message
    "#]],
    );
    assert_eq!(call.run.waits_for(), WaitsFor::Message);
}

#[test]
fn digits_are_collected_to_the_end_key_the_most_or_a_silence() {
    let nodes = r#""a":{"action":{"type":"collect","prompts":[{"prompt":"hello"}],"into":"customer","min_digits":3,
        "max_digits":4,"end_key":"*"},"exits":{"next":"b","no_match":"end"}},
        "b":{"action":{"type":"play","prompts":[{"digits":"${customer}"},{"number":"${customer}"}]},"exits":{"next":"end"}}"#;
    let mut by_key = call(nodes);
    by_key.press("123*");
    check(
        &by_key,
        &expect![[r#"
           0.0 begins → say hello
           0.0 presses 1 → stop
           0.0 presses 2
           0.0 presses 3
           0.0 presses * → say digits 123 + number 123
        path: start a b
        waits for: Menu
    "#]],
    );
    let mut by_most = call(nodes);
    by_most.press("12345").played();
    check(
        &by_most,
        &expect![[r#"
           0.0 begins → say hello
           0.0 presses 1 → stop
           0.0 presses 2
           0.0 presses 3
           0.0 presses 4 → say digits 1234 + number 1234
           0.0 presses 5
           0.0 heard → hang up
        path: start a b end
    "#]],
    );
    let mut by_silence = call(nodes);
    by_silence.press("007");
    assert_eq!(by_silence.run.waits_for(), WaitsFor::Keying);
    by_silence.silent();
    check(
        &by_silence,
        &expect![[r#"
           0.0 begins → say hello
           0.0 presses 0 → stop
           0.0 presses 0
           0.0 presses 7
           3.0 is silent → say digits 007 + number 7
        path: start a b
        waits for: Menu
    "#]],
    );
    let mut too_short = call(nodes);
    too_short.press("1*2*").played().press("3").silent();
    check(
        &too_short,
        &expect![[r#"
           0.0 begins → say hello
           0.0 presses 1 → stop
           0.0 presses * → say hello
           0.0 presses 2 → stop
           0.0 presses * → say hello
           0.0 heard
           0.0 presses 3
           3.0 is silent → hang up
        path: start a end
    "#]],
    );
}

#[test]
fn without_barge_in_keys_during_the_words_do_nothing() {
    let mut call = call(
        r#""a":{"action":{"type":"collect","prompts":[{"prompt":"hello"}],"barge_in":false},"exits":{"next":"end"}}"#,
    );
    call.press("1").played().press("2");
    check(
        &call,
        &expect![[r#"
           0.0 begins → say hello
           0.0 presses 1
           0.0 heard
           0.0 presses 2 → hang up
        path: start a end
    "#]],
    );
}

#[test]
fn a_key_that_cuts_an_announcement_short_counts_for_the_menu() {
    let mut call = call(
        r#""a":{"action":{"type":"play","prompts":[{"prompt":"hello"}],"barge_in":true},"exits":{"next":"b"}},
        "b":{"action":{"type":"collect","prompts":[{"prompt":"hello"}]},
            "branches":[{"condition":{"equals":"1"},"target":"end"}]}"#,
    );
    call.press("1");
    check(
        &call,
        &expect![[r#"
           0.0 begins → say hello
           0.0 presses 1 → stop; hang up
        path: start a b end
    "#]],
    );
}

#[test]
fn exits_for_silence_and_for_other_keys_are_taken_when_connected() {
    let nodes = r#""a":{"action":{"type":"collect","prompts":[{"prompt":"hello"}],"again":[{"prompt":"sorry"}],"tries":2},
        "exits":{"no_input":"b","no_match":"c"},"branches":[{"condition":{"equals":"1"},"target":"end"}]},
        "b":{"action":{"type":"hang_up","busy":true}},"c":{"action":{"type":"queue","queue":"600","priority":3}}"#;
    let mut silent = call(nodes);
    silent.played().silent().played().silent();
    check(
        &silent,
        &expect![[r#"
           0.0 begins → say hello
           0.0 heard
           5.0 is silent → say sorry + hello
           5.0 heard
          10.0 is silent → hang up busy
        path: start a b
    "#]],
    );
    let mut wrong = call(nodes);
    wrong.press("22");
    check(
        &wrong,
        &expect![[r#"
           0.0 begins → say hello
           0.0 presses 2 → stop; say sorry + hello
           0.0 presses 2 → stop; queue 600 priority 3
        path: start a c
    "#]],
    );
}

#[test]
fn position_and_wait_are_said_as_far_as_they_are_known() {
    let nodes = r#""a":{"action":{"type":"say_wait"},"exits":{"next":"b"}},
        "b":{"action":{"type":"queue"}}"#;
    let mut world = World::with(&[&flow(nodes)]);
    world.position = Some(3);
    world.wait = Some(WaitToSay::Between { from_minutes: 5, to_minutes: 10 });
    let mut both = Call::into(world, "f");
    both.played();
    check(
        &both,
        &expect![[r#"
           0.0 begins → say say-position + position 3 + say-wait + 5 to 10 min
           0.0 heard → keep waiting
        path: start a b
    "#]],
    );
    check(
        &call(nodes),
        &expect![[r#"
           0.0 begins → keep waiting
        path: start a b
    "#]],
    );
}

#[test]
fn language_hours_variables_and_conditions_take_no_time() {
    let nodes = r#""a":{"action":{"type":"language","language":"zh"},"exits":{"next":"b"}},
        "b":{"action":{"type":"set_variable","variable":"greeting","value":"${language}-${entered_from}"},"exits":{"next":"c"}},
        "c":{"action":{"type":"hours","calendar":"office"},"exits":{"open":"d","closed":"end"}},
        "d":{"action":{"type":"condition"},"branches":[
            {"source":"greeting","condition":{"equals":"zh-queue"},"target":"e"}],"exits":{"next":"end"}},
        "e":{"action":{"type":"transfer","to":{"extension":"2000"}}}"#;
    let mut call = call(nodes);
    call.input("answered elsewhere", Input::Tick);
    check(
        &call,
        &expect![[r#"
           0.0 begins → language zh; transfer to 2000 for 30000ms
           0.0 answered elsewhere
        path: start a b c d e
        waits for: Transfer
    "#]],
    );
}

#[test]
fn last_words_come_before_the_hang_up() {
    let mut call = call(r#""a":{"action":{"type":"hang_up","last_words":[{"prompt":"hello"}],"busy":true}}"#);
    call.press("1").played().played();
    check(
        &call,
        &expect![[r#"
           0.0 begins → say hello
           0.0 presses 1
           0.0 heard → hang up busy
           0.0 heard
        path: start a
    "#]],
    );
}

#[test]
fn keys_typed_ahead_go_to_one_menu_after_the_other_until_one_is_not_offered() {
    let menu = |id: &str, next: &str| {
        format!(
            r#""{id}":{{"action":{{"type":"collect","prompts":[{{"prompt":"{id}"}}]}},
            "branches":[{{"condition":{{"equals":"1"}},"target":"{next}"}}]}}"#
        )
    };
    let first = r#""a":{"action":{"type":"play","prompts":[{"prompt":"hello"}],"barge_in":true},"exits":{"next":"p"}},
        "p":{"action":{"type":"play","prompts":[{"prompt":"hello"}],"barge_in":true},"exits":{"next":"b"}}"#;
    let mut call = call(&format!("{first},{},{}", menu("b", "c"), menu("c", "end")));
    call.press("12");
    check(
        &call,
        &expect![[r#"
           0.0 begins → say hello
           0.0 presses 1 → stop; say hello
           0.0 presses 2 → stop; say c
        path: start a p b c
        waits for: Menu
    "#]],
    );
}
