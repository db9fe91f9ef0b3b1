//! What people see and do by HTTP.

use nohold_app::ports::Role;
use nohold_core::entry::Target;
use nohold_core::fact::{CallEnd, Fact, NumberRefusal};
use nohold_model::{AgentKey, IdSource, Millis, RecordingId, ServiceKey, Timestamp};
use serde_json::{Value, json};

use super::client::Answer;
use super::house::{CONFIGURATION, House, MORNING, customer, group_b, queue_600, renewals};

async fn get(house: &House, token: &str, path: &str) -> Answer {
    house.ask("GET", path).token(token).send().await
}

async fn post(house: &House, token: &str, path: &str, body: Value) -> Answer {
    house.ask("POST", path).token(token).json(&body).send().await
}

fn ids(answer: &Answer) -> Vec<String> {
    let items = answer.json()["items"].as_array().unwrap().clone();
    items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_has_requests_first_hides_short_abandons_and_comes_in_pages() {
    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    let sue = house.person("sue", Role::Supervisor, None, None).await;
    let missed = house.missed(1, false).await.to_string();
    house.missed(2, true).await;
    let first = house.request(3, queue_600()).await.to_string();
    let second = house.request(4, queue_600()).await.to_string();
    let other = house.request(5, renewals()).await.to_string();
    let all = get(&house, &ada, "/api/entries").await.expect(200);
    assert_eq!(ids(&all), [first.clone(), second.clone(), missed.clone()], "not that of another group");
    assert_eq!(all.headers["cache-control"], "no-store");
    assert_eq!((&all.json()["short_hidden"], &all.json()["total"]), (&json!(1), &json!(3)));
    let page = get(&house, &ada, "/api/entries?limit=2").await.expect(200);
    assert_eq!(ids(&page), [first.clone(), second.clone()]);
    let next = page.json()["next"].as_str().unwrap().to_owned();
    let rest = get(&house, &ada, &format!("/api/entries?limit=2&after={next}")).await.expect(200);
    assert_eq!((ids(&rest), &rest.json()["next"]), (vec![missed.clone()], &Value::Null));
    for (query, expected) in [
        ("section=missed", vec![&missed]),
        ("section=requests&number=003", vec![]),
        ("number=8003", vec![&first]),
        ("campaign=renewals", vec![&other]),
        ("group=renewals", vec![&other]),
        ("service=support&section=requests", vec![&first, &second]),
        ("queue=600&number=8004", vec![&second]),
        ("mine=true", vec![]),
    ] {
        let answer = get(&house, &sue, &format!("/api/entries?{query}")).await;
        if query.ends_with("number=003") {
            assert_eq!(answer.refused(422, "invalid").json()["field"], "number");
        } else {
            assert_eq!(ids(&answer.expect(200)).iter().collect::<Vec<_>>(), expected, "{query}");
        }
    }
    let short = get(&house, &ada, "/api/entries?short=true").await.expect(200);
    assert_eq!(ids(&short).len(), 4);
    get(&house, &ada, "/api/entries?limit=0").await.refused(422, "invalid");
    get(&house, &ada, "/api/entries?after=zz").await.refused(422, "invalid");
    for (query, field, words) in [
        ("colour=red", Some("colour"), "unknown field `colour`"),
        ("limit=abc", Some("limit"), "a whole number is expected here"),
        ("limit=", Some("limit"), "nothing stands here"),
        ("limit=-1", Some("limit"), "whole number"),
        ("mine=maybe", Some("mine"), "write `true` or `false`"),
        ("section=everything", Some("section"), "is not one of the words that may stand here"),
    ] {
        let refused = get(&house, &ada, &format!("/api/entries?{query}")).await.refused(400, "bad_query").json();
        let said = refused["message"].as_str().unwrap();
        assert!(said.contains(words), "{query}: {said}");
        assert_eq!(refused["field"].as_str(), field, "{query}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_works_on_what_is_seen_and_in_no_other_name() {
    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    let bea = house.person("bea", Role::Agent, Some("2002"), None).await;
    let nobody = house.person("nobody", Role::Agent, None, None).await;
    let sue = house.person("sue", Role::Supervisor, None, None).await;
    let id = house.request(1, queue_600()).await;
    let of_b = house.request(2, group_b()).await;
    let at = |what: &str| format!("/api/entries/{id}/{what}");
    get(&house, &ada, &format!("/api/entries/{of_b}")).await.refused(404, "not_found");
    post(&house, &ada, &format!("/api/entries/{of_b}/claim"), json!({})).await.refused(404, "not_found");
    post(&house, &nobody, &at("claim"), json!({})).await.refused(422, "invalid");
    post(&house, &ada, &at("claim"), json!({ "agent": "2001" })).await.refused(403, "other_agent");
    post(&house, &ada, &at("claim"), json!({ "version": 99 })).await.refused(409, "changed");
    let claimed = post(&house, &ada, &at("claim"), json!({})).await.expect(200).json();
    assert_eq!((&claimed["state"]["name"], &claimed["state"]["agent"]), (&json!("claimed"), &json!("2000")));
    post(&house, &bea, &at("claim"), json!({})).await.refused(409, "held");
    post(&house, &bea, &at("outcome"), json!({ "outcome": "close" })).await.refused(409, "held");
    post(&house, &ada, &at("prioritise"), json!({ "priority": 9 })).await.refused(403, "role_too_small");
    for wrong in [
        json!({ "outcome": "postpone" }),
        json!({ "outcome": "keep", "reason": "done" }),
        json!({ "outcome": "close", "note": "x".repeat(2_001) }),
        json!({ "outcome": "close", "note": "turned \u{202e}round" }),
        json!({ "outcome": "close", "reason": "served" }),
        json!({ "outcome": "close", "colour": "red" }),
    ] {
        post(&house, &ada, &at("outcome"), wrong).await.refused(422, "invalid");
    }
    let night = MORNING.as_millis() + 14 * 3_600_000;
    let window = json!({ "from": night, "to": night + 3_600_000 });
    let refused = post(&house, &ada, &at("outcome"), json!({ "outcome": "postpone", "window": window })).await;
    assert!(refused.refused(422, "not_then").json()["until"].as_i64().is_some_and(|until| until > night));
    let given = json!({ "outcome": "close", "note": "settled" });
    let closed = post(&house, &ada, &at("outcome"), given).await.expect(200).json();
    assert_eq!((&closed["state"]["reason"], &closed["note"]), (&json!("done"), &json!("settled")));
    let done = get(&house, &ada, "/api/entries/closed?reason=done").await.expect(200);
    assert_eq!(ids(&done), [id.to_string()]);
    assert_eq!(ids(&get(&house, &ada, "/api/entries/closed?reason=expired").await), Vec::<String>::new());
    post(&house, &ada, &at("acknowledge"), json!({})).await.refused(409, "closed");
    post(&house, &ada, &at("reopen"), json!({})).await.expect(200);
    let given = json!({ "target": { "service": "support", "group": "support-b" }, "agent": "2000" });
    let given = post(&house, &sue, &at("reassign"), given).await.expect(200).json();
    assert_eq!((&given["assigned"], &given["target"]["group"]), (&json!("2000"), &json!("support-b")));
    post(&house, &sue, &at("reassign"), json!({ "target": { "queue": "999" } })).await.refused(422, "invalid");
    let unknown = json!({ "number": "+8613800138001", "target": { "queue": "999" } });
    let unknown = post(&house, &sue, "/api/requests", unknown).await.refused(422, "invalid").json();
    assert_eq!(
        (&unknown["field"], unknown["message"].as_str().unwrap().contains("no queue `999`")),
        (&json!("target.queue"), true)
    );
    let negative = json!({ "number": "+8613800138001", "target": { "queue": "600" }, "not_before": -1 });
    let negative = post(&house, &sue, "/api/requests", negative).await.refused(422, "invalid").json();
    assert_eq!(negative["field"], "not_before");
    post(&house, &ada, &at("cancel"), json!({})).await.expect(200);
    let whole = get(&house, &ada, &format!("/api/entries/{id}")).await.expect(200).json();
    assert_eq!(whole["entry"]["state"]["reason"], "cancelled");
    assert!(whole["history"].as_array().unwrap().len() >= 6, "{}", whole["history"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_call_back_one_does_and_a_repeated_wish_is_carried_out_once() {
    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    let off = house.person("off", Role::Agent, Some("2001"), None).await;
    let id = house.request(1, queue_600()).await;
    let at = format!("/api/entries/{id}/call");
    let refused = post(&house, &ada, &at, json!({})).await.refused(409, "agent_state");
    assert!(refused.text.contains("*10"), "{}", refused.text);
    house.sign_in("2000").await;
    house.sign_in("2001").await;
    post(&house, &ada, &at, json!({ "beyond_window": true })).await.refused(403, "not_allowed");
    let other = post(&house, &ada, &at, json!({ "beyond_window": true })).await;
    assert!(other.text.contains("only a supervisor may call outside the dialling window"), "{}", other.text);
    let ask = || house.ask("POST", &at).token(&ada).header("idempotency-key", "once").json(&json!({})).send();
    let (first, again) = (ask().await.expect(200), ask().await.expect(200));
    assert_eq!(first.text, again.text);
    assert_eq!(again.headers["idempotency-replayed"], "true");
    post(&house, &off, &at, json!({})).await.refused(409, "held");
    let me = get(&house, &ada, "/api/me/agent").await.expect(200).json();
    assert_eq!((&me["state"], &me["entry"], &me["call"]), (&json!("reserved"), &json!(id), &first.json()["call"]));
    let call = first.json()["call"].as_str().unwrap().to_owned();
    assert_eq!(ids(&get(&house, &ada, "/api/calls").await), vec![call.clone()]);
    assert_eq!(ids(&get(&house, &off, "/api/calls").await), Vec::<String>::new());
    let hang_up = format!("/api/calls/{call}/hang-up");
    house.ask("POST", &hang_up).token(&off).send().await.refused(404, "not_found");
    house.ask("POST", &hang_up).token(&ada).send().await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_change_their_own_state_and_supervisors_that_of_their_groups() {
    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    let bob = house.person("bob", Role::Supervisor, None, Some(&["support-b"])).await;
    let wish = async |token: &str, path: &str, body: Value| post(&house, token, path, body).await;
    wish(&ada, "/api/me/agent", json!({ "action": "available" })).await.refused(409, "agent_state");
    let me = wish(&ada, "/api/me/agent", json!({ "action": "sign_in" })).await.expect(200).json();
    assert_eq!(me["state"], "available");
    let me = wish(&ada, "/api/me/agent", json!({ "action": "break", "reason": "lunch" })).await.expect(200).json();
    assert_eq!((&me["state"], &me["reason"]), (&json!("break"), &json!("lunch")));
    wish(&ada, "/api/me/agent", json!({ "action": "break" })).await.refused(422, "invalid");
    wish(&ada, "/api/me/agent", json!({ "action": "clear" })).await.refused(409, "agent_state");
    wish(&ada, "/api/agents/2001", json!({ "action": "sign_in" })).await.refused(403, "role_too_small");
    wish(&bob, "/api/agents/2000", json!({ "action": "sign_out" })).await.refused(403, "other_agent");
    wish(&bob, "/api/agents/2002", json!({ "action": "sign_in" })).await.expect(200);
    let seen = async |token: &str, path: &str| {
        let items = get(&house, token, path).await.expect(200).json()["items"].as_array().unwrap().clone();
        items.iter().map(|item| item["key"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(seen(&ada, "/api/agents").await, ["2000", "2001"]);
    assert_eq!(seen(&bob, "/api/agents").await, ["2002"]);
    let queues = seen(&ada, "/api/queues").await;
    assert!(queues.contains(&"600".to_owned()) && !queues.contains(&"group.renewals".to_owned()), "{queues:?}");
    let queue = get(&house, &bob, "/api/queues").await.json();
    let queue = queue["items"].as_array().unwrap().iter().find(|queue| queue["key"] == "600").unwrap().clone();
    assert_eq!((&queue["agents"], &queue["signed_in"], &queue["length"]), (&json!(3), &json!(2), &json!(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_makes_requests_under_the_rules_of_every_request() {
    let house = House::new().await;
    house.person("web", Role::Supervisor, None, None).await;
    let sue = house.person("sue", Role::Supervisor, None, None).await;
    let token = house.token("web", &["requests"]).await;
    let ask = async |body: Value| post(&house, &token, "/api/requests", body).await;
    let wish = json!({ "number": "138 0013 8001", "target": { "service": "support", "group": "support-b" } });
    let made = ask(wish.clone()).await.expect(201).json();
    assert_eq!(made["new"], true);
    let again = ask(wish).await.expect(200).json();
    assert_eq!((&again["new"], &again["entry"]), (&json!(false), &made["entry"]));
    let id = made["entry"].as_str().unwrap();
    let entry = get(&house, &sue, &format!("/api/entries/{id}")).await.expect(200).json()["entry"].clone();
    assert_eq!((&entry["number"], &entry["request"]["path"]), (&json!("+8613800138001"), &json!(["api/web"])));
    assert_eq!(entry["request"]["key"], Value::Null, "asked in another way");
    let later = MORNING.as_millis() + 26 * 3_600_000;
    let wish = json!({ "number": "+8613800138002", "target": { "queue": "600" }, "not_before": later });
    let made = ask(wish).await.expect(201).json();
    assert!(made["promise"]["from"].as_i64().unwrap() >= later, "{made}");
    for (wish, status, code) in [
        (json!({ "number": "12", "target": { "queue": "600" } }), 422, "invalid"),
        (json!({ "number": "+8613800138003", "target": {} }), 422, "invalid"),
        (
            json!({ "number": "+8613800138003", "target": { "service": "support", "group": "renewals" } }),
            422,
            "invalid",
        ),
        (json!({ "number": "+14155550100", "target": { "queue": "600" } }), 422, "number_forbidden"),
        (json!({ "number": "+8613800138003", "target": { "queue": "600" }, "not_before": i64::MAX }), 422, "invalid"),
    ] {
        ask(wish).await.refused(status, code);
    }
    get(&house, &token, "/api/entries").await.refused(403, "scope_missing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_tells_of_entries_that_are_seen_and_agents_ask_their_own_groups() {
    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    let nobody = house.person("nobody", Role::Agent, None, None).await;
    let sam = house.person("sam", Role::Supervisor, None, Some(&["renewals"])).await;
    let wish = |target: Value| json!({ "number": "+8613800138001", "target": target });
    let of_600 = || wish(json!({ "queue": "600" }));
    let other = wish(json!({ "campaign": "renewals" }));
    let refused = post(&house, &ada, "/api/requests", other.clone()).await.refused(403, "other_groups");
    assert_eq!(refused.json()["field"], "target");
    post(&house, &nobody, "/api/requests", of_600()).await.refused(403, "other_groups");
    let unseen = post(&house, &sam, "/api/requests", of_600()).await.expect(201).json();
    assert_eq!((unseen.get("entry"), &unseen["new"]), (None, &json!(true)), "{unseen}");
    let seen = post(&house, &ada, "/api/requests", of_600()).await.expect(200).json();
    assert!(seen["entry"].is_string(), "{seen}");
    let own = post(&house, &sam, "/api/requests", other).await.expect(201).json();
    assert!(own["entry"].is_string(), "{own}");
}

/// Longer than all buffers on the way, so that most of it has to be waited for.
const LONG: usize = 20 * 1024 * 1024 + 5;

/// A message of so many bytes, no two parts of which look alike; where it is heard.
async fn long_message(house: &House) -> (String, std::path::PathBuf, String) {
    let message = house.message(1, queue_600()).await;
    let text: String = (0..).map(|n: u32| format!("{n:08}")).take(LONG.div_ceil(8)).collect();
    let text = text[..LONG].to_owned();
    let file = house.folder.join(format!("{message}.wav"));
    std::fs::write(&file, &text).unwrap();
    (format!("/api/messages/{message}/audio"), file, text)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_message_comes_whole_and_a_range_of_it_only_where_one_is_asked_for() {
    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    let (at, file, text) = long_message(&house).await;
    let whole = get(&house, &ada, &at).await.expect(200);
    assert!(whole.text == text, "{} bytes of {LONG}", whole.text.len());
    assert_eq!(whole.headers["content-length"], LONG.to_string().as_str());
    assert!(!whole.headers.contains_key("content-range"), "{:?}", whole.headers);
    let tag = whole.headers["etag"].to_str().unwrap().to_owned();
    let asked = |header: &str, value: &str| house.ask("GET", &at).token(&ada).header(header, value);
    let ranged = |answer: &Answer| answer.headers["content-range"].to_str().unwrap().to_owned();
    let most = asked("range", "bytes=8-").send().await.expect(206);
    assert!(most.text == text[8..] && ranged(&most) == format!("bytes 8-{}/{LONG}", LONG - 1), "{}", ranged(&most));
    let end = asked("range", "bytes=-5").header("if-range", &tag).send().await.expect(206);
    assert_eq!((&*end.text, ranged(&end)), (&text[LONG - 5..], format!("bytes {}-{}/{LONG}", LONG - 5, LONG - 1)));
    let beyond = asked("range", &format!("bytes={LONG}-")).send().await.refused(416, "no_such_range");
    assert_eq!(ranged(&beyond), format!("bytes */{LONG}"));
    for other in ["\"another\"", "Mon, 02 Mar 2026 02:00:00 GMT", "W/\"weak\""] {
        let all = asked("range", "bytes=0-9").header("if-range", other).send().await.expect(200);
        assert_eq!(all.text.len(), LONG, "{other}");
    }
    let head = house.ask("HEAD", &at).token(&ada).header("range", "bytes=0-9").send().await.expect(200);
    assert_eq!((&*head.text, head.headers["content-length"].to_str().unwrap()), ("", LONG.to_string().as_str()));
    std::fs::write(&file, "another").unwrap();
    assert_eq!(asked("range", "bytes=0-1").header("if-range", &tag).send().await.expect(200).text, "another");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_listen_and_do_not_read_keep_nobody_else_from_listening() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    let cara = house.person("cara", Role::Agent, Some("2001"), None).await;
    let (at, _, text) = long_message(&house).await;
    let mut stalled = Vec::new();
    for n in 0..12 {
        let mut stream = tokio::net::TcpStream::connect(house.address).await.unwrap();
        let head = format!("GET {at} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {ada}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        if n < 6 {
            // It is being sent.
            stream.read_exact(&mut [0; 12]).await.unwrap();
        }
        stalled.push(stream);
    }
    assert!(get(&house, &cara, &at).await.expect(200).text == text);
    get(&house, &ada, &at).await.refused(503, "busy");
    drop(stalled);
    assert!(get(&house, &ada, &at).await.expect(200).text == text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_heard_by_those_who_see_its_entry_whole_or_in_part() {
    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    let ray = house.person("ray", Role::Agent, Some("2003"), None).await;
    let whole_service = Target::WholeService(ServiceKey::new("support").unwrap());
    let message = house.message(1, whole_service).await;
    let at = format!("/api/messages/{message}/audio");
    get(&house, &ada, &at).await.refused(404, "not_found");
    std::fs::write(house.folder.join(format!("{message}.wav")), "RIFF of a message").unwrap();
    let heard = get(&house, &ada, &at).await.expect(200);
    assert_eq!((&*heard.text, &heard.headers["content-type"]), ("RIFF of a message", &"audio/wav".parse().unwrap()));
    assert_eq!(heard.headers["cache-control"], "no-store");
    let part = house.ask("GET", &at).token(&ada).header("range", "bytes=5-6").send().await.expect(206);
    assert_eq!((&*part.text, part.headers["content-range"].to_str().unwrap()), ("of", "bytes 5-6/17"));
    house.ask("GET", &at).token(&ada).header("range", "bytes=99-").send().await.refused(416, "no_such_range");
    get(&house, &ray, &at).await.refused(404, "not_found");
    get(&house, &ada, "/api/messages/..%2f..%2fetc%2fpasswd/audio").await.refused(404, "not_found");
    let entry = get(&house, &ada, "/api/entries").await.json()["items"][0]["id"].as_str().unwrap().to_owned();
    post(&house, &ada, &format!("/api/entries/{entry}/outcome"), json!({ "outcome": "close" })).await.expect(200);
    get(&house, &ada, &at).await.refused(404, "not_found");
    get(&house, &ada, &format!("{at}?entry={entry}")).await.expect(200);
    get(&house, &ray, &format!("{at}?entry={entry}")).await.refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_supervisor_sees_the_calls_of_the_groups() {
    let house = House::new().await;
    let sue = house.person("sue", Role::Supervisor, None, Some(&["support-a"])).await;
    let sam = house.person("sam", Role::Supervisor, None, Some(&["renewals"])).await;
    let call = house.call(1).await.to_string();
    assert_eq!(ids(&get(&house, &sue, "/api/calls").await), vec![call.clone()]);
    assert_eq!(ids(&get(&house, &sam, "/api/calls").await), Vec::<String>::new());
    house.ask("POST", &format!("/api/calls/{call}/hold")).token(&sam).send().await.refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_a_conversation_could_go_to_is_searched() {
    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    let cara = house.person("cara", Role::Agent, Some("2003"), None).await;
    house.ask("POST", "/api/me/agent").token(&cara).json(&json!({ "action": "sign_in" })).send().await.expect(200);
    let found = async |query: &str| {
        let page = get(&house, &ada, &format!("/api/transfer-targets?query={query}")).await.expect(200).json();
        page["items"].as_array().unwrap().clone()
    };
    // One's own phone is no target; colleagues of other groups are, with their state.
    let all = found("200").await;
    let agents: Vec<&str> = all.iter().filter_map(|one| one["value"].as_str()).collect();
    assert_eq!(agents, ["2001", "2002", "2003"], "{all:?}");
    assert_eq!((&all[0]["state"], &all[0]["reachable"]), (&json!("not_signed_in"), &json!(false)));
    assert_eq!((&all[2]["state"], &all[2]["reachable"]), (&json!("available"), &json!(true)));
    // By the name that stands on every page, which need not be the phone's.
    let bea = found("bea%20l").await;
    assert_eq!((bea.len(), &bea[0]["value"], &bea[0]["name"]), (1, &json!("2002"), &json!("Bea Lund")));
    let queue = &found("600").await[0];
    assert_eq!((&queue["kind"], &queue["waiting"], &queue["available"]), (&json!("queue"), &json!(0), &json!(0)));
    assert_eq!(found("nobody").await, Vec::<serde_json::Value>::new());
    let long = format!("/api/transfer-targets?query={}", "x".repeat(65));
    get(&house, &ada, &long).await.refused(422, "invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wish_about_a_conversation_that_is_not_there_is_refused_in_plain_words() {
    let house = House::new().await;
    let sue = house.person("sue", Role::Supervisor, None, Some(&["support-a"])).await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    let call = house.call(1).await;
    let wish = async |token: &str, what: &str, body: serde_json::Value| {
        house.ask("POST", &format!("/api/calls/{call}/{what}")).token(token).json(&body).send().await
    };
    wish(&sue, "transfer", json!({ "to": { "queue": "600" } })).await.refused(409, "no_conversation");
    wish(&sue, "transfer", json!({ "to": { "queue": "600" }, "agent": "2000" })).await.refused(404, "not_found");
    wish(&sue, "transfer", json!({ "to": {} })).await.refused(422, "invalid");
    wish(&sue, "transfer", json!({ "to": { "queue": "600", "flow": "x" } })).await.refused(422, "invalid");
    wish(&sue, "consult", json!({ "to": { "number": "110" } })).await.refused(422, "invalid");
    wish(&sue, "dtmf", json!({ "digits": "12a" })).await.refused(422, "invalid");
    wish(&sue, "dtmf", json!({ "digits": "" })).await.refused(422, "invalid");
    // An agent works with the own conversations only.
    wish(&ada, "conference", json!({})).await.refused(404, "not_found");
    let dial = async |body: serde_json::Value| house.ask("POST", "/api/calls").token(&ada).json(&body).send().await;
    dial(json!({ "number": "110" })).await.refused(422, "invalid");
    dial(json!({ "number": "13900139000" })).await.refused(403, "no_right");
    dial(json!({ "number": "13900139000", "agent": "2001" })).await.refused(403, "other_agent");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_is_heard_by_its_agent_and_by_who_may_act_for_the_agent() {
    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    let colleague = house.person("cara", Role::Agent, Some("2001"), None).await;
    let sam = house.person("sam", Role::Supervisor, None, Some(&["renewals"])).await;
    let anna = house.person("anna", Role::Administrator, None, None).await;
    let recording: RecordingId = IdSource::new(7).next(Timestamp::EPOCH);
    let at = format!("/api/recordings/{recording}/audio");
    get(&house, &anna, &at).await.refused(404, "not_found");
    let agent = AgentKey::new("2000").unwrap();
    let call = house.call(1).await;
    house.record(Fact::RecordingBegan { call, entry: None, agent, recording }).await;
    assert!(get(&house, &ada, &at).await.refused(404, "not_found").text.contains("not finished"));
    std::fs::write(house.folder.join(format!("{recording}.wav")), "RIFF of two").unwrap();
    assert_eq!(get(&house, &ada, &at).await.expect(200).text, "RIFF of two");
    get(&house, &anna, &at).await.expect(200);
    get(&house, &colleague, &at).await.refused(404, "not_found");
    get(&house, &sam, &at).await.refused(404, "not_found");
    let found = async |token: &str, path: &str| {
        let page = get(&house, token, path).await.expect(200).json();
        page["items"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect::<Vec<_>>()
    };
    let listed = get(&house, &ada, "/api/recordings").await.expect(200).json()["items"][0].clone();
    assert_eq!((&listed["id"], &listed["agent"]), (&json!(recording.to_string()), &json!("2000")), "{listed}");
    assert!(listed["number"].is_string() && listed["call"] == json!(call.to_string()), "{listed}");
    assert_eq!(found(&anna, "/api/recordings?agent=2000&limit=1").await.len(), 1);
    assert_eq!(found(&anna, "/api/recordings?agent=2001").await.len(), 0);
    for nobody in [&colleague, &sam] {
        assert_eq!(found(nobody, "/api/recordings").await.len(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_tells_that_conversations_are_not_recorded_and_since_when() {
    let house = House::new().await;
    let anna = house.person("anna", Role::Administrator, None, None).await;
    let status = async || get(&house, &anna, "/api/status").await.expect(200).json();
    let well = status().await;
    assert_eq!(well["sip"], json!({ "passed": 41, "overloaded": 2 }));
    assert!(well["recordings"] == "well" && well.get("recordings_failing_since").is_none(), "{well}");
    *house.not_recorded.lock().unwrap() = Some(MORNING);
    let failing = status().await;
    assert_eq!(
        (&failing["recordings"], &failing["recordings_failing_since"]),
        (&json!("failing"), &json!(MORNING.as_millis()))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_that_were_refused_are_counted_by_the_reason_and_told_in_the_status() {
    let house = House::new().await;
    let anna = house.person("anna", Role::Administrator, None, None).await;
    let counts = async || get(&house, &anna, "/api/status").await.expect(200).json()["refused_numbers"].clone();
    assert_eq!(counts().await, json!({ "impossible": 0, "not_allowed": 0, "blocked": 0, "over_limit": 0 }));
    let call = house.call(1).await;
    for why in [NumberRefusal::NotAllowed, NumberRefusal::NotAllowed, NumberRefusal::OverLimit] {
        house.record(Fact::NumberRefused { call, why }).await;
    }
    assert_eq!(counts().await, json!({ "impossible": 0, "not_allowed": 2, "blocked": 0, "over_limit": 1 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_learns_from_the_list_when_those_were_recorded_whom_they_may_not_hear() {
    let house = House::new().await;
    let colleague = house.person("cara", Role::Agent, Some("2001"), None).await;
    let sam = house.person("sam", Role::Supervisor, None, Some(&["renewals"])).await;
    let sue = house.person("sue", Role::Supervisor, None, Some(&["support-a"])).await;
    let anna = house.person("anna", Role::Administrator, None, None).await;
    let mut source = IdSource::new(7);
    let mut own = Vec::new();
    for n in 0..40u32 {
        let call = house.call(n + 1).await;
        let key = match n {
            3 | 17 => "2003",
            n if n % 2 == 0 => "2000",
            _ => "2002",
        };
        let recording: RecordingId = source.next(Timestamp::EPOCH);
        if key == "2003" {
            own.insert(0, recording.to_string());
        }
        house.record(Fact::RecordingBegan { call, entry: None, agent: AgentKey::new(key).unwrap(), recording }).await;
    }
    for (token, agent) in [(&colleague, "2000"), (&colleague, "2003"), (&sam, "2000"), (&sam, "nobody")] {
        let at = format!("/api/recordings?agent={agent}&limit=2");
        let refused = get(&house, token, &at).await.refused(403, "other_agent");
        assert_eq!(refused.json()["field"], "agent");
    }
    let page = async |token: &str, query: &str| {
        let page = get(&house, token, &format!("/api/recordings?{query}")).await.expect(200);
        (ids(&page), page.json()["next"].as_str().map(str::to_owned))
    };
    assert_eq!(page(&colleague, "limit=2").await, (vec![], None));
    assert_eq!(page(&sam, "limit=2").await, (own.clone(), None), "there is nothing behind the last that is seen");
    let (first, next) = page(&sam, "limit=1").await;
    assert_eq!(first, own[..1]);
    assert_eq!(page(&sam, &format!("limit=1&after={}", next.unwrap())).await, (own[1..].to_vec(), None));
    assert_eq!(page(&sam, "agent=2003").await.0, own);
    // Two agents' together, in order, in pages.
    let (all, _) = page(&anna, "limit=200").await;
    let of_a = page(&anna, "agent=2000&limit=200").await.0;
    let of_b = page(&anna, "agent=2002&limit=200").await.0;
    assert_eq!((all.len(), of_a.len(), of_b.len()), (40, 20, 18));
    assert_eq!(page(&sue, "limit=200").await.0, of_a, "nobody else of her group was recorded");
    let both = house.person("bo", Role::Supervisor, None, Some(&["support-a", "support-b"])).await;
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let (items, next) = page(&both, &format!("limit=7{after}")).await;
        seen.extend(items);
        match next {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    let expected: Vec<String> = all.into_iter().filter(|id| !own.contains(id)).collect();
    assert_eq!(seen, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_desk_knows_what_things_are_called() {
    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    let desk = get(&house, &ada, "/api/desk").await.expect(200).json();
    assert_eq!(desk["site"]["attempts"], 3);
    // Of other groups as well: their names stand in calls and on the transfer list.
    let bea = json!({ "key": "2002", "name": "Bea Lund", "extension": "2002", "number": "2002" });
    assert_eq!((&desk["colleagues"][2], &desk["phones"]), (&bea, &json!([])));
    let queue = desk["queues"].as_array().unwrap().iter().find(|queue| queue["key"] == "600").unwrap();
    assert_eq!((&queue["name"], &queue["service"]), (&json!("600"), &json!("support")), "named as its key");
    assert_eq!(desk["services"][0]["groups"], queue["groups"]);
    let agents = get(&house, &ada, "/api/agents").await.expect(200).json();
    assert_eq!(agents["items"][0]["name"], agents["items"][0]["number"], "nothing else is configured");
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_are_over_are_found_by_those_who_may_see_them() {
    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    let ren = house.person("ren", Role::Agent, Some("2003"), None).await;
    let sue = house.person("sue", Role::Supervisor, None, None).await;
    let talked = house.call(1).await;
    let agent = AgentKey::new("2000").unwrap();
    house.record(Fact::Connected { call: talked, agent: agent.clone() }).await;
    let recording: RecordingId = IdSource::new(3).next(MORNING);
    house.record(Fact::RecordingBegan { call: talked, entry: None, agent, recording }).await;
    house.record(Fact::CallEnded { call: talked, how: CallEnd::Served }).await;
    let left = house.call(2).await;
    house.missed(2, false).await;
    house.record(Fact::CallEnded { call: left, how: CallEnd::Missed }).await;
    let calls = |answer: &Answer| -> Vec<String> {
        let items = answer.json()["items"].as_array().unwrap().clone();
        items.iter().map(|item| item["call"].as_str().unwrap().to_owned()).collect()
    };
    let (talked, left) = (talked.to_string(), left.to_string());
    let all = get(&house, &sue, "/api/history").await.expect(200);
    assert_eq!(calls(&all), [left.clone(), talked.clone()], "newest first");
    for (query, expected) in [
        ("number=138-0013-8001", vec![&talked]),
        ("number=8002", vec![&left]),
        ("agent=2000", vec![&talked]),
        ("result=missed", vec![&left]),
        ("direction=callback", vec![]),
        ("until=1000", vec![]),
    ] {
        let found = get(&house, &sue, &format!("/api/history?{query}")).await.expect(200);
        assert_eq!(calls(&found).iter().collect::<Vec<_>>(), expected, "{query}");
    }
    let first = get(&house, &sue, "/api/history?limit=1").await.expect(200).json();
    let next = first["next"].as_str().unwrap();
    let rest = get(&house, &sue, &format!("/api/history?limit=1&after={next}")).await.expect(200);
    assert_eq!((calls(&rest), &rest.json()["next"]), (vec![talked.clone()], &Value::Null));
    // An agent sees the own calls; one of another group sees none of them, by no way.
    let own = get(&house, &ada, "/api/history").await.expect(200);
    assert_eq!(calls(&own), std::slice::from_ref(&talked));
    assert_eq!(own.json()["items"][0]["recordings"][0]["recording"], recording.to_string());
    assert_eq!(calls(&get(&house, &ren, "/api/history").await.expect(200)), Vec::<String>::new());
    get(&house, &ren, &format!("/api/history/{talked}")).await.refused(404, "not_found");
    let one = get(&house, &ada, &format!("/api/history/{talked}")).await.expect(200).json();
    assert_eq!((&one["end"], &one["agents"]), (&json!("talked"), &json!(["2000"])));
    get(&house, &sue, "/api/history?number=12").await.refused(422, "invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_tells_which_requests_it_has_settled_to_who_may_see_them() {
    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    let [entry, of_b] = [house.request(1, queue_600()).await, house.request(2, group_b()).await];
    let (service, agent) = (ServiceKey::new("support").unwrap(), AgentKey::new("2000").unwrap());
    let mut calls = Vec::new();
    for n in [1, 2, 3] {
        let call = house.talk(10 + n, customer(n), "2000").await;
        let (number, service, agent) = (customer(n), service.clone(), agent.clone());
        house.record(Fact::Served { call, number, service, agent: agent.clone() }).await;
        house.record(Fact::AgentFreed { call, agent, wrap_up: Millis::ZERO }).await;
        house.record(Fact::CallEnded { call, how: CallEnd::Served }).await;
        calls.push(get(&house, &ada, &format!("/api/history/{call}")).await.expect(200).json());
    }
    let closed = get(&house, &ada, &format!("/api/entries/{entry}")).await.expect(200).json();
    assert_eq!(closed["entry"]["state"]["reason"], "served");
    assert_eq!(calls[0]["served"], json!([entry.to_string()]));
    assert_eq!(calls[1]["served"], json!([]), "the request is for another group: {of_b}");
    assert_eq!((&calls[2]["served"], &calls[2]["end"]), (&json!([]), &json!("talked")));
    // What was settled later is not of this call.
    let again = house.talk(20, customer(1), "2000").await;
    house.record(Fact::AgentFreed { call: again, agent, wrap_up: Millis::ZERO }).await;
    house.record(Fact::CallEnded { call: again, how: CallEnd::Served }).await;
    let again = get(&house, &ada, &format!("/api/history/{again}")).await.expect(200).json();
    assert_eq!(again["served"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_works_at_the_number_outside_that_an_administrator_has_configured() {
    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    house.person("root", Role::Administrator, None, None).await;
    let root = house.token("root", &["read", "configure"]).await;
    let document: Value = serde_json::from_str(CONFIGURATION).unwrap();
    house.ask("POST", "/api/configuration/import").token(&root).json(&document).send().await.expect(200);
    let outside = async |outside: bool| {
        house.ask("PUT", "/api/me/outside").token(&ada).json(&json!({ "outside": outside })).send().await
    };
    outside(true).await.refused(409, "no_number_outside");
    let agent = json!({ "outside": { "number": "+8613911112222", "used": false } });
    let put = house.ask("PUT", "/api/configuration/agents/2000").token(&root).json(&agent).send().await;
    put.expect(200);
    outside(true).await.expect(200);
    let kept = get(&house, &root, "/api/configuration/agents/2000").await.expect(200).json();
    assert_eq!((&kept["body"]["outside"]["used"], &kept["by"]), (&json!(true), &json!("ada")));
    outside(false).await.expect(200);
    let kept = get(&house, &root, "/api/configuration/agents/2000").await.expect(200).json();
    assert_eq!(kept["body"]["outside"], json!({ "number": "+8613911112222", "used": false }));
    let ours = json!({ "outside": { "number": "+862161230001" } });
    let put = house.ask("PUT", "/api/configuration/agents/2000").token(&root).json(&ours).send().await;
    put.refused(422, "invalid_configuration");
}
