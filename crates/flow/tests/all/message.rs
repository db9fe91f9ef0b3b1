//! Messages: AT-6.

use expect_test::{Expect, expect};
use nohold_flow::{Input, RecordingEnd};
use nohold_model::Millis;

use crate::menu::flow;
use crate::shipped::QUEUE_OVERFLOW;
use crate::world::{Call, World};

fn check(call: &Call, expected: &Expect) {
    expected.assert_eq(&call.told());
}

fn recording() -> Call {
    let mut call = Call::into(World::with(&[QUEUE_OVERFLOW]), "queue-overflow");
    call.press("3").after(Millis::seconds(6)).played();
    assert!(call.run.is_busy_with_caller());
    call
}

fn recorded(speech_ms: u64, ended: RecordingEnd) -> Input {
    Input::Recorded { speech_ms: Millis::new(speech_ms), ended }
}

#[test]
fn saved_is_said_only_after_the_commit() {
    let mut call = recording();
    call.after(Millis::seconds(20)).input("ends with #", recorded(12_000, RecordingEnd::Key));
    call.input("committed", Input::MessageKept).played();
    check(
        &call,
        &expect![[r#"
           0.0 begins → say queue-menu
           0.0 presses 3 → stop; say message-greeting + tone
           6.0 heard → record at most 180000ms, silence 5000ms, end #
          26.0 ends with # → KEEP MESSAGE for support/support-b
          26.0 committed → say message-saved
          26.0 heard → hang up
        path: start menu message
    "#]],
    );
}

#[test]
fn a_tone_warns_before_the_limit() {
    let mut call = recording();
    call.silent().played().input("reaches the limit", recorded(170_000, RecordingEnd::Limit));
    check(
        &call,
        &expect![[r#"
           0.0 begins → say queue-menu
           0.0 presses 3 → stop; say message-greeting + tone
           6.0 heard → record at most 180000ms, silence 5000ms, end #
         176.0 is silent → say tone
         176.0 heard
         176.0 reaches the limit → KEEP MESSAGE for support/support-b
        path: start menu message
        waits for: Message
    "#]],
    );
}

#[test]
fn under_two_seconds_of_speech_is_empty_and_not_kept() {
    let mut call = recording();
    call.input("falls silent", recorded(1_999, RecordingEnd::Silence));
    check(
        &call,
        &expect![[r#"
           0.0 begins → say queue-menu
           0.0 presses 3 → stop; say message-greeting + tone
           6.0 heard → record at most 180000ms, silence 5000ms, end #
           6.0 falls silent → drop message; hang up
        path: start menu message
    "#]],
    );
}

#[test]
fn a_hang_up_keeps_what_was_said() {
    let mut call = recording();
    call.input("hangs up", recorded(2_000, RecordingEnd::HungUp)).input("committed", Input::MessageKept);
    check(
        &call,
        &expect![[r#"
           0.0 begins → say queue-menu
           0.0 presses 3 → stop; say message-greeting + tone
           6.0 heard → record at most 180000ms, silence 5000ms, end #
           6.0 hangs up → KEEP MESSAGE for support/support-b
           6.0 committed
        path: start menu message
    "#]],
    );
    let mut short = recording();
    short.input("hangs up", recorded(500, RecordingEnd::HungUp));
    check(
        &short,
        &expect![[r#"
           0.0 begins → say queue-menu
           0.0 presses 3 → stop; say message-greeting + tone
           6.0 heard → record at most 180000ms, silence 5000ms, end #
           6.0 hangs up → drop message
        path: start menu message
    "#]],
    );
}

#[test]
fn a_store_failure_is_told_and_the_caller_keeps_waiting() {
    let mut call = recording();
    call.input("falls silent", recorded(9_000, RecordingEnd::Silence)).input("store failed", Input::NotSaved).played();
    check(
        &call,
        &expect![[r#"
           0.0 begins → say queue-menu
           0.0 presses 3 → stop; say message-greeting + tone
           6.0 heard → record at most 180000ms, silence 5000ms, end #
           6.0 falls silent → KEEP MESSAGE for support/support-b
           6.0 store failed → say message-not-saved
           6.0 heard → keep waiting
        path: start menu message
    "#]],
    );
}

#[test]
fn the_end_key_skips_the_greeting_and_a_lost_recorder_loses_nothing() {
    let mut call = Call::into(World::with(&[QUEUE_OVERFLOW]), "queue-overflow");
    call.press("3").press("#").press("#").played().silent().silent().input("committed", Input::MessageKept);
    check(
        &call,
        &expect![[r#"
           0.0 begins → say queue-menu
           0.0 presses 3 → stop; say message-greeting + tone
           0.0 presses # → say tone
           0.0 presses #
           0.0 heard → record at most 180000ms, silence 5000ms, end #
         170.0 is silent → say tone
         210.0 is silent → KEEP MESSAGE for support/support-b
         210.0 committed → say message-saved
        path: start menu message
        waits for: Message
    "#]],
    );
}

#[test]
fn connected_exits_lead_on() {
    let json = flow(
        r#""a":{"action":{"type":"message","max_ms":10000},"exits":{"next":"b","empty":"c","failed":"d"}},
        "b":{"action":{"type":"queue","queue":"600"}},"c":{"action":{"type":"queue","queue":"601"}},
        "d":{"action":{"type":"queue","queue":"602"}}"#,
    );
    let call = || {
        let mut call = Call::into(World::with(&[&json]), "f");
        call.played();
        call
    };
    let mut kept = call();
    kept.input("ends", recorded(3_000, RecordingEnd::Key)).input("committed", Input::MessageKept).played();
    check(
        &kept,
        &expect![[r#"
           0.0 begins → say message-greeting + tone
           0.0 heard → record at most 10000ms, silence 5000ms, end #
           0.0 ends → KEEP MESSAGE for the queue
           0.0 committed → say message-saved
           0.0 heard → queue 600
        path: start a b
    "#]],
    );
    let mut empty = call();
    empty.input("ends", recorded(0, RecordingEnd::Key));
    check(
        &empty,
        &expect![[r#"
           0.0 begins → say message-greeting + tone
           0.0 heard → record at most 10000ms, silence 5000ms, end #
           0.0 ends → drop message; queue 601
        path: start a c
    "#]],
    );
    let mut failed = call();
    failed.input("recorder failed", Input::NotSaved).played();
    check(
        &failed,
        &expect![[r#"
           0.0 begins → say message-greeting + tone
           0.0 heard → record at most 10000ms, silence 5000ms, end #
           0.0 recorder failed → say message-not-saved
           0.0 heard → queue 602
        path: start a d
    "#]],
    );
}
