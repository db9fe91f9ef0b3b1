//! What the page is told of calls, agents and entries beside their main features.

use nohold_app::ports::Role;
use nohold_core::fact::{CallEnd, Ender, Fact};
use nohold_model::{CallResult, ExtensionKey, Millis};
use serde_json::json;

use super::house::{House, agent, call, customer, leg, queue_600};

#[tokio::test(flavor = "multi_thread")]
async fn who_holds_a_call_is_named_to_all_who_see_it() {
    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2002"), None).await;
    house.sign_in("2002").await;
    let id = house.talk(9, customer(1), "2002").await;
    let shown = async || house.ask("GET", "/api/calls").token(&ada).send().await.expect(200).json()["items"][0].clone();
    assert_eq!((&shown().await["held"], &shown().await["held_by"]), (&json!(false), &json!([])));
    let held = |held, by| Fact::Held { call: id, agent: agent("2002"), held, by };
    house.record(held(true, vec![agent("2002")])).await;
    assert_eq!(shown().await["held_by"], json!([{ "agent": "2002", "name": "Bea Lund" }]));
    house.record(held(false, Vec::new())).await;
    assert_eq!((&shown().await["held"], &shown().await["held_by"]), (&json!(false), &json!([])));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_dialled_by_hand_tells_that_it_rings_and_what_came_of_it() {
    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    house.sign_in("2000").await;
    for (n, result, ended_by, answered) in [
        (1, CallResult::Busy, None, false),
        (2, CallResult::NoAnswer, None, false),
        (3, CallResult::Answered, Some(Ender::Called), true),
        (4, CallResult::Answered, Some(Ender::Caller), true),
    ] {
        let extension = ExtensionKey::new("2000").unwrap();
        house.record(Fact::DirectBegan { call: call(n), leg: leg(n), extension, number: Some(customer(n)) }).await;
        let shown =
            async || house.ask("GET", "/api/calls").token(&ada).send().await.expect(200).json()["items"][0].clone();
        assert_eq!(shown().await["far_rings"], false, "it is dialled");
        house.record(Fact::FarRings { call: call(n) }).await;
        assert_eq!(shown().await["far_rings"], true);
        if answered {
            house.record(Fact::DirectAnswered { call: call(n) }).await;
            assert_eq!(shown().await["far_rings"], false);
        }
        house.record(Fact::DirectOver { call: call(n), result: Some(result), ended_by }).await;
        house.record(Fact::AgentFreed { call: call(n), agent: agent("2000"), wrap_up: Millis::ZERO }).await;
        house.record(Fact::CallEnded { call: call(n), how: CallEnd::Direct }).await;
        let past = house.ask("GET", &format!("/api/history/{}", call(n))).token(&ada).send().await.expect(200).json();
        assert_eq!((&past["result"], &past["ended_by"]), (&json!(result), &json!(ended_by)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_number_outside_is_told_to_its_agent_alone() {
    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2003"), None).await;
    let bob = house.person("bob", Role::Agent, Some("2001"), None).await;
    let own = house.ask("GET", "/api/me/outside").token(&ada).send().await.expect(200).json();
    assert_eq!(own["number"], "+8613900139000");
    let other = house.ask("GET", "/api/me/outside").token(&bob).send().await.expect(200).json();
    assert_eq!(other, json!({ "outside": false, "number": null }));
    for token in [&ada, &bob] {
        let all = house.ask("GET", "/api/agents").token(token).send().await.expect(200);
        assert!(!all.text.contains("13900139000"), "{}", all.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dispositions_have_their_names_at_the_desk_and_what_they_do_to_the_request() {
    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    let expected = json!([
        { "key": "booked", "name": "Engineer booked", "effect": "closes" },
        { "key": "later", "name": "Later" },
    ]);
    let desk = house.ask("GET", "/api/desk").token(&ada).send().await.expect(200).json();
    assert_eq!(desk["dispositions"], expected);
    let entry = house.request(1, queue_600()).await;
    let path = format!("/api/entries/{entry}/dispositions");
    let listed = house.ask("GET", &path).token(&ada).send().await.expect(200).json();
    assert_eq!(listed["items"], expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_says_that_its_number_is_blocked() {
    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    house.missed(66, false).await;
    house.missed(2, false).await;
    let items = house.ask("GET", "/api/entries").token(&ada).send().await.expect(200).json();
    let blocked = |number: &str| {
        let found = items["items"].as_array().unwrap().iter().find(|one| one["number"] == number).unwrap();
        found["blocked"].clone()
    };
    assert_eq!((blocked(customer(66).as_str()), blocked(customer(2).as_str())), (json!(true), json!(false)));
}
