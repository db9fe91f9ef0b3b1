//! The callback request: what the caller hears, and what is left when somebody hangs up in between.

use std::time::Duration;

use nohold_e2e::baresip::Baresip;
use nohold_e2e::desk::Desk;
use nohold_e2e::ear::{Ear, hears_speech};
use nohold_e2e::house::{CUSTOMER, House, SOON, SUPPORT, Wishes};
use nohold_e2e::people;
use nohold_e2e::sipp::Counts;
use serde_json::{Value, json};

/// The words of a whole farewell are spoken within this.
const FAREWELL: Duration = Duration::from_secs(30);
/// "… that ends in eight, zero, zero, zero".
const ENDS_IN_8000: [&str; 5] = ["callback-thanks", "digit-8", "digit-0", "digit-0", "digit-0"];

/// A caller who has reached the menu by the callback key.
async fn at_the_menu(house: &House, number: &str) -> (Baresip, Ear) {
    people::customer_at_the_menu(house, number).await.unwrap()
}

/// A menu whose callback request asks the caller whether the own number is right.
fn confirming() -> Wishes {
    let flow = json!({
        "key": "confirming", "name": "Confirming", "kind": { "type": "main", "internal_number": "710" },
        "nodes": {
            "start": { "action": { "type": "start" }, "exits": { "next": "menu" } },
            "menu": {
                "action": { "type": "collect", "prompts": [{ "prompt": "queue-menu" }] },
                "branches": [
                    { "source": "inputcode", "condition": { "equals": "1" }, "target": "keep-waiting" },
                    { "source": "inputcode", "condition": { "equals": "2" }, "target": "callback" },
                ],
            },
            "keep-waiting": { "action": { "type": "queue" } },
            "callback": { "action": { "type": "callback", "object": { "kind": "queue" }, "confirm_number": true } },
        },
    });
    Wishes {
        menu: "confirming",
        files: vec![("confirming.json", flow.to_string())],
        more: "[flows.confirming]\nfile = \"confirming.json\"".into(),
        ..Wishes::with_callback_key()
    }
}

#[tokio::test]
async fn at_03_2_is_thanked_for_with_the_number_and_the_promise_and_we_end_the_call() {
    let house = House::open(Wishes::with_callback_key()).await.unwrap();
    // Of the group that will call back; not ready.
    let mut agent = people::agent(&house, "2002").await.unwrap();
    people::star(&mut agent, "*13").await.unwrap();
    let (mut caller, mut ear) = at_the_menu(&house, CUSTOMER).await;
    caller.press("2").await.unwrap();
    ear.hears_all(&caller, &ENDS_IN_8000, SOON).await.unwrap();
    ear.hears(&caller, "within", SOON).await.unwrap();
    ear.hears_all(&caller, &["unit-minutes", "callback-hang-up-now"], FAREWELL).await.unwrap();
    caller.wait_closed(SOON).await.unwrap();
}

#[tokio::test]
async fn at_03_sipp_waits_too_long_and_is_hung_up_on_after_the_farewell() {
    let house = House::open(Wishes { longest_wait: "5s", ..Wishes::default() }).await.unwrap();
    let sipp = people::customer_at_sipp(&house, "wait_key_2", SUPPORT).unwrap().limit(Duration::from_secs(45));
    assert_eq!(sipp.call(house.address()).await.unwrap(), Counts { successful: 1, failed: 0 });
}

#[tokio::test]
async fn at_03_a_hang_up_right_after_the_key_keeps_the_request() {
    let house = House::open(Wishes::with_callback_key()).await.unwrap();
    let (mut caller, _) = at_the_menu(&house, CUSTOMER).await;
    caller.press("2").await.unwrap();
    // The key has to have left; baresip sends its last packet within 200 ms.
    tokio::time::sleep(Duration::from_millis(300)).await;
    caller.hang_up().await.unwrap();
    let (mut again, mut ear) = at_the_menu(&house, CUSTOMER).await;
    again.press("2").await.unwrap();
    ear.hears(&again, "callback-already-open", SOON).await.unwrap();
}

/// The requests that this desk sees, in their order. A call that has ended is written down before: a confirmation is heard after its
/// commit.
async fn requests_on(desk: &Desk) -> Vec<Value> {
    let list = desk.list().await.unwrap();
    list.into_iter().filter(|entry| !entry["request"].is_null()).collect()
}

/// How many numbers were refused for each reason.
async fn refused_numbers(house: &House) -> Value {
    house.server.administrator().unwrap().get("/api/status").await.unwrap()["refused_numbers"].clone()
}

#[tokio::test]
async fn at_13_who_asks_again_is_told_that_the_place_is_kept_and_may_have_another_matter() {
    let house = House::open(Wishes::with_callback_key()).await.unwrap();
    let desk = Desk::agent(&house, "2002").await.unwrap();
    let (mut first, mut ear) = at_the_menu(&house, CUSTOMER).await;
    first.press("2").await.unwrap();
    ear.hears_begin(&first, "callback-thanks", SOON).await.unwrap();
    first.hang_up().await.unwrap();
    assert_eq!(requests_on(&desk).await.len(), 1);
    // Another matter makes a second request.
    let (mut second, mut ear) = at_the_menu(&house, CUSTOMER).await;
    second.press("2").await.unwrap();
    ear.hears_all(&second, &["callback-already-open", "between", "and", "callback-another-matter"], FAREWELL)
        .await
        .unwrap();
    second.press("1").await.unwrap();
    ear.hears(&second, "callback-thanks", SOON).await.unwrap();
    second.hang_up().await.unwrap();
    let two = requests_on(&desk).await;
    assert_eq!(two.len(), 2, "{two:#?}");
    assert!(two.iter().all(|entry| entry["number"] == CUSTOMER && entry["section"] == "requests"), "{two:#?}");
    // Who says nothing keeps the place, and the call ends.
    let (mut third, mut ear) = at_the_menu(&house, CUSTOMER).await;
    third.press("2").await.unwrap();
    ear.hears_all(&third, &["callback-already-open", "callback-another-matter", "callback-hang-up-now"], FAREWELL)
        .await
        .unwrap();
    third.wait_closed(SOON).await.unwrap();
    let still = requests_on(&desk).await;
    let places = |entries: &[Value]| -> Vec<[Value; 2]> {
        entries.iter().map(|entry| [entry["id"].clone(), entry["place"].clone()]).collect()
    };
    assert_eq!(places(&still), places(&two), "the two keep their places, and there is no third");
}

#[tokio::test]
async fn at_16_a_withheld_number_is_keyed_in_heard_back_and_confirmed() {
    let house = House::open(Wishes::with_callback_key()).await.unwrap();
    let (mut caller, mut ear) = at_the_menu(&house, "anonymous").await;
    caller.press("2").await.unwrap();
    ear.hears_begin(&caller, "number-ask", SOON).await.unwrap();
    caller.press("13900139001#").await.unwrap();
    let digits = "13900139001".chars().map(|digit| format!("digit-{digit}"));
    let words: Vec<String> = ["number-heard".to_owned()].into_iter().chain(digits).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).chain(["number-confirm"]).collect();
    ear.hears_all(&caller, &words, FAREWELL).await.unwrap();
    caller.press("1").await.unwrap();
    ear.hears_all(&caller, &["callback-thanks", "digit-9", "digit-0", "digit-0", "digit-1"], SOON).await.unwrap();
    ear.hears(&caller, "callback-hang-up-now", FAREWELL).await.unwrap();
    caller.wait_closed(SOON).await.unwrap();
}

#[tokio::test]
async fn at_16_after_three_tries_the_menu_comes_with_1_and_3_left() {
    let house = House::open(Wishes::with_callback_key()).await.unwrap();
    let (mut caller, mut ear) = at_the_menu(&house, "anonymous").await;
    caller.press("2").await.unwrap();
    for _ in 0..3 {
        ear.hears_begin(&caller, "number-ask", SOON).await.unwrap();
        caller.press("#").await.unwrap();
    }
    ear.hears_all(&caller, &["number-given-up", "queue-menu-without-callback"], FAREWELL).await.unwrap();
    caller.press("3").await.unwrap();
    ear.hears(&caller, "message-greeting", SOON).await.unwrap();
}

#[tokio::test]
async fn at_16_the_other_number_key_asks_for_another_number() {
    let house = House::open(confirming()).await.unwrap();
    let (mut caller, mut ear) = at_the_menu(&house, CUSTOMER).await;
    caller.press("2").await.unwrap();
    ear.hears_all(&caller, &["callback-confirm", "digit-8", "digit-0"], SOON).await.unwrap();
    caller.press("2").await.unwrap();
    ear.hears_begin(&caller, "number-ask", SOON).await.unwrap();
    caller.press("13900139001#").await.unwrap();
    ear.hears_begin(&caller, "number-heard", SOON).await.unwrap();
    // The key cuts the words short.
    caller.press("1").await.unwrap();
    ear.hears_all(&caller, &["callback-thanks", "digit-9", "digit-0", "digit-0", "digit-1"], SOON).await.unwrap();
}

#[tokio::test]
async fn at_17_numbers_that_may_not_be_called_are_refused_neutrally_and_1_and_3_remain() {
    let more = "[blocked]\nnumbers = [\"+8613900139007\"]".into();
    let house = House::open(Wishes { more, ..Wishes::with_callback_key() }).await.unwrap();
    let (mut caller, mut ear) = at_the_menu(&house, "anonymous").await;
    caller.press("2").await.unwrap();
    ear.hears_begin(&caller, "number-ask", SOON).await.unwrap();
    // Emergency, premium, impossible; three are tried.
    for keyed in ["110#", "01016812345#", "13#"] {
        caller.press(keyed).await.unwrap();
        ear.hears(&caller, "number-not-called", SOON).await.unwrap();
    }
    ear.hears(&caller, "queue-menu-without-callback", FAREWELL).await.unwrap();
    caller.press("1").await.unwrap();
    hears_speech(&caller, SOON).await.unwrap();
    // One who is blocked is refused with the same words, and another number may be given.
    let (mut blocked, mut ear) = at_the_menu(&house, "+8613900139007").await;
    blocked.press("2").await.unwrap();
    ear.hears(&blocked, "number-not-called", SOON).await.unwrap();
    ear.hears_begin(&blocked, "number-ask", SOON).await.unwrap();
    blocked.press("13900139001#").await.unwrap();
    ear.hears_begin(&blocked, "number-heard", SOON).await.unwrap();
    blocked.press("1").await.unwrap();
    ear.hears(&blocked, "callback-thanks", SOON).await.unwrap();
    // All are counted, each by its reason; an emergency number that is keyed in is no number of a customer.
    let counts = json!({ "not_allowed": 1, "impossible": 2, "blocked": 1, "over_limit": 0 });
    assert_eq!(refused_numbers(&house).await, counts);
}

#[tokio::test]
async fn at_17_a_number_over_its_limit_is_refused_with_the_same_words() {
    let house =
        House::open(Wishes { site: "requests_per_number_per_day = 1", ..Wishes::with_callback_key() }).await.unwrap();
    let (mut first, mut ear) = at_the_menu(&house, CUSTOMER).await;
    first.press("2").await.unwrap();
    ear.hears_begin(&first, "callback-thanks", SOON).await.unwrap();
    first.hang_up().await.unwrap();
    let (mut second, mut ear) = at_the_menu(&house, CUSTOMER).await;
    second.press("2").await.unwrap();
    ear.hears_begin(&second, "callback-already-open", SOON).await.unwrap();
    second.press("1").await.unwrap();
    ear.hears_all(&second, &["number-not-called", "number-ask"], SOON).await.unwrap();
    let counts = json!({ "not_allowed": 0, "impossible": 0, "blocked": 0, "over_limit": 1 });
    assert_eq!(refused_numbers(&house).await, counts);
}

#[tokio::test]
async fn at_24_who_hangs_up_while_keying_a_number_has_made_no_request() {
    let house = House::open(Wishes::with_callback_key()).await.unwrap();
    let desk = Desk::agent(&house, "2002").await.unwrap();
    let (mut caller, mut ear) = at_the_menu(&house, "anonymous").await;
    caller.press("2").await.unwrap();
    ear.hears_begin(&caller, "number-ask", SOON).await.unwrap();
    caller.press("13900139001#").await.unwrap();
    ear.hears_begin(&caller, "number-heard", SOON).await.unwrap();
    caller.hang_up().await.unwrap();
    let missed = desk.sees("the missed call", |entry| entry["number"].is_null()).await.unwrap();
    assert_eq!((&missed["section"], &missed["count"]), (&json!("missed"), &json!(1)), "{missed:#}");
    assert_eq!((&missed["missed"]["left_at"], &missed["request"]), (&json!("menu"), &json!(null)), "{missed:#}");
    let list = desk.list().await.unwrap();
    assert_eq!(list.len(), 1, "one line, and none of the number that was keyed: {list:#?}");
    // The number that was not confirmed has no open request.
    let (mut owner, mut ear) = at_the_menu(&house, "+8613900139001").await;
    owner.press("2").await.unwrap();
    ear.hears(&owner, "callback-thanks", SOON).await.unwrap();
}
