//! A member whose cluster does not begin empty, but with a state from a backup.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use raft::{Index, NodeId, Position, Term};
use wal::{RealDisk, Snapshots};

use crate::cluster::Cluster;
use crate::files::create_private;
use crate::join::has_log;

/// Where the state stands: before all that the members will agree on. All members of the cluster
/// begin with the same one.
const POSITION: Position = Position { index: Index(1), term: Term(1) };

/// Why a data directory cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// Somebody lives there.
    #[error(
        "{} is the data directory of a member already: choose another --data-dir", .0.display()
    )]
    Inhabited(PathBuf),
    /// It is no member of that cluster.
    #[error("the cluster has no member {0:?}")]
    NoMember(NodeId),
    /// The disk refuses.
    #[error("cannot write to {}: {source}", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The disk refuses.
    #[error(transparent)]
    Snapshot(#[from] wal::Error),
}

/// Makes the data directory of a member of a new cluster that begins with a state: these are its
/// bytes, as in a snapshot. It is as if the member had been sent the snapshot by a leader of the
/// first term, and had lost power then.
pub fn begin_with(
    data_dir: &Path,
    cluster: &Cluster,
    own: NodeId,
    content: &[u8],
) -> Result<(), RestoreError> {
    if !cluster.peers.contains_key(&own) {
        return Err(RestoreError::NoMember(own));
    }
    let snap = data_dir.join("member").join("snap");
    if has_log(data_dir) || snap.exists() {
        return Err(RestoreError::Inhabited(data_dir.to_owned()));
    }
    let refused = |source| RestoreError::Io { path: data_dir.to_owned(), source };
    create_private(&data_dir.join("member")).map_err(refused)?;
    let snapshots = Snapshots::open(RealDisk::open(snap).map_err(refused)?, cluster.id.0)?;
    let mut writer = snapshots.create()?;
    snapshots.append(&mut writer, content)?;
    snapshots.finish(writer, POSITION, Arc::new(cluster.configuration()))?;
    Ok(())
}
