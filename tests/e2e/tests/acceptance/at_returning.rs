//! A customer whom we have called in vain rings in.

use std::time::Duration;

use nohold_e2e::desk::Desk;
use nohold_e2e::ear::{hears_speech, hears_tone};
use nohold_e2e::house::{AT_HOME, CUSTOMER, House, SOON, SUPPORT, Wishes};
use nohold_e2e::people::{self, AGENTS_TONE, CUSTOMERS_TONE};
use serde_json::{Value, json};

/// Somebody else, who came before.
const STRANGER: &str = "+8613900139001";

#[tokio::test]
async fn at_14_who_rings_in_after_our_try_is_first_in_line_and_the_request_closes_as_served_and_can_be_reopened() {
    let site = "dialling_window = \"00:00-24:00\"\nring_customer_for = \"5s\"\nserved_after = \"3s\"";
    let house = House::open(Wishes { site, ..Wishes::with_callback_key() }).await.unwrap();
    let mut phone = people::colleague(&house, "2002").await.unwrap();
    let mut desk = Desk::agent_at_work(&house, "2002").await.unwrap();
    desk.does("not_ready").await.unwrap();
    people::asks_to_be_called(&house, CUSTOMER).await.unwrap();
    let entry = desk.reminder(SOON).await.unwrap()["entry"].clone();
    desk.does("available").await.unwrap();
    desk.works(&entry, "call", json!({})).await.unwrap();
    phone.wait_incoming(SOON).await.unwrap();
    phone.answer().await.unwrap();
    house.carrier.next_call(SOON).await.unwrap().ring().unwrap();
    let in_vain = |seen: &Value| seen["id"] == entry && seen["attempts"][0]["result"] == "no_answer";
    desk.sees("our try", in_vain).await.unwrap();
    phone.wait_closed(SOON).await.unwrap();
    desk.does("not_ready").await.unwrap();

    let mut stranger = people::customer(&house, STRANGER, SUPPORT).await.unwrap();
    hears_speech(&stranger, SOON).await.unwrap();
    let mut customer = people::customer(&house, CUSTOMER, SUPPORT).await.unwrap();
    hears_speech(&customer, SOON).await.unwrap();
    desk.does("available").await.unwrap();
    let rung = phone.wait_incoming(SOON).await.unwrap();
    assert!(rung.contains(AT_HOME), "the customer comes before who waited longer, not {rung}");
    phone.answer().await.unwrap();
    hears_tone(&customer, AGENTS_TONE, SOON).await.unwrap();
    hears_tone(&phone, CUSTOMERS_TONE, SOON).await.unwrap();
    // Longer than a conversation needs to be to serve: the time itself is what counts.
    tokio::time::sleep(Duration::from_secs(4)).await;
    customer.hang_up().await.unwrap();
    let closed = desk.sees_closed("the request, served", |closed| closed["id"] == entry).await.unwrap();
    assert_eq!(closed["state"]["reason"], "served", "{closed:#}");
    desk.works(&entry, "reopen", json!({})).await.unwrap();
    desk.sees("the request again", |seen| seen["id"] == entry && seen["section"] == "requests").await.unwrap();
    stranger.hang_up().await.unwrap();
}

/// Waits for an alert of this kind about the entry.
async fn alert(desk: &mut Desk, kind: &str, entry: &Value) -> Value {
    loop {
        let reminder = desk.reminder(SOON * 2).await.unwrap();
        if reminder["kind"] == kind {
            assert_eq!(reminder["entry"], *entry, "{reminder:#}");
            return reminder["id"].clone();
        }
    }
}

#[tokio::test]
async fn at_18_an_unclaimed_request_alerts_its_group_again_and_then_the_supervisor_until_it_is_claimed() {
    let site = "dialling_window = \"00:00-24:00\"\nremind_again_after = \"10s\"\nescalate_after = \"15s\"";
    let house = House::open(Wishes { site, ..Wishes::with_callback_key() }).await.unwrap();
    let mut desk = Desk::agent_at_work(&house, "2002").await.unwrap();
    let mut supervisor = Desk::supervisor(&house, "support-b").await.unwrap();
    let mut others = Desk::supervisor(&house, "renewals").await.unwrap();
    desk.does("not_ready").await.unwrap();
    people::asks_to_be_called(&house, CUSTOMER).await.unwrap();
    let entry = desk.reminder(SOON).await.unwrap()["entry"].clone();
    let again = alert(&mut desk, "unclaimed", &entry).await;
    let escalated = alert(&mut supervisor, "escalated", &entry).await;
    desk.works(&entry, "claim", json!({})).await.unwrap();
    desk.withdrawn(&again).await.unwrap();
    supervisor.withdrawn(&escalated).await.unwrap();
    others.is_left_alone().await.unwrap();
}

#[tokio::test]
async fn a_mandatory_note_is_kept_over_a_crash_and_the_next_call_waits_until_it_is_saved() {
    let queue = "callback_key = { digit = \"2\" }\nwrap_up_mode = \"mandatory\"";
    let mut house = House::open(Wishes { queue, ..Wishes::with_callback_key() }).await.unwrap();
    let mut phone = people::colleague(&house, "2002").await.unwrap();
    let desk = Desk::agent_at_work(&house, "2002").await.unwrap();
    let mut customer = people::customer(&house, CUSTOMER, SUPPORT).await.unwrap();
    phone.wait_incoming(SOON).await.unwrap();
    phone.answer().await.unwrap();
    hears_tone(&customer, AGENTS_TONE, SOON).await.unwrap();
    customer.hang_up().await.unwrap();
    phone.wait_closed(SOON).await.unwrap();
    let notes = desk.reads("/api/me/notes", |notes| notes["items"][0]["call"].is_string()).await.unwrap();
    let path = format!("/api/calls/{}/note", notes["items"][0]["call"].as_str().unwrap());
    let typed = json!({ "note": "wants the blue one" });
    desk.person.put(&path, &typed).await.unwrap();
    house.server.kill().await.unwrap();
    house.server.start_again().await.unwrap();
    let notes = desk.person.get("/api/me/notes").await.unwrap();
    assert_eq!(notes["items"][0]["written"]["note"], typed["note"], "{notes:#}");
    desk.is_in("wrap_up").await.unwrap();
    let waiting = people::customer(&house, STRANGER, SUPPORT).await.unwrap();
    hears_speech(&waiting, SOON).await.unwrap();
    // Longer than the wrap-up should be: that nothing rings within this is what is looked at.
    assert!(phone.wait_incoming(Duration::from_secs(3)).await.is_err(), "it rings before the note is saved");
    desk.person.post(&format!("{path}/save"), &typed).await.unwrap();
    phone.wait_incoming(SOON).await.unwrap();
    desk.reads("/api/me/notes", |notes| notes["items"] == json!([])).await.unwrap();
}
