//! What is said to a caller, as tokens; a `say` grammar for each language turns them into audio elsewhere.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{PromptKey, Timestamp};

/// One piece of what is spoken or sounded. A sentence is a list of them. `Debug` hides digits that are spoken: they may
/// be a customer's number.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Spoken {
    /// A prompt (提示音), in the language of the call.
    Prompt(PromptKey),
    /// Digits one by one: "five, six, seven, eight". Of other characters only `*`, `#` and `+` are spoken.
    Digits(String),
    /// A whole number: "twelve".
    Number(u32),
    /// A position in line, counted from one, as it follows "your position in the line is".
    Position(u32),
    /// A wait shorter than so many minutes: "less than five minutes".
    WaitUnder {
        /// Whole minutes, at least one.
        minutes: u32,
    },
    /// A wait in a range: "between five and ten minutes".
    WaitBetween {
        /// The lower end, in whole minutes.
        from_minutes: u32,
        /// The upper end, in whole minutes; more than the lower one.
        to_minutes: u32,
    },
    /// A promise without a time: "soon".
    Soon,
    /// A promise by a length of time from now: "within thirty minutes".
    SoonBy {
        /// Whole minutes, at least one.
        minutes: u32,
    },
    /// A promised window: "between nine and eleven tomorrow", spoken relative to the moment of speaking.
    Window {
        /// Where the window begins.
        from: Timestamp,
        /// Where it ends.
        to: Timestamp,
        /// The IANA name of the time zone in which the hours are spoken, such as `Asia/Shanghai`.
        zone: String,
    },
    /// The tone after which a message is recorded, or which warns of its end.
    Tone,
    /// An agent's number (工号), digit by digit, within "agent … is at your service".
    AgentNumber(String),
}

impl fmt::Debug for Spoken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Spoken::Prompt(key) => write!(f, "Prompt({key})"),
            Spoken::Digits(digits) => write!(f, "Digits({} of them)", digits.chars().count()),
            Spoken::Number(number) => write!(f, "Number({number})"),
            Spoken::Position(position) => write!(f, "Position({position})"),
            Spoken::WaitUnder { minutes } => write!(f, "WaitUnder({minutes} min)"),
            Spoken::WaitBetween { from_minutes, to_minutes } => {
                write!(f, "WaitBetween({from_minutes} to {to_minutes} min)")
            }
            Spoken::Soon => f.write_str("Soon"),
            Spoken::SoonBy { minutes } => write!(f, "SoonBy({minutes} min)"),
            Spoken::Window { from, to, zone } => write!(f, "Window({from:?} to {to:?}, {zone})"),
            Spoken::Tone => f.write_str("Tone"),
            Spoken::AgentNumber(number) => write!(f, "AgentNumber({number})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_that_are_spoken_are_not_shown() {
        let shown = format!("{:?}", Spoken::Digits("13800138000".into()));
        assert_eq!(shown, "Digits(11 of them)");
    }
}
