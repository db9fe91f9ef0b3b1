//! Those who read. They see what is committed, and are never in the way of the writer.

use futures::future::BoxFuture;
use nohold_app::ports::StoreFailed;
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use tokio::sync::oneshot;

use super::queue::Queue;
use super::trouble::Trouble;

/// A look into the database, of whatever kind.
pub trait Look: Send {
    /// Looks, and answers whoever asked. Whether the connection is still good.
    fn look<'c>(self: Box<Self>, connection: &'c mut SqliteConnection) -> BoxFuture<'c, bool>
    where
        Self: 'c;
}

/// A look with whoever waits for it; one that is dropped answers nothing.
pub struct Asked<T, F> {
    look: F,
    answer: oneshot::Sender<Result<T, StoreFailed>>,
}

impl<T, F> Asked<T, F> {
    /// The look, and where its answer comes.
    pub fn new(look: F) -> (Self, oneshot::Receiver<Result<T, StoreFailed>>) {
        let (answer, comes) = oneshot::channel();
        (Asked { look, answer }, comes)
    }
}

impl<T, F> Look for Asked<T, F>
where
    T: Send,
    F: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, Trouble>> + Send,
{
    fn look<'c>(self: Box<Self>, connection: &'c mut SqliteConnection) -> BoxFuture<'c, bool>
    where
        Self: 'c,
    {
        let Asked { look, answer } = *self;
        Box::pin(async move {
            let found = look(connection).await;
            let good = found.is_ok();
            let told = found.map_err(|trouble| {
                tracing::warn!(%trouble, "the store cannot read");
                StoreFailed
            });
            // Whoever asked may have gone.
            drop(answer.send(told));
            good
        })
    }
}

/// Reads until the queue is closed and empty.
pub async fn run(options: &SqliteConnectOptions, looks: &Queue<Box<dyn Look>>) {
    let mut connection: Option<SqliteConnection> = None;
    while looks.wait().await {
        let Some(look) = looks.take(1).pop() else { continue };
        if connection.is_none() {
            match SqliteConnection::connect_with(options).await {
                Ok(fresh) => connection = Some(fresh),
                Err(problem) => tracing::warn!(%problem, "the store cannot be read"),
            }
        }
        if let Some(open) = connection.as_mut()
            && !look.look(open).await
        {
            connection = None;
        }
    }
    if let Some(connection) = connection
        && let Err(problem) = connection.close().await
    {
        tracing::warn!(%problem, "a connection was not closed in order");
    }
}
