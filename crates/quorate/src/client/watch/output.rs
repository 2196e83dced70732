//! What `etcdctl watch` prints.

use etcdpb::etcdserverpb::WatchResponse;
use etcdpb::mvccpb::Event;

use super::hook::word;
use crate::client::json::{Always, Json, object};
use crate::client::simple::{Simple, line};

/// Why a watch is over.
pub(super) fn reason(response: &WatchResponse) -> &str {
    if response.compact_revision != 0 {
        "etcdserver: mvcc: required revision has been compacted"
    } else if response.cancel_reason.is_empty() {
        "etcdserver: mvcc: required revision is a future revision"
    } else {
        &response.cancel_reason
    }
}

impl Simple for WatchResponse {
    fn simple(&self, out: &mut Vec<u8>) {
        for event in &self.events {
            line(out, word(event.r#type()).as_bytes());
            for kv in [&event.prev_kv, &event.kv].into_iter().flatten() {
                kv.simple(out);
            }
        }
    }
}

/// A structure of etcd's client, which leaves nothing out.
impl Json for WatchResponse {
    fn json(&self, out: &mut Vec<u8>) {
        let header = self.header.unwrap_or_default();
        let fields: [(_, &dyn Json); 5] = [
            ("Header", &Always(&header)),
            ("Events", &Always(&self.events)),
            ("CompactRevision", &Always(&self.compact_revision)),
            ("Canceled", &Always(&self.canceled)),
            ("Created", &Always(&self.created)),
        ];
        object(out, &fields);
    }
}

/// The message, in which a put, the first of the kinds, is left out.
impl Json for Event {
    fn json(&self, out: &mut Vec<u8>) {
        let kind = i64::from(self.r#type);
        object(out, &[("type", &kind), ("kv", &self.kv), ("prev_kv", &self.prev_kv)]);
    }
}
