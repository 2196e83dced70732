//! The world: it carries inputs to the members and carries out their effects, when told to.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Display, Write as _};

use bytes::Bytes;
use raft::{
    Change, Config, Effect, Envelope, Index, Input, Loss, Message, Node, NodeId, Snapshot, Term,
    Ticket, WriteId,
};

use crate::support::disk::{self, Disk};
use crate::support::invariants::{Checked, Invariants};

/// How long the pieces of snapshots are.
const CHUNK_BYTES: u64 = 2;
/// No member forwards as often between two starts: the numbers of its forwards go on from here.
const FORWARDS_MAX: u64 = 1000;

/// Members, a network, a disk for each member, and somebody who watches.
pub(crate) struct World {
    pub(crate) members: BTreeMap<NodeId, Member>,
    /// Messages on their way, in the order in which they were sent.
    pub(crate) network: Vec<Envelope>,
    /// Links that lose what is sent over them, in one direction each.
    pub(crate) cuts: BTreeSet<(NodeId, NodeId)>,
    pub(crate) invariants: Invariants,
    /// What happened, if somebody wants to read it: inputs, and below them their effects.
    pub(crate) trace: Option<String>,
    tickets: u64,
}

/// A member and what belongs to it.
pub(crate) struct Member {
    config: Config,
    /// `None` while it is down.
    pub(crate) node: Option<Node>,
    pub(crate) disk: Disk,
}

impl World {
    /// A world of members that start with empty disks.
    ///
    /// Some may belong to no cluster yet: they wait to be added.
    pub(crate) fn new(configs: impl IntoIterator<Item = Config>) -> Self {
        let members = configs.into_iter().map(|config| (config.id, Member::new(config)));
        let members = members.collect::<BTreeMap<_, _>>();
        Self {
            invariants: Invariants::new(members.values().map(|member| &member.config)),
            members,
            network: Vec::new(),
            cuts: BTreeSet::new(),
            trace: None,
            tickets: 0,
        }
    }

    // Inputs.

    /// Gives one input to a member that is up, and leaves its effects for later.
    pub(crate) fn input(&mut self, id: NodeId, input: Input) -> Checked {
        match &input {
            Input::Receive(envelope) => self.note("", envelope),
            _ => self.note("", format_args!("{id} {input}")),
        }
        match &mut self.member(id).node {
            Some(node) => node.step(input),
            None => return Err(format!("{id} is down")),
        }
        Ok(())
    }

    /// Delivers the message at that place in the network. A member that is down misses it.
    pub(crate) fn take_message(&mut self, place: usize) -> Option<(NodeId, Input)> {
        let envelope = self.network.remove(place);
        let is_up = self.members.get(&envelope.to).is_some_and(|member| member.node.is_some());
        if !is_up {
            self.note("", format_args!("{envelope} (lost)"));
        }
        is_up.then(|| (envelope.to, Input::Receive(envelope)))
    }

    /// A proposal with a ticket of its own.
    pub(crate) fn proposal(&mut self, command: impl Into<Bytes>) -> Input {
        Input::Propose { ticket: self.ticket(), command: command.into() }
    }

    /// A read with a ticket of its own.
    pub(crate) fn read(&mut self) -> Input {
        let ticket = self.ticket();
        self.invariants.read_invoked(ticket);
        Input::Read { ticket }
    }

    /// A change of the members with a ticket of its own.
    pub(crate) fn change(&mut self, change: Vec<Change>) -> Input {
        Input::ChangeMembers { ticket: self.ticket(), change }
    }

    /// A transfer with a ticket of its own.
    pub(crate) fn transfer(&mut self, to: NodeId) -> Input {
        Input::TransferLeadership { ticket: self.ticket(), to }
    }

    // Disks.

    /// A member takes a snapshot of all that it has applied, and makes it durable at once.
    pub(crate) fn snapshot(&mut self, id: NodeId) -> Option<Input> {
        let position = self.invariants.applied(id)?;
        let node = self.members[&id].node.as_ref()?;
        let snapshot = disk::snapshot(position, node.configuration_at(position.index)?.clone());
        self.member(id).disk.keep(snapshot.clone());
        Some(Input::Snapshotted(snapshot))
    }

    /// The snapshot that a member was sent, if all of it is there. It becomes durable now.
    pub(crate) fn store(&mut self, id: NodeId) -> Option<Input> {
        let snapshot = self.member(id).disk.received.take()?;
        self.member(id).disk.keep(snapshot.clone());
        self.invariants.snapshot_stored(id, &snapshot);
        Some(Input::SnapshotReceived(snapshot))
    }

    /// Makes a member's writes durable, up to one of them, and tells the member.
    pub(crate) fn write(&mut self, id: NodeId, until: WriteId) -> Result<Input, String> {
        while let Some(write) = self.member(id).disk.write_next(until) {
            self.invariants.is_durable(id, &write)?;
        }
        Ok(Input::Persisted(until))
    }

    /// Power loss: the first `kept` of the waiting writes reached the disk, the others are lost,
    /// and so is all that was in memory.
    pub(crate) fn crash(&mut self, id: NodeId, kept: usize) -> Checked {
        self.note("", format_args!("{id} crashes"));
        self.member(id).node = None;
        let kept = kept.checked_sub(1).and_then(|last| self.member(id).disk.pending.get(last));
        if let Some(WriteId(last)) = kept.map(|write| write.id) {
            self.write(id, WriteId(last))?;
        }
        self.member(id).disk.pending.clear();
        self.member(id).disk.received = None;
        Ok(())
    }

    /// A member that is down loses entries that were durable.
    pub(crate) fn lose(&mut self, id: NodeId, from: Index, loss: Loss) {
        self.note("", format_args!("{id} loses {from} and what follows"));
        let durable = &mut self.member(id).disk.durable;
        durable.entries.retain(|entry| entry.position.index < from);
        durable.loss = durable.loss.max(Some(loss));
        self.invariants.lost(id);
    }

    /// Starts a member that is down with what is on its disk.
    pub(crate) fn restart(&mut self, id: NodeId) -> Checked {
        self.note("", format_args!("{id} starts"));
        let member = self.member(id);
        let restored = member.disk.durable.clone();
        member.config.first_forward += FORWARDS_MAX;
        member.node = Some(Node::new(member.config.clone(), restored.clone()));
        self.invariants.started(id, &restored)?;
        self.drain(id)
    }

    // Effects.

    /// Carries out what a member asks for: writes wait on its disk, messages in the network.
    pub(crate) fn drain(&mut self, id: NodeId) -> Checked {
        let Some(node) = &mut self.member(id).node else { return Ok(()) };
        let mut effects = node.drain_effects().collect::<Vec<_>>().into_iter().peekable();
        let status = node.status();
        if let Some(effect @ Effect::Persist(write)) = effects.next_if(is_persist).as_ref() {
            self.note("  ", format_args!("{id} {effect}"));
            self.invariants.asked_to_write(id, write)?;
            self.member(id).disk.pending.push_back(write.clone());
        }
        self.invariants.stands(id, &status)?;
        for effect in effects {
            self.invariants.asked(id, &effect)?;
            match effect {
                Effect::Send(envelope) => self.send(envelope),
                Effect::SendChunk { to, term, snapshot, offset } => {
                    self.send_chunk(id, to, term, snapshot, offset);
                }
                Effect::StoreChunk { ref snapshot, offset, ref data } => {
                    self.note("  ", format_args!("{id} {effect}"));
                    if offset + data.len() as u64 == snapshot.bytes {
                        self.member(id).disk.received = Some(snapshot.clone());
                    }
                }
                Effect::Persist(_)
                | Effect::Apply(_)
                | Effect::ReadReady { .. }
                | Effect::Changed { .. }
                | Effect::Restore(_)
                | Effect::Refuse { .. }
                | Effect::Became(_) => self.note("  ", format_args!("{id} {effect}")),
            }
        }
        Ok(())
    }

    /// Reads a piece of a snapshot, which is only so long as the test needs it, and sends it.
    fn send_chunk(
        &mut self,
        from: NodeId,
        to: NodeId,
        term: Term,
        snapshot: Snapshot,
        offset: u64,
    ) {
        let rest = snapshot.bytes.saturating_sub(offset).min(CHUNK_BYTES);
        let data = Bytes::from(vec![b'.'; usize::try_from(rest).expect("short")]);
        self.send(Envelope { from, to, term, message: Message::Chunk { snapshot, offset, data } });
    }

    fn send(&mut self, envelope: Envelope) {
        if self.cuts.contains(&(envelope.from, envelope.to)) {
            self.note("  ", format_args!("{envelope} (lost)"));
        } else {
            self.note("  ", &envelope);
            self.network.push(envelope);
        }
    }

    // Looking at it.

    pub(crate) fn member(&mut self, id: NodeId) -> &mut Member {
        self.members.get_mut(&id).expect("the caller names members")
    }

    fn ticket(&mut self) -> Ticket {
        self.tickets += 1;
        Ticket(self.tickets)
    }

    fn note(&mut self, indent: &str, line: impl Display) {
        if let Some(trace) = &mut self.trace {
            writeln!(trace, "{indent}{line}").expect("strings take everything");
        }
    }
}

impl Member {
    fn new(config: Config) -> Self {
        let disk = Disk::default();
        let node = Some(Node::new(config.clone(), disk.durable.clone()));
        Self { config, node, disk }
    }
}

fn is_persist(effect: &Effect) -> bool {
    matches!(effect, Effect::Persist(_))
}
