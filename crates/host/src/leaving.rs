//! How a member leaves its cluster: when the others have decided that it is removed, it ends.
//!
//! A configuration without it is no proof of that. One that was added later finds the older ones in
//! the log that it is sent, or in a snapshot, before the one that has it. It is removed if it was a
//! member before.

use std::path::{Path, PathBuf};
use std::time::Duration;

use raft::{Configuration, Index, NodeId, Payload, Restored};

use crate::files::keep_mark;
use crate::start::Origin;

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
    was_member: bool,
    since: Option<Duration>,
}

impl Leaving {
    /// The member has a directory of its own, beside its log.
    pub(crate) fn new(own: NodeId, origin: Origin, data_dir: &Path, restored: &Restored) -> Self {
        let mut known = configurations(restored).map(|(_, configuration)| configuration);
        let was_member =
            origin == Origin::Founded || known.any(|configuration| configuration.is_member(own));
        Self { own, directory: data_dir.join("member"), was_member, since: None }
    }

    /// Looks at the configuration in force.
    pub(crate) fn look(&mut self, configuration: &Configuration, is_committed: bool) {
        self.was_member |= configuration.is_member(self.own);
        let is_removed = self.was_member && is_committed && is_without(configuration, self.own);
        if self.since.is_none() && is_removed {
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
pub(crate) fn is_removed(
    own: NodeId,
    origin: Origin,
    data_dir: &Path,
    restored: &Restored,
) -> bool {
    data_dir.join("member").join(FILE).exists() || is_removed_in_log(own, origin, restored)
}

fn is_removed_in_log(own: NodeId, origin: Origin, restored: &Restored) -> bool {
    let committed = configurations(restored).filter(|(index, _)| *index <= restored.commit);
    let (mut was_member, mut is_removed) = (origin == Origin::Founded, false);
    for (_, configuration) in committed {
        was_member |= configuration.is_member(own);
        is_removed = was_member && is_without(configuration, own);
    }
    is_removed
}

/// The configurations that a member finds on its disk, in order, each with its index. That of the
/// snapshot is committed for sure.
fn configurations(restored: &Restored) -> impl Iterator<Item = (Index, &Configuration)> {
    let snapshot = restored.snapshot.as_ref();
    let covered = snapshot.map_or(Index(0), |snapshot| snapshot.position.index);
    let in_snapshot = snapshot.map(|snapshot| (Index(0), &*snapshot.configuration));
    let in_log = restored.entries.iter().filter_map(move |entry| match &entry.payload {
        Payload::Configuration(configuration) if entry.position.index > covered => {
            Some((entry.position.index, &**configuration))
        }
        Payload::Configuration(_) | Payload::Noop | Payload::Command(_) => None,
    });
    in_snapshot.into_iter().chain(in_log)
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
        let removed = |origin, commit| {
            let entries = entries.clone();
            let restored = Restored { entries, commit: Index(commit), ..Restored::default() };
            is_removed_in_log(NodeId(1), origin, &restored)
        };
        let founder = [0, 1, 2, 3].map(|commit| removed(Origin::Founded, commit));
        assert_eq!(founder, [false, true, false, true]);
        // The first one is of before it was added.
        let joiner = [0, 1, 2, 3].map(|commit| removed(Origin::Joined, commit));
        assert_eq!(joiner, [false, false, false, true]);
    }

    #[test]
    fn a_removed_member_still_says_goodbye() {
        let data_dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(data_dir.path().join("member")).unwrap();
        let (own, restored) = (NodeId(1), Restored::default());
        let is_removed = || is_removed(own, Origin::Joined, data_dir.path(), &restored);
        let mut leaving = Leaving::new(own, Origin::Joined, data_dir.path(), &restored);
        let others = Configuration::new([NodeId(2)]);
        // One that was added is sent what was before.
        leaving.look(&others, true);
        assert!(!leaving.is_due(GRACE));
        leaving.look(&Configuration::new([NodeId(1), NodeId(2)]), false);
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
