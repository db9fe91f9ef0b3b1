//! Names that live inside one flow document: nodes and variables.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};
use thiserror::Error;

const MAX_LEN: usize = 64;

/// Why a text is not the name of a node or a variable.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "`{text}` is not the name of a {kind}: use 1 to 64 of a-z, 0-9 and {others}, beginning with {first} (for example `{example}`)"
)]
pub struct InvalidName {
    text: String,
    kind: &'static str,
    others: &'static str,
    first: &'static str,
    example: &'static str,
}

struct Rule {
    kind: &'static str,
    first: &'static str,
    is_first: fn(u8) -> bool,
    others: &'static str,
    is_other: fn(u8) -> bool,
    example: &'static str,
}

const NODE: Rule = Rule {
    kind: "node",
    first: "a letter or digit",
    is_first: |b| b.is_ascii_lowercase() || b.is_ascii_digit(),
    others: "`_`, `-`, `.`",
    is_other: |b| matches!(b, b'_' | b'-' | b'.'),
    example: "menu",
};

const VARIABLE: Rule = Rule {
    kind: "variable",
    first: "a letter or `_`",
    is_first: |b| b.is_ascii_lowercase() || b == b'_',
    others: "`_`",
    is_other: |b| b == b'_',
    example: "inputcode",
};

fn check(text: &str, rule: &Rule) -> Result<(), InvalidName> {
    let mut bytes = text.bytes();
    let first_is_fine = bytes.next().is_some_and(rule.is_first);
    let rest_is_fine = bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || (rule.is_other)(b));
    if first_is_fine && rest_is_fine && text.len() <= MAX_LEN {
        return Ok(());
    }
    Err(InvalidName {
        text: text.chars().take(MAX_LEN).collect(),
        kind: rule.kind,
        others: rule.others,
        first: rule.first,
        example: rule.example,
    })
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident, $rule:expr, $pattern:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name with this text.
            ///
            /// # Errors
            /// When the text is empty, longer than 64 characters or has a character that such a name may not have.
            pub fn new(text: &str) -> Result<Self, InvalidName> {
                check(text, &$rule)?;
                Ok($name(text.into()))
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;
            fn from_str(text: &str) -> Result<Self, InvalidName> {
                $name::new(text)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Cow::<'de, str>::deserialize(deserializer)?;
                $name::new(&text).map_err(serde::de::Error::custom)
            }
        }

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

names! {
    /// The name of a node within its document.
    NodeId, NODE, "^[a-z0-9][a-z0-9_.-]{0,63}$";
    /// The name of a variable of a running flow (随路数据).
    VariableName, VARIABLE, "^[a-z_][a-z0-9_]{0,63}$";
}

/// Variables that the interpreter or the call sets, so that a flow may read them without setting them.
pub mod known {
    use super::VariableName;

    /// What the last "play and collect digits" node collected (用户输入), unless it names another variable.
    pub const INPUTCODE: &str = "inputcode";
    /// The number that the last "collect a number" node collected, in E.164, unless it names another variable.
    pub const NUMBER: &str = "number";
    /// The language of the call, as its code.
    pub const LANGUAGE: &str = "language";
    /// How the run was entered: `queue`, `number` or `transfer`.
    pub const ENTERED_FROM: &str = "entered_from";
    /// The caller's number in E.164; unset when it is withheld.
    pub const CALLER_NUMBER: &str = "caller_number";
    /// The number that was dialled.
    pub const CALLED_NUMBER: &str = "called_number";
    /// The key of the queue that the caller came from; unset when there is none.
    pub const QUEUE: &str = "queue";
    /// Why the caller left the queue for the flow: `timeout`, `full`, `no_agents`, `closed` or `key_pressed`.
    pub const OVERFLOW: &str = "overflow";

    /// All of them.
    pub const ALL: [&str; 8] =
        [INPUTCODE, NUMBER, LANGUAGE, ENTERED_FROM, CALLER_NUMBER, CALLED_NUMBER, QUEUE, OVERFLOW];

    /// Whether a flow may read this variable without setting it.
    #[must_use]
    pub fn is_known(name: &VariableName) -> bool {
        ALL.contains(&name.as_str())
    }
}

impl VariableName {
    /// [`known::INPUTCODE`].
    #[must_use]
    pub fn inputcode() -> Self {
        VariableName(known::INPUTCODE.into())
    }

    /// [`known::NUMBER`].
    #[must_use]
    pub fn number() -> Self {
        VariableName(known::NUMBER.into())
    }

    pub(crate) fn language() -> Self {
        VariableName(known::LANGUAGE.into())
    }

    pub(crate) fn entered_from() -> Self {
        VariableName(known::ENTERED_FROM.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_name_says_what_to_write() {
        let problem = NodeId::new("Main menu").unwrap_err().to_string();
        assert!(problem.contains("`Main menu` is not the name of a node") && problem.contains("`menu`"), "{problem}");
        let problem = VariableName::new("1st").unwrap_err().to_string();
        assert!(problem.contains("`1st` is not the name of a variable"), "{problem}");
    }

    #[test]
    fn the_known_variables_are_names() {
        for name in known::ALL {
            assert!(known::is_known(&VariableName::new(name).unwrap()));
        }
        assert!(!known::is_known(&VariableName::new("customer").unwrap()));
    }
}
