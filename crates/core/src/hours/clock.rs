//! Local dates, minutes of the day and time zones, as calendars write them.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use jiff::civil;
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use nohold_model::{Millis, Timestamp};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

/// The zones that come with the program. jiff's global database may read the machine's, which would be I/O.
static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

const MINUTES_A_DAY: u16 = 24 * 60;

/// A time zone by its IANA name, such as `Asia/Shanghai`.
#[derive(Clone)]
pub struct Zone(TimeZone);

/// Why a text is not a [`Zone`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is not a time zone: use a name of the IANA list, for example `Asia/Shanghai` or `Europe/Berlin`")]
pub struct UnknownZone(String);

/// A day of the proleptic Gregorian calendar, without a zone. Written `2026-10-01`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(civil::Date);

/// A time of day in whole minutes, 00:00 to 24:00. Written `09:30`; `24:00` is the end of the day.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MinuteOfDay(u16);

/// Hours of a day: from the first minute up to, not including, the last. Written `09:00-17:30`.
///
/// One that ends earlier than it begins ends on the next day: `22:00-06:00`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DaySpan {
    from: MinuteOfDay,
    to: MinuteOfDay,
}

/// Why a text is not a date, a time of day or a span of hours.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidClock {
    /// Not a date.
    #[error("`{0}` is not a date: write the year, month and day like `2026-10-01`")]
    Date(String),
    /// Not a time of day.
    #[error("`{0}` is not a time of day: write hours and minutes from `00:00` to `24:00`, like `09:30`")]
    Minute(String),
    /// Not a span of hours.
    #[error("`{0}` is not a span of hours: write begin and end like `09:00-17:30`; whole days are `00:00-24:00`")]
    Span(String),
}

impl Zone {
    /// The zone of this name.
    ///
    /// # Errors
    /// When the IANA list has no such zone.
    pub fn new(name: &str) -> Result<Self, UnknownZone> {
        DATABASE.get(name).map(Zone).map_err(|_| UnknownZone(name.chars().take(64).collect()))
    }

    /// Coordinated universal time.
    #[must_use]
    pub fn utc() -> Self {
        Zone(TimeZone::UTC)
    }

    /// The IANA name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The local date at a moment.
    #[must_use]
    pub fn date(&self, at: Timestamp) -> Date {
        Date(self.0.to_datetime(to_jiff(at)).date())
    }

    /// The local minute of the day at a moment, 00:00 to 23:59.
    #[must_use]
    pub fn minute(&self, at: Timestamp) -> MinuteOfDay {
        let time = self.0.to_datetime(to_jiff(at)).time();
        let minutes = i16::from(time.hour()) * 60 + i16::from(time.minute());
        MinuteOfDay(minutes.unsigned_abs())
    }

    /// The local day that holds a moment: its first moment and that of the next.
    #[must_use]
    pub fn day(&self, at: Timestamp) -> (Timestamp, Timestamp) {
        let date = self.date(at);
        (self.first(date, 0), self.first(date, MINUTES_A_DAY))
    }

    /// A moment as clocks there show it, with how far they are from UTC: `2026-03-02 10:00:00+08:00`.
    #[must_use]
    pub fn written(&self, at: Timestamp) -> String {
        let at = to_jiff(at);
        let minutes = self.0.to_offset(at).seconds() / 60;
        let (sign, minutes) = (if minutes < 0 { '-' } else { '+' }, minutes.unsigned_abs());
        let local = self.0.to_datetime(at).strftime("%Y-%m-%d %H:%M:%S");
        format!("{local}{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }

    /// All zones of the IANA list that are nobody's second name.
    pub(super) fn all() -> impl Iterator<Item = Zone> {
        DATABASE.available().filter_map(|name| DATABASE.get(name.as_str()).ok()).filter(TimeZone::is_primary).map(Zone)
    }

    /// The country of ISO 3166 in which the zone's city lies.
    pub(super) fn country(&self) -> Option<nohold_model::Country> {
        nohold_model::Country::new(self.0.location()?.country()).ok()
    }

    /// The first moment at which a clock on the wall shows `minutes` after the midnight that begins `date`, or has
    /// jumped past it. `minutes` may lie on the next day.
    pub(super) fn first(&self, date: Date, minutes: u16) -> Timestamp {
        self.moment(date, minutes, Pick::First)
    }

    /// The last moment at which the clock shows it: later than [`first`](Zone::first) where clocks are put back.
    pub(super) fn last(&self, date: Date, minutes: u16) -> Timestamp {
        self.moment(date, minutes, Pick::Last)
    }

    fn moment(&self, date: Date, minutes: u16, pick: Pick) -> Timestamp {
        let Some(local) = local_time(date, minutes) else {
            return Timestamp::NEVER;
        };
        let ambiguous = self.0.to_ambiguous_timestamp(local);
        let instant = match (ambiguous.offset(), pick) {
            (AmbiguousOffset::Gap { .. }, _) => {
                // Read with the offset from before the jump, a time that was skipped lies after the jump.
                return ambiguous.later().map_or(Timestamp::NEVER, |after| self.jump_before(after));
            }
            (_, Pick::First) => ambiguous.earlier(),
            (_, Pick::Last) => ambiguous.later(),
        };
        instant.map_or(Timestamp::NEVER, from_jiff)
    }

    fn jump_before(&self, after: jiff::Timestamp) -> Timestamp {
        let second = jiff::Timestamp::from_second(after.as_second().saturating_add(1)).unwrap_or(after);
        self.0.preceding(second).next().map_or_else(|| from_jiff(after), |jump| from_jiff(jump.timestamp()))
    }
}

#[derive(Clone, Copy)]
enum Pick {
    First,
    Last,
}

impl Date {
    /// The day, when there is one.
    #[must_use]
    pub fn new(year: i16, month: i8, day: i8) -> Option<Self> {
        civil::Date::new(year, month, day).ok().map(Date)
    }

    /// The next day.
    #[must_use]
    pub fn next(self) -> Self {
        Date(self.0.tomorrow().unwrap_or(self.0))
    }

    /// The day before.
    #[must_use]
    pub fn previous(self) -> Self {
        Date(self.0.yesterday().unwrap_or(self.0))
    }

    pub(super) fn civil(self) -> civil::Date {
        self.0
    }

    /// Month and day, which order the days of a year.
    pub(super) fn within_year(self) -> (i8, i8) {
        (self.0.month(), self.0.day())
    }
}

impl MinuteOfDay {
    /// The first minute of the day.
    pub const MIDNIGHT: MinuteOfDay = MinuteOfDay(0);
    /// The end of the day.
    pub const END: MinuteOfDay = MinuteOfDay(MINUTES_A_DAY);

    /// Hours and minutes; nothing when they are no time up to 24:00.
    #[must_use]
    pub const fn new(hours: u16, minutes: u16) -> Option<Self> {
        if hours < 24 && minutes < 60 || hours == 24 && minutes == 0 {
            Some(MinuteOfDay(hours * 60 + minutes))
        } else {
            None
        }
    }

    /// Minutes since midnight, 0 to 1440.
    #[must_use]
    pub const fn minutes(self) -> u16 {
        self.0
    }

    /// A whole hour that is known to be one.
    pub(super) const fn hour(hours: u16) -> Self {
        MinuteOfDay(hours * 60)
    }
}

impl DaySpan {
    /// The whole day.
    pub const WHOLE_DAY: DaySpan = DaySpan { from: MinuteOfDay::MIDNIGHT, to: MinuteOfDay::END };

    /// From `from` up to `to`, which lies on the next day when it is the earlier one. Nothing when both are the same,
    /// since that may mean no time or a whole day, or when it would begin at 24:00.
    #[must_use]
    pub fn new(from: MinuteOfDay, to: MinuteOfDay) -> Option<Self> {
        (from != to && from != MinuteOfDay::END).then_some(DaySpan { from, to })
    }

    /// A span that is known to be one.
    pub(super) const fn known(from: MinuteOfDay, to: MinuteOfDay) -> Self {
        DaySpan { from, to }
    }

    /// The first minute.
    #[must_use]
    pub const fn from(self) -> MinuteOfDay {
        self.from
    }

    /// The end.
    #[must_use]
    pub const fn to(self) -> MinuteOfDay {
        self.to
    }

    /// Whether it ends on the next day.
    #[must_use]
    pub fn crosses_midnight(self) -> bool {
        self.to < self.from
    }

    /// Begin and end in minutes after the midnight before it, at most two days.
    pub(super) fn minutes(self) -> (u16, u16) {
        let over = if self.crosses_midnight() { MINUTES_A_DAY } else { 0 };
        (self.from.0, self.to.0 + over)
    }
}

pub(super) fn to_jiff(at: Timestamp) -> jiff::Timestamp {
    jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or(if at < Timestamp::EPOCH {
        jiff::Timestamp::MIN
    } else {
        jiff::Timestamp::MAX
    })
}

fn from_jiff(at: jiff::Timestamp) -> Timestamp {
    Timestamp::from_millis(at.as_millisecond())
}

/// A number of days as a length, each of 24 hours.
pub(super) const fn days(n: u64) -> Millis {
    Millis::hours(24).times(n)
}

fn local_time(date: Date, minutes: u16) -> Option<civil::DateTime> {
    let mut day = date.0;
    for _ in 0..minutes / MINUTES_A_DAY {
        day = day.tomorrow().ok()?;
    }
    let rest = minutes % MINUTES_A_DAY;
    let (hour, minute) = (i8::try_from(rest / 60).ok()?, i8::try_from(rest % 60).ok()?);
    Some(day.at(hour, minute, 0, 0))
}

impl FromStr for Date {
    type Err = InvalidClock;
    fn from_str(text: &str) -> Result<Self, InvalidClock> {
        let invalid = || InvalidClock::Date(text.chars().take(32).collect());
        let shape = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        let mut parts = text.splitn(3, '-');
        let (Some(year), Some(month), Some(day), true) = (parts.next(), parts.next(), parts.next(), shape) else {
            return Err(invalid());
        };
        let (Ok(year), Ok(month), Ok(day)) = (year.parse(), month.parse(), day.parse()) else {
            return Err(invalid());
        };
        Date::new(year, month, day).ok_or_else(invalid)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0.year(), self.0.month(), self.0.day())
    }
}

impl FromStr for MinuteOfDay {
    type Err = InvalidClock;
    fn from_str(text: &str) -> Result<Self, InvalidClock> {
        let invalid = || InvalidClock::Minute(text.chars().take(32).collect());
        let (hours, minutes) = text.split_once(':').ok_or_else(invalid)?;
        let shape = text.bytes().all(|b| b.is_ascii_digit() || b == b':');
        if !shape || !(1..=2).contains(&hours.len()) || minutes.len() != 2 {
            return Err(invalid());
        }
        match (hours.parse(), minutes.parse()) {
            (Ok(hours), Ok(minutes)) => MinuteOfDay::new(hours, minutes).ok_or_else(invalid),
            _ => Err(invalid()),
        }
    }
}

impl fmt::Display for MinuteOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl FromStr for DaySpan {
    type Err = InvalidClock;
    fn from_str(text: &str) -> Result<Self, InvalidClock> {
        let invalid = || InvalidClock::Span(text.chars().take(32).collect());
        let (from, to) = text.split_once('-').ok_or_else(invalid)?;
        DaySpan::new(from.trim().parse()?, to.trim().parse()?).ok_or_else(invalid)
    }
}

impl fmt::Display for DaySpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.from, self.to)
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Zone {}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Zone {
    type Err = UnknownZone;
    fn from_str(text: &str) -> Result<Self, UnknownZone> {
        Zone::new(text)
    }
}

macro_rules! as_text {
    ($($name:ident)*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string" })
            }
        }
    )*};
}

as_text!(Zone Date MinuteOfDay DaySpan);
