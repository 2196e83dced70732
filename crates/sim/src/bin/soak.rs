//! Runs seeds on all cores: `soak [--minutes M | --seeds N] [--first S] [--mutant] [FLAGS]`.
//!
//! What else a run may be told, as `--scenario network`, is told to each.
//! `soak run --seed N …` has one run again.
//!
//! Prints how it goes, and at the end what came about; and fails if something never did that so
//! many seeds should bring about. The first violation ends it: it is minimised, and printed as a
//! line that gives it again. With `--mutant` nothing is minimised, and
//! one line says what was found: `found CHECK SEEDS SECONDS`, `panic SEEDS SECONDS`, or
//! `not found SEEDS SECONDS`.
#![allow(clippy::print_stdout, reason = "a command-line tool talks on its standard output")]
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "each run is deterministic; running many at once is the work of threads and a clock"
)]

use std::cell::Cell;
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sim::{FaultKind, Outcome, Setup, Situation};

struct Plan {
    end: Instant,
    seeds_max: u64,
    first: u64,
    is_for_mutants: bool,
    /// What every run has in common.
    setup: Setup,
}

#[derive(Default)]
struct Sums {
    seeds: u64,
    events: u64,
    /// The events of the seed that had the fewest.
    events_least: Option<u64>,
    answered: u64,
    failed: u64,
    faults: BTreeMap<FaultKind, u64>,
    situations: BTreeMap<Situation, u64>,
    violation: Option<Outcome>,
}

fn main() -> ExitCode {
    let words = std::env::args().skip(1).collect::<Vec<_>>();
    if let [word, setup @ ..] = &words[..]
        && word == "run"
    {
        return run_alone(setup);
    }
    let started = Instant::now();
    let Some(plan) = read_plan(started) else {
        println!("usage: soak [--minutes M | --seeds N] [--first S] [--mutant] [FLAGS OF A RUN]");
        return ExitCode::FAILURE;
    };
    let sums = Mutex::new(Sums::default());
    if plan.is_for_mutants {
        tell_panics(plan.first, started);
    }
    let next = AtomicU64::new(plan.first);
    let is_over = AtomicBool::new(false);
    let cores = std::thread::available_parallelism().map_or(1, Into::into);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| work(&plan, &next, &is_over, &sums));
        }
        if !plan.is_for_mutants {
            tell_progress(started, &is_over, &sums);
        }
    });
    let sums = sums.into_inner().expect("a panic of a thread ends the scope");
    conclude(&plan, &sums, started.elapsed())
}

thread_local! {
    /// The seed that a thread is busy with.
    static SEED: Cell<u64> = const { Cell::new(0) };
}

/// A panic of the core finds a mutant as well as any check does.
fn tell_panics(first: u64, started: Instant) {
    std::panic::set_hook(Box::new(move |_| {
        let seeds = SEED.get() + 1 - first;
        println!("panic {seeds} {:.1}", started.elapsed().as_secs_f64());
        std::process::exit(0);
    }));
}

/// One run, as a violation's last line names it.
fn run_alone(words: &[String]) -> ExitCode {
    let setup = match Setup::from_words(words) {
        Ok(setup) => setup,
        Err(word) => {
            println!("cannot read {word:?}");
            return ExitCode::FAILURE;
        }
    };
    let outcome = sim::run(&setup);
    println!("{setup}: {} events, trace {:016x}", outcome.events, outcome.trace_hash);
    match outcome.violation {
        Some(violation) => {
            println!("{violation}");
            ExitCode::FAILURE
        }
        None => ExitCode::SUCCESS,
    }
}

fn read_plan(started: Instant) -> Option<Plan> {
    let mut plan = Plan {
        end: started + Duration::from_mins(1),
        seeds_max: u64::MAX,
        first: 1,
        is_for_mutants: false,
        setup: Setup::default(),
    };
    let mut rest = Vec::new();
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || words.next().and_then(|word| word.parse::<u64>().ok());
        match word.as_str() {
            "--minutes" => plan.end = started + Duration::from_mins(number()?),
            "--seconds" => plan.end = started + Duration::from_secs(number()?),
            "--seeds" => {
                plan.seeds_max = number()?;
                plan.end = started + Duration::from_hours(24);
            }
            "--first" => plan.first = number()?,
            "--mutant" => plan.is_for_mutants = true,
            _ => rest.extend([word, words.next()?]),
        }
    }
    plan.setup = Setup::from_words(&rest).ok()?;
    Some(plan)
}

fn work(plan: &Plan, next: &AtomicU64, is_over: &AtomicBool, sums: &Mutex<Sums>) {
    loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        let is_done = seed - plan.first >= plan.seeds_max || Instant::now() >= plan.end;
        if is_done || is_over.load(Ordering::Relaxed) {
            is_over.store(true, Ordering::Relaxed);
            return;
        }
        SEED.set(seed);
        let outcome = sim::run(&plan.setup(seed));
        let Ok(mut sums) = sums.lock() else { return };
        sums.seeds += 1;
        sums.events += outcome.events;
        let least = sums.events_least.unwrap_or(u64::MAX);
        sums.events_least = Some(least.min(outcome.events));
        sums.answered += outcome.answered;
        sums.failed += outcome.failed;
        for (kind, count) in &outcome.faults {
            *sums.faults.entry(*kind).or_default() += count;
        }
        for (situation, count) in &outcome.situations {
            *sums.situations.entry(*situation).or_default() += count;
        }
        if outcome.violation.is_some() && sums.violation.is_none() {
            is_over.store(true, Ordering::Relaxed);
            sums.violation = Some(outcome);
        }
    }
}

impl Plan {
    fn setup(&self, seed: u64) -> Setup {
        Setup { seed, ..self.setup.clone() }
    }
}

fn tell_progress(started: Instant, is_over: &AtomicBool, sums: &Mutex<Sums>) {
    let mut told = Instant::now();
    while !is_over.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(100));
        if told.elapsed() >= Duration::from_secs(10)
            && let Ok(sums) = sums.lock()
        {
            told = Instant::now();
            println!("{} s: {}", started.elapsed().as_secs(), sums.line(started.elapsed()));
        }
    }
}

impl Sums {
    /// Fails if what should have come about did not. Only the storm has everything.
    fn cover(&self, plan: &Plan) -> ExitCode {
        if plan.setup != Setup::default() {
            return ExitCode::SUCCESS;
        }
        let missing = Situation::missing(self.seeds, &self.situations);
        for situation in &missing {
            println!("{situation:?} never came about");
        }
        if missing.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    fn line(&self, elapsed: Duration) -> String {
        let rate = u128::from(self.events) * 1000 / elapsed.as_millis().max(1);
        let Self { seeds, events, answered, failed, .. } = self;
        let least = self.events_least.unwrap_or_default();
        format!(
            "{seeds} seeds, {events} events (at least {least} each), {rate} events/s, \
             {answered} requests answered, {failed} not"
        )
    }
}

fn conclude(plan: &Plan, sums: &Sums, elapsed: Duration) -> ExitCode {
    let seconds = elapsed.as_secs_f64();
    if plan.is_for_mutants {
        match sums.violation.as_ref().and_then(|outcome| outcome.violation.as_ref()) {
            Some(violation) => println!("found {} {} {seconds:.1}", violation.check, sums.seeds),
            None => println!("not found {} {seconds:.1}", sums.seeds),
        }
        return ExitCode::SUCCESS;
    }
    println!("{}", sums.line(elapsed));
    for kind in FaultKind::ALL {
        println!("  fault {:22} {:9}", kind.name(), sums.faults.get(&kind).unwrap_or(&0));
    }
    for situation in Situation::ALL {
        let count = sums.situations.get(&situation).unwrap_or(&0);
        println!("  situation {:26} {count:9}", format!("{situation:?}"));
    }
    let Some(outcome) = &sums.violation else { return sums.cover(plan) };
    let setup = plan.setup(outcome.seed);
    if let Some(violation) = &outcome.violation {
        println!("soak run {setup}\n  {violation}");
    }
    let smallest = sim::minimise(&setup, outcome);
    if let Some(violation) = &sim::run(&smallest).violation {
        println!("soak run {smallest}\n  {violation}");
    }
    ExitCode::FAILURE
}
