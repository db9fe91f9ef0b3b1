//! What is configured.

use std::collections::BTreeMap;

use nohold_app::ports::{HiddenText, Kept, NotKept, Place, Reconfiguration};
use nohold_model::Millis;

use crate::Keeper;
use crate::house::MORNING;

fn place(kind: &str, key: &str) -> Place {
    Place { kind: kind.to_owned(), key: key.to_owned() }
}

fn change(revision: u64, things: &[(Place, Option<&str>)]) -> Reconfiguration {
    Reconfiguration {
        revision,
        things: things.iter().map(|(place, body)| (place.clone(), body.map(str::to_owned))).collect(),
        secrets: BTreeMap::new(),
        at: MORNING + Millis::new(revision),
        by: "admin".to_owned(),
    }
}

fn kept(version: u64, revision: u64, body: Option<&str>) -> Kept {
    let at = MORNING + Millis::new(revision);
    Kept { version, at, by: "admin".to_owned(), body: body.map(str::to_owned) }
}

pub async fn a_change_is_made_for_a_revision_and_happens_whole<S: Keeper>(store: S) {
    let (queue, site) = (place("queues", "600"), place("site", ""));
    assert_eq!(store.configured().await.unwrap().revision, 0);
    let first = change(0, &[(queue.clone(), Some("{\"a\":1}")), (site.clone(), Some("{}"))]);
    assert_eq!(store.reconfigure(first.clone()).await, Ok(1));
    assert_eq!(store.reconfigure(first).await, Err(NotKept::Changed));
    let missing = change(1, &[(queue.clone(), None), (place("queues", "601"), None)]);
    assert_eq!(store.reconfigure(missing).await, Err(NotKept::Gone));
    assert_eq!(store.configured().await.unwrap().things.get(&queue), Some(&kept(1, 0, Some("{\"a\":1}"))));
    assert_eq!(store.reconfigure(change(1, &[(queue.clone(), None), (site.clone(), Some("{}"))])).await, Ok(2));
    let store = store.reopen().await;
    let all = store.configured().await.unwrap();
    assert_eq!(all.revision, 2);
    assert_eq!(all.things, BTreeMap::from([(site, kept(1, 0, Some("{}")))]), "what stays as it was is no new version");
}

pub async fn every_version_of_a_thing_can_be_had_again<S: Keeper>(store: S) {
    let queue = place("queues", "600");
    for (revision, body) in [(0, Some("{\"a\":1}")), (1, Some("{\"a\":2}")), (2, None), (3, Some("{\"a\":3}"))] {
        assert_eq!(store.reconfigure(change(revision, &[(queue.clone(), body)])).await, Ok(revision + 1));
    }
    let store = store.reopen().await;
    let newest = kept(4, 3, Some("{\"a\":3}"));
    assert_eq!(store.configured().await.unwrap().things.get(&queue), Some(&newest));
    let before = [kept(3, 2, None), kept(2, 1, Some("{\"a\":2}")), kept(1, 0, Some("{\"a\":1}"))];
    assert_eq!(store.versions(queue).await.unwrap(), [&[newest][..], &before].concat());
    assert_eq!(store.versions(place("queues", "601")).await, Ok(vec![]));
}

pub async fn passwords_are_kept_and_not_shown<S: Keeper>(store: S) {
    let secret = |text: &str| Some(HiddenText(text.to_owned()));
    let with = |revision, secrets: &[(&str, Option<HiddenText>)]| Reconfiguration {
        secrets: secrets.iter().map(|(account, secret)| ((*account).to_owned(), secret.clone())).collect(),
        ..change(revision, &[])
    };
    let both = with(0, &[("extensions.2000", secret("hunter2")), ("trunks.carrier", secret("hunter3"))]);
    assert!(!format!("{both:?}").contains("hunter"));
    store.reconfigure(both).await.unwrap();
    store.reconfigure(with(1, &[("extensions.2000", None), ("trunks.carrier", secret("hunter4"))])).await.unwrap();
    let store = store.reopen().await;
    let all = store.configured().await.unwrap();
    assert_eq!(all.secrets, BTreeMap::from([("trunks.carrier".to_owned(), HiddenText("hunter4".to_owned()))]));
    assert!(!format!("{all:?}").contains("hunter"));
}
