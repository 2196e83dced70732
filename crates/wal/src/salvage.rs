//! What is left of a damaged log.
//!
//! A member that lost entries can have them again from the others, if it knows which term it is in
//! and whom it voted for: nobody else can tell it that. Each frame says it, of all frames before
//! it. And a frame that changes it is always followed by another one, before anybody hears of it.
//! So:
//!
//! ```text
//!   ... │ n-2 │ n-1 │ n │        the newest frame that is whole says the hard state,
//!     good │ damage │ good       whatever is wrong before it
//!
//!   ... │ n-1 │ n │ n+1          frame n+1 is seen and not whole: if it had changed the hard
//!           good │ damage        state, and anybody knew, n+2 would be there to be seen
//! ```
//!
//! Entries are kept up to the first damage, and the log is as it was there. Those after it may be
//! whole; but what was lost may have replaced some before, so without it nothing later counts: not
//! even the commit index.

use bytes::{Bytes, BytesMut};
use raft::{HardState, Index, Loss, Position, Restored};

use crate::disk::{Disk, File};
use crate::error::Error;
use crate::frame::{self, BLOCK_BYTES, BLOCK_LEN, FrameHeader, HEADER_BYTES, Record};
use crate::recovery::{self, Replay};
use crate::segment::{self, Block};
use crate::{Identity, io_error};

/// Reads what is left of a log that [`Wal::open`](crate::Wal::open) refuses for its
/// [damage](Error::is_damage), and changes nothing. To go on with it, a member that is not alone
/// begins it anew: [`Wal::rebuild`](crate::Wal::rebuild).
///
/// # Errors
///
/// The damage, if not even the hard state can be known; [`Error::Foreign`], [`Error::Format`], and
/// [`Error::Io`].
pub fn salvage<D: Disk>(disk: &D, identity: Identity) -> Result<Restored, Error> {
    let mut replay = Replay::default();
    let damage = match recovery::recover(disk, identity, &mut replay) {
        Ok(recovered) => return Ok(recovered.map(|it| it.restored).unwrap_or_default()),
        Err(error) if error.is_damage() => error,
        Err(error) => return Err(error),
    };
    let mut restored = std::mem::take(&mut replay.restored);
    if !replay.is_proven() {
        restored.entries.clear();
        (restored.base, restored.commit) = (Position::default(), Index(0));
    }
    restored.loss = Some(Loss::Damage);

    let seen = look_everywhere(disk, identity)?;
    if seen.is_newest_gone || seen.unreadable > 1 {
        return Err(damage);
    }
    let newest_whole = match seen.newest_whole {
        Some((_, number, body)) => {
            let Some(hard_state) = last_hard_state(body) else { return Err(damage) };
            restored.hard_state = hard_state;
            number
        }
        // The first frame of a log that was begun anew repeats the hard state of the one before.
        None if seen.is_anew => return Err(damage),
        None => 0,
    };
    if seen.newest > newest_whole + 1 { Err(damage) } else { Ok(restored) }
}

/// What can be seen of frames, in all segments.
#[derive(Default)]
struct Seen {
    /// The highest number in any header or trailer.
    newest: u64,
    /// The newest frame that is whole: its segment, its number and its body. In a log that was
    /// begun anew, frames have lower numbers than in the one before.
    newest_whole: Option<(u64, u64, Bytes)>,
    /// How many blocks after that cannot be read. One can have held one frame, as one that is seen.
    unreadable: u64,
    /// Whether the newest segment says that there is a newer one.
    is_newest_gone: bool,
    /// Whether the first segment begins the log anew.
    is_anew: bool,
}

fn look_everywhere<D: Disk>(disk: &D, identity: Identity) -> Result<Seen, Error> {
    let numbers = recovery::segments(disk)?;
    let beginning = recovery::beginning(disk, identity, &numbers);
    let mut seen = Seen::default();
    let first = numbers.get(beginning);
    seen.is_anew = first.is_some_and(|number| recovery::begins_anew(disk, identity, *number));
    for number in &numbers[beginning..] {
        let name = segment::name(*number);
        let file = disk.open(&name).map_err(io_error(disk, &name, "open"))?;
        let bytes = file.size().map_err(io_error(disk, &name, "measure"))?;
        seen.is_newest_gone = false;
        seen.look(*number, &file, bytes, segment::seed(identity, *number));
    }
    Ok(seen)
}

impl Seen {
    /// Looks at each block of a segment.
    fn look<F: File>(&mut self, segment: u64, file: &F, bytes: u64, seed: u32) {
        let mut block: Block = [0; BLOCK_LEN];
        let blocks = (BLOCK_BYTES..(bytes + 1).saturating_sub(BLOCK_BYTES)).step_by(BLOCK_LEN);
        for at in blocks {
            if file.read_at(at, &mut block).is_err() {
                self.unreadable += 1;
                continue;
            }
            if let Some(header) = FrameHeader::decode(&block, seed) {
                self.newest = self.newest.max(header.number);
                let newest = self.newest_whole.as_ref();
                let newest = newest.map(|(segment, number, _)| (*segment, *number));
                match whole_body(file, bytes, at, &header, seed) {
                    Some(body) if points_elsewhere(body.clone()) => self.is_newest_gone = true,
                    Some(body) if Some((segment, header.number)) > newest => {
                        self.newest_whole = Some((segment, header.number, body));
                        self.unreadable = 0;
                    }
                    _ => {}
                }
            }
            self.newest = self.newest.max(frame::trailer(&block, seed).unwrap_or(0));
        }
    }
}

/// The body of the frame that begins there, if it is as it was written.
pub(crate) fn whole_body<F: File>(
    file: &F,
    bytes: u64,
    at: u64,
    header: &FrameHeader,
    seed: u32,
) -> Option<Bytes> {
    let is_inside = header.frame_bytes()? <= bytes - at;
    let mut body = BytesMut::zeroed(usize::try_from(header.body_bytes).ok().filter(|_| is_inside)?);
    file.read_at(at + HEADER_BYTES as u64, &mut body).ok()?;
    header.is_body(&body, seed).then(|| body.freeze())
}

/// Whether the frame says that the log goes on in the next segment.
fn points_elsewhere(mut body: Bytes) -> bool {
    let mut records = std::iter::from_fn(|| frame::decode_record(&mut body));
    records.any(|record| matches!(record, Ok(Record::Elsewhere)))
}

/// The last hard state that a frame names. There is one in each.
fn last_hard_state(mut body: Bytes) -> Option<HardState> {
    let mut last = None;
    while let Some(record) = frame::decode_record(&mut body) {
        if let Record::Write(write) = record.ok()? {
            last = write.hard_state.or(last);
        }
    }
    last
}
