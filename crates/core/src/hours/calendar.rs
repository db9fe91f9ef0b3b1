//! Business hours (工作时间): a week, closures, and days that are worked instead.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use nohold_model::{CalendarKey, Millis, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::clock::days;
use super::{CalendarProblem, Date, DaySpan, InvalidCalendar, MinuteOfDay, Zone};

/// How many days a search for the next opening or closing looks ahead. A calendar that is always or never open has
/// none within them.
pub const HORIZON_DAYS: u64 = 400;

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Weekday {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

/// The hours of each weekday; a day without any is closed.
pub type WeeklyHours = BTreeMap<Weekday, Vec<DaySpan>>;

/// A calendar as it is written and stored, not yet found good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendarDefinition {
    /// Its key.
    pub key: CalendarKey,
    /// The name people see.
    pub name: String,
    /// The IANA name of the zone whose clock the hours mean.
    pub zone: String,
    /// The usual week.
    pub weekly: WeeklyHours,
    /// Days, or parts of them, that are not worked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub closures: Vec<Closure>,
    /// Days (调休) that are worked although the week or a closure says otherwise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub make_up_days: Vec<MakeUpDay>,
}

/// Days that are not worked.
///
/// A whole day is closed from midnight to midnight: the night shift that began the evening before ends at midnight,
/// and the one that would begin that evening does not begin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Closure {
    /// What is celebrated or repaired.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The first day.
    pub from: Date,
    /// The last day; the first one, where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Date>,
    /// Whether it comes back each year on these days; the year of the dates then says nothing. 29 February comes back
    /// in leap years only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub yearly: bool,
    /// The hours closed on each of the days; the whole day, where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<DaySpan>,
}

/// A day (调休) that is worked, whatever the week and the closures say of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeUpDay {
    /// The day.
    pub date: Date,
    /// Its hours.
    pub hours: MakeUpHours,
}

/// The hours of a make-up day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MakeUpHours {
    /// Those of a weekday.
    Like(Weekday),
    /// Hours of its own.
    Spans(Vec<DaySpan>),
}

/// A stretch of time that is open: from the first moment up to, not including, the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenSpan {
    /// When it opens.
    pub from: Timestamp,
    /// When it closes.
    pub to: Timestamp,
}

/// Business hours (工作时间), found good.
///
/// For a day the first that says something is right: a make-up day, a closure, the week. Hours mean the clock on the
/// wall: what the clock skips is not there, and hours that reach into a time which the clock shows twice last until
/// the clock has shown their end for the last time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "CalendarDefinition", into = "CalendarDefinition")]
pub struct Calendar {
    definition: CalendarDefinition,
    zone: Zone,
}

impl Calendar {
    /// The calendar, when it can be understood in one way only.
    ///
    /// # Errors
    /// All that is wrong with it, each with its day and how to mend it.
    pub fn new(definition: CalendarDefinition) -> Result<Self, InvalidCalendar> {
        let mut problems = problems(&definition);
        match Zone::new(&definition.zone) {
            Ok(zone) if problems.is_empty() => Ok(Calendar { definition, zone }),
            Ok(_) => Err(InvalidCalendar(problems)),
            Err(unknown) => {
                problems.insert(0, unknown.into());
                Err(InvalidCalendar(problems))
            }
        }
    }

    /// A calendar that is always open.
    #[must_use]
    pub fn always_open(key: CalendarKey, zone: Zone) -> Self {
        let weekly = Weekday::ALL.into_iter().map(|day| (day, vec![DaySpan::WHOLE_DAY])).collect();
        let definition = CalendarDefinition {
            name: key.to_string(),
            key,
            zone: zone.name().to_owned(),
            weekly,
            closures: Vec::new(),
            make_up_days: Vec::new(),
        };
        Calendar { definition, zone }
    }

    /// Its key.
    #[must_use]
    pub fn key(&self) -> &CalendarKey {
        &self.definition.key
    }

    /// The zone whose clock the hours mean.
    #[must_use]
    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// What was written.
    #[must_use]
    pub fn definition(&self) -> &CalendarDefinition {
        &self.definition
    }

    /// Whether it is open at a moment.
    #[must_use]
    pub fn is_open(&self, at: Timestamp) -> bool {
        let today = self.zone.date(at);
        [today.previous(), today, today.next()]
            .into_iter()
            .any(|date| self.spans_begun_on(date).iter().any(|span| span.from <= at && at < span.to))
    }

    /// The first moment at or after `at` when it is open, so `at` itself when it is open then. Nothing when it does
    /// not open within [`HORIZON_DAYS`].
    #[must_use]
    pub fn next_opening(&self, at: Timestamp) -> Option<Timestamp> {
        self.spans_from(at).find(|span| span.to > at).map(|span| span.from.max(at))
    }

    /// The first moment at or after `at` when it is closed, so `at` itself when it is closed then. Nothing when it
    /// does not close within [`HORIZON_DAYS`].
    #[must_use]
    pub fn next_closing(&self, at: Timestamp) -> Option<Timestamp> {
        let mut open_until = at;
        let horizon = at + days(HORIZON_DAYS);
        for span in self.spans_from(at) {
            if span.to <= open_until {
                continue;
            }
            if span.from > open_until {
                return Some(open_until);
            }
            open_until = span.to;
            if open_until > horizon {
                return None;
            }
        }
        Some(open_until)
    }

    /// The open stretches between two moments, in order, cut to them, with a gap between any two.
    #[must_use]
    pub fn open_spans(&self, from: Timestamp, to: Timestamp) -> Vec<OpenSpan> {
        let mut joined: Vec<OpenSpan> = Vec::new();
        let last = self.zone.date(to).next();
        let mut date = self.zone.date(from).previous();
        while date <= last && from < to {
            for span in self.spans_begun_on(date) {
                let span = OpenSpan { from: span.from.max(from), to: span.to.min(to) };
                match joined.last_mut() {
                    _ if span.from >= span.to => {}
                    Some(before) if span.from <= before.to => before.to = before.to.max(span.to),
                    _ => joined.push(span),
                }
            }
            let next = date.next();
            if next == date {
                break;
            }
            date = next;
        }
        joined
    }

    /// How much open time lies between two moments.
    #[must_use]
    pub fn open_time_between(&self, from: Timestamp, to: Timestamp) -> Millis {
        self.open_spans(from, to).iter().fold(Millis::ZERO, |sum, span| sum + span.to.since(span.from))
    }

    /// The open stretches of the days around `at` and of those that follow, up to the horizon, in the order in which
    /// they begin; two may touch or overlap.
    fn spans_from(&self, at: Timestamp) -> impl Iterator<Item = OpenSpan> {
        let count = usize::try_from(HORIZON_DAYS).unwrap_or(usize::MAX).saturating_add(3);
        let first = self.zone.date(at).previous();
        std::iter::successors(Some(first), |date| Some(date.next())).take(count).flat_map(|d| self.spans_begun_on(d))
    }

    /// What is open of the hours that begin on a day, in order.
    fn spans_begun_on(&self, date: Date) -> Vec<OpenSpan> {
        let own = self.hours_of(date);
        let mut spans: Vec<(u16, u16)> = own.iter().map(|span| span.minutes()).collect();
        spans.sort_unstable();
        for (closed_from, closed_to) in self.closed_minutes(date, own) {
            spans = spans.into_iter().flat_map(|span| cut(span, closed_from, closed_to)).collect();
        }
        spans
            .into_iter()
            .map(|(from, to)| OpenSpan { from: self.zone.first(date, from), to: self.zone.last(date, to) })
            .filter(|span| span.from < span.to)
            .collect()
    }

    fn hours_of(&self, date: Date) -> &[DaySpan] {
        match self.make_up(date) {
            Some(MakeUpHours::Spans(spans)) => spans,
            Some(MakeUpHours::Like(weekday)) => self.weekly(*weekday),
            None if self.closed_all_day(date) => &[],
            None => self.weekly(Weekday::of(date)),
        }
    }

    /// Parts of a day, and of the next one where the hours reach into it, that closures take away.
    fn closed_minutes(&self, date: Date, own: &[DaySpan]) -> Vec<(u16, u16)> {
        let day = MinuteOfDay::END.minutes();
        let reaches = own.iter().any(|span| span.crosses_midnight());
        let days = [(date, 0), (date.next(), day)];
        let mut closed = Vec::new();
        for (date, offset) in days.into_iter().take(if reaches { 2 } else { 1 }) {
            if self.definition.closures.is_empty() || self.make_up(date).is_some() {
                continue;
            }
            closed.extend(self.definition.closures.iter().filter(|closure| closure.covers(date)).map(|closure| {
                let (from, to) = closure.hours.map_or((0, day), DaySpan::minutes);
                (from + offset, to + offset)
            }));
        }
        closed
    }

    fn closed_all_day(&self, date: Date) -> bool {
        self.definition.closures.iter().any(|closure| closure.hours.is_none() && closure.covers(date))
    }

    fn make_up(&self, date: Date) -> Option<&MakeUpHours> {
        self.definition.make_up_days.iter().find(|day| day.date == date).map(|day| &day.hours)
    }

    fn weekly(&self, weekday: Weekday) -> &[DaySpan] {
        self.definition.weekly.get(&weekday).map_or(&[], Vec::as_slice)
    }
}

impl Closure {
    fn covers(&self, date: Date) -> bool {
        let last = self.to.unwrap_or(self.from);
        if !self.yearly {
            return self.from <= date && date <= last;
        }
        let (from, to, day) = (self.from.within_year(), last.within_year(), date.within_year());
        // One that runs over New Year has its end before its begin within the year.
        if from <= to { from <= day && day <= to } else { from <= day || day <= to }
    }
}

impl Weekday {
    /// All seven, from Monday.
    pub const ALL: [Weekday; 7] =
        [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

    /// That of a date.
    #[must_use]
    pub fn of(date: Date) -> Self {
        let index = usize::from(date.civil().weekday().to_monday_zero_offset().unsigned_abs());
        Weekday::ALL[index % 7]
    }
}

impl fmt::Display for Weekday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Weekday::Mon => "Monday",
            Weekday::Tue => "Tuesday",
            Weekday::Wed => "Wednesday",
            Weekday::Thu => "Thursday",
            Weekday::Fri => "Friday",
            Weekday::Sat => "Saturday",
            Weekday::Sun => "Sunday",
        })
    }
}

impl TryFrom<CalendarDefinition> for Calendar {
    type Error = InvalidCalendar;
    fn try_from(definition: CalendarDefinition) -> Result<Self, InvalidCalendar> {
        Calendar::new(definition)
    }
}

impl From<Calendar> for CalendarDefinition {
    fn from(calendar: Calendar) -> Self {
        calendar.definition
    }
}

/// What remains of a span when a part is taken out of it.
fn cut((from, to): (u16, u16), closed_from: u16, closed_to: u16) -> impl Iterator<Item = (u16, u16)> {
    [(from, to.min(closed_from)), (from.max(closed_to), to)].into_iter().filter(|(from, to)| from < to)
}

fn problems(definition: &CalendarDefinition) -> Vec<CalendarProblem> {
    let mut problems = Vec::new();
    for (day, spans) in &definition.weekly {
        if let Some((first, second)) = overlap(spans) {
            problems.push(CalendarProblem::WeekdayOverlap { day: *day, first, second });
        }
    }
    for closure in &definition.closures {
        problems.extend(closure_problem(closure));
    }
    let mut seen = BTreeSet::new();
    for MakeUpDay { date, hours } in &definition.make_up_days {
        if !seen.insert(*date) {
            problems.push(CalendarProblem::MakeUpTwice { day: *date });
        }
        let spans = match hours {
            MakeUpHours::Spans(spans) => spans.as_slice(),
            MakeUpHours::Like(weekday) => definition.weekly.get(weekday).map_or(&[] as &[_], Vec::as_slice),
        };
        if spans.is_empty() {
            problems.push(CalendarProblem::MakeUpWithoutHours { day: *date });
        }
        if let (MakeUpHours::Spans(_), Some((first, second))) = (hours, overlap(spans)) {
            problems.push(CalendarProblem::MakeUpOverlap { day: *date, first, second });
        }
    }
    problems
}

fn closure_problem(closure: &Closure) -> Option<CalendarProblem> {
    let (from, to) = (closure.from, closure.to.unwrap_or(closure.from));
    let (first, last) = (from.civil(), to.civil());
    if to < from {
        return Some(CalendarProblem::ClosureBackwards { from, to });
    }
    if closure.yearly
        && (i32::from(last.year()) - i32::from(first.year())) * 372
            + (i32::from(last.month()) - i32::from(first.month())) * 31
            + i32::from(last.day())
            - i32::from(first.day())
            >= 372
    {
        return Some(CalendarProblem::YearlyTooLong { from, to });
    }
    closure
        .hours
        .filter(|hours| hours.crosses_midnight())
        .map(|hours| CalendarProblem::ClosureOverMidnight { day: from, hours })
}

/// Two spans of one day that share time, if any do.
fn overlap(spans: &[DaySpan]) -> Option<(DaySpan, DaySpan)> {
    let mut sorted = spans.to_vec();
    sorted.sort_unstable();
    sorted.windows(2).find(|pair| pair[1].minutes().0 < pair[0].minutes().1).map(|pair| (pair[0], pair[1]))
}
