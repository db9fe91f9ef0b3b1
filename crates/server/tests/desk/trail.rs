//! Who opens what customers have said leaves a trace, and closed entries show nothing of other groups.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use nohold_app::ports::Role;
use serde_json::{Value, json};

use super::client::Answer;
use super::house::{House, queue_600, renewals};

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

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_closed_entries_are_full_and_their_cursors_tell_nothing() {
    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    let sue = house.person("sue", Role::Supervisor, None, None).await;
    // Every other one is another group's, and so are the oldest.
    let mut own = Vec::new();
    for n in 1..=14 {
        let mine = n > 4 && n % 2 == 0;
        let entry = house.request(n, if mine { queue_600() } else { renewals() }).await.to_string();
        let cancel = house.ask("POST", &format!("/api/entries/{entry}/cancel")).token(&sue).json(&json!({}));
        cancel.send().await.expect(200);
        if mine {
            own.insert(0, entry);
        }
    }
    assert_eq!(own.len(), 5);
    let ids = |page: &Value| -> Vec<String> {
        page["items"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    let first = get(&house, &ada, "/api/entries/closed?limit=3").await.expect(200).json();
    assert_eq!(ids(&first), own[..3], "a page is filled");
    let next = first["next"].as_str().unwrap();
    let rest = get(&house, &ada, &format!("/api/entries/closed?limit=3&after={next}")).await.expect(200).json();
    assert_eq!((ids(&rest), &rest["next"]), (own[3..].to_vec(), &Value::Null), "nothing tells that others have more");
    let exact = get(&house, &ada, "/api/entries/closed?limit=5").await.expect(200).json();
    assert_eq!((ids(&exact), &exact["next"]), (own.clone(), &Value::Null));
    // A cursor is a sealed letter, for whoever got it and for the question it answers.
    let bytes: Vec<u8> =
        (0..next.len()).step_by(2).map(|at| u8::from_str_radix(&next[at..at + 2], 16).unwrap()).collect();
    let readable = String::from_utf8_lossy(&bytes);
    assert!(!readable.contains("entry") && !readable.contains("cbr") && !readable.contains("closed"), "{readable}");
    for (token, query) in [(&sue, "limit=3"), (&ada, "limit=3&reason=done"), (&ada, "limit=3&number=%2B8613800138006")]
    {
        get(&house, token, &format!("/api/entries/closed?{query}&after={next}")).await.refused(422, "invalid");
    }
    get(&house, &ada, "/api/entries/closed?after=1772416800000.entry_1").await.refused(422, "invalid");
}
