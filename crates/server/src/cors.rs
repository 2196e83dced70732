//! Which pages of other origins may ask over plain HTTP (`--cors`): in browsers, those that the
//! answers name.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};

/// The origins whose pages may ask.
#[derive(Clone, Debug, Default)]
pub struct Origins(Arc<BTreeSet<String>>);

impl Origins {
    /// These, each like `https://example.com`; `*` is any.
    pub fn new(origins: impl IntoIterator<Item = String>) -> Self {
        Self(Arc::new(origins.into_iter().filter(|origin| !origin.is_empty()).collect()))
    }

    /// What the answer to a page of that origin says.
    fn allowed(&self, origin: Option<&HeaderValue>) -> Option<HeaderValue> {
        if self.0.contains("*") {
            return Some(HeaderValue::from_static("*"));
        }
        origin.filter(|origin| origin.to_str().is_ok_and(|text| self.0.contains(text))).cloned()
    }
}

/// Has every answer but those of gRPC name who may ask.
pub(crate) fn allow(routes: Router, origins: Origins) -> Router {
    routes.layer(middleware::from_fn_with_state(origins, tell))
}

async fn tell(State(origins): State<Origins>, request: Request, next: Next) -> Response {
    let content_type = request.headers().get(header::CONTENT_TYPE);
    if content_type.is_some_and(|value| value.as_bytes().starts_with(b"application/grpc")) {
        return next.run(request).await;
    }
    let allowed = origins.allowed(request.headers().get(header::ORIGIN));
    // A browser asks so whether it may ask.
    let mut response = if request.method() == Method::OPTIONS {
        StatusCode::OK.into_response()
    } else {
        next.run(request).await
    };
    if let Some(origin) = allowed {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        let methods = HeaderValue::from_static("POST, GET, OPTIONS, PUT, DELETE");
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
        let names = HeaderValue::from_static("accept, content-type, authorization");
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names);
    }
    response
}
