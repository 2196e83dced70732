//! Arbitrary bytes as what happens to one member. Messages are read by the codec, so whatever a
//! peer could send can come.

#![no_main]

#[path = "../../crates/raft/tests/support/disk.rs"]
mod disk;
#[path = "../../crates/raft/tests/support/lone.rs"]
mod lone;

use bytes::{Buf as _, Bytes};
use libfuzzer_sys::fuzz_target;
use raft::codec::decode_envelope;
use raft::{Input, Message, NodeId, Ticket};

use lone::{Event, Lone};

fuzz_target!(|data: &[u8]| {
    let mut bytes = Bytes::copy_from_slice(data);
    let lease_ticks =
        bytes.try_get_u8().ok().filter(|byte| *byte < 2).map(|byte| 1 + u32::from(byte));
    let mut lone = Lone::new(lease_ticks);
    while let Some(event) = next(&mut bytes) {
        lone.meet(event);
    }
    lone.drain();
});

/// Reads what happens next. `None` at the end, or where nothing makes sense any more.
fn next(bytes: &mut Bytes) -> Option<Event> {
    let ticket = Ticket(1);
    Some(match bytes.try_get_u8().ok()? {
        0 => Event::Input(Input::Tick),
        1 => Event::Elect,
        2 => Event::Drain,
        3 => Event::Write(usize::from(bytes.try_get_u8().ok()?)),
        4 => Event::Snapshot,
        5 => Event::Store { is_right: true },
        6 => Event::Store { is_right: false },
        7 => Event::Restart,
        8 => Event::Input(Input::Propose { ticket, command: Bytes::from_static(b"command") }),
        9 => Event::Input(Input::Read { ticket }),
        10 => {
            let to = NodeId(u64::from(bytes.try_get_u8().ok()?));
            Event::Input(Input::TransferLeadership { ticket, to })
        }
        11 => Event::Input(Input::Skipped(u32::from(bytes.try_get_u8().ok()?))),
        12 => {
            let Message::RequestChange { change, .. } = decode_envelope(bytes).ok()?.message else {
                return None;
            };
            Event::Input(Input::ChangeMembers { ticket, change })
        }
        _ => Event::Input(Input::Receive(decode_envelope(bytes).ok()?)),
    })
}
