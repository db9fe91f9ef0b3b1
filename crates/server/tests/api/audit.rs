//! The audit: who has asked for what.

use std::time::{Duration, Instant};

use nohold_app::ports::Role;
use nohold_server::access::fingerprint;
use serde_json::{Value, json};

use super::door::{filled, operations};
use super::house::House;

const PASSWORD: &str = "correct horse battery";

/// The newest line that fits, once it says how it ended. What it says last is written while the answer is on its way.
async fn line(house: &House, cookie: &str, query: &str, fits: impl Fn(&Value) -> bool) -> Value {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let page = house.ask("GET", &format!("/api/audit?limit=200&{query}")).page(cookie).send().await.expect(200);
        let found = page.json()["items"].as_array().unwrap().iter().find(|line| fits(line)).cloned();
        match found {
            Some(line) if !line["status"].is_null() => return line,
            Some(_) | None => assert!(Instant::now() < end, "no such line: {}", page.text),
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_that_changes_something_leaves_a_line() {
    // Sent again and again while somebody types; saving and discarding the note leave theirs.
    const DRAFTS: [(&str, &str); 1] = [("PUT", "/api/calls/{id}/note")];
    let house = House::new().await;
    house.person("anna", Role::Administrator, None).await;
    house.person("bert", Role::Administrator, None).await;
    let bert = house.signed_in("bert").await;
    let document = house.ask("GET", "/api/openapi.json").send().await.expect(200).json();
    let mut seen = 0;
    for (method, path, role, _) in operations(&document) {
        if method == "GET" || role == "everybody" || DRAFTS.contains(&(&method, &path)) {
            continue;
        }
        // Each asks with a sign-in of its own, for one of them signs out.
        let anna = house.signed_in("anna").await;
        let answer = house.ask(&method, &filled(&path)).page(&anna).send().await;
        let name = answer.headers["x-request-id"].to_str().unwrap();
        let line = line(&house, &bert, "who=anna", |line| line["request"] == name).await;
        assert_eq!((&line["method"], &line["route"]), (&json!(method), &json!(path)));
        assert_eq!((&line["way"], &line["from"]), (&json!("session"), &json!("127.0.0.1")), "{line}");
        assert_eq!(line["status"], answer.status.as_u16(), "{line}");
        assert_eq!(line["object"].as_str().unwrap().is_empty(), !path.contains('{'), "{line}");
        seen += 1;
    }
    assert!(seen > 40, "{seen}");
    // Who looks changes nothing, and who is refused at the door is nobody that could be named.
    house.ask("GET", "/api/users").page(&bert).send().await.expect(200);
    house.ask("DELETE", "/api/users/anna").send().await.refused(401, "not_signed_in");
    let of_bert = house.ask("GET", "/api/audit?who=bert").page(&bert).send().await.expect(200).json();
    assert_eq!(of_bert["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_an_account_tells_what_was_before_and_what_is_now_and_no_secret() {
    let (house, anna) = House::with_anna().await;
    let new = json!({ "name": "bert", "role": "agent", "password": PASSWORD });
    house.ask("POST", "/api/users").page(&anna).json(&new).send().await.expect(201);
    let made = line(&house, &anna, "area=users", |line| line["method"] == "POST").await;
    assert_eq!((&made["after"]["name"], &made["after"]["role"]), (&json!("bert"), &json!("agent")), "{made}");
    assert!(made.get("before").is_none(), "{made}");
    house.ask("PUT", "/api/users/bert").page(&anna).json(&json!({ "role": "supervisor" })).send().await.expect(200);
    let changed = line(&house, &anna, "object=bert", |line| line["method"] == "PUT").await;
    assert_eq!((&changed["before"]["role"], &changed["after"]["role"]), (&json!("agent"), &json!("supervisor")));
    let set = json!({ "password": "another battery staple" });
    house.ask("PUT", "/api/users/bert/password").page(&anna).json(&set).send().await.expect(200);
    line(&house, &anna, "object=bert", |line| line["route"] == "/api/users/{name}/password").await;
    house.ask("DELETE", "/api/users/bert").page(&anna).send().await.expect(204);
    let gone = line(&house, &anna, "object=bert", |line| line["method"] == "DELETE").await;
    assert_eq!(gone["before"]["role"], "supervisor", "{gone}");
    let token = json!({ "label": "reports", "scopes": ["read", "accounts"] });
    let made = house.ask("POST", "/api/tokens").page(&anna).json(&token).send().await.expect(201).json();
    let told = line(&house, &anna, "area=tokens", |line| line["method"] == "POST").await;
    assert_eq!(told["after"]["label"], "reports", "{told}");
    // A program is told from its holder.
    let secret = made["secret"].as_str().unwrap();
    house.ask("PUT", "/api/users/nobody").token(secret).json(&json!({ "role": "agent" })).send().await.expect(404);
    let by_token = line(&house, &anna, "object=nobody", |_| true).await;
    assert_eq!((&by_token["way"], &by_token["token"]), (&json!("token"), &json!("reports")), "{by_token}");
    assert_eq!((&by_token["who"], &by_token["status"]), (&json!("anna"), &json!(404)), "{by_token}");
    let all = house.ask("GET", "/api/audit?limit=200").page(&anna).send().await.expect(200).text;
    for hidden in [PASSWORD, "battery", secret, "argon2", "session-of"] {
        assert!(!all.contains(hidden), "{hidden}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_and_a_sign_in_leave_a_line_before_they_are_answered() {
    let house = House::with(|parts| parts.setup_token = Some(fingerprint("of-the-terminal"))).await;
    let first = json!({ "token": "of-the-terminal", "name": "anna", "password": PASSWORD });
    let cookie = house.ask("POST", "/api/setup").json(&first).send().await.expect(200).cookie();
    house.ask("POST", "/api/session").json(&json!({ "name": "anna", "password": "wrong" })).send().await.expect(401);
    let right = json!({ "name": "anna", "password": PASSWORD });
    house.ask("POST", "/api/session").json(&right).send().await.expect(200);
    // A wrong password for a name that somebody has leaves a line, with the password nowhere; other names leave none.
    let wrong = line(&house, &cookie, "who=anna", |line| line["status"] == 401).await;
    assert_eq!((&wrong["route"], &wrong["from"]), (&json!("/api/session"), &json!("127.0.0.1")), "{wrong}");
    house.ask("POST", "/api/session").json(&json!({ "name": "bo", "password": "wrong" })).send().await.expect(401);
    let page = house.ask("GET", "/api/audit").page(&cookie).send().await.expect(200).json();
    let told: Vec<_> = page["items"].as_array().unwrap().iter().map(|line| (&line["way"], &line["route"])).collect();
    let (set_up, session) = ((json!("set_up"), json!("/api/setup")), (json!("session"), json!("/api/session")));
    let of = |pair: &(Value, Value)| told.iter().filter(|line| (line.0, line.1) == (&pair.0, &pair.1)).count();
    assert_eq!((told.len(), of(&set_up), of(&session)), (3, 1, 2), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_comes_in_pages_whose_cursors_are_of_one_reader_and_one_question() {
    let (house, anna) = House::with_anna().await;
    house.person("bert", Role::Administrator, None).await;
    let bert = house.signed_in("bert").await;
    for n in 0..5 {
        house.ask("DELETE", &format!("/api/users/nobody-{n}")).page(&anna).send().await.expect(404);
        house.later(nohold_model::Millis::seconds(1));
        line(&house, &bert, &format!("object=nobody-{n}"), |_| true).await;
    }
    let page = async |cookie: &str, query: &str| {
        house.ask("GET", &format!("/api/audit?limit=2&{query}")).page(cookie).send().await
    };
    let (mut objects, mut after) = (Vec::new(), String::new());
    loop {
        let part = page(&anna, &format!("area=users{after}")).await.expect(200).json();
        objects
            .extend(part["items"].as_array().unwrap().iter().map(|line| line["object"].as_str().unwrap().to_owned()));
        let Some(next) = part["next"].as_str() else { break };
        assert!(objects.len() < 5, "{objects:?}");
        after = format!("&after={next}");
    }
    assert_eq!(objects, ["nobody-4", "nobody-3", "nobody-2", "nobody-1", "nobody-0"]);
    page(&bert, &format!("area=users{after}")).await.refused(422, "invalid");
    page(&anna, &format!("area=tokens{after}")).await.refused(422, "invalid");
    let since = house.now().as_millis() - 2_000;
    let newest = page(&anna, &format!("since={since}")).await.expect(200).json();
    assert_eq!(newest["items"].as_array().unwrap().len(), 2);
    let before = page(&anna, &format!("until={since}&object=nobody-4")).await.expect(200).json();
    assert_eq!(before["items"], json!([]));
    page(&anna, "who=anna&what=users").await.expect(400);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_configured_is_told_by_what_differs_and_without_its_passwords() {
    let (house, anna) = House::with_anna().await;
    let document = json!({
        "site": { "zone": "Asia/Shanghai", "country": "CN" },
        "trunks": { "carrier": { "host": "127.0.0.1", "numbers": ["+862161230001"], "user": "us", "password": PASSWORD } }
    });
    let ask = |method: &str, path: &str| house.ask(method, &format!("/api/configuration{path}")).page(&anna);
    ask("POST", "/import").json(&document).send().await.expect(200);
    let told = line(&house, &anna, "area=configuration", |line| line["method"] == "POST").await;
    assert_eq!(told["after"]["added"], json!(["site", "trunks.carrier"]), "{told}");
    assert_eq!(told["wish"]["prune"], false, "{told}");
    let trunk = json!({
        "host": "127.0.0.2", "numbers": ["+862161230001"], "user": "us", "password": "another battery staple"
    });
    ask("PUT", "/trunks/carrier").json(&trunk).send().await.expect(200);
    let told = line(&house, &anna, "area=configuration", |line| line["method"] == "PUT").await;
    assert_eq!((&told["before"]["host"], &told["after"]["host"]), (&json!("127.0.0.1"), &json!("127.0.0.2")), "{told}");
    assert_eq!((&told["before"]["version"], &told["after"]["version"]), (&json!(1), &json!(2)), "{told}");
    assert_eq!(told["after"]["passwords_changed"], json!(["trunks.carrier"]), "{told}");
    assert!(told["after"].get("user").is_none(), "it has not changed: {told}");
    ask("DELETE", "/trunks/carrier").send().await.expect(204);
    let told = line(&house, &anna, "area=configuration", |line| line["method"] == "DELETE").await;
    assert_eq!((&told["before"]["host"], &told["object"]), (&json!("127.0.0.2"), &json!("carrier")), "{told}");
    let all = house.ask("GET", "/api/audit?limit=200").page(&anna).send().await.expect(200).text;
    assert!(!all.contains("battery"), "{all}");
}
