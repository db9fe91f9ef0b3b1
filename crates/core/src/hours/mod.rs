//! When a place is open, and when a customer may be dialled.
//!
//! A [`Calendar`] (工作时间) says for every moment whether a line of business is open; a [`DiallingWindow`] (可呼时段)
//! says in which hours of the customer's day the customer's phone may ring. Time zones come with the program: the
//! machine's own are never read.

mod calendar;
mod clock;
mod dialling;
mod moment;
mod place;
mod problem;

pub use calendar::{
    Calendar, CalendarDefinition, Closure, HORIZON_DAYS, MakeUpDay, MakeUpHours, OpenSpan, Weekday, WeeklyHours,
};
pub use clock::{Date, DaySpan, InvalidClock, MinuteOfDay, UnknownZone, Zone};
pub use dialling::{DiallingRefused, DiallingWindow, RefusedBecause, WindowOverMidnight};
pub use moment::Moment;
pub use place::{KnownBy, Place};
pub use problem::{CalendarProblem, InvalidCalendar};

#[cfg(test)]
mod tests;
