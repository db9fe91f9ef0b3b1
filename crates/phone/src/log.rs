//! What happened in a call, kept short for error messages.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

/// A flood of events must not fill the memory of a long test.
const MOST_EVENTS: usize = 300;

/// Locks, also where another thread has panicked: half a log is better than none.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Events with the time since the first.
pub(crate) struct Log {
    begun: Instant,
    events: Mutex<Vec<(Instant, String)>>,
}

impl Log {
    pub fn new() -> Self {
        Log { begun: Instant::now(), events: Mutex::new(Vec::new()) }
    }

    /// Notes that this has happened now.
    pub fn note(&self, event: impl Into<String>) {
        let mut events = lock(&self.events);
        if events.len() < MOST_EVENTS {
            events.push((Instant::now(), event.into()));
        }
    }
}

impl fmt::Display for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, event) in lock(&self.events).iter() {
            writeln!(f, "  {:8.3} s  {event}", at.duration_since(self.begun).as_secs_f64())?;
        }
        write!(f, "  {:8.3} s  now", self.begun.elapsed().as_secs_f64())
    }
}
