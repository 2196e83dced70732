//! The roster: what a member that is to join a cluster is told by one that belongs to it.
//!
//! ```text
//! quorate-roster 1
//! cluster cdf818194e3a8c32
//! member 8e9e05c52164694d http://localhost:2380
//! ```
//!
//! The joiner finds itself in it by its peer URLs. It keeps what it was told beside its log, with
//! a line `own` that says who it is: until its log tells more, this is all that it knows, and its
//! number is written nowhere else.

use std::collections::BTreeMap;
use std::fmt;

use raft::{Configuration, NodeId};

use crate::cluster::{Cluster, ClusterId, Peer, address_of, urls_of};

const TITLE: &str = "quorate-roster 1";

/// Who belongs to a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Roster {
    pub(crate) cluster: ClusterId,
    /// The peer URLs of each member, sorted.
    pub(crate) members: BTreeMap<NodeId, Vec<String>>,
    /// Who keeps it. Nobody does yet when it is told.
    pub(crate) own: Option<NodeId>,
}

impl Roster {
    /// The members of a configuration.
    pub(crate) fn of(cluster: ClusterId, configuration: &Configuration) -> Self {
        let members = configuration.addresses().map(|(id, address)| {
            let mut urls = urls_of(address);
            urls.sort();
            (id, urls)
        });
        Self { cluster, members: members.collect(), own: None }
    }

    /// Reads what `to_string` wrote. `None` if it is something else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        if lines.next()? != TITLE {
            return None;
        }
        let number = |text: &str| u64::from_str_radix(text, 16).ok();
        let cluster = ClusterId(number(lines.next()?.strip_prefix("cluster ")?)?);
        let (mut members, mut own) = (BTreeMap::new(), None);
        for line in lines {
            if let Some(id) = line.strip_prefix("own ") {
                own = Some(NodeId(number(id)?));
                continue;
            }
            let (id, urls) = line.strip_prefix("member ")?.split_once(' ')?;
            let urls = urls.split(',').map(str::to_owned).collect::<Vec<_>>();
            if !urls.iter().all(|url| address_of(url).is_some()) {
                return None;
            }
            members.insert(NodeId(number(id)?), urls);
        }
        Some(Self { cluster, members, own })
    }

    /// The member at these URLs.
    pub(crate) fn at(&self, urls: &[String]) -> Option<NodeId> {
        let mut urls = urls.to_vec();
        urls.sort();
        self.members.iter().find(|(_, known)| **known == urls).map(|(id, _)| *id)
    }

    /// The same with the names that `initial` has for these URLs. Others are called by number.
    pub(crate) fn into_cluster(self, initial: &Cluster) -> Cluster {
        let name = |id: NodeId, urls: &[String]| {
            let known = initial.peers.values().find(|peer| peer.urls == urls);
            known.map_or_else(|| format!("{:x}", id.0), |peer| peer.name.clone())
        };
        let peers = self.members.into_iter();
        let peers = peers.map(|(id, urls)| (id, Peer { id, name: name(id, &urls), urls }));
        Cluster { id: self.cluster, peers: peers.collect() }
    }
}

impl fmt::Display for Roster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{TITLE}\ncluster {}", self.cluster)?;
        for (id, urls) in &self.members {
            writeln!(f, "member {:x} {}", id.0, urls.join(","))?;
        }
        match self.own {
            Some(own) => writeln!(f, "own {:x}", own.0),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_understood() {
        let urls = |port: u16| vec![format!("http://h:{port}")];
        let members = BTreeMap::from([(NodeId(10), urls(1)), (NodeId(11), urls(2))]);
        let told = Roster { cluster: ClusterId(0xc1), members, own: None };
        assert_eq!(Roster::parse(&told.to_string()), Some(told.clone()));
        let kept = Roster { own: Some(NodeId(11)), ..told.clone() };
        assert_eq!(Roster::parse(&kept.to_string()), Some(kept));
        assert_eq!(told.at(&urls(2)), Some(NodeId(11)));
        assert_eq!(told.at(&urls(3)), None);
    }

    #[test]
    fn nonsense_is_not() {
        let texts = [
            "",
            "quorate-roster 2\ncluster 1\n",
            "quorate-roster 1\n",
            "quorate-roster 1\ncluster x\n",
            "quorate-roster 1\ncluster 1\nmember 1 nowhere\n",
            "quorate-roster 1\ncluster 1\nsomething else\n",
        ];
        for text in texts {
            assert_eq!(Roster::parse(text), None, "{text}");
        }
    }
}
