//! `cargo xtask power-loss` and `cargo xtask kills`: the long forms of tests of the check.

use std::path::Path;

use anyhow::{Context, Result};

use crate::command::{cargo, run};

/// Cuts the power of members' disks so often. Nothing may be skipped.
pub(crate) fn lose(root: &Path, cycles: &str) -> Result<()> {
    repeat(root, "power_loss", "QUORATE_POWER_CYCLES", cycles)
}

/// Kills members so often.
pub(crate) fn kill(root: &Path, times: &str) -> Result<()> {
    repeat(root, "kills", "QUORATE_KILLS", times)
}

/// Runs a test that a variable tells how often to do what it does.
fn repeat(root: &Path, test: &str, variable: &str, count: &str) -> Result<()> {
    count.parse::<u64>().with_context(|| format!("not a number: {count}"))?;
    let arguments = ["test", "--package", "quorate", "--test", test, "--", "--nocapture"];
    let mut command = cargo(root, &arguments);
    run(command.env(variable, count).env("QUORATE_REQUIRE_TOOLS", "1"))
}
