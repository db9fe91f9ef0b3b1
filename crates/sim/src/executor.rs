//! Runs tasks one after the other until all of them wait: no threads, no chance.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt as _};
use futures::task::{ArcWake, waker};

/// The tasks of one process.
#[derive(Default)]
pub struct Executor {
    tasks: FuturesUnordered<BoxFuture<'static, ()>>,
    born: Nursery,
}

/// Where new tasks are put. Clones are the same nursery.
#[derive(Clone, Default)]
pub struct Nursery {
    born: Arc<Mutex<Vec<BoxFuture<'static, ()>>>>,
}

impl Nursery {
    /// A task that begins at the next run.
    pub fn spawn(&self, task: BoxFuture<'static, ()>) {
        self.born.lock().unwrap_or_else(PoisonError::into_inner).push(task);
    }

    fn take(&self) -> Vec<BoxFuture<'static, ()>> {
        std::mem::take(&mut self.born.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Remembers that somebody was woken.
struct Woken(AtomicBool);

impl ArcWake for Woken {
    fn wake_by_ref(woken: &Arc<Self>) {
        woken.0.store(true, Ordering::Relaxed);
    }
}

impl Executor {
    /// Where tasks are put.
    #[must_use]
    pub fn nursery(&self) -> Nursery {
        self.born.clone()
    }

    /// Runs until every task waits for something outside.
    pub fn run_until_stalled(&mut self) {
        let woken = Arc::new(Woken(AtomicBool::new(true)));
        let waker = waker(Arc::clone(&woken));
        let mut context = Context::from_waker(&waker);
        loop {
            let born = self.born.take();
            if born.is_empty() && !woken.0.swap(false, Ordering::Relaxed) {
                return;
            }
            self.tasks.extend(born);
            while let Poll::Ready(Some(())) = self.tasks.poll_next_unpin(&mut context) {}
        }
    }
}
