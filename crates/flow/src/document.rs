//! The document: one flow, as it is drawn, stored, imported and exported.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use nohold_model::{FlowKey, PromptKey};
use schemars::JsonSchema;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::node::{Node, NodeAction, Speech};
use crate::{NodeId, Wording};

/// One IVR flow (IVR 流程). Versions, drafts and publishing are the store's matter; this is the content of one version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// By what other things refer to the flow.
    pub key: FlowKey,
    /// What people call it.
    pub name: String,
    /// Main flow or sub-flow.
    pub kind: Kind,
    /// The nodes by their ids.
    #[serde(deserialize_with = "nodes_without_doubles")]
    pub nodes: BTreeMap<NodeId, Node>,
    /// Where the flow goes when it cannot go on (流程失败转向).
    #[serde(default, skip_serializing_if = "Fallback::is_empty")]
    pub fallback: Fallback,
    /// How much is too much.
    #[serde(default)]
    pub limits: Limits,
    /// Prompts in place of the built-in ones, for all nodes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub wording: Wording,
    /// Where the boxes sit on the canvas; without any meaning.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub layout: BTreeMap<NodeId, Position>,
}

/// What kind of flow it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Kind {
    /// A main flow, where calls begin.
    Main {
        /// The number under which agents reach it by transfer; 2 to 8 digits.
        #[schemars(regex(pattern = "^[0-9]{2,8}$"))]
        internal_number: String,
    },
    /// A sub-flow (子流程), run by other flows.
    // Braces, because serde lets a variant without them have unknown fields.
    Sub {},
}

/// How a caller comes to a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// From a queue: its overflow or its callback key.
    Queue,
    /// From an inbound number, without a queue.
    Number,
    /// By an agent's transfer to the internal number.
    Transfer,
}

impl Entry {
    /// Its name, which is also the value of the variable `entered_from`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Entry::Queue => "queue",
            Entry::Number => "number",
            Entry::Transfer => "transfer",
        }
    }
}

/// Why a flow cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Too many failed inputs, or visits to nodes without waiting. Trips through the queue do not count.
    TooManyLoops,
    /// A prompt could not be played.
    PromptFailed,
    /// The way that was taken leads nowhere.
    NoTarget,
    /// There are branches, and none of them matched.
    NothingMatched,
    /// A transfer did not succeed.
    TransferFailed,
}

impl Cause {
    /// All of them.
    pub const ALL: [Cause; 5] =
        [Cause::TooManyLoops, Cause::PromptFailed, Cause::NoTarget, Cause::NothingMatched, Cause::TransferFailed];
}

/// Where the flow goes when it cannot go on.
///
/// Without any: back to the old place for a caller from an open queue, else a message is taken, and the call ends.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fallback {
    /// The node for every cause that has none of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<NodeId>,
    /// Nodes for single causes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub by_cause: BTreeMap<Cause, NodeId>,
}

impl Fallback {
    /// The node for this cause.
    #[must_use]
    pub fn target(&self, cause: Cause) -> Option<&NodeId> {
        self.by_cause.get(&cause).or(self.target.as_ref())
    }

    fn is_empty(&self) -> bool {
        self.target.is_none() && self.by_cause.is_empty()
    }
}

/// Limits of a run; beyond them is the cause [`Cause::TooManyLoops`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// How often a menu is tried, where its node does not say.
    #[schemars(range(min = 1, max = 10))]
    pub tries: u8,
    /// Failed inputs in a row, over all menus.
    #[schemars(range(min = 1, max = 100))]
    pub failed_inputs: u16,
    /// Visits to nodes in a row without waiting for anything.
    #[schemars(range(min = 1, max = 500))]
    pub visits: u16,
}

impl Limits {
    /// The most visits without waiting that any document gets.
    pub const MOST_VISITS: u16 = 500;
}

impl Default for Limits {
    fn default() -> Self {
        Limits { tries: 3, failed_inputs: 9, visits: 50 }
    }
}

/// Where a box sits on the canvas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// To the right.
    pub x: i32,
    /// Downwards.
    pub y: i32,
}

/// Why a text is not a flow document: what is wrong, and at which line and column.
#[derive(Debug, Error)]
#[error("not a flow document: {0}")]
pub struct ParseError(#[from] serde_json::Error);

impl Document {
    /// The document in this JSON text. It may still have problems of meaning, see [`validate`](crate::validate()).
    ///
    /// # Errors
    /// When it is not JSON, has an unknown field, or a value of the wrong form; the error names it and the place.
    pub fn parse(json: &str) -> Result<Document, ParseError> {
        Ok(serde_json::from_str(json)?)
    }

    /// The node where the flow begins: the first `start` by id, should there be several.
    #[must_use]
    pub fn start(&self) -> Option<&NodeId> {
        self.nodes.iter().find_map(|(id, node)| matches!(node.action, NodeAction::Start(_)).then_some(id))
    }

    /// Flows that this one runs as sub-flows, with the node that does.
    pub fn sub_flows(&self) -> impl Iterator<Item = (&NodeId, &FlowKey)> {
        self.nodes.iter().filter_map(|(id, node)| match &node.action {
            NodeAction::SubFlow(sub) => Some((id, &sub.flow)),
            NodeAction::Start(_)
            | NodeAction::Play(_)
            | NodeAction::Collect(_)
            | NodeAction::CollectNumber(_)
            | NodeAction::SetVariable(_)
            | NodeAction::Condition(_)
            | NodeAction::Language(_)
            | NodeAction::Hours(_)
            | NodeAction::SayWait(_)
            | NodeAction::Queue(_)
            | NodeAction::Callback(_)
            | NodeAction::Message(_)
            | NodeAction::Transfer(_)
            | NodeAction::Return(_)
            | NodeAction::HangUp(_) => None,
        })
    }
}

impl Document {
    /// The prompts that the document names itself, in nodes and wordings.
    #[must_use]
    pub fn prompts(&self) -> BTreeSet<&PromptKey> {
        let spoken = self.nodes.values().flat_map(Node::speeches).filter_map(|(_, speech)| match speech {
            Speech::Prompt(prompt) => Some(prompt),
            Speech::Digits(_) | Speech::Number(_) => None,
        });
        let wordings = self.nodes.values().filter_map(Node::wording).chain([&self.wording]);
        spoken.chain(wordings.flat_map(Wording::values)).collect()
    }
}

impl Node {
    /// What the node says, with the field in which it stands.
    pub(crate) fn speeches(&self) -> Vec<(&'static str, &Speech)> {
        let lists: [(&'static str, &[Speech]); 2] = match &self.action {
            NodeAction::Play(play) => [("prompts", &play.prompts), ("", &[])],
            NodeAction::Collect(collect) => [("prompts", &collect.prompts), ("again", &collect.again)],
            NodeAction::HangUp(hang_up) => [("last_words", &hang_up.last_words), ("", &[])],
            NodeAction::Start(_)
            | NodeAction::CollectNumber(_)
            | NodeAction::SetVariable(_)
            | NodeAction::Condition(_)
            | NodeAction::Language(_)
            | NodeAction::Hours(_)
            | NodeAction::SayWait(_)
            | NodeAction::Queue(_)
            | NodeAction::Callback(_)
            | NodeAction::Message(_)
            | NodeAction::Transfer(_)
            | NodeAction::SubFlow(_)
            | NodeAction::Return(_) => [("", &[]), ("", &[])],
        };
        lists.into_iter().flat_map(|(field, list)| list.iter().map(move |speech| (field, speech))).collect()
    }

    /// The prompts that the node has in place of the built-in ones.
    pub(crate) fn wording(&self) -> Option<&Wording> {
        match &self.action {
            NodeAction::CollectNumber(node) => Some(&node.wording),
            NodeAction::SayWait(node) => Some(&node.wording),
            NodeAction::Callback(node) => Some(&node.wording),
            NodeAction::Message(node) => Some(&node.wording),
            NodeAction::Start(_)
            | NodeAction::Play(_)
            | NodeAction::Collect(_)
            | NodeAction::SetVariable(_)
            | NodeAction::Condition(_)
            | NodeAction::Language(_)
            | NodeAction::Hours(_)
            | NodeAction::Queue(_)
            | NodeAction::Transfer(_)
            | NodeAction::SubFlow(_)
            | NodeAction::Return(_)
            | NodeAction::HangUp(_) => None,
        }
    }
}

/// A JSON object may name a key twice, and the last would silently win; of two boxes with one name, one would be lost.
fn nodes_without_doubles<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<NodeId, Node>, D::Error> {
    struct Nodes;
    impl<'de> Visitor<'de> for Nodes {
        type Value = BTreeMap<NodeId, Node>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object of nodes by their ids")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut nodes = BTreeMap::new();
            while let Some((id, node)) = map.next_entry::<NodeId, Node>()? {
                if nodes.contains_key(&id) {
                    return Err(serde::de::Error::custom(format_args!(
                        "there are two nodes `{id}`: give one of them another id"
                    )));
                }
                nodes.insert(id, node);
            }
            Ok(nodes)
        }
    }
    deserializer.deserialize_map(Nodes)
}
