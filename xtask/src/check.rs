//! `cargo xtask check`: one step after the other, up to the first that fails.
//!
//! A step whose tools are missing is skipped, loudly, and named again at the end. Where everything
//! must run (CI), `QUORATE_REQUIRE_TOOLS=1` makes a skipped step an error.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::command::{cargo, run as run_command};
use crate::{page, simulated, tidy};

/// How a step ended, if it did not fail.
pub(crate) enum Outcome {
    /// It ran, and all is well.
    Passed,
    /// It did not run. The text completes "skipped, because".
    Skipped(String),
}

struct Step {
    name: &'static str,
    run: fn(&Path) -> Result<Outcome>,
}

const STEPS: &[Step] = &[
    Step { name: "format", run: format },
    Step { name: "clippy", run: clippy },
    Step { name: "test", run: test },
    Step { name: "explore", run: explore },
    Step { name: "same runs", run: same_runs },
    Step { name: "doc", run: doc },
    Step { name: "tidy", run: tidy },
    Step { name: "page tests", run: page::unit_tests },
    Step { name: "page types", run: page::types },
    Step { name: "browser", run: page::browser_tests },
];

/// Runs every step.
pub(crate) fn run(root: &Path) -> Result<()> {
    let tools_required = std::env::var("QUORATE_REQUIRE_TOOLS").is_ok_and(|value| value == "1");
    let summary = run_steps(root, STEPS, tools_required)?;
    println!("\n{summary}");
    Ok(())
}

fn run_steps(root: &Path, steps: &[Step], tools_required: bool) -> Result<String> {
    let started = Instant::now();
    let mut skipped = Vec::new();
    for step in steps {
        println!("\n=== {}", step.name);
        let step_started = Instant::now();
        let outcome = (step.run)(root).with_context(|| format!("\nFAILED: {}", step.name))?;
        let seconds = step_started.elapsed().as_secs_f32();
        match outcome {
            Outcome::Passed => println!("=== {}: passed in {seconds:.1} s", step.name),
            Outcome::Skipped(why) if tools_required => {
                bail!("\nFAILED: {} cannot run, because {why}, and must", step.name)
            }
            Outcome::Skipped(why) => {
                let line = format!("SKIPPED: {}, because {why}", step.name);
                println!("{line}");
                skipped.push(line);
            }
        }
    }
    let passed = steps.len() - skipped.len();
    let count = skipped.len();
    let seconds = started.elapsed().as_secs_f32();
    skipped.push(format!("check: {passed} steps passed, {count} skipped, in {seconds:.0} s"));
    Ok(skipped.join("\n"))
}

fn format(root: &Path) -> Result<Outcome> {
    run_command(&mut cargo(root, &["fmt", "--all", "--check"]))?;
    Ok(Outcome::Passed)
}

fn clippy(root: &Path) -> Result<Outcome> {
    const ARGUMENTS: [&str; 7] =
        ["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"];
    run_command(&mut cargo(root, &ARGUMENTS))?;
    Ok(Outcome::Passed)
}

/// Unit tests, integration tests, golden scripts and the examples in the documentation.
fn test(root: &Path) -> Result<Outcome> {
    run_command(&mut cargo(root, &["test", "--locked", "--workspace"]))?;
    Ok(Outcome::Passed)
}

/// Every state that small clusters of the core can come to. It prints how many there are.
fn explore(root: &Path) -> Result<Outcome> {
    run_command(&mut cargo(root, &["run", "--locked", "--quiet", "--package", "explore"]))?;
    Ok(Outcome::Passed)
}

/// A seed of the simulator is the same run in every build.
fn same_runs(root: &Path) -> Result<Outcome> {
    simulated::compare_builds(root)?;
    Ok(Outcome::Passed)
}

fn doc(root: &Path) -> Result<Outcome> {
    let mut command = cargo(root, &["doc", "--locked", "--workspace", "--no-deps"]);
    run_command(command.env("RUSTDOCFLAGS", "-D warnings"))?;
    Ok(Outcome::Passed)
}

fn tidy(root: &Path) -> Result<Outcome> {
    tidy::run(root)?;
    Ok(Outcome::Passed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSES: Step = Step { name: "good", run: |_| Ok(Outcome::Passed) };
    const FAILS: Step = Step { name: "bad", run: |_| bail!("it broke") };
    const SKIPS: Step =
        Step { name: "odd", run: |_| Ok(Outcome::Skipped("x is not installed".to_string())) };
    const NEVER: Step = Step { name: "never", run: |_| unreachable!("a step failed before") };

    fn check(steps: &[Step], tools_required: bool) -> String {
        match run_steps(Path::new("."), steps, tools_required) {
            Ok(summary) => summary,
            Err(error) => format!("{error:#}"),
        }
    }

    #[test]
    fn the_first_failure_ends_the_run() {
        assert_eq!(check(&[PASSES, FAILS, NEVER], false), "\nFAILED: bad: it broke");
    }

    #[test]
    fn a_skipped_step_is_named_again_at_the_end() {
        let expected = "SKIPPED: odd, because x is not installed\n\
                        check: 1 steps passed, 1 skipped, in 0 s";
        assert_eq!(check(&[SKIPS, PASSES], false), expected);
    }

    #[test]
    fn a_skipped_step_is_a_failure_where_tools_are_required() {
        let expected = "\nFAILED: odd cannot run, because x is not installed, and must";
        assert_eq!(check(&[SKIPS, NEVER], true), expected);
    }
}
