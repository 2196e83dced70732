//! The service `Watch`: one task for each stream.

use std::time::Duration;

use etcdpb::etcdserverpb as pb;
use etcdpb::etcdserverpb::watch_request::RequestUnion;
use etcdpb::etcdserverpb::watch_server::Watch;
use mvcc::AuthRefusal;
use prost::Message;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt};
use tonic::codegen::BoxStream;
use tonic::{Code, Request, Response, Status, Streaming};

use super::hub::Watching;
use crate::auth::{Credentials, Who};
use crate::backend::Backend;
use crate::convert::{request, response};
use crate::frontend::Frontend;

/// Responses that wait for the connection. What else there is to say waits with the watchers,
/// where it is bounded and may become one response.
const OUTBOX: usize = 2;

/// Serves `Watch`.
pub(crate) struct WatchService<B>(pub(crate) Frontend<B>);

#[tonic::async_trait]
impl<B: Backend> Watch for WatchService<B> {
    async fn watch(
        &self,
        request: Request<Streaming<pb::WatchRequest>>,
    ) -> Result<Response<BoxStream<pb::WatchResponse>>, Status> {
        self.0.voter()?;
        let credentials = request.extensions().get().cloned().unwrap_or_default();
        let (outbox, responses) = mpsc::channel(OUTBOX);
        let stream = WatchStream {
            watching: self.0.hub().open(self.0.backend()),
            frontend: self.0.clone(),
            credentials,
            outbox,
        };
        tokio::spawn(async move {
            let outbox = stream.outbox.clone();
            if let Err(status) = stream.serve(request.into_inner()).await {
                // A client that is gone does not hear it.
                let _ = outbox.send(Err(status)).await;
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(responses))))
    }
}

/// One stream.
struct WatchStream<B> {
    frontend: Frontend<B>,
    /// Looked at for each watcher, as in etcd.
    credentials: Credentials,
    watching: Watching,
    outbox: mpsc::Sender<Result<pb::WatchResponse, Status>>,
}

impl<B: Backend> WatchStream<B> {
    /// Serves the stream until its client is gone, which is no error. A client that only has no
    /// more requests is served on.
    async fn serve(
        &self,
        mut requests: impl Stream<Item = Result<pb::WatchRequest, Status>> + Unpin,
    ) -> Result<(), Status> {
        let mut is_asking = true;
        let period = self.progress_period();
        let mut progress = interval_at(Instant::now() + period, period);
        progress.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let may_ask = is_asking && !self.watching.is_backed_up();
            tokio::select! {
                request = requests.next(), if may_ask => match request {
                    Some(request) => self.take(request.map_err(end_of_stream)?),
                    None => is_asking = false,
                },
                response = self.next() => match response {
                    Some(response) => self.send(response).await,
                    None => return Ok(()),
                },
                _ = progress.tick() => self.watching.notify_progress(),
            }
        }
    }

    fn take(&self, request: pb::WatchRequest) {
        match request.request_union {
            Some(RequestUnion::CreateRequest(create)) => {
                let request = request::watch(create);
                match self.permit(&request) {
                    Ok(()) => self.watching.create(&request),
                    Err(refusal) => self.watching.refuse(refusal.into()),
                }
            }
            Some(RequestUnion::CancelRequest(cancel)) => self.watching.cancel(cancel.watch_id),
            Some(RequestUnion::ProgressRequest(_)) => self.watching.request_progress(),
            // A request of a later version.
            None => {}
        }
    }

    /// Whether the client may have that watcher.
    fn permit(&self, request: &mvcc::WatchRequest) -> Result<(), AuthRefusal> {
        if request.start_revision < 0 {
            // It is refused for that, whoever asks.
            return Ok(());
        }
        self.frontend.backend().read(|store| match self.credentials.identify(store)? {
            Who::User(user) => {
                let key = if request.key.is_empty() { b"\0" } else { &request.key[..] };
                store.auth().may_read(&user, key, &request.range_end)
            }
            Who::Nobody | Who::System => Ok(()),
        })
    }

    /// The next response, when the connection has room for one. `None` if the client is gone.
    async fn next(&self) -> Option<mvcc::WatchResponse> {
        // The room is still there afterwards: nobody else sends.
        self.outbox.reserve().await.ok()?;
        tokio::select! {
            response = self.watching.next() => Some(response),
            () = self.outbox.closed() => None,
        }
    }

    async fn send(&self, response: mvcc::WatchResponse) {
        let bytes_max = self.frontend.options().message_bytes_max();
        let may_split = matches!(response, mvcc::WatchResponse::Events { fragment: true, .. });
        let mut response = response::watch(response);
        self.frontend.metrics().watch_events.inc_by(response.events.len() as u64);
        self.frontend.fill(&mut response.header);
        let parts = if may_split { split(response, bytes_max) } else { vec![response] };
        for part in parts {
            // That the client is gone shows with the next response.
            let _ = self.outbox.send(Ok(part)).await;
        }
    }

    /// How long a watcher hears nothing before it is told how far it is. Streams differ by up to a
    /// tenth, so that they are not all told at once.
    fn progress_period(&self) -> Duration {
        let period = self.frontend.options().watch_progress_interval;
        period + period / 10 * self.watching.sixteenth() / 16
    }
}

/// What a client is told whose stream broke: etcd's words.
fn end_of_stream(status: Status) -> Status {
    match status.code() {
        Code::Cancelled => Status::cancelled("etcdserver: watch canceled"),
        _ => status,
    }
}

/// Splits the events over responses that are not longer than that, unless one event alone is. All
/// but the last say that more follows.
fn split(response: pb::WatchResponse, bytes_max: usize) -> Vec<pb::WatchResponse> {
    if response.events.len() < 2 || response.encoded_len() < bytes_max {
        return vec![response];
    }
    let pb::WatchResponse { events, .. } = response;
    let empty = pb::WatchResponse { events: Vec::new(), fragment: true, ..response };
    let mut parts = vec![empty.clone()];
    let mut bytes = empty.encoded_len();
    for event in events {
        let event_bytes = event.encoded_len() + MESSAGE_HEAD_BYTES;
        let part = parts.last_mut().expect("there is always one");
        if bytes + event_bytes >= bytes_max && !part.events.is_empty() {
            parts.push(pb::WatchResponse { events: vec![event], ..empty.clone() });
            bytes = empty.encoded_len() + event_bytes;
        } else {
            part.events.push(event);
            bytes += event_bytes;
        }
    }
    parts.last_mut().expect("there is always one").fragment = false;
    parts
}

/// What a message within another takes beside itself: a tag, and a length below 4 GiB.
const MESSAGE_HEAD_BYTES: usize = 6;

#[cfg(test)]
mod tests {
    use etcdpb::mvccpb;

    use super::*;

    #[test]
    fn a_long_response_is_split_between_events() {
        let event = |bytes: usize| mvccpb::Event {
            kv: Some(mvccpb::KeyValue { value: vec![0; bytes].into(), ..Default::default() }),
            ..Default::default()
        };
        let check = |sizes: &[usize], expected: &[usize]| {
            let events = sizes.iter().map(|bytes| event(*bytes)).collect();
            let response = pb::WatchResponse { watch_id: 7, events, ..Default::default() };
            let parts = split(response, 1000);
            let lengths: Vec<_> = parts.iter().map(|part| part.events.len()).collect();
            assert_eq!(lengths, expected);
            let (last, others) = parts.split_last().unwrap();
            assert!(!last.fragment && others.iter().all(|part| part.fragment));
            assert!(parts.iter().all(|part| part.watch_id == 7));
            for part in parts.iter().filter(|part| part.events.len() > 1) {
                assert!(part.encoded_len() < 1000);
            }
        };
        check(&[], &[0]);
        check(&[400, 400], &[2]);
        check(&[5000], &[1]);
        check(&[400, 400, 400], &[2, 1]);
        check(&[5000, 100, 100, 5000, 5000], &[1, 2, 1, 1]);
    }
}
