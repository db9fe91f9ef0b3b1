//! Conversations that are recorded, and what is said before.

use expect_test::expect;

use crate::stage::check;
use crate::stage::house::{key, with_queue};

#[test]
fn who_is_recorded_hears_so_before_and_a_hold_is_not_recorded() {
    check(
        with_queue(|queue| {
            queue.recording_notice = Some(key("recording-notice"));
            queue.announce_agent = true;
        }),
        "agent 2000 is free
         0:00 caller rings
         0:04 agent 2000 answers
         from here
         0:07 caller hears it
         0:10 agent 2000 holds
         0:20 agent 2000 resumes
         0:30 agent 2000 ends it",
        expect![[r#"
            0:07 caller hears it
                   → bridge agent 2000 and caller
                   → record what they say
                   · connected with 2000
                   · recording began
            0:10 agent 2000 holds
                   → unbridge
                   → caller hears music
                   · held by 2000
                   ! granted
            0:20 agent 2000 resumes
                   → caller hears no more
                   → bridge agent 2000 and caller
                   → record what they say
                   · recording began
                   · taken back
                   ! granted
            0:30 agent 2000 ends it
                   → hang up agent 2000
                   → hang up caller
                   · served by 2000
                   · 2000 freed, wrap-up 10 s
                   · call ended: Served
            = 2000 is WrapUp
        "#]],
    );
}

#[test]
fn who_could_not_be_told_is_not_recorded() {
    check(
        with_queue(|queue| queue.recording_notice = Some(key("recording-notice"))),
        "agent 2000 is free
         0:00 caller rings
         0:04 agent 2000 answers
         from here
         0:05 caller hears nothing
         0:30 agent 2000 ends it",
        expect![[r#"
            0:05 caller hears nothing
                   → bridge agent 2000 and caller
                   · connected with 2000
            0:30 agent 2000 ends it
                   → hang up agent 2000
                   → hang up caller
                   · served by 2000
                   · 2000 freed, wrap-up 10 s
                   · call ended: Served
            = 2000 is WrapUp
        "#]],
    );
}

#[test]
fn a_customer_who_is_called_back_hears_of_the_recording_after_the_answer() {
    check(
        with_queue(|queue| queue.recording_notice = Some(key("recording-notice"))),
        "agent 2000 is free
         0:00 agent 2000 calls back
         0:03 agent 2000 answers
         0:04 agent 2000 hears it
         0:06 customer plays something
         from here
         0:08 customer answers
         0:10 customer hears it
         0:50 agent 2000 ends it",
        expect![[r#"
            0:08 customer answers
                   → unbridge
                   → agent 2000 hears [recording-notice]
                   → customer hears [recording-notice]
                   · attempt answered
            0:10 customer hears it
                   → agent 2000 hears no more
                   → bridge agent 2000 and customer
                   → record what they say
                   · connected with 2000
                   · recording began
            0:50 agent 2000 ends it
                   → hang up agent 2000
                   → hang up customer
                   · served by 2000
                   · talked for 40 s
                   · 2000 freed, wrap-up 10 s
                   · call ended: Callback
            = 2000 is WrapUp
            = list: Missed of 138****8000 for support, place 0:00, outcome to be noted, attempts 1
        "#]],
    );
}

#[test]
fn who_hangs_up_while_hearing_of_the_recording_leaves_the_entry_open() {
    check(
        with_queue(|queue| queue.recording_notice = Some(key("recording-notice"))),
        "agent 2000 is free
         0:00 agent 2000 calls back
         0:03 agent 2000 answers
         0:04 agent 2000 hears it
         0:08 customer answers
         from here
         0:09 customer hangs up",
        expect![[r#"
            0:09 customer hangs up
                   → hang up agent 2000
                   · talked for 0 s, broken
                   · 2000 freed, wrap-up 10 s
                   · call ended: Callback
            = 2000 is WrapUp
            = list: Missed of 138****8000 for support, place 0:00, outcome to be noted, broken, attempts 1
        "#]],
    );
}

#[test]
fn a_caller_who_holds_instead_of_listening_is_not_recorded() {
    check(
        with_queue(|queue| queue.recording_notice = Some(key("recording-notice"))),
        "agent 2000 is free
         0:00 caller rings
         0:04 agent 2000 answers
         from here
         0:05 caller presses hold
         0:06 caller presses resume
         0:07 caller hears it
         0:30 agent 2000 ends it",
        expect![[r#"
            0:05 caller presses hold
            0:06 caller presses resume
            0:07 caller hears it
                   → bridge agent 2000 and caller
                   · connected with 2000
            0:30 agent 2000 ends it
                   → hang up agent 2000
                   → hang up caller
                   · served by 2000
                   · 2000 freed, wrap-up 10 s
                   · call ended: Served
            = 2000 is WrapUp
        "#]],
    );
}

#[test]
fn a_customer_who_holds_instead_of_listening_is_not_recorded() {
    check(
        with_queue(|queue| queue.recording_notice = Some(key("recording-notice"))),
        "agent 2000 is free
         0:00 agent 2000 calls back
         0:03 agent 2000 answers
         0:04 agent 2000 hears it
         0:08 customer answers
         from here
         0:09 customer presses hold
         0:10 customer hears it
         0:15 customer presses resume
         0:50 agent 2000 ends it",
        expect![[r#"
            0:09 customer presses hold
            0:10 customer hears it
                   → agent 2000 hears no more
                   → bridge agent 2000 and customer
                   → unbridge
                   → agent 2000 hears music
                   · connected with 2000
                   · held
            0:15 customer presses resume
                   → agent 2000 hears no more
                   → bridge agent 2000 and customer
                   · taken back
            0:50 agent 2000 ends it
                   → hang up agent 2000
                   → hang up customer
                   · served by 2000
                   · talked for 40 s
                   · 2000 freed, wrap-up 10 s
                   · call ended: Callback
            = 2000 is WrapUp
            = list: Missed of 138****8000 for support, place 0:00, outcome to be noted, attempts 1
        "#]],
    );
}
