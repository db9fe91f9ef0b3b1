//! Keys: the immutable short names by which configured things refer to each other.
//!
//! What happens (a call, an offer, a request) has a generated [id](crate::CallId); what somebody configured (a queue,
//! a group, a flow) has a key, chosen once and never changed. The name that people see is a separate field. Keys make
//! flow documents, exports and logs readable without a table of ids beside them.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};
use thiserror::Error;

const MAX_LEN: usize = 64;
const PATTERN: &str = "^[a-z0-9][a-z0-9_.-]{0,63}$";

/// Why a text is not a key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "`{text}` is not a key: use 1 to 64 of a-z, 0-9, `_`, `-` and `.`, beginning with a letter or digit (for example `{example}`)"
)]
pub struct InvalidKey {
    /// The text that was refused, cut to a sensible length.
    pub text: String,
    /// A key that would be accepted in this place.
    pub example: &'static str,
}

fn check(text: &str, example: &'static str) -> Result<(), InvalidKey> {
    let mut bytes = text.bytes();
    let first_is_fine = bytes.next().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let rest_is_fine = bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-' | b'.'));
    if first_is_fine && rest_is_fine && text.len() <= MAX_LEN {
        Ok(())
    } else {
        Err(InvalidKey { text: text.chars().take(MAX_LEN).collect(), example })
    }
}

macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident, $example:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The key with this text.
            ///
            /// # Errors
            /// When the text is empty, longer than 64 characters or has a character that a key may not have.
            pub fn new(text: &str) -> Result<Self, InvalidKey> {
                check(text, $example)?;
                Ok($name(text.into()))
            }

            /// The key as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidKey;
            fn from_str(text: &str) -> Result<Self, InvalidKey> {
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
                json_schema!({ "type": "string", "pattern": PATTERN })
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

keys! {
    /// An agent (坐席).
    AgentKey, "2000";
    /// An agent group (坐席组).
    GroupKey, "support-a";
    /// A queue (队列).
    QueueKey, "600";
    /// An inbound service (呼入客服).
    ServiceKey, "support";
    /// An outbound campaign (外呼营销).
    CampaignKey, "renewals";
    /// An IVR flow (IVR 流程).
    FlowKey, "queue-overflow";
    /// A business-hours calendar (工作时间).
    CalendarKey, "office";
    /// A prompt (提示音), spoken in one or more languages.
    PromptKey, "queue-menu";
    /// A trunk (中继).
    TrunkKey, "carrier-1";
    /// An extension (分机).
    ExtensionKey, "2000";
    /// A disposition (通话小结).
    DispositionKey, "solved";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_short_and_plain() {
        for good in ["600", "queue-overflow", "a_b.c-1"] {
            assert_eq!(QueueKey::new(good).unwrap().as_str(), good);
        }
        for bad in ["", "-a", "Queue", "a b", "队列", &"a".repeat(65)] {
            assert!(QueueKey::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_bad_key_in_json_says_what_to_write() {
        let problem = serde_json::from_str::<QueueKey>("\"Queue 600\"").unwrap_err().to_string();
        assert!(problem.contains("`Queue 600` is not a key") && problem.contains("`600`"), "{problem}");
    }
}
