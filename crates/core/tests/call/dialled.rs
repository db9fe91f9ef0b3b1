//! An agent dials from the desk.

use expect_test::expect;
use nohold_core::directory::Directory;
use nohold_core::hours::{DaySpan, DiallingWindow};

use crate::stage::check;
use crate::stage::house::house;

/// The house where customers are dialled in these hours; the day begins at 10:00.
fn dials_in(hours: &str) -> Directory {
    let mut house = house();
    let span: DaySpan = hours.parse().unwrap();
    house.site.dialling_window = DiallingWindow::new(span.from(), span.to()).unwrap();
    house
}

#[test]
fn a_service_dials_no_customer_outside_the_dialling_window_and_who_dials_as_themselves_may() {
    check(
        dials_in("11:00-21:00"),
        "agent 2000 is free
         0:00 agent 2000 dials +8613900139000 for support
         0:01 agent 2000 dials +8613900139000",
        expect![[r#"
            0:00 agent 2000 is free
            0:00 agent 2000 dials +8613900139000 for support
              refused, it is outside 11:00-21:00 at the customer's place (Asia/Shanghai): dial from 2026-03-02 11:00 (Asia/Shanghai) on
            0:01 agent 2000 dials +8613900139000
              dialled
                   → dial agent 2000 for 20 s, showing 139****9000
            = 2000 is Talking
        "#]],
    );
}

#[test]
fn a_window_that_closes_while_the_own_phone_rings_is_closed() {
    check(
        dials_in("08:00-10:01"),
        "agent 2000 is free
         0:50 agent 2000 dials +8613900139000 for support
         1:05 agent 2000 answers
         1:08 agent 2000 hears it",
        expect![[r#"
            0:00 agent 2000 is free
            0:50 agent 2000 dials +8613900139000 for support
              dialled
                   → dial agent 2000 for 20 s, showing 139****9000
            1:05 agent 2000 answers
                   → agent 2000 hears [number-not-called]
            1:08 agent 2000 hears it
                   → hang up agent 2000, 403
                   · over: nobody was dialled
                   · 2000 freed, wrap-up 0 s
                   · call ended: Direct
            = 2000 is Available
        "#]],
    );
}

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
                   · over: nobody was dialled
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
                   · over: answered, hung up by the caller
                   · 2000 freed, wrap-up 0 s
                   · call ended: Direct
            = 2000 is Available
        "#]],
    );
}
