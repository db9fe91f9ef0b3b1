//! A commit of which nobody knows whether it has happened, and other ends of a group.

use std::future::Future;

use nohold_app::ports::{NotKept, StoreFailed};
use sqlx::Executor as _;
use tempfile::TempDir;
use tokio::sync::oneshot;

use super::super::errand::{Asked, Errand, Undone};
use super::*;

/// Writes a line with this name, by this SQL.
struct Script {
    name: &'static str,
    sql: &'static str,
}

impl Errand for Script {
    type Done = ();

    async fn carry_out(&self, c: &mut SqliteConnection) -> Result<(), Undone> {
        if self.sql == "panic" {
            panic!("as a mistake in a rule would");
        }
        c.execute(self.sql).await?;
        let sql = "INSERT INTO ledger (page, name, line) VALUES ('page', ?1, '')";
        sqlx::query(sql).bind(self.name).execute(c).await?;
        Ok(())
    }
}

/// Only COMMIT finds out that the pass is nobody's.
const REFUSED_BY_COMMIT: &str = "PRAGMA defer_foreign_keys = on; INSERT INTO passes (hash, user, made, expires, v, body) \
    VALUES (x'00', 'nobody', 0, 0, 1, '')";

type Comes = oneshot::Receiver<Result<(), NotKept>>;

struct House {
    writer: Writer,
    jobs: Arc<Queue<Job>>,
    _folder: TempDir,
}

impl House {
    async fn open() -> House {
        let folder = tempfile::tempdir().unwrap();
        let jobs = Arc::new(Queue::new(100));
        let files = Files::take(folder.path(), None).await.unwrap();
        House { writer: Writer::open(files, Arc::clone(&jobs)).await.unwrap(), jobs, _folder: folder }
    }

    fn ask(&self, name: &'static str, sql: &'static str) -> Comes {
        let (asked, comes) = Asked::new(Script { name, sql });
        assert!(self.jobs.push(Job::Errand(Box::new(asked))).is_ok());
        comes
    }

    async fn lines(&mut self) -> Vec<String> {
        let connection = self.writer.connection.as_mut().unwrap();
        sqlx::query_scalar("SELECT name FROM ledger ORDER BY name").fetch_all(connection).await.unwrap()
    }
}

fn in_a_runtime(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(test);
}

const FAILED: Result<Result<(), NotKept>, oneshot::error::RecvError> = Ok(Err(NotKept::Store(StoreFailed)));

#[test]
fn when_a_commit_fails_the_truth_is_found_out_and_the_others_do_not_suffer() {
    in_a_runtime(async {
        let mut house = House::open().await;
        let [a, b, c] =
            [("a", "SELECT 1"), ("b", REFUSED_BY_COMMIT), ("c", "SELECT 1")].map(|it| house.ask(it.0, it.1));
        house.jobs.close();
        house.writer.run().await;
        assert_eq!((a.await, b.await, c.await), (Ok(Ok(())), FAILED, Ok(Ok(()))));
        assert_eq!(house.lines().await, ["a", "c"]);
        let connection = house.writer.connection.as_mut().unwrap();
        let looks: i64 = sqlx::query_scalar("SELECT looks FROM progress").fetch_one(connection).await.unwrap();
        assert_eq!(looks, 2, "once for the group, once for the one at fault alone");
    });
}

#[test]
fn a_group_that_has_arrived_though_nobody_said_so_is_found() {
    in_a_runtime(async {
        let mut house = House::open().await;
        house.writer.begin().await.unwrap();
        let (asked, _comes) = Asked::new(Script { name: "a", sql: "SELECT 1" });
        let mut group = Group::after(house.writer.progress);
        let mut jobs = vec![Job::Errand(Box::new(asked))];
        // As if the connection had broken after the last byte of COMMIT.
        house.writer.write(&mut group, &mut jobs).await.unwrap();
        assert_eq!(house.writer.has_landed(group.progress.groups).await, Some(true));
        house.writer.landed(group, jobs);
        assert_eq!(house.writer.has_landed(house.writer.progress.groups + 1).await, Some(false));
        let after = house.ask("b", "SELECT 1");
        house.jobs.close();
        house.writer.run().await;
        assert_eq!(after.await, Ok(Ok(())));
        assert_eq!(house.lines().await, ["a", "b"]);
    });
}

#[test]
fn a_mistake_of_the_program_fails_alone() {
    in_a_runtime(async {
        let mut house = House::open().await;
        let [a, b, c] = [("a", "SELECT 1"), ("b", "panic"), ("c", "SELECT 1")].map(|it| house.ask(it.0, it.1));
        house.jobs.close();
        house.writer.run().await;
        assert_eq!((a.await, b.await, c.await), (Ok(Ok(())), FAILED, Ok(Ok(()))));
        assert_eq!(house.lines().await, ["a", "c"]);
    });
}
