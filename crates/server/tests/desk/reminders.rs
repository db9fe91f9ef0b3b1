//! Who is reminded of what, and how soon (AT-4, AT-5, AT-9, AT-10, AT-15, AT-18).

use std::time::{Duration, Instant};

use nohold_app::ports::Role;
use nohold_core::agent::Input;
use nohold_core::entry::Actor;
use serde_json::json;

use super::house::{House, agent, customer, group_b, queue_600, renewals};
use super::socket::{Live, reminds};

/// Everybody has seen what was committed before when they see that an agent of theirs has signed out.
async fn told_of_nothing_until_2003_signs_out(house: &House, live: &mut Live) {
    let heard = live.until("agent", |change| change["agent"]["key"] == "2003").await;
    assert!(!reminds(&heard), "{heard:?}");
    house.sign_in("2003").await;
    live.until("agent", |change| change["agent"]["state"] == "available").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_reminds_the_signed_in_agents_of_its_group_and_its_supervisors_within_200_ms() {
    let house = House::new().await;
    let bea = house.person("bea", Role::Agent, Some("2002"), None).await;
    let bob = house.person("bob", Role::Supervisor, None, Some(&["support-b"])).await;
    let ray = house.person("ray", Role::Agent, Some("2003"), None).await;
    let anna = house.person("anna", Role::Administrator, None, None).await;
    house.sign_in("2002").await;
    house.sign_in("2003").await;
    let mut told = [Live::open(&house, &bea, None).await, Live::open(&house, &bob, None).await];
    let mut others = [Live::open(&house, &ray, None).await, Live::open(&house, &anna, None).await];
    let mut soonest = Duration::MAX;
    for n in 1..=5 {
        let id = house.request(n, group_b()).await;
        let committed = Instant::now();
        for live in &mut told {
            let reminder = live.reminder().await;
            assert_eq!((&reminder["entry"], &reminder["kind"]), (&json!(id), &json!("request")));
            assert_eq!(reminder["sounds"], true);
        }
        soonest = soonest.min(committed.elapsed());
    }
    // The machine that runs the tests may be busy with others; the way itself must be quick.
    assert!(soonest < Duration::from_millis(200), "{soonest:?}");
    for live in &mut others {
        house.node.change_agent(agent("2003"), Input::SignOut, Actor::System).await.unwrap();
        told_of_nothing_until_2003_signs_out(&house, live).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_withdraws_a_reminder_and_a_release_brings_back_the_same() {
    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    let off = house.person("off", Role::Agent, Some("2001"), None).await;
    house.sign_in("2000").await;
    house.sign_in("2001").await;
    let mut other = Live::open(&house, &off, None).await;
    let id = house.request(1, queue_600()).await;
    let reminder = other.reminder().await["id"].clone();
    house.ask("POST", &format!("/api/entries/{id}/claim")).token(&ada).json(&json!({})).send().await.expect(200);
    let heard = other.until("reminder_withdrawn", |change| change["id"] == reminder).await;
    let claimed = heard.iter().find(|change| change["type"] == "entry").unwrap();
    assert_eq!(claimed["entry"]["state"]["agent"], "2000");
    house.ask("POST", &format!("/api/entries/{id}/release")).token(&ada).json(&json!({})).send().await.expect(200);
    assert_eq!(other.reminder().await["id"], reminder);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signs_in_is_reminded_of_what_waits_and_who_signs_out_of_nothing() {
    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    let first = house.request(1, queue_600()).await;
    house.request(2, renewals()).await;
    let mut live = Live::open(&house, &ada, None).await;
    assert_eq!(live.first["reminders"], json!([]));
    assert_eq!(live.first["entries"]["total"], 1, "it is listed all the same");
    let wish = |action: &str| house.ask("POST", "/api/me/agent").token(&ada).json(&json!({ "action": action })).send();
    wish("sign_in").await.expect(200);
    let heard = live.until("reminder", |_| true).await;
    let told: Vec<_> = heard.iter().filter(|change| change["type"] == "reminder").collect();
    assert_eq!((told.len(), &told[0]["reminder"]["entry"]), (1, &json!(first)));
    wish("sign_out").await.expect(200);
    live.until("reminder_withdrawn", |change| change["id"] == told[0]["reminder"]["id"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missed_call_changes_the_list_silently() {
    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    house.sign_in("2000").await;
    let mut live = Live::open(&house, &ada, None).await;
    let id = house.missed(1, false).await;
    let heard = live.until("entry", |change| change["entry"]["id"] == json!(id)).await;
    house.request(2, queue_600()).await;
    let later = live.until("reminder", |_| true).await;
    let about = heard.iter().chain(&later).filter(|change| change["type"] == "reminder");
    assert!(about.into_iter().all(|change| change["reminder"]["entry"] != json!(id)));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_the_same_reminder_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::at(folder.path().to_owned()).await;
    let sue = house.person("sue", Role::Supervisor, None, None).await;
    let mut live = Live::open(&house, &sue, None).await;
    house.request(1, queue_600()).await;
    let reminder = live.reminder().await;
    drop(live);
    house.end().await;
    let house = House::at(folder.path().to_owned()).await;
    let live = Live::open(&house, &sue, None).await;
    assert_eq!(live.first["reminders"][0]["id"], reminder["id"]);
    assert_eq!(live.first["entries"]["items"][0]["number"], customer(1).as_str());
    house.end().await;
}
