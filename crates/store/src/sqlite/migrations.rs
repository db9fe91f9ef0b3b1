//! Brings a database to the shape that this program knows.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Executor as _};

use super::open::OpenError;
use super::trouble::Trouble;

/// What a database of Nohold says in its header (`PRAGMA application_id`): "Nohd".
pub const APPLICATION: i32 = 0x4e6f_6864;

/// The steps, in order; the first is version 1. A step that was released is never changed.
pub const STEPS: &[&str] = &[
    include_str!("../../../../migrations/sqlite/0001_first.sql"),
    include_str!("../../../../migrations/sqlite/0002_recordings.sql"),
    include_str!("../../../../migrations/sqlite/0003_contacts.sql"),
    include_str!("../../../../migrations/sqlite/0004_history.sql"),
    include_str!("../../../../migrations/sqlite/0005_audit.sql"),
    include_str!("../../../../migrations/sqlite/0006_sorting.sql"),
];

/// Brings the database to the newest shape; one that exists and is older is backed up first, beside it.
///
/// # Errors
/// When it is not ours, when a newer program has written it, or when the disk refuses. It is as before then.
pub async fn run(connection: &mut SqliteConnection, path: &Path, steps: &[&str]) -> Result<(), OpenError> {
    let of = |trouble: Trouble| OpenError::of(path, &trouble);
    let known = i32::try_from(steps.len()).unwrap_or(i32::MAX);
    let found = ours(connection, path, known).await?;
    if found.version > 0 && found.version < known {
        let copy = back_up(connection, path, found.version).await?;
        tracing::info!(from = found.version, to = known, backup = %copy.display(), "the database gets a newer shape");
    }
    for (step, to) in steps.iter().zip(1..=known).filter(|(_, to)| *to > found.version) {
        one_step(connection, step, to).await.map_err(of)?;
    }
    Ok(())
}

/// The newest version that this program knows.
pub fn known() -> i32 {
    i32::try_from(STEPS.len()).unwrap_or(i32::MAX)
}

/// The version of a database, which stays as it is.
///
/// # Errors
/// As [`run`].
pub async fn look(connection: &mut SqliteConnection, path: &Path) -> Result<i32, OpenError> {
    ours(connection, path, known()).await.map(|found| found.version)
}

/// What the header of a database says that this program may use.
async fn ours(connection: &mut SqliteConnection, path: &Path, known: i32) -> Result<Found, OpenError> {
    let found = version(connection).await.map_err(|trouble| OpenError::of(path, &trouble))?;
    if found.is_foreign() {
        return Err(OpenError::NotOurs(path.to_owned()));
    }
    if found.version > known {
        return Err(OpenError::Newer { path: path.to_owned(), found: found.version, known });
    }
    Ok(found)
}

/// What the header of a database says.
struct Found {
    application: i32,
    version: i32,
    tables: i64,
}

impl Found {
    fn is_foreign(&self) -> bool {
        let empty = self.application == 0 && self.version == 0 && self.tables == 0;
        !empty && self.application != APPLICATION
    }
}

async fn version(connection: &mut SqliteConnection) -> Result<Found, Trouble> {
    let application = sqlx::query_scalar("PRAGMA application_id").fetch_one(&mut *connection).await?;
    let version = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *connection).await?;
    let tables = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema").fetch_one(&mut *connection).await?;
    Ok(Found { application, version, tables })
}

async fn one_step(connection: &mut SqliteConnection, step: &str, to: i32) -> Result<(), Trouble> {
    // The header is part of the transaction: a step that is cut off has not begun.
    let script =
        format!("BEGIN IMMEDIATE; {step}; PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {to}; COMMIT;");
    let done = connection.execute(sqlx::raw_sql(AssertSqlSafe(script))).await;
    if done.is_err() {
        // Nothing to roll back where the database has done so itself.
        let _ = connection.execute("ROLLBACK").await;
    }
    done?;
    Ok(())
}

/// Copies the database as it is, beside it, named with its version; only a copy that is whole has that name.
async fn back_up(connection: &mut SqliteConnection, path: &Path, version: i32) -> Result<PathBuf, OpenError> {
    let refused = |problem: std::io::Error| OpenError::Refused { path: path.to_owned(), problem: problem.to_string() };
    let copy = path.with_extension(format!("v{version}.db"));
    let part = path.with_extension("part");
    match fs::remove_file(&part) {
        Err(problem) if problem.kind() != std::io::ErrorKind::NotFound => return Err(refused(problem)),
        Ok(()) | Err(_) => {}
    }
    let made = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&part).map_err(refused)?;
    let copied = sqlx::query("VACUUM INTO ?1").bind(part.to_string_lossy().into_owned()).execute(connection).await;
    copied.map_err(|problem| OpenError::of(path, &problem.into()))?;
    made.sync_all().map_err(refused)?;
    fs::rename(&part, &copy).map_err(refused)?;
    if let Some(folder) = path.parent() {
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(refused)?;
    }
    Ok(copy)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use futures::executor::block_on;
    use sqlx::Connection as _;
    use sqlx::sqlite::SqliteConnectOptions;

    use super::*;

    const FIRST: &str = "CREATE TABLE things (name TEXT); INSERT INTO things VALUES ('old')";
    const SECOND: &str = "ALTER TABLE things ADD COLUMN size INTEGER; INSERT INTO things VALUES ('new', 1)";
    const BROKEN: &str = "INSERT INTO things VALUES ('lost', 2); INSERT INTO nowhere VALUES (1)";

    async fn connect(path: &Path) -> SqliteConnection {
        let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
        SqliteConnection::connect_with(&options).await.unwrap()
    }

    async fn names(connection: &mut SqliteConnection) -> Vec<String> {
        sqlx::query_scalar("SELECT name FROM things ORDER BY rowid").fetch_all(connection).await.unwrap()
    }

    #[test]
    fn an_older_database_is_backed_up_and_brought_up_to_date() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nohold.db");
        block_on(async {
            let mut connection = connect(&path).await;
            run(&mut connection, &path, &[FIRST]).await.unwrap();
            let files = || fs::read_dir(folder.path()).unwrap().count();
            assert_eq!(files(), 1, "a new one needs no backup");
            run(&mut connection, &path, &[FIRST, SECOND]).await.unwrap();
            run(&mut connection, &path, &[FIRST, SECOND]).await.unwrap();
            assert_eq!(names(&mut connection).await, ["old", "new"]);
            assert_eq!(files(), 2);
            let copy = folder.path().join("nohold.v1.db");
            assert_eq!(copy.metadata().unwrap().permissions().mode() & 0o777, 0o600);
            let mut before = connect(&copy).await;
            assert_eq!(names(&mut before).await, ["old"]);
            run(&mut before, &copy, &[FIRST]).await.unwrap();
            let refused = run(&mut connection, &path, &[FIRST]).await.unwrap_err();
            assert!(matches!(refused, OpenError::Newer { found: 2, known: 1, .. }), "{refused}");
        });
    }

    #[test]
    fn a_step_that_fails_has_not_begun() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nohold.db");
        block_on(async {
            let mut connection = connect(&path).await;
            run(&mut connection, &path, &[FIRST]).await.unwrap();
            // An earlier try that was cut off has left half a backup.
            fs::write(path.with_extension("part"), "half").unwrap();
            run(&mut connection, &path, &[FIRST, BROKEN]).await.unwrap_err();
            assert_eq!(names(&mut connection).await, ["old"]);
            run(&mut connection, &path, &[FIRST, SECOND]).await.unwrap();
            assert_eq!(names(&mut connection).await, ["old", "new"]);
        });
    }

    #[test]
    fn every_step_fits_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nohold.db");
        block_on(async { run(&mut connect(&path).await, &path, STEPS).await.unwrap() });
    }
}
