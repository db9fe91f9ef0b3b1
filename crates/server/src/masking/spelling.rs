//! Where a telephone number stands in a text, however people have written it.
//!
//! The digits are looked for here, with what people put between them; whether they are a number is for the numbering plans to
//! say, or for the numbers that are known to be spoken of. In doubt it is one: a number too many is hidden sooner than one
//! too few.

use std::collections::HashMap;
use std::ops::Range;

use nohold_model::{Country, PhoneNumber};

/// E.164 has fifteen digits at most; what is longer is no number.
const MOST_DIGITS: usize = 15;

/// A shorter row of digits is no number that anybody could call from elsewhere.
const LEAST_DIGITS: usize = 7;

/// Digits that stand before a number at times: to get an outside line, `00`, a carrier's code.
const MOST_BEFORE: usize = 5;

/// From so many digits on a number without its country is looked for behind others.
const LEAST_NATIONAL: usize = 8;

/// So much may stand between two groups of one number: `) - `.
const MOST_BETWEEN: usize = 4;

/// The numbers that are spoken of, by how they may end.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// By their last digits, from the whole number down to seven.
    ends: HashMap<String, PhoneNumber>,
}

/// A number in a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) at: Range<usize>,
    pub(super) number: PhoneNumber,
}

/// Digits without anything between them.
#[derive(Debug)]
struct Group {
    at: Range<usize>,
    digits: String,
    /// What stands between the group before and this one.
    between: Range<usize>,
}

/// Groups that may belong together.
#[derive(Debug, Default)]
struct Run {
    /// Where its plus stands.
    plus: Option<usize>,
    groups: Vec<Group>,
}

impl Known {
    pub(super) fn add(&mut self, number: &PhoneNumber) {
        let digits = number.digits();
        for from in 0..=digits.len().saturating_sub(LEAST_DIGITS) {
            let end = digits.get(from..).unwrap_or_default();
            self.ends.entry(end.to_owned()).or_insert_with(|| number.clone());
        }
    }

    /// The one that these digits are, with or without what stands before it.
    fn meant(&self, digits: &str) -> Option<&PhoneNumber> {
        // An end may begin with zeros itself.
        if let Some(number) = self.ends.get(digits) {
            return Some(number);
        }
        let plain = digits.trim_start_matches('0');
        if plain.len() < LEAST_DIGITS {
            return None;
        }
        if let Some(number) = self.ends.get(plain) {
            return Some(number);
        }
        (1..=MOST_BEFORE).find_map(|before| {
            let rest = plain.get(before..).filter(|rest| rest.len() >= LEAST_NATIONAL)?;
            self.ends.get(rest).filter(|number| rest.len() >= number.national().len())
        })
    }
}

/// All numbers in the text, in their order, none over another. `home` is the country whose ways of writing hold.
pub(super) fn numbers_in(text: &str, home: Option<Country>, known: &Known) -> Vec<Found> {
    let mut found = Vec::new();
    for run in runs(text) {
        let mut next = 0;
        while next < run.groups.len() {
            match run.number_from(next, text, home, known) {
                Some((number, groups)) => {
                    found.push(Found { at: run.place(next, groups, text), number });
                    next += groups;
                }
                None => next += run.date_from(next, text).max(1),
            }
        }
    }
    found
}

impl Run {
    /// The number that begins with this group, and how many groups it has: the longest that there is.
    fn number_from(
        &self,
        first: usize,
        text: &str,
        home: Option<Country>,
        known: &Known,
    ) -> Option<(PhoneNumber, usize)> {
        let with_plus = first == 0 && self.plus.is_some();
        if !with_plus && self.date_from(first, text) > 0 {
            return None;
        }
        let mut whole = String::new();
        let mut candidates = Vec::new();
        for (index, group) in self.groups.iter().enumerate().skip(first) {
            whole.push_str(&group.digits);
            if whole.len() > MOST_DIGITS + MOST_BEFORE {
                break;
            }
            let is_cents = index > first && self.is_cents(index, text);
            if whole.len() >= LEAST_DIGITS && !is_cents {
                candidates.push((whole.clone(), index + 1 - first));
            }
        }
        let longest_first = || candidates.iter().rev();
        let meant = |digits: &str| {
            if with_plus { of_the_plan(digits, None) } else { of_the_plan(digits, home) }
                .or_else(|| known.meant(digits).cloned())
        };
        let sure = longest_first().find_map(|(digits, groups)| Some((meant(digits)?, *groups)));
        // Behind a plus it is meant for one, whether a plan knows it or not.
        sure.or_else(|| {
            let written = |digits: &str| format!("+{digits}").parse().ok();
            longest_first().filter(|_| with_plus).find_map(|(digits, groups)| Some((written(digits)?, *groups)))
        })
    }

    /// Where those groups stand, with the plus and with a bracket that is closed in them.
    fn place(&self, first: usize, groups: usize, text: &str) -> Range<usize> {
        let all = self.groups.get(first..first + groups).unwrap_or_default();
        let (Some(one), Some(last)) = (all.first(), all.last()) else { return 0..0 };
        let mut start = if first == 0 { self.plus.unwrap_or(one.at.start) } else { one.at.start };
        let inner = text.get(start..last.at.end).unwrap_or_default();
        let before = text.get(..start).and_then(|before| before.chars().next_back());
        let closes = |bracket| inner.matches(bracket).count() > 0;
        if matches!((before, closes(')'), closes('）')), (Some('('), true, _) | (Some('（'), _, true)) {
            start -= before.map_or(0, char::len_utf8);
        }
        start..last.at.end
    }

    /// How many groups the date has that begins here: `2026-11-28`, `28.11.2026`, `20261128`.
    fn date_from(&self, first: usize, text: &str) -> usize {
        let digits = |index: usize| self.groups.get(index).map_or("", |group| group.digits.as_str());
        let one = digits(first);
        if let (8, Some((year, rest))) = (one.len(), one.split_at_checked(4)) {
            let (month, day) = rest.split_at(2);
            return usize::from(is_date(year, month, day));
        }
        let between = |index: usize| {
            self.groups.get(index).and_then(|group| text.get(group.between.clone())).unwrap_or_default().trim()
        };
        let (two, three) = (digits(first + 1), digits(first + 2));
        let joined = between(first + 1) == between(first + 2) && matches!(between(first + 1), "-" | "." | "/");
        let is = is_date(one, two, three) || is_date(three, two, one) || is_date(three, one, two);
        if joined && is { 3 } else { 0 }
    }

    /// Whether this group is what stands behind the point of an amount: `12345678.90`.
    fn is_cents(&self, index: usize, text: &str) -> bool {
        let group = self.groups.get(index);
        let between = group.and_then(|group| text.get(group.between.clone()));
        self.groups.len() == 2 && between == Some(".") && group.is_some_and(|group| group.digits.len() <= 2)
    }
}

/// The number that the plans see in these digits: behind a plus, behind `00`, or as it is written in the home country.
fn of_the_plan(digits: &str, home: Option<Country>) -> Option<PhoneNumber> {
    let valid = |number: &PhoneNumber| number.is_valid();
    let Some(home) = home else {
        // A country whose code stands there already is asked for nothing else.
        return PhoneNumber::parse(&format!("+{digits}"), Country::new("CN").ok()?).ok().filter(valid);
    };
    let abroad = || PhoneNumber::parse(&format!("+{}", digits.strip_prefix("00")?), home).ok().filter(valid);
    PhoneNumber::parse(digits, home).ok().filter(valid).or_else(abroad)
}

fn is_date(year: &str, month: &str, day: &str) -> bool {
    let within = |text: &str, lengths: Range<usize>, least: u16, most: u16| {
        lengths.contains(&text.len()) && text.parse().is_ok_and(|value| (least..=most).contains(&value))
    };
    within(year, 4..5, 1900, 2199) && within(month, 1..3, 1, 12) && within(day, 1..3, 1, 31)
}

/// The digits of the text with what stands between them, without those of ids.
fn runs(text: &str) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut run = Run::default();
    let mut plus = None;
    // Where the last group or the last plus ended, if only what separates has come since.
    let mut open = None;
    let mut between = 0;
    let mut at = 0;
    while let Some(next) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let end = at + next.len_utf8();
        if digit(next).is_some() {
            if let Some(id) = id_around(text, at) {
                runs.push(std::mem::take(&mut run));
                (plus, open, at) = (None, None, id);
                continue;
            }
            let (digits, over) = digits_from(text, at);
            if open.is_none() || plus.is_some() {
                runs.push(std::mem::replace(&mut run, Run { plus: plus.take(), groups: Vec::new() }));
            }
            run.groups.push(Group { at: at..over, digits, between: open.unwrap_or(at)..at });
            (open, between, at) = (Some(over), 0, over);
            continue;
        }
        if is_plus(next) {
            (plus, open, between) = (Some(at), Some(end), 0);
        } else if open.is_some() && separates(next) && between < MOST_BETWEEN {
            between += 1;
        } else {
            (plus, open, between) = (None, None, 0);
        }
        at = end;
    }
    runs.push(run);
    runs
}

/// The digits that stand here, as 0 to 9, and where they end.
fn digits_from(text: &str, at: usize) -> (String, usize) {
    let rest = text.get(at..).unwrap_or_default();
    let digits: String = rest.chars().map_while(digit).collect();
    let length: usize = rest.chars().take_while(|one| digit(*one).is_some()).map(char::len_utf8).sum();
    (digits, at + length)
}

fn digit(written: char) -> Option<char> {
    let zero = match written {
        '0'..='9' => return Some(written),
        '０'..='９' => '０',
        '\u{660}'..='\u{669}' => '\u{660}',
        '\u{6f0}'..='\u{6f9}' => '\u{6f0}',
        _ => return None,
    };
    char::from_digit(u32::from(written) - u32::from(zero), 10)
}

fn is_plus(written: char) -> bool {
    matches!(written, '+' | '＋' | '﹢')
}

fn separates(written: char) -> bool {
    let is_dash = matches!(written, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '－' | '﹣' | 'ー' | '_' | '~' | '～');
    let is_bracket = matches!(written, '(' | ')' | '（' | '）' | '[' | ']' | '【' | '】');
    let is_invisible = matches!(written, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}');
    written.is_whitespace() || is_dash || is_bracket || is_invisible || matches!(written, '.' | '．' | '·' | '/' | '*')
}

/// Where the id ends in which this place stands, if it does: ours (`entry_` and 26 letters or digits, also behind the time of
/// a page's cursor), or one of 32 and more hexadecimal digits.
fn id_around(text: &str, at: usize) -> Option<usize> {
    let of_id = |one: char| one.is_ascii_alphanumeric() || matches!(one, '_' | '-' | '.');
    let before = text.get(..at)?.chars().rev().take_while(|one| of_id(*one)).count();
    let after = text.get(at..)?.chars().take_while(|one| of_id(*one)).count();
    let (start, end) = (at - before, at + after);
    let token = text.get(start..end)?;
    let hexadecimal = token.len() >= 32
        && token.contains(|one: char| one.is_ascii_alphabetic())
        && token.chars().all(|one| one.is_ascii_hexdigit() || one == '-');
    if hexadecimal {
        return Some(end);
    }
    let (head, ulid) = token.rsplit_once('_')?;
    let kind = head.rsplit_once('.').map_or(head, |(_, kind)| kind);
    let is_kind = !kind.is_empty() && kind.chars().all(|one| one.is_ascii_lowercase() || one == '_');
    let ulid = ulid.get(..26).filter(|ulid| ulid.chars().all(|one| one.is_ascii_alphanumeric()))?;
    is_kind.then(|| start + head.len() + 1 + ulid.len()).filter(|end| *end > at)
}
