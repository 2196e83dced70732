//! Backups: the whole store as a file, and back.
//!
//! ```text
//!   magic     "QUOBACK1"
//!   content   the store, in the form that `docs/formats.md` draws
//!   zeros     up to a whole number of blocks of 512 bytes
//!   length    of the content, u64 little-endian, the end of the last block
//!   sha256    of all before
//! ```
//!
//! That is, a multiple of 512 bytes and a SHA-256, as `etcdctl snapshot save` wants it to be. It is
//! not etcd's database, so `etcdutl` cannot restore it; `quorate snapshot restore` can.

use bytes::{BufMut, Bytes, BytesMut};
use mvcc::{Image, RestoreError, Restorer, Store};
use sha2::{Digest, Sha256};

use crate::backend::Backend;

const MAGIC: &[u8; 8] = b"QUOBACK1";
const BLOCK_BYTES: usize = 512;
const LENGTH_BYTES: usize = 8;
const HASH_BYTES: usize = 32;

/// So many versions of keys are read at once; the driver waits meanwhile.
const STEP_VERSIONS: usize = 1000;

/// Why a file is no backup that can be used.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// It is something else.
    #[error("it is not a backup that quorate has written")]
    Foreign,
    /// It is not what was written.
    #[error("its SHA-256 does not fit: it is damaged, or was not all copied")]
    Damaged,
    /// What it holds is no store.
    #[error(transparent)]
    Content(#[from] RestoreError),
}

/// A backup that was read.
#[derive(Debug)]
pub struct Backup {
    /// What it holds.
    pub store: Store,
    /// The CRC-32C of its content.
    pub hash: u32,
}

impl Backup {
    /// Reads a whole file. Without `check`, damage that still makes a store is not found.
    ///
    /// # Errors
    /// If it is not a backup, or damaged.
    pub fn read(file: &[u8], check: Check) -> Result<Self, BackupError> {
        let (blocks, hash) = file.split_last_chunk::<HASH_BYTES>().ok_or(BackupError::Foreign)?;
        if !blocks.len().is_multiple_of(BLOCK_BYTES) || !blocks.starts_with(MAGIC) {
            return Err(BackupError::Foreign);
        }
        if check == Check::Hash && Sha256::digest(blocks)[..] != hash[..] {
            return Err(BackupError::Damaged);
        }
        let (rest, length) =
            blocks.split_last_chunk::<LENGTH_BYTES>().ok_or(BackupError::Foreign)?;
        let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
        let content = rest[MAGIC.len()..].get(..length).ok_or(BackupError::Damaged)?;
        let mut restorer = Restorer::default();
        restorer.feed(content)?;
        Ok(Self { store: restorer.finish()?, hash: crc32c::crc32c(content) })
    }
}

/// The content of a backup of this store, as a whole.
pub fn content(store: &mut Store) -> Bytes {
    let mut image = store.image();
    let mut out = BytesMut::new();
    while store.read_image(&mut image, STEP_VERSIONS, &mut out) {}
    store.release(image);
    out.freeze()
}

/// What is checked when a backup is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// That it is what was written, by its hash.
    Hash,
    /// Only that it can be understood.
    Form,
}

/// The store of a member, being backed up. The pin is given up when it is dropped.
pub(crate) struct Reading<B: Backend> {
    backend: B,
    image: Option<Image>,
}

/// The store was replaced while it was read: this member was behind, and got a snapshot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Replaced;

impl<B: Backend> Reading<B> {
    pub(crate) fn begin(backend: B) -> Self {
        let image = Some(backend.pin());
        Self { backend, image }
    }

    /// Begins again with the same moment.
    pub(crate) fn rewind(&mut self) {
        self.image.as_mut().expect("it is given back at the end only").rewind();
    }

    /// Appends more of the content. Whether there is still more.
    pub(crate) fn read(&mut self, out: &mut BytesMut) -> Result<bool, Replaced> {
        let image = self.image.as_mut().expect("it is given back at the end only");
        self.backend.read(|store| {
            let holds = store.holds(image);
            holds.then(|| store.read_image(image, STEP_VERSIONS, out)).ok_or(Replaced)
        })
    }
}

impl<B: Backend> Drop for Reading<B> {
    fn drop(&mut self) {
        if let Some(image) = self.image.take() {
            self.backend.release(image);
        }
    }
}

/// What stands around the content.
pub(crate) struct Envelope {
    hash: Sha256,
    content_bytes: usize,
}

impl Envelope {
    /// The beginning of a file.
    pub(crate) fn begin(out: &mut BytesMut) -> Self {
        out.put_slice(MAGIC);
        Self { hash: Sha256::new_with_prefix(MAGIC), content_bytes: 0 }
    }

    /// How long a file is, but for the hash, with so much content.
    pub(crate) fn blocks_bytes(content_bytes: usize) -> usize {
        (MAGIC.len() + content_bytes + LENGTH_BYTES).next_multiple_of(BLOCK_BYTES)
    }

    /// Takes notice of more content.
    pub(crate) fn content(&mut self, content: &[u8]) {
        self.hash.update(content);
        self.content_bytes += content.len();
    }

    /// The end of the last block, and the hash that comes after it.
    pub(crate) fn end(mut self) -> (Bytes, Bytes) {
        let written = MAGIC.len() + self.content_bytes;
        let zeros = Self::blocks_bytes(self.content_bytes) - written - LENGTH_BYTES;
        let mut end = BytesMut::zeroed(zeros);
        end.put_u64_le(self.content_bytes as u64);
        self.hash.update(&end);
        (end.freeze(), Bytes::copy_from_slice(&self.hash.finalize()))
    }
}
