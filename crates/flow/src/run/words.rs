//! What goes into a run and what comes out of it.

use std::collections::BTreeMap;
use std::fmt;

use nohold_model::{
    Digit, ExtensionKey, FlowKey, Language, Millis, PhoneNumber, PromptKey, QueueKey, Spoken, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::{Entry, NodeId, Object, VariableName};

/// With what a run begins. Its `Debug` names the variables and hides what they hold: the caller's number is one.
#[derive(Clone, PartialEq, Eq)]
pub struct Begin {
    /// The flow.
    pub flow: FlowKey,
    /// The version of it; the run keeps it, whatever is published later.
    pub version: u32,
    /// How the caller came here.
    pub entered_from: Entry,
    /// The language of the call so far.
    pub language: Language,
    /// Attached data (随路数据), such as [the known ones](crate::names::known) that the call sets.
    pub variables: BTreeMap<VariableName, String>,
}

/// What happened to the call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// What [`Action::Play`] asked for last has been heard to its end. Ends of what was replaced or stopped are
    /// filtered by whoever calls [`Run::step`](super::Run::step).
    Played,
    /// It could not be played, or not to its end.
    PlayFailed,
    /// The caller pressed a key.
    Digit(Digit),
    /// The [deadline](super::Run::deadline) is reached.
    Tick,
    /// The answer to [`Action::Request`], after the commit; a failure of the store is [`Input::NotSaved`].
    Requested(RequestAnswer),
    /// The recording that [`Action::Record`] asked for has ended.
    Recorded {
        /// How much of it was speech.
        speech_ms: Millis,
        /// What ended it.
        ended: RecordingEnd,
    },
    /// The message is committed.
    MessageKept,
    /// The store could not keep the request or the message, or the recording could not be made.
    NotSaved,
    /// The transfer did not succeed. A transfer that does succeed ends the run from outside.
    TransferFailed(TransferFailure),
}

/// What became of the wish for a callback.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestAnswer {
    /// A request was made and is committed.
    Made {
        /// When the caller may expect the callback.
        promise: Promise,
    },
    /// There is an open request for this number and object, and the place is kept.
    AlreadyOpen {
        /// How long it will be.
        promise: Promise,
    },
    /// The number may not be called back.
    Refused(NumberRefusal),
}

/// When a caller may expect the callback (承诺回呼时段).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Promise {
    /// Without a time, where none can be said honestly.
    Soon,
    /// Within so many minutes.
    Within {
        /// Whole minutes.
        minutes: u32,
    },
    /// In between so many minutes from now.
    Between {
        /// The lower end, in whole minutes.
        from_minutes: u32,
        /// The upper end, in whole minutes.
        to_minutes: u32,
    },
    /// In a window by the clock.
    Window {
        /// Where it begins.
        from: Timestamp,
        /// Where it ends.
        to: Timestamp,
        /// The IANA name of the time zone in which it is spoken.
        zone: String,
    },
}

/// An expected wait as it may be said, a range and never one figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitToSay {
    /// Less than so many minutes.
    Under {
        /// Whole minutes.
        minutes: u32,
    },
    /// Between so many minutes.
    Between {
        /// The lower end, in whole minutes.
        from_minutes: u32,
        /// The upper end, in whole minutes.
        to_minutes: u32,
    },
}

/// Why a number may not be called back. The caller hears the same neutral words for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberRefusal {
    /// It is not a number that could exist.
    Impossible,
    /// It is of a kind that is never called back: premium-rate, emergency, a short code.
    NotAllowed,
    /// It is on the block list (黑名单).
    Blocked,
    /// It has asked too often.
    OverLimit,
}

/// What ended a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordingEnd {
    /// The end key.
    Key,
    /// The caller fell silent.
    Silence,
    /// The greatest length.
    Limit,
    /// The caller hung up; what is there is kept without a word.
    HungUp,
}

/// Why a transfer did not succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransferFailure {
    /// It rang and nobody took it.
    NoAnswer,
    /// The line was busy.
    Busy,
    /// There is no such target, or it is not signed in.
    Unreachable,
    /// The far end or a rule of ours refused it.
    Refused,
    /// Anything else.
    Failed,
}

/// What the run wants done. Nothing else comes out of a flow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Say this; it replaces what is being said.
    Play(Vec<Spoken>),
    /// Stop saying it; its end is not reported.
    StopPlaying,
    /// Put the caller into this queue. The run is over.
    EnterQueue {
        /// The queue.
        queue: QueueKey,
        /// The priority, if the flow sets one.
        priority: Option<u8>,
    },
    /// Back to the queue that the caller came from, at the old place. The run is over.
    KeepWaiting,
    /// Make a callback request, and answer with [`Input::Requested`] or [`Input::NotSaved`]. A hang-up meanwhile does
    /// not take it back.
    Request {
        /// Whom it is for.
        object: Object,
        /// The number to call.
        number: PhoneNumber,
        /// Whether the caller said that it is another person or matter than the open request.
        another_matter: bool,
        /// What the caller heard and pressed.
        consent: Consent,
    },
    /// Count that a number which the caller keyed in may not be called; the caller is told without more ado.
    NumberRefused(NumberRefusal),
    /// Record until the end key, silence, the limit or a hang-up, and answer with [`Input::Recorded`].
    Record {
        /// The greatest length.
        max_ms: Millis,
        /// How much silence ends it.
        silence_ms: Millis,
        /// The key that ends it; it is not reported as a digit.
        end_key: Digit,
    },
    /// Keep what was recorded as a message, and answer with [`Input::MessageKept`] or [`Input::NotSaved`].
    KeepMessage {
        /// Whom it is for.
        object: Object,
    },
    /// Throw away what was recorded.
    DropMessage,
    /// Transfer the caller; a failure is answered with [`Input::TransferFailed`].
    Transfer {
        /// Where to.
        to: TransferTo,
        /// How long it may ring.
        ring_ms: Millis,
    },
    /// From here on the call is in this language.
    SetLanguage(Language),
    /// End the call. The run is over.
    HangUp {
        /// Whether the caller hears the busy tone.
        busy: bool,
    },
}

/// What the caller had heard and pressed when a callback was asked for: it is stored as the consent to this call.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Consent {
    /// The prompts of the menu.
    pub heard: Vec<PromptKey>,
    /// The keys that were pressed.
    pub keys: Keys,
}

/// Where a caller is transferred to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransferTo {
    /// An extension.
    Extension(ExtensionKey),
    /// A number as the document or a variable has it; what it means is for the numbers' rules to say.
    Number(Dial),
}

/// A number as somebody wrote it. `Debug` shows how long it is: it may be a customer's.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Dial(pub String);

/// Keys that a caller has pressed. `Debug` shows how many: they may be a number, or a secret.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Keys(String);

/// One visit to a node, for the history: together the path through the menu.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Visit {
    /// The flow.
    pub flow: FlowKey,
    /// The node.
    pub node: NodeId,
}

/// What a run waits for, and what that means for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitsFor {
    /// Words or a menu. A caller who came from a queue is still a candidate and may be connected.
    Menu,
    /// The caller is keying digits. Nobody is connected meanwhile.
    Keying,
    /// The answer to a request.
    Request,
    /// The caller hears about the request that was made, or about one that is open.
    Farewell,
    /// The caller hears the greeting of a message, or speaks it. Nobody is connected meanwhile.
    Message,
    /// The answer of a transfer.
    Transfer,
    /// Last words before the call ends.
    LastWords,
    /// Nothing: the run is over.
    Nothing,
}

impl fmt::Debug for Begin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Begin")
            .field("flow", &self.flow)
            .field("version", &self.version)
            .field("entered_from", &self.entered_from)
            .field("language", &self.language)
            .field("variables", &self.variables.keys().collect::<Vec<_>>())
            .finish()
    }
}

impl fmt::Debug for Dial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} characters", self.0.chars().count())
    }
}

impl Keys {
    /// One more key.
    pub fn push(&mut self, key: Digit) {
        self.0.push(key.as_char());
    }

    /// The keys. Personal data: keep them out of logs.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} keys", self.0.len())
    }
}

impl WaitsFor {
    /// Whether a caller who came from a queue still stands in line and may be connected to an agent.
    #[must_use]
    pub const fn is_candidate(self) -> bool {
        matches!(self, WaitsFor::Menu)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_number_is_not_shown() {
        let number: PhoneNumber = "+8613800138000".parse().unwrap();
        let mut keys = Keys::default();
        "13800138000".chars().for_each(|key| keys.push(Digit::new(key).unwrap()));
        let request = Action::Request {
            object: Object::Queue {},
            number,
            another_matter: false,
            consent: Consent { heard: Vec::new(), keys },
        };
        let ring_ms = Millis::seconds(20);
        let transfer = Action::Transfer { to: TransferTo::Number(Dial("13800138000".into())), ring_ms };
        let begin = Begin {
            flow: FlowKey::new("menu").unwrap(),
            version: 1,
            entered_from: Entry::Number,
            language: Language::Chinese,
            variables: BTreeMap::from([(VariableName::new("caller_number").unwrap(), "+8613800138000".into())]),
        };
        let shown = format!("{request:?} {transfer:?} {begin:?}");
        assert!(!shown.contains("00138"), "{shown}");
        assert!(shown.contains("caller_number") && shown.contains("11 keys"), "{shown}");
    }
}
