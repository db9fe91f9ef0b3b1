//! Key 3: the message (AT-6, AT-24).

use expect_test::expect;

use crate::stage::check;
use crate::stage::house::house;

#[test]
fn a_message_is_saved_only_after_the_commit() {
    check(
        house(),
        "0:00 caller rings
         1:02
         agent 2000 is free
         from here
         1:03 caller presses 3
         1:09 caller hears it
         store holds
         1:30 caller speaks 19.5 s and presses #
         1:31 store commits
         store works
         1:35 caller hears it",
        expect![[r#"
            1:03 caller presses 3
                   → hang up agent 2000
                   → caller hears no more
                   → caller hears [message-greeting] beep
                   · left the line: Chose
            1:09 caller hears it
                   → record caller for 180 s, until # or 5 s of silence
            1:09 store holds
            1:30 caller speaks 19.5 s and presses #
                   ? message of 19.5 s for support/support-b
            1:31 store commits
            1:31 store: done
                   → caller hears [message-saved]
            1:31 store works
            1:35 caller hears it
                   → hang up caller
                   · call ended: Message
            = 2000 is Available
            = list: Messages of 138****8000 for support/support-b, place 0:00, waiting
        "#]],
    );
}

#[test]
fn a_tone_warns_before_the_limit() {
    check(
        house(),
        "0:00 caller rings
         1:02 caller presses 3
         1:10 caller hears it
         from here
         4:10 caller speaks 160 s up to the limit
         4:14 caller hears it",
        expect![[r#"
            4:00 time
                   → caller hears beep
            4:10 caller speaks 160 s up to the limit
                   ? message of 160 s for support/support-b
            4:10 store: done
                   → caller hears [message-saved]
            4:14 caller hears it
                   → hang up caller
                   · call ended: Message
            = list: Messages of 138****8000 for support/support-b, place 0:00, waiting
        "#]],
    );
}

#[test]
fn a_recorder_that_says_nothing_leaves_a_message_too_many_rather_than_none() {
    check(
        house(),
        "0:00 caller rings
         1:02 caller presses 3
         1:10 caller hears it
         4:01
         from here
         4:41 caller speaks 160 s up to the limit",
        expect![[r#"
            4:40 time
                   ? message of 0 s for support/support-b
            4:40 store: done
                   → caller hears [message-saved]
            4:41 caller speaks 160 s up to the limit
            = list: Messages of 138****8000 for support/support-b, place 0:00, waiting
        "#]],
    );
}

#[test]
fn an_empty_message_counts_as_missed() {
    check(
        house(),
        "0:00 caller rings
         1:02 caller presses 3
         from here
         1:09 caller hears it
         1:14 caller speaks 1.9 s and falls silent",
        expect![[r#"
            1:09 caller hears it
                   → record caller for 180 s, until # or 5 s of silence
            1:14 caller speaks 1.9 s and falls silent
                   → discard the recording
                   → hang up caller
                   · missed call of queue 600, left at message, waited 74 s
                   · call ended: Missed
            = list: Missed of 138****8000 for queue 600, place 0:00, waiting
        "#]],
    );
}

#[test]
fn a_hang_up_in_the_recording_keeps_what_was_said() {
    check(
        house(),
        "0:00 caller rings
         1:02 caller presses 3
         1:09 caller hears it
         from here
         1:20 caller hangs up
         caller speaks 11 s until the hang-up",
        expect![[r#"
            1:20 caller hangs up
            1:20 caller speaks 11 s until the hang-up
                   ? message of 11 s for support/support-b
            1:20 store: done
                   · call ended: Message
            = list: Messages of 138****8000 for support/support-b, place 0:00, waiting
        "#]],
    );
}

#[test]
fn a_hang_up_in_the_recording_with_under_two_seconds_is_a_missed_call() {
    check(
        house(),
        "0:00 caller rings
         1:02 caller presses 3
         1:09 caller hears it
         from here
         1:10 caller hangs up
         caller speaks 1 s until the hang-up",
        expect![[r#"
            1:10 caller hangs up
            1:10 caller speaks 1 s until the hang-up
                   → discard the recording
                   · missed call of queue 600, left at message, waited 70 s
                   · call ended: Missed
            = list: Missed of 138****8000 for queue 600, place 0:00, waiting
        "#]],
    );
}

#[test]
fn the_engine_may_tell_of_the_recording_before_the_hang_up() {
    check(
        house(),
        "0:00 caller rings
         1:02 caller presses 3
         1:09 caller hears it
         from here
         store holds
         1:20 caller speaks 11 s until the hang-up
         caller hangs up
         1:21 store fails
         store works",
        expect![[r#"
            1:09 store holds
            1:20 caller speaks 11 s until the hang-up
                   ? message of 11 s for support/support-b
            1:20 caller hangs up
            1:21 store fails
            1:21 store: failed
                   · message of 11 s for support/support-b
                   · call ended: Message
            1:21 store works
            = list: Messages of 138****8000 for support/support-b, place 0:00, waiting
        "#]],
    );
}

#[test]
fn where_the_engine_says_nothing_after_the_hang_up_the_call_ends_as_missed() {
    check(
        house(),
        "0:00 caller rings
         1:02 caller presses 3
         1:09 caller hears it
         from here
         1:20 caller hangs up
         1:31",
        expect![[r#"
            1:20 caller hangs up
            1:30 time
                   → discard the recording
                   · missed call of queue 600, left at message, waited 90 s
                   · call ended: Missed
            = list: Missed of 138****8000 for queue 600, place 0:00, waiting
        "#]],
    );
}

#[test]
fn a_hang_up_during_the_greeting_is_missed() {
    check(
        house(),
        "0:00 caller rings
         1:02 caller presses 3
         from here
         1:05 caller hangs up",
        expect![[r#"
            1:05 caller hangs up
                   · missed call of queue 600, left at message, waited 65 s
                   · call ended: Missed
            = list: Missed of 138****8000 for queue 600, place 0:00, waiting
        "#]],
    );
}

#[test]
fn a_message_that_cannot_be_saved_leads_back_to_the_old_place() {
    check(
        house(),
        "0:00 caller rings
         1:02 caller presses 3
         1:09 caller hears it
         from here
         store fails
         1:20 caller speaks 9 s and presses #
         store works
         1:24 caller hears it",
        expect![[r#"
            1:09 store fails
            1:20 caller speaks 9 s and presses #
                   ? message of 9 s for support/support-b
            1:20 store: failed
                   → discard the recording
                   → caller hears [message-not-saved]
            1:20 store works
            1:24 caller hears it
                   → caller hears music
                   · stands in 600, place 0:00, since 1:24, stay 2
        "#]],
    );
}

#[test]
fn after_hours_a_message_that_cannot_be_saved_is_our_fault() {
    check(
        house(),
        "8:10:00 caller rings on +862161230001
         8:10:02 caller presses 3
         8:10:09 caller hears it
         from here
         store fails
         8:10:20 caller speaks 9 s and presses #
         store works
         8:10:24 caller hears it",
        expect![[r#"
            8:10:09 store fails
            8:10:20 caller speaks 9 s and presses #
                   ? message of 9 s for support/support-a
            8:10:20 store: failed
                   → discard the recording
                   → caller hears [message-not-saved]
            8:10:20 store works
            8:10:24 caller hears it
                   → hang up caller
                   · cut off by us, customer of support: LeavingMessage
                   · call ended: CutOff
            = list: CutOff of 138****8000 for support, place 8:10:00, waiting
        "#]],
    );
}
