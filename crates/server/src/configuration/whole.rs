//! All things as one document, and back.

use std::collections::{BTreeMap, BTreeSet};

use nohold_app::ports::{AllKept, Place};
use nohold_core::configuration::Problem;
use serde_json::{Map, Value};

use super::Kind;
use super::plan::{Around, Plan, Refused, error, path, plan};

/// What an import would do.
#[derive(Debug)]
pub struct Import {
    /// The change.
    pub plan: Plan,
    /// What is kept and does not stand in the document. It goes only where that was asked for.
    pub missing: BTreeSet<Place>,
}

/// Plans to make things as a document says: the state that is wanted, by stable names. Repeated, it changes nothing.
/// With `prune`, what does not stand in the document goes, but for the site.
///
/// # Errors
/// [`Refused`], with all that stands against it.
pub fn import(document: &Value, kept: &AllKept, prune: bool, around: &Around<'_>) -> Result<Import, Refused> {
    let things = split(document).map_err(Refused::Invalid)?;
    let site = Kind::Site.single();
    let missing: BTreeSet<Place> =
        kept.things.keys().filter(|place| **place != site && !things.contains_key(*place)).cloned().collect();
    let mut changes: BTreeMap<Place, Option<Value>> =
        things.into_iter().map(|(place, body)| (place, Some(body))).collect();
    if prune {
        changes.extend(missing.iter().cloned().map(|place| (place, None)));
    }
    Ok(Import { plan: plan(kept, changes, around)?, missing })
}

/// Everything that is kept, as one document; passwords are `{ "stored": true }`.
///
/// # Errors
/// When the store holds what is no JSON.
pub fn export(kept: &AllKept) -> Result<Value, Problem> {
    Ok(document(&bodies(kept)?))
}

/// The bodies of all things.
pub(super) fn bodies(kept: &AllKept) -> Result<BTreeMap<Place, Value>, Problem> {
    let bodies = kept.things.iter().filter_map(|(place, kept)| Some((place, kept.body.as_deref()?)));
    let read = |(place, text): (&Place, &str)| {
        let body = serde_json::from_str(text).map_err(|_| {
            error(&path(place), "what the store holds here is no JSON", "put it back from a backup, or write it anew")
        })?;
        Ok((place.clone(), body))
    };
    bodies.map(read).collect()
}

/// The document of these things.
pub(super) fn document(things: &BTreeMap<Place, Value>) -> Value {
    let mut document = Map::new();
    for (place, body) in things {
        if place.key.is_empty() {
            document.insert(place.kind.clone(), body.clone());
        } else if let Value::Object(table) =
            document.entry(place.kind.clone()).or_insert_with(|| Value::Object(Map::new()))
        {
            table.insert(place.key.clone(), body.clone());
        }
    }
    Value::Object(document)
}

/// The things of a document, or what is wrong with its outer form.
fn split(document: &Value) -> Result<BTreeMap<Place, Value>, Vec<Problem>> {
    let Value::Object(tables) = document else {
        return Err(vec![error("", "a configuration is an object", "see `nohold export` for the form")]);
    };
    let (mut things, mut problems) = (BTreeMap::new(), Vec::new());
    for (word, table) in tables {
        match (Kind::of(word), table) {
            (None, _) => {
                let words: Vec<&str> = Kind::ALL.into_iter().map(Kind::word).collect();
                problems.push(error(word, "there is no such table", format!("use one of {}", words.join(", "))));
            }
            (Some(kind), body) if kind.is_single() => drop(things.insert(kind.single(), body.clone())),
            (Some(kind), Value::Object(table)) => {
                for (key, body) in table {
                    match kind.place(key) {
                        Ok(place) => drop(things.insert(place, body.clone())),
                        Err(problem) => problems.push(error(word, problem, "choose another key")),
                    }
                }
            }
            (Some(_), _) => problems.push(error(word, "this is a table by keys", "write it as an object")),
        }
    }
    if problems.is_empty() { Ok(things) } else { Err(problems) }
}
