//! All routes, and what stands in front of them.

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use utoipa_axum::router::OpenApiRouter;

use crate::body::MOST_BYTES;
use crate::failure::Failure;
use crate::state::Api;
use crate::{configuration, desk, identity, live, openapi, setup_page, system};

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
        .layer(middleware::from_fn(dressed))
        .with_state(api)
}

/// The routes with what describes them.
pub(crate) fn described(api: &Api) -> OpenApiRouter<Api> {
    OpenApiRouter::with_openapi(openapi::frame(api))
        .merge(system::routes(api))
        .merge(identity::routes(api))
        .merge(configuration::routes(api))
        .merge(desk::routes(api))
        .merge(live::routes(api))
}

/// What every answer carries.
async fn dressed(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in headers {
        // A page has a policy of its own.
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}
