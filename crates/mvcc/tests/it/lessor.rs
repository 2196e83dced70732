//! Counting down, by itself and among members.

use std::collections::BTreeMap;

use mvcc::{
    Checkpoint, Command, LeaseCommand, LeaseOutcome, LeaseResponse, Lessor, Response, Restorer,
    Store,
};
use proptest::collection::vec;
use proptest::prelude::*;

const MINUTE_MS: u64 = 60_000;

fn expire(id: i64, renewal: u64) -> Command {
    Command::Lease(LeaseCommand::Expire { id, renewal })
}

/// A store and its lessor, at time 0.
#[derive(Default)]
struct Both(Store, Lessor);

impl Both {
    fn apply(&mut self, command: LeaseCommand) {
        let command = Command::Lease(command);
        self.0.apply(&command).result.unwrap();
        self.1.applied(&command, &self.0);
    }

    fn grant(&mut self, id: i64, ttl_seconds: i64) {
        self.apply(LeaseCommand::Grant { id, ttl_seconds });
    }
}

#[test]
fn what_was_applied_counts_from_when_the_time_is_told_next() {
    let mut both = Both::default();
    both.1.advance(1_000, true);
    both.grant(1, 10);
    assert_eq!(both.1.left_ms(1), Some(10_000));
    assert_eq!(both.1.advance(5_000, true), []);
    assert_eq!(both.1.advance(14_999, true), []);
    assert_eq!(both.1.left_ms(1), Some(1));
    assert_eq!(both.1.advance(15_000, true), [expire(1, 1)]);
    assert_eq!(both.1.left_ms(1), Some(0));
    both.apply(LeaseCommand::Expire { id: 1, renewal: 1 });
    assert_eq!(both.1.left_ms(1), None);
    assert_eq!(both.1.advance(99_999, true), []);
}

#[test]
fn a_renewal_counts_anew_and_names_itself() {
    let mut both = Both::default();
    both.grant(1, 10);
    both.1.advance(0, true);
    both.1.advance(9_000, true);
    both.apply(LeaseCommand::Renew { ids: vec![1] });
    assert_eq!(both.1.advance(9_010, true), []);
    assert_eq!(both.1.advance(19_009, true), []);
    assert_eq!(both.1.advance(19_010, true), [expire(1, 2)]);
}

/// Whoever comes to lead has counted all the time, and whoever leads no more says nothing.
#[test]
fn only_the_leader_proposes() {
    let mut both = Both::default();
    both.grant(1, 10);
    both.1.advance(0, false);
    assert_eq!(both.1.advance(11_000, false), []);
    assert_eq!(both.1.advance(11_001, true), [expire(1, 1)]);
    assert_eq!(both.1.advance(20_000, false), []);
}

/// The proposal may get lost.
#[test]
fn what_does_not_end_is_proposed_again() {
    let mut both = Both::default();
    both.grant(1, 10);
    both.1.advance(0, true);
    assert_eq!(both.1.advance(10_000, true), [expire(1, 1)]);
    assert_eq!(both.1.advance(12_999, true), []);
    assert_eq!(both.1.advance(13_000, true), [expire(1, 1)]);
}

#[test]
fn leases_end_at_a_bounded_rate() {
    let mut both = Both::default();
    (1..=1_500).for_each(|id| both.grant(id, 10));
    both.1.advance(0, true);
    let mut proposed = Vec::new();
    for now_ms in (10_000..11_500).step_by(10) {
        let commands = both.1.advance(now_ms, true);
        assert!(commands.len() <= 100, "{}", commands.len());
        proposed.extend(commands);
    }
    assert_eq!(proposed.len(), 1_500, "one in a millisecond, and some from before");
    let again = both.1.advance(11_500, true);
    assert_eq!(again, [], "nothing is proposed twice before the others had their turn");
}

#[test]
fn time_that_runs_backwards_stands_still() {
    let mut both = Both::default();
    both.1.advance(50_000, true);
    both.grant(1, 10);
    both.1.advance(1_000, true);
    assert_eq!(both.1.advance(59_999, true), []);
    assert_eq!(both.1.advance(60_000, true), [expire(1, 1)]);
}

#[test]
fn what_is_left_of_a_long_lease_is_written_down() {
    let mut both = Both::default();
    both.grant(1, 3600);
    both.grant(2, 299);
    both.1.advance(0, true);
    both.apply(LeaseCommand::Renew { ids: vec![2] });
    assert_eq!(both.1.advance(5 * MINUTE_MS - 1, true), []);
    let checkpoint = Checkpoint { id: 1, renewal: 1, left_seconds: 3300 };
    let checkpoint = LeaseCommand::Checkpoint(vec![checkpoint]);
    let late = 5 * MINUTE_MS + 500;
    assert_eq!(both.1.advance(late, true), [Command::Lease(checkpoint.clone())]);
    both.apply(checkpoint.clone());
    both.1.advance(late, true);
    assert_eq!(both.1.left_ms(1), Some(3_299_500), "it was rounded up, and this one knows better");
    both.apply(checkpoint);
    both.1.advance(late + MINUTE_MS, true);
    assert_eq!(both.1.left_ms(1), Some(3_299_500 - MINUTE_MS), "not given back by a late one");

    // A member that starts counts from there.
    let mut lessor = Lessor::new();
    lessor.restored(&both.0);
    lessor.advance(7, false);
    assert_eq!(lessor.left_ms(1), Some(3_300_000));
    assert_eq!(lessor.left_ms(2), Some(299_000));
}

#[test]
fn leases_are_listed_by_the_time_that_is_left() {
    let mut both = Both::default();
    for (id, ttl_seconds) in [(1, 30), (2, 10), (3, 20)] {
        both.grant(id, ttl_seconds);
    }
    assert_eq!(both.1.by_time_left(), [2, 3, 1]);
    both.1.advance(0, false);
    both.1.advance(9_000, false);
    both.apply(LeaseCommand::Renew { ids: vec![2] });
    both.grant(4, 5);
    assert_eq!(both.1.by_time_left(), [4, 2, 3, 1]);
}

/// What can happen to three members that apply one log.
#[derive(Clone, Debug)]
enum Event {
    /// Real time passes.
    Pass { ms: u64 },
    /// A client's request comes into the log.
    Ask(LeaseCommand),
    /// A member applies more of the log.
    Apply { member: usize, entries: usize },
    /// A member is told the time, and believes to lead or not. More than one may believe so.
    Tell { member: usize, leads: bool },
    /// Something that was proposed comes into the log, at last, and may come again.
    Commit { pick: prop::sample::Index, again: bool },
    /// A member starts again, from its log, or from a snapshot.
    Restart { member: usize, from_snapshot: bool },
}

fn event() -> impl Strategy<Value = Event> {
    let member = || 0..3_usize;
    let id = || 1..3_i64;
    let ask = prop_oneof![
        3 => (id(), 1..20_i64)
            .prop_map(|(id, ttl_seconds)| LeaseCommand::Grant { id, ttl_seconds }),
        1 => (id(), 300..700_i64)
            .prop_map(|(id, ttl_seconds)| LeaseCommand::Grant { id, ttl_seconds }),
        6 => id().prop_map(|id| LeaseCommand::Renew { ids: vec![id] }),
    ];
    prop_oneof![
        6 => (0..4_000_u64).prop_map(|ms| Event::Pass { ms }),
        1 => (0..400_000_u64).prop_map(|ms| Event::Pass { ms }),
        4 => ask.prop_map(Event::Ask),
        8 => (member(), 1..4_usize).prop_map(|(member, entries)| Event::Apply { member, entries }),
        8 => (member(), any::<bool>()).prop_map(|(member, leads)| Event::Tell { member, leads }),
        6 => (any::<prop::sample::Index>(), prop::bool::weighted(0.2))
            .prop_map(|(pick, again)| Event::Commit { pick, again }),
        1 => (member(), any::<bool>())
            .prop_map(|(member, from_snapshot)| Event::Restart { member, from_snapshot }),
    ]
}

/// One truth, three members that know it up to some point, and what they would add to it.
#[derive(Default)]
struct World {
    now_ms: u64,
    log: Vec<Command>,
    truth: Store,
    /// When each lease was granted or renewed last: when the log had it, not when it was applied.
    renewed_ms: BTreeMap<i64, u64>,
    members: [Member; 3],
    proposed: Vec<Command>,
}

#[derive(Default)]
struct Member {
    store: Store,
    lessor: Lessor,
    applied: usize,
    started_ms: u64,
}

impl World {
    fn happen(&mut self, event: Event) {
        match event {
            Event::Pass { ms } => self.now_ms += ms,
            Event::Ask(command) => self.append(Command::Lease(command)),
            Event::Apply { member, entries } => {
                let member = &mut self.members[member];
                for command in self.log.iter().skip(member.applied).take(entries) {
                    let _ = member.store.apply(command);
                    member.lessor.applied(command, &member.store);
                    member.applied += 1;
                }
            }
            Event::Tell { member, leads } => {
                let member = &mut self.members[member];
                // Each has a clock of its own.
                let own_ms = self.now_ms - member.started_ms;
                self.proposed.extend(member.lessor.advance(own_ms, leads));
            }
            Event::Commit { pick, again } if !self.proposed.is_empty() => {
                let pick = pick.index(self.proposed.len());
                let command = self.proposed[pick].clone();
                if !again {
                    self.proposed.remove(pick);
                }
                self.append(command);
            }
            Event::Commit { .. } => {}
            Event::Restart { member, from_snapshot } => {
                let member = &mut self.members[member];
                let mut store = std::mem::take(&mut member.store);
                if from_snapshot {
                    store = copy(&mut store);
                }
                let (applied, started_ms) = (member.applied, self.now_ms);
                let mut lessor = Lessor::new();
                lessor.restored(&store);
                *member = Member { store, lessor, applied, started_ms };
            }
        }
    }

    fn append(&mut self, command: Command) {
        let Command::Lease(lease) = &command else { unreachable!("there are only leases here") };
        let before = lease.ids().first().and_then(|id| self.truth.lease(*id));
        let reply = self.truth.apply(&command);
        let is_over = |response: &LeaseResponse| response.outcome == LeaseOutcome::Expired(true);
        match (lease, reply.result) {
            (LeaseCommand::Expire { id, .. }, Ok(Response::Lease(it))) if is_over(&it) => {
                let ttl_ms = before.unwrap().ttl_seconds.cast_unsigned() * 1000;
                let lived_ms = self.now_ms - self.renewed_ms[id];
                assert!(lived_ms >= ttl_ms, "{id} lived {lived_ms} ms of {ttl_ms}");
            }
            (LeaseCommand::Grant { id, .. }, Ok(_)) => {
                self.renewed_ms.insert(*id, self.now_ms);
            }
            (LeaseCommand::Renew { ids }, _) => {
                for id in ids {
                    self.renewed_ms.insert(*id, self.now_ms);
                }
            }
            _ => {}
        }
        self.log.push(command);
    }
}

fn copy(store: &mut Store) -> Store {
    let mut image = store.image();
    let mut bytes = bytes::BytesMut::new();
    while store.read_image(&mut image, 1, &mut bytes) {}
    store.release(image);
    let mut restorer = Restorer::default();
    restorer.feed(&bytes).unwrap();
    restorer.finish().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Whoever leads, or believes so, however late its proposals come into the log, and however
    /// often: a lease is never ended before its time, counted from its last renewal's place in the
    /// log. And when a leader is left in peace, each lease ends.
    #[test]
    fn no_lease_ends_early_and_each_ends(events in vec(event(), 1..150)) {
        let mut world = World::default();
        for event in events {
            world.happen(event);
        }
        for _ in 0..3 {
            world.happen(Event::Apply { member: 0, entries: usize::MAX });
            world.happen(Event::Tell { member: 0, leads: true });
            world.happen(Event::Pass { ms: 700_000 });
            world.happen(Event::Tell { member: 0, leads: true });
            while let Some(command) = world.proposed.pop() {
                world.append(command);
            }
        }
        prop_assert!(world.truth.leases().is_empty(), "{:?}", world.truth.leases());
    }
}
