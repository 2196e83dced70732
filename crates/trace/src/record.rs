//! The records. Field for field what docs/trace.md says.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use crate::message::{Body, EntryText, Kind};

/// The version of the format that these types describe.
pub const VERSION: u32 = 1;

/// One line of a trace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Its number in the stream, from 0, without holes.
    pub i: u64,
    /// When, in microseconds.
    pub t: u64,
    /// Which member it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<String>,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

impl Record {
    /// Writes it as one line.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn write_line(&self, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer(&mut *out, self)?;
        out.write_all(b"\n")
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "k")]
pub enum Event {
    /// The stream begins.
    #[serde(rename = "hello")]
    Hello {
        /// The version of the format.
        v: u32,
        /// Where it comes from: `live` or `sim`.
        src: String,
        /// The cluster's id, in hexadecimal.
        cluster: String,
        /// The members.
        nodes: Vec<NodeInfo>,
        /// Who votes.
        voters: Vec<String>,
        /// The timers.
        timing: Timing,
        /// The version of the program.
        build: String,
        /// What the process that serves the stream lets a viewer do: `write`, `fault`.
        can: Vec<String>,
        /// Which simulated run it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        run: Option<Run>,
    },
    /// All that is known of a member.
    #[serde(rename = "key")]
    Key(Member),
    /// Role, term, vote or leader changed.
    #[serde(rename = "st")]
    Standing {
        /// The role.
        role: Role,
        /// The term.
        term: u64,
        /// Whom the member voted for in that term.
        vote: Option<String>,
        /// Who leads that term, as far as it knows.
        lead: Option<String>,
    },
    /// The election timer was set.
    #[serde(rename = "tm")]
    Timer {
        /// For how long, in microseconds.
        dur: u64,
        /// When it runs out.
        dl: u64,
    },
    /// A message leaves.
    #[serde(rename = "tx")]
    Sent {
        /// Its number among all that this member sends.
        id: u64,
        /// To whom.
        to: String,
        /// What kind of message.
        m: Kind,
        /// The sender's term.
        term: u64,
        /// What it says.
        b: Body,
        /// When it will be there, if nothing comes between. Known in a simulated run only.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        eta: Option<u64>,
    },
    /// A message arrived.
    #[serde(rename = "rx")]
    Received {
        /// From whom.
        from: String,
        /// Its number among all that the sender sends.
        id: u64,
    },
    /// A message is lost.
    #[serde(rename = "dx")]
    Dropped {
        /// From whom.
        from: String,
        /// Its number among all that the sender sends.
        id: u64,
        /// Why.
        why: String,
    },
    /// Entries were appended to the log.
    #[serde(rename = "ap")]
    Appended {
        /// The entries.
        e: Vec<EntryText>,
    },
    /// The log was truncated.
    #[serde(rename = "tr")]
    Truncated {
        /// From this index on.
        from: u64,
        /// What was there, as far as the tail reaches.
        lost: Vec<EntryText>,
    },
    /// The commit index rose.
    #[serde(rename = "ci")]
    Committed {
        /// To this index.
        ci: u64,
    },
    /// Entries were applied.
    #[serde(rename = "ax")]
    Applied {
        /// Up to this index.
        ai: u64,
        /// The keys that changed, with their new values; none if deleted.
        set: Vec<(String, Option<String>)>,
    },
    /// More is durable on the member's disk.
    #[serde(rename = "du")]
    Durable(Durable),
    /// The newest snapshot, or where the log begins, is another.
    #[serde(rename = "sn")]
    Snapshot(Snapshot),
    /// Another configuration is in force.
    #[serde(rename = "cf")]
    Configuration(Configuration),
    /// A client's request.
    #[serde(rename = "op")]
    Operation {
        /// A name for it, unique in the stream.
        op: String,
        /// Whether it came or was answered.
        ph: Phase,
        /// What is told beside that.
        #[serde(flatten)]
        asked: Asked,
    },
    /// Somebody did this to the member.
    #[serde(rename = "ft")]
    Fault {
        /// What.
        f: Fault,
    },
    /// The network is like this from now on. Simulated runs only.
    #[serde(rename = "net")]
    Network {
        /// The links that are cut: from whom, to whom.
        cut: Vec<(String, String)>,
    },
    /// Somebody does something to the cluster. Simulated runs only.
    #[serde(rename = "act")]
    Action {
        /// What, in the words of docs/scenarios.md.
        a: String,
        /// To whom.
        on: Vec<String>,
        /// Why it could not be done.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// Whether a rule holds. Simulated runs only.
    #[serde(rename = "iv")]
    Invariant {
        /// The rule.
        name: String,
        /// Whether it holds.
        ok: bool,
        /// What shows that it does not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        wit: Option<String>,
    },
    /// What the member did in the last second, in figures. Live streams only.
    #[serde(rename = "ag")]
    Aggregate(Aggregate),
    /// The run is over. Simulated runs only.
    #[serde(rename = "end")]
    End {
        /// Why: `over`, `violation`, or `full`, if it has as many records as there may be.
        why: String,
    },
    /// Records were left out. A key follows.
    #[serde(rename = "gap")]
    Gap {
        /// How many.
        lost: u64,
    },
    /// Something of a kind that this version does not know. A reader skips it; whoever passes it on
    /// passes on a record that says nothing, so that the numbers of the stream keep no holes.
    #[serde(other, rename = "unknown")]
    Unknown,
}

/// What a member did in a span of time, in figures. Times are in microseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aggregate {
    /// How long the span was.
    pub win: u64,
    /// When the member came to stand as it does.
    pub since: u64,
    /// From a client's request until its answer.
    pub op: Times,
    /// From a write until it was durable.
    pub disk: Times,
    /// The other members.
    pub peers: BTreeMap<String, PeerSight>,
}

/// How long something took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    /// How often it happened.
    pub n: u64,
    /// Half of them took no longer.
    pub p50: u64,
    /// Of a hundred, 99 took no longer.
    pub p99: u64,
    /// The longest.
    pub max: u64,
}

/// What a member sees of another one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerSight {
    /// Whether it can be sent to.
    pub up: bool,
    /// How many messages were sent to it in the span.
    pub tx: u64,
    /// How many came.
    pub rx: u64,
    /// When the last one came.
    pub heard: Option<u64>,
    /// Half of the heartbeats were answered sooner.
    pub rtt: Option<u64>,
    /// What it has not promised to hold, seen by its leader: entries, and how old the oldest is.
    pub lag: Option<(u64, u64)>,
}

/// A simulated run. These words give it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The command that prints this trace.
    pub cmd: String,
    /// What is random in it.
    pub seed: u64,
    /// Which cluster, and what happens to it.
    pub scenario: String,
    /// What else happens to it, if somebody does that: docs/scenarios.md.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actions: Option<String>,
    /// When it ends, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
    /// What is wrong with the core that ran, if it was made wrong to show what then happens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mutant: Option<String>,
}

/// What is told of a client's request. Nothing of it need be there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// What it asks for. Told once, when it comes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cmd: Option<String>,
    /// Which client. Simulated runs only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// What it was answered. Simulated runs only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub val: Option<String>,
}

/// A member, as the stream's first record lists it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeInfo {
    /// Its name.
    pub id: String,
    /// Where clients reach it.
    pub client: String,
    /// Where other members reach it.
    pub peer: String,
}

/// The timers of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timing {
    /// An election time-out is drawn from this range, in microseconds.
    pub election_us: (u64, u64),
    /// The time between heartbeats, in microseconds.
    pub heartbeat_us: u64,
}

/// All that a picture shows of a member.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// Its role.
    pub role: Role,
    /// Its term.
    pub term: u64,
    /// Whom it voted for in that term.
    pub vote: Option<String>,
    /// Who leads that term, as far as it knows.
    pub lead: Option<String>,
    /// The tail of its log.
    pub log: Vec<EntryText>,
    /// The index of the first entry of that tail, or of the next entry if it is empty.
    pub first: u64,
    /// Its commit index.
    pub ci: u64,
    /// Up to where it has applied its log.
    pub ai: u64,
    /// The keys that changed last, with their values.
    pub kv: Vec<(String, Option<String>)>,
    /// The election timer: for how long it was set, and when it runs out.
    pub tm: Option<(u64, u64)>,
    /// What its disk holds for sure.
    #[serde(default)]
    pub du: Durable,
    /// Its newest snapshot.
    #[serde(default)]
    pub sn: Snapshot,
    /// Who belongs to the cluster, as far as it knows.
    #[serde(default)]
    pub cf: Configuration,
}

/// What a member's disk holds for sure: it has reported the write.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Durable {
    /// The log up to this index.
    pub di: u64,
    /// The term.
    pub term: u64,
    /// Whom it voted for in that term.
    pub vote: Option<String>,
}

/// A member's newest snapshot, and where its log begins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The index of the last entry that the snapshot covers; 0 if there is none.
    pub si: u64,
    /// The term of that entry.
    pub st: u64,
    /// The log begins after this index.
    pub bi: u64,
}

/// The configuration that is in force for a member.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Configuration {
    /// The index of its entry; 0 if the member began with it.
    pub idx: u64,
    /// Who votes.
    pub voters: Vec<String>,
    /// Who voted before, and must agree too: the configuration is joint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub out: Vec<String>,
    /// Who is sent the log, and does not vote.
    pub learners: Vec<String>,
}

/// A role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// Follower.
    #[default]
    #[serde(rename = "F")]
    Follower,
    /// A candidate that asks for pre-votes.
    #[serde(rename = "P")]
    PreCandidate,
    /// A candidate.
    #[serde(rename = "C")]
    Candidate,
    /// Leader.
    #[serde(rename = "L")]
    Leader,
    /// The member does not run.
    #[serde(rename = "X")]
    Stopped,
}

/// How far a client's request got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// It came.
    #[serde(rename = "inv")]
    Invoked,
    /// It was carried out.
    Ok,
    /// It failed.
    Fail,
    /// Nobody will answer it any more: the member that took it is gone.
    Lost,
}

/// What somebody did to a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fault {
    /// Killed it.
    Stop,
    /// Held it up.
    Pause,
    /// Let it go on.
    Resume,
    /// Started it again.
    Start,
}
