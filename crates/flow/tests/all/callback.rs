//! Callback requests: AT-3, AT-8, AT-9, AT-10, AT-13, AT-16, AT-17.

use expect_test::{Expect, expect};
use nohold_flow::{Input, NumberRefusal, Promise, RequestAnswer, WaitsFor};
use nohold_model::{Millis, Timestamp};

use crate::menu::flow;
use crate::shipped::{AFTER_HOURS, QUEUE_OVERFLOW};
use crate::world::{Call, World};

fn check(call: &Call, expected: &Expect) {
    expected.assert_eq(&call.told());
}

fn overflow() -> Call {
    Call::into(World::with(&[QUEUE_OVERFLOW]), "queue-overflow")
}

fn overflow_of_withheld() -> Call {
    let mut world = World::with(&[QUEUE_OVERFLOW]);
    world.caller = None;
    Call::into(world, "queue-overflow")
}

#[test]
fn one_key_makes_the_request_and_thanks_come_only_after_the_commit() {
    let mut call = overflow();
    call.after(Millis::seconds(5)).press("2");
    assert_eq!(call.run.waits_for(), WaitsFor::Request);
    assert!(!call.run.waits_for().is_candidate());
    call.press("1").made(Promise::Within { minutes: 30 }).press("1").played();
    check(
        &call,
        &expect![[r#"
           0.0 begins → say queue-menu
           5.0 presses 2 → stop; REQUEST for support/support-b +442079460123 (heard queue-menu, pressed 2)
           5.0 presses 1
           5.0 request committed → say callback-thanks + digits 0123 + within 30 min + callback-hang-up-now
           5.0 presses 1
           5.0 heard → hang up
        path: start menu callback
    "#]],
    );
}

#[test]
fn after_hours_the_promise_is_a_window() {
    let mut call = Call::into(World::with(&[AFTER_HOURS]).without_queue(), "after-hours");
    let (from, to) = (Timestamp::from_millis(32_400_000), Timestamp::from_millis(39_600_000));
    call.press("2").made(Promise::Window { from, to, zone: "Europe/London".into() }).played();
    check(
        &call,
        &expect![[r#"
           0.0 begins → say after-hours-menu
           0.0 presses 2 → stop; REQUEST for support/support-a +442079460123 (heard after-hours-menu, pressed 2)
           0.0 request committed → say callback-thanks + digits 0123 + window 32400000ms..39600000ms Europe/London + callback-hang-up-now
           0.0 heard → hang up
        path: start hours menu callback
    "#]],
    );
}

#[test]
fn a_store_failure_is_told_and_the_caller_goes_back_to_the_old_place() {
    let mut call = overflow();
    call.press("2").input("store failed", Input::NotSaved).played();
    check(
        &call,
        &expect![[r#"
           0.0 begins → say queue-menu
           0.0 presses 2 → stop; REQUEST for support/support-b +442079460123 (heard queue-menu, pressed 2)
           0.0 store failed → say callback-not-noted
           0.0 heard → keep waiting
        path: start menu callback
    "#]],
    );
}

#[test]
fn after_hours_a_store_failure_leads_to_the_message() {
    let mut call = Call::into(World::with(&[AFTER_HOURS]).without_queue(), "after-hours");
    call.press("2").input("store failed", Input::NotSaved).played();
    check(
        &call,
        &expect![[r#"
           0.0 begins → say after-hours-menu
           0.0 presses 2 → stop; REQUEST for support/support-a +442079460123 (heard after-hours-menu, pressed 2)
           0.0 store failed → say callback-not-noted
           0.0 heard → say message-greeting + tone
        path: start hours menu callback message
        waits for: Message
    "#]],
    );
}

#[test]
fn who_asks_twice_hears_that_the_place_is_kept() {
    let open = RequestAnswer::AlreadyOpen { promise: Promise::Between { from_minutes: 10, to_minutes: 20 } };
    let mut call = overflow();
    call.press("2").input("open already", Input::Requested(open.clone())).press("7").played().silent().played();
    check(
        &call,
        &expect![[r#"
           0.0 begins → say queue-menu
           0.0 presses 2 → stop; REQUEST for support/support-b +442079460123 (heard queue-menu, pressed 2)
           0.0 open already → say callback-already-open + 10 to 20 min + callback-another-matter
           0.0 presses 7
           0.0 heard
           5.0 is silent → say callback-hang-up-now
           5.0 heard → hang up
        path: start menu callback
    "#]],
    );
    let mut other = overflow();
    other.press("2").input("open already", Input::Requested(open)).press("1").made(Promise::Soon).played();
    check(
        &other,
        &expect![[r#"
           0.0 begins → say queue-menu
           0.0 presses 2 → stop; REQUEST for support/support-b +442079460123 (heard queue-menu, pressed 2)
           0.0 open already → say callback-already-open + 10 to 20 min + callback-another-matter
           0.0 presses 1 → stop; REQUEST for support/support-b +442079460123 for another matter (heard queue-menu+callback-another-matter, pressed 21)
           0.0 request committed → say callback-thanks + digits 0123 + soon + callback-hang-up-now
           0.0 heard → hang up
        path: start menu callback
    "#]],
    );
}

#[test]
fn a_withheld_number_is_keyed_in_heard_back_and_confirmed() {
    let mut call = overflow_of_withheld();
    call.press("2");
    assert!(call.run.is_busy_with_caller());
    call.played().press("0712345678#").played().press("2").press("0787654321").silent().press("1");
    assert_eq!(call.run.waits_for(), WaitsFor::Request);
    call.made(Promise::Soon).played();
    check(
        &call,
        &expect![[r#"
           0.0 begins → say queue-menu
           0.0 presses 2 → stop; say number-ask
           0.0 heard
           0.0 presses 0
           0.0 presses 7
           0.0 presses 1
           0.0 presses 2
           0.0 presses 3
           0.0 presses 4
           0.0 presses 5
           0.0 presses 6
           0.0 presses 7
           0.0 presses 8
           0.0 presses # → say number-heard + digits 0712345678 + number-confirm
           0.0 heard
           0.0 presses 2 → say number-ask
           0.0 presses 0 → stop
           0.0 presses 7
           0.0 presses 8
           0.0 presses 7
           0.0 presses 6
           0.0 presses 5
           0.0 presses 4
           0.0 presses 3
           0.0 presses 2
           0.0 presses 1
           4.0 is silent → say number-heard + digits 0787654321 + number-confirm
           4.0 presses 1 → stop; REQUEST for support/support-b +44787654321 (heard queue-menu+number-confirm, pressed 21)
           4.0 request committed → say callback-thanks + digits 4321 + soon + callback-hang-up-now
           4.0 heard → hang up
        path: start menu callback
    "#]],
    );
}

#[test]
fn after_three_tries_the_menu_comes_back_without_the_callback() {
    let mut call = overflow_of_withheld();
    call.press("2").played().silent().press("#").played().press("12").silent().played().press("1");
    check(
        &call,
        &expect![[r#"
               0.0 begins → say queue-menu
               0.0 presses 2 → stop; say number-ask
               0.0 heard
               8.0 is silent → say number-ask
               8.0 presses # → stop; say number-ask
               8.0 heard
               8.0 presses 1
               8.0 presses 2
              12.0 is silent → number refused: Impossible; say number-not-called
              12.0 heard → say queue-menu-without-callback
              12.0 presses 1 → stop; keep waiting
            path: start menu callback menu-without-callback keep-waiting
        "#]],
    );
}

#[test]
fn a_confirmation_that_stays_silent_uses_the_tries_up() {
    let mut call = overflow_of_withheld();
    call.press("2").press("0712345678#").played().silent().played().press("8").played().silent().played();
    check(
        &call,
        &expect![[r#"
           0.0 begins → say queue-menu
           0.0 presses 2 → stop; say number-ask
           0.0 presses 0 → stop
           0.0 presses 7
           0.0 presses 1
           0.0 presses 2
           0.0 presses 3
           0.0 presses 4
           0.0 presses 5
           0.0 presses 6
           0.0 presses 7
           0.0 presses 8
           0.0 presses # → say number-heard + digits 0712345678 + number-confirm
           0.0 heard
           8.0 is silent → say number-heard + digits 0712345678 + number-confirm
           8.0 heard
           8.0 presses 8 → say number-heard + digits 0712345678 + number-confirm
           8.0 heard
          16.0 is silent → say number-given-up
          16.0 heard → say queue-menu-without-callback
        path: start menu callback menu-without-callback
        waits for: Menu
    "#]],
    );
}

#[test]
fn a_refused_number_may_be_replaced_and_1_and_3_remain() {
    let mut call = overflow();
    call.press("2").refused(NumberRefusal::Blocked).played().press("0712345678#").press("1");
    call.refused(NumberRefusal::OverLimit).press("0900#").press("0901#").played();
    check(
        &call,
        &expect![[r#"
               0.0 begins → say queue-menu
               0.0 presses 2 → stop; REQUEST for support/support-b +442079460123 (heard queue-menu, pressed 2)
               0.0 request refused → say number-not-called + number-ask
               0.0 heard
               0.0 presses 0
               0.0 presses 7
               0.0 presses 1
               0.0 presses 2
               0.0 presses 3
               0.0 presses 4
               0.0 presses 5
               0.0 presses 6
               0.0 presses 7
               0.0 presses 8
               0.0 presses # → say number-heard + digits 0712345678 + number-confirm
               0.0 presses 1 → stop; REQUEST for support/support-b +44712345678 (heard queue-menu+number-confirm, pressed 21)
               0.0 request refused → say number-not-called + number-ask
               0.0 presses 0 → stop
               0.0 presses 9
               0.0 presses 0
               0.0 presses 0
               0.0 presses # → number refused: NotAllowed; say number-not-called + number-ask
               0.0 presses 0 → stop
               0.0 presses 9
               0.0 presses 0
               0.0 presses 1
               0.0 presses # → number refused: NotAllowed; say number-not-called
               0.0 heard → say queue-menu-without-callback
            path: start menu callback menu-without-callback
            waits for: Menu
        "#]],
    );
}

fn callback(settings: &str) -> String {
    flow(&format!(
        r#""a":{{"action":{{"type":"callback",{settings}}},"exits":{{"failed":"end","refused":"end","no_number":"end"}}}}"#
    ))
}

#[test]
fn the_number_may_be_confirmed_first_or_changed() {
    let json = callback(r#""object":{"kind":"campaign","campaign":"renewals"},"confirm_number":true"#);
    let mut agrees = Call::into(World::with(&[&json]), "f");
    assert_eq!(agrees.run.waits_for(), WaitsFor::Keying);
    agrees.played().silent().press("91");
    check(
        &agrees,
        &expect![[r#"
           0.0 begins → say callback-confirm + digits 0123 + callback-confirm-keys
           0.0 heard
           5.0 is silent → say callback-confirm + digits 0123 + callback-confirm-keys
           5.0 presses 9 → stop; say callback-confirm + digits 0123 + callback-confirm-keys
           5.0 presses 1 → stop; REQUEST for campaign renewals +442079460123 (heard callback-confirm-keys, pressed 1)
        path: start a
        waits for: Request
    "#]],
    );
    let mut other = Call::into(World::with(&[&json]), "f");
    other.press("2").press("0712345678#").press("1");
    check(
        &other,
        &expect![[r#"
           0.0 begins → say callback-confirm + digits 0123 + callback-confirm-keys
           0.0 presses 2 → stop; say number-ask
           0.0 presses 0 → stop
           0.0 presses 7
           0.0 presses 1
           0.0 presses 2
           0.0 presses 3
           0.0 presses 4
           0.0 presses 5
           0.0 presses 6
           0.0 presses 7
           0.0 presses 8
           0.0 presses # → say number-heard + digits 0712345678 + number-confirm
           0.0 presses 1 → stop; REQUEST for campaign renewals +44712345678 (heard number-confirm, pressed 1)
        path: start a
        waits for: Request
    "#]],
    );
    let mut neither = Call::into(World::with(&[&json]), "f");
    neither.press("999").played();
    check(
        &neither,
        &expect![[r#"
           0.0 begins → say callback-confirm + digits 0123 + callback-confirm-keys
           0.0 presses 9 → stop; say callback-confirm + digits 0123 + callback-confirm-keys
           0.0 presses 9 → stop; say callback-confirm + digits 0123 + callback-confirm-keys
           0.0 presses 9 → stop; say number-given-up
           0.0 heard → hang up
        path: start a end
    "#]],
    );
}

#[test]
fn a_callers_own_number_that_may_not_be_called_is_refused_and_another_may_be_given() {
    let json = callback(r#""object":{"kind":"campaign","campaign":"renewals"}"#);
    let world = World { caller: Some("+449098790000".into()), ..World::with(&[&json]) };
    let mut call = Call::into(world, "f");
    call.press("0712345678#1").made(Promise::Soon);
    check(
        &call,
        &expect![[r#"
           0.0 begins → number refused: NotAllowed; say number-not-called + number-ask
           0.0 presses 0 → stop
           0.0 presses 7
           0.0 presses 1
           0.0 presses 2
           0.0 presses 3
           0.0 presses 4
           0.0 presses 5
           0.0 presses 6
           0.0 presses 7
           0.0 presses 8
           0.0 presses # → say number-heard + digits 0712345678 + number-confirm
           0.0 presses 1 → stop; REQUEST for campaign renewals +44712345678 (heard number-confirm, pressed 1)
           0.0 request committed → say callback-thanks + digits 5678 + soon + callback-hang-up-now
        path: start a
        waits for: Farewell
    "#]],
    );
}

#[test]
fn a_number_that_was_collected_before_is_used() {
    let json = flow(
        r#""a":{"action":{"type":"collect_number","into":"mine"},"exits":{"next":"b","no_number":"end"}},
        "b":{"action":{"type":"callback","number":"mine","wording":{"callback_thanks":"my-thanks"}}}"#,
    );
    let mut call = Call::into(World::with(&[&json]), "f");
    call.press("0712345678#1").made(Promise::Soon);
    check(
        &call,
        &expect![[r#"
           0.0 begins → say number-ask
           0.0 presses 0 → stop
           0.0 presses 7
           0.0 presses 1
           0.0 presses 2
           0.0 presses 3
           0.0 presses 4
           0.0 presses 5
           0.0 presses 6
           0.0 presses 7
           0.0 presses 8
           0.0 presses # → say number-heard + digits 0712345678 + number-confirm
           0.0 presses 1 → stop; REQUEST for the queue +44712345678 (heard , pressed )
           0.0 request committed → say my-thanks + digits 5678 + soon + callback-hang-up-now
        path: start a b
        waits for: Farewell
    "#]],
    );
    let mut none = Call::into(World::with(&[&json]), "f");
    none.press("1#2#3#").played();
    check(
        &none,
        &expect![[r#"
               0.0 begins → say number-ask
               0.0 presses 1 → stop
               0.0 presses # → number refused: Impossible; say number-not-called + number-ask
               0.0 presses 2 → stop
               0.0 presses # → number refused: Impossible; say number-not-called + number-ask
               0.0 presses 3 → stop
               0.0 presses # → number refused: Impossible; say number-not-called
               0.0 heard → hang up
            path: start a end
        "#]],
    );
}

#[test]
fn without_a_queue_and_an_object_nobody_is_asked() {
    let json = callback(r#""tries":3"#);
    let call = Call::into(World::with(&[&json]).without_queue(), "f");
    check(
        &call,
        &expect![[r#"
           0.0 begins → hang up
        path: start a end
    "#]],
    );
}

#[test]
fn a_prompt_that_fails_in_the_dialogue_leaves_by_failed_but_never_undoes_a_request() {
    let json = callback(r#""object":{"kind":"campaign","campaign":"renewals"},"confirm_number":true"#);
    let mut asked = Call::into(World::with(&[&json]), "f");
    asked.input("prompt failed", Input::PlayFailed);
    check(
        &asked,
        &expect![[r#"
           0.0 begins → say callback-confirm + digits 0123 + callback-confirm-keys
           0.0 prompt failed → hang up
        path: start a end
    "#]],
    );
    let mut keying = Call::into(World::with(&[&json]), "f");
    keying.press("2").input("prompt failed", Input::PlayFailed);
    check(
        &keying,
        &expect![[r#"
           0.0 begins → say callback-confirm + digits 0123 + callback-confirm-keys
           0.0 presses 2 → stop; say number-ask
           0.0 prompt failed → hang up
        path: start a end
    "#]],
    );
    let mut thanked = Call::into(World::with(&[&json]), "f");
    thanked.press("1").made(Promise::Soon).input("prompt failed", Input::PlayFailed);
    check(
        &thanked,
        &expect![[r#"
           0.0 begins → say callback-confirm + digits 0123 + callback-confirm-keys
           0.0 presses 1 → stop; REQUEST for campaign renewals +442079460123 (heard callback-confirm-keys, pressed 1)
           0.0 request committed → say callback-thanks + digits 0123 + soon + callback-hang-up-now
           0.0 prompt failed → hang up
        path: start a
    "#]],
    );
}

#[test]
fn who_names_another_matter_that_is_open_too_is_told_so_and_the_call_ends() {
    let open = || Input::Requested(RequestAnswer::AlreadyOpen { promise: Promise::Soon });
    let mut call = overflow();
    call.press("2").input("open already", open()).press("1").input("open too", open()).played();
    check(
        &call,
        &expect![[r#"
           0.0 begins → say queue-menu
           0.0 presses 2 → stop; REQUEST for support/support-b +442079460123 (heard queue-menu, pressed 2)
           0.0 open already → say callback-already-open + soon + callback-another-matter
           0.0 presses 1 → stop; REQUEST for support/support-b +442079460123 for another matter (heard queue-menu+callback-another-matter, pressed 21)
           0.0 open too → say callback-already-open + soon + callback-hang-up-now
           0.0 heard → hang up
        path: start menu callback
    "#]],
    );
}
