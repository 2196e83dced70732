//! One member, its disk, and whatever may happen to it. Nobody else need make sense: what comes in
//! is made up. That it is true cannot be checked by one member; that the member keeps what it
//! holds alone can: its term, its vote, its commit index, its promises, and the order in which it
//! applies.
//!
//! Property tests and the fuzzer drive the same member.

use raft::{
    Ballot, Config, Configuration, Effect, Envelope, Index, Input, Message, Node, NodeId, Position,
    Status,
};

use super::disk::{self, Disk};

/// The member. Voters 2 and 3 are there to be made up.
pub(crate) const OWN: NodeId = NodeId(1);

/// What happens to the member.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    Input(Input),
    /// Another member votes for it, in the term that it is in, whatever it asked for.
    Elect,
    /// Its effects are carried out, but for the disk.
    Drain,
    /// The oldest writes become durable, so many of them.
    Write(usize),
    /// It takes a snapshot of what it has applied.
    Snapshot,
    /// The snapshot that it was sent becomes durable, or turns out to be spoiled.
    Store {
        is_right: bool,
    },
    /// It crashes, and starts with what is durable.
    Restart,
}

/// One member, its disk, and what it did so far.
pub(crate) struct Lone {
    config: Config,
    node: Node,
    disk: Disk,
    applied: Position,
}

impl Lone {
    /// A member of a cluster of three. With `lease_ticks` it reads by a lease.
    pub(crate) fn new(lease_ticks: Option<u32>) -> Self {
        let config = Config {
            election_ticks: 4..=6,
            heartbeat_ticks: 1,
            append_bytes_max: 2,
            inflight_appends_max: 2,
            inflight_bytes_max: 64,
            uncommitted_bytes_max: 2000,
            keep_bytes: 100,
            promotion_lag_max: 2,
            disk_ticks: 20,
            lease_ticks,
            ..Config::new(OWN, Configuration::new([1, 2, 3].map(NodeId)))
        };
        let disk = Disk::default();
        let node = Node::new(config.clone(), disk.durable.clone());
        Self { config, node, disk, applied: Position::default() }
    }

    /// Lets it happen, and looks at what the member makes of it.
    pub(crate) fn meet(&mut self, event: Event) {
        let before = self.node.status();
        match event {
            Event::Input(input) => self.node.step(input),
            Event::Elect => self.elect(),
            Event::Drain => self.drain(),
            Event::Write(count) => self.write(count),
            Event::Snapshot => self.take_snapshot(),
            Event::Store { is_right } => self.store(is_right),
            Event::Restart => return self.restart(),
        }
        never_goes_back(&before, &self.node.status());
    }

    fn elect(&mut self) {
        let (from, to, term) = (NodeId(2), OWN, self.node.standing().term);
        let pre_vote = Message::PreVote { asked_in: term, ballot: Ballot::Granted };
        for message in [pre_vote, Message::Vote { ballot: Ballot::Granted }] {
            self.node.step(Input::Receive(Envelope { from, to, term, message }));
        }
    }

    /// Carries out what the member asks for.
    pub(crate) fn drain(&mut self) {
        for effect in self.node.drain_effects().collect::<Vec<_>>() {
            match effect {
                Effect::Persist(write) => self.disk.pending.push_back(write),
                Effect::Send(envelope) => self.check_sent(&envelope),
                Effect::Apply(entries) => {
                    for entry in entries {
                        self.apply(entry.position);
                    }
                }
                Effect::StoreChunk { snapshot, offset, data } => {
                    if offset + data.len() as u64 == snapshot.bytes {
                        self.disk.received = Some(snapshot);
                    }
                }
                Effect::Restore(snapshot) => {
                    assert!(snapshot.position.index > self.applied.index, "back to {snapshot}");
                    let is_durable = self.disk.durable.snapshot.as_ref() == Some(&snapshot);
                    assert!(is_durable, "restored {snapshot} too early");
                    self.applied = snapshot.position;
                }
                Effect::SendChunk { snapshot, offset, .. } => {
                    let stored = self.disk.durable.snapshot.as_ref();
                    assert!(stored.is_some_and(|it| it.position >= snapshot.position));
                    assert!(offset <= snapshot.bytes, "{offset} is beyond {snapshot}");
                }
                Effect::ReadReady { .. }
                | Effect::Refuse { .. }
                | Effect::Changed { .. }
                | Effect::Became(_) => {}
            }
        }
    }

    fn check_sent(&self, envelope: &Envelope) {
        assert!(envelope.from == OWN && envelope.to != OWN, "{envelope}");
        let is_kept = self.disk.durable.hard_state.term >= envelope.term;
        assert!(!envelope.message.is_promise() || is_kept, "{envelope} too early");
    }

    fn apply(&mut self, position: Position) {
        assert_eq!(position.index, self.applied.index.next(), "skipped to {position}");
        let is_durable = self.disk.durable.entries.iter().any(|it| it.position == position);
        assert!(is_durable, "applied {position} too early");
        self.applied = position;
    }

    fn write(&mut self, count: usize) {
        let Some(last) = count.min(self.disk.pending.len()).checked_sub(1) else { return };
        let last = self.disk.pending[last].id;
        while self.disk.write_next(last).is_some() {}
        self.node.step(Input::Persisted(last));
    }

    fn take_snapshot(&mut self) {
        let Position { index, .. } = self.applied;
        let is_known = index > Index(0);
        if let Some(configuration) = self.node.configuration_at(index).filter(|_| is_known) {
            let snapshot = disk::snapshot(self.applied, configuration.clone());
            self.disk.keep(snapshot.clone());
            self.node.step(Input::Snapshotted(snapshot));
        }
    }

    fn store(&mut self, is_right: bool) {
        if let Some(snapshot) = self.disk.received.take() {
            self.node.step(if is_right {
                self.disk.keep(snapshot.clone());
                Input::SnapshotReceived(snapshot)
            } else {
                Input::SnapshotSpoiled(snapshot)
            });
        }
    }

    fn restart(&mut self) {
        self.disk.pending.clear();
        self.disk.received = None;
        let snapshot = self.disk.durable.snapshot.as_ref();
        self.applied = snapshot.map_or_else(Position::default, |it| it.position);
        self.node = Node::new(self.config.clone(), self.disk.durable.clone());
    }
}

fn never_goes_back(before: &Status, after: &Status) {
    let (old, new) = (before.standing, after.standing);
    assert!(new.term >= old.term, "back from {old} to {new}");
    assert!(new.term > old.term || old.vote.is_none_or(|vote| new.vote == Some(vote)));
    assert!(after.commit >= before.commit, "took back {}", before.commit);
    assert!(after.commit <= after.last.index && after.durable <= after.last.index);
}
