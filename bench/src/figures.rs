//! Many measured times in little room.

use serde::Serialize;

use crate::datagrams::Nanos;

/// The finest difference that is kept, 50 µs.
const STEP: Nanos = 50_000;
/// What is longer than this is only counted as that: 20 s.
const STEPS: usize = 400_000;

/// A distribution of lengths of time, to 50 µs.
#[derive(Clone)]
pub struct Distribution {
    counts: Vec<u32>,
    count: u64,
    max: Nanos,
}

impl Default for Distribution {
    fn default() -> Self {
        Distribution { counts: vec![0; STEPS], count: 0, max: 0 }
    }
}

/// What is told of a distribution, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    /// How many were measured.
    pub count: u64,
    /// Half of them are not longer.
    pub p50_ms: f64,
    /// 90 of 100 are not longer.
    pub p90_ms: f64,
    /// 99 of 100 are not longer.
    pub p99_ms: f64,
    /// The longest.
    pub max_ms: f64,
}

impl Distribution {
    /// Adds one.
    pub fn add(&mut self, length: Nanos) {
        let at = usize::try_from(length / STEP).unwrap_or(usize::MAX).min(STEPS - 1);
        self.counts[at] = self.counts[at].saturating_add(1);
        self.count += 1;
        self.max = self.max.max(length);
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.counts.fill(0);
        (self.count, self.max) = (0, 0);
    }

    /// What is told of it.
    pub fn spread(&self) -> Spread {
        let at = |part: f64| self.at(part);
        Spread { count: self.count, p50_ms: at(0.5), p90_ms: at(0.9), p99_ms: at(0.99), max_ms: ms(self.max) }
    }

    /// The length that this part of all does not exceed, rounded up to the next step.
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts")]
    fn at(&self, part: f64) -> f64 {
        let wanted = ((self.count as f64 * part).ceil() as u64).max(1);
        let mut seen = 0;
        for (step, count) in self.counts.iter().enumerate() {
            seen += u64::from(*count);
            if seen >= wanted {
                return ms((step as Nanos + 1) * STEP).min(ms(self.max));
            }
        }
        ms(self.max)
    }
}

/// Milliseconds.
#[expect(clippy::cast_precision_loss, reason = "a length of time is far below 2^52 ns, which are 52 days")]
pub fn ms(length: Nanos) -> f64 {
    length as f64 / 1e6
}

/// A part of a whole; nothing of nothing is all of it.
#[expect(clippy::cast_precision_loss, reason = "counts of one run")]
pub fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::datagrams::MILLISECOND;

    #[test]
    fn percentiles_are_those_of_what_was_added() {
        let mut all = Distribution::default();
        (1..=100).for_each(|n| all.add(n * MILLISECOND - 10_000));
        let spread = all.spread();
        assert_eq!((spread.count, spread.p50_ms, spread.p90_ms, spread.p99_ms), (100, 50.0, 90.0, 99.0));
        assert!((spread.max_ms - 99.99).abs() < 1e-9);
        all.clear();
        assert_eq!(all.spread(), Spread { count: 0, p50_ms: 0.0, p90_ms: 0.0, p99_ms: 0.0, max_ms: 0.0 });
    }

    #[test]
    fn what_is_longer_than_can_be_told_apart_still_counts() {
        let mut all = Distribution::default();
        all.add(100_000 * MILLISECOND);
        assert!((all.spread().max_ms - 100_000.0).abs() < 1e-9);
        assert_eq!(all.spread().p50_ms, 20_000.0);
    }
}
