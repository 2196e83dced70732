//! What `etcdctl lease` prints.
//!
//! As JSON it prints structures of its client's, not the messages: the fields of the header stand
//! among the others, and no other field is left out.

use std::fmt::Write;

use bytes::Bytes;
use etcdpb::etcdserverpb::{
    LeaseGrantResponse, LeaseKeepAliveResponse, LeaseLeasesResponse, LeaseTimeToLiveResponse,
    ResponseHeader,
};

use crate::client::json::{Always, Json, object};
use crate::client::simple::{Simple, line};

/// The answer to a revocation, with the lease, which it does not name.
pub(crate) struct Revoked {
    pub(super) id: i64,
    pub(super) header: Option<ResponseHeader>,
}

/// What is left of a lease, and whether its keys were asked for.
pub(super) struct TimeToLive {
    pub(super) answer: LeaseTimeToLiveResponse,
    pub(super) with_keys: bool,
}

impl Simple for LeaseGrantResponse {
    fn simple(&self, out: &mut Vec<u8>) {
        line(out, format!("lease {:016x} granted with TTL({}s)", self.id, self.ttl).as_bytes());
    }
}

impl Simple for Revoked {
    fn simple(&self, out: &mut Vec<u8>) {
        line(out, format!("lease {:016x} revoked", self.id).as_bytes());
    }
}

impl Simple for LeaseKeepAliveResponse {
    fn simple(&self, out: &mut Vec<u8>) {
        line(out, format!("lease {:016x} keepalived with TTL({})", self.id, self.ttl).as_bytes());
    }
}

impl Simple for TimeToLive {
    fn simple(&self, out: &mut Vec<u8>) {
        let LeaseTimeToLiveResponse { id, ttl, granted_ttl, keys, .. } = &self.answer;
        if *granted_ttl == 0 && *ttl == -1 {
            return line(out, format!("lease {id:016x} already expired").as_bytes());
        }
        let text = format!("lease {id:016x} granted with TTL({granted_ttl}s), remaining({ttl}s)");
        out.extend_from_slice(text.as_bytes());
        if self.with_keys {
            out.extend_from_slice(b", attached keys([");
            out.extend_from_slice(&keys.join(&b' '));
            out.extend_from_slice(b"])");
        }
        line(out, b"");
    }
}

impl Simple for LeaseLeasesResponse {
    fn simple(&self, out: &mut Vec<u8>) {
        let mut text = format!("found {} leases", self.leases.len());
        for lease in &self.leases {
            write!(text, "\n{:016x}", lease.id).expect("a string takes everything");
        }
        line(out, text.as_bytes());
    }
}

impl Json for LeaseGrantResponse {
    fn json(&self, out: &mut Vec<u8>) {
        let Self { id, ttl, error, .. } = self;
        flat(out, self.header, &[("ID", id), ("TTL", ttl), ("Error", error)]);
    }
}

/// This one is the message.
impl Json for Revoked {
    fn json(&self, out: &mut Vec<u8>) {
        object(out, &[("header", &self.header)]);
    }
}

impl Json for LeaseKeepAliveResponse {
    fn json(&self, out: &mut Vec<u8>) {
        flat(out, self.header, &[("ID", &self.id), ("TTL", &self.ttl)]);
    }
}

impl Json for TimeToLive {
    fn json(&self, out: &mut Vec<u8>) {
        let LeaseTimeToLiveResponse { header, id, ttl, granted_ttl, keys } = &self.answer;
        let keys = Nullable(keys);
        let fields: [(_, &dyn Json); 4] =
            [("id", id), ("ttl", ttl), ("granted-ttl", granted_ttl), ("keys", &keys)];
        flat(out, *header, &fields);
    }
}

impl Json for LeaseLeasesResponse {
    fn json(&self, out: &mut Vec<u8>) {
        let leases = self.leases.iter().map(|lease| Id(lease.id)).collect::<Vec<_>>();
        flat(out, self.header, &[("leases", &leases)]);
    }
}

/// The number of a lease in a list.
struct Id(i64);

impl Json for Id {
    fn json(&self, out: &mut Vec<u8>) {
        object(out, &[("id", &Always(&self.0))]);
    }
}

/// A list that is `null` if it is empty.
struct Nullable<'a>(&'a Vec<Bytes>);

impl Json for Nullable<'_> {
    fn json(&self, out: &mut Vec<u8>) {
        if self.0.is_empty() { out.extend_from_slice(b"null") } else { self.0.json(out) }
    }
}

fn flat(out: &mut Vec<u8>, header: Option<ResponseHeader>, fields: &[(&str, &dyn Json)]) {
    let header = header.unwrap_or_default();
    let of_header: [(_, &dyn Json); 4] = [
        ("cluster_id", &header.cluster_id),
        ("member_id", &header.member_id),
        ("revision", &header.revision),
        ("raft_term", &header.raft_term),
    ];
    let fields = fields.iter().map(|(name, value)| (*name, Always(*value))).collect::<Vec<_>>();
    let fields = fields.iter().map(|(name, value)| (*name, value as &dyn Json));
    object(out, &of_header.into_iter().chain(fields).collect::<Vec<_>>());
}
