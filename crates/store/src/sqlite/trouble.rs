//! What can go wrong between the store and its database.

use thiserror::Error;

/// Why the database did not do what it was asked.
#[derive(Debug, Error)]
pub enum Trouble {
    /// The database says so.
    #[error("the database says: {0}")]
    Sql(#[from] sqlx::Error),
    /// A row cannot be read.
    #[error("a row of `{table}` cannot be read: {problem}")]
    Unreadable {
        /// The table.
        table: &'static str,
        /// What is wrong, without what stands in the row.
        problem: String,
    },
    /// A row cannot be written as JSON.
    #[error("a row cannot be written: {0}")]
    Unwritable(#[from] serde_json::Error),
    /// The file has been removed or moved.
    #[error("the file of the database is not there any more: put it back")]
    Gone,
    /// There is another database in the place of ours.
    #[error("the database was replaced while it was in use: restart the server")]
    Replaced,
    /// A transaction asked for a row that is never loaded, or for very many.
    #[error("a transaction asked for rows without end")]
    Endless,
}

/// The kinds of trouble that are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Somebody else writes.
    Busy,
    /// No room on the disk, or above the limit.
    Full,
    /// A row breaks a rule of the tables: the job is at fault, and not the disk.
    Job,
    /// The file is no database, or a damaged one.
    Damaged,
    /// Anything else.
    Other,
}

impl Trouble {
    /// Of which kind it is.
    pub fn kind(&self) -> Kind {
        match self {
            Trouble::Sql(sqlx::Error::Database(problem)) => {
                // The lowest byte of SQLite's extended codes is the primary one (sqlite.org/rescode.html).
                match problem.code().and_then(|code| code.parse::<i32>().ok()).map(|code| code & 0xff) {
                    Some(5 | 6) => Kind::Busy,
                    Some(13) => Kind::Full,
                    Some(18..=20) => Kind::Job,
                    Some(11 | 26) => Kind::Damaged,
                    Some(_) | None => Kind::Other,
                }
            }
            Trouble::Unwritable(_) | Trouble::Endless => Kind::Job,
            Trouble::Unreadable { .. } => Kind::Damaged,
            Trouble::Sql(_) | Trouble::Gone | Trouble::Replaced => Kind::Other,
        }
    }
}
