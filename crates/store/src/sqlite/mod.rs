//! The store that keeps: one SQLite database in the data folder.
//!
//! A thread of its own writes. It takes all that waits, decides each transaction on the rows as the ones before it leave
//! them, writes everything in one SQL transaction, and waits for the disk once. Only then the image shows it and the answers
//! go out. See decision 5.
//!
//! - **Live rows are in memory** (the [`Image`]); what is over leaves memory an hour later and is read from the database
//!   when somebody asks. The rules know nothing of this: they say [`NotLoaded`](nohold_core::transaction::NotLoaded).
//! - **[`StoreFailed`] means: certainly not done.** What has waited for 2 s without being begun is given up; what was begun
//!   is answered when it is known how it ended.
//! - **Nothing is deleted** from the history, from entries and from attempts at numbers.

mod accounts;
mod answers;
mod archive;
mod audit;
mod body;
mod configured;
mod contacts;
mod cursor;
mod day;
mod errand;
mod examine;
mod gauge;
mod group;
mod history;
mod ledger;
mod load;
mod migrations;
mod named;
mod open;
mod overlay;
mod queue;
mod reader;
mod recordings;
mod save;
mod sorting;
mod trouble;
mod writer;

use std::future::{Future, pending, ready};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{BoxFuture, join, select};
use nohold_app::ports::{Due, Image, Keeping, Overview, Reading, Store, StoreFailed};
use nohold_core::directory::Directory;
use nohold_core::transaction::{Answer, Transaction};
use nohold_model::{CallId, Timestamp};
use sqlx::sqlite::SqliteConnection;
use tokio::sync::{oneshot, watch};

use errand::{Asked, Errand};
pub use examine::{Examined, examine, is_there};
use gauge::Gauge;
use group::{Job, Rules};
pub use open::{FILE, OpenError};
use queue::Queue;
use reader::Look;
use trouble::Trouble;
use writer::Writer;

/// What has waited for so long without being begun is given up.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// How often the store looks for what has waited too long.
const GIVE_UP_EVERY: Duration = Duration::from_millis(100);

/// So many jobs may wait for the writer, and as many looks for the readers. More than that is not done within
/// [`PATIENCE`] on any disk.
const MOST_WAITING: usize = 8_192;

/// How a store is opened.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The most bytes that the database may have, rounded to its pages; a database that would grow beyond it fails as on a
    /// full disk. None means as many as the disk has.
    pub most_bytes: Option<u64>,
}

/// A store on SQLite. Clones are the same store; when the last one is dropped, what waits is still written, then the
/// database is closed.
#[derive(Debug, Clone)]
pub struct SqliteStore {
    doors: Arc<Doors>,
}

/// What those who ask and those who work share.
struct Doors {
    jobs: Arc<Queue<Job>>,
    looks: Arc<Queue<Box<dyn Look>>>,
    image: Image,
    gauge: Gauge,
    finished: watch::Receiver<bool>,
}

impl std::fmt::Debug for Doors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Doors").finish_non_exhaustive()
    }
}

impl Drop for Doors {
    fn drop(&mut self) {
        self.jobs.close();
        self.looks.close();
    }
}

impl SqliteStore {
    /// Opens the database `nohold.db` in this folder, which must exist; makes the database where there is none, and brings
    /// an older one to the newest shape, after a backup beside it.
    ///
    /// # Errors
    /// When another process has it, when it is not ours or a newer program's, or when the disk refuses.
    pub async fn open(folder: impl AsRef<Path>) -> Result<Self, OpenError> {
        SqliteStore::open_with(folder, Settings::default()).await
    }

    /// The same, with settings.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub async fn open_with(folder: impl AsRef<Path>, settings: Settings) -> Result<Self, OpenError> {
        let folder = folder.as_ref().to_owned();
        let refused = |problem: String| OpenError::Refused { path: folder.join(FILE), problem };
        let (told, opened) = oneshot::channel();
        let at_work = folder.clone();
        std::thread::Builder::new()
            .name("nohold-store".into())
            .spawn(move || work(at_work, &settings, told))
            .map_err(|problem| refused(problem.to_string()))?;
        let doors = opened.await.unwrap_or_else(|_| Err(refused("its thread has ended".to_owned())))?;
        Ok(SqliteStore { doors: Arc::new(doors) })
    }

    /// Writes what still waits, empties the log into the database, and lets go of it. Whatever is asked for afterwards
    /// fails.
    pub async fn close(&self) {
        self.doors.jobs.close();
        self.doors.looks.close();
        let mut finished = self.doors.finished.clone();
        // An error means that the thread has ended, which is what is waited for.
        let _ = finished.wait_for(|finished| *finished).await;
    }

    /// Has the writer do something beside the rules.
    fn ask<E: Errand>(&self, errand: E) -> Keeping<E::Done> {
        let jobs = Arc::clone(&self.doors.jobs);
        Box::pin(async move {
            let (asked, answer) = Asked::new(errand);
            jobs.push(Job::Errand(Box::new(asked))).map_err(|_| StoreFailed)?;
            match answer.await {
                Ok(answer) => answer,
                Err(_) => pending().await,
            }
        })
    }

    /// The same, and it waits in the queue already when this returns: before all that is asked for later.
    fn ask_at_once<E: Errand>(&self, errand: E) -> Keeping<E::Done> {
        let (asked, answer) = Asked::new(errand);
        let pushed = self.doors.jobs.push(Job::Errand(Box::new(asked)));
        Box::pin(async move {
            pushed.map_err(|_| StoreFailed)?;
            match answer.await {
                Ok(answer) => answer,
                Err(_) => pending().await,
            }
        })
    }

    /// Has a reader look something up.
    fn look<T, F>(&self, look: F) -> Reading<T>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, Trouble>> + Send + 'static,
    {
        let looks = Arc::clone(&self.doors.looks);
        Box::pin(async move {
            let (look, answer) = reader::Asked::new(look);
            looks.push(Box::new(look)).map_err(|_| StoreFailed)?;
            answer.await.unwrap_or(Err(StoreFailed))
        })
    }
}

impl Store for SqliteStore {
    fn transact(
        &self,
        directory: Arc<Directory>,
        at: Timestamp,
        transaction: Transaction,
    ) -> impl Future<Output = Result<Answer, StoreFailed>> + Send + 'static {
        let jobs = Arc::clone(&self.doors.jobs);
        async move {
            let (answer, comes) = oneshot::channel();
            jobs.push(Job::Rules(Rules { directory, at, transaction, answer })).map_err(|_| StoreFailed)?;
            match comes.await {
                Ok(answer) => answer,
                // The thread has died over it: whether it was done nobody here can tell, so nobody is told.
                Err(_) => pending().await,
            }
        }
    }

    fn routing_snapshot(&self, requests: bool) -> impl Future<Output = Result<Overview, StoreFailed>> + Send + 'static {
        ready(Ok(self.doors.image.view(|tables, _| Overview::of(tables, requests))))
    }

    fn due(
        &self,
        directory: Arc<Directory>,
        at: Timestamp,
    ) -> impl Future<Output = Result<Due, StoreFailed>> + Send + 'static {
        ready(Ok(self.doors.image.view(|tables, _| Due::of(tables, &directory.site, at))))
    }

    fn live_calls(&self) -> impl Future<Output = Result<Vec<CallId>, StoreFailed>> + Send + 'static {
        ready(Ok(self.doors.image.view(|tables, _| tables.calls.keys().copied().collect())))
    }
}

/// The thread of a store.
fn work(folder: PathBuf, settings: &Settings, told: oneshot::Sender<Result<Doors, OpenError>>) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_time().build() {
        Ok(runtime) => runtime,
        Err(problem) => {
            let refused = OpenError::Refused { path: folder.join(FILE), problem: problem.to_string() };
            drop(told.send(Err(refused)));
            return;
        }
    };
    runtime.block_on(open_and_serve(folder, settings, told));
}

async fn open_and_serve(folder: PathBuf, settings: &Settings, told: oneshot::Sender<Result<Doors, OpenError>>) {
    let (jobs, looks) = (Arc::new(Queue::new(MOST_WAITING)), Arc::new(Queue::new(MOST_WAITING)));
    let writer = match open(&folder, settings, Arc::clone(&jobs)).await {
        Ok(writer) => writer,
        Err(refused) => {
            drop(told.send(Err(refused)));
            return;
        }
    };
    // However this thread ends, nothing more is taken in.
    let _closed = CloseAtEnd(Arc::clone(&jobs), Arc::clone(&looks));
    let (finish, finished) = watch::channel(false);
    let (image, gauge) = (writer.image(), writer.gauge());
    let doors = Doors { jobs: Arc::clone(&jobs), looks: Arc::clone(&looks), image, gauge, finished };
    // Dropped at once where whoever opened it has gone, which closes the queues.
    drop(told.send(Ok(doors)));
    serve(writer, &jobs, &looks).await;
    finish.send_replace(true);
}

async fn open(folder: &Path, settings: &Settings, jobs: Arc<Queue<Job>>) -> Result<Writer, OpenError> {
    let most_pages = settings.most_bytes.map(|bytes| u32::try_from(bytes / 4096).unwrap_or(u32::MAX));
    let files = open::Files::take(folder, most_pages).await?;
    Writer::open(files, jobs).await
}

async fn serve(mut writer: Writer, jobs: &Queue<Job>, looks: &Queue<Box<dyn Look>>) {
    let reading = writer.files().for_readers();
    let readers = join(reader::run(&reading, looks), reader::run(&reading, looks));
    {
        let work = pin!(join(writer.run(), readers));
        let watch = pin!(give_up(jobs, looks));
        select(work, watch).await;
    }
    writer.close().await;
}

/// Gives up what has waited too long, for ever.
async fn give_up(jobs: &Queue<Job>, looks: &Queue<Box<dyn Look>>) {
    loop {
        tokio::time::sleep(GIVE_UP_EVERY).await;
        jobs.give_up(PATIENCE).into_iter().for_each(Job::refuse);
        // A look that is dropped tells whoever waits for it.
        drop(looks.give_up(PATIENCE));
    }
}

/// Closes the queues when it is dropped. What is still in them then, because the thread has panicked, was never begun.
struct CloseAtEnd(Arc<Queue<Job>>, Arc<Queue<Box<dyn Look>>>);

impl Drop for CloseAtEnd {
    fn drop(&mut self) {
        self.0.close();
        self.1.close();
        self.0.take(usize::MAX).into_iter().for_each(Job::refuse);
        drop(self.1.take(usize::MAX));
    }
}
