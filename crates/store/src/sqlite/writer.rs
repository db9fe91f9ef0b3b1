//! The one who writes. It takes what waits, decides it on the rows, and commits it together.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use nohold_app::ports::{Condition, Image};
use nohold_model::{Millis, Timestamp};
use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnection;

use super::gauge::Gauge;
use super::group::{Group, Job};
use super::load::{self, COUNTED_KEPT, OVER_KEPT, Progress};
use super::open::Files;
use super::overlay::Horizon;
use super::queue::Queue;
use super::save;
use super::trouble::{Kind, Trouble};

/// At most so many jobs are committed together: above that the disk is not what limits us.
const MOST_TOGETHER: usize = 256;

/// How often memory is tidied, by the time of the transactions.
const TIDY_EVERY: Millis = Millis::minutes(10);

/// How long to wait before looking once more what has become of a group.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(200);

/// How long to wait before trying again while somebody else writes; the database itself has waited before it says so.
const BUSY_PAUSE: Duration = Duration::from_millis(10);

/// A database that could not be written is tried again so often, though nobody asks for anything.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// How often a store that is being closed looks, before it leaves the question open.
const MOST_CLOSING_LOOKS: u32 = 25;

/// Why a group did not get to its end.
enum Stopped {
    /// It has certainly not happened.
    Undone(Trouble),
    /// Deciding a job panicked, before anything could have happened.
    Panicked,
    /// Nobody knows yet.
    Unknown(Trouble),
}

/// The writer, and all that it needs.
pub struct Writer {
    files: Files,
    jobs: Arc<Queue<Job>>,
    image: Image,
    connection: Option<SqliteConnection>,
    progress: Progress,
    horizon: Horizon,
    tidied: Timestamp,
    /// What attempts the rules remember, by the last configuration seen.
    tries_remembered: Millis,
    /// How the database is.
    gauge: Gauge,
}

impl Writer {
    /// Opens the database and reads what lives.
    pub async fn open(files: Files, jobs: Arc<Queue<Job>>) -> Result<Self, super::open::OpenError> {
        let mut connection = files.prepare().await?;
        let of = |trouble: Trouble| super::open::OpenError::of(files.path(), &trouble);
        let progress = load::progress(&mut connection).await.map_err(of)?;
        let (image, horizon) = load::image(&mut connection, progress).await.map_err(of)?;
        Ok(Writer {
            files,
            jobs,
            image,
            connection: Some(connection),
            progress,
            horizon,
            tidied: progress.latest,
            tries_remembered: Millis::ZERO,
            gauge: Gauge::default(),
        })
    }

    /// The image of the rows.
    pub fn image(&self) -> Image {
        self.image.clone()
    }

    /// How the database is, for who asks.
    pub fn gauge(&self) -> Gauge {
        self.gauge.clone()
    }

    /// The files, for who reads.
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// Writes until the queue is closed and empty.
    pub async fn run(&mut self) {
        while self.next().await {
            self.gauge.at_it();
            match self.begin().await {
                Ok(()) => {
                    // Only now: what waits for a database that stands still can be given up.
                    let jobs = self.jobs.take(MOST_TOGETHER);
                    self.group(jobs).await;
                }
                // Somebody else writes; the jobs go on waiting, and grow old.
                Err(trouble) if trouble.kind() == Kind::Busy => {
                    tokio::time::sleep(BUSY_PAUSE).await;
                    self.kept_waiting();
                    continue;
                }
                Err(trouble) => {
                    self.ill(&trouble);
                    self.jobs.take(usize::MAX).into_iter().for_each(Job::refuse);
                }
            }
            self.gauge.through();
        }
    }

    /// Waits until there is something to write. False when nothing more will come. Meanwhile it finds out whether a database
    /// that could not be written can be again, so that people are not told of trouble that is over.
    async fn next(&mut self) -> bool {
        while self.gauge.is_ill() && !self.jobs.is_closed() {
            if let Ok(more) = tokio::time::timeout(TRY_AGAIN_AFTER, self.jobs.wait()).await {
                return more;
            }
            match self.look().await {
                Ok(_) => self.well(),
                Err(trouble) => {
                    self.ill(&trouble);
                    self.roll_back().await;
                }
            }
        }
        if self.jobs.is_empty() {
            self.gauge.through();
        }
        self.jobs.wait().await
    }

    /// Leaves the database in order: its log is empty afterwards.
    pub async fn close(mut self) {
        if let Some(mut connection) = self.connection.take() {
            let emptied = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut connection).await;
            if let Err(problem) = emptied.and(connection.close().await) {
                // All is in the log still, and is read from there at the next start.
                tracing::warn!(%problem, "the database was not closed in order");
            }
        }
    }

    /// Begins a transaction on a database that is ours, where it should be.
    async fn begin(&mut self) -> Result<(), Trouble> {
        let begun = self.try_to_begin().await;
        if begun.as_ref().is_err_and(|trouble| trouble.kind() != Kind::Busy) {
            self.connection = None;
        }
        begun
    }

    async fn try_to_begin(&mut self) -> Result<(), Trouble> {
        if !self.files.is_there() {
            self.connection = None;
        }
        let connection = match self.connection.as_mut() {
            Some(connection) => connection,
            None => {
                let mut connection = self.files.connect().await?;
                let found = load::progress(&mut connection).await?;
                // One more, when a group of whose end nobody knew has arrived.
                if found.groups.wrapping_sub(self.progress.groups) & !1 != 0 {
                    return Err(Trouble::Replaced);
                }
                self.files.accept();
                self.connection.insert(connection)
            }
        };
        sqlx::query("BEGIN IMMEDIATE").execute(connection).await?;
        Ok(())
    }

    /// Commits these jobs together, in a transaction that has begun.
    async fn group(&mut self, mut jobs: Vec<Job>) {
        let Some(stopped) = self.one_group(&mut jobs).await else { return };
        let alone = match &stopped {
            Stopped::Panicked => {
                tracing::error!("deciding a transaction panicked: this is a mistake of the program, please report it");
                jobs.len() > 1
            }
            Stopped::Undone(trouble) | Stopped::Unknown(trouble) => {
                self.ill(trouble);
                trouble.kind() == Kind::Job && jobs.len() > 1
            }
        };
        if !alone {
            jobs.into_iter().for_each(Job::refuse);
            return;
        }
        // One of them is at fault, and the others shall not suffer from it.
        for job in jobs {
            let mut job = vec![job];
            let stopped = match self.begin().await {
                Ok(()) => self.one_group(&mut job).await.is_some(),
                Err(_) => true,
            };
            if stopped {
                job.into_iter().for_each(Job::refuse);
            }
        }
    }

    /// Commits these jobs together; they are gone when that went well.
    async fn one_group(&mut self, jobs: &mut Vec<Job>) -> Option<Stopped> {
        let mut group = Group::after(self.progress);
        let written = AssertUnwindSafe(self.write(&mut group, jobs)).catch_unwind().await;
        let stopped = match written {
            Ok(Ok(())) => {
                self.landed(group, std::mem::take(jobs));
                return None;
            }
            Ok(Err(trouble)) if group.committing && !trouble.leaves_nothing() => Stopped::Unknown(trouble),
            Err(_) if group.committing => Stopped::Unknown(Trouble::Endless),
            Ok(Err(trouble)) => Stopped::Undone(trouble),
            Err(_) => Stopped::Panicked,
        };
        if let Stopped::Unknown(trouble) = &stopped {
            tracing::warn!(%trouble, "whether a commit has happened is not known: looking");
            match self.has_landed(group.progress.groups).await {
                Some(true) => {
                    self.landed(group, std::mem::take(jobs));
                    return None;
                }
                Some(false) => {}
                // Nobody is told what nobody knows.
                None => jobs.clear(),
            }
        } else {
            self.roll_back().await;
        }
        Some(stopped)
    }

    async fn write(&mut self, group: &mut Group, jobs: &mut [Job]) -> Result<(), Trouble> {
        let Some(connection) = self.connection.as_mut() else { return Err(Trouble::Gone) };
        for job in jobs {
            if let Job::Rules(rules) = job {
                self.tries_remembered = rules.directory.site.tries_remembered();
            }
            group.add(connection, &self.image, self.horizon, job).await?;
        }
        if !group.wrote() {
            sqlx::query("ROLLBACK").execute(connection).await?;
            return Ok(());
        }
        group.save(connection).await?;
        group.committing = true;
        sqlx::query("COMMIT").execute(connection).await?;
        Ok(())
    }

    /// It is certain: people are shown it, then whoever waits gets the answer.
    fn landed(&mut self, mut group: Group, jobs: Vec<Job>) {
        if group.wrote() {
            self.well();
            self.progress = group.progress;
            self.image.apply(std::mem::take(&mut group.commits));
        }
        group.answer(jobs);
        if self.progress.latest >= self.tidied + TIDY_EVERY {
            self.tidy();
        }
    }

    /// Forgets in memory what is over. Nothing is lost: the database has it.
    fn tidy(&mut self) {
        let latest = self.progress.latest;
        let counted = latest - COUNTED_KEPT;
        let tries = latest - COUNTED_KEPT.max(self.tries_remembered);
        self.image.tidy(|tables| {
            tables.forget_over_before(latest - OVER_KEPT);
            tables.forget_requests_before(counted);
            tables.forget_tries_before(tries);
        });
        self.horizon.requests = self.horizon.requests.max(counted);
        self.horizon.tries = self.horizon.tries.max(tries);
        self.tidied = latest;
    }

    async fn roll_back(&mut self) {
        if let Some(connection) = self.connection.as_mut()
            && sqlx::query("ROLLBACK").execute(connection).await.is_err()
        {
            // SQLite has done so itself after some errors. A new connection knows nothing of it in any case.
            self.connection = None;
        }
    }

    /// Finds out whether a group has arrived. Nothing else is answered before that is known; only a store that is being
    /// closed gives it up after a while.
    async fn has_landed(&mut self, groups: i64) -> Option<bool> {
        let mut closing_looks = 0;
        while closing_looks < MOST_CLOSING_LOOKS {
            self.connection = None;
            match self.look().await {
                Ok(found) => return Some(found == groups),
                Err(trouble) => self.ill(&trouble),
            }
            closing_looks += u32::from(self.jobs.is_closed());
            tokio::time::sleep(LOOK_AGAIN_AFTER).await;
        }
        None
    }

    /// Reads how far the database has come, and makes sure that it stays so: what a failed commit has left in the log
    /// could come to life again after a crash, unless something is written in its place.
    async fn look(&mut self) -> Result<i64, Trouble> {
        self.try_to_begin().await?;
        let Some(connection) = self.connection.as_mut() else { return Err(Trouble::Gone) };
        let found = load::progress(connection).await?;
        save::look(connection).await?;
        sqlx::query("COMMIT").execute(connection).await?;
        Ok(found.groups)
    }

    fn ill(&mut self, trouble: &Trouble) {
        let (condition, advice) = match trouble.kind() {
            // One job is at fault, or somebody else writes: the database is in order.
            Kind::Job | Kind::Busy => return,
            Kind::Full => (Condition::Full, "make room on the disk"),
            Kind::Damaged | Kind::Other => (Condition::Failing, "look after the disk"),
        };
        if self.gauge.ill(condition) {
            tracing::error!(%trouble, file = %self.files.path().display(), "the store fails: {advice}");
        }
    }

    /// Somebody else writes. When that lasts it is trouble, also after the last of those who waited was given up.
    fn kept_waiting(&mut self) {
        if (self.gauge.read() == Condition::Standing || self.jobs.is_empty()) && self.gauge.ill(Condition::Standing) {
            let file = self.files.path().display();
            tracing::error!(%file, "another program holds the database: nothing can be kept until it lets go");
        }
    }

    fn well(&mut self) {
        if self.gauge.well() {
            tracing::info!("the store can write again");
        }
    }
}

#[cfg(test)]
mod tests;
