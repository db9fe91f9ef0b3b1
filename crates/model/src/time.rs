//! Points in time and lengths of time, in whole milliseconds.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A point in time: milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// The rules of Nohold never read a clock; every event brings its own `Timestamp`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Timestamp(i64);

/// A length of time in milliseconds, never negative.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Millis(u64);

impl Timestamp {
    /// The earliest point that is ever used: 1970-01-01T00:00:00Z.
    pub const EPOCH: Timestamp = Timestamp(0);
    /// A point later than any other, for "never".
    pub const NEVER: Timestamp = Timestamp(i64::MAX);

    /// The point that lies `millis` milliseconds after the epoch.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Timestamp(millis)
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// How long it is from `earlier` to `self`; zero when `earlier` is not earlier.
    #[must_use]
    pub const fn since(self, earlier: Timestamp) -> Millis {
        let gap = self.0.saturating_sub(earlier.0);
        if gap > 0 { Millis(gap.unsigned_abs()) } else { Millis(0) }
    }
}

impl Millis {
    /// No time at all.
    pub const ZERO: Millis = Millis(0);

    /// `n` milliseconds.
    #[must_use]
    pub const fn new(n: u64) -> Self {
        Millis(n)
    }

    /// `n` seconds.
    #[must_use]
    pub const fn seconds(n: u64) -> Self {
        Millis(n.saturating_mul(1_000))
    }

    /// `n` minutes.
    #[must_use]
    pub const fn minutes(n: u64) -> Self {
        Millis(n.saturating_mul(60_000))
    }

    /// `n` hours.
    #[must_use]
    pub const fn hours(n: u64) -> Self {
        Millis(n.saturating_mul(3_600_000))
    }

    /// `s` seconds, rounded to the nearest millisecond; zero for what is negative or not a number.
    #[must_use]
    pub fn from_secs_f64(s: f64) -> Self {
        // `as` saturates and maps NaN to 0, which is what is wanted here.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates by definition")]
        Millis((s * 1_000.0).round() as u64)
    }

    /// The number of milliseconds.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// The length in seconds.
    #[must_use]
    pub fn as_secs_f64(self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "lengths of time stay far below 2^52 ms")]
        let millis = self.0 as f64;
        millis / 1_000.0
    }

    /// `n` times this length.
    #[must_use]
    pub const fn times(self, n: u64) -> Self {
        Millis(self.0.saturating_mul(n))
    }
}

impl Add<Millis> for Timestamp {
    type Output = Timestamp;
    fn add(self, rhs: Millis) -> Timestamp {
        Timestamp(self.0.saturating_add_unsigned(rhs.0))
    }
}

impl AddAssign<Millis> for Timestamp {
    fn add_assign(&mut self, rhs: Millis) {
        *self = *self + rhs;
    }
}

impl Sub<Millis> for Timestamp {
    type Output = Timestamp;
    fn sub(self, rhs: Millis) -> Timestamp {
        Timestamp(self.0.saturating_sub_unsigned(rhs.0))
    }
}

impl Add for Millis {
    type Output = Millis;
    fn add(self, rhs: Millis) -> Millis {
        Millis(self.0.saturating_add(rhs.0))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Timestamp::NEVER { f.write_str("never") } else { write!(f, "{}ms", self.0) }
    }
}

impl fmt::Debug for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}ms", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_never_negative() {
        let (a, b) = (Timestamp::from_millis(5), Timestamp::from_millis(9));
        assert_eq!(b.since(a), Millis::new(4));
        assert_eq!(a.since(b), Millis::ZERO);
    }

    #[test]
    fn never_stays_never() {
        assert_eq!(Timestamp::NEVER + Millis::hours(1), Timestamp::NEVER);
    }

    #[test]
    fn seconds_as_a_fraction_saturate() {
        assert_eq!(Millis::from_secs_f64(1.2345), Millis::new(1_235));
        assert_eq!(Millis::from_secs_f64(f64::NAN), Millis::ZERO);
        assert_eq!(Millis::from_secs_f64(-3.0), Millis::ZERO);
    }
}
