//! The tests that the makers of a client wrote for it, against three of our members.
//!
//! `etcd-client` is the Rust client that most use. Its package has its tests in it, which want a
//! cluster at `localhost:2379`, as its `Justfile` sets one up. They are fetched, and not kept here.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::command::{cargo, is_installed, read, run};

const PACKAGE: &str = "etcd-client-0.21.1";
const URL: &str = "https://static.crates.io/crates/etcd-client/etcd-client-0.21.1.crate";
const SHA256: &str = "c46b85f82f5189ce66d901425833ee2d94440a571e8071252db5776cc66dea63";
/// Where its tests look for a cluster.
const PORT: u16 = 2379;
/// What they expect of it: that tokens end soon, and that large answers are cut in pieces.
const FLAGS: [&str; 4] = ["--auth-token-ttl", "2", "--max-request-bytes", "10240"];
/// This one wants a member that is alone, as it says itself: it asks for a header when leadership
/// has moved, and etcd answers without.
const NOT_FOR_CLUSTERS: &str = "test_move_leader";
const MEMBERS: u16 = 3;
const PATIENCE: Duration = Duration::from_secs(30);

/// Fetches the client, if it is not here yet, and runs its tests.
pub(crate) fn etcd_client(root: &Path) -> Result<()> {
    for (program, package) in
        [("curl", "curl"), ("protoc", "protobuf-compiler and libprotobuf-dev")]
    {
        if !is_installed(program) {
            bail!("the tests of etcd-client need {program} (of Debian: {package})");
        }
    }
    let directory = root.join("target/suites");
    fs::create_dir_all(&directory)
        .with_context(|| format!("cannot make {}", directory.display()))?;
    fetch(&directory)?;
    run(&mut cargo(root, &["build", "--release", "--locked", "--package", "quorate"]))?;
    let package = directory.join(PACKAGE);
    run(&mut cargo(&package, &["test", "--locked", "--no-run"]))?;

    let program = root.join("target/release/quorate");
    let cluster = Cluster::start(&program, &directory.join("data"))?;
    cluster.prepare()?;
    let test = ["test", "--locked", "--no-fail-fast", "--", "--skip", NOT_FOR_CLUSTERS];
    run(&mut cargo(&package, &test))?;
    // These it ignores for the sake of old versions of etcd.
    let streams = ["test", "--locked", "--test", "client", "test_get_stream", "--", "--ignored"];
    run(&mut cargo(&package, &streams))
}

/// Has the client's source in that directory.
fn fetch(directory: &Path) -> Result<()> {
    let archive = directory.join(PACKAGE).with_added_extension("crate");
    if !archive.exists() {
        let part = archive.with_added_extension("part");
        let options = ["--fail", "--silent", "--show-error", "--location", "--retry", "3", URL];
        run(Command::new("curl").args(options).arg("--output").arg(&part))?;
        let sum = read(Command::new("sha256sum").arg(&part))?;
        if !sum.starts_with(SHA256) {
            bail!("{URL} is not what it was: its SHA-256 is {sum}");
        }
        fs::rename(&part, &archive)?;
    }
    run(Command::new("tar").arg("xzf").arg(&archive).arg("-C").arg(directory))
}

/// Three members, the first of which clients find at [`PORT`]. They are killed when this is
/// dropped.
struct Cluster<'a> {
    program: &'a Path,
    members: Vec<Child>,
}

impl<'a> Cluster<'a> {
    fn start(program: &'a Path, data: &Path) -> Result<Self> {
        if data.exists() {
            fs::remove_dir_all(data)?;
        }
        let url =
            |member: u16, port: u16| format!("http://127.0.0.1:{}", PORT + 10 * member + port);
        let parts = (0..MEMBERS).map(|member| format!("m{member}={}", url(member, 1)));
        let initial_cluster = parts.collect::<Vec<_>>().join(",");
        let mut cluster = Self { program, members: Vec::new() };
        for member in 0..MEMBERS {
            // Another server there would be taken for ours.
            let port = PORT + 10 * member;
            TcpListener::bind((Ipv4Addr::LOCALHOST, port))
                .with_context(|| format!("the tests of etcd-client need port {port}"))?;
            let (client, peer) = (url(member, 0), url(member, 1));
            let mut command = Command::new(program);
            command.args(["serve", "--log-level", "error", "--name", &format!("m{member}")]);
            command.arg("--data-dir").arg(data.join(member.to_string())).args(FLAGS);
            command.args(["--listen-client-urls", &client, "--advertise-client-urls", &client]);
            command.args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer]);
            command.args(["--initial-cluster", &initial_cluster]).stdin(Stdio::null());
            cluster.members.push(command.spawn().context("cannot start a member")?);
        }
        Ok(cluster)
    }

    /// Waits until it serves, and makes the user whom the tests know.
    fn prepare(&self) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while !self.client(&["endpoint", "health"]).output()?.status.success() {
            if Instant::now() > deadline {
                bail!("no leader within {PATIENCE:?}");
            }
            thread::sleep(Duration::from_millis(100));
        }
        run(&mut self.client(&["user", "add", "root:rootpwd"]))?;
        run(&mut self.client(&["user", "grant-role", "root", "root"]))
    }

    fn client(&self, words: &[&str]) -> Command {
        let mut command = Command::new(self.program);
        command.args(words);
        command
    }
}

impl Drop for Cluster<'_> {
    fn drop(&mut self) {
        for member in &mut self.members {
            // Whatever happened, none may outlive us.
            let _ = member.kill();
            let _ = member.wait();
        }
    }
}
