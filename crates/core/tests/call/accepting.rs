//! Agents who work at a number outside: whoever answers there presses 1 before anybody is connected.

use expect_test::expect;
use nohold_core::directory::Directory;

use crate::stage::check;
use crate::stage::house::{house, works_outside};

fn outside() -> Directory {
    let mut house = house();
    works_outside(&mut house, "2000");
    house
}

#[test]
fn the_caller_is_connected_once_1_is_pressed_and_not_by_the_answer() {
    check(
        outside(),
        "agent 2000 is free
         0:00 caller rings
         from here
         0:04 agent 2000 answers
         0:05 agent 2000 answers
         0:06 agent 2000 presses 2
         0:08 agent 2000 hears it
         0:09 agent 2000 presses 1",
        expect![[r#"
            0:04 agent 2000 answers
                   → agent 2000 hears [call-accept]
            0:05 agent 2000 answers
            0:06 agent 2000 presses 2
            0:08 agent 2000 hears it
                   → agent 2000 hears [call-accept]
            0:09 agent 2000 presses 1
                   → agent 2000 hears no more
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
fn a_mailbox_is_no_agent() {
    check(
        outside(),
        "agent 2000 is free
         0:00 caller rings
         from here
         0:04 agent 2000 answers
         0:20",
        expect![[r#"
            0:04 agent 2000 answers
                   → agent 2000 hears [call-accept]
            0:15 time
                   → hang up agent 2000
                   · offer ended: NoAnswer, pause 5 s
            = 2000 is NoAnswer
        "#]],
    );
}

#[test]
fn who_hangs_up_instead_has_declined() {
    check(
        outside(),
        "agent 2000 is free
         0:00 caller rings
         from here
         0:04 agent 2000 answers
         0:06 agent 2000 hangs up",
        expect![[r#"
            0:04 agent 2000 answers
                   → agent 2000 hears [call-accept]
            0:06 agent 2000 hangs up
                   · offer ended: Declined, pause 5 s
            = 2000 is Available
        "#]],
    );
}

#[test]
fn the_customer_is_dialled_once_the_agent_outside_has_pressed_1() {
    check(
        outside(),
        "agent 2000 is free
         0:00 agent 2000 calls back
         from here
         0:04 agent 2000 answers
         0:06 agent 2000 presses 1
         0:09 customer answers",
        expect![[r#"
            0:04 agent 2000 answers
                   → agent 2000 hears [call-accept]
            0:06 agent 2000 presses 1
                   → agent 2000 hears no more
                   → agent 2000 hears [whisper-callback] 8000
                   ? attempt to reach 138****8000
            0:06 store: attempt begun
                   → dial customer for 30 s, showing 216***0000
            0:09 customer answers
                   → agent 2000 hears no more
                   → bridge agent 2000 and customer
                   · attempt answered
                   · connected with 2000
            = 2000 is Talking
            = list: Missed of 138****8000 for support, place 0:00, Talking { agent: 2000, call: call_01KJP4C5800014RCJEY4VBMRJM }, attempts 1
        "#]],
    );
}

#[test]
fn nobody_is_asked_any_more_when_the_caller_has_gone() {
    check(
        outside(),
        "agent 2000 is free
         0:00 caller rings
         from here
         0:04 agent 2000 answers
         0:06 caller hangs up
         0:07 agent 2000 presses 1
         0:25",
        expect![[r#"
            0:04 agent 2000 answers
                   → agent 2000 hears [call-accept]
            0:06 caller hangs up
                   → hang up agent 2000
                   · left the line: HungUp
                   · missed call of queue 600, left at queue 600, waited 6 s
                   · call ended: Missed
            0:07 agent 2000 presses 1
            = 2000 is Available
            = list: Missed of 138****8000 for queue 600, place 0:00, waiting
        "#]],
    );
}
