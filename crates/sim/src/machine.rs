//! The replicated state machine: the store, and what it takes to make a snapshot of it.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use mvcc::{Command, DecodeError, Reply, Store};
use raft::Index;

/// The store with the commands that made it. A snapshot is the list of them: the store has no
/// format for a whole state yet.
#[derive(Debug, Default)]
pub(crate) struct Machine {
    store: Store,
    commands: Vec<Bytes>,
}

/// What was applied, and what came of it.
#[derive(Debug)]
pub(crate) struct Applied {
    pub(crate) index: Index,
    pub(crate) reply: Result<Reply, DecodeError>,
    /// The store's revision afterwards.
    pub(crate) revision: i64,
    /// A hash of the whole store, now and then.
    pub(crate) hash: Option<u64>,
}

/// The store is hashed whole at each multiple of so many entries.
const HASH_PERIOD: u64 = 64;

impl Machine {
    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// The state after these commands.
    pub(crate) fn decode(mut bytes: Bytes) -> Option<Self> {
        let mut machine = Self::default();
        while bytes.has_remaining() {
            let length = usize::try_from(bytes.try_get_u32_le().ok()?).ok()?;
            if bytes.len() < length {
                return None;
            }
            machine.take(bytes.split_to(length)).ok()?;
        }
        Some(machine)
    }

    fn take(&mut self, command: Bytes) -> Result<Reply, DecodeError> {
        self.commands.push(command.clone());
        Ok(self.store.apply(&Command::decode(command)?))
    }
}

impl replica::StateMachine for Machine {
    type Reply = Applied;
    type Image = Vec<Bytes>;
    type State = Self;

    fn apply(&mut self, index: Index, command: Bytes) -> Applied {
        let reply = self.take(command);
        let hash = index.0.is_multiple_of(HASH_PERIOD).then(|| self.store.hash());
        Applied { index, reply, revision: self.store.revision(), hash }
    }

    fn image(&self) -> Vec<Bytes> {
        self.commands.clone()
    }

    fn replace(&mut self, state: Self) {
        *self = state;
    }
}

/// The bytes of a snapshot.
pub(crate) fn encode(image: &[Bytes]) -> Bytes {
    let mut out = BytesMut::new();
    for command in image {
        out.put_u32_le(u32::try_from(command.len()).expect("commands are short"));
        out.put_slice(command);
    }
    out.freeze()
}
