//! Contacts, one by one and in files.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use nohold_app::ports::{Accounts as _, Permission, Role, User};
use nohold_core::fact::{CallEnd, Fact};
use nohold_model::Millis;
use serde_json::{Value, json};

use super::client::Answer;
use super::house::{House, agent, customer, queue_600, user};

async fn post(house: &House, token: &str, path: &str, body: Value) -> Answer {
    house.ask("POST", path).token(token).json(&body).send().await
}

async fn get(house: &House, token: &str, path: &str) -> Answer {
    house.ask("GET", path).token(token).send().await
}

fn names(answer: &Answer) -> Vec<String> {
    let items = answer.json()["items"].as_array().unwrap().clone();
    items.iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_is_made_found_changed_by_who_has_seen_it_and_removed() {
    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    let sue = house.person("sue", Role::Supervisor, None, None).await;
    let wang = json!({ "name": "王芳", "numbers": ["138 0013 8001"], "company": "Lotus", "tags": ["vip"] });
    let made = post(&house, &ada, "/api/contacts", wang.clone()).await.expect(201);
    let id = made.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(made.json()["numbers"], json!(["+8613800138001"]));
    post(&house, &ada, "/api/contacts", json!({ "name": "x", "numbers": ["+8613800138001"] }))
        .await
        .refused(409, "number_taken");
    post(&house, &ada, "/api/contacts", json!({ "name": " " })).await.refused(422, "invalid");
    post(&house, &ada, "/api/contacts", json!({ "name": "Bo 100%_", "email": "no" })).await.refused(422, "invalid");
    post(&house, &ada, "/api/contacts", json!({ "name": "Bo 100%_" })).await.expect(201);
    for (asked, found) in [
        ("王", vec!["王芳"]),
        ("lotus", vec!["王芳"]),
        ("0138-0013", vec!["王芳"]),
        ("8001", vec!["王芳"]),
        ("%25_", vec!["Bo 100%_"]),
        ("", vec!["王芳", "Bo 100%_"]),
    ] {
        let answer =
            get(&house, &ada, &format!("/api/contacts?q={}", asked.replace('王', "%E7%8E%8B"))).await.expect(200);
        assert_eq!(names(&answer), found, "{asked}");
    }
    let first = get(&house, &ada, "/api/contacts?limit=1").await.expect(200);
    let after = first.json()["next"].as_str().unwrap().to_owned();
    let second = get(&house, &ada, &format!("/api/contacts?limit=1&after={after}")).await.expect(200);
    assert_eq!((names(&second), &second.json()["next"]), (vec!["Bo 100%_".to_owned()], &Value::Null));
    // A cursor holds for whoever got it and what they asked for, and goes on where its contact is gone.
    get(&house, &sue, &format!("/api/contacts?limit=1&after={after}")).await.refused(422, "invalid");
    get(&house, &ada, &format!("/api/contacts?limit=1&q=o&after={after}")).await.refused(422, "invalid");
    let long = json!({ "name": "𰻞".repeat(200) });
    let long = post(&house, &sue, "/api/contacts", long).await.expect(201).json()["id"].as_str().unwrap().to_owned();
    let before = get(&house, &ada, "/api/contacts?limit=2").await.expect(200).json();
    assert_eq!(before["items"][1]["id"], json!(long));
    house
        .ask("DELETE", &format!("/api/contacts/{long}"))
        .token(&sue)
        .header("if-match", "\"0\"")
        .send()
        .await
        .expect(204);
    let next = format!("/api/contacts?limit=2&after={}", before["next"].as_str().unwrap());
    assert_eq!(names(&get(&house, &ada, &next).await.expect(200)), ["Bo 100%_"]);
    let path = format!("/api/contacts/{id}");
    let noted = post(&house, &ada, &format!("{path}/notes"), json!({ "text": "likes tea" })).await.expect(201);
    assert_eq!((&noted.json()["notes"][0]["by"], &noted.json()["version"]), (&json!("ada"), &json!(1)));
    let put = |tag: &'static str| house.ask("PUT", &path).token(&ada).header("if-match", tag).json(&wang);
    put("\"0\"").send().await.refused(412, "changed");
    let changed = put("\"1\"").send().await.expect(200);
    assert_eq!(changed.json()["notes"][0]["text"], "likes tea", "notes stay");
    house.ask("DELETE", &path).token(&ada).send().await.refused(403, "role_too_small");
    house.ask("DELETE", &path).token(&sue).header("if-match", "\"2\"").send().await.expect(204);
    get(&house, &ada, &path).await.refused(404, "not_found");
    post(&house, &ada, "/api/contacts", wang).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_contacts_become_one_and_can_be_taken_apart_again() {
    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    let make = async |body: Value| {
        let made = post(&house, &ada, "/api/contacts", body).await.expect(201);
        made.json()["id"].as_str().unwrap().to_owned()
    };
    let one = make(json!({ "name": "Wang Fang", "numbers": ["+8613800138001"] })).await;
    let other = make(json!({ "name": "Fang", "numbers": ["+8613800138002"], "company": "Lotus" })).await;
    post(&house, &ada, &format!("/api/contacts/{other}/notes"), json!({ "text": "likes tea" })).await.expect(201);
    let merge = |version: u64| json!({ "from": other, "from_version": 1, "version": version });
    post(&house, &ada, &format!("/api/contacts/{one}/merge"), merge(7)).await.refused(409, "changed_meanwhile");
    let merged = post(&house, &ada, &format!("/api/contacts/{one}/merge"), merge(0)).await.expect(200);
    assert_eq!(merged.json()["numbers"], json!(["+8613800138001", "+8613800138002"]));
    assert_eq!((&merged.json()["company"], &merged.json()["notes"][0]["text"]), (&json!("Lotus"), &json!("likes tea")));
    get(&house, &ada, &format!("/api/contacts/{other}")).await.refused(404, "not_found");
    assert_eq!(names(&get(&house, &ada, "/api/contacts?q=8002").await.expect(200)), ["Wang Fang"]);
    let back = post(&house, &ada, &format!("/api/contacts/{other}/part"), json!({})).await.expect(200);
    assert_eq!(back.json()["numbers"], json!(["+8613800138002"]));
    let left = get(&house, &ada, &format!("/api/contacts/{one}")).await.expect(200);
    assert_eq!((&left.json()["numbers"], &left.json()["notes"]), (&json!(["+8613800138001"]), &json!([])));
    post(&house, &ada, &format!("/api/contacts/{other}/part"), json!({})).await.refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_taken_over_whole_or_not_at_all_and_comes_back_as_it_was() {
    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    let sue = house.person("sue", Role::Supervisor, None, None).await;
    post(&house, &ada, "/api/contacts", json!({ "name": "Known", "numbers": ["+8613800138001"] })).await.expect(201);
    let file =
        "\u{feff}姓名,号码,公司\r\nNew One,13800138002|13800138003,\"Tea, Ltd\"\r\nKnown Too,13800138001,=SUM(A1)\r\n";
    let bring = async |csv: &str, duplicates: &str, preview: bool| {
        let body = json!({ "csv": csv, "duplicates": duplicates, "preview": preview });
        post(&house, &sue, "/api/contacts/import", body).await
    };
    post(&house, &ada, "/api/contacts/import", json!({})).await.refused(403, "role_too_small");
    let seen = bring(file, "skip", true).await.expect(200).json();
    assert_eq!((&seen["done"], &seen["made"], &seen["skipped"]), (&json!(false), &json!([2]), &json!([3])));
    let wrong = bring(&format!("{file}Bad,12,x\r\n,1,\r\n"), "merge", false).await.expect(200).json();
    let lines: Vec<u64> =
        wrong["problems"].as_array().unwrap().iter().map(|one| one["line"].as_u64().unwrap()).collect();
    assert_eq!((&wrong["done"], lines), (&json!(false), vec![4, 5]));
    assert_eq!(names(&get(&house, &ada, "/api/contacts").await.expect(200)), ["Known"], "nothing half done");
    let done = bring(file, "merge", false).await.expect(200).json();
    assert_eq!((&done["done"], &done["made"], &done["merged"]), (&json!(true), &json!([2]), &json!([3])));
    bring("name,colour\nx,red", "skip", false).await.refused(422, "invalid");
    bring("name\n\"x", "skip", false).await.refused(422, "invalid");
    get(&house, &ada, "/api/contacts/export.csv").await.refused(403, "role_too_small");
    let masked = get(&house, &sue, "/api/contacts/export.csv").await.expect(200).text;
    assert!(masked.contains("138****8001") && !masked.contains("+86138"), "nobody has opened the numbers: {masked}");
    let taker = user("tom", 0, Role::Supervisor, None, None, house.now());
    let may = BTreeSet::from([Permission::SeeNumbers, Permission::ExportNumbers]);
    house.store.keep_user(User { may: Some(may), ..taker }).await.unwrap();
    let tom = house.token("tom", &["read", "desk"]).await;
    let text = get(&house, &tom, "/api/contacts/export.csv").await.expect(200).text;
    assert!(text.contains("Known,'+8613800138001,'=SUM(A1),"), "{text}");
    assert!(text.contains("\"Tea, Ltd\""), "{text}");
    let again = bring(&text, "skip", false).await.expect(200).json();
    assert_eq!((&again["made"], &again["problems"]), (&json!([]), &json!([])));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_stands_on_the_list_has_a_name_where_the_contacts_know_one() {
    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    let ren = house.person("ren", Role::Agent, Some("2003"), None).await;
    let sue = house.person("sue", Role::Supervisor, None, None).await;
    let (known, unknown) = (house.request(1, queue_600()).await, house.request(2, queue_600()).await);
    post(&house, &sue, "/api/contacts", json!({ "name": "Wang Li", "numbers": ["13800138001"] })).await.expect(201);
    let asked = format!("/api/entries/names?entries={known},{unknown}");
    let names = get(&house, &ada, &asked).await.expect(200).json();
    assert_eq!(names, json!({ "names": { known.to_string(): "Wang Li" } }));
    let others = get(&house, &ren, &asked).await.expect(200).json();
    assert_eq!(others, json!({ "names": {} }), "entries of other groups");
    get(&house, &ada, "/api/entries/names?entries=x").await.refused(422, "invalid");
    let many = vec![known.to_string(); 101].join(",");
    get(&house, &ada, &format!("/api/entries/names?entries={many}")).await.refused(422, "invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_however_many_with_such_a_name_all_who_stand_on_the_list_are_found() {
    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    let ren = house.person("ren", Role::Agent, Some("2003"), None).await;
    let sue = house.person("sue", Role::Supervisor, None, None).await;
    let (last, other) = (house.request(1, queue_600()).await, house.request(2, queue_600()).await);
    let mut file = String::from("name,numbers\nOther,13800138002\nZoe Chen,13800138001\n");
    for n in 0..1_500 {
        writeln!(file, "Chen {n:04},1390013{n:04}").unwrap();
    }
    let body = json!({ "csv": file, "duplicates": "skip", "preview": false });
    let brought = post(&house, &sue, "/api/contacts/import", body).await.expect(200).json();
    assert_eq!(brought["made"].as_array().unwrap().len(), 1_502);
    let named = async |token: &str, query: &str| get(&house, token, &format!("/api/entries/names?{query}")).await;
    let found = named(&ada, "q=CHEN").await.expect(200).json();
    assert_eq!(found, json!({ "names": { last.to_string(): "Zoe Chen" } }), "and not {other}");
    assert_eq!(named(&ren, "q=chen").await.expect(200).json(), json!({ "names": {} }), "entries of other groups");
    named(&ada, "q=%20").await.refused(422, "invalid");
    named(&ada, &format!("q={}", "x".repeat(101))).await.refused(422, "invalid");
    named(&ada, "").await.refused(422, "invalid");
    named(&ada, &format!("q=chen&entries={last}")).await.refused(422, "invalid");
    // Who sees no numbers finds names, and no digits in them.
    let blind = user("bo", 0, Role::Agent, Some("2001"), None, house.now());
    house.store.keep_user(User { may: Some(BTreeSet::new()), ..blind }).await.unwrap();
    let bo = house.token("bo", &["read", "desk"]).await;
    assert_eq!(named(&bo, "q=chen").await.expect(200).json(), found);
    named(&bo, "q=chen%20000").await.refused(422, "invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_in_a_call_has_a_name_for_who_sees_the_call_and_not_the_number() {
    let house = House::new().await;
    let sue = house.person("sue", Role::Supervisor, None, None).await;
    let ren = house.person("ren", Role::Agent, Some("2003"), None).await;
    let blind = user("bo", 0, Role::Agent, Some("2000"), None, house.now());
    house.store.keep_user(User { may: Some(BTreeSet::new()), ..blind }).await.unwrap();
    let bo = house.token("bo", &["read", "desk"]).await;
    let over = async |n: u32| {
        house.sign_in("2000").await;
        let call = house.talk(n, customer(n), "2000").await;
        house.record(Fact::AgentFreed { call, agent: agent("2000"), wrap_up: Millis::ZERO }).await;
        house.record(Fact::CallEnded { call, how: CallEnd::Served }).await;
        call
    };
    let (known, numbered, unknown) = (over(1).await, over(2).await, over(3).await);
    post(&house, &sue, "/api/contacts", json!({ "name": "Wang Li", "numbers": ["13800138001"] })).await.expect(201);
    let named = json!({ "name": "Bo 13800138002", "numbers": ["13800138002"] });
    post(&house, &sue, "/api/contacts", named).await.expect(201);
    let asked = format!("/api/history/names?calls={known},{numbered},{unknown}");
    let names = async |token: &str| get(&house, token, &asked).await.expect(200).json()["names"].clone();
    let whole = json!({ known.to_string(): "Wang Li", numbered.to_string(): "Bo 13800138002" });
    assert_eq!(names(&sue).await, whole);
    let masked = json!({ known.to_string(): "Wang Li", numbered.to_string(): "Bo 138****8002" });
    assert_eq!(names(&bo).await, masked);
    assert_eq!(names(&ren).await, json!({}), "calls of other groups");
    get(&house, &bo, "/api/history/names?calls=x").await.refused(422, "invalid");
    get(&house, &bo, "/api/history/names").await.refused(400, "bad_query");
    get(&house, &bo, &format!("{asked}&q=138")).await.refused(400, "bad_query");
    let many = vec![known.to_string(); 101].join(",");
    get(&house, &bo, &format!("/api/history/names?calls={many}")).await.refused(422, "invalid");
    house.ask("GET", &asked).send().await.expect(401);
}
