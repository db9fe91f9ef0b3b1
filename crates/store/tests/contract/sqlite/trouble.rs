//! A database that stands still, is full, is gone, or does not like a row.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::executor::block_on;
use futures::future::{join, join_all, join3};
use nohold_app::ports::{Archive as _, Condition, Ledger as _, NotKept, Store as _, StoreFailed};
use nohold_core::fact::Dated;
use nohold_core::transaction::{Answer, Transaction};
use nohold_model::PhoneNumber;
use nohold_store::SqliteStore;
use nohold_store::sqlite::{PATIENCE, Settings};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection as _, Executor as _};

use super::Folder;
use crate::Examined as _;
use crate::house::{House, MORNING, arrived, call, customer, reserve};

/// Somebody else who writes, and keeps everybody waiting until [`Intruder::go`].
struct Intruder(SqliteConnection);

impl Intruder {
    async fn come(house: &House<Folder>) -> Self {
        let options = SqliteConnectOptions::new().filename(house.store.folder.path().join("nohold.db"));
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        connection.execute("BEGIN IMMEDIATE").await.unwrap();
        Intruder(connection)
    }

    async fn go(mut self) {
        self.0.execute("COMMIT").await.unwrap();
        self.0.close().await.unwrap();
    }
}

async fn arrive(house: &House<Folder>, n: u32) -> Result<Answer, StoreFailed> {
    let records = vec![Dated { at: MORNING, fact: arrived(n) }];
    house.store.transact(Arc::clone(&house.directory), MORNING, Transaction::Call { records, promise: None }).await
}

async fn groups(connection: &mut SqliteConnection) -> i64 {
    sqlx::query_scalar("SELECT groups FROM progress").fetch_one(connection).await.unwrap()
}

fn line(name: &str) -> (String, String) {
    (name.to_owned(), "line".to_owned())
}

#[test]
fn a_store_that_stands_still_gives_up_what_waits_and_goes_on_afterwards() {
    block_on(async {
        let house = House::open(Folder::open().await).await;
        house.wait(1).await;
        let intruder = Intruder::come(&house).await;
        let begun = Instant::now();
        // Twice, so that it stands still for longer than one wait.
        for n in 2..=3 {
            let asked = Instant::now();
            let both = join(arrive(&house, n), house.store.store.write("page", n.to_string(), String::new())).await;
            assert_eq!(both, (Err(StoreFailed), Err(NotKept::Store(StoreFailed))));
            let waited = asked.elapsed();
            assert!(waited >= PATIENCE && waited < PATIENCE * 2, "{waited:?}");
            assert_eq!(house.store.live_calls().await, Ok(vec![call(1)]), "what is in memory is shown");
            assert_eq!(house.store.store.page("page").await, Ok(vec![]), "readers are not in the way");
            assert_eq!(house.store.condition(), Condition::Standing);
        }
        assert!(begun.elapsed() >= PATIENCE * 2);
        intruder.go().await;
        house.wait(4).await;
        assert_eq!(house.store.condition(), Condition::Well);
        assert_eq!(house.store.live_calls().await, Ok(vec![call(1), call(4)]), "what failed has not happened");
        assert_eq!(house.store.store.page("page").await, Ok(vec![]));
        let told = house.store.history().await;
        assert!(!told.iter().any(|told| told.fact == arrived(2) || told.fact == arrived(3)));
    });
}

#[test]
fn what_waits_for_less_than_the_patience_is_done() {
    block_on(async {
        let house = House::open(Folder::open().await).await;
        let intruder = Intruder::come(&house).await;
        let (first, second, ()) = join3(arrive(&house, 1), arrive(&house, 2), async {
            // Asked for already, and certainly not done.
            assert_eq!(house.store.live_calls().await, Ok(vec![]));
            intruder.go().await;
        })
        .await;
        assert_eq!((first, second), (Ok(Answer::Done), Ok(Answer::Done)));
        assert_eq!(house.store.live_calls().await, Ok(vec![call(1), call(2)]));
    });
}

#[test]
fn a_row_that_the_tables_refuse_fails_alone() {
    block_on(async {
        let house = House::open(Folder::open().await).await;
        house.wait(1).await;
        let mut intruder = Intruder::come(&house).await;
        // A live offer for the agent of which the image knows nothing: the net below the rules.
        let sql = "INSERT INTO offers (id, call, agent, v, body) VALUES ('x', 'y', '2000', 1, '{}')";
        intruder.0.execute(sql).await.unwrap();
        let before = house.store.image().view(|_, revision| revision.0);
        let offer = house.store.transact(Arc::clone(&house.directory), MORNING, reserve(1, 1, "2000"));
        let neighbours = join(arrive(&house, 2), house.store.store.write("page", "a".to_owned(), "line".to_owned()));
        let ((second, written), offered, ()) = join3(neighbours, offer, intruder.go()).await;
        assert_eq!((second, written), (Ok(Answer::Done), Ok(())));
        assert_eq!(offered, Err(StoreFailed));
        assert_eq!(house.store.live_calls().await, Ok(vec![call(1), call(2)]));
        assert_eq!(house.store.routing_snapshot(true).await.unwrap().snapshot.offers, []);
        assert_eq!(house.store.store.page("page").await, Ok(vec![line("a")]));
        assert_eq!(house.store.image().view(|_, revision| revision.0), before + 1);
        assert!(matches!(house.commit(reserve(2, 1, "2001")).await, Answer::Reserved(_)));
    });
}

#[test]
fn a_full_disk_fails_everything_until_there_is_room() {
    block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings { most_bytes: Some(1_000_000) };
        let store = SqliteStore::open_with(folder.path(), settings).await.unwrap();
        let big = "x".repeat(50_000);
        let mut kept = 0;
        while store.write("page", kept.to_string(), big.clone()).await.is_ok() {
            kept += 1;
            assert!(kept < 20, "a megabyte is a megabyte");
        }
        assert!(kept > 10, "{kept}");
        for _ in 0..3 {
            assert_eq!(store.write("page", "more".to_owned(), big.clone()).await, Err(NotKept::Store(StoreFailed)));
        }
        assert_eq!(store.page("page").await.unwrap().len(), kept, "reading goes on");
        assert_eq!(store.condition(), Condition::Full);
        store.strike("page", "0".to_owned()).await.unwrap();
        store.write("page", "more".to_owned(), big).await.unwrap();
        assert_eq!(store.condition(), Condition::Well);
        assert_eq!(store.page("page").await.unwrap().len(), kept);
    });
}

#[test]
fn a_database_that_was_taken_away_fails_until_it_is_back() {
    block_on(async {
        let house = House::open(Folder::open().await).await;
        house.wait(1).await;
        let (file, away) = (house.store.folder.path().join("nohold.db"), house.store.folder.path().join("away"));
        fs::rename(&file, &away).unwrap();
        let asked = Instant::now();
        assert_eq!(arrive(&house, 2).await, Err(StoreFailed));
        assert_eq!(arrive(&house, 2).await, Err(StoreFailed));
        assert!(asked.elapsed() < Duration::from_secs(2), "at once: {:?}", asked.elapsed());
        assert!(!file.exists(), "no new one is made in its place");
        assert_eq!(house.store.live_calls().await, Ok(vec![call(1)]));
        assert_eq!(house.store.condition(), Condition::Failing);
        fs::rename(&away, &file).unwrap();
        // It finds out by itself.
        let back = Instant::now();
        while house.store.condition() != Condition::Well && back.elapsed() < Duration::from_secs(10) {
            std::thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(house.store.condition(), Condition::Well);
        assert_eq!(arrive(&house, 3).await, Ok(Answer::Done));
        let told = house.store.history().await;
        assert!(told.iter().any(|told| told.fact == arrived(3)), "it stands in the file that is there");
    });
}

#[test]
fn another_database_in_the_place_of_ours_is_not_written() {
    block_on(async {
        let house = House::open(Folder::open().await).await;
        house.wait(1).await;
        let other = Folder::open().await;
        other.store.close().await;
        let file = house.store.folder.path().join("nohold.db");
        fs::rename(&file, house.store.folder.path().join("away")).unwrap();
        for log in ["nohold.db-wal", "nohold.db-shm"] {
            fs::remove_file(house.store.folder.path().join(log)).unwrap();
        }
        fs::copy(other.folder.path().join("nohold.db"), &file).unwrap();
        assert_eq!(arrive(&house, 2).await, Err(StoreFailed));
        assert_eq!(arrive(&house, 2).await, Err(StoreFailed));
        assert_eq!(house.store.history().await, [], "nothing was written into the other one");
    });
}

#[test]
fn too_many_who_wait_are_refused_at_once() {
    block_on(async {
        let house = House::open(Folder::open().await).await;
        let intruder = Intruder::come(&house).await;
        let store = &house.store.store;
        let refused = std::cell::Cell::new(0);
        let one = async |n: u32| {
            let failed = store.write("page", n.to_string(), "line".to_owned()).await.is_err();
            refused.set(refused.get() + u32::from(failed));
        };
        let all = join_all((0..8_200).map(one));
        let go = async {
            // All have been asked once before this.
            assert_eq!(refused.get(), 8);
            intruder.go().await;
        };
        join(all, go).await;
        assert_eq!(refused.get(), 8);
        assert_eq!(store.page("page").await.unwrap().len(), 8_192);
    });
}

#[test]
fn a_hundred_who_wait_are_kept_together_and_in_their_order() {
    block_on(async {
        let house = House::open(Folder::open().await).await;
        let mut intruder = Intruder::come(&house).await;
        let before = groups(&mut intruder.0).await;
        let all = join_all((1..=100).map(|n| arrive(&house, n)));
        let (answers, ()) = join(all, intruder.go()).await;
        assert!(answers.iter().all(|answer| *answer == Ok(Answer::Done)));
        let mut after = Intruder::come(&house).await;
        assert_eq!(groups(&mut after.0).await, before + 1, "the disk was waited for once");
        after.go().await;
        let image = house.store.image();
        let commits = image.commits_after(nohold_app::ports::Revision(4)).unwrap();
        let numbers: Vec<PhoneNumber> = commits
            .iter()
            .flat_map(|commit| &commit.outcome.facts)
            .filter_map(|dated| match &dated.fact {
                nohold_core::fact::Fact::CallArrived(arrival) => arrival.number.clone(),
                _ => None,
            })
            .collect();
        assert_eq!(numbers, (1..=100).map(customer).collect::<Vec<_>>(), "in the order in which they were asked");
    });
}
