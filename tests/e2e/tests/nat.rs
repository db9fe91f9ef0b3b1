//! The server and a NAT: a phone behind one, and the server itself behind one.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::time::Duration;

use nohold_e2e::baresip::{Baresip, Settings};
use nohold_e2e::ear::hears_tone;
use nohold_e2e::house::{House, SOON, Wishes, password};
use nohold_e2e::nat::{self, BEHIND, OUTSIDE, PRIVATE, PUBLIC};
use nohold_e2e::server::Place;
use nohold_phone::{Behaviour, Phone};

#[tokio::test]
async fn a_phone_behind_a_nat_registers_is_called_and_both_hear_each_other() {
    if !nat::alone("a_phone_behind_a_nat_registers_is_called_and_both_hear_each_other").unwrap() {
        return;
    }
    nat::make(false).unwrap();
    let place = Place { address: OUTSIDE, ..Place::default() };
    let house = House::open(Wishes { place, ..Wishes::default() }).await.unwrap();
    house.set_up().await.unwrap();
    let settings = Settings::new("2000").register(house.address(), &password("2000")).tone(700.0);
    let mut behind = Baresip::start(settings.within(BEHIND, PRIVATE)).await.unwrap();
    behind.wait_registered(SOON).await.unwrap();
    let colleague = house.phone("3000").await.unwrap();
    let call = colleague.dial("2000").await.unwrap();
    call.play_tone(440.0);
    behind.wait_incoming(SOON).await.unwrap();
    behind.answer().await.unwrap();
    behind.wait_established(SOON).await.unwrap();
    call.wait_tone(700.0, SOON).await.unwrap();
    hears_tone(&behind, 440.0, SOON).await.unwrap();
    behind.hang_up().await.unwrap();
    call.wait_ended(SOON).await.unwrap();
    // And the other way round.
    colleague.behave(Behaviour::answers_after(Duration::ZERO).with_tone(440.0));
    behind.dial("3000").await.unwrap();
    behind.wait_established(SOON).await.unwrap();
    hears_tone(&behind, 440.0, SOON).await.unwrap();
}

#[tokio::test]
async fn a_server_behind_a_nat_names_its_public_address_and_is_heard() {
    if !nat::alone("a_server_behind_a_nat_names_its_public_address_and_is_heard").unwrap() {
        return;
    }
    nat::make(true).unwrap();
    let place = Place { address: PRIVATE, public: Some(PUBLIC), namespace: Some(BEHIND), ..Place::default() };
    let house = House::open(Wishes { place, ..Wishes::default() }).await.unwrap();
    house.set_up().await.unwrap();
    let phone = |extension: &str| Phone::start(house.settings(extension).at(OUTSIDE));
    let (li, na) = (phone("2000").await.unwrap(), phone("3000").await.unwrap());
    li.register(Duration::from_secs(60)).await.unwrap();
    na.register(Duration::from_secs(60)).await.unwrap();
    let mut call = li.dial("3000").await.unwrap();
    let incoming = na.next_call(SOON).await.unwrap();
    assert!(incoming.offer().contains(&format!("c=IN IP4 {PUBLIC}")), "{}", incoming.offer());
    let contact = incoming.header("Contact").unwrap();
    assert!(contact.contains(&PUBLIC.to_string()), "{contact}");
    let answered = incoming.answer().await.unwrap();
    call.wait_answered(SOON).await.unwrap();
    call.play_tone(440.0);
    answered.play_tone(700.0);
    answered.wait_tone(440.0, SOON).await.unwrap();
    call.wait_tone(700.0, SOON).await.unwrap();
    // The BYE finds its way by the Contact.
    call.hang_up().await.unwrap();
    answered.wait_ended(SOON).await.unwrap();
}
