//! Phones of ours, and the codes that they dial.

use std::collections::BTreeMap;

use nohold_model::{ExtensionKey, Millis, PhoneNumber};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Directory, InboundTarget};

/// A phone that says nothing about it rings this long for a customer, who may go on to somewhere else then.
const RING_FOR_CUSTOMER: Millis = Millis::seconds(25);
/// And this long for a colleague, who gives up by hanging up.
const RING_FOR_COLLEAGUE: Millis = Millis::seconds(60);

/// A phone of ours: a SIP account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// Its key, which is also the user name of its account.
    pub key: ExtensionKey,
    /// The number by which colleagues call it: `2001`.
    pub number: String,
    /// The name that colleagues see.
    pub name: String,
    /// Whether it may call the public network. Emergency numbers it may call always.
    pub may_call_outside: bool,
    /// The number that it shows there, by trunks that own it alone: where none does, nobody outside is reached but emergency
    /// services. Without one each trunk shows its own first number.
    pub caller_id: Option<PhoneNumber>,
    /// The phone is asked to answer agent offers by itself.
    pub auto_answer: bool,
    /// Where a caller goes whom nobody answers here, and how long it rings before.
    pub unanswered: Option<Unanswered>,
}

/// Where a caller goes when a phone is not answered, is busy or cannot be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unanswered {
    /// The phone rings this long.
    pub ring_for: Millis,
    /// Where the caller goes then.
    pub target: InboundTarget,
}

impl Directory {
    /// How long a phone of ours rings that is called by its own number.
    #[must_use]
    pub fn rings_for(&self, extension: &ExtensionKey, by_colleague: bool) -> Millis {
        let unanswered = self.extensions.get(extension).and_then(|known| known.unanswered.as_ref());
        let otherwise = if by_colleague { RING_FOR_COLLEAGUE } else { RING_FOR_CUSTOMER };
        unanswered.map_or(otherwise, |unanswered| unanswered.ring_for)
    }
}

/// What a code that begins with `*` does for whoever dials it from an extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StarCode {
    /// Signs the agent of the phone in.
    SignIn,
    /// Signs the agent out.
    SignOut,
    /// A break, without a reason.
    Break,
    /// Not ready.
    NotReady,
    /// Available again.
    Available,
    /// Clears *no answer*.
    Clear,
    /// Ends the wrap-up.
    EndWrapUp,
    /// Says back what it hears.
    EchoTest,
    /// Followed by the internal number of a flow: runs the flow as if a caller had come in.
    TestFlow,
}

impl StarCode {
    /// The codes that are there from the first day.
    #[must_use]
    pub fn defaults() -> BTreeMap<String, StarCode> {
        [
            ("*10", StarCode::SignIn),
            ("*11", StarCode::SignOut),
            ("*12", StarCode::Break),
            ("*13", StarCode::NotReady),
            ("*14", StarCode::Available),
            ("*15", StarCode::Clear),
            ("*16", StarCode::EndWrapUp),
            ("*43", StarCode::EchoTest),
            ("*77", StarCode::TestFlow),
        ]
        .map(|(code, does)| (code.to_owned(), does))
        .into()
    }
}
