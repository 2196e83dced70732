//! Clients that write as fast as they are served, and what was acknowledged to them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::task::JoinSet;

use super::client;
use super::cluster::Cluster;

/// Clients at work, two at each member.
pub(crate) struct Load {
    writers: JoinSet<BTreeMap<String, i64>>,
    is_over: Arc<AtomicBool>,
}

/// All that was ever acknowledged: keys, and the revision that wrote each.
#[derive(Default)]
pub(crate) struct Acknowledged(BTreeMap<String, i64>);

impl Load {
    /// Starts them. Each writes keys of its own, once. It stops when a write is not acknowledged:
    /// nobody knows what became of that.
    pub(crate) fn start(cluster: &Cluster, round: u64) -> Self {
        let (mut writers, is_over) = (JoinSet::new(), Arc::new(AtomicBool::new(false)));
        for (writer, url) in cluster.urls().iter().cycle().take(6).cloned().enumerate() {
            let is_over = is_over.clone();
            writers.spawn(async move {
                let mut kv = client::kv(&url);
                let mut acknowledged = BTreeMap::new();
                for number in 0.. {
                    if is_over.load(Ordering::Relaxed) {
                        break;
                    }
                    let key = format!("key-{round}-{writer}-{number}");
                    let value = vec![b'v'; 64 << (number % 8)];
                    let Ok(put) = kv.put(client::put(key.clone(), value)).await else { break };
                    acknowledged.insert(key, put.into_inner().header.unwrap_or_default().revision);
                }
                acknowledged
            });
        }
        Self { writers, is_over }
    }

    /// Waits until so many more writes were made at a member, one after the other: then each of the
    /// clients has made some.
    pub(crate) async fn pass(cluster: &Cluster, member: usize, writes: u64) {
        let mut kv = client::kv(&cluster.members[member].url());
        for number in 0..writes {
            kv.put(client::put("clock", number.to_string())).await.expect("it serves");
        }
    }

    /// Stops them.
    pub(crate) async fn end(self, acknowledged: &mut Acknowledged) {
        self.is_over.store(true, Ordering::Relaxed);
        acknowledged.0.extend(self.writers.join_all().await.into_iter().flatten());
    }
}

impl Acknowledged {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// What some member does not have of it, or not of that revision.
    pub(crate) async fn lost(&self, cluster: &Cluster) -> Vec<String> {
        let mut lost = Vec::new();
        for member in &cluster.members {
            let mut kv = client::kv(&member.url());
            let kvs = kv.range(client::prefix("key")).await.expect("it serves").into_inner().kvs;
            let found = kvs.iter().map(|kv| (&*kv.key, kv.mod_revision));
            let found = found.collect::<BTreeMap<_, _>>();
            for (key, revision) in &self.0 {
                if found.get(key.as_bytes()) != Some(revision) {
                    lost.push(format!("{key} of revision {revision} at {}", member.name));
                }
            }
        }
        lost
    }
}
