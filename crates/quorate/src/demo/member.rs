//! One member's process, and what can be done to it.
//!
//! A task of its own owns the process, so that no signal is ever sent to a process that has ended:
//! its number may be somebody else's by then.

use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use host::Cluster;
use rustix::process::{Pid, Signal, kill_process};
use serde::Serialize;
use tokio::fs::File;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, Command};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::AbortHandle;
use tokio::time::timeout;
use trace::Fault;

use super::follow;
use super::story::Story;

/// How long a member may take to end when it is asked to.
const END_PATIENCE: Duration = Duration::from_secs(3);

/// Tells the demo's cluster from others at the same addresses.
const TOKEN: &str = "quorate-demo";

/// What a member logs when it serves.
const READY: &str = "ready to serve client requests";

/// How to start a member.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) name: String,
    pub(super) client_url: String,
    pub(super) peer_url: String,
    /// The number by which etcd's API names it.
    pub(super) id: u64,
    initial_cluster: String,
    data_dir: PathBuf,
    log: PathBuf,
}

/// The plans of all members: client ports from `base_port` in steps of 10, peer ports one above.
pub(super) fn plans(members: u16, base_port: u16, data_dir: &Path) -> Vec<Plan> {
    let name = |member: u16| char::from(b'A' + u8::try_from(member).expect("at most nine"));
    let url =
        |member: u16, offset: u16| format!("http://127.0.0.1:{}", base_port + 10 * member + offset);
    let parts = (0..members).map(|member| format!("{}={}", name(member), url(member, 1)));
    let initial_cluster = parts.collect::<Vec<_>>().join(",");
    let cluster = Cluster::parse(&initial_cluster, TOKEN).expect("names and URLs as above");
    let plan = |member| Plan {
        name: name(member).to_string(),
        client_url: url(member, 0),
        peer_url: url(member, 1),
        id: cluster.named(&name(member).to_string()).expect("one of them").id.0,
        initial_cluster: initial_cluster.clone(),
        data_dir: data_dir.join(name(member).to_string()),
        log: data_dir.join(format!("{}.log", name(member))),
    };
    (0..members).map(plan).collect()
}

/// What can be done to a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Start it.
    Start,
    /// Kill it, as a power cut would: `kill -9`.
    Stop,
    /// Hold it up: it keeps its connections and does nothing.
    Pause,
    /// Let it go on.
    Resume,
    /// Ask it to end.
    End,
}

/// How a process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    Running,
    Paused,
    Stopped,
}

/// How a process is, and which one it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Life {
    pub(super) state: State,
    pub(super) pid: Option<u32>,
    is_ready: bool,
    /// The last thing that it logged.
    last_line: String,
}

/// A member of the demo.
pub(super) struct Member {
    pub(super) plan: Plan,
    commands: mpsc::Sender<(Action, oneshot::Sender<Result<(), String>>)>,
    life: watch::Receiver<Life>,
    /// Follows its trace.
    follower: AbortHandle,
}

impl Member {
    /// A member that is not started yet.
    pub(super) fn new(plan: Plan, story: Arc<Story>) -> Self {
        let (commands, receiver) = mpsc::channel(8);
        let life =
            Life { state: State::Stopped, pid: None, is_ready: false, last_line: String::new() };
        let (publisher, life) = watch::channel(life);
        let follower = tokio::spawn(follow::follow(plan.clone(), life.clone(), story.clone()));
        let keeper =
            Keeper { plan: plan.clone(), story, life: publisher, child: None, leash: None };
        tokio::spawn(keeper.run(receiver));
        Self { plan, commands, life, follower: follower.abort_handle() }
    }

    /// Does something to it. Fails with a reason for people.
    pub(super) async fn act(&self, action: Action) -> Result<(), String> {
        let (done, result) = oneshot::channel();
        let gone = || "the demo is ending".to_owned();
        self.commands.send((action, done)).await.map_err(|_| gone())?;
        result.await.map_err(|_| gone())?
    }

    /// Waits until it serves clients. Fails if it ends first, with the last thing that it said.
    pub(super) async fn ready(&self) -> Result<(), String> {
        let mut life = self.life.clone();
        let found = life.wait_for(|life| life.is_ready || life.state == State::Stopped).await;
        match found {
            Ok(life) if life.is_ready => Ok(()),
            Ok(life) => Err(format!("member {} ended: {}", self.plan.name, life.last_line)),
            Err(_) => Err("the demo is ending".to_owned()),
        }
    }

    /// How it is.
    pub(super) fn life(&self) -> Life {
        self.life.borrow().clone()
    }

    /// Ends it, in good order if it lets itself.
    pub(super) async fn shut_down(&self) {
        // A member that ends waits for those who still listen to it.
        self.follower.abort();
        // A paused process does not even hear that it shall end; one that has ended need not.
        let _ = self.act(Action::Resume).await;
        let _ = self.act(Action::End).await;
        let mut life = self.life.clone();
        let ended = life.wait_for(|life| life.state == State::Stopped);
        if timeout(END_PATIENCE, ended).await.is_err() {
            let _ = self.act(Action::Stop).await;
        }
    }
}

/// Owns the process.
struct Keeper {
    plan: Plan,
    story: Arc<Story>,
    life: watch::Sender<Life>,
    child: Option<Child>,
    /// Our end of the process's standard input. It ends when the demo does, however it does, and
    /// the process with it. (To wait for a child closes the input that it still has.)
    leash: Option<ChildStdin>,
}

impl Keeper {
    async fn run(
        mut self,
        mut commands: mpsc::Receiver<(Action, oneshot::Sender<Result<(), String>>)>,
    ) {
        loop {
            tokio::select! {
                command = commands.recv() => {
                    let Some((action, done)) = command else { return };
                    let result = self.act(action).await;
                    // Whoever asked may have hung up.
                    let _ = done.send(result);
                }
                status = ended(&mut self.child) => self.bury(status),
            }
        }
    }

    async fn act(&mut self, action: Action) -> Result<(), String> {
        let state = self.life.borrow().state;
        let name = &self.plan.name;
        match (action, state) {
            (Action::Start, State::Stopped) => self.start(),
            (Action::Stop, State::Running | State::Paused) => {
                self.signal(Signal::KILL)?;
                let status = ended(&mut self.child).await;
                self.bury(status);
                Ok(())
            }
            (Action::Pause, State::Running) => {
                self.signal(Signal::STOP)?;
                self.be(State::Paused, Fault::Pause);
                Ok(())
            }
            (Action::Resume, State::Paused) => {
                self.signal(Signal::CONT)?;
                self.be(State::Running, Fault::Resume);
                Ok(())
            }
            (Action::End, State::Running) => self.signal(Signal::TERM),
            (_, State::Stopped) => Err(format!("{name} is not running")),
            (_, State::Paused) => Err(format!("{name} is paused")),
            (_, State::Running) => Err(format!("{name} is running")),
        }
    }

    fn start(&mut self) -> Result<(), String> {
        let name = &self.plan.name;
        let cannot = |error: io::Error| format!("cannot start {name}: {error}");
        let mut child =
            self.plan.command().and_then(|mut command| command.spawn()).map_err(cannot)?;
        let stderr = child.stderr.take().expect("it was asked for");
        tokio::spawn(keep_log(stderr, self.plan.log.clone(), self.life.clone()));
        let pid = child.id();
        self.leash = child.stdin.take();
        self.child = Some(child);
        self.life.send_modify(|life| {
            *life = Life { state: State::Running, pid, is_ready: false, last_line: String::new() };
        });
        self.story.fault(name, Fault::Start);
        Ok(())
    }

    fn signal(&self, signal: Signal) -> Result<(), String> {
        // There is a number as long as the process was not waited for, and so is still ours.
        let pid = self.child.as_ref().and_then(Child::id);
        let pid = pid.and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
        let pid = pid.ok_or_else(|| format!("{} is not running", self.plan.name))?;
        kill_process(pid, signal)
            .map_err(|error| format!("cannot signal {}: {error}", self.plan.name))
    }

    fn be(&self, state: State, fault: Fault) {
        self.life.send_modify(|life| life.state = state);
        self.story.fault(&self.plan.name, fault);
    }

    /// The process has ended, by our doing or its own.
    fn bury(&mut self, status: Option<ExitStatus>) {
        self.child = None;
        self.life.send_modify(|life| {
            life.state = State::Stopped;
            life.pid = None;
            if life.last_line.is_empty() {
                life.last_line = status.map_or_else(String::new, |status| status.to_string());
            }
        });
        self.story.fault(&self.plan.name, Fault::Stop);
    }
}

impl Plan {
    /// Looks whether the ports are free, so that the demo can say it with its own flag. Fails with
    /// a reason for people.
    pub(super) fn check_ports(&self) -> Result<(), String> {
        for url in [&self.client_url, &self.peer_url] {
            let address = host::address_of(url).expect("it was made of an address");
            TcpListener::bind(address).map_err(|error| {
                format!(
                    "cannot start member {} on {address}: {error}; choose another --base-port",
                    self.name
                )
            })?;
        }
        Ok(())
    }

    fn command(&self) -> io::Result<Command> {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .args(["serve", "--stop-with-stdin", "--name", &self.name])
            .arg("--data-dir")
            .arg(&self.data_dir)
            .args(["--listen-client-urls", &self.client_url])
            .args(["--advertise-client-urls", &self.client_url])
            .args(["--listen-peer-urls", &self.peer_url])
            .args(["--initial-advertise-peer-urls", &self.peer_url])
            .args(["--initial-cluster", &self.initial_cluster])
            .args(["--initial-cluster-token", TOKEN])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            // Ctrl-C is for the demo, which then ends its members one by one.
            .process_group(0)
            .kill_on_drop(true);
        for (variable, _) in std::env::vars_os() {
            // The flags above say all, and the variables are for members that people start.
            if variable.to_string_lossy().starts_with("ETCD_") {
                command.env_remove(variable);
            }
        }
        Ok(command)
    }
}

/// Waits for the process to end; for ever if there is none.
async fn ended(child: &mut Option<Child>) -> Option<ExitStatus> {
    match child {
        Some(child) => child.wait().await.ok(),
        None => std::future::pending().await,
    }
}

/// Copies what the member logs to a file, and looks out for what it says of itself.
async fn keep_log(stderr: ChildStderr, path: PathBuf, life: watch::Sender<Life>) {
    let file = File::options().append(true).create(true).open(&path).await;
    let mut file = file.ok();
    let mut lines = BufReader::new(stderr).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some(log) = &mut file {
            // A log that cannot be written must not stop the member.
            let _ = log.write_all(format!("{line}\n").as_bytes()).await;
        }
        life.send_modify(|life| {
            life.is_ready |= line.contains(READY);
            life.last_line = line;
        });
    }
}
