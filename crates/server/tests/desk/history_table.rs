//! The history as a table that is taken away.

use std::collections::BTreeSet;

use nohold_app::ports::{Accounts as _, Permission, Role, User};
use nohold_core::fact::{Arrival, CallEnd, Dated, Fact};
use nohold_core::transaction::Transaction;
use nohold_model::{AgentKey, ExtensionKey};

use super::house::{House, call, customer, leg, user};

#[tokio::test(flavor = "multi_thread")]
async fn the_history_is_taken_away_as_a_table_of_what_one_may_see() {
    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    let ren = house.person("ren", Role::Agent, Some("2003"), None).await;
    for number in 1..=2 {
        let call = house.call(number).await;
        house.record(Fact::Connected { call, agent: AgentKey::new("2000").unwrap() }).await;
        house.record(Fact::CallEnded { call, how: CallEnd::Served }).await;
    }
    let table = |token: &str, query: &str| {
        let address = format!("/api/history/export.csv{query}");
        let asked = house.ask("GET", &address).token(token);
        async move { asked.send().await }
    };
    let own = table(&ada, "").await.expect(200);
    assert!(own.headers["content-type"].to_str().unwrap().starts_with("text/csv"));
    let name = own.headers["content-disposition"].to_str().unwrap();
    assert!(name.starts_with("attachment; filename=\"calls-20") && name.ends_with(".csv\""), "{name}");
    let lines: Vec<&str> = own.text.trim_end().split("\r\n").collect();
    assert!(lines.len() == 3 && lines[0].starts_with("\u{feff}call,began,ended,"), "{lines:?}");
    let columns = lines[0].split(',').count();
    assert!(lines.iter().all(|line| line.split(',').count() == columns), "{lines:?}");
    assert!(lines[1].contains(",in,talked,") && lines[1].contains("138****8002"), "numbers stay here: {}", lines[1]);
    assert!(!own.text.contains("13800138002"), "{}", own.text);
    let found = table(&ada, "?number=8001").await.expect(200);
    assert_eq!(found.text.lines().count(), 2);
    let nothing = table(&ren, "").await.expect(200);
    assert_eq!(nothing.text.lines().count(), 1, "calls of another group");
    table(&ada, "?limit=5").await.refused(422, "invalid");

    let may = Some(BTreeSet::from([Permission::SeeNumbers, Permission::ExportNumbers]));
    let changed = User { may, ..user("ada", 1, Role::Agent, Some("2000"), None, house.now()) };
    house.store.keep_user(changed).await.unwrap();
    let whole = table(&ada, "").await.expect(200);
    let number = format!(",'{},", customer(1).as_str());
    assert!(whole.text.contains(&number), "whole, and no formula: {}", whole.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_a_colleague_made_in_vain_is_seen_by_both() {
    let house = House::new().await;
    let ada = house.person("ada", Role::Agent, Some("2000"), None).await;
    let bob = house.person("bob", Role::Agent, Some("2001"), None).await;
    let ren = house.person("ren", Role::Agent, Some("2003"), None).await;
    house.sign_in("2001").await;
    let phone = |key: &str| ExtensionKey::new(key).unwrap();
    let (number, called, service, colleague) = (None, None, None, Some(phone("2000")));
    let arrival = Arrival { call: call(1), leg: leg(1), number, called, service, colleague };
    house.record(Fact::CallArrived(arrival)).await;
    let fact = Fact::PhoneRung { call: call(1), extension: phone("2001"), leg: leg(101) };
    house.commit(Transaction::Call { records: Vec::new(), promise: Some(Dated { at: house.now(), fact }) }).await;
    house.record(Fact::CallEnded { call: call(1), how: CallEnd::Missed }).await;
    for (token, agent, seen) in [(&ada, "2000", 1), (&bob, "2001", 1), (&ren, "2003", 0)] {
        let asked = format!("/api/history?agent={agent}");
        let found = house.ask("GET", &asked).token(token).send().await.expect(200).json();
        assert_eq!(found["items"].as_array().unwrap().len(), seen, "{agent}: {found}");
    }
    let path = format!("/api/history/{}", call(1));
    assert_eq!(house.ask("GET", &path).token(&bob).send().await.expect(200).json()["agents"][0], "2000");
    house.ask("GET", &path).token(&ren).send().await.refused(404, "not_found");
}
