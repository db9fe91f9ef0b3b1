//! An agent hands the customer over: to a colleague, a number, a queue, a flow (AT-27). Nobody is dropped (I-9).

use expect_test::expect;
use nohold_core::directory::InboundTarget;

use crate::stage::check;
use crate::stage::house::{add_flow, house, key, unanswered, with_queue};

/// A caller who talks with agent 2000.
const TALKING: &str = "agent 2000 is free
    0:00 caller rings
    0:05 agent 2000 answers
    from here
    ";

fn talking(then: &str) -> String {
    format!("{TALKING}\n{then}")
}

#[test]
fn a_colleague_takes_over_and_the_agent_is_free_at_once() {
    check(
        house(),
        &talking(
            "agent 2001 is not ready
             0:40 agent 2000 wants to transfer to agent 2001
             0:41 agent 2001 rings
             0:45 agent 2001 answers
             1:30 caller hangs up",
        ),
        expect![[r#"
            0:05 agent 2001 is not ready
            0:40 agent 2000 wants to transfer to agent 2001
                   ? handed over by 2000 to phone 2001, wrap-up 10 s
            0:40 store: done, 2001 is held by it
                   → unbridge
                   → hang up agent 2000
                   → caller hears music
                   → dial agent 2001 for 25 s, showing 138****8000
                   · served by 2000
                   ! granted
            0:41 agent 2001 rings
                   → caller hears ringback
            0:45 agent 2001 answers
                   → caller hears no more
                   → bridge agent 2001 and caller
                   · connected with 2001
            1:30 caller hangs up
                   → hang up agent 2001
                   · served by 2001
                   · 2001 freed, wrap-up 10 s
                   · call ended: Served
            = 2000 is WrapUp
            = 2001 is WrapUp
        "#]],
    );
}

#[test]
fn a_colleague_who_does_not_answer_brings_the_customer_back_to_the_agent() {
    check(
        house(),
        &talking(
            "agent 2001 is not ready
             0:10 agent 2000 wants to transfer to agent 2001
             0:11 agent 2001 rings
             0:36
             0:38 newest answers
             0:50 newest hangs up",
        ),
        expect![[r#"
            0:05 agent 2001 is not ready
            0:10 agent 2000 wants to transfer to agent 2001
                   ? handed over by 2000 to phone 2001, wrap-up 10 s
            0:10 store: done, 2001 is held by it
                   → unbridge
                   → hang up agent 2000
                   → caller hears music
                   → dial agent 2001 for 25 s, showing 138****8000
                   ! granted
            0:11 agent 2001 rings
                   → caller hears ringback
            0:35 time
                   → hang up agent 2001
                   → caller hears no more
                   → caller hears music
                   · phone 2001 failed: NoAnswer
                   ? phone 2000 is rung
            0:35 store: done, 2000 is held by it
                   → dial agent 2000 for 25 s, showing 138****8000
            0:38 newest answers
                   → caller hears no more
                   → bridge agent 2000 and caller
                   · connected with 2000
            0:50 newest hangs up
                   → hang up caller
                   · 2000 freed, wrap-up 10 s
                   · call ended: Served
            = 2000 is WrapUp
            = 2001 is NotReady
        "#]],
    );
}

#[test]
fn where_the_agent_does_not_answer_either_the_customer_is_back_in_the_line() {
    check(
        house(),
        &talking(
            "agent 2001 is not ready
             0:10 agent 2000 wants to transfer to agent 2001
             0:12 agent 2001 declines
             0:15 newest is busy
             0:20 agent 2002 is free
             0:22 agent 2002 answers",
        ),
        expect![[r#"
            0:05 agent 2001 is not ready
            0:10 agent 2000 wants to transfer to agent 2001
                   ? handed over by 2000 to phone 2001, wrap-up 10 s
            0:10 store: done, 2001 is held by it
                   → unbridge
                   → hang up agent 2000
                   → caller hears music
                   → dial agent 2001 for 25 s, showing 138****8000
                   ! granted
            0:12 agent 2001 declines
                   → caller hears no more
                   → caller hears music
                   · phone 2001 failed: Refused
                   ? phone 2000 is rung
            0:12 store: done, 2000 is held by it
                   → dial agent 2000 for 25 s, showing 138****8000
            0:15 newest is busy
                   → caller hears no more
                   → caller hears music
                   · phone 2000 failed: Busy
                   · stands in 600, place 0:00, since 0:15, stay 2
            0:20 agent 2002 is free
            0:20 agent 2002 is reserved
                   → dial agent 2002 for 15 s, showing 138****8000
            0:22 agent 2002 answers
                   → caller hears no more
                   → bridge agent 2002 and caller
                   · offer ended: Accepted
                   · left the line: Answered
                   · connected with 2002
            = 2000 is WrapUp
            = 2001 is NotReady
            = 2002 is Talking
        "#]],
    );
}

#[test]
fn without_a_queue_the_customer_goes_to_where_the_phone_says() {
    let mut house = house();
    unanswered(&mut house, "3000", InboundTarget::Flow(key("after-hours")));
    check(
        house,
        "agent 2001 is free
         0:00 caller rings on +862161230003
         0:03 agent 2001 answers
         0:20 agent 2001 wants to transfer to phone 3000
         0:25 phone 3000 declines
         0:30 newest is unreachable",
        expect![[r#"
            0:00 agent 2001 is free
            0:00 caller rings on +862161230003
                   ? call arrived from 138****8000
            0:00 store: done
                   ? phone 2001 is rung
            0:00 store: done, 2001 is held by it
                   → dial agent 2001 for 25 s, showing 138****8000
            0:03 agent 2001 answers
                   → answer caller
                   → bridge caller and agent 2001
                   · phone answered
            0:20 agent 2001 wants to transfer to phone 3000
                   ? handed over by 2001 to phone 3000, wrap-up 0 s
            0:20 store: done, no agent is held by it
                   → unbridge
                   → hang up agent 2001
                   → caller hears music
                   → dial phone 3000 for 20 s, showing 138****8000
                   ! granted
            0:25 phone 3000 declines
                   → caller hears no more
                   → caller hears music
                   · phone 3000 failed: Refused
                   ? phone 2001 is rung
            0:25 store: done, 2001 is held by it
                   → dial agent 2001 for 25 s, showing 138****8000
            0:30 newest is unreachable
                   → caller hears no more
                   → caller hears music
                   · phone 2001 failed: Unreachable
                   · flow after-hours v1
                   · stands in 600, place 0:00, since 0:30, stay 1
            0:30 agent 2001 is reserved
                   → dial agent 2001 for 15 s, showing 138****8000
            = 2001 is Reserved
        "#]],
    );
}

#[test]
fn an_engaged_colleague_is_refused_and_nothing_changes() {
    check(
        house(),
        &talking(
            "phone 3000 calls 2001
             agent 2000 wants to transfer to agent 2001",
        ),
        expect![[r#"
            0:05 phone 3000 calls 2001
                   ? call arrived from phone 3000
            0:05 store: done, no agent is held by it
                   ? phone 2001 is rung
            0:05 store: done, no agent is held by it
                   → dial agent 2001 for 60 s, showing Desk 3000 3000
            0:05 agent 2000 wants to transfer to agent 2001
                   ! refused, there is no conversation of this agent in which that could be done
            = 2000 is Talking
        "#]],
    );
}

#[test]
fn a_number_is_dialled_under_the_rules_and_rings_in_vain() {
    check(
        house(),
        &talking(
            "0:10 agent 2000 wants to transfer to +8613800138000
             0:11 agent 2000 wants to transfer to +19005551234
             0:12 agent 2000 wants to transfer to +8613900139000
             0:15 outside rings
             0:20 outside is busy
             0:25 newest answers",
        ),
        expect![[r#"
            0:10 agent 2000 wants to transfer to +8613800138000
                   ! refused, this number is in another call of ours: wait until that has ended
            0:11 agent 2000 wants to transfer to +19005551234
                   ! refused, premium-rate numbers are not allowed by the outbound rules
            0:12 agent 2000 wants to transfer to +8613900139000
                   ? handed over by 2000 to 139****9000, wrap-up 10 s
            0:12 store: done
                   → unbridge
                   → hang up agent 2000
                   → caller hears music
                   → dial outside for 45 s, showing 216***0000
                   ! granted
            0:15 outside rings
            0:20 outside is busy
                   → caller hears no more
                   → caller hears music
                   · transfer failed
                   ? phone 2000 is rung
            0:20 store: done, 2000 is held by it
                   → dial agent 2000 for 25 s, showing 138****8000
            0:25 newest answers
                   → caller hears no more
                   → bridge agent 2000 and caller
                   · connected with 2000
            = 2000 is Talking
        "#]],
    );
}

#[test]
fn a_number_that_answers_has_the_customer() {
    check(
        house(),
        &talking(
            "0:12 agent 2000 wants to transfer to +8613900139000
             0:20 outside answers
             0:40 outside hangs up",
        ),
        expect![[r#"
            0:12 agent 2000 wants to transfer to +8613900139000
                   ? handed over by 2000 to 139****9000, wrap-up 10 s
            0:12 store: done
                   → unbridge
                   → hang up agent 2000
                   → caller hears music
                   → dial outside for 45 s, showing 216***0000
                   ! granted
            0:20 outside answers
                   → caller hears no more
                   → bridge caller and outside
                   · transfer answered
            0:40 outside hangs up
                   → hang up caller
                   · call ended: Served
            = 2000 is WrapUp
        "#]],
    );
}

#[test]
fn a_queue_takes_the_customer_at_the_old_place() {
    check(
        house(),
        &talking(
            "0:30 agent 2000 wants to transfer to queue group.support-b
             0:35 agent 2002 is free
             0:36 agent 2002 answers
             1:00 agent 2002 hangs up",
        ),
        expect![[r#"
            0:30 agent 2000 wants to transfer to queue group.support-b
                   ? handed over by 2000 to queue group.support-b, wrap-up 10 s
            0:30 store: done
                   → unbridge
                   → hang up agent 2000
                   → caller hears music
                   · served by 2000
                   · stands in group.support-b, place 0:00, since 0:30, stay 2
                   ! granted
            0:35 agent 2002 is free
            0:35 agent 2002 is reserved
                   → dial agent 2002 for 15 s, showing 138****8000
            0:36 agent 2002 answers
                   → caller hears no more
                   → bridge agent 2002 and caller
                   · offer ended: Accepted
                   · left the line: Answered
                   · connected with 2002
            1:00 agent 2002 hangs up
                   → hang up caller
                   · served by 2002
                   · 2002 freed, wrap-up 10 s
                   · call ended: Served
            = 2000 is WrapUp
            = 2002 is WrapUp
        "#]],
    );
}

#[test]
fn a_flow_runs_for_who_is_transferred_to_its_number() {
    let mut house = house();
    add_flow(
        &mut house,
        "test",
        serde_json::json!({
            "start": { "action": { "type": "start" }, "exits": { "next": "bye" } },
            "bye": { "action": { "type": "hang_up", "last_words": [{ "prompt": "goodbye" }] } }
        }),
    );
    check(
        house,
        &talking(
            "0:30 agent 2000 wants to transfer to flow test
             0:35 caller hears it",
        ),
        expect![[r#"
            0:30 agent 2000 wants to transfer to flow test
                   ? handed over by 2000 to flow test, wrap-up 10 s
            0:30 store: done
                   → unbridge
                   → hang up agent 2000
                   → caller hears [goodbye]
                   · served by 2000
                   · flow test v1
                   ! granted
            0:35 caller hears it
                   → hang up caller
                   · call ended: EndedByFlow
            = 2000 is WrapUp
        "#]],
    );
}

#[test]
fn a_customer_who_hangs_up_on_the_way_is_a_missed_call() {
    check(
        house(),
        &talking(
            "agent 2001 is not ready
             0:10 agent 2000 wants to transfer to agent 2001
             0:15 caller hangs up",
        ),
        expect![[r#"
            0:05 agent 2001 is not ready
            0:10 agent 2000 wants to transfer to agent 2001
                   ? handed over by 2000 to phone 2001, wrap-up 10 s
            0:10 store: done, 2001 is held by it
                   → unbridge
                   → hang up agent 2000
                   → caller hears music
                   → dial agent 2001 for 25 s, showing 138****8000
                   ! granted
            0:15 caller hangs up
                   → hang up agent 2001
                   · 2001 freed, wrap-up 0 s
                   · missed call of queue 600, left at transfer, waited 5 s
                   · call ended: Missed
            = 2000 is WrapUp
            = 2001 is NotReady
            = list: Missed of 138****8000 for queue 600, place 0:00, waiting
        "#]],
    );
}

#[test]
fn an_agent_who_hangs_up_while_the_store_is_asked_has_handed_over() {
    check(
        house(),
        &talking(
            "agent 2001 is not ready
             store holds
             0:10 agent 2000 wants to transfer to agent 2001
             agent 2000 hangs up
             0:11 store works
             0:13 agent 2001 answers",
        ),
        expect![[r#"
            0:05 agent 2001 is not ready
            0:05 store holds
            0:10 agent 2000 wants to transfer to agent 2001
                   ? handed over by 2000 to phone 2001, wrap-up 10 s
            0:10 agent 2000 hangs up
                   → unbridge
            0:11 store works
            0:11 store: done, 2001 is held by it
                   → caller hears music
                   → dial agent 2001 for 25 s, showing 138****8000
                   ! granted
            0:13 agent 2001 answers
                   → caller hears no more
                   → bridge agent 2001 and caller
                   · connected with 2001
            = 2000 is WrapUp
            = 2001 is Talking
        "#]],
    );
}

#[test]
fn where_the_store_fails_the_agent_keeps_the_customer() {
    check(
        house(),
        &talking(
            "agent 2001 is not ready
             store holds
             0:10 agent 2000 wants to transfer to agent 2001
             0:11 store fails",
        ),
        expect![[r#"
            0:05 agent 2001 is not ready
            0:05 store holds
            0:10 agent 2000 wants to transfer to agent 2001
                   ? handed over by 2000 to phone 2001, wrap-up 10 s
            0:11 store fails
            0:11 store: failed
                   ! not saved
            = 2000 is Talking
            = 2001 is NotReady
        "#]],
    );
}

#[test]
fn the_customer_of_a_callback_is_handed_over_and_its_agent_writes_the_outcome() {
    check(
        house(),
        "agent 2000 is free
         agent 2001 is not ready
         0:00 agent 2000 calls back
         0:03 agent 2000 answers
         0:10 customer answers
         from here
         0:40 agent 2000 wants to transfer to agent 2001
         0:43 agent 2001 answers
         1:30 agent 2001 hangs up",
        expect![[r#"
            0:40 agent 2000 wants to transfer to agent 2001
                   ? handed over by 2000 to phone 2001, wrap-up 10 s
            0:40 store: done, 2001 is held by it
                   → unbridge
                   → hang up agent 2000
                   → customer hears music
                   → dial agent 2001 for 25 s, showing 138****8000
                   · served by 2000
                   · talked for 30 s
                   ! granted
            0:43 agent 2001 answers
                   → customer hears no more
                   → bridge agent 2001 and customer
                   · connected with 2001
            1:30 agent 2001 hangs up
                   → hang up customer
                   · served by 2001
                   · 2001 freed, wrap-up 10 s
                   · call ended: Callback
            = 2000 is WrapUp
            = 2001 is WrapUp
            = list: Missed of 138****8000 for support, place 0:00, Closed { reason: Served, at: 1772416890000ms }, attempts 1
        "#]],
    );
}

#[test]
fn a_recorded_conversation_is_recorded_on_and_nobody_is_told_twice() {
    check(
        with_queue(|queue| queue.recording_notice = Some(key("recording-notice"))),
        "agent 2000 is free
         agent 2001 is not ready
         0:00 caller rings
         0:05 agent 2000 answers
         0:08 caller hears it
         from here
         0:20 agent 2000 wants no recording
         0:21 agent 2000 wants no recording
         0:25 agent 2000 wants recording
         0:40 agent 2000 wants to transfer to agent 2001
         0:43 agent 2001 answers",
        expect![[r#"
            0:20 agent 2000 wants no recording
                   → stop recording
                   · recording paused
                   ! granted
            0:21 agent 2000 wants no recording
                   ! granted
            0:25 agent 2000 wants recording
                   → record what they say
                   · recording resumed
                   · recording began
                   ! granted
            0:40 agent 2000 wants to transfer to agent 2001
                   ? handed over by 2000 to phone 2001, wrap-up 10 s
            0:40 store: done, 2001 is held by it
                   → unbridge
                   → hang up agent 2000
                   → caller hears music
                   → dial agent 2001 for 25 s, showing 138****8000
                   · served by 2000
                   ! granted
            0:43 agent 2001 answers
                   → caller hears no more
                   → bridge agent 2001 and caller
                   → record what they say
                   · connected with 2001
                   · recording began
            = 2000 is WrapUp
            = 2001 is Talking
        "#]],
    );
}

#[test]
fn keys_reach_whoever_hears_the_agent() {
    check(
        house(),
        &talking(
            "0:10 agent 2000 wants keys 12#
             agent 2001 wants keys 3
             agent 2000 holds
             agent 2000 wants keys 4",
        ),
        expect![[r#"
            0:10 agent 2000 wants keys 12#
                   → press 12# towards caller
                   ! granted
            0:10 agent 2001 wants keys 3
                   ! refused, there is no conversation of this agent in which that could be done
            0:10 agent 2000 holds
                   → unbridge
                   → caller hears music
                   · held by 2000
                   ! granted
            0:10 agent 2000 wants keys 4
                   ! refused, there is no conversation of this agent in which that could be done
            = 2000 is Held
        "#]],
    );
}

#[test]
fn a_queue_takes_whom_an_agent_sends_on_however_long_its_line_is() {
    let mut house = house();
    house.queues.get_mut(&key("group.support-b")).unwrap().max_length = 0;
    check(
        house,
        &talking(
            "0:30 agent 2000 wants to transfer to queue group.support-b
             0:40 caller hangs up",
        ),
        expect![[r#"
            0:30 agent 2000 wants to transfer to queue group.support-b
                   ? handed over by 2000 to queue group.support-b, wrap-up 10 s
            0:30 store: done
                   → unbridge
                   → hang up agent 2000
                   → caller hears music
                   · served by 2000
                   · stands in group.support-b, place 0:00, since 0:30, stay 2
                   ! granted
            0:40 caller hangs up
                   · left the line: HungUp
                   · missed call of queue group.support-b, left at queue group.support-b, waited 10 s
                   · call ended: Missed
            = 2000 is WrapUp
            = list: Missed of 138****8000 for queue group.support-b, place 0:00, waiting
        "#]],
    );
}

#[test]
fn the_whisper_to_who_takes_a_customer_that_was_sent_on_tells_the_wait_since_then() {
    let mut house = house();
    house.queues.get_mut(&key("group.support-b")).unwrap().whisper = Some(key("whisper"));
    check(
        house,
        &talking(
            "3:00 agent 2000 wants to transfer to queue group.support-b
             3:10 agent 2002 is free
             from here
             3:12 agent 2002 answers",
        ),
        expect![[r#"
            3:12 agent 2002 answers
                   → caller hears no more
                   → agent 2002 hears [whisper] [whisper-waited] under 1 min
                   · offer ended: Accepted
                   · left the line: Answered
            = 2000 is WrapUp
            = 2002 is Talking
        "#]],
    );
}
