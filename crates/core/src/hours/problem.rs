//! What is wrong with a calendar, in words that name the day and the mend.

use std::fmt;

use thiserror::Error;

use super::{Date, DaySpan, UnknownZone, Weekday};

/// One thing that is wrong with a calendar.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CalendarProblem {
    /// The zone does not exist.
    #[error(transparent)]
    Zone(#[from] UnknownZone),
    /// Two spans of a weekday share time.
    #[error("{day}: {first} and {second} overlap: join them or move one")]
    WeekdayOverlap {
        /// The day.
        day: Weekday,
        /// The span that begins first.
        first: DaySpan,
        /// The other one.
        second: DaySpan,
    },
    /// Two spans of a make-up day share time.
    #[error("make-up day {day}: {first} and {second} overlap: join them or move one")]
    MakeUpOverlap {
        /// The day.
        day: Date,
        /// The span that begins first.
        first: DaySpan,
        /// The other one.
        second: DaySpan,
    },
    /// A make-up day without hours.
    #[error("make-up day {day} has no hours: give it some, or make it a closure")]
    MakeUpWithoutHours {
        /// The day.
        day: Date,
    },
    /// A date that is a make-up day twice.
    #[error("make-up day {day} is there twice: remove one")]
    MakeUpTwice {
        /// The day.
        day: Date,
    },
    /// A closure that ends before it begins.
    #[error("closure from {from} to {to} ends before it begins: exchange the dates")]
    ClosureBackwards {
        /// Its first day.
        from: Date,
        /// Its last day.
        to: Date,
    },
    /// A yearly closure longer than a year.
    #[error("yearly closure from {from} to {to} is longer than a year: shorten it")]
    YearlyTooLong {
        /// Its first day.
        from: Date,
        /// Its last day.
        to: Date,
    },
    /// A closure of a part of the day that runs over midnight.
    #[error("closure of {day}: {hours} runs over midnight: write one closure for each day")]
    ClosureOverMidnight {
        /// Its first day.
        day: Date,
        /// The hours closed.
        hours: DaySpan,
    },
}

/// Everything that is wrong with a calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidCalendar(
    /// The problems, at least one.
    pub Vec<CalendarProblem>,
);

impl fmt::Display for InvalidCalendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            write!(f, "{}{problem}", if index == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

impl std::error::Error for InvalidCalendar {}
