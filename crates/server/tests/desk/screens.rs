//! Live screens: going on after a break, rights that change, and clients that misbehave.

use nohold_app::ports::{Accounts as _, Role, User};
use nohold_server::access::fingerprint;
use serde_json::json;
use tokio_tungstenite::tungstenite::Error;

use super::house::{House, directory, queue_600, renewals, user};
use super::socket::Live;

#[tokio::test(flavor = "multi_thread")]
async fn a_screen_goes_on_from_its_cursor() {
    let house = House::new().await;
    let sue = house.person("sue", Role::Supervisor, None, None).await;
    let sam = house.person("sam", Role::Supervisor, None, Some(&["renewals"])).await;
    let mut live = Live::open(&house, &sue, None).await;
    assert_eq!(live.first["type"], "snapshot");
    let seen = house.request(1, queue_600()).await;
    live.reminder().await;
    let cursor = live.cursor.clone();
    drop(live);
    let missed = house.request(2, queue_600()).await;
    let again = Live::open(&house, &sue, Some(&cursor)).await;
    assert_eq!(again.first["type"], "changes");
    let changes = again.first["changes"].as_array().unwrap();
    let entries: Vec<_> = changes.iter().filter(|change| change["type"] == "entry").collect();
    assert_eq!(entries.len(), 1, "{entries:?}");
    assert_eq!(entries[0]["entry"]["id"], json!(missed));
    assert_ne!(seen, missed);
    assert_eq!(again.first["total"], 2);
    for cursor in ["", "1", "0-0-0-0", &format!("{cursor}0"), &"9".repeat(4_000)] {
        let live = Live::open(&house, &sue, Some(cursor)).await;
        assert_eq!(live.first["type"], "snapshot", "{cursor}");
    }
    let other = Live::open(&house, &sam, Some(&cursor)).await;
    assert_eq!(other.first["type"], "snapshot", "a cursor is good for its viewer alone");
    assert_eq!(other.first["entries"]["total"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_see_something_else_is_shown_everything_anew() {
    let house = House::new().await;
    let bob = house.person("bob", Role::Supervisor, None, Some(&["renewals"])).await;
    house.request(1, queue_600()).await;
    house.request(2, renewals()).await;
    let mut live = Live::open(&house, &bob, None).await;
    let queues = |all: &serde_json::Value| all["queues"].as_array().unwrap().iter().any(|queue| queue["key"] == "600");
    assert_eq!((&live.first["entries"]["total"], queues(&live.first)), (&json!(1), false));
    let changed = user("bob", 1, Role::Supervisor, None, Some(&["support-a", "renewals"]), house.now());
    house.store.keep_user(changed).await.unwrap();
    let all = live.next().await;
    assert_eq!((&all["type"], &all["entries"]["total"]), (&json!("snapshot"), &json!(2)));
    assert!(queues(&all));
    assert_eq!(all["me"]["groups"], json!(["renewals", "support-a"]));
    house.node.configure(directory());
    assert_eq!(live.next().await["type"], "snapshot", "another configuration");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_sign_in_closes_its_screens() {
    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    let mut live = Live::open(&house, &ada, None).await;
    house.store.end_pass(fingerprint(&ada)).await.unwrap();
    assert_eq!(live.closed().await, 4401);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_disabled_or_removed_is_told_that_no_sign_in_helps() {
    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    let bob = house.person("bob", Role::Agent, Some("2001"), None).await;
    let (mut disabled, mut removed) = (Live::open(&house, &ada, None).await, Live::open(&house, &bob, None).await);
    let ada = user("ada", 1, Role::Agent, Some("2000"), None, house.now());
    house.store.keep_user(User { disabled: true, ..ada }).await.unwrap();
    assert_eq!(disabled.closed().await, 4403);
    house.store.remove_user("bob").await.unwrap();
    assert_eq!(removed.closed().await, 4403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_server_is_not_let_in() {
    let house = House::new().await;
    house.person("ada", Role::Agent, Some("2000"), None).await;
    let cookie = house.cookie("ada").await;
    let own = format!("http://{}", house.address);
    let live = Live::with(&house, &[("cookie", &cookie), ("origin", &own)], None).await.unwrap();
    assert_eq!(live.first["me"]["agent"], "2000");
    for headers in [&[("cookie", &*cookie), ("origin", "http://evil.example")][..], &[("cookie", &cookie)], &[]] {
        let refused = Live::with(&house, headers, None).await.map(|_| ()).unwrap_err();
        let Error::Http(response) = refused else { panic!("{refused}") };
        assert!([401, 403].contains(&response.status().as_u16()), "{:?}", response.status());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_client_says_means_nothing_and_too_much_of_it_ends_the_connection() {
    let house = House::new().await;
    let sue = house.person("sue", Role::Supervisor, None, None).await;
    let mut live = Live::open(&house, &sue, None).await;
    live.say(r#"{"type":"entry_gone"}"#).await;
    house.request(1, queue_600()).await;
    live.reminder().await;
    live.say(&"x".repeat(10_000)).await;
    assert_eq!(live.closed().await, 1008);
    let mut chatty = Live::open(&house, &sue, None).await;
    for _ in 0..200 {
        chatty.say("hello").await;
    }
    assert_eq!(chatty.closed().await, 1008);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_user_opens_so_many_screens_and_no_more() {
    let house = House::new().await;
    let sue = house.person("sue", Role::Supervisor, None, None).await;
    let mut open = Vec::new();
    for _ in 0..20 {
        open.push(Live::open(&house, &sue, None).await);
    }
    let authorization = format!("Bearer {sue}");
    let one_more = Live::with(&house, &[("authorization", &authorization)], None).await.map(|_| ()).unwrap_err();
    assert!(matches!(one_more, Error::Http(response) if response.status() == 409));
}
