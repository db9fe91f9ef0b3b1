//! Ways through the flow: where they lead, what they miss, and whether they end.

use std::collections::{BTreeMap, BTreeSet};

use super::{Check, ProblemCode};
use crate::document::Kind;
use crate::node::{Node, NodeAction};
use crate::{Cause, Exit, NodeId};

type Edges<'a> = BTreeMap<&'a NodeId, BTreeSet<&'a NodeId>>;

impl Check<'_> {
    pub(super) fn graph(&mut self) {
        self.targets();
        let document = self.document;
        let edges: Edges<'_> = document.nodes.iter().map(|(id, node)| (id, known_targets(node, document))).collect();
        let fallbacks = document.fallback.target.iter().chain(document.fallback.by_cause.values());
        let roots = document.start().into_iter().chain(fallbacks).filter(|id| document.nodes.contains_key(*id));
        let roots: BTreeSet<&NodeId> = roots.collect();
        let reachable = reach(&roots, &edges);
        for id in document.nodes.keys().filter(|id| !reachable.contains(id)) {
            self.warn(
                ProblemCode::UnreachableNode,
                Some(id),
                "",
                format!("no way leads to `{id}`"),
                format!("connect an exit or a branch to `{id}`, or remove it"),
            );
        }
        self.ends(&edges, &roots, &reachable);
        self.loops(&edges, &reachable);
        for (id, node) in &document.nodes {
            self.exits(id, node);
        }
    }

    fn targets(&mut self) {
        let document = self.document;
        for (id, node) in &document.nodes {
            for (field, target) in targets(node) {
                self.target(Some(id), &field, target);
            }
        }
        if let Some(target) = &document.fallback.target {
            self.target(None, "fallback.target", target);
        }
        for target in document.fallback.by_cause.values() {
            self.target(None, "fallback.by_cause", target);
        }
    }

    fn target(&mut self, node: Option<&NodeId>, field: &str, target: &NodeId) {
        if !self.document.nodes.contains_key(target) {
            let from = node.map_or_else(|| "the fallback".to_owned(), |node| format!("`{field}` of `{node}`"));
            self.error(
                ProblemCode::UnknownTarget,
                node,
                field,
                format!("{from} leads to `{target}`, which does not exist"),
                format!("add a node `{target}`, or choose another target"),
            );
        }
    }

    /// Nodes from which no way leads to an end; of each such region, the nodes by which it is entered.
    fn ends(&mut self, edges: &Edges<'_>, roots: &BTreeSet<&NodeId>, reachable: &BTreeSet<&NodeId>) {
        let document = self.document;
        let mut backwards: Edges<'_> = Edges::new();
        for (id, targets) in edges {
            for target in targets {
                backwards.entry(target).or_default().insert(id);
            }
        }
        // A way to a node that does not exist is reported as such, and not once more as one without an end.
        let is_lost = |node: &Node| targets(node).any(|(_, target)| !document.nodes.contains_key(target));
        let is_end = |node: &Node| may_end(node) || is_lost(node);
        let ends = document.nodes.iter().filter(|(_, node)| is_end(node)).map(|(id, _)| id).collect();
        let ending = reach(&ends, &backwards);
        let trapped: BTreeSet<&NodeId> = reachable.difference(&ending).copied().collect();
        for id in &trapped {
            let entered = backwards.get(id).is_some_and(|from| from.iter().any(|from| !trapped.contains(from)));
            if !entered && !roots.contains(id) {
                continue;
            }
            self.error(
                ProblemCode::NoEnd,
                Some(id),
                "",
                format!("from `{id}` no way leads to the end of the call"),
                "connect an exit or a branch to a queue, a callback request, a message, a transfer, a return or a hang-up"
                    .into(),
            );
        }
    }

    fn loops(&mut self, edges: &Edges<'_>, reachable: &BTreeSet<&NodeId>) {
        let document = self.document;
        let waits_not = |id: &NodeId| document.nodes.get(id).is_some_and(never_waits);
        let quick: Edges<'_> = edges
            .iter()
            .filter(|(id, _)| waits_not(id))
            .map(|(id, targets)| (*id, targets.iter().copied().filter(|target| waits_not(target)).collect()))
            .collect();
        let mut reported = BTreeSet::new();
        for id in quick.keys().filter(|id| reachable.contains(*id)) {
            let after = reach(&quick[id], &quick);
            if !after.contains(id) || reported.contains(id) {
                continue;
            }
            let circle: BTreeSet<&NodeId> =
                after.iter().copied().filter(|other| reach(&quick[other], &quick).contains(id)).collect();
            let names: Vec<String> = circle.iter().map(|id| format!("`{id}`")).collect();
            reported.extend(circle.iter().copied());
            let message = format!("{} may go in circles without waiting for the caller", names.join(", "));
            let mend = "lead one of their exits to a node that says or collects something, or ends".to_owned();
            let sets = circle.iter().any(|id| matches!(document.nodes[*id].action, NodeAction::SetVariable(_)));
            // A variable that is set on the way may open the circle; without one it never opens.
            if sets {
                self.warn(ProblemCode::LoopNeverWaits, Some(id), "", message, mend);
            } else {
                self.error(ProblemCode::LoopNeverWaits, Some(id), "", message, mend);
            }
        }
    }

    fn exits(&mut self, id: &NodeId, node: &Node) {
        let known = node.action.exits();
        for exit in node.exits.keys().filter(|exit| !known.contains(exit)) {
            let names: Vec<String> = known.iter().map(|exit| format!("`{}`", exit.as_str())).collect();
            let has = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            self.error(
                ProblemCode::ExitNotOfType,
                Some(id),
                &format!("exits.{}", exit.as_str()),
                format!("`{id}` is of the type `{}`, which has no exit `{}`", node.action.type_name(), exit.as_str()),
                format!("remove it; the exits of this type: {has}"),
            );
        }
        if !node.branches.is_empty() && !known.contains(&Exit::Next) {
            self.error(
                ProblemCode::BranchesNotUsed,
                Some(id),
                "branches",
                format!("`{id}` is of the type `{}`, which never looks at branches", node.action.type_name()),
                "remove the branches, or put a node of the type `condition` behind one of its exits".into(),
            );
        }
        for (exit, cause) in needed_exits(node) {
            let is_failure = !matches!(exit, Exit::Next | Exit::Open | Exit::Closed);
            if node.exits.contains_key(&exit) || (is_failure && self.document.fallback.target(cause).is_some()) {
                continue;
            }
            self.warn(
                ProblemCode::UnconnectedExit,
                Some(id),
                &format!("exits.{}", exit.as_str()),
                format!(
                    "the exit `{}` of `{id}` is not connected: the flow goes to its fallback ({})",
                    exit.as_str(),
                    words(cause)
                ),
                "connect it to the node that comes next".into(),
            );
        }
        if matches!((&node.action, &self.document.kind), (NodeAction::Return(_), Kind::Main { .. })) {
            self.error(
                ProblemCode::ReturnInMainFlow,
                Some(id),
                "action.type",
                format!("`{id}` returns, but a main flow has nowhere to return to"),
                "end the call in another way, or make the flow a sub-flow".into(),
            );
        }
    }
}

/// Where a node leads, with the field that says so.
fn targets(node: &Node) -> impl Iterator<Item = (String, &NodeId)> {
    let exits = node.exits.iter().map(|(exit, target)| (format!("exits.{}", exit.as_str()), target));
    exits.chain(node.branches.iter().enumerate().map(|(n, branch)| (format!("branches.{n}"), &branch.target)))
}

fn known_targets<'a>(node: &'a Node, document: &crate::Document) -> BTreeSet<&'a NodeId> {
    targets(node).map(|(_, target)| target).filter(|target| document.nodes.contains_key(*target)).collect()
}

fn reach<'a>(roots: &BTreeSet<&'a NodeId>, edges: &Edges<'a>) -> BTreeSet<&'a NodeId> {
    let mut seen = roots.clone();
    let mut open: Vec<&NodeId> = roots.iter().copied().collect();
    while let Some(id) = open.pop() {
        for target in edges.get(id).into_iter().flatten() {
            if seen.insert(target) {
                open.push(target);
            }
        }
    }
    seen
}

/// Whether the call may end here, or leave for the fallback for want of a way on.
fn may_end(node: &Node) -> bool {
    match node.action {
        NodeAction::Queue(_)
        | NodeAction::Callback(_)
        | NodeAction::Message(_)
        | NodeAction::Transfer(_)
        | NodeAction::SubFlow(_)
        | NodeAction::Return(_)
        | NodeAction::HangUp(_) => true,
        NodeAction::Start(_)
        | NodeAction::Play(_)
        | NodeAction::Collect(_)
        | NodeAction::CollectNumber(_)
        | NodeAction::SetVariable(_)
        | NodeAction::Condition(_)
        | NodeAction::Language(_)
        | NodeAction::Hours(_)
        | NodeAction::SayWait(_) => needed_exits(node).iter().any(|(exit, _)| !node.exits.contains_key(exit)),
    }
}

fn never_waits(node: &Node) -> bool {
    match node.action {
        NodeAction::Start(_)
        | NodeAction::SetVariable(_)
        | NodeAction::Condition(_)
        | NodeAction::Language(_)
        | NodeAction::Hours(_) => true,
        NodeAction::Play(_)
        | NodeAction::Collect(_)
        | NodeAction::CollectNumber(_)
        | NodeAction::SayWait(_)
        | NodeAction::Queue(_)
        | NodeAction::Callback(_)
        | NodeAction::Message(_)
        | NodeAction::Transfer(_)
        | NodeAction::SubFlow(_)
        | NodeAction::Return(_)
        | NodeAction::HangUp(_) => false,
    }
}

/// Exits that somebody should connect, and the cause of the fallback where nobody does.
fn needed_exits(node: &Node) -> Vec<(Exit, Cause)> {
    let next = if node.branches.is_empty() { Cause::NoTarget } else { Cause::NothingMatched };
    match node.action {
        NodeAction::Start(_)
        | NodeAction::Play(_)
        | NodeAction::CollectNumber(_)
        | NodeAction::SetVariable(_)
        | NodeAction::Condition(_)
        | NodeAction::Language(_)
        | NodeAction::SayWait(_)
        | NodeAction::SubFlow(_) => vec![(Exit::Next, next)],
        NodeAction::Collect(_) if node.branches.is_empty() => vec![(Exit::Next, next)],
        NodeAction::Hours(_) => vec![(Exit::Open, Cause::NoTarget), (Exit::Closed, Cause::NoTarget)],
        NodeAction::Callback(_) => vec![(Exit::NoNumber, Cause::TooManyLoops), (Exit::Refused, Cause::NoTarget)],
        NodeAction::Transfer(_) => vec![(Exit::Failed, Cause::TransferFailed)],
        // Digits that no branch of a menu takes repeat it; a message or a hang-up may be the last thing of a call.
        NodeAction::Collect(_)
        | NodeAction::Queue(_)
        | NodeAction::Message(_)
        | NodeAction::Return(_)
        | NodeAction::HangUp(_) => Vec::new(),
    }
}

const fn words(cause: Cause) -> &'static str {
    match cause {
        Cause::TooManyLoops => "too many loops",
        Cause::PromptFailed => "prompt failed",
        Cause::NoTarget => "no target",
        Cause::NothingMatched => "nothing matched",
        Cause::TransferFailed => "transfer failed",
    }
}
