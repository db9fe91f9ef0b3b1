//! Texts that people write: how long they may be, and which characters have no place in them.
//!
//! What is written in one page is read in others, in lists, logs and messages: a character that breaks lines or turns the
//! direction of what stands after it would make other things look like what they are not.

use thiserror::Error;

/// The longest name, in characters.
pub const LONGEST_NAME: usize = 200;

/// The longest note or other text, in characters.
pub const LONGEST_TEXT: usize = 2_000;

/// Why a text is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unfit {
    /// Its length.
    #[error("this has more than {most} characters: shorten it")]
    TooLong {
        /// The most.
        most: usize,
    },
    /// A control character (Unicode category Cc).
    #[error("a control character (U+{0:04X}) stands in it: remove it")]
    Control(u32),
    /// A character that turns the direction of others (Unicode Standard Annex 9: embeddings, overrides, isolates).
    #[error("a character that nobody sees and that turns the direction of others (U+{0:04X}) stands in it: remove it")]
    Direction(u32),
}

/// Looks at a name, or another text of one line.
///
/// # Errors
/// [`Unfit`], with what is wrong first.
pub fn name(text: &str) -> Result<(), Unfit> {
    checked(text, LONGEST_NAME, |_| false)
}

/// Looks at a line of text that is no name.
///
/// # Errors
/// [`Unfit`], with what is wrong first.
pub fn line(text: &str) -> Result<(), Unfit> {
    checked(text, LONGEST_TEXT, |_| false)
}

/// Looks at a note, which may have several lines.
///
/// # Errors
/// [`Unfit`], with what is wrong first.
pub fn note(text: &str) -> Result<(), Unfit> {
    checked(text, LONGEST_TEXT, |c| matches!(c, '\n' | '\r' | '\t'))
}

fn checked(text: &str, most: usize, allowed: impl Fn(char) -> bool) -> Result<(), Unfit> {
    for (index, c) in text.chars().enumerate() {
        if index >= most {
            return Err(Unfit::TooLong { most });
        }
        if c.is_control() && !allowed(c) {
            return Err(Unfit::Control(c.into()));
        }
        if matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') {
            return Err(Unfit::Direction(c.into()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_of_one_line() {
        assert_eq!(name("Support 客服 – été"), Ok(()));
        assert_eq!(name(&"客".repeat(200)), Ok(()));
        assert_eq!(name(&"x".repeat(201)), Err(Unfit::TooLong { most: 200 }));
        assert_eq!(name("a\nb"), Err(Unfit::Control(10)));
        assert_eq!(name("a\u{202e}b"), Err(Unfit::Direction(0x202e)));
        assert!(name("a\u{2066}b").unwrap_err().to_string().contains("U+2066"));
    }

    #[test]
    fn notes_are_longer_and_have_lines() {
        assert_eq!(note("one\r\ntwo\tthree"), Ok(()));
        assert_eq!(note(&"x".repeat(2_001)), Err(Unfit::TooLong { most: 2_000 }));
        assert_eq!(note("bell\u{7}"), Err(Unfit::Control(7)));
        assert_eq!(line("one\ntwo"), Err(Unfit::Control(10)));
    }
}
