//! Answers as programs read them: byte for byte what `etcdctl --write-out json` prints.
//!
//! That is the form that Go gives the messages: the fields in their order, those that are zero or
//! empty left out, bytes in base64, numbers as numbers.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use etcdpb::authpb::Permission;
use etcdpb::etcdserverpb::response_op::Response;
use etcdpb::etcdserverpb::{
    AlarmMember, AlarmResponse, AuthRoleGetResponse, AuthRoleListResponse, AuthStatusResponse,
    AuthUserGetResponse, AuthUserListResponse, DeleteRangeResponse, DowngradeInfo, HashKvResponse,
    Member, MemberAddResponse, MemberListResponse, MemberPromoteResponse, MemberRemoveResponse,
    MemberUpdateResponse, PutResponse, RangeResponse, ResponseHeader, ResponseOp, StatusResponse,
    TxnResponse,
};
use etcdpb::mvccpb::KeyValue;

use super::endpoint::{ServerHash, ServerHealth, ServerStatus};
use super::member::About;
use super::output::Done;
use super::role::RolePermissions;
use super::snapshot::Summary;
use super::user::UserRoles;

/// Something with a form for programs.
pub(crate) trait Json {
    /// Appends it to `out`.
    fn json(&self, out: &mut Vec<u8>);

    /// Whether a message leaves a field with this value out.
    fn is_absent(&self) -> bool {
        false
    }
}

/// Says under which names, and in which order, the fields of a message appear.
macro_rules! message {
    ($message:ty { $($name:literal: $field:ident),* $(,)? }) => {
        impl Json for $message {
            fn json(&self, out: &mut Vec<u8>) {
                object(out, &[$(($name, &self.$field)),*]);
            }
        }
    };
}

message!(ResponseHeader {
    "cluster_id": cluster_id,
    "member_id": member_id,
    "revision": revision,
    "raft_term": raft_term,
});
message!(KeyValue {
    "key": key,
    "create_revision": create_revision,
    "mod_revision": mod_revision,
    "version": version,
    "value": value,
    "lease": lease,
});
message!(RangeResponse { "header": header, "kvs": kvs, "more": more, "count": count });
message!(PutResponse { "header": header, "prev_kv": prev_kv });
message!(DeleteRangeResponse { "header": header, "deleted": deleted, "prev_kvs": prev_kvs });
message!(TxnResponse { "header": header, "succeeded": succeeded, "responses": responses });
message!(MemberListResponse { "header": header, "members": members });
message!(MemberAddResponse { "header": header, "member": member, "members": members });
message!(MemberRemoveResponse { "header": header, "members": members });
message!(MemberUpdateResponse { "header": header, "members": members });
message!(MemberPromoteResponse { "header": header, "members": members });
message!(Member {
    "ID": id,
    "name": name,
    "peerURLs": peer_urls,
    "clientURLs": client_urls,
    "isLearner": is_learner,
});
message!(StatusResponse {
    "header": header,
    "version": version,
    "dbSize": db_size,
    "leader": leader,
    "raftIndex": raft_index,
    "raftTerm": raft_term,
    "raftAppliedIndex": raft_applied_index,
    "errors": errors,
    "dbSizeInUse": db_size_in_use,
    "isLearner": is_learner,
    "storageVersion": storage_version,
    "dbSizeQuota": db_size_quota,
    "downgradeInfo": downgrade_info,
});
message!(DowngradeInfo { "enabled": enabled, "targetVersion": target_version });
message!(AlarmResponse { "header": header, "alarms": alarms });
message!(AlarmMember { "memberID": member_id, "alarm": alarm });
message!(HashKvResponse {
    "header": header,
    "hash": hash,
    "compact_revision": compact_revision,
    "hash_revision": hash_revision,
});
message!(Done { "header": header });
message!(AuthStatusResponse {
    "header": header,
    "enabled": enabled,
    "authRevision": auth_revision,
});
message!(AuthUserListResponse { "header": header, "users": users });
message!(AuthUserGetResponse { "header": header, "roles": roles });
message!(AuthRoleListResponse { "header": header, "roles": roles });
message!(AuthRoleGetResponse { "header": header, "perm": perm });
message!(Permission { "permType": perm_type, "key": key, "range_end": range_end });
message!(ServerHash { "Endpoint": endpoint, "HashKV": hash });
message!(Summary {
    "hash": hash,
    "revision": revision,
    "totalKey": total_key,
    "totalSize": total_size,
});
message!(ServerStatus { "Endpoint": endpoint, "Status": status });

/// Not a message: whether it is well is always said.
impl Json for ServerHealth {
    fn json(&self, out: &mut Vec<u8>) {
        let health = Said(self.health);
        let fields: [(&str, &dyn Json); 4] = [
            ("endpoint", &self.endpoint),
            ("health", &health),
            ("took", &self.took),
            ("error", &self.error),
        ];
        object(out, &fields);
    }
}

/// What is never left out.
struct Said(bool);

impl Json for Said {
    fn json(&self, out: &mut Vec<u8>) {
        self.0.json(out);
    }
}

impl<R: Json> Json for About<R> {
    fn json(&self, out: &mut Vec<u8>) {
        self.answer.json(out);
    }
}

impl Json for UserRoles {
    fn json(&self, out: &mut Vec<u8>) {
        self.answer.json(out);
    }
}

impl Json for RolePermissions {
    fn json(&self, out: &mut Vec<u8>) {
        self.answer.json(out);
    }
}

impl Json for ResponseOp {
    fn json(&self, out: &mut Vec<u8>) {
        let response: (&str, &dyn Json) = match &self.response {
            None => return object(out, &[("Response", &None::<Bytes>)]),
            Some(Response::ResponseRange(range)) => ("ResponseRange", range),
            Some(Response::ResponsePut(put)) => ("ResponsePut", put),
            Some(Response::ResponseDeleteRange(delete)) => ("ResponseDeleteRange", delete),
            Some(Response::ResponseTxn(txn)) => ("ResponseTxn", txn),
        };
        out.extend_from_slice(b"{\"Response\":");
        object(out, &[response]);
        out.push(b'}');
    }
}

impl<T: Json> Json for Option<T> {
    fn json(&self, out: &mut Vec<u8>) {
        if let Some(value) = self {
            value.json(out);
        }
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<T: Json> Json for Vec<T> {
    fn json(&self, out: &mut Vec<u8>) {
        out.push(b'[');
        separated(out, self, |out, value| value.json(out));
        out.push(b']');
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl Json for Bytes {
    fn json(&self, out: &mut Vec<u8>) {
        write_to(out, format_args!("\"{}\"", STANDARD.encode(self)));
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl Json for String {
    fn json(&self, out: &mut Vec<u8>) {
        out.push(b'"');
        for c in self.chars() {
            match c {
                '"' | '\\' => write_to(out, format_args!("\\{c}")),
                '\n' => out.extend_from_slice(b"\\n"),
                '\r' => out.extend_from_slice(b"\\r"),
                '\t' => out.extend_from_slice(b"\\t"),
                // Go writes these so that the text could stand in a web page.
                '\0'..='\x1f' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                    write_to(out, format_args!("\\u{:04x}", u32::from(c)));
                }
                _ => write_to(out, format_args!("{c}")),
            }
        }
        out.push(b'"');
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl Json for bool {
    fn json(&self, out: &mut Vec<u8>) {
        write_to(out, format_args!("{self}"));
    }

    fn is_absent(&self) -> bool {
        !self
    }
}

impl Json for i64 {
    fn json(&self, out: &mut Vec<u8>) {
        write_to(out, format_args!("{self}"));
    }

    fn is_absent(&self) -> bool {
        *self == 0
    }
}

impl Json for i32 {
    fn json(&self, out: &mut Vec<u8>) {
        i64::from(*self).json(out);
    }

    fn is_absent(&self) -> bool {
        *self == 0
    }
}

impl Json for u32 {
    fn json(&self, out: &mut Vec<u8>) {
        u64::from(*self).json(out);
    }

    fn is_absent(&self) -> bool {
        *self == 0
    }
}

impl Json for u64 {
    fn json(&self, out: &mut Vec<u8>) {
        write_to(out, format_args!("{self}"));
    }

    fn is_absent(&self) -> bool {
        *self == 0
    }
}

/// A field that is never left out.
pub(crate) struct Always<'a>(pub(crate) &'a dyn Json);

impl Json for Always<'_> {
    fn json(&self, out: &mut Vec<u8>) {
        self.0.json(out);
    }
}

pub(crate) fn object(out: &mut Vec<u8>, fields: &[(&str, &dyn Json)]) {
    out.push(b'{');
    let present = fields.iter().filter(|(_, value)| !value.is_absent());
    separated(out, present, |out, (name, value)| {
        write_to(out, format_args!("\"{name}\":"));
        value.json(out);
    });
    out.push(b'}');
}

fn separated<T>(
    out: &mut Vec<u8>,
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(&mut Vec<u8>, T),
) {
    for (n, item) in items.into_iter().enumerate() {
        if n > 0 {
            out.push(b',');
        }
        write(out, item);
    }
}

fn write_to(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("writing to memory cannot fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &impl Json) -> String {
        let mut out = Vec::new();
        value.json(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_is_zero_is_left_out() {
        let header = ResponseHeader { cluster_id: 7, revision: -1, ..Default::default() };
        assert_eq!(text(&header), r#"{"cluster_id":7,"revision":-1}"#);
        assert_eq!(text(&RangeResponse::default()), "{}");
    }

    #[test]
    fn strings_are_safe_in_a_web_page() {
        assert_eq!(text(&"<a&\"b\">\n\u{1}é".to_owned()), r#""\u003ca\u0026\"b\"\u003e\n\u0001é""#);
    }
}
