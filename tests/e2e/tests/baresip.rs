//! baresip and our phone, each calling the other.

#![allow(clippy::unwrap_used, reason = "the helpers of tests may fail like tests")]

use std::time::Duration;

use nohold_e2e::baresip::{Baresip, Settings};
use nohold_e2e::tone_of;
use nohold_phone::{Codec, Party, Phone, PhoneSettings};

const LIMIT: Duration = Duration::from_secs(5);

async fn phone() -> Phone {
    Phone::start(PhoneSettings::new("600")).await.unwrap()
}

/// Whether the second half of a recording is this tone, which is what counts once both are connected.
fn is_tone(samples: &[i16], wanted: f64) -> bool {
    samples[samples.len() / 2..]
        .chunks_exact(1_600)
        .next()
        .and_then(tone_of)
        .is_some_and(|it| (it - wanted).abs() < 2.0)
}

#[tokio::test]
async fn baresip_calls_and_both_hear_each_other() {
    let phone = phone().await;
    let mut baresip = Baresip::start(Settings::new("bert").tone(440.0).codec(Codec::Pcma)).await.unwrap();
    baresip.dial(&phone.uri()).await.unwrap();
    let incoming = phone.next_call(LIMIT).await.unwrap();
    assert_eq!(incoming.caller(), "bert");
    incoming.ring().unwrap();
    let call = incoming.answer().await.unwrap();
    baresip.wait_established(LIMIT).await.unwrap();
    call.play_tone(1_000.0);
    call.wait_tone(440.0, LIMIT).await.unwrap();
    baresip.press("2#").await.unwrap();
    call.wait_digits("2#", LIMIT).await.unwrap();
    // Not a wait for something to happen, but the length of what baresip is to hear.
    tokio::time::sleep(Duration::from_millis(600)).await;
    baresip.hang_up().await.unwrap();
    assert_eq!(call.wait_ended(LIMIT).await.unwrap().by, Party::Them);
    let heard = baresip.heard().unwrap();
    assert!(is_tone(&heard, 1_000.0), "{} samples", heard.len());
}

#[tokio::test]
async fn baresip_is_called_holds_and_is_hung_up_on() {
    let phone = phone().await;
    let mut baresip = Baresip::start(Settings::new("bert").tone(700.0)).await.unwrap();
    let mut call = phone.dial(&baresip.uri()).await.unwrap();
    let caller = baresip.wait_incoming(LIMIT).await.unwrap();
    assert!(caller.contains("600"), "{caller}");
    call.wait_ringing(LIMIT).await.unwrap();
    baresip.answer().await.unwrap();
    call.wait_answered(LIMIT).await.unwrap();
    call.wait_tone(700.0, LIMIT).await.unwrap();
    baresip.hold().await.unwrap();
    call.wait_held(true, LIMIT).await.unwrap();
    baresip.resume().await.unwrap();
    call.wait_held(false, LIMIT).await.unwrap();
    call.wait_tone(700.0, LIMIT).await.unwrap();
    call.hang_up().await.unwrap();
    baresip.wait_closed(LIMIT).await.unwrap();
}

#[tokio::test]
async fn baresip_declines_and_answers_by_itself() {
    let phone = phone().await;
    let mut baresip = Baresip::start(Settings::new("bert")).await.unwrap();
    let call = phone.dial(&baresip.uri()).await.unwrap();
    baresip.wait_incoming(LIMIT).await.unwrap();
    baresip.hang_up().await.unwrap();
    let end = call.wait_ended(LIMIT).await.unwrap();
    assert_eq!(end.by, Party::Them, "{end}");
    assert!(baresip.press("1").await.is_err(), "there is no call to press a key in");

    let answering = Baresip::start(Settings::new("carl").answering()).await.unwrap();
    let call = phone.dial(&answering.uri()).await.unwrap();
    call.wait_answered(LIMIT).await.unwrap();
    call.wait_tone(440.0, LIMIT).await.unwrap();
}
