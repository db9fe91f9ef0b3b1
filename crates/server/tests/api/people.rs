//! The first start, signing in and out, users, tokens.

use nohold_app::ports::{Place, Reconfiguration, Role};
use nohold_model::Millis;
use nohold_server::access::fingerprint;
use serde_json::json;

use super::client::Answer;
use super::house::House;

const PASSWORD: &str = "correct horse";

/// A house with the administrator `anna`, who has a password.
async fn with_anna() -> (House, String) {
    let house = House::with(|parts| parts.setup_token = Some(fingerprint("from-the-terminal"))).await;
    let first = json!({ "token": "from-the-terminal", "name": "Anna", "password": PASSWORD });
    let cookie = house.ask("POST", "/api/setup").json(&first).send().await.expect(200).cookie();
    (house, cookie)
}

async fn sign_in(house: &House, name: &str, password: &str) -> Answer {
    house.ask("POST", "/api/session").json(&json!({ "name": name, "password": password })).send().await
}

#[tokio::test]
async fn the_first_start_makes_one_administrator_and_signs_in() {
    let house = House::with(|parts| parts.setup_token = Some(fingerprint("from-the-terminal"))).await;
    assert_eq!(house.ask("GET", "/api/setup").send().await.expect(200).json(), json!({ "needed": true }));
    let first = |token: &str, name: &str, password: &str| {
        house.ask("POST", "/api/setup").json(&json!({ "token": token, "name": name, "password": password }))
    };
    first("guessed", "eve", PASSWORD).send().await.refused(403, "wrong_token");
    first("from-the-terminal", "-anna", PASSWORD).send().await.refused(422, "invalid");
    let short = first("from-the-terminal", "anna", "short").send().await.refused(422, "invalid");
    assert_eq!(short.json()["field"], "password");
    let (one, other) = tokio::join!(
        first("from-the-terminal", "Anna", PASSWORD).send(),
        first("from-the-terminal", "bert", PASSWORD).send()
    );
    let mut both = [one, other];
    both.sort_by_key(|answer| answer.status);
    assert_eq!(both[0].status, 200);
    assert_eq!(both[1].json()["code"], "already_set_up");
    let who = house.ask("GET", "/api/session").page(&both[0].cookie()).send().await.expect(200).json();
    assert_eq!(who["role"], "administrator");
    assert_eq!(house.ask("GET", "/api/setup").send().await.json(), json!({ "needed": false }));
    first("from-the-terminal", "eve", PASSWORD).send().await.refused(410, "already_set_up");
}

#[tokio::test]
async fn only_an_administrator_who_may_sign_in_ends_the_set_up_and_it_is_told() {
    let house = House::with(|parts| parts.setup_token = Some(fingerprint("from-the-terminal"))).await;
    house.person("ada", Role::Agent, None).await;
    let mut gone = house.person("gone", Role::Administrator, None).await;
    (gone.disabled, gone.version) = (true, 1);
    house.api.parts().accounts.keep_user(gone).await.unwrap();
    assert_eq!(house.ask("GET", "/api/setup").send().await.json(), json!({ "needed": true }));
    let first = |name: &str| {
        let first = json!({ "token": "from-the-terminal", "name": name, "password": PASSWORD });
        house.ask("POST", "/api/setup").json(&first)
    };
    let told = house.api.account_changes();
    assert_eq!(first("ada").send().await.refused(409, "taken").json()["field"], "name");
    assert!(!told.has_changed().unwrap());
    first("anna").send().await.expect(200);
    assert!(told.has_changed().unwrap(), "whoever waits for an administrator hears of it");
    first("eve").send().await.refused(410, "already_set_up");
}

#[tokio::test]
async fn without_a_token_nobody_sets_up() {
    let house = House::new().await;
    let first = json!({ "token": "", "name": "eve", "password": PASSWORD });
    house.ask("POST", "/api/setup").json(&first).send().await.refused(403, "wrong_token");
}

#[tokio::test]
async fn somebody_signs_in_and_out() {
    let (house, _) = with_anna().await;
    let answer = sign_in(&house, "ANNA", PASSWORD).await.expect(200);
    let set = answer.headers["set-cookie"].to_str().unwrap().to_owned();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=604800"] {
        assert!(set.contains(part), "{set}");
    }
    assert!(!set.contains("Secure"), "{set}");
    assert!(!answer.text.contains("argon2"));
    let cookie = answer.cookie();
    let who = house.ask("GET", "/api/session").page(&cookie).send().await.expect(200).json();
    assert_eq!((&who["name"], &who["role"]), (&json!("anna"), &json!("administrator")));
    house.ask("DELETE", "/api/session").header("cookie", &cookie).send().await.refused(403, "other_origin");
    let gone = house.ask("DELETE", "/api/session").page(&cookie).send().await.expect(204);
    assert_eq!(
        gone.headers["set-cookie"].to_str().unwrap(),
        "nohold_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"
    );
    house.ask("GET", "/api/session").page(&cookie).send().await.refused(401, "not_signed_in");
}

#[tokio::test]
async fn a_cookie_is_for_tls_alone_where_the_proxy_says_that_the_request_came_by_it() {
    let wish = json!({ "token": "from-the-terminal", "name": "anna", "password": PASSWORD });
    for (proxies, secure) in [(vec!["127.0.0.0/8".parse().unwrap()], true), (Vec::new(), false)] {
        let house = House::with(|parts| {
            parts.setup_token = Some(fingerprint("from-the-terminal"));
            parts.proxies = proxies;
        })
        .await;
        let ask = house.ask("POST", "/api/setup").json(&wish).header("x-forwarded-proto", "https");
        let answer = ask.send().await.expect(200);
        assert_eq!(answer.headers["set-cookie"].to_str().unwrap().ends_with("; Secure"), secure);
        let host = house.address.to_string();
        let signed_in = |origin: String| {
            let ask = house.ask("DELETE", "/api/session").header("cookie", &answer.cookie());
            ask.header("x-forwarded-proto", "https").header("origin", &origin).send()
        };
        if secure {
            signed_in(format!("http://{host}")).await.refused(403, "other_origin");
        }
        let gone = signed_in(format!("https://{host}")).await.expect(204);
        assert_eq!(gone.headers["set-cookie"].to_str().unwrap().ends_with("; Secure"), secure);
    }
    let (house, _) = with_anna().await;
    let wish = json!({ "name": "anna", "password": PASSWORD });
    let ask = || house.ask("POST", "/api/session").json(&wish);
    ask().header("origin", "https://evil.example").send().await.refused(403, "other_origin");
    ask().header("sec-fetch-site", "cross-site").send().await.refused(403, "other_origin");
}

#[tokio::test]
async fn a_sign_in_ends_when_it_is_idle_and_after_a_week() {
    let (house, cookie) = with_anna().await;
    let asked = async || house.ask("GET", "/api/session").page(&cookie).send().await.status.as_u16();
    // Eleven hours at a time it is used, and moves on.
    for _ in 0..15 {
        house.later(Millis::hours(11));
        assert_eq!(asked().await, 200);
    }
    house.later(Millis::hours(4));
    assert_eq!(asked().await, 401, "after 169 hours");
    let cookie = sign_in(&house, "anna", PASSWORD).await.cookie();
    house.later(Millis::hours(12));
    house.ask("GET", "/api/session").page(&cookie).send().await.refused(401, "not_signed_in");
}

#[tokio::test]
async fn guesses_are_counted() {
    let (house, _) = with_anna().await;
    for _ in 0..10 {
        sign_in(&house, "anna", "wrong password").await.refused(401, "wrong_password");
    }
    let answer = sign_in(&house, "Anna", PASSWORD).await.refused(429, "too_many_tries");
    let wait: u64 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
    house.later(Millis::seconds(wait));
    sign_in(&house, "anna", PASSWORD).await.expect(200);
    sign_in(&house, "nobody", PASSWORD).await.refused(401, "wrong_password");
    sign_in(&house, "no/body\u{0}", PASSWORD).await.refused(401, "wrong_password");
}

#[tokio::test]
async fn a_new_password_of_ones_own_ends_the_other_sign_ins() {
    let (house, cookie) = with_anna().await;
    let other = sign_in(&house, "anna", PASSWORD).await.cookie();
    let change = |old: &str, new: &str| {
        house.ask("PUT", "/api/session/password").page(&cookie).json(&json!({ "old": old, "new": new }))
    };
    let refusal = change("wrong password", "battery staple").send().await.refused(403, "wrong_password");
    assert_eq!(refusal.json()["field"], "old");
    change(PASSWORD, "anna").send().await.refused(422, "invalid");
    for guessed in ["password123", "annaannaanna", PASSWORD] {
        let refusal = change(PASSWORD, guessed).send().await.refused(422, "invalid");
        assert_eq!(refusal.json()["field"], "new", "{guessed}");
    }
    change(PASSWORD, "battery staple").send().await.expect(204);
    house.ask("GET", "/api/session").page(&cookie).send().await.expect(200);
    house.ask("GET", "/api/session").page(&other).send().await.refused(401, "not_signed_in");
    sign_in(&house, "anna", PASSWORD).await.refused(401, "wrong_password");
    sign_in(&house, "anna", "battery staple").await.expect(200);
}

#[tokio::test]
async fn an_administrator_makes_changes_and_removes_users() {
    let (house, anna) = with_anna().await;
    let post = |body| house.ask("POST", "/api/users").page(&anna).json(&body);
    let bert = json!({ "name": "Bert", "password": PASSWORD, "role": "supervisor" });
    let made = post(bert.clone()).send().await.expect(201);
    assert_eq!(made.json()["name"], "bert");
    assert!(made.json().get("password").is_none());
    post(bert).send().await.refused(409, "taken");
    let unknown = post(json!({ "name": "x", "role": "agent", "colour": "red" })).send().await.refused(422, "invalid");
    assert!(unknown.text.contains("colour"), "{}", unknown.text);
    let bad = post(json!({ "name": "x", "role": "king" })).send().await.refused(422, "invalid");
    assert_eq!(bad.json()["field"], "role");
    for name in ["a b", ".", "..", "-", "-x", "_x", "@x", ""] {
        let bad = post(json!({ "name": name, "role": "agent" })).send().await.refused(422, "invalid");
        assert_eq!(bad.json()["field"], "name", "{name}");
    }
    post(json!({ "name": "x", "role": "agent", "groups": ["a"] })).send().await.refused(422, "invalid");

    let cookie = sign_in(&house, "bert", PASSWORD).await.cookie();
    let put = |tag: &str, body| house.ask("PUT", "/api/users/bert").page(&anna).header("if-match", tag).json(&body);
    put("\"7\"", json!({ "role": "agent" })).send().await.refused(412, "changed");
    let tag = house.ask("GET", "/api/users/bert").page(&anna).send().await.headers["etag"].clone();
    put(tag.to_str().unwrap(), json!({ "role": "agent" })).send().await.expect(200);
    house.ask("GET", "/api/session").page(&cookie).send().await.refused(401, "not_signed_in");

    let cookie = sign_in(&house, "bert", PASSWORD).await.cookie();
    let set = json!({ "password": "battery staple" });
    house.ask("PUT", "/api/users/bert/password").page(&anna).json(&set).send().await.expect(200);
    house.ask("GET", "/api/session").page(&cookie).send().await.refused(401, "not_signed_in");
    put("*", json!({ "role": "agent", "disabled": true })).send().await.expect(200);
    sign_in(&house, "bert", "battery staple").await.refused(401, "wrong_password");
    house.ask("DELETE", "/api/users/bert").page(&anna).send().await.expect(204);
    house.ask("GET", "/api/users/bert").page(&anna).send().await.refused(404, "not_found");
}

#[tokio::test]
async fn there_is_always_somebody_who_administers() {
    let (house, anna) = with_anna().await;
    let put = |name: &str, body| house.ask("PUT", &format!("/api/users/{name}")).page(&anna).json(&body);
    put("anna", json!({ "role": "agent" })).send().await.refused(409, "last_administrator");
    put("anna", json!({ "role": "administrator", "disabled": true })).send().await.refused(409, "oneself");
    house.ask("DELETE", "/api/users/anna").page(&anna).send().await.refused(409, "oneself");
    let post = |body| house.ask("POST", "/api/users").page(&anna).json(&body);
    post(json!({ "name": "bert", "role": "administrator" })).send().await.expect(201);
    put("anna", json!({ "role": "supervisor" })).send().await.refused(409, "last_administrator");
    let bert = house.signed_in("bert").await;
    let refused = house.ask("DELETE", "/api/users/anna").page(&bert).send().await.refused(409, "last_administrator");
    assert!(refused.text.contains("with a password"), "{}", refused.text);
    let set = json!({ "password": PASSWORD });
    house.ask("PUT", "/api/users/bert/password").page(&anna).json(&set).send().await.expect(200);
    let bert = sign_in(&house, "bert", PASSWORD).await.expect(200).cookie();
    // Both give it up at once, each for the other.
    let demote = |name: &str, by: &str| {
        house.ask("PUT", &format!("/api/users/{name}")).page(by).json(&json!({ "role": "agent" })).send()
    };
    let (one, other) = tokio::join!(demote("anna", &anna), demote("bert", &bert));
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{} {}", one.text, other.text);
    assert!([one, other].iter().any(|answer| answer.text.contains("last_administrator")));
}

#[tokio::test]
async fn an_administrator_without_a_password_does_not_end_the_set_up() {
    let house = House::with(|parts| parts.setup_token = Some(fingerprint("from-the-terminal"))).await;
    house.person("anna", Role::Administrator, None).await;
    assert_eq!(house.ask("GET", "/api/setup").send().await.json(), json!({ "needed": true }));
    let first = json!({ "token": "from-the-terminal", "name": "bert", "password": PASSWORD });
    house.ask("POST", "/api/setup").json(&first).send().await.expect(200);
}

#[tokio::test]
async fn a_token_never_gives_more_than_it_has() {
    let (house, _) = with_anna().await;
    house.person("bert", Role::Agent, None).await;
    let token = async |words: &[&str]| house.token("anna", words).await;
    let accounts = token(&["accounts"]).await;
    let people = token(&["accounts", "read", "desk", "requests"]).await;
    let all = token(&["accounts", "read", "desk", "requests", "configure"]).await;
    let make = |token: &str, body| house.ask("POST", "/api/users").token(token).json(&body).send();
    let put =
        |token: &str, path: &str, body| house.ask("PUT", &format!("/api/users/{path}")).token(token).json(&body).send();
    let with_password = |name: &str| json!({ "name": name, "role": "agent", "password": PASSWORD });
    make(&accounts, json!({ "name": "carl", "role": "supervisor" })).await.expect(201);
    put(&accounts, "carl", json!({ "role": "agent", "disabled": true })).await.expect(200);
    let refused = make(&accounts, with_password("dora")).await.refused(403, "scope_missing");
    assert!(refused.text.contains("`read`, `desk`, `requests`"), "{}", refused.text);
    put(&accounts, "carl/password", json!({ "password": PASSWORD })).await.refused(403, "scope_missing");
    for token in [&accounts, &people] {
        make(token, json!({ "name": "eve", "role": "administrator" })).await.refused(403, "scope_missing");
        put(token, "carl", json!({ "role": "administrator" })).await.refused(403, "scope_missing");
        put(token, "anna", json!({ "role": "agent" })).await.refused(403, "scope_missing");
        put(token, "anna/password", json!({ "password": PASSWORD })).await.refused(403, "scope_missing");
        house.ask("DELETE", "/api/users/anna").token(token).send().await.refused(403, "scope_missing");
        house.ask("DELETE", "/api/users/anna/tokens/0000").token(token).send().await.refused(403, "scope_missing");
    }
    make(&people, with_password("dora")).await.expect(201);
    put(&people, "carl/password", json!({ "password": PASSWORD })).await.expect(200);
    make(&all, json!({ "name": "fred", "role": "administrator", "password": PASSWORD })).await.expect(201);
    put(&all, "carl", json!({ "role": "administrator" })).await.expect(200);
}

#[tokio::test]
async fn a_strangers_guesses_lock_nobody_out() {
    let house = House::with(|parts| {
        parts.setup_token = Some(fingerprint("from-the-terminal"));
        parts.proxies = vec!["127.0.0.1".parse().unwrap()];
    })
    .await;
    let first = json!({ "token": "from-the-terminal", "name": "anna", "password": PASSWORD });
    let from = |ask: super::client::Ask, address: &str| ask.header("x-forwarded-for", address);
    let at_home = "198.51.100.7";
    let anna = from(house.ask("POST", "/api/setup"), at_home).json(&first).send().await.expect(200).cookie();
    let sign_in = |address: &str, password: &str| {
        let wish = json!({ "name": "anna", "password": password });
        from(house.ask("POST", "/api/session"), address).json(&wish).send()
    };
    sign_in(at_home, PASSWORD).await.expect(200);
    for _ in 0..10 {
        sign_in("203.0.113.9", "wrong password").await.refused(401, "wrong_password");
    }
    sign_in("203.0.113.9", PASSWORD).await.refused(429, "too_many_tries");
    sign_in("203.0.113.10", PASSWORD).await.expect(200);
    for n in 0..99 {
        sign_in(&format!("192.0.2.{n}"), "wrong password").await;
    }
    sign_in("192.0.2.200", PASSWORD).await.refused(429, "too_many_tries");
    sign_in(at_home, PASSWORD).await.expect(200);
    // A sign-in that holds is no matter of theirs either, from wherever.
    let change = json!({ "old": PASSWORD, "new": "battery staple" });
    let ask = house.ask("PUT", "/api/session/password").page(&anna).json(&change);
    from(ask, "203.0.113.9").send().await.expect(204);
}

#[tokio::test]
async fn a_user_is_an_agent_who_is_configured_and_nobody_else() {
    let (house, anna) = with_anna().await;
    let mut change = Reconfiguration { at: house.now(), ..Reconfiguration::default() };
    change.things.insert(Place { kind: "agents".into(), key: "2000".into() }, Some("{}".into()));
    house.api.parts().configured.reconfigure(change).await.unwrap();
    let post = |body| house.ask("POST", "/api/users").page(&anna).json(&body);
    let refusal = post(json!({ "name": "ada", "role": "agent", "agent": "2001" })).send().await.refused(422, "invalid");
    assert_eq!(refusal.json()["field"], "agent");
    post(json!({ "name": "ada", "role": "agent", "agent": "2000" })).send().await.expect(201);
    let refusal = post(json!({ "name": "bea", "role": "agent", "agent": "2000" })).send().await.refused(409, "taken");
    assert_eq!(refusal.json()["field"], "agent");
}

#[tokio::test]
async fn a_token_is_shown_once_and_does_what_it_is_for() {
    let (house, anna) = with_anna().await;
    let post = |body| house.ask("POST", "/api/tokens").page(&anna).json(&body);
    let answer = post(json!({ "label": "crm", "scopes": ["read", "accounts"] })).send().await.expect(201).json();
    let secret = answer["secret"].as_str().unwrap();
    assert!(secret.starts_with("nh_") && secret.len() == 67);
    house.ask("GET", "/api/status").token(secret).send().await.expect(200);
    house.ask("GET", "/api/users").token(secret).send().await.expect(200);
    house.ask("GET", "/api/tokens").token(secret).send().await.refused(403, "not_for_tokens");
    house.ask("GET", "/api/status").header("cookie", &format!("nohold_session={secret}")).send().await.expect(401);
    let session = anna.split_once('=').unwrap().1;
    house.ask("GET", "/api/status").token(session).send().await.refused(401, "not_signed_in");
    post(json!({ "label": "crm", "scopes": ["read"] })).send().await.refused(409, "taken");
    post(json!({ "label": "", "scopes": ["read"] })).send().await.refused(422, "invalid");
    post(json!({ "label": "none", "scopes": [] })).send().await.refused(422, "invalid");
    post(json!({ "label": "all", "scopes": ["everything"] })).send().await.refused(422, "invalid");

    let listed = house.ask("GET", "/api/tokens").page(&anna).send().await.expect(200);
    assert!(!listed.text.contains(secret) && listed.json()[0]["label"] == "crm");
    let id = answer["id"].as_str().unwrap();
    house.ask("DELETE", &format!("/api/tokens/{id}")).page(&anna).send().await.expect(204);
    house.ask("DELETE", &format!("/api/tokens/{id}")).page(&anna).send().await.refused(404, "not_found");
    house.ask("GET", "/api/users").token(secret).send().await.refused(401, "not_signed_in");
}

#[tokio::test]
async fn a_token_ends_at_its_time() {
    let (house, anna) = with_anna().await;
    let wish = json!({ "label": "crm", "scopes": ["read"], "days": 2 });
    let answer = house.ask("POST", "/api/tokens").page(&anna).json(&wish).send().await.expect(201).json();
    let secret = answer["secret"].as_str().unwrap();
    house.later(Millis::hours(47));
    house.ask("GET", "/api/status").token(secret).send().await.expect(200);
    house.later(Millis::hours(1));
    house.ask("GET", "/api/status").token(secret).send().await.refused(401, "not_signed_in");
}

#[tokio::test]
async fn a_wish_with_a_key_is_carried_out_once() {
    let (house, anna) = with_anna().await;
    let wish = |label: &str, key: &str| {
        let body = json!({ "label": label, "scopes": ["read"] });
        house.ask("POST", "/api/tokens").page(&anna).header("idempotency-key", key).json(&body).send()
    };
    wish("crm", "k1").await.expect(201);
    let again = wish("crm", "k1").await.refused(409, "answer_not_kept");
    assert_eq!(again.headers["idempotency-replayed"], "true");
    wish("form", "k1").await.refused(422, "idempotency_key_reused");
    wish("form", "k2").await.expect(201);
    wish("form", &"k".repeat(129)).await.refused(400, "bad_idempotency_key");
    let tokens = house.ask("GET", "/api/tokens").page(&anna).send().await.json();
    assert_eq!(tokens.as_array().unwrap().len(), 2);

    house.person("bert", Role::Agent, None).await;
    let delete = || house.ask("DELETE", "/api/users/bert").page(&anna).header("idempotency-key", "k3").send();
    delete().await.expect(204);
    let again = delete().await.expect(204);
    assert_eq!(again.headers["idempotency-replayed"], "true");
    // Somebody else's key is another key.
    let bert = house.person("carl", Role::Administrator, None).await;
    let cookie = house.signed_in(&bert.name).await;
    let other = house.ask("DELETE", "/api/users/bert").page(&cookie).header("idempotency-key", "k3").send().await;
    other.refused(404, "not_found");
    house.later(Millis::hours(25));
    let late = house.signed_in("anna").await;
    let late = house.ask("DELETE", "/api/users/bert").page(&late).header("idempotency-key", "k3").send().await;
    late.refused(404, "not_found");
}

#[tokio::test]
async fn a_reset_and_another_role_end_all_tokens_and_sign_ins_and_ones_own_password_keeps_tokens() {
    let (house, anna) = with_anna().await;
    let made = json!({ "name": "bert", "role": "agent", "password": PASSWORD });
    house.ask("POST", "/api/users").page(&anna).json(&made).send().await.expect(201);
    let signed_in = async |password: &str| sign_in(&house, "bert", password).await.expect(200).cookie();
    let token = async |cookie: &str, label: &str| {
        let wish = json!({ "label": label, "scopes": ["read", "accounts"] });
        let made = house.ask("POST", "/api/tokens").page(cookie).json(&wish).send().await.expect(201).json();
        made["secret"].as_str().unwrap().to_owned()
    };
    let works = async |token: &str| house.ask("GET", "/api/session").token(token).send().await.status == 200;
    let bert = signed_in(PASSWORD).await;
    let first = token(&bert, "first").await;
    let put = |path: &str, body| house.ask("PUT", &format!("/api/users/{path}")).page(&anna).json(&body).send();
    let ended = |sign_ins, tokens| json!({ "sign_ins": sign_ins, "tokens": tokens });
    // The same role: nothing ends.
    let same = put("bert", json!({ "role": "agent" })).await.expect(200).json();
    assert!(same.get("ended").is_none() && works(&first).await, "{same}");
    for role in ["administrator", "agent"] {
        let cookie = signed_in(PASSWORD).await;
        let other = token(&cookie, role).await;
        let changed = put("bert", json!({ "role": role })).await.expect(200).json();
        assert!(changed["ended"]["tokens"].as_u64() >= Some(1) && changed["role"] == role, "{changed}");
        assert!(!works(&first).await && !works(&other).await, "{role}");
        house.ask("GET", "/api/session").page(&cookie).send().await.refused(401, "not_signed_in");
    }
    let cookie = signed_in(PASSWORD).await;
    let kept = token(&cookie, "kept").await;
    let own = |old: &str, new: &str, end_tokens: bool| {
        let change = json!({ "old": old, "new": new, "end_tokens": end_tokens });
        house.ask("PUT", "/api/session/password").page(&cookie).json(&change).send()
    };
    let other = signed_in(PASSWORD).await;
    own(PASSWORD, "battery staple", false).await.expect(204);
    assert!(works(&kept).await);
    house.ask("GET", "/api/session").page(&other).send().await.refused(401, "not_signed_in");
    own("battery staple", PASSWORD, true).await.expect(204);
    assert!(!works(&kept).await);
    let last = token(&cookie, "last").await;
    let reset = put("bert/password", json!({ "password": "battery staple" })).await.expect(200).json();
    assert_eq!(reset, ended(1, 1));
    assert!(!works(&last).await);
}

#[tokio::test]
async fn a_key_is_bound_to_the_version_the_form_and_the_person() {
    let (house, anna) = with_anna().await;
    let make = async || {
        let made = json!({ "name": "bert", "role": "administrator", "password": PASSWORD });
        house.ask("POST", "/api/users").page(&anna).json(&made).send().await.expect(201);
        sign_in(&house, "bert", PASSWORD).await.expect(200).cookie()
    };
    let bert = make().await;
    house.person("carl", Role::Agent, None).await;
    let change = async |cookie: &str, tag: &str, body: serde_json::Value| {
        let ask = house.ask("PUT", "/api/users/carl").page(cookie).header("idempotency-key", "k");
        ask.header("if-match", tag).json(&body).send().await
    };
    let tag = house.ask("GET", "/api/users/carl").page(&anna).send().await.headers["etag"].to_str().unwrap().to_owned();
    change(&bert, &tag, json!({ "role": "king" })).await.refused(422, "invalid");
    change(&bert, &tag, json!({ "role": "supervisor" })).await.expect(200);
    let again = change(&bert, &tag, json!({ "role": "supervisor" })).await.expect(200);
    assert_eq!(again.headers["idempotency-replayed"], "true");
    change(&bert, "\"77\"", json!({ "role": "supervisor" })).await.refused(422, "idempotency_key_reused");
    // Somebody else who gets the name gets none of the answers.
    house.ask("DELETE", "/api/users/bert").page(&anna).send().await.expect(204);
    let bert = make().await;
    change(&bert, &tag, json!({ "role": "supervisor" })).await.refused(412, "changed");
}

#[tokio::test]
async fn what_is_sent_is_read_strictly() {
    let (house, anna) = with_anna().await;
    let post = || house.ask("POST", "/api/session");
    post().raw(b"{}".to_vec()).send().await.refused(415, "not_json");
    post().header("content-type", "text/plain").raw(b"{}".to_vec()).send().await.refused(415, "not_json");
    post().header("content-type", "application/json").raw(b"{\"name\":".to_vec()).send().await.refused(400, "bad_json");
    post().header("content-type", "application/json").raw(b"{} x".to_vec()).send().await.expect(422);
    let body = json!({ "name": "anna", "password": 4711 });
    let refusal = post().json(&body).send().await.refused(422, "invalid");
    assert_eq!(refusal.json()["field"], "password");
    for (text, field, words) in [
        (
            r#"{"name": "x", "password": 4711}"#,
            Some("password"),
            "a number without quotes stands here, and a text in quotes is expected",
        ),
        (r#"{"name": "x", "password": null}"#, Some("password"), "nothing (null) stands here"),
        (r#"{"name": ["x"], "password": "y"}"#, Some("name"), "a list stands here"),
        (r#"{"name": {}, "password": "y"}"#, Some("name"), "a table of fields stands here"),
        (r#"{"name": true, "password": "y"}"#, Some("name"), "`true` or `false` stands here"),
        (r#"{"name": "x"}"#, Some("password"), "the field `password` is missing"),
        (r#"{"name": "x", "name": "y", "password": "z"}"#, None, "the field `name` stands here twice"),
        (r#"{"name": "x", "pasword": "y"}"#, Some("pasword"), "unknown field `pasword`"),
        ("[]", None, "a list stands here, and an object is expected"),
        (r#"["x", "y"]"#, None, "a list stands here, and an object is expected"),
        ("7", None, "a number without quotes stands here, and a table of fields is expected"),
    ] {
        let refusal = post().header("content-type", "application/json").raw(text).send().await.expect(422).json();
        let said = refusal["message"].as_str().unwrap();
        assert!(said.contains(words) && !said.contains("4711"), "{text}: {said}");
        if field.is_some() {
            assert_eq!(refusal["field"].as_str(), field, "{text}: {said}");
        }
    }
    let broken =
        post().header("content-type", "application/json").raw("{\n  \"name\": x}").send().await.expect(400).json();
    let said = broken["message"].as_str().unwrap();
    assert!(said.ends_with("at line 2 column 11") && broken.get("field").is_none(), "{broken}");
    let huge = vec![b' '; 1024 * 1024 + 1];
    post().header("content-type", "application/json").raw(huge).send().await.refused(413, "too_large");
    let form = house.ask("POST", "/api/tokens").page(&anna).header("content-type", "text/plain").raw(b"{}".to_vec());
    form.send().await.refused(415, "not_json");
}
