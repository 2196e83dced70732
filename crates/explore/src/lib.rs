//! An exhaustive search: every state that a small cluster of the real core can come to, within
//! bounds, and whether all that Raft promises holds in each.
//!
//! A simulation takes one path after another and finds what is likely. This takes all paths at
//! once, in order of their length, and finds what is possible; but only of clusters so small that
//! there is an end to it. What it finds comes by the shortest path, printed as a golden script.
//!
//! ```text
//! cargo run -p explore                 the scenarios of the check, half a minute
//! cargo run -p explore -- long         larger ones
//! cargo run -p explore -- crashes      one, by name
//! ```
//!
//! # Why it is fast
//!
//! The core is a function: the same member, told the same, becomes the same and says the same. A
//! cluster of three comes to millions of states, but each member only to thousands. So the core is
//! run once for each pair of a member and what happens to it; the [`catalogue`] remembers what came
//! of it, and a state of the cluster is a few numbers.
//!
//! # What is one state
//!
//! Two states are one if their members are equal, to the last field of the core (its `Hash`), and
//! so are their disks, the messages on their way, the bounds that are left, and what is known of
//! the past: who led which term, and what was ever committed. Nothing is left out, so nothing that
//! differs is taken for equal, except by two hashes of 64 bits that meet by chance: of ten million
//! states, once in 50,000 searches.
//!
//! So that this does not come to infinitely many, time does not count by itself: an election
//! time-out is a fixed number of ticks, and either none of it has passed or all of it.
//!
//! Members are alike until something happens to them. States that differ only in who is who are
//! counted as one ([`names`]).
//!
//! # What is bounded, and what is left out
//!
//! A [`scenario`](scenario::Scenario) says how often what may happen. Beside that:
//!
//! - A link keeps its order, as TCP does. What it loses is bounded, and so is what comes once more
//!   later, which stands for all that comes late.
//! - A member does what it is told to at once: inputs are not gathered before a drain.
//! - A crash and the start after it are one step. A member that is down is like one that is slow.
//! - A leader does not step down because it hears nobody, and a follower hears its leader until it
//!   runs out of patience itself. Others depose them.
//! - A message that can have no effect any more is gone at once: it is of an earlier term than its
//!   receiver's disk, and calls for no answer.
//! - No snapshots, no forwards, no reads, no leases: the random runs of `raft` and the simulator
//!   have them.
//!
//! # Reading order
//!
//! [`scenario`] says what may happen, [`member`] what it does to one member. [`names`] and
//! [`catalogue`] make it few and fast, [`state`] puts members into a cluster, [`check`] is what
//! must hold, [`search`] goes through all of it, and [`replay`] prints how it went wrong.

pub mod catalogue;
pub mod check;
pub mod member;
pub mod names;
pub mod replay;
pub mod scenario;
pub mod search;
pub mod state;
