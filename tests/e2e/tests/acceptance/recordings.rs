//! Conversations are recorded where the queue has chosen a notice, and nowhere else.

use nohold_e2e::desk::Desk;
use nohold_e2e::ear::{Ear, hears_tone, length_of_tone};
use nohold_e2e::house::{CUSTOMER, House, SOON, SUPPORT, Wishes};
use nohold_e2e::people::{self, AGENTS_TONE, CUSTOMERS_TONE};
use serde_json::{Value, json};
use std::time::Duration;

fn recorded() -> Wishes {
    Wishes {
        queue: "callback_key = { digit = \"2\" }\nrecording_notice = \"recording-notice\"",
        ..Wishes::with_callback_key()
    }
}

/// The left and the right side of a recording.
fn sides(file: &[u8]) -> [Vec<i16>; 2] {
    let mut wav = hound::WavReader::new(file).unwrap();
    assert_eq!((wav.spec().channels, wav.spec().sample_rate), (2, 8_000));
    let samples: Vec<i16> = wav.samples().map(Result::unwrap).collect();
    [0, 1].map(|side| samples.iter().skip(side).step_by(2).copied().collect())
}

/// The recording that a history tells of.
fn recording_in(history: &Value) -> Option<String> {
    let told = history.as_array()?.iter().find(|told| told.to_string().contains("recording_began"))?.to_string();
    let (_, id) = told.split_once("\"recording\":\"")?;
    Some(id.split('"').next()?.to_owned())
}

#[tokio::test]
async fn a_callback_is_recorded_after_the_notice_and_heard_by_its_agent_alone() {
    let house = House::open(recorded()).await.unwrap();
    let mut phone = people::colleague(&house, "2002").await.unwrap();
    let mut desk = Desk::agent_at_work(&house, "2002").await.unwrap();
    let other = Desk::agent(&house, "2003").await.unwrap();
    // So that no caller of the line comes.
    desk.does("not_ready").await.unwrap();
    people::asks_to_be_called(&house, CUSTOMER).await.unwrap();
    let entry = desk.reminder(SOON).await.unwrap()["entry"].clone();
    desk.does("available").await.unwrap();
    desk.works(&entry, "call", json!({})).await.unwrap();
    phone.wait_incoming(SOON).await.unwrap();
    phone.answer().await.unwrap();
    let mut customer = house.carrier.next_call(SOON).await.unwrap().answer().await.unwrap();
    let mut ear = Ear::new("en");
    ear.hears(&customer, "recording-notice", SOON).await.unwrap();
    customer.play_tone(CUSTOMERS_TONE);
    customer.wait_tone(AGENTS_TONE, SOON).await.unwrap();
    hears_tone(&phone, CUSTOMERS_TONE, SOON).await.unwrap();
    let before = &customer.recording()[..usize::try_from(ear.position().as_millis() * 8).unwrap()];
    assert_eq!(length_of_tone(before, AGENTS_TONE), Duration::ZERO, "the agent was heard before the notice had ended");
    // What is measured is a second of both.
    tokio::time::sleep(Duration::from_secs(1)).await;
    customer.hang_up().await.unwrap();
    phone.wait_closed(SOON).await.unwrap();
    desk.says_outcome(&entry, json!({ "outcome": "close", "reason": "done" })).await.unwrap();
    let (_, history) = desk.entry(&entry).await.unwrap();
    let id = recording_in(&history).unwrap_or_else(|| panic!("no recording is told of: {history:#}"));
    let at = format!("/api/recordings/{id}/audio");
    let mut file = desk.person.file(&at, None).await;
    for _ in 0..50 {
        // It has its name when it is on the disk.
        if file.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        file = desk.person.file(&at, None).await;
    }
    let file = file.unwrap();
    let [agent, far] = sides(&file);
    assert!(length_of_tone(&agent, AGENTS_TONE) >= Duration::from_millis(800), "the agent is not on the left");
    assert!(length_of_tone(&far, CUSTOMERS_TONE) >= Duration::from_millis(800), "the customer is not on the right");
    assert_eq!(desk.person.file(&at, Some("bytes=0-3")).await.unwrap(), b"RIFF");
    assert_eq!(other.person.file(&at, None).await.unwrap_err().code(), "not_found");
}

#[tokio::test]
async fn what_was_said_before_the_server_died_is_kept() {
    let mut house = House::open(recorded()).await.unwrap();
    let mut agent = people::agent(&house, "2002").await.unwrap();
    let mut desk = Desk::agent(&house, "2002").await.unwrap();
    let caller = house.calls(CUSTOMER, SUPPORT).await.unwrap();
    caller.wait_answered(SOON).await.unwrap();
    agent.wait_incoming(SOON).await.unwrap();
    agent.answer().await.unwrap();
    let mut ear = Ear::new("en");
    ear.hears(&caller, "recording-notice", SOON).await.unwrap();
    caller.play_tone(CUSTOMERS_TONE);
    hears_tone(&agent, CUSTOMERS_TONE, SOON).await.unwrap();
    // Long enough to have come to the file.
    tokio::time::sleep(Duration::from_secs(3)).await;
    house.server.kill().await.unwrap();
    house.server.start_again().await.unwrap();
    desk.look_again().await.unwrap();
    let entry = desk.sees("who was cut off", |entry| entry["number"] == CUSTOMER).await.unwrap();
    let (_, history) = desk.entry(&entry["id"]).await.unwrap();
    let id = recording_in(&history).unwrap_or_else(|| panic!("no recording is told of: {history:#}"));
    let file = desk.person.file(&format!("/api/recordings/{id}/audio"), None).await.unwrap();
    let [_, far] = sides(&file);
    assert!(length_of_tone(&far, CUSTOMERS_TONE) >= Duration::from_secs(1), "the beginning is not there");
}

#[tokio::test]
async fn a_planned_stop_keeps_what_was_said() {
    let mut house = House::open(recorded()).await.unwrap();
    let mut agent = people::agent(&house, "2002").await.unwrap();
    let mut desk = Desk::agent(&house, "2002").await.unwrap();
    let caller = house.calls(CUSTOMER, SUPPORT).await.unwrap();
    caller.wait_answered(SOON).await.unwrap();
    agent.wait_incoming(SOON).await.unwrap();
    agent.answer().await.unwrap();
    let mut ear = Ear::new("en");
    ear.hears(&caller, "recording-notice", SOON).await.unwrap();
    caller.play_tone(CUSTOMERS_TONE);
    hears_tone(&agent, CUSTOMERS_TONE, SOON).await.unwrap();
    // What is measured is a second of it.
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(house.server.terminate(SOON).await.unwrap().success());
    caller.wait_ended(SOON).await.unwrap();
    house.server.start_again().await.unwrap();
    desk.look_again().await.unwrap();
    let entry = desk.sees("who was cut off", |entry| entry["number"] == CUSTOMER).await.unwrap();
    let (_, history) = desk.entry(&entry["id"]).await.unwrap();
    let id = recording_in(&history).unwrap_or_else(|| panic!("no recording is told of: {history:#}"));
    let file = desk.person.file(&format!("/api/recordings/{id}/audio"), None).await.unwrap();
    let [_, far] = sides(&file);
    assert!(length_of_tone(&far, CUSTOMERS_TONE) >= Duration::from_millis(900), "the end is not there");
}
