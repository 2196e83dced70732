//! The last survivor: a member whose others are gone for good goes on alone.
//!
//! No quorum can decide that, so an operator does. The member's log is given one more entry, in a
//! term of its own: a configuration in which nobody else votes. From then on it is a cluster of one
//! that can be read, written and grown like any other.
//!
//! ```text
//!   before   1@1 … 7@3 | 8@3 9@3            members n1 n2 n3, committed up to 7
//!   after    1@1 … 7@3 | 8@3 9@3 | 10@4     members n1
//! ```
//!
//! What the survivor cannot know to be committed (8 and 9) stays: it may have been acknowledged to
//! a client by this very copy, and a write that was not acknowledged may come true too. What it has
//! not, because it lagged behind or has lost it, is gone with the others, and it says so
//! (decision 0015).
//!
//! The others may turn out to be alive. Who answers now is a reason to refuse; who comes back later
//! is not listened to ([`given_up`]), for a majority of the cluster that was would undo all this.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use raft::{
    Configuration, Entry, HardState, Index, Loss, NodeId, Payload, Position, Restored, Term, Write,
};
use wal::Opened;

use crate::cluster::{address_bytes, urls_of};
use crate::files::{keep_text, recall_text};
use crate::join::{ask, has_log};
use crate::progress::CountingDisk;
use crate::start::Config;

/// The file beside the log that says who was given up: a number to a line.
const FILE: &str = "given-up";

/// Why a member cannot be forced to go on alone. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ForceError {
    /// No member has run there.
    #[error(
        "there is no log of a member in {}; name the data directory of the one that is to go on, \
         by --data-dir", .0.display()
    )]
    NoLog(PathBuf),
    /// Nothing of the store is left.
    #[error(
        "the member in {} has nothing that it could go on with: no entry, and no snapshot that is \
         whole{}. Choose another survivor, or restore a backup",
        path.display(), damage.as_ref().map(|damage| format!(" ({damage})")).unwrap_or_default()
    )]
    Nothing {
        /// Its data directory.
        path: PathBuf,
        /// What was found to be damaged there.
        damage: Option<wal::Error>,
    },
    /// Another member runs.
    #[error(
        "member {member:x} answers at {url}. This flag is for the last survivor: leave it out if \
         this member was forced before; or stop all the others for good, and force the one that \
         has most"
    )]
    NotAlone {
        /// Who answers.
        member: u64,
        /// Where.
        url: String,
    },
    /// The disk refuses.
    #[error(transparent)]
    Log(#[from] wal::Error),
    /// The disk refuses.
    #[error("cannot keep {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Whether there is something that could be forced, before any file is touched.
pub(crate) fn check(data_dir: &Path) -> Result<(), ForceError> {
    if has_log(data_dir) { Ok(()) } else { Err(ForceError::NoLog(data_dir.to_owned())) }
}

/// The members that this one has gone on without.
pub(crate) fn given_up(data_dir: &Path) -> Result<BTreeSet<NodeId>, ForceError> {
    let directory = data_dir.join("member");
    let unusable = |source| ForceError::File { path: directory.join(FILE), source };
    let text = recall_text(&directory, FILE).map_err(unusable)?.unwrap_or_default();
    let number = |line| u64::from_str_radix(line, 16).map(NodeId);
    let all = text.lines().map(number).collect::<Result<_, _>>();
    all.map_err(|error| unusable(io::Error::new(io::ErrorKind::InvalidData, error)))
}

/// Makes the member the only voter of its cluster, durably. It stays one until it adds others.
pub(crate) async fn go_on_alone(
    config: &Config,
    opened: &mut Opened<CountingDisk>,
) -> Result<(), ForceError> {
    if opened.restored.entries.is_empty() && opened.restored.snapshot.is_none() {
        let (path, damage) = (config.data_dir.clone(), opened.damage.take());
        return Err(ForceError::Nothing { path, damage });
    }
    let before = configuration(config, &opened.restored);
    let others = before.members().into_iter().filter(|id| *id != config.own);
    let others = others.collect::<BTreeSet<_>>();
    if others.is_empty() && opened.restored.loss.is_none() {
        tracing::info!("this member is the only one already: --force-new-cluster changes nothing");
        return Ok(());
    }
    refuse_if_others_run(config, &before).await?;
    let all = given_up(&config.data_dir)?.into_iter().chain(others.iter().copied());
    let all = all.map(|id| format!("{:x}", id.0)).collect::<Vec<_>>().join("\n");
    let directory = config.data_dir.join("member");
    keep_text(&directory, FILE, &all)
        .map_err(|source| ForceError::File { path: directory.join(FILE), source })?;

    let Opened { log, restored, damage, .. } = opened;
    tell(&others, restored, damage.as_ref());
    let alone = Configuration::new([config.own]);
    let alone = alone.with_addresses([(config.own, address(config, &before))]);
    let write = write(restored, config.own, alone);
    log.append(std::slice::from_ref(&write))?;
    restore(restored, write);
    Ok(())
}

/// The members, as far as this one knows: its log has the newest, committed or not.
fn configuration(config: &Config, restored: &Restored) -> Configuration {
    let in_log = restored.entries.iter().rev().find_map(|entry| match &entry.payload {
        Payload::Configuration(configuration) => Some(&**configuration),
        Payload::Noop | Payload::Command(_) => None,
    });
    let in_snapshot = restored.snapshot.as_ref().map(|snapshot| &*snapshot.configuration);
    let known = in_log.or(in_snapshot).filter(|configuration| configuration.is_known());
    known.cloned().unwrap_or_else(|| config.cluster.configuration())
}

/// Where the member is reached, as its configuration says it of a voter.
fn address(config: &Config, before: &Configuration) -> bytes::Bytes {
    let known = before.addresses().find(|(id, _)| *id == config.own);
    let urls = known.map(|(_, address)| urls_of(address));
    let urls = urls.or_else(|| config.cluster.peers.get(&config.own).map(|it| it.urls.clone()));
    address_bytes(&urls.unwrap_or_default())
}

async fn refuse_if_others_run(config: &Config, before: &Configuration) -> Result<(), ForceError> {
    for (id, address) in before.addresses().filter(|(id, _)| *id != config.own) {
        for url in urls_of(address) {
            let roster = ask(&url, &config.security).await;
            if roster.is_ok_and(|roster| roster.cluster == config.cluster.id) {
                return Err(ForceError::NotAlone { member: id.0, url });
            }
        }
    }
    Ok(())
}

/// Says what becomes of the cluster, and what of its data may be lost.
fn tell(others: &BTreeSet<NodeId>, restored: &Restored, damage: Option<&wal::Error>) {
    let last = last(restored);
    let given_up = others.iter().map(|id| format!("{:x}", id.0)).collect::<Vec<_>>().join(", ");
    tracing::warn!(
        given_up, last = %last, committed = restored.commit.0,
        "this member goes on as the only voter of its cluster, with all that it has. What it did \
         not have yet is lost. Never start the members again that were given up, but remove their \
         data directories; start this one without --force-new-cluster from now on; and let it grow \
         by `quorate member add`"
    );
    let reason = damage.map(ToString::to_string);
    match restored.loss {
        None => {}
        Some(Loss::Tail) => tracing::error!(
            last = %last,
            "the last write of this member was not whole: what was in it is lost, and may have \
             been acknowledged"
        ),
        Some(Loss::Damage) => tracing::error!(
            last = %last, reason,
            "this member had lost some of what it had acknowledged, and did not have it again \
             from the others yet: what came after the last entry is gone for good. If you have a \
             backup, compare"
        ),
    }
}

/// Where the log ends; or the snapshot, if it takes the place of the log: as in [`raft`], that is
/// when the log does not hold its position.
fn last(restored: &Restored) -> Position {
    let end = restored.entries.last().map_or(restored.base, |entry| entry.position);
    newer_snapshot(restored).unwrap_or(end)
}

fn newer_snapshot(restored: &Restored) -> Option<Position> {
    let covered = restored.snapshot.as_ref()?.position;
    let mut held = restored.entries.iter().map(|entry| entry.position);
    (covered != restored.base && !held.any(|position| position == covered)).then_some(covered)
}

/// What makes it so: the configuration follows what the log holds, in a term that nobody else has
/// a vote of this member for.
///
/// If entries are lost that were known to be committed, others would come to stand at their
/// indexes, and would be taken for committed at the next start. So nothing stands there: the
/// configuration comes behind them.
fn write(restored: &Restored, own: NodeId, alone: Configuration) -> Write {
    let last = last(restored);
    let term = Term(restored.hard_state.term.max(last.term).0 + 1);
    let end = restored.commit.max(last.index).next();
    let entry =
        |index, payload| Entry { position: Position { term, index: Index(index) }, payload };
    let lost = (last.index.0 + 1..end.0).map(|index| entry(index, Payload::Noop));
    let alone = entry(end.0, Payload::Configuration(Arc::new(alone)));
    Write {
        hard_state: Some(HardState { term, vote: Some(own) }),
        base: newer_snapshot(restored),
        entries: lost.chain([alone]).collect(),
        is_recovered: restored.loss.is_some(),
        ..Write::default()
    }
}

/// Does to what was restored what the write does to the log.
fn restore(restored: &mut Restored, write: Write) {
    if let Some(base) = write.base {
        restored.base = base;
        restored.entries.clear();
    }
    restored.hard_state = write.hard_state.unwrap_or(restored.hard_state);
    restored.entries.extend(write.entries);
    restored.loss = None;
}

#[cfg(test)]
mod tests {
    use raft::Snapshot;

    use super::*;

    const OWN: NodeId = NodeId(1);

    fn entry(position: Position) -> Entry {
        Entry { position, payload: Payload::Noop }
    }

    fn snapshot(position: Position) -> Snapshot {
        let configuration = Arc::new(Configuration::new([OWN, NodeId(2)]));
        Snapshot { position, configuration, bytes: 0, checksum: 0 }
    }

    /// What the write is, and what it makes of what was restored.
    fn forced(mut restored: Restored) -> (Write, Restored) {
        let write = write(&restored, OWN, Configuration::new([OWN]));
        restore(&mut restored, write.clone());
        (write, restored)
    }

    #[test]
    fn all_entries_stay() {
        let hard_state = HardState { term: Term(5), vote: Some(NodeId(2)) };
        let entries = vec![entry(Position::new(1, 1)), entry(Position::new(2, 2))];
        let (write, after) =
            forced(Restored { hard_state, entries, commit: Index(1), ..Restored::default() });
        assert_eq!((write.base, write.is_recovered), (None, false));
        assert_eq!(after.hard_state, HardState { term: Term(6), vote: Some(OWN) });
        let positions = after.entries.iter().map(|entry| entry.position).collect::<Vec<_>>();
        assert_eq!(positions, [(1, 1), (2, 2), (3, 6)].map(|(i, term)| Position::new(i, term)));
    }

    /// A snapshot that was sent to the member is newer than its log.
    #[test]
    fn a_snapshot_may_lie_beyond_the_log() {
        let newest = Position::new(9, 7);
        let (write, after) = forced(Restored {
            hard_state: HardState { term: Term(5), vote: None },
            entries: vec![entry(Position::new(1, 1))],
            snapshot: Some(snapshot(newest)),
            ..Restored::default()
        });
        assert_eq!(write.base, Some(newest));
        assert_eq!(after.base, newest);
        assert_eq!(after.entries.len(), 1);
        assert_eq!(after.entries[0].position, Position::new(10, 8));
    }

    #[test]
    fn one_that_is_recovering_is_whole_by_decree() {
        let entries = vec![entry(Position::new(1, 1))];
        let (loss, commit) = (Some(Loss::Damage), Index(3));
        let (write, after) = forced(Restored { entries, loss, commit, ..Restored::default() });
        assert_eq!((write.is_recovered, after.loss), (true, None));
        // Nothing new stands where something was committed once.
        let kinds = after.entries.iter().map(|entry| &entry.payload).collect::<Vec<_>>();
        assert!(matches!(
            kinds[..],
            [Payload::Noop, Payload::Noop, Payload::Noop, Payload::Configuration(_)]
        ));
    }
}
