//! The steps that check the page: its unit tests, its types, and the whole of it in a browser.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::check::Outcome;
use crate::command::{cargo, is_installed, run};
use crate::demo::Demo;
use crate::metadata::Metadata;

/// Runs `web/test`: the page's modules without a browser, and the story's chapters as the engine
/// runs them.
pub(crate) fn unit_tests(root: &Path) -> Result<Outcome> {
    let tests = test_files(&root.join("web/test"))?;
    let needs = [(!tests.is_empty(), "web/test holds no *.test.js"), node()];
    if let Some(why) = first_missing(&needs) {
        return Ok(Outcome::Skipped(why));
    }
    run(&mut cargo(root, &["build", "--locked", "--package", "quorate"]))?;
    let engine = Metadata::load(root)?.target_directory.join("debug/quorate");
    let mut node = Command::new("node");
    node.arg("--test").args(tests).current_dir(root).env("QUORATE", engine);
    run(&mut node)?;
    Ok(Outcome::Passed)
}

/// Checks the types that the page's comments state (`// @ts-check` and `JSDoc`).
pub(crate) fn types(root: &Path) -> Result<Outcome> {
    let project = root.join("web/jsconfig.json");
    let compiler = root.join("web/e2e/node_modules/.bin/tsc");
    let needs = [
        (project.is_file(), "there is no web/jsconfig.json"),
        (compiler.is_file(), "tsc is not installed (`npm ci` in web/e2e installs it)"),
        node(),
    ];
    if let Some(why) = first_missing(&needs) {
        return Ok(Outcome::Skipped(why));
    }
    run(Command::new(compiler).arg("--noEmit").arg("--project").arg(project).current_dir(root))?;
    Ok(Outcome::Passed)
}

/// Runs `web/e2e` in a browser, against a freshly built demo of three members.
pub(crate) fn browser_tests(root: &Path) -> Result<Outcome> {
    let tests = test_files(&root.join("web/e2e"))?;
    let packages = root.join("web/e2e/node_modules");
    let needs = [
        (!tests.is_empty(), "web/e2e holds no *.test.js"),
        (packages.is_dir(), "the packages of web/e2e are not installed (`npm ci` there does it)"),
        (is_installed("chromium"), "chromium is not installed"),
        node(),
    ];
    if let Some(why) = first_missing(&needs) {
        return Ok(Outcome::Skipped(why));
    }
    run(&mut cargo(root, &["build", "--locked", "--workspace"]))?;
    let demo = Demo::start(&Metadata::load(root)?.target_directory.join("debug/quorate"))?;
    let tested = test_in_browser(root, &tests, &demo.page);
    let stopped = demo.stop();
    // If the tests failed, that is the first thing to know.
    tested.and(stopped)?;
    Ok(Outcome::Passed)
}

/// One file at a time, for they share one cluster.
fn test_in_browser(root: &Path, tests: &[PathBuf], page: &str) -> Result<()> {
    let mut command = Command::new("node");
    command.args(["--test", "--test-concurrency=1"]).args(tests).current_dir(root);
    run(command.env("QUORATE_PAGE", page))
}

fn node() -> (bool, &'static str) {
    (is_installed("node"), "node is not installed")
}

fn first_missing(needs: &[(bool, &str)]) -> Option<String> {
    needs.iter().find(|(is_there, _)| !is_there).map(|(_, why)| (*why).to_string())
}

/// The `*.test.js` files right in `directory`, in order; none if there is no such directory.
/// Node takes a directory's name differently from version to version, so it gets the files' names.
fn test_files(directory: &Path) -> Result<Vec<PathBuf>> {
    if !directory.is_dir() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).with_context(|| format!("{}", directory.display()))? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().ends_with(".test.js") {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_thing_missing_is_named() {
        let needs = [(true, "there"), (false, "one is missing"), (false, "two is missing")];
        assert_eq!(first_missing(&needs).as_deref(), Some("one is missing"));
        assert_eq!(first_missing(&needs[..1]), None);
    }

    #[test]
    fn test_files_are_found_by_their_ending() {
        let name = format!("quorate-xtask-page-{}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        assert!(test_files(&directory).expect("none is fine").is_empty());
        fs::create_dir(&directory).expect("the name is ours");
        for file in ["b.test.js", "a.test.js", "helper.js"] {
            fs::write(directory.join(file), "").expect("the directory is there");
        }
        let found = test_files(&directory);
        fs::remove_dir_all(&directory).expect("it was made");
        let expected = ["a.test.js", "b.test.js"].map(|file| directory.join(file));
        assert_eq!(found.expect("it can be read"), expected);
    }
}
