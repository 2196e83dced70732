//! The disk thread: makes writes durable, as many as wait with one sync.

use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};

use raft::{Write, WriteId};
use tokio::sync::watch;
use wal::{RealDisk, Wal};

/// After so long without a write the log is sealed.
const REST: Duration = Duration::from_millis(5);

/// Writes what comes, until nothing comes any more. An error is final: nobody can say what is
/// durable then, so nothing more is reported to be. `on_sync` is told how long each
/// write and sync took.
pub(crate) fn run(
    mut wal: Wal<RealDisk>,
    writes: &Receiver<Write>,
    persisted: &watch::Sender<WriteId>,
    on_sync: impl Fn(Duration),
) -> Result<(), wal::Error> {
    while let Some(batch) = next_batch(&mut wal, writes)? {
        let start = Instant::now();
        wal.append(&batch)?;
        on_sync(start.elapsed());
        let last = batch.last().expect("a batch has a first write").id;
        persisted.send_replace(last);
    }
    wal.seal()
}

/// All the writes that wait, at least one. While none does, makes space ready ahead, and seals the
/// log.
fn next_batch(
    wal: &mut Wal<RealDisk>,
    writes: &Receiver<Write>,
) -> Result<Option<Vec<Write>>, wal::Error> {
    let first = loop {
        match writes.try_recv() {
            Ok(write) => break write,
            Err(TryRecvError::Disconnected) => return Ok(None),
            Err(TryRecvError::Empty) => {}
        }
        // A full disk is no trouble yet: what was made ready before is still there.
        let is_ready = match wal.prepare_next() {
            Ok(wants_more) => !wants_more,
            Err(error) if error.is_storage_full() => true,
            Err(error) => return Err(error),
        };
        if is_ready {
            match writes.recv_timeout(REST) {
                Ok(write) => break write,
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
                Err(RecvTimeoutError::Timeout) => wal.seal()?,
            }
            match writes.recv() {
                Ok(write) => break write,
                Err(_) => return Ok(None),
            }
        }
    };
    Ok(Some(std::iter::once(first).chain(writes.try_iter()).collect()))
}
