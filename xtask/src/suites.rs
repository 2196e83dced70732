//! The tests that the makers of a client wrote for it, against three of our members.
//!
//! `etcd-client` is the Rust client that most use. Its package has its tests in it, which want a
//! cluster at `localhost:2379`. They are fetched, and not kept here.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command::{cargo, is_installed, read, run};
use crate::demo::Demo;

const PACKAGE: &str = "etcd-client-0.21.1";
const URL: &str = "https://static.crates.io/crates/etcd-client/etcd-client-0.21.1.crate";
const SHA256: &str = "c46b85f82f5189ce66d901425833ee2d94440a571e8071252db5776cc66dea63";
/// Where its tests look for a cluster.
const PORT: u16 = 2379;

/// Fetches the client, if it is not here yet, and runs its tests.
pub(crate) fn etcd_client(root: &Path) -> Result<()> {
    for (program, package) in [("curl", "curl"), ("protoc", "protobuf-compiler")] {
        if !is_installed(program) {
            bail!("the tests of etcd-client need {program} (Debian's package {package})");
        }
    }
    if TcpListener::bind((Ipv4Addr::LOCALHOST, PORT)).is_err() {
        bail!("the tests of etcd-client need port {PORT}, and somebody has it: stop that first");
    }
    let directory = root.join("target/suites");
    fs::create_dir_all(&directory)
        .with_context(|| format!("cannot make {}", directory.display()))?;
    fetch(&directory)?;
    run(&mut cargo(root, &["build", "--release", "--locked", "--package", "quorate"]))?;
    let package = directory.join(PACKAGE);
    // Of the package's own: what it was released with.
    let test = ["test", "--locked", "--no-fail-fast"];
    run(cargo(&package, &test).arg("--no-run"))?;
    let demo = Demo::start_at(&root.join("target/release/quorate"), PORT)?;
    run(cargo(&package, &test).args(["--", "--test-threads", "1"]))?;
    demo.stop()
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
