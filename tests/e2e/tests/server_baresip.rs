//! The server and baresip: a softphone of other makers at an agent's desk.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::time::Duration;

use nohold_e2e::baresip::{Baresip, Settings};
use nohold_e2e::ear::Ear;
use nohold_e2e::house::{CUSTOMER, House, SOON, SUPPORT, Wishes, password};
use nohold_e2e::tone_of;

/// A thanks or a word of the server with a star code takes no longer.
const SAID: Duration = Duration::from_secs(20);

/// The baresip of an extension, registered, that sends 700 Hz.
async fn baresip(house: &House, extension: &str) -> Baresip {
    let settings = Settings::new(extension).register(house.address(), &password(extension)).tone(700.0);
    let mut baresip = Baresip::start(settings).await.unwrap();
    baresip.wait_registered(SOON).await.unwrap();
    baresip
}

/// For how many milliseconds a tone is heard in a recording, of 200 ms windows.
fn milliseconds_of(samples: &[i16], wanted: f64) -> usize {
    let windows = samples.chunks_exact(1_600);
    200 * windows.filter(|window| tone_of(window).is_some_and(|tone| (tone - wanted).abs() <= 2.0)).count()
}

#[tokio::test]
async fn baresip_signs_in_and_talks_with_a_caller_of_the_line() {
    let house = House::open(Wishes::default()).await.unwrap();
    let mut agent = baresip(&house, "2000").await;
    agent.dial("*10").await.unwrap();
    agent.wait_established(SOON).await.unwrap();
    agent.wait_closed(SAID).await.unwrap();
    let caller = house.calls(CUSTOMER, SUPPORT).await.unwrap();
    caller.play_tone(440.0);
    let from = agent.wait_incoming(SOON).await.unwrap();
    // As everybody in the country of the site writes it.
    assert!(from.starts_with("sip:13800138000@"), "{from}");
    agent.answer().await.unwrap();
    agent.wait_established(SOON).await.unwrap();
    caller.wait_tone(700.0, SOON).await.unwrap();
    // The length of what the agent is to hear.
    tokio::time::sleep(Duration::from_secs(1)).await;
    agent.hang_up().await.unwrap();
    caller.wait_ended(SOON).await.unwrap();
    let heard = agent.heard().unwrap();
    assert!(milliseconds_of(&heard, 440.0) >= 600, "{} samples", heard.len());
}

#[tokio::test]
async fn baresip_holds_a_colleague_who_hears_music_and_takes_the_call_back() {
    let house = House::open(Wishes::default()).await.unwrap();
    let na = house.phone("3000").await.unwrap();
    let mut baresip = baresip(&house, "2000").await;
    baresip.dial("3000").await.unwrap();
    let call = na.next_call(SOON).await.unwrap().answer().await.unwrap();
    call.play_tone(440.0);
    baresip.wait_established(SOON).await.unwrap();
    call.wait_tone(700.0, SOON).await.unwrap();
    // The length of what baresip is to hear. After a hold it writes nothing down any more.
    tokio::time::sleep(Duration::from_secs(1)).await;
    baresip.hold().await.unwrap();
    call.wait_speech(SOON).await.unwrap();
    baresip.resume().await.unwrap();
    call.wait_tone(700.0, SOON).await.unwrap();
    baresip.hang_up().await.unwrap();
    call.wait_ended(SOON).await.unwrap();
    let heard = baresip.heard().unwrap();
    assert!(milliseconds_of(&heard, 440.0) >= 600, "{} samples", heard.len());
}

#[tokio::test]
async fn a_colleague_calls_baresip_and_hangs_up() {
    let house = House::open(Wishes::default()).await.unwrap();
    let na = house.phone("3000").await.unwrap();
    let mut baresip = baresip(&house, "2000").await;
    let mut call = na.dial("2000").await.unwrap();
    let from = baresip.wait_incoming(SOON).await.unwrap();
    assert!(from.contains("3000"), "{from}");
    call.wait_ringing(SOON).await.unwrap();
    baresip.answer().await.unwrap();
    call.wait_tone(700.0, SOON).await.unwrap();
    call.hang_up().await.unwrap();
    baresip.wait_closed(SOON).await.unwrap();
}

#[tokio::test]
async fn baresip_presses_3_after_hours_and_its_message_is_kept() {
    let house = House::open(Wishes::default()).await.unwrap();
    let mut baresip = baresip(&house, "2000").await;
    // The star code that tests a flow, here 701, the after-hours flow.
    baresip.dial("*77701").await.unwrap();
    baresip.wait_established(SOON).await.unwrap();
    let mut ear = Ear::new("en");
    ear.hears_begin(&baresip, "after-hours-menu", SOON).await.unwrap();
    baresip.press("3").await.unwrap();
    ear.hears_begin(&baresip, "message-greeting", SOON).await.unwrap();
    // The end key cuts the greeting short; the tone follows.
    baresip.press("#").await.unwrap();
    // The length of the message, with the tone before it.
    tokio::time::sleep(Duration::from_secs(4)).await;
    baresip.press("#").await.unwrap();
    baresip.wait_closed(SAID).await.unwrap();
    let recordings = house.server.data().join("recordings");
    let files: Vec<_> = std::fs::read_dir(&recordings).unwrap().map(|file| file.unwrap().path()).collect();
    let [file] = &files[..] else { panic!("{files:?}\n{}", house.server.output()) };
    let samples = nohold_phone::read_wav(file).unwrap();
    assert!(milliseconds_of(&samples, 700.0) >= 1_600, "{} samples", samples.len());
}
