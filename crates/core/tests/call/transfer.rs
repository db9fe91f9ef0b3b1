//! Transfers by a flow or a number (AT-27 as far as calls decide).

use expect_test::expect;
use nohold_core::directory::{Directory, OverflowReason, OverflowTarget};
use serde_json::json;

use crate::stage::check;
use crate::stage::house::{add_flow, house, key, with_flow, with_queue};

/// A flow that transfers there, and says sorry when that fails.
fn transfers_to(to: serde_json::Value) -> Directory {
    with_flow(nodes(to))
}

fn nodes(to: serde_json::Value) -> serde_json::Value {
    json!({
        "start": { "action": { "type": "start" }, "exits": { "next": "transfer" } },
        "transfer": { "action": { "type": "transfer", "to": to, "ring_ms": 20000 }, "exits": { "failed": "sorry" } },
        "sorry": { "action": { "type": "hang_up", "last_words": [{ "prompt": "sorry" }] } }
    })
}

/// Queue 600, which group B serves, leads to a flow that tries agent 2001 of group A and then goes back.
fn overflow_tries_2001() -> Directory {
    let mut house = with_queue(|queue| {
        queue.groups = vec![key("support-b")];
        queue.overflow.insert(OverflowReason::Timeout, OverflowTarget::Flow(key("test")));
    });
    let mut nodes = nodes(json!({ "extension": "2001" }));
    nodes["sorry"] = json!({ "action": { "type": "queue" } });
    add_flow(&mut house, "test", nodes);
    house
}

#[test]
fn an_agents_phone_is_rung_with_the_agent_reserved() {
    check(
        transfers_to(json!({ "extension": "2001" })),
        "agent 2001 is free
         0:00 caller rings
         0:03 agent 2001 answers
         0:30 caller hangs up",
        expect![[r#"
            0:00 agent 2001 is free
            0:00 caller rings
                   ? call arrived from 138****8000
            0:00 store: done
                   → answer caller
                   · flow test v1
                   ? transfer to phone 2001
            0:00 store: agent 2001 reserved
                   → caller hears music
                   → dial agent 2001 for 20 s, showing 138****8000
            0:03 agent 2001 answers
                   → caller hears no more
                   → bridge agent 2001 and caller
                   · offer ended: Accepted
                   · connected with 2001
            0:30 caller hangs up
                   → hang up agent 2001
                   · served by 2001
                   · 2001 freed, wrap-up 0 s
                   · call ended: Served
            = 2001 is Available
        "#]],
    );
}

#[test]
fn the_phone_of_an_agent_who_takes_no_calls_rings_all_the_same() {
    check(
        transfers_to(json!({ "extension": "2001" })),
        "agent 2001 is not ready
         0:00 caller rings
         0:03 agent 2001 answers
         0:30 caller hangs up",
        expect![[r#"
            0:00 agent 2001 is not ready
            0:00 caller rings
                   ? call arrived from 138****8000
            0:00 store: done
                   → answer caller
                   · flow test v1
                   ? transfer to phone 2001
            0:00 store: done, 2001 is held by it
                   → caller hears music
                   → dial agent 2001 for 20 s, showing 138****8000
            0:03 agent 2001 answers
                   → caller hears no more
                   → bridge caller and agent 2001
                   · phone answered
            0:30 caller hangs up
                   → hang up agent 2001
                   · served by 2001
                   · 2001 freed, wrap-up 0 s
                   · call ended: Served
            = 2001 is NotReady
        "#]],
    );
}

#[test]
fn an_agent_who_takes_no_calls_and_does_not_answer_is_as_before() {
    check(
        transfers_to(json!({ "extension": "2001" })),
        "agent 2001 is not ready
         0:00 caller rings
         0:21
         0:25 caller hears it",
        expect![[r#"
            0:00 agent 2001 is not ready
            0:00 caller rings
                   ? call arrived from 138****8000
            0:00 store: done
                   → answer caller
                   · flow test v1
                   ? transfer to phone 2001
            0:00 store: done, 2001 is held by it
                   → caller hears music
                   → dial agent 2001 for 20 s, showing 138****8000
            0:20 time
                   → hang up agent 2001
                   → caller hears no more
                   → caller hears [sorry]
                   · transfer failed
            0:25 caller hears it
                   → hang up caller
                   · call ended: EndedByFlow
            = 2001 is NotReady
        "#]],
    );
}

#[test]
fn the_phone_of_an_agent_who_is_not_signed_in_rings_like_any_other() {
    check(
        transfers_to(json!({ "extension": "2001" })),
        "0:00 caller rings
         0:03 agent 2001 answers
         0:30 agent 2001 hangs up",
        expect![[r#"
            0:00 caller rings
                   ? call arrived from 138****8000
            0:00 store: done
                   → answer caller
                   · flow test v1
                   ? transfer to phone 2001
            0:00 store: done, no agent is held by it
                   → caller hears music
                   → dial agent 2001 for 20 s, showing 138****8000
            0:03 agent 2001 answers
                   → caller hears no more
                   → bridge caller and agent 2001
                   · transfer answered
            0:30 agent 2001 hangs up
                   → hang up caller
                   · served by 2001
                   · call ended: Served
        "#]],
    );
}

#[test]
fn an_agent_who_is_engaged_is_not_rung_and_the_flow_goes_on() {
    check(
        transfers_to(json!({ "extension": "2001" })),
        "agent 2001 is free
         0:00 agent 2001 dials +8613900139000
         0:00 caller rings
         0:03 caller hears it",
        expect![[r#"
            0:00 agent 2001 is free
            0:00 agent 2001 dials +8613900139000
              dialled
                   → dial agent 2001 for 20 s, showing 139****9000
            0:00 caller rings
                   ? call arrived from 138****8000
            0:00 store: done
                   → answer caller
                   · flow test v1
                   ? transfer to phone 2001
            0:00 store: refused, not possible in the agent's present state
                   → caller hears [sorry]
                   · transfer failed
            0:03 caller hears it
                   → hang up caller
                   · call ended: EndedByFlow
            = 2001 is Talking
        "#]],
    );
}

#[test]
fn where_the_agent_does_not_answer_the_flow_goes_on() {
    check(
        transfers_to(json!({ "extension": "2001" })),
        "agent 2001 is free
         0:00 caller rings
         0:21
         0:25 caller hears it",
        expect![[r#"
            0:00 agent 2001 is free
            0:00 caller rings
                   ? call arrived from 138****8000
            0:00 store: done
                   → answer caller
                   · flow test v1
                   ? transfer to phone 2001
            0:00 store: agent 2001 reserved
                   → caller hears music
                   → dial agent 2001 for 20 s, showing 138****8000
            0:20 time
                   → hang up agent 2001
                   → caller hears no more
                   → caller hears [sorry]
                   · offer ended: NoAnswer
                   · transfer failed
            0:25 caller hears it
                   → hang up caller
                   · call ended: EndedByFlow
            = 2001 is Available
        "#]],
    );
}

#[test]
fn a_caller_from_the_queue_comes_back_as_soon_as_the_agent_declines() {
    check(
        overflow_tries_2001(),
        "agent 2001 is free
         0:00 caller rings
         from here
         1:04 agent 2001 declines",
        expect![[r#"
            1:00 time
                   → caller hears no more
                   · flow test v1
                   · may not be connected in 600, place 0:00, since 0:00, stay 2
                   ? transfer to phone 2001
            1:00 store: agent 2001 reserved
                   → caller hears music
                   → dial agent 2001 for 20 s, showing 138****8000
            1:04 agent 2001 declines
                   → caller hears no more
                   → caller hears music
                   · offer ended: Declined
                   · transfer failed
                   · stands in 600, place 0:00, since 1:04, stay 2
            = 2001 is Available
        "#]],
    );
}

#[test]
fn where_the_agent_does_not_answer_the_caller_is_back_at_the_old_place() {
    check(
        overflow_tries_2001(),
        "agent 2001 is free
         0:00 caller rings
         from here
         1:10 agent 2002 is free
         1:21",
        expect![[r#"
            1:00 time
                   → caller hears no more
                   · flow test v1
                   · may not be connected in 600, place 0:00, since 0:00, stay 2
                   ? transfer to phone 2001
            1:00 store: agent 2001 reserved
                   → caller hears music
                   → dial agent 2001 for 20 s, showing 138****8000
            1:10 agent 2002 is free
            1:20 time
                   → hang up agent 2001
                   → caller hears no more
                   → caller hears music
                   · offer ended: NoAnswer
                   · transfer failed
                   · stands in 600, place 0:00, since 1:20, stay 2
            1:20 agent 2002 is reserved
                   → dial agent 2002 for 15 s, showing 138****8000
            = 2001 is Available
            = 2002 is Reserved
        "#]],
    );
}

#[test]
fn a_plain_phone_is_rung_and_the_call_ends_with_it() {
    check(
        transfers_to(json!({ "extension": "3000" })),
        "0:00 caller rings
         0:03 phone 3000 answers
         0:30 phone 3000 hangs up",
        expect![[r#"
            0:00 caller rings
                   ? call arrived from 138****8000
            0:00 store: done
                   → answer caller
                   · flow test v1
                   ? transfer to phone 3000
            0:00 store: done
                   → caller hears music
                   → dial phone 3000 for 20 s, showing 138****8000
            0:03 phone 3000 answers
                   → caller hears no more
                   → bridge caller and phone 3000
                   · transfer answered
            0:30 phone 3000 hangs up
                   → hang up caller
                   · call ended: Served
        "#]],
    );
}

#[test]
fn a_plain_phone_that_is_lost_in_the_conversation_is_our_fault() {
    check(
        transfers_to(json!({ "extension": "3000" })),
        "0:00 caller rings
         0:03 phone 3000 answers
         from here
         0:30 phone 3000 is lost",
        expect![[r#"
            0:30 phone 3000 is lost
                   → hang up caller
                   · cut off by us, customer of support: Talking
                   · call ended: CutOff
            = list: CutOff of 138****8000 for support, place 0:00, waiting
        "#]],
    );
}

#[test]
fn an_outside_number_is_dialled_with_the_number_of_the_service() {
    check(
        transfers_to(json!({ "number": "13900139000" })),
        "0:00 caller rings
         0:03 outside is busy
         0:05 caller hears it",
        expect![[r#"
            0:00 caller rings
                   ? call arrived from 138****8000
            0:00 store: done
                   → answer caller
                   · flow test v1
                   ? transfer to 139****9000
            0:00 store: done
                   → caller hears music
                   → dial outside for 20 s, showing 216***0000
            0:03 outside is busy
                   → caller hears no more
                   → caller hears [sorry]
                   · transfer failed
            0:05 caller hears it
                   → hang up caller
                   · call ended: EndedByFlow
        "#]],
    );
}

#[test]
fn a_number_that_may_not_be_dialled_is_a_failure_at_once() {
    check(
        transfers_to(json!({ "number": "110" })),
        "0:00 caller rings",
        expect![[r#"
            0:00 caller rings
                   ? call arrived from 138****8000
            0:00 store: done
                   → answer caller
                   → caller hears [sorry]
                   · flow test v1
        "#]],
    );
}

#[test]
fn a_transfer_that_the_store_cannot_keep_fails() {
    check(
        transfers_to(json!({ "extension": "3000" })),
        "store holds
         0:00 caller rings
         store commits
         store fails
         0:01 caller hears it",
        expect![[r#"
            0:00 store holds
            0:00 caller rings
                   ? call arrived from 138****8000
            0:00 store commits
            0:00 store: done
                   → answer caller
                   · flow test v1
                   ? transfer to phone 3000
            0:00 store fails
            0:00 store: failed
                   → caller hears [sorry]
                   · transfer failed
            0:01 caller hears it
                   → hang up caller
                   · call ended: EndedByFlow
        "#]],
    );
}

#[test]
fn a_hang_up_while_the_transfer_is_committed_frees_the_agent() {
    check(
        transfers_to(json!({ "extension": "2001" })),
        "agent 2001 is free
         store holds
         0:00 caller rings
         store commits
         0:01 caller hangs up
         0:02 store works
         agent 2001 is free",
        expect![[r#"
            0:00 agent 2001 is free
            0:00 store holds
            0:00 caller rings
                   ? call arrived from 138****8000
            0:00 store commits
            0:00 store: done
                   → answer caller
                   · flow test v1
                   ? transfer to phone 2001
            0:01 caller hangs up
                   · missed call of support, left at transfer, waited 1 s
                   · call ended: Missed
            0:02 store works
            0:02 store: agent 2001 reserved
            0:02 agent 2001 is free
            = 2001 is Available
            = list: Missed of 138****8000 for support, place 0:00, waiting
        "#]],
    );
}

#[test]
fn a_number_may_lead_to_a_phone_and_then_to_a_message() {
    check(
        house(),
        "0:00 caller rings on +862161230002
         0:26",
        expect![[r#"
            0:00 caller rings on +862161230002
                   ? call arrived from 138****8000
            0:00 store: done
                   ? phone 3000 is rung
            0:00 store: done, no agent is held by it
                   → dial phone 3000 for 25 s, showing 138****8000
            0:25 time
                   → hang up phone 3000
                   → answer caller
                   → caller hears [message-greeting] beep
                   · phone 3000 failed: NoAnswer
        "#]],
    );
}

#[test]
fn an_agent_with_a_number_of_their_own_who_is_lost_is_our_fault() {
    check(
        house(),
        "agent 2001 is free
         0:00 caller rings on +862161230003
         0:02 agent 2001 answers
         from here
         0:50 agent 2001 is lost",
        expect![[r#"
            0:50 agent 2001 is lost
                   → hang up caller
                   · 2001 freed, wrap-up 0 s
                   · cut off by us, customer of support: Talking
                   · call ended: CutOff
            = 2001 is Available
            = list: CutOff of 138****8000 for support, place 0:00, waiting
        "#]],
    );
}
