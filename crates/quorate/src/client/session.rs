//! A lease for as long as a command takes: what it holds goes when the command ends, also if it is
//! killed.

use std::io;

use bytes::Bytes;
use etcdpb::etcdserverpb::RangeRequest;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::endpoints::{Endpoints, kv_client};
use super::lease;
use super::output::Format;
use super::usage::Failure;

/// A lease that is kept alive while somebody waits for [`Session::lost`].
pub(crate) struct Session<'a> {
    endpoints: &'a Endpoints,
    pub(crate) lease: i64,
}

impl<'a> Session<'a> {
    pub(crate) async fn begin(endpoints: &'a Endpoints, ttl: i64) -> Result<Self, Failure> {
        let lease = lease::grant(endpoints, ttl).await?.id;
        Ok(Self { endpoints, lease })
    }

    /// Keeps the lease alive. Ends only when it is lost.
    pub(crate) async fn lost(&self) -> Failure {
        match lease::keep_alive(self.endpoints, self.lease, |_| Ok(())).await {
            Ok(()) => Failure::Failed("session expired".to_owned()),
            Err(failure) => failure,
        }
    }

    /// Prints what a key of the session holds, as `get` does.
    pub(crate) async fn show(&self, key: Bytes, format: Format) -> Result<(), Failure> {
        let request = RangeRequest { key, ..RangeRequest::default() };
        let call = async |channel| kv_client(channel).range(request.clone()).await;
        let answer = self.endpoints.read(call).await?;
        if answer.kvs.is_empty() {
            return Err(Failure::Failed("lost on init".to_owned()));
        }
        format.print_any(&answer)
    }

    /// Gives up what the session holds.
    pub(crate) async fn end(self) -> Result<(), Failure> {
        lease::revoke(self.endpoints, self.lease).await.map(drop)
    }
}

/// What asks a program to end.
pub(crate) struct Interrupt {
    interrupt: Signal,
    terminate: Signal,
}

impl Interrupt {
    /// From now on, signals do not end the program by themselves.
    pub(crate) fn new() -> io::Result<Self> {
        let interrupt = signal(SignalKind::interrupt())?;
        Ok(Self { interrupt, terminate: signal(SignalKind::terminate())? })
    }

    /// Ends when the program is asked to end.
    pub(crate) async fn came(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
