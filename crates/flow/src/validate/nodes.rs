//! Single nodes: their settings, and what they refer to.

use std::collections::BTreeSet;

use nohold_model::PromptKey;

use super::{Check, Entry, ProblemCode};
use crate::Object;
use crate::document::Kind;
use crate::names::known;
use crate::node::{Collect, Node, NodeAction, Speech, TransferTarget, key};
use crate::{NodeId, Template, VariableName};

impl Check<'_> {
    pub(super) fn nodes(&mut self) {
        let document = self.document;
        for (id, node) in &document.nodes {
            self.settings(id, node);
            for (field, speech) in node.speeches() {
                if let Speech::Prompt(prompt) = speech {
                    self.prompt(Some(id), &format!("action.{field}"), prompt);
                }
            }
            if let Some(wording) = node.wording() {
                self.wording(Some(id), "action.wording", wording);
            }
            for (field, template) in templates(node) {
                if let Some(broken) = template.broken_part() {
                    self.error(
                        ProblemCode::BrokenTemplate,
                        Some(id),
                        field,
                        format!("`{broken}` in `{id}` does not name a variable"),
                        "write `${name}`, with a name of a-z, 0-9 and `_`".into(),
                    );
                }
            }
        }
        self.variables();
    }

    fn settings(&mut self, id: &NodeId, node: &Node) {
        match &node.action {
            NodeAction::Play(play) if play.prompts.is_empty() => self.error(
                ProblemCode::EmptySpeech,
                Some(id),
                "action.prompts",
                format!("`{id}` says nothing"),
                "choose a prompt, or remove the node".into(),
            ),
            NodeAction::Collect(collect) => self.collect(id, collect),
            NodeAction::CollectNumber(collect) => {
                self.tries(id, collect.tries);
                self.timeout(id, "action.first_timeout_ms", collect.first_timeout_ms.as_millis());
                self.timeout(id, "action.between_timeout_ms", collect.between_timeout_ms.as_millis());
            }
            NodeAction::Hours(hours) => {
                if let Some(calendar) = hours.calendar.as_ref().filter(|key| !self.references.calendars.contains(*key))
                {
                    self.unknown(id, "action.calendar", "calendar", calendar.as_str());
                }
            }
            NodeAction::Queue(queue) => {
                if let Some(queue) = queue.queue.as_ref().filter(|key| !self.references.queues.contains(*key)) {
                    self.unknown(id, "action.queue", "queue", queue.as_str());
                }
                self.range(Some(id), "action.priority", u64::from(queue.priority.unwrap_or(0)), 0, 9);
            }
            NodeAction::Callback(callback) => {
                self.object(id, &callback.object);
                self.needs_queue(id, &callback.object);
                self.tries(id, callback.tries);
                if callback.confirm_number && callback.other_number_key == key('1') {
                    self.error(
                        ProblemCode::KeyTakenTwice,
                        Some(id),
                        "action.other_number_key",
                        format!("in `{id}` the key 1 agrees to the number, and cannot also ask for another"),
                        "choose another key, for example 2".into(),
                    );
                }
            }
            NodeAction::Message(message) => {
                self.object(id, &message.object);
                self.range(Some(id), "action.max_ms", message.max_ms.as_millis(), 10_000, 600_000);
                self.range(Some(id), "action.silence_ms", message.silence_ms.as_millis(), 1_000, 60_000);
            }
            NodeAction::Transfer(transfer) => {
                self.range(Some(id), "action.ring_ms", transfer.ring_ms.as_millis(), 5_000, 120_000);
                match &transfer.to {
                    TransferTarget::Extension(key) if !self.references.extensions.contains(key) => {
                        self.unknown(id, "action.to", "extension", key.as_str());
                    }
                    TransferTarget::Extension(_) | TransferTarget::Number(_) => {}
                }
            }
            NodeAction::Play(_)
            | NodeAction::Start(_)
            | NodeAction::SetVariable(_)
            | NodeAction::Condition(_)
            | NodeAction::Language(_)
            | NodeAction::SayWait(_)
            | NodeAction::SubFlow(_)
            | NodeAction::Return(_)
            | NodeAction::HangUp(_) => {}
        }
    }

    fn collect(&mut self, id: &NodeId, collect: &Collect) {
        if collect.prompts.is_empty() {
            self.warn(
                ProblemCode::EmptySpeech,
                Some(id),
                "action.prompts",
                format!("`{id}` collects digits without a word"),
                "choose a prompt that says what to press".into(),
            );
        }
        self.range(Some(id), "action.max_digits", u64::from(collect.max_digits), 1, 32);
        let most = u64::from(collect.max_digits.clamp(1, 32));
        self.range(Some(id), "action.min_digits", u64::from(collect.min_digits), 1, most);
        self.timeout(id, "action.first_timeout_ms", collect.first_timeout_ms.as_millis());
        self.timeout(id, "action.between_timeout_ms", collect.between_timeout_ms.as_millis());
        self.tries(id, collect.tries.unwrap_or(1));
    }

    fn tries(&mut self, id: &NodeId, tries: u8) {
        self.range(Some(id), "action.tries", u64::from(tries), 1, 10);
    }

    fn timeout(&mut self, id: &NodeId, field: &str, millis: u64) {
        self.range(Some(id), field, millis, 500, 60_000);
    }

    fn object(&mut self, id: &NodeId, object: &Object) {
        match object {
            Object::Queue {} => {}
            Object::Campaign { campaign } => {
                if !self.references.campaigns.contains(campaign) {
                    self.unknown(id, "action.object.campaign", "campaign", campaign.as_str());
                }
            }
            Object::Service { service, group } => match (self.references.services.get(service), group) {
                (None, _) => self.unknown(id, "action.object.service", "service", service.as_str()),
                (Some(groups), Some(group)) if !groups.contains(group) => {
                    self.unknown(id, "action.object.group", &format!("group of `{service}`"), group.as_str());
                }
                (Some(groups), None) if !groups.is_empty() => {
                    let names: Vec<String> = groups.iter().map(|group| format!("`{group}`")).collect();
                    self.error(
                        ProblemCode::GroupNotChosen,
                        Some(id),
                        "action.object.group",
                        format!("`{id}` is for the service `{service}`, and no group is chosen"),
                        format!("choose one of its groups: {}", names.join(", ")),
                    );
                }
                (Some(_), Some(_) | None) => {}
            },
        }
    }

    fn needs_queue(&mut self, id: &NodeId, object: &Object) {
        let entries = self.entries();
        if !object.is_queue() {
            return;
        }
        let mend = "choose a campaign, or a service with one of its groups".to_owned();
        if entries.contains(&Entry::Number) {
            let message = format!("callers come to this flow without a queue, and `{id}` is for nobody then");
            self.error(ProblemCode::ObjectNeedsQueue, Some(id), "action.object", message, mend);
        } else if entries.contains(&Entry::Transfer) {
            let message = format!("callers may be transferred here without a queue, and `{id}` is for nobody then");
            self.warn(ProblemCode::ObjectNeedsQueue, Some(id), "action.object", message, mend);
        }
    }

    pub(super) fn unknown(&mut self, node: &NodeId, field: &str, kind: &str, key: &str) {
        self.error(
            ProblemCode::UnknownReference,
            Some(node),
            field,
            format!("`{node}` names the {kind} `{key}`, which does not exist"),
            format!("choose a {kind} that exists, or add `{key}`"),
        );
    }

    pub(super) fn prompt(&mut self, node: Option<&NodeId>, field: &str, prompt: &PromptKey) {
        let whose = node.map_or_else(|| "the flow".to_owned(), |node| format!("`{node}`"));
        let Some(languages) = self.references.prompts.get(prompt) else {
            self.error(
                ProblemCode::UnknownReference,
                node,
                field,
                format!("{whose} names the prompt `{prompt}`, which does not exist"),
                format!("choose a prompt that exists, or add `{prompt}`"),
            );
            return;
        };
        let missing: Vec<&str> = self.references.languages.difference(languages).map(|lang| lang.code()).collect();
        if !missing.is_empty() {
            let missing = missing.join(", ");
            self.warn(
                ProblemCode::PromptMissingLanguage,
                node,
                field,
                format!("the prompt `{prompt}` of {whose} is missing in: {missing}"),
                format!("record or upload `{prompt}` in: {missing}"),
            );
        }
    }

    /// A sub-flow may be given variables by its caller, and a flow by the sub-flows that it runs: then nothing is said.
    fn variables(&mut self) {
        let document = self.document;
        if document.kind == (Kind::Sub {}) || document.sub_flows().next().is_some() {
            return;
        }
        let set: BTreeSet<&VariableName> = document.nodes.values().filter_map(variable_set).collect();
        for (id, node) in &document.nodes {
            for (field, name) in variables_read(node) {
                if known::is_known(&name) || set.contains(&name) {
                    continue;
                }
                self.warn(
                    ProblemCode::VariableNeverSet,
                    Some(id),
                    &field,
                    format!("`{id}` reads the variable `{name}`, which no node sets"),
                    format!("set `{name}` before, or read another variable"),
                );
            }
        }
    }
}

fn variable_set(node: &Node) -> Option<&VariableName> {
    match &node.action {
        NodeAction::Collect(collect) => Some(&collect.into),
        NodeAction::CollectNumber(collect) => Some(&collect.into),
        NodeAction::SetVariable(set) => Some(&set.variable),
        NodeAction::Start(_)
        | NodeAction::Play(_)
        | NodeAction::Condition(_)
        | NodeAction::Language(_)
        | NodeAction::Hours(_)
        | NodeAction::SayWait(_)
        | NodeAction::Queue(_)
        | NodeAction::Callback(_)
        | NodeAction::Message(_)
        | NodeAction::Transfer(_)
        | NodeAction::SubFlow(_)
        | NodeAction::Return(_)
        | NodeAction::HangUp(_) => None,
    }
}

fn variables_read(node: &Node) -> Vec<(String, VariableName)> {
    let mut read = Vec::new();
    for (n, branch) in node.branches.iter().enumerate() {
        read.push((format!("branches.{n}.source"), branch.source.clone()));
    }
    for (field, template) in templates(node) {
        read.extend(template.variables().into_iter().map(|name| (field.to_owned(), name)));
    }
    if let NodeAction::Callback(callback) = &node.action {
        read.extend(callback.number.iter().map(|name| ("action.number".to_owned(), name.clone())));
    }
    read
}

fn templates(node: &Node) -> Vec<(&'static str, &Template)> {
    let mut templates = Vec::new();
    for (field, speech) in node.speeches() {
        let field = match field {
            "again" => "action.again",
            "last_words" => "action.last_words",
            _ => "action.prompts",
        };
        match speech {
            Speech::Digits(template) | Speech::Number(template) => templates.push((field, template)),
            Speech::Prompt(_) => {}
        }
    }
    if let NodeAction::SetVariable(set) = &node.action {
        templates.push(("action.value", &set.value));
    }
    if let NodeAction::Transfer(transfer) = &node.action
        && let TransferTarget::Number(number) = &transfer.to
    {
        templates.push(("action.to", number));
    }
    templates
}
