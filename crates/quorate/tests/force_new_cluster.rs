//! All members but one are gone for good: the last one goes on, with what it has.

mod support;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::process::Output;

use support::cluster::{Cluster, Member};
use support::load::{Acknowledged, Load};
use support::process::Process;
use support::tools::{quorate, run};
use support::{client, eventually};

const FLAG: &str = "--force-new-cluster";

/// Two of three die under load. The third one is forced, and has all that it had; and it grows to
/// three again, with new members where the old ones were.
#[tokio::test(flavor = "multi_thread")]
async fn the_last_survivor_goes_on_and_grows() {
    let mut cluster = Cluster::start(3).await;
    let mut acknowledged = Acknowledged::default();
    let load = Load::start(&cluster, 0);
    Load::pass(&cluster, 0, 50).await;
    load.end(&mut acknowledged).await;
    let lease = says(&cluster.members[2], &["lease", "grant", "600"]);
    let lease = lease.split(' ').nth(1).expect("it says which").to_owned();
    says(&cluster.members[2], &["put", "leased", "v", "--lease", &lease]);
    cluster.agree().await;
    assert!(acknowledged.len() > 0);
    cluster.members.iter_mut().for_each(Member::kill);
    let dead = cluster.members.split_off(1);

    let survivor = &mut cluster.members[0];
    // Alone it is no quorum of three.
    survivor.start();
    eventually("it does not start", async || client::status(&survivor.url()).await.map_err(text))
        .await;
    survivor.kill();
    force(survivor).await;
    assert!(survivor.process().output().contains("the only voter of its cluster"));
    assert_eq!(acknowledged.lost(&cluster).await, [] as [String; 0]);
    assert_eq!(members(&cluster.members[0]).len(), 1);

    // Without the flag it is the same cluster of one.
    let survivor = &mut cluster.members[0];
    survivor.kill();
    survivor.flags.remove(FLAG);
    survivor.start();
    cluster.ready().await;
    for old in dead {
        grow(&mut cluster, old).await;
    }
    cluster.agree().await;
    assert_eq!(acknowledged.lost(&cluster).await, [] as [String; 0]);

    // All of the API goes on, at a member that is new.
    says(&cluster.members[2], &["put", "after", "wards"]);
    let mut watch = quorate();
    watch.args(["--endpoints", &cluster.members[1].url(), "watch", "after", "--rev", "1"]);
    let mut watch = Process::start(&mut watch, &cluster.directory().join("watch"));
    watch.wait_until_it_prints("PUT\nafter\nwards\n");
    says(&cluster.members[0], &["put", "after", "that"]);
    watch.wait_until_it_prints("PUT\nafter\nthat\n");
    let left = says(&cluster.members[1], &["lease", "timetolive", &lease, "--keys"]);
    assert!(left.contains("attached keys([leased])"), "{left}");
    says(&cluster.members[2], &["lease", "keep-alive", "--once", &lease]);
    says(&cluster.members[2], &["lease", "revoke", &lease]);
    assert_eq!(says(&cluster.members[0], &["get", "leased"]), "");
    // And any of the three may die now.
    let leader = cluster.leader().await;
    cluster.members[leader].kill();
    let other = (leader + 1) % 3;
    eventually("two of three do not write", async || {
        ask(&cluster.members[other], &["put", "a", "b"]).map(drop)
    })
    .await;
}

/// Those that were given up come back: they are a majority of the cluster that was, and elect a
/// leader. The survivor does not listen to it.
#[tokio::test(flavor = "multi_thread")]
async fn who_was_given_up_is_not_heard() {
    let mut cluster = Cluster::start(3).await;
    says(&cluster.members[0], &["put", "a", "before"]);
    cluster.agree().await;
    cluster.members.iter_mut().for_each(Member::kill);
    force(&mut cluster.members[0]).await;
    says(&cluster.members[0], &["put", "a", "survivor"]);

    for revenant in &mut cluster.members[1..] {
        revenant.start();
    }
    for revenant in &mut cluster.members[1..] {
        revenant.ready().await;
    }
    says(&cluster.members[1], &["put", "a", "revenants"]);
    let refused = cluster.members[0].process().wait_until_it_prints("was given up, for good");
    assert!(refused.contains("remove its data directory"), "{refused}");
    says(&cluster.members[0], &["put", "b", "survivor"]);
    assert_eq!(says(&cluster.members[0], &["get", "a"]), "a\nsurvivor\n");
    assert_eq!(says(&cluster.members[1], &["get", "b"]), "");

    // Nor is it forced once more while they are there, though they are members no more; that it is
    // alone already is no reason to refuse.
    cluster.members[0].kill();
    force(&mut cluster.members[0]).await;
    assert!(cluster.members[0].process().output().contains("changes nothing"));
}

/// Somebody else runs: it is not the last survivor, or the flag was left there.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_alone_is_not_forced() {
    let mut cluster = Cluster::start(3).await;
    says(&cluster.members[0], &["put", "a", "1"]);
    cluster.members[2].kill();
    let refused = refuses(&mut cluster.members[2]);
    assert!(
        refused.contains("answers at http://") && refused.contains("leave it out"),
        "{refused}"
    );
    // Nothing was changed.
    cluster.members[2].start();
    cluster.ready().await;
    cluster.agree().await;

    let mut empty = Cluster::of(1);
    let refused = refuses(&mut empty.members[0]);
    assert!(refused.contains("there is no log of a member in"), "{refused}");
    assert!(!empty.members[0].data_dir.exists());
}

/// The survivor's log is damaged. It can be forced all the same, with what stands before the
/// damage, and says what that means. Alone, it has nobody to have the rest from.
#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_survivor_says_what_is_lost() {
    let mut cluster = Cluster::start(3).await;
    for number in 0..40 {
        says(&cluster.members[0], &["put", &format!("key-{number:02}"), "value"]);
    }
    cluster.agree().await;
    cluster.members.iter_mut().for_each(Member::stop);
    damage(&cluster.members[0], "key-20");

    // It recovers, and waits for the others, which never come.
    cluster.members[0].start();
    cluster.members[0].process().wait_until_it_prints("this member has lost something");
    cluster.members[0].kill();
    force(&mut cluster.members[0]).await;
    let said = cluster.members[0].process().output();
    assert!(said.contains("gone for good"), "{said}");
    let left = says(&cluster.members[0], &["get", "key", "--prefix", "--keys-only"]);
    let left = left.split_whitespace().map(str::to_owned).collect::<BTreeSet<_>>();
    let expected = (0..20).map(|number| format!("key-{number:02}")).collect::<BTreeSet<_>>();
    assert_eq!(left, expected);
    says(&cluster.members[0], &["put", "after", "wards"]);

    // What is damaged now is refused: nobody has it. And so is a log of which nothing is left.
    cluster.members[0].stop();
    for key in ["after", "key-10"] {
        damage(&cluster.members[0], key);
        let refused = refuses(&mut cluster.members[0]);
        assert!(refused.contains("is damaged at byte"), "{refused}");
        assert!(refused.contains("restore a backup"), "{refused}");
    }
}

/// Flips a bit of a key in the member's newest log.
fn damage(member: &Member, key: &str) {
    let directory = member.data_dir.join("member/wal");
    let names = fs::read_dir(directory).expect("a log").map(|entry| entry.expect("a file").path());
    let newest = names.max().expect("a segment");
    let bytes = fs::read(&newest).expect("it is there");
    let at = bytes.windows(key.len()).position(|bytes| bytes == key.as_bytes());
    let at = at.unwrap_or_else(|| panic!("{key} is not in {}", newest.display()));
    let file = File::options().write(true).open(newest).expect("it is there");
    file.write_all_at(&[bytes[at] ^ 1], at as u64).expect("it can be written");
}

/// Starts a member with the flag, and waits until it serves.
async fn force(member: &mut Member) {
    member.flags.set(FLAG, "true");
    member.start();
    member.ready().await;
}

/// Why it does not start with the flag.
fn refuses(member: &mut Member) -> String {
    member.flags.set(FLAG, "true");
    member.start();
    let status = member.process().wait();
    let output = member.process().output();
    assert_eq!(status.code(), Some(1), "{output}");
    member.flags.remove(FLAG);
    let error = output.lines().find(|line| line.starts_with("Error: "));
    error.unwrap_or_else(|| panic!("it does not say why:\n{output}")).to_owned()
}

/// Adds a new member at the address of one that is gone, with an empty directory.
async fn grow(cluster: &mut Cluster, mut new: Member) {
    let peer = format!("http://{}", new.peer);
    let first = cluster.members.first().expect("the survivor");
    let said = says(first, &["member", "add", &new.name, "--peer-urls", &peer]);
    let line = said.lines().find_map(|line| line.strip_prefix("ETCD_INITIAL_CLUSTER="));
    new.flags.set("--initial-cluster", line.expect("it says so").trim_matches('"'));
    new.flags.set("--initial-cluster-state", "existing");
    fs::remove_dir_all(&new.data_dir).expect("the old one's files");
    new.start();
    new.ready().await;
    cluster.members.push(new);
    let count = cluster.members.len();
    eventually("it does not vote", async || {
        let members = members(&cluster.members[0]);
        let voters = members.iter().filter(|line| line.ends_with("false")).count();
        (voters == count).then_some(()).ok_or_else(|| format!("{members:?}"))
    })
    .await;
}

fn members(member: &Member) -> Vec<String> {
    says(member, &["member", "list"]).lines().map(str::to_owned).collect()
}

fn says(member: &Member, arguments: &[&str]) -> String {
    ask(member, arguments).unwrap_or_else(|error| panic!("{arguments:?}: {error}"))
}

fn ask(member: &Member, arguments: &[&str]) -> Result<String, String> {
    let output: Output = run(quorate().args(["--endpoints", &member.url()]).args(arguments), "");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn text(status: tonic::Status) -> String {
    status.to_string()
}
