//! Members, each a process of its own, and clusters of them.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;
use tempfile::TempDir;

use super::client;
use super::process::Process;
use super::tools::quorate;
use super::{eventually, free_addresses};

/// A cluster on this machine.
pub(crate) struct Cluster {
    pub(crate) members: Vec<Member>,
    /// Goes last: the members write into it.
    directory: TempDir,
}

/// A member, running or not.
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) client: SocketAddr,
    pub(crate) peer: SocketAddr,
    pub(crate) data_dir: PathBuf,
    pub(crate) flags: Flags,
    log: PathBuf,
    process: Option<Process>,
}

/// The flags of a member.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flags(BTreeMap<String, String>);

impl Cluster {
    /// A cluster of so many members, none of which runs yet.
    pub(crate) fn of(size: usize) -> Self {
        let directory = tempfile::tempdir().expect("there is room for a directory");
        let addresses = (0..size).map(|_| free_addresses::<2>()).collect::<Vec<_>>();
        let parts = addresses.iter().enumerate();
        let parts = parts.map(|(member, [_, peer])| format!("m{}=http://{peer}", member + 1));
        let initial_cluster = parts.collect::<Vec<_>>().join(",");
        let member = |(member, addresses): (usize, [SocketAddr; 2])| {
            let mut member = Member::new(format!("m{}", member + 1), addresses, directory.path());
            member.flags.set("--initial-cluster", &initial_cluster);
            member
        };
        Self { members: addresses.into_iter().enumerate().map(member).collect(), directory }
    }

    /// One more member, which does not run, and which nobody knows of yet. Returns its number.
    pub(crate) fn prepare_member(&mut self) -> usize {
        let number = self.members.len();
        let name = format!("m{}", number + 1);
        self.members.push(Member::new(name, free_addresses::<2>(), self.directory.path()));
        number
    }

    /// A cluster of so many members that serve.
    pub(crate) async fn start(size: usize) -> Self {
        let mut cluster = Self::of(size);
        cluster.start_all().await;
        cluster
    }

    /// Starts all, and waits until all serve.
    pub(crate) async fn start_all(&mut self) {
        for member in &mut self.members {
            member.start();
        }
        self.ready().await;
    }

    /// Waits until each member that runs serves, and has all that was committed until now.
    pub(crate) async fn ready(&mut self) {
        for member in self.members.iter_mut().filter(|member| member.process.is_some()) {
            member.ready().await;
        }
    }

    /// The addresses of all clients' ends, as URLs.
    pub(crate) fn urls(&self) -> Vec<String> {
        self.members.iter().map(Member::url).collect()
    }

    /// The same in one, for command lines.
    pub(crate) fn endpoints(&self) -> String {
        self.urls().join(",")
    }

    /// The number of the member that a majority of the members says to lead, in one term.
    pub(crate) async fn leader(&self) -> usize {
        eventually("no majority agrees on a leader", async || {
            let mut voices = BTreeMap::<(u64, u64), usize>::new();
            let mut ids = BTreeMap::new();
            for (number, member) in self.members.iter().enumerate() {
                let Ok(status) = client::status(&member.url()).await else { continue };
                ids.insert(status.header.unwrap_or_default().member_id, number);
                *voices.entry((status.raft_term, status.leader)).or_default() += 1;
            }
            let majority = voices.iter().find(|(_, count)| **count * 2 > self.members.len());
            let leader = majority.and_then(|((_, leader), _)| ids.get(leader).copied());
            leader.ok_or_else(|| format!("{voices:?}"))
        })
        .await
    }

    /// Some member that does not lead, and runs.
    pub(crate) async fn follower(&self) -> usize {
        let leader = self.leader().await;
        let mut running = (0..self.members.len()).filter(|m| self.members[*m].process.is_some());
        running.find(|member| *member != leader).expect("more than one member runs")
    }

    /// Asks each member for everything it has, until all answer the same.
    pub(crate) async fn agree(&self) {
        eventually("the members do not agree", async || {
            let mut answers = Vec::new();
            for member in &self.members {
                let mut kv = client::kv(&member.url());
                let all = kv.range(client::everything()).await.map_err(|e| e.to_string())?;
                let all = all.into_inner();
                answers.push((all.header.unwrap_or_default().revision, all.kvs));
            }
            let is_same = answers.windows(2).all(|pair| pair[0] == pair[1]);
            if is_same { Ok(()) } else { Err(format!("{answers:?}")) }
        })
        .await;
    }

    /// A directory that ends with the cluster.
    pub(crate) fn directory(&self) -> PathBuf {
        self.directory.path().to_owned()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for member in &self.members {
                let log = fs::read_to_string(&member.log).unwrap_or_default();
                eprintln!("---- log of {} ({:?})\n{log}", member.name, member.flags);
            }
        }
    }
}

impl Member {
    fn new(name: String, [client, peer]: [SocketAddr; 2], directory: &Path) -> Self {
        let (data_dir, log) = (directory.join(&name), directory.join(format!("{name}.log")));
        let mut flags = Flags::default();
        flags.set("--name", &name);
        flags.set("--data-dir", data_dir.to_str().expect("a temporary name is Unicode"));
        flags.set("--listen-client-urls", format!("http://{client}"));
        flags.set("--listen-peer-urls", format!("http://{peer}"));
        flags.set("--initial-advertise-peer-urls", format!("http://{peer}"));
        Self { name, client, peer, data_dir, flags, log, process: None }
    }

    /// Where clients reach it.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.client)
    }

    /// `quorate serve` with its flags.
    pub(crate) fn command(&self) -> Command {
        let mut command = quorate();
        command.arg("serve").args(self.flags.arguments());
        command
    }

    /// Starts it.
    pub(crate) fn start(&mut self) {
        let mut command = self.command();
        // It shall not outlive the test.
        command.arg("--stop-with-stdin");
        self.process = Some(Process::start(&mut command, &self.log));
    }

    /// Waits until it serves, and has all that was committed until now.
    pub(crate) async fn ready(&mut self) {
        let url = self.url();
        let name = format!("{} is not ready", self.name);
        let process = self.process();
        eventually(&name, async || {
            let ended = process.ended();
            assert!(ended.is_none(), "{name}: {ended:?}:\n{}", process.output());
            client::kv(&url).range(client::key("any")).await.map_err(|error| error.to_string())
        })
        .await;
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        self.process().kill();
        self.process = None;
    }

    /// Holds it up: it keeps its connections and does nothing.
    pub(crate) fn pause(&mut self) {
        self.process().signal(Signal::STOP);
    }

    /// Lets it go on.
    pub(crate) fn resume(&mut self) {
        self.process().signal(Signal::CONT);
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn stop(&mut self) {
        self.process().signal(Signal::TERM);
        let status = self.process().wait();
        assert!(status.success(), "{status}");
        self.process = None;
    }

    /// The process, if the member was started.
    pub(crate) fn process(&mut self) -> &mut Process {
        self.process.as_mut().expect("the member was started")
    }
}

impl Flags {
    /// Gives a flag a value.
    pub(crate) fn set(&mut self, flag: &str, value: impl Into<String>) {
        self.0.insert(flag.to_owned(), value.into());
    }

    /// Leaves a flag out.
    pub(crate) fn remove(&mut self, flag: &str) {
        self.0.remove(flag);
    }

    /// The value of a flag.
    pub(crate) fn value(&self, flag: &str) -> &str {
        &self.0[flag]
    }

    fn arguments(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|(flag, value)| format!("{flag}={value}"))
    }
}
