//! The replicated state machine: the store, what counts its leases down, and its snapshots.

use std::cell::{Ref, RefCell, RefMut};

use bytes::{Bytes, BytesMut};
use mvcc::{Command, DecodeError, Feed, Lessor, Reply, RestoreError, Restorer, Store};
use raft::Index;

/// The store. Taking an image of it changes how it compacts, but nothing that can be seen.
#[derive(Debug)]
pub(crate) struct Machine {
    store: RefCell<Store>,
    lessor: Lessor,
    /// What is applied, for those who watch.
    feed: RefCell<Feed>,
}

/// What was applied, and what came of it.
#[derive(Debug)]
pub(crate) struct Applied {
    pub(crate) index: Index,
    pub(crate) reply: Result<Reply, DecodeError>,
    /// The store's revision before, and afterwards.
    pub(crate) before: i64,
    pub(crate) revision: i64,
    /// A hash of the whole store, now and then.
    pub(crate) hash: Option<u64>,
}

/// The store is hashed whole at each multiple of so many entries.
const HASH_PERIOD: u64 = 64;

/// So many versions are read at once into a snapshot: few, so that there are several steps.
const VERSIONS_MAX: usize = 16;

/// So many changes wait for those who watch.
const CHANGES_MAX: usize = 6;

impl Default for Machine {
    fn default() -> Self {
        Self::new(Store::new(), Lessor::new())
    }
}

impl Machine {
    fn new(store: Store, lessor: Lessor) -> Self {
        let feed = RefCell::new(Feed::new(CHANGES_MAX));
        Self { store: RefCell::new(store), lessor, feed }
    }

    pub(crate) fn feed(&self) -> RefMut<'_, Feed> {
        self.feed.borrow_mut()
    }

    pub(crate) fn store(&self) -> Ref<'_, Store> {
        self.store.borrow()
    }
}

/// A state that is made of the bytes of a snapshot.
#[derive(Debug)]
pub(crate) struct Restoring(Result<Restorer, RestoreError>);

impl Default for Restoring {
    fn default() -> Self {
        Self(Ok(Restorer::default()))
    }
}

impl Restoring {
    pub(crate) fn feed(&mut self, piece: &[u8]) {
        if let Ok(restorer) = &mut self.0
            && let Err(error) = restorer.feed(piece)
        {
            self.0 = Err(error);
        }
    }

    pub(crate) fn finish(self) -> Result<Machine, String> {
        let store = self.0.and_then(Restorer::finish).map_err(|error| error.to_string())?;
        let mut lessor = Lessor::new();
        lessor.restored(&store);
        Ok(Machine::new(store, lessor))
    }
}

impl replica::StateMachine for Machine {
    type Reply = Applied;
    /// The bytes of a snapshot.
    type Image = Bytes;
    type State = Self;

    fn apply(&mut self, index: Index, command: Bytes) -> Applied {
        let store = self.store.get_mut();
        let before = store.revision();
        let reply = Command::decode(command).map(|command| {
            let reply = store.apply(&command);
            self.lessor.applied(&command, store);
            self.feed.get_mut().applied(&reply.changes);
            reply
        });
        let hash = index.0.is_multiple_of(HASH_PERIOD).then(|| store.hash());
        Applied { index, reply, before, revision: store.revision(), hash }
    }

    fn advance(&mut self, now_ms: u64, leads: bool) -> Vec<Bytes> {
        self.lessor.advance(now_ms, leads).iter().map(Command::encode).collect()
    }

    fn image(&self) -> Bytes {
        let mut store = self.store.borrow_mut();
        let mut image = store.image();
        let mut bytes = BytesMut::new();
        while store.read_image(&mut image, VERSIONS_MAX, &mut bytes) {}
        store.release(image);
        bytes.freeze()
    }

    fn replace(&mut self, state: Self) {
        self.store = state.store;
        let store = self.store.get_mut();
        self.lessor.restored(store);
        self.feed.get_mut().replaced(store.revision());
    }
}
