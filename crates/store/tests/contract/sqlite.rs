//! The store on SQLite, in a folder of its own.

mod opening;
mod torn;
mod trouble;

use std::future::Future;
use std::sync::Arc;

use nohold_app::ports::{
    Accounts, AgentDay, AllKept, Answers, Archive, Audit, AuditLine, AuditQuery, ClosedEntries, ClosedQuery, Condition,
    Configured, Due, Ended, Ending, GivenAnswer, HistoryQuery, Image, Keeping, Kept, Ledger, Overview, Page, Pass,
    Place, Reading, Reconfiguration, Recorded, RecordedQuery, Store, StoreFailed, Told, User,
};
use nohold_core::directory::Directory;
use nohold_core::entry::Entry;
use nohold_core::fact::Dated;
use nohold_core::record::Record;
use nohold_core::transaction::{Answer, Transaction};
use nohold_model::{AgentKey, CallId, EntryId, RecordingId, Timestamp};
use nohold_store::SqliteStore;
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use tempfile::TempDir;

use crate::{Examined, Keeper};

/// A store and its folder.
pub struct Folder {
    store: SqliteStore,
    folder: TempDir,
}

impl Folder {
    pub async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Folder { store: SqliteStore::open(folder.path()).await.unwrap(), folder }
    }
}

impl Examined for Folder {
    async fn history(&self) -> Vec<Dated> {
        let options = SqliteConnectOptions::new().filename(self.folder.path().join("nohold.db"));
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        let sql = "SELECT at, body FROM facts ORDER BY revision, idx";
        let rows: Vec<(i64, String)> = sqlx::query_as(sql).fetch_all(&mut connection).await.unwrap();
        let dated = |(at, body): (i64, String)| Dated {
            at: Timestamp::from_millis(at),
            fact: serde_json::from_str(&body).unwrap(),
        };
        rows.into_iter().map(dated).collect()
    }
}

impl Keeper for Folder {
    /// What stands on the disk at this moment is copied and opened: the old store has no time to put anything in order.
    async fn reopen(self) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for file in ["nohold.db", "nohold.db-wal"] {
            std::fs::copy(self.folder.path().join(file), folder.path().join(file)).unwrap();
        }
        Folder { store: SqliteStore::open(folder.path()).await.unwrap(), folder }
    }
}

impl Store for Folder {
    fn transact(
        &self,
        directory: Arc<Directory>,
        at: Timestamp,
        transaction: Transaction,
    ) -> impl Future<Output = Result<Answer, StoreFailed>> + Send + 'static {
        self.store.transact(directory, at, transaction)
    }

    fn routing_snapshot(&self, requests: bool) -> impl Future<Output = Result<Overview, StoreFailed>> + Send + 'static {
        self.store.routing_snapshot(requests)
    }

    fn due(
        &self,
        directory: Arc<Directory>,
        at: Timestamp,
    ) -> impl Future<Output = Result<Due, StoreFailed>> + Send + 'static {
        self.store.due(directory, at)
    }

    fn live_calls(&self) -> impl Future<Output = Result<Vec<CallId>, StoreFailed>> + Send + 'static {
        self.store.live_calls()
    }
}

/// The other ports are those of the store in the folder.
macro_rules! ports {
    ($($port:ident { $(fn $method:ident($($name:ident: $type:ty),*) -> $answer:ty;)* })*) => {$(
        impl $port for Folder {
            $(fn $method(&self, $($name: $type),*) -> $answer { self.store.$method($($name),*) })*
        }
    )*};
}

ports! {
    Archive {
        fn image() -> &Image;
        fn condition() -> Condition;
        fn entry(id: EntryId) -> Reading<Option<Entry>>;
        fn closed_entries(query: ClosedQuery) -> Reading<ClosedEntries>;
        fn entry_history(id: EntryId) -> Reading<Vec<Told>>;
        fn call_record(id: CallId) -> Reading<Option<Record>>;
        fn call_records_of(ids: Vec<CallId>) -> Reading<Vec<Record>>;
        fn call_records(query: HistoryQuery) -> Reading<Page<Record>>;
        fn agent_day(agent: AgentKey, from: Timestamp, until: Timestamp) -> Reading<AgentDay>;
        fn recorded(id: RecordingId) -> Reading<Option<Recorded>>;
        fn recordings(query: RecordedQuery) -> Reading<Page<Recorded>>;
    }
    Audit {
        fn write_line(line: AuditLine) -> Keeping<()>;
        fn lines(query: AuditQuery) -> Reading<Vec<AuditLine>>;
    }
    Accounts {
        fn users() -> Reading<Vec<User>>;
        fn user(name: &str) -> Reading<Option<User>>;
        fn keep_user(user: User) -> Keeping<()>;
        fn keep_first_user(user: User) -> Keeping<()>;
        fn reset_user(user: User, ending: Ending) -> Keeping<Ended>;
        fn remove_user(name: &str) -> Keeping<()>;
        fn keep_pass(pass: Pass) -> Keeping<()>;
        fn pass(hash: [u8; 32], at: Timestamp) -> Reading<Option<(Pass, User)>>;
        fn passes(user: &str, at: Timestamp) -> Reading<Vec<Pass>>;
        fn move_pass(hash: [u8; 32], expires: Timestamp) -> Keeping<()>;
        fn end_pass(hash: [u8; 32]) -> Keeping<()>;
        fn end_passes(user: &str, but: Option<[u8; 32]>) -> Keeping<()>;
    }
    Configured {
        fn configured() -> Reading<AllKept>;
        fn reconfigure(change: Reconfiguration) -> Keeping<u64>;
        fn versions(place: Place) -> Reading<Vec<Kept>>;
    }
    Answers {
        fn take_key(user: &str, key: &str, wish: [u8; 32], at: Timestamp) -> Keeping<Option<GivenAnswer>>;
        fn answer_key(user: &str, key: &str, answer: GivenAnswer) -> Keeping<()>;
    }
    Ledger {
        fn write(page: &'static str, name: String, line: String) -> Keeping<()>;
        fn strike(page: &'static str, name: String) -> Keeping<()>;
        fn page(page: &'static str) -> Reading<Vec<(String, String)>>;
    }
}
