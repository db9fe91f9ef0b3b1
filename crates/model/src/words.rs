//! Small words of the glossary that more than one crate needs.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

/// One key of a telephone keypad.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digit(u8);

/// Why a character is not a [`Digit`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("`{0}` is not a key of the telephone: use 0 to 9, `*` or `#`")]
pub struct NotADigit(char);

impl Digit {
    /// The `#` key, which ends an entry.
    pub const HASH: Digit = Digit(b'#');
    /// The `*` key.
    pub const STAR: Digit = Digit(b'*');

    /// The key that carries this character.
    ///
    /// # Errors
    /// When it is none of 0 to 9, `*` and `#`.
    pub const fn new(c: char) -> Result<Self, NotADigit> {
        match c {
            '0'..='9' | '*' | '#' => Ok(Digit(c as u8)),
            other => Err(NotADigit(other)),
        }
    }

    /// The character on the key.
    #[must_use]
    pub const fn as_char(self) -> char {
        self.0 as char
    }
}

impl fmt::Display for Digit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.as_char())
    }
}

impl fmt::Debug for Digit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}'", self.as_char())
    }
}

impl Serialize for Digit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_char(self.as_char())
    }
}

impl<'de> Deserialize<'de> for Digit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Digit::new(char::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Digit {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Digit".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9*#]$" })
    }
}

/// A language that prompts are spoken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Language {
    /// English.
    #[serde(rename = "en")]
    English,
    /// Chinese, Mandarin.
    #[serde(rename = "zh")]
    Chinese,
}

/// Why a text does not name a [`Language`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is not a language that is spoken here: use `en` or `zh`")]
pub struct UnknownLanguage(String);

impl Language {
    /// The code of RFC 5646 (BCP 47) that stands in files and in the API.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::Chinese => "zh",
        }
    }
}

impl FromStr for Language {
    type Err = UnknownLanguage;
    fn from_str(text: &str) -> Result<Self, UnknownLanguage> {
        match text {
            "en" => Ok(Language::English),
            "zh" => Ok(Language::Chinese),
            other => Err(UnknownLanguage(other.chars().take(32).collect())),
        }
    }
}

/// What became of one try to reach a customer (呼叫结果): the network's word, but for the last, which is ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallResult {
    /// A person answered (接通).
    Answered,
    /// It rang and nobody took it (无人接听).
    NoAnswer,
    /// The line was busy (占线).
    Busy,
    /// The far end refused the call (拒接).
    Refused,
    /// The number is not in use (空号).
    Unallocated,
    /// The telephone is switched off or out of reach (关机).
    SwitchedOff,
    /// A machine or a carrier's recording answered (语音信箱).
    Machine,
    /// The network could not set the call up (呼叫失败).
    Failed,
    /// Our side ended the try before its result was known (中断).
    Interrupted,
}
