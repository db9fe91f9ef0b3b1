//! The JSON Schema of a flow document, for editors and other tools.

use schemars::Schema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{Builtin, Cause, Document, Exit};

/// The JSON Schema (draft 2020-12) of [`Document`]. The file `flow.schema.json` of this crate holds the same text.
#[must_use]
pub fn schema() -> Schema {
    let mut schema = schemars::schema_for!(Document);
    // An object whose keys are words of ours: the derived schema would take any key.
    keys_of(&mut schema, "/$defs/Node/properties/exits", &Exit::ALL);
    keys_of(&mut schema, "/$defs/Fallback/properties/by_cause", &Cause::ALL);
    wordings(schema.pointer_mut(""));
    schema
}

fn keys_of<T: Serialize>(schema: &mut Schema, pointer: &str, words: &[T]) {
    if let Some(Value::Object(object)) = schema.pointer_mut(pointer) {
        object.insert("propertyNames".into(), json!({ "enum": words }));
    }
}

/// Every property `wording`, at whatever depth; the schema is ours and not deep.
fn wordings(value: Option<&mut Value>) {
    match value {
        Some(Value::Object(object)) => {
            if let Some(Value::Object(wording)) = object.get_mut("wording") {
                wording.insert("propertyNames".into(), json!({ "enum": Builtin::ALL }));
            }
            object.values_mut().for_each(|value| wordings(Some(value)));
        }
        Some(Value::Array(values)) => values.iter_mut().for_each(|value| wordings(Some(value))),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) | None => {}
    }
}
