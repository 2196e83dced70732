//! Opens a member's files, and tells of what was found.

use std::io;
use std::sync::Arc;

use raft::Configuration;
use wal::{Directories, Disk, File, Identity, Opened, RealDisk};

use crate::files::{create_private, keep_mark};
use crate::giving_up::{end_giving_up, is_given_up};
use crate::progress::{CountingDisk, Meter};
use crate::start::{Config, Origin, StartError};

/// A file that says that there was a log once. If all of it is gone, nobody knows what the member
/// has promised.
const STARTED: &str = "started";

/// Opens the log and the snapshots. What is read is counted, and so is what is yet to be: the
/// newest snapshot is read again when a state is made of it.
pub(crate) fn open(
    config: &Config,
    meter: &Arc<Meter>,
) -> Result<Opened<CountingDisk>, StartError> {
    let unusable = |source| StartError::DataDir { path: config.data_dir.clone(), source };
    let directory = config.data_dir.join("member");
    create_private(&directory).map_err(unusable)?;
    let (log, snapshots) = (lock(config, "wal")?, lock(config, "snap")?);
    meter.expect(bytes_to_read(&log, &snapshots));
    let directories = Directories {
        log: CountingDisk::new(log, meter),
        snapshots: CountingDisk::new(snapshots, meter),
        identity: Identity { cluster: config.cluster.id.0, member: config.own.0 },
        config: wal::Config::default(),
    };
    let first = match config.origin {
        Origin::Founded => config.cluster.configuration(),
        Origin::Joined => Configuration::unknown(),
    };
    let opened = if is_given_up(&directory) {
        tracing::warn!(
            "this member's state is not that of the others. It gives up what it holds, follows, \
             and does not vote before it has all of it again from them"
        );
        directories.open_anew(&first)?
    } else {
        directories.open(directory.join(STARTED).exists(), &first)?
    };
    if !directory.join(STARTED).exists() {
        keep_mark(&directory, STARTED).map_err(unusable)?;
    }
    end_giving_up(&directory).map_err(unusable)?;
    tell(&opened);
    Ok(opened)
}

/// All segments of the log, and twice the newest snapshot. (Names sort by age.)
fn bytes_to_read(log: &RealDisk, snapshots: &RealDisk) -> u64 {
    let size =
        |disk: &RealDisk, name: &str| disk.open(name).and_then(|file| file.size()).unwrap_or(0);
    let segments = log.list().unwrap_or_default();
    let newest = snapshots.list().unwrap_or_default().into_iter().max();
    let snapshot = newest.map_or(0, |name| size(snapshots, &name));
    segments.iter().map(|name| size(log, name)).sum::<u64>() + 2 * snapshot
}

fn lock(config: &Config, name: &str) -> Result<RealDisk, StartError> {
    let path = config.data_dir.clone();
    RealDisk::open(path.join("member").join(name)).map_err(|source| match source.kind() {
        io::ErrorKind::WouldBlock => StartError::Locked(path),
        _ => StartError::DataDir { path, source },
    })
}

fn tell<D: Disk>(opened: &Opened<D>) {
    let Opened { restored, recovery, damage, .. } = opened;
    if let Some(torn) = &recovery.torn {
        tracing::warn!(
            file = %torn.path.display(), offset = torn.offset, reason = %torn.reason,
            "cut off the last write, which was not finished, and so most likely never acknowledged"
        );
    }
    match damage {
        None => {}
        Some(damage) if restored.loss.is_none() => {
            tracing::error!(%damage, "a snapshot is damaged, and an older one will do");
        }
        Some(damage) => tracing::error!(
            %damage,
            "this member has lost something. It follows, and does not vote before it has all of it \
             again from the others"
        ),
    }
    tracing::info!(
        entries = restored.entries.len(),
        segments = recovery.segments,
        frames = recovery.frames,
        "read the log"
    );
}
