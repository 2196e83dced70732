//! Connections: HTTP/1 and HTTP/2 (which gRPC is) on one port, told apart by their first bytes.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::Request;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tls::{Acceptor, Stream};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tower::ServiceExt;
use tracing::{debug, warn};

use crate::authority::AnyAuthority;

/// How long a shutdown waits for requests that are being answered.
const GRACE: Duration = Duration::from_secs(2);

/// How long to wait when no connection can be accepted, say because there are no more files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Where clients connect.
#[derive(Debug)]
pub struct Listener {
    /// The socket.
    pub socket: TcpListener,
    /// The TLS that they must speak there. `None` for none.
    pub tls: Option<Arc<Acceptor>>,
    /// Whether the certificate that a client shows says which user it is.
    pub certificates_name_users: bool,
}

/// What is known of the other end of a connection. Each of its requests has it as an extension.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) is_encrypted: bool,
    /// The user that its certificate names.
    pub(crate) user: Option<Arc<str>>,
}

impl Peer {
    fn of(stream: &Stream, certificates_name_users: bool) -> Self {
        let certificate = stream.certificate().filter(|_| certificates_name_users);
        let user = certificate.and_then(|certificate| certificate.common_name()).map(Into::into);
        Self { is_encrypted: matches!(stream, Stream::Encrypted(_)), user }
    }
}

/// What clients may do on one connection.
#[derive(Clone, Copy, Debug)]
pub struct Streams {
    /// How many requests they may have under way.
    pub count_max: u32,
    /// How long they may be silent before they are asked whether they are there. `None` for ever.
    pub silence_max: Option<Duration>,
    /// How long they may take to answer that.
    pub patience: Duration,
}

impl Default for Streams {
    /// As etcd has it.
    fn default() -> Self {
        let (silence_max, patience) = (Duration::from_hours(2), Duration::from_secs(20));
        Self { count_max: u32::MAX, silence_max: Some(silence_max), patience }
    }
}

/// Serves `router` on `listeners` until `shutdown`.
///
/// Then it accepts no more connections, lets the requests that are being answered finish, for two
/// seconds at most, and closes what is left. Streams may last for ever, so they are cut off.
pub async fn serve(
    listeners: Vec<Listener>,
    router: Router,
    streams: Streams,
    shutdown: impl Future<Output = ()>,
) {
    let graceful = GracefulShutdown::new();
    let mut accepts: JoinSet<_> = listeners.into_iter().map(accept).collect();
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            Some(Ok((listener, stream, peer))) = accepts.join_next() => {
                let door = (listener.tls.clone(), listener.certificates_name_users);
                accepts.spawn(accept(listener));
                let (router, watcher) = (router.clone(), graceful.watcher());
                let builder = builder(streams);
                connections.spawn(connection(builder, stream, door, peer, router, watcher));
            }
            // Not to keep a note of each connection that there ever was.
            Some(_) = connections.join_next() => {}
        }
    }
    drop(accepts);
    if timeout(GRACE, graceful.shutdown()).await.is_err() {
        debug!(count = connections.len(), "closing connections that are still in use");
    }
}

/// Waits for the next connection, however long that takes.
async fn accept(listener: Listener) -> (Listener, TcpStream, SocketAddr) {
    loop {
        match listener.socket.accept().await {
            Ok((stream, peer)) => return (listener, stream, peer),
            Err(error) => {
                warn!(%error, "cannot accept a connection");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Answers the requests of one connection. One that is neither HTTP/1 nor HTTP/2 gets a 400, if
/// that makes any sense, and is closed.
async fn connection(
    builder: Builder<TokioExecutor>,
    socket: TcpStream,
    (tls, certificates_name_users): (Option<Arc<Acceptor>>, bool),
    address: SocketAddr,
    router: Router,
    watcher: Watcher,
) {
    let stream = match open(socket, tls).await {
        Ok(stream) => stream,
        Err(error) => {
            debug!(peer = %address, %error, "the connection broke at once");
            return;
        }
    };
    let peer = Peer::of(&stream, certificates_name_users);
    let service = TowerToHyperService::new(router.map_request(move |mut request: Request<_>| {
        request.extensions_mut().insert(peer.clone());
        request
    }));
    let served =
        builder.serve_connection_with_upgrades(TokioIo::new(AnyAuthority::new(stream)), service);
    if let Err(error) = watcher.watch(served.into_owned()).await {
        debug!(peer = %address, error, "the connection broke");
    }
}

/// What is spoken. Pings are welcome at any rate, since clients differ.
fn builder(streams: Streams) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new());
    let mut http2 = builder.http2();
    http2.timer(TokioTimer::new()).max_concurrent_streams(streams.count_max);
    http2.keep_alive_interval(streams.silence_max).keep_alive_timeout(streams.patience);
    builder
}

async fn open(socket: TcpStream, tls: Option<Arc<Acceptor>>) -> io::Result<Stream> {
    socket.set_nodelay(true)?;
    match tls {
        None => Ok(Stream::Plain(socket)),
        Some(acceptor) => acceptor.accept(socket).await,
    }
}
