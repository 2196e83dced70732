//! Which situations a run went through. A simulator that never brings them about proves nothing
//! about them, so the soak says how often each was there, and fails if one never was.

use std::collections::BTreeMap;

use mvcc::{AuthRefusal, Refusal};
use raft::{Message, NodeId, RoleName, Term};
use replica::Failure;

use crate::checks::{Fact, Ghost};
use crate::client::Answer;
use crate::network::Network;

/// Something that a good run of many seeds brings about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Situation {
    /// A member won an election.
    Elected,
    /// Two members thought at once that they lead, in different terms.
    TwoLeaders,
    /// A member dropped entries that another leader's log contradicts.
    Truncated,
    /// A leader was elected that held entries of an earlier term, not committed.
    ElectedWithOldEntries,
    /// A member found its last write torn.
    TornWrite,
    /// A member found a write that was never reported.
    UnreportedWrite,
    /// A disk failed, and the process ended for it.
    DiskDeath,
    /// A log that was damaged was refused.
    DamageRefused,
    /// What a member lost by damage it had sent again.
    Recovered,
    /// A member was elected by the votes of all, for its own was weak.
    ElectedWeakly,
    /// Too many members may have lost something, and nobody could be elected any more.
    NobodyMayVote,
    /// Entries were committed while some link was cut.
    CommittedWhileCut,
    /// A follower's clients were served through its leader.
    Forwarded,
    /// A follower asked for a read index.
    FollowerRead,
    /// A snapshot was taken.
    SnapshotTaken,
    /// A snapshot could not be stored.
    SnapshotNotStored,
    /// A snapshot was installed.
    SnapshotInstalled,
    /// A snapshot was installed while some link was cut.
    SnapshotInstalledWhileCut,
    /// A change of the members was committed.
    MembersChanged,
    /// A joint configuration came into force.
    Joint,
    /// A change of the members was committed while some link was cut.
    MembersChangedWhileCut,
    /// A member was told to campaign at once.
    TransferBegun,
    /// A member started from a snapshot.
    StartedFromSnapshot,
    /// A member was asked, and never said what became of it.
    OutcomeUnknown,
    /// A watch went on at another member, or at one that had been away.
    WatchResumed,
    /// A watch was told that what it was to hear is forgotten.
    WatchCompacted,
    /// Those who watch had more to read than was read.
    WatchFellBehind,
    /// Somebody was refused, because of who it was.
    Denied,
    /// The users were changed between the look at who asked and the place in the log.
    UsersChangedMeanwhile,
}

impl Situation {
    /// All of them.
    pub const ALL: [Self; 29] = [
        Self::Elected,
        Self::TwoLeaders,
        Self::Truncated,
        Self::ElectedWithOldEntries,
        Self::TornWrite,
        Self::UnreportedWrite,
        Self::DiskDeath,
        Self::DamageRefused,
        Self::Recovered,
        Self::ElectedWeakly,
        Self::NobodyMayVote,
        Self::CommittedWhileCut,
        Self::Forwarded,
        Self::FollowerRead,
        Self::SnapshotTaken,
        Self::SnapshotNotStored,
        Self::SnapshotInstalled,
        Self::SnapshotInstalledWhileCut,
        Self::MembersChanged,
        Self::Joint,
        Self::MembersChangedWhileCut,
        Self::TransferBegun,
        Self::StartedFromSnapshot,
        Self::OutcomeUnknown,
        Self::WatchResumed,
        Self::WatchCompacted,
        Self::WatchFellBehind,
        Self::Denied,
        Self::UsersChangedMeanwhile,
    ];

    /// So many runs of any seeds bring it about, as good as surely.
    fn seeds(self) -> u64 {
        match self {
            Self::Elected
            | Self::CommittedWhileCut
            | Self::Forwarded
            | Self::FollowerRead
            | Self::SnapshotTaken
            | Self::OutcomeUnknown => 5,
            Self::Truncated
            | Self::ElectedWithOldEntries
            | Self::UnreportedWrite
            | Self::DiskDeath
            | Self::SnapshotInstalled
            | Self::MembersChanged
            | Self::StartedFromSnapshot
            | Self::WatchResumed
            | Self::WatchFellBehind => 12,
            Self::TwoLeaders
            | Self::TornWrite
            | Self::Recovered
            | Self::ElectedWeakly
            | Self::SnapshotNotStored
            | Self::SnapshotInstalledWhileCut
            | Self::Joint
            | Self::WatchCompacted
            | Self::Denied
            | Self::UsersChangedMeanwhile
            | Self::MembersChangedWhileCut
            | Self::TransferBegun => 300,
            // What comes of two faults that seldom meet.
            Self::DamageRefused | Self::NobodyMayVote => u64::MAX,
        }
    }

    /// What should have come about in so many runs of the [storm](crate::Scenario::Storm), and did
    /// not, given how often each situation did.
    pub fn missing(seeds: u64, counts: &BTreeMap<Self, u64>) -> Vec<Self> {
        let is_missing = |it: &Self| it.seeds() <= seeds && !counts.contains_key(it);
        Self::ALL.into_iter().filter(is_missing).collect()
    }
}

/// Counts them.
#[derive(Debug, Default)]
pub(crate) struct Coverage {
    pub(crate) counts: BTreeMap<Situation, u64>,
    last_elected: BTreeMap<NodeId, Term>,
}

impl Coverage {
    pub(crate) fn add(&mut self, situation: Situation) {
        *self.counts.entry(situation).or_default() += 1;
    }

    pub(crate) fn see(&mut self, fact: &Fact<'_>, ghost: &Ghost, network: &Network) {
        match fact {
            Fact::Stands { id, status } => {
                let standing = status.standing;
                let led = self.last_elected.get(id).copied();
                if standing.role == RoleName::Leader && led < Some(standing.term) {
                    self.last_elected.insert(*id, standing.term);
                    self.add(Situation::Elected);
                    if status.loss.is_some() {
                        self.add(Situation::ElectedWeakly);
                    }
                    let others = ghost.leaders().filter(|(other, _)| other != id);
                    if others.count() > 0 {
                        self.add(Situation::TwoLeaders);
                    }
                    if status.last.index > ghost.committed_index().next() {
                        self.add(Situation::ElectedWithOldEntries);
                    }
                }
                if ghost.grown().is_some() && network.is_disturbed() {
                    self.add(Situation::CommittedWhileCut);
                }
            }
            Fact::Wrote { write, .. } if ghost.has_truncated() => {
                debug_assert!(!write.entries.is_empty() || write.base.is_some());
                self.add(Situation::Truncated);
            }
            Fact::Started { restored, .. } => {
                if ghost.found_unreported() {
                    self.add(Situation::UnreportedWrite);
                }
                if restored.snapshot.is_some() {
                    self.add(Situation::StartedFromSnapshot);
                }
            }
            Fact::Answered { answer: Answer::Lost, .. }
            | Fact::Answered {
                answer: Answer::Failed(Failure::TimedOut | Failure::Unknown), ..
            } => {
                self.add(Situation::OutcomeUnknown);
            }
            Fact::Denied { .. } => self.add(Situation::Denied),
            Fact::Answered { answer: Answer::Wrote { result, .. }, .. }
                if **result == Err(Refusal::Auth(AuthRefusal::AuthOldRevision)) =>
            {
                self.add(Situation::UsersChangedMeanwhile);
            }
            Fact::Sent { envelope } => match envelope.message {
                Message::Forward { .. } => self.add(Situation::Forwarded),
                Message::RequestReadIndex { .. } => self.add(Situation::FollowerRead),
                Message::TimeoutNow => self.add(Situation::TransferBegun),
                _ => {}
            },
            Fact::Restored { .. } => {
                self.add(Situation::SnapshotInstalled);
                if network.is_disturbed() {
                    self.add(Situation::SnapshotInstalledWhileCut);
                }
            }
            _ => {}
        }
        if let Some(configuration) = ghost.configuration_committed_now() {
            let joint = configuration.is_joint();
            self.add(if joint { Situation::Joint } else { Situation::MembersChanged });
            if network.is_disturbed() {
                self.add(Situation::MembersChangedWhileCut);
            }
        }
    }
}
