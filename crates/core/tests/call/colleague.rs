//! Colleagues who call a queue or a flow, star codes, and phones that inbound numbers ring.

use expect_test::expect;
use nohold_core::directory::{Directory, InboundTarget};
use serde_json::json;

use crate::stage::check;
use crate::stage::house::{add_flow, house, key, unanswered};

/// A house with a flow 799 that says goodbye.
fn with_goodbye() -> Directory {
    let mut house = house();
    add_flow(
        &mut house,
        "test",
        json!({
            "start": { "action": { "type": "start" }, "exits": { "next": "bye" } },
            "bye": { "action": { "type": "hang_up", "last_words": [{ "prompt": "goodbye" }] } }
        }),
    );
    house
}

/// The house whose phone has somewhere for callers to go whom nobody answers.
fn with_unanswered(phone: &str, target: InboundTarget) -> Directory {
    let mut house = house();
    unanswered(&mut house, phone, target);
    house
}

#[test]
fn a_colleague_waits_in_the_queue_and_is_shown_by_name() {
    check(
        house(),
        "agent 2001 is free
         0:00 agent 2001 calls 600
         0:20 agent 2000 is free
         0:23 agent 2000 answers
         0:50 agent 2000 hangs up",
        expect![[r#"
            0:00 agent 2001 is free
            0:00 agent 2001 calls 600
                   ? call arrived from phone 2001 for support
            0:00 store: done, 2001 is held by it
                   → answer caller
                   → caller hears music
                   · stands in 600, place 0:00, since 0:00, stay 1
            0:20 agent 2000 is free
            0:20 agent 2000 is reserved
                   → dial agent 2000 for 15 s, showing Desk 2001 2001
            0:23 agent 2000 answers
                   → caller hears no more
                   → bridge agent 2000 and caller
                   · offer ended: Accepted
                   · left the line: Answered
                   · connected with 2000
            0:50 agent 2000 hangs up
                   → hang up caller
                   · 2000 freed, wrap-up 10 s
                   · 2001 freed, wrap-up 0 s
                   · call ended: Served
            = 2000 is WrapUp
            = 2001 is Available
        "#]],
    );
}

#[test]
fn a_colleague_whom_an_agent_of_the_queue_has_answered_holds_that_agent() {
    check(
        house(),
        "agent 2001 is free
         agent 2000 is free
         0:00 agent 2001 calls 600
         0:03 agent 2000 answers
         from here
         0:10 agent 2001 holds
         0:12 agent 2000 holds
         0:14 agent 2001 resumes
         0:16 agent 2000 resumes
         0:50 agent 2000 hangs up",
        expect![[r#"
            0:10 agent 2001 holds
                   → unbridge
                   → agent 2000 hears music
                   · held by 2001
                   · held by 2001
                   ! granted
            0:12 agent 2000 holds
                   → caller hears music
                   · held by 2001 and 2000
                   · held by 2001 and 2000
                   ! granted
            0:14 agent 2001 resumes
                   → agent 2000 hears no more
                   · held by 2000
                   · held by 2000
                   ! granted
            0:16 agent 2000 resumes
                   → caller hears no more
                   → bridge agent 2000 and caller
                   · taken back
                   · taken back
                   ! granted
            0:50 agent 2000 hangs up
                   → hang up caller
                   · 2000 freed, wrap-up 10 s
                   · 2001 freed, wrap-up 0 s
                   · call ended: Served
            = 2000 is WrapUp
            = 2001 is Available
        "#]],
    );
}

#[test]
fn a_colleague_who_gives_up_stands_on_no_list() {
    check(
        house(),
        "agent 2001 is free
         0:00 agent 2001 calls 600
         0:20 caller hangs up",
        expect![[r#"
            0:00 agent 2001 is free
            0:00 agent 2001 calls 600
                   ? call arrived from phone 2001 for support
            0:00 store: done, 2001 is held by it
                   → answer caller
                   → caller hears music
                   · stands in 600, place 0:00, since 0:00, stay 1
            0:20 caller hangs up
                   · left the line: HungUp
                   · 2001 freed, wrap-up 0 s
                   · call ended: Missed
            = 2001 is Available
        "#]],
    );
}

#[test]
fn a_colleague_whom_we_lose_stands_on_no_list() {
    check(
        house(),
        "0:00 phone 3000 calls 600
         0:20 caller is lost",
        expect![[r#"
            0:00 phone 3000 calls 600
                   ? call arrived from phone 3000 for support
            0:00 store: done, no agent is held by it
                   → answer caller
                   → caller hears music
                   · stands in 600, place 0:00, since 0:00, stay 1
            0:20 caller is lost
                   · left the line: CutOff
                   · call ended: CutOff
        "#]],
    );
}

#[test]
fn a_colleague_who_asks_to_be_called_keys_in_a_number() {
    check(
        house(),
        "0:00 phone 3000 calls 600
         0:05 caller presses 9
         0:06 caller presses 2
         0:07 caller hears it
         0:08 caller presses 13900139000#
         0:12 caller presses 1
         0:14 caller hears it
         0:20 caller hears it",
        expect![[r#"
            0:00 phone 3000 calls 600
                   ? call arrived from phone 3000 for support
            0:00 store: done, no agent is held by it
                   → answer caller
                   → caller hears music
                   · stands in 600, place 0:00, since 0:00, stay 1
            0:05 caller presses 9
                   → caller hears no more
                   → caller hears [queue-menu]
                   · flow queue-overflow v1
            0:06 caller presses 2
                   → caller hears no more
                   → caller hears [number-ask]
                   · may not be connected in 600, place 0:00, since 0:00, stay 2
            0:07 caller hears it
            0:08 caller presses 13900139000#
                   → caller hears [number-heard] 13900139000 [number-confirm]
            0:12 caller presses 1
                   → caller hears no more
                   ? request of 139****9000 for support/support-b, place 0:00, key 1 after queue-menu+number-confirm, path queue-overflow/start queue-overflow/menu queue-overflow/callback
            0:12 store: request made, promised 2:30:00 to 4:30:00
                   → caller hears [callback-thanks] 9000 between 2:30:00 and 4:30:00 [callback-hang-up-now]
            0:14 caller hears it
                   → hang up caller
                   · call ended: Requested
            0:20 caller hears it
            = list: Requests of 139****9000 for support/support-b, place 0:00, waiting
        "#]],
    );
}

#[test]
fn a_flow_is_tested_by_its_internal_number() {
    check(
        with_goodbye(),
        "0:00 phone 3000 calls *77799
         0:03 caller hears it
         0:10 phone 3000 calls 799
         0:11 caller hangs up",
        expect![[r#"
            0:00 phone 3000 calls *77799
                   ? call arrived from phone 3000 for support
            0:00 store: done, no agent is held by it
                   → answer caller
                   → caller hears [goodbye]
                   · flow test v1
            0:03 caller hears it
                   → hang up caller
                   · call ended: EndedByFlow
            0:10 phone 3000 calls 799
                   ? call arrived from phone 3000 for support
            0:10 store: done, no agent is held by it
                   → answer caller
                   → caller hears [goodbye]
                   · flow test v1
            0:11 caller hangs up
                   · call ended: Missed
        "#]],
    );
}

#[test]
fn star_codes_are_confirmed() {
    check(
        house(),
        "0:00 agent 2001 calls *10
         0:02 caller hears it
         0:10 agent 2001 calls *10
         0:12 caller hears nothing
         0:20 phone 3000 calls *11
         0:22 caller hangs up
         0:30 agent 2001 calls *11
         store fails
         1:10 agent 2001 calls *10
         1:20 agent 2001 calls *99",
        expect![[r#"
            0:00 agent 2001 calls *10
                   → answer caller
                   → caller hears [signed-in]
            0:02 caller hears it
                   → hang up caller
            0:10 agent 2001 calls *10
                   → answer caller
                   → caller hears [signed-in]
            0:12 caller hears nothing
                   → hang up caller
            0:20 phone 3000 calls *11
                   → answer caller
                   → caller hears [not-possible-now]
            0:22 caller hangs up
            0:30 agent 2001 calls *11
                   → answer caller
                   → caller hears [signed-out]
            0:30 store fails
            1:00 time
                   → hang up caller
            1:10 agent 2001 calls *10
                   → answer caller
                   → caller hears [not-possible-now]
            1:20 agent 2001 calls *99
              404
            = 2001 is NotSignedIn
        "#]],
    );
}

#[test]
fn an_echo_test_ends_by_itself() {
    check(
        house(),
        "0:00 phone 3000 calls *43
         0:04 caller hears it
         6:00",
        expect![[r#"
            0:00 phone 3000 calls *43
                   → answer caller
                   → caller hears [echo-test]
            0:04 caller hears it
                   → caller hears an echo
            5:04 time
                   → hang up caller
        "#]],
    );
}

#[test]
fn a_number_that_rings_a_phone_is_answered_by_it() {
    check(
        house(),
        "0:00 caller rings on +862161230002
         0:01 phone 3000 rings
         0:05 phone 3000 answers
         0:40 caller hangs up",
        expect![[r#"
            0:00 caller rings on +862161230002
                   ? call arrived from 138****8000
            0:00 store: done
                   ? phone 3000 is rung
            0:00 store: done, no agent is held by it
                   → dial phone 3000 for 25 s, showing 138****8000
            0:01 phone 3000 rings
                   → tell caller that it rings
            0:05 phone 3000 answers
                   → answer caller
                   → bridge caller and phone 3000
                   · phone answered
            0:40 caller hangs up
                   → hang up phone 3000
                   · call ended: Served
        "#]],
    );
}

#[test]
fn a_number_that_rings_an_agents_phone_does_so_in_any_mode() {
    check(
        house(),
        "agent 2001 is not ready
         0:00 caller rings on +862161230003
         0:01 agent 2001 rings
         0:05 agent 2001 answers
         0:40 agent 2001 hangs up",
        expect![[r#"
            0:00 agent 2001 is not ready
            0:00 caller rings on +862161230003
                   ? call arrived from 138****8000
            0:00 store: done
                   ? phone 2001 is rung
            0:00 store: done, 2001 is held by it
                   → dial agent 2001 for 25 s, showing 138****8000
            0:01 agent 2001 rings
                   → tell caller that it rings
            0:05 agent 2001 answers
                   → answer caller
                   → bridge caller and agent 2001
                   · phone answered
            0:40 agent 2001 hangs up
                   → hang up caller
                   · served by 2001
                   · 2001 freed, wrap-up 0 s
                   · call ended: Served
            = 2001 is NotReady
        "#]],
    );
}

#[test]
fn a_caller_from_outside_goes_on_to_where_the_phone_says() {
    check(
        with_unanswered("3000", InboundTarget::Queue(key("600"))),
        "0:00 caller rings on +862161230002
         0:01 phone 3000 rings
         0:20
         0:25 caller hangs up",
        expect![[r#"
            0:00 caller rings on +862161230002
                   ? call arrived from 138****8000
            0:00 store: done
                   ? phone 3000 is rung
            0:00 store: done, no agent is held by it
                   → dial phone 3000 for 20 s, showing 138****8000
            0:01 phone 3000 rings
                   → tell caller that it rings
            0:20 time
                   → hang up phone 3000
                   → answer caller
                   → caller hears music
                   · phone 3000 failed: NoAnswer
                   · stands in 600, place 0:00, since 0:20, stay 1
            0:25 caller hangs up
                   · left the line: HungUp
                   · missed call of queue 600, left at queue 600, waited 25 s
                   · call ended: Missed
            = list: Missed of 138****8000 for queue 600, place 0:00, waiting
        "#]],
    );
}

#[test]
fn a_caller_whom_the_phone_cuts_off_is_listed() {
    check(
        house(),
        "0:00 caller rings on +862161230002
         0:05 phone 3000 answers
         0:15 phone 3000 is lost",
        expect![[r#"
            0:00 caller rings on +862161230002
                   ? call arrived from 138****8000
            0:00 store: done
                   ? phone 3000 is rung
            0:00 store: done, no agent is held by it
                   → dial phone 3000 for 25 s, showing 138****8000
            0:05 phone 3000 answers
                   → answer caller
                   → bridge caller and phone 3000
                   · phone answered
            0:15 phone 3000 is lost
                   → hang up caller
                   · cut off by us, customer of support: Talking
                   · call ended: CutOff
            = list: CutOff of 138****8000 for support, place 0:00, waiting
        "#]],
    );
}
