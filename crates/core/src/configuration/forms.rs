//! Where an object is wanted and a list or nothing stands, before anybody reads what a document means: serde takes a list for an
//! object whose fields stand in their order, and nothing where a field may be left out. Nobody means that.

use std::sync::LazyLock;

use nohold_flow::Severity;
use schemars::schema_for;
use serde_json::{Map, Value};

use super::{Configuration, Problem};

/// What may stand where, derived from the types that read a document.
static SCHEMA: LazyLock<Value> = LazyLock::new(|| schema_for!(Configuration).to_value());

/// The places of a document at which an object is wanted, and a list or `null` stands.
#[must_use]
pub fn check_forms(document: &Value) -> Vec<Problem> {
    let mut problems = Vec::new();
    walk(document, &alternatives(&SCHEMA), &mut Vec::new(), &mut problems);
    problems
}

/// A value must fit one of the alternatives; where there are none, nothing is known of it.
fn walk(value: &Value, alternatives: &[&'static Value], path: &mut Vec<String>, problems: &mut Vec<Problem>) {
    match value {
        Value::Null => object_instead(alternatives, "null", "nothing (null)", path, problems),
        Value::Array(items) => {
            object_instead(alternatives, "array", "a list", path, problems);
            for (index, item) in items.iter().enumerate() {
                step(item, &each(alternatives, |schema| of_item(schema, index)), index.to_string(), path, problems);
            }
        }
        Value::Object(fields) => {
            for (key, field) in fields {
                step(field, &each(alternatives, |schema| of_field(schema, key)), key.clone(), path, problems);
            }
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn step(
    value: &Value,
    alternatives: &[&'static Value],
    at: String,
    path: &mut Vec<String>,
    problems: &mut Vec<Problem>,
) {
    path.push(at);
    walk(value, alternatives, path, problems);
    path.pop();
}

fn object_instead(alternatives: &[&Value], is: &str, stands: &str, path: &[String], problems: &mut Vec<Problem>) {
    let takes = |kind: &str| alternatives.iter().any(|schema| takes(schema, kind));
    if takes("object") && !takes(is) {
        problems.push(Problem {
            severity: Severity::Error,
            path: path.join("."),
            message: format!("{stands} stands here, and an object is expected"),
            mend: "write a table of fields: `{ … }`".to_owned(),
        });
    }
}

fn takes(schema: &Value, kind: &str) -> bool {
    match schema.get("type") {
        Some(Value::String(word)) => word == kind,
        Some(Value::Array(words)) => words.iter().any(|word| word == kind),
        _ => schema.get("enum").is_none() && schema.get("const").is_none(),
    }
}

/// What these schemas say about a part of theirs.
fn each(schemas: &[&'static Value], part: impl Fn(&'static Value) -> Vec<&'static Value>) -> Vec<&'static Value> {
    schemas.iter().flat_map(|schema| part(schema)).flat_map(alternatives).collect()
}

fn of_item(schema: &Value, index: usize) -> Vec<&Value> {
    let own = schema.get("prefixItems").and_then(|items| items.get(index));
    own.or_else(|| schema.get("items")).into_iter().collect()
}

fn of_field<'a>(schema: &'a Value, key: &str) -> Vec<&'a Value> {
    if let Some(own) = schema.get("properties").and_then(|properties| properties.get(key)) {
        return vec![own];
    }
    let by_pattern = schema.get("patternProperties").and_then(Value::as_object).into_iter().flat_map(Map::values);
    by_pattern.chain(schema.get("additionalProperties").filter(|others| **others != Value::Bool(false))).collect()
}

/// The schemas of which a value fits one: references are followed, and choices taken apart.
fn alternatives(schema: &'static Value) -> Vec<&'static Value> {
    let mut found = Vec::new();
    if let Some(definition) = schema.get("$ref").and_then(Value::as_str).and_then(|at| SCHEMA.pointer(at.get(1..)?)) {
        found.extend(alternatives(definition));
    }
    for choice in ["oneOf", "anyOf", "allOf"] {
        let of = schema.get(choice).and_then(Value::as_array).into_iter().flatten();
        found.extend(of.flat_map(alternatives));
    }
    if found.is_empty() || schema.get("type").is_some() {
        found.push(schema);
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn places(document: &Value) -> Vec<String> {
        check_forms(document).into_iter().map(|problem| problem.path).collect()
    }

    #[test]
    fn a_list_or_nothing_in_place_of_an_object_is_found_wherever_it_stands() {
        for (document, place) in [
            (json!([]), ""),
            (json!({ "site": [] }), "site"),
            (json!({ "outbound": ["CN"] }), "outbound"),
            (json!({ "blocked": null }), "blocked"),
            (json!({ "star_codes": null }), "star_codes"),
            (json!({ "star_codes": [] }), "star_codes"),
            (json!({ "groups": null }), "groups"),
            (json!({ "groups": { "a": [] } }), "groups.a"),
            (json!({ "groups": { "a": [["2000"]] } }), "groups.a"),
            (json!({ "dispositions": { "sold": [] } }), "dispositions.sold"),
            (json!({ "numbers": { "+862161230001": [] } }), "numbers.+862161230001"),
            (json!({ "site": { "promise": [] } }), "site.promise"),
            (json!({ "site": { "retry_plan": { "gaps": [] } } }), "site.retry_plan.gaps"),
            (json!({ "agents": { "2000": { "ringing": [] } } }), "agents.2000.ringing"),
            (json!({ "queues": { "600": { "overflow": [] } } }), "queues.600.overflow"),
            (json!({ "flows": { "a": { "document": [] } } }), "flows.a.document"),
            (json!({ "flows": { "a": { "document": { "nodes": { "b": [] } } } } }), "flows.a.document.nodes.b"),
            (
                json!({ "flows": { "a": { "document": { "nodes": { "b": { "action": [] } } } } } }),
                "flows.a.document.nodes.b.action",
            ),
        ] {
            assert_eq!(places(&document), [place], "{document}");
        }
    }

    #[test]
    fn what_may_be_a_list_or_be_left_out_is_not_complained_about() {
        let document = json!({
            "site": { "zone": "Asia/Shanghai", "country": "CN", "expire_after": null, "unknown": [] },
            "outbound": { "trunks": [] },
            "groups": { "a": { "agents": ["2000"], "name": null } },
            "queues": { "600": { "callback_key": null, "groups": [] } },
            "extensions": { "2000": { "caller_id": null } },
            "calendars": { "office": { "weekly": { "mon": ["09:00-18:00"] }, "holidays": [] } },
            "nonsense": [],
        });
        assert_eq!(places(&document), Vec::<String>::new());
    }
}
