//! Who is told of a request, how fast, and who is not; what the missed-call list shows.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nohold_e2e::desk::Desk;
use nohold_e2e::house::{CUSTOMER, House, SOON, SUPPORT, Wishes};
use nohold_e2e::people;
use nohold_e2e::sipp::Counts;
use serde_json::{Value, json};

/// A reminder is there so soon after the commit.
const AT_ONCE: i64 = 200;

/// Milliseconds since 1970, as the server counts them.
fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// The menu with a callback request for this object.
fn menu_for(object: &Value) -> Wishes {
    let flow = json!({
        "key": "menu", "name": "Menu", "kind": { "type": "main", "internal_number": "713" },
        "nodes": {
            "start": { "action": { "type": "start" }, "exits": { "next": "menu" } },
            "menu": {
                "action": { "type": "collect", "prompts": [{ "prompt": "queue-menu" }] },
                "branches": [{ "source": "inputcode", "condition": { "equals": "2" }, "target": "callback" }],
            },
            "callback": { "action": { "type": "callback", "object": object } },
        },
    });
    Wishes {
        menu: "menu",
        files: vec![("menu.json", flow.to_string())],
        more: "[flows.menu]\nfile = \"menu.json\"".into(),
        ..Wishes::with_callback_key()
    }
}

#[tokio::test]
async fn at_03_the_request_holds_what_the_caller_said_and_heard() {
    let house = House::open(Wishes::with_callback_key()).await.unwrap();
    let desk = Desk::agent_at_work(&house, "2002").await.unwrap();
    let before = now();
    people::asks_to_be_called(&house, CUSTOMER).await.unwrap();
    let entry = desk.sees("the request", |entry| entry["number"] == CUSTOMER).await.unwrap();
    let request = &entry["request"];
    assert_eq!(entry["section"], "requests", "{entry:#}");
    assert_eq!(entry["target"], json!({ "service": "support", "group": "support-b" }), "{entry:#}");
    assert_eq!((&request["called"], &request["queue"]), (&json!(SUPPORT), &json!("600")), "{entry:#}");
    assert_eq!((&request["prompts"], &request["key"]), (&json!(["queue-menu"]), &json!("2")), "{entry:#}");
    let path: Vec<&str> = request["path"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(path.iter().any(|step| step.contains("menu")), "{entry:#}");
    let (place, asked) = (entry["place"].as_i64().unwrap(), request["asked"].as_i64().unwrap());
    assert!(before <= place && place < asked && asked <= now(), "{entry:#}");
    assert!(request["promise"]["to"].as_i64().unwrap() > asked, "{entry:#}");
}

#[tokio::test]
async fn at_04_the_chosen_group_and_its_supervisors_are_reminded_at_once_and_nobody_else() {
    let house = House::open(Wishes::with_callback_key()).await.unwrap();
    let mut available = Desk::agent_at_work(&house, "2002").await.unwrap();
    let mut on_break = Desk::agent_at_work(&house, "2003").await.unwrap();
    on_break.does("break").await.unwrap();
    let mut other_group = Desk::agent_at_work(&house, "2000").await.unwrap();
    let mut campaign = Desk::agent_at_work(&house, "2004").await.unwrap();
    let mut supervisor = Desk::supervisor(&house, "support-b").await.unwrap();
    let mut others_supervisor = Desk::supervisor(&house, "support-a").await.unwrap();
    let (mut caller, _) = people::customer_at_the_menu(&house, CUSTOMER).await.unwrap();
    caller.press("2").await.unwrap();
    let first = available.reminder(SOON).await.unwrap();
    let seen = now();
    let late = seen - first["since"].as_i64().unwrap();
    assert!(late <= AT_ONCE, "the reminder came {late} ms after the request");
    assert_eq!((&first["kind"], &first["sounds"]), (&json!("request"), &json!(true)), "{first}");
    let second = on_break.reminder(SOON).await.unwrap();
    assert_eq!(second["sounds"], false, "who is on break is not disturbed");
    let third = supervisor.reminder(SOON).await.unwrap();
    assert!(first["entry"] == second["entry"] && second["entry"] == third["entry"], "{first} {second} {third}");
    // Once per person, and nobody else.
    let (left, right) =
        tokio::join!(async { tokio::try_join!(other_group.is_left_alone(), campaign.is_left_alone()) }, async {
            tokio::try_join!(others_supervisor.is_left_alone(), available.is_left_alone())
        });
    left.unwrap();
    right.unwrap();
    // Withdrawn on claim.
    available.works(&first["entry"], "claim", json!({})).await.unwrap();
    on_break.withdrawn(&second["id"]).await.unwrap();
    supervisor.withdrawn(&third["id"]).await.unwrap();
}

#[tokio::test]
async fn at_04_who_talks_is_reminded_without_a_sound() {
    let house = House::open(Wishes::with_callback_key()).await.unwrap();
    let mut desk = Desk::agent(&house, "2002").await.unwrap();
    let mut agent = people::agent(&house, "2002").await.unwrap();
    let talking = people::customer(&house, "+8613900139001", SUPPORT).await.unwrap();
    agent.wait_incoming(SOON).await.unwrap();
    agent.answer().await.unwrap();
    nohold_e2e::ear::hears_tone(&talking, people::AGENTS_TONE, SOON).await.unwrap();
    people::asks_to_be_called(&house, CUSTOMER).await.unwrap();
    assert_eq!(desk.reminder(SOON).await.unwrap()["sounds"], false);
}

#[tokio::test]
async fn at_05_callers_who_hang_up_are_one_line_below_the_requests_and_remind_nobody() {
    let house = House::open(Wishes::with_callback_key()).await.unwrap();
    let mut desk = Desk::agent_at_work(&house, "2002").await.unwrap();
    desk.does("not_ready").await.unwrap();
    let sipp = |scenario| people::customer_at_sipp(&house, scenario, SUPPORT).unwrap();
    let short = sipp("call").calls(4, 4).call(house.address()).await.unwrap();
    assert_eq!(short, Counts { successful: 4, failed: 0 });
    let missed = desk.sees("four calls", |entry| entry["count"] == 4).await.unwrap();
    assert_eq!((&missed["section"], &missed["short"]), (&json!("missed"), &json!(true)), "{missed:#}");
    assert_eq!(desk.list().await.unwrap(), [] as [Value; 0], "short abandons are hidden by default");
    // One that waits longer than five seconds is no short abandon, and the line counts all.
    let long = sipp("patient").with(&["-d", "6000"]).call(house.address()).await.unwrap();
    assert_eq!(long, Counts { successful: 1, failed: 0 });
    let missed = desk.sees("five calls", |entry| entry["count"] == 5).await.unwrap();
    assert_eq!((&missed["short"], &missed["missed"]["short"]), (&json!(false), &json!(4)), "{missed:#}");
    desk.is_left_alone().await.unwrap();
    people::asks_to_be_called(&house, "+8613900139001").await.unwrap();
    desk.reminder(SOON).await.unwrap();
    let sections: Vec<Value> = desk.list().await.unwrap().iter().map(|entry| entry["section"].clone()).collect();
    assert_eq!(sections, ["requests", "missed"]);
}

#[tokio::test]
async fn at_09_a_campaign_as_object_reminds_its_agents_alone() {
    let house = House::open(menu_for(&json!({ "kind": "campaign", "campaign": "renewals" }))).await.unwrap();
    let mut meant = Desk::agent_at_work(&house, "2004").await.unwrap();
    let (mut a, mut b) =
        (Desk::agent_at_work(&house, "2000").await.unwrap(), Desk::agent_at_work(&house, "2002").await.unwrap());
    for desk in [&meant, &a, &b] {
        desk.does("not_ready").await.unwrap();
    }
    people::asks_to_be_called(&house, CUSTOMER).await.unwrap();
    meant.reminder(SOON).await.unwrap();
    let alone = tokio::try_join!(a.is_left_alone(), b.is_left_alone());
    alone.unwrap();
    assert_eq!(meant.list().await.unwrap()[0]["target"], json!({ "campaign": "renewals" }));
    // Nor is a number that is keyed in added to the contacts, neither at the request nor later.
    let (mut nameless, mut ear) = people::customer_at_the_menu(&house, "anonymous").await.unwrap();
    nameless.press("2").await.unwrap();
    ear.hears_begin(&nameless, "number-ask", SOON).await.unwrap();
    nameless.press("13900139001#").await.unwrap();
    ear.hears_begin(&nameless, "number-heard", SOON).await.unwrap();
    nameless.press("1").await.unwrap();
    ear.hears_begin(&nameless, "callback-thanks", SOON).await.unwrap();
    nameless.hang_up().await.unwrap();
    let keyed = meant.sees("the number that was keyed", |entry| entry["number"] == "+8613900139001").await.unwrap();
    assert_eq!(keyed["target"], json!({ "campaign": "renewals" }), "{keyed:#}");
    let administrator = house.server.administrator().unwrap();
    let contacts = administrator.get("/api/contacts").await.unwrap();
    assert_eq!(contacts["items"], json!([]), "{contacts:#}");
    let campaign = administrator.get("/api/configuration/campaigns/renewals").await.unwrap();
    assert!(!campaign.to_string().contains("13900139001"), "{campaign:#}");
}

#[tokio::test]
async fn at_10_a_group_of_a_service_as_object_reminds_that_group_alone() {
    let object = json!({ "kind": "service", "service": "support", "group": "support-a" });
    let house = House::open(menu_for(&object)).await.unwrap();
    let mut meant = Desk::agent_at_work(&house, "2001").await.unwrap();
    let mut b = Desk::agent_at_work(&house, "2002").await.unwrap();
    for desk in [&meant, &b] {
        desk.does("not_ready").await.unwrap();
    }
    people::asks_to_be_called(&house, CUSTOMER).await.unwrap();
    meant.reminder(SOON).await.unwrap();
    b.is_left_alone().await.unwrap();
}

#[tokio::test]
async fn at_25_without_an_object_all_agents_of_the_queue_are_reminded_and_nobody_else() {
    let house = House::open(menu_for(&json!({ "kind": "queue" }))).await.unwrap();
    let (mut a, mut b) =
        (Desk::agent_at_work(&house, "2000").await.unwrap(), Desk::agent_at_work(&house, "2002").await.unwrap());
    let mut other = Desk::agent_at_work(&house, "2004").await.unwrap();
    for desk in [&a, &b, &other] {
        desk.does("not_ready").await.unwrap();
    }
    people::asks_to_be_called(&house, CUSTOMER).await.unwrap();
    a.reminder(SOON).await.unwrap();
    b.reminder(SOON).await.unwrap();
    other.is_left_alone().await.unwrap();
}

#[tokio::test]
async fn at_18_the_reminder_waits_for_the_sign_in() {
    let house = House::open(Wishes::with_callback_key()).await.unwrap();
    let mut desk = Desk::agent(&house, "2002").await.unwrap();
    people::asks_to_be_called(&house, CUSTOMER).await.unwrap();
    let entry = desk.sees("the request", |entry| entry["number"] == CUSTOMER).await.unwrap();
    desk.is_left_alone().await.unwrap();
    // By the star code on the phone.
    people::agent(&house, "2002").await.unwrap();
    let reminder = desk.reminder(SOON).await.unwrap();
    assert_eq!(reminder["entry"], entry["id"]);
    desk.does("sign_out").await.unwrap();
    desk.withdrawn(&reminder["id"]).await.unwrap();
}

#[tokio::test]
async fn at_24_who_hangs_up_in_the_menu_or_while_keying_is_one_missed_call() {
    let house = House::open(Wishes::with_callback_key()).await.unwrap();
    let mut desk = Desk::agent_at_work(&house, "2002").await.unwrap();
    desk.does("not_ready").await.unwrap();
    let (mut caller, _) = people::customer_at_the_menu(&house, CUSTOMER).await.unwrap();
    caller.hang_up().await.unwrap();
    let missed = desk.sees("the missed call", |entry| entry["number"] == CUSTOMER).await.unwrap();
    assert_eq!((&missed["section"], &missed["count"]), (&json!("missed"), &json!(1)), "{missed:#}");
    assert_eq!(missed["missed"]["left_at"], "menu", "{missed:#}");
    let (mut nameless, mut ear) = people::customer_at_the_menu(&house, "anonymous").await.unwrap();
    nameless.press("2").await.unwrap();
    ear.hears_begin(&nameless, "number-ask", SOON).await.unwrap();
    nameless.press("13900139001#").await.unwrap();
    ear.hears_begin(&nameless, "number-heard", SOON).await.unwrap();
    nameless.hang_up().await.unwrap();
    let missed = desk.sees("the second missed call", |entry| entry["number"].is_null()).await.unwrap();
    assert_eq!((&missed["section"], &missed["count"]), (&json!("missed"), &json!(1)), "{missed:#}");
    assert_eq!((&missed["missed"]["left_at"], &missed["request"]), (&json!("menu"), &json!(null)), "{missed:#}");
    desk.is_left_alone().await.unwrap();
    assert_eq!(desk.list().await.unwrap().len(), 2, "one line each");
}

#[tokio::test]
async fn at_06_a_message_is_listed_for_its_group_and_can_be_listened_to_and_an_empty_one_is_a_missed_call() {
    let house = House::open(Wishes::with_callback_key()).await.unwrap();
    let mut desk = Desk::agent_at_work(&house, "2002").await.unwrap();
    desk.does("not_ready").await.unwrap();
    for (number, seconds) in [(CUSTOMER, 4), ("+8613900139001", 0)] {
        let mut caller = house.calls(number, SUPPORT).await.unwrap();
        caller.wait_answered(SOON).await.unwrap();
        caller.wait_speech(SOON).await.unwrap();
        let mut ear = nohold_e2e::ear::Ear::new("en");
        caller.press("2").await.unwrap();
        ear.hears_begin(&caller, "queue-menu", SOON).await.unwrap();
        caller.press("3").await.unwrap();
        ear.hears_begin(&caller, "message-greeting", SOON).await.unwrap();
        caller.press("#").await.unwrap();
        caller.wait_heard("the tone", SOON, |heard| heard.tone().is_some()).await.unwrap();
        caller.wait_silence(SOON).await.unwrap();
        caller.play_tone(people::CUSTOMERS_TONE);
        // The length of the message.
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        caller.hang_up().await.unwrap();
    }
    let entry = desk.sees("the message", |entry| entry["number"] == CUSTOMER).await.unwrap();
    assert_eq!(entry["section"], "messages", "{entry:#}");
    assert_eq!(entry["messages"].as_array().map(Vec::len), Some(1), "{entry:#}");
    let missed = desk.sees("the empty message", |entry| entry["number"] == "+8613900139001").await.unwrap();
    assert_eq!(missed["section"], "missed", "{missed:#}");
    desk.is_left_alone().await.unwrap();
}
