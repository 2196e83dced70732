//! The store as the machine that is replicated.

use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use mvcc::{Change, Command, DecodeError, Reply, Store};
use raft::Index;

use crate::metrics::Metrics;

/// The store, shared between the driver that applies commands and the services that read.
///
/// The driver waits while somebody reads, so nobody may read for long: large ranges are read in
/// steps, with a [`mvcc::RangeReader`].
#[derive(Clone, Debug)]
pub struct SharedStore {
    store: Arc<RwLock<Store>>,
    metrics: Arc<Metrics>,
}

impl SharedStore {
    /// An empty store. What is applied is counted in `metrics`.
    pub fn new(metrics: Arc<Metrics>) -> Self {
        Self { store: Arc::default(), metrics }
    }

    /// Reads. Not for long.
    pub fn read<T>(&self, look: impl FnOnce(&Store) -> T) -> T {
        // A store that a panic left behind is not used: the panic ends the process.
        look(&self.store.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl replica::StateMachine for SharedStore {
    /// A command that cannot be read changes nothing, on every member alike.
    type Reply = Result<Reply, DecodeError>;

    fn apply(&mut self, _: Index, command: Bytes) -> Self::Reply {
        let command = Command::decode(command)?;
        let reply = self.store.write().unwrap_or_else(PoisonError::into_inner).apply(&command);
        self.metrics.applied(&command, &reply);
        Ok(reply)
    }

    type Image = ();
    type State = Store;

    fn image(&self) {}

    fn replace(&mut self, state: Store) {
        *self.store.write().unwrap_or_else(PoisonError::into_inner) = state;
    }
}

impl host::Machine for SharedStore {
    fn text(command: &Bytes) -> String {
        Command::decode(command.clone())
            .map_or_else(|error| error.to_string(), |command| mvcc::describe(&command))
    }

    fn changes(reply: &Self::Reply) -> Vec<trace::Change> {
        let changes = reply.iter().flat_map(|reply| &reply.changes);
        changes
            .map(|change| match change {
                Change::Put { kv, .. } => (kv.key.clone(), Some(kv.value.clone())),
                Change::Delete { key, .. } => (key.clone(), None),
            })
            .collect()
    }
}
