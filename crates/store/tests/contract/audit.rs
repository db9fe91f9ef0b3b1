//! Who has asked for what.

use nohold_app::ports::{AuditLine, AuditPlace, AuditQuery, AuditTold, AuditWay};
use nohold_model::Timestamp;

use super::Keeper;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_772_416_800_000 + millis)
}

fn line(n: i64, who: &str, route: &str, object: &str) -> AuditLine {
    AuditLine {
        // Two at each moment.
        at: at(n / 2),
        request: format!("run-{n:04}"),
        who: who.to_owned(),
        object: object.to_owned(),
        told: AuditTold {
            way: AuditWay::Session,
            token: None,
            from: Some("192.0.2.1".to_owned()),
            method: "POST".to_owned(),
            route: route.to_owned(),
            status: None,
            wish: (who == "bob").then(|| r#"{"agent":"2000"}"#.to_owned()),
            before: None,
            after: None,
            downloaded: object == "rec_1",
            unsaid: u32::from(who == "bob"),
        },
    }
}

async fn found(store: &impl Keeper, query: AuditQuery) -> Vec<String> {
    store.lines(query).await.unwrap().into_iter().map(|line| line.request).collect()
}

pub async fn lines_come_in_pages_newest_first_and_by_what_is_asked_for<S: Keeper>(store: S) {
    let lines = [
        line(1, "ada", "/api/users/{name}", "bob"),
        line(2, "ada", "/api/entries/{id}/claim", "entry_1"),
        line(3, "bob", "/api/entries/{id}/claim", "entry_1"),
        line(4, "bob", "/api/recordings/{id}/audio", "rec_1"),
        line(5, "ada", "/api/users", ""),
    ];
    for line in &lines {
        store.write_line(line.clone()).await.unwrap();
    }
    let store = store.reopen().await;
    let all = || AuditQuery { limit: 50, ..AuditQuery::default() };
    assert_eq!(store.lines(all()).await.unwrap(), lines.iter().rev().cloned().collect::<Vec<_>>());
    assert_eq!(found(&store, AuditQuery { limit: 2, ..all() }).await, ["run-0005", "run-0004"]);
    let after = Some(AuditPlace { at: at(2), request: "run-0004".to_owned() });
    assert_eq!(found(&store, AuditQuery { after, limit: 2, ..all() }).await, ["run-0003", "run-0002"]);
    let of = |who: Option<&str>, area: Option<&str>, object: Option<&str>| AuditQuery {
        who: who.map(str::to_owned),
        area: area.map(str::to_owned),
        object: object.map(str::to_owned),
        ..all()
    };
    assert_eq!(found(&store, of(Some("bob"), None, None)).await, ["run-0004", "run-0003"]);
    assert_eq!(found(&store, of(None, Some("users"), None)).await, ["run-0005", "run-0001"]);
    assert_eq!(found(&store, of(None, None, Some("entry_1"))).await, ["run-0003", "run-0002"]);
    assert_eq!(found(&store, of(Some("ada"), Some("entries"), Some("entry_1"))).await, ["run-0002"]);
    assert!(found(&store, of(Some("carl"), None, None)).await.is_empty());
    let between = AuditQuery { since: Some(at(1)), until: Some(at(2)), ..all() };
    assert_eq!(found(&store, between).await, ["run-0003", "run-0002"]);
}

pub async fn a_line_is_written_again_with_what_came_of_it<S: Keeper>(store: S) {
    let mut line = line(1, "ada", "/api/users/{name}", "bob");
    let (before, after) = (Some(r#"{"role":"agent"}"#.to_owned()), Some(r#"{"role":"supervisor"}"#.to_owned()));
    // Neither is awaited before the other is asked for: they stay in order.
    let first = store.write_line(line.clone());
    line.told = AuditTold { status: Some(200), before, after, ..line.told };
    let second = store.write_line(line.clone());
    second.await.unwrap();
    first.await.unwrap();
    assert_eq!(store.lines(AuditQuery { limit: 50, ..AuditQuery::default() }).await.unwrap(), [line]);
}
