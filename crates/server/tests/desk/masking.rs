//! Who may not see numbers whole sees none, whatever they ask for.

use std::collections::{BTreeMap, BTreeSet};

use nohold_app::ports::{Accounts as _, Permission, Role, User};
use nohold_core::fact::{CallEnd, Fact};
use nohold_model::Millis;
use serde_json::{Value, json};

use super::house::{House, agent, customer, queue_600, user};
use super::socket::Live;

/// What all customers' numbers here have in their middle.
const HIDDEN: &str = "3800138";

/// Somebody who sees no number whole.
async fn without_numbers(house: &House, name: &str, role: Role, agent: Option<&str>) -> String {
    let plain = user(name, 0, role, agent, None, house.now());
    house.store.keep_user(User { may: Some(BTreeSet::new()), ..plain }).await.unwrap();
    house.token(name, &["read", "desk", "requests"]).await
}

/// A house in which everything is known of somebody; what stands for the ids in each route.
async fn full_house(house: &House) -> BTreeMap<&'static str, String> {
    house.sign_in("2000").await;
    let entry = house.request(1, queue_600()).await;
    house.missed(2, false).await;
    let message = house.message(3, queue_600()).await;
    // People write numbers in their own ways.
    let ann = house.person("ann", Role::Agent, Some("2000"), None).await;
    let note = json!({ "note": "ring 138 0013 8004, 13800138002 or ００８６－138-0013-8001 (not 2026-11-28)" });
    let over = house.talk(5, customer(5), "2000").await;
    let written = format!("/api/calls/{over}/note/save");
    house.ask("POST", &written).token(&ann).json(&note).send().await.expect(200);
    house.record(Fact::AgentFreed { call: over, agent: agent("2000"), wrap_up: Millis::ZERO }).await;
    house.record(Fact::CallEnded { call: over, how: CallEnd::Served }).await;
    let live = house.talk(4, customer(4), "2000").await;
    let written = format!("/api/calls/{live}/note");
    house.ask("PUT", &written).token(&ann).json(&note).send().await.expect(200);
    let sue = house.person("sue", Role::Supervisor, None, None).await;
    let company = format!("Call {}, at night 138.0013.8002", customer(1).as_str());
    let contact = json!({ "name": "Wang 13800138004", "numbers": [customer(4).as_str()], "company": company });
    let made = house.ask("POST", "/api/contacts").token(&sue).json(&contact).send().await.expect(201).json();
    BTreeMap::from([
        ("/api/entries/", entry.to_string()),
        ("/api/messages/", message.to_string()),
        ("/api/history/", over.to_string()),
        ("/api/calls/", live.to_string()),
        ("/api/contacts/", made["id"].as_str().unwrap().to_owned()),
    ])
}

/// Whether a text of the answer has those digits, however they are written.
fn shows(answer: &str) -> bool {
    fn texts(value: &Value, all: &mut Vec<String>) {
        match value {
            Value::String(text) => all.push(text.clone()),
            Value::Array(items) => items.iter().for_each(|item| texts(item, all)),
            Value::Object(fields) => fields.values().for_each(|field| texts(field, all)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    let mut all = vec![answer.to_owned()];
    match serde_json::from_str(answer) {
        Ok(value) => texts(&value, &mut all),
        Err(_) => all.extend(answer.split([',', '\n']).map(str::to_owned)),
    }
    let digit = |one: char| match one {
        '０'..='９' => char::from_digit(u32::from(one) - u32::from('０'), 10),
        _ => one.is_ascii_digit().then_some(one),
    };
    let written = |text: &String| text.chars().filter_map(digit).collect::<String>().contains(HIDDEN);
    all.get(1..).unwrap_or_default().iter().any(written) || all[0].contains(HIDDEN)
}

/// Every route that only looks, each with ids of things that there are.
async fn looks(house: &House, ids: &BTreeMap<&'static str, String>) -> Vec<String> {
    let document = house.ask("GET", "/api/openapi.json").send().await.expect(200).json();
    let paths = document["paths"].as_object().unwrap();
    let looking = paths.iter().filter(|(path, item)| item.get("get").is_some() && *path != "/api/live");
    let filled = |(path, _): (&String, &Value)| {
        let id = ids.iter().find(|(start, _)| path.starts_with(**start)).map_or("x", |(_, id)| id.as_str());
        let parts = path.split('/').map(|part| if part.starts_with('{') { id } else { part });
        parts.collect::<Vec<_>>().join("/")
    };
    looking.map(filled).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_route_shows_a_whole_number_to_who_may_see_none() {
    let house = House::new().await;
    let ids = full_house(&house).await;
    let (sue, ada) = ("nh_sue_read_desk_requests", without_numbers(&house, "ada", Role::Agent, Some("2001")).await);
    let sam = without_numbers(&house, "sam", Role::Supervisor, None).await;
    let mut shown = BTreeSet::new();
    for path in looks(&house, &ids).await {
        for token in [&ada, &sam] {
            let answer = house.ask("GET", &path).token(token).send().await;
            assert!(!shows(&answer.text), "{path}: {}", answer.text);
        }
        if house.ask("GET", &path).token(sue).send().await.text.contains(HIDDEN) {
            let start = path.split('/').nth(2).unwrap().to_owned();
            shown.insert(start);
        }
    }
    let expected = ["calls", "contacts", "entries", "history"].map(str::to_owned);
    assert!(shown.is_superset(&BTreeSet::from(expected)), "who may see numbers sees them: {shown:?}");
    let entry = house.ask("GET", &format!("/api/entries/{}", ids["/api/entries/"])).token(&ada).send().await;
    let entry = entry.expect(200).json();
    assert_eq!(entry["entry"]["number"], "138****8001");
    assert!(entry["history"].to_string().contains("138****8001"), "the facts hide it, too: {entry}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_of_contacts_has_whole_numbers_only_where_an_administrator_has_said_so() {
    let house = House::new().await;
    full_house(&house).await;
    let table = async |token: &str| house.ask("GET", "/api/contacts/export.csv").token(token).send().await.expect(200);
    let sue = table("nh_sue_read_desk_requests").await;
    assert!(sue.text.contains("138****8004") && !shows(&sue.text), "{}", sue.text);
    let calls = house.ask("GET", "/api/history/export.csv").token("nh_sue_read_desk_requests").send().await.expect(200);
    assert!(calls.text.contains("ring 138****8004") && calls.text.contains("2026-11-28"), "{}", calls.text);
    assert!(!shows(&calls.text), "{}", calls.text);
    let may = Some(BTreeSet::from([Permission::SeeNumbers, Permission::ExportNumbers]));
    let changed = User { may, ..user("sue", 1, Role::Supervisor, None, None, house.now()) };
    house.store.keep_user(changed).await.unwrap();
    let sue = table("nh_sue_read_desk_requests").await;
    assert!(sue.text.contains(customer(4).as_str()), "{}", sue.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_live_line_hides_numbers_in_the_snapshot_and_in_each_change() {
    let house = House::new().await;
    full_house(&house).await;
    let ada = without_numbers(&house, "ada", Role::Agent, Some("2001")).await;
    let mut live = Live::open(&house, &ada, None).await;
    assert_eq!(live.first["me"]["may"], json!([]));
    let text = live.first.to_string();
    assert!(text.contains("138****8001") && !shows(&text), "{text}");
    house.request(6, queue_600()).await;
    let mut seen = String::new();
    while !seen.contains("138****8006") {
        seen = live.next().await.to_string();
        assert!(!shows(&seen), "{seen}");
    }
    let may = Some(BTreeSet::from([Permission::SeeNumbers]));
    let changed = User { may, ..user("ada", 1, Role::Agent, Some("2001"), None, house.now()) };
    house.store.keep_user(changed).await.unwrap();
    let mut all = live.next().await;
    while all["type"] != "snapshot" {
        all = live.next().await;
    }
    assert!(all.to_string().contains(customer(1).as_str()), "who may see them now is shown everything anew");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_hidden_cannot_be_found_by_guessing_digits() {
    let house = House::new().await;
    full_house(&house).await;
    let ada = without_numbers(&house, "ada", Role::Agent, Some("2000")).await;
    for list in ["/api/entries", "/api/history"] {
        house.ask("GET", &format!("{list}?number=8001")).token(&ada).send().await.expect(200);
        house.ask("GET", &format!("{list}?number=38001")).token(&ada).send().await.refused(422, "invalid");
    }
    for guess in [
        "/api/entries/closed?number=%2B8613800138001",
        "/api/contacts?q=1380",
        "/api/contacts?q=00",
        "/api/contacts?q=%EF%BC%98",
    ] {
        house.ask("GET", guess).token(&ada).send().await.refused(422, "invalid");
    }
    house.ask("GET", "/api/contacts?q=wang").token(&ada).send().await.expect(200);
    let guess = json!({ "name": "Guess", "numbers": [customer(4).as_str()] });
    house.ask("POST", "/api/contacts").token(&ada).json(&guess).send().await.refused(422, "invalid");
    house.ask("POST", "/api/contacts").token(&ada).json(&json!({ "name": "Nobody" })).send().await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_who_listens_to_a_message_is_remembered_with_it() {
    use nohold_core::entry::{Actor, Change};
    use nohold_core::transaction::{Answer, Transaction};

    use super::house::entry;

    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    let message = house.message(3, queue_600()).await;
    let heard = |key: &str| Transaction::Entry {
        entry: entry(3),
        change: Change::Heard { message },
        seen: None,
        by: Actor::Agent(agent(key)),
    };
    assert_eq!(house.commit(heard("2000")).await, Answer::Done);
    assert!(matches!(house.commit(heard("2001")).await, Answer::Refused(_)), "the first stays");
    let shown = house.ask("GET", &format!("/api/entries/{}", entry(3))).token(&ada).send().await.expect(200).json();
    assert_eq!(shown["entry"]["heard"][0]["message"], json!(message));
    assert_eq!(shown["entry"]["heard"][0]["by"], "2000");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_tells_who_sees_no_numbers_nothing_of_a_guessed_one() {
    let house = House::new().await;
    house.request(1, queue_600()).await;
    let ada = without_numbers(&house, "ada", Role::Agent, Some("2000")).await;
    let ask = async |token: &str, n: u32| {
        let given = json!({ "number": customer(n).as_str(), "target": { "queue": "600" } });
        house.ask("POST", "/api/requests").token(token).json(&given).send().await
    };
    let (there, not_there) = (ask(&ada, 1).await, ask(&ada, 7).await);
    assert_eq!((there.status, there.json()), (not_there.status, not_there.json()));
    assert_eq!(there.expect(200).json(), json!({}));
    let sue = house.person("sue", Role::Supervisor, None, None).await;
    assert_eq!(ask(&sue, 7).await.expect(200).json()["new"], json!(false), "it was made all the same");
    assert_eq!(ask(&sue, 8).await.expect(201).json()["new"], json!(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_given_back_as_it_was_shown_is_what_it_was() {
    let house = House::new().await;
    let ada = without_numbers(&house, "ada", Role::Agent, Some("2000")).await;
    let sue = house.person("sue", Role::Supervisor, None, None).await;
    let contact = json!({
        "name": "Wang 138 0013 8002", "numbers": [customer(4).as_str()], "company": "Tel 13800138003",
        "email": "13800138005@mail.example", "tags": ["13800138006", "vip"],
    });
    let made = house.ask("POST", "/api/contacts").token(&sue).json(&contact).send().await.expect(201).json();
    let path = format!("/api/contacts/{}", made["id"].as_str().unwrap());
    let shown = house.ask("GET", &path).token(&ada).send().await.expect(200).json();
    assert!(!shows(&shown.to_string()), "{shown}");
    let given = |company: &str| {
        json!({
            "name": shown["name"], "numbers": shown["numbers"], "company": company, "email": shown["email"], "tags": shown["tags"],
        })
    };
    let company = format!("{} Ltd", shown["company"].as_str().unwrap());
    house.ask("PUT", &path).token(&ada).json(&given(&company)).send().await.expect(200);
    let now = house.ask("GET", &path).token(&sue).send().await.expect(200).json();
    assert_eq!(now["company"], "Tel 13800138003 Ltd");
    for field in ["name", "numbers", "email", "tags"] {
        assert_eq!(now[field], contact[field], "{field}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_contacts_own_number_is_hidden_in_what_is_written_of_it() {
    let house = House::new().await;
    let ada = without_numbers(&house, "ada", Role::Agent, Some("2000")).await;
    let sue = house.person("sue", Role::Supervisor, None, None).await;
    let contact = json!({ "name": "Zhang 61359015", "numbers": ["+862161359015"] });
    let made = house.ask("POST", "/api/contacts").token(&sue).json(&contact).send().await.expect(201).json();
    let note = json!({ "text": "call her at 6135 9015 after six, not 006135 9015" });
    let path = format!("/api/contacts/{}", made["id"].as_str().unwrap());
    house.ask("POST", &format!("{path}/notes")).token(&sue).json(&note).send().await.expect(201);
    for path in [path.as_str(), "/api/contacts?q=zhang"] {
        let shown = house.ask("GET", path).token(&ada).send().await.expect(200).text;
        assert!(!shown.contains("61359015") && !shown.contains("6135 9015"), "{shown}");
        assert!(shown.contains("Zhang 216***9015"), "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_types_comes_back_to_them_as_they_have_typed_it() {
    let house = House::new().await;
    house.sign_in("2000").await;
    let ada = without_numbers(&house, "ada", Role::Agent, Some("2000")).await;
    let call = house.talk(1, customer(1), "2000").await;
    let typed = "ring his wife 138 0013 8009, mail 13800138009@mail.example";
    let path = format!("/api/calls/{call}/note");
    let kept = house.ask("PUT", &path).token(&ada).json(&json!({ "note": typed })).send().await.expect(200).json();
    assert_eq!((&kept["written"]["note"], &kept["number"]), (&json!(typed), &json!("138****8001")));
    let mine = house.ask("GET", "/api/me/notes").token(&ada).send().await.expect(200).json();
    assert_eq!(mine["items"][0]["written"]["note"], typed);
    let live = Live::open(&house, &ada, None).await;
    assert_eq!(live.first["notes"][0]["written"]["note"], typed);
    assert_eq!(live.first["notes"][0]["number"], "138****8001");
    // What others see of it is hidden from who sees no numbers.
    house.ask("POST", &format!("{path}/save")).token(&ada).json(&json!({ "note": typed })).send().await.expect(200);
    house.record(Fact::AgentFreed { call, agent: agent("2000"), wrap_up: Millis::ZERO }).await;
    house.record(Fact::CallEnded { call, how: CallEnd::Served }).await;
    let sam = without_numbers(&house, "sam", Role::Supervisor, None).await;
    let past = house.ask("GET", &format!("/api/history/{call}")).token(&sam).send().await.expect(200).text;
    assert!(past.contains("ring his wife") && !shows(&past), "{past}");
}
