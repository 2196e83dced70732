//! Failures as JSON.
//!
//! etcd's body changed with the gateway that it builds on, and clients know one or the other: up to
//! 3.5 the text is in `error`, from 3.6 on in `message` alone, beside `details`. What is written
//! here has all of it.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tonic::{Code, Status};

/// The answer to a request that failed before anything was answered.
pub(super) fn response(status: &Status) -> Response {
    answer(http_code(status.code()), &body(status))
}

/// The same for a method that answers many messages.
pub(super) fn stream_response(status: &Status) -> Response {
    answer(http_code(status.code()), &stream_body(status))
}

/// What stands in the place of a message when the stream fails.
pub(super) fn stream_body(status: &Status) -> Value {
    let http = http_code(status.code());
    json!({ "error": {
        "grpc_code": status.code() as i32,
        "http_code": http.as_u16(),
        "message": status.message(),
        "http_status": http.canonical_reason().unwrap_or_default(),
        "code": status.code() as i32,
        "details": [],
    }})
}

fn body(status: &Status) -> Value {
    json!({
        "error": status.message(),
        "code": status.code() as i32,
        "message": status.message(),
        "details": [],
    })
}

fn answer(code: StatusCode, body: &Value) -> Response {
    let json = HeaderValue::from_static("application/json");
    (code, [(header::CONTENT_TYPE, json)], body.to_string()).into_response()
}

fn http_code(code: Code) -> StatusCode {
    match code {
        Code::Ok => StatusCode::OK,
        Code::Cancelled => StatusCode::from_u16(499).expect("a number below 1000"),
        Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => {
            StatusCode::BAD_REQUEST
        }
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::AlreadyExists | Code::Aborted => StatusCode::CONFLICT,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Code::Unimplemented => StatusCode::NOT_IMPLEMENTED,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        Code::Unknown | Code::Internal | Code::DataLoss => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
