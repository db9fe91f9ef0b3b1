//! A moment in words, for people who are told to come back to something later.

use std::fmt;

use nohold_model::{Millis, Timestamp};
use serde::{Deserialize, Serialize};

use super::Zone;

/// A moment together with what a clock shows then, so that a refusal can say until when it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// When.
    pub at: Timestamp,
    /// What a clock of the named zone shows, to the minute and never too early: `2026-03-02 21:30 (Asia/Shanghai)`.
    pub shown: String,
}

impl Moment {
    /// The moment as a clock of `zone` shows it.
    #[must_use]
    pub fn new(at: Timestamp, zone: &Zone) -> Self {
        // Whoever tries again at the minute that was named must not be refused for the seconds that were not.
        let whole = at + Millis::new(59_999);
        let (date, minute) = (zone.date(whole), zone.minute(whole));
        Moment { at, shown: format!("{date} {minute} ({zone})") }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_minute_named_is_never_too_early() {
        let zone = Zone::new("Asia/Shanghai").unwrap();
        let shown =
            |seconds: i64| Moment::new(Timestamp::from_millis(1_772_416_800_000 + seconds * 1_000), &zone).shown;
        assert_eq!(shown(0), "2026-03-02 10:00 (Asia/Shanghai)");
        assert_eq!(shown(1), "2026-03-02 10:01 (Asia/Shanghai)");
        assert_eq!(shown(14 * 3_600 - 30), "2026-03-03 00:00 (Asia/Shanghai)");
    }
}
