//! What is wrong with a configuration.

mod business;
mod flows;
mod internal;
mod network;
mod people;
mod queues;
mod site;

use std::collections::BTreeSet;
use std::fmt::Display;

use nohold_flow::Document;
use nohold_model::{
    CalendarKey, ExtensionKey, FlowKey, GroupKey, PhoneNumber, PromptKey, QueueKey, ServiceKey, TrunkKey,
};

use super::problem::Problems;
use super::{Configuration, Length, Problem, Surroundings};
use crate::directory::InboundTarget;

/// All problems, errors first.
pub(super) fn check(written: &Configuration, surroundings: &Surroundings) -> Vec<Problem> {
    let mut check = Check { written, surroundings, problems: Problems::default() };
    check.site();
    check.calendars();
    check.business();
    check.people();
    check.queues();
    check.inbound_numbers();
    check.trunks();
    check.star_codes();
    check.blocked();
    check.internal_numbers();
    check.flows();
    check.problems.into_sorted()
}

struct Check<'a> {
    written: &'a Configuration,
    surroundings: &'a Surroundings,
    problems: Problems,
}

impl Check<'_> {
    fn unknown(&mut self, path: &str, kind: &str, key: &dyn Display) {
        self.problems.error(
            path,
            format!("there is no {kind} `{key}`"),
            format!("choose {} {kind} that is configured, or add `{key}`", article(kind)),
        );
    }

    fn group(&mut self, path: &str, key: &GroupKey) {
        if !self.written.groups.contains_key(key) {
            self.unknown(path, "group", key);
        }
    }

    fn service(&mut self, path: &str, key: &ServiceKey) {
        if !self.written.services.contains_key(key) {
            self.unknown(path, "service", key);
        }
    }

    fn calendar(&mut self, path: &str, key: Option<&CalendarKey>) {
        if let Some(key) = key.filter(|key| !self.written.calendars.contains_key(*key)) {
            self.unknown(path, "calendar", key);
        }
    }

    fn queue(&mut self, path: &str, key: &QueueKey) {
        if !self.written.queues.contains_key(key) {
            self.unknown(path, "queue", key);
        }
    }

    fn extension(&mut self, path: &str, key: &ExtensionKey) {
        if !self.written.extensions.contains_key(key) {
            self.unknown(path, "extension", key);
        }
    }

    fn trunk(&mut self, path: &str, key: &TrunkKey) {
        if !self.written.trunks.contains_key(key) {
            self.unknown(path, "trunk", key);
        }
    }

    /// A flow that calls are sent to: it must be there, and be a main flow.
    fn main_flow(&mut self, path: &str, key: &FlowKey) {
        if !self.written.flows.contains_key(key) {
            self.unknown(path, "flow", key);
        } else if self.document(key).is_some_and(|document| internal_number(document).is_none()) {
            self.problems.error(
                path,
                format!("`{key}` is a sub-flow, which other flows run"),
                "choose a main flow, or give it an internal number".to_owned(),
            );
        }
    }

    fn document(&self, key: &FlowKey) -> Option<&Document> {
        self.written.documents(self.surroundings).find(|(known, _)| *known == key).map(|(_, document)| document)
    }

    fn target(&mut self, path: &str, target: &InboundTarget) {
        match target {
            InboundTarget::Flow(key) => self.main_flow(&format!("{path}.flow"), key),
            InboundTarget::Queue(key) => self.queue(&format!("{path}.queue"), key),
            InboundTarget::Extension(key) => self.extension(&format!("{path}.extension"), key),
        }
    }

    fn prompt(&mut self, path: &str, key: Option<&PromptKey>) {
        let Some(prompts) = &self.surroundings.prompts else { return };
        if let Some(key) = key.filter(|key| !prompts.contains_key(*key)) {
            self.unknown(path, "prompt", key);
        }
    }

    /// A number that is shown to those we call.
    fn owned(&self, number: &PhoneNumber) -> bool {
        let outbound = self.written.outbound_trunks();
        outbound.iter().filter_map(|key| self.written.trunks.get(key)).any(|trunk| trunk.numbers.contains(number))
    }

    fn range<T: PartialOrd + Display>(&mut self, path: impl Into<String>, value: T, least: T, most: T) {
        // Also refuses what is not a number.
        if !(value >= least && value <= most) {
            self.problems.error(path, format!("{value} is out of range"), format!("set it to {least} to {most}"));
        }
    }

    fn length(&mut self, path: impl Into<String>, value: Length, least: Length, most: Length) {
        self.range(path, value, least, most);
    }

    fn doubles<K: Ord + Display>(&mut self, path: &str, keys: &[K]) {
        let mut seen = BTreeSet::new();
        for key in keys.iter().filter(|key| !seen.insert(*key)) {
            self.problems.error(path, format!("`{key}` is there twice"), "remove one of them");
        }
    }
}

const fn article(kind: &str) -> &'static str {
    match kind.as_bytes() {
        [b'a' | b'e' | b'i' | b'o', ..] => "an",
        _ => "a",
    }
}

/// The internal number of a main flow.
fn internal_number(document: &Document) -> Option<&str> {
    match &document.kind {
        nohold_flow::Kind::Main { internal_number } => Some(internal_number),
        nohold_flow::Kind::Sub {} => None,
    }
}
