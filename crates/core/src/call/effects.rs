//! What a call wants done.

use std::fmt;

use nohold_model::{
    BridgeId, Digit, ExtensionKey, Language, LegId, MessageId, Millis, PhoneNumber, PlaybackId, PromptKey, RecordingId,
    Spoken, Timestamp, TrunkKey,
};
use serde::{Deserialize, Serialize};

use super::wish::Heard;
use crate::fact::{Dated, Fact};

/// What one input led to. The three parts are the three classes of effect: media at once, records with the next
/// commit, a promise before the call goes on.
#[must_use]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Effects {
    /// To be carried out at once; none of it waits for the store.
    pub media: Vec<Command>,
    /// What is now true, to be committed with the next batch and retried until it is.
    pub records: Vec<Dated>,
    /// What must be committed before the call goes on; at most one at a time.
    pub promise: Option<Promise>,
    /// What has become of wishes of people at the desk.
    pub heard: Vec<Heard>,
}

/// A fact that the call waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promise {
    /// Its number within the call, which comes back with the answer.
    pub number: u32,
    /// What is to be committed.
    pub fact: Dated,
}

impl Promise {
    /// The number with which the answer to records alone comes back, where a call has to hear it.
    pub const OF_RECORDS: u32 = 0;
}

/// A wish to the telephony engine. Repeating one does no harm: every id is chosen by us.
///
/// What is played or bridged to a leg that came in and is not answered yet is early media: its caller hears it, and pays
/// nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Tell the caller of a leg that came in that a phone rings; the caller's own phone makes the tone.
    Ring {
        /// The leg.
        leg: LegId,
    },
    /// Answer a leg that came in.
    Answer {
        /// The leg.
        leg: LegId,
    },
    /// Begin a leg.
    Dial {
        /// The id it will have.
        leg: LegId,
        /// Whom.
        to: DialTo,
        /// It may ring this long.
        ring_for: Millis,
    },
    /// End a leg; before the answer, refuse it or cancel it.
    HangUp {
        /// The leg.
        leg: LegId,
        /// How.
        how: HangUp,
    },
    /// Play to a leg; it replaces what is playing there.
    Play {
        /// The leg.
        leg: LegId,
        /// The id of this playing.
        playback: PlaybackId,
        /// What.
        audio: Audio,
    },
    /// Stop a playing, if it still goes on.
    Stop {
        /// The leg.
        leg: LegId,
        /// The playing.
        playback: PlaybackId,
    },
    /// Record a message.
    Record {
        /// The leg.
        leg: LegId,
        /// The id that the message will have.
        message: MessageId,
        /// The greatest length.
        longest: Millis,
        /// So much silence ends it.
        silence: Millis,
        /// This key ends it.
        end_key: Digit,
    },
    /// Throw away a recorded message.
    Discard {
        /// The message.
        message: MessageId,
    },
    /// Let two legs hear each other.
    Bridge {
        /// The id of the bridge.
        bridge: BridgeId,
        /// One leg.
        a: LegId,
        /// The other.
        b: LegId,
    },
    /// Let three or more legs hear each other, each all the others. Bridges in which one of them was end.
    Conference {
        /// The id of the bridge.
        bridge: BridgeId,
        /// The legs.
        legs: Vec<LegId>,
    },
    /// Press keys towards the far end of a leg: as telephone events (RFC 4733) where it takes those.
    Press {
        /// The leg.
        leg: LegId,
        /// The keys, in their order.
        digits: Vec<Digit>,
    },
    /// Record what the legs of a bridge say, until the bridge ends.
    RecordCall {
        /// The bridge.
        bridge: BridgeId,
        /// The id that the recording will have.
        recording: RecordingId,
    },
    /// End a recording of a bridge before the bridge ends; what it has is kept.
    StopRecording {
        /// The recording.
        recording: RecordingId,
    },
    /// The legs of a bridge hear each other no more.
    Unbridge {
        /// The bridge.
        bridge: BridgeId,
    },
}

/// How a leg is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HangUp {
    /// Plainly.
    Normal,
    /// With the busy tone; 486 before the answer.
    Busy,
    /// We cannot take the call now; 503 before the answer (RFC 3261 §21.5.4).
    Unavailable,
    /// There is no such number here; 404 before the answer.
    Unknown,
    /// Nobody answers; 480 before the answer.
    NoAnswer,
    /// It may not be called from there; 403 before the answer.
    Forbidden,
}

/// Whom a new leg goes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DialTo {
    /// A phone of ours.
    Extension {
        /// Which.
        extension: ExtensionKey,
        /// What it shows of the other side.
        shows: Shown,
        /// The phone is asked to answer by itself.
        auto_answer: bool,
    },
    /// The number outside at which an agent works. Whoever answers there presses 1 before anybody is connected.
    AgentOutside {
        /// The number.
        number: PhoneNumber,
        /// The ways there, tried in this order until a trunk takes the call; none where it may not be called.
        routes: Vec<Route>,
        /// In which the agent is spoken to.
        language: Language,
    },
    /// The public network.
    Outside {
        /// The number; none for the emergency services, whose numbers are no subscriber's.
        number: Option<PhoneNumber>,
        /// The ways there, tried in this order until a trunk takes the call.
        routes: Vec<Route>,
    },
}

/// What a phone of ours shows of the other side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// Nothing is known.
    Nothing,
    /// A customer's number.
    Number(PhoneNumber),
    /// A colleague.
    Colleague {
        /// The internal number.
        number: String,
        /// The name.
        name: String,
    },
}

/// A way to the public network. Its `Debug` names the trunk and no number.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// By this trunk.
    pub trunk: TrunkKey,
    /// What is dialled there, as the trunk wants it.
    pub dial: String,
    /// The caller ID shown (外显号码), as the trunk wants it; only one that the trunk owns. Where it owns none, the trunk
    /// shows its own.
    pub shows: Option<String>,
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Route").field("trunk", &self.trunk).finish_non_exhaustive()
    }
}

/// What a leg hears.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audio {
    /// Something spoken, once.
    Spoken {
        /// In this language.
        language: Language,
        /// What.
        what: Vec<Spoken>,
    },
    /// Music, until it is stopped; the built-in music where none is named.
    Music(Option<PromptKey>),
    /// The tone of a phone that rings elsewhere, until it is stopped.
    Ringback,
    /// Its own voice, until it is stopped.
    Echo,
}

impl Effects {
    /// Nothing is done any more with a leg that has gone.
    pub(super) fn spare(&mut self, gone: LegId) {
        self.media.retain(|command| {
            !matches!(command, Command::Play { leg, .. } | Command::Stop { leg, .. } | Command::HangUp { leg, .. } if *leg == gone)
        });
    }

    pub(super) fn media(&mut self, command: Command) {
        self.media.push(command);
    }

    pub(super) fn hear(&mut self, heard: Heard) {
        self.heard.push(heard);
    }

    pub(super) fn record(&mut self, at: Timestamp, fact: Fact) {
        self.records.push(Dated { at, fact });
    }
}
