//! What somebody does to the cluster of a [`Play`].

use std::collections::BTreeSet;

use bytes::Bytes;
use mvcc::{Command, DeleteRange, Put, Range};
use raft::{Change, NodeId};

use super::World;
use crate::admin::Asker;
use crate::client::Request;
use crate::event::Event;
use crate::faults::Loss;
use crate::network::{Shape, Weather};
use crate::setup::Setup;
use crate::stage::action::{Deed, Links, Step, Trick, Which, Who, Wish};
use crate::stage::{Action, Kind, Play};

/// The one condition of the network: which links are cut.
const CUT: u32 = 0;

/// What became of an action: on whom it was done, or why it could not be.
type Done = Result<Vec<NodeId>, String>;

impl World {
    /// A quiet world, in which only what the play says goes wrong.
    pub(crate) fn staged(play: &Play) -> Self {
        let setup = Setup::new(play.seed);
        let mut world = Self::with(&setup, play.swarm());
        world.network.is_cut_in_the_middle = true;
        // Whoever breaks a rule wants to see what comes of it.
        world.goes_on = true;
        world.records_max = Play::RECORDS_MAX;
        if play.scenario.kind == Kind::Apart {
            // What must hold in a cluster need not hold between several.
            world.checks.clear();
        }
        if let Some(rule) = play.mutant.as_ref().and_then(|mutant| mutant.breaks.as_deref()) {
            world.checks.retain(|check| check.name() == rule);
        }
        for (place, action) in play.actions.iter().enumerate() {
            world.queue.push(1000 * action.at_ms, Event::Act(place));
        }
        world.queue.push(1000 * play.until_ms, Event::Curtain);
        world.actions.clone_from(&play.actions);
        world
    }

    pub(super) fn act(&mut self, place: usize) {
        let Action { text, deed, .. } = self.actions[place].clone();
        let now = self.now;
        // Before what it brings about.
        let number = self.teller.act(now, text);
        let done = self.do_it(&deed);
        self.teller.acted(number, done);
    }

    fn do_it(&mut self, deed: &Deed) -> Done {
        match deed {
            Deed::Stop(who) => self.on_running(*who, |world, id| world.crash(id, Loss::OfProcess)),
            Deed::Power(who) => self.on_running(*who, |world, id| world.crash(id, Loss::OfPower)),
            Deed::Start(who) => {
                let id = self.who(*who)?;
                if self.is_up(id) {
                    return Err(format!("{id} runs already"));
                }
                self.start(id);
                Ok(vec![id])
            }
            Deed::Pause(who) => self.on_running(*who, |world, id| {
                let now = world.now;
                world.member(id).clock.hold(now);
                world.teller.suffered(now, id, trace::Fault::Pause);
            }),
            Deed::Resume(who) => self.resume(*who),
            Deed::Cut(links) => self.cut(links, BTreeSet::extend),
            Deed::Heal(Some(links)) => self.cut(links, |cut, links| {
                cut.retain(|link| !links.contains(link));
            }),
            Deed::Heal(None) => {
                self.cut.clear();
                self.network.heal();
                self.tell_network();
                Ok(self.ids())
            }
            Deed::Trick(which, trick) => self.play_trick(which, *trick),
            Deed::Ask { who, client, wish } => self.ask_for(*who, *client, wish),
            Deed::Change(steps) => self.change(steps),
            Deed::Lead(who) => {
                let id = self.who(*who)?;
                let done = self.transfer(id);
                done.then(|| vec![id]).ok_or_else(|| "no other member leads".to_owned())
            }
            Deed::Snapshot(who) => self.on_running(*who, |world, id| {
                if let Some(process) = &mut world.member(id).process {
                    process.replica.ask_for_snapshot();
                }
                world.carry_out(id);
            }),
            Deed::Skew(who, permille) => {
                let id = self.who(*who)?;
                let now = self.now;
                let tick_us = self.member(id).clock.drift(now, *permille);
                self.teller.retick(id, tick_us);
                Ok(vec![id])
            }
            Deed::Disk(who, ms) => {
                let id = self.who(*who)?;
                self.member(id).disk.write_us = 1000 * ms..=1000 * ms;
                Ok(vec![id])
            }
        }
    }

    // Who.

    fn who(&self, who: Who) -> Result<NodeId, String> {
        let found = match who {
            Who::Number(id) => self.members.contains_key(&id).then_some(id),
            Who::Leader => self.leader(),
            Who::Follower(place) => {
                let leader = self.leader();
                let followers = self.members.keys().copied();
                let mut followers = followers.filter(|id| Some(*id) != leader && self.is_up(*id));
                followers.nth(place - 1)
            }
        };
        found.ok_or_else(|| match who {
            Who::Number(id) => format!("there is no {id}"),
            Who::Leader => "nobody leads".to_owned(),
            Who::Follower(place) => format!("there are no {place} followers"),
        })
    }

    fn side(&self, side: &[Who]) -> Result<BTreeSet<NodeId>, String> {
        side.iter().map(|who| self.who(*who)).collect()
    }

    fn on_running(&mut self, who: Who, act: impl FnOnce(&mut Self, NodeId)) -> Done {
        let id = self.who(who)?;
        if !self.is_up(id) {
            return Err(format!("{id} does not run"));
        }
        act(self, id);
        Ok(vec![id])
    }

    fn resume(&mut self, who: Who) -> Done {
        let id = self.who(who)?;
        let now = self.now;
        let Some(since) = self.member(id).clock.let_go() else {
            return Err(format!("{id} is not held up"));
        };
        if let Some(process) = &self.member(id).process {
            let run = process.run;
            self.queue.push(now, Event::Resume(run, now - since));
        }
        self.queue.release(now);
        Ok(vec![id])
    }

    // The network.

    fn cut(
        &mut self,
        links: &Links,
        change: impl FnOnce(&mut BTreeSet<(NodeId, NodeId)>, BTreeSet<(NodeId, NodeId)>),
    ) -> Done {
        let links = self.links(links)?;
        let on = links.iter().flat_map(|(from, to)| [*from, *to]).collect::<BTreeSet<_>>();
        change(&mut self.cut, links);
        self.network.begin(CUT, Shape::Links(self.cut.clone()), Weather::Cut);
        self.tell_network();
        Ok(on.into_iter().collect())
    }

    fn links(&self, links: &Links) -> Result<BTreeSet<(NodeId, NodeId)>, String> {
        let between = |one: &BTreeSet<NodeId>, other: &BTreeSet<NodeId>| {
            let pairs = one.iter().flat_map(|from| other.iter().map(|to| (*from, *to)));
            pairs.filter(|(from, to)| from != to).collect::<BTreeSet<_>>()
        };
        let (one, other, both_ways) = match links {
            Links::Around(side) => {
                let side = self.side(side)?;
                let rest = self.ids().into_iter().filter(|id| !side.contains(id)).collect();
                (side, rest, true)
            }
            Links::Between(one, other) => (self.side(one)?, self.side(other)?, true),
            Links::From(one, other) => (self.side(one)?, self.side(other)?, false),
        };
        let mut found = between(&one, &other);
        if both_ways {
            found.extend(between(&other, &one));
        }
        Ok(found)
    }

    fn play_trick(&mut self, which: &Which, trick: Trick) -> Done {
        match which {
            Which::Next(from, to, kind) => {
                let (from, to) = (self.side(from)?, self.side(to)?);
                let on = from.iter().chain(&to).copied().collect();
                self.network.expect(from, to, *kind, trick);
                Ok(on)
            }
            Which::Sent(who, number) => {
                let id = self.who(*who)?;
                let (now, found) = (self.now, self.queue.take_message(id, *number));
                let message = found.first().and_then(|(_, event)| event.message());
                let Some((_, envelope)) = message else {
                    return Err(format!("message {number} of {id} is not on its way"));
                };
                let on = vec![id, envelope.to];
                if trick == Trick::Drop {
                    self.teller.lost(now, *number, envelope, "dropped");
                    return Ok(on);
                }
                let later = if let Trick::Delay(us) = trick { us } else { 0 };
                for (at, event) in found {
                    if trick == Trick::Double {
                        self.queue.push(at, event.clone());
                    }
                    self.queue.push(at + later, event.later(later));
                }
                Ok(on)
            }
        }
    }

    // Clients and operators.

    fn ask_for(&mut self, who: Who, client: u64, wish: &Wish) -> Done {
        let id = self.who(who)?;
        if !self.is_up(id) || self.member(id).clock.is_held() {
            return Err(format!("{id} does not answer"));
        }
        let client = usize::try_from(client - 1).expect("there are few clients");
        let bytes = |text: &String| Bytes::from(text.clone());
        let request = match wish {
            Wish::Put(key, value) => {
                let (key, value) = (bytes(key), bytes(value));
                Request::Write(Command::Put(Put { key, value, ..Put::default() }))
            }
            Wish::Delete(key) => {
                let delete = DeleteRange { key: bytes(key), ..DeleteRange::default() };
                Request::Write(Command::DeleteRange(delete))
            }
            Wish::Get(key) => Request::Read(Range { key: bytes(key), ..Range::default() }),
            Wish::GetLocal(key) => {
                self.read_local(id, client, key);
                return Ok(vec![id]);
            }
        };
        self.invoke(client, id, Asker::Anyone, request).map_err(|refusal| refusal.to_string())?;
        Ok(vec![id])
    }

    /// Reads what the member has. It promises nothing, so nothing is checked.
    fn read_local(&mut self, id: NodeId, client: usize, key: &str) {
        let range = Range { key: Bytes::from(key.to_owned()), ..Range::default() };
        let Some(process) = &self.member(id).process else { return };
        let found = process.replica.machine().store().range(&range);
        let values = found.map(|found| found.kvs).unwrap_or_default();
        let value = values.first().map(|kv| String::from_utf8_lossy(&kv.value).into_owned());
        self.teller.read_local(self.now, id, client, key, value.unwrap_or_default());
    }

    fn change(&mut self, steps: &[Step]) -> Done {
        let address = Bytes::new;
        let mut on = Vec::new();
        let mut change = Vec::new();
        for step in steps {
            // Who is new has only a number yet.
            let id = match step {
                Step::Add(Who::Number(id)) | Step::Learn(Who::Number(id)) => *id,
                Step::Add(who)
                | Step::Learn(who)
                | Step::Promote(who)
                | Step::Demote(who)
                | Step::Remove(who) => self.who(*who)?,
            };
            on.push(id);
            change.push(match step {
                Step::Add(_) => Change::AddVoter { id, address: address() },
                Step::Learn(_) => Change::AddLearner { id, address: address() },
                Step::Promote(_) => Change::Promote(id),
                Step::Demote(_) => Change::Demote(id),
                Step::Remove(_) => Change::Remove(id),
            });
        }
        let asked = self.who(Who::Leader)?;
        let done = self.change_members(asked, change);
        done.then_some(on).ok_or_else(|| format!("{asked} does not run"))
    }
}
