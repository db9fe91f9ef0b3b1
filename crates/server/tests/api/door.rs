//! What stands in front of every route: credentials, roles, scopes, origins, and the form of refusals.

use std::collections::BTreeSet;

use expect_test::expect_file;
use nohold_app::ports::Role;
use serde_json::Value;

use super::client::Answer;
use super::house::House;

#[tokio::test]
async fn health_is_told_to_everybody_with_the_headers_of_every_answer() {
    let house = House::new().await;
    let answer = house.ask("GET", "/api/health").send().await.expect(200);
    assert_eq!(answer.json(), serde_json::json!({ "alive": true }));
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert!(answer.headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
}

#[tokio::test]
async fn what_is_not_there_is_refused_in_the_form_of_all_refusals() {
    let house = House::new().await;
    let answer = house.ask("GET", "/api/nothing").send().await.refused(404, "not_found");
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    house.ask("DELETE", "/api/health").send().await.refused(405, "wrong_method");
    house.ask("GET", "/assets/no-such-file.js").send().await.refused(404, "not_found");
    house.ask("POST", "/").send().await.refused(405, "wrong_method");
    house.ask("GET", "/api/../etc/passwd").send().await.refused(404, "not_found");
}

#[tokio::test]
async fn the_status_is_for_administrators() {
    let house = House::new().await;
    house.person("anna", Role::Administrator, None).await;
    let cookie = house.signed_in("anna").await;
    let status = house.ask("GET", "/api/status").page(&cookie).send().await.expect(200).json();
    assert_eq!(status["store"], "well");
    assert_eq!(status["version"], "0.0.0-test");
    house.store.close().await;
    house.ask("GET", "/api/status").page(&cookie).send().await.refused(503, "store_unavailable");
}

/// Every operation of the document: its method, path, role and scope.
pub fn operations(document: &Value) -> Vec<(String, String, String, Option<String>)> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let role = operation["x-role"].as_str().unwrap_or_else(|| panic!("{method} {path} names no role"));
            let scope = operation["x-scope"].as_str().map(str::to_owned);
            all.push((method.to_uppercase(), path.clone(), role.to_owned(), scope));
        }
    }
    all
}

/// What a browser says of a page that is not ours.
const OTHER_PAGES: [(&str, &str); 5] = [
    ("origin", "http://evil.example"),
    ("origin", "null"),
    ("sec-fetch-site", "cross-site"),
    ("sec-fetch-site", "same-site"),
    ("sec-fetch-site", "none"),
];

/// Every answer carries what keeps browsers from doing harm with it.
#[track_caller]
fn is_dressed(answer: &Answer, of: &str) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(answer.headers.get(name).and_then(|found| found.to_str().ok()), Some(value), "{name} of {of}");
    }
    let policy = answer.headers["content-security-policy"].to_str().unwrap();
    let strict = policy.starts_with("default-src 'none'") || policy.starts_with("default-src 'self'");
    assert!(strict && policy.contains("frame-ancestors 'none'"), "{of}: {policy}");
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "{of}: {policy}");
    assert!(answer.headers.contains_key("cache-control") && answer.headers.contains_key("x-request-id"), "{of}");
    assert!(!answer.headers.contains_key("access-control-allow-origin"), "{of}");
}

#[tokio::test]
async fn no_page_of_others_opens_the_live_line() {
    let house = House::new().await;
    house.person("ada", Role::Agent, None).await;
    let cookie = house.signed_in("ada").await;
    let live = || {
        let ask = house.ask("GET", "/api/live").header("cookie", &cookie).header("connection", "upgrade");
        let ask = ask.header("upgrade", "websocket").header("sec-websocket-version", "13");
        ask.header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
    };
    live().send().await.refused(403, "other_origin");
    for (name, value) in OTHER_PAGES {
        live().header(name, value).send().await.refused(403, "other_origin");
    }
    let own = live().header("origin", &format!("http://{}", house.address)).send().await;
    assert_ne!(own.json()["code"], "other_origin", "{}", own.text);
}

#[tokio::test]
async fn what_is_no_part_of_the_api_is_dressed_as_well() {
    let house = House::new().await;
    for (method, path) in [
        ("GET", "/"),
        ("GET", "/list"),
        ("GET", "/setup"),
        ("GET", "/assets/no-such-file.js"),
        ("GET", "/api/openapi.json"),
        ("GET", "/api/nothing"),
        ("POST", "/"),
        ("DELETE", "/api/health"),
    ] {
        is_dressed(&house.ask(method, path).send().await, path);
    }
}

/// A path with something in the place of its parameters.
pub fn filled(path: &str) -> String {
    let part = |part: &str| if part.starts_with('{') { "1".to_owned() } else { part.to_owned() };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn every_route_asks_for_what_its_description_says() {
    let house = House::new().await;
    house.person("anna", Role::Administrator, None).await;
    house.person("sam", Role::Supervisor, None).await;
    house.person("ada", Role::Agent, None).await;
    let all = ["read", "desk", "requests", "configure", "accounts"];
    let document = house.ask("GET", "/api/openapi.json").send().await.expect(200).json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let operations = operations(&document);
    assert!(operations.len() > 1);
    for (method, path, role, scope) in operations {
        let ask = || house.ask(&method, &filled(&path));
        let answer = ask().send().await;
        is_dressed(&answer, &format!("{method} {path}"));
        if role == "everybody" {
            if method != "GET" {
                for (name, value) in OTHER_PAGES {
                    ask().header(name, value).send().await.refused(403, "other_origin");
                }
            }
            assert!(!matches!(answer.json()["code"].as_str(), Some("not_found" | "wrong_method")), "{method} {path}");
            continue;
        }
        assert_eq!(answer.json()["code"], "not_signed_in", "{method} {path} without credentials");
        let below = match role.as_str() {
            "agent" => None,
            "supervisor" => Some("ada"),
            "administrator" => Some("sam"),
            other => panic!("{method} {path} names the role {other}"),
        };
        if let Some(below) = below {
            let cookie = house.signed_in(below).await;
            ask().page(&cookie).send().await.refused(403, "role_too_small");
        }
        let Some(scope) = scope else {
            let token = house.token("anna", &all).await;
            ask().token(&token).send().await.refused(403, "not_for_tokens");
            continue;
        };
        let others: Vec<&str> = all.into_iter().filter(|word| *word != scope).collect();
        let token = house.token("anna", &others).await;
        ask().token(&token).send().await.refused(403, "scope_missing");
        let cookie = house.signed_in("anna").await;
        if method != "GET" {
            ask().header("cookie", &cookie).send().await.refused(403, "other_origin");
            for (name, value) in OTHER_PAGES {
                let asked = ask().header("cookie", &cookie).header(name, value).send().await;
                is_dressed(&asked, &path);
                asked.refused(403, "other_origin");
            }
            // A page of the right origin that a browser says to be another's is another's.
            let asked = ask().page(&cookie).header("sec-fetch-site", "same-site").send().await;
            asked.refused(403, "other_origin");
        }
    }
}

#[tokio::test]
async fn the_console_is_generated_from_the_description_as_it_is_now() {
    let house = House::new().await;
    let mut document = house.ask("GET", "/api/openapi.json").send().await.expect(200).json();
    let ids: Vec<&str> = document["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|item| item.as_object().unwrap().values())
        .filter_map(|operation| operation["operationId"].as_str())
        .collect();
    assert!(ids.len() > 10);
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "each operation has a name of its own");
    document["info"]["version"] = "0.0.0".into();
    let text = serde_json::to_string_pretty(&document).unwrap() + "\n";
    expect_file!["../../../../console/openapi.json"].assert_eq(&text);
}

#[tokio::test]
async fn a_key_of_a_query_that_a_route_does_not_know_is_refused_everywhere() {
    let (house, anna) = House::with_anna().await;
    let document = house.ask("GET", "/api/openapi.json").send().await.expect(200).json();
    for (method, path, ..) in operations(&document) {
        let asked = house.ask(&method, &format!("{}?colour=red", filled(&path))).page(&anna).send().await;
        let refused = asked.refused(400, "bad_query").json();
        assert_eq!(refused["field"], "colour", "{method} {path}: {refused}");
        assert!(refused["message"].as_str().unwrap().contains("unknown field `colour`"), "{method} {path}: {refused}");
    }
    // Nobody learns of a route what they may not ask.
    house.ask("GET", "/api/status?colour=red").send().await.refused(401, "not_signed_in");
    let head = house.ask("HEAD", "/api/configuration/queues?limit=2").page(&anna).send().await;
    assert_eq!(head.status, 200);
}
