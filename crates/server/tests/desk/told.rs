//! What lines of the audit tell of the desk: what was asked for, what was there before and is now.

use std::time::{Duration, Instant};

use nohold_app::ports::Role;
use serde_json::{Value, json};

use super::client::Answer;
use super::house::{House, queue_600};

struct Watched {
    house: House,
    anna: String,
}

impl Watched {
    async fn new() -> Self {
        let house = House::new().await;
        house.person("anna", Role::Administrator, None, None).await;
        let anna = house.token("anna", &["accounts"]).await;
        Watched { house, anna }
    }

    async fn ask(&self, method: &str, token: &str, path: &str, body: Value) -> Answer {
        self.house.ask(method, path).token(token).json(&body).send().await
    }

    async fn all(&self) -> Answer {
        self.house.ask("GET", "/api/audit?limit=200").token(&self.anna).send().await.expect(200)
    }

    /// The line of this answer, once it says how it ended.
    async fn line(&self, answer: &Answer) -> Value {
        let name = answer.headers["x-request-id"].to_str().unwrap();
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            let page = self.all().await;
            let lines = page.json()["items"].as_array().unwrap().clone();
            match lines.into_iter().find(|line| line["request"] == name) {
                Some(line) if !line["status"].is_null() => return line,
                Some(_) | None => assert!(Instant::now() < end, "no such line: {}", page.text),
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn contacts_are_told_as_they_were_and_are_and_no_number_whole() {
    let watched = Watched::new().await;
    let ada = watched.house.person("ada", Role::Agent, Some("2000"), None).await;
    let sue = watched.house.person("sue", Role::Supervisor, None, None).await;
    let wang = json!({ "name": "Wang", "numbers": ["+8613800138001"], "company": "Lotus" });
    let made = watched.ask("POST", &ada, "/api/contacts", wang).await.expect(201);
    let (line, id) = (watched.line(&made).await, made.json()["id"].as_str().unwrap().to_owned());
    assert_eq!((&line["object"], &line["after"]["name"]), (&json!(id), &json!("Wang")), "{line}");
    assert!(line.get("before").is_none(), "{line}");
    let at = format!("/api/contacts/{id}");

    let changed = json!({ "name": "Wang Fang", "numbers": ["+8613800138002"], "company": "Lotus" });
    let put = |version: &str| watched.house.ask("PUT", &at).token(&ada).header("if-match", version).json(&changed);
    let line = watched.line(&put("\"0\"").send().await.expect(200)).await;
    for (when, version, name, number) in
        [("before", 0, "Wang", "138****8001"), ("after", 1, "Wang Fang", "138****8002")]
    {
        let told = &line[when];
        assert_eq!((&told["version"], &told["name"]), (&json!(version), &json!(name)), "{line}");
        assert_eq!(told["numbers"], json!([number]), "{line}");
    }
    // Who comes too late is told with what stands there.
    let line = watched.line(&put("\"0\"").send().await.refused(412, "changed")).await;
    assert_eq!((&line["status"], &line["before"]["name"]), (&json!(412), &json!("Wang Fang")), "{line}");
    assert!(line.get("after").is_none(), "{line}");

    let text = format!("likes tea, +8613800138003, {}", "x".repeat(900));
    let noted = watched.ask("POST", &ada, &format!("{at}/notes"), json!({ "text": text })).await.expect(201);
    let line = watched.line(&noted).await;
    assert_eq!((&line["before"]["notes"], &line["after"]["notes"]), (&json!(0), &json!(1)), "{line}");
    let last = &line["after"]["last"];
    assert_eq!(last["by"], "ada", "{line}");
    assert!(last["text"].as_str().unwrap().starts_with("likes tea, 138****8003, x"), "{line}");
    assert!(last["text"].as_str().unwrap().chars().count() < 400, "{line}");

    let other = watched.ask("POST", &ada, "/api/contacts", json!({ "name": "Fang" })).await.expect(201).json();
    let wish = json!({ "from": other["id"], "from_version": 0, "version": 2 });
    let merged = watched.ask("POST", &ada, &format!("{at}/merge"), wish).await.expect(200);
    let line = watched.line(&merged).await;
    assert_eq!((&line["object"], &line["wish"]["from"]), (&json!(id), &other["id"]), "{line}");
    assert_eq!(
        (&line["before"]["into"]["name"], &line["before"]["from"]["name"]),
        (&json!("Wang Fang"), &json!("Fang"))
    );
    assert!(line["after"]["may_be_taken_apart_until"].as_i64() > line["at"].as_i64(), "{line}");

    let gone = watched.house.ask("DELETE", &at).token(&sue).header("if-match", "\"3\"").send().await.expect(204);
    let line = watched.line(&gone).await;
    assert_eq!((&line["who"], &line["before"]["name"]), (&json!("sue"), &json!("Wang Fang")), "{line}");
    assert_eq!((&line["before"]["company"], &line["before"]["notes"][0]["by"]), (&json!("Lotus"), &json!("ada")));
    assert!(!watched.all().await.text.contains("13800138"), "{}", watched.all().await.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_of_another_contact_is_refused_with_whose_it_is() {
    let watched = Watched::new().await;
    let ada = watched.house.person("ada", Role::Agent, Some("2000"), None).await;
    let wang = json!({ "name": "Wang", "numbers": ["+8613800138001"] });
    let wang = watched.ask("POST", &ada, "/api/contacts", wang).await.expect(201).json();
    let numbers = ["+8613800138009", "138 0013 8001"];
    let taken = watched.ask("POST", &ada, "/api/contacts", json!({ "name": "Li", "numbers": numbers })).await;
    let told = taken.refused(409, "number_taken").json();
    assert_eq!(
        (&told["field"], &told["contact"]),
        (&json!("numbers[1]"), &json!({ "id": wang["id"], "name": "Wang" }))
    );
    let words = told["message"].as_str().unwrap();
    assert!(words.contains("number") && words.contains("Wang") && !words.contains("13800138001"), "{words}");
    let li = watched.ask("POST", &ada, "/api/contacts", json!({ "name": "Li" })).await.expect(201).json();
    let at = format!("/api/contacts/{}", li["id"].as_str().unwrap());
    let late = watched.house.ask("PUT", &at).token(&ada).header("if-match", "\"0\"");
    let late = late.json(&json!({ "name": "Li", "numbers": ["+8613800138001"] })).send().await;
    assert_eq!(late.refused(409, "number_taken").json()["field"], "numbers[0]");
}

#[tokio::test(flavor = "multi_thread")]
async fn wishes_at_the_desk_are_told_with_how_things_stood_and_stand() {
    let watched = Watched::new().await;
    let ada = watched.house.person("ada", Role::Agent, Some("2000"), None).await;
    let sue = watched.house.person("sue", Role::Supervisor, None, None).await;
    let wish = json!({ "number": "138 0013 8001", "target": { "queue": "600" } });
    let asked = watched.ask("POST", &sue, "/api/requests", wish.clone()).await.expect(201);
    let line = watched.line(&asked).await;
    let entry = asked.json()["entry"].clone();
    assert_eq!((&line["object"], &line["after"]["new"]), (&entry, &json!(true)), "{line}");
    assert_eq!((&line["wish"]["number"], &line["wish"]["target"]), (&json!("138****8001"), &wish["target"]), "{line}");

    let entry = watched.house.request(7, queue_600()).await;
    let at = |verb: &str| format!("/api/entries/{entry}/{verb}");
    let line = watched.line(&watched.ask("POST", &ada, &at("claim"), json!({})).await.expect(200)).await;
    let state = |when: &str| line[when]["state"]["name"].clone();
    assert_eq!((state("before"), state("after")), (json!("waiting"), json!("claimed")), "{line}");
    assert_eq!(line["after"]["state"]["agent"], "2000", "{line}");
    assert!(line["before"]["version"].as_u64() < line["after"]["version"].as_u64(), "{line}");
    let raised = watched.ask("POST", &sue, &at("prioritise"), json!({ "priority": 9 })).await.expect(200);
    let line = watched.line(&raised).await;
    assert_eq!((&line["before"]["priority"], &line["after"]["priority"]), (&json!(0), &json!(9)), "{line}");
    let closed = json!({ "outcome": "close", "reason": "refused", "note": "a secret note" });
    let line = watched.line(&watched.ask("POST", &ada, &at("outcome"), closed).await.expect(200)).await;
    assert_eq!((&line["wish"]["outcome"], &line["wish"]["reason"]), (&json!("close"), &json!("refused")), "{line}");
    assert_eq!(line["after"]["state"]["name"], "closed", "{line}");

    let forced = watched.ask("POST", &sue, "/api/agents/2000", json!({ "action": "sign_in" })).await.expect(200);
    let line = watched.line(&forced).await;
    assert_eq!((&line["object"], &line["wish"]), (&json!("2000"), &json!({ "action": "sign_in" })), "{line}");
    assert_eq!(line["before"]["state"], "not_signed_in", "{line}");
    assert_ne!(line["after"]["state"], "not_signed_in", "{line}");
    let line = watched.line(&watched.ask("POST", &ada, "/api/me/agent", json!({ "action": "clear" })).await).await;
    assert_eq!(line["wish"]["action"], "clear", "{line}");

    // Whom and where to, also where it is refused.
    let dialled = watched.ask("POST", &ada, "/api/calls", json!({ "number": "13900139000" })).await;
    let line = watched.line(&dialled.refused(403, "no_right")).await;
    assert_eq!(line["wish"]["to"], json!({ "number": "139****9000" }), "{line}");
    let call = watched.house.call(1).await;
    let handed = json!({ "to": { "queue": "600" } });
    let handed = watched.ask("POST", &sue, &format!("/api/calls/{call}/transfer"), handed).await;
    let line = watched.line(&handed).await;
    assert_eq!(
        (&line["object"], &line["wish"]["to"]),
        (&json!(call.to_string()), &json!({ "queue": "600" })),
        "{line}"
    );
    let all = watched.all().await.text;
    for hidden in ["13800138", "13900139", "a secret note"] {
        assert!(!all.contains(hidden), "{hidden}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_refused_at_the_door_leaves_a_line() {
    let watched = Watched::new().await;
    let ada = watched.house.person("ada", Role::Agent, Some("2000"), None).await;
    let entry = watched.house.request(7, queue_600()).await;
    let message = watched.house.message(1, queue_600()).await;
    let at = format!("/api/entries/{entry}/prioritise");
    let raised = watched.ask("POST", &ada, &at, json!({ "priority": 9 })).await.refused(403, "role_too_small");
    let line = watched.line(&raised).await;
    assert_eq!((&line["who"], &line["object"]), (&json!("ada"), &json!(entry.to_string())), "{line}");
    assert_eq!((&line["status"], &line["route"]), (&json!(403), &json!("/api/entries/{id}/prioritise")), "{line}");
    // A token without the scope, and what would open something.
    let ask = watched.house.token("ada", &["requests"]).await;
    let heard = watched.house.ask("GET", &format!("/api/messages/{message}/audio?download=true")).token(&ask);
    let line = watched.line(&heard.send().await.refused(403, "scope_missing")).await;
    assert_eq!(
        (&line["way"], &line["token"], &line["downloaded"]),
        (&json!("token"), &json!("requests"), &json!(true))
    );
    let cookie = watched.house.cookie("ada").await;
    let other = watched.house.ask("POST", &at).header("cookie", &cookie).header("origin", "https://evil.example");
    let line = watched.line(&other.json(&json!({})).send().await.refused(403, "other_origin")).await;
    assert_eq!((&line["way"], &line["status"]), (&json!("session"), &json!(403)), "{line}");
    // Who would only look leaves none, and nobody fills the disk.
    watched.house.ask("GET", "/api/entries").token(&ask).send().await.refused(403, "scope_missing");
    for _ in 0..20 {
        watched.ask("DELETE", &ada, &format!("/api/users/{entry}"), json!({})).await.refused(403, "scope_missing");
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let lines = watched.all().await.json()["items"].as_array().unwrap().clone();
    let of = |method: &str, route: &str| {
        lines.iter().filter(|line| line["method"] == method && line["route"] == route).count()
    };
    assert_eq!((of("GET", "/api/entries"), of("DELETE", "/api/users/{name}")), (0, 5), "{lines:?}");
}
