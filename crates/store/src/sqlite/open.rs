//! Opens the database: the lock, the file, its shape.

use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _};
use thiserror::Error;

use super::migrations;
use super::trouble::{Kind, Trouble};

/// The file in the folder.
pub const FILE: &str = "nohold.db";

/// How long the one before may take to let go of the database.
const LOCK_PATIENCE: Duration = Duration::from_secs(3);

/// How long a statement waits for somebody else who writes.
const BUSY_TIMEOUT: Duration = Duration::from_millis(250);

/// Why a database cannot be used.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Another process has it.
    #[error("{} is in use by another process: stop that one, or choose another data folder", .0.display())]
    InUse(PathBuf),
    /// It is a database of another program, or none.
    #[error("{} is not a database of Nohold: move it away, or choose another data folder", .0.display())]
    NotOurs(PathBuf),
    /// A newer program has written it.
    #[error(
        "{} was written by a newer Nohold (its version is {found}, this program knows {known}): start the newer one, or put \
         the backup from before in its place",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i32,
        /// The newest version that this program knows.
        known: i32,
    },
    /// The disk has no room.
    #[error("no room is left on the disk for {}: make some, then start again", .0.display())]
    Full(PathBuf),
    /// It cannot be read.
    #[error("{} is damaged ({problem}): put a backup in its place", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The system refuses.
    #[error("cannot use {}: {problem}: make it and its folder writable, or choose another data folder", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// What the system says.
        problem: String,
    },
}

impl OpenError {
    /// What this trouble means for whoever starts a server.
    pub(super) fn of(path: &Path, trouble: &Trouble) -> Self {
        let path = path.to_owned();
        let not_a_database = matches!(trouble, Trouble::Sql(sqlx::Error::Database(problem))
            if problem.code().as_deref() == Some("26"));
        match trouble.kind() {
            Kind::Damaged if not_a_database => OpenError::NotOurs(path),
            Kind::Damaged | Kind::Job => OpenError::Damaged { path, problem: trouble.to_string() },
            Kind::Full => OpenError::Full(path),
            Kind::Busy => OpenError::InUse(path),
            Kind::Other => OpenError::Refused { path, problem: trouble.to_string() },
        }
    }
}

/// The files of an open database; nobody else has them until this is dropped.
#[derive(Debug)]
pub struct Files {
    path: PathBuf,
    identity: Option<(u64, u64)>,
    most_pages: Option<u32>,
    /// The system gives it back when the process ends, however it does.
    _lock: File,
}

impl Files {
    /// Takes the lock and makes the file where there is none.
    pub async fn take(folder: &Path, most_pages: Option<u32>) -> Result<Self, OpenError> {
        let path = folder.join(FILE);
        let refused = |problem: io::Error| OpenError::Refused { path: path.clone(), problem: problem.to_string() };
        // Not the database itself: closing a file that SQLite also has open would drop SQLite's own locks.
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true).mode(0o600);
        let lock = options.open(path.with_extension("lock")).map_err(refused)?;
        let begun = Instant::now();
        loop {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if begun.elapsed() < LOCK_PATIENCE => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Err(TryLockError::WouldBlock) => return Err(OpenError::InUse(path)),
                Err(TryLockError::Error(problem)) => return Err(refused(problem)),
            }
        }
        make(&path).map_err(refused)?;
        let identity = identity(&path);
        Ok(Files { path, identity, most_pages, _lock: lock })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the file that was opened still stands in its place. SQLite does not notice in WAL mode, and would write
    /// into a file that nobody finds again.
    pub fn is_there(&self) -> bool {
        self.identity.is_some() && identity(&self.path) == self.identity
    }

    /// What stands there now is the database.
    pub fn accept(&mut self) {
        self.identity = identity(&self.path);
    }

    /// A connection that may write.
    pub async fn connect(&self) -> Result<SqliteConnection, Trouble> {
        let mut options = self.options();
        if let Some(pages) = self.most_pages {
            options = options.pragma("max_page_count", pages.to_string());
        }
        Ok(SqliteConnection::connect_with(&options).await?)
    }

    /// How others connect, who only read.
    pub fn for_readers(&self) -> SqliteConnectOptions {
        self.options().pragma("query_only", "on")
    }

    fn options(&self) -> SqliteConnectOptions {
        SqliteConnectOptions::new()
            .filename(&self.path)
            .create_if_missing(false)
            .foreign_keys(true)
            // Losing power must not lose what was answered.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT)
            // What a peak has made of the log is given back to the disk.
            .pragma("journal_size_limit", "67108864")
            .disable_statement_logging()
    }

    /// Connects for the first time: shape and mode of the database are what this program expects afterwards.
    pub async fn prepare(&self) -> Result<SqliteConnection, OpenError> {
        let of = |trouble: Trouble| OpenError::of(&self.path, &trouble);
        let mut connection = self.connect().await.map_err(of)?;
        migrations::run(&mut connection, &self.path, migrations::STEPS).await?;
        super::history::fill(&mut connection).await.map_err(of)?;
        super::sorting::renew(&mut connection).await.map_err(of)?;
        let mode: String = sqlx::query_scalar("PRAGMA journal_mode = WAL")
            .fetch_one(&mut connection)
            .await
            .map_err(|problem| of(problem.into()))?;
        if mode != "wal" {
            let problem = "its disk does not allow a write-ahead log".to_owned();
            return Err(OpenError::Refused { path: self.path.clone(), problem });
        }
        Ok(connection)
    }
}

/// Makes the file, or its rights narrower: only its owner may read it.
fn make(path: &Path) -> io::Result<()> {
    match OpenOptions::new().create_new(true).write(true).mode(0o600).open(path) {
        Ok(file) => {
            file.sync_all()?;
            path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
        }
        Err(problem) if problem.kind() == io::ErrorKind::AlreadyExists => {
            let open_to_others = fs::metadata(path)?.permissions().mode() & 0o077 != 0;
            if open_to_others { fs::set_permissions(path, Permissions::from_mode(0o600)) } else { Ok(()) }
        }
        Err(problem) => Err(problem),
    }
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    fs::metadata(path).ok().map(|file| (file.dev(), file.ino()))
}
