//! What a server has written down, read from its files by nobody of its own.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use sqlx::{Connection as _, Row as _, SqliteConnection};

use crate::asterisk;

/// How many facts of a kind stand in the database of a Nohold that has ended or was killed.
///
/// # Errors
/// When it cannot be read.
pub fn count(folder: &Path, kind: &str) -> Result<u64> {
    let file = folder.join("data/nohold.db");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let found: i64 = runtime
        .block_on(async {
            let mut connection = SqliteConnection::connect(&format!("sqlite://{}", file.display())).await?;
            let query = sqlx::query("SELECT count(*) FROM facts WHERE kind = ?").bind(kind);
            let count = query.fetch_one(&mut connection).await?.try_get(0);
            connection.close().await?;
            count
        })
        .with_context(|| format!("cannot read {}", file.display()))?;
    Ok(u64::try_from(found).unwrap_or(0))
}

/// How many calls Asterisk has recorded, a line each.
///
/// # Errors
/// When the file cannot be read.
pub fn lines(folder: &Path) -> Result<u64> {
    let file = folder.join(asterisk::RECORDS);
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(text.lines().count() as u64)
}
