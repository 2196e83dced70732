//! The disk thread: makes writes durable, as many as wait with one sync.
//!
//! A full disk is no failed one: what is durable stays so, and the log has space ahead that it made
//! ready before. So the thread says that the disk is full as soon as it can make no more
//! ready ([`Meters::is_disk_full`]), while what is written still finds room; when that is used up,
//! it waits with the writes that came, and tries again until somebody has freed some space. The
//! core is told nothing meanwhile: a leader whose disk is silent hands over.

use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use raft::{Write, WriteId};
use tokio::sync::watch;
use wal::Wal;

use crate::meters::Meters;
use crate::progress::CountingDisk;

/// After so long without a write the log is sealed.
const REST: Duration = Duration::from_millis(5);
/// A sync that takes longer is told of: a leader with such a disk hands over.
const SLOW: Duration = Duration::from_secs(1);
/// How often a full disk is tried again.
const RETRY: Duration = Duration::from_millis(200);

/// All that the thread owns.
pub(crate) struct DiskThread {
    pub(crate) wal: Wal<CountingDisk>,
    pub(crate) writes: Receiver<Write>,
    pub(crate) persisted: watch::Sender<WriteId>,
    pub(crate) meters: std::sync::Arc<Meters>,
}

/// What there is to do.
enum Next {
    Append(Vec<Write>),
    /// Nothing any more.
    End,
}

impl DiskThread {
    /// Writes what comes, until nothing comes any more. An error is final: nobody can say what is
    /// durable then, so nothing more is reported to be. `on_sync` is told how long each write and
    /// sync took.
    pub(crate) fn run(mut self, on_sync: impl Fn(Duration)) -> Result<(), wal::Error> {
        while let Next::Append(batch) = self.next()? {
            if !self.append(&batch, &on_sync)? {
                return Ok(());
            }
            let last = batch.last().expect("a batch has a first write").id;
            self.persisted.send_replace(last);
        }
        self.wal.seal()
    }

    /// All the writes that wait, at least one. While none does, makes space ready ahead, and seals
    /// the log.
    fn next(&mut self) -> Result<Next, wal::Error> {
        let first = loop {
            match self.writes.try_recv() {
                Ok(write) => break write,
                Err(TryRecvError::Disconnected) => return Ok(Next::End),
                Err(TryRecvError::Empty) => {}
            }
            if self.wants_more_space()? {
                continue;
            }
            match self.writes.recv_timeout(REST) {
                Ok(write) => break write,
                Err(RecvTimeoutError::Disconnected) => return Ok(Next::End),
                Err(RecvTimeoutError::Timeout) => self.wal.seal()?,
            }
            if self.meters.is_disk_full() {
                match self.writes.recv_timeout(RETRY) {
                    Ok(write) => break write,
                    Err(RecvTimeoutError::Disconnected) => return Ok(Next::End),
                    Err(RecvTimeoutError::Timeout) => continue,
                }
            }
            match self.writes.recv() {
                Ok(write) => break write,
                Err(_) => return Ok(Next::End),
            }
        };
        Ok(Next::Append(std::iter::once(first).chain(self.writes.try_iter()).collect()))
    }

    /// Makes some space ready ahead. Whether more is wanted, and can be had.
    fn wants_more_space(&mut self) -> Result<bool, wal::Error> {
        match self.wal.prepare_next() {
            Ok(wants_more) => {
                if !wants_more && self.meters.set_disk_full(false) {
                    tracing::info!("there is space on the disk again");
                }
                Ok(wants_more)
            }
            Err(error) if error.is_storage_full() => {
                self.complain(&error);
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Makes the writes durable. As long as there is no space for them, nothing of them is written.
    /// Returns whether they are: the driver may end first.
    fn append(&mut self, batch: &[Write], on_sync: &impl Fn(Duration)) -> Result<bool, wal::Error> {
        loop {
            let start = Instant::now();
            match self.wal.append(batch) {
                Ok(()) => {
                    let took = start.elapsed();
                    if took >= SLOW {
                        tracing::warn!(
                            ?took,
                            "the disk is slow: look at it, and at who else uses it"
                        );
                    }
                    on_sync(took);
                    return Ok(true);
                }
                Err(error) if error.is_storage_full() && self.wal.is_usable() => {
                    self.complain(&error);
                }
                Err(error) => return Err(error),
            }
            if self.persisted.is_closed() {
                return Ok(false);
            }
            // Segments that nobody needs any more may go.
            while self.wants_more_space()? {}
            sleep(RETRY);
        }
    }

    fn complain(&self, error: &wal::Error) {
        if !self.meters.set_disk_full(true) {
            tracing::error!(
                %error,
                "the disk is full. Clients may read and delete here, and this member takes no \
                 other writes of theirs, until there is space; it need not be started again"
            );
        }
    }
}
