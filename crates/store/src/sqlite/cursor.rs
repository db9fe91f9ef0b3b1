//! Where a page begins: after the last row of the page before.

use std::fmt::Display;
use std::str::FromStr;

/// The place of a row in a list that has the newest first: its time, and what tells it from others of the same time. People
/// carry it as `time.key`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor<K> {
    /// The time, in milliseconds since 1970 (UTC).
    pub at: i64,
    /// Which of those rows.
    pub key: K,
}

impl<K: FromStr + Display> Cursor<K> {
    /// Reads one; nothing where it was not written by [`Cursor::write`].
    pub fn read(text: &str) -> Option<Cursor<K>> {
        let (at, key) = text.split_once('.')?;
        Some(Cursor { at: at.parse().ok()?, key: key.parse().ok()? })
    }

    /// The same as text.
    pub fn write(&self) -> String {
        format!("{}.{}", self.at, self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_nothing_else_is() {
        let cursor = Cursor { at: -3, key: 7u32 };
        assert_eq!(Cursor::read(&cursor.write()), Some(cursor));
        for other in ["", ".", "3", "3.", ".7", "3.x", "x.7", "3.7.7", "3.-7"] {
            assert_eq!(Cursor::<u32>::read(other), None, "{other}");
        }
    }
}
