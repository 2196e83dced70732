//! Opens a member's files, and tells of what was found.

use std::io;

use raft::Configuration;
use wal::{Directories, Identity, Opened, RealDisk};

use crate::files::{create_private, keep_mark};
use crate::giving_up::{end_giving_up, is_given_up};
use crate::start::{Config, Origin, StartError};

/// A file that says that there was a log once. If all of it is gone, nobody knows what the member
/// has promised.
const STARTED: &str = "started";

/// Opens the log and the snapshots.
pub(crate) fn open(config: &Config) -> Result<Opened<RealDisk>, StartError> {
    let unusable = |source| StartError::DataDir { path: config.data_dir.clone(), source };
    let directory = config.data_dir.join("member");
    create_private(&directory).map_err(unusable)?;
    let directories = Directories {
        log: lock(config, "wal")?,
        snapshots: lock(config, "snap")?,
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

fn lock(config: &Config, name: &str) -> Result<RealDisk, StartError> {
    let path = config.data_dir.clone();
    RealDisk::open(path.join("member").join(name)).map_err(|source| match source.kind() {
        io::ErrorKind::WouldBlock => StartError::Locked(path),
        _ => StartError::DataDir { path, source },
    })
}

fn tell(opened: &Opened<RealDisk>) {
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
