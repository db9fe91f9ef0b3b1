//! All routes, and what stands in front of them.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware;
use utoipa_axum::router::OpenApiRouter;

use crate::body::MOST_BYTES;
use crate::failure::Failure;
use crate::state::Api;
use crate::{configuration, desk, identity, live, openapi, phone, request, setup_page, system};

/// The routes below `/api/`.
pub fn router(api: Api) -> Router {
    let (routes, document) = described(&api).split_for_parts();
    routes
        .merge(openapi::routes(document))
        .merge(setup_page::routes())
        .fallback(async || {
            Failure::not_found("there is nothing at this address: /api/openapi.json lists what there is")
        })
        .method_not_allowed_fallback(async || {
            Failure::new(StatusCode::METHOD_NOT_ALLOWED, "wrong_method", "this address does not know that method")
        })
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .layer(middleware::from_fn_with_state(api.clone(), request::answered))
        .with_state(api)
}

/// The routes with what describes them.
pub(crate) fn described(api: &Api) -> OpenApiRouter<Api> {
    OpenApiRouter::with_openapi(openapi::frame(api))
        .merge(system::routes(api))
        .merge(identity::routes(api))
        .merge(configuration::routes(api))
        .merge(desk::routes(api))
        .merge(phone::routes(api))
        .merge(live::routes(api))
}
