//! People's accounts, sign-ins and tokens.

use std::collections::BTreeSet;

use nohold_app::ports::{NotKept, Pass, PassKind, Permission, Role, User};
use nohold_model::{GroupKey, Millis};

use crate::Keeper;
use crate::house::{MORNING, agent};

fn user(name: &str) -> User {
    User {
        name: name.to_owned(),
        version: 0,
        role: Role::Supervisor,
        agent: Some(agent("2000")),
        groups: Some(BTreeSet::from([GroupKey::new("all").unwrap()])),
        may: Some(BTreeSet::from([Permission::Download])),
        password: Some("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".to_owned()),
        disabled: false,
        made: MORNING,
    }
}

fn session(n: u8, of: &str) -> Pass {
    let expires = MORNING + Millis::hours(12);
    Pass { hash: [n; 32], kind: PassKind::Session, user: of.to_owned(), made: MORNING + Millis::new(n.into()), expires }
}

fn token(n: u8, of: &str, label: &str) -> Pass {
    let scopes = BTreeSet::from(["calls".to_owned(), "lists".to_owned()]);
    Pass { kind: PassKind::Token { label: label.to_owned(), scopes }, ..session(n, of) }
}

pub async fn a_user_is_added_once_and_changed_by_who_has_seen_the_last_version<S: Keeper>(store: S) {
    store.keep_user(user("li.na")).await.unwrap();
    store.keep_user(user("admin")).await.unwrap();
    assert_eq!(store.keep_user(user("li.na")).await, Err(NotKept::Taken));
    let changed = User { version: 1, disabled: true, agent: None, groups: None, password: None, ..user("li.na") };
    store.keep_user(changed.clone()).await.unwrap();
    assert_eq!(store.keep_user(User { version: 1, ..user("li.na") }).await, Err(NotKept::Changed));
    assert_eq!(store.keep_user(User { version: 3, ..user("li.na") }).await, Err(NotKept::Changed));
    assert_eq!(store.keep_user(User { version: 1, ..user("nobody") }).await, Err(NotKept::Gone));
    let store = store.reopen().await;
    assert_eq!(store.user("li.na").await, Ok(Some(changed.clone())));
    assert_eq!(store.user("nobody").await, Ok(None));
    assert_eq!(store.users().await, Ok(vec![user("admin"), changed]));
}

pub async fn there_is_one_first_user<S: Keeper>(store: S) {
    let administrator = |name: &str| User { role: Role::Administrator, ..user(name) };
    // Nobody who administers: a supervisor, somebody who may not sign in, and somebody who cannot.
    let gone = User { disabled: true, ..administrator("gone") };
    let without = User { password: None, ..administrator("without") };
    store.keep_user(user("li.na")).await.unwrap();
    store.keep_user(gone.clone()).await.unwrap();
    store.keep_user(without.clone()).await.unwrap();
    assert_eq!(store.keep_first_user(administrator("li.na")).await, Err(NotKept::Taken), "the name");
    let (one, two) = (store.keep_first_user(administrator("one")), store.keep_first_user(administrator("two")));
    let made = futures::future::join(one, two).await;
    assert_eq!(made, (Ok(()), Err(NotKept::Taken)));
    assert_eq!(store.users().await, Ok(vec![gone, user("li.na"), administrator("one"), without]));
}

pub async fn somebody_is_always_left_who_can_administer<S: Keeper>(store: S) {
    let administrator = |name: &str| User { role: Role::Administrator, ..user(name) };
    for user in [administrator("anna"), administrator("bert"), User { password: None, ..administrator("carl") }] {
        store.keep_user(user).await.unwrap();
    }
    let less = [
        |user: User| User { role: Role::Supervisor, version: user.version + 1, ..user },
        |user: User| User { disabled: true, version: user.version + 1, ..user },
        |user: User| User { password: None, version: user.version + 1, ..user },
    ];
    // Two at once: whoever comes second is the last one.
    let (one, other) = (store.keep_user(less[0](administrator("anna"))), store.remove_user("bert"));
    assert_eq!(futures::future::join(one, other).await, (Ok(()), Err(NotKept::LastAdministrator)));
    for lessen in less {
        assert_eq!(store.keep_user(lessen(administrator("bert"))).await, Err(NotKept::LastAdministrator));
    }
    let named = User { agent: None, version: 1, ..administrator("bert") };
    store.keep_user(named).await.unwrap();
    store.remove_user("carl").await.unwrap();
    store.remove_user("anna").await.unwrap();
    store.keep_user(administrator("dora")).await.unwrap();
    store.remove_user("bert").await.unwrap();
    assert_eq!(store.remove_user("dora").await, Err(NotKept::LastAdministrator));
}

pub async fn a_pass_holds_until_it_expires_or_is_ended<S: Keeper>(store: S) {
    let (li, wang) = (user("li.na"), user("wang"));
    assert_eq!(store.keep_pass(session(1, "li.na")).await, Err(NotKept::Gone), "nobody's");
    store.keep_user(li.clone()).await.unwrap();
    store.keep_user(wang.clone()).await.unwrap();
    for pass in [session(1, "li.na"), session(2, "li.na"), session(3, "wang"), session(4, "li.na")] {
        store.keep_pass(pass).await.unwrap();
    }
    let end = session(1, "li.na").expires;
    let just_before = end - Millis::new(1);
    assert_eq!(store.pass([1; 32], just_before).await, Ok(Some((session(1, "li.na"), li))));
    assert_eq!(store.pass([1; 32], end).await, Ok(None));
    let longer = Pass { expires: end + Millis::hours(1), ..session(1, "li.na") };
    store.keep_pass(longer.clone()).await.unwrap();
    assert_eq!(store.passes("li.na", end).await, Ok(vec![longer.clone()]));
    store.end_pass([2; 32]).await.unwrap();
    store.end_pass([2; 32]).await.unwrap();
    store.move_pass([2; 32], end + Millis::hours(9)).await.unwrap();
    assert_eq!(store.pass([2; 32], MORNING).await, Ok(None), "one that was ended does not come back");
    let longer = Pass { expires: end + Millis::hours(2), ..longer };
    store.move_pass([1; 32], longer.expires).await.unwrap();
    assert_eq!(store.passes("li.na", MORNING).await, Ok(vec![longer, session(4, "li.na")]));
    store.end_passes("li.na", Some([4; 32])).await.unwrap();
    assert_eq!(store.passes("li.na", MORNING).await, Ok(vec![session(4, "li.na")]));
    store.end_passes("li.na", None).await.unwrap();
    let store = store.reopen().await;
    assert_eq!(store.passes("li.na", MORNING).await, Ok(vec![]));
    assert_eq!(store.pass([3; 32], MORNING).await, Ok(Some((session(3, "wang"), wang))));
}

pub async fn a_label_is_given_once_for_each_user<S: Keeper>(store: S) {
    store.keep_user(user("li.na")).await.unwrap();
    store.keep_user(user("wang")).await.unwrap();
    store.keep_pass(token(1, "li.na", "wallboard")).await.unwrap();
    assert_eq!(store.keep_pass(token(2, "li.na", "wallboard")).await, Err(NotKept::Taken));
    store.keep_pass(token(3, "wang", "wallboard")).await.unwrap();
    assert_eq!(store.passes("li.na", MORNING).await, Ok(vec![token(1, "li.na", "wallboard")]));
    let made = token(1, "li.na", "wallboard").expires;
    let after = Pass { made, expires: made + Millis::hours(1), ..token(2, "li.na", "wallboard") };
    store.keep_pass(after).await.unwrap();
}

pub async fn a_user_who_is_removed_takes_all_passes_along<S: Keeper>(store: S) {
    store.keep_user(user("li.na")).await.unwrap();
    store.keep_pass(session(1, "li.na")).await.unwrap();
    store.remove_user("li.na").await.unwrap();
    assert_eq!(store.remove_user("li.na").await, Err(NotKept::Gone));
    store.keep_user(user("li.na")).await.unwrap();
    assert_eq!(store.pass([1; 32], MORNING).await, Ok(None));
}
