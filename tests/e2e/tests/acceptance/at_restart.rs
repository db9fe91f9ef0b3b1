//! The server dies and comes back: nothing that was promised is forgotten, and nobody is left behind.

use std::time::Duration;

use nohold_e2e::desk::Desk;
use nohold_e2e::ear::{hears_speech, hears_tone};
use nohold_e2e::house::{CUSTOMER, House, SOON, SUPPORT, Wishes};
use nohold_e2e::people::{self, AGENTS_TONE, CUSTOMERS_TONE};
use serde_json::{Value, json};

/// Kills the server and starts it again; the desk looks again.
async fn power_cut(house: &mut House, desk: &mut Desk) {
    house.server.kill().await.unwrap();
    house.server.start_again().await.unwrap();
    desk.look_again().await.unwrap();
}

#[tokio::test]
async fn at_15_a_request_and_its_reminder_outlive_the_server() {
    let mut house = House::open(Wishes::with_callback_key()).await.unwrap();
    let mut desk = Desk::agent_at_work(&house, "2002").await.unwrap();
    let (mut caller, mut ear) = people::customer_at_the_menu(&house, CUSTOMER).await.unwrap();
    caller.press("2").await.unwrap();
    ear.hears_begin(&caller, "callback-thanks", SOON).await.unwrap();
    let reminder = desk.reminder(SOON).await.unwrap();
    power_cut(&mut house, &mut desk).await;
    let again = desk.reminders_of(&[reminder["entry"].clone()]).await.unwrap();
    assert_eq!(again.len(), 1, "the reminder comes again once: {again:#?}");
    assert_eq!(again[0]["id"], reminder["id"], "and under the same id");
    desk.is_left_alone().await.unwrap();
    let entry = desk.sees("the request", |entry| entry["id"] == reminder["entry"]).await.unwrap();
    assert_eq!((&entry["section"], &entry["state"]["name"]), (&json!("requests"), &json!("waiting")), "{entry:#}");
    // Who asks again is told so: it is the same request.
    let (mut again, mut ear) = people::customer_at_the_menu(&house, CUSTOMER).await.unwrap();
    again.press("2").await.unwrap();
    ear.hears(&again, "callback-already-open", SOON).await.unwrap();
}

#[tokio::test]
async fn at_15_an_attempt_that_was_under_way_is_interrupted_and_not_tried_again_before_the_phone_is_silent() {
    let mut house = House::open(Wishes::with_callback_key()).await.unwrap();
    let phone = house.phone("2002").await.unwrap();
    let mut desk = Desk::agent_at_work(&house, "2002").await.unwrap();
    // So that no caller of the line comes.
    desk.does("not_ready").await.unwrap();
    people::asks_to_be_called(&house, CUSTOMER).await.unwrap();
    let entry = desk.reminder(SOON).await.unwrap()["entry"].clone();
    desk.does("available").await.unwrap();
    desk.works(&entry, "call", json!({})).await.unwrap();
    let _at_work = phone.next_call(SOON).await.unwrap().answer().await.unwrap();
    let ringing = house.carrier.next_call(SOON).await.unwrap();
    ringing.ring().unwrap();
    power_cut(&mut house, &mut desk).await;
    let tried = |seen: &Value| seen["id"] == entry && seen["attempts"][0]["result"] == "interrupted";
    let seen = desk.sees("the interrupted attempt", tried).await.unwrap();
    let began = seen["attempts"][0]["began"].as_i64().unwrap();
    // The customer's phone may ring for 40 s.
    assert!(seen["not_before"].as_i64().unwrap() >= began + 70_000, "{seen:#}");
    let refused = desk.works(&entry, "call", json!({})).await.unwrap_err();
    // The number counts as in use for as long as the phone may still ring.
    assert!(["too_soon", "number_in_use"].contains(&refused.code()), "{refused}");
    assert!(house.carrier.next_call(Duration::from_millis(700)).await.is_err(), "there are two dials");
}

#[tokio::test]
async fn at_22_who_waited_or_talked_is_listed_as_cut_off_and_their_phones_are_told() {
    let mut house = House::open(Wishes::with_callback_key()).await.unwrap();
    let mut agent = people::agent(&house, "2002").await.unwrap();
    let mut desk = Desk::agent(&house, "2002").await.unwrap();
    let mut talking = people::customer(&house, CUSTOMER, SUPPORT).await.unwrap();
    agent.wait_incoming(SOON).await.unwrap();
    agent.answer().await.unwrap();
    hears_tone(&talking, AGENTS_TONE, SOON).await.unwrap();
    hears_tone(&agent, CUSTOMERS_TONE, SOON).await.unwrap();
    let waiting = house.calls("+8613900139001", SUPPORT).await.unwrap();
    waiting.wait_answered(SOON).await.unwrap();
    waiting.wait_speech(SOON).await.unwrap();
    // One who gave up before stands below them.
    let mut missed = house.calls("+8613900139002", SUPPORT).await.unwrap();
    missed.wait_answered(SOON).await.unwrap();
    missed.wait_speech(SOON).await.unwrap();
    // Longer than a short abandon, which would be hidden: the time itself is what counts.
    tokio::time::sleep(Duration::from_secs(5)).await;
    missed.hang_up().await.unwrap();
    desk.sees("the missed call", |entry| entry["number"] == "+8613900139002").await.unwrap();
    power_cut(&mut house, &mut desk).await;
    // Phones that were left behind are told to hang up.
    agent.wait_closed(SOON).await.unwrap();
    talking.wait_closed(SOON).await.unwrap();
    waiting.wait_ended(SOON).await.unwrap();
    let mut cut_off = Vec::new();
    for (number, doing) in [(CUSTOMER, "talking"), ("+8613900139001", "waiting")] {
        let entry = desk.sees("who was cut off", |entry| entry["number"] == number).await.unwrap();
        assert_eq!((&entry["section"], &entry["cut_off"]), (&json!("cut_off"), &json!(1)), "{entry:#}");
        let (_, history) = desk.entry(&entry["id"]).await.unwrap();
        assert!(history.to_string().contains(doing), "what the caller was doing is not told: {history:#}");
        cut_off.push(entry["id"].clone());
    }
    let told = desk.reminders_of(&cut_off).await.unwrap();
    assert!(told.iter().all(|reminder| reminder["kind"] == "cut_off"), "{told:#?}");
    assert_eq!(told.len(), 2, "notified once: {told:#?}");
    desk.is_left_alone().await.unwrap();
    let sections: Vec<Value> = desk.list().await.unwrap().iter().map(|entry| entry["section"].clone()).collect();
    assert_eq!(sections, ["cut_off", "cut_off", "missed"]);
}

#[tokio::test]
async fn at_22_a_planned_stop_lists_whom_it_cut_off_too() {
    let mut house = House::open(Wishes::with_callback_key()).await.unwrap();
    let mut desk = Desk::agent(&house, "2002").await.unwrap();
    let mut waiting = people::customer(&house, CUSTOMER, SUPPORT).await.unwrap();
    hears_speech(&waiting, SOON).await.unwrap();
    house.server.terminate(SOON).await.unwrap();
    waiting.wait_closed(SOON).await.unwrap();
    house.server.start_again().await.unwrap();
    desk.look_again().await.unwrap();
    let entry = desk.sees("who was cut off", |entry| entry["number"] == CUSTOMER).await.unwrap();
    assert_eq!((&entry["section"], &entry["cut_off"]), (&json!("cut_off"), &json!(1)), "{entry:#}");
}
