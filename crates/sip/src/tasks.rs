//! The one place where this crate begins tasks: named, held together, ended together.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::task::JoinSet;

/// The tasks of one engine. A clone is another handle on the same tasks.
#[derive(Clone, Default)]
pub(crate) struct Tasks {
    set: Arc<Mutex<JoinSet<()>>>,
}

impl Tasks {
    /// Begins a task that runs until it ends by itself or the engine shuts down. If it panics, the log says so by its
    /// name and all others go on.
    ///
    /// Must be called within a tokio runtime.
    pub(crate) fn spawn(&self, name: &'static str, future: impl Future<Output = ()> + Send + 'static) {
        let mut set = self.lock();
        while set.try_join_next().is_some() {}
        set.spawn(async move {
            let _watch = Watch(name);
            future.await;
        });
    }

    /// How many tasks have not ended.
    pub(crate) fn running(&self) -> usize {
        let mut set = self.lock();
        while set.try_join_next().is_some() {}
        set.len()
    }

    /// Ends all tasks where they next wait, and returns when they are gone.
    pub(crate) async fn shutdown(&self) {
        let mut set = std::mem::take(&mut *self.lock());
        set.shutdown().await;
    }

    fn lock(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.set.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Names the task in the log when it is dropped by a panic.
struct Watch(&'static str);

impl Drop for Watch {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tracing::error!(task = self.0, "a task of the telephony engine panicked and has ended");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test]
    async fn a_panic_ends_its_own_task_only() {
        let tasks = Tasks::default();
        let (say, hear) = tokio::sync::oneshot::channel();
        let (go, wait) = tokio::sync::oneshot::channel::<()>();
        tasks.spawn("panics", async { panic!("on purpose") });
        tasks.spawn("lives", async move {
            wait.await.ok();
            say.send(()).ok();
        });
        while tasks.running() > 1 {
            tokio::task::yield_now().await;
        }
        go.send(()).expect("still there");
        hear.await.expect("the other task lives");
    }

    #[tokio::test]
    async fn shutting_down_ends_a_task_that_waits_for_ever() {
        let tasks = Tasks::default();
        let (held, dropped) = tokio::sync::oneshot::channel::<()>();
        tasks.spawn("waits", async move {
            let _held = held;
            std::future::pending::<()>().await;
        });
        tokio::time::timeout(Duration::from_secs(5), tasks.shutdown()).await.expect("in time");
        assert!(dropped.await.is_err(), "what the task held is dropped");
        assert_eq!(tasks.running(), 0);
    }
}
