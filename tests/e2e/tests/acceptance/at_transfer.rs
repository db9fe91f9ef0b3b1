//! An agent hands a customer over, asks a colleague, brings all three together, dials out, presses keys.

use std::time::Duration;

use nohold_client::ClientError;
use nohold_e2e::desk::Desk;
use nohold_e2e::ear::length_of_tone;
use nohold_e2e::house::{CUSTOMER, House, SOON, SUPPORT, Wishes};
use nohold_phone::{Call, Phone};
use serde_json::{Value, json};

/// Who says what.
const CUSTOMERS: f64 = 440.0;
const AGENTS: f64 = 700.0;
const COLLEAGUES: f64 = 1_000.0;
/// Somebody outside to whom a customer is sent.
const ELSEWHERE: &str = "+8613900139000";

/// A customer and agent 2000, who hear each other; and the call.
struct Conversation {
    house: House,
    phone: Phone,
    desk: Desk,
    agent: Call,
    customer: Call,
    call: String,
}

impl Conversation {
    async fn begin(wishes: Wishes) -> Conversation {
        let house = House::open(Wishes { words: false, ..wishes }).await.unwrap();
        let phone = house.phone("2000").await.unwrap();
        let desk = Desk::agent_at_work(&house, "2000").await.unwrap();
        let customer = house.calls(CUSTOMER, SUPPORT).await.unwrap();
        let agent = phone.next_call(SOON).await.unwrap().answer().await.unwrap();
        customer.wait_answered(SOON).await.unwrap();
        customer.play_tone(CUSTOMERS);
        agent.play_tone(AGENTS);
        agent.wait_tone(CUSTOMERS, SOON).await.unwrap();
        customer.wait_tone(AGENTS, SOON).await.unwrap();
        let call = row(&desk, |row| row["doing"] == "talking").await["id"].as_str().unwrap().to_owned();
        Conversation { house, phone, desk, agent, customer, call }
    }

    async fn wishes(&self, what: &str, body: Value) -> Result<Value, ClientError> {
        self.desk.person.post(&format!("/api/calls/{}/{what}", self.call), &body).await
    }

    /// The phone of another agent, who is signed in and takes no calls of the line.
    async fn colleague(&self, extension: &str) -> (Phone, Desk) {
        let phone = self.house.phone(extension).await.unwrap();
        let desk = Desk::agent_at_work(&self.house, extension).await.unwrap();
        desk.does("not_ready").await.unwrap();
        (phone, desk)
    }
}

/// Waits until the live call of this person is as wished.
async fn row(desk: &Desk, wished: impl Fn(&Value) -> bool) -> Value {
    let among = |calls: &Value| calls["items"].as_array().into_iter().flatten().find(|row| wished(row)).cloned();
    let calls = desk.reads("/api/calls", |calls| among(calls).is_some()).await.unwrap();
    among(&calls).unwrap()
}

/// Waits until somebody hears both tones at once.
async fn hears_both(call: &Call, one: f64, other: f64) {
    let end = tokio::time::Instant::now() + SOON;
    loop {
        tokio::time::sleep(Duration::from_millis(400)).await;
        let recording = call.recording();
        let last = &recording[recording.len().saturating_sub(2_400)..];
        if power(last, one) > 0.02 && power(last, other) > 0.02 {
            return;
        }
        let (one, other) = (power(last, one), power(last, other));
        assert!(tokio::time::Instant::now() < end, "both are not heard: {one} {other}\n{}", call.log());
    }
}

/// How strong a tone is in what was heard (Goertzel), as a share of full scale.
fn power(samples: &[i16], frequency: f64) -> f64 {
    let step = std::f64::consts::TAU * frequency / 8_000.0;
    let (mut re, mut im) = (0.0, 0.0);
    for (n, sample) in samples.iter().enumerate() {
        let angle = step * n as f64;
        re += f64::from(*sample) * angle.cos();
        im += f64::from(*sample) * angle.sin();
    }
    2.0 * re.hypot(im) / samples.len().max(1) as f64 / 32_768.0
}

fn code(answer: Result<Value, ClientError>) -> String {
    answer.map(|done| format!("done: {done}")).unwrap_or_else(|refused| refused.code().to_owned())
}

#[tokio::test]
async fn a_customer_is_handed_over_and_hears_the_colleague_and_the_agent_is_free() {
    let mut talk = Conversation::begin(Wishes::default()).await;
    let (phone, _desk) = talk.colleague("2001").await;
    assert_eq!(code(talk.wishes("transfer", json!({ "to": { "agent": "2000" } })).await), "own_phone");
    assert_eq!(code(talk.wishes("transfer", json!({ "to": { "queue": "999" } })).await), "not_found");
    assert_eq!(code(talk.wishes("consult/complete", json!({})).await), "no_consult");
    talk.wishes("transfer", json!({ "to": { "agent": "2001" } })).await.unwrap();
    talk.agent.wait_ended(SOON).await.unwrap();
    talk.desk.reads("/api/me/agent", |me| me["state"] == "wrap_up" || me["state"] == "available").await.unwrap();
    let incoming = phone.next_call(SOON).await.unwrap();
    incoming.ring().unwrap();
    let colleague = incoming.answer().await.unwrap();
    colleague.play_tone(COLLEAGUES);
    talk.customer.wait_tone(COLLEAGUES, SOON).await.unwrap();
    colleague.wait_tone(CUSTOMERS, SOON).await.unwrap();
    talk.customer.hang_up().await.unwrap();
    colleague.wait_ended(SOON).await.unwrap();
}

#[tokio::test]
async fn whom_nobody_takes_comes_back_to_the_agent() {
    let talk = Conversation::begin(Wishes::default()).await;
    let (phone, _desk) = talk.colleague("2001").await;
    talk.wishes("transfer", json!({ "to": { "number": "2001" } })).await.unwrap();
    phone.next_call(SOON).await.unwrap().decline(486).unwrap();
    let agent = talk.phone.next_call(SOON).await.unwrap().answer().await.unwrap();
    agent.play_tone(AGENTS);
    talk.customer.wait_tone(AGENTS, SOON).await.unwrap();
    agent.wait_tone(CUSTOMERS, SOON).await.unwrap();
}

#[tokio::test]
async fn a_colleague_is_asked_while_the_customer_hears_music_and_all_three_talk_and_the_agent_leaves() {
    let mut talk = Conversation::begin(Wishes::default()).await;
    let (phone, desk) = talk.colleague("2001").await;
    talk.wishes("consult", json!({ "to": { "agent": "2001" } })).await.unwrap();
    let colleague = phone.next_call(SOON).await.unwrap().answer().await.unwrap();
    colleague.play_tone(COLLEAGUES);
    talk.agent.wait_tone(COLLEAGUES, SOON).await.unwrap();
    colleague.wait_tone(AGENTS, SOON).await.unwrap();
    talk.customer.wait_speech(SOON).await.unwrap();
    let shown = row(&talk.desk, |row| row["consult"]["answered"].is_number()).await;
    assert_eq!((&shown["held"], &shown["consult"]["with"]), (&json!(true), &json!("target")), "{shown:#}");
    let theirs = row(&desk, |row| row["id"] == *talk.call).await;
    assert_eq!(theirs["consult"]["by"], "2000", "{theirs:#}");
    talk.wishes("consult/swap", json!({})).await.unwrap();
    talk.agent.wait_tone(CUSTOMERS, SOON).await.unwrap();
    talk.customer.wait_tone(AGENTS, SOON).await.unwrap();
    talk.wishes("conference", json!({})).await.unwrap();
    hears_both(&talk.agent, CUSTOMERS, COLLEAGUES).await;
    hears_both(&talk.customer, AGENTS, COLLEAGUES).await;
    hears_both(&colleague, AGENTS, CUSTOMERS).await;
    assert_eq!(row(&talk.desk, |row| row["conference"] == true).await["held"], false);
    talk.wishes("consult/complete", json!({})).await.unwrap();
    talk.agent.wait_ended(SOON).await.unwrap();
    talk.customer.wait_tone(COLLEAGUES, SOON).await.unwrap();
    colleague.wait_tone(CUSTOMERS, SOON).await.unwrap();
    talk.customer.hang_up().await.unwrap();
    colleague.wait_ended(SOON).await.unwrap();
}

#[tokio::test]
async fn at_27_a_flow_runs_for_who_is_transferred_to_its_number() {
    let talk = Conversation::begin(Wishes::default()).await;
    let found = talk.desk.person.get("/api/transfer-targets?query=overflow").await.unwrap();
    let flow = found["items"].as_array().unwrap().iter().find(|one| one["kind"] == "flow").cloned();
    let flow = flow.unwrap_or_else(|| panic!("the flow is not found: {found:#}"));
    talk.wishes("transfer", json!({ "to": { "number": flow["number"] } })).await.unwrap();
    talk.agent.wait_ended(SOON).await.unwrap();
    let mut ear = nohold_e2e::ear::Ear::new("en");
    ear.hears_begin(&talk.customer, "queue-menu", SOON).await.unwrap();
    talk.customer.press("2").await.unwrap();
    ear.hears_begin(&talk.customer, "callback-thanks", SOON).await.unwrap();
    // The flow's request is for another group than the agent's.
    let group = Desk::supervisor(&talk.house, "support-b").await.unwrap();
    let entry = group.sees("the request", |entry| entry["number"] == CUSTOMER).await.unwrap();
    let (_, history) = group.entry(&entry["id"]).await.unwrap();
    let told = history.to_string();
    assert!(told.contains("handed_over") && told.contains("flow_entered"), "{history:#}");
}

#[tokio::test]
async fn keys_reach_the_customer_and_a_number_outside_takes_the_customer() {
    let talk = Conversation::begin(Wishes::default()).await;
    talk.wishes("dtmf", json!({ "digits": "42#" })).await.unwrap();
    talk.customer.wait_digits("42#", SOON).await.unwrap();
    talk.wishes("transfer", json!({ "to": { "number": ELSEWHERE } })).await.unwrap();
    let incoming = talk.house.carrier.next_call(SOON).await.unwrap();
    assert_eq!((incoming.called().as_str(), incoming.caller().as_str()), (ELSEWHERE, SUPPORT));
    let mut outside = incoming.answer().await.unwrap();
    outside.play_tone(COLLEAGUES);
    talk.customer.wait_tone(COLLEAGUES, SOON).await.unwrap();
    outside.wait_tone(CUSTOMERS, SOON).await.unwrap();
    outside.hang_up().await.unwrap();
    talk.customer.wait_ended(SOON).await.unwrap();
}

#[tokio::test]
async fn what_is_said_while_the_recording_pauses_is_in_no_file() {
    let queue = "recording_notice = \"recording-notice\"";
    let mut talk = Conversation::begin(Wishes { queue, ..Wishes::default() }).await;
    row(&talk.desk, |row| row["recording"] == "on").await;
    talk.wishes("recording", json!({ "paused": true })).await.unwrap();
    row(&talk.desk, |row| row["recording"] == "paused").await;
    // Another tone, which must stand in no file.
    talk.customer.play_tone(COLLEAGUES);
    talk.agent.wait_tone(COLLEAGUES, SOON).await.unwrap();
    talk.customer.play_tone(CUSTOMERS);
    talk.agent.wait_tone(CUSTOMERS, SOON).await.unwrap();
    talk.wishes("recording", json!({ "paused": false })).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    talk.customer.hang_up().await.unwrap();
    talk.agent.wait_ended(SOON).await.unwrap();
    let listed = talk.desk.reads("/api/recordings", |page| page["items"][1]["id"].is_string()).await.unwrap();
    let ids: Vec<&str> = listed["items"].as_array().unwrap().iter().filter_map(|one| one["id"].as_str()).collect();
    assert_eq!(ids.len(), 2, "{listed:#}");
    let mut heard = Duration::ZERO;
    for id in ids {
        let at = format!("/api/recordings/{id}/audio");
        let end = tokio::time::Instant::now() + SOON;
        let file = loop {
            match talk.desk.person.file(&at, None).await {
                Ok(file) => break file,
                Err(problem) => assert!(tokio::time::Instant::now() < end, "{problem}"),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        let samples: Vec<i16> = hound::WavReader::new(&*file).unwrap().samples().map(Result::unwrap).collect();
        let far: Vec<i16> = samples.iter().skip(1).step_by(2).copied().collect();
        assert_eq!(length_of_tone(&far, COLLEAGUES), Duration::ZERO, "what was said in the pause is in the file");
        heard += length_of_tone(&far, CUSTOMERS);
    }
    assert!(heard >= Duration::from_millis(800), "{heard:?} of the customer");
}

#[tokio::test]
async fn an_agent_dials_and_the_own_phone_rings_first() {
    // A customer is called by the service at any hour of this test.
    let site = "dialling_window = \"00:00-24:00\"";
    let house = House::open(Wishes { site, ..Wishes::default() }).await.unwrap();
    let phone = house.phone("2000").await.unwrap();
    let desk = Desk::agent_at_work(&house, "2000").await.unwrap();
    desk.does("not_ready").await.unwrap();
    let person = &desk.person;
    let dials = |body: Value| async move { person.post("/api/calls", &body).await };
    assert_eq!(code(dials(json!({ "number": "110" })).await), "invalid");
    assert_eq!(code(dials(json!({ "number": ELSEWHERE, "campaign": "renewals" })).await), "other_groups");
    dials(json!({ "number": ELSEWHERE, "service": "support" })).await.unwrap();
    let own = phone.next_call(SOON).await.unwrap();
    assert!(house.carrier.next_call(Duration::from_millis(500)).await.is_err(), "the own phone rings first");
    let mut own = own.answer().await.unwrap();
    own.play_tone(AGENTS);
    let incoming = house.carrier.next_call(SOON).await.unwrap();
    assert_eq!((incoming.called().as_str(), incoming.caller().as_str()), (ELSEWHERE, SUPPORT));
    let customer = incoming.answer().await.unwrap();
    customer.play_tone(CUSTOMERS);
    own.wait_tone(CUSTOMERS, SOON).await.unwrap();
    customer.wait_tone(AGENTS, SOON).await.unwrap();
    own.hang_up().await.unwrap();
    customer.wait_ended(SOON).await.unwrap();
}
