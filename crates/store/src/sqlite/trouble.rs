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

/// `SQLITE_FULL`: no room on the disk, or in the database.
const FULL: i32 = 13;
/// `SQLITE_IOERR_WRITE`: the operating system refused to write, for another reason than a full disk: a quota, a disk that has
/// become read-only, a fault.
const WRITE_REFUSED: i32 = 778;

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
    /// Whether a COMMIT that failed so has certainly not happened.
    ///
    /// In WAL mode a COMMIT appends frames to the log, and only with the last of them is it true; a frame counts only whole,
    /// by its checksum (sqlite.org/walformat.html). Where a write of one of them was refused there is no last one, whatever
    /// happens afterwards. It is otherwise with a failed sync, which leaves whole frames of which nobody knows, and it would be
    /// with a disk whose sectors are padded after the last frame; SQLite pads none where it may assume that a write
    /// leaves the bytes around it alone (`SQLITE_POWERSAFE_OVERWRITE`), as it does here by default.
    pub fn leaves_nothing(&self) -> bool {
        matches!(self.code(), Some(code) if code & 0xff == FULL || code == WRITE_REFUSED)
    }

    /// Of which kind it is.
    pub fn kind(&self) -> Kind {
        match self {
            // The lowest byte of SQLite's extended codes is the primary one (sqlite.org/rescode.html).
            Trouble::Sql(sqlx::Error::Database(_)) => match self.code().map(|code| code & 0xff) {
                Some(5 | 6) => Kind::Busy,
                Some(FULL) => Kind::Full,
                Some(18..=20) => Kind::Job,
                Some(11 | 26) => Kind::Damaged,
                Some(_) | None => Kind::Other,
            },
            Trouble::Unwritable(_) | Trouble::Endless => Kind::Job,
            Trouble::Unreadable { .. } => Kind::Damaged,
            Trouble::Sql(_) | Trouble::Gone | Trouble::Replaced => Kind::Other,
        }
    }

    /// SQLite's extended result code.
    fn code(&self) -> Option<i32> {
        match self {
            Trouble::Sql(sqlx::Error::Database(problem)) => problem.code().and_then(|code| code.parse().ok()),
            _ => None,
        }
    }
}
