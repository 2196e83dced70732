//! How a member leaves its cluster: when the others have decided that it is removed, it ends.

use std::path::{Path, PathBuf};
use std::time::Duration;

use raft::{Configuration, Index, NodeId, Payload, Restored};

use crate::files::keep_mark;

/// How long a removed member runs on, so that what it has to say still reaches the others: if it
/// led, that they are to elect another leader.
const GRACE: Duration = Duration::from_secs(1);

/// The file that says that the member was removed. The log may not: that its last entry is
/// committed need not be written.
const FILE: &str = "removed";

/// Whether a member leaves, and since when.
#[derive(Debug)]
pub(crate) struct Leaving {
    own: NodeId,
    directory: PathBuf,
    since: Option<Duration>,
}

impl Leaving {
    /// The member has a directory of its own, beside its log.
    pub(crate) fn new(own: NodeId, data_dir: &Path) -> Self {
        Self { own, directory: data_dir.join("member"), since: None }
    }

    /// Looks at the configuration in force.
    pub(crate) fn look(&mut self, configuration: &Configuration, is_committed: bool) {
        if self.since.is_none() && is_committed && is_without(configuration, self.own) {
            tracing::warn!("this member is removed from the cluster, and will stop");
            self.since = Some(Duration::ZERO);
            if let Err(error) = keep_mark(&self.directory, FILE) {
                tracing::error!(%error, "cannot write down that this member is removed");
            }
        }
    }

    /// Lets one tick pass. Whether it is time to end.
    pub(crate) fn is_due(&mut self, tick: Duration) -> bool {
        let Some(since) = &mut self.since else { return false };
        *since += tick;
        *since >= GRACE
    }
}

/// Whether what is on its disk says that the member was removed.
pub(crate) fn is_removed(own: NodeId, data_dir: &Path, restored: &Restored) -> bool {
    data_dir.join("member").join(FILE).exists() || is_removed_in_log(own, restored)
}

fn is_removed_in_log(own: NodeId, restored: &Restored) -> bool {
    let committed = |index: Index| index <= restored.commit;
    let in_log = restored.entries.iter().rev().filter(|entry| committed(entry.position.index));
    let last = in_log.into_iter().find_map(|entry| match &entry.payload {
        Payload::Configuration(configuration) => Some(configuration),
        Payload::Noop | Payload::Command(_) => None,
    });
    let in_snapshot = restored.snapshot.as_ref().map(|snapshot| &snapshot.configuration);
    last.or(in_snapshot).is_some_and(|configuration| is_without(configuration, own))
}

fn is_without(configuration: &Configuration, own: NodeId) -> bool {
    configuration.is_known() && !configuration.is_joint() && !configuration.is_member(own)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use raft::{Entry, Position, Term};

    use super::*;

    /// Only what is committed counts, and the last of it.
    #[test]
    fn the_last_committed_configuration_counts() {
        let configuration = |index, ids: &[u64]| Entry {
            position: Position { term: Term(1), index: Index(index) },
            payload: Payload::Configuration(Arc::new(Configuration::new(
                ids.iter().copied().map(NodeId),
            ))),
        };
        let entries = vec![
            configuration(1, &[2, 3]),
            configuration(2, &[1, 2, 3]),
            configuration(3, &[2, 3]),
        ];
        let removed = |commit| {
            let entries = entries.clone();
            is_removed_in_log(
                NodeId(1),
                &Restored { entries, commit: Index(commit), ..Restored::default() },
            )
        };
        assert_eq!([0, 1, 2, 3].map(removed), [false, true, false, true]);
    }

    #[test]
    fn a_removed_member_still_says_goodbye() {
        let data_dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(data_dir.path().join("member")).unwrap();
        let is_removed = || is_removed(NodeId(1), data_dir.path(), &Restored::default());
        let mut leaving = Leaving::new(NodeId(1), data_dir.path());
        let others = Configuration::new([NodeId(2)]);
        leaving.look(&others, false);
        assert!(!leaving.is_due(GRACE));
        leaving.look(&Configuration::unknown(), true);
        assert!(!leaving.is_due(GRACE));
        assert!(!is_removed());
        leaving.look(&others, true);
        assert!(is_removed());
        assert!(!leaving.is_due(GRACE / 2));
        assert!(leaving.is_due(GRACE / 2));
    }
}
