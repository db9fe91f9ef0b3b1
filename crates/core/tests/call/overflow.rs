//! Where callers go who leave a queue unserved (I-9).

use expect_test::expect;
use nohold_core::directory::{Directory, OverflowReason, OverflowTarget};
use nohold_model::Millis;
use serde_json::json;

use crate::stage::check;
use crate::stage::house::{add_flow, key, with_overflow, with_queue};

/// A house whose queue 600 takes nobody and leads there.
fn full(target: Option<OverflowTarget>) -> Directory {
    with_queue(|queue| {
        queue.max_length = 0;
        queue.overflow.extend(target.map(|target| (OverflowReason::Full, target)));
    })
}

/// A house whose queue 600 takes nobody and leads to a flow that leads back.
fn full_and_back(words: &serde_json::Value) -> Directory {
    let mut house = full(Some(OverflowTarget::Flow(key("test"))));
    let nodes = json!({
        "start": { "action": { "type": "start" }, "exits": { "next": "words" } },
        "words": { "action": { "type": "play", "prompts": words }, "exits": { "next": "queue", "failed": "queue" } },
        "queue": { "action": { "type": "queue", "queue": "600" } }
    });
    add_flow(&mut house, "test", nodes);
    house
}

#[test]
fn to_another_queue_at_the_old_place() {
    check(
        with_overflow(OverflowReason::Timeout, OverflowTarget::Group(key("support-b"))),
        "agent 2002 is not ready
         0:10 caller rings
         1:10
         1:12 agent 2002 is free",
        expect![[r#"
            0:00 agent 2002 is not ready
            0:10 caller rings
                   ? call arrived from 138****8000
            0:10 store: done
                   → answer caller
                   → caller hears music
                   · stands in 600, place 0:10, since 0:10, stay 1
            1:10 time
                   → caller hears no more
                   → caller hears music
                   · left the line: Overflow
                   · stands in group.support-b, place 0:10, since 1:10, stay 2
            1:12 agent 2002 is free
            1:12 agent 2002 is reserved
                   → dial agent 2002 for 15 s, showing 138****8000
            = 2002 is Reserved
        "#]],
    );
}

#[test]
fn to_a_phone() {
    check(
        full(Some(OverflowTarget::Extension(key("3000")))),
        "0:00 caller rings
         0:02 phone 3000 answers",
        expect![[r#"
            0:00 caller rings
                   ? call arrived from 138****8000
            0:00 store: done
                   → answer caller
                   ? transfer to phone 3000
            0:00 store: done
                   → caller hears music
                   → dial phone 3000 for 25 s, showing 138****8000
            0:02 phone 3000 answers
                   → caller hears no more
                   → bridge caller and phone 3000
                   · transfer answered
        "#]],
    );
}

#[test]
fn to_an_announcement_which_is_a_missed_call() {
    check(
        full(Some(OverflowTarget::Announcement(key("all-busy")))),
        "0:00 caller rings
         0:05 caller hears it",
        expect![[r#"
            0:00 caller rings
                   ? call arrived from 138****8000
            0:00 store: done
                   → answer caller
                   → caller hears [all-busy]
            0:05 caller hears it
                   → hang up caller
                   · missed call of queue 600, left at overflow of 600, waited 5 s
                   · call ended: Missed
            = list: Missed of 138****8000 for queue 600, place 0:00, waiting
        "#]],
    );
}

#[test]
fn to_an_announcement_that_is_not_heard_to_its_end() {
    check(
        full(Some(OverflowTarget::Announcement(key("all-busy")))),
        "0:00 caller rings
         0:02 caller hangs up",
        expect![[r#"
            0:00 caller rings
                   ? call arrived from 138****8000
            0:00 store: done
                   → answer caller
                   → caller hears [all-busy]
            0:02 caller hangs up
                   · missed call of queue 600, left at overflow of 600, waited 2 s
                   · call ended: Missed
            = list: Missed of 138****8000 for queue 600, place 0:00, waiting
        "#]],
    );
}

#[test]
fn to_the_busy_tone_which_is_a_missed_call() {
    check(
        full(Some(OverflowTarget::Busy)),
        "0:00 caller rings",
        expect![[r#"
            0:00 caller rings
                   ? call arrived from 138****8000
            0:00 store: done
                   → answer caller
                   → hang up caller, busy
                   · missed call of queue 600, left at overflow of 600, waited 0 s
                   · call ended: Missed
            = list: Missed of 138****8000 for queue 600, place 0:00, waiting
        "#]],
    );
}

#[test]
fn to_the_end_which_is_a_missed_call() {
    check(
        full(Some(OverflowTarget::HangUp)),
        "0:00 caller rings",
        expect![[r#"
            0:00 caller rings
                   ? call arrived from 138****8000
            0:00 store: done
                   → answer caller
                   → hang up caller
                   · missed call of queue 600, left at overflow of 600, waited 0 s
                   · call ended: Missed
            = list: Missed of 138****8000 for queue 600, place 0:00, waiting
        "#]],
    );
}

#[test]
fn to_a_message() {
    check(
        full(Some(OverflowTarget::Message)),
        "0:00 caller rings",
        expect![[r#"
            0:00 caller rings
                   ? call arrived from 138****8000
            0:00 store: done
                   → answer caller
                   → caller hears [message-greeting] beep
        "#]],
    );
}

#[test]
fn where_nothing_is_configured_to_a_message() {
    check(
        full(None),
        "0:00 caller rings",
        expect![[r#"
            0:00 caller rings
                   ? call arrived from 138****8000
            0:00 store: done
                   → answer caller
                   → caller hears [message-greeting] beep
        "#]],
    );
}

#[test]
fn without_an_overflow_for_it_the_longest_wait_leads_nowhere() {
    check(
        with_queue(|queue| queue.overflow.clear()),
        "0:00 caller rings
         20:00 caller presses 9
         caller hangs up",
        expect![[r#"
            0:00 caller rings
                   ? call arrived from 138****8000
            0:00 store: done
                   → answer caller
                   → caller hears music
                   · stands in 600, place 0:00, since 0:00, stay 1
            20:00 caller presses 9
            20:00 caller hangs up
                   · left the line: HungUp
                   · missed call of queue 600, left at queue 600, waited 1200 s
                   · call ended: Missed
            = list: Missed of 138****8000 for queue 600, place 0:00, waiting
        "#]],
    );
}

#[test]
fn nobody_signed_in_is_a_reason_of_its_own() {
    check(
        with_queue(|queue| {
            queue.join_empty = false;
            queue.overflow.insert(OverflowReason::NoAgents, OverflowTarget::Busy);
        }),
        "0:00 caller rings",
        expect![[r#"
            0:00 caller rings
                   ? call arrived from 138****8000
            0:00 store: done
                   → answer caller
                   → hang up caller, busy
                   · missed call of queue 600, left at overflow of 600, waited 0 s
                   · call ended: Missed
            = list: Missed of 138****8000 for queue 600, place 0:00, waiting
        "#]],
    );
}

#[test]
fn full_and_back_without_a_word_ends_in_a_message() {
    check(
        full_and_back(&json!([])),
        "0:00 caller rings",
        expect![[r#"
            0:00 caller rings
                   ? call arrived from 138****8000
            0:00 store: done
                   → answer caller
                   → caller hears [message-greeting] beep
                   · flow test v1
                   · flow test v1
                   · flow test v1
                   · flow test v1
                   · flow test v1
                   · flow test v1
                   · flow test v1
                   · flow test v1
        "#]],
    );
}

#[test]
fn full_and_back_through_words_ends_in_a_message_too() {
    check(
        full_and_back(&json!([{ "prompt": "all-busy" }])),
        "0:00 caller rings
         from here
         0:05 caller hears it
         0:10 caller hears nothing
         0:15 caller hears it
         0:20 caller hears it
         0:25 caller hears it
         0:30 caller hears it
         0:35 caller hears it
         0:40 caller hears it",
        expect![[r#"
            0:05 caller hears it
                   → caller hears [all-busy]
                   · flow test v1
            0:10 caller hears nothing
                   → caller hears [all-busy]
                   · flow test v1
            0:15 caller hears it
                   → caller hears [all-busy]
                   · flow test v1
            0:20 caller hears it
                   → caller hears [all-busy]
                   · flow test v1
            0:25 caller hears it
                   → caller hears [all-busy]
                   · flow test v1
            0:30 caller hears it
                   → caller hears [all-busy]
                   · flow test v1
            0:35 caller hears it
                   → caller hears [all-busy]
                   · flow test v1
            0:40 caller hears it
                   → caller hears [message-greeting] beep
        "#]],
    );
}

#[test]
fn keep_waiting_is_not_for_those_whom_the_queue_never_had() {
    check(
        full(Some(OverflowTarget::Flow(key("queue-overflow")))),
        "0:00 caller rings
         0:02 caller presses 1",
        expect![[r#"
            0:00 caller rings
                   ? call arrived from 138****8000
            0:00 store: done
                   → answer caller
                   → caller hears [queue-menu]
                   · flow queue-overflow v1
            0:02 caller presses 1
                   → caller hears no more
                   → caller hears [message-greeting] beep
        "#]],
    );
}

#[test]
fn a_longest_wait_of_nothing_ends_in_a_message() {
    check(
        with_queue(|queue| {
            queue.longest_wait = Millis::ZERO;
            queue.overflow.insert(OverflowReason::Timeout, OverflowTarget::Queue(key("600")));
        }),
        "0:00 caller rings
         0:01",
        expect![[r#"
            0:00 caller rings
                   ? call arrived from 138****8000
            0:00 store: done
                   → answer caller
                   → caller hears music
                   · stands in 600, place 0:00, since 0:00, stay 1
            0:00 time
                   → caller hears no more
                   → caller hears music
                   · left the line: Overflow
                   · stands in 600, place 0:00, since 0:00, stay 2
            0:00 time
                   → caller hears no more
                   → caller hears music
                   · left the line: Overflow
                   · stands in 600, place 0:00, since 0:00, stay 3
            0:00 time
                   → caller hears no more
                   → caller hears music
                   · left the line: Overflow
                   · stands in 600, place 0:00, since 0:00, stay 4
            0:00 time
                   → caller hears no more
                   → caller hears music
                   · left the line: Overflow
                   · stands in 600, place 0:00, since 0:00, stay 5
            0:00 time
                   → caller hears no more
                   → caller hears music
                   · left the line: Overflow
                   · stands in 600, place 0:00, since 0:00, stay 6
            0:00 time
                   → caller hears no more
                   → caller hears music
                   · left the line: Overflow
                   · stands in 600, place 0:00, since 0:00, stay 7
            0:00 time
                   → caller hears no more
                   → caller hears music
                   · left the line: Overflow
                   · stands in 600, place 0:00, since 0:00, stay 8
            0:00 time
                   → caller hears no more
                   → caller hears [message-greeting] beep
                   · left the line: Overflow
        "#]],
    );
}

#[test]
fn real_waits_may_come_as_often_as_one_likes() {
    check(
        with_overflow(OverflowReason::Timeout, OverflowTarget::Queue(key("600"))),
        "0:00 caller rings
         12:00
         from here
         13:30 caller hangs up",
        expect![[r#"
            13:00 time
                   → caller hears no more
                   → caller hears music
                   · left the line: Overflow
                   · stands in 600, place 0:00, since 13:00, stay 14
            13:30 caller hangs up
                   · left the line: HungUp
                   · missed call of queue 600, left at queue 600, waited 810 s
                   · call ended: Missed
            = list: Missed of 138****8000 for queue 600, place 0:00, waiting
        "#]],
    );
}
