//! What has passed through a leg, counted by its thread and read by everybody.

use std::sync::atomic::{AtomicI8, AtomicU64, Ordering};

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

/// How loud somebody is heard, in dBFS; nothing before the first frame.
#[derive(Debug)]
pub(crate) struct Level(AtomicI8);

/// Louder than anything: no frame was there yet.
const NOT_HEARD: i8 = i8::MAX;

/// By so much the level shown falls with every frame, so that a word is still seen a moment later.
const FALLS_BY: i8 = 1;

impl Default for Level {
    fn default() -> Self {
        Level(AtomicI8::new(NOT_HEARD))
    }
}

impl Level {
    /// A frame was as loud as this, in dBFS.
    pub(crate) fn frame(&self, dbfs: i8) {
        let shown = self.read().map_or(dbfs, |before| dbfs.max(before.saturating_sub(FALLS_BY)));
        self.0.store(shown, Ordering::Relaxed);
    }

    fn read(&self) -> Option<i8> {
        Some(self.0.load(Ordering::Relaxed)).filter(|level| *level != NOT_HEARD)
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
    pub(crate) echo: Level,
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
            echo_level: self.echo.read(),
        }
    }
}
