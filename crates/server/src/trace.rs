//! A member's trace over HTTP: server-sent events, one record each; and what it remembers, as
//! lines.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use host::Handle;
use mvcc::AuthRefusal;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt, once};
use trace::{Event, Record, Timing};

/// The timers of a cluster that is configured so.
pub fn timing(config: &host::Config) -> Timing {
    let us = |time: std::time::Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    let patience = us(config.election_timeout);
    Timing { election_us: (patience, 2 * patience), heartbeat_us: us(config.heartbeat_interval) }
}

/// Refuses a trace to somebody who may not see what is written.
pub(crate) fn refuse(refusal: AuthRefusal) -> Response {
    let code = match refusal {
        AuthRefusal::PermissionDenied => StatusCode::FORBIDDEN,
        _ => StatusCode::UNAUTHORIZED,
    };
    let why = format!("while authentication is on, only administrators see the trace: {refusal}\n");
    (code, why).into_response()
}

/// Streams what the member of that name does from now on: `hello`, a `key`, and then what happens.
/// It ends when whoever listens may not any more.
pub(crate) async fn stream<R>(
    member: &Handle<R>,
    name: String,
    hello: Event,
    may_see: impl Fn() -> bool + Send + 'static,
) -> Response {
    let refuse = |why: &'static str| (StatusCode::SERVICE_UNAVAILABLE, why).into_response();
    let Ok(mut batches) = member.watch().await else { return refuse("the member stopped\n") };
    let Some(first) = batches.recv().await else { return refuse("too many watch already\n") };
    let mut hello = Some(hello);
    let mut number = 0;
    let batches = once(first).chain(ReceiverStream::new(batches)).take_while(move |_| may_see());
    let records = batches.map(move |batch| {
        let mut lines = Vec::new();
        let mut tell = |n: Option<&String>, (t, event): (u64, Event)| {
            lines.push(Record { i: number, t, n: n.cloned(), event });
            number += 1;
        };
        for (t, event) in batch.iter() {
            if let Some(hello) = hello.take() {
                tell(None, (*t, hello));
            }
            tell(Some(&name), (*t, event.clone()));
        }
        lines
    });
    server_sent_events(records)
}

/// What the member of that name remembers of elections and changes of the members: a hello, and
/// records with keys among them, a line each.
pub(crate) async fn recalled<R>(member: &Handle<R>, name: String, hello: Event) -> Response {
    let Ok(events) = member.recall().await else {
        return (StatusCode::SERVICE_UNAVAILABLE, "the member stopped\n").into_response();
    };
    let began = events.first().map_or(0, |(t, _)| *t);
    let events = events.into_iter().map(|(t, event)| (t, Some(name.clone()), event));
    recording(std::iter::once((began, None, hello)).chain(events))
}

/// An answer of these records, a line each: when, of which member, and what.
pub fn recording(events: impl IntoIterator<Item = (u64, Option<String>, Event)>) -> Response {
    let mut text = Vec::new();
    for (i, (t, n, event)) in (0..).zip(events) {
        let record = Record { i, t, n, event };
        record.write_line(&mut text).expect("memory takes what is written");
    }
    let headers =
        [(header::CONTENT_TYPE, "application/x-ndjson"), (header::CACHE_CONTROL, "no-store")];
    (headers, text).into_response()
}

/// An answer that streams records as they come, as server-sent events.
pub fn server_sent_events(batches: impl Stream<Item = Vec<Record>> + Send + 'static) -> Response {
    // The comment makes a browser's stream open at once.
    let open = once(Bytes::from_static(b": the format is docs/trace.md\n\n"));
    let events = batches.map(|records| {
        let mut text = Vec::new();
        for record in records {
            text.extend_from_slice(b"data: ");
            serde_json::to_writer(&mut text, &record).expect("records have no odd keys");
            text.extend_from_slice(b"\n\n");
        }
        Bytes::from(text)
    });
    let body = Body::from_stream(open.chain(events).map(Ok::<_, std::convert::Infallible>));
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
