//! Windows by the clock, relative to the moment of speaking.

use jiff::Timestamp as Instant;
use jiff::civil::{Date, DateTime};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use nohold_model::Timestamp;

/// Dates at least so many days ahead are told with their year.
const WITH_YEAR_FROM: i32 = 300;

/// What is told of a window.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// Its end alone, because it has begun.
    By(Moment),
    /// Both ends.
    Between(Moment, Moment),
    /// The whole of a day.
    All(Day),
}

/// A minute of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) day: Day,
    /// 0 to 24: midnight is hour 24 of the day that it ends, where it ends a window.
    pub(super) hour: u8,
    pub(super) minute: u8,
}

/// A day, as far from today as it sounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Day {
    Today,
    Tomorrow,
    /// Within a week.
    Weekday {
        /// 1 for Monday to 7 for Sunday (ISO 8601).
        weekday: u8,
        /// How many days ahead, from 2 to 6.
        ahead: u8,
        /// Whether a Monday comes before it.
        next_week: bool,
    },
    Date {
        /// Only where the date might be taken for this year's.
        year: Option<u32>,
        month: u8,
        day: u8,
    },
}

/// What to tell of a window; nothing when it is over or its zone is unknown.
pub(super) fn told(from: Timestamp, to: Timestamp, zone: &str, at: Timestamp) -> Option<Told> {
    if to <= at {
        return None;
    }
    // Only a name of the bundled database: anything else could mean a file of this machine.
    let zone = TimeZoneDatabase::bundled().get(zone).ok()?;
    let today = local(at, &zone)?.date();
    // A promise is never told tighter than it was given: seconds widen it to whole minutes.
    let begins = local(whole_minute(from, false), &zone)?;
    let ends = local(whole_minute(to, true), &zone)?;
    let end = ending(&ends, today)?;
    if from <= at || from >= to {
        return Some(Told::By(end));
    }
    let begin = moment(&begins, today);
    let whole_day = begin.day == end.day && (begin.hour, begin.minute, end.hour) == (0, 0, 24);
    Some(if whole_day {
        Told::All(end.day)
    } else if begin == end {
        // The clock was put back in between: one time cannot be told from the other.
        Told::By(end)
    } else {
        Told::Between(begin, end)
    })
}

fn local(at: Timestamp, zone: &TimeZone) -> Option<DateTime> {
    Some(zone.to_datetime(Instant::from_millisecond(at.as_millis()).ok()?))
}

fn whole_minute(at: Timestamp, up: bool) -> Timestamp {
    let over = at.as_millis().rem_euclid(60_000);
    let down = at.as_millis().saturating_sub(over);
    Timestamp::from_millis(if up && over > 0 { down.saturating_add(60_000) } else { down })
}

fn moment(at: &DateTime, today: Date) -> Moment {
    Moment { day: day(at.date(), today), hour: small(at.hour()), minute: small(at.minute()) }
}

/// The end of a window: midnight belongs to the day that it ends.
fn ending(at: &DateTime, today: Date) -> Option<Moment> {
    if at.hour() == 0 && at.minute() == 0 && at.date() > today {
        return Some(Moment { day: day(at.date().yesterday().ok()?, today), hour: 24, minute: 0 });
    }
    Some(moment(at, today))
}

fn day(date: Date, today: Date) -> Day {
    let ahead = today.until(date).map_or(i32::MAX, |span| span.get_days());
    let weekday = date.weekday().to_monday_one_offset();
    match ahead {
        0 => Day::Today,
        1 => Day::Tomorrow,
        2..=6 => Day::Weekday {
            weekday: small(weekday),
            ahead: u8::try_from(ahead).unwrap_or(2),
            next_week: weekday < today.weekday().to_monday_one_offset(),
        },
        _ => Day::Date {
            year: (!(0..WITH_YEAR_FROM).contains(&ahead)).then(|| u32::from(date.year().unsigned_abs())),
            month: small(date.month()),
            day: small(date.day()),
        },
    }
}

fn small(number: i8) -> u8 {
    number.unsigned_abs()
}
