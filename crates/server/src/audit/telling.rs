//! What a handler tells of the request that it carries out.

use std::fmt::Display;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use serde_json::{Value, json};

use super::LONGEST_OBJECT;

/// A longer text is cut, in characters.
const LONGEST_TEXT: usize = 300;

/// A longer list is cut.
const MOST_ITEMS: usize = 50;

/// What is longer all the same, in bytes, is left out.
const LONGEST: usize = 16 * 1024;

/// What is told of one request, for its line in the audit: never a secret. Clones are the same, so that a handler may go on in a
/// task of its own; what it tells after the answer is told to nobody.
#[derive(Debug, Clone, Default)]
pub(crate) struct Telling {
    said: Arc<Mutex<Said>>,
}

/// What was told, as JSON.
#[derive(Debug, Clone, Default)]
pub(super) struct Said {
    pub(super) object: Option<String>,
    pub(super) wish: Option<String>,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
}

impl Telling {
    /// The thing that was made, where the address names none.
    pub(crate) fn object(&self, object: &impl Display) {
        self.say(|said| said.object = Some(object.to_string().chars().take(LONGEST_OBJECT).collect()));
    }

    /// What is asked for, where the address does not say it. It stands in the line also when it is refused.
    pub(crate) fn wish(&self, wish: &impl Serialize) {
        self.say(|said| said.wish = text(wish));
    }

    /// What was there before.
    pub(crate) fn before(&self, before: &impl Serialize) {
        self.say(|said| said.before = text(before));
    }

    /// What is there now; it counts where the request succeeds.
    pub(crate) fn after(&self, after: &impl Serialize) {
        self.say(|said| said.after = text(after));
    }

    pub(super) fn said(&self) -> Said {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn say(&self, what: impl FnOnce(&mut Said)) {
        what(&mut self.said.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// As JSON of a size that is bounded, for lines are never removed.
fn text(value: &impl Serialize) -> Option<String> {
    let value = shortened(serde_json::to_value(value).ok()?);
    let text = value.to_string();
    if text.len() <= LONGEST { Some(text) } else { Some(json!({ "left_out": text.len() }).to_string()) }
}

fn shortened(value: Value) -> Value {
    match value {
        Value::String(text) if text.chars().count() > LONGEST_TEXT => {
            Value::String(text.chars().take(LONGEST_TEXT).chain(['…']).collect())
        }
        Value::Array(items) => {
            let more = items.len().saturating_sub(MOST_ITEMS);
            let cut = (more > 0).then(|| json!({ "left_out": more }));
            Value::Array(items.into_iter().take(MOST_ITEMS).map(shortened).chain(cut).collect())
        }
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(name, value)| (name, shortened(value))).collect())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_bounded() {
        let telling = Telling::default();
        telling.clone().before(&json!({ "text": "あ".repeat(999), "list": (0..60).collect::<Vec<_>>(), "none": null }));
        let before: Value = serde_json::from_str(&telling.said().before.unwrap()).unwrap();
        assert_eq!(before["text"].as_str().unwrap().chars().count(), LONGEST_TEXT + 1);
        let list = before["list"].as_array().unwrap();
        assert_eq!((list.len(), &list[MOST_ITEMS]), (MOST_ITEMS + 1, &json!({ "left_out": 10 })));
        telling.after(&vec![vec!["x".repeat(200); 40]; 40]);
        assert!(telling.said().after.unwrap().starts_with("{\"left_out\":"));
    }
}
