//! What storage costs: ours, and etcd's beside it, in one run.
//!
//! Each server is one member with its data below `target/figures`, on the disk that the project is
//! on, loaded by the same program, `examples/put_load.rs` of the crate `quorate`.
//!
//! ```text
//!   an empty member ─▶ fill it ─▶ kill it, start it ─▶ overwrite until snapshots were taken
//!                       │           │                    │
//!                       │           time, memory         longest put
//!                       bytes written per byte that was put
//!   an empty member that compacts by itself ─▶ overwrite few keys often ─▶ disk used
//! ```

mod server;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use self::server::{Program, Server};
use crate::command::{cargo, is_installed, read, run};

/// How much is written.
struct Size {
    /// Keys of the large store.
    keys: u64,
    /// Puts into the large store.
    puts: u64,
    /// Keys that are overwritten, and how often they all are, while history is compacted.
    few_keys: u64,
    overwrites: u64,
    /// How much history is kept then.
    retention: &'static str,
    /// After so much a snapshot is taken, if not as by default.
    snapshots: Option<Snapshots>,
}

/// When snapshots are taken: after so many bytes of ours, and so many entries of etcd's.
struct Snapshots {
    bytes: u64,
    entries: u64,
}

const VALUE_BYTES: u64 = 256;

const LONG: Size = Size {
    keys: 1_000_000,
    puts: 1_000_000,
    few_keys: 100_000,
    overwrites: 10_000_000,
    retention: "1m",
    snapshots: None,
};

const SHORT: Size = Size {
    keys: 5_000,
    puts: 10_000,
    few_keys: 1_000,
    overwrites: 20_000,
    retention: "2s",
    snapshots: Some(Snapshots { bytes: 1 << 20, entries: 3_000 }),
};

/// The quota of both: the history of a minute is more than the usual one.
const QUOTA: &str = "--quota-backend-bytes=8589934592";

/// Measures with the numbers of the issue, and prints a table. Takes an hour or so.
pub(crate) fn run_all(root: &Path) -> Result<()> {
    measure(root, &LONG, "release")
}

/// The same with small numbers, and the build of tests: it shows that it works, and measures
/// nothing.
pub(crate) fn run_short(root: &Path) -> Result<()> {
    measure(root, &SHORT, "debug")
}

fn measure(root: &Path, size: &Size, profile: &str) -> Result<()> {
    let release = (profile == "release").then_some("--release");
    for what in [&["--bin", "quorate"], &["--example", "put_load"]] {
        let build = ["build", "--locked", "-p", "quorate"].into_iter().chain(release);
        run(&mut cargo(root, &build.chain(*what).collect::<Vec<_>>()))?;
    }
    let built = root.join("target").join(profile);
    let tools = Tools {
        place: root.join("target/figures"),
        client: built.join("quorate"),
        load: built.join("examples/put_load"),
    };
    let mut programs = vec![Program::quorate(tools.client.clone())];
    if is_installed("etcd") {
        programs.push(Program::etcd());
    } else {
        println!("etcd is not installed: there is nothing to compare with");
    }
    let mut columns = Vec::new();
    for program in &programs {
        columns.push(figures_of(program, &tools, size)?);
    }
    print_table(size, profile, &programs, &columns);
    Ok(())
}

/// What it takes to measure.
struct Tools {
    /// Where the data is.
    place: PathBuf,
    /// Our own program.
    client: PathBuf,
    load: PathBuf,
}

/// What was measured of one server.
struct Figures {
    restart: Duration,
    memory: u64,
    memory_without_files: u64,
    written_per_byte: f64,
    snapshots: usize,
    puts_per_second: f64,
    load: Load,
    disk: u64,
    disk_most: u64,
}

/// What the load says of itself.
struct Load {
    bytes: u64,
    seconds: f64,
    longest: Duration,
    /// What 99.9 % took at most.
    most: Duration,
    /// The longest time in which no put was acknowledged.
    silence: Duration,
}

fn figures_of(program: &Program, tools: &Tools, size: &Size) -> Result<Figures> {
    fs::create_dir_all(&tools.place)?;
    let mut flags = vec![QUOTA.to_owned()];
    if let Some(Snapshots { bytes, entries }) = size.snapshots {
        flags.push(if program.name == "etcd" {
            format!("--snapshot-count={entries}")
        } else {
            format!("--snapshot-bytes={bytes}")
        });
    }
    let mut server = Server::start(program, &tools.place, &tools.client, &flags)?;
    println!("{}: filling it", program.name);
    let before = server.written()?;
    let filled = tools.load(&server, size.keys, size.keys)?;
    let written = server.written()? - before;
    println!("{}: starting it again", program.name);
    let restart = server.restart()?;
    let (memory, memory_without_files) = server.memory()?;
    println!("{}: overwriting while snapshots are taken", program.name);
    let snapshots = server.snapshots()?;
    let load = tools.load(&server, size.puts, size.keys)?;
    let snapshots = server.snapshots()? - snapshots;
    drop(server);

    flags.push("--auto-compaction-mode=periodic".to_owned());
    flags.push(format!("--auto-compaction-retention={}", size.retention));
    let server = Server::start(program, &tools.place, &tools.client, &flags)?;
    println!("{}: overwriting few keys often", program.name);
    let (disk, disk_most) = disk_after(&server, tools, size)?;
    Ok(Figures {
        restart,
        memory,
        memory_without_files,
        written_per_byte: ratio(written, filled.bytes),
        snapshots,
        puts_per_second: ratio(size.puts, 1) / load.seconds,
        load,
        disk,
        disk_most,
    })
}

/// Overwrites, and returns what the data takes on the disk after it, and at most meanwhile.
fn disk_after(server: &Server, tools: &Tools, size: &Size) -> Result<(u64, u64)> {
    let (is_over, most) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Relaxed) {
                // Files come and go.
                most.fetch_max(server.disk().unwrap_or_default(), Relaxed);
                thread::sleep(Duration::from_millis(500));
            }
        });
        let loaded = tools.load(server, size.overwrites, size.few_keys);
        is_over.store(true, Relaxed);
        loaded
    })?;
    let disk = server.disk()?;
    Ok((disk, most.into_inner().max(disk)))
}

impl Tools {
    /// Puts so often, each key in turn.
    fn load(&self, server: &Server, puts: u64, keys: u64) -> Result<Load> {
        let numbers = [puts, keys, VALUE_BYTES].map(|number| number.to_string());
        let printed = read(Command::new(&self.load).arg(&server.url).args(numbers))?;
        let words = printed.split_whitespace().collect::<Vec<_>>();
        let word = |place: usize| words.get(place).copied().context("the load says too little");
        let time = |place| Ok::<_, anyhow::Error>(Duration::from_micros(word(place)?.parse()?));
        Ok(Load {
            bytes: word(0)?.parse()?,
            seconds: word(1)?.parse()?,
            longest: time(2)?,
            most: time(3)?,
            silence: time(4)?,
        })
    }
}

fn print_table(size: &Size, profile: &str, programs: &[Program], columns: &[Figures]) {
    let head = programs.iter().map(|program| program.name).collect::<Vec<_>>();
    println!("\nBuilt for {profile}; values of {VALUE_BYTES} bytes; one member.\n");
    println!("| | {} |\n| --- |{}", head.join(" | "), " --- |".repeat(head.len()));
    let row = |what: &str, figure: &dyn Fn(&Figures) -> String| {
        let cells = columns.iter().map(figure).collect::<Vec<_>>();
        println!("| {what} | {} |", cells.join(" | "));
    };
    let Size { keys, puts, few_keys, overwrites, retention, .. } = size;
    row(&format!("killed with {keys} keys, started: serves after"), &|it| {
        format!("{:.2} s", it.restart.as_secs_f64())
    });
    row("memory then (without pages of files)", &|it| {
        format!("{} MiB ({})", mib(it.memory), mib(it.memory_without_files))
    });
    row(&format!("bytes written to disk per byte of {keys} new keys and values"), &|it| {
        format!("{:.2}", it.written_per_byte)
    });
    row(&format!("snapshots taken during {puts} overwrites of these"), &|it| {
        it.snapshots.to_string()
    });
    row("the longest of these puts", &|it| ms(it.load.longest));
    row("99.9 % of these puts, at most", &|it| ms(it.load.most));
    row("the longest time in which none was acknowledged", &|it| ms(it.load.silence));
    row("puts per second meanwhile", &|it| format!("{:.0}", it.puts_per_second));
    row(
        &format!(
            "disk used after {overwrites} overwrites of {few_keys} keys, history compacted after \
             {retention} (at most meanwhile)"
        ),
        &|it| format!("{} MiB ({})", mib(it.disk), mib(it.disk_most)),
    );
}

#[expect(clippy::cast_precision_loss, reason = "two or three digits of it are shown")]
fn ratio(dividend: u64, divisor: u64) -> f64 {
    dividend as f64 / divisor as f64
}

fn mib(bytes: u64) -> u64 {
    bytes.div_ceil(1 << 20)
}

fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}
