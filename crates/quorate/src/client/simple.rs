//! Answers as people read them: line for line what `etcdctl` prints.

use etcdpb::etcdserverpb::response_op::Response;
use etcdpb::etcdserverpb::{
    DeleteRangeResponse, Member, MemberAddResponse, MemberListResponse, MemberPromoteResponse,
    MemberRemoveResponse, MemberUpdateResponse, PutResponse, RangeResponse, ResponseHeader,
    TxnResponse,
};
use etcdpb::mvccpb::KeyValue;

use super::member::About;
use super::table::Table;

/// Something with a form for people.
pub(crate) trait Simple {
    /// Appends its lines to `out`.
    fn simple(&self, out: &mut Vec<u8>);

    /// The same as a table, if there is such a form.
    fn table(&self) -> Option<Table> {
        None
    }
}

impl Simple for RangeResponse {
    fn simple(&self, out: &mut Vec<u8>) {
        for kv in &self.kvs {
            kv.simple(out);
        }
    }
}

impl Simple for PutResponse {
    fn simple(&self, out: &mut Vec<u8>) {
        line(out, b"OK");
        if let Some(kv) = &self.prev_kv {
            kv.simple(out);
        }
    }
}

impl Simple for DeleteRangeResponse {
    fn simple(&self, out: &mut Vec<u8>) {
        line(out, self.deleted.to_string().as_bytes());
        for kv in &self.prev_kvs {
            kv.simple(out);
        }
    }
}

impl Simple for TxnResponse {
    fn simple(&self, out: &mut Vec<u8>) {
        line(out, if self.succeeded { b"SUCCESS" } else { b"FAILURE" });
        for response in self.responses.iter().filter_map(|op| op.response.as_ref()) {
            line(out, b"");
            match response {
                Response::ResponseRange(range) => range.simple(out),
                Response::ResponsePut(put) => put.simple(out),
                Response::ResponseDeleteRange(delete) => delete.simple(out),
                Response::ResponseTxn(txn) => txn.simple(out),
            }
        }
    }
}

impl Simple for KeyValue {
    fn simple(&self, out: &mut Vec<u8>) {
        line(out, &self.key);
        line(out, &self.value);
    }
}

impl Simple for MemberListResponse {
    fn simple(&self, out: &mut Vec<u8>) {
        for member in &self.members {
            line(out, cells(member).join(", ").as_bytes());
        }
    }

    fn table(&self) -> Option<Table> {
        let titles = ["ID", "STATUS", "NAME", "PEER ADDRS", "CLIENT ADDRS", "IS LEARNER"];
        let mut table = Table::new(&titles);
        for member in &self.members {
            table.row(cells(member));
        }
        Some(table)
    }
}

impl Simple for MemberAddResponse {
    fn simple(&self, out: &mut Vec<u8>) {
        let member = self.member.as_ref().map_or(0, |member| member.id);
        changed(out, member, "added to", self.header.as_ref());
    }
}

impl Simple for About<MemberRemoveResponse> {
    fn simple(&self, out: &mut Vec<u8>) {
        changed(out, self.member, "removed from", self.answer.header.as_ref());
    }
}

impl Simple for About<MemberUpdateResponse> {
    fn simple(&self, out: &mut Vec<u8>) {
        changed(out, self.member, "updated in", self.answer.header.as_ref());
    }
}

impl Simple for About<MemberPromoteResponse> {
    fn simple(&self, out: &mut Vec<u8>) {
        changed(out, self.member, "promoted in", self.answer.header.as_ref());
    }
}

/// Says what became of a member.
fn changed(out: &mut Vec<u8>, member: u64, what: &str, header: Option<&ResponseHeader>) {
    let cluster = header.map_or(0, |header| header.cluster_id);
    line(out, format!("Member {member:16x} {what} cluster {cluster:16x}").as_bytes());
}

/// What is told of a member.
fn cells(member: &Member) -> Vec<String> {
    let state = if member.name.is_empty() { "unstarted" } else { "started" };
    vec![
        format!("{:x}", member.id),
        state.to_owned(),
        member.name.clone(),
        member.peer_urls.join(","),
        member.client_urls.join(","),
        member.is_learner.to_string(),
    ]
}

/// Only the values.
pub(crate) fn values(kvs: &[KeyValue]) -> Vec<u8> {
    let mut out = Vec::new();
    for kv in kvs {
        line(&mut out, &kv.value);
    }
    out
}

pub(crate) fn line(out: &mut Vec<u8>, text: &[u8]) {
    out.extend_from_slice(text);
    out.push(b'\n');
}

/// A number of bytes with two digits, in powers of a thousand.
///
/// It is rounded twice, as in `etcdctl`: to tenths, and from there to whole units, halves to the
/// even side. So 20480 bytes are 20 kB, though 20.48 goes to 20.5.
pub(crate) fn size(bytes: i64) -> String {
    const UNITS: [&str; 7] = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
    // 128 bits hold ten times any i64.
    let bytes = u128::try_from(bytes).unwrap_or(0);
    if bytes < 10 {
        return format!("{bytes} B");
    }
    let (mut one, mut units) = (1, UNITS.iter());
    let mut unit = units.next();
    while bytes / one >= 1000 {
        one *= 1000;
        unit = units.next();
    }
    let unit = unit.expect("an i64 is below a thousand of the last unit");
    let tenths = (bytes * 10 + one / 2) / one;
    let (whole, tenth) = (tenths / 10, tenths % 10);
    if whole < 10 {
        format!("{whole}.{tenth} {unit}")
    } else {
        let up = tenth > 5 || (tenth == 5 && whole % 2 == 1);
        format!("{} {unit}", whole + u128::from(up))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_two_digits() {
        let sizes = [0, 9, 10, 999, 1000, 1049, 9949, 9950, 20480, 99_949, 1_234_567, i64::MAX];
        let texts = sizes.map(size);
        let expected = [
            "0 B", "9 B", "10 B", "999 B", "1.0 kB", "1.0 kB", "9.9 kB", "10 kB", "20 kB",
            "100 kB", "1.2 MB", "9.2 EB",
        ];
        assert_eq!(texts, expected);
    }
}
