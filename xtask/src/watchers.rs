//! Ten thousand watchers on one member: ours, and etcd's beside it.
//!
//! Both are loaded by the same program, `examples/watch_load.rs` of the crate `quorate`, which
//! fails if an event is missing, comes twice, or comes out of order. A smaller load for a look:
//! `cargo xtask watchers --watchers 500 --rate 200 --seconds 5`.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::command::{cargo, is_installed, run};
use crate::demo::free_ports;

/// How much is asked of a server.
struct Load {
    watchers: u32,
    events_per_second: u32,
    seconds: u32,
}

impl Load {
    /// What the flags say, and otherwise what the project promises to bear.
    fn of(flags: &[&str]) -> Result<Self> {
        let mut load = Self { watchers: 10_000, events_per_second: 1_000, seconds: 20 };
        for pair in flags.chunks(2) {
            let [flag, number] = pair else { bail!("{} has no number", pair[0]) };
            let place = match *flag {
                "--watchers" => &mut load.watchers,
                "--rate" => &mut load.events_per_second,
                "--seconds" => &mut load.seconds,
                other => bail!("{other} is none of --watchers, --rate, --seconds"),
            };
            *place = number.parse().with_context(|| format!("{flag} {number}"))?;
        }
        Ok(load)
    }

    fn arguments(&self) -> [String; 3] {
        [self.watchers, self.events_per_second, self.seconds].map(|number| number.to_string())
    }
}

/// Measures, and prints what was measured.
pub(crate) fn run_all(root: &Path, flags: &[&str]) -> Result<()> {
    let load_flags = Load::of(flags)?.arguments();
    run(&mut cargo(root, &["build", "--release", "--locked"]))?;
    let example = ["build", "--release", "--locked", "-p", "quorate", "--example", "watch_load"];
    run(&mut cargo(root, &example))?;
    let load = root.join("target/release/examples/watch_load");
    let client = root.join("target/release/quorate");
    let mut serve = Command::new(&client);
    serve.arg("serve");
    let mut servers = vec![("quorate", serve)];
    if is_installed("etcd") {
        servers.push(("etcd", Command::new("etcd")));
    } else {
        println!("etcd is not installed: there is nothing to compare with");
    }
    for (name, command) in servers {
        let server = Server::start(command)?;
        server.wait(&client)?;
        println!("{name}:");
        let pid = server.child.id().to_string();
        run(Command::new(&load).args([&server.url, &pid]).args(&load_flags))?;
    }
    Ok(())
}

/// A running server. It is killed when it is dropped, and its data removed.
struct Server {
    child: Child,
    url: String,
    data: std::path::PathBuf,
}

impl Server {
    fn start(mut command: Command) -> Result<Self> {
        let port = free_ports()?;
        let [url, peer_url] = [port, port + 1].map(|port| format!("http://127.0.0.1:{port}"));
        let data = std::env::temp_dir().join(format!("quorate-watchers-{}", std::process::id()));
        let child = command
            .args(["--name", "m", "--initial-cluster", &format!("m={peer_url}")])
            .arg("--data-dir")
            .arg(&data)
            .args(["--log-level", "error"])
            .args(["--listen-client-urls", &url, "--advertise-client-urls", &url])
            .args(["--listen-peer-urls", &peer_url, "--initial-advertise-peer-urls", &peer_url])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start the server")?;
        Ok(Self { child, url, data })
    }

    /// Waits until it takes a write.
    fn wait(&self, client: &Path) -> Result<()> {
        for _ in 0..50 {
            let mut put = Command::new(client);
            put.args(["--endpoints", &self.url, "put", "before", "1"]);
            if put.output()?.status.success() {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(200));
        }
        bail!("{} takes no write", self.url)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself, or not let itself be removed: nothing to do about it.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.data);
    }
}
