//! What can go wrong, and what to do then.

use std::io;
use std::path::PathBuf;

use raft::codec::DecodeError;

use crate::Identity;

/// The log cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The disk failed. If an append or a sync did, end the process and start it again: only what
    /// is read back then is known to be there.
    #[error("cannot {operation} {}: {source}. {}", path.display(), advice(source))]
    Io {
        /// The file, or the directory.
        path: PathBuf,
        /// What was tried.
        operation: &'static str,
        /// What the disk says.
        source: io::Error,
    },

    /// The log is damaged where it was durable. Nothing was changed.
    #[error(
        "{} is damaged at byte {offset}: {damage}. Nothing was changed: what is lost there may \
         have been acknowledged, so the log must not be cut. Put a whole copy of this member's \
         files in place, or remove the member from the cluster and add it as a new one",
        path.display()
    )]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// The byte of the file where the first bad block begins.
        offset: u64,
        /// What is wrong there.
        damage: Damage,
    },

    /// The log is another member's. Nothing was changed.
    #[error(
        "{} belongs to {found}, and this is {expected}. Start this member on its own directory",
        path.display()
    )]
    Foreign {
        /// The file that says so.
        path: PathBuf,
        /// Who opens the log.
        expected: Identity,
        /// Whose log it is.
        found: Identity,
    },

    /// The log is written in a format that this version does not know. Nothing was changed.
    #[error(
        "{} is written in format {found}, and this version reads format {supported}. Start the \
         version that wrote it, or a newer one",
        path.display()
    )]
    Format {
        /// The file that says so.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The one that is known here.
        supported: u32,
    },

    /// An earlier append or sync failed, so nobody can say what is durable.
    #[error(
        "the log refuses to go on: an earlier write to it failed. End the process and start it \
         again"
    )]
    Poisoned,
}

impl Error {
    /// Where it is damaged, and how, without a word on what to do.
    pub fn place_and_damage(&self) -> String {
        match self {
            Self::Corrupt { path, offset, damage } => {
                format!("{} at byte {offset}: {damage}", path.display())
            }
            Self::Io { .. } | Self::Foreign { .. } | Self::Format { .. } | Self::Poisoned => {
                self.to_string()
            }
        }
    }

    /// Whether a part of the log is lost, and what is left of it can be
    /// [saved](crate::salvage). A place that cannot be read any more is lost.
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Corrupt { .. } => true,
            Self::Io { operation, .. } => *operation == "read",
            Self::Foreign { .. } | Self::Format { .. } | Self::Poisoned => false,
        }
    }

    /// Whether the disk is full.
    pub fn is_storage_full(&self) -> bool {
        match self {
            Self::Io { source, .. } => source.kind() == io::ErrorKind::StorageFull,
            Self::Corrupt { .. } | Self::Foreign { .. } | Self::Format { .. } | Self::Poisoned => {
                false
            }
        }
    }
}

fn advice(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::StorageFull => "Free some space, then start the process again",
        io::ErrorKind::ReadOnlyFilesystem => {
            "Mount the file system so that it can be written, then start the process again; if the \
             kernel made it read-only, look at the disk first"
        }
        io::ErrorKind::PermissionDenied => {
            "Start the process as the user who owns the directory, or give it to this one"
        }
        _ => "Look at the disk and the rights on the directory, then start the process again",
    }
}

/// What is wrong at some place of the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// A segment between others, or the first, is not there.
    #[error("the segment is missing")]
    MissingSegment,
    /// The log begins after a snapshot that is not there.
    #[error("the log begins after a snapshot, and no such snapshot is there")]
    MissingSnapshot,
    /// The end of a snapshot's file does not match its checksum, or says what cannot be.
    #[error("its end does not match its checksum")]
    BadFooter,
    /// A snapshot's bytes do not match their checksum.
    #[error("its content does not match its checksum")]
    BadContent,
    /// The file ends before the segment does.
    #[error("the file has {bytes} bytes and the segment {expected}")]
    ShortFile {
        /// How long the file is.
        bytes: u64,
        /// How long it should be.
        expected: u64,
    },
    /// The first block is not the header of a segment, or not as it was written.
    #[error("the segment's header does not match its checksum")]
    BadSegmentHeader,
    /// The header is that of another segment.
    #[error("the header is that of segment {found}")]
    WrongSegment {
        /// The segment's number by its header.
        found: u64,
    },
    /// No frame begins where one must.
    #[error("frame {number} is not there")]
    NoFrame {
        /// The frame's number.
        number: u64,
    },
    /// A frame's header is as it was written, and its body is not.
    #[error("the body of frame {number} does not match its checksum")]
    BadBody {
        /// The frame's number.
        number: u64,
    },
    /// A frame reaches beyond its segment.
    #[error("frame {number} reaches beyond the segment")]
    TooLong {
        /// The frame's number.
        number: u64,
    },
    /// A frame stands where another one belongs.
    #[error("frame {found} stands where frame {expected} belongs")]
    OutOfTurn {
        /// The frame that belongs there.
        expected: u64,
        /// The frame that is there.
        found: u64,
    },
    /// A frame does not follow from the one before it, by its checksum.
    #[error("frame {number} was not written after the frame that stands before it")]
    BrokenChain {
        /// The frame's number.
        number: u64,
    },
    /// A frame is damaged that a later one proves to have been durable.
    #[error("{damage}, and frame {number} was written after it, at byte {offset}")]
    Followed {
        /// What is wrong.
        damage: Box<Self>,
        /// The later frame.
        number: u64,
        /// Where a part of it was found.
        offset: u64,
    },
    /// A frame is damaged that was written whole.
    #[error("{damage}, and nothing of it is missing, as there would be if it had been cut short")]
    NotTorn {
        /// What is wrong.
        damage: Box<Self>,
    },
    /// A frame is as it was written, and cannot be read. A defect, or a newer version's work.
    #[error("frame {number} cannot be read: {error}")]
    Undecodable {
        /// The frame's number.
        number: u64,
        /// Why not.
        error: DecodeError,
    },
    /// A frame is as it was written, and its entries do not follow those before.
    #[error("frame {number} holds entry {found} where at most {expected} can follow")]
    Hole {
        /// The frame's number.
        number: u64,
        /// The index after the last entry.
        expected: u64,
        /// The index that was found.
        found: u64,
    },
}
