//! An agent works on the list: claims, calls back, and says what became of it.

use std::time::Duration;

use nohold_client::ClientError;
use nohold_e2e::asterisk::{Asterisk, Settings};
use nohold_e2e::baresip::Baresip;
use nohold_e2e::desk::Desk;
use nohold_e2e::ear::{hears_tone, length_of_tone};
use nohold_e2e::house::{AT_HOME, CARRIERS_PASSWORD, CARRIERS_USER, CUSTOMER, House, SOON, SUPPORT, Wishes, trunk_at};
use nohold_e2e::people::{self, AGENTS_TONE, CUSTOMERS_TONE};
use nohold_phone::CallState;
use serde_json::{Value, json};

/// Customers of whom Asterisk plays the phone: one answers, one is busy.
const ANSWERS: &str = "+8613800138441";
const BUSY: &str = "+8613800138486";
/// Longer than the agent's phone needs to be rung.
const A_MOMENT: Duration = Duration::from_millis(700);

/// Agent 2002 of group B with a baresip and a desk: signed in and not ready, so that no caller of the line comes.
async fn agent_b(house: &House) -> (Baresip, Desk) {
    let phone = people::colleague(house, "2002").await.unwrap();
    let desk = Desk::agent_at_work(house, "2002").await.unwrap();
    desk.does("not_ready").await.unwrap();
    (phone, desk)
}

/// A request of this customer, as the agent was reminded of it, who is available from then on.
async fn request(house: &House, desk: &mut Desk, number: &str) -> Value {
    people::asks_to_be_called(house, number).await.unwrap();
    let reminder = desk.reminder(SOON).await.unwrap();
    desk.does("available").await.unwrap();
    reminder["entry"].clone()
}

/// A house whose carrier is an Asterisk.
async fn asterisk_is_the_carrier(wishes: Wishes) -> (Asterisk, House) {
    let asterisk = Asterisk::start(Settings::new()).await.unwrap();
    let proof = format!("inbound = {{ user = \"{CARRIERS_USER}\", password = \"{CARRIERS_PASSWORD}\" }}");
    let house = House::open(Wishes { trunk: Some(trunk_at(asterisk.sip) + &proof), ..wishes }).await.unwrap();
    (asterisk, house)
}

/// The code of a refusal.
fn code(answer: Result<Value, ClientError>) -> String {
    answer.map(|done| format!("done: {done}")).unwrap_or_else(|refused| refused.code().to_owned())
}

#[tokio::test]
async fn at_11_the_agents_phone_rings_first_then_the_customers_and_both_hear_each_other() {
    let house = House::open(Wishes::with_callback_key()).await.unwrap();
    let (mut phone, mut desk) = agent_b(&house).await;
    let other = Desk::agent_at_work(&house, "2003").await.unwrap();
    let entry = request(&house, &mut desk, CUSTOMER).await;
    // A claim reserves the entry, not the agent, and nobody else can have it.
    desk.works(&entry, "claim", json!({})).await.unwrap();
    assert_eq!(desk.person.get("/api/me/agent").await.unwrap()["state"], "available");
    assert_eq!(code(other.works(&entry, "claim", json!({})).await), "held");
    assert_eq!(code(other.works(&entry, "call", json!({})).await), "held");
    desk.works(&entry, "call", json!({})).await.unwrap();
    let from = phone.wait_incoming(SOON).await.unwrap();
    assert!(from.contains(AT_HOME), "the agent's phone shows the customer, not {from}");
    assert!(house.carrier.next_call(A_MOMENT).await.is_err(), "the customer is dialled after the agent's answer");
    assert_ne!(desk.person.get("/api/me/agent").await.unwrap()["state"], "available");
    phone.answer().await.unwrap();
    let incoming = house.carrier.next_call(SOON).await.unwrap();
    assert_eq!((incoming.called().as_str(), incoming.caller().as_str()), (CUSTOMER, SUPPORT));
    let mut customer = incoming.answer().await.unwrap();
    customer.play_tone(CUSTOMERS_TONE);
    customer.wait_tone(AGENTS_TONE, SOON).await.unwrap();
    hears_tone(&phone, CUSTOMERS_TONE, SOON).await.unwrap();
    customer.hang_up().await.unwrap();
    phone.wait_closed(SOON).await.unwrap();
    let outcome = json!({ "outcome": "close", "reason": "done", "note": "Called back" });
    desk.says_outcome(&entry, outcome).await.unwrap();
    let closed = desk.sees_closed("the closed request", |closed| closed["id"] == entry).await.unwrap();
    assert_eq!((&closed["state"]["reason"], &closed["note"]), (&json!("done"), &json!("Called back")), "{closed:#}");
    assert_eq!(closed["attempts"].as_array().map(Vec::len), Some(1), "{closed:#}");
}

#[tokio::test]
async fn at_11_an_agent_who_does_not_answer_releases_the_claim_and_nothing_is_counted() {
    let house = House::open(Wishes::with_callback_key()).await.unwrap();
    let (mut phone, mut desk) = agent_b(&house).await;
    let entry = request(&house, &mut desk, CUSTOMER).await;
    desk.works(&entry, "call", json!({})).await.unwrap();
    phone.wait_incoming(SOON).await.unwrap();
    phone.hang_up().await.unwrap();
    let waiting = |seen: &Value| seen["id"] == entry && seen["state"]["name"] == "waiting";
    let seen = desk.sees("the request, released", waiting).await.unwrap();
    let counted = seen["attempts"].as_array().into_iter().flatten().filter(|attempt| attempt["counted"] == true);
    assert_eq!(counted.count(), 0, "{seen:#}");
    assert!(house.carrier.next_call(A_MOMENT).await.is_err(), "no customer is dialled");
    // It reminds again, which a page that was slow may not have seen as two changes.
    desk.look_again().await.unwrap();
    desk.reminders_of(&[entry]).await.unwrap();
}

/// Agent and customer talk for so long after they have heard each other; then the customer hangs up.
async fn they_talk(house: &House, phone: &mut Baresip, desk: &Desk, entry: &Value, length: Duration) {
    desk.works(entry, "call", json!({})).await.unwrap();
    phone.wait_incoming(SOON).await.unwrap();
    phone.answer().await.unwrap();
    let mut customer = house.carrier.next_call(SOON).await.unwrap().answer().await.unwrap();
    customer.play_tone(CUSTOMERS_TONE);
    customer.wait_tone(AGENTS_TONE, SOON).await.unwrap();
    hears_tone(phone, CUSTOMERS_TONE, SOON).await.unwrap();
    tokio::time::sleep(length).await;
    customer.hang_up().await.unwrap();
    phone.wait_closed(SOON).await.unwrap();
}

#[tokio::test]
async fn at_11_a_line_broken_within_30_s_leaves_the_entry_open_and_the_agent_may_call_again_at_once() {
    let site = "dialling_window = \"00:00-24:00\"\nclaim_for = \"10s\"";
    let house = House::open(Wishes { site, ..Wishes::with_callback_key() }).await.unwrap();
    let (mut phone, mut desk) = agent_b(&house).await;
    let entry = request(&house, &mut desk, CUSTOMER).await;
    they_talk(&house, &mut phone, &desk, &entry, Duration::ZERO).await;
    let broken = |seen: &Value| seen["id"] == entry && seen["state"]["broken"] == true;
    let seen = desk.sees("the broken conversation", broken).await.unwrap();
    assert_eq!(seen["state"]["name"], "noting", "{seen:#}");
    they_talk(&house, &mut phone, &desk, &entry, Duration::ZERO).await;
    // Nobody says what became of it, which nobody need do: it waits for whoever is quickest.
    let waiting = |seen: &Value| seen["id"] == entry && seen["state"]["name"] == "waiting";
    let end = tokio::time::Instant::now() + SOON * 2;
    let seen = loop {
        match desk.sees("the request, waiting again", waiting).await {
            Ok(seen) => break seen,
            Err(problem) => assert!(tokio::time::Instant::now() < end, "{problem:#}"),
        }
    };
    assert_eq!(seen["attempts"].as_array().map(Vec::len), Some(2), "{seen:#}");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    assert!(seen["not_before"].as_u64().map(u128::from) <= Some(now), "it may not be called at once: {seen:#}");
}

#[tokio::test]
async fn at_11_a_whole_conversation_of_which_nobody_says_anything_closes_the_entry() {
    let site = "dialling_window = \"00:00-24:00\"\nclaim_for = \"10s\"\nbroken_within = \"1s\"";
    let house = House::open(Wishes { site, ..Wishes::with_callback_key() }).await.unwrap();
    let (mut phone, mut desk) = agent_b(&house).await;
    let entry = request(&house, &mut desk, CUSTOMER).await;
    // The length of the conversation is what it is about.
    they_talk(&house, &mut phone, &desk, &entry, Duration::from_secs(2)).await;
    let noting = |seen: &Value| seen["id"] == entry && seen["state"]["name"] == "noting";
    let seen = desk.sees("the conversation", noting).await.unwrap();
    assert!(seen["state"]["broken"].is_null(), "{seen:#}");
    let end = tokio::time::Instant::now() + SOON * 2;
    while let Err(problem) = desk.sees_closed("the closed request", |closed| closed["id"] == entry).await {
        assert!(tokio::time::Instant::now() < end, "{problem:#}");
    }
}

#[tokio::test]
async fn at_11_asterisk_answers_a_callback_and_the_outcome_keeps_or_moves_the_entry() {
    let (asterisk, house) = asterisk_is_the_carrier(Wishes::with_callback_key()).await;
    let (mut phone, mut desk) = agent_b(&house).await;
    let entry = request(&house, &mut desk, ANSWERS).await;
    desk.works(&entry, "call", json!({})).await.unwrap();
    phone.wait_incoming(SOON).await.unwrap();
    phone.answer().await.unwrap();
    hears_tone(&phone, 440.0, SOON).await.unwrap();
    hears_tone(&asterisk, AGENTS_TONE, SOON).await.unwrap();
    phone.hang_up().await.unwrap();
    asterisk.wait_said("core show channels count", SOON, |said| said.contains("0 active calls")).await.unwrap();
    assert!(length_of_tone(&asterisk.heard().unwrap(), AGENTS_TONE) >= Duration::from_millis(200));
    desk.works(&entry, "outcome", json!({ "outcome": "keep", "note": "Later" })).await.unwrap();
    let waiting = |seen: &Value| seen["id"] == entry && seen["state"]["name"] == "waiting";
    let kept = desk.sees("the request, kept", waiting).await.unwrap();
    assert_eq!(kept["note"], "Later", "{kept:#}");
    let day = 24 * 3_600 * 1_000;
    let from = kept["due"].as_i64().unwrap() + day;
    desk.works(&entry, "claim", json!({})).await.unwrap();
    let moved = json!({ "outcome": "postpone", "window": { "from": from, "to": from + 3_600_000 } });
    desk.works(&entry, "outcome", moved).await.unwrap();
    let (moved, _) = desk.entry(&entry).await.unwrap();
    assert!(moved["due"].as_i64().unwrap() >= from, "{moved:#}");
}

#[tokio::test]
async fn at_12_a_busy_customer_stays_with_the_attempt_and_is_not_tried_again_at_once() {
    let (_asterisk, house) = asterisk_is_the_carrier(Wishes::with_callback_key()).await;
    let (mut phone, mut desk) = agent_b(&house).await;
    let entry = request(&house, &mut desk, BUSY).await;
    desk.works(&entry, "call", json!({})).await.unwrap();
    phone.wait_incoming(SOON).await.unwrap();
    phone.answer().await.unwrap();
    let tried = |seen: &Value| seen["id"] == entry && seen["attempts"][0]["result"] == "busy";
    let seen = desk.sees("the attempt", tried).await.unwrap();
    assert_eq!(seen["attempts"][0]["counted"], true, "{seen:#}");
    let waiting = |seen: &Value| seen["id"] == entry && seen["state"]["name"] == "waiting";
    let seen = desk.sees("the request, waiting again", waiting).await.unwrap();
    let gap = seen["not_before"].as_i64().unwrap() - seen["attempts"][0]["ended"].as_i64().unwrap();
    assert!(gap >= 9 * 60_000, "the next try may be after {gap} ms");
    assert_eq!(code(desk.works(&entry, "call", json!({})).await), "too_soon");
}

#[tokio::test]
async fn at_12_a_customer_who_does_not_answer_is_rung_for_as_long_as_the_site_says_and_stays() {
    let site = "dialling_window = \"00:00-24:00\"\nring_customer_for = \"5s\"";
    let house = House::open(Wishes { site, ..Wishes::with_callback_key() }).await.unwrap();
    let (mut phone, mut desk) = agent_b(&house).await;
    let entry = request(&house, &mut desk, CUSTOMER).await;
    desk.works(&entry, "call", json!({})).await.unwrap();
    phone.wait_incoming(SOON).await.unwrap();
    phone.answer().await.unwrap();
    let ringing = house.carrier.next_call(SOON).await.unwrap();
    ringing.ring().unwrap();
    let tried = |seen: &Value| seen["id"] == entry && seen["attempts"][0]["result"] == "no_answer";
    let seen = desk.sees("the attempt", tried).await.unwrap();
    assert_eq!(seen["attempts"][0]["counted"], true, "{seen:#}");
    assert!(matches!(ringing.state(), CallState::Ended(_)), "the customer's phone rings on: {}", ringing.log());
    desk.sees("the request, waiting again", |seen| seen["id"] == entry && seen["state"]["name"] == "waiting")
        .await
        .unwrap();
    phone.wait_closed(SOON).await.unwrap();
}

#[tokio::test]
async fn at_12_an_agent_says_that_a_machine_answered_and_the_customer_is_left_alone_for_longer() {
    let house = House::open(Wishes::with_callback_key()).await.unwrap();
    let (mut phone, mut desk) = agent_b(&house).await;
    let entry = request(&house, &mut desk, CUSTOMER).await;
    desk.works(&entry, "call", json!({})).await.unwrap();
    phone.wait_incoming(SOON).await.unwrap();
    phone.answer().await.unwrap();
    let machine = house.carrier.next_call(SOON).await.unwrap().answer().await.unwrap();
    machine.play_tone(CUSTOMERS_TONE);
    hears_tone(&phone, CUSTOMERS_TONE, SOON).await.unwrap();
    phone.hang_up().await.unwrap();
    machine.wait_ended(SOON).await.unwrap();
    desk.sees("the call's end", |seen| seen["id"] == entry && seen["state"]["name"] == "noting").await.unwrap();
    assert_eq!(code(desk.works(&entry, "outcome", json!({ "outcome": "not_reached" })).await), "invalid");
    let heard = json!({ "outcome": "not_reached", "result": "machine" });
    desk.works(&entry, "outcome", heard).await.unwrap();
    let waiting = |seen: &Value| seen["id"] == entry && seen["state"]["name"] == "waiting";
    let seen = desk.sees("the request, waiting again", waiting).await.unwrap();
    assert_eq!((&seen["attempts"][0]["result"], &seen["attempts"][0]["counted"]), (&json!("machine"), &json!(true)));
    let gap = seen["not_before"].as_i64().unwrap() - seen["attempts"][0]["ended"].as_i64().unwrap();
    assert!(gap >= 14 * 60_000, "the next try may be after {gap} ms: {seen:#}");
}

#[tokio::test]
async fn at_12_after_the_last_try_the_customer_is_unreachable_and_the_group_is_told_once() {
    let site = "dialling_window = \"00:00-24:00\"\nretry_plan = { max_attempts = 1 }";
    let house = House::open(Wishes { site, ..Wishes::with_callback_key() }).await.unwrap();
    let (mut phone, mut desk) = agent_b(&house).await;
    let mut other = Desk::agent_at_work(&house, "2003").await.unwrap();
    let entry = request(&house, &mut desk, CUSTOMER).await;
    other.reminder(SOON).await.unwrap();
    desk.works(&entry, "call", json!({})).await.unwrap();
    phone.wait_incoming(SOON).await.unwrap();
    phone.answer().await.unwrap();
    house.carrier.next_call(SOON).await.unwrap().decline(603).unwrap();
    let closed = desk.sees_closed("the entry, unreachable", |closed| closed["id"] == entry).await.unwrap();
    assert_eq!(closed["state"]["reason"], "unreachable", "{closed:#}");
    assert_eq!(closed["attempts"][0]["result"], "refused", "{closed:#}");
    let told = other.reminder(SOON).await.unwrap();
    assert_eq!((&told["kind"], &told["entry"]), (&json!("unreachable"), &entry), "{told}");
    other.works(&entry, "acknowledge", json!({})).await.unwrap();
    other.withdrawn(&told["id"]).await.unwrap();
}

#[tokio::test]
async fn at_26_a_missed_call_is_claimed_called_back_and_closed() {
    let house = House::open(Wishes::with_callback_key()).await.unwrap();
    let (mut phone, desk) = agent_b(&house).await;
    let mut caller = people::customer(&house, CUSTOMER, SUPPORT).await.unwrap();
    caller.hang_up().await.unwrap();
    let missed = desk.sees("the missed call", |entry| entry["number"] == CUSTOMER).await.unwrap();
    let entry = missed["id"].clone();
    desk.does("available").await.unwrap();
    desk.works(&entry, "call", json!({})).await.unwrap();
    phone.wait_incoming(SOON).await.unwrap();
    phone.answer().await.unwrap();
    let mut customer = house.carrier.next_call(SOON).await.unwrap().answer().await.unwrap();
    customer.play_tone(CUSTOMERS_TONE);
    customer.wait_tone(AGENTS_TONE, SOON).await.unwrap();
    hears_tone(&phone, CUSTOMERS_TONE, SOON).await.unwrap();
    customer.hang_up().await.unwrap();
    phone.wait_closed(SOON).await.unwrap();
    desk.says_outcome(&entry, json!({ "outcome": "close" })).await.unwrap();
    desk.sees_closed("the closed missed call", |closed| closed["id"] == entry).await.unwrap();
}

#[tokio::test]
async fn at_26_a_missed_call_closes_itself_when_its_number_is_served() {
    let house = House::open(Wishes::with_callback_key()).await.unwrap();
    let (mut phone, desk) = agent_b(&house).await;
    let mut caller = people::customer(&house, CUSTOMER, SUPPORT).await.unwrap();
    caller.hang_up().await.unwrap();
    let missed = desk.sees("the missed call", |entry| entry["number"] == CUSTOMER).await.unwrap();
    desk.does("available").await.unwrap();
    let again = house.calls(CUSTOMER, SUPPORT).await.unwrap();
    phone.wait_incoming(SOON).await.unwrap();
    phone.answer().await.unwrap();
    again.wait_tone(AGENTS_TONE, SOON).await.unwrap();
    // Whoever has talked for twenty seconds counts as served.
    tokio::time::sleep(Duration::from_secs(21)).await;
    phone.hang_up().await.unwrap();
    let closed = desk.sees_closed("the missed call, served", |closed| closed["id"] == missed["id"]).await.unwrap();
    assert_eq!(closed["state"]["reason"], "served", "{closed:#}");
    assert!(desk.list().await.unwrap().iter().all(|entry| entry["number"] != CUSTOMER));
}

#[tokio::test]
async fn at_30_a_callback_outside_the_window_is_refused_and_nothing_rings_but_a_supervisor_may() {
    // A minute of the night, and so not now.
    let minute = 60_000_u128;
    let since_midnight = (std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis()
        + 8 * 60 * minute)
        % (24 * 60 * minute);
    let site = if since_midnight < 12 * 60 * minute {
        "dialling_window = \"23:00-23:01\""
    } else {
        "dialling_window = \"01:00-01:01\""
    };
    let house = House::open(Wishes { site, ..Wishes::with_callback_key() }).await.unwrap();
    let (mut phone, mut desk) = agent_b(&house).await;
    let entry = request(&house, &mut desk, CUSTOMER).await;
    assert_eq!(code(desk.works(&entry, "call", json!({})).await), "outside_window");
    assert!(phone.wait_incoming(A_MOMENT).await.is_err(), "the agent's phone rings");
    assert!(house.carrier.next_call(A_MOMENT).await.is_err(), "the customer's phone rings");
    let supervisor = Desk::supervisor(&house, "support-b").await.unwrap();
    let override_ = json!({ "agent": "2002", "beyond_window": true });
    supervisor.works(&entry, "call", override_).await.unwrap();
    phone.wait_incoming(SOON).await.unwrap();
    phone.answer().await.unwrap();
    house.carrier.next_call(SOON).await.unwrap();
    let (_, history) = supervisor.entry(&entry).await.unwrap();
    assert!(history.to_string().contains("\"beyond_window\":true"), "the override is not in the history: {history:#}");
}

#[tokio::test]
async fn at_30_a_blocked_number_is_not_called_back() {
    let more = format!("[blocked]\nnumbers = [\"{CUSTOMER}\"]");
    let house = House::open(Wishes { more, ..Wishes::with_callback_key() }).await.unwrap();
    let (mut phone, desk) = agent_b(&house).await;
    let mut caller = people::customer(&house, CUSTOMER, SUPPORT).await.unwrap();
    caller.hang_up().await.unwrap();
    let missed = desk.sees("the missed call", |entry| entry["number"] == CUSTOMER).await.unwrap();
    desk.does("available").await.unwrap();
    assert_eq!(code(desk.works(&missed["id"], "call", json!({})).await), "number_forbidden");
    assert!(phone.wait_incoming(A_MOMENT).await.is_err(), "the agent's phone rings");
    assert!(house.carrier.next_call(A_MOMENT).await.is_err(), "the customer's phone rings");
}
