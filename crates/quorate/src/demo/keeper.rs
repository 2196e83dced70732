//! The keeper of one member's process: starts it, signals it, notices its end.
//!
//! A task of its own owns the process, so that no signal is ever sent to a process that has ended:
//! its number may be somebody else's by then.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::Arc;

use rustix::process::{Pid, Signal, kill_process};
use serde::Serialize;
use tokio::fs::File;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin};
use tokio::sync::{mpsc, oneshot, watch};
use trace::Fault;

use super::plan::Plan;
use crate::live::Story;

/// What a member logs when it serves.
const READY: &str = "ready to serve client requests";

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
    /// Whether it said that it serves clients.
    pub(super) is_ready: bool,
    /// The last thing that it logged.
    pub(super) last_line: String,
}

impl Life {
    fn new(state: State, pid: Option<u32>) -> Self {
        Self { state, pid, is_ready: false, last_line: String::new() }
    }
}

/// Owns the process.
pub(super) struct Keeper {
    plan: Plan,
    story: Arc<Story>,
    life: watch::Sender<Life>,
    child: Option<Child>,
    /// Our end of the process's standard input. It ends when the demo does, however it does, and
    /// the process with it. (To wait for a child closes the input that it still has.)
    leash: Option<ChildStdin>,
}

/// What is to be done, and where to say how it went: a reason for people if it did not.
pub(super) type Command = (Action, oneshot::Sender<Result<(), String>>);

impl Keeper {
    /// A keeper of a member that is not started yet, and how that member is from now on.
    pub(super) fn new(plan: Plan, story: Arc<Story>) -> (Self, watch::Receiver<Life>) {
        let (life, receiver) = watch::channel(Life::new(State::Stopped, None));
        (Self { plan, story, life, child: None, leash: None }, receiver)
    }

    /// Does what it is told, until nobody is left to tell.
    pub(super) async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
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
        self.life.send_replace(Life::new(State::Running, pid));
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
