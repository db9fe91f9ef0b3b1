//! Flows: each is validated with everything it may refer to.

use std::collections::{BTreeMap, BTreeSet};

use nohold_flow::validate::KnownFlow;
use nohold_flow::{Document, Entry, ProblemCode, References, validate};
use nohold_model::{FlowKey, Language, PromptKey};

use super::super::Flow;
use super::{Check, internal_number};
use crate::directory::{InboundTarget, OverflowTarget};

impl Check<'_> {
    pub(super) fn flows(&mut self) {
        let references = self.references();
        for (key, flow) in &self.written.flows {
            let path = format!("flows.{key}");
            let document = match (flow, self.document(key)) {
                (_, Some(document)) => document.clone(),
                (Flow::File(file), None) => {
                    let message = format!("the file `{file}` was not read");
                    self.problems.error(path, message, "see that the file is there and holds a flow");
                    continue;
                }
                (Flow::Document(_), None) => continue,
            };
            if document.key != *key {
                self.problems.error(
                    path.clone(),
                    format!("the document calls itself `{}`", document.key),
                    format!("let `key` in it be `{key}`"),
                );
            }
            self.flow(&path, &document, &references);
        }
    }

    fn flow(&mut self, path: &str, document: &Document, references: &References) {
        for problem in validate(document, references) {
            // Told with the internal numbers of everything else.
            if problem.code == ProblemCode::InternalNumberTaken {
                continue;
            }
            let node = problem.node.map(|node| format!(".nodes.{node}")).unwrap_or_default();
            let field = problem.field.map(|field| format!(".{field}")).unwrap_or_default();
            self.problems.add(problem.severity, format!("{path}{node}{field}"), problem.message, problem.mend);
        }
    }

    fn references(&self) -> References {
        let written = self.written;
        let groups = |groups: &Vec<_>| groups.iter().cloned().collect();
        let languages: BTreeSet<Language> =
            written.numbers.values().filter_map(|number| number.language).chain([written.site.language]).collect();
        References {
            queues: written.queues.keys().cloned().collect(),
            services: written.services.iter().map(|(key, service)| (key.clone(), groups(&service.groups))).collect(),
            campaigns: written.campaigns.keys().cloned().collect(),
            calendars: written.calendars.keys().cloned().collect(),
            prompts: self.prompts(&languages),
            languages,
            extensions: written.extensions.keys().cloned().collect(),
            flows: written.documents(self.surroundings).map(|(key, document)| self.known(key, document)).collect(),
        }
    }

    /// The prompts that there are; all that are named, where nothing is known of them.
    fn prompts(&self, languages: &BTreeSet<Language>) -> BTreeMap<PromptKey, BTreeSet<Language>> {
        self.surroundings.prompts.clone().unwrap_or_else(|| {
            let named = self.written.documents(self.surroundings).flat_map(|(_, document)| document.prompts());
            named.map(|prompt| (prompt.clone(), languages.clone())).collect()
        })
    }

    fn known(&self, key: &FlowKey, document: &Document) -> (FlowKey, KnownFlow) {
        let known = KnownFlow {
            internal_number: internal_number(document).map(str::to_owned),
            sub_flows: document.sub_flows().map(|(_, flow)| flow.clone()).collect(),
            entered_from: self.entered_from(key),
        };
        (key.clone(), known)
    }

    /// From where callers come to a flow.
    fn entered_from(&self, key: &FlowKey) -> BTreeSet<Entry> {
        let written = self.written;
        let leads = |target: &InboundTarget| matches!(target, InboundTarget::Flow(flow) if flow == key);
        let by_number = written
            .numbers
            .values()
            .any(|number| leads(&number.target) || number.when_closed.as_ref().is_some_and(leads));
        let by_phone =
            written.extensions.values().filter_map(|phone| phone.unanswered.as_ref()).any(|then| leads(&then.target));
        let by_queue = written.queues.values().flat_map(|queue| queue.overflow.values());
        let by_queue = by_queue.into_iter().any(|target| matches!(target, OverflowTarget::Flow(flow) if flow == key));
        let entries = [(by_number || by_phone, Entry::Number), (by_queue, Entry::Queue)];
        entries.into_iter().filter_map(|(is, entry)| is.then_some(entry)).collect()
    }
}
