//! An agent dials from the desk.

use expect_test::expect;

use crate::stage::check;
use crate::stage::house::house;

#[test]
fn who_does_not_answer_the_own_phone_calls_nobody() {
    check(
        house(),
        "agent 2000 is free
         0:00 agent 2000 dials +8613900139000
         0:20",
        expect![[r#"
            0:00 agent 2000 is free
            0:00 agent 2000 dials +8613900139000
              dialled
                   → dial agent 2000 for 20 s, showing 139****9000
            0:20 time
                   → hang up agent 2000
                   · 2000 freed, wrap-up 0 s
                   · call ended: Direct
            = 2000 is Available
        "#]],
    );
}

#[test]
fn the_rules_are_those_of_a_call_from_the_phone() {
    check(
        house(),
        "0:00 agent 2000 dials +8613900139000
         agent 2000 is free
         agent 2000 dials +19005551234
         agent 2000 dials +8613900139000 for nothing",
        expect![[r#"
            0:00 agent 2000 dials +8613900139000
              refused, not possible in the agent's present state
            0:00 agent 2000 is free
            0:00 agent 2000 dials +19005551234
              refused, premium-rate numbers are not allowed by the outbound rules
            0:00 agent 2000 dials +8613900139000 for nothing
              refused, there is no such service with this group, campaign or queue
            = 2000 is Available
        "#]],
    );
}

#[test]
fn a_customer_who_was_called_and_talked_with_for_long_enough_is_served() {
    check(
        house(),
        "agent 2000 is free
         0:00 agent 2000 dials +8613900139000 for support
         0:02 agent 2000 answers
         0:05 customer answers
         from here
         0:30 agent 2000 hangs up",
        expect![[r#"
            0:30 agent 2000 hangs up
                   → hang up customer
                   · served by 2000
                   · 2000 freed, wrap-up 0 s
                   · call ended: Direct
            = 2000 is Available
        "#]],
    );
}
