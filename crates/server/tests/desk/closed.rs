//! Closed entries: in pages that show nothing of other groups, and by what is looked for in them.

use std::collections::BTreeSet;

use nohold_app::ports::{Accounts as _, Role, User};
use serde_json::{Value, json};

use super::client::Answer;
use super::house::{House, queue_600, renewals, user};

async fn get(house: &House, token: &str, path: &str) -> Answer {
    house.ask("GET", path).token(token).send().await
}

fn ids(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
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
    for (token, query) in [
        (&sue, "limit=3"),
        (&ada, "limit=3&reason=done"),
        (&ada, "limit=3&number=%2B8613800138006"),
        (&ada, "limit=3&q=8006"),
    ] {
        get(&house, token, &format!("/api/entries/closed?{query}&after={next}")).await.refused(422, "invalid");
    }
    get(&house, &ada, "/api/entries/closed?after=1772416800000.entry_1").await.refused(422, "invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_entry_is_found_by_number_name_and_note_and_hidden_digits_are_not_guessed() {
    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    let sue = house.person("sue", Role::Supervisor, None, None).await;
    let blind = user("bo", 0, Role::Agent, Some("2000"), None, house.now());
    house.store.keep_user(User { may: Some(BTreeSet::new()), ..blind }).await.unwrap();
    let bo = house.token("bo", &["read", "desk"]).await;
    let mut closed = Vec::new();
    for n in 1..=6 {
        let entry = house.request(n, if n < 6 { queue_600() } else { renewals() }).await.to_string();
        let close = house.ask("POST", &format!("/api/entries/{entry}/outcome")).token(&sue);
        let note = if n == 5 { "Wants the Blue one" } else { "" };
        close.json(&json!({ "outcome": "close", "note": note })).send().await.expect(200);
        closed.push(entry);
    }
    for contact in [
        json!({ "name": "Wang Li", "numbers": ["13800138001", "13800138006"] }),
        json!({ "name": "Flat 8138 Bo", "numbers": ["13800138002"] }),
    ] {
        house.ask("POST", "/api/contacts").token(&sue).json(&contact).send().await.expect(201);
    }
    let find = async |token: &str, q: &str| {
        let page = get(&house, token, &format!("/api/entries/closed?reason=done&q={q}")).await.expect(200).json();
        let found = ids(&page);
        let places = closed.iter().enumerate().filter(|(_, id)| found.contains(id)).map(|(at, _)| at + 1);
        places.collect::<Vec<_>>()
    };
    assert_eq!(find(&ada, "13800138004").await, [4]);
    assert_eq!(find(&ada, "013800138004").await, [4], "as it is dialled from elsewhere");
    assert_eq!(find(&ada, "%2B86%20138%200013%208004").await, [4]);
    assert_eq!(find(&ada, "wang").await, [1], "and not what is another group's");
    assert_eq!(find(&sue, "WANG").await, [1, 6]);
    assert_eq!(find(&ada, "blue").await, [5]);
    // Page by page nothing comes twice, and the number that was meant stands in front.
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/entries/closed?q=13800138001&limit=2{after}");
        let page = get(&house, &sue, &path).await.expect(200).json();
        all.extend(ids(&page));
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(all, closed[..1]);
    let searched = |limit: u8, after: &str| format!("/api/entries/closed?q=138&limit={limit}{after}");
    let page = get(&house, &sue, &searched(2, "")).await.expect(200).json();
    let after = format!("&after={}", page["next"].as_str().unwrap());
    get(&house, &sue, &searched(2, &after)).await.expect(200);
    get(&house, &sue, &searched(3, &after)).await.refused(422, "invalid");
    assert_eq!(find(&sue, "13800138001&limit=1").await, [1]);
    assert_eq!(find(&ada, "8138").await, [2], "digits of a name");
    assert_eq!(find(&ada, "nobody").await, [0; 0]);
    assert_eq!(find(&ada, "Wang%201").await, [0; 0], "who writes words means no number");
    assert_eq!(find(&sue, "wang&service=support").await, [1]);
    assert_eq!(find(&sue, "wang&service=nothing").await, [0; 0]);
    // Whom numbers are hidden from: 138****8004 is what they see.
    assert_eq!(find(&bo, "wang").await, [1]);
    assert_eq!(find(&bo, "8004").await, [4]);
    assert_eq!(find(&bo, "138****8004").await, [4], "as it stands there");
    assert_eq!(find(&bo, "138").await, [1, 2, 3, 4, 5]);
    for guess in ["13800138004", "0138001", "08004", "1388004", "8138"] {
        let found = find(&bo, guess).await;
        assert!(found.is_empty() || guess == "08004" && found == [4], "{guess} told of {found:?}");
    }
    let names = async |token: &str| {
        let asked = format!("/api/entries/names?entries={},{}", closed[0], closed[5]);
        get(&house, token, &asked).await.expect(200).json()["names"].as_object().unwrap().len()
    };
    assert_eq!((names(&sue).await, names(&bo).await), (2, 1), "by entry, closed as well, and none of other groups");
    for q in ["", "%20", &"x".repeat(101)] {
        get(&house, &ada, &format!("/api/entries/closed?q={q}")).await.refused(422, "invalid");
    }
}
