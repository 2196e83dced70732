//! A member's data directory: who may look into it, and what is said when it is not as it was.
//!
//! Some of it only root can try out; without that the tests say so and do nothing, unless
//! `QUORATE_REQUIRE_TOOLS=1`.

mod support;

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use support::client;
use support::cluster::{Cluster, Member};
use support::mount::Mount;
use support::tools::skip_for_want_of_rights;

/// Nobody, on every system.
const NOBODY: u32 = 65534;

/// Whatever a member keeps, only its owner may read: the values of all keys are in it.
#[tokio::test(flavor = "multi_thread")]
async fn only_the_owner_may_look_into_it() {
    let mut cluster = Cluster::of(3);
    for member in &mut cluster.members {
        // So that there are snapshots, and certificates.
        member.flags.set("--snapshot-bytes", "1024");
        member.flags.set("--peer-auto-tls", "true");
    }
    cluster.start_all().await;
    for number in 0..100 {
        put(&cluster.members[0], &number.to_string()).await;
    }
    cluster.agree().await;
    cluster.members.iter_mut().for_each(Member::stop);
    let mut names = Vec::new();
    for path in cluster.members.iter().flat_map(|member| everything_in(&member.data_dir)) {
        let metadata = fs::metadata(&path).expect("it is there");
        let expected = if metadata.is_dir() { 0o700 } else { 0o600 };
        let mode = metadata.permissions().mode() & 0o777;
        assert_eq!(mode, expected, "{} is {mode:o}", path.display());
        names.push(path.to_str().expect("text").to_owned());
    }
    for part in ["/wal/wal-", "/snap/snapshot-", "/member/started", "/fixtures/peer/"] {
        assert!(names.iter().any(|name| name.contains(part)), "there is no {part}: {names:?}");
    }
}

/// Files that somebody deleted. A member that is alone has them from nobody.
#[tokio::test(flavor = "multi_thread")]
async fn files_that_are_gone() {
    let mut cluster = Cluster::of(1);
    cluster.members[0].flags.set("--snapshot-bytes", "4096");
    cluster.start_all().await;
    for number in 0..200 {
        put(&cluster.members[0], &number.to_string()).await;
    }
    cluster.members[0].stop();
    let directory = cluster.members[0].data_dir.clone();
    let all = everything_in(&directory);
    let named =
        |part: &'static str| all.iter().filter(move |path| path.to_str().unwrap().contains(part));

    let hidden = hide(named("/snap/snapshot-"));
    let says = ["no such snapshot is there", "only member that votes", "restore a backup"];
    refuses(&mut cluster.members[0], &says);
    restore(hidden);
    let hidden = hide(named("/wal/wal-"));
    let says = ["the log in", "is gone", "add a new member", directory.to_str().unwrap()];
    refuses(&mut cluster.members[0], &says);
    restore(hidden);
    // Nothing was changed by that.
    cluster.start_all().await;
    put(&cluster.members[0], "still").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_system_that_became_read_only() {
    let mut cluster = Cluster::start(1).await;
    put(&cluster.members[0], "a").await;
    cluster.members[0].stop();
    let directory = cluster.members[0].data_dir.clone();
    {
        let Some(_mount) = Mount::read_only(&directory, &directory) else { return };
        let says = [directory.to_str().unwrap(), "Read-only file system", "can be written"];
        refuses(&mut cluster.members[0], &says);
    }
    cluster.start_all().await;
    put(&cluster.members[0], "b").await;
}

/// The member is started as another user than the one before.
#[tokio::test(flavor = "multi_thread")]
async fn files_of_somebody_else() {
    if !rustix::process::geteuid().is_root() {
        skip_for_want_of_rights("only root may start a member as somebody else");
        return;
    }
    let mut cluster = Cluster::start(1).await;
    put(&cluster.members[0], "a").await;
    cluster.members[0].stop();
    let member = &mut cluster.members[0];
    let directory = member.data_dir.clone();
    let above = directory.parent().expect("a directory").to_owned();
    fs::set_permissions(&above, fs::Permissions::from_mode(0o711)).expect("it is ours");
    let user = "the user who owns";

    // All of it, or one file of it.
    let says = ["Permission denied", user, directory.to_str().unwrap()];
    refuses_as_nobody(member, &says);
    let all = everything_in(&directory);
    for path in all.iter().chain([&directory]) {
        chown(path, Some(NOBODY), Some(NOBODY)).expect("we are root");
    }
    let log =
        all.iter().find(|path| path.extension().is_some_and(|it| it == "log")).expect("a log");
    chown(log, Some(0), Some(0)).expect("we are root");
    refuses_as_nobody(member, &["Permission denied", user, log.to_str().unwrap()]);
    // A directory that may be looked at.
    chown(log, Some(NOBODY), Some(NOBODY)).expect("we are root");
    fs::remove_dir_all(&directory).expect("it is there");
    fs::create_dir(&directory).expect("it can be made");
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o755)).expect("it is ours");
    refuses_as_nobody(member, &["Permission denied", user, directory.to_str().unwrap()]);
}

fn everything_in(directory: &Path) -> Vec<PathBuf> {
    let mut all = vec![directory.to_owned()];
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { all.extend(everything_in(&path)) } else { all.push(path) }
    }
    all
}

/// Renames files, and says how they were called.
fn hide<'a>(paths: impl Iterator<Item = &'a PathBuf>) -> Vec<(PathBuf, PathBuf)> {
    let hide = |path: &PathBuf| {
        let hidden = path.with_extension("hidden");
        fs::rename(path, &hidden).expect("it is there");
        (hidden, path.clone())
    };
    let hidden = paths.map(hide).collect::<Vec<_>>();
    assert!(!hidden.is_empty(), "there is no such file");
    hidden
}

fn restore(hidden: Vec<(PathBuf, PathBuf)>) {
    for (from, to) in hidden {
        fs::rename(from, to).expect("it is there");
    }
}

async fn put(member: &Member, key: &str) {
    let put = client::kv(&member.url()).put(client::put(key.to_owned(), "value")).await;
    put.unwrap_or_else(|error| panic!("{key}: {error}"));
}

/// The member does not start, and says why in one line.
fn refuses(member: &mut Member, says: &[&str]) {
    let mut command = member.command();
    check(&mut command, says);
}

fn refuses_as_nobody(member: &Member, says: &[&str]) {
    let own = member.command();
    let mut command = Command::new("setpriv");
    let id = NOBODY.to_string();
    command.args(["--reuid", &id, "--regid", &id, "--clear-groups"]);
    command.arg(own.get_program()).args(own.get_args());
    check(&mut command, says);
}

fn check(command: &mut Command, says: &[&str]) {
    let output = command.output().expect("it runs");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{text}");
    let errors = text.lines().filter(|line| line.starts_with("Error: ")).collect::<Vec<_>>();
    let [error] = errors[..] else { panic!("not one line that says why:\n{text}") };
    for part in says {
        assert!(error.contains(part), "{part:?} is not said: {error}");
    }
}
