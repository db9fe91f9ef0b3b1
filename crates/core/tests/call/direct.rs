//! Calls from one phone of ours to another.

use expect_test::expect;
use nohold_core::directory::{Directory, InboundTarget};

use crate::stage::check;
use crate::stage::house::{house, key, unanswered};

/// The house whose phone has somewhere for callers to go whom nobody answers.
fn with_unanswered(phone: &str, target: InboundTarget) -> Directory {
    let mut house = house();
    unanswered(&mut house, phone, target);
    house
}

/// The phones 3000 and 3001 name each other for callers whom nobody answers.
fn in_a_circle() -> Directory {
    let mut house = with_unanswered("3000", InboundTarget::Extension(key("3001")));
    unanswered(&mut house, "3001", InboundTarget::Extension(key("3000")));
    house
}

#[test]
fn two_agents_talk_and_both_are_talking() {
    check(
        house(),
        "agent 2000 is free
         agent 2001 is free
         0:00 agent 2000 calls 2001
         0:01 agent 2001 rings
         0:04 agent 2001 answers
         0:30 caller hangs up",
        expect![[r#"
            0:00 agent 2000 is free
            0:00 agent 2001 is free
            0:00 agent 2000 calls 2001
                   ? call arrived from phone 2000
            0:00 store: done, 2000 is held by it
                   ? phone 2001 is rung
            0:00 store: done, 2001 is held by it
                   → dial agent 2001 for 60 s, showing Desk 2000 2000
            0:01 agent 2001 rings
                   → tell caller that it rings
            0:04 agent 2001 answers
                   → answer caller
                   → bridge caller and agent 2001
                   · phone answered
            0:30 caller hangs up
                   → hang up agent 2001
                   · 2001 freed, wrap-up 0 s
                   · 2000 freed, wrap-up 0 s
                   · call ended: Served
            = 2000 is Available
            = 2001 is Available
        "#]],
    );
}

#[test]
fn whoever_holds_by_the_own_phone_lets_the_other_hear_music() {
    check(
        house(),
        "agent 2000 is free
         agent 2001 is free
         0:00 agent 2000 calls 2001
         0:04 agent 2001 answers
         from here
         0:10 agent 2001 presses hold
         0:12 caller presses hold
         0:14 agent 2001 presses resume
         0:16 caller presses resume
         0:18 agent 2000 holds
         0:19 agent 2000 resumes
         0:30 agent 2001 hangs up",
        expect![[r#"
            0:10 agent 2001 presses hold
                   → unbridge
                   → caller hears music
                   · held by 2001
                   · held by 2001
            0:12 caller presses hold
                   → agent 2001 hears music
                   · held by 2000 and 2001
                   · held by 2000 and 2001
            0:14 agent 2001 presses resume
                   → caller hears no more
                   · held by 2000
                   · held by 2000
            0:16 caller presses resume
                   → agent 2001 hears no more
                   → bridge caller and agent 2001
                   · taken back
                   · taken back
            0:18 agent 2000 holds
                   → unbridge
                   → agent 2001 hears music
                   · held by 2000
                   · held by 2000
                   ! granted
            0:19 agent 2000 resumes
                   → agent 2001 hears no more
                   → bridge caller and agent 2001
                   · taken back
                   · taken back
                   ! granted
            0:30 agent 2001 hangs up
                   → hang up caller
                   · 2001 freed, wrap-up 0 s
                   · 2000 freed, wrap-up 0 s
                   · call ended: Served
            = 2000 is Available
            = 2001 is Available
        "#]],
    );
}

#[test]
fn of_two_colleagues_whoever_holds_at_the_desk_lets_the_other_hear_music() {
    check(
        house(),
        "agent 2000 is free
         agent 2001 is free
         0:00 agent 2000 calls 2001
         0:02 agent 2001 holds
         0:04 agent 2001 answers
         from here
         0:10 agent 2001 holds
         0:12 agent 2000 resumes
         0:14 agent 2001 resumes
         0:16 agent 2000 holds
         0:18 agent 2002 resumes
         0:20 agent 2000 resumes
         0:30 agent 2001 hangs up",
        expect![[r#"
            0:10 agent 2001 holds
                   → unbridge
                   → caller hears music
                   · held by 2001
                   · held by 2001
                   ! granted
            0:12 agent 2000 resumes
                   ! granted
            0:14 agent 2001 resumes
                   → caller hears no more
                   → bridge caller and agent 2001
                   · taken back
                   · taken back
                   ! granted
            0:16 agent 2000 holds
                   → unbridge
                   → agent 2001 hears music
                   · held by 2000
                   · held by 2000
                   ! granted
            0:18 agent 2002 resumes
                   ! refused, there is no conversation of this agent in which that could be done
            0:20 agent 2000 resumes
                   → agent 2001 hears no more
                   → bridge caller and agent 2001
                   · taken back
                   · taken back
                   ! granted
            0:30 agent 2001 hangs up
                   → hang up caller
                   · 2001 freed, wrap-up 0 s
                   · 2000 freed, wrap-up 0 s
                   · call ended: Served
            = 2000 is Available
            = 2001 is Available
        "#]],
    );
}

#[test]
fn what_a_phone_plays_before_it_answers_is_early_media() {
    check(
        house(),
        "0:00 phone 3001 calls 3000
         0:01 phone 3000 rings
         0:02 phone 3000 plays something
         0:04 phone 3000 answers
         0:30 phone 3000 hangs up",
        expect![[r#"
            0:00 phone 3001 calls 3000
                   ? call arrived from phone 3001
            0:00 store: done, no agent is held by it
                   ? phone 3000 is rung
            0:00 store: done, no agent is held by it
                   → dial phone 3000 for 60 s, showing Desk 3001 3001
            0:01 phone 3000 rings
                   → tell caller that it rings
            0:02 phone 3000 plays something
                   → bridge caller and phone 3000
            0:04 phone 3000 answers
                   → answer caller
                   · phone answered
            0:30 phone 3000 hangs up
                   → hang up caller
                   · call ended: Served
        "#]],
    );
}

#[test]
fn an_agent_who_is_not_signed_in_is_rung_and_has_no_state() {
    check(
        house(),
        "0:00 phone 3000 calls 2001
         0:04 agent 2001 answers
         0:30 caller hangs up",
        expect![[r#"
            0:00 phone 3000 calls 2001
                   ? call arrived from phone 3000
            0:00 store: done, no agent is held by it
                   ? phone 2001 is rung
            0:00 store: done, no agent is held by it
                   → dial agent 2001 for 60 s, showing Desk 3000 3000
            0:04 agent 2001 answers
                   → answer caller
                   → bridge caller and agent 2001
                   · phone answered
            0:30 caller hangs up
                   → hang up agent 2001
                   · call ended: Served
        "#]],
    );
}

#[test]
fn an_agent_who_is_not_ready_is_rung_and_stays_not_ready() {
    check(
        house(),
        "agent 2001 is not ready
         0:00 phone 3000 calls 2001
         0:01 agent 2001 rings
         1:00",
        expect![[r#"
            0:00 agent 2001 is not ready
            0:00 phone 3000 calls 2001
                   ? call arrived from phone 3000
            0:00 store: done, no agent is held by it
                   ? phone 2001 is rung
            0:00 store: done, 2001 is held by it
                   → dial agent 2001 for 60 s, showing Desk 3000 3000
            0:01 agent 2001 rings
                   → tell caller that it rings
            1:00 time
                   → hang up agent 2001
                   → hang up caller, 480
                   · phone 2001 failed: NoAnswer
                   · call ended: Missed
            = 2001 is NotReady
        "#]],
    );
}

#[test]
fn an_agent_in_a_conversation_is_busy() {
    check(
        house(),
        "agent 2001 is free
         0:00 caller rings
         0:03 agent 2001 answers
         from here
         0:20 phone 3000 calls 2001",
        expect![[r#"
            0:20 phone 3000 calls 2001
                   ? call arrived from phone 3000
            0:20 store: done, no agent is held by it
                   ? phone 2001 is rung
            0:20 store: refused, not possible in the agent's present state
                   → hang up caller, busy
                   · phone 2001 failed: Busy
                   · call ended: Missed
            = 2001 is Talking
        "#]],
    );
}

#[test]
fn a_second_call_of_an_agent_is_part_of_the_first() {
    check(
        house(),
        "agent 2000 is free
         0:00 caller rings
         0:03 agent 2000 answers
         from here
         0:20 agent 2000 calls 3000
         0:24 phone 3000 answers
         0:40 caller hangs up",
        expect![[r#"
            0:20 agent 2000 calls 3000
                   ? call arrived from phone 2000
            0:20 store: done, no agent is held by it
                   ? phone 3000 is rung
            0:20 store: done, no agent is held by it
                   → dial phone 3000 for 60 s, showing Desk 2000 2000
            0:24 phone 3000 answers
                   → answer caller
                   → bridge caller and phone 3000
                   · phone answered
            0:40 caller hangs up
                   → hang up phone 3000
                   · call ended: Served
            = 2000 is Talking
        "#]],
    );
}

#[test]
fn the_own_number_is_busy() {
    check(
        house(),
        "0:00 phone 3000 calls 3000",
        expect![[r#"
            0:00 phone 3000 calls 3000
                   ? call arrived from phone 3000
            0:00 store: done, no agent is held by it
                   → hang up caller, busy
                   · call ended: Missed
        "#]],
    );
}

#[test]
fn a_phone_that_is_busy_or_refuses_or_is_gone_says_so() {
    check(
        house(),
        "0:00 phone 3001 calls 3000
         0:01 phone 3000 is busy
         from here
         1:00 phone 3001 calls 3000
         1:01 phone 3000 is unreachable
         from here
         2:00 phone 3001 calls 3000
         2:01 phone 3000 rings
         4:00",
        expect![[r#"
            2:00 phone 3001 calls 3000
                   ? call arrived from phone 3001
            2:00 store: done, no agent is held by it
                   ? phone 3000 is rung
            2:00 store: done, no agent is held by it
                   → dial phone 3000 for 60 s, showing Desk 3001 3001
            2:01 phone 3000 rings
                   → tell caller that it rings
            3:00 time
                   → hang up phone 3000
                   → hang up caller, 480
                   · phone 3000 failed: NoAnswer
                   · call ended: Missed
        "#]],
    );
}

#[test]
fn nobody_answers_and_the_colleague_goes_on_to_the_queue() {
    check(
        with_unanswered("3000", InboundTarget::Queue(key("600"))),
        "0:00 agent 2001 calls 3000
         0:01 phone 3000 rings
         0:20
         0:30 agent 2000 is free
         0:33 agent 2000 answers
         1:00 caller hangs up",
        expect![[r#"
            0:00 agent 2001 calls 3000
                   ? call arrived from phone 2001
            0:00 store: done, no agent is held by it
                   ? phone 3000 is rung
            0:00 store: done, no agent is held by it
                   → dial phone 3000 for 20 s, showing Desk 2001 2001
            0:01 phone 3000 rings
                   → tell caller that it rings
            0:20 time
                   → hang up phone 3000
                   → answer caller
                   → caller hears music
                   · phone 3000 failed: NoAnswer
                   · stands in 600, place 0:00, since 0:20, stay 1
            0:30 agent 2000 is free
            0:30 agent 2000 is reserved
                   → dial agent 2000 for 15 s, showing Desk 2001 2001
            0:33 agent 2000 answers
                   → caller hears no more
                   → bridge agent 2000 and caller
                   · offer ended: Accepted
                   · left the line: Answered
                   · connected with 2000
            1:00 caller hangs up
                   → hang up agent 2000
                   · 2000 freed, wrap-up 10 s
                   · call ended: Served
            = 2000 is WrapUp
        "#]],
    );
}

#[test]
fn phones_that_name_each_other_do_not_ring_for_ever() {
    check(
        in_a_circle(),
        "0:00 agent 2001 calls 3000
         0:20
         0:21 phone 3001 declines
         0:22 phone 3000 is busy
         0:23 phone 3001 is unreachable",
        expect![[r#"
            0:00 agent 2001 calls 3000
                   ? call arrived from phone 2001
            0:00 store: done, no agent is held by it
                   ? phone 3000 is rung
            0:00 store: done, no agent is held by it
                   → dial phone 3000 for 20 s, showing Desk 2001 2001
            0:20 time
                   → hang up phone 3000
                   · phone 3000 failed: NoAnswer
                   ? phone 3001 is rung
            0:20 store: done, no agent is held by it
                   → dial phone 3001 for 20 s, showing Desk 2001 2001
            0:21 phone 3001 declines
                   · phone 3001 failed: Refused
                   ? phone 3000 is rung
            0:21 store: done, no agent is held by it
                   → dial phone 3000 for 20 s, showing Desk 2001 2001
            0:22 phone 3000 is busy
                   · phone 3000 failed: Busy
                   ? phone 3001 is rung
            0:22 store: done, no agent is held by it
                   → dial phone 3001 for 20 s, showing Desk 2001 2001
            0:23 phone 3001 is unreachable
                   → hang up caller, busy
                   · phone 3001 failed: Unreachable
                   · call ended: Missed
        "#]],
    );
}

#[test]
fn a_caller_who_gives_up_cancels_the_ring() {
    check(
        house(),
        "agent 2000 is free
         agent 2001 is free
         0:00 agent 2000 calls 2001
         0:01 agent 2001 rings
         0:05 caller hangs up",
        expect![[r#"
            0:00 agent 2000 is free
            0:00 agent 2001 is free
            0:00 agent 2000 calls 2001
                   ? call arrived from phone 2000
            0:00 store: done, 2000 is held by it
                   ? phone 2001 is rung
            0:00 store: done, 2001 is held by it
                   → dial agent 2001 for 60 s, showing Desk 2000 2000
            0:01 agent 2001 rings
                   → tell caller that it rings
            0:05 caller hangs up
                   → hang up agent 2001
                   · 2001 freed, wrap-up 0 s
                   · 2000 freed, wrap-up 0 s
                   · call ended: Missed
            = 2000 is Available
            = 2001 is Available
        "#]],
    );
}

#[test]
fn a_caller_who_gives_up_before_the_commit_leaves_nobody_behind() {
    check(
        house(),
        "agent 2000 is free
         agent 2001 is free
         store holds
         0:00 agent 2000 calls 2001
         0:01 caller hangs up
         0:02 store works
         store holds
         0:10 agent 2000 calls 2001
         0:11 store commits
         0:12 caller hangs up
         0:13 store works",
        expect![[r#"
            0:00 agent 2000 is free
            0:00 agent 2001 is free
            0:00 store holds
            0:00 agent 2000 calls 2001
                   ? call arrived from phone 2000
            0:01 caller hangs up
            0:02 store works
            0:02 store: done, 2000 is held by it
                   · 2000 freed, wrap-up 0 s
                   · call ended: Missed
            0:02 store holds
            0:10 agent 2000 calls 2001
                   ? call arrived from phone 2000
            0:11 store commits
            0:11 store: done, 2000 is held by it
                   ? phone 2001 is rung
            0:12 caller hangs up
                   · 2000 freed, wrap-up 0 s
                   · call ended: Missed
            0:13 store works
            0:13 store: done, 2001 is held by it
            = 2000 is Available
            = 2001 is Available
        "#]],
    );
}

#[test]
fn an_agent_ends_the_direct_call_from_the_desk() {
    check(
        house(),
        "agent 2001 is free
         0:00 phone 3000 calls 2001
         0:04 agent 2001 answers
         from here
         0:10 agent 2001 ends it",
        expect![[r#"
            0:10 agent 2001 ends it
                   → hang up agent 2001
                   → hang up caller
                   · 2001 freed, wrap-up 0 s
                   · call ended: Served
            = 2001 is Available
        "#]],
    );
}

#[test]
fn without_a_store_no_call_begins() {
    check(
        house(),
        "store fails
         0:00 phone 3001 calls 3000
         0:10 phone 3000 calls 13900139000
         0:13 caller hears it",
        expect![[r#"
            0:00 store fails
            0:00 phone 3001 calls 3000
                   ? call arrived from phone 3001
            0:00 store: failed
                   → hang up caller, 503
            0:10 phone 3000 calls 13900139000
                   ? phone 3000 calls 139****9000
            0:10 store: failed
                   → caller hears [no-line]
            0:13 caller hears it
                   → hang up caller, 503
        "#]],
    );
}
