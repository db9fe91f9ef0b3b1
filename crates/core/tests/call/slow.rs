//! A store that stands still: people are told that it takes a moment, and what they were promised waits for its word.

use expect_test::expect;
use nohold_core::directory::{OverflowReason, OverflowTarget};

use crate::stage::check;
use crate::stage::house::{house, key, with_overflow};

#[test]
fn who_asked_for_a_callback_hears_that_it_takes_a_moment_and_is_thanked_after_the_commit() {
    check(
        house(),
        "0:00 caller rings
         1:02
         from here
         store holds
         caller presses 2
         1:05 store is slow
         1:07 caller hears it
         1:08 caller presses 1
         1:15 store is slow
         1:16 store commits
         1:17 store works",
        expect![[r#"
            1:02 store holds
            1:02 caller presses 2
                   → caller hears no more
                   ? request of 138****8000 for support/support-b, place 0:00, key 2 after queue-menu, path queue-overflow/start queue-overflow/menu queue-overflow/callback
            1:05 store is slow
                   → caller hears [one-moment]
            1:07 caller hears it
            1:08 caller presses 1
            1:15 store is slow
                   → caller hears [one-moment]
            1:16 store commits
            1:16 store: request made, promised 2:30:00 to 4:30:00
                   → caller hears [callback-thanks] 8000 between 2:30:00 and 4:30:00 [callback-hang-up-now]
            1:17 store works
            = list: Requests of 138****8000 for support/support-b, place 0:00, waiting
        "#]],
    );
}

#[test]
fn where_the_store_has_failed_after_all_the_caller_is_told_so() {
    check(
        house(),
        "0:00 caller rings
         1:02
         from here
         store holds
         caller presses 2
         1:05 store is slow
         1:06 store fails
         store works",
        expect![[r#"
            1:02 store holds
            1:02 caller presses 2
                   → caller hears no more
                   ? request of 138****8000 for support/support-b, place 0:00, key 2 after queue-menu, path queue-overflow/start queue-overflow/menu queue-overflow/callback
            1:05 store is slow
                   → caller hears [one-moment]
            1:06 store fails
            1:06 store: failed
                   → caller hears [callback-not-noted]
            1:06 store works
        "#]],
    );
}

#[test]
fn a_caller_on_the_way_to_another_phone_hears_it_too() {
    check(
        with_overflow(OverflowReason::Timeout, OverflowTarget::Extension(key("3000"))),
        "0:00 caller rings
         from here
         store holds
         1:00
         1:03 store is slow
         1:05 caller hears it
         1:06 store commits
         1:07 store works
         1:08 phone 3000 answers",
        expect![[r#"
            0:00 store holds
            1:00 time
                   → caller hears no more
                   · left the line: Overflow
                   ? transfer to phone 3000
            1:03 store is slow
                   → caller hears [one-moment]
            1:05 caller hears it
            1:06 store commits
            1:06 store: done
                   → caller hears music
                   → dial phone 3000 for 25 s, showing 138****8000
            1:07 store works
            1:08 phone 3000 answers
                   → caller hears no more
                   → bridge caller and phone 3000
                   · transfer answered
        "#]],
    );
}

#[test]
fn a_caller_who_hangs_up_meanwhile_keeps_the_request() {
    check(
        house(),
        "0:00 caller rings
         1:02
         from here
         store holds
         caller presses 2
         1:05 store is slow
         1:06 caller hangs up
         1:16 store is slow
         1:20 store commits
         store works",
        expect![[r#"
            1:02 store holds
            1:02 caller presses 2
                   → caller hears no more
                   ? request of 138****8000 for support/support-b, place 0:00, key 2 after queue-menu, path queue-overflow/start queue-overflow/menu queue-overflow/callback
            1:05 store is slow
                   → caller hears [one-moment]
            1:06 caller hangs up
                   · left the line: HungUp
            1:16 store is slow
            1:20 store commits
            1:20 store: request made, promised 2:30:00 to 4:30:00
                   · call ended: Requested
            1:20 store works
            = list: Requests of 138****8000 for support/support-b, place 0:00, waiting
        "#]],
    );
}

#[test]
fn nothing_is_said_to_a_caller_who_has_only_arrived() {
    check(
        house(),
        "store holds
         0:00 caller rings
         0:03 store is slow
         0:06 store commits
         store works",
        expect![[r#"
            0:00 store holds
            0:00 caller rings
                   ? call arrived from 138****8000
            0:03 store is slow
            0:06 store commits
            0:06 store: done
                   → answer caller
                   → caller hears music
                   · stands in 600, place 0:00, since 0:06, stay 1
            0:06 store works
        "#]],
    );
}

#[test]
fn an_agent_who_calls_back_hears_it_after_the_whisper() {
    check(
        house(),
        "agent 2000 is free
         0:00 agent 2000 calls back
         store holds
         0:02 agent 2000 answers
         0:05 store is slow
         0:06 agent 2000 hears it
         0:08 agent 2000 hears it
         0:15 store is slow
         0:16 store commits
         store works
         0:18 customer rings",
        expect![[r#"
            0:00 agent 2000 is free
            0:00 agent 2000 calls back
                   → dial agent 2000 for 20 s, showing 138****8000
            0:00 store holds
            0:02 agent 2000 answers
                   → agent 2000 hears [whisper-callback] 8000
                   ? attempt to reach 138****8000
            0:05 store is slow
            0:06 agent 2000 hears it
                   → agent 2000 hears [one-moment]
            0:08 agent 2000 hears it
            0:15 store is slow
                   → agent 2000 hears [one-moment]
            0:16 store commits
            0:16 store: attempt begun
                   → dial customer for 30 s, showing 216***0000
            0:16 store works
            0:18 customer rings
                   · it rings there
            = 2000 is Reserved
            = list: Missed of 138****8000 for support, place 0:00, Attempting { agent: 2000, call: call_01KJP4C5800014RCJEY4VBMRJM }, attempts 1
        "#]],
    );
}

#[test]
fn a_customer_is_not_dialled_any_more_once_the_gap_after_an_interruption_could_not_be_kept() {
    check(
        house(),
        "agent 2000 is free
         0:00 agent 2000 calls back
         store holds
         0:02 agent 2000 answers
         0:18 store commits
         store works",
        expect![[r#"
            0:00 agent 2000 is free
            0:00 agent 2000 calls back
                   → dial agent 2000 for 20 s, showing 138****8000
            0:00 store holds
            0:02 agent 2000 answers
                   → agent 2000 hears [whisper-callback] 8000
                   ? attempt to reach 138****8000
            0:18 store commits
            0:18 store: attempt begun
                   → hang up agent 2000
                   · attempt ended: Interrupted, not sent
                   · 2000 freed, wrap-up 0 s
                   · call ended: Callback
            0:18 store works
            = 2000 is Available
            = list: Missed of 138****8000 for support, place 0:00, waiting
        "#]],
    );
}

#[test]
fn a_star_code_is_confirmed_once_it_is_certain() {
    check(
        house(),
        "store holds
         0:00 agent 2000 calls *10
         0:03 store is slow
         0:05 caller hears it
         0:07 store commits
         0:09 caller hears it",
        expect![[r#"
            0:00 store holds
            0:00 agent 2000 calls *10
            0:03 store is slow
                   → answer caller
                   → caller hears [one-moment]
            0:05 caller hears it
            0:07 store commits
                   → caller hears [signed-in]
            0:09 caller hears it
                   → hang up caller
            = 2000 is Available
        "#]],
    );
}

#[test]
fn a_star_code_that_the_store_could_not_keep_is_not_confirmed() {
    check(
        house(),
        "store holds
         0:00 agent 2000 calls *10
         0:03 store is slow
         0:07 store fails
         0:09 caller hears it",
        expect![[r#"
            0:00 store holds
            0:00 agent 2000 calls *10
            0:03 store is slow
                   → answer caller
                   → caller hears [one-moment]
            0:07 store fails
                   → caller hears [not-possible-now]
            0:09 caller hears it
                   → hang up caller
        "#]],
    );
}
