//! The document that describes the API (OpenAPI 3.1).

use std::sync::Arc;

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use serde_json::Value;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder};

use crate::access::COOKIE;
use crate::configuration::insert_schemas;
use crate::failure::{FailureBody, ProblemBody};
use crate::state::Api;

/// What is said before the routes.
pub(crate) fn frame(api: &Api) -> OpenApi {
    let info = InfoBuilder::new()
        .title("Nohold")
        .version(api.parts().version)
        .description(Some(
            "Every refusal has the body `FailureBody`. `x-role` names the least role that a route needs, `x-scope` what \
             a token must be for. Times are milliseconds since 1970 (UTC).",
        ))
        .build();
    let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(COOKIE)));
    let bearer = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
    let components = ComponentsBuilder::new()
        .security_scheme("session", cookie)
        .security_scheme("token", bearer)
        .schema_from::<ProblemBody>()
        .schema_from::<FailureBody>()
        .build();
    OpenApiBuilder::new().info(info).components(Some(components)).build()
}

/// Gives each operation a name of its own, which OpenAPI asks for and generated clients need: `get_entries_id` of
/// `GET /api/entries/{id}`.
fn name_operations(document: &mut Value) {
    let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) else { return };
    for (path, item) in paths {
        let words: Vec<&str> = path
            .split(['/', '-'])
            .map(|word| word.trim_matches(['{', '}']))
            .filter(|word| !matches!(*word, "" | "api"))
            .collect();
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            if let Some(operation) = operation.as_object_mut() {
                operation.insert("operationId".to_owned(), format!("{method}_{}", words.join("_")).into());
            }
        }
    }
}

/// The route of the document.
pub(crate) fn routes(document: OpenApi) -> Router<Api> {
    // It never changes while the program runs. A document that does not serialise is shown as an empty one.
    let mut document = serde_json::to_value(&document).unwrap_or_default();
    insert_schemas(&mut document);
    name_operations(&mut document);
    let text: Arc<str> = document.to_string().into();
    let show = move || {
        let text = text.clone();
        async move { ([(header::CONTENT_TYPE, "application/json")], text.to_string()).into_response() }
    };
    Router::new().route("/api/openapi.json", get(show))
}
