//! A world of replicas, in which everything goes wrong that can, again and again the same way.
//!
//! Whole members run here: the core, the replica, the log on a simulated disk, the store. The
//! network, the disks, the clocks and the clients are simulated, under one queue of events, and all
//! that is random comes from one seed. After every step it is checked that nothing is wrong.
//!
//! ```
//! let outcome = sim::run(&sim::Setup::new(7));
//! assert_eq!(outcome.violation, None);
//! assert_eq!(outcome, sim::run(&sim::Setup::new(7)));
//! ```
//!
//! # Reading order
//!
//! `setup` says which run, `swarm` what it is like. `world` lets events happen, which `event` keeps
//! in order: to a `member` with its `machine`, `clock`, disk, the `keeper` of its snapshots and the
//! `hub` of those who watch, over the `network`, for a `client` (who may be an `admin`, too), a
//! `listener` or the `auditor`, by one of the `faults`. `checks` is what must hold; `coverage` is
//! what came about; `outcome` is what came of it, and `teller` tells it as a trace; `minimise` is
//! what is left of a setup when all is gone that a violation does not need. On the `stage` only
//! that goes wrong what somebody asks for.
//!
//! # What is left out
//!
//! Sockets and threads, which only `host` has, are not run.

mod admin;
mod auditor;
mod checks;
mod client;
mod clock;
mod coverage;
mod event;
mod faults;
mod hub;
mod keeper;
mod listener;
mod machine;
mod member;
mod minimise;
mod network;
mod outcome;
mod random;
mod rolling;
mod setup;
mod stage;
mod swarm;
mod teller;
mod world;

pub use coverage::Situation;
pub use faults::FaultKind;
pub use minimise::minimise;
pub use outcome::{Outcome, Violation};
pub use setup::{Scenario, Setup};
pub use stage::{Error as PlayError, Mutant, Play, Scenario as StagedScenario};

/// Runs a world to its end, or to the first violation.
pub fn run(setup: &Setup) -> Outcome {
    world::World::new(setup).run(&mut |_| {})
}

/// Runs a world as [`run`] does, and writes its trace: a record a line, as docs/trace.md says.
///
/// # Errors
///
/// If the trace cannot be written. Then the run is of no use.
pub fn write_trace(setup: &Setup, out: &mut dyn std::io::Write) -> std::io::Result<Outcome> {
    write(world::World::new(setup), setup.run(), out)
}

fn write(
    world: world::World,
    run: trace::Run,
    out: &mut dyn std::io::Write,
) -> std::io::Result<Outcome> {
    let mut result = Ok(());
    let outcome = world.heard(run).run(&mut |record| {
        if result.is_ok() {
            result = record.write_line(out);
        }
    });
    result.map(|()| outcome)
}
