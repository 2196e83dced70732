//! A real etcd to compare with.

use std::io::{self, Write};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use etcdpb::etcdserverpb::maintenance_client::MaintenanceClient;
use etcdpb::etcdserverpb::{ResponseHeader, StatusRequest};
use tempfile::TempDir;
use tokio::time::sleep;
use tonic::Status;
use tonic::transport::Channel;

/// A running etcd with an empty store. Ends when it is dropped.
pub(crate) struct Etcd {
    child: Child,
    client: String,
    _data: TempDir,
}

impl Etcd {
    /// Starts one. `None`, loudly, if it is not installed; a panic, if it has to be
    /// (`QUORATE_REQUIRE_TOOLS=1`).
    pub(crate) fn start() -> Option<Self> {
        Self::start_with(&[])
    }

    /// Starts one with these flags, too.
    pub(crate) fn start_with(flags: &[&str]) -> Option<Self> {
        let free = || TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        // Both are open at once, so they differ.
        let [client, peer] = [free(), free()].map(|listener| {
            let address = listener.local_addr().expect("a bound socket has an address");
            format!("http://{address}")
        });
        let data = tempfile::tempdir().expect("there is room for a directory");
        let child = Command::new("etcd")
            .arg("--data-dir")
            .arg(data.path())
            .args(["--name", "n1", "--initial-cluster", &format!("n1={peer}")])
            .args(["--listen-client-urls", &client, "--advertise-client-urls", &client])
            .args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer])
            .args(flags)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        match child {
            Ok(child) => Some(Self { child, client, _data: data }),
            Err(error) => {
                skip("etcd", &error);
                None
            }
        }
    }

    /// Where it listens for clients, without `http://`.
    pub(crate) fn address(&self) -> String {
        self.client.trim_start_matches("http://").to_owned()
    }

    /// Waits until it has a leader, and connects.
    pub(crate) async fn channel(&mut self) -> Channel {
        let endpoint = Channel::from_shared(self.client.clone()).expect("it is an address");
        let has_leader = async |channel: Channel| {
            let status = MaintenanceClient::new(channel).status(StatusRequest {}).await;
            status.is_ok_and(|status| status.into_inner().leader != 0)
        };
        for _ in 0..300 {
            if let Ok(channel) = endpoint.connect().await
                && has_leader(channel.clone()).await
            {
                // Or else somebody else took the address first, and it is theirs that serves.
                let ended = self.child.try_wait().expect("etcd is our child");
                assert_eq!(ended, None, "etcd ended: its address was taken");
                return channel;
            }
            sleep(Duration::from_millis(100)).await;
        }
        panic!("etcd does not come up");
    }
}

impl Drop for Etcd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Says loudly that a test is skipped because a tool cannot be run, which is a panic if it has to
/// be (`QUORATE_REQUIRE_TOOLS=1`).
pub(crate) fn skip(tool: &str, error: &io::Error) {
    let required = std::env::var_os("QUORATE_REQUIRE_TOOLS");
    assert!(required.is_none_or(|value| value != "1"), "cannot run {tool}: {error}");
    // Not eprintln!, which the test runner swallows.
    let _ = writeln!(io::stderr(), "SKIPPED: cannot run {tool}: {error}");
}

/// An answer as it is compared: of its header only the revision, for two servers never share the
/// rest.
pub(crate) fn text<T: std::fmt::Debug>(
    answer: Result<T, Status>,
    header: impl Fn(&mut T) -> &mut Option<ResponseHeader>,
) -> String {
    match answer {
        Ok(mut answer) => {
            let header = header(&mut answer).as_mut().expect("every answer has a header");
            *header = ResponseHeader { revision: header.revision, ..Default::default() };
            format!("{answer:?}")
        }
        Err(status) => format!("{:?} {}", status.code(), status.message()),
    }
}
