//! A store that stands still, and a program that makes mistakes: what people are told then.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nohold_app::ports::{Accounts, Ended, Ending, Keeping, NotKept, Pass, Reading, Role, StoreFailed, User};
use nohold_model::Timestamp;
use serde_json::json;
use tokio::sync::Semaphore;

use super::house::House;

/// Accounts whose users are written when somebody lets them.
struct StandsStill {
    accounts: Arc<dyn Accounts>,
    goes_on: Arc<Semaphore>,
}

impl Accounts for StandsStill {
    fn users(&self) -> Reading<Vec<User>> {
        self.accounts.users()
    }
    fn user(&self, name: &str) -> Reading<Option<User>> {
        self.accounts.user(name)
    }
    fn keep_user(&self, user: User) -> Keeping<()> {
        let (kept, goes_on) = (self.accounts.keep_user(user), self.goes_on.clone());
        Box::pin(async move {
            goes_on.acquire().await.map_err(|_| NotKept::Store(StoreFailed))?.forget();
            kept.await
        })
    }
    fn reset_user(&self, user: User, ending: Ending) -> Keeping<Ended> {
        let (kept, goes_on) = (self.accounts.reset_user(user, ending), self.goes_on.clone());
        Box::pin(async move {
            goes_on.acquire().await.map_err(|_| NotKept::Store(StoreFailed))?.forget();
            kept.await
        })
    }
    fn keep_first_user(&self, user: User) -> Keeping<()> {
        self.accounts.keep_first_user(user)
    }
    fn remove_user(&self, name: &str) -> Keeping<()> {
        self.accounts.remove_user(name)
    }
    fn keep_pass(&self, pass: Pass) -> Keeping<()> {
        self.accounts.keep_pass(pass)
    }
    fn pass(&self, hash: [u8; 32], at: Timestamp) -> Reading<Option<(Pass, User)>> {
        self.accounts.pass(hash, at)
    }
    fn passes(&self, user: &str, at: Timestamp) -> Reading<Vec<Pass>> {
        self.accounts.passes(user, at)
    }
    fn move_pass(&self, hash: [u8; 32], expires: Timestamp) -> Keeping<()> {
        self.accounts.move_pass(hash, expires)
    }
    fn end_pass(&self, hash: [u8; 32]) -> Keeping<()> {
        self.accounts.end_pass(hash)
    }
    fn end_passes(&self, user: &str, but: Option<[u8; 32]>) -> Keeping<()> {
        self.accounts.end_passes(user, but)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_store_that_stands_still_has_not_answered_is_not_known_yet() {
    let goes_on = Arc::new(Semaphore::new(2));
    let gate = goes_on.clone();
    let house = House::with(|parts| {
        parts.accounts = Arc::new(StandsStill { accounts: parts.accounts.clone(), goes_on: gate });
    })
    .await;
    house.person("anna", Role::Administrator, None).await;
    house.person("bert", Role::Agent, None).await;
    let anna = house.signed_in("anna").await;
    let change = |key: &str, role: &str| {
        let ask = house.ask("PUT", "/api/users/bert").page(&anna).header("idempotency-key", key);
        ask.json(&json!({ "role": role })).send()
    };
    let post = || {
        let body = json!({ "name": "carl", "role": "agent" });
        house.ask("POST", "/api/users").page(&anna).json(&body).send()
    };
    let (one, other) = tokio::join!(change("k1", "supervisor"), post());
    one.refused(504, "not_known_yet");
    other.refused(504, "not_known_yet");
    house.ask("GET", "/api/users").page(&anna).send().await.expect(200);
    change("k1", "supervisor").await.refused(409, "in_progress");
    // It goes on, and what was asked for happens, once.
    goes_on.add_permits(2);
    let answer = loop {
        let answer = change("k1", "supervisor").await;
        if answer.status != 409 {
            break answer;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    assert_eq!(answer.headers["idempotency-replayed"], "true");
    assert_eq!(answer.expect(200).json()["role"], "supervisor");
    while house.store.user("carl").await.unwrap().is_none() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_mistake_of_the_program_is_answered_and_has_a_name() {
    let wrong = Arc::new(AtomicBool::new(false));
    let goes_wrong = wrong.clone();
    let house = House::with(|parts| {
        let now = parts.now.clone();
        parts.now = Arc::new(move || {
            assert!(!goes_wrong.load(Ordering::SeqCst), "the mistake that this test makes");
            now()
        });
    })
    .await;
    house.person("anna", Role::Administrator, None).await;
    let anna = house.signed_in("anna").await;
    let ask = || house.ask("GET", "/api/session").page(&anna).send();
    let well = ask().await.expect(200);
    wrong.store(true, Ordering::SeqCst);
    let answer = ask().await.refused(500, "internal");
    let name = answer.headers["x-request-id"].to_str().unwrap();
    assert_eq!(answer.json()["request"], name);
    assert_ne!(well.headers["x-request-id"], name);
    assert_eq!(answer.headers["cache-control"], "no-store");
    wrong.store(false, Ordering::SeqCst);
    ask().await.expect(200);
}
