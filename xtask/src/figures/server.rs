//! A server that is measured: one member, with its data on a real disk.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::demo::free_ports;

/// How long one may take to start.
const PATIENCE: Duration = Duration::from_mins(10);

/// What is measured: ours, or etcd.
#[derive(Clone)]
pub(crate) struct Program {
    pub(crate) name: &'static str,
    path: PathBuf,
    arguments: &'static [&'static str],
    /// What its log says when a snapshot was taken.
    snapshot_line: &'static str,
}

impl Program {
    pub(crate) fn quorate(path: PathBuf) -> Self {
        let (arguments, snapshot_line) = (&["serve"][..], "took a snapshot");
        Self { name: "Quorate", path, arguments, snapshot_line }
    }

    pub(crate) fn etcd() -> Self {
        Self { name: "etcd", path: "etcd".into(), arguments: &[], snapshot_line: "saved snapshot" }
    }
}

/// A running server. It is killed when it is dropped, and its data removed.
pub(crate) struct Server {
    program: Program,
    flags: Vec<String>,
    data: PathBuf,
    client: PathBuf,
    child: Child,
    pub(crate) url: String,
}

impl Server {
    /// An empty one, with its data in a directory of its own below `place`, and these flags.
    /// `client` is our own program, by which it is asked whether it serves.
    pub(crate) fn start(
        program: &Program,
        place: &Path,
        client: &Path,
        flags: &[String],
    ) -> Result<Self> {
        let port = free_ports()?;
        let [url, peer_url] = [port, port + 1].map(|port| format!("http://127.0.0.1:{port}"));
        let data = place.join(format!("{}-{}", program.name, std::process::id()));
        fs::create_dir_all(&data)?;
        let mut flags = flags.to_vec();
        flags.extend([
            "--name=m".to_owned(),
            format!("--initial-cluster=m={peer_url}"),
            format!("--data-dir={}", data.join("data").display()),
            format!("--listen-client-urls={url}"),
            format!("--advertise-client-urls={url}"),
            format!("--listen-peer-urls={peer_url}"),
            format!("--initial-advertise-peer-urls={peer_url}"),
        ]);
        let child = spawn(program, &flags, &data)?;
        let client = client.to_owned();
        let server = Self { program: program.clone(), flags, data, client, child, url };
        server.wait()?;
        Ok(server)
    }

    /// Kills it, starts it again, and returns how long it takes until it serves a linearizable
    /// read.
    pub(crate) fn restart(&mut self) -> Result<Duration> {
        self.child.kill()?;
        self.child.wait()?;
        let begin = Instant::now();
        self.child = spawn(&self.program, &self.flags, &self.data)?;
        self.wait()?;
        Ok(begin.elapsed())
    }

    /// Waits until it serves a linearizable read.
    fn wait(&self) -> Result<()> {
        let begin = Instant::now();
        while begin.elapsed() < PATIENCE {
            let mut get = Command::new(&self.client);
            get.args(["--endpoints", &self.url, "get", "any"]);
            if get.output()?.status.success() {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(10));
        }
        bail!("{} at {} does not serve", self.program.name, self.url)
    }

    /// How many bytes it takes in memory, in all and without pages of files.
    pub(crate) fn memory(&self) -> Result<(u64, u64)> {
        let status = self.proc("status")?;
        let kib = |name| number_after(&status, name);
        Ok((1024 * kib("VmRSS:")?, 1024 * kib("RssAnon:")?))
    }

    /// How many bytes it has had written to the disk since it was started.
    pub(crate) fn written(&self) -> Result<u64> {
        number_after(&self.proc("io")?, "write_bytes:")
    }

    /// How many bytes its data takes on the disk.
    pub(crate) fn disk(&self) -> Result<u64> {
        disk_of(&self.data.join("data"))
    }

    /// How many snapshots it has taken, by its log.
    pub(crate) fn snapshots(&self) -> Result<usize> {
        let log = fs::read(self.data.join("log"))?;
        Ok(String::from_utf8_lossy(&log).matches(self.program.snapshot_line).count())
    }

    fn proc(&self, file: &str) -> Result<String> {
        Ok(fs::read_to_string(format!("/proc/{}/{file}", self.child.id()))?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself, or not let itself be removed: nothing to do about it.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.data);
    }
}

fn spawn(program: &Program, flags: &[String], data: &Path) -> Result<Child> {
    let log = File::options().append(true).create(true).open(data.join("log"))?;
    Command::new(&program.path)
        .args(program.arguments)
        .args(flags)
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .with_context(|| format!("cannot start {}", program.path.display()))
}

fn number_after(text: &str, name: &str) -> Result<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|rest| rest.split_whitespace().next());
    Ok(number.with_context(|| format!("there is no {name}"))?.parse()?)
}

/// The blocks of all files below a directory. Files may go while they are counted.
fn disk_of(directory: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_dir() => bytes += disk_of(&path)?,
            Ok(metadata) => bytes += 512 * metadata.blocks(),
            Err(_) => {}
        }
    }
    Ok(bytes)
}
