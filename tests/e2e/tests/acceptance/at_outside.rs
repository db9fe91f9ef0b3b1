//! What may not leave the house: numbers that are not dialled, numbers that are not shown.

use std::time::Duration;

use nohold_e2e::ear::Ear;
use nohold_e2e::house::{House, SOON, Wishes};
use nohold_e2e::people;
use nohold_phone::Behaviour;

#[tokio::test]
async fn at_30_what_may_not_be_dialled_is_refused_with_the_reason_and_nothing_is_sent() {
    let more = "[blocked]\nnumbers = [\"+8613900139007\"]".into();
    let house = House::open(Wishes { more, ..Wishes::default() }).await.unwrap();
    // Abroad, a premium number, and one that is blocked.
    for (agent, number) in [("2000", "00442079460000"), ("2001", "16800000"), ("2002", "13900139007")] {
        let mut agent = people::agent(&house, agent).await.unwrap();
        agent.dial(number).await.unwrap();
        let mut ear = Ear::new("en");
        let said = ear.hears(&agent, "number-not-called", SOON).await;
        assert!(said.is_ok(), "{number}: {}", said.unwrap_err());
        let ended = agent.wait_closed(SOON).await.unwrap();
        assert!(ended.contains("403"), "{number}: {ended}");
    }
    assert!(house.carrier.next_call(Duration::from_millis(500)).await.is_err(), "something was sent");
}

#[tokio::test]
async fn at_30_who_would_show_a_number_that_no_trunk_owns_is_refused_and_still_reaches_emergency_services() {
    let more = "[extensions.3009]\npassword = \"secret-of-3009\"\nmay_call_outside = true\n\
                caller_id = \"+862161239999\"\n"
        .into();
    let house = House::open(Wishes { more, ..Wishes::default() }).await.unwrap();
    let mut phone = people::colleague(&house, "3009").await.unwrap();
    phone.dial("13800138000").await.unwrap();
    Ear::new("en").hears(&phone, "number-not-called", SOON).await.unwrap();
    phone.wait_closed(SOON).await.unwrap();
    assert!(house.carrier.next_call(Duration::from_millis(500)).await.is_err(), "something was sent");
    phone.dial("110").await.unwrap();
    assert_eq!(house.carrier.next_call(SOON).await.unwrap().called(), "110");
}

#[tokio::test]
async fn at_30_emergency_numbers_go_out_from_a_foreign_phone_without_any_right() {
    // Neither the right to call outside nor the dialling window stands in the way.
    let site = "dialling_window = \"00:00-00:01\"";
    let house = House::open(Wishes { site, ..Wishes::default() }).await.unwrap();
    house.carrier.behave(Behaviour::answers_after(Duration::ZERO).with_tone(600.0));
    let mut phone = people::colleague(&house, "3000").await.unwrap();
    phone.dial("110").await.unwrap();
    phone.wait_established(SOON).await.unwrap();
    nohold_e2e::ear::hears_tone(&phone, 600.0, SOON).await.unwrap();
    phone.hang_up().await.unwrap();
    let end = tokio::time::Instant::now() + SOON;
    while house.carrier.past_calls().is_empty() && tokio::time::Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let past = house.carrier.past_calls();
    let [call] = &past[..] else { panic!("{past:?}") };
    assert_eq!(call.called, "110");
    assert!(call.heard.as_ref().is_some_and(|heard| heard.is_tone(people::AGENTS_TONE)), "{call:?}");
}
