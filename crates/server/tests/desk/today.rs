//! What an agent has done today.

use std::time::Duration;

use nohold_app::ports::{Ports as _, Role};
use nohold_core::agent::{Input, Mode};
use nohold_core::entry::Actor;
use nohold_core::fact::{CallEnd, Fact};
use nohold_model::ExtensionKey;
use serde_json::json;
use tokio::time::{sleep, timeout};

use super::client::Answer;
use super::house::{House, MORNING, agent, queue_600};

async fn today(house: &House, token: &str, query: &str) -> Answer {
    house.ask("GET", &format!("/api/me/today{query}")).token(token).send().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agents_day_has_states_breaks_calls_and_what_is_in_hand() {
    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    let before = today(&house, &ada, "").await.expect(200).json();
    assert_eq!((&before["signed_in_at"], &before["signed_in"]), (&json!(null), &json!(0)));
    assert_eq!((&before["standing"]["state"], &before["states"]), (&json!("not_signed_in"), &json!([])));
    house.sign_in("2000").await;
    let lunch = Input::Choose(Mode::Break("lunch".into()));
    house.node.change_agent(agent("2000"), lunch, Actor::Agent(agent("2000"))).await.unwrap();
    let entry = house.request(5, queue_600()).await.to_string();
    let claim = format!("/api/entries/{entry}/claim");
    house.ask("POST", &claim).token(&ada).json(&json!({})).send().await.expect(200);
    let call = house.call(1).await;
    house.record(Fact::Connected { call, agent: agent("2000") }).await;
    house.record(Fact::CallEnded { call, how: CallEnd::Served }).await;
    let day = today(&house, &ada, "").await.expect(200).json();
    // Ten in the morning in Shanghai is ten hours after the midnight there.
    assert_eq!((&day["agent"], &day["zone"]), (&json!("2000"), &json!("Asia/Shanghai")));
    assert_eq!(day["from"], json!(MORNING.as_millis() - 10 * 3_600_000));
    assert_eq!(day["to"], json!(MORNING.as_millis() + 14 * 3_600_000));
    assert_eq!(day["counted_from"], day["from"]);
    assert!(day["signed_in_at"].as_i64().unwrap() >= MORNING.as_millis());
    assert_eq!((&day["standing"]["state"], &day["standing"]["reason"]), (&json!("break"), &json!("lunch")));
    let whole: i64 = day["states"].as_array().unwrap().iter().map(|one| one["length"].as_i64().unwrap()).sum();
    assert_eq!(json!(whole), day["signed_in"], "each moment is in one state");
    assert_eq!(day["breaks"][0]["reason"], "lunch");
    let counts = json!({ "taken": 1, "made": 0, "callbacks": 0, "not_answered": 0, "declined": 0 });
    assert_eq!((&day["calls"], &day["promises"]), (&counts, &json!({ "kept": 0, "late": 0 })));
    assert_eq!(day["claims"], json!([entry]));
    let last = &day["last"][0];
    assert_eq!((&last["call"], &last["end"]), (&json!(call.to_string()), &json!("talked")));
    let parties: Vec<_> = last["legs"].as_array().unwrap().iter().map(|leg| leg["party"].clone()).collect();
    assert_eq!(parties, [json!("customer"), json!({ "agent": "2000" })], "whom it was with");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_is_its_agents_and_their_supervisors_alone() {
    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    let nobody = house.person("nobody", Role::Agent, None, None).await;
    let sue = house.person("sue", Role::Supervisor, None, Some(&["support-a"])).await;
    today(&house, &ada, "?agent=2000").await.expect(200);
    today(&house, &ada, "?agent=2001").await.refused(403, "other_agent");
    today(&house, &nobody, "").await.refused(403, "no_agent");
    today(&house, &nobody, "?agent=2000").await.refused(403, "other_agent");
    today(&house, &sue, "").await.refused(403, "no_agent");
    assert_eq!(today(&house, &sue, "?agent=2001").await.expect(200).json()["agent"], "2001");
    today(&house, &sue, "?agent=2003").await.refused(403, "other_agent");
    today(&house, &ada, "?day=monday").await.refused(400, "bad_query");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_whose_page_has_gone_is_signed_out_and_may_come_back() {
    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    let bob = house.person("bob", Role::Agent, Some("2001"), None).await;
    let standing = async |token: &str| today(&house, token, "").await.expect(200).json()["standing"].clone();
    let until = async |state: &str| {
        let waited = timeout(Duration::from_secs(20), async {
            while standing(&ada).await["state"] != state {
                sleep(Duration::from_millis(50)).await;
            }
        });
        waited.await.unwrap_or_else(|_| panic!("is not {state}"));
    };
    house.sign_in("2000").await;
    house.sign_in("2001").await;
    let gone = &house.node.ports().telephony().without_a_page;
    gone.lock().unwrap().insert(ExtensionKey::new("2000").unwrap());
    until("not_signed_in").await;
    assert_eq!(standing(&ada).await["reason"], "page_lost", "whoever looks it up sees why");
    assert_eq!(standing(&bob).await["state"], "available");
    // Whoever signs in without a page knows what they do.
    house.sign_in("2000").await;
    sleep(Duration::from_millis(2_500)).await;
    assert_eq!(standing(&ada).await["state"], "available");
    gone.lock().unwrap().clear();
    sleep(Duration::from_millis(2_500)).await;
    gone.lock().unwrap().insert(ExtensionKey::new("2000").unwrap());
    until("not_signed_in").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_whose_page_died_with_the_server_is_signed_out_where_it_does_not_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let before = House::at(folder.path().to_owned()).await;
    before.sign_in("2000").await;
    before.sign_in("2001").await;
    before.end().await;
    let house = House::at(folder.path().to_owned()).await;
    // The page of 2001 is back at once.
    let there = [ExtensionKey::new("2001").unwrap()].into();
    *house.node.ports().telephony().reachable.lock().unwrap() = Some(there);
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    let bob = house.person("bob", Role::Agent, Some("2001"), None).await;
    let state = async |token: &str| {
        house.ask("GET", "/api/me/agent").token(token).send().await.expect(200).json()["state"].clone()
    };
    assert_eq!(state(&ada).await, "available", "it has a moment to come back");
    let gone = timeout(Duration::from_secs(20), async {
        while state(&ada).await != "not_signed_in" {
            sleep(Duration::from_millis(50)).await;
        }
    });
    gone.await.expect("signed out");
    assert_eq!(today(&house, &ada, "").await.expect(200).json()["standing"]["reason"], "page_lost");
    assert_eq!(state(&bob).await, "available");
    // Later nobody is signed out for having no phone: that may be at a desk, and switched off.
    house.sign_in("2000").await;
    sleep(Duration::from_millis(2_500)).await;
    assert_eq!(state(&ada).await, "available");
}
