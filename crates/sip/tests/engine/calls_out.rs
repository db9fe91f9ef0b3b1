//! Calls that we make: to phones of ours and by trunks.

use std::collections::BTreeMap;
use std::time::Duration;

use nohold_core::call::{Gone, HangUp, Input, Shown};
use nohold_model::TrunkKey;
use nohold_phone::{Behaviour, Phone, PhoneSettings};

use crate::board::{Board, SOON, trunk};

async fn carrier(number: u8) -> Phone {
    let address = format!("127.0.0.{number}").parse().unwrap();
    Phone::start(PhoneSettings::new("carrier").at(address)).await.unwrap()
}

fn key(name: &str) -> TrunkKey {
    TrunkKey::new(name).unwrap()
}

#[tokio::test]
async fn a_phone_rings_shows_the_number_and_answers() {
    let mut board = Board::new().await;
    let phone = board.phone("1000").await;
    let leg = board.ring_showing("1000", Shown::Number("+8613800138000".parse().unwrap()), true);
    let incoming = phone.next_call(SOON).await.unwrap();
    // As everybody in the country of the site writes it.
    assert_eq!(incoming.caller(), "13800138000");
    assert!(incoming.asks_for_auto_answer());
    incoming.ring().unwrap();
    assert_eq!(board.on(leg).await, Input::Ringing(leg));
    let call = incoming.answer().await.unwrap();
    assert_eq!(board.on(leg).await, Input::Answered(leg));
    board.hang_up(leg, HangUp::Normal);
    call.wait_ended(SOON).await.unwrap();
    assert_eq!(board.gone(leg).await, Gone::HungUp);
}

#[tokio::test]
async fn a_colleague_is_shown_by_name_and_number_and_nobody_is_asked_to_answer_by_itself() {
    let mut board = Board::new().await;
    let phone = board.phone("1000").await;
    let colleague = Shown::Colleague { number: "1001".into(), name: "Li \"Lily\" Na".into() };
    let _leg = board.ring_showing("1000", colleague, false);
    let incoming = phone.next_call(SOON).await.unwrap();
    assert_eq!(incoming.caller(), "1001");
    assert!(incoming.caller_name().is_some_and(|name| name.contains("Lily")), "{:?}", incoming.caller_name());
    assert!(!incoming.asks_for_auto_answer());
}

#[tokio::test]
async fn a_phone_that_is_not_registered_is_unreachable() {
    let mut board = Board::new().await;
    let leg = board.ring("1003");
    assert_eq!(board.gone(leg).await, Gone::Unreachable);
}

#[tokio::test]
async fn busy_and_refused_are_told_apart() {
    let mut board = Board::new().await;
    let phone = board.phone("1000").await;
    for (status, why) in [(486, Gone::Busy), (603, Gone::Refused), (480, Gone::NoAnswer)] {
        phone.behave(Behaviour::declines(status));
        let leg = board.ring("1000");
        assert_eq!(board.gone(leg).await, why, "{status}");
    }
}

#[tokio::test]
async fn hanging_up_a_phone_that_rings_makes_it_stop() {
    let mut board = Board::new().await;
    let phone = board.phone("1000").await;
    let leg = board.ring("1000");
    let incoming = phone.next_call(SOON).await.unwrap();
    incoming.ring().unwrap();
    board.wait(Input::Ringing(leg)).await;
    board.hang_up(leg, HangUp::Normal);
    tokio::time::timeout(SOON, async {
        while !matches!(incoming.state(), nohold_phone::CallState::Ended(_)) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .unwrap();
    assert_eq!(board.gone(leg).await, Gone::HungUp);
}

#[tokio::test]
async fn all_phones_of_an_extension_ring_and_the_first_to_answer_has_the_call() {
    let mut board = Board::new().await;
    let (desk, soft) = (board.phone("1000").await, board.phone("1000").await);
    let leg = board.ring("1000");
    let (at_desk, on_soft) = (desk.next_call(SOON).await.unwrap(), soft.next_call(SOON).await.unwrap());
    at_desk.ring().unwrap();
    on_soft.ring().unwrap();
    let _call = on_soft.answer().await.unwrap();
    board.wait(Input::Answered(leg)).await;
    tokio::time::timeout(SOON, async {
        while !matches!(at_desk.state(), nohold_phone::CallState::Ended(_)) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_customer_is_called_by_the_trunk_with_its_number_shown() {
    let carrier = carrier(11).await;
    let mut board = Board::with(BTreeMap::from([(key("a"), trunk(&carrier))]), SOON).await;
    let leg = board.dial("13800138000", &[("a", "+862161230000")]);
    let mut incoming = carrier.next_call(SOON).await.unwrap();
    assert_eq!((incoming.called().as_str(), incoming.caller().as_str()), ("13800138000", "+862161230000"));
    incoming.early_media(700.0).unwrap();
    board.wait(Input::EarlyMedia(leg)).await;
    let _call = incoming.answer().await.unwrap();
    board.wait(Input::Answered(leg)).await;
}

#[tokio::test]
async fn a_trunk_that_is_silent_or_fails_is_passed_over_for_the_next() {
    let (silent, failing, good) = (carrier(12).await, carrier(13).await, carrier(14).await);
    let gone = trunk(&silent);
    drop(silent);
    failing.behave(Behaviour::declines(503));
    let trunks = BTreeMap::from([(key("a"), gone), (key("b"), trunk(&failing)), (key("c"), trunk(&good))]);
    let mut board = Board::with(trunks, Duration::from_millis(400)).await;
    let leg = board.dial("13800138000", &[("a", "1"), ("b", "2"), ("c", "3")]);
    let incoming = good.next_call(SOON).await.unwrap();
    assert_eq!(incoming.caller(), "3");
    let _call = incoming.answer().await.unwrap();
    board.wait(Input::Answered(leg)).await;
}

#[tokio::test]
async fn a_busy_customer_is_not_tried_by_another_trunk() {
    let (busy, other) = (carrier(15).await, carrier(16).await);
    busy.behave(Behaviour::declines(486));
    let trunks = BTreeMap::from([(key("a"), trunk(&busy)), (key("b"), trunk(&other))]);
    let mut board = Board::with(trunks, SOON).await;
    let leg = board.dial("13800138000", &[("a", "1"), ("b", "2")]);
    assert_eq!(board.gone(leg).await, Gone::Busy);
    // The leg is over: whoever would be tried has been tried, and a packet on loopback has long arrived.
    assert!(other.next_call(Duration::from_millis(300)).await.is_err());
}

#[tokio::test]
async fn an_extension_has_no_more_calls_at_once_than_it_may() {
    let mut board = Board::set_up(|settings| settings.calls_per_extension = 1).await;
    let phone = board.phone("1000").await;
    let leg = board.ring("1000");
    let call = phone.next_call(SOON).await.unwrap().answer().await.unwrap();
    board.wait(Input::Answered(leg)).await;
    let second = board.ring("1000");
    assert_eq!(board.gone(second).await, Gone::Busy);
    let own = phone.dial("600").await.unwrap();
    assert_eq!(own.wait_ended(SOON).await.unwrap().status, Some(486));
    board.hang_up(leg, HangUp::Normal);
    call.wait_ended(SOON).await.unwrap();
    board.gone(leg).await;
    let _own = phone.dial("600").await.unwrap();
    board.new_call().await;
}
