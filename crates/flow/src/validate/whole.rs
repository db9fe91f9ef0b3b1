//! The document as a whole: start, size, kind, limits, sub-flows, internal number.

use std::collections::{BTreeMap, BTreeSet};

use nohold_model::FlowKey;

use super::{Check, Entry, MOST_NODES, ProblemCode};
use crate::document::{Kind, Limits};
use crate::node::NodeAction;
use crate::{NodeId, Wording};

impl Check<'_> {
    pub(super) fn whole(&mut self) {
        self.starts();
        if self.document.nodes.len() > MOST_NODES {
            self.error(
                ProblemCode::TooManyNodes,
                None,
                "nodes",
                format!("the flow has {} nodes, and may have {MOST_NODES}", self.document.nodes.len()),
                "move a part of it into a sub-flow".into(),
            );
        }
        self.kind();
        self.limits();
        let document = self.document;
        self.wording(None, "wording", &document.wording);
        self.sub_flows();
    }

    fn starts(&mut self) {
        let is_start = |id: &&NodeId| matches!(self.document.nodes[*id].action, NodeAction::Start(_));
        let starts: Vec<NodeId> = self.document.nodes.keys().filter(is_start).cloned().collect();
        if starts.is_empty() {
            self.error(
                ProblemCode::MissingStart,
                None,
                "nodes",
                "the flow has no start".into(),
                "add a node of the type `start` and connect its exit `next`".into(),
            );
        }
        if let [first, others @ ..] = starts.as_slice() {
            for other in others {
                self.error(
                    ProblemCode::SeveralStarts,
                    Some(other),
                    "action.type",
                    format!("`{other}` is a second start: the flow begins at `{first}`"),
                    format!("remove `{other}` or `{first}`"),
                );
            }
        }
    }

    fn kind(&mut self) {
        match &self.document.kind {
            Kind::Main { internal_number } => {
                self.internal_number(internal_number);
                let mut users =
                    self.references.flows.iter().filter(|(_, flow)| flow.sub_flows.contains(&self.document.key));
                if let Some((user, _)) = users.next() {
                    self.error(
                        ProblemCode::MainUsedAsSubFlow,
                        None,
                        "kind",
                        format!("this is a main flow, and `{user}` runs it as a sub-flow"),
                        format!("make it a sub-flow, or take it out of `{user}`"),
                    );
                }
            }
            Kind::Sub {} => {}
        }
    }

    fn internal_number(&mut self, number: &str) {
        if !(2..=8).contains(&number.len()) || !number.bytes().all(|b| b.is_ascii_digit()) {
            self.error(
                ProblemCode::InternalNumberInvalid,
                None,
                "kind.internal_number",
                format!("`{number}` is not an internal number"),
                "give the main flow an internal number of 2 to 8 digits, for example `700`".into(),
            );
            return;
        }
        let same = |known: &super::KnownFlow| known.internal_number.as_deref() == Some(number);
        let flow = self.references.flows.iter().find(|(key, known)| **key != self.document.key && same(known));
        let flow = flow.map(|(key, _)| format!("the flow `{key}`"));
        let extension = self.references.extensions.iter().find(|extension| extension.as_str() == number);
        if let Some(owner) = flow.or_else(|| extension.map(|key| format!("the extension `{key}`"))) {
            self.error(
                ProblemCode::InternalNumberTaken,
                None,
                "kind.internal_number",
                format!("the internal number {number} belongs to {owner}"),
                "choose another number".into(),
            );
        }
    }

    fn limits(&mut self) {
        let Limits { tries, failed_inputs, visits } = self.document.limits;
        self.range(None, "limits.tries", u64::from(tries), 1, 10);
        self.range(None, "limits.failed_inputs", u64::from(failed_inputs), 1, 100);
        self.range(None, "limits.visits", u64::from(visits), 1, u64::from(Limits::MOST_VISITS));
    }

    pub(super) fn range(&mut self, node: Option<&NodeId>, field: &str, value: u64, least: u64, most: u64) {
        if value < least || value > most {
            let whose = node.map_or_else(|| "the flow".to_owned(), |node| format!("`{node}`"));
            self.error(
                ProblemCode::OutOfRange,
                node,
                field,
                format!("`{field}` of {whose} is {value}"),
                format!("set it to {least} to {most}"),
            );
        }
    }

    pub(super) fn wording(&mut self, node: Option<&NodeId>, field: &str, wording: &Wording) {
        for prompt in wording.values() {
            self.prompt(node, field, prompt);
        }
    }

    fn sub_flows(&mut self) {
        let document = self.document;
        for (node, flow) in document.sub_flows() {
            if let Some(way) = way_back(flow, &document.key, &self.known_edges()) {
                let way: Vec<String> = way.iter().map(|key| format!("`{key}`")).collect();
                self.error(
                    ProblemCode::SubFlowCycle,
                    Some(node),
                    "action.flow",
                    format!("`{node}` leads back to this flow: {}", way.join(" → ")),
                    format!("let `{node}` run another flow, or take the way back out"),
                );
                continue;
            }
            match self.references.flows.get(flow) {
                None => self.unknown(node, "action.flow", "flow", flow.as_str()),
                Some(known) if known.internal_number.is_some() => self.error(
                    ProblemCode::MainUsedAsSubFlow,
                    Some(node),
                    "action.flow",
                    format!("`{node}` runs `{flow}`, which is a main flow"),
                    format!("choose a sub-flow, or make `{flow}` one"),
                ),
                Some(_) => {}
            }
        }
    }

    fn known_edges(&self) -> BTreeMap<&FlowKey, &BTreeSet<FlowKey>> {
        self.references.flows.iter().map(|(key, flow)| (key, &flow.sub_flows)).collect()
    }

    /// From where callers may come: as configured for this flow, and for all that run it.
    pub(super) fn entries(&self) -> BTreeSet<Entry> {
        let mut entries = BTreeSet::new();
        let mut seen = BTreeSet::from([&self.document.key]);
        let mut open = vec![&self.document.key];
        while let Some(flow) = open.pop() {
            entries.extend(self.references.flows.get(flow).into_iter().flat_map(|known| &known.entered_from));
            for (user, known) in &self.references.flows {
                if known.sub_flows.contains(flow) && seen.insert(user) {
                    open.push(user);
                }
            }
        }
        entries
    }
}

/// The way by sub-flows from one flow to another, both included.
fn way_back<'a>(
    from: &'a FlowKey,
    to: &FlowKey,
    edges: &BTreeMap<&'a FlowKey, &'a BTreeSet<FlowKey>>,
) -> Option<Vec<&'a FlowKey>> {
    let mut seen = BTreeSet::from([from]);
    let mut open = vec![vec![from]];
    while let Some(way) = open.pop() {
        let last = *way.last()?;
        if last == to {
            return Some(way);
        }
        for next in edges.get(last).into_iter().flat_map(|subs| subs.iter()) {
            if seen.insert(next) {
                let mut longer = way.clone();
                longer.push(next);
                open.push(longer);
            }
        }
    }
    None
}
