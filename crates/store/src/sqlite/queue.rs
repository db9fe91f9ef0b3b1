//! What waits to be done: bounded, in order, and not for ever.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// A queue of jobs. A job is in it, or it was taken out by one of two: by who does it, or by who gives it up. So a job that
/// was given up has certainly not been begun.
#[derive(Debug)]
pub struct Queue<J> {
    inner: Mutex<Inner<J>>,
    changed: Notify,
    most: usize,
}

#[derive(Debug)]
struct Inner<J> {
    waiting: VecDeque<(Instant, J)>,
    closed: bool,
}

impl<J> Queue<J> {
    /// A queue in which at most so many jobs wait.
    pub fn new(most: usize) -> Self {
        let inner = Inner { waiting: VecDeque::new(), closed: false };
        Queue { inner: Mutex::new(inner), changed: Notify::new(), most }
    }

    /// Adds a job at the end; it comes back where the queue is full or closed.
    pub fn push(&self, job: J) -> Result<(), J> {
        let mut inner = self.lock();
        if inner.closed || inner.waiting.len() >= self.most {
            return Err(job);
        }
        inner.waiting.push_back((Instant::now(), job));
        drop(inner);
        self.changed.notify_one();
        Ok(())
    }

    /// Waits until there is a job. False when there is none and none will come.
    pub async fn wait(&self) -> bool {
        loop {
            let mut changed = pin!(self.changed.notified());
            // From here on no word is missed.
            changed.as_mut().enable();
            {
                let inner = self.lock();
                if !inner.waiting.is_empty() {
                    return true;
                }
                if inner.closed {
                    return false;
                }
            }
            changed.await;
        }
    }

    /// Takes out so many jobs, the oldest first.
    pub fn take(&self, most: usize) -> Vec<J> {
        let mut inner = self.lock();
        let count = inner.waiting.len().min(most);
        inner.waiting.drain(..count).map(|(_, job)| job).collect()
    }

    /// Takes out the jobs that have waited for so long.
    pub fn give_up(&self, patience: Duration) -> Vec<J> {
        let mut inner = self.lock();
        let count = inner.waiting.iter().take_while(|(since, _)| since.elapsed() >= patience).count();
        inner.waiting.drain(..count).map(|(_, job)| job).collect()
    }

    /// Whether no job waits.
    pub fn is_empty(&self) -> bool {
        self.lock().waiting.is_empty()
    }

    /// From now on no job is taken in. Those that wait are still done.
    pub fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_waiters();
    }

    /// Whether it was closed.
    pub fn is_closed(&self) -> bool {
        self.lock().closed
    }

    fn lock(&self) -> MutexGuard<'_, Inner<J>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;
    use futures::future::join;

    use super::*;

    #[test]
    fn a_full_queue_gives_the_job_back() {
        let queue = Queue::new(2);
        assert_eq!([queue.push(1), queue.push(2), queue.push(3)], [Ok(()), Ok(()), Err(3)]);
        assert_eq!(queue.take(1), [1]);
        assert_eq!(queue.push(3), Ok(()));
        assert_eq!(queue.take(9), [2, 3]);
    }

    #[test]
    fn what_waited_too_long_is_taken_out_and_nothing_else() {
        let queue = Queue::new(9);
        queue.push(1).unwrap();
        assert_eq!(queue.give_up(Duration::from_secs(60)), [] as [i32; 0]);
        assert_eq!(queue.give_up(Duration::ZERO), [1]);
        assert_eq!(queue.take(9), [] as [i32; 0]);
    }

    #[test]
    fn a_closed_queue_still_hands_out_what_is_in_it() {
        let queue = Queue::new(9);
        queue.push(1).unwrap();
        queue.close();
        assert_eq!(queue.push(2), Err(2));
        assert!(block_on(queue.wait()));
        assert_eq!(queue.take(9), [1]);
        assert!(!block_on(queue.wait()));
    }

    #[test]
    fn whoever_waits_hears_of_a_job_and_of_the_end() {
        let queue = Queue::new(9);
        let push = async { queue.push(1).unwrap() };
        assert_eq!(block_on(join(queue.wait(), push)), (true, ()));
        queue.take(9);
        let close = async { queue.close() };
        assert_eq!(block_on(join(queue.wait(), close)), (false, ()));
    }
}
