//! Three members of this project's core: those that `cargo bench -p raft` measures.

#[path = "../../../crates/raft/benches/proposals/trio.rs"]
mod trio;

use bytes::Bytes;

pub(crate) use trio::Trio;

use crate::{Cluster, MEMBERS};

impl Cluster for Trio {
    fn propose(&mut self, commands: &[Bytes]) {
        Trio::propose(self, commands);
    }

    fn settle(&mut self) {
        Trio::settle(self);
    }

    fn applied(&self) -> [&[Bytes]; MEMBERS as usize] {
        Trio::applied(self)
    }
}
