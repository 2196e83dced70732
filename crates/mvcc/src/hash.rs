//! One number for all that a store holds, to compare members by.

use bytes::BytesMut;

use crate::alarm::MemberAlarm;
use crate::lease::Lease;
use crate::memory::Version;
use crate::store::{Member, Store};

impl Store {
    /// A hash of everything that is replicated: revisions, every key with its kept history, the
    /// leases, the members, the alarms, and the users. Stores that applied the same commands have
    /// the same hash.
    ///
    /// It is FNV-1a with 64 bits. Numbers go in as eight bytes, little-endian, and byte strings
    /// after their length. It finds members that went apart; it is no protection against malice.
    /// It reads the whole store, so its cost grows with it.
    pub fn hash(&self) -> u64 {
        let mut hash = Fnv::new();
        hash.number(self.revision());
        hash.number(self.compacted_revision().unwrap_or(-1));
        hash_memory(self, &mut hash);
        hash_leases(self, &mut hash);
        for (id, Member { name, client_urls }) in self.members() {
            hash.bytes(&id.to_le_bytes());
            hash.bytes(name.as_bytes());
            hash.length(client_urls.len());
            for url in client_urls {
                hash.bytes(url.as_bytes());
            }
        }
        for MemberAlarm { alarm, member_id } in self.alarms() {
            hash.number(*alarm as i64);
            hash.bytes(&member_id.to_le_bytes());
        }
        let mut auth = BytesMut::new();
        self.auth().encode(&mut auth);
        hash.bytes(&auth);
        hash.0
    }
}

fn hash_memory(store: &Store, hash: &mut Fnv) {
    let compacted = store.compacted_revision().unwrap_or(-1);
    for (key, Version { at, live }) in store.memory().versions(compacted) {
        hash.bytes(key);
        hash.number(at.main);
        hash.number(at.sub.into());
        // A put has a version from 1 on.
        hash.number(live.as_ref().map_or(0, |live| live.version));
        if let Some(live) = live {
            hash.number(live.create_revision);
            hash.number(live.lease);
            hash.bytes(&live.value);
        }
    }
}

fn hash_leases(store: &Store, hash: &mut Fnv) {
    hash.feed(&store.renewals().to_le_bytes());
    hash.length(store.leases().len());
    for (id, Lease { ttl_seconds, renewal, left_seconds }) in store.leases() {
        hash.number(*id);
        hash.number(*ttl_seconds);
        hash.feed(&renewal.to_le_bytes());
        hash.number(*left_seconds);
    }
}

/// <http://www.isthe.com/chongo/tech/comp/fnv/>
struct Fnv(u64);

impl Fnv {
    fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn feed(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    fn number(&mut self, number: i64) {
        self.feed(&number.to_le_bytes());
    }

    fn length(&mut self, length: usize) {
        self.feed(&(length as u64).to_le_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.feed(bytes);
    }
}
