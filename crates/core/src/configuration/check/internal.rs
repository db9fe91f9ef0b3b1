//! Internal numbers: what colleagues dial.

use std::collections::BTreeMap;

use super::{Check, internal_number};
use crate::numbers::is_emergency;

impl Check<'_> {
    /// Each internal number leads to one place, and to no emergency service.
    pub(super) fn internal_numbers(&mut self) {
        let written = self.written;
        let extensions = written.extensions.iter().map(|(key, extension)| {
            (format!("extensions.{key}.number"), format!("extension `{key}`"), extension.internal_number(key))
        });
        let queues = written.queues.iter().filter_map(|(key, queue)| {
            Some((format!("queues.{key}.number"), format!("queue `{key}`"), queue.number.as_deref()?))
        });
        let flows = written.documents(self.surroundings).filter_map(|(key, document)| {
            let path = format!("flows.{key}.kind.internal_number");
            Some((path, format!("flow `{key}`"), internal_number(document)?))
        });
        let all: Vec<(String, String, &str)> = extensions.chain(queues).chain(flows).collect();
        let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
        for (path, owner, number) in &all {
            self.internal_number(path, number);
            if let Some(other) = owners.insert(number, owner) {
                self.problems.error(
                    path.clone(),
                    format!("the internal number {number} belongs to the {other} already"),
                    "choose another number",
                );
            }
        }
    }

    fn internal_number(&mut self, path: &str, number: &str) {
        if number.starts_with('*') {
            self.problems.error(path, format!("`{number}` begins with `*`, like the codes"), "use digits only");
            return;
        }
        if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
            self.problems.error(
                path,
                format!("`{number}` is not an internal number"),
                "give it a `number` of 2 to 6 digits",
            );
            return;
        }
        let site = &self.written.site;
        if is_emergency(number, site.country) {
            self.problems.error(
                path,
                format!("{number} is an emergency number in {}", site.country),
                "choose another number: who dials this one needs help",
            );
            return;
        }
        let rules = site.numbering.rules(site.country);
        if !u8::try_from(number.len()).is_ok_and(|length| rules.internal_lengths.contains(&length)) {
            let lengths: Vec<String> = rules.internal_lengths.iter().map(u8::to_string).collect();
            self.problems.error(
                path,
                format!(
                    "{number} has {} digits, and internal numbers here have {}",
                    number.len(),
                    lengths.join(" or ")
                ),
                "choose another number, or add its length to `site.numbering.internal_lengths`",
            );
        }
    }
}
