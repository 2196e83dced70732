//! A small world for the core: members, a network and disks, in which nothing happens by itself.
//!
//! `world` moves inputs and effects; `disk` remembers and forgets; `invariants` looks at everything
//! that passes and says what Raft does not allow. Golden scripts and random runs drive the same
//! world.

pub(crate) mod disk;
pub(crate) mod invariants;
pub(crate) mod world;
