//! Key 2: the callback request (AT-3, AT-13, AT-16, AT-17, AT-24).

use expect_test::expect;
use nohold_core::hours::{DiallingWindow, MinuteOfDay};
use nohold_core::numbers::RequestLimit;

use crate::stage::check;
use crate::stage::house::house;

#[test]
fn thanks_are_said_only_after_the_commit() {
    check(
        house(),
        "0:00 caller rings
         1:02
         from here
         store holds
         caller presses 2
         1:05 store commits
         1:20 caller hears it",
        expect![[r#"
            1:02 store holds
            1:02 caller presses 2
                   → caller hears no more
                   ? request of 138****8000 for support/support-b, place 0:00, key 2 after queue-menu, path queue-overflow/start queue-overflow/menu queue-overflow/callback
            1:05 store commits
            1:05 store: request made, promised 2:30:00 to 4:30:00
                   → caller hears [callback-thanks] 8000 between 2:30:00 and 4:30:00 [callback-hang-up-now]
            1:20 caller hears it
                   → hang up caller
                   · call ended: Requested
            = list: Requests of 138****8000 for support/support-b, place 0:00, waiting
        "#]],
    );
}

#[test]
fn the_path_tells_of_all_menus_and_the_place_is_the_first() {
    check(
        house(),
        "0:10 caller rings
         1:12 caller presses 1
         2:14
         from here
         caller presses 2
         2:15 caller hangs up",
        expect![[r#"
            2:14 caller presses 2
                   → caller hears no more
                   ? request of 138****8000 for support/support-b, place 0:10, key 2 after queue-menu, path queue-overflow/start queue-overflow/menu queue-overflow/keep-waiting queue-overflow/start queue-overflow/menu queue-overflow/callback
            2:14 store: request made, promised 2:30:00 to 4:30:00
                   → caller hears [callback-thanks] 8000 between 2:30:00 and 4:30:00 [callback-hang-up-now]
            2:15 caller hangs up
                   · call ended: Requested
            = list: Requests of 138****8000 for support/support-b, place 0:10, waiting
        "#]],
    );
}

#[test]
fn a_hang_up_before_the_commit_keeps_the_request() {
    check(
        house(),
        "0:00 caller rings
         1:02
         from here
         store holds
         caller presses 2
         1:03 caller hangs up
         1:04 store commits
         store works",
        expect![[r#"
            1:02 store holds
            1:02 caller presses 2
                   → caller hears no more
                   ? request of 138****8000 for support/support-b, place 0:00, key 2 after queue-menu, path queue-overflow/start queue-overflow/menu queue-overflow/callback
            1:03 caller hangs up
                   · left the line: HungUp
            1:04 store commits
            1:04 store: request made, promised 2:30:00 to 4:30:00
                   · call ended: Requested
            1:04 store works
            = list: Requests of 138****8000 for support/support-b, place 0:00, waiting
        "#]],
    );
}

#[test]
fn where_the_store_fails_the_caller_is_told_and_goes_back_to_the_old_place() {
    check(
        house(),
        "0:00 caller rings
         1:02
         from here
         store fails
         caller presses 2
         store works
         1:06 caller hears it",
        expect![[r#"
            1:02 store fails
            1:02 caller presses 2
                   → caller hears no more
                   ? request of 138****8000 for support/support-b, place 0:00, key 2 after queue-menu, path queue-overflow/start queue-overflow/menu queue-overflow/callback
            1:02 store: failed
                   → caller hears [callback-not-noted]
            1:02 store works
            1:06 caller hears it
                   → caller hears music
                   · stands in 600, place 0:00, since 1:06, stay 1
        "#]],
    );
}

#[test]
fn after_hours_a_store_that_fails_leads_to_the_message() {
    check(
        house(),
        "8:10:00 caller rings on +862161230001
         from here
         store fails
         caller presses 2
         store works
         8:10:06 caller hears it",
        expect![[r#"
            8:10:00 store fails
            8:10:00 caller presses 2
                   → caller hears no more
                   ? request of 138****8000 for support/support-a, place 8:10:00, key 2 after after-hours-menu, path after-hours/start after-hours/hours after-hours/menu after-hours/callback
            8:10:00 store: failed
                   → caller hears [callback-not-noted]
            8:10:00 store works
            8:10:06 caller hears it
                   → caller hears [message-greeting] beep
        "#]],
    );
}

#[test]
fn where_the_store_fails_after_the_hang_up_the_wish_is_recorded() {
    check(
        house(),
        "0:00 caller rings
         1:02
         from here
         store holds
         caller presses 2
         1:03 caller hangs up
         1:04 store fails
         1:05 store works",
        expect![[r#"
            1:02 store holds
            1:02 caller presses 2
                   → caller hears no more
                   ? request of 138****8000 for support/support-b, place 0:00, key 2 after queue-menu, path queue-overflow/start queue-overflow/menu queue-overflow/callback
            1:03 caller hangs up
                   · left the line: HungUp
            1:04 store fails
            1:04 store: failed
                   · request of 138****8000 for support/support-b, place 0:00, key 2 after queue-menu, path queue-overflow/start queue-overflow/menu queue-overflow/callback
                   · call ended: Requested
            1:05 store works
            = list: Requests of 138****8000 for support/support-b, place 0:00, waiting
        "#]],
    );
}

#[test]
fn the_commit_of_a_request_cancels_the_ringing() {
    check(
        house(),
        "0:00 caller rings
         1:02
         agent 2000 is free
         agent 2000 rings
         from here
         1:04 caller presses 2
         agent 2000 hangs up",
        expect![[r#"
            1:04 caller presses 2
                   → caller hears no more
                   ? request of 138****8000 for support/support-b, place 0:00, key 2 after queue-menu, path queue-overflow/start queue-overflow/menu queue-overflow/callback
            1:04 store: request made, promised 2:30:00 to 4:30:00
                   → hang up agent 2000
                   → caller hears [callback-thanks] 8000 between 2:30:00 and 4:30:00 [callback-hang-up-now]
            1:04 agent 2000 hangs up
            = 2000 is Available
            = list: Requests of 138****8000 for support/support-b, place 0:00, waiting
        "#]],
    );
}

#[test]
fn the_commit_wins_over_an_answer_that_came_before_it() {
    check(
        house(),
        "0:00 caller rings
         1:02
         agent 2000 is free
         from here
         store holds
         1:04 caller presses 2
         1:05 agent 2000 answers
         1:06 store commits",
        expect![[r#"
            1:02 store holds
            1:04 caller presses 2
                   → caller hears no more
                   ? request of 138****8000 for support/support-b, place 0:00, key 2 after queue-menu, path queue-overflow/start queue-overflow/menu queue-overflow/callback
            1:05 agent 2000 answers
            1:06 store commits
            1:06 store: request made, promised 2:30:00 to 4:30:00
                   → hang up agent 2000
                   → caller hears [callback-thanks] 8000 between 2:30:00 and 4:30:00 [callback-hang-up-now]
            = 2000 is Available
            = list: Requests of 138****8000 for support/support-b, place 0:00, waiting
        "#]],
    );
}

#[test]
fn where_the_commit_fails_the_agent_who_answered_meanwhile_gets_the_caller() {
    check(
        house(),
        "0:00 caller rings
         1:02
         agent 2000 is free
         from here
         store holds
         1:04 caller presses 2
         1:05 agent 2000 answers
         1:06 store fails
         store works",
        expect![[r#"
            1:02 store holds
            1:04 caller presses 2
                   → caller hears no more
                   ? request of 138****8000 for support/support-b, place 0:00, key 2 after queue-menu, path queue-overflow/start queue-overflow/menu queue-overflow/callback
            1:05 agent 2000 answers
            1:06 store fails
            1:06 store: failed
                   → bridge agent 2000 and caller
                   · offer ended: Accepted
                   · left the line: Answered
                   · connected with 2000
            1:06 store works
            = 2000 is Talking
        "#]],
    );
}

#[test]
fn nobody_is_connected_with_a_caller_who_has_gone_before_the_failure() {
    check(
        house(),
        "0:00 caller rings
         1:02
         agent 2000 is free
         from here
         store holds
         1:04 caller presses 2
         1:05 agent 2000 answers
         1:06 caller hangs up
         1:07 store fails
         store works",
        expect![[r#"
            1:02 store holds
            1:04 caller presses 2
                   → caller hears no more
                   ? request of 138****8000 for support/support-b, place 0:00, key 2 after queue-menu, path queue-overflow/start queue-overflow/menu queue-overflow/callback
            1:05 agent 2000 answers
            1:06 caller hangs up
                   → hang up agent 2000
                   · left the line: HungUp
            1:07 store fails
            1:07 store: failed
                   · request of 138****8000 for support/support-b, place 0:00, key 2 after queue-menu, path queue-overflow/start queue-overflow/menu queue-overflow/callback
                   · call ended: Requested
            1:07 store works
            = 2000 is Available
            = list: Requests of 138****8000 for support/support-b, place 0:00, waiting
        "#]],
    );
}

#[test]
fn who_asks_twice_is_told_that_the_place_is_kept() {
    check(
        house(),
        "0:00 caller rings
         1:02 caller presses 2
         1:20 caller hears it
         2:00 caller rings
         3:02
         from here
         caller presses 2
         3:10 caller hears it
         3:16
         3:20 caller hears it",
        expect![[r#"
            3:02 caller presses 2
                   → caller hears no more
                   ? request of 138****8000 for support/support-b, place 2:00, key 2 after queue-menu, path queue-overflow/start queue-overflow/menu queue-overflow/callback
            3:02 store: a request is open already, promised 2:30:00 to 4:30:00
                   → caller hears [callback-already-open] between 2:30:00 and 4:30:00 [callback-another-matter]
                   · may not be connected in 600, place 2:00, since 2:00, stay 2
            3:10 caller hears it
            3:15 time
                   → caller hears [callback-hang-up-now]
            3:20 caller hears it
                   → hang up caller
                   · left the line: Chose
                   · call ended: Requested
            = list: Requests of 138****8000 for support/support-b, place 0:00, waiting
        "#]],
    );
}

#[test]
fn another_person_or_matter_makes_a_second_request() {
    check(
        house(),
        "0:00 caller rings
         1:02 caller presses 2
         1:20 caller hears it
         2:00 caller rings
         3:02
         caller presses 2
         from here
         3:10 caller presses 1
         3:20 caller hears it",
        expect![[r#"
            3:10 caller presses 1
                   → caller hears no more
                   ? request of 138****8000 for support/support-b, another matter, place 2:00, key 1 after queue-menu+callback-another-matter, path queue-overflow/start queue-overflow/menu queue-overflow/callback
            3:10 store: request made, promised 2:30:00 to 4:30:00
                   → caller hears [callback-thanks] 8000 between 2:30:00 and 4:30:00 [callback-hang-up-now]
            3:20 caller hears it
                   → hang up caller
                   · call ended: Requested
            = list: Requests of 138****8000 for support/support-b, place 0:00, waiting
            = list: Requests of 138****8000 for support/support-b, place 2:00, waiting
        "#]],
    );
}

#[test]
fn a_hang_up_at_the_open_request_is_no_missed_call() {
    check(
        house(),
        "0:00 caller rings
         1:02 caller presses 2
         1:20 caller hears it
         2:00 caller rings
         3:02
         from here
         caller presses 2
         3:05 caller hangs up",
        expect![[r#"
            3:02 caller presses 2
                   → caller hears no more
                   ? request of 138****8000 for support/support-b, place 2:00, key 2 after queue-menu, path queue-overflow/start queue-overflow/menu queue-overflow/callback
            3:02 store: a request is open already, promised 2:30:00 to 4:30:00
                   → caller hears [callback-already-open] between 2:30:00 and 4:30:00 [callback-another-matter]
                   · may not be connected in 600, place 2:00, since 2:00, stay 2
            3:05 caller hangs up
                   · left the line: HungUp
                   · call ended: Requested
            = list: Requests of 138****8000 for support/support-b, place 0:00, waiting
        "#]],
    );
}

#[test]
fn a_withheld_number_is_keyed_in_and_nobody_is_connected_meanwhile() {
    check(
        house(),
        "0:00 caller rings withheld
         1:02
         agent 2000 is free
         from here
         1:03 caller presses 2
         1:04 agent 2000 answers
         1:10 caller presses 13900139000#
         1:15 caller presses 1
         1:30 caller hears it",
        expect![[r#"
            1:03 caller presses 2
                   → hang up agent 2000
                   → caller hears no more
                   → caller hears [number-ask]
                   · may not be connected in 600, place 0:00, since 0:00, stay 2
            1:04 agent 2000 answers
            1:10 caller presses 13900139000#
                   → caller hears no more
                   → caller hears [number-heard] 13900139000 [number-confirm]
            1:15 caller presses 1
                   → caller hears no more
                   ? request of 139****9000 for support/support-b, place 0:00, key 1 after queue-menu+number-confirm, path queue-overflow/start queue-overflow/menu queue-overflow/callback
            1:15 store: request made, promised 2:30:00 to 4:30:00
                   → caller hears [callback-thanks] 9000 between 2:30:00 and 4:30:00 [callback-hang-up-now]
            1:30 caller hears it
                   → hang up caller
                   · call ended: Requested
            = 2000 is Available
            = list: Requests of 139****9000 for support/support-b, place 0:00, waiting
        "#]],
    );
}

#[test]
fn an_agent_may_come_after_the_keying_was_given_up() {
    check(
        house(),
        "0:00 caller rings withheld
         1:02 caller presses 2
         from here
         agent 2000 is free
         1:10 caller presses 1#
         1:20 caller presses 2#
         1:30 caller presses 3#
         agent 2000 answers",
        expect![[r#"
            1:02 agent 2000 is free
            1:10 caller presses 1#
                   → caller hears no more
                   → caller hears [number-not-called] [number-ask]
                   · number refused: Impossible
            1:20 caller presses 2#
                   → caller hears no more
                   → caller hears [number-not-called] [number-ask]
                   · number refused: Impossible
            1:30 caller presses 3#
                   → caller hears no more
                   → caller hears [number-not-called]
                   · stands in 600, place 0:00, since 0:00, stay 2
                   · number refused: Impossible
            1:30 agent 2000 is reserved
                   → dial agent 2000 for 15 s, showing no number
            1:30 agent 2000 answers
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
fn a_hang_up_while_keying_is_a_missed_call_in_the_menu() {
    check(
        house(),
        "0:00 caller rings withheld
         1:02 caller presses 2
         1:05 caller presses 139
         from here
         1:06 caller hangs up",
        expect![[r#"
            1:06 caller hangs up
                   · left the line: HungUp
                   · missed call of queue 600, left at menu, waited 66 s
                   · call ended: Missed
            = list: Missed of no number for queue 600, place 0:00, waiting
        "#]],
    );
}

#[test]
fn over_the_limit_another_number_may_be_given() {
    check(
        {
            let mut house = house();
            house.site.request_limit = RequestLimit { per_number_per_day: 0 };
            house
        },
        "0:00 caller rings
         1:02
         from here
         caller presses 2
         1:05 caller hangs up",
        expect![[r#"
            1:02 caller presses 2
                   → caller hears no more
                   ? request of 138****8000 for support/support-b, place 0:00, key 2 after queue-menu, path queue-overflow/start queue-overflow/menu queue-overflow/callback
            1:02 store: too many requests
                   → caller hears [number-not-called] [number-ask]
                   · number refused: OverLimit
                   · may not be connected in 600, place 0:00, since 0:00, stay 2
            1:05 caller hangs up
                   · left the line: HungUp
                   · missed call of queue 600, left at menu, waited 65 s
                   · call ended: Missed
            = list: Missed of 138****8000 for queue 600, place 0:00, waiting
        "#]],
    );
}

#[test]
fn after_hours_the_promise_is_a_window_of_the_next_opening() {
    check(
        house(),
        "8:10:00 caller rings on +862161230001
         from here
         caller presses 2
         8:10:20 caller hears it",
        expect![[r#"
            8:10:00 caller presses 2
                   → caller hears no more
                   ? request of 138****8000 for support/support-a, place 8:10:00, key 2 after after-hours-menu, path after-hours/start after-hours/hours after-hours/menu after-hours/callback
            8:10:00 store: request made, promised 10:30:00 to 11:00:00
                   → caller hears [callback-thanks] 8000 between 10:30:00 and 11:00:00 [callback-hang-up-now]
            8:10:20 caller hears it
                   → hang up caller
                   · call ended: Requested
            = list: Requests of 138****8000 for support/support-a, place 8:10:00, waiting
        "#]],
    );
}

#[test]
fn only_agents_of_the_target_make_a_promise_soon() {
    // The request goes to group B; the agent who is here is of group A.
    check(
        house(),
        "agent 2000 is not ready
         0:00 caller rings
         1:02
         from here
         caller presses 2",
        expect![[r#"
            1:02 caller presses 2
                   → caller hears no more
                   ? request of 138****8000 for support/support-b, place 0:00, key 2 after queue-menu, path queue-overflow/start queue-overflow/menu queue-overflow/callback
            1:02 store: request made, promised 2:30:00 to 4:30:00
                   → caller hears [callback-thanks] 8000 between 2:30:00 and 4:30:00 [callback-hang-up-now]
            = 2000 is NotReady
            = list: Requests of 138****8000 for support/support-b, place 0:00, waiting
        "#]],
    );
}

#[test]
fn an_agent_of_the_target_is_counted() {
    check(
        house(),
        "agent 2002 is not ready
         0:00 caller rings
         1:02
         from here
         caller presses 2",
        expect![[r#"
            1:02 caller presses 2
                   → caller hears no more
                   ? request of 138****8000 for support/support-b, place 0:00, key 2 after queue-menu, path queue-overflow/start queue-overflow/menu queue-overflow/callback
            1:02 store: request made, promised 1:02 to 20:00
                   → caller hears [callback-thanks] 8000 within 19 min [callback-hang-up-now]
            = 2002 is NotReady
            = list: Requests of 138****8000 for support/support-b, place 0:00, waiting
        "#]],
    );
}

#[test]
fn the_promise_lies_inside_the_hours_at_which_the_customer_may_be_dialled() {
    let mut house = house();
    house.site.dialling_window =
        DiallingWindow::new(MinuteOfDay::new(8, 0).unwrap(), MinuteOfDay::new(13, 0).unwrap()).unwrap();
    check(
        house,
        "0:00 caller rings
         1:02
         from here
         caller presses 2",
        expect![[r#"
            1:02 caller presses 2
                   → caller hears no more
                   ? request of 138****8000 for support/support-b, place 0:00, key 2 after queue-menu, path queue-overflow/start queue-overflow/menu queue-overflow/callback
            1:02 store: request made, promised 2:30:00 to 3:00:00
                   → caller hears [callback-thanks] 8000 between 2:30:00 and 3:00:00 [callback-hang-up-now]
            = list: Requests of 138****8000 for support/support-b, place 0:00, waiting
        "#]],
    );
}
