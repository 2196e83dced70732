//! What a member finds on its disk, and what it does if something of it is damaged.
//!
//! A member that is not alone can have from the others what it has lost. It keeps what is whole,
//! has its core told that entries may be missing, and the core sees to the rest ([`raft::Loss`]). A
//! member that is alone refuses to start.
//!
//! ```text
//!   log      newest snapshot    what it goes on with
//!   whole    whole              everything
//!   whole    damaged            everything, if the log goes on from an older one;
//!                               if not, the older one or none, and no log
//!   damaged  whole or damaged   the log before the damage, and the newest snapshot that is whole
//! ```

use std::fs::File;
use std::io;
use std::path::Path;

use raft::{Configuration, Index, Loss, Payload, Position, Restored, Snapshot};
use wal::{Identity, RealDisk, Snapshots, Wal};

use crate::start::{Config, Origin, StartError, create_private};

/// What a member goes on with.
pub(crate) struct Opened {
    pub(crate) log: Wal<RealDisk>,
    pub(crate) snapshots: Snapshots<RealDisk>,
    pub(crate) restored: Restored,
}

/// A file that says that there was a log once. If all of it is gone, nobody knows what the member
/// has promised.
const STARTED: &str = "started";

type Log = (Wal<RealDisk>, Restored);

/// Opens the log and the snapshots.
pub(crate) fn open(config: &Config) -> Result<Opened, StartError> {
    let unusable = |source| StartError::DataDir { path: config.data_dir.clone(), source };
    let directory = config.data_dir.join("member");
    create_private(&directory).map_err(unusable)?;
    let identity = Identity { cluster: config.cluster.id.0, member: config.own.0 };
    let disk = lock(config, "wal")?;
    if !Wal::is_there(&disk)? && directory.join(STARTED).exists() {
        return Err(StartError::LogGone(config.data_dir.clone()));
    }
    let snapshots = Snapshots::open(lock(config, "snap")?, identity.cluster)?;
    let log = open_log(disk, identity);
    write_down_start(&directory).map_err(unusable)?;

    let opened = match (log, snapshots.newest()) {
        (Ok((log, restored)), Ok(newest)) if covers(newest.as_ref(), &restored) => {
            Opened { log, snapshots, restored: Restored { snapshot: newest, ..restored } }
        }
        (log, newest) => recover(config, identity, snapshots, log, newest)?,
    };
    if opened.restored.loss.is_none() {
        opened.snapshots.remove_aside()?;
    }
    Ok(opened)
}

fn lock(config: &Config, name: &str) -> Result<RealDisk, StartError> {
    let path = config.data_dir.clone();
    RealDisk::open(path.join("member").join(name)).map_err(|source| match source.kind() {
        io::ErrorKind::WouldBlock => StartError::Locked(path),
        _ => StartError::DataDir { path, source },
    })
}

fn write_down_start(directory: &Path) -> io::Result<()> {
    let path = directory.join(STARTED);
    if !path.exists() {
        File::create(path)?;
        File::open(directory)?.sync_all()?;
    }
    Ok(())
}

fn open_log(disk: RealDisk, identity: Identity) -> Result<Log, wal::Error> {
    let (log, restored, recovery) = Wal::open(disk, identity, wal::Config::default())?;
    if let Some(torn) = recovery.torn {
        tracing::warn!(
            file = %torn.path.display(), offset = torn.offset, reason = %torn.reason,
            "cut off the last write, which was not finished, and so most likely never acknowledged"
        );
    }
    tracing::info!(
        entries = restored.entries.len(),
        segments = recovery.segments,
        frames = recovery.frames,
        "read the log"
    );
    Ok((log, restored))
}

/// Whether no entry is missing between the snapshot and the log.
fn covers(snapshot: Option<&Snapshot>, log: &Restored) -> bool {
    let at = snapshot.map_or(Index(0), |snapshot| snapshot.position.index);
    at >= log.base.index
}

/// Goes on with what is whole, if others have the rest.
fn recover(
    config: &Config,
    identity: Identity,
    snapshots: Snapshots<RealDisk>,
    log: Result<Log, wal::Error>,
    newest: Result<Option<Snapshot>, wal::Error>,
) -> Result<Opened, StartError> {
    let (log, left, log_damage) = match log {
        Ok((log, restored)) => (Some(log), restored, None),
        Err(error) if error.is_damage() => {
            (None, wal::salvage(&lock(config, "wal")?, identity)?, Some(error))
        }
        Err(error) => return Err(error.into()),
    };
    let snapshot_damage = match newest {
        Ok(_) => None,
        Err(error) if error.is_damage() => Some(error),
        Err(error) => return Err(error.into()),
    };
    let snapshot = snapshots.newest_whole()?;
    let damage = log_damage.or(snapshot_damage).unwrap_or_else(|| snapshots.missing());
    if is_alone(config, &left, snapshot.as_ref()) {
        return Err(StartError::Alone(damage));
    }

    let at = snapshot.as_ref().map(|snapshot| snapshot.position);
    let opened = match log {
        Some(log) if covers(snapshot.as_ref(), &left) && holds(&left, at) => {
            tracing::error!(%damage, "a snapshot is damaged, and an older one will do");
            Opened { log, snapshots, restored: Restored { snapshot, ..left } }
        }
        log => {
            tracing::error!(
                %damage,
                "this member has lost something. It follows, and does not vote before it has all \
                 of it again from the others"
            );
            // The lock goes with it.
            drop(log);
            let left = if covers(snapshot.as_ref(), &left) { left } else { without_entries(left) };
            let left = Restored { loss: Some(Loss::Damage), ..left };
            let disk = lock(config, "wal")?;
            let log = Wal::rebuild(disk, identity, wal::Config::default(), &left)?;
            Opened { log, snapshots, restored: Restored { snapshot, ..left } }
        }
    };
    opened.snapshots.set_aside_after(at)?;
    Ok(opened)
}

/// Whether the log goes on from there.
fn holds(log: &Restored, position: Option<Position>) -> bool {
    let position = position.unwrap_or_default();
    position == log.base || log.entries.iter().any(|entry| entry.position == position)
}

fn without_entries(log: Restored) -> Restored {
    let (base, commit) = (Position::default(), Index(0));
    Restored { base, commit, entries: Vec::new(), ..log }
}

/// Whether no other member votes, as far as is known.
fn is_alone(config: &Config, log: &Restored, snapshot: Option<&Snapshot>) -> bool {
    let in_log = log.entries.iter().rev().find_map(|entry| match &entry.payload {
        Payload::Configuration(configuration) => Some(&**configuration),
        Payload::Noop | Payload::Command(_) => None,
    });
    let known = in_log.or_else(|| snapshot.map(|it| &*it.configuration)).cloned();
    let configuration = known.unwrap_or_else(|| match config.origin {
        Origin::Founded => config.cluster.configuration(),
        Origin::Joined => Configuration::unknown(),
    });
    let mut voters = configuration.voters().chain(configuration.outgoing());
    configuration.is_known() && voters.all(|voter| voter == config.own)
}
