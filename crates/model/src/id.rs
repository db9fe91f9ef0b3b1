//! Generated ids: a prefix that tells the kind, then a ULID, so that ids sort by the time they were made.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;
use ulid::Ulid;

use crate::Timestamp;

/// Why a text is not an id of the kind that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{text}` is not an id of the form `{prefix}_` and 26 letters or digits")]
pub struct ParseIdError {
    text: String,
    prefix: &'static str,
}

/// Makes ids without a clock or a random number of its own.
///
/// Whoever starts something (a call, a transaction of a person) gets one seed from the edge; all ids made on its
/// behalf come from that seed and a counter. The same inputs give the same ids, so a command that is repeated names
/// the same leg or playback and does no harm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdSource {
    seed: u64,
    made: u16,
}

impl IdSource {
    /// A source whose ids are told apart from those of other sources by `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        IdSource { seed, made: 0 }
    }

    /// The next id of the wanted kind, made at `at`.
    pub fn next<T: From<Ulid>>(&mut self, at: Timestamp) -> T {
        self.made = self.made.wrapping_add(1);
        let millis = u64::try_from(at.as_millis()).unwrap_or(0);
        // Counter above the hash: ids that one source makes in the same millisecond sort in the order made.
        let low = u128::from(mix(self.seed ^ u64::from(self.made).rotate_left(48)));
        T::from(Ulid::from_parts(millis, (u128::from(self.made) << 64) | low))
    }
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident, $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Ulid);

        impl $name {
            /// What the text of such an id begins with, before the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// The part of it that chance has made: a seed for the ids of what belongs to it.
            #[must_use]
            pub const fn seed(&self) -> u64 {
                // The lower half is as good as the whole.
                #[expect(clippy::cast_possible_truncation, reason = "half of it is wanted")]
                let seed = self.0.random() as u64;
                seed
            }

            /// When it was made, in milliseconds of UTC, as its first ten letters tell (ULID).
            #[must_use]
            pub fn made_at(&self) -> Timestamp {
                Timestamp::from_millis(i64::try_from(self.0.timestamp_ms()).unwrap_or(i64::MAX))
            }
        }

        impl From<Ulid> for $name {
            fn from(ulid: Ulid) -> Self {
                $name(ulid)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;
            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                text.strip_prefix(concat!($prefix, "_"))
                    .and_then(|rest| Ulid::from_string(rest).ok())
                    .map($name)
                    .ok_or_else(|| ParseIdError { text: text.chars().take(64).collect(), prefix: $prefix })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
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
                json_schema!({ "type": "string", "pattern": concat!("^", $prefix, "_[0-9A-HJKMNP-TV-Z]{26}$") })
            }
        }
    )*};
}

ids! {
    /// One call, inbound or outbound, with all its legs.
    CallId, "call";
    /// One party's connection (话路).
    LegId, "leg";
    /// Two or more legs whose media are joined (桥接).
    BridgeId, "brg";
    /// One playing of prompts or music to a leg.
    PlaybackId, "play";
    /// One recording (录音) of a conversation.
    RecordingId, "rec";
    /// One voicemail message (留言).
    MessageId, "msg";
    /// One agent offer (派话): a call given to one agent.
    OfferId, "offer";
    /// One entry of the missed-call list (漏话列表): a callback request, a missed call, a message, a cut-off call.
    EntryId, "cbr";
    /// One attempt (第 n 次回呼) to reach the customer of an entry.
    AttemptId, "try";
    /// One contact: a customer whom people know by name.
    ContactId, "con";
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ids_of_one_source_sort_by_time_and_then_by_order() {
        let mut source = IdSource::new(7);
        let (early, late) = (Timestamp::from_millis(1_000), Timestamp::from_millis(2_000));
        let ids: Vec<LegId> = [early, early, early, late].into_iter().map(|at| source.next(at)).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "{ids:?}");
        let texts: Vec<String> = ids.iter().map(ToString::to_string).collect();
        assert!(texts.windows(2).all(|pair| pair[0] < pair[1]), "{texts:?}");
    }

    #[test]
    fn an_id_of_another_kind_is_refused() {
        let call: CallId = IdSource::new(1).next(Timestamp::EPOCH);
        assert!(call.to_string().parse::<LegId>().is_err());
        assert_eq!(call.to_string().parse::<CallId>(), Ok(call));
    }

    proptest! {
        #[test]
        fn sources_with_unlike_seeds_make_unlike_ids(a: u64, b: u64) {
            prop_assume!(a != b);
            let at = Timestamp::from_millis(1_700_000_000_000);
            let (x, y): (CallId, CallId) = (IdSource::new(a).next(at), IdSource::new(b).next(at));
            prop_assert_ne!(x, y);
        }

        #[test]
        fn text_and_back(seed: u64, millis in 0_i64..4_000_000_000_000) {
            let id: EntryId = IdSource::new(seed).next(Timestamp::from_millis(millis));
            prop_assert_eq!(id.to_string().parse::<EntryId>(), Ok(id));
        }
    }
}
