//! How a member joins a cluster that runs already.
//!
//! Somebody has added it there, and so the others know its number and it does not. It asks them,
//! one after the other, until one has it in its [roster](crate::roster), and keeps the answer in a
//! file beside its log. From then on it starts with that.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use raft::NodeId;
use tokio::time::timeout;

use crate::cluster::{Cluster, Peer};
use crate::files::{create_private, keep_text, recall_text};
use crate::handshake;
use crate::roster::Roster;
use crate::security::Security;

/// The file beside the log.
const FILE: &str = "joined";
/// A member that does not answer by then is passed over.
const PATIENCE: Duration = Duration::from_secs(2);

/// The place of a member in a cluster that it has joined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    /// The cluster, as the member was told.
    pub cluster: Cluster,
    /// Which member it is.
    pub own: NodeId,
}

/// Why a member cannot join.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// The members that answered do not know it.
    #[error(
        "the cluster has no member at {urls}: add it first, with `quorate member add {name} \
         --peer-urls={urls}` at one of its members"
    )]
    NotAdded {
        /// What it is called.
        name: String,
        /// Where the others would reach it.
        urls: String,
    },
    /// Nobody answered.
    #[error("no member of --initial-cluster says who belongs to the cluster: {0}")]
    Nobody(String),
    /// What it was told cannot be kept, or read again.
    #[error(
        "cannot keep {}: {source}; start this member as the user who owns it, or give it a \
         directory where it may write, by --data-dir", path.display()
    )]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Whether a member has run in that directory.
pub fn has_log(data_dir: &Path) -> bool {
    data_dir.join("member").join("wal").exists()
}

/// What a member was told when it joined. `None` if it did not join.
pub fn recall_joined(data_dir: &Path, initial: &Cluster) -> Result<Option<Joined>, JoinError> {
    let directory = data_dir.join("member");
    let unusable = |source| JoinError::File { path: directory.join(FILE), source };
    let Some(text) = recall_text(&directory, FILE).map_err(unusable)? else { return Ok(None) };
    let roster = Roster::parse(&text);
    let Some((roster, own)) = roster.and_then(|roster| roster.own.map(|own| (roster, own))) else {
        return Err(unusable(io::ErrorKind::InvalidData.into()));
    };
    Ok(Some(Joined { cluster: roster.into_cluster(initial), own }))
}

/// Asks the members of `initial` who belongs to the cluster, and keeps the answer. `own` is this
/// member, as `initial` has it.
pub async fn join(
    data_dir: &Path,
    initial: &Cluster,
    own: &Peer,
    security: &Security,
) -> Result<Joined, JoinError> {
    let urls = initial.peers.values().filter(|peer| peer.id != own.id).flat_map(|peer| &peer.urls);
    let (mut complaints, mut someone_answered) = (Vec::new(), false);
    for url in urls {
        match ask(url, security).await {
            Ok(roster) => {
                someone_answered = true;
                // One that lags behind may not know of it yet; the next one may.
                if let Some(id) = roster.at(&own.urls) {
                    let roster = Roster { own: Some(id), ..roster };
                    keep(data_dir, &roster)?;
                    return Ok(Joined { cluster: roster.into_cluster(initial), own: id });
                }
            }
            Err(error) => complaints.push(format!("{url}: {error}")),
        }
    }
    Err(if someone_answered {
        JoinError::NotAdded { name: own.name.clone(), urls: own.urls.join(",") }
    } else {
        JoinError::Nobody(complaints.join("; "))
    })
}

/// Asks a member who belongs to its cluster.
pub(crate) async fn ask(url: &str, security: &Security) -> Result<Roster, handshake::Error> {
    let nonsense = || io::Error::from(io::ErrorKind::InvalidData);
    let asked = timeout(PATIENCE, async {
        let mut stream = security.dial(url, |_| Ok(())).await?;
        handshake::ask(&mut stream).await
    });
    let text = asked.await.unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut).into()));
    Roster::parse(&text?).ok_or_else(|| nonsense().into())
}

/// Keeps the roster durably: it is there as a whole, or not at all.
fn keep(data_dir: &Path, roster: &Roster) -> Result<(), JoinError> {
    let directory = data_dir.join("member");
    let write = || {
        create_private(&directory)?;
        keep_text(&directory, FILE, &roster.to_string())?;
        File::open(data_dir)?.sync_all()
    };
    write().map_err(|source| JoinError::File { path: directory.join(FILE), source })
}
