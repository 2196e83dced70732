//! Which changes of the members a member would take, before the leader is asked: etcd's rules.
//!
//! A change must not leave the cluster without a quorum of members that run. A member counts as
//! started when it has published its name, and as healthy while this one is connected to it; etcd
//! wants it connected for five seconds. What several rules forbid is refused by the one that
//! etcd looks at first.

use crate::backend::{ChangeFailure, MemberChange, Peer};
use crate::status::Error;

/// etcd's default: a learner costs the leader as much as a voter, and helps nobody.
const LEARNERS_MAX: usize = 1;

/// The members, as far as the rules look at them.
#[derive(Clone, Debug)]
pub(crate) struct Membership {
    pub(crate) peers: Vec<Peer>,
    pub(crate) started: Vec<u64>,
    /// Those that can be sent to now.
    pub(crate) connected: Vec<u64>,
}

impl Membership {
    /// Whether the change may be tried. The leader has the last word.
    pub(crate) fn check(&self, change: &MemberChange) -> Result<(), Error> {
        match change {
            MemberChange::Add(peer) => {
                check_form(&peer.urls)?;
                if !peer.is_learner {
                    self.check_quorum(self.started_voters(None), self.voters(None) + 1)?;
                }
                self.check_all_healthy()?;
                if self.member(peer.id).is_ok() {
                    return Err(ChangeFailure::MemberExists.into());
                }
                self.check_owner(peer.id, &peer.urls)?;
                if peer.is_learner { self.check_learners() } else { Ok(()) }
            }
            MemberChange::Remove(id) => {
                if self.member(*id)?.is_learner {
                    return Ok(());
                }
                self.check_quorum(self.started_voters(Some(*id)), self.voters(Some(*id)))?;
                self.check_healthy_without(*id)
            }
            MemberChange::Promote(id) => {
                if !self.member(*id)?.is_learner {
                    return Err(ChangeFailure::NotLearner.into());
                }
                // The learner counts as started: if it is not, it is not in sync either.
                self.check_quorum(self.started_voters(None) + 1, self.voters(None) + 1)
            }
            MemberChange::Move { id, urls } => {
                check_form(urls)?;
                self.member(*id)?;
                self.check_owner(*id, urls)
            }
        }
    }

    fn member(&self, id: u64) -> Result<&Peer, Error> {
        let found = self.peers.iter().find(|peer| peer.id == id);
        found.ok_or_else(|| ChangeFailure::MemberNotFound.into())
    }

    /// Peer URLs must be nobody else's.
    fn check_owner(&self, own: u64, urls: &[String]) -> Result<(), Error> {
        let mut others = self.peers.iter().filter(|peer| peer.id != own);
        if others.any(|other| other.urls.iter().any(|url| urls.contains(url))) {
            return Err(Error::PeerUrlExists);
        }
        Ok(())
    }

    fn check_learners(&self) -> Result<(), Error> {
        let learners = self.peers.iter().filter(|peer| peer.is_learner).count();
        if learners >= LEARNERS_MAX { Err(Error::TooManyLearners) } else { Ok(()) }
    }

    fn check_quorum(&self, started: usize, voters: usize) -> Result<(), Error> {
        // One that runs alone must be able to grow: the second member starts when it is added.
        let is_growing = started == 1 && voters == 2 && self.voters(None) == 1;
        if started > voters / 2 || is_growing {
            Ok(())
        } else {
            Err(ChangeFailure::NotEnoughStarted.into())
        }
    }

    /// Nobody joins while a voter cannot be reached: the cluster could lose one more than it would
    /// think.
    fn check_all_healthy(&self) -> Result<(), Error> {
        let mut voters = self.voters_without(None);
        let is_healthy = voters.all(|peer| self.connected.contains(&peer.id));
        is_healthy.then_some(()).ok_or_else(|| ChangeFailure::Unhealthy.into())
    }

    /// One that can be reached leaves only if a quorum of those that are left can be. One that
    /// cannot be reached may always leave.
    fn check_healthy_without(&self, id: u64) -> Result<(), Error> {
        if !self.connected.contains(&id) {
            return Ok(());
        }
        let left = self.voters_without(Some(id));
        let healthy = left.filter(|peer| self.connected.contains(&peer.id)).count();
        let is_quorum = healthy > self.voters(Some(id)) / 2 || self.voters(Some(id)) == 0;
        is_quorum.then_some(()).ok_or_else(|| ChangeFailure::Unhealthy.into())
    }

    fn voters(&self, without: Option<u64>) -> usize {
        self.voters_without(without).count()
    }

    fn started_voters(&self, without: Option<u64>) -> usize {
        self.voters_without(without).filter(|peer| self.started.contains(&peer.id)).count()
    }

    fn voters_without(&self, without: Option<u64>) -> impl Iterator<Item = &Peer> {
        self.peers.iter().filter(move |peer| !peer.is_learner && Some(peer.id) != without)
    }
}

/// Peer URLs must be some, and of the right form. A comma would be read as two of them.
fn check_form(urls: &[String]) -> Result<(), Error> {
    let is_url = |url: &String| host::address_of(url).is_some() && !url.contains(',');
    if urls.is_empty() || !urls.iter().all(is_url) {
        return Err(Error::BadMemberUrls);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(id: u64, is_learner: bool) -> Peer {
        Peer { id, urls: vec![format!("http://h:{id}")], is_learner }
    }

    /// Voters 1 to `voters`, of which those in `started` run, and a learner 9 if there is one.
    fn membership(voters: u64, started: &[u64], has_learner: bool) -> Membership {
        let peers =
            (1..=voters).map(|id| peer(id, false)).chain(has_learner.then(|| peer(9, true)));
        let connected = (1..=9).collect();
        Membership { peers: peers.collect(), started: started.to_vec(), connected }
    }

    #[test]
    fn a_voter_is_added_where_a_quorum_runs() {
        let check = |voters, started: &[u64]| {
            membership(voters, started, false).check(&MemberChange::Add(peer(8, false)))
        };
        let refused = Err(ChangeFailure::NotEnoughStarted.into());
        assert_eq!(check(1, &[1]), Ok(()));
        assert_eq!(check(2, &[1, 2]), Ok(()));
        // The second was added, and has not started: that would be one of three.
        assert_eq!(check(2, &[1]), refused);
        assert_eq!(check(3, &[1, 2, 3]), Ok(()));
        assert_eq!(check(3, &[1, 2]), refused);
    }

    #[test]
    fn a_member_is_removed_where_a_quorum_is_left() {
        let check =
            |started: &[u64], id| membership(3, started, true).check(&MemberChange::Remove(id));
        assert_eq!(check(&[1, 2, 3], 3), Ok(()));
        assert_eq!(check(&[1, 2], 3), Ok(()));
        assert_eq!(check(&[1, 2], 1), Err(ChangeFailure::NotEnoughStarted.into()));
        assert_eq!(check(&[1], 9), Ok(()));
        assert_eq!(check(&[1], 4), Err(ChangeFailure::MemberNotFound.into()));
        let last = membership(1, &[1], false).check(&MemberChange::Remove(1));
        assert_eq!(last, Err(ChangeFailure::NotEnoughStarted.into()));
    }

    #[test]
    fn nobody_joins_or_leaves_an_unhealthy_cluster() {
        let check = |connected: &[u64], change| {
            let connected = connected.to_vec();
            Membership { connected, ..membership(3, &[1, 2, 3], false) }.check(&change)
        };
        let unhealthy = Err(ChangeFailure::Unhealthy.into());
        assert_eq!(check(&[1, 2, 3], MemberChange::Add(peer(8, false))), Ok(()));
        assert_eq!(check(&[1, 2], MemberChange::Add(peer(8, false))), unhealthy);
        assert_eq!(check(&[1, 2], MemberChange::Add(peer(8, true))), unhealthy);
        // With 3 out of reach, 1 and 2 must both stay. 3 may go.
        assert_eq!(check(&[1, 2], MemberChange::Remove(2)), unhealthy);
        assert_eq!(check(&[1, 2], MemberChange::Remove(3)), Ok(()));
        assert_eq!(check(&[1, 2, 3], MemberChange::Remove(2)), Ok(()));
    }

    #[test]
    fn learners_are_few_and_promoted_once() {
        let has = membership(1, &[1], true);
        assert_eq!(has.check(&MemberChange::Add(peer(8, true))), Err(Error::TooManyLearners));
        let has_not = membership(1, &[1], false);
        assert_eq!(has_not.check(&MemberChange::Add(peer(8, true))), Ok(()));
        assert_eq!(has.check(&MemberChange::Promote(9)), Ok(()));
        let refused = has.check(&MemberChange::Promote(1));
        assert_eq!(refused, Err(ChangeFailure::NotLearner.into()));
        let refused = has.check(&MemberChange::Promote(7));
        assert_eq!(refused, Err(ChangeFailure::MemberNotFound.into()));
    }

    #[test]
    fn a_url_is_one_members_own() {
        let check = |id, urls: &[&str]| {
            let urls = urls.iter().map(|url| (*url).to_owned()).collect();
            membership(2, &[1, 2], false).check(&MemberChange::Move { id, urls })
        };
        assert_eq!(check(1, &["http://h:7"]), Ok(()));
        assert_eq!(check(1, &["http://h:1"]), Ok(()));
        assert_eq!(check(1, &["http://h:2"]), Err(Error::PeerUrlExists));
        assert_eq!(check(3, &["http://h:7"]), Err(ChangeFailure::MemberNotFound.into()));
        for bad in [&[][..], &["h:7"], &["http://h"], &["http://h:7,http://h:8"]] {
            assert_eq!(check(1, bad), Err(Error::BadMemberUrls), "{bad:?}");
        }
    }
}
