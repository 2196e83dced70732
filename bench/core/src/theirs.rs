//! Three members of raft-rs.
//!
//! Messages that need not wait for the disk leave before the write, as its documentation advises.

use bytes::Bytes;
use raft_rs::prelude::{ConfState, Entry, Message};
use raft_rs::storage::MemStorage;
use raft_rs::{Config, RawNode, StateRole};

use crate::{Cluster, MEMBERS};

struct Member {
    node: RawNode<MemStorage>,
    applied: Vec<Bytes>,
}

pub struct Trio {
    members: Vec<Member>,
}

impl Trio {
    pub fn new() -> Self {
        let logger = slog::Logger::root(slog::Discard, slog::o!());
        let member = |id| {
            let config = Config {
                id,
                election_tick: 15,
                heartbeat_tick: 5,
                max_size_per_msg: 1 << 20,
                max_inflight_msgs: 256,
                batch_append: true,
                pre_vote: true,
                check_quorum: true,
                ..Config::default()
            };
            let members = ConfState::from(((1..=MEMBERS).collect::<Vec<_>>(), vec![]));
            let storage = MemStorage::new_with_conf_state(members);
            let node = RawNode::new(&config, storage, &logger).expect("the configuration is good");
            Member { node, applied: Vec::new() }
        };
        let mut trio = Self { members: (1..=MEMBERS).map(member).collect() };
        trio.members[0].node.campaign().expect("it may");
        trio.settle();
        assert_eq!(trio.members[0].node.raft.state, StateRole::Leader);
        trio
    }
}

impl Cluster for Trio {
    fn propose(&mut self, commands: &[Bytes]) {
        for command in commands {
            self.members[0].node.propose(vec![], command.to_vec()).expect("it leads");
        }
    }

    fn settle(&mut self) {
        let mut messages = Vec::new();
        loop {
            let mut is_quiet = true;
            for member in &mut self.members {
                if member.node.has_ready() {
                    is_quiet = false;
                    member.carry_out(&mut messages);
                }
            }
            for message in messages.drain(..) {
                let to = message.to as usize - 1;
                self.members[to].node.step(message).expect("it is a member's");
            }
            if is_quiet {
                return;
            }
        }
    }

    fn applied(&self) -> [&[Bytes]; MEMBERS as usize] {
        std::array::from_fn(|member| self.members[member].applied.as_slice())
    }
}

impl Member {
    fn carry_out(&mut self, messages: &mut Vec<Message>) {
        let mut ready = self.node.ready();
        messages.extend(ready.take_messages());
        self.apply(ready.take_committed_entries());
        {
            let mut storage = self.node.raft.raft_log.store.wl();
            storage.append(ready.entries()).expect("entries are adjacent");
            if let Some(hard_state) = ready.hs() {
                storage.set_hardstate(hard_state.clone());
            }
        }
        messages.extend(ready.take_persisted_messages());
        let mut light = self.node.advance(ready);
        if let Some(commit) = light.commit_index() {
            self.node.raft.raft_log.store.wl().mut_hard_state().commit = commit;
        }
        messages.extend(light.take_messages());
        self.apply(light.take_committed_entries());
        self.node.advance_apply();
    }

    fn apply(&mut self, entries: Vec<Entry>) {
        let commands = entries.into_iter().filter(|entry| !entry.data.is_empty());
        self.applied.extend(commands.map(|entry| entry.data));
    }
}
