//! The page: the files of `web/`, part of the program.

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rust_embed::{Embed, EmbeddedFile};

use crate::plays::{self, Player};

/// The files. A debug build reads them from the source tree, so a change shows on reload.
#[derive(Embed)]
#[folder = "../../web"]
#[exclude = "test/*"]
#[exclude = "e2e/*"]
#[exclude = "*.json"]
#[exclude = "*.md"]
#[exclude = "*.ts"]
struct Files;

/// What a page of ours may do: nothing that is not served with it.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; img-src 'self' blob:; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'",
);

/// Serves the page at `/`, its files beside it, and the plays that it shows.
pub fn routes<S: Clone + Send + Sync + 'static>(player: Player) -> Router<S> {
    plays(player).fallback(get(async |request: Request| {
        let missing = || {
            let path = request.uri().path();
            guarded((StatusCode::NOT_FOUND, format!("there is no {path} here\n")).into_response())
        };
        find(&request).unwrap_or_else(missing)
    }))
}

/// Serves the plays that the page shows.
pub fn plays<S: Clone + Send + Sync + 'static>(player: Player) -> Router<S> {
    guarded_routes(plays::routes(player))
}

/// The file of the page that the request asks for.
pub(crate) fn find(request: &Request) -> Option<Response> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return None;
    }
    let path = request.uri().path().trim_start_matches('/');
    let path = if path.is_empty() { "index.html" } else { path };
    let file = Files::get(path)?;
    let tag = tag(&file);
    let known = request.headers().get(header::IF_NONE_MATCH);
    let mut response = if known.is_some_and(|known| *known == tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, media_type(path))], file.data).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::ETAG, HeaderValue::from_str(&tag).expect("hexadecimal in quotes"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Some(guarded(response))
}

fn tag(file: &EmbeddedFile) -> String {
    let hash = file.metadata.sha256_hash();
    let head = hash.first_chunk().expect("a SHA-256 has 32 bytes");
    format!("\"{:016x}\"", u64::from_be_bytes(*head))
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some(_) | None => "application/octet-stream",
    }
}

/// Gives every answer of these routes the headers that keep the page to itself.
pub fn guarded_routes<S: Clone + Send + Sync + 'static>(routes: Router<S>) -> Router<S> {
    routes.layer(middleware::map_response(async |response| guarded(response)))
}

fn guarded(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}
