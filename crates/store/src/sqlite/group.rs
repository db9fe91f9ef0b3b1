//! A group: jobs that are committed together, with one wait for the disk.

use std::sync::Arc;

use nohold_app::ports::{Commit, Image, Revision, StoreFailed};
use nohold_core::directory::Directory;
use nohold_core::routing::Offer;
use nohold_core::transaction::{Answer, Outcome, Rows as _, Transaction, run};
use nohold_model::{OfferId, Timestamp};
use sqlx::sqlite::SqliteConnection;
use tokio::sync::oneshot;

use super::errand::Task;
use super::history::{self, News};
use super::load::{self, Progress};
use super::named::Named;
use super::overlay::{Horizon, Overlay, View};
use super::save::{self, FactRow};
use super::trouble::Trouble;

/// How many rows one transaction may ask to be loaded. A transaction touches a few entries of one customer.
const MOST_LOADS: usize = 200;

/// What waits for the writer.
pub enum Job {
    /// A transaction of the rules.
    Rules(Rules),
    /// Something else to write.
    Errand(Box<dyn Task>),
}

/// A transaction of the rules with whoever waits for it.
pub struct Rules {
    /// What is configured.
    pub directory: Arc<Directory>,
    /// When.
    pub at: Timestamp,
    /// What.
    pub transaction: Transaction,
    /// Where the answer goes.
    pub answer: oneshot::Sender<Result<Answer, StoreFailed>>,
}

impl Job {
    /// Says that it has certainly not been done.
    pub fn refuse(self) {
        match self {
            // Whoever asked may have gone.
            Job::Rules(rules) => drop(rules.answer.send(Err(StoreFailed))),
            Job::Errand(task) => task.answer(Err(StoreFailed)),
        }
    }
}

/// What a group has decided and written, none of it certain yet.
#[derive(Debug)]
pub struct Group {
    /// How far the store will have come.
    pub progress: Progress,
    /// What will be shown.
    pub commits: Vec<Commit>,
    /// COMMIT has been sent: from here on it may be true.
    pub committing: bool,
    answers: Vec<Option<Answer>>,
    overlay: Overlay,
    facts: Vec<FactRow>,
    news: Vec<News>,
    wrote: bool,
}

impl Group {
    /// A group that comes after this.
    pub fn after(progress: Progress) -> Self {
        Group {
            progress: Progress { groups: progress.groups.wrapping_add(1), ..progress },
            commits: Vec::new(),
            committing: false,
            answers: Vec::new(),
            overlay: Overlay::default(),
            facts: Vec::new(),
            news: Vec::new(),
            wrote: false,
        }
    }

    /// Whether anything would be written.
    pub fn wrote(&self) -> bool {
        self.wrote
    }

    /// Decides a job on the rows as those before it in the group leave them.
    pub async fn add(
        &mut self,
        connection: &mut SqliteConnection,
        image: &Image,
        horizon: Horizon,
        job: &mut Job,
    ) -> Result<(), Trouble> {
        match job {
            Job::Errand(task) => {
                self.wrote |= task.carry_out(connection).await?;
                self.answers.push(None);
            }
            Job::Rules(rules) => {
                let outcome = self.decide(connection, image, horizon, rules).await?;
                self.answers.push(Some(outcome.answer.clone()));
                self.progress.latest = self.progress.latest.max(rules.at);
                if !outcome.writes.is_empty() || !outcome.facts.is_empty() {
                    self.take(image, &rules.directory, rules.at, outcome)?;
                }
            }
        }
        Ok(())
    }

    async fn decide(
        &mut self,
        connection: &mut SqliteConnection,
        image: &Image,
        horizon: Horizon,
        rules: &Rules,
    ) -> Result<Outcome, Trouble> {
        for _ in 0..MOST_LOADS {
            let overlay = &self.overlay;
            let decided = image.view(|tables, _| {
                run(&View { tables, overlay, horizon }, &rules.directory, rules.at, &rules.transaction)
            });
            match decided {
                Ok(outcome) => return Ok(outcome),
                Err(wanted) => load::missing(connection, wanted, &mut self.overlay.loaded).await?,
            }
        }
        Err(Trouble::Endless)
    }

    fn take(&mut self, image: &Image, directory: &Directory, at: Timestamp, outcome: Outcome) -> Result<(), Trouble> {
        self.wrote = true;
        // Before what the commit writes: with its end a call has no row any more.
        let overlay = &self.overlay;
        let row = |call| match overlay.calls.get(&call) {
            Some(row) => row.clone(),
            None => image.view(|tables, _| tables.calls.get(&call).cloned()),
        };
        self.news.extend(News::of(&outcome.facts, directory, row));
        self.overlay.absorb(&outcome);
        self.progress.revision = Revision(self.progress.revision.0.saturating_add(1));
        let commit = Commit { revision: self.progress.revision, at, outcome };
        let overlay = &self.overlay;
        let facts = image.view(|tables, _| {
            // An offer that is over for so long that it is not in memory has no more to tell.
            let never = Timestamp::EPOCH;
            let view = View { tables, overlay, horizon: Horizon { requests: never, tries: never } };
            let offer = |id: OfferId| -> Option<Offer> { view.offer(id).ok().flatten() };
            FactRow::of(&commit, |fact| Named::by(fact, offer))
        })?;
        self.facts.extend(facts);
        self.commits.push(commit);
        Ok(())
    }

    /// Writes what was decided, inside the transaction.
    pub async fn save(&self, connection: &mut SqliteConnection) -> Result<(), Trouble> {
        save::rows(connection, &self.overlay).await?;
        save::facts(connection, &self.facts).await?;
        history::write(connection, &self.news).await?;
        save::progress(connection, self.progress).await
    }

    /// It is certain: the answers go out, in order.
    pub fn answer(self, jobs: Vec<Job>) {
        for (job, answer) in jobs.into_iter().zip(self.answers) {
            match (job, answer) {
                // Whoever asked may have gone.
                (Job::Rules(rules), Some(answer)) => drop(rules.answer.send(Ok(answer))),
                (Job::Rules(rules), None) => drop(rules.answer.send(Err(StoreFailed))),
                (Job::Errand(task), _) => task.answer(Ok(())),
            }
        }
    }
}
