//! What is wrong with a document, where, and how to mend it.
//!
//! An error keeps a document from being published; a warning does not. The interpreter gets along with any document,
//! also with one that has errors: validating is for people.

mod branches;
mod graph;
mod nodes;
mod whole;

use std::collections::{BTreeMap, BTreeSet};

use nohold_model::{
    CalendarKey, CampaignKey, ExtensionKey, FlowKey, GroupKey, Language, PromptKey, QueueKey, ServiceKey,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Document, Entry, NodeId};

/// The most nodes that a flow may have.
pub const MOST_NODES: usize = 500;

/// What is configured beside the flow, so that a document may refer to it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct References {
    /// The queues.
    pub queues: BTreeSet<QueueKey>,
    /// The services with their groups.
    pub services: BTreeMap<ServiceKey, BTreeSet<GroupKey>>,
    /// The campaigns.
    pub campaigns: BTreeSet<CampaignKey>,
    /// The calendars.
    pub calendars: BTreeSet<CalendarKey>,
    /// The prompts, each with the languages in which it can be played.
    pub prompts: BTreeMap<PromptKey, BTreeSet<Language>>,
    /// The languages that calls of this site may have.
    pub languages: BTreeSet<Language>,
    /// The extensions.
    pub extensions: BTreeSet<ExtensionKey>,
    /// The other flows, and this one as far as it is known already.
    pub flows: BTreeMap<FlowKey, KnownFlow>,
}

/// What is known of a flow without reading it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KnownFlow {
    /// The internal number of a main flow; none for a sub-flow.
    pub internal_number: Option<String>,
    /// The flows that it runs as sub-flows.
    pub sub_flows: BTreeSet<FlowKey>,
    /// From where calls are sent to it, as numbers and queues are configured now.
    pub entered_from: BTreeSet<Entry>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// Which kind of problem.
    pub code: ProblemCode,
    /// The node; none where the flow as a whole is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<NodeId>,
    /// The place within the node or the document, such as `exits.next`, `branches.2` or `action.max_digits`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub mend: String,
}

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The document cannot be published.
    Error,
    /// It can, but somebody should look at it.
    Warning,
}

/// Which kind of problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProblemCode {
    /// There is no start.
    MissingStart,
    /// There is more than one start.
    SeveralStarts,
    /// More nodes than a flow may have.
    TooManyNodes,
    /// An exit, branch or fallback leads to a node that does not exist.
    UnknownTarget,
    /// A node that no way leads to.
    UnreachableNode,
    /// No way leads from here to the end of the call.
    NoEnd,
    /// The flow goes in circles without waiting for anything.
    LoopNeverWaits,
    /// Something is named that is not configured.
    UnknownReference,
    /// A flow runs itself, directly or through others.
    SubFlowCycle,
    /// A main flow is run as a sub-flow.
    MainUsedAsSubFlow,
    /// A return in a main flow.
    ReturnInMainFlow,
    /// A branch that an earlier one always wins against, or that has nothing to match.
    BranchNeverMatches,
    /// A condition on digits that the node can never collect.
    ImpossibleDigits,
    /// Branches on a node that never looks at them.
    BranchesNotUsed,
    /// An exit that nodes of this type do not have.
    ExitNotOfType,
    /// An exit that is not connected, so that the fallback is used.
    UnconnectedExit,
    /// A callback request without an object, where callers may come without a queue.
    ObjectNeedsQueue,
    /// A service with groups, and none of them chosen.
    GroupNotChosen,
    /// One key with two meanings.
    KeyTakenTwice,
    /// A figure beyond its limits.
    OutOfRange,
    /// Nothing to say.
    EmptySpeech,
    /// A prompt that is missing in a language of this site.
    PromptMissingLanguage,
    /// A `${` that is not followed by a variable.
    BrokenTemplate,
    /// An internal number that is none.
    InternalNumberInvalid,
    /// An internal number that something else has.
    InternalNumberTaken,
    /// A variable that is read and never set.
    VariableNeverSet,
}

/// All problems of the document: errors first, then warnings; those of the whole flow first, then by node.
#[must_use]
pub fn validate(document: &Document, references: &References) -> Vec<Problem> {
    let mut check = Check { document, references, problems: Vec::new() };
    check.whole();
    // Of a flow that is too large, what else is wrong can wait: to look at it would take any time.
    if document.nodes.len() <= MOST_NODES {
        check.graph();
        check.nodes();
        check.all_branches();
    }
    let mut problems = check.problems;
    problems.sort_by(|a, b| (a.severity, &a.node, a.code).cmp(&(b.severity, &b.node, b.code)));
    problems
}

struct Check<'a> {
    document: &'a Document,
    references: &'a References,
    problems: Vec<Problem>,
}

impl Check<'_> {
    fn error(&mut self, code: ProblemCode, node: Option<&NodeId>, field: &str, message: String, mend: String) {
        self.add(Severity::Error, code, node, field, message, mend);
    }

    fn warn(&mut self, code: ProblemCode, node: Option<&NodeId>, field: &str, message: String, mend: String) {
        self.add(Severity::Warning, code, node, field, message, mend);
    }

    fn add(
        &mut self,
        severity: Severity,
        code: ProblemCode,
        node: Option<&NodeId>,
        field: &str,
        message: String,
        mend: String,
    ) {
        let field = (!field.is_empty()).then(|| field.to_owned());
        self.problems.push(Problem { severity, code, node: node.cloned(), field, message, mend });
    }
}
