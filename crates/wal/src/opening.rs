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
//!   gone     any                nothing: nobody knows what the member has promised
//! ```

use std::path::PathBuf;

use raft::{Configuration, Index, Loss, Payload, Position, Restored, Snapshot};

use crate::disk::Disk;
use crate::error::Error;
use crate::recovery::Recovery;
use crate::salvage::salvage;
use crate::snapshot::Snapshots;
use crate::wal::Wal;
use crate::{Config, Identity};

/// Where a member keeps what it must not forget, and who it is.
#[derive(Debug)]
pub struct Directories<D> {
    /// The log's.
    pub log: D,
    /// The snapshots'.
    pub snapshots: D,
    /// Whose they are.
    pub identity: Identity,
    /// How large things are in the log.
    pub config: Config,
}

/// What a member goes on with.
#[derive(Debug)]
pub struct Opened<D: Disk> {
    /// The log, open for writing. It holds at least one frame.
    pub log: Wal<D>,
    /// The snapshots.
    pub snapshots: Snapshots<D>,
    /// What they hold.
    pub restored: Restored,
    /// How the log was found. Nothing, if it begins anew.
    pub recovery: Recovery,
    /// What is damaged. If nothing is lost by it ([`Restored::loss`]), an older snapshot will do.
    pub damage: Option<Error>,
}

/// Why a member cannot go on with what is on its disk.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Something cannot be read, or written.
    #[error(transparent)]
    Unusable(#[from] Error),
    /// Something is damaged, and nobody else has what is lost.
    #[error(
        "{0}. This is the only member that votes: no other has what is lost. To go on with less, \
         restore a backup"
    )]
    Alone(Error),
    /// There was a log once, and nothing of it is left.
    #[error(
        "the log in {} is gone, and with it what this member has promised to the others. Put it \
         back; or remove the member from the cluster, remove all its files, and add a new member",
        .0.display()
    )]
    Gone(PathBuf),
}

/// A log that is open, what it holds, and how it was found.
type Log<D> = (Wal<D>, Restored, Recovery);

impl<D: Disk + Clone> Directories<D> {
    /// Opens the log and the snapshots. `was_open` says that they were open before: then something
    /// must be there. `first` is the configuration before any entry.
    ///
    /// # Errors
    ///
    /// Any [`OpenError`]. But for a torn tail that was cut off nothing is changed then.
    pub fn open(self, was_open: bool, first: &Configuration) -> Result<Opened<D>, OpenError> {
        let snapshots = Snapshots::open(self.snapshots.clone(), self.identity.cluster)?;
        let opened = match (self.open_log(was_open)?, snapshots.newest()) {
            (Ok((log, restored, recovery)), Ok(newest)) if covers(newest.as_ref(), &restored) => {
                let restored = Restored { snapshot: newest, ..restored };
                Opened { log, snapshots, restored, recovery, damage: None }
            }
            (log, newest) => self.recover(snapshots, log, newest, first)?,
        };
        if opened.restored.loss.is_none() {
            opened.snapshots.remove_aside()?;
        }
        Ok(opened)
    }

    /// Opens the log and the snapshots of a member whose state is not that of the others, though
    /// its files may be whole. It keeps what it has voted, gives up all else as if that were
    /// damaged, and has it sent again. One that is alone has nobody to have it from, and goes on as
    /// it is.
    ///
    /// A crash meanwhile leaves everything as it was, or gives up a part, which does no harm if
    /// this is called again.
    ///
    /// # Errors
    ///
    /// Any [`OpenError`].
    pub fn open_anew(self, first: &Configuration) -> Result<Opened<D>, OpenError> {
        let snapshots = Snapshots::open(self.snapshots.clone(), self.identity.cluster)?;
        let left = match self.open_log(true)? {
            Ok((_, restored, _)) => restored,
            Err(error) if error.is_damage() => salvage(&self.log, self.identity)?,
            Err(error) => return Err(error.into()),
        };
        let newest = snapshots.newest_whole()?;
        if is_alone(self.identity.member, first, &left, newest.as_ref()) {
            return self.open(true, first);
        }
        let restored = Restored { loss: Some(Loss::Damage), ..without_entries(left) };
        let log = Wal::rebuild(self.log.clone(), self.identity, self.config, &restored)?;
        snapshots.set_aside_after(None)?;
        Ok(Opened { log, snapshots, restored, recovery: Recovery::default(), damage: None })
    }

    /// Opens the log. One that is new gets its first frame: so one that has none is not new.
    fn open_log(&self, was_open: bool) -> Result<Result<Log<D>, Error>, OpenError> {
        let gone = || Err(OpenError::Gone(self.log.path("")));
        if was_open && !Wal::is_there(&self.log)? {
            return gone();
        }
        let (mut log, restored, recovery) =
            match Wal::open(self.log.clone(), self.identity, self.config) {
                Ok(opened) => opened,
                Err(error) => return Ok(Err(error)),
            };
        if recovery.frames == 0 {
            if was_open {
                return gone();
            }
            log.seal()?;
        }
        Ok(Ok((log, restored, recovery)))
    }

    /// Goes on with what is whole, if others have the rest.
    fn recover(
        &self,
        snapshots: Snapshots<D>,
        log: Result<Log<D>, Error>,
        newest: Result<Option<Snapshot>, Error>,
        first: &Configuration,
    ) -> Result<Opened<D>, OpenError> {
        let (log, left, log_damage) = match log {
            Ok((log, restored, recovery)) => (Some((log, recovery)), restored, None),
            Err(error) if error.is_damage() => {
                (None, salvage(&self.log, self.identity)?, Some(error))
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
        let at = snapshot.as_ref().map(|snapshot| snapshot.position);
        let covers = covers(snapshot.as_ref(), &left);
        let (log, recovery, left) = match log {
            Some((log, recovery)) if covers && holds(&left, at) => (log, recovery, left),
            _ if is_alone(self.identity.member, first, &left, snapshot.as_ref()) => {
                return Err(OpenError::Alone(damage));
            }
            _ => {
                let left = if covers { left } else { without_entries(left) };
                let left = Restored { loss: Some(Loss::Damage), ..left };
                let log = Wal::rebuild(self.log.clone(), self.identity, self.config, &left)?;
                (log, Recovery::default(), left)
            }
        };
        snapshots.set_aside_after(at)?;
        let restored = Restored { snapshot, ..left };
        Ok(Opened { log, snapshots, restored, recovery, damage: Some(damage) })
    }
}

/// Whether no entry is missing between the snapshot and the log.
fn covers(snapshot: Option<&Snapshot>, log: &Restored) -> bool {
    let at = snapshot.map_or(Index(0), |snapshot| snapshot.position.index);
    at >= log.base.index
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
fn is_alone(own: u64, first: &Configuration, log: &Restored, snapshot: Option<&Snapshot>) -> bool {
    let in_log = log.entries.iter().rev().find_map(|entry| match &entry.payload {
        Payload::Configuration(configuration) => Some(&**configuration),
        Payload::Noop | Payload::Command(_) => None,
    });
    let known = in_log.or_else(|| snapshot.map(|it| &*it.configuration)).unwrap_or(first);
    let mut voters = known.voters().chain(known.outgoing());
    known.is_known() && voters.all(|voter| voter.0 == own)
}
