//! An agent calls back, agent first (AT-11, AT-12).

use expect_test::expect;
use nohold_model::{AgentKey, Language};

use crate::stage::check;
use crate::stage::house::{house, key, with_queue};

#[test]
fn the_agents_phone_rings_first_and_both_talk() {
    check(
        house(),
        "agent 2000 is free
         0:00 agent 2000 calls back
         0:03 agent 2000 answers
         0:10 customer rings
         0:12 customer answers
         0:20 agent 2000 holds
         0:25 agent 2000 resumes
         1:12 customer hangs up
         agent 2000 hangs up
         customer hangs up",
        expect![[r#"
            0:00 agent 2000 is free
            0:00 agent 2000 calls back
                   → dial agent 2000 for 20 s, showing 138****8000
            0:03 agent 2000 answers
                   → agent 2000 hears [whisper-callback] 8000
                   ? attempt to reach 138****8000
            0:03 store: attempt begun
                   → dial customer for 30 s, showing 216***0000
            0:10 customer rings
                   · it rings there
            0:12 customer answers
                   → agent 2000 hears no more
                   → bridge agent 2000 and customer
                   · attempt answered
                   · connected with 2000
            0:20 agent 2000 holds
                   → unbridge
                   → customer hears music
                   · held by 2000
                   ! granted
            0:25 agent 2000 resumes
                   → customer hears no more
                   → bridge agent 2000 and customer
                   · taken back
                   ! granted
            1:12 customer hangs up
                   → hang up agent 2000
                   · served by 2000
                   · talked for 60 s
                   · 2000 freed, wrap-up 10 s
                   · call ended: Callback
            1:12 agent 2000 hangs up
            1:12 customer hangs up
            = 2000 is WrapUp
            = list: Missed of 138****8000 for support, place 0:00, outcome to be noted, attempts 1
        "#]],
    );
}

#[test]
fn where_the_agent_does_not_answer_nothing_is_counted() {
    check(
        house(),
        "agent 2000 is free
         0:00 agent 2000 calls back
         0:21",
        expect![[r#"
            0:00 agent 2000 is free
            0:00 agent 2000 calls back
                   → dial agent 2000 for 20 s, showing 138****8000
            0:20 time
                   → hang up agent 2000
                   · callback dropped, nothing counted: NoAnswer
                   · 2000 freed, wrap-up 0 s
                   · call ended: Callback
            = 2000 is Available
            = list: Missed of 138****8000 for support, place 0:00, waiting
        "#]],
    );
}

#[test]
fn where_the_agents_phone_is_unreachable_nothing_is_counted() {
    check(
        house(),
        "agent 2000 is free
         0:00 agent 2000 calls back
         0:01 agent 2000 is unreachable",
        expect![[r#"
            0:00 agent 2000 is free
            0:00 agent 2000 calls back
                   → dial agent 2000 for 20 s, showing 138****8000
            0:01 agent 2000 is unreachable
                   · callback dropped, nothing counted: Unreachable
                   · 2000 freed, wrap-up 0 s
                   · call ended: Callback
            = 2000 is Available
            = list: Missed of 138****8000 for support, place 0:00, waiting
        "#]],
    );
}

#[test]
fn a_customer_who_is_busy() {
    check(
        house(),
        "agent 2000 is free
         0:00 agent 2000 calls back
         0:03 agent 2000 answers
         0:10 customer is busy",
        expect![[r#"
            0:00 agent 2000 is free
            0:00 agent 2000 calls back
                   → dial agent 2000 for 20 s, showing 138****8000
            0:03 agent 2000 answers
                   → agent 2000 hears [whisper-callback] 8000
                   ? attempt to reach 138****8000
            0:03 store: attempt begun
                   → dial customer for 30 s, showing 216***0000
            0:10 customer is busy
                   → hang up agent 2000
                   · attempt ended: Busy
                   · 2000 freed, wrap-up 0 s
                   · call ended: Callback
            = 2000 is Available
            = list: Missed of 138****8000 for support, place 0:00, waiting, attempts 1
        "#]],
    );
}

#[test]
fn a_customer_who_does_not_answer() {
    check(
        house(),
        "agent 2000 is free
         0:00 agent 2000 calls back
         0:03 agent 2000 answers
         0:34
         customer answers",
        expect![[r#"
            0:00 agent 2000 is free
            0:00 agent 2000 calls back
                   → dial agent 2000 for 20 s, showing 138****8000
            0:03 agent 2000 answers
                   → agent 2000 hears [whisper-callback] 8000
                   ? attempt to reach 138****8000
            0:03 store: attempt begun
                   → dial customer for 30 s, showing 216***0000
            0:33 time
                   → hang up customer
                   → hang up agent 2000
                   · attempt ended: NoAnswer
                   · 2000 freed, wrap-up 0 s
                   · call ended: Callback
            0:34 customer answers
            = 2000 is Available
            = list: Missed of 138****8000 for support, place 0:00, waiting, attempts 1
        "#]],
    );
}

#[test]
fn a_customer_who_refuses() {
    check(
        house(),
        "agent 2000 is free
         0:00 agent 2000 calls back
         0:03 agent 2000 answers
         0:09 customer declines",
        expect![[r#"
            0:00 agent 2000 is free
            0:00 agent 2000 calls back
                   → dial agent 2000 for 20 s, showing 138****8000
            0:03 agent 2000 answers
                   → agent 2000 hears [whisper-callback] 8000
                   ? attempt to reach 138****8000
            0:03 store: attempt begun
                   → dial customer for 30 s, showing 216***0000
            0:09 customer declines
                   → hang up agent 2000
                   · attempt ended: Refused
                   · 2000 freed, wrap-up 0 s
                   · call ended: Callback
            = 2000 is Available
            = list: Missed of 138****8000 for support, place 0:00, waiting, attempts 1
        "#]],
    );
}

#[test]
fn a_number_that_is_not_in_use() {
    check(
        house(),
        "agent 2000 is free
         0:00 agent 2000 calls back
         0:03 agent 2000 answers
         0:09 customer does not exist",
        expect![[r#"
            0:00 agent 2000 is free
            0:00 agent 2000 calls back
                   → dial agent 2000 for 20 s, showing 138****8000
            0:03 agent 2000 answers
                   → agent 2000 hears [whisper-callback] 8000
                   ? attempt to reach 138****8000
            0:03 store: attempt begun
                   → dial customer for 30 s, showing 216***0000
            0:09 customer does not exist
                   → hang up agent 2000
                   · attempt ended: Unallocated
                   · 2000 freed, wrap-up 0 s
                   · call ended: Callback
            = 2000 is Available
            = list: Missed of 138****8000 for support, place 0:00, Closed { reason: Unreachable, at: 1772416809000ms }, attempts 1
        "#]],
    );
}

#[test]
fn an_agent_who_has_gone_before_the_commit_sends_nothing() {
    check(
        house(),
        "agent 2000 is free
         0:00 agent 2000 calls back
         store holds
         0:03 agent 2000 answers
         0:04 agent 2000 hangs up
         0:05 store commits
         store works",
        expect![[r#"
            0:00 agent 2000 is free
            0:00 agent 2000 calls back
                   → dial agent 2000 for 20 s, showing 138****8000
            0:00 store holds
            0:03 agent 2000 answers
                   → agent 2000 hears [whisper-callback] 8000
                   ? attempt to reach 138****8000
            0:04 agent 2000 hangs up
            0:05 store commits
            0:05 store: attempt begun
                   · attempt ended: Interrupted, not sent
                   · 2000 freed, wrap-up 0 s
                   · call ended: Callback
            0:05 store works
            = 2000 is Available
            = list: Missed of 138****8000 for support, place 0:00, waiting
        "#]],
    );
}

#[test]
fn an_agent_who_has_gone_before_the_store_fails_leaves_nothing() {
    check(
        house(),
        "agent 2000 is free
         0:00 agent 2000 calls back
         store holds
         0:03 agent 2000 answers
         0:04 agent 2000 ends it
         0:05 store fails
         store works",
        expect![[r#"
            0:00 agent 2000 is free
            0:00 agent 2000 calls back
                   → dial agent 2000 for 20 s, showing 138****8000
            0:00 store holds
            0:03 agent 2000 answers
                   → agent 2000 hears [whisper-callback] 8000
                   ? attempt to reach 138****8000
            0:04 agent 2000 ends it
                   → hang up agent 2000
            0:05 store fails
            0:05 store: failed
                   · callback dropped, nothing counted: NotSaved
                   · 2000 freed, wrap-up 0 s
                   · call ended: Callback
            0:05 store works
            = 2000 is Available
            = list: Missed of 138****8000 for support, place 0:00, waiting
        "#]],
    );
}

#[test]
fn an_attempt_that_the_store_cannot_keep_is_not_made() {
    check(
        house(),
        "agent 2000 is free
         0:00 agent 2000 calls back
         store fails
         0:03 agent 2000 answers
         store works",
        expect![[r#"
            0:00 agent 2000 is free
            0:00 agent 2000 calls back
                   → dial agent 2000 for 20 s, showing 138****8000
            0:00 store fails
            0:03 agent 2000 answers
                   → agent 2000 hears [whisper-callback] 8000
                   ? attempt to reach 138****8000
            0:03 store: failed
                   → hang up agent 2000
                   · callback dropped, nothing counted: NotSaved
                   · 2000 freed, wrap-up 0 s
                   · call ended: Callback
            0:03 store works
            = 2000 is Available
            = list: Missed of 138****8000 for support, place 0:00, waiting
        "#]],
    );
}

#[test]
fn an_attempt_that_is_refused_is_not_made() {
    check(
        house(),
        "agent 2000 is free
         10:59:58 agent 2000 calls back
         11:00:01 agent 2000 answers",
        expect![[r#"
            0:00 agent 2000 is free
            10:59:58 agent 2000 calls back
                   → dial agent 2000 for 20 s, showing 138****8000
            11:00:01 agent 2000 answers
                   → agent 2000 hears [whisper-callback] 8000
                   ? attempt to reach 138****8000
            11:00:01 store: refused, it is outside 08:00-21:00 at the customer's place (Asia/Shanghai): dial from 2026-03-03 08:00 (Asia/Shanghai) on, or let a supervisor override it
                   → hang up agent 2000
                   · callback dropped, nothing counted: Hour
                   · 2000 freed, wrap-up 0 s
                   · call ended: Callback
            = 2000 is Available
            = list: Missed of 138****8000 for support, place 10:59:58, waiting
        "#]],
    );
}

#[test]
fn an_agent_who_hangs_up_while_it_rings_cancels_the_dial() {
    check(
        house(),
        "agent 2000 is free
         0:00 agent 2000 calls back
         0:03 agent 2000 answers
         0:09 agent 2000 hangs up
         customer hangs up",
        expect![[r#"
            0:00 agent 2000 is free
            0:00 agent 2000 calls back
                   → dial agent 2000 for 20 s, showing 138****8000
            0:03 agent 2000 answers
                   → agent 2000 hears [whisper-callback] 8000
                   ? attempt to reach 138****8000
            0:03 store: attempt begun
                   → dial customer for 30 s, showing 216***0000
            0:09 agent 2000 hangs up
                   → hang up customer
                   · attempt ended: Interrupted
                   · 2000 freed, wrap-up 0 s
                   · call ended: Callback
            0:09 customer hangs up
            = 2000 is Available
            = list: Missed of 138****8000 for support, place 0:00, waiting, attempts 1
        "#]],
    );
}

#[test]
fn a_line_that_breaks_within_30_seconds_leaves_the_entry_open() {
    check(
        house(),
        "agent 2000 is free
         0:00 agent 2000 calls back
         0:03 agent 2000 answers
         0:10 customer answers
         from here
         0:35 customer hangs up",
        expect![[r#"
            0:35 customer hangs up
                   → hang up agent 2000
                   · talked for 25 s, broken
                   · 2000 freed, wrap-up 10 s
                   · call ended: Callback
            = 2000 is WrapUp
            = list: Missed of 138****8000 for support, place 0:00, outcome to be noted, broken, attempts 1
        "#]],
    );
}

#[test]
fn a_line_that_is_lost_later_is_broken_too() {
    check(
        house(),
        "agent 2000 is free
         0:00 agent 2000 calls back
         0:03 agent 2000 answers
         0:10 customer answers
         from here
         2:35 agent 2000 is lost
         agent 2000 ends it",
        expect![[r#"
            2:35 agent 2000 is lost
                   → hang up customer
                   · talked for 145 s, broken
                   · 2000 freed, wrap-up 0 s
                   · call ended: Callback
            2:35 agent 2000 ends it
            = 2000 is Available
            = list: Missed of 138****8000 for support, place 0:00, waiting, attempts 1
        "#]],
    );
}

#[test]
fn who_hangs_up_on_an_agent_whose_phone_is_away_still_waits_for_a_call() {
    check(
        house(),
        "agent 2000 is free
         0:00 agent 2000 calls back
         0:03 agent 2000 answers
         0:10 customer answers
         from here
         0:43 agent 2000 goes away
         0:49 customer hangs up",
        expect![[r#"
            0:43 agent 2000 goes away
            0:49 customer hangs up
                   → hang up agent 2000
                   · talked for 39 s, broken
                   · 2000 freed, wrap-up 0 s
                   · call ended: Callback
            = 2000 is Available
            = list: Missed of 138****8000 for support, place 0:00, waiting, attempts 1
        "#]],
    );
}

#[test]
fn the_agent_hears_the_whisper_then_that_it_rings() {
    check(
        house(),
        "agent 2000 is free
         0:00 agent 2000 calls back
         0:03 agent 2000 answers
         0:04 customer rings
         0:05 agent 2000 hears it
         0:12 customer answers
         0:20 customer presses hold
         0:25 customer presses resume
         1:00 customer hangs up",
        expect![[r#"
            0:00 agent 2000 is free
            0:00 agent 2000 calls back
                   → dial agent 2000 for 20 s, showing 138****8000
            0:03 agent 2000 answers
                   → agent 2000 hears [whisper-callback] 8000
                   ? attempt to reach 138****8000
            0:03 store: attempt begun
                   → dial customer for 30 s, showing 216***0000
            0:04 customer rings
                   · it rings there
            0:05 agent 2000 hears it
                   → agent 2000 hears ringback
            0:12 customer answers
                   → agent 2000 hears no more
                   → bridge agent 2000 and customer
                   · attempt answered
                   · connected with 2000
            0:20 customer presses hold
                   → unbridge
                   → agent 2000 hears music
                   · held
            0:25 customer presses resume
                   → agent 2000 hears no more
                   → bridge agent 2000 and customer
                   · taken back
            1:00 customer hangs up
                   → hang up agent 2000
                   · served by 2000
                   · talked for 48 s
                   · 2000 freed, wrap-up 10 s
                   · call ended: Callback
            = 2000 is WrapUp
            = list: Missed of 138****8000 for support, place 0:00, outcome to be noted, attempts 1
        "#]],
    );
}

#[test]
fn what_the_network_says_before_the_answer_is_heard_by_the_agent() {
    check(
        house(),
        "agent 2000 is free
         0:00 agent 2000 calls back
         0:03 agent 2000 answers
         0:04 customer plays something
         0:10 customer rings
         0:14 customer does not exist",
        expect![[r#"
            0:00 agent 2000 is free
            0:00 agent 2000 calls back
                   → dial agent 2000 for 20 s, showing 138****8000
            0:03 agent 2000 answers
                   → agent 2000 hears [whisper-callback] 8000
                   ? attempt to reach 138****8000
            0:03 store: attempt begun
                   → dial customer for 30 s, showing 216***0000
            0:04 customer plays something
                   → agent 2000 hears no more
                   → bridge agent 2000 and customer
            0:10 customer rings
                   · it rings there
            0:14 customer does not exist
                   → hang up agent 2000
                   · attempt ended: Unallocated
                   · 2000 freed, wrap-up 0 s
                   · call ended: Callback
            = 2000 is Available
            = list: Missed of 138****8000 for support, place 0:00, Closed { reason: Unreachable, at: 1772416814000ms }, attempts 1
        "#]],
    );
}

#[test]
fn an_announcement_that_ends_in_an_answer_stays_one_conversation() {
    check(
        house(),
        "agent 2000 is free
         0:00 agent 2000 calls back
         0:03 agent 2000 answers
         0:04 agent 2000 hears it
         0:05 customer rings
         0:06 customer plays something
         0:08 customer answers
         0:20 agent 2000 ends it",
        expect![[r#"
            0:00 agent 2000 is free
            0:00 agent 2000 calls back
                   → dial agent 2000 for 20 s, showing 138****8000
            0:03 agent 2000 answers
                   → agent 2000 hears [whisper-callback] 8000
                   ? attempt to reach 138****8000
            0:03 store: attempt begun
                   → dial customer for 30 s, showing 216***0000
            0:04 agent 2000 hears it
            0:05 customer rings
                   → agent 2000 hears ringback
                   · it rings there
            0:06 customer plays something
                   → agent 2000 hears no more
                   → bridge agent 2000 and customer
            0:08 customer answers
                   · attempt answered
                   · connected with 2000
            0:20 agent 2000 ends it
                   → hang up agent 2000
                   → hang up customer
                   · talked for 12 s, broken
                   · 2000 freed, wrap-up 10 s
                   · call ended: Callback
            = 2000 is WrapUp
            = list: Missed of 138****8000 for support, place 0:00, outcome to be noted, broken, attempts 1
        "#]],
    );
}

#[test]
fn the_agent_hears_whom_we_call_from_which_queue_and_since_when_in_the_own_language() {
    let mut house = with_queue(|queue| queue.whisper = Some(key("whisper")));
    house.agents.get_mut(&key::<AgentKey>("2002")).unwrap().language = Some(Language::Chinese);
    check(
        house,
        "0:00 caller rings
         1:02 caller presses 2
         1:10 caller hangs up
         agent 2002 is not ready
         21:00
         from here
         agent 2002 calls back
         21:02 agent 2002 answers",
        expect![[r#"
            21:00 agent 2002 calls back
                   → dial agent 2002 for 20 s, showing 138****8000
            21:02 agent 2002 answers
                   → agent 2002 hears in Chinese [whisper-callback] 8000 [whisper] 600 [whisper-asked] under 21 min
                   ? attempt to reach 138****8000
            21:02 store: attempt begun
                   → dial customer for 30 s, showing 216***0000
            = 2002 is Reserved
            = list: Requests of 138****8000 for support/support-b, place 0:00, Attempting { agent: 2002, call: call_01KJP5JKQ0001YAK7Y04QQPDGQ }, attempts 1
        "#]],
    );
}
