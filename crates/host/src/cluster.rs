//! Who belongs to the cluster, and the numbers that etcd gives them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use bytes::Bytes;
use raft::{Configuration, NodeId};
use sha1::{Digest, Sha1};

/// A cluster's number: the first eight bytes of the SHA-1 of its first members' ids, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClusterId(pub u64);

impl fmt::Display for ClusterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.0)
    }
}

/// A member, as the others know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its number: the first eight bytes of the SHA-1 of its peer URLs, sorted, and the cluster's
    /// token.
    pub id: NodeId,
    /// Its name.
    pub name: String,
    /// Where it can be reached, sorted.
    pub urls: Vec<String>,
}

impl Peer {
    /// A member as a configuration has it: its peer URLs, with commas between.
    pub(crate) fn new(id: NodeId, name: String, address: &Bytes) -> Self {
        Self { id, name, urls: urls_of(address) }
    }

    /// What a configuration says of it.
    pub(crate) fn address(&self) -> Bytes {
        address_bytes(&self.urls)
    }
}

/// The peer URLs of a member, as a configuration keeps them.
pub fn address_bytes(urls: &[String]) -> Bytes {
    urls.join(",").into()
}

/// The same for a learner that is to vote as soon as it has caught up.
pub fn recruit_address(urls: &[String]) -> Bytes {
    format!("{RECRUIT}{}", urls.join(",")).into()
}

/// Whether a learner with this address is to vote as soon as it has caught up.
pub fn is_recruit(address: &Bytes) -> bool {
    address.starts_with(RECRUIT.as_bytes())
}

/// What stands before the peer URLs of a recruit.
const RECRUIT: &str = "+";

/// The peer URLs that a configuration keeps.
pub fn urls_of(address: &Bytes) -> Vec<String> {
    let text = String::from_utf8_lossy(address);
    let urls = text.trim_start_matches(RECRUIT);
    urls.split(',').filter(|url| !url.is_empty()).map(str::to_owned).collect()
}

/// The number of a member that is added to a running cluster: as that of a first member, with the
/// time in seconds in the place of the token, so that who was removed never comes back.
pub fn added_id(urls: &[String], unix_seconds: u64) -> NodeId {
    let mut urls = urls.to_vec();
    urls.sort();
    let time = unix_seconds.to_string();
    NodeId(hash(urls.iter().map(String::as_bytes).chain([time.as_bytes()])))
}

/// The members that a cluster begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// Its number.
    pub id: ClusterId,
    /// Its members, by number.
    pub peers: BTreeMap<NodeId, Peer>,
}

/// Why a text does not describe a cluster.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClusterError {
    /// A part is not of the form `name=url`.
    #[error("{0:?} is not of the form name=url, as in m1=http://10.0.0.1:2380")]
    Malformed(String),
    /// A URL is not one that members can be reached at.
    #[error("{0:?} is not a peer URL of the form http://host:port or https://host:port")]
    BadUrl(String),
    /// Two members share a URL.
    #[error("the peer URL {0} is given twice")]
    DoubleUrl(String),
    /// There are no members.
    #[error("it names no member")]
    Empty,
}

impl Cluster {
    /// Reads etcd's `--initial-cluster`: `name=url` parts, with commas between. A name that comes
    /// several times has several URLs.
    pub fn parse(initial_cluster: &str, token: &str) -> Result<Self, ClusterError> {
        let mut urls = BTreeMap::<String, Vec<String>>::new();
        let mut known = BTreeSet::new();
        for part in initial_cluster.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, url) = part
                .split_once('=')
                .filter(|(name, url)| !name.is_empty() && !url.is_empty())
                .ok_or_else(|| ClusterError::Malformed(part.to_owned()))?;
            if address_of(url).is_none() {
                return Err(ClusterError::BadUrl(url.to_owned()));
            }
            if !known.insert(url.to_owned()) {
                return Err(ClusterError::DoubleUrl(url.to_owned()));
            }
            urls.entry(name.to_owned()).or_default().push(url.to_owned());
        }
        if urls.is_empty() {
            return Err(ClusterError::Empty);
        }
        Ok(Self::new(urls, token))
    }

    fn new(urls: BTreeMap<String, Vec<String>>, token: &str) -> Self {
        let peers = urls.into_iter().map(|(name, mut urls)| {
            urls.sort();
            let id = NodeId(hash(urls.iter().map(String::as_bytes).chain([token.as_bytes()])));
            (id, Peer { id, name, urls })
        });
        let peers = peers.collect::<BTreeMap<_, _>>();
        let ids = peers.keys().map(|id| id.0.to_be_bytes()).collect::<Vec<_>>();
        Self { id: ClusterId(hash(ids.iter().map(<[u8; 8]>::as_slice))), peers }
    }

    /// The configuration that it begins with.
    pub(crate) fn configuration(&self) -> Configuration {
        let addresses = self.peers.values().map(|peer| (peer.id, peer.address()));
        Configuration::new(self.peers.keys().copied()).with_addresses(addresses)
    }

    /// The member of that name.
    pub fn named(&self, name: &str) -> Option<&Peer> {
        self.peers.values().find(|peer| peer.name == name)
    }
}

/// `host:port` of `http://host:port` or `https://host:port`.
pub fn address_of(url: &str) -> Option<&str> {
    let address = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"))?;
    let address = address.trim_end_matches('/');
    let (host, port) = address.rsplit_once(':')?;
    (!host.is_empty() && port.parse::<u16>().is_ok()).then_some(address)
}

/// The host of such a URL, without the port.
pub fn host_of(url: &str) -> Option<&str> {
    address_of(url).and_then(|address| address.rsplit_once(':')).map(|(host, _)| host)
}

/// Whether a URL asks for TLS.
pub fn is_encrypted(url: &str) -> bool {
    url.starts_with("https://")
}

fn hash<'a>(parts: impl Iterator<Item = &'a [u8]>) -> u64 {
    let mut digest = Sha1::new();
    parts.for_each(|part| digest.update(part));
    let bytes = digest.finalize();
    u64::from_be_bytes(bytes[..8].try_into().expect("a SHA-1 has twenty bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ids that a default etcd shows: the whole world knows these two numbers.
    #[test]
    fn ids_are_etcds() {
        let cluster = Cluster::parse("default=http://localhost:2380", "etcd-cluster").unwrap();
        assert_eq!(cluster.id.to_string(), "cdf818194e3a8c32");
        assert_eq!(cluster.named("default").unwrap().id.to_string(), "n8e9e05c52164694d");
    }

    #[test]
    fn an_address_holds_the_urls() {
        let urls = ["http://h:1".to_owned(), "http://h:2".to_owned()];
        for (address, recruit) in [(address_bytes(&urls), false), (recruit_address(&urls), true)] {
            assert_eq!((urls_of(&address), is_recruit(&address)), (urls.to_vec(), recruit));
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let error = |text: &str| Cluster::parse(text, "t").unwrap_err().to_string();
        assert_eq!(error(""), "it names no member");
        assert!(error("a").starts_with("\"a\" is not of the form name=url"));
        assert!(error("a=").starts_with("\"a=\" is not of the form name=url"));
        assert!(error("a=host:1").starts_with("\"host:1\" is not a peer URL"));
        assert!(error("a=http://host").starts_with("\"http://host\" is not a peer URL"));
        assert_eq!(error("a=http://h:1,b=http://h:1"), "the peer URL http://h:1 is given twice");
    }
}
