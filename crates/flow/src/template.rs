//! Texts with `${variable}` in them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::VariableName;

/// How long the value of a variable may become; what is beyond is cut off, so that a loop cannot grow it for ever.
pub const MAX_VALUE_LEN: usize = 1_000;

/// A text in which `${name}` stands for the value of a variable.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Template(String);

enum Part<'a> {
    Text(&'a str),
    Variable(VariableName),
    Broken(&'a str),
}

impl Template {
    /// A template with this text. Everything is accepted; [`Template::broken_part`] tells what is not understood.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Template(text.into())
    }

    /// The text as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text with every variable replaced by its value, an unset one by nothing; cut at [`MAX_VALUE_LEN`] bytes.
    #[must_use]
    pub fn render(&self, variables: &BTreeMap<VariableName, String>) -> String {
        let mut text = String::new();
        for part in self.parts() {
            let piece = match &part {
                Part::Text(piece) | Part::Broken(piece) => *piece,
                Part::Variable(name) => variables.get(name).map_or("", String::as_str),
            };
            text.push_str(piece);
            if text.len() > MAX_VALUE_LEN {
                text.truncate(text.floor_char_boundary(MAX_VALUE_LEN));
                break;
            }
        }
        text
    }

    /// The variables that it reads, in the order in which they stand.
    #[must_use]
    pub fn variables(&self) -> Vec<VariableName> {
        let variable = |part| match part {
            Part::Variable(name) => Some(name),
            Part::Text(_) | Part::Broken(_) => None,
        };
        self.parts().into_iter().filter_map(variable).collect()
    }

    /// The first place where `${` is not followed by the name of a variable and `}`; it is spoken or stored as it stands.
    #[must_use]
    pub fn broken_part(&self) -> Option<&str> {
        self.parts().into_iter().find_map(|part| match part {
            Part::Broken(text) => Some(text),
            Part::Text(_) | Part::Variable(_) => None,
        })
    }

    fn parts(&self) -> Vec<Part<'_>> {
        let mut parts = Vec::new();
        let mut rest = self.0.as_str();
        while let Some(start) = rest.find("${") {
            let (before, opened) = rest.split_at(start);
            parts.push(Part::Text(before));
            let Some(end) = opened.find('}') else {
                parts.push(Part::Broken(opened));
                return parts;
            };
            let (inside, after) = opened.split_at(end + 1);
            match inside.get(2..end).map(VariableName::new) {
                Some(Ok(name)) => parts.push(Part::Variable(name)),
                Some(Err(_)) | None => parts.push(Part::Broken(inside)),
            }
            rest = after;
        }
        parts.push(Part::Text(rest));
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> BTreeMap<VariableName, String> {
        pairs.iter().map(|(name, value)| (VariableName::new(name).unwrap(), (*value).to_owned())).collect()
    }

    #[test]
    fn variables_are_replaced_and_unset_ones_vanish() {
        let values = variables(&[("a", "1"), ("b_2", "队列")]);
        for (template, expected) in
            [("x", "x"), ("${a}", "1"), ("<${a}${b_2}>", "<1队列>"), ("${c}", ""), ("$a $${a}", "$a $1")]
        {
            assert_eq!(Template::new(template).render(&values), expected, "{template}");
        }
    }

    #[test]
    fn what_is_not_understood_stays_and_is_named() {
        for (template, broken) in [("a ${b", "${b"), ("${B c} d", "${B c}"), ("${}", "${}")] {
            let template = Template::new(template);
            assert_eq!(template.broken_part(), Some(broken));
            assert_eq!(template.render(&BTreeMap::new()), template.as_str());
        }
    }

    #[test]
    fn a_value_cannot_grow_for_ever() {
        let mut values = variables(&[("a", "界")]);
        for _ in 0..64 {
            let longer = Template::new("${a}${a}").render(&values);
            assert!(longer.len() <= MAX_VALUE_LEN);
            values.insert(VariableName::new("a").unwrap(), longer);
        }
        assert_eq!(values.values().next().unwrap().len(), 999);
    }
}
