//! The scrubber: a thread that reads files at rest again and again, so that what rots there is
//! found before it is needed.
//!
//! ```text
//!   segments that others follow ──┐   so many bytes        damage: a line in the log, a counter,
//!   the newest snapshot ──────────┴─▶ per second, round ─▶ and the driver has a new snapshot taken
//!                                     and round
//! ```
//!
//! A member that runs has in memory all that its files hold, so damage costs nothing: it takes a
//! new snapshot and drops the log before it, and with it the damaged file. Found only at the next
//! start, the same damage would cost it what it has promised ([ADR 0013]).
//!
//! [ADR 0013]: ../../../docs/adr/0013-recovering-members.md

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::Duration;

use tokio::sync::mpsc::WeakSender;
use wal::{Identity, ReadOnlyDisk, Reading, Snapshots, scrub_log, scrub_snapshot};

use crate::handle::Request;
use crate::meters::Meters;

/// The pause between two rounds.
const PAUSE: Duration = Duration::from_secs(5);
/// How often a pause is interrupted to see whether the member is still there.
const NAP: Duration = Duration::from_millis(100);

/// All that the thread owns.
pub(crate) struct Scrubber<R> {
    log: ReadOnlyDisk,
    snapshots: Snapshots<ReadOnlyDisk>,
    identity: Identity,
    bytes_per_second: u64,
    meters: Arc<Meters>,
    /// The driver's inbox, for as long as somebody else needs the driver.
    driver: WeakSender<Request<R>>,
    /// What was complained of.
    told: BTreeSet<String>,
}

impl<R> Scrubber<R> {
    /// A scrubber of the files of that member, in `data_dir`.
    pub(crate) fn new(
        data_dir: &Path,
        identity: Identity,
        bytes_per_second: u64,
        meters: Arc<Meters>,
        driver: WeakSender<Request<R>>,
    ) -> Self {
        let directory = data_dir.join("member");
        let snapshots = ReadOnlyDisk::new(directory.join("snap"));
        let snapshots = Snapshots::at_rest(snapshots, identity.cluster);
        let log = ReadOnlyDisk::new(directory.join("wal"));
        let told = BTreeSet::new();
        Self { log, snapshots, identity, bytes_per_second, meters, driver, told }
    }

    /// Reads round and round, until the member is gone.
    pub(crate) fn run(mut self) {
        while self.rest(PAUSE) {
            self.round();
        }
    }

    fn round(&mut self) {
        let mut errors = scrub_log(&self.log, self.identity, |reading| self.go_on(reading));
        errors.extend(scrub_snapshot(&self.snapshots, |reading| self.go_on(reading)));
        let mut is_damaged = false;
        for error in errors {
            let is_new = self.told.insert(error.to_string());
            is_damaged |= error.is_damage();
            match (error.is_damage(), is_new) {
                (true, true) => {
                    self.meters.scrub_damages.fetch_add(1, Relaxed);
                    tracing::error!(
                        damage = %error.place_and_damage(),
                        "a file at rest is damaged. Nothing is lost: a new snapshot takes its place"
                    );
                }
                (false, true) => tracing::warn!(%error, "cannot look after a file at rest"),
                (_, false) => {}
            }
        }
        if is_damaged && let Some(driver) = self.driver.upgrade() {
            // It is about to end if it takes nothing any more.
            let _ = driver.blocking_send(Request::RenewFiles);
        }
    }

    /// Keeps to the rate. Whether the member is still there.
    fn go_on(&self, reading: Reading<'_>) -> bool {
        match reading {
            Reading::Begins(path) => {
                forget_cached(path);
                self.is_needed()
            }
            Reading::Goes(bytes) => {
                self.meters.scrubbed_bytes.fetch_add(bytes, Relaxed);
                let nanos = u128::from(bytes) * 1_000_000_000 / u128::from(self.bytes_per_second);
                self.rest(Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)))
            }
        }
    }

    /// Sleeps. Whether the member is still there then.
    fn rest(&self, time: Duration) -> bool {
        let mut left = time;
        while !left.is_zero() && self.is_needed() {
            let nap = left.min(NAP);
            thread::sleep(nap);
            left -= nap;
        }
        self.is_needed()
    }

    fn is_needed(&self) -> bool {
        self.driver.upgrade().is_some()
    }
}

/// Has the next reads of a file come from the disk, and not from the memory of the kernel. That is
/// a favour: a kernel that does not do it costs nothing but the chance to see damage early.
#[cfg(target_os = "linux")]
fn forget_cached(path: &Path) {
    use rustix::fs::{Advice, fadvise};

    if let Ok(file) = std::fs::File::open(path) {
        let _ = fadvise(&file, 0, None, Advice::DontNeed);
    }
}

#[cfg(not(target_os = "linux"))]
fn forget_cached(_: &Path) {}
