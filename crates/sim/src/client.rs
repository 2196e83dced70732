//! The clients: what they ask for, and of whom.
//!
//! A client asks for one thing at a time, and asks another member after it was disappointed. An
//! answer that does not come leaves the outcome *unknown*: the request may have worked.

use bytes::Bytes;
use mvcc::{
    Command, Compact, Compare, CompareTarget, DeleteRange, LeaseCommand, Op, Put, Range,
    RangeResponse, Refusal, Relation, Response, Txn,
};
use raft::{Index, NodeId, Ticket};

use crate::admin::{Admin, Asker};
use crate::random::Random;

/// What a client asks for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Request {
    Write(Command),
    Read(Range),
}

/// A request on its way.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) client: usize,
    pub(crate) member: NodeId,
    pub(crate) ticket: Ticket,
    pub(crate) who: Asker,
    pub(crate) request: Request,
    /// The command's bytes; empty for a read.
    pub(crate) command: Bytes,
    /// Whether it was asked for when the world should have been well again.
    pub(crate) is_serving: bool,
}

/// What came of a request.
#[derive(Debug)]
pub(crate) enum Answer<'a> {
    Wrote {
        index: Index,
        result: &'a Result<Response, Refusal>,
    },
    Read {
        applied: Index,
        result: &'a Result<RangeResponse, Refusal>,
    },
    Failed(replica::Failure),
    /// The member crashed.
    Lost,
}

#[derive(Debug)]
pub(crate) struct Client {
    random: Random,
    /// Its member, until it disappoints.
    pub(crate) member: NodeId,
    pause_us: u64,
    keys: u64,
    weights: [u64; 6],
    past_permille: u64,
    /// Who it is, and what it does to the users, if there are users.
    admin: Option<Admin>,
    /// Makes each value another one.
    values: u64,
    number: u64,
    /// The latest revision that it has seen.
    pub(crate) revision: i64,
}

impl Client {
    pub(crate) fn new(seed: u64, number: u64, workload: &Workload) -> Self {
        Self {
            random: Random::stream(seed, "client", number),
            member: NodeId(1 + number % workload.members),
            pause_us: workload.pause_us,
            keys: workload.keys,
            weights: workload.weights,
            past_permille: workload.past_permille,
            admin: workload.has_users.then(|| Admin::new(seed, number)),
            values: 0,
            number,
            revision: 1,
        }
    }

    /// How long it thinks before it asks again.
    pub(crate) fn pause(&mut self) -> u64 {
        self.random.within(self.pause_us / 4..=self.pause_us)
    }

    /// It turns to another of so many members.
    pub(crate) fn turn(&mut self, members: u64) {
        self.member = NodeId(1 + self.random.below(members));
    }

    /// What it asks for, and as whom.
    pub(crate) fn ask(&mut self) -> (Asker, Request) {
        let Some(admin) = &mut self.admin else { return (Asker::Anyone, self.request()) };
        if let Some((who, change)) = admin.change() {
            return (who, Request::Write(Command::Auth(change)));
        }
        (admin.who(), self.request())
    }

    fn request(&mut self) -> Request {
        let kind = self.random.weighted(self.weights.iter().copied()).unwrap_or(0);
        match kind {
            0 => {
                let lease =
                    if self.weights[5] > 0 && self.random.chance(300) { self.lease() } else { 0 };
                Request::Write(Command::Put(Put { lease, ..self.put() }))
            }
            1 => Request::Read(self.range()),
            2 => Request::Write(Command::DeleteRange(DeleteRange {
                key: self.key(),
                ..DeleteRange::default()
            })),
            3 => Request::Write(Command::Txn(self.txn())),
            4 => Request::Write(Command::Compact(Compact { revision: self.past() })),
            _ => Request::Write(Command::Lease(self.lease_command())),
        }
    }

    /// A revision a little before the latest that it knows of.
    fn past(&mut self) -> i64 {
        let back = i64::try_from(self.random.below(20)).expect("it is small");
        (self.revision - back).max(1)
    }

    fn lease_command(&mut self) -> LeaseCommand {
        let id = self.lease();
        match self.random.below(10) {
            0..3 => {
                // Half of them are renewed by nobody: their time is over in any case.
                let own = 1_000 + self.random.below(1_000);
                let own = i64::try_from(own).expect("it is small");
                let id = if self.random.chance(500) { own } else { id };
                let ttl_seconds = i64::try_from(self.random.within(1..=3)).expect("it is small");
                LeaseCommand::Grant { id, ttl_seconds }
            }
            3..9 => {
                let others = (0..self.random.below(3)).map(|_| self.lease()).collect::<Vec<_>>();
                LeaseCommand::Renew { ids: others.into_iter().chain([id]).collect() }
            }
            _ => LeaseCommand::Revoke { id },
        }
    }

    /// One of a few that all share.
    fn lease(&mut self) -> i64 {
        i64::try_from(1 + self.random.below(3)).expect("it is small")
    }

    fn key(&mut self) -> Bytes {
        format!("k{}", self.random.below(self.keys)).into()
    }

    fn put(&mut self) -> Put {
        self.values += 1;
        let value = format!("c{}-{}", self.number, self.values).into();
        Put { key: self.key(), value, prev_kv: self.random.chance(300), ..Put::default() }
    }

    /// One key or all of them, now or a little before.
    fn range(&mut self) -> Range {
        let revision = if self.random.chance(200) { self.revision } else { 0 };
        if self.random.chance(300) {
            Range { key: "k".into(), range_end: "l".into(), revision, ..Range::default() }
        } else {
            Range { key: self.key(), revision, ..Range::default() }
        }
    }

    /// Two keys change together if a third is as it is thought to be.
    fn txn(&mut self) -> Txn {
        let target = match self.random.below(3) {
            0 => CompareTarget::Version(0),
            1 => CompareTarget::Mod(self.revision),
            _ => CompareTarget::Create(self.revision),
        };
        let relation = self.random.pick(&[Relation::Equal, Relation::Less, Relation::Greater]);
        let compare = Compare { key: self.key(), range_end: Bytes::new(), relation, target };
        let first = self.put();
        let mut second = self.put();
        if second.key == first.key {
            second.key = format!("{}-twin", String::from_utf8_lossy(&first.key)).into();
        }
        let delete = DeleteRange { key: self.key(), ..DeleteRange::default() };
        let mut other = Range { key: self.key(), ..Range::default() };
        if self.random.chance(self.past_permille) {
            other.revision = self.past();
        }
        Txn {
            compare: vec![compare],
            success: vec![Op::Put(first), Op::Put(second)],
            failure: vec![Op::Range(other), Op::DeleteRange(delete)],
        }
    }
}

/// What the clients of a run are like.
#[derive(Clone, Debug)]
pub(crate) struct Workload {
    pub(crate) members: u64,
    pub(crate) pause_us: u64,
    pub(crate) keys: u64,
    /// Of puts, reads, deletes, transactions, compactions, and what is done with leases.
    pub(crate) weights: [u64; 6],
    /// So many of a thousand transactions read what is past, which may be forgotten.
    pub(crate) past_permille: u64,
    /// Whether there are users and roles.
    pub(crate) has_users: bool,
}
