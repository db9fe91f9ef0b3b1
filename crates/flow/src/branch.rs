//! Branches (转向): where a flow goes on, by the value of a variable.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use crate::{NodeId, VariableName};

/// One branch of a node. The first whose condition holds is taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Branch {
    /// The variable that is looked at (转向源).
    #[serde(default = "VariableName::inputcode")]
    pub source: VariableName,
    /// What must hold of its value (转向条件).
    pub condition: Condition,
    /// The node that comes next (转向目标).
    pub target: NodeId,
}

/// What a value must be. An unset variable has no value, and nothing but `not_equals` and `{"exists": false}` holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// The value is this text.
    Equals(String),
    /// The value is not this text.
    NotEquals(String),
    /// The value is one of these texts.
    OneOf(Vec<String>),
    /// The value begins with this text.
    BeginsWith(String),
    /// The value is a whole number below this one.
    LessThan(i64),
    /// The value is a whole number above this one.
    GreaterThan(i64),
    /// Whether the variable has a value that is not empty.
    Exists(bool),
    /// The value has the form of this digit pattern.
    Matches(DigitPattern),
}

impl Condition {
    /// Whether it holds for this value; `None` is an unset variable.
    #[must_use]
    pub fn holds(&self, value: Option<&str>) -> bool {
        let number = || value.and_then(|text| text.trim().parse::<i64>().ok());
        match self {
            Condition::Equals(text) => value == Some(text),
            Condition::NotEquals(text) => value != Some(text),
            Condition::OneOf(texts) => value.is_some_and(|value| texts.iter().any(|text| text == value)),
            Condition::BeginsWith(text) => value.is_some_and(|value| value.starts_with(text)),
            Condition::LessThan(limit) => number().is_some_and(|number| number < *limit),
            Condition::GreaterThan(limit) => number().is_some_and(|number| number > *limit),
            Condition::Exists(wanted) => value.is_some_and(|value| !value.is_empty()) == *wanted,
            Condition::Matches(pattern) => value.is_some_and(|value| pattern.matches(value)),
        }
    }

    /// The values for which it holds, when they can be counted.
    #[must_use]
    pub(crate) fn values(&self) -> Option<Vec<&str>> {
        match self {
            Condition::Equals(text) => Some(vec![text]),
            Condition::OneOf(texts) => Some(texts.iter().map(String::as_str).collect()),
            Condition::NotEquals(_)
            | Condition::BeginsWith(_)
            | Condition::LessThan(_)
            | Condition::GreaterThan(_)
            | Condition::Exists(_)
            | Condition::Matches(_) => None,
        }
    }
}

/// Whether the first matching branch exists, and which it is.
pub(crate) fn first_match<'a>(
    branches: &'a [Branch],
    variables: &BTreeMap<VariableName, String>,
) -> Option<&'a Branch> {
    branches.iter().find(|branch| branch.condition.holds(variables.get(&branch.source).map(String::as_str)))
}

/// A form of digits, as dial plans write it: a key stands for itself, `X` for 0 to 9, `Z` for 1 to 9, `N` for 2 to 9,
/// and a final `.` for one or more further keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DigitPattern {
    keys: String,
    open_ended: bool,
}

/// Why a text is not a [`DigitPattern`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "`{0}` is not a digit pattern: use 1 to 32 of 0-9, `*`, `#`, X (0-9), Z (1-9), N (2-9), and `.` at the end for any more (for example `1XXX`)"
)]
pub struct InvalidPattern(String);

impl DigitPattern {
    /// The pattern with this text.
    ///
    /// # Errors
    /// When it is empty, longer than 32 characters or has a character that means nothing.
    pub fn new(text: &str) -> Result<Self, InvalidPattern> {
        let (keys, open_ended) = text.strip_suffix('.').map_or((text, false), |keys| (keys, true));
        let plain = keys.chars().all(|c| matches!(c, '0'..='9' | '*' | '#' | 'X' | 'Z' | 'N'));
        if text.is_empty() || text.len() > 32 || !plain {
            return Err(InvalidPattern(text.chars().take(64).collect()));
        }
        Ok(DigitPattern { keys: keys.to_owned(), open_ended })
    }

    /// Whether these keys have the form.
    #[must_use]
    pub fn matches(&self, value: &str) -> bool {
        let mut keys = value.chars();
        let fits = self.keys.chars().all(|form| keys.next().is_some_and(|key| key_fits(form, key)));
        let mut more = keys.peekable();
        let length_fits = more.peek().is_some() == self.open_ended;
        fits && length_fits && more.all(|key| matches!(key, '0'..='9' | '*' | '#'))
    }

    /// The least number of keys, and the greatest if there is one.
    #[must_use]
    pub fn lengths(&self) -> (usize, Option<usize>) {
        if self.open_ended { (self.keys.len() + 1, None) } else { (self.keys.len(), Some(self.keys.len())) }
    }
}

fn key_fits(form: char, key: char) -> bool {
    match form {
        'X' => key.is_ascii_digit(),
        'Z' => matches!(key, '1'..='9'),
        'N' => matches!(key, '2'..='9'),
        itself => itself == key,
    }
}

impl Serialize for DigitPattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{}{}", self.keys, if self.open_ended { "." } else { "" }))
    }
}

impl<'de> Deserialize<'de> for DigitPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        DigitPattern::new(&Cow::<'de, str>::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for DigitPattern {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "DigitPattern".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": r"^(?=.{1,32}$)[0-9*#XZN]*\.?$" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> DigitPattern {
        DigitPattern::new(text).unwrap()
    }

    #[test]
    fn every_condition_holds_where_it_should_and_nowhere_else() {
        let table: [(Condition, &[&str], &[&str], bool); 9] = [
            (Condition::Equals("1".into()), &["1"], &["", "11", " 1"], false),
            (Condition::NotEquals("1".into()), &["", "2"], &["1"], true),
            (Condition::OneOf(vec!["1".into(), "2".into()]), &["1", "2"], &["", "12"], false),
            (Condition::BeginsWith("00".into()), &["00", "0086"], &["", "0", "100"], false),
            (Condition::LessThan(5), &["4", "-1", " 3 "], &["", "5", "4.5", "four"], false),
            (Condition::GreaterThan(5), &["6", "+7"], &["", "5", "99999999999999999999"], false),
            (Condition::Exists(true), &["0"], &[""], false),
            (Condition::Exists(false), &[""], &["0"], true),
            (Condition::Matches(pattern("1X")), &["10"], &["", "1", "1a", "100"], false),
        ];
        for (condition, yes, no, when_unset) in table {
            yes.iter().for_each(|value| assert!(condition.holds(Some(value)), "{condition:?} `{value}`"));
            no.iter().for_each(|value| assert!(!condition.holds(Some(value)), "{condition:?} `{value}`"));
            assert_eq!(condition.holds(None), when_unset, "{condition:?} unset");
        }
    }

    #[test]
    fn a_pattern_reads_like_a_dial_plan() {
        let table = [
            ("N0", "20", true),
            ("N0", "10", false),
            ("Z", "0", false),
            ("00.", "00", false),
            ("00.", "0086", true),
            ("*1#", "*1#", true),
            ("X", "队", false),
        ];
        for (form, value, fits) in table {
            assert_eq!(pattern(form).matches(value), fits, "{form} {value}");
        }
        assert_eq!((pattern("1X").lengths(), pattern("1.").lengths()), ((2, Some(2)), (2, None)));
    }

    #[test]
    fn a_bad_pattern_says_what_to_write() {
        for bad in ["", "1.2", "a", "12x"] {
            let problem = DigitPattern::new(bad).unwrap_err().to_string();
            assert!(problem.contains(&format!("`{bad}` is not a digit pattern")), "{problem}");
        }
    }
}
