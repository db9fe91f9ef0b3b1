//! What has passed through a leg, counted by its thread and read by everybody.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::words::Statistics;

/// One number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    /// For numbers that are worked out anew each time.
    pub(crate) fn set(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The counters of one leg; what they mean stands at [`Statistics`].
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) sent: Counter,
    pub(crate) unsent: Counter,
    pub(crate) received: Counter,
    pub(crate) lost: Counter,
    pub(crate) late: Counter,
    pub(crate) dropped: Counter,
    pub(crate) strangers: Counter,
}

impl Counters {
    pub(crate) fn read(&self) -> Statistics {
        Statistics {
            sent: self.sent.get(),
            unsent: self.unsent.get(),
            received: self.received.get(),
            lost: self.lost.get(),
            late: self.late.get(),
            dropped: self.dropped.get(),
            strangers: self.strangers.get(),
        }
    }
}
