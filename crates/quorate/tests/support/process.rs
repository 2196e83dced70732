//! A program that runs beside the test.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};

use super::tools::{skip, skip_for_want_of_rights};
use super::{PATIENCE, PAUSE};

/// A running program. What it prints goes to a file. It is killed when this is dropped.
pub(crate) struct Process {
    child: Child,
    log: PathBuf,
    /// Where this run's lines begin.
    log_start: usize,
    /// Our end of its standard input, which ends with the test, however it does.
    leash: ChildStdin,
}

impl Process {
    /// Starts the program. Its output is appended to the log.
    pub(crate) fn start(command: &mut Command, log: &Path) -> Self {
        let open = || File::options().append(true).create(true).open(log).expect("a writable log");
        let log_start = fs::read(log).map_or(0, |bytes| bytes.len());
        command.stdin(Stdio::piped()).stdout(open()).stderr(open());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let leash = child.stdin.take().expect("stdin is a pipe");
        Self { child, log: log.to_owned(), log_start, leash }
    }

    /// Writes a line to its standard input.
    pub(crate) fn say(&mut self, line: &str) {
        writeln!(self.leash, "{line}").expect("the program reads what it is told");
    }

    /// Its number.
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("our child, not waited for yet");
    }

    /// `kill -9`, and waits until it is gone.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks it to end as Ctrl-C does, and kills it if it does not.
    pub(crate) fn end(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        if self.ended().is_none() {
            self.signal(Signal::INT);
        }
        while self.ended().is_none() && Instant::now() < deadline {
            sleep(PAUSE);
        }
        self.kill();
    }

    /// Has another program change what the system calls of this one do, as `strace` names it. Skips
    /// the test if that cannot be had. It ends with this program.
    pub(crate) fn inject(&self, calls: &str, what: &str) -> Option<Self> {
        let log = self.log.with_extension("strace");
        let mut command = Command::new("strace");
        command.args(["-f", "-e", &format!("trace={calls}"), "-e", "signal=none"]);
        command.args(["-e", &format!("inject={calls}:{what}")]);
        command.args(["-o", "/dev/null", "-p", &self.pid().as_raw_nonzero().to_string()]);
        if Command::new("strace").arg("-V").output().is_err() {
            skip("strace is not installed");
            return None;
        }
        let mut strace = Self::start(&mut command, &log);
        let deadline = Instant::now() + PATIENCE;
        while !strace.output().contains("attached") {
            if strace.ended().is_some() {
                let said = strace.output();
                skip_for_want_of_rights(&format!("strace does not attach: {}", said.trim()));
                return None;
            }
            assert!(Instant::now() < deadline, "strace does not attach: {}", strace.output());
            sleep(PAUSE);
        }
        Some(strace)
    }

    /// The same program under another one that changes from the start on what its system calls do,
    /// as `strace` names it. Skips the test if that cannot be had.
    pub(crate) fn injected(command: &Command, calls: &str, what: &str) -> Option<Command> {
        let probe = Command::new("strace").args(["-o", "/dev/null", "true"]).output();
        let Ok(probe) = probe else {
            skip("strace is not installed");
            return None;
        };
        if !probe.status.success() {
            let said = String::from_utf8_lossy(&probe.stderr);
            skip_for_want_of_rights(&format!("strace does not trace: {}", said.trim()));
            return None;
        }
        let mut injected = Command::new("strace");
        injected.args(["-f", "-o", "/dev/null", "-e", &format!("trace={calls}")]);
        injected.args(["-e", &format!("inject={calls}:{what}")]);
        injected.arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => injected.env(name, value),
                None => injected.env_remove(name),
            };
        }
        Some(injected)
    }

    /// How it ended, if it did.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("our child")
    }

    /// Waits until it ends by itself.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.ended() {
                return status;
            }
            assert!(Instant::now() < deadline, "the program goes on:\n{}", self.output());
            sleep(PAUSE);
        }
    }

    /// What it has printed since it was started.
    pub(crate) fn output(&self) -> String {
        let bytes = fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(bytes.get(self.log_start..).unwrap_or_default()).into_owned()
    }

    /// Waits until it has printed that, and returns all that it has.
    pub(crate) fn wait_until_it_prints(&mut self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            // In this order, or the last words of one that ends are missed.
            let ended = self.ended();
            let output = self.output();
            if output.contains(text) {
                return output;
            }
            assert!(ended.is_none(), "it ended without {text:?}:\n{output}");
            assert!(Instant::now() < deadline, "it does not print {text:?}:\n{output}");
            sleep(PAUSE);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
