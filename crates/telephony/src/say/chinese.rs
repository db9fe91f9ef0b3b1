//! Chinese: 我们会在 明天上午九点到十一点之间 给您回电.
//!
//! A promise is a clause of its own, because Chinese puts the time before the verb: what is a tail in English ("within
//! thirty minutes") stands here between 我们会在 and 给您回电.

use super::moment::{Day, Moment, Told};
use super::{Word, digit_word, number_word};

/// 幺: one, within a row of digits.
pub(super) const ONE_IN_A_ROW: Word = Word::plain("digit-1-in-a-row");

const TWO: Word = Word::plain("number-2-of");
const HUNDRED: Word = Word::plain("hundred");
const THOUSAND: Word = Word::plain("thousand");
const TEN_THOUSAND: Word = Word::plain("ten-thousand");
const HUNDRED_MILLION: Word = Word::plain("hundred-million");
const MINUTES: Word = Word::plain("unit-minutes");
const HOURS: Word = Word::plain("unit-hours");
const LESS_THAN: Word = Word::plain("less-than");
const TO: Word = Word::plain("to");
const POSITION_BEFORE: Word = Word::plain("position-before");
const POSITION_AFTER: Word = Word::plain("position-after");
const PROMISE_BEFORE: Word = Word::plain("promise-before");
const PROMISE_AFTER: Word = Word::plain("promise-after");
const SOON: Word = Word::plain("soon");
const WITHIN: Word = Word::plain("within");
const BETWEEN: Word = Word::plain("between");
const BY: Word = Word::plain("by");
const OCLOCK: Word = Word::plain("time-oclock");
const HALF_PAST: Word = Word::plain("time-half-past");
const MINUTE_OF_HOUR: Word = Word::plain("time-minute");
const TODAY: Word = Word::plain("day-today");
const TOMORROW: Word = Word::plain("day-tomorrow");
const DAY_AFTER_TOMORROW: Word = Word::plain("day-after-tomorrow");
const NEXT_WEEK: Word = Word::plain("next-week");
const DAY_OF_MONTH: Word = Word::plain("date-day");
const YEAR: Word = Word::plain("date-year");

/// A part of the day: hours are told by twelve, so each time carries one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Night,
    Morning,
    Noon,
    Afternoon,
    Evening,
}

impl Part {
    const ALL: [Part; 5] = [Part::Night, Part::Morning, Part::Noon, Part::Afternoon, Part::Evening];

    const fn word(self) -> Word {
        match self {
            Part::Night => Word::plain("part-night"),
            Part::Morning => Word::plain("part-morning"),
            Part::Noon => Word::plain("part-noon"),
            Part::Afternoon => Word::plain("part-afternoon"),
            Part::Evening => Word::plain("part-evening"),
        }
    }
}

/// What Chinese has besides digits, numbers under a hundred and the agent's announcement.
pub(super) fn words() -> Vec<Word> {
    let mut words = vec![ONE_IN_A_ROW, TWO, HUNDRED, THOUSAND, TEN_THOUSAND, HUNDRED_MILLION, MINUTES, HOURS];
    words.extend([LESS_THAN, TO, POSITION_BEFORE, POSITION_AFTER, PROMISE_BEFORE, PROMISE_AFTER, SOON]);
    words.extend([WITHIN, BETWEEN, BY, OCLOCK, HALF_PAST, MINUTE_OF_HOUR, TODAY, TOMORROW, DAY_AFTER_TOMORROW]);
    words.extend([NEXT_WEEK, DAY_OF_MONTH, YEAR]);
    words.extend(Part::ALL.map(Part::word));
    words.extend((1..=7).map(weekday_word));
    words.extend((1..=12).map(month_word));
    words
}

/// A number by itself: 二, 一百零一, 一百一十, 两千, 一万零一十.
pub(super) fn number(number: u32) -> Vec<Word> {
    if number < 100 {
        return vec![small(number)];
    }
    let mut words = Vec::new();
    let mut rest = number;
    for (size, word) in [(100_000_000, HUNDRED_MILLION), (10_000, TEN_THOUSAND)] {
        let many = rest / size;
        if many > 0 || !words.is_empty() {
            under_ten_thousand(many, &mut words, &[word]);
        }
        rest %= size;
    }
    under_ten_thousand(rest, &mut words, &[]);
    words
}

/// Four digits and the word for what they count. 零 stands for what is left out in the middle.
fn under_ten_thousand(number: u32, words: &mut Vec<Word>, unit: &[Word]) {
    if number == 0 {
        return;
    }
    let first = words.is_empty();
    let (thousands, hundreds, rest) = (number / 1_000, number / 100 % 10, number % 100);
    if !first && thousands == 0 {
        words.push(number_word(0));
    }
    if thousands > 0 {
        words.extend([if thousands == 2 && first { TWO } else { small(thousands) }, THOUSAND]);
    }
    if hundreds > 0 {
        words.extend([small(hundreds), HUNDRED]);
    } else if thousands > 0 && rest > 0 {
        words.push(number_word(0));
    }
    let alone = first && thousands == 0 && hundreds == 0;
    match rest {
        0 => {}
        2 if alone && !unit.is_empty() => words.push(TWO),
        1..=9 => {
            if hundreds > 0 {
                words.push(number_word(0));
            }
            words.push(small(rest));
        }
        // 十 is 一十 within a number.
        10..=19 if !alone => words.extend([number_word(1), small(rest)]),
        _ => words.push(small(rest)),
    }
    words.extend(unit);
}

/// The clip of a number that is known to be under a hundred.
fn small(number: u32) -> Word {
    number_word(u8::try_from(number % 100).unwrap_or(0))
}

/// A number before a measure word.
fn count(many: u32) -> Vec<Word> {
    if many == 2 { vec![TWO] } else { number(many) }
}

pub(super) fn position(position: u32) -> Vec<Word> {
    [vec![POSITION_BEFORE], number(position), vec![POSITION_AFTER]].concat()
}

pub(super) fn wait_under(minutes: u32) -> Vec<Word> {
    [vec![LESS_THAN], length(minutes)].concat()
}

pub(super) fn wait_between(from: u32, to: u32) -> Vec<Word> {
    match (from, to) {
        (_, 120..) if from.is_multiple_of(60) && to.is_multiple_of(60) && from > 0 => {
            [count(from / 60), vec![TO], count(to / 60), vec![HOURS]].concat()
        }
        (_, 0..120) => [count(from), vec![TO], count(to), vec![MINUTES]].concat(),
        (_, 120..) => [length(from), vec![TO], length(to)].concat(),
    }
}

pub(super) fn soon() -> Vec<Word> {
    vec![SOON]
}

pub(super) fn soon_by(minutes: u32) -> Vec<Word> {
    [vec![PROMISE_BEFORE], length(minutes), vec![WITHIN, PROMISE_AFTER]].concat()
}

/// 三十分钟, 一小时, 九十分钟, 两小时三十分钟.
fn length(minutes: u32) -> Vec<Word> {
    let (hours, rest) = (minutes / 60, minutes % 60);
    if minutes < 100 && minutes != 60 {
        return [count(minutes), vec![MINUTES]].concat();
    }
    let mut words = [count(hours), vec![HOURS]].concat();
    if rest > 0 {
        words.extend(count(rest));
        words.push(MINUTES);
    }
    words
}

pub(super) fn window(told: &Told) -> Vec<Word> {
    let when = match told {
        Told::By(end) => [moment(*end), vec![BY]].concat(),
        Told::All(all) => day(*all),
        Told::Between(from, to) => {
            let to_words = match (from.day == to.day, part(*from) == part(*to)) {
                (true, true) => time(*to),
                (true, false) => [vec![part(*to).word()], time(*to)].concat(),
                (false, _) => moment(*to),
            };
            [moment(*from), vec![TO], to_words, vec![BETWEEN]].concat()
        }
    };
    [vec![PROMISE_BEFORE], when, vec![PROMISE_AFTER]].concat()
}

fn moment(at: Moment) -> Vec<Word> {
    [day(at.day), vec![part(at).word()], time(at)].concat()
}

const fn part(at: Moment) -> Part {
    match at.hour {
        0..=5 => Part::Night,
        6..=11 => Part::Morning,
        12 => Part::Noon,
        13..=17 => Part::Afternoon,
        _ => Part::Evening,
    }
}

/// 九点, 两点半, 三点零五分, 十二点; the first hour of the day is 零点.
fn time(at: Moment) -> Vec<Word> {
    let hour = match at.hour {
        0 => 0,
        hour => (hour - 1) % 12 + 1,
    };
    let mut words = count(u32::from(hour));
    words.push(OCLOCK);
    match at.minute {
        0 => {}
        30 => words.push(HALF_PAST),
        minute @ 1..=9 => words.extend([number_word(0), number_word(minute), MINUTE_OF_HOUR]),
        minute => words.extend([number_word(minute), MINUTE_OF_HOUR]),
    }
    words
}

fn day(day: Day) -> Vec<Word> {
    match day {
        Day::Today => vec![TODAY],
        Day::Tomorrow => vec![TOMORROW],
        Day::Weekday { ahead: 2, .. } => vec![DAY_AFTER_TOMORROW],
        Day::Weekday { weekday, next_week: true, .. } => vec![NEXT_WEEK, weekday_word(weekday)],
        Day::Weekday { weekday, next_week: false, .. } => vec![weekday_word(weekday)],
        Day::Date { year, month, day } => {
            let mut words = year.map(in_digits).unwrap_or_default();
            words.extend([month_word(month), number_word(day), DAY_OF_MONTH]);
            words
        }
    }
}

/// A year is read digit by digit: 二零二七年.
fn in_digits(year: u32) -> Vec<Word> {
    let mut words: Vec<Word> =
        [1_000, 100, 10, 1].map(|size| digit_word(u8::try_from(year / size % 10).unwrap_or(0))).into();
    words.push(YEAR);
    words
}

/// 星期一 for 1.
const fn weekday_word(weekday: u8) -> Word {
    Word::numbered("weekday", weekday)
}

/// 一月 for 1.
const fn month_word(month: u8) -> Word {
    Word::numbered("month", month)
}
