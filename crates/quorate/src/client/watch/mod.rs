//! `quorate watch`: tell what changes, as it happens.
//!
//! When a connection breaks, the watch goes on at another server with the revision that comes next,
//! so that nothing is lost or told twice. The words, and what is printed, are `etcdctl`'s.

mod hook;
mod interactive;
mod output;

use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use clap::Args;
use etcdpb::etcdserverpb::watch_client::WatchClient;
use etcdpb::etcdserverpb::watch_request::RequestUnion;
use etcdpb::etcdserverpb::{WatchCreateRequest, WatchProgressRequest, WatchRequest, WatchResponse};
use futures_util::stream::unfold;
use tokio::sync::Notify;
use tokio::time::sleep;
use tokio_stream::StreamExt;
use tonic::metadata::MetadataValue;
use tonic::{Code, Request, Response, Status, Streaming};

use self::hook::Hook;
use super::endpoints::Endpoints;
use super::keys::{OPEN, bytes, prefix_end};
use super::login::Channel;
use super::output::{Format, print};
use super::usage::Failure;

/// The pause after no server could be reached, before they are tried again.
pub(super) const PAUSE: Duration = Duration::from_millis(200);

/// What is said of a watch that is over.
const CANCELED: &str = "watch is canceled by the server";

/// The arguments of `watch`.
#[derive(Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct Watch {
    /// Watch what is typed, a line each: watch, with these arguments, or progress
    #[arg(short, long)]
    interactive: bool,
    /// The key, or the first one of a range
    #[arg(env = "ETCDCTL_WATCH_KEY")]
    key: Option<OsString>,
    /// The end of the range, itself not in it
    #[arg(env = "ETCDCTL_WATCH_RANGE_END", conflicts_with = "prefix")]
    range_end: Option<OsString>,
    /// All keys that begin with KEY
    #[arg(long)]
    prefix: bool,
    /// The revision to begin with; 0 for what happens from now on
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    rev: i64,
    /// Print what the keys held before
    #[arg(long)]
    prev_kv: bool,
    /// Print from time to time how far the watch is, if nothing happens
    #[arg(long)]
    progress_notify: bool,
    /// A command to run for each event
    #[arg(
        last = true,
        help = "A command to run for each event; it finds the event in ETCD_WATCH_EVENT_TYPE, \
                ETCD_WATCH_KEY, ETCD_WATCH_VALUE and ETCD_WATCH_REVISION"
    )]
    command: Vec<OsString>,
}

impl Watch {
    /// Watches until the server says that it is over.
    pub(crate) async fn run(self, endpoints: &Endpoints, format: Format) -> Result<(), Failure> {
        if self.interactive {
            return interactive::run(endpoints, format).await;
        }
        if self.key.is_none() {
            return Err(Failure::Usage("watch: which KEY? Or give -i".to_owned()));
        }
        self.follow_all(endpoints, format, Arc::default()).await
    }

    /// The same, and whenever there is `progress` to be told, asks how far the watch is.
    async fn follow_all(
        self,
        endpoints: &Endpoints,
        format: Format,
        progress: Arc<Notify>,
    ) -> Result<(), Failure> {
        let (mut request, hook) = self.into_request();
        let mut is_first = true;
        loop {
            let opened =
                endpoints.read(async |channel| open(channel, &request, &progress).await).await;
            match opened {
                Ok(responses) => {
                    is_first = false;
                    follow(responses, &mut request, hook.as_ref(), format).await?;
                }
                Err(failure) if is_first => return Err(failure),
                // There was a server, and there may be one again.
                Err(_) => {}
            }
            sleep(PAUSE).await;
        }
    }

    fn into_request(self) -> (WatchCreateRequest, Option<Hook>) {
        let key = bytes(self.key.unwrap_or_default());
        let (key, range_end) = match (self.prefix, key.is_empty()) {
            (true, true) => (OPEN, OPEN),
            (true, false) => (key.clone(), prefix_end(&key)),
            (false, _) => (key, self.range_end.map_or_else(Bytes::new, bytes)),
        };
        let request = WatchCreateRequest {
            key,
            range_end,
            start_revision: self.rev,
            prev_kv: self.prev_kv,
            progress_notify: self.progress_notify,
            ..WatchCreateRequest::default()
        };
        (request, Hook::new(self.command))
    }
}

/// Opens a stream with one watcher, of which it asks how far it is when `progress` says so. A
/// server without a leader may be cut off: it is not asked.
pub(super) async fn open(
    channel: Channel,
    create: &WatchCreateRequest,
    progress: &Arc<Notify>,
) -> Result<Response<Streaming<WatchResponse>>, Status> {
    let create = RequestUnion::CreateRequest(create.clone());
    let request = WatchRequest { request_union: Some(create) };
    // The stream of requests does not end: a server might take that for the end of all.
    let asks = unfold(progress.clone(), async |progress| {
        progress.notified().await;
        let ask = RequestUnion::ProgressRequest(WatchProgressRequest {});
        Some((WatchRequest { request_union: Some(ask) }, progress))
    });
    let requests = tokio_stream::once(request).chain(asks);
    let mut request = Request::new(requests);
    request.metadata_mut().insert("hasleader", MetadataValue::from_static("true"));
    WatchClient::new(channel).max_decoding_message_size(usize::MAX).watch(request).await
}

/// Prints what comes until the connection breaks. `request` then asks for what comes next.
async fn follow(
    mut responses: Streaming<WatchResponse>,
    request: &mut WatchCreateRequest,
    hook: Option<&Hook>,
    format: Format,
) -> Result<(), Failure> {
    loop {
        let response = match responses.message().await {
            Ok(Some(response)) => response,
            Ok(None) => return Ok(()),
            Err(status) if may_go_on(&status) => return Ok(()),
            Err(status) => return Err(Failure::Failed(status.message().to_owned())),
        };
        let revision = response.header.as_ref().map_or(0, |header| header.revision);
        if response.canceled {
            eprintln!("watch was canceled ({})", output::reason(&response));
            if format == Format::Json {
                format.print(&response)?;
            }
            return Err(Failure::Failed(CANCELED.to_owned()));
        }
        if response.created {
            if request.start_revision == 0 {
                request.start_revision = revision + 1;
            }
            continue;
        }
        if response.events.is_empty() {
            // All up to there was told.
            request.start_revision = request.start_revision.max(revision + 1);
            if format == Format::Simple {
                print(format!("progress notify: {revision}\n").as_bytes())?;
            } else {
                format.print(&response)?;
            }
            continue;
        }
        format.print(&response)?;
        let kvs = response.events.iter().filter_map(|event| event.kv.as_ref());
        let last = kvs.map(|kv| kv.mod_revision).max().unwrap_or(revision);
        request.start_revision = last + 1;
        for event in hook.iter().flat_map(|hook| response.events.iter().map(|event| (*hook, event)))
        {
            let (hook, event) = event;
            hook.run(event, revision).await?;
        }
    }
}

/// Whether another server, or this one later, may serve the rest.
pub(super) fn may_go_on(status: &Status) -> bool {
    // A connection that breaks has the code of what it broke with.
    matches!(status.code(), Code::Unavailable | Code::Unknown | Code::Cancelled | Code::Internal)
}
