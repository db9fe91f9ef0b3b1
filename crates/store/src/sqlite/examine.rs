//! Looks at a database without changing it, also beside a server that has it.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};

use super::migrations;
use super::open::{FILE, OpenError};
use super::trouble::Trouble;

/// So many faults are told at most.
const MOST_FAULTS: u32 = 5;

/// What was seen of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examined {
    /// The version of its shape.
    pub version: i32,
    /// The newest that this program knows; an older one is brought there when a server starts.
    pub known: i32,
    /// What SQLite finds damaged (`PRAGMA quick_check`); nothing in a sound one.
    pub faults: Vec<String>,
}

/// Whether there is a database of an installation in this folder.
#[must_use]
pub fn is_there(folder: &Path) -> bool {
    folder.join(FILE).is_file()
}

/// Looks at the database in this folder.
///
/// # Errors
/// When it cannot be read, is not ours, or is a newer program's.
pub async fn examine(folder: &Path) -> Result<Examined, OpenError> {
    let path = folder.join(FILE);
    let of = |trouble: Trouble| OpenError::of(&path, &trouble);
    let options = SqliteConnectOptions::new().filename(&path).read_only(true).disable_statement_logging();
    let mut connection = SqliteConnection::connect_with(&options).await.map_err(|problem| of(problem.into()))?;
    let version = migrations::look(&mut connection, &path).await?;
    let known = migrations::known();
    let sql = sqlx::AssertSqlSafe(format!("PRAGMA quick_check({MOST_FAULTS})"));
    let told: Vec<String> =
        sqlx::query_scalar(sql).fetch_all(&mut connection).await.map_err(|problem| of(problem.into()))?;
    let faults = told.into_iter().filter(|line| line != "ok").collect();
    // It was only read.
    let _ = connection.close().await;
    Ok(Examined { version, known, faults })
}
