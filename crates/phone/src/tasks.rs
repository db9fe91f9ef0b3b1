//! The tasks of one phone: they end with it.

use std::future::Future;
use std::sync::Mutex;

use tokio::task::{AbortHandle, JoinSet};

use crate::log::lock;

/// Owns tasks; dropping it ends them.
pub(crate) struct Tasks(Mutex<JoinSet<()>>);

impl Tasks {
    pub fn new() -> Self {
        Tasks(Mutex::new(JoinSet::new()))
    }

    /// Begins a task, and lets go of those that have ended.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        let mut tasks = lock(&self.0);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task)
    }

    /// Ends all tasks.
    pub fn end(&self) {
        lock(&self.0).abort_all();
    }
}
