//! The store as the machine that is replicated.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use mvcc::{Change, Command, DecodeError, Lessor, Reply, Stamped, Store};
use raft::{Index, NodeId};

use crate::comparison;
use crate::metrics::Metrics;
use crate::watch::Feed;

/// So many versions of keys are read at once when a snapshot is made; the driver waits meanwhile.
const IMAGE_STEP: usize = 1000;

/// The store, shared between the driver that applies commands and the services that read.
///
/// The driver waits while somebody reads, so nobody may read for long: large ranges are read in
/// steps, with a [`mvcc::RangeReader`].
#[derive(Clone, Debug)]
pub struct SharedStore {
    store: Arc<RwLock<Store>>,
    lessor: Arc<Mutex<Lessor>>,
    feed: Feed,
    metrics: Arc<Metrics>,
}

impl SharedStore {
    /// An empty store. What is applied is counted in `metrics`.
    pub fn new(metrics: Arc<Metrics>) -> Self {
        Self { store: Arc::default(), lessor: Arc::default(), feed: Feed::default(), metrics }
    }

    /// What is applied goes here too, for those who watch.
    pub(crate) fn feed(&self) -> &Feed {
        &self.feed
    }

    /// Reads. Not for long.
    pub fn read<T>(&self, look: impl FnOnce(&Store) -> T) -> T {
        // A store that a panic left behind is not used: the panic ends the process.
        look(&self.store.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// How much time the leases have left, by this member's count.
    pub fn lessor(&self) -> MutexGuard<'_, Lessor> {
        self.lessor.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Pins the store as it is now.
    pub(crate) fn pin(&self) -> mvcc::Image {
        self.store.write().unwrap_or_else(PoisonError::into_inner).image()
    }

    /// Gives an image back.
    pub(crate) fn release(&self, image: mvcc::Image) {
        self.store.write().unwrap_or_else(PoisonError::into_inner).release(image);
    }
}

impl replica::StateMachine for SharedStore {
    /// A command that cannot be read changes nothing, on every member alike.
    type Reply = Result<Reply, DecodeError>;

    fn apply(&mut self, _: Index, command: Bytes) -> Self::Reply {
        let stamped = Stamped::decode(command)?;
        let command = &stamped.command;
        let start = Instant::now();
        let mut store = self.store.write().unwrap_or_else(PoisonError::into_inner);
        let reply = store.apply_stamped(&stamped);
        self.lessor().applied(command, &store);
        self.feed.applied(&reply.changes);
        drop(store);
        self.metrics.applied(command, &reply);
        self.metrics.took(start.elapsed());
        Ok(reply)
    }

    fn advance(&mut self, now_ms: u64, leads: bool) -> Vec<Bytes> {
        self.lessor().advance(now_ms, leads).iter().map(Command::encode).collect()
    }

    type Image = StoreImage;
    type State = Store;

    fn image(&self) -> StoreImage {
        let image = self.store.write().unwrap_or_else(PoisonError::into_inner).image();
        StoreImage { store: self.store.clone(), image: Some(image) }
    }

    fn replace(&mut self, state: Store) {
        self.lessor().restored(&state);
        let mut store = self.store.write().unwrap_or_else(PoisonError::into_inner);
        self.feed.replaced(state.revision());
        *store = state;
    }
}

/// The store at one moment, while it goes on. It is given back to the store when it is dropped.
#[derive(Debug)]
pub struct StoreImage {
    store: Arc<RwLock<Store>>,
    image: Option<mvcc::Image>,
}

impl Drop for StoreImage {
    fn drop(&mut self) {
        if let Some(image) = self.image.take() {
            self.store.write().unwrap_or_else(PoisonError::into_inner).release(image);
        }
    }
}

/// Makes a store of the bytes of a snapshot.
#[derive(Debug, Default)]
pub struct StoreRestorer(mvcc::Restorer);

impl host::Restorer for StoreRestorer {
    type State = Store;

    fn feed(&mut self, piece: &[u8]) -> Result<(), String> {
        self.0.feed(piece).map_err(|error| error.to_string())
    }

    fn finish(self) -> Result<Store, String> {
        self.0.finish().map_err(|error| error.to_string())
    }
}

impl host::Machine for SharedStore {
    fn text(command: &Bytes) -> String {
        Stamped::decode(command.clone())
            .map_or_else(|error| error.to_string(), |stamped| mvcc::describe(&stamped.command))
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

    fn latest(state: &Store, count: usize) -> Vec<trace::Change> {
        state.latest(count).into_iter().map(|kv| (kv.key, Some(kv.value))).collect()
    }

    fn name_of(&self, id: NodeId) -> Option<String> {
        self.read(|store| store.member_name(id.0).map(str::to_owned))
    }

    fn for_each_piece<E>(
        mut image: StoreImage,
        mut write: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut piece = BytesMut::new();
        let mut more = true;
        while more {
            if let Some(image_read) = &mut image.image {
                let store = image.store.read().unwrap_or_else(PoisonError::into_inner);
                more = store.read_image(image_read, IMAGE_STEP, &mut piece);
            }
            write(&piece)?;
            piece.clear();
        }
        Ok(())
    }

    fn answerer(&self) -> host::Answerer {
        let store = self.clone();
        host::Answerer::new(move |question| comparison::answer(store.clone(), question))
    }

    type Restorer = StoreRestorer;
}
