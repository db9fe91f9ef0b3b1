//! Branches that can never be taken.

use nohold_model::Digit;

use super::{Check, ProblemCode};
use crate::NodeId;
use crate::branch::{Branch, Condition};
use crate::node::{Collect, NodeAction};

impl Check<'_> {
    pub(super) fn all_branches(&mut self) {
        let document = self.document;
        for (id, node) in &document.nodes {
            for (n, branch) in node.branches.iter().enumerate() {
                let earlier = node.branches.get(..n).unwrap_or_default();
                self.never_matches(id, n, branch, earlier);
                if let NodeAction::Collect(collect) = &node.action
                    && branch.source == collect.into
                {
                    self.impossible(id, n, branch, collect);
                }
            }
        }
    }

    fn never_matches(&mut self, id: &NodeId, n: usize, branch: &Branch, earlier: &[Branch]) {
        let same: Vec<(usize, &Condition)> = earlier
            .iter()
            .enumerate()
            .filter(|(_, earlier)| earlier.source == branch.source)
            .map(|(n, earlier)| (n, &earlier.condition))
            .collect();
        let winner = |value: &str| same.iter().find(|(_, condition)| condition.holds(Some(value)));
        let covered = match branch.condition.values() {
            Some(values) => values.iter().all(|value| winner(value).is_some()),
            None => same.iter().any(|(_, condition)| **condition == branch.condition),
        };
        if !covered {
            return;
        }
        let (why, mend) = if same.is_empty() {
            ("it has nothing to match", "give it something to match, or remove it")
        } else {
            ("an earlier one takes all that it would match", "remove it, change what it asks, or move it up")
        };
        self.error(
            ProblemCode::BranchNeverMatches,
            Some(id),
            &format!("branches.{n}"),
            format!("branch {} of `{id}` is never taken: {why}", n + 1),
            mend.into(),
        );
    }

    fn impossible(&mut self, id: &NodeId, n: usize, branch: &Branch, collect: &Collect) {
        let Some(why) = why_impossible(&branch.condition, collect) else { return };
        self.error(
            ProblemCode::ImpossibleDigits,
            Some(id),
            &format!("branches.{n}.condition"),
            format!("branch {} of `{id}` waits for what cannot be collected: {why}", n + 1),
            format!(
                "change the condition, or the digits that `{id}` collects ({} to {})",
                collect.min_digits, collect.max_digits
            ),
        );
    }
}

fn why_impossible(condition: &Condition, collect: &Collect) -> Option<String> {
    let (least, most) = (usize::from(collect.min_digits), usize::from(collect.max_digits));
    let wrong_key = |text: &str| {
        text.chars().find_map(|c| match Digit::new(c) {
            Err(_) => Some(format!("`{c}` is not a key")),
            Ok(key) if collect.end_key == Some(key) => Some(format!("`{c}` ends the entry")),
            Ok(_) => None,
        })
    };
    let whole = |text: &str| {
        let length = text.chars().count();
        let wrong_length = || (length < least || length > most).then(|| format!("`{text}` has {length} digits"));
        wrong_key(text).or_else(wrong_length)
    };
    match condition {
        Condition::Equals(text) => whole(text),
        Condition::OneOf(texts) => texts.iter().find_map(|text| whole(text)),
        Condition::BeginsWith(text) => wrong_key(text)
            .or_else(|| (text.chars().count() > most).then(|| format!("`{text}` is longer than {most} digits"))),
        Condition::Matches(pattern) => {
            let (shortest, longest) = pattern.lengths();
            let fits = shortest <= most && longest.is_none_or(|longest| longest >= least);
            (!fits).then(|| format!("the pattern asks for at least {shortest} digits"))
        }
        Condition::NotEquals(_) | Condition::LessThan(_) | Condition::GreaterThan(_) | Condition::Exists(_) => None,
    }
}
