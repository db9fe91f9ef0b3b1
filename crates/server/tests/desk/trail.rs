//! Who opens what customers have said leaves a trace.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use nohold_app::ports::Role;
use serde_json::{Value, json};

use super::client::Answer;
use super::house::{House, queue_600};

async fn get(house: &House, token: &str, path: &str) -> Answer {
    house.ask("GET", path).token(token).send().await
}

async fn lines(house: &House, anna: &str, query: &str) -> Vec<Value> {
    let page = get(house, anna, &format!("/api/audit?limit=200&{query}")).await.expect(200).json();
    page["items"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_opens_a_message_is_written_down_first_and_nothing_opens_where_that_cannot_be() {
    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    let cara = house.person("cara", Role::Agent, Some("2001"), None).await;
    house.person("anna", Role::Administrator, None, None).await;
    let anna = house.token("anna", &["accounts"]).await;
    let message = house.message(1, queue_600()).await;
    std::fs::write(house.folder.join(format!("{message}.wav")), "RIFF of a message").unwrap();
    let at = format!("/api/messages/{message}/audio");
    let of_it = format!("object={message}");

    house.audit_fails.store(true, Ordering::SeqCst);
    get(&house, &ada, &at).await.refused(503, "not_written_down");
    assert_eq!(lines(&house, &anna, &of_it).await, Vec::<Value>::new());
    house.audit_fails.store(false, Ordering::SeqCst);

    // The line stands when the first byte arrives.
    get(&house, &ada, &at).await.expect(200);
    let found = lines(&house, &anna, &of_it).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((&found[0]["who"], &found[0]["route"]), (&json!("ada"), &json!("/api/messages/{id}/audio")));
    // A player that goes on asking for pieces has opened it once.
    for _ in 0..3 {
        house.ask("GET", &at).token(&ada).header("range", "bytes=5-6").send().await.expect(206);
    }
    assert_eq!(lines(&house, &anna, &of_it).await.len(), 1);
    // Whoever else opens it leaves a line, and so does who may not.
    get(&house, &cara, &at).await.expect(200);
    let ray = house.person("ray", Role::Agent, Some("2003"), None).await;
    get(&house, &ray, &at).await.refused(404, "not_found");
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let told: Vec<Value> = lines(&house, &anna, &of_it).await;
        let by = |who: &str| told.iter().find(|line| line["who"] == who).map(|line| line["status"].clone());
        if (by("ada"), by("cara"), by("ray")) == (Some(json!(200)), Some(json!(200)), Some(json!(404))) {
            assert_eq!(told.len(), 3, "{told:?}");
            break;
        }
        assert!(Instant::now() < end, "{told:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    house.audit_fails.store(true, Ordering::SeqCst);
    get(&house, &anna, "/api/users").await.expect(200);
    assert!(!get(&house, &ada, "/api/entries").await.text.is_empty(), "what opens nothing needs no line");
}
