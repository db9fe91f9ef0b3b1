//! How the database is, told by who writes to everybody who asks.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use nohold_app::ports::Condition;

/// A group that takes so long is one that stands still.
const STANDING: Duration = Duration::from_secs(1);

/// What the writer says of the database. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Gauge {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    trouble: Option<Condition>,
    at_it_since: Option<Instant>,
}

impl Gauge {
    /// How the database is.
    pub fn read(&self) -> Condition {
        self.with(|inner| match inner.trouble {
            Some(trouble) => trouble,
            None if inner.at_it_since.is_some_and(|since| since.elapsed() >= STANDING) => Condition::Standing,
            None => Condition::Well,
        })
    }

    /// The writer begins something that has to come to an end, or goes on with it.
    pub fn at_it(&self) {
        self.with(|inner| inner.at_it_since.get_or_insert_with(Instant::now).to_owned());
    }

    /// The writer has come to an end, whichever.
    pub fn through(&self) {
        self.with(|inner| inner.at_it_since = None);
    }

    /// Writing has failed. Whether that is news.
    pub fn ill(&self, trouble: Condition) -> bool {
        self.with(|inner| inner.trouble.replace(trouble) != Some(trouble))
    }

    /// Something was written. Whether that is news.
    pub fn well(&self) -> bool {
        self.with(|inner| inner.trouble.take().is_some())
    }

    /// Whether the last attempt to write has failed.
    pub fn is_ill(&self) -> bool {
        self.with(|inner| inner.trouble.is_some())
    }

    fn with<T>(&self, act: impl FnOnce(&mut Inner) -> T) -> T {
        act(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_is_news_once_and_so_is_its_end() {
        let gauge = Gauge::default();
        assert!(!gauge.well());
        assert!(gauge.ill(Condition::Full));
        assert!(!gauge.ill(Condition::Full));
        assert_eq!((gauge.read(), gauge.is_ill()), (Condition::Full, true));
        assert!(gauge.ill(Condition::Failing));
        assert!(gauge.well());
        assert_eq!((gauge.read(), gauge.well()), (Condition::Well, false));
    }

    #[test]
    fn a_short_while_is_no_standing_still() {
        let gauge = Gauge::default();
        gauge.at_it();
        assert_eq!(gauge.read(), Condition::Well);
        gauge.with(|inner| inner.at_it_since = Instant::now().checked_sub(STANDING));
        gauge.at_it();
        assert_eq!(gauge.read(), Condition::Standing, "it is still the same wait");
        gauge.through();
        assert_eq!(gauge.read(), Condition::Well);
    }
}
