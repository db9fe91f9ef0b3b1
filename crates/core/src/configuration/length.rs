//! Lengths of time as people write them: `90s`, `5m`, `1h30m`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use nohold_model::Millis;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use thiserror::Error;

/// A length of time, written as whole numbers with their units, largest first: `500ms`, `90s`, `5m`, `1h30m`, `2d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Length(pub Millis);

/// A length of time, or `"never"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// After, or every, so long.
    After(Length),
    /// Never.
    Never,
}

/// Why a text is not a [`Length`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is not a length of time: write a number and its unit, like `500ms`, `90s`, `5m`, `1h30m` or `2d`")]
pub struct InvalidLength(String);

/// The longest that may be written: ten years.
const LONGEST_MS: u64 = 3_650 * 24 * 3_600_000;

/// The units, largest first, in milliseconds.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

impl Length {
    /// `n` seconds.
    #[must_use]
    pub const fn seconds(n: u64) -> Self {
        Length(Millis::seconds(n))
    }

    /// `n` minutes.
    #[must_use]
    pub const fn minutes(n: u64) -> Self {
        Length(Millis::minutes(n))
    }

    /// `n` hours.
    #[must_use]
    pub const fn hours(n: u64) -> Self {
        Length(Millis::hours(n))
    }
}

impl Period {
    /// The length, where there is one.
    #[must_use]
    pub const fn millis(self) -> Option<Millis> {
        match self {
            Period::After(length) => Some(length.0),
            Period::Never => None,
        }
    }
}

impl FromStr for Length {
    type Err = InvalidLength;
    fn from_str(text: &str) -> Result<Self, InvalidLength> {
        parse(text)
            .map(|millis| Length(Millis::new(millis)))
            .ok_or_else(|| InvalidLength(text.chars().take(32).collect()))
    }
}

/// The milliseconds of a text in which each unit comes once at most, larger ones first.
fn parse(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut total = 0u64;
    let mut units = UNITS.iter();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, behind) = rest.split_at(digits);
        let letters = behind.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, after) = behind.split_at(letters);
        let (_, factor) = units.find(|(name, _)| *name == unit)?;
        total = number.parse::<u64>().ok()?.checked_mul(*factor)?.checked_add(total)?;
        rest = after;
    }
    (total <= LONGEST_MS).then_some(total)
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.as_millis();
        if rest == 0 {
            return f.write_str("0s");
        }
        for (name, factor) in UNITS {
            if rest >= factor {
                write!(f, "{}{name}", rest / factor)?;
                rest %= factor;
            }
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "never" {
            return Ok(Period::Never);
        }
        let length = text.parse().map_err(|problem| serde::de::Error::custom(format!("{problem}, or `never`")))?;
        Ok(Period::After(length))
    }
}

impl JsonSchema for Length {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Length".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "examples": ["500ms", "90s", "5m", "1h30m", "2d"] })
    }
}

impl JsonSchema for Period {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Period".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "examples": ["30s", "48h", "never"] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_written_as_people_do() {
        for (text, millis) in
            [("500ms", 500), ("90s", 90_000), ("5m", 300_000), ("1h30m", 5_400_000), ("2d", 172_800_000), ("0s", 0)]
        {
            assert_eq!(text.parse::<Length>().unwrap().0, Millis::new(millis), "{text}");
        }
    }

    #[test]
    fn what_is_no_length_is_refused_with_an_example() {
        for bad in ["", "5", "m", "5 m", "30m1h", "5m5m", "-5s", "1.5h", "4000d", "99999999999999999999s", "5m "] {
            assert!(bad.parse::<Length>().unwrap_err().to_string().contains("1h30m"), "{bad}");
        }
    }

    #[test]
    fn a_length_reads_back_as_it_was_written() {
        for text in ["500ms", "1m30s", "5m", "1h30m", "2d", "0s"] {
            assert_eq!(text.parse::<Length>().unwrap().to_string(), text);
        }
    }
}
