//! What each command of a golden script does to the world.

use std::error::Error;

use goldenscript::{Context, Runner};
use raft::{
    Config, Configuration, Entry, Envelope, HardState, Index, Input, Loss, Node, NodeId, Payload,
    Restored, Status, WriteId,
};

use crate::commands::{Command, Id, Order};
use crate::notation;
use crate::support::world::World;

/// Runs one script.
#[derive(Default)]
pub(crate) struct Script {
    world: Option<World>,
}

type Done = Result<(), Box<dyn Error>>;

impl Runner for Script {
    type Command = Command;

    fn run(&mut self, command: &Command, _: &Context) -> Result<String, Box<dyn Error>> {
        if let Command::Cluster {
            members,
            heartbeat,
            election,
            batch,
            window,
            keep,
            lease,
            disk,
            uncommitted,
            lag,
            delay,
            spare,
        } = command
        {
            let voters = Configuration::new((1..=*members).map(NodeId));
            let configs = (1..=members + spare).map(|id| {
                let begins = id <= *members;
                let known = if begins { voters.clone() } else { Configuration::unknown() };
                let defaults = Config::new(NodeId(id), known);
                Config {
                    heartbeat_ticks: heartbeat.unwrap_or(5),
                    election_ticks: election.unwrap_or(10)..=2 * election.unwrap_or(10),
                    campaign_delay_ticks: if id == 1 { *delay } else { 0 },
                    append_bytes_max: batch.unwrap_or(1 << 20),
                    inflight_appends_max: window.unwrap_or(256),
                    keep_bytes: *keep,
                    lease_ticks: *lease,
                    disk_ticks: disk.unwrap_or(defaults.disk_ticks),
                    uncommitted_bytes_max: uncommitted.unwrap_or(defaults.uncommitted_bytes_max),
                    promotion_lag_max: lag.unwrap_or(defaults.promotion_lag_max),
                    ..defaults
                }
            });
            let mut world = World::new(configs);
            world.trace = Some(String::new());
            self.world = Some(world);
            return Ok(String::new());
        }
        let world = self.world.as_mut().ok_or("a script begins with a cluster")?;
        world.obey(command)?;
        Ok(world.trace.as_mut().map(std::mem::take).unwrap_or_default())
    }
}

impl World {
    fn obey(&mut self, command: &Command) -> Done {
        match command {
            Command::Cluster { .. } => return Err("a script has one cluster".into()),
            Command::Disk { member, term, vote, commit, log } => {
                let vote = vote.as_ref().map(|vote| vote.0);
                let restored = Restored {
                    hard_state: HardState { term: raft::Term(*term), vote },
                    entries: notation::entries(log)?,
                    commit: Index(*commit),
                    ..Restored::default()
                };
                self.replace_disk(member.0, restored)?;
            }
            Command::Tick { ticks, members } => {
                for _ in 0..*ticks {
                    for id in self.named(members) {
                        self.tick(id)?;
                    }
                }
            }
            Command::Campaign(member) => self.campaign(member.0)?,
            Command::Deliver { from, to, kind, count, order, again } => {
                let chosen = self.choose(from.as_ref(), to.as_ref(), kind.as_ref(), *count);
                self.deliver_all(chosen, *order, *again)?;
            }
            Command::Drop { from, to, kind, count } => {
                for envelope in self.choose(from.as_ref(), to.as_ref(), kind.as_ref(), *count) {
                    self.forget(&envelope)?;
                }
            }
            Command::Network => {
                let lines = self.network.iter().map(ToString::to_string).collect::<Vec<_>>();
                self.print_all(&lines);
            }
            Command::Partition(members) => {
                let side = self.named(members);
                self.cut_off(&side);
            }
            Command::Cut { from, to } => {
                self.cuts.insert((from.0, to.0));
            }
            Command::Heal => self.cuts.clear(),
            Command::Persist { member, until } => {
                self.persist_until(member.0, until.map(WriteId))?;
            }
            Command::Settle => self.settle()?,
            Command::Propose { member, commands } => {
                for command in commands {
                    let proposal = self.proposal(command.clone());
                    self.input(member.0, proposal)?;
                }
                self.drain(member.0)?;
            }
            Command::Read { member, count } => {
                for _ in 0..count.unwrap_or(1) {
                    let read = self.read();
                    self.input(member.0, read)?;
                }
                self.drain(member.0)?;
            }
            Command::Change { member, change } => {
                let change = self.change(notation::changes(change)?);
                self.step(member.0, change)?;
            }
            Command::Transfer { member, to } => {
                let transfer = self.transfer(to.0);
                self.step(member.0, transfer)?;
            }
            Command::Snapshot(member) => {
                let snapshotted = self.snapshot(member.0).ok_or("nothing is applied")?;
                self.step(member.0, snapshotted)?;
            }
            Command::Store(member) => {
                let stored = self.store(member.0).ok_or("no snapshot is there")?;
                self.step(member.0, stored)?;
            }
            Command::Spoil(member) => {
                let spoiled = self.member(member.0).disk.received.take();
                let spoiled = spoiled.ok_or("no snapshot is there")?;
                self.step(member.0, Input::SnapshotSpoiled(spoiled))?;
            }
            Command::Skip { member, ticks } => self.step(member.0, Input::Skipped(*ticks))?,
            Command::Members(members) => {
                let ids = self.named(members).into_iter();
                let lines = ids.map(|id| self.membership(id)).collect::<Result<Vec<_>, _>>()?;
                self.print_all(&lines);
            }
            Command::Crash { member, kept } => self.crash(member.0, *kept)?,
            Command::Lose { member, from, damage } => {
                let loss = if *damage { Loss::Damage } else { Loss::Tail };
                self.lose(member.0, Index(*from), loss);
            }
            Command::Restart(member) => self.restart(member.0)?,
            Command::Status(members) => {
                let ids = self.named(members).into_iter();
                let lines = ids.map(|id| self.status(id)).collect::<Vec<_>>();
                self.print_all(&lines);
            }
            Command::Log(members) => {
                let ids = self.named(members).into_iter();
                let lines = ids.map(|id| self.log(id)).collect::<Vec<_>>();
                self.print_all(&lines);
            }
            Command::Receive(line) => {
                let envelope = notation::envelope(&line.name)?;
                self.step(envelope.to, Input::Receive(envelope))?;
            }
        }
        Ok(())
    }

    fn print_all(&mut self, lines: &[String]) {
        for line in lines {
            self.print(line);
        }
    }

    /// Cuts all links between these members and the others, both ways.
    fn cut_off(&mut self, side: &[NodeId]) {
        let links = self.links();
        let apart = |(from, to): &_| side.contains(from) != side.contains(to);
        self.cuts.extend(links.into_iter().filter(apart));
    }

    /// `again`: they stay on their way, and can arrive once more.
    fn deliver_all(&mut self, mut chosen: Vec<Envelope>, order: Order, again: bool) -> Done {
        if again {
            self.network.extend(chosen.clone());
        }
        if order == Order::Reversed {
            chosen.reverse();
        }
        chosen.iter().try_for_each(|envelope| self.deliver(envelope))
    }

    /// Its writes become durable, up to that one, or all.
    fn persist_until(&mut self, id: NodeId, until: Option<WriteId>) -> Done {
        let pending = &self.member(id).disk.pending;
        let last = pending.back().map(|write| write.id).ok_or("nothing to persist")?;
        self.persist(id, until.unwrap_or(last))
    }

    /// Who belongs to the cluster, as far as it knows, and where its log begins.
    fn membership(&self, id: NodeId) -> Result<String, String> {
        let Status { configuration: (index, configuration), base, snapshot, .. } =
            self.node(id)?.status();
        let snapshot = snapshot.map(|at| format!(" snapshot {at}")).unwrap_or_default();
        Ok(format!("{id} {index}:{{{configuration}}} base {base}{snapshot}"))
    }

    /// Gives one input to a member, and carries out what it asks for.
    fn step(&mut self, id: NodeId, input: Input) -> Result<(), String> {
        self.input(id, input)?;
        self.drain(id)
    }

    // Time.

    fn tick(&mut self, id: NodeId) -> Done {
        let before = self.trace.as_ref().map_or(0, String::len);
        self.step(id, Input::Tick)?;
        if let Some(trace) = &mut self.trace
            && trace[before..].lines().count() == 1
        {
            trace.truncate(before);
        }
        Ok(())
    }

    fn campaign(&mut self, id: NodeId) -> Done {
        let timer = self.node(id)?.status().timer.ok_or("a leader does not campaign")?;
        for _ in timer.elapsed..timer.timeout {
            self.tick(id)?;
        }
        Ok(())
    }

    // Messages.

    fn choose(
        &self,
        from: Option<&Id>,
        to: Option<&Id>,
        kind: Option<&String>,
        count: Option<usize>,
    ) -> Vec<Envelope> {
        let fits = |envelope: &&Envelope| {
            from.is_none_or(|from| from.0 == envelope.from)
                && to.is_none_or(|to| to.0 == envelope.to)
                && kind.is_none_or(|kind| notation::kind(&envelope.message) == *kind)
        };
        self.network.iter().filter(fits).take(count.unwrap_or(usize::MAX)).cloned().collect()
    }

    fn deliver(&mut self, envelope: &Envelope) -> Done {
        let place = self.network.iter().position(|it| it == envelope).ok_or("it is gone")?;
        if let Some((to, input)) = self.take_message(place) {
            self.step(to, input)?;
        }
        Ok(())
    }

    fn forget(&mut self, envelope: &Envelope) -> Done {
        let place = self.network.iter().position(|it| it == envelope).ok_or("it is gone")?;
        self.network.remove(place);
        self.print(&format!("{envelope} (lost)"));
        Ok(())
    }

    fn settle(&mut self) -> Done {
        for _ in 0..1000 {
            if let Some(envelope) = self.network.first().cloned() {
                self.deliver(&envelope)?;
            } else if let Some((id, last)) = self.find_unwritten() {
                self.persist(id, last)?;
            } else if let Some(id) = self.find_unstored() {
                let stored = self.store(id).ok_or("no snapshot is there")?;
                self.step(id, stored)?;
            } else {
                return Ok(());
            }
        }
        Err("it does not settle".into())
    }

    fn links(&self) -> Vec<(NodeId, NodeId)> {
        let ids = self.members.keys().copied();
        ids.clone().flat_map(|from| ids.clone().map(move |to| (from, to))).collect()
    }

    // Disks.

    fn find_unwritten(&self) -> Option<(NodeId, WriteId)> {
        self.members.iter().find_map(|(id, it)| Some((*id, it.disk.pending.back()?.id)))
    }

    fn find_unstored(&self) -> Option<NodeId> {
        self.members.iter().find_map(|(id, it)| it.disk.received.is_some().then_some(*id))
    }

    fn persist(&mut self, id: NodeId, until: WriteId) -> Done {
        let persisted = self.write(id, until)?;
        Ok(self.step(id, persisted)?)
    }

    fn replace_disk(&mut self, id: NodeId, restored: Restored) -> Done {
        let member = self.member(id);
        member.node = None;
        member.disk.pending.clear();
        member.disk.durable = restored;
        Ok(self.restart(id)?)
    }

    // Looking at it.

    fn named(&self, members: &[Id]) -> Vec<NodeId> {
        if members.is_empty() {
            let up = self.members.iter().filter(|(_, member)| member.node.is_some());
            return up.map(|(id, _)| *id).collect();
        }
        members.iter().map(|id| id.0).collect()
    }

    fn node(&self, id: NodeId) -> Result<&Node, String> {
        self.members[&id].node.as_ref().ok_or_else(|| format!("{id} is down"))
    }

    fn status(&self, id: NodeId) -> String {
        let Ok(node) = self.node(id) else { return format!("{id} down") };
        let Status { standing, last, commit, durable, loss, .. } = node.status();
        let recovering = if loss.is_some() { " recovering" } else { "" };
        format!("{id} {standing}, last {last} commit {commit} durable {durable}{recovering}")
    }

    fn log(&self, id: NodeId) -> String {
        let disk = &self.members[&id].disk;
        let first_pending = disk.pending.iter().filter_map(|write| write.entries.first());
        let kept = first_pending.map(|entry| entry.position.index).min();
        let (kept, replaced): (Vec<_>, Vec<_>) =
            disk.durable.entries.iter().partition(|it| kept.is_none_or(|k| it.position.index < k));
        let mut line = format!("{id}{}", spell(kept));
        let mut pending: Vec<Entry> = Vec::new();
        for write in &disk.pending {
            if let Some(first) = write.entries.first() {
                pending.retain(|entry| entry.position.index < first.position.index);
                pending.extend_from_slice(&write.entries);
            }
        }
        if !pending.is_empty() {
            line = format!("{line} |{}", spell(&pending));
        }
        if !replaced.is_empty() {
            line = format!("{line} instead of{}", spell(replaced));
        }
        line
    }

    fn print(&mut self, line: &str) {
        if let Some(trace) = &mut self.trace {
            trace.push_str(line);
            trace.push('\n');
        }
    }
}

/// Positions, and the commands at them.
fn spell<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> String {
    let spelled = entries.into_iter().map(|Entry { position, payload }| match payload {
        Payload::Noop => format!(" {position}"),
        Payload::Command(command) => format!(" {position}={}", String::from_utf8_lossy(command)),
        Payload::Configuration(configuration) => format!(" {position}:{{{configuration}}}"),
    });
    spelled.collect()
}
