//! What holds for every call of gRPC, whatever its method: what a client may say of the call in its
//! metadata, and what ends calls that would go on.
//!
//! | metadata | says |
//! | --- | --- |
//! | `hasleader: true` | without a leader, I want to be sent away |
//! | `client-api-version` | which version the client is of; it has to be text |
//! | `grpc-timeout` | how long the client waits |
//!
//! Who insists on a leader is sent away at once, and from a stream when there was none for a while.
//!
//! A member that stops ends its streams first, so that their clients go on elsewhere, and a second
//! later what else is still asked. Both are told `etcdserver: server stopped`.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::str;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use bytes::Bytes;
use prost_reflect::{DescriptorPool, MethodDescriptor};
use tokio::sync::watch;
use tokio::time::{Instant, interval_at, sleep};
use tonic::Status;

use crate::backend::{Backend, Failure};
use crate::frontend::Frontend;
use crate::status::Error;

/// A stream whose client insists on a leader ends when there was none, so many times in a row.
const LEADERLESS_LOOKS: u32 = 3;

/// How long a member that stops goes on with calls that have one answer.
const CALLS_GRACE: Duration = Duration::from_secs(1);

/// How far a member is with stopping. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Stopping(Arc<watch::Sender<Stage>>);

/// What a member still serves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    #[default]
    Everything,
    NoStreams,
    Nothing,
}

impl Default for Stopping {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::default()))
    }
}

impl Stopping {
    /// Ends the streams now, and everything else soon.
    pub(crate) fn begin(&self) {
        self.0.send_replace(Stage::NoStreams);
        let last = self.clone();
        tokio::spawn(async move {
            sleep(CALLS_GRACE).await;
            last.0.send_replace(Stage::Nothing);
        });
    }

    async fn reached(&self, stage: Stage) {
        // The sender is here, so the wait cannot end without it.
        let _ = self.0.subscribe().wait_for(|now| *now >= stage).await;
    }
}

/// Has the calls of these services attended to.
pub(crate) fn attend<B: Backend>(services: Router, frontend: &Frontend<B>) -> Router {
    let attendant = Attendant { frontend: frontend.clone(), streams: Arc::new(streams()) };
    services.layer(from_fn_with_state(attendant, attend_to))
}

/// The paths of the methods that answer many messages.
fn streams() -> BTreeSet<String> {
    let pool = DescriptorPool::decode(etcdpb::DESCRIPTORS).expect("the compiler made them");
    let methods = pool.services().flat_map(|service| service.methods().collect::<Vec<_>>());
    let path = |method: MethodDescriptor| {
        format!("/{}/{}", method.parent_service().full_name(), method.name())
    };
    methods.filter(MethodDescriptor::is_server_streaming).map(path).collect()
}

#[derive(Clone)]
struct Attendant<B> {
    frontend: Frontend<B>,
    streams: Arc<BTreeSet<String>>,
}

async fn attend_to<B: Backend>(
    State(Attendant { frontend, streams }): State<Attendant<B>>,
    request: Request,
    next: Next,
) -> Response {
    let headers = request.headers();
    let (insists, deadline) = (wants_leader(headers), deadline(headers));
    if !names_its_version(headers) {
        return Status::from(Error::InvalidClientApiVersion).into_http();
    }
    if insists && frontend.backend().status().leader.is_none() {
        return stop_of(Failure::NoLeader).into_http();
    }
    let is_stream = streams.contains(request.uri().path());
    let last = if is_stream { Stage::NoStreams } else { Stage::Nothing };
    let end = end(frontend, last, insists && is_stream, deadline);
    let mut end = Box::pin(end);
    let response = tokio::select! {
        response = next.run(request) => response,
        status = &mut end => return status.into_http(),
    };
    match Status::from_header_map(response.headers()) {
        Some(failed) => in_gos_words(&failed).map_or(response, Status::into_http),
        None if is_stream => response.map(|body| Body::new(Ended { body, end: Some(end) })),
        None => response,
    }
}

/// Whatever ends the call from outside.
async fn end<B: Backend>(
    frontend: Frontend<B>,
    last: Stage,
    insists: bool,
    deadline: Option<Duration>,
) -> Status {
    tokio::select! {
        () = frontend.stopping().reached(last) => stop_of(Failure::Stopped),
        () = leaderless(&frontend), if insists => stop_of(Failure::NoLeader),
        () = sleep(deadline.unwrap_or_default()), if deadline.is_some() => {
            Status::deadline_exceeded("context deadline exceeded")
        }
    }
}

fn stop_of(failure: Failure) -> Status {
    Error::from(failure).into()
}

/// Ends when there was no leader for a while.
async fn leaderless<B: Backend>(frontend: &Frontend<B>) {
    let period = frontend.options().election_timeout;
    let mut looks = interval_at(Instant::now() + period, period);
    let mut without = 0;
    while without < LEADERLESS_LOOKS {
        looks.tick().await;
        let has_leader = frontend.backend().status().leader.is_some();
        without = if has_leader { 0 } else { without + 1 };
    }
}

/// Whether a client says that it wants no service from a member without a leader.
fn wants_leader(headers: &HeaderMap) -> bool {
    headers.get("hasleader").is_some_and(|value| value == "true")
}

/// Whether what a client says of its version, if it says anything, is text.
fn names_its_version(headers: &HeaderMap) -> bool {
    let version = headers.get("client-api-version");
    version.is_none_or(|version| str::from_utf8(version.as_bytes()).is_ok())
}

/// How long a client waits, if it says so and can be understood.
fn deadline(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let number = u64::from(digits.parse::<u32>().ok()?);
    Some(match unit {
        "H" => Duration::from_hours(number),
        "M" => Duration::from_mins(number),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        "n" => Duration::from_nanos(number),
        _ => return None,
    })
}

/// What Go's library says of a message that is too long, which clients of etcd know; tonic has
/// other words, and another code.
fn in_gos_words(status: &Status) -> Option<Status> {
    let text = "Error, decoded message length too large: found ";
    let lengths = status.message().strip_prefix(text)?;
    let (length, max) = lengths.strip_suffix(" bytes")?.split_once(" bytes, the limit is: ")?;
    let text = format!("grpc: received message larger than max ({length} vs. {max})");
    Some(Status::resource_exhausted(text))
}

/// The body of an answer of many messages, which may be ended between two of them.
struct Ended<E> {
    body: Body,
    /// What ends it, until something has.
    end: Option<Pin<Box<E>>>,
}

impl<E: Future<Output = Status> + Send + 'static> HttpBody for Ended<E> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame, axum::Error>>> {
        let Some(end) = &mut self.end else { return Poll::Ready(None) };
        if let Poll::Ready(status) = end.as_mut().poll(context) {
            // Whoever makes the messages is let go.
            (self.body, self.end) = (Body::empty(), None);
            return Poll::Ready(Some(Ok(Frame::trailers(trailers_of(&status)))));
        }
        let frame = Pin::new(&mut self.body).poll_frame(context);
        frame.map(|frame| Some(frame?.map(said_in_gos_words)))
    }

    fn is_end_stream(&self) -> bool {
        self.end.is_none() || self.body.is_end_stream()
    }
}

type Frame = hyper::body::Frame<Bytes>;

fn said_in_gos_words(frame: Frame) -> Frame {
    let trailers = frame.trailers_ref();
    let failed = trailers.and_then(Status::from_header_map);
    match failed.and_then(|failed| in_gos_words(&failed)) {
        Some(status) => Frame::trailers(trailers_of(&status)),
        None => frame,
    }
}

fn trailers_of(status: &Status) -> HeaderMap {
    let mut trailers = HeaderMap::new();
    status.add_header(&mut trailers).expect("our texts can be headers");
    trailers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_read_as_grpc_writes_it() {
        let check = |text: &str, expected: Option<Duration>| {
            let mut headers = HeaderMap::new();
            headers.insert("grpc-timeout", text.parse().unwrap());
            assert_eq!(deadline(&headers), expected, "{text}");
        };
        check("2H", Some(Duration::from_hours(2)));
        check("3M", Some(Duration::from_mins(3)));
        check("99999999S", Some(Duration::from_secs(99_999_999)));
        check("7m", Some(Duration::from_millis(7)));
        check("8u", Some(Duration::from_micros(8)));
        check("9n", Some(Duration::from_nanos(9)));
        check("7", None);
        check("m", None);
        check("-7m", None);
        check("7 m", None);
        check("", None);
    }

    #[test]
    fn what_is_too_long_is_told_as_go_does() {
        let said = "Error, decoded message length too large: found 9 bytes, the limit is: 7 bytes";
        let told = in_gos_words(&Status::out_of_range(said)).unwrap();
        assert_eq!(told.message(), "grpc: received message larger than max (9 vs. 7)");
        assert!(in_gos_words(&Status::out_of_range("etcdserver: too large lease TTL")).is_none());
    }

    #[test]
    fn streams_are_known_by_their_path() {
        let streams = streams();
        assert!(streams.contains("/etcdserverpb.Watch/Watch"), "{streams:?}");
        assert!(!streams.contains("/etcdserverpb.KV/Range"), "{streams:?}");
    }
}
