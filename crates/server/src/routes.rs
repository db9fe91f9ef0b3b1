//! All routes, and what stands in front of them.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::middleware;
use axum::response::{IntoResponse as _, Response};
use utoipa_axum::router::OpenApiRouter;

use crate::body::MOST_BYTES;
use crate::failure::Failure;
use crate::state::Api;
use crate::{
    audit, configuration, console, contacts, desk, identity, live, openapi, phone, request, setup_page, system,
};

/// The routes below `/api/`, and the console everywhere else.
pub fn router(api: Api) -> Router {
    let (routes, document) = described(&api).split_for_parts();
    routes
        .merge(openapi::routes(document))
        .merge(setup_page::routes())
        .fallback(elsewhere)
        .method_not_allowed_fallback(async || {
            Failure::new(StatusCode::METHOD_NOT_ALLOWED, "wrong_method", "this address does not know that method")
        })
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .layer(middleware::from_fn_with_state(api.clone(), request::answered))
        .with_state(api)
}

/// What is asked for and is none of the API's is the console's.
async fn elsewhere(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if uri.path() == "/api" || uri.path().starts_with("/api/") {
        return Failure::not_found("there is nothing at this address: /api/openapi.json lists what there is")
            .into_response();
    }
    console::answer(&method, uri.path(), &headers)
}

/// The routes with what describes them.
pub(crate) fn described(api: &Api) -> OpenApiRouter<Api> {
    OpenApiRouter::with_openapi(openapi::frame(api))
        .merge(system::routes(api))
        .merge(identity::routes(api))
        .merge(audit::routes(api))
        .merge(configuration::routes(api))
        .merge(desk::routes(api))
        .merge(contacts::routes(api))
        .merge(phone::routes(api))
        .merge(live::routes(api))
}
