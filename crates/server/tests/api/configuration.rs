//! What is configured, over HTTP: by keys, as one document, and its passwords.

use std::sync::atomic::Ordering;

use nohold_app::ports::{Role, Store as _};
use nohold_core::entry::{LeftAt, Target};
use nohold_core::fact::{Dated, Fact};
use nohold_core::transaction::{Answer as Written, Transaction};
use nohold_model::{FlowKey, IdSource, Millis, QueueKey, Timestamp};
use serde_json::{Value, json};

use super::client::{Answer, Ask};
use super::house::{House, PUBLIC};

/// Queue 600 of Support with one agent, and a flow for its overflow.
fn small() -> Value {
    json!({
        "site": { "zone": "Asia/Shanghai", "country": "CN" },
        "calendars": { "office": { "weekly": { "mon": ["09:00-18:00"] } } },
        "services": { "support": { "groups": ["support-a"], "calendar": "office", "caller_id": "+862161230001" } },
        "groups": { "support-a": { "agents": ["2000"] } },
        "agents": { "2000": {} },
        "extensions": { "2000": { "password": { "generate": true } } },
        "queues": { "600": {
            "service": "support", "number": "600", "overflow": { "timeout": { "flow": "overflow" } }
        } },
        "trunks": { "carrier": {
            "host": "127.0.0.1", "numbers": ["+862161230001"], "user": "us", "password": "their password"
        } },
        "numbers": { "+862161230001": { "service": "support", "target": { "queue": "600" } } },
        "flows": { "overflow": flow("Overflow") }
    })
}

fn flow(name: &str) -> Value {
    json!({ "document": {
        "key": "overflow", "name": name, "kind": { "type": "main", "internal_number": "700" },
        "nodes": {
            "start": { "action": { "type": "start" }, "exits": { "next": "wait" } },
            "wait": { "action": { "type": "queue" } }
        }
    } })
}

struct Office {
    house: House,
    anna: String,
}

impl Office {
    /// With the small configuration.
    async fn new() -> Self {
        let (house, anna) = House::with_anna().await;
        let office = Office { house, anna };
        office.import("", &small()).await.expect(200);
        office
    }

    fn ask(&self, method: &str, path: &str) -> Ask {
        self.house.ask(method, &format!("/api/configuration{path}")).page(&self.anna)
    }

    async fn import(&self, query: &str, document: &Value) -> Answer {
        self.ask("POST", &format!("/import{query}")).json(document).send().await
    }

    async fn put(&self, path: &str, body: Value) -> Answer {
        self.ask("PUT", path).json(&body).send().await
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path).send().await
    }
}

#[tokio::test]
async fn an_import_says_what_it_has_done_and_repeated_it_does_nothing() {
    let (house, anna) = House::with_anna().await;
    let office = Office { house, anna };
    let planned = office.import("?dry_run=true", &small()).await.expect(200).json();
    assert_eq!(planned["added"].as_array().unwrap().len(), 10);
    assert!(planned.get("generated").is_none(), "{planned}");
    office.get("/queues/600").await.refused(404, "not_found");

    let done = office.import("", &small()).await.expect(200).json();
    assert_eq!((&done["in_force"], &done["revision"]), (&json!(true), &json!(1)));
    let drawn = done["generated"]["extensions.2000"].as_str().unwrap();
    assert_eq!(drawn.len(), 20);
    let running = office.house.running.now();
    assert_eq!(running.secrets["extensions.2000"].0, drawn);
    assert_eq!(running.secrets["trunks.carrier"].0, "their password");
    assert_eq!(running.directory.queues.len(), 1);

    let again = office.import("", &small()).await.expect(200).json();
    assert_eq!(again["unchanged"].as_array().unwrap().len(), 10, "{again}");
    assert_eq!(again["revision"], 1);
    assert!(again.get("generated").is_none());
}

#[tokio::test]
async fn what_is_exported_can_be_imported_and_holds_no_password() {
    let office = Office::new().await;
    let exported = office.get("/export").await.expect(200);
    assert!(!exported.text.contains("their password"), "{}", exported.text);
    let document = exported.json();
    assert_eq!(document["trunks"]["carrier"]["password"], json!({ "stored": true }));
    let again = office.import("?prune=true", &document).await.expect(200).json();
    assert_eq!(again["unchanged"].as_array().unwrap().len(), 10, "{again}");
    // Elsewhere there are no such passwords.
    let (house, anna) = House::with_anna().await;
    let elsewhere = Office { house, anna };
    let refusal = elsewhere.import("", &document).await.refused(422, "invalid_configuration").json();
    assert_eq!(refusal["problems"][0]["field"], "extensions.2000.password");
}

#[tokio::test]
async fn what_is_not_in_the_document_goes_only_when_somebody_says_so() {
    let office = Office::new().await;
    let mut document = small();
    document["calendars"]["night"] = document["calendars"]["office"].clone();
    office.import("", &document).await.expect(200);
    let told = office.import("", &small()).await.expect(200).json();
    assert_eq!(told["missing"], json!(["calendars.night"]));
    office.get("/calendars/night").await.expect(200);
    let pruned = office.import("?prune=true", &small()).await.expect(200).json();
    assert_eq!(pruned["removed"], json!(["calendars.night"]));
    office.get("/calendars/night").await.refused(404, "not_found");
    // What others need does not go.
    let mut document = small();
    document.as_object_mut().unwrap().remove("queues");
    let refusal = office.import("?prune=true", &document).await.refused(422, "invalid_configuration").json();
    assert_eq!(refusal["problems"][0]["field"], "numbers.+862161230001.target.queue");
}

#[tokio::test]
async fn a_document_with_mistakes_is_refused_whole() {
    let office = Office::new().await;
    for (pointer, value, field) in [
        ("/queues/600/service", json!("sales"), "queues.600.service"),
        ("/queues/600/longest_wait", json!("soon"), "queues.600.longest_wait"),
        ("/queues/600/colour", json!("red"), "queues.600.colour"),
        ("/extensions/2000/password", json!({ "env": "HOME" }), "extensions.2000.password"),
        ("/flows/overflow", json!({ "file": "/etc/passwd" }), "flows.overflow"),
        ("/colours", json!({}), "colours"),
        ("/calendars/UPPER", json!({}), "calendars"),
        ("/queues", json!([]), "queues"),
        ("/queues", Value::Null, "queues"),
        ("/groups/support-a", json!([]), "groups.support-a"),
        ("/outbound", json!(["CN"]), "outbound"),
        ("/star_codes", Value::Null, "star_codes"),
        ("/queues/600/overflow", json!([]), "queues.600.overflow"),
    ] {
        let mut document = small();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        document.pointer_mut(parent).unwrap()[key] = value;
        let refusal = office.import("", &document).await.refused(422, "invalid_configuration").json();
        let fields: Vec<_> =
            refusal["problems"].as_array().unwrap().iter().filter_map(|problem| problem["field"].as_str()).collect();
        assert!(fields.contains(&field), "{pointer}: {refusal}");
    }
    let twice = office.ask("POST", "/import").header("content-type", "application/json");
    let twice = twice.raw(br#"{"site":{"zone":"Asia/Shanghai","country":"CN"},"site":{}}"#.to_vec()).send().await;
    twice.refused(400, "bad_json");
    assert_eq!(office.get("").await.json()["revision"], 1);
    // More than other routes read, and less than too much.
    let mut large = small();
    large["queues"]["600"]["name"] = json!("x".repeat(2 * 1024 * 1024));
    assert_ne!(office.import("?dry_run=true", &large).await.status, 413);
    large["queues"]["600"]["name"] = json!("x".repeat(8 * 1024 * 1024));
    office.import("?dry_run=true", &large).await.refused(413, "too_large");
}

#[tokio::test]
async fn a_list_or_nothing_is_no_object() {
    let office = Office::new().await;
    for wrong in [json!([]), json!([[]]), Value::Null] {
        for (path, field) in [
            ("/site", "site"),
            ("/outbound", "outbound"),
            ("/blocked", "blocked"),
            ("/star_codes", "star_codes"),
            ("/groups/support-a", "groups.support-a"),
            ("/groups/new", "groups.new"),
            ("/dispositions/sold", "dispositions.sold"),
            ("/agents/2000", "agents.2000"),
            ("/trunks/carrier", "trunks.carrier"),
            ("/flows/overflow", "flows.overflow"),
        ] {
            let refusal = office.put(path, wrong.clone()).await.refused(422, "invalid_configuration").json();
            let problem = &refusal["problems"][0];
            assert_eq!(problem["field"], field, "{wrong}: {refusal}");
            assert!(problem["message"].as_str().unwrap().contains("an object is expected"), "{wrong}: {refusal}");
        }
    }
    let mut queue = small()["queues"]["600"].clone();
    queue["overflow"] = json!([]);
    let refusal = office.put("/queues/600", queue).await.refused(422, "invalid_configuration").json();
    assert_eq!(refusal["problems"][0]["field"], "queues.600.overflow", "{refusal}");
    assert_eq!(office.get("").await.json()["revision"], 1, "nothing was kept");
}

#[tokio::test]
async fn a_thing_is_put_looked_at_and_removed() {
    let office = Office::new().await;
    let body = json!({ "weekly": { "tue": ["09:00-12:00"] } });
    let made = office.put("/calendars/night", body.clone()).await.expect(201);
    assert_eq!(made.json()["version"], 1);
    let shown = office.get("/calendars/night").await.expect(200);
    assert_eq!(shown.json()["body"], body);
    assert_eq!(shown.json()["by"], "anna");
    assert_eq!(shown.headers["etag"], "\"1\"");
    let unchanged = office.put("/calendars/night", body.clone()).await.expect(200).json();
    assert_eq!((&unchanged["version"], &unchanged["revision"]), (&json!(1), &json!(2)));
    let other = json!({ "weekly": { "wed": ["09:00-12:00"] } });
    let put = |name: &str, value: &str| office.ask("PUT", "/calendars/night").header(name, value).json(&other).send();
    put("if-match", "\"7\"").await.refused(412, "changed");
    put("if-none-match", "*").await.refused(412, "changed");
    assert_eq!(put("if-match", "\"1\"").await.expect(200).headers["etag"], "\"2\"");
    let versions = office.get("/calendars/night/versions").await.expect(200).json();
    assert_eq!(versions["items"][0]["version"], 2);
    assert_eq!(versions["items"][1]["body"], body);
    let first = office.get("/calendars/night/versions?limit=1").await.json();
    assert_eq!(first["next"], "2");
    assert_eq!(office.get("/calendars/night/versions?limit=1&after=2").await.json()["items"][0]["version"], 1);
    office.ask("DELETE", "/calendars/night").header("if-match", "\"1\"").send().await.refused(412, "changed");
    office.ask("DELETE", "/calendars/night").send().await.expect(204);
    office.ask("DELETE", "/calendars/night").send().await.refused(404, "not_found");
    assert_eq!(office.get("/calendars/night/versions").await.json()["items"][0]["body"], Value::Null);
}

#[tokio::test]
async fn lists_come_in_parts() {
    let office = Office::new().await;
    for key in ["a", "b", "c"] {
        office.put(&format!("/calendars/{key}"), json!({ "weekly": {} })).await;
    }
    let first = office.get("/calendars?limit=2").await.expect(200).json();
    let keys = |part: &Value| -> Vec<String> {
        part["items"].as_array().unwrap().iter().map(|thing| thing["key"].as_str().unwrap().to_owned()).collect()
    };
    let second = office.get(&format!("/calendars?limit=2&after={}", first["next"].as_str().unwrap())).await.json();
    let all = [keys(&first), keys(&second)].concat();
    assert_eq!(all.last().map(String::as_str), Some("office"));
    assert_eq!(second["next"], Value::Null);
}

#[tokio::test]
async fn a_change_that_breaks_something_is_refused_with_its_place() {
    let office = Office::new().await;
    let refusal = office.put("/queues/600", json!({ "service": "sales" })).await.refused(422, "invalid_configuration");
    let refusal = refusal.json();
    assert_eq!(refusal["field"], "queues.600.service");
    assert!(refusal["problems"][0]["mend"].as_str().unwrap().contains("sales"));
    let refusal = office.put("/queues/600", json!({ "service": "support", "max_length": "many" })).await;
    assert_eq!(refusal.refused(422, "invalid_configuration").json()["field"], "queues.600.max_length");
    let refusal = office.ask("DELETE", "/groups/support-a").send().await.refused(409, "in_use").json();
    assert!(refusal["message"].as_str().unwrap().contains("queues.600.groups"), "{refusal}");
    assert_eq!(refusal["problems"][1]["field"], "services.support.groups");
    office.ask("DELETE", "/flows/overflow").send().await.refused(409, "in_use");
    office.put("/queues/..%2F..%2Fetc", json!({ "service": "support" })).await.refused(422, "invalid");
    office.get("/queues/..%2F..%2Fetc").await.refused(404, "not_found");
    office.put("/numbers/600", json!({})).await.refused(422, "invalid");
    office.get("/colours").await.refused(404, "not_found");
    office.ask("DELETE", "/site").send().await.refused(405, "wrong_method");
    assert_eq!(office.get("").await.json()["revision"], 1);
}

#[tokio::test]
async fn an_agent_who_is_a_user_stays() {
    let office = Office::new().await;
    office.house.person("ada", Role::Agent, Some("2000")).await;
    let mut document = small();
    document["groups"]["support-a"]["agents"] = json!([]);
    document["agents"] = json!({});
    let refusal = office.import("?prune=true", &document).await.refused(409, "in_use").json();
    assert_eq!(refusal["field"], "agents.2000");
}

#[tokio::test]
async fn passwords_are_shown_once_and_never_come_back() {
    let office = Office::new().await;
    let put = |password: Value| office.put("/extensions/2000", json!({ "password": password }));
    let made = put(json!({ "generate": true })).await.expect(200);
    let drawn = made.json()["generated"]["extensions.2000"].as_str().unwrap().to_owned();
    assert_eq!(made.json()["body"]["password"], json!({ "stored": true }));
    assert_eq!(office.house.running.now().secrets["extensions.2000"].0, drawn);
    let kept = put(json!({ "stored": true })).await.expect(200);
    assert!(kept.json().get("generated").is_none());
    let short = put(json!("short")).await.expect(200).json();
    assert_eq!(short["warnings"][0]["field"], "extensions.2000.password");
    assert_eq!(office.house.running.now().secrets["extensions.2000"].0, "short");
    for path in ["", "/export", "/extensions", "/extensions/2000", "/extensions/2000/versions"] {
        let text = office.get(path).await.expect(200).text;
        assert!(!text.contains("short\"") && !text.contains(&drawn) && !text.contains("their password"), "{path}");
    }
    put(json!({ "env": "HOME" })).await.refused(422, "invalid_configuration");
    let leak = put(json!({ "generate": "s3cr3t" })).await.refused(422, "invalid_configuration");
    assert!(!leak.text.contains("s3cr3t"), "{}", leak.text);
    // A drawn password is not kept to be answered again.
    let wish = json!({ "password": { "generate": true } });
    let keyed = || office.ask("PUT", "/extensions/2000").header("idempotency-key", "k").json(&wish).send();
    keyed().await.expect(200);
    keyed().await.refused(409, "answer_not_kept");
}

#[tokio::test]
async fn a_trunk_that_leads_back_to_this_server_is_warned_of_wherever_it_is_written() {
    let office = Office::new().await;
    let back = json!({ "host": "127.0.0.99", "numbers": ["+862161230077"] });
    let is_warned_of = |warnings: &Value| {
        let warnings = warnings.as_array().cloned().unwrap_or_default();
        warnings.iter().any(|warning| {
            warning["field"] == "trunks.back.host"
                && warning["message"].as_str().unwrap().contains("this server itself")
        })
    };
    let put = office.put("/trunks/back", back.clone()).await.expect(201).json();
    assert!(is_warned_of(&put["warnings"]), "{put:#}");
    let announced = json!({ "host": PUBLIC, "numbers": ["+862161230077"] });
    let put = office.put("/trunks/back", announced).await.expect(200).json();
    assert!(is_warned_of(&put["warnings"]), "{put:#}");
    let mut elsewhere = back.clone();
    elsewhere["port"] = json!(5061);
    let put = office.put("/trunks/back", elsewhere.clone()).await.expect(200).json();
    assert!(!is_warned_of(&put["warnings"]), "{put:#}");
    let change = json!({ "changes": [{ "kind": "trunks", "key": "back", "body": back }] });
    let looked_at = office.ask("POST", "/check").json(&change).send().await.expect(200).json();
    assert!(looked_at["possible"] == true && is_warned_of(&looked_at["problems"]), "{looked_at:#}");
    let mut document = small();
    document["trunks"]["back"] = back;
    let imported = office.import("", &document).await.expect(200).json();
    assert!(is_warned_of(&imported["warnings"]), "{imported:#}");
}

#[tokio::test]
async fn a_trunk_that_goes_takes_its_passwords_along() {
    let office = Office::new().await;
    let trunk = |key: &str| format!("/trunks/{key}");
    let body = json!({ "host": "127.0.0.9", "inbound": { "user": "they", "password": "inbound password" } });
    office.put(&trunk("second"), body).await.expect(201);
    assert!(office.house.running.now().secrets.contains_key("trunks.second.inbound"));
    office.put(&trunk("second.inbound"), json!({ "host": "127.0.0.8" })).await.refused(422, "invalid");
    office.ask("DELETE", &trunk("second")).send().await.expect(204);
    assert!(!office.house.running.now().secrets.contains_key("trunks.second.inbound"));
    let back = json!({ "host": "127.0.0.9", "inbound": { "user": "they", "password": { "stored": true } } });
    office.put(&trunk("second"), back).await.refused(422, "invalid_configuration");
}

#[tokio::test]
async fn a_running_call_keeps_the_flow_that_it_began_with() {
    let office = Office::new().await;
    let key = FlowKey::new("overflow").unwrap();
    let first = office.house.running.now().directory.latest_flow(&key).map(|(version, _)| version);
    assert_eq!(first, Some(1));
    office.put("/flows/overflow", flow("Second")).await.expect(200);
    let directory = office.house.running.now().directory.clone();
    assert_eq!(directory.flows[&key].keys().copied().collect::<Vec<_>>(), [1, 2]);
    assert_eq!(directory.flows[&key][&1].name, "Overflow");
    assert_eq!(directory.latest_flow(&key).unwrap().1.name, "Second");
}

#[tokio::test]
async fn a_check_changes_nothing() {
    let office = Office::new().await;
    let check = |changes: Value| office.ask("POST", "/check").json(&json!({ "changes": changes })).send();
    let fine = check(json!([{ "kind": "calendars", "key": "night", "body": { "weekly": {} } }])).await.expect(200);
    assert_eq!(fine.json()["possible"], true);
    let bad = check(json!([{ "kind": "groups", "key": "support-a" }])).await.expect(200).json();
    assert_eq!(bad["possible"], false);
    assert_eq!(bad["problems"][0]["severity"], "error");
    let unknown = check(json!([{ "kind": "colours", "key": "red" }])).await.refused(422, "invalid").json();
    assert_eq!(unknown["field"], "changes[0].kind");
    assert_eq!(office.get("").await.json()["revision"], 1);
}

#[tokio::test]
async fn what_does_not_hold_yet_is_told() {
    let office = Office::new().await;
    office.house.running.stubborn.store(true, Ordering::SeqCst);
    let put = office.put("/calendars/night", json!({ "weekly": {} })).await.expect(201).json();
    assert_eq!(put["in_force"], false);
    let all = office.get("").await.json();
    assert_eq!((&all["revision"], &all["in_force"]), (&json!(2), &json!(1)));
}

#[tokio::test]
async fn two_who_change_at_once_come_one_after_the_other() {
    let office = Office::new().await;
    let put = |key: &'static str| office.put(key, json!({ "weekly": {} }));
    let (a, b, c) = tokio::join!(put("/calendars/a"), put("/calendars/b"), put("/calendars/c"));
    for answer in [a, b, c] {
        answer.expect(201);
    }
    assert_eq!(office.get("").await.json()["revision"], 4);
}

#[tokio::test]
async fn the_site_comes_first() {
    let (house, anna) = House::with_anna().await;
    let office = Office { house, anna };
    let refusal = office.put("/calendars/office", json!({ "weekly": {} })).await.refused(422, "invalid_configuration");
    assert_eq!(refusal.json()["field"], "site");
    office.put("/site", json!({ "zone": "Europe/Berlin", "country": "DE" })).await.expect(201);
    office.put("/calendars/office", json!({ "weekly": {} })).await.expect(201);
    assert_eq!(office.get("/site").await.json()["body"]["country"], "DE");
    office.get("/outbound").await.refused(404, "not_found");
    office.put("/blocked", json!({ "prefixes": ["+8617"] })).await.expect(201);
}

/// All references in a value.
fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(table) => {
            found.extend(table.get("$ref").and_then(Value::as_str).map(str::to_owned));
            table.values().for_each(|value| references(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn bodies_are_described_and_every_reference_leads_somewhere() {
    let house = House::new().await;
    let document = house.ask("GET", "/api/openapi.json").send().await.expect(200).json();
    let body = &document["paths"]["/api/configuration/queues/{key}"]["put"]["requestBody"];
    assert_eq!(body["content"]["application/json"]["schema"]["$ref"], "#/components/schemas/configuration.queues");
    let queue = &document["components"]["schemas"]["configuration.queues"];
    assert!(queue["properties"]["overflow"].is_object() && queue["required"] == json!(["service"]), "{queue}");
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 50);
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

#[tokio::test]
async fn what_open_entries_need_neither_goes_nor_loses_its_last_agent() {
    let office = Office::new().await;
    let queue = QueueKey::new("600").unwrap();
    let ids = |n| IdSource::new(7).next(Timestamp::from_millis(n));
    let missed = Fact::Missed {
        entry: ids(1),
        call: IdSource::new(7).next(Timestamp::from_millis(2)),
        number: Some("+8613800138001".parse().unwrap()),
        target: Target::Queue(queue.clone()),
        left_at: LeftAt::Queue(queue),
        waited: Millis::seconds(20),
        short: false,
    };
    let directory = office.house.running.now().directory.clone();
    let records = vec![Dated { at: office.house.now(), fact: missed }];
    let written = Transaction::Call { records, promise: None };
    let written = office.house.store.transact(directory, office.house.now(), written).await;
    assert_eq!(written, Ok(Written::Done));
    // Taking out the agents.
    for query in ["", "?dry_run=true"] {
        let mut document = small();
        document["groups"]["support-a"]["agents"] = json!([]);
        let refusal = office.import(query, &document).await.refused(409, "in_use").json();
        assert_eq!(refusal["field"], "queues.600");
        assert!(refusal["message"].as_str().unwrap().contains("open entries need it (1)"), "{refusal}");
    }
    // Removing it, with all that refers to it.
    let mut document = small();
    document.as_object_mut().unwrap().remove("queues");
    document.as_object_mut().unwrap().remove("numbers");
    document.as_object_mut().unwrap().remove("flows");
    let refusal = office.import("?prune=true", &document).await.refused(409, "in_use").json();
    assert_eq!(refusal["field"], "queues.600");
    office.get("/queues/600").await.expect(200);
    // What nobody needs still changes.
    office.put("/calendars/night", json!({ "weekly": {} })).await.expect(201);
}
