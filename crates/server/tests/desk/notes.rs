//! What agents write about their calls, and the screen pop.

use nohold_app::ports::Role;
use nohold_core::fact::{CallEnd, Fact};
use nohold_model::Millis;
use serde_json::{Value, json};

use super::client::Answer;
use super::house::{House, agent, customer, queue_600};
use super::socket::Live;

async fn send(house: &House, method: &str, token: &str, path: &str, body: Value) -> Answer {
    house.ask(method, path).token(token).json(&body).send().await
}

async fn get(house: &House, token: &str, path: &str) -> Answer {
    house.ask("GET", path).token(token).send().await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pop_has_all_in_one_answer_and_what_the_call_would_settle_can_be_kept_open() {
    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    let bob = house.person("bob", Role::Agent, Some("2003"), None).await;
    house.sign_in("2000").await;
    let entry = house.request(1, queue_600()).await.to_string();
    let fang = json!({ "name": "Wang Fang", "numbers": [customer(1).as_str()] });
    send(&house, "POST", &ada, "/api/contacts", fang).await.expect(201);
    let call = house.talk(9, customer(1), "2000").await.to_string();
    get(&house, &bob, &format!("/api/calls/{call}/pop")).await.refused(404, "not_found");
    let pop = get(&house, &ada, &format!("/api/calls/{call}/pop")).await.expect(200).json();
    assert_eq!((&pop["contact"]["name"], &pop["country"]), (&json!("Wang Fang"), &json!("CN")));
    assert_eq!((&pop["open"][0]["entry"]["id"], &pop["open"][0]["settled_by_this"]), (&json!(entry), &json!(true)));
    assert_eq!(pop["calls"], json!([]), "the request was made without a call, and this call is no earlier one");
    let keep = json!({ "entry": entry, "keep": true });
    send(&house, "POST", &bob, &format!("/api/calls/{call}/keep-open"), keep.clone()).await.refused(404, "not_found");
    let kept = send(&house, "POST", &ada, &format!("/api/calls/{call}/keep-open"), keep).await.expect(200).json();
    assert_eq!(kept["keep_open"], json!([entry]));
    let back = format!("/api/entries/{entry}/take-back-served");
    send(&house, "POST", &ada, &back, json!({})).await.refused(409, "open");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_is_kept_as_typed_over_a_restart_and_stands_until_it_is_saved() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::at(folder.path().to_owned()).await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    let bob = house.person("bob", Role::Agent, Some("2001"), None).await;
    house.sign_in("2000").await;
    let call = house.talk(9, customer(1), "2000").await;
    let path = format!("/api/calls/{call}/note");
    send(&house, "PUT", &bob, &path, json!({ "note": "x" })).await.refused(404, "not_found");
    send(&house, "PUT", &ada, &path, json!({ "tags": ["", "b"] })).await.refused(422, "invalid");
    let typed = send(&house, "PUT", &ada, &path, json!({ "note": "asks for" })).await.expect(200).json();
    assert_eq!((&typed["open"], &typed["ended"]), (&json!(true), &Value::Null));
    house.record(Fact::AgentFreed { call, agent: agent("2000"), wrap_up: Millis::seconds(30) }).await;
    house.record(Fact::CallEnded { call, how: CallEnd::Served }).await;
    let me = get(&house, &ada, "/api/me/agent").await.expect(200).json();
    assert_eq!((&me["state"], &me["wrap_up_of"]), (&json!("wrap_up"), &json!(call.to_string())));
    // A page that is opened anew shows whom it is about.
    let pop = get(&house, &ada, &format!("/api/calls/{call}/pop")).await.expect(200).json();
    assert_eq!((&pop["number"], &pop["country"]), (&json!(customer(1).as_str()), &json!("CN")));
    get(&house, &bob, &format!("/api/calls/{call}/pop")).await.refused(404, "not_found");
    house.end().await;
    let house = House::at(folder.path().to_owned()).await;
    let items = get(&house, &ada, "/api/me/notes").await.expect(200).json()["items"].clone();
    assert_eq!((&items[0]["written"]["note"], &items[0]["open"]), (&json!("asks for"), &json!(true)));
    let (mut live, other) = (Live::open(&house, &ada, None).await, Live::open(&house, &bob, None).await);
    assert_eq!(live.first["notes"][0]["call"], json!(call.to_string()));
    assert_eq!(other.first["notes"], json!([]), "nobody reads what others type");
    let saved = send(&house, "POST", &ada, &format!("{path}/save"), json!({ "note": "asks for a price" })).await;
    assert_eq!(saved.expect(200).json()["open"], json!(false));
    assert_eq!(get(&house, &ada, "/api/me/notes").await.expect(200).json()["items"], json!([]));
    assert_eq!(get(&house, &ada, "/api/me/agent").await.expect(200).json()["state"], "available");
    live.until("note_gone", |change| change["call"] == json!(call.to_string())).await;
    send(&house, "PUT", &ada, &path, json!({ "note": "y" })).await.refused(409, "note_done");
    let later = house.now() + Millis::hours(2);
    let follow = json!({ "not_before": later.as_millis(), "by_me": true });
    let asked = send(&house, "POST", &ada, &format!("/api/calls/{call}/follow-up"), follow).await.expect(201).json();
    let entry =
        get(&house, &ada, &format!("/api/entries/{}", asked["entry"].as_str().unwrap())).await.expect(200).json();
    assert_eq!(entry["entry"]["assigned"].clone(), json!("2000"), "{entry}");
    assert_eq!(entry["entry"]["request"]["path"], json!(["desk/2000"]), "by the agent, not by the account");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follow_up_moves_the_open_request_of_the_customer_to_the_time_that_was_agreed_upon() {
    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    house.sign_in("2000").await;
    let entry = house.request(1, queue_600()).await.to_string();
    let call = house.talk(9, customer(1), "2000").await.to_string();
    let path = format!("/api/calls/{call}/follow-up");
    let later = house.now() + Millis::hours(2);
    let wish = |by_me: bool| json!({ "not_before": later.as_millis(), "by_me": by_me });
    let asked = send(&house, "POST", &ada, &path, wish(true)).await.expect(200).json();
    assert_eq!((&asked["entry"], &asked["new"]), (&json!(entry), &json!(false)));
    assert!(asked["promise"]["from"].as_u64() >= Some(later.as_millis().try_into().unwrap()), "{asked}");
    let shown = get(&house, &ada, &format!("/api/entries/{entry}")).await.expect(200).json()["entry"].clone();
    assert_eq!((&shown["assigned"], &shown["due"]), (&json!("2000"), &asked["promise"]["from"]));
    assert_eq!((&shown["request"]["promise"], &shown["request"]["agreed_in"]), (&asked["promise"], &json!(call)));
    let pop = get(&house, &ada, &format!("/api/calls/{call}/pop")).await.expect(200).json();
    assert_eq!(pop["open"][0]["kept_open"], json!(true), "{pop}");
    // They think better of it: anybody of the group.
    send(&house, "POST", &ada, &path, wish(false)).await.expect(200);
    let shown = get(&house, &ada, &format!("/api/entries/{entry}")).await.expect(200).json()["entry"].clone();
    assert_eq!(shown["assigned"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_agreed_upon_is_taken_back_by_whose_call_it_was() {
    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    let bob = house.person("bob", Role::Agent, Some("2001"), None).await;
    house.sign_in("2000").await;
    let entry = house.request(1, queue_600()).await.to_string();
    let call = house.talk(9, customer(1), "2000").await.to_string();
    let path = format!("/api/calls/{call}/follow-up");
    let before = get(&house, &ada, &format!("/api/entries/{entry}")).await.expect(200).json()["entry"].clone();
    let later = house.now() + Millis::hours(2);
    let wish = json!({ "not_before": later.as_millis(), "by_me": true });
    send(&house, "POST", &ada, &path, wish).await.expect(200);
    let (undo, of) = (format!("{path}/take-back"), json!({ "entry": entry }));
    send(&house, "POST", &bob, &undo, of.clone()).await.refused(404, "not_found");
    send(&house, "POST", &ada, &undo, json!({ "entry": entry, "x": 1 })).await.expect(422);
    let undone = send(&house, "POST", &ada, &undo, of.clone()).await.expect(200).json();
    assert_eq!(undone, json!({ "open": true }));
    let shown = get(&house, &ada, &format!("/api/entries/{entry}")).await.expect(200).json()["entry"].clone();
    for field in ["assigned", "due", "request", "place"] {
        assert_eq!(shown[field], before[field], "{field}");
    }
    let pop = get(&house, &ada, &format!("/api/calls/{call}/pop")).await.expect(200).json();
    assert_eq!(pop["open"][0]["kept_open"], json!(false), "{pop}");
    send(&house, "POST", &ada, &undo, of).await.refused(409, "not_agreed_now");
}
