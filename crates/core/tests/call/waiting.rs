//! Waiting, and the menu after the longest wait (AT-1, AT-2, AT-5, AT-7, AT-23, AT-24, AT-29).

use expect_test::expect;
use nohold_core::directory::{AtClosing, CallbackKey};
use nohold_model::{Digit, Millis};
use serde_json::json;

use crate::stage::check;
use crate::stage::house::{house, key, with_flow, with_queue};

#[test]
fn after_the_longest_wait_the_menu_comes_and_1_leads_back_to_the_old_place() {
    check(
        house(),
        "0:00 caller rings
         1:02
         caller presses 1
         2:01
         caller hears it
         2:10",
        expect![[r#"
            0:00 caller rings
                   ? call arrived from 138****8000
            0:00 store: done
                   → answer caller
                   → caller hears music
                   · stands in 600, place 0:00, since 0:00, stay 1
            1:00 time
                   → caller hears no more
                   → caller hears [queue-menu]
                   · flow queue-overflow v1
            1:02 caller presses 1
                   → caller hears no more
                   → caller hears music
                   · stands in 600, place 0:00, since 1:02, stay 1
            2:01 caller hears it
            2:02 time
                   → caller hears no more
                   → caller hears [queue-menu]
                   · flow queue-overflow v1
        "#]],
    );
}

#[test]
fn an_agent_who_gets_free_during_the_menu_is_rung_and_the_menu_is_cut_at_the_answer() {
    check(
        house(),
        "0:00 caller rings
         from here
         1:01
         agent 2000 is free
         agent 2000 rings
         1:03
         agent 2000 answers
         1:40 caller hangs up
         agent 2000 hangs up",
        expect![[r#"
            1:00 time
                   → caller hears no more
                   → caller hears [queue-menu]
                   · flow queue-overflow v1
            1:01 agent 2000 is free
            1:01 agent 2000 is reserved
                   → dial agent 2000 for 15 s, showing 138****8000
            1:01 agent 2000 rings
                   · offer rings
            1:03 agent 2000 answers
                   → caller hears no more
                   → bridge agent 2000 and caller
                   · offer ended: Accepted
                   · left the line: Answered
                   · connected with 2000
            1:40 caller hangs up
                   → hang up agent 2000
                   · served by 2000
                   · 2000 freed, wrap-up 10 s
                   · call ended: Served
            1:40 agent 2000 hangs up
            = 2000 is WrapUp
        "#]],
    );
}

#[test]
fn a_key_before_the_agents_answer_takes_the_caller_back_and_the_phone_rings_on() {
    check(
        house(),
        "0:00 caller rings
         from here
         1:01
         agent 2000 is free
         1:02 caller presses 1
         1:04 agent 2000 answers",
        expect![[r#"
            1:00 time
                   → caller hears no more
                   → caller hears [queue-menu]
                   · flow queue-overflow v1
            1:01 agent 2000 is free
            1:01 agent 2000 is reserved
                   → dial agent 2000 for 15 s, showing 138****8000
            1:02 caller presses 1
                   → caller hears no more
                   → caller hears music
                   · stands in 600, place 0:00, since 1:02, stay 1
            1:04 agent 2000 answers
                   → caller hears no more
                   → bridge agent 2000 and caller
                   · offer ended: Accepted
                   · left the line: Answered
                   · connected with 2000
            = 2000 is Talking
        "#]],
    );
}

#[test]
fn silence_repeats_the_menu_up_to_the_limit_and_then_the_caller_waits_at_the_old_place() {
    check(
        house(),
        "0:00 caller rings
         1:00
         from here
         1:05 caller hears it
         1:10
         1:15 caller hears it
         1:20
         1:25 caller hears it
         1:31",
        expect![[r#"
            1:05 caller hears it
            1:10 time
                   → caller hears [queue-menu]
            1:15 caller hears it
            1:20 time
                   → caller hears [queue-menu]
            1:25 caller hears it
            1:30 time
                   → caller hears music
                   · stands in 600, place 0:00, since 1:30, stay 1
        "#]],
    );
}

#[test]
fn keys_that_are_not_offered_repeat_the_menu_too() {
    check(
        house(),
        "0:00 caller rings
         1:00
         from here
         1:01 caller presses 7
         1:02 caller presses *
         1:03 caller presses 0",
        expect![[r#"
            1:01 caller presses 7
                   → caller hears no more
                   → caller hears [queue-menu]
            1:02 caller presses *
                   → caller hears no more
                   → caller hears [queue-menu]
            1:03 caller presses 0
                   → caller hears no more
                   → caller hears music
                   · stands in 600, place 0:00, since 1:03, stay 1
        "#]],
    );
}

#[test]
fn the_callback_key_is_announced_and_leads_into_the_menu_at_once_and_other_keys_do_nothing() {
    check(
        with_queue(|queue| {
            queue.callback_key = Some(CallbackKey { digit: Digit::STAR, announce_every: Millis::seconds(20) });
        }),
        "0:00 caller rings
         0:20
         0:24 caller hears it
         0:25 caller presses 2
         0:30 caller presses *",
        expect![[r#"
            0:00 caller rings
                   ? call arrived from 138****8000
            0:00 store: done
                   → answer caller
                   → caller hears music
                   · stands in 600, place 0:00, since 0:00, stay 1
            0:20 time
                   → caller hears [callback-key] *
            0:24 caller hears it
                   → caller hears music
            0:25 caller presses 2
            0:30 caller presses *
                   → caller hears no more
                   → caller hears [queue-menu]
                   · flow queue-overflow v1
        "#]],
    );
}

#[test]
fn place_and_wait_are_announced() {
    check(
        with_queue(|queue| queue.announce_every = Some(Millis::seconds(30))),
        "agent 2002 is not ready
         0:00 caller rings
         0:30
         0:35 caller hears it
         0:40",
        expect![[r#"
            0:00 agent 2002 is not ready
            0:00 caller rings
                   ? call arrived from 138****8000
            0:00 store: done
                   → answer caller
                   → caller hears music
                   · stands in 600, place 0:00, since 0:00, stay 1
            0:30 time
                   → caller hears [say-position] position 1 [say-wait] under 15 min
            0:35 caller hears it
                   → caller hears music
            = 2002 is NotReady
        "#]],
    );
}

#[test]
fn an_engine_that_restarts_has_cut_the_waiting_caller_off() {
    check(
        house(),
        "0:00 caller rings
         0:12 engine restarts",
        expect![[r#"
            0:00 caller rings
                   ? call arrived from 138****8000
            0:00 store: done
                   → answer caller
                   → caller hears music
                   · stands in 600, place 0:00, since 0:00, stay 1
            0:12 engine restarts
                   · left the line: CutOff
                   · cut off by us, customer of queue 600: Waiting
                   · call ended: CutOff
            = list: CutOff of 138****8000 for queue 600, place 0:00, waiting
        "#]],
    );
}

#[test]
fn a_hang_up_in_the_queue_is_a_missed_call() {
    check(
        house(),
        "0:00 caller rings
         0:12 caller hangs up",
        expect![[r#"
            0:00 caller rings
                   ? call arrived from 138****8000
            0:00 store: done
                   → answer caller
                   → caller hears music
                   · stands in 600, place 0:00, since 0:00, stay 1
            0:12 caller hangs up
                   · left the line: HungUp
                   · missed call of queue 600, left at queue 600, waited 12 s
                   · call ended: Missed
            = list: Missed of 138****8000 for queue 600, place 0:00, waiting
        "#]],
    );
}

#[test]
fn a_hang_up_within_the_threshold_is_a_short_abandon() {
    check(
        house(),
        "0:00 caller rings
         0:03 caller hangs up",
        expect![[r#"
            0:00 caller rings
                   ? call arrived from 138****8000
            0:00 store: done
                   → answer caller
                   → caller hears music
                   · stands in 600, place 0:00, since 0:00, stay 1
            0:03 caller hangs up
                   · left the line: HungUp
                   · missed call of queue 600, left at queue 600, waited 3 s, short
                   · call ended: Missed
            = list: Missed of 138****8000 for queue 600, place 0:00, waiting
        "#]],
    );
}

#[test]
fn a_short_abandon_counts_from_the_line_and_not_from_the_greeting_before_it() {
    check(
        with_flow(json!({
            "start": { "action": { "type": "start" }, "exits": { "next": "hello" } },
            "hello": {
                "action": { "type": "play", "prompts": [{ "prompt": "hello" }] },
                "exits": { "next": "queue", "failed": "queue" }
            },
            "queue": { "action": { "type": "queue", "queue": "600" } }
        })),
        "0:00 caller rings
         0:20 caller hears it
         from here
         0:23 caller hangs up",
        expect![[r#"
            0:23 caller hangs up
                   · left the line: HungUp
                   · missed call of queue 600, left at queue 600, waited 23 s, short
                   · call ended: Missed
            = list: Missed of 138****8000 for queue 600, place 0:00, waiting
        "#]],
    );
}

#[test]
fn a_hang_up_in_the_menu_is_one_missed_call_and_the_ringing_agent_is_free_again() {
    check(
        house(),
        "0:00 caller rings
         from here
         1:01
         agent 2000 is free
         1:02 caller hangs up
         1:03 caller hangs up
         agent 2000 hangs up",
        expect![[r#"
            1:00 time
                   → caller hears no more
                   → caller hears [queue-menu]
                   · flow queue-overflow v1
            1:01 agent 2000 is free
            1:01 agent 2000 is reserved
                   → dial agent 2000 for 15 s, showing 138****8000
            1:02 caller hangs up
                   → hang up agent 2000
                   · left the line: HungUp
                   · missed call of queue 600, left at menu, waited 62 s
                   · call ended: Missed
            1:03 caller hangs up
            1:03 agent 2000 hangs up
            = 2000 is Available
            = list: Missed of 138****8000 for queue 600, place 0:00, waiting
        "#]],
    );
}

#[test]
fn a_caller_lost_through_our_fault_is_cut_off_and_not_missed() {
    check(
        house(),
        "0:00 caller rings
         0:12 caller is lost",
        expect![[r#"
            0:00 caller rings
                   ? call arrived from 138****8000
            0:00 store: done
                   → answer caller
                   → caller hears music
                   · stands in 600, place 0:00, since 0:00, stay 1
            0:12 caller is lost
                   · left the line: CutOff
                   · cut off by us, customer of queue 600: Waiting
                   · call ended: CutOff
            = list: CutOff of 138****8000 for queue 600, place 0:00, waiting
        "#]],
    );
}

#[test]
fn where_the_queue_serves_to_the_end_closing_changes_nothing() {
    check(
        with_queue(|queue| {
            queue.calendar = Some(key("office"));
            queue.longest_wait = Millis::hours(1);
        }),
        "7:59:50 caller rings
         8:00:10
         agent 2000 is free
         agent 2000 answers",
        expect![[r#"
            7:59:50 caller rings
                   ? call arrived from 138****8000
            7:59:50 store: done
                   → answer caller
                   → caller hears music
                   · stands in 600, place 7:59:50, since 7:59:50, stay 1
            8:00:10 agent 2000 is free
            8:00:10 agent 2000 is reserved
                   → dial agent 2000 for 15 s, showing 138****8000
            8:00:10 agent 2000 answers
                   → caller hears no more
                   → bridge agent 2000 and caller
                   · offer ended: Accepted
                   · left the line: Answered
                   · connected with 2000
            = 2000 is Talking
        "#]],
    );
}

#[test]
fn where_it_does_not_they_hear_the_after_hours_menu_at_closing() {
    check(
        with_queue(|queue| {
            queue.calendar = Some(key("office"));
            queue.at_closing = AtClosing::Overflow;
        }),
        "7:59:50 caller rings
         8:00:10
         caller presses 1
         caller presses 3",
        expect![[r#"
            7:59:50 caller rings
                   ? call arrived from 138****8000
            7:59:50 store: done
                   → answer caller
                   → caller hears music
                   · stands in 600, place 7:59:50, since 7:59:50, stay 1
            8:00:00 time
                   → caller hears no more
                   → caller hears [after-hours-menu]
                   · left the line: Overflow
                   · flow after-hours v1
            8:00:10 caller presses 1
                   → caller hears no more
                   → caller hears [after-hours-menu]
            8:00:10 caller presses 3
                   → caller hears no more
                   → caller hears [message-greeting] beep
        "#]],
    );
}

#[test]
fn who_is_in_the_menu_at_closing_hears_the_after_hours_menu_after_1() {
    check(
        with_queue(|queue| {
            queue.calendar = Some(key("office"));
            queue.at_closing = AtClosing::Overflow;
        }),
        "7:58:55 caller rings
         7:59:59
         from here
         8:00:05 caller presses 1
         caller presses 1
         8:00:09 caller hangs up",
        expect![[r#"
            8:00:05 caller presses 1
                   → caller hears no more
                   → caller hears [after-hours-menu]
                   · left the line: Overflow
                   · flow after-hours v1
            8:00:05 caller presses 1
                   → caller hears no more
                   → caller hears [after-hours-menu]
            8:00:09 caller hangs up
                   · missed call of queue 600, left at after hours, waited 74 s
                   · call ended: Missed
            = list: Missed of 138****8000 for queue 600, place 7:58:55, waiting
        "#]],
    );
}

#[test]
fn outside_the_hours_of_the_number_the_after_hours_flow_offers_no_1() {
    check(
        house(),
        "8:10:00 caller rings on +862161230001
         caller presses 1
         8:10:05 caller hears it
         8:10:07 caller hangs up",
        expect![[r#"
            8:10:00 caller rings on +862161230001
                   ? call arrived from 138****8000
            8:10:00 store: done
                   → answer caller
                   → caller hears [after-hours-menu]
                   · flow after-hours v1
            8:10:00 caller presses 1
                   → caller hears no more
                   → caller hears [after-hours-menu]
            8:10:05 caller hears it
            8:10:07 caller hangs up
                   · missed call of support, left at after hours, waited 7 s
                   · call ended: Missed
            = list: Missed of 138****8000 for support, place 8:10:00, waiting
        "#]],
    );
}

#[test]
fn a_queue_that_is_deleted_leaves_its_callers_a_message() {
    check(
        house(),
        "0:00 caller rings
         0:10 queue 600 is deleted
         0:11",
        expect![[r#"
            0:00 caller rings
                   ? call arrived from 138****8000
            0:00 store: done
                   → answer caller
                   → caller hears music
                   · stands in 600, place 0:00, since 0:00, stay 1
            0:10 queue 600 is deleted
            0:10 time
                   → caller hears [message-greeting] beep
                   · left the line: Overflow
        "#]],
    );
}

#[test]
fn an_announcement_of_nothing_is_not_tried_all_the_time() {
    check(
        with_queue(|queue| queue.announce_every = Some(Millis::ZERO)),
        "store holds
         0:00 caller rings
         store commits
         from here
         0:11",
        expect![[r#"
            0:05 time
            0:10 time
        "#]],
    );
}
