//! Compares this member's store with those of the others, by their hashes at one revision.
//!
//! ```text
//!   own store at revision 70, applied up to index 95
//!      ├── "hash at 70, after 95?" ──▶ n2 ──▶ hash 1f, compacted 12
//!      ├── "hash at 70, after 95?" ──▶ n3 ──▶ hash 1f, compacted 12
//!      └── reads its own          ──▶ hash 9c, compacted 12        verdict: own is wrong
//! ```
//!
//! Members ask each other where they speak Raft, not where clients do: so users and passwords have
//! no part in it. Each waits until it has applied as much as the asker, so that a member that lags
//! is not taken for one that differs. What the answers come to, [`mvcc::judge`] says.
//!
//! A question is a revision, `i64` in little-endian order. An answer is one of
//!
//! ```text
//!   1 u8  hash u32  revision i64  compacted i64      its hash there
//!   2 u8  revision i64                               it has not come so far, and should have
//!   3 u8                                             it has compacted what was asked for
//! ```

use std::collections::BTreeMap;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use futures_util::future::join_all;
use mvcc::{KvHash, KvHasher, Refusal, Store, Testimony, Verdict, judge};

use crate::backend::Backend;
use crate::frontend::{Frontend, STEP_KEYS};
use crate::machine::SharedStore;
use crate::status::Error;

const HASH: u8 = 1;
const SHORT: u8 = 2;
const COMPACTED: u8 = 3;

/// Compares, and says what came of it.
pub(crate) async fn compare<B: Backend>(frontend: &Frontend<B>) -> Result<Verdict, Error> {
    let backend = frontend.backend();
    // In this order: whoever has applied so much must have come to that revision.
    let revision = backend.read(Store::revision);
    frontend.read_index().await?;
    let (member_id, after) = (backend.status().member_id, backend.status().applied);
    let members = backend.members();
    let others = members.iter().filter(|peer| peer.id != member_id);
    let asked = others.map(async |peer| {
        let answer = backend.inquire(peer.id, after, question(revision)).await?;
        Some((peer.id, decode(answer)?))
    });
    let (own, answers) = tokio::join!(frontend.hash_kv(revision), join_all(asked));
    let own = own?;
    let mut testimonies = answers.into_iter().flatten().collect::<BTreeMap<_, _>>();
    testimonies.insert(member_id, Testimony::Hash(own));
    let verdict = judge(members.len(), own, &testimonies);
    match &verdict {
        Verdict::Wrong(_) | Verdict::Split => {
            tracing::error!(?verdict, revision, ?testimonies, "the members' stores differ");
        }
        Verdict::AllAgree | Verdict::MajorityAgrees | Verdict::Unknown => {
            tracing::debug!(?verdict, revision, ?testimonies, "compared the members' stores");
        }
    }
    frontend.metrics().compared(&verdict);
    Ok(verdict)
}

fn question(revision: i64) -> Bytes {
    Bytes::copy_from_slice(&revision.to_le_bytes())
}

/// Answers a question about the store. Without a word, if it is none.
pub(crate) async fn answer(store: SharedStore, mut question: Bytes) -> Bytes {
    let Ok(revision) = question.try_get_i64_le() else { return Bytes::new() };
    let mut hasher = KvHasher::new(revision);
    loop {
        match store.read(|store| hasher.advance(store, STEP_KEYS)) {
            Ok(None) => tokio::task::yield_now().await,
            Ok(Some(hash)) => return encode(Some(Testimony::Hash(hash))),
            Err(Refusal::FutureRevision { current }) => {
                return encode(Some(Testimony::Short(current)));
            }
            Err(_) => return encode(None),
        }
    }
}

fn encode(testimony: Option<Testimony>) -> Bytes {
    let mut out = BytesMut::new();
    match testimony {
        Some(Testimony::Hash(KvHash { hash, revision, compacted })) => {
            out.put_u8(HASH);
            out.put_u32_le(hash);
            out.put_i64_le(revision);
            out.put_i64_le(compacted);
        }
        Some(Testimony::Short(revision)) => {
            out.put_u8(SHORT);
            out.put_i64_le(revision);
        }
        None => out.put_u8(COMPACTED),
    }
    out.freeze()
}

/// What a member says; `None` if that helps nobody.
fn decode(mut answer: Bytes) -> Option<Testimony> {
    match answer.try_get_u8().ok()? {
        HASH => Some(Testimony::Hash(KvHash {
            hash: answer.try_get_u32_le().ok()?,
            revision: answer.try_get_i64_le().ok()?,
            compacted: answer.try_get_i64_le().ok()?,
        })),
        SHORT => Some(Testimony::Short(answer.try_get_i64_le().ok()?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use mvcc::{Command, Compact, Put};
    use raft::Index;
    use replica::StateMachine as _;

    use super::*;
    use crate::metrics::Metrics;

    fn store_of(commands: &[Command]) -> SharedStore {
        let mut store = SharedStore::new(Arc::new(Metrics::default()));
        for (index, command) in (1..).zip(commands) {
            store.apply(Index(index), command.encode()).unwrap().result.unwrap();
        }
        store
    }

    fn put(value: &'static str) -> Command {
        Command::Put(Put { key: "a".into(), value: value.into(), ..Put::default() })
    }

    /// What the store says of a revision, over the wire.
    async fn asked(store: &SharedStore, revision: i64) -> Option<Testimony> {
        decode(answer(store.clone(), question(revision)).await)
    }

    #[tokio::test]
    async fn a_store_is_asked_for_a_revision() {
        let compact = Command::Compact(Compact { revision: 3 });
        let store = store_of(&[put("1"), put("2"), compact, put("3")]);
        assert_eq!(asked(&store, 2).await, None, "it is compacted");
        assert_eq!(asked(&store, 5).await, Some(Testimony::Short(4)));
        let Some(Testimony::Hash(hash)) = asked(&store, 3).await else { panic!("it has that") };
        assert_eq!((hash.revision, hash.compacted), (3, 3));
        // Another history, another hash.
        let other = store_of(&[put("1"), put("x"), Command::Compact(Compact { revision: 3 })]);
        assert_ne!(asked(&other, 3).await, Some(Testimony::Hash(hash)));
    }

    #[tokio::test]
    async fn nonsense_is_not_answered() {
        assert!(answer(store_of(&[]), Bytes::from_static(b"?")).await.is_empty());
        for nonsense in [&b""[..], b"\x01abc", b"\x02", b"\x09"] {
            assert_eq!(decode(Bytes::from_static(nonsense)), None);
        }
    }
}
