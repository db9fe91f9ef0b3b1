//! Messages, and callers who press nothing or the wrong key.

use std::path::PathBuf;
use std::time::Duration;

use nohold_client::{Client, ClientError};
use nohold_e2e::baresip::Baresip;
use nohold_e2e::desk::Desk;
use nohold_e2e::ear::{Ear, hears_speech, hears_tone, length_of_tone};
use nohold_e2e::house::{CUSTOMER, House, SOON, SUPPORT, Wishes};
use nohold_e2e::people::{self, CUSTOMERS_TONE};
use nohold_e2e::sipp::Counts;
use serde_json::json;

/// The number that leads to the message at once, and the one that leads to the impatient menu without a queue.
const MESSAGE: &str = "+862161230031";
const IMPATIENT: &str = "+862161230032";
/// A message with all around it.
const SAID: Duration = Duration::from_secs(30);

/// A flow that takes a message of at most 12 s, which 2 s of silence end, and one whose menu waits half a second only.
fn flows() -> Wishes {
    let message = json!({
        "key": "message", "name": "Message", "kind": { "type": "main", "internal_number": "711" },
        "nodes": {
            "start": { "action": { "type": "start" }, "exits": { "next": "message" } },
            "message": { "action": {
                "type": "message", "object": { "kind": "service", "service": "support", "group": "support-a" },
                "max_ms": 12_000, "silence_ms": 2_000,
            } },
        },
    });
    let impatient = json!({
        "key": "impatient", "name": "Impatient", "kind": { "type": "main", "internal_number": "712" },
        "nodes": {
            "start": { "action": { "type": "start" }, "exits": { "next": "menu" } },
            "menu": {
                "action": {
                    "type": "collect", "prompts": [{ "prompt": "one-moment" }], "first_timeout_ms": 500, "tries": 3,
                },
                "branches": [{ "source": "inputcode", "condition": { "equals": "3" }, "target": "message" }],
            },
            "message": { "action": {
                "type": "message", "object": { "kind": "service", "service": "support", "group": "support-a" },
            } },
        },
    });
    let number = |number: &str, flow: &str| {
        format!("[numbers.\"{number}\"]\nservice = \"support\"\ntarget = {{ flow = \"{flow}\" }}\n")
    };
    Wishes {
        menu: "impatient",
        files: vec![("message.json", message.to_string()), ("impatient.json", impatient.to_string())],
        more: format!(
            "[flows.message]\nfile = \"message.json\"\n[flows.impatient]\nfile = \"impatient.json\"\n{}{}",
            number(MESSAGE, "message"),
            number(IMPATIENT, "impatient")
        ),
        ..Wishes::default()
    }
}

/// A caller who has heard the greeting of the message, cut it short, and heard the tone.
async fn at_the_tone(house: &House) -> (Baresip, Ear) {
    at_the_tone_as(house, CUSTOMER).await
}

/// The same of this number.
async fn at_the_tone_as(house: &House, number: &str) -> (Baresip, Ear) {
    let mut caller = people::customer(house, number, MESSAGE).await.unwrap();
    let mut ear = Ear::new("en");
    ear.hears_begin(&caller, "message-greeting", SOON).await.unwrap();
    caller.press("#").await.unwrap();
    hears_one_tone(&caller, ear.position()).await;
    ear.skip(&caller).unwrap();
    (caller, ear)
}

/// Waits until a tone of any frequency begins after this moment of the call.
async fn hears_one_tone(caller: &Baresip, after: Duration) {
    use nohold_e2e::ear::Hears as _;
    let from = usize::try_from(after.as_millis() * 8).unwrap();
    let end = tokio::time::Instant::now() + SOON;
    let is_tone = |heard: &[i16]| {
        heard[from.min(heard.len())..].windows(800).step_by(80).any(|part| nohold_e2e::tone_of(part).is_some())
    };
    while !is_tone(&caller.heard_so_far().unwrap()) {
        assert!(tokio::time::Instant::now() < end, "no tone comes:\n{}", caller.output());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The messages that the server has kept.
fn kept(house: &House) -> Vec<PathBuf> {
    let files = std::fs::read_dir(house.server.data().join("recordings"));
    files.map(|files| files.map(|file| file.unwrap().path()).collect()).unwrap_or_default()
}

/// The one message that was kept, of which the caller's tone is so long.
fn one_message(house: &House) -> Duration {
    let files = kept(house);
    let [file] = &files[..] else { panic!("{files:?}\n{}", house.server.output()) };
    length_of_tone(&nohold_phone::read_wav(file).unwrap(), CUSTOMERS_TONE)
}

#[tokio::test]
async fn at_06_a_message_ends_with_hash_and_saved_is_said() {
    let house = House::open(flows()).await.unwrap();
    let (mut caller, mut ear) = at_the_tone(&house).await;
    // The length of the message.
    tokio::time::sleep(Duration::from_secs(3)).await;
    caller.press("#").await.unwrap();
    ear.hears(&caller, "message-saved", SOON).await.unwrap();
    caller.wait_closed(SOON).await.unwrap();
    assert!(one_message(&house) >= Duration::from_secs(2));
}

/// The status with which the server refuses.
fn status<T: std::fmt::Debug>(answer: Result<T, ClientError>) -> u16 {
    match answer {
        Err(ClientError::Refused { status, .. }) => status,
        other => panic!("it is not refused: {other:?}"),
    }
}

#[tokio::test]
async fn at_06_a_message_is_heard_by_an_agent_of_its_group_whole_or_in_parts_and_by_nobody_else() {
    let house = House::open(flows()).await.unwrap();
    let desk = Desk::agent(&house, "2000").await.unwrap();
    let other_group = Desk::agent(&house, "2002").await.unwrap();
    let (mut caller, mut ear) = at_the_tone(&house).await;
    // The length of the message.
    tokio::time::sleep(Duration::from_secs(3)).await;
    caller.press("#").await.unwrap();
    ear.hears(&caller, "message-saved", SOON).await.unwrap();
    let entry = desk.sees("the message", |entry| entry["section"] == "messages").await.unwrap();
    let audio = format!("/api/messages/{}/audio", entry["messages"][0].as_str().unwrap());
    let whole = desk.person.file(&audio, None).await.unwrap();
    let file = house.server.data().join("heard.wav");
    std::fs::write(&file, &whole).unwrap();
    let tone = length_of_tone(&nohold_phone::read_wav(&file).unwrap(), CUSTOMERS_TONE);
    assert!(tone >= Duration::from_secs(2), "the caller is heard for {tone:?}");
    // A player asks for parts.
    let half = whole.len() / 2;
    let first = desk.person.file(&audio, Some(&format!("bytes=0-{}", half - 1))).await.unwrap();
    let rest = desk.person.file(&audio, Some(&format!("bytes={half}-"))).await.unwrap();
    assert_eq!((first.len(), rest.len()), (half, whole.len() - half));
    assert!([first, rest].concat() == whole, "the parts are not the whole");
    assert_eq!(status(desk.person.file(&audio, Some(&format!("bytes={}-", whole.len()))).await), 416);
    // Others neither see nor hear it, and whoever has not signed in is nobody.
    assert_eq!(other_group.list().await.unwrap(), [] as [serde_json::Value; 0]);
    assert_eq!(status(other_group.person.file(&audio, None).await), 404);
    assert_eq!(status(Client::new(house.server.http).file(&audio, None).await), 401);
}

#[tokio::test]
async fn at_06_who_left_a_message_is_called_back_and_who_withheld_the_number_cannot_be() {
    let site = "dialling_window = \"00:00-24:00\"";
    let house = House::open(Wishes { site, ..flows() }).await.unwrap();
    let mut phone = people::colleague(&house, "2000").await.unwrap();
    let mut desk = Desk::agent_at_work(&house, "2000").await.unwrap();
    for number in [CUSTOMER, "anonymous"] {
        let (mut caller, mut ear) = at_the_tone_as(&house, number).await;
        // The length of the message.
        tokio::time::sleep(Duration::from_secs(3)).await;
        caller.press("#").await.unwrap();
        ear.hears(&caller, "message-saved", SOON).await.unwrap();
    }
    let nameless = desk.sees("the message of nobody", |entry| entry["number"].is_null()).await.unwrap();
    assert_eq!(nameless["section"], "messages", "{nameless:#}");
    let refused = desk.works(&nameless["id"], "call", json!({})).await.unwrap_err();
    assert_eq!(refused.code(), "no_number", "{refused}");
    let entry = desk.sees("the message", |entry| entry["number"] == CUSTOMER).await.unwrap();
    // A quiet badge.
    assert_eq!((&entry["section"], &entry["count"]), (&json!("messages"), &json!(1)), "{entry:#}");
    desk.is_left_alone().await.unwrap();
    desk.works(&entry["id"], "call", json!({})).await.unwrap();
    phone.wait_incoming(SOON).await.unwrap();
    phone.answer().await.unwrap();
    let incoming = house.carrier.next_call(SOON).await.unwrap();
    assert_eq!((incoming.called().as_str(), incoming.caller().as_str()), (CUSTOMER, SUPPORT));
    let mut customer = incoming.answer().await.unwrap();
    customer.play_tone(CUSTOMERS_TONE);
    hears_tone(&phone, CUSTOMERS_TONE, SOON).await.unwrap();
    customer.hang_up().await.unwrap();
    phone.wait_closed(SOON).await.unwrap();
    desk.says_outcome(&entry["id"], json!({ "outcome": "close", "reason": "done" })).await.unwrap();
    desk.sees_closed("the message, done", |closed| closed["id"] == entry["id"]).await.unwrap();
}

#[tokio::test]
async fn at_06_a_message_ends_with_the_hang_up() {
    let house = House::open(flows()).await.unwrap();
    let (mut caller, _) = at_the_tone(&house).await;
    // The length of the message.
    tokio::time::sleep(Duration::from_secs(3)).await;
    caller.hang_up().await.unwrap();
    caller.wait_closed(SOON).await.unwrap();
    // The file is there before it is complete.
    let end = tokio::time::Instant::now() + SOON;
    while kept(&house).len() != 1 || one_message(&house) < Duration::from_secs(2) {
        assert!(tokio::time::Instant::now() < end, "{:?}\n{}", kept(&house), house.server.output());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn at_06_a_message_ends_with_silence() {
    let house = House::open(flows()).await.unwrap();
    let caller = house.calls(CUSTOMER, MESSAGE).await.unwrap();
    caller.wait_answered(SOON).await.unwrap();
    let mut ear = Ear::new("en");
    ear.hears_begin(&caller, "message-greeting", SOON).await.unwrap();
    caller.press("#").await.unwrap();
    caller.wait_heard("the tone", SOON, |heard| heard.tone().is_some()).await.unwrap();
    caller.wait_silence(SOON).await.unwrap();
    caller.play_tone(CUSTOMERS_TONE);
    // The length of the message.
    tokio::time::sleep(Duration::from_secs(3)).await;
    caller.play_silence();
    ear.hears(&caller, "message-saved", SOON).await.unwrap();
    caller.wait_ended(SOON).await.unwrap();
    assert!(one_message(&house) >= Duration::from_secs(2));
}

#[tokio::test]
async fn at_06_a_message_ends_at_its_limit_after_a_warning() {
    let house = House::open(flows()).await.unwrap();
    let (mut caller, mut ear) = at_the_tone(&house).await;
    let began = ear.position();
    // Ten seconds before the end of twelve comes a warning; the first tone is over by then.
    tokio::time::sleep(Duration::from_secs(1)).await;
    ear.skip(&caller).unwrap();
    hears_one_tone(&caller, ear.position()).await;
    ear.skip(&caller).unwrap();
    let warned = ear.position().saturating_sub(began);
    assert!(warned < Duration::from_secs(5), "the warning came after {warned:?}");
    let saved = ear.hears(&caller, "message-saved", SAID).await.unwrap().saturating_sub(began);
    assert!((10..15).contains(&saved.as_secs()), "the message ended after {saved:?}");
    caller.wait_closed(SOON).await.unwrap();
    assert!(one_message(&house) >= Duration::from_secs(8));
}

#[tokio::test]
async fn at_06_under_two_seconds_of_speech_nothing_is_kept() {
    let house = House::open(flows()).await.unwrap();
    let caller = house.calls(CUSTOMER, MESSAGE).await.unwrap();
    caller.wait_answered(SOON).await.unwrap();
    let mut ear = Ear::new("en");
    ear.hears_begin(&caller, "message-greeting", SOON).await.unwrap();
    caller.press("#").await.unwrap();
    caller.wait_heard("the tone", SOON, |heard| heard.tone().is_some()).await.unwrap();
    caller.wait_silence(SOON).await.unwrap();
    caller.play_samples(&nohold_e2e::sine(CUSTOMERS_TONE, 8_000));
    // One second of sound, then two of silence, which end it.
    caller.wait_ended(SOON).await.unwrap();
    assert!(!ear.has_heard(&caller, "message-saved").unwrap(), "nothing was saved");
    let end = tokio::time::Instant::now() + SOON;
    while !kept(&house).is_empty() {
        assert!(tokio::time::Instant::now() < end, "{:?}", kept(&house));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn at_07_silence_and_wrong_keys_repeat_the_menu_and_lead_back_to_the_line() {
    let house = House::open(Wishes { longest_wait: "5s", ..flows() }).await.unwrap();
    let mut caller = people::customer(&house, CUSTOMER, SUPPORT).await.unwrap();
    let mut ear = Ear::new("en");
    // Silence, a key that is not offered, silence: three tries.
    ear.hears(&caller, "one-moment", SOON).await.unwrap();
    ear.hears_begin(&caller, "one-moment", SOON).await.unwrap();
    caller.press("9").await.unwrap();
    let third = ear.hears(&caller, "one-moment", SOON).await.unwrap();
    // Back in the line: music, and the menu only after another longest wait.
    hears_speech(&caller, SOON).await.unwrap();
    let again = ear.hears_begin(&caller, "one-moment", SOON).await.unwrap();
    assert!(again.saturating_sub(third) >= Duration::from_secs(5), "{third:?}, {again:?}");
    // The old place: an agent gets the caller.
    let mut agent = people::agent(&house, "2000").await.unwrap();
    agent.wait_incoming(SOON).await.unwrap();
    agent.answer().await.unwrap();
    hears_tone(&caller, people::AGENTS_TONE, SOON).await.unwrap();
    hears_tone(&agent, CUSTOMERS_TONE, SOON).await.unwrap();
}

#[tokio::test]
async fn at_07_without_a_queue_a_message_is_taken_and_then_the_call_ends() {
    let house = House::open(flows()).await.unwrap();
    let mut caller = people::customer(&house, CUSTOMER, IMPATIENT).await.unwrap();
    let mut ear = Ear::new("en");
    ear.hears_all(&caller, &["one-moment", "one-moment", "one-moment", "message-greeting"], SAID).await.unwrap();
    hears_one_tone(&caller, ear.position()).await;
    ear.skip(&caller).unwrap();
    // The length of the message.
    tokio::time::sleep(Duration::from_secs(3)).await;
    caller.press("#").await.unwrap();
    ear.hears(&caller, "message-saved", SOON).await.unwrap();
    caller.wait_closed(SOON).await.unwrap();
    assert!(one_message(&house) >= Duration::from_secs(2));
}

#[tokio::test]
async fn at_07_a_sipp_that_presses_nothing_is_not_hung_up_on() {
    let house = House::open(Wishes { longest_wait: "5s", ..flows() }).await.unwrap();
    // It hangs up by itself after twelve seconds and two menus.
    let patient = people::customer_at_sipp(&house, "patient", SUPPORT).unwrap().with(&["-d", "12000"]);
    assert_eq!(patient.call(house.address()).await.unwrap(), Counts { successful: 1, failed: 0 });
}
