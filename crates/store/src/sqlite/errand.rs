//! Wishes to write something beside the rules' rows. They are done by the writer, in the same groups as all else.

use std::future::Future;

use futures::future::BoxFuture;
use nohold_app::ports::{NotKept, StoreFailed};
use sqlx::sqlite::SqliteConnection;
use tokio::sync::oneshot;

use super::trouble::Trouble;

/// Why an errand was not done.
#[derive(Debug)]
pub enum Undone {
    /// It must not be; nothing was written.
    Refused(NotKept),
    /// The database is in trouble.
    Trouble(Trouble),
}

impl From<sqlx::Error> for Undone {
    fn from(problem: sqlx::Error) -> Self {
        Undone::Trouble(problem.into())
    }
}

impl From<Trouble> for Undone {
    fn from(trouble: Trouble) -> Self {
        Undone::Trouble(trouble)
    }
}

impl From<serde_json::Error> for Undone {
    fn from(problem: serde_json::Error) -> Self {
        Undone::Trouble(problem.into())
    }
}

impl From<NotKept> for Undone {
    fn from(refusal: NotKept) -> Self {
        Undone::Refused(refusal)
    }
}

/// A wish to write something. It reads, decides, and only then writes: one that is refused has written nothing. It may be
/// carried out more than once, where the group around it fails.
pub trait Errand: Send + Sync + 'static {
    /// What it answers.
    type Done: Send + Sync + 'static;

    /// Does it, inside the writer's transaction.
    fn carry_out(&self, connection: &mut SqliteConnection) -> impl Future<Output = Result<Self::Done, Undone>> + Send;
}

/// An errand with whoever waits for it.
pub struct Asked<E: Errand> {
    errand: E,
    result: Option<Result<E::Done, NotKept>>,
    answer: oneshot::Sender<Result<E::Done, NotKept>>,
}

impl<E: Errand> Asked<E> {
    /// The errand, and where its answer comes.
    pub fn new(errand: E) -> (Self, oneshot::Receiver<Result<E::Done, NotKept>>) {
        let (answer, comes) = oneshot::channel();
        (Asked { errand, result: None, answer }, comes)
    }
}

/// Any errand, for the writer.
pub trait Task: Send {
    /// Does it and keeps its answer back; whether it has written.
    fn carry_out<'a>(&'a mut self, connection: &'a mut SqliteConnection) -> BoxFuture<'a, Result<bool, Trouble>>;

    /// Gives out the answer, once it is certain, or says that nothing has happened.
    fn answer(self: Box<Self>, certain: Result<(), StoreFailed>);
}

impl<E: Errand> Task for Asked<E> {
    fn carry_out<'a>(&'a mut self, connection: &'a mut SqliteConnection) -> BoxFuture<'a, Result<bool, Trouble>> {
        Box::pin(async move {
            let result = match self.errand.carry_out(connection).await {
                Ok(done) => Ok(done),
                Err(Undone::Refused(refusal)) => Err(refusal),
                Err(Undone::Trouble(trouble)) => return Err(trouble),
            };
            let wrote = result.is_ok();
            self.result = Some(result);
            Ok(wrote)
        })
    }

    fn answer(self: Box<Self>, certain: Result<(), StoreFailed>) {
        let result = match certain {
            Ok(()) => self.result.unwrap_or(Err(StoreFailed.into())),
            Err(failed) => Err(failed.into()),
        };
        // Whoever asked may have gone.
        let _ = self.answer.send(result);
    }
}
