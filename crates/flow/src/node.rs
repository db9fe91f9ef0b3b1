//! Nodes: what a flow does, one box at a time.

use std::collections::BTreeMap;

use nohold_model::{CalendarKey, Digit, ExtensionKey, FlowKey, Language, Millis, PromptKey, QueueKey};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::branch::Branch;
use crate::{NodeId, Object, Template, VariableName, Wording};

/// One node: an action (动作), and where the flow goes on after it.
///
/// After the action the first matching branch is taken, otherwise the exit `next`, otherwise the flow's fallback.
/// Actions with a choice or a failure of their own have further exits, see [`NodeAction::exits`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// What people call it; empty when its id says enough.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// What it does.
    pub action: NodeAction,
    /// Where its exits lead. One that is not connected has a default, mostly the fallback.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub exits: BTreeMap<Exit, NodeId>,
    /// The branches (转向), tried in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub branches: Vec<Branch>,
}

/// A named way out of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// The action is done and no branch matched.
    Next,
    /// The business hours say open.
    Open,
    /// The business hours say closed.
    Closed,
    /// The caller pressed nothing, as often as is allowed. Unconnected: the fallback, too many loops.
    NoInput,
    /// The caller pressed what is not offered, as often as is allowed. Unconnected: the fallback, too many loops.
    NoMatch,
    /// No number could be taken down within the tries. Unconnected: the fallback, too many loops.
    NoNumber,
    /// The number may not be called back. Unconnected: the fallback, no target.
    Refused,
    /// The message was shorter than two seconds of speech and is not kept. Unconnected: the call ends.
    Empty,
    /// The action could not be done. Unconnected: the fallback, with the cause that fits.
    Failed,
}

impl Exit {
    /// All of them.
    pub const ALL: [Exit; 9] = [
        Exit::Next,
        Exit::Open,
        Exit::Closed,
        Exit::NoInput,
        Exit::NoMatch,
        Exit::NoNumber,
        Exit::Refused,
        Exit::Empty,
        Exit::Failed,
    ];

    /// Its name in the document.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Exit::Next => "next",
            Exit::Open => "open",
            Exit::Closed => "closed",
            Exit::NoInput => "no_input",
            Exit::NoMatch => "no_match",
            Exit::NoNumber => "no_number",
            Exit::Refused => "refused",
            Exit::Empty => "empty",
            Exit::Failed => "failed",
        }
    }
}

/// What a node does (动作).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum NodeAction {
    /// Where the flow begins. A document has exactly one.
    Start(Start),
    /// Says something.
    Play(Play),
    /// Says something and collects digits (放音收号).
    Collect(Collect),
    /// Collects a telephone number, says it back and has it confirmed.
    CollectNumber(CollectNumber),
    /// Sets a variable.
    SetVariable(SetVariable),
    /// Does nothing but choose a branch.
    Condition(Choose),
    /// Changes the language of the call.
    Language(SetLanguage),
    /// Asks the business hours (工作时间).
    Hours(Hours),
    /// Says the position in line and the expected wait.
    SayWait(SayWait),
    /// Sends the caller to a queue, or back to the old place.
    Queue(Queue),
    /// Takes a callback request (要求回呼).
    Callback(Callback),
    /// Records a message (留言).
    Message(Message),
    /// Transfers the caller (转接).
    Transfer(Transfer),
    /// Runs another flow and comes back.
    SubFlow(SubFlow),
    /// Ends a sub-flow: the flow that called it goes on.
    Return(Return),
    /// Ends the call.
    HangUp(HangUp),
}

/// Settings of [`NodeAction::Start`]: none.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Start {}

/// Settings of [`NodeAction::Condition`]: none but the branches of its node.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Choose {}

/// Settings of [`NodeAction::Return`]: none.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Return {}

/// A piece of what a node says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Speech {
    /// A prompt.
    Prompt(PromptKey),
    /// Digits, one by one; nothing when the text is empty.
    Digits(Template),
    /// A whole number; nothing when the text is none.
    Number(Template),
}

/// Settings of [`NodeAction::Play`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Play {
    /// What is said.
    pub prompts: Vec<Speech>,
    /// Whether a key cuts it short; the key then counts for the next "play and collect digits".
    #[serde(default)]
    pub barge_in: bool,
}

/// Settings of [`NodeAction::Collect`]. Its branches decide what is offered: digits that none of them takes, while
/// `next` is not connected, repeat the menu.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Collect {
    /// What is said.
    pub prompts: Vec<Speech>,
    /// What is said before the menu is repeated.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub again: Vec<Speech>,
    /// The variable that gets the digits.
    #[serde(default = "VariableName::inputcode")]
    pub into: VariableName,
    /// How many digits there must be.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 32))]
    pub min_digits: u8,
    /// After how many digits the collecting ends by itself.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 32))]
    pub max_digits: u8,
    /// How long to wait for the first digit after the words.
    #[serde(default = "first_timeout")]
    #[schemars(range(min = 500, max = 60000))]
    pub first_timeout_ms: Millis,
    /// How long to wait for each further digit.
    #[serde(default = "between_timeout")]
    #[schemars(range(min = 500, max = 60000))]
    pub between_timeout_ms: Millis,
    /// The key that ends the collecting and is not collected itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_key: Option<Digit>,
    /// Whether a key cuts the words short. If not, keys pressed meanwhile do nothing.
    #[serde(default = "yes")]
    pub barge_in: bool,
    /// How often the caller may try; absent: as the limits of the document say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10))]
    pub tries: Option<u8>,
}

/// Settings of [`NodeAction::CollectNumber`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CollectNumber {
    /// The variable that gets the number, in E.164.
    #[serde(default = "VariableName::number")]
    pub into: VariableName,
    /// How often the caller may try.
    #[serde(default = "three")]
    #[schemars(range(min = 1, max = 10))]
    pub tries: u8,
    /// How long to wait for the first digit after the words.
    #[serde(default = "number_first_timeout")]
    #[schemars(range(min = 500, max = 60000))]
    pub first_timeout_ms: Millis,
    /// How long to wait for each further digit; then the number is taken as complete.
    #[serde(default = "number_between_timeout")]
    #[schemars(range(min = 500, max = 60000))]
    pub between_timeout_ms: Millis,
    /// Other prompts for this node.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub wording: Wording,
}

/// Settings of [`NodeAction::SetVariable`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetVariable {
    /// The variable.
    pub variable: VariableName,
    /// Its new value, in which `${name}` stands for the value of another.
    pub value: Template,
}

/// Settings of [`NodeAction::Language`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetLanguage {
    /// The language from here on.
    pub language: Language,
}

/// Settings of [`NodeAction::Hours`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// The calendar; absent: the call's own, by number, queue or service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<CalendarKey>,
}

/// Settings of [`NodeAction::SayWait`]. What is not known is not said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SayWait {
    /// Whether the position is said.
    #[serde(default = "yes")]
    pub position: bool,
    /// Whether the expected wait is said.
    #[serde(default = "yes")]
    pub wait: bool,
    /// Other prompts for this node.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub wording: Wording,
}

/// Settings of [`NodeAction::Queue`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// The queue; absent: keep waiting in the queue that the caller came from, at the old place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<QueueKey>,
    /// The priority in that queue, higher first; absent: as the queue says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 9))]
    pub priority: Option<u8>,
}

/// Settings of [`NodeAction::Callback`]. The whole dialogue runs inside: number, confirmation, request, thanks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Callback {
    /// Whom it is for.
    #[serde(default)]
    pub object: Object,
    /// The variable with the number to call, as a "collect a number" node set it; absent or empty: the caller's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<VariableName>,
    /// Whether the caller has to agree to the number first. If not, one key press makes the request.
    #[serde(default)]
    pub confirm_number: bool,
    /// The key for another number, offered where the number is confirmed.
    #[serde(default = "key_2")]
    pub other_number_key: Digit,
    /// The key for another person or matter, offered where a request is open already.
    #[serde(default = "key_1")]
    pub another_matter_key: Digit,
    /// How often the caller may try to key in a number.
    #[serde(default = "three")]
    #[schemars(range(min = 1, max = 10))]
    pub tries: u8,
    /// Other prompts for this node.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub wording: Wording,
}

/// Settings of [`NodeAction::Message`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// Whom it is for.
    #[serde(default)]
    pub object: Object,
    /// How long it may be; a tone warns ten seconds before.
    #[serde(default = "message_max")]
    #[schemars(range(min = 10000, max = 600_000))]
    pub max_ms: Millis,
    /// How much silence ends it.
    #[serde(default = "message_silence")]
    #[schemars(range(min = 1000, max = 60000))]
    pub silence_ms: Millis,
    /// The key that ends it.
    #[serde(default = "key_hash")]
    pub end_key: Digit,
    /// Other prompts for this node.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub wording: Wording,
}

/// Settings of [`NodeAction::Transfer`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    /// Where to.
    pub to: TransferTarget,
    /// How long it may ring.
    #[serde(default = "ring_time")]
    #[schemars(range(min = 5000, max = 120_000))]
    pub ring_ms: Millis,
}

/// Where a transfer leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TransferTarget {
    /// An extension (分机).
    Extension(ExtensionKey),
    /// A number, which may come from a variable.
    Number(Template),
}

/// Settings of [`NodeAction::SubFlow`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubFlow {
    /// The flow that is run; variables are shared with it.
    pub flow: FlowKey,
}

/// Settings of [`NodeAction::HangUp`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HangUp {
    /// What is said before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub last_words: Vec<Speech>,
    /// Whether the caller hears the busy tone.
    #[serde(default)]
    pub busy: bool,
}

impl NodeAction {
    /// Its type, as the document writes it.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        match self {
            NodeAction::Start(_) => "start",
            NodeAction::Play(_) => "play",
            NodeAction::Collect(_) => "collect",
            NodeAction::CollectNumber(_) => "collect_number",
            NodeAction::SetVariable(_) => "set_variable",
            NodeAction::Condition(_) => "condition",
            NodeAction::Language(_) => "language",
            NodeAction::Hours(_) => "hours",
            NodeAction::SayWait(_) => "say_wait",
            NodeAction::Queue(_) => "queue",
            NodeAction::Callback(_) => "callback",
            NodeAction::Message(_) => "message",
            NodeAction::Transfer(_) => "transfer",
            NodeAction::SubFlow(_) => "sub_flow",
            NodeAction::Return(_) => "return",
            NodeAction::HangUp(_) => "hang_up",
        }
    }

    /// The exits that a node with this action has. Branches are only for those that have `next`.
    #[must_use]
    pub const fn exits(&self) -> &'static [Exit] {
        match self {
            NodeAction::Start(_) | NodeAction::SetVariable(_) | NodeAction::Condition(_) | NodeAction::Language(_) => {
                &[Exit::Next]
            }
            NodeAction::Play(_) | NodeAction::SayWait(_) | NodeAction::SubFlow(_) => &[Exit::Next, Exit::Failed],
            NodeAction::Collect(_) => &[Exit::Next, Exit::NoInput, Exit::NoMatch, Exit::Failed],
            NodeAction::CollectNumber(_) => &[Exit::Next, Exit::NoNumber, Exit::Failed],
            NodeAction::Hours(_) => &[Exit::Open, Exit::Closed, Exit::Failed],
            NodeAction::Queue(_) | NodeAction::Transfer(_) => &[Exit::Failed],
            NodeAction::Callback(_) => &[Exit::NoNumber, Exit::Refused, Exit::Failed],
            NodeAction::Message(_) => &[Exit::Next, Exit::Empty, Exit::Failed],
            NodeAction::Return(_) | NodeAction::HangUp(_) => &[],
        }
    }
}

impl Default for Message {
    fn default() -> Self {
        Message {
            object: Object::default(),
            max_ms: message_max(),
            silence_ms: message_silence(),
            end_key: key_hash(),
            wording: Wording::new(),
        }
    }
}

const fn yes() -> bool {
    true
}
const fn one() -> u8 {
    1
}
const fn three() -> u8 {
    3
}
const fn first_timeout() -> Millis {
    Millis::seconds(5)
}
const fn between_timeout() -> Millis {
    Millis::seconds(3)
}
pub(crate) const fn number_first_timeout() -> Millis {
    Millis::seconds(8)
}
pub(crate) const fn number_between_timeout() -> Millis {
    Millis::seconds(4)
}
const fn message_max() -> Millis {
    Millis::minutes(3)
}
const fn message_silence() -> Millis {
    Millis::seconds(5)
}
const fn ring_time() -> Millis {
    Millis::seconds(30)
}
const fn key_hash() -> Digit {
    Digit::HASH
}
const fn key_1() -> Digit {
    key('1')
}
const fn key_2() -> Digit {
    key('2')
}
pub(crate) const fn key(c: char) -> Digit {
    match Digit::new(c) {
        Ok(digit) => digit,
        Err(_) => Digit::HASH,
    }
}
