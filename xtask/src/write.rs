//! The tasks that change files: `fix`, `golden`, `compatibility` and `hooks`.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command::{cargo, read, run};
use crate::metadata::{Metadata, Package};

/// Takes the corrections that clippy is sure of, then formats.
pub(crate) fn fix(root: &Path) -> Result<()> {
    const ARGUMENTS: [&str; 6] =
        ["clippy", "--fix", "--workspace", "--all-targets", "--allow-dirty", "--allow-staged"];
    run(&mut cargo(root, &ARGUMENTS))?;
    run(&mut cargo(root, &["fmt", "--all"]))
}

/// Runs the tests of every crate that has golden scripts, and lets them write what they see.
pub(crate) fn golden(root: &Path) -> Result<()> {
    let metadata = Metadata::load(root)?;
    let names = metadata.members().filter(|package| has_scripts(package)).map(|p| p.name.as_str());
    let mut command = cargo(root, &["test"]);
    command.args(names.flat_map(|name| ["--package", name]));
    run(command.env("UPDATE_GOLDENFILES", "1"))?;
    println!("Now read the difference: `git diff`. Each changed line is a changed behaviour.");
    Ok(())
}

/// Has the test that compares us with a real etcd write the page that says how.
pub(crate) fn compatibility(root: &Path) -> Result<()> {
    let mut command = cargo(root, &["test", "-p", "server", "--test", "api", "compatibility"]);
    // Without an etcd there would be nothing to write.
    command.env("QUORATE_WRITE_COMPATIBILITY", "1").env("QUORATE_REQUIRE_TOOLS", "1");
    run(&mut command)
}

fn has_scripts(package: &Package) -> bool {
    package.dependencies.iter().any(|dependency| dependency.name == "goldenscript")
}

/// Installs the pre-commit hook. A hook that somebody else wrote stays.
pub(crate) fn hooks(root: &Path) -> Result<()> {
    let path =
        read(Command::new("git").args(["rev-parse", "--git-path", "hooks"]).current_dir(root))?;
    let directory = root.join(path.trim());
    fs::create_dir_all(&directory)?;
    let hook = directory.join("pre-commit");
    install(&hook, PRE_COMMIT)?;
    println!("installed {}", hook.display());
    Ok(())
}

const PRE_COMMIT: &str = "#!/bin/sh\n\
    # Installed by `cargo xtask hooks`: the checks that take seconds.\n\
    set -e\n\
    cargo fmt --all --check\n\
    cargo xtask tidy\n";

fn install(hook: &Path, text: &str) -> Result<()> {
    if hook.exists() && fs::read_to_string(hook)? != text {
        bail!("{} is there already and is not ours: remove it first", hook.display());
    }
    fs::write(hook, text).with_context(|| format!("cannot write {}", hook.display()))?;
    make_executable(hook)
}

#[cfg(unix)]
fn make_executable(file: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;

    Ok(fs::set_permissions(file, fs::Permissions::from_mode(0o755))?)
}

/// Git runs hooks by their first line here.
#[cfg(not(unix))]
fn make_executable(_: &Path) -> Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_hook_stays() {
        let name = format!("quorate-xtask-hook-{}", std::process::id());
        let hook = std::env::temp_dir().join(name);
        install(&hook, PRE_COMMIT).expect("there is none");
        install(&hook, PRE_COMMIT).expect("it is ours");
        let error = install(&hook, "another").expect_err("it differs");
        fs::remove_file(&hook).expect("it was written");
        assert!(error.to_string().contains("is not ours"), "{error}");
    }
}
