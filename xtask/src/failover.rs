//! How long a cluster takes no writes when its leader is killed: ours, and etcd's beside it.
//!
//! A round starts three members with default timers, kills the leader with SIGKILL, and from then
//! on starts a put through the two others every 10 ms, until one succeeds. Both servers are asked
//! by the same client, our own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::command::{cargo, is_installed, run};
use crate::demo::free_ports;

const ROUNDS: usize = 10;
const MEMBERS: u16 = 3;
/// How long a cluster may take to elect a leader, or to take a write again.
const PATIENCE: Duration = Duration::from_secs(20);
/// The time from one put to the next.
const PAUSE: Duration = Duration::from_millis(10);

/// Measures, and prints the medians.
pub(crate) fn run_all(root: &Path) -> Result<()> {
    run(&mut cargo(root, &["build", "--release", "--locked"]))?;
    let client = root.join("target/release/quorate");
    let mut servers = vec![Server::quorate(client.clone())];
    if is_installed("etcd") {
        servers.push(Server::etcd());
    } else {
        println!("etcd is not installed: there is nothing to compare with");
    }
    let mut times = BTreeMap::<&str, Vec<Duration>>::new();
    for round in 1..=ROUNDS {
        for server in &servers {
            let time = round_of(server, &client)?;
            println!("round {round}: {} {} ms", server.name, time.as_millis());
            times.entry(server.name).or_default().push(time);
        }
    }
    for (name, mut times) in times {
        times.sort();
        let ms = |place: usize| times[place].as_millis();
        let (median, last) = (ms(times.len() / 2), times.len() - 1);
        println!("{name}: median {median} ms, from {} to {} ms, of {}", ms(0), ms(last), last + 1);
    }
    Ok(())
}

struct Server {
    name: &'static str,
    program: PathBuf,
    arguments: &'static [&'static str],
}

impl Server {
    fn quorate(program: PathBuf) -> Self {
        Self { name: "quorate", program, arguments: &["serve", "--log-level", "error"] }
    }

    fn etcd() -> Self {
        Self { name: "etcd", program: "etcd".into(), arguments: &["--log-level", "error"] }
    }
}

fn round_of(server: &Server, client: &Path) -> Result<Duration> {
    let cluster = Cluster::start(server, client)?;
    let leader = cluster.leader()?;
    cluster.time_without(leader)
}

/// A running cluster. Its members are killed when it is dropped, and its data removed.
struct Cluster<'a> {
    client: &'a Path,
    members: Vec<(String, Child)>,
    data: PathBuf,
}

impl<'a> Cluster<'a> {
    fn start(server: &Server, client: &'a Path) -> Result<Self> {
        let base = free_ports()?;
        let data = std::env::temp_dir().join(format!("quorate-failover-{}", std::process::id()));
        let url = |member: u16, port: u16| format!("http://127.0.0.1:{}", base + 2 * member + port);
        let parts = (0..MEMBERS).map(|member| format!("m{member}={}", url(member, 1)));
        let initial_cluster = parts.collect::<Vec<_>>().join(",");
        let mut cluster = Self { client, members: Vec::new(), data };
        for member in 0..MEMBERS {
            let name = format!("m{member}");
            let (client_url, peer_url) = (url(member, 0), url(member, 1));
            let child = Command::new(&server.program)
                .args(server.arguments)
                .args(["--name", &name, "--initial-cluster", &initial_cluster])
                .arg("--data-dir")
                .arg(cluster.data.join(&name))
                .args(["--listen-client-urls", &client_url])
                .args(["--advertise-client-urls", &client_url])
                .args(["--listen-peer-urls", &peer_url])
                .args(["--initial-advertise-peer-urls", &peer_url])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .with_context(|| format!("cannot start {}", server.program.display()))?;
            cluster.members.push((client_url, child));
        }
        Ok(cluster)
    }

    /// The place of the member that leads, once all members follow it and have taken a write.
    fn leader(&self) -> Result<usize> {
        let urls = self.members.iter().map(|(url, _)| url.as_str()).collect::<Vec<_>>().join(",");
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            thread::sleep(Duration::from_millis(300));
            let status = self.client(&urls).arg("status").output()?;
            let status = String::from_utf8_lossy(&status.stdout);
            // A line for each member: endpoint, id, version, size, whether it leads, …
            let leads = status.lines().map(|line| line.split(", ").nth(4) == Some("true"));
            let leads = leads.collect::<Vec<_>>();
            let written = self.client(&urls).args(["put", "before", "1"]).output()?.status;
            if leads.len() == usize::from(MEMBERS)
                && let Some(leader) = leads.iter().position(|leads| *leads)
                && written.success()
            {
                return Ok(leader);
            }
        }
        bail!("no leader within {PATIENCE:?}")
    }

    /// Kills the leader, and measures until a write through the others succeeds.
    fn time_without(mut self, leader: usize) -> Result<Duration> {
        let (_, mut leader) = self.members.swap_remove(leader);
        let urls = self.members.iter().map(|(url, _)| url.as_str()).collect::<Vec<_>>().join(",");
        let start = Instant::now();
        leader.kill()?;
        leader.wait()?;
        let mut puts = Vec::<Child>::new();
        let time = loop {
            if start.elapsed() > PATIENCE {
                bail!("no write within {PATIENCE:?}");
            }
            let mut put = self.client(&urls);
            put.args(["put", "after", "1"]).stdout(Stdio::null()).stderr(Stdio::null());
            puts.push(put.spawn()?);
            thread::sleep(PAUSE);
            let mut done = puts.iter_mut().filter_map(|put| put.try_wait().transpose());
            if done.any(|status| status.is_ok_and(|status| status.success())) {
                break start.elapsed();
            }
        };
        for mut put in puts {
            // Those that have ended cannot be killed, and need not be.
            let _ = put.kill();
            put.wait()?;
        }
        Ok(time)
    }

    fn client(&self, urls: &str) -> Command {
        let mut command = Command::new(self.client);
        command.args(["--endpoints", urls, "--command-timeout", "10s"]);
        command
    }
}

impl Drop for Cluster<'_> {
    fn drop(&mut self) {
        for (_, member) in &mut self.members {
            // It may have ended by itself, or not let itself be removed: nothing to do about it.
            let _ = member.kill();
            let _ = member.wait();
        }
        let _ = std::fs::remove_dir_all(&self.data);
    }
}
