//! Queries are read strictly on every route: whoever writes a key that a route does not know means something by it.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::Query;
use axum::http::{Method, StatusCode, Uri};
use serde_json::Value;
use utoipa::openapi::path::Paths;

use crate::failure::Failure;

/// The keys that a route knows, by method in lower case: those that its description names.
#[derive(Debug)]
pub(super) struct Known(BTreeMap<String, BTreeSet<String>>);

impl Known {
    pub(super) fn of(paths: &Paths) -> Self {
        let described = serde_json::to_value(paths).unwrap_or_default();
        let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (method, operation) in described.as_object().into_iter().flat_map(|paths| paths.values()).flat_map(fields) {
            let parameters = operation.get("parameters").and_then(Value::as_array).into_iter().flatten();
            let keys = parameters.filter(|parameter| parameter["in"] == "query");
            let names = keys.filter_map(|parameter| parameter["name"].as_str().map(str::to_owned));
            known.entry(method.clone()).or_default().extend(names);
        }
        Known(known)
    }

    /// # Errors
    /// 400 `bad_query`, naming the key that is not known.
    pub(super) fn check(&self, method: &Method, uri: &Uri) -> Result<(), Failure> {
        // What is no query at all is refused by whoever reads it.
        let Ok(Query(pairs)) = Query::<Vec<(String, String)>>::try_from_uri(uri) else { return Ok(()) };
        // Where something is shown, its headers may be asked for alone.
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        let known = self.0.get(&method.as_str().to_lowercase());
        let Some((key, _)) = pairs.into_iter().find(|(key, _)| known.is_none_or(|known| !known.contains(key))) else {
            return Ok(());
        };
        let names: Vec<String> = known.into_iter().flatten().map(|name| format!("`{name}`")).collect();
        let expected = match names.as_slice() {
            [] => "this address takes none".to_owned(),
            [one] => format!("expected {one}"),
            several => format!("expected one of {}", several.join(", ")),
        };
        let message = format!("the query cannot be read at `{key}`: unknown field `{key}`, {expected}");
        Err(Failure::new(StatusCode::BAD_REQUEST, "bad_query", message).at(key))
    }
}

fn fields(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}
