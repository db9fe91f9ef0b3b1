//! SIPp and our phone, each calling the other: the driver of the one, and the phone, against foreign SIP.

#![allow(clippy::unwrap_used, reason = "the helpers of tests may fail like tests")]

use std::time::Duration;

use nohold_e2e::sipp::{Counts, Sipp};
use nohold_phone::{Behaviour, Party, Phone, PhoneSettings};

const LIMIT: Duration = Duration::from_secs(5);

async fn phone() -> Phone {
    Phone::start(PhoneSettings::new("600")).await.unwrap()
}

fn sipp(scenario: &str) -> Sipp {
    Sipp::scenario(scenario).unwrap().service("600").word("caller", "+4930123")
}

fn all(calls: u64) -> Counts {
    Counts { successful: calls, failed: 0 }
}

#[tokio::test]
async fn calls_that_sipp_makes_are_counted() {
    let phone = phone().await;
    phone.behave(Behaviour::answers_after(Duration::ZERO));
    let counts = sipp("call").calls(20, 20).call(phone.address()).await.unwrap();
    assert_eq!(counts, all(20));
    assert!(phone.past_calls().iter().all(|call| call.answered && call.caller == "+4930123"));
    assert_eq!(sipp("reinvite").call(phone.address()).await.unwrap(), all(1));
    assert_eq!(sipp("options").call(phone.address()).await.unwrap(), all(1));
}

#[tokio::test]
async fn sipp_notices_what_is_not_as_its_scenario_says() {
    let phone = phone().await;
    phone.behave(Behaviour::declines(486));
    assert_eq!(sipp("busy").call(phone.address()).await.unwrap(), all(1));
    let counts = sipp("call").limit(Duration::from_secs(3)).call(phone.address()).await.unwrap();
    assert_eq!(counts, Counts { successful: 0, failed: 1 });
}

#[tokio::test]
async fn a_phone_hangs_up_and_is_cancelled() {
    let phone = phone().await;
    phone.behave(Behaviour::answers_after(Duration::ZERO).hanging_up_after(Duration::from_millis(100)));
    assert_eq!(sipp("called_bye").call(phone.address()).await.unwrap(), all(1));
    phone.behave(Behaviour::never_answers());
    assert_eq!(sipp("cancel").call(phone.address()).await.unwrap(), all(1));
    assert_eq!(phone.past_calls().len(), 2);
}

#[tokio::test]
async fn a_phone_calls_sipp() {
    let called = sipp("answer").listen().unwrap();
    let phone = phone().await;
    let mut call = phone.dial(&format!("sip:100@{}", called.address)).await.unwrap();
    call.wait_answered(LIMIT).await.unwrap();
    call.hang_up().await.unwrap();
    assert_eq!(called.finish().await.unwrap(), all(1));

    let out_of_order = sipp("unavailable").listen().unwrap();
    let call = phone.dial(&format!("sip:100@{}", out_of_order.address)).await.unwrap();
    let end = call.wait_ended(LIMIT).await.unwrap();
    assert_eq!((end.by, end.status), (Party::Them, Some(503)), "{end}");
    assert_eq!(out_of_order.finish().await.unwrap(), all(1));
}

#[tokio::test]
async fn sipp_presses_a_key() {
    let phone = phone().await;
    let sipp = sipp("call_key_2").start(Some(phone.address())).unwrap();
    let call = phone.next_call(LIMIT).await.unwrap().answer().await.unwrap();
    call.wait_digits("2", LIMIT).await.unwrap();
    call.wait_ended(LIMIT).await.unwrap();
    assert_eq!((call.digits().as_str(), sipp.finish().await.unwrap()), ("2", all(1)), "{}", call.log());
}
