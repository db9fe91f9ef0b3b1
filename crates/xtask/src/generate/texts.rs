//! The texts of the prompts: `prompts/<language>.toml`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

/// What one prompt says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Text {
    /// Read as it is written.
    Plain(String),
    /// Read otherwise, where a voice would take a character or a word for another one.
    Read {
        /// What people read.
        #[serde(rename = "text")]
        _text: String,
        /// What the voice reads.
        read: String,
    },
}

impl Text {
    /// What the voice is given.
    pub fn to_read(&self) -> &str {
        match self {
            Text::Plain(text) | Text::Read { read: text, .. } => text,
        }
    }
}

/// The texts of a language, by key.
///
/// # Errors
/// When the file cannot be read or is not as it should be.
pub fn read(root: &Path, language: &str) -> Result<BTreeMap<String, Text>> {
    let path = root.join("prompts").join(language).with_extension("toml");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("{} is not a list of `key = \"text\"`", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_stands_in_for_the_text() {
        let texts: BTreeMap<String, Text> =
            toml::from_str("a = \"one\"\nb = { text = \"不到\", read = \"bu2dao4\" }").unwrap();
        assert_eq!((texts["a"].to_read(), texts["b"].to_read()), ("one", "bu2dao4"));
    }
}
