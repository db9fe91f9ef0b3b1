//! What may be opened, by whom, and what a database leaves behind.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use futures::executor::block_on;
use nohold_app::ports::Ledger as _;
use nohold_store::{OpenError, SqliteStore};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection as _, Executor as _};

fn open(folder: &Path) -> Result<SqliteStore, OpenError> {
    block_on(SqliteStore::open(folder))
}

/// Does something with the file of a database, as another program would.
fn meddle(folder: &Path, sql: &'static str) {
    block_on(async {
        let options = SqliteConnectOptions::new().filename(folder.join("nohold.db")).create_if_missing(true);
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        connection.execute(sql).await.unwrap();
        connection.close().await.unwrap();
    });
}

#[test]
fn a_database_has_one_store_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let refused = open(folder.path()).unwrap_err();
    assert!(matches!(refused, OpenError::InUse(_)), "{refused}");
    assert!(refused.to_string().contains("in use by another process"), "{refused}");
    drop(store);
    open(folder.path()).unwrap();
}

#[test]
fn a_store_that_is_dropped_writes_what_waits() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let mut written = store.write("page", "name".to_owned(), "line".to_owned());
    // Asked once, so it waits; nobody hears the answer.
    let polled = block_on(async { futures::poll!(&mut written) });
    assert!(polled.is_pending());
    drop((written, store));
    let store = open(folder.path()).unwrap();
    assert_eq!(block_on(store.page("page")).unwrap(), [("name".to_owned(), "line".to_owned())]);
}

#[test]
fn a_closed_store_leaves_one_file_and_refuses_everything() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    block_on(store.write("page", "name".to_owned(), "line".to_owned())).unwrap();
    let log = folder.path().join("nohold.db-wal");
    assert!(log.metadata().unwrap().len() > 0);
    block_on(store.close());
    assert!(!log.exists());
    assert!(block_on(store.write("page", "name".to_owned(), "other".to_owned())).is_err());
    assert!(block_on(store.page("page")).is_err());
    let store = open(folder.path()).unwrap();
    assert_eq!(block_on(store.page("page")).unwrap(), [("name".to_owned(), "line".to_owned())]);
}

#[test]
fn the_files_are_for_their_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("nohold.db"), "").unwrap();
    fs::set_permissions(folder.path().join("nohold.db"), fs::Permissions::from_mode(0o644)).unwrap();
    let store = open(folder.path()).unwrap();
    block_on(store.write("page", "name".to_owned(), "line".to_owned())).unwrap();
    let mut files = 0;
    for file in fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.file_name());
        files += 1;
    }
    assert_eq!(files, 4, "database, log, index of the log, lock");
}

#[test]
fn a_database_of_a_newer_program_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    block_on(open(folder.path()).unwrap().close());
    meddle(folder.path(), "PRAGMA user_version = 1000");
    let before = fs::read(folder.path().join("nohold.db")).unwrap();
    let refused = open(folder.path()).unwrap_err();
    assert!(matches!(refused, OpenError::Newer { found: 1000, .. }), "{refused}");
    assert_eq!(fs::read(folder.path().join("nohold.db")).unwrap(), before);
}

#[test]
fn what_is_not_ours_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    meddle(folder.path(), "CREATE TABLE recipes (name TEXT)");
    let before = fs::read(folder.path().join("nohold.db")).unwrap();
    let refused = open(folder.path()).unwrap_err();
    assert!(matches!(refused, OpenError::NotOurs(_)), "{refused}");
    assert_eq!(fs::read(folder.path().join("nohold.db")).unwrap(), before);
    let text = "a letter, long enough to be looked at as a database: ".repeat(100);
    fs::write(folder.path().join("nohold.db"), &text).unwrap();
    let refused = open(folder.path()).unwrap_err();
    assert!(matches!(refused, OpenError::NotOurs(_)), "{refused}");
    assert_eq!(fs::read_to_string(folder.path().join("nohold.db")).unwrap(), text);
}

#[test]
fn rows_that_cannot_be_read_are_named() {
    let folder = tempfile::tempdir().unwrap();
    block_on(open(folder.path()).unwrap().close());
    meddle(folder.path(), "INSERT INTO calls (id, v, body) VALUES ('x', 1, '{\"number\": \"+8613800138000\"}')");
    let refused = open(folder.path()).unwrap_err();
    assert!(matches!(refused, OpenError::Damaged { .. }), "{refused}");
    assert!(refused.to_string().contains("`calls`") && !refused.to_string().contains("13800138000"), "{refused}");
    meddle(folder.path(), "UPDATE calls SET v = 77");
    assert!(open(folder.path()).unwrap_err().to_string().contains("form 77"));
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    let refused = open(&missing).unwrap_err();
    assert!(matches!(refused, OpenError::Refused { .. }), "{refused}");
    assert!(refused.to_string().contains("missing/nohold.db"), "{refused}");
}

#[test]
fn a_database_is_looked_at_beside_its_server_and_is_not_changed() {
    let folder = tempfile::tempdir().unwrap();
    assert!(!nohold_store::sqlite::is_there(folder.path()));
    let look = || block_on(nohold_store::sqlite::examine(folder.path()));
    look().unwrap_err();
    assert!(!nohold_store::sqlite::is_there(folder.path()), "it made one");
    let store = open(folder.path()).unwrap();
    let found = look().unwrap();
    assert!(nohold_store::sqlite::is_there(folder.path()) && found.version == found.known && found.faults.is_empty());
    block_on(store.write("page", "name".to_owned(), "line".to_owned())).unwrap();
    block_on(store.close());
    assert_eq!(look().unwrap(), found);
    meddle(folder.path(), "PRAGMA user_version = 99");
    assert!(matches!(look().unwrap_err(), OpenError::Newer { found: 99, .. }));
    fs::write(folder.path().join("nohold.db"), "this is a letter and no database at all, as everybody can see")
        .unwrap();
    assert!(matches!(look().unwrap_err(), OpenError::NotOurs(_)));
}
