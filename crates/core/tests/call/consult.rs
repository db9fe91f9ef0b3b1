//! An agent consults somebody, completes, swaps, comes back, brings all three together.

use expect_test::expect;

use crate::stage::check;
use crate::stage::house::{house, key, with_queue};

/// A caller who talks with agent 2000, and agent 2001 who may be called.
fn talking(then: &str) -> String {
    format!(
        "agent 2000 is free
         0:00 caller rings
         0:05 agent 2000 answers
         agent 2001 is not ready
         from here
         {then}"
    )
}

#[test]
fn a_colleague_is_consulted_and_takes_over() {
    check(
        house(),
        &talking(
            "0:10 agent 2000 wants to consult agent 2001
             0:11 agent 2001 rings
             0:15 agent 2001 answers
             0:30 agent 2000 wants to complete
             1:00 agent 2001 hangs up",
        ),
        expect![[r#"
            0:10 agent 2000 wants to consult agent 2001
                   ? 2000 consults phone 2001
            0:10 store: done, 2001 is held by it
                   → unbridge
                   → caller hears music
                   → dial agent 2001 for 25 s, showing Desk 2000 2000
                   · held
                   ! granted
            0:11 agent 2001 rings
                   → agent 2000 hears ringback
            0:15 agent 2001 answers
                   → agent 2000 hears no more
                   → bridge agent 2000 and agent 2001
                   · consultation answered
            0:30 agent 2000 wants to complete
                   → hang up agent 2000
                   → unbridge
                   → caller hears no more
                   → bridge agent 2001 and caller
                   · 2000 leaves the customer there
                   · served by 2000
                   · 2000 freed, wrap-up 10 s
                   · connected with 2001
                   ! granted
            1:00 agent 2001 hangs up
                   → hang up caller
                   · served by 2001
                   · 2001 freed, wrap-up 10 s
                   · call ended: Served
            = 2000 is WrapUp
            = 2001 is WrapUp
        "#]],
    );
}

#[test]
fn the_agent_swaps_and_comes_back() {
    check(
        house(),
        &talking(
            "0:10 agent 2000 wants to consult agent 2001
             0:11 agent 2000 wants to swap
             0:15 agent 2001 answers
             0:20 agent 2000 wants to swap
             0:25 agent 2000 wants to swap
             0:30 agent 2000 wants to cancel
             0:40 caller hangs up",
        ),
        expect![[r#"
            0:10 agent 2000 wants to consult agent 2001
                   ? 2000 consults phone 2001
            0:10 store: done, 2001 is held by it
                   → unbridge
                   → caller hears music
                   → dial agent 2001 for 25 s, showing Desk 2000 2000
                   · held
                   ! granted
            0:11 agent 2000 wants to swap
                   ! refused, whoever you call has not answered yet
            0:15 agent 2001 answers
                   → bridge agent 2000 and agent 2001
                   · consultation answered
            0:20 agent 2000 wants to swap
                   → unbridge
                   → caller hears no more
                   → agent 2001 hears music
                   → bridge agent 2000 and caller
                   · together with Customer
                   · taken back
                   ! granted
            0:25 agent 2000 wants to swap
                   → unbridge
                   → caller hears music
                   → agent 2001 hears no more
                   → bridge agent 2000 and agent 2001
                   · together with Target
                   · held
                   ! granted
            0:30 agent 2000 wants to cancel
                   → hang up agent 2001
                   → unbridge
                   → caller hears no more
                   → bridge agent 2000 and caller
                   · consultation ended
                   · taken back
                   ! granted
            0:40 caller hangs up
                   → hang up agent 2000
                   · served by 2000
                   · 2000 freed, wrap-up 10 s
                   · call ended: Served
            = 2000 is WrapUp
            = 2001 is NotReady
        "#]],
    );
}

#[test]
fn whoever_is_consulted_and_does_not_answer_leaves_the_customer_with_the_agent() {
    check(
        house(),
        &talking(
            "0:10 agent 2000 wants to consult agent 2001
             0:11 agent 2001 rings
             0:35
             0:40 agent 2000 wants to consult phone 3000
             0:42 phone 3000 is busy",
        ),
        expect![[r#"
            0:10 agent 2000 wants to consult agent 2001
                   ? 2000 consults phone 2001
            0:10 store: done, 2001 is held by it
                   → unbridge
                   → caller hears music
                   → dial agent 2001 for 25 s, showing Desk 2000 2000
                   · held
                   ! granted
            0:11 agent 2001 rings
                   → agent 2000 hears ringback
            0:35 time
                   → hang up agent 2001
                   → agent 2000 hears no more
                   → caller hears no more
                   → bridge agent 2000 and caller
                   · consultation ended: NoAnswer
                   · taken back
            0:40 agent 2000 wants to consult phone 3000
                   ? 2000 consults phone 3000
            0:40 store: done, no agent is held by it
                   → unbridge
                   → caller hears music
                   → dial phone 3000 for 25 s, showing Desk 2000 2000
                   · held
                   ! granted
            0:42 phone 3000 is busy
                   → caller hears no more
                   → bridge agent 2000 and caller
                   · consultation ended: Busy
                   · taken back
            = 2000 is Talking
            = 2001 is NotReady
        "#]],
    );
}

#[test]
fn an_agent_who_completes_while_it_rings_gets_the_customer_back_where_nobody_answers() {
    check(
        house(),
        &talking(
            "0:10 agent 2000 wants to consult agent 2001
             0:11 agent 2001 rings
             0:15 agent 2000 hangs up
             0:20 agent 2001 declines
             0:25 newest answers",
        ),
        expect![[r#"
            0:10 agent 2000 wants to consult agent 2001
                   ? 2000 consults phone 2001
            0:10 store: done, 2001 is held by it
                   → unbridge
                   → caller hears music
                   → dial agent 2001 for 25 s, showing Desk 2000 2000
                   · held
                   ! granted
            0:11 agent 2001 rings
                   → agent 2000 hears ringback
            0:15 agent 2000 hangs up
                   → caller hears no more
                   → caller hears ringback
                   · 2000 leaves the customer there
                   · 2000 freed, wrap-up 10 s
            0:20 agent 2001 declines
                   → caller hears no more
                   → caller hears music
                   · phone 2001 failed: Refused
                   ? phone 2000 is rung
            0:20 store: done, 2000 is held by it
                   → dial agent 2000 for 25 s, showing 138****8000
            0:25 newest answers
                   → caller hears no more
                   → bridge agent 2000 and caller
                   · connected with 2000
            = 2000 is Talking
            = 2001 is NotReady
        "#]],
    );
}

#[test]
fn all_three_hear_each_other_and_one_after_the_other_leaves() {
    check(
        house(),
        &talking(
            "0:10 agent 2000 wants to consult agent 2001
             0:15 agent 2001 answers
             0:20 agent 2000 wants a conference
             0:25 agent 2000 wants to hold the customer
             0:30 agent 2000 wants back the customer
             0:35 agent 2000 presses hold
             0:40 agent 2000 presses resume
             0:50 agent 2000 hangs up
             1:00 caller hangs up",
        ),
        expect![[r#"
            0:10 agent 2000 wants to consult agent 2001
                   ? 2000 consults phone 2001
            0:10 store: done, 2001 is held by it
                   → unbridge
                   → caller hears music
                   → dial agent 2001 for 25 s, showing Desk 2000 2000
                   · held
                   ! granted
            0:15 agent 2001 answers
                   → bridge agent 2000 and agent 2001
                   · consultation answered
            0:20 agent 2000 wants a conference
                   → unbridge
                   → caller hears no more
                   → conference of agent 2000, caller, agent 2001
                   · together with All
                   · taken back
                   ! granted
            0:25 agent 2000 wants to hold the customer
                   → unbridge
                   → caller hears music
                   → bridge agent 2000 and agent 2001
                   · held
                   ! granted
            0:30 agent 2000 wants back the customer
                   → unbridge
                   → caller hears no more
                   → conference of agent 2000, caller, agent 2001
                   · taken back
                   ! granted
            0:35 agent 2000 presses hold
                   → unbridge
                   → bridge caller and agent 2001
                   · held by 2000
            0:40 agent 2000 presses resume
                   → unbridge
                   → conference of agent 2000, caller, agent 2001
                   · taken back
            0:50 agent 2000 hangs up
                   → unbridge
                   → bridge agent 2001 and caller
                   · 2000 leaves the customer there
                   · served by 2000
                   · 2000 freed, wrap-up 10 s
                   · connected with 2001
            1:00 caller hangs up
                   → hang up agent 2001
                   · 2001 freed, wrap-up 10 s
                   · call ended: Served
            = 2000 is WrapUp
            = 2001 is WrapUp
        "#]],
    );
}

#[test]
fn a_conference_is_recorded_and_a_private_word_is_not() {
    check(
        with_queue(|queue| queue.recording_notice = Some(key("recording-notice"))),
        "agent 2000 is free
         0:00 caller rings
         0:05 agent 2000 answers
         0:08 caller hears it
         agent 2001 is not ready
         from here
         0:10 agent 2000 wants to consult agent 2001
         0:15 agent 2001 answers
         0:20 agent 2000 wants a conference
         0:25 agent 2000 wants to swap
         0:30 agent 2000 wants to cancel",
        expect![[r#"
            0:10 agent 2000 wants to consult agent 2001
                   ? 2000 consults phone 2001
            0:10 store: done, 2001 is held by it
                   → unbridge
                   → caller hears music
                   → dial agent 2001 for 25 s, showing Desk 2000 2000
                   · held
                   ! granted
            0:15 agent 2001 answers
                   → bridge agent 2000 and agent 2001
                   · consultation answered
            0:20 agent 2000 wants a conference
                   → unbridge
                   → caller hears no more
                   → conference of agent 2000, caller, agent 2001
                   → record what they say
                   · together with All
                   · recording began
                   · taken back
                   ! granted
            0:25 agent 2000 wants to swap
                   → unbridge
                   → caller hears music
                   → bridge agent 2000 and agent 2001
                   · together with Target
                   · held
                   ! granted
            0:30 agent 2000 wants to cancel
                   → hang up agent 2001
                   → unbridge
                   → caller hears no more
                   → bridge agent 2000 and caller
                   → record what they say
                   · recording began
                   · consultation ended
                   · taken back
                   ! granted
            = 2000 is Talking
            = 2001 is NotReady
        "#]],
    );
}

#[test]
fn of_a_queue_whoever_is_free_is_consulted() {
    check(
        house(),
        &talking(
            "0:10 agent 2000 wants to consult queue group.support-b
             agent 2002 is free
             0:12 agent 2000 wants to consult queue group.support-b
             0:15 agent 2002 answers
             0:20 agent 2002 hangs up",
        ),
        expect![[r#"
            0:10 agent 2000 wants to consult queue group.support-b
                   ? 2000 consults queue group.support-b
            0:10 store: refused, nobody of this queue is free now: try later, or choose somebody else
                   ! refused, nobody of this queue is free now: try later, or choose somebody else
            0:10 agent 2002 is free
            0:12 agent 2000 wants to consult queue group.support-b
                   ? 2000 consults queue group.support-b
            0:12 store: done, 2002 is held by it
                   → unbridge
                   → caller hears music
                   → dial agent 2002 for 25 s, showing Desk 2000 2000
                   · held
                   ! granted
            0:15 agent 2002 answers
                   → bridge agent 2000 and agent 2002
                   · consultation answered
            0:20 agent 2002 hangs up
                   → unbridge
                   → caller hears no more
                   → bridge agent 2000 and caller
                   · consultation ended: HungUp
                   · taken back
            = 2000 is Talking
            = 2001 is NotReady
            = 2002 is Available
        "#]],
    );
}

#[test]
fn a_number_is_consulted_and_the_network_is_heard() {
    check(
        house(),
        &talking(
            "0:10 agent 2000 wants to consult +8613900139000
             0:12 outside plays something
             0:15 outside answers
             0:30 agent 2000 wants to complete
             0:50 outside hangs up",
        ),
        expect![[r#"
            0:10 agent 2000 wants to consult +8613900139000
                   ? 2000 consults 139****9000
            0:10 store: done, no agent is held by it
                   → unbridge
                   → caller hears music
                   → dial outside for 45 s, showing 216***0000
                   · held
                   ! granted
            0:12 outside plays something
                   → bridge agent 2000 and outside
            0:15 outside answers
                   · consultation answered
            0:30 agent 2000 wants to complete
                   → hang up agent 2000
                   → unbridge
                   → caller hears no more
                   → bridge outside and caller
                   · 2000 leaves the customer there
                   · served by 2000
                   · 2000 freed, wrap-up 10 s
                   ! granted
            0:50 outside hangs up
                   → hang up caller
                   · call ended: Served
            = 2000 is WrapUp
            = 2001 is NotReady
        "#]],
    );
}

#[test]
fn a_customer_who_hangs_up_ends_it_for_all() {
    check(
        house(),
        &talking(
            "0:10 agent 2000 wants to consult agent 2001
             0:15 agent 2001 answers
             0:20 caller hangs up",
        ),
        expect![[r#"
            0:10 agent 2000 wants to consult agent 2001
                   ? 2000 consults phone 2001
            0:10 store: done, 2001 is held by it
                   → unbridge
                   → caller hears music
                   → dial agent 2001 for 25 s, showing Desk 2000 2000
                   · held
                   ! granted
            0:15 agent 2001 answers
                   → bridge agent 2000 and agent 2001
                   · consultation answered
            0:20 caller hangs up
                   → hang up agent 2000
                   → hang up agent 2001
                   · consultation ended
                   · 2000 freed, wrap-up 10 s
                   · call ended: Served
            = 2000 is WrapUp
            = 2001 is NotReady
        "#]],
    );
}

#[test]
fn an_agent_who_is_lost_has_handed_nothing_over() {
    check(
        house(),
        &talking(
            "0:10 agent 2000 wants to consult agent 2001
             0:15 agent 2001 answers
             0:20 agent 2000 is lost",
        ),
        expect![[r#"
            0:10 agent 2000 wants to consult agent 2001
                   ? 2000 consults phone 2001
            0:10 store: done, 2001 is held by it
                   → unbridge
                   → caller hears music
                   → dial agent 2001 for 25 s, showing Desk 2000 2000
                   · held
                   ! granted
            0:15 agent 2001 answers
                   → bridge agent 2000 and agent 2001
                   · consultation answered
            0:20 agent 2000 is lost
                   → unbridge
                   → caller hears no more
                   → hang up agent 2001
                   → caller hears music
                   · consultation ended
                   · 2000 freed, wrap-up 0 s
                   · stands in 600, place 0:00, since 0:20, stay 2, Recovered
            0:20 agent 2000 is reserved
                   → dial agent 2000 for 15 s, showing 138****8000
            = 2000 is Reserved
            = 2001 is NotReady
        "#]],
    );
}

#[test]
fn a_process_that_dies_in_a_consultation_frees_everybody() {
    check(
        house(),
        &talking(
            "0:10 agent 2000 wants to consult +8613900139000
             0:12 engine restarts",
        ),
        expect![[r#"
            0:10 agent 2000 wants to consult +8613900139000
                   ? 2000 consults 139****9000
            0:10 store: done, no agent is held by it
                   → unbridge
                   → caller hears music
                   → dial outside for 45 s, showing 216***0000
                   · held
                   ! granted
            0:12 engine restarts
                   → hang up agent 2000
                   → hang up outside
                   · consultation ended
                   · 2000 freed, wrap-up 10 s
                   · cut off by us, customer of queue 600: Talking
                   · call ended: CutOff
            = 2000 is WrapUp
            = 2001 is NotReady
            = list: CutOff of 138****8000 for queue 600, place 0:00, waiting
        "#]],
    );
}

#[test]
fn whoever_is_consulted_holds_nobody_of_the_conversation() {
    check(
        house(),
        &talking(
            "0:10 agent 2000 wants to consult agent 2001
             0:12 agent 2001 holds
             0:15 agent 2001 answers
             0:20 agent 2001 holds
             0:25 agent 2000 wants a conference
             0:30 agent 2001 holds
             0:35 agent 2001 resumes
             0:40 agent 2000 holds
             0:45 agent 2000 resumes
             0:50 agent 2000 wants to complete
             1:05 caller hangs up",
        ),
        expect![[r#"
            0:10 agent 2000 wants to consult agent 2001
                   ? 2000 consults phone 2001
            0:10 store: done, 2001 is held by it
                   → unbridge
                   → caller hears music
                   → dial agent 2001 for 25 s, showing Desk 2000 2000
                   · held
                   ! granted
            0:12 agent 2001 holds
                   ! refused, there is no conversation of this agent in which that could be done
            0:15 agent 2001 answers
                   → bridge agent 2000 and agent 2001
                   · consultation answered
            0:20 agent 2001 holds
                   ! refused, there is no conversation of this agent in which that could be done
            0:25 agent 2000 wants a conference
                   → unbridge
                   → caller hears no more
                   → conference of agent 2000, caller, agent 2001
                   · together with All
                   · taken back
                   ! granted
            0:30 agent 2001 holds
                   ! refused, there is no conversation of this agent in which that could be done
            0:35 agent 2001 resumes
                   ! refused, there is no conversation of this agent in which that could be done
            0:40 agent 2000 holds
                   → unbridge
                   → bridge caller and agent 2001
                   · held by 2000
                   ! granted
            0:45 agent 2000 resumes
                   → unbridge
                   → conference of agent 2000, caller, agent 2001
                   · taken back
                   ! granted
            0:50 agent 2000 wants to complete
                   → hang up agent 2000
                   → unbridge
                   → bridge agent 2001 and caller
                   · 2000 leaves the customer there
                   · served by 2000
                   · 2000 freed, wrap-up 10 s
                   · connected with 2001
                   ! granted
            1:05 caller hangs up
                   → hang up agent 2001
                   · 2001 freed, wrap-up 10 s
                   · call ended: Served
            = 2000 is WrapUp
            = 2001 is WrapUp
        "#]],
    );
}

#[test]
fn whoever_is_consulted_ends_the_own_part_alone() {
    check(
        house(),
        &talking(
            "0:10 agent 2000 wants to consult agent 2001
             0:12 agent 2001 ends it
             0:30 agent 2000 wants to consult agent 2001
             0:32 agent 2001 answers
             0:35 agent 2000 wants a conference
             0:40 agent 2001 ends it
             1:00 agent 2000 ends it",
        ),
        expect![[r#"
            0:10 agent 2000 wants to consult agent 2001
                   ? 2000 consults phone 2001
            0:10 store: done, 2001 is held by it
                   → unbridge
                   → caller hears music
                   → dial agent 2001 for 25 s, showing Desk 2000 2000
                   · held
                   ! granted
            0:12 agent 2001 ends it
                   → hang up agent 2001
                   → caller hears no more
                   → bridge agent 2000 and caller
                   · consultation ended: Refused
                   · taken back
            0:30 agent 2000 wants to consult agent 2001
                   ? 2000 consults phone 2001
            0:30 store: done, 2001 is held by it
                   → unbridge
                   → caller hears music
                   → dial agent 2001 for 25 s, showing Desk 2000 2000
                   · held
                   ! granted
            0:32 agent 2001 answers
                   → bridge agent 2000 and agent 2001
                   · consultation answered
            0:35 agent 2000 wants a conference
                   → unbridge
                   → caller hears no more
                   → conference of agent 2000, caller, agent 2001
                   · together with All
                   · taken back
                   ! granted
            0:40 agent 2001 ends it
                   → hang up agent 2001
                   → unbridge
                   → bridge agent 2000 and caller
                   · consultation ended: HungUp
            1:00 agent 2000 ends it
                   → hang up agent 2000
                   → hang up caller
                   · served by 2000
                   · 2000 freed, wrap-up 10 s
                   · call ended: Served
            = 2000 is WrapUp
            = 2001 is NotReady
        "#]],
    );
}
