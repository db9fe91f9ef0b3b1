//! Calls that phones of ours make to the public network and to the emergency services.

use expect_test::expect;

use crate::stage::check;
use crate::stage::house::house;

#[test]
fn the_public_network_is_called_with_the_own_number() {
    check(
        house(),
        "0:00 phone 3000 calls 013900139000
         0:02 outside plays something
         0:05 outside rings
         0:09 outside answers
         0:20 outside presses hold
         0:25 outside presses resume
         0:40 outside hangs up",
        expect![[r#"
            0:00 phone 3000 calls 013900139000
                   ? phone 3000 calls 139****9000
            0:00 store: done, no agent is held by it
                   → dial outside for 60 s, showing 216***0001
            0:02 outside plays something
                   → bridge caller and outside
            0:05 outside rings
            0:09 outside answers
                   → answer caller
                   · the far end answered
            0:20 outside presses hold
                   → unbridge
                   → caller hears music
            0:25 outside presses resume
                   → caller hears no more
                   → bridge caller and outside
            0:40 outside hangs up
                   → hang up caller
                   · over: answered, hung up by the called
                   · call ended: Direct
        "#]],
    );
}

#[test]
fn an_agent_who_calls_outside_is_talking() {
    check(
        house(),
        "agent 2000 is free
         0:00 agent 2000 calls 13900139000
         0:05 outside rings
         0:06 outside is busy
         0:08 caller hears it
         0:10 agent 2000 calls 13900139000
         0:15 outside answers
         0:20 agent 2000 holds
         0:21 agent 2000 resumes
         0:30 caller hangs up",
        expect![[r#"
            0:00 agent 2000 is free
            0:00 agent 2000 calls 13900139000
                   ? phone 2000 calls 139****9000
            0:00 store: done, 2000 is held by it
                   → dial outside for 60 s, showing 216***0000
            0:05 outside rings
                   → tell caller that it rings
                   · it rings there
            0:06 outside is busy
                   → caller hears [line-busy]
            0:08 caller hears it
                   → hang up caller, busy
                   · over: busy
                   · 2000 freed, wrap-up 0 s
                   · call ended: Direct
            0:10 agent 2000 calls 13900139000
                   ? phone 2000 calls 139****9000
            0:10 store: done, 2000 is held by it
                   → dial outside for 60 s, showing 216***0000
            0:15 outside answers
                   → answer caller
                   → bridge caller and outside
                   · the far end answered
            0:20 agent 2000 holds
                   → unbridge
                   → outside hears music
                   · held by 2000
                   ! granted
            0:21 agent 2000 resumes
                   → outside hears no more
                   → bridge caller and outside
                   · taken back
                   ! granted
            0:30 caller hangs up
                   → hang up outside
                   · over: answered, hung up by the caller
                   · 2000 freed, wrap-up 0 s
                   · call ended: Direct
            = 2000 is Available
        "#]],
    );
}

#[test]
fn why_the_public_network_does_not_answer_is_passed_on() {
    check(
        house(),
        "0:00 phone 3000 calls 13900139000
         0:01 outside does not exist
         0:04 caller hears it
         0:10 phone 3000 calls 13900139000
         0:11 outside rings
         2:00",
        expect![[r#"
            0:00 phone 3000 calls 13900139000
                   ? phone 3000 calls 139****9000
            0:00 store: done, no agent is held by it
                   → dial outside for 60 s, showing 216***0001
            0:01 outside does not exist
                   → caller hears [not-in-service]
            0:04 caller hears it
                   → hang up caller, 404
                   · over: unallocated
                   · call ended: Direct
            0:10 phone 3000 calls 13900139000
                   ? phone 3000 calls 139****9000
            0:10 store: done, no agent is held by it
                   → dial outside for 60 s, showing 216***0001
            0:11 outside rings
                   → tell caller that it rings
                   · it rings there
            1:10 time
                   → hang up outside
                   → caller hears [no-answer]
            1:25 time
                   → hang up caller, 480
                   · over: noanswer
                   · call ended: Direct
        "#]],
    );
}

#[test]
fn who_may_not_call_outside_hears_so() {
    check(
        house(),
        "0:00 phone 3001 calls 13900139000
         0:03 caller hears it
         0:10 phone 3000 calls 004930901820
         0:11 caller hangs up",
        expect![[r#"
            0:00 phone 3001 calls 13900139000
                   → caller hears [number-not-called]
            0:03 caller hears it
                   → hang up caller, 403
            0:10 phone 3000 calls 004930901820
                   → caller hears [number-not-called]
            0:11 caller hangs up
        "#]],
    );
}

#[test]
fn a_number_in_another_call_of_ours_is_busy() {
    check(
        house(),
        "agent 2001 is free
         0:00 caller rings
         0:03 agent 2001 answers
         from here
         0:20 phone 3000 calls 13800138000",
        expect![[r#"
            0:20 phone 3000 calls 13800138000
                   ? phone 3000 calls 138****8000
            0:20 store: refused, this number is in another call of ours: wait until that has ended
                   → caller hears [line-busy]
            = 2001 is Talking
        "#]],
    );
}

#[test]
fn the_emergency_services_are_called_whatever_the_store_does() {
    check(
        house(),
        "agent 2000 is free
         store fails
         0:00 agent 2000 calls 110
         0:02 outside answers
         0:03 store holds
         0:05 outside presses hold
         0:06 outside presses resume
         0:07 store works
         0:10 outside presses hold
         0:30 caller hangs up",
        expect![[r#"
            0:00 agent 2000 is free
            0:00 store fails
            0:00 agent 2000 calls 110
                   → dial outside for 300 s, showing 216***0000
                   ? phone 2000 calls the emergency services
            0:00 store: failed
            0:02 time
                   ? phone 2000 calls the emergency services
            0:02 store: failed
            0:02 outside answers
                   → answer caller
                   → bridge caller and outside
            0:03 store holds
            0:04 time
                   ? phone 2000 calls the emergency services
            0:05 outside presses hold
                   → unbridge
                   → caller hears music
            0:06 outside presses resume
                   → caller hears no more
                   → bridge caller and outside
            0:07 store works
            0:07 store: done, 2000 is held by it
                   · the far end answered
            0:10 outside presses hold
                   → unbridge
                   → caller hears music
                   · held
            0:30 caller hangs up
                   → hang up outside
                   · over: answered, hung up by the caller
                   · 2000 freed, wrap-up 0 s
                   · call ended: Direct
            = 2000 is Available
        "#]],
    );
}

#[test]
fn an_emergency_call_that_ended_before_the_store_was_back_is_written_down() {
    check(
        house(),
        "agent 2000 is free
         store fails
         0:00 agent 2000 calls 120
         0:01 outside plays something
         0:02 caller hangs up
         0:03 store works
         store holds
         1:00 phone 3001 calls 119
         1:01 outside answers
         1:10 outside hangs up
         1:11 store works",
        expect![[r#"
            0:00 agent 2000 is free
            0:00 store fails
            0:00 agent 2000 calls 120
                   → dial outside for 300 s, showing 216***0000
                   ? phone 2000 calls the emergency services
            0:00 store: failed
            0:01 outside plays something
                   → bridge caller and outside
            0:02 time
                   ? phone 2000 calls the emergency services
            0:02 store: failed
            0:02 caller hangs up
                   → hang up outside
                   · phone 2000 calls the emergency services
                   · over: interrupted, hung up by the caller
                   · call ended: Direct
            0:03 store works
            0:03 store holds
            1:00 phone 3001 calls 119
                   → dial outside for 300 s, showing 216***0000
                   ? phone 3001 calls the emergency services
            1:01 outside answers
                   → answer caller
                   → bridge caller and outside
            1:10 outside hangs up
                   → hang up caller
            1:11 store works
            1:11 store: done, no agent is held by it
                   · the far end answered
                   · over: answered, hung up by the called
                   · call ended: Direct
            = 2000 is Available
        "#]],
    );
}

#[test]
fn an_engine_that_restarts_ends_direct_calls() {
    check(
        house(),
        "agent 2000 is free
         0:00 agent 2000 calls 13900139000
         0:05 outside answers
         0:20 engine restarts
         0:30 agent 2000 calls 3000
         0:35 engine restarts",
        expect![[r#"
            0:00 agent 2000 is free
            0:00 agent 2000 calls 13900139000
                   ? phone 2000 calls 139****9000
            0:00 store: done, 2000 is held by it
                   → dial outside for 60 s, showing 216***0000
            0:05 outside answers
                   → answer caller
                   → bridge caller and outside
                   · the far end answered
            0:20 engine restarts
                   → hang up outside
                   · over: answered
                   · 2000 freed, wrap-up 0 s
                   · cut off by us, customer of support: Talking
                   · call ended: CutOff
            0:30 agent 2000 calls 3000
                   ? call arrived from phone 2000
            0:30 store: done, 2000 is held by it
                   ? phone 3000 is rung
            0:30 store: done, no agent is held by it
                   → dial phone 3000 for 60 s, showing Desk 2000 2000
            0:35 engine restarts
                   → hang up caller, 503
                   · phone 3000 failed: Lost
                   · 2000 freed, wrap-up 0 s
                   · call ended: Missed
            = 2000 is Available
            = list: CutOff of 139****9000 for support, place 0:00, waiting
        "#]],
    );
}
