//! Answers as one field a line: what `etcdctl --write-out fields` prints.

use std::fmt::{Display, Write};

use etcdpb::etcdserverpb::response_op::Response;
use etcdpb::etcdserverpb::{
    AuthRoleListResponse, DeleteRangeResponse, MemberListResponse, PutResponse, RangeResponse,
    ResponseHeader, TxnResponse,
};
use etcdpb::mvccpb::KeyValue;

use super::endpoint::{ServerHash, ServerStatus};
use super::output::Done;
use super::role::RolePermissions;
use super::snapshot::Summary;

/// Lines of the form `"Name" : value`.
#[derive(Default)]
pub(crate) struct Fields(String);

impl Fields {
    pub(crate) fn into_text(self) -> Vec<u8> {
        self.0.into_bytes()
    }

    fn field(&mut self, name: &str, value: impl Display) {
        writeln!(self.0, "\"{name}\" : {value}").expect("a string takes everything");
    }

    fn text(&mut self, name: &str, value: &[u8]) {
        self.field(name, quoted(value));
    }

    fn gap(&mut self) {
        self.0.push('\n');
    }

    fn header(&mut self, header: Option<&ResponseHeader>) {
        let header = header.copied().unwrap_or_default();
        self.field("ClusterID", header.cluster_id);
        self.field("MemberID", header.member_id);
        self.field("Revision", header.revision);
        self.field("RaftTerm", header.raft_term);
    }

    fn key_value(&mut self, prefix: &str, kv: &KeyValue) {
        self.text(&format!("{prefix}Key"), &kv.key);
        self.field(&format!("{prefix}CreateRevision"), kv.create_revision);
        self.field(&format!("{prefix}ModRevision"), kv.mod_revision);
        self.field(&format!("{prefix}Version"), kv.version);
        self.text(&format!("{prefix}Value"), &kv.value);
        self.field(&format!("{prefix}Lease"), kv.lease);
    }
}

/// An answer with a form of fields.
pub(crate) trait Fielded {
    /// Appends its fields.
    fn fields(&self, out: &mut Fields);
}

impl Fielded for RangeResponse {
    fn fields(&self, out: &mut Fields) {
        out.header(self.header.as_ref());
        for kv in &self.kvs {
            out.key_value("", kv);
        }
        out.field("More", self.more);
        out.field("Count", self.count);
    }
}

impl Fielded for PutResponse {
    fn fields(&self, out: &mut Fields) {
        out.header(self.header.as_ref());
        if let Some(kv) = &self.prev_kv {
            out.key_value("Prev", kv);
        }
    }
}

impl Fielded for DeleteRangeResponse {
    fn fields(&self, out: &mut Fields) {
        out.header(self.header.as_ref());
        out.field("Deleted", self.deleted);
        for kv in &self.prev_kvs {
            out.key_value("Prev", kv);
        }
    }
}

impl Fielded for TxnResponse {
    fn fields(&self, out: &mut Fields) {
        out.header(self.header.as_ref());
        out.field("Succeeded", self.succeeded);
        for response in self.responses.iter().filter_map(|op| op.response.as_ref()) {
            match response {
                Response::ResponseRange(range) => range.fields(out),
                Response::ResponsePut(put) => put.fields(out),
                Response::ResponseDeleteRange(delete) => delete.fields(out),
                Response::ResponseTxn(txn) => txn.fields(out),
            }
        }
    }
}

impl Fielded for MemberListResponse {
    fn fields(&self, out: &mut Fields) {
        out.header(self.header.as_ref());
        for member in &self.members {
            out.field("ID", member.id);
            out.text("Name", member.name.as_bytes());
            for url in &member.peer_urls {
                out.text("PeerURL", url.as_bytes());
            }
            for url in &member.client_urls {
                out.text("ClientURL", url.as_bytes());
            }
            out.field("IsLearner", member.is_learner);
            out.gap();
        }
    }
}

impl Fielded for Vec<ServerStatus> {
    fn fields(&self, out: &mut Fields) {
        for ServerStatus { endpoint, status } in self {
            out.header(status.header.as_ref());
            out.text("Version", status.version.as_bytes());
            out.field("DBSize", status.db_size);
            out.field("Leader", status.leader);
            out.field("IsLearner", status.is_learner);
            out.field("RaftIndex", status.raft_index);
            out.field("RaftTerm", status.raft_term);
            out.field("RaftAppliedIndex", status.raft_applied_index);
            out.field("Errors", format_args!("[{}]", status.errors.join(" ")));
            out.text("Endpoint", endpoint.as_bytes());
            out.gap();
        }
    }
}

impl Fielded for Vec<ServerHash> {
    fn fields(&self, out: &mut Fields) {
        for ServerHash { endpoint, hash } in self {
            out.header(hash.header.as_ref());
            out.text("Endpoint", endpoint.as_bytes());
            out.field("Hash", hash.hash);
            out.gap();
        }
    }
}

impl Fielded for Done {
    fn fields(&self, out: &mut Fields) {
        out.header(self.header.as_ref());
    }
}

impl Fielded for RolePermissions {
    fn fields(&self, out: &mut Fields) {
        out.header(self.answer.header.as_ref());
        for permission in &self.answer.perm {
            // Two spaces, as in `etcdctl`.
            out.field("PermType", format_args!(" {}", permission.perm_type().as_str_name()));
            out.text("Key", &permission.key);
            out.text("RangeEnd", &permission.range_end);
        }
    }
}

impl Fielded for AuthRoleListResponse {
    fn fields(&self, out: &mut Fields) {
        out.header(self.header.as_ref());
        let roles = self.roles.iter().map(|role| quoted(role.as_bytes()));
        out.field("Roles", roles.collect::<Vec<_>>().join(" "));
    }
}

impl Fielded for Summary {
    fn fields(&self, out: &mut Fields) {
        out.field("Hash", self.hash);
        out.field("Revision", self.revision);
        out.field("Keys", self.total_key);
        out.field("Size", self.total_size);
    }
}

/// Bytes in quotes, as Go writes them.
fn quoted(bytes: &[u8]) -> String {
    let mut out = String::from("\"");
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '"' | '\\' => out.extend(['\\', c]),
                '\u{7}' => out.push_str("\\a"),
                '\u{8}' => out.push_str("\\b"),
                '\u{c}' => out.push_str("\\f"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '\u{b}' => out.push_str("\\v"),
                '\0'..='\u{7f}' if c.is_control() => escape(&mut out, u32::from(c)),
                '\u{2028}' | '\u{2029}' => {
                    write!(out, "\\u{:04x}", u32::from(c)).expect("a string takes everything");
                }
                c => out.push(c),
            }
        }
        for byte in chunk.invalid() {
            escape(&mut out, u32::from(*byte));
        }
    }
    out.push('"');
    out
}

fn escape(out: &mut String, byte: u32) {
    write!(out, "\\x{byte:02x}").expect("a string takes everything");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_quoted_as_go_quotes_them() {
        assert_eq!(quoted(b"a\"b\\c"), r#""a\"b\\c""#);
        assert_eq!(quoted(b"\n\t\x01\x7f\xff\xc3\xa9"), "\"\\n\\t\\x01\\x7f\\xff\u{e9}\"");
    }
}
