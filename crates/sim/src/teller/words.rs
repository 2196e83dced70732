//! What clients ask and are answered, in one short line each.

use mvcc::{RangeResponse, Refusal, Response};
use trace::Phase;

use crate::client::{Answer, Request};

/// What a client asks for, as it would type it.
pub(super) fn describe(request: &Request) -> String {
    match request {
        Request::Write(command) => mvcc::describe(command),
        Request::Read(range) => {
            let (key, end) = (lossy(&range.key), lossy(&range.range_end));
            if end.is_empty() { format!("get {key}") } else { format!("get {key}..{end}") }
        }
    }
}

/// How it ended, and what the client was told.
pub(super) fn outcome(answer: &Answer<'_>) -> (Phase, Option<String>) {
    match answer {
        Answer::Wrote { result, .. } => told(result, |response| match response {
            Response::Txn(txn) => Some(if txn.succeeded { "then" } else { "else" }.to_owned()),
            Response::Put(_)
            | Response::DeleteRange(_)
            | Response::Compact(_)
            | Response::Lease(_)
            | Response::Published
            | Response::Alarm(_)
            | Response::Auth => None,
        }),
        Answer::Read { result, .. } => told(result, |response| Some(values(response))),
        Answer::Failed(failure) => (Phase::Fail, Some(failure.to_string())),
        Answer::Lost => (Phase::Lost, None),
    }
}

/// A refusal is an answer like others: the request was carried out, and found to be of no use.
fn told<T>(
    result: &Result<T, Refusal>,
    value: impl FnOnce(&T) -> Option<String>,
) -> (Phase, Option<String>) {
    match result {
        Ok(response) => (Phase::Ok, value(response)),
        Err(refusal) => (Phase::Fail, Some(refusal.to_string())),
    }
}

fn values(response: &RangeResponse) -> String {
    let values = response.kvs.iter().map(|kv| lossy(&kv.value));
    values.collect::<Vec<_>>().join(" ")
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
