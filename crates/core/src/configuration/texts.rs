//! All texts of a document as it was sent, before anybody knows what they mean.

use nohold_flow::Severity;
use serde_json::Value;

use super::Problem;
use crate::text::{self, Unfit};

/// So many texts are complained about: somebody who sends a book need not read one.
const MOST: usize = 50;

/// What is wrong with the texts of a document: how long they are, and which characters stand in them. A key `name` holds a
/// name; of all others the limit of a text counts.
#[must_use]
pub fn check_texts(document: &Value) -> Vec<Problem> {
    let mut problems = Vec::new();
    walk(document, &mut Vec::new(), &mut problems);
    problems
}

fn walk(value: &Value, path: &mut Vec<String>, problems: &mut Vec<Problem>) {
    if problems.len() >= MOST {
        return;
    }
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
        Value::String(text) => {
            let looked = if path.last().is_some_and(|key| key == "name") { text::name(text) } else { text::line(text) };
            if let Err(unfit) = looked {
                problems.push(problem(path.join("."), unfit));
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                path.push(index.to_string());
                walk(item, path, problems);
                path.pop();
            }
        }
        Value::Object(fields) => {
            for (key, field) in fields {
                if let Err(unfit) = text::name(key) {
                    problems.push(problem(path.join("."), unfit));
                    continue;
                }
                path.push(key.clone());
                walk(field, path, problems);
                path.pop();
            }
        }
    }
}

fn problem(path: String, unfit: Unfit) -> Problem {
    let words = unfit.to_string();
    let (message, mend) = words.split_once(": ").unwrap_or((&words, "correct it"));
    Problem { severity: Severity::Error, path, message: message.to_owned(), mend: mend.to_owned() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_text_is_looked_at_wherever_it_stands() {
        let document = json!({
            "queues": { "600": { "name": "Support\u{202e}", "longest_wait": "60s" } },
            "services": { "a": { "name": "x".repeat(201), "groups": ["fine", "not\u{0}fine"] } },
            "flows": { "b": { "document": { "nodes": [{ "text": "x".repeat(300) }] } } },
        });
        let found: Vec<_> = check_texts(&document).into_iter().map(|problem| (problem.path, problem.mend)).collect();
        let expected =
            [("queues.600.name", "remove it"), ("services.a.groups.1", "remove it"), ("services.a.name", "shorten it")];
        assert_eq!(found, expected.map(|(path, mend)| (path.to_owned(), mend.to_owned())));
    }

    #[test]
    fn a_book_is_not_answered_with_a_book() {
        let book: Vec<Value> = (0..500).map(|_| json!("\u{0}")).collect();
        assert_eq!(check_texts(&json!({ "site": book })).len(), MOST);
    }
}
