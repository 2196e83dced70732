//! The snapshot that a leader is sending.

use raft::Snapshot;

use crate::disk::Disk;
use crate::error::Error;
use crate::snapshot::{SnapshotWriter, Snapshots};

/// The snapshot that a leader is sending, as far as it is here. Its pieces come in order, as
/// [`raft::Effect::StoreChunk`] gives them out, and the last one decides about the whole.
#[derive(Debug)]
pub struct Incoming<F>(Option<(Snapshot, SnapshotWriter<F>)>);

impl<F> Default for Incoming<F> {
    fn default() -> Self {
        Self(None)
    }
}

impl<F> Incoming<F> {
    /// Keeps a piece. True if that was the last one, and the whole is what the leader said it is,
    /// and durable.
    ///
    /// # Errors
    ///
    /// [`Error::Io`]. All of the snapshot has to be sent again then.
    pub fn keep<D: Disk<File = F>>(
        &mut self,
        snapshots: &Snapshots<D>,
        snapshot: &Snapshot,
        offset: u64,
        piece: &[u8],
    ) -> Result<bool, Error> {
        // Whatever fails below leaves nothing to go on with.
        let begun = if offset == 0 {
            Some((snapshot.clone(), snapshots.receive()?))
        } else {
            self.0.take().filter(|(begun, _)| begun == snapshot)
        };
        // An earlier piece could not be kept.
        let Some((begun, mut writer)) = begun else { return Ok(false) };
        snapshots.append(&mut writer, piece)?;
        if offset + piece.len() as u64 == snapshot.bytes {
            return snapshots.finish_received(writer, snapshot);
        }
        self.0 = Some((begun, writer));
        Ok(false)
    }
}
