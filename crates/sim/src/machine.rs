//! The replicated state machine: the store, what counts its leases down, and its snapshots.

use std::cell::{Ref, RefCell, RefMut};
use std::rc::Rc;

use bytes::{Bytes, BytesMut};
use mvcc::{Command, DecodeError, Feed, Lessor, Reply, RestoreError, Restorer, Stamped, Store};
use raft::Index;

/// The store. Taking an image of it changes how it compacts, but nothing that can be seen.
#[derive(Debug)]
pub(crate) struct Machine {
    /// Shared with the images that are still to be read.
    store: Rc<RefCell<Store>>,
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
    /// That of its users.
    pub(crate) auth_revision: u64,
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
        Self { store: Rc::new(RefCell::new(store)), lessor, feed }
    }

    pub(crate) fn feed(&self) -> RefMut<'_, Feed> {
        self.feed.borrow_mut()
    }

    pub(crate) fn store(&self) -> Ref<'_, Store> {
        self.store.borrow()
    }
}

/// The store as it was at one moment. It is read later, while the store goes on.
#[derive(Debug)]
pub(crate) struct Image {
    store: Rc<RefCell<Store>>,
    image: Option<mvcc::Image>,
}

impl Image {
    /// The bytes of a snapshot.
    pub(crate) fn read(mut self) -> Bytes {
        let mut bytes = BytesMut::new();
        if let Some(image) = &mut self.image {
            let store = self.store.borrow();
            while store.read_image(image, VERSIONS_MAX, &mut bytes) {}
        }
        bytes.freeze()
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        if let Some(image) = self.image.take() {
            self.store.borrow_mut().release(image);
        }
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
    type Image = Image;
    type State = Self;

    fn apply(&mut self, index: Index, command: Bytes) -> Applied {
        let store = &mut *self.store.borrow_mut();
        let before = store.revision();
        let reply = Stamped::decode(command).map(|stamped| {
            let reply = store.apply_stamped(&stamped);
            self.lessor.applied(&stamped.command, store);
            self.feed.get_mut().applied(&reply.changes);
            reply
        });
        let hash = index.0.is_multiple_of(HASH_PERIOD).then(|| store.hash());
        let (revision, auth_revision) = (store.revision(), store.auth().revision());
        Applied { index, reply, before, revision, auth_revision, hash }
    }

    fn advance(&mut self, now_ms: u64, leads: bool) -> Vec<Bytes> {
        self.lessor.advance(now_ms, leads).iter().map(Command::encode).collect()
    }

    fn image(&self) -> Image {
        let image = self.store.borrow_mut().image();
        Image { store: self.store.clone(), image: Some(image) }
    }

    fn replace(&mut self, state: Self) {
        self.store.swap(&state.store);
        let store = self.store.borrow();
        self.lessor.restored(&store);
        self.feed.get_mut().replaced(store.revision());
    }
}
