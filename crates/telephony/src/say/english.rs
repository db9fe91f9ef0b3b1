//! English: "between nine and eleven tomorrow morning".

use super::moment::{Day, Moment, Told};
use super::{Word, number_word};

const AND: Word = Word::plain("and");
const HUNDRED: Word = Word::plain("hundred");
const THOUSAND: Word = Word::plain("thousand");
const MILLION: Word = Word::plain("million");
const BILLION: Word = Word::plain("billion");
const MINUTE: Word = Word::plain("unit-minute");
const MINUTES: Word = Word::plain("unit-minutes");
const HOUR: Word = Word::plain("unit-hour");
const HOURS: Word = Word::plain("unit-hours");
const LESS_THAN: Word = Word::plain("less-than");
const BETWEEN: Word = Word::plain("between");
const WITHIN: Word = Word::plain("within");
const BY: Word = Word::plain("by");
const SOON: Word = Word::plain("soon");
const OH: Word = Word::plain("time-oh");
const NOON: Word = Word::plain("time-noon");
const MIDNIGHT: Word = Word::plain("time-midnight");
const TODAY: Word = Word::plain("day-today");
const TOMORROW: Word = Word::plain("day-tomorrow");

/// A part of the day. The night before six belongs to the morning: "two in the morning".
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Morning,
    Afternoon,
    Evening,
}

impl Part {
    const ALL: [Part; 3] = [Part::Morning, Part::Afternoon, Part::Evening];

    /// "morning", after "tomorrow" or "on Friday".
    const fn bare(self) -> Word {
        match self {
            Part::Morning => Word::plain("part-morning"),
            Part::Afternoon => Word::plain("part-afternoon"),
            Part::Evening => Word::plain("part-evening"),
        }
    }

    /// "this morning".
    const fn of_today(self) -> Word {
        match self {
            Part::Morning => Word::plain("this-morning"),
            Part::Afternoon => Word::plain("this-afternoon"),
            Part::Evening => Word::plain("this-evening"),
        }
    }

    /// "in the morning".
    const fn of_any_day(self) -> Word {
        match self {
            Part::Morning => Word::plain("in-the-morning"),
            Part::Afternoon => Word::plain("in-the-afternoon"),
            Part::Evening => Word::plain("in-the-evening"),
        }
    }
}

/// What English has besides digits, numbers under a hundred and the agent's announcement.
pub(super) fn words() -> Vec<Word> {
    let mut words = vec![AND, HUNDRED, THOUSAND, MILLION, BILLION, MINUTE, MINUTES, HOUR, HOURS, LESS_THAN];
    words.extend([BETWEEN, WITHIN, BY, SOON, OH, NOON, MIDNIGHT, TODAY, TOMORROW]);
    words.extend(Part::ALL.into_iter().flat_map(|part| [part.bare(), part.of_today(), part.of_any_day()]));
    words.extend((1..=7).map(on_weekday));
    words.extend((1..=31).map(on_the));
    words.extend((1..=12).map(of_month));
    words
}

pub(super) fn number(number: u32) -> Vec<Word> {
    let mut words = Vec::new();
    let mut rest = number;
    for (size, word) in [(1_000_000_000, BILLION), (1_000_000, MILLION), (1_000, THOUSAND)] {
        if rest >= size {
            under_thousand(rest / size, false, &mut words);
            words.push(word);
            rest %= size;
        }
    }
    if rest > 0 || number == 0 {
        under_thousand(rest, number >= 1_000, &mut words);
    }
    words
}

fn under_thousand(number: u32, after_more: bool, words: &mut Vec<Word>) {
    let hundreds = number / 100;
    let rest = number % 100;
    if hundreds > 0 {
        words.extend([small(hundreds), HUNDRED]);
    }
    if rest > 0 && (hundreds > 0 || after_more) {
        words.push(AND);
    }
    if rest > 0 || number == 0 {
        words.push(small(rest));
    }
}

/// The clip of a number that is known to be under a hundred.
fn small(number: u32) -> Word {
    number_word(u8::try_from(number % 100).unwrap_or(0))
}

pub(super) fn wait_under(minutes: u32) -> Vec<Word> {
    [vec![LESS_THAN], length(minutes)].concat()
}

pub(super) fn wait_between(from: u32, to: u32) -> Vec<Word> {
    let ends = match (from, to) {
        (_, 120..) if from.is_multiple_of(60) && to.is_multiple_of(60) && from > 0 => {
            [number(from / 60), vec![AND], number(to / 60), vec![HOURS]]
        }
        (_, 0..120) => [number(from), vec![AND], number(to), vec![if to == 1 { MINUTE } else { MINUTES }]],
        (_, 120..) => [length(from), vec![AND], length(to), Vec::new()],
    };
    [vec![BETWEEN], ends.concat()].concat()
}

pub(super) fn soon() -> Vec<Word> {
    vec![SOON]
}

pub(super) fn soon_by(minutes: u32) -> Vec<Word> {
    [vec![WITHIN], length(minutes)].concat()
}

/// "thirty minutes", "one hour", "ninety minutes", "two hours and thirty minutes".
fn length(minutes: u32) -> Vec<Word> {
    let in_minutes = |minutes| [number(minutes), vec![if minutes == 1 { MINUTE } else { MINUTES }]].concat();
    let (hours, rest) = (minutes / 60, minutes % 60);
    if minutes < 100 && minutes != 60 {
        return in_minutes(minutes);
    }
    let mut words = number(hours);
    words.push(if hours == 1 { HOUR } else { HOURS });
    if rest > 0 {
        words.push(AND);
        words.extend(in_minutes(rest));
    }
    words
}

pub(super) fn window(told: &Told) -> Vec<Word> {
    match told {
        Told::By(end) => [vec![BY], moment(*end)].concat(),
        Told::All(all) => day(*all, None),
        Told::Between(from, to) if from.day == to.day => [vec![BETWEEN], in_one_day(*from, *to)].concat(),
        Told::Between(from, to) => [vec![BETWEEN], moment(*from), vec![AND], moment(*to)].concat(),
    }
}

/// The part of the day is said once where it holds for both ends: "between ten and noon tomorrow morning", but "between
/// eleven in the morning and one in the afternoon tomorrow".
fn in_one_day(from: Moment, to: Moment) -> Vec<Word> {
    let shared = match (part(from), part(to)) {
        (Some(one), Some(other)) if one == other => Some(one),
        (None, Some(other)) => Some(other),
        (Some(Part::Morning), None) if to.hour == 12 => Some(Part::Morning),
        (Some(Part::Evening), None) if to.hour == 24 => Some(Part::Evening),
        (Some(_) | None, Some(_) | None) => None,
    };
    if let Some(shared) = shared {
        return [time(from), vec![AND], time(to), day(to.day, Some(shared))].concat();
    }
    let with_part = |at| [time(at), part(at).map(Part::of_any_day).into_iter().collect()].concat();
    [with_part(from), vec![AND], with_part(to), day(to.day, None)].concat()
}

fn moment(at: Moment) -> Vec<Word> {
    [time(at), day(at.day, part(at))].concat()
}

/// The part of the day, which noon and midnight do not need.
fn part(at: Moment) -> Option<Part> {
    match (at.hour, at.minute) {
        (0 | 12 | 24, 0) => None,
        (0..=11, _) => Some(Part::Morning),
        (12..=17, _) => Some(Part::Afternoon),
        (18.., _) => Some(Part::Evening),
    }
}

fn time(at: Moment) -> Vec<Word> {
    let hour = match at.hour % 12 {
        0 => 12,
        hour => hour,
    };
    match (at.hour, at.minute) {
        (0 | 24, 0) => vec![MIDNIGHT],
        (12, 0) => vec![NOON],
        (_, 0) => vec![number_word(hour)],
        (_, minute @ 1..=9) => vec![number_word(hour), OH, number_word(minute)],
        (_, minute) => vec![number_word(hour), number_word(minute)],
    }
}

fn day(day: Day, part: Option<Part>) -> Vec<Word> {
    let part_after = part.map(Part::bare).into_iter();
    match (day, part) {
        (Day::Today, Some(part)) => vec![part.of_today()],
        (Day::Today, None) => vec![TODAY],
        (Day::Tomorrow, _) => std::iter::once(TOMORROW).chain(part_after).collect(),
        (Day::Weekday { weekday, .. }, _) => std::iter::once(on_weekday(weekday)).chain(part_after).collect(),
        (Day::Date { year, month, day }, part) => {
            let mut words: Vec<Word> = part.map(Part::of_any_day).into_iter().collect();
            words.extend([on_the(day), of_month(month)]);
            words.extend(year.into_iter().flat_map(number));
            words
        }
    }
}

/// "on Monday" for 1.
const fn on_weekday(weekday: u8) -> Word {
    Word::numbered("on-weekday", weekday)
}

/// "on the third" for 3.
const fn on_the(day: u8) -> Word {
    Word::numbered("on-the", day)
}

/// "of March" for 3.
const fn of_month(month: u8) -> Word {
    Word::numbered("of-month", month)
}
