//! The API as JSON over plain HTTP, for those who have no gRPC.
//!
//! ```text
//! $ curl localhost:2379/v3/kv/range -d '{"key":"Zm9v"}'
//! {"header":{…,"revision":"3"},"kvs":[{"key":"Zm9v",…,"value":"YmFy"}],"count":"1"}
//! ```
//!
//! A request is translated into the gRPC request that it stands for, and goes the way of all gRPC
//! requests, to the same router. So whatever a service checks is checked here too, and nothing in
//! here knows a service: [`paths`] names the methods, and the descriptors say what their messages
//! look like ([`schema`]).
//!
//! Methods that answer many messages answer one line each, `{"result":…}`, for as long as it takes.
//! Methods that take many read one JSON value after the other from the body, and the end of the
//! body ends the requests, not the answers.
//!
//! Left out: the upgrade to a web socket that etcd has on these paths.

mod failure;
mod frames;
mod paths;
mod schema;

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::Router;
use axum::body::{Body, BodyDataStream, to_bytes};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::{Buf, Bytes, BytesMut};
use tokio_stream::{Stream, StreamExt, once};
use tonic::Status;
use tower::ServiceExt;

use self::frames::{Messages, frame};
use self::paths::PATHS;
use self::schema::{Method, pool};

/// How long a client waits, in gRPC as in etcd's gateway.
const TIMEOUT: &str = "grpc-timeout";

/// Headers of HTTP that begin so are metadata of gRPC without it.
const METADATA_PREFIX: &str = "grpc-metadata-";

/// The paths, served by `services`. A request may be so long, as a message; base64 takes a third
/// more, and so many again are for all the rest.
pub(crate) fn routes(services: &Router, message_bytes_max: usize) -> Router {
    let pool = pool();
    let mut router = Router::new();
    for (path, name) in PATHS {
        let gateway = Gateway {
            method: Arc::new(Method::find(&pool, name)),
            services: services.clone(),
            body_bytes_max: message_bytes_max.saturating_mul(2),
        };
        let call = post(async move |request: Request| {
            let answers_many = gateway.method.answers_many;
            gateway.call(request).await.unwrap_or_else(|status| {
                if answers_many {
                    failure::stream_response(&status)
                } else {
                    failure::response(&status)
                }
            })
        });
        router = router.route(path, call.fallback(only_post));
    }
    router
}

async fn only_post() -> Response {
    (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "POST")], "Method Not Allowed\n")
        .into_response()
}

/// One method, behind its path.
#[derive(Clone)]
struct Gateway {
    method: Arc<Method>,
    services: Router,
    body_bytes_max: usize,
}

impl Gateway {
    async fn call(self, request: Request) -> Result<Response, Status> {
        let (Parts { headers, .. }, body) = request.into_parts();
        let body = if self.method.takes_many {
            self.requests(body).await?
        } else {
            self.request(body).await?.into()
        };
        let answer = self.services.oneshot(grpc(&self.method, &headers, body)).await;
        let answer = answer.unwrap_or_else(|never| match never {});
        if let Some(status) = Status::from_header_map(answer.headers())
            && status.code() != tonic::Code::Ok
        {
            return Err(status);
        }
        let mut messages = Messages::new(answer.into_body());
        let first = poll_fn(|context| messages.poll_next(context)).await.transpose()?;
        let json = HeaderValue::from_static("application/json");
        let body = if self.method.answers_many {
            let first = first.map(|message| line(&self.method, Ok(message)));
            let rest = Lines { method: Some(self.method), messages };
            Body::from_stream(tokio_stream::iter(first).chain(rest).map(Ok::<_, Status>))
        } else {
            let message = first.ok_or_else(|| Status::internal("there is no answer"))?;
            self.method.answer(message)?.into()
        };
        Ok(([(header::CONTENT_TYPE, json)], body).into_response())
    }

    /// The one request. An empty body is an empty message, as in etcd.
    async fn request(&self, body: Body) -> Result<Bytes, Status> {
        let text = to_bytes(body, self.body_bytes_max).await;
        let text = text.map_err(|error| Status::resource_exhausted(error.to_string()))?;
        match self.method.request(&text) {
            Some(request) => Ok(frame(&request?.0)),
            None if text.iter().all(u8::is_ascii_whitespace) => Ok(frame(&[])),
            None => Err(Status::invalid_argument("unexpected EOF")),
        }
    }

    /// The requests, as they come. The first is waited for, so that it can be refused aloud.
    async fn requests(&self, body: Body) -> Result<Body, Status> {
        let mut requests = Requests {
            method: self.method.clone(),
            body: body.into_data_stream(),
            pending: BytesMut::new(),
            pending_max: self.body_bytes_max,
        };
        let first = requests.next().await.transpose()?;
        Ok(match first {
            Some(first) => Body::from_stream(once(Ok(first)).chain(requests)),
            None => Body::empty(),
        })
    }
}

/// The gRPC request, with what the other one's headers say about who asks, and for how long.
fn grpc(method: &Method, headers: &HeaderMap, body: Body) -> Request {
    let mut request = Request::post(&*method.path).body(body).expect("a path of a method is one");
    *request.version_mut() = Version::HTTP_2;
    let into = request.headers_mut();
    into.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    into.insert(header::TE, HeaderValue::from_static("trailers"));
    for (name, value) in headers {
        let metadata = name.as_str().strip_prefix(METADATA_PREFIX);
        if *name == header::AUTHORIZATION || *name == TIMEOUT {
            into.append(name, value.clone());
        } else if let Some(Ok(name)) = metadata.map(HeaderName::try_from) {
            into.append(name, value.clone());
        }
    }
    request
}

/// A line of an answer of many.
fn line(method: &Method, message: Result<Bytes, Status>) -> Bytes {
    let mut line = match message.and_then(|message| method.answer(message)) {
        Ok(json) => [b"{\"result\":", &json[..], b"}"].concat(),
        Err(status) => failure::stream_body(&status).to_string().into_bytes(),
    };
    line.push(b'\n');
    line.into()
}

/// The lines of an answer, as its messages come. A failure is the last one.
struct Lines {
    /// Until the end.
    method: Option<Arc<Method>>,
    messages: Messages,
}

impl Stream for Lines {
    type Item = Bytes;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let Some(method) = self.method.clone() else { return Poll::Ready(None) };
        let message = ready!(self.messages.poll_next(context));
        if !matches!(message, Some(Ok(_))) {
            self.method = None;
        }
        Poll::Ready(message.map(|message| line(&method, message)))
    }
}

/// The messages in a body of JSON, as they come. What is malformed ends them.
struct Requests {
    method: Arc<Method>,
    body: BodyDataStream,
    pending: BytesMut,
    pending_max: usize,
}

impl Stream for Requests {
    type Item = Result<Bytes, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let this = &mut *self;
            match this.method.request(&this.pending) {
                Some(Ok((message, length))) => {
                    this.pending.advance(length);
                    return Poll::Ready(Some(Ok(frame(&message))));
                }
                Some(Err(status)) => return Poll::Ready(Some(Err(status))),
                None if this.pending.len() > this.pending_max => {
                    let status = Status::resource_exhausted("length limit exceeded");
                    return Poll::Ready(Some(Err(status)));
                }
                None => {}
            }
            match ready!(Pin::new(&mut this.body).poll_next(context)) {
                Some(Ok(data)) => this.pending.extend_from_slice(&data),
                Some(Err(error)) => {
                    return Poll::Ready(Some(Err(Status::unavailable(error.to_string()))));
                }
                None => return Poll::Ready(None),
            }
        }
    }
}
