//! One long list of `etcdctl`'s commands, by `etcdctl` 3.4 and 3.5, against the etcd of the same
//! version and against three of our members: whoever types these must not see a difference.
//!
//! 3.4 is Debian's, and must be on the `PATH`; 3.5 comes with `target/python` (see
//! [`support::tools::etcd_3_5`]). Without them the tests say so and do nothing, unless
//! `QUORATE_REQUIRE_TOOLS=1`.

mod support;

use std::path::Path;

use support::cluster::Cluster;
use support::tools::{Addresses, Etcd, etcd_3_5, etcdctl_of, run, tools_are_there};

/// A command of `etcdctl`, and what it reads. `LEASE` is the lease that was granted last.
struct Line {
    words: &'static str,
    stdin: &'static str,
}

const fn line(words: &'static str) -> Line {
    Line { words, stdin: "" }
}

const fn reads(words: &'static str, stdin: &'static str) -> Line {
    Line { words, stdin }
}

/// Each is carried out as it stands, and those that read are repeated with `-w json` and
/// `-w fields`.
const LINES: &[Line] = &[
    // Keys and values.
    line("put a 1"),
    line("put a 2 --prev-kv"),
    line("put a --ignore-value"),
    reads("put b", "from stdin"),
    line("put dir/1 x"),
    line("put dir/2 y"),
    line("put dir/3 z"),
    line("put empty --"),
    line("get a"),
    line("get a --rev=2"),
    line("get absent"),
    line("get a c"),
    line("get a --from-key"),
    line("get dir/ --prefix"),
    line("get dir/ --prefix --keys-only"),
    line("get dir/ --prefix --limit=2"),
    line("get dir/ --prefix --order=DESCEND --sort-by=CREATE"),
    line("get a --print-value-only"),
    line("get a --consistency=s"),
    line("get a --hex"),
    line("get a --rev=1000"),
    line("get --prefix"),
    line("del absent"),
    line("del dir/1 --prev-kv"),
    line("del dir/ --prefix"),
    line("put a 3 --ignore-value"),
    line("put absent --ignore-value"),
    line("put a 3 --lease=77"),
    // Transactions.
    reads("txn", "value(\"a\") = \"2\"\n\nput t 1\nget a\n\nput t 0\n\n"),
    reads(
        "txn",
        "mod(\"a\") > \"100\"\ncreate(\"no\") = \"0\"\n\nput t 2\n\nget t\ndel b --prev-kv\n\n",
    ),
    reads("txn", "ver(\"t\") = \"1\"\n\nput t 1\nput t 2\n\n\n"),
    reads("txn", "c(\"a\") = \"2\"\n\nget dir/ --prefix\n\n\n"),
    // Leases.
    line("lease grant 1000"),
    line("put l 1 --lease=LEASE"),
    line("put l 2 --ignore-lease"),
    line("lease list"),
    line("lease timetolive 77"),
    line("lease keep-alive 77 --once"),
    line("lease keep-alive LEASE --once"),
    line("get l"),
    line("lease revoke LEASE"),
    line("lease revoke LEASE"),
    line("get l"),
    line("lease list"),
    // History.
    line("compaction 5"),
    line("compaction 5"),
    line("compaction 1000"),
    line("get a --rev=4"),
    line("get a --rev=5"),
    line("compaction 6 --physical"),
    // Locks and elections.
    line("lock mutex echo held"),
    line("lock mutex false"),
    // What operators ask.
    line("alarm list"),
    line("alarm disarm"),
    line("defrag"),
    line("member remove 1"),
    line("member update 1 --peer-urls=http://127.0.0.1:1"),
    line("move-leader 1"),
    // Users.
    line("role add reader"),
    line("role add reader"),
    line("role grant-permission reader read a c"),
    line("role grant-permission reader readwrite dir/ --prefix=true"),
    line("role get reader"),
    line("role list"),
    line("user add ada:1"),
    line("user add ada:1"),
    line("user grant-role ada reader"),
    line("user get ada"),
    line("user get ada --detail"),
    line("user list"),
    line("auth enable"),
    line("user add root:2"),
    line("user grant-role root root"),
    line("auth enable"),
    line("get a"),
    line("get a --user=ada:1"),
    line("put a 4 --user=ada:1"),
    line("put dir/9 4 --user=ada:1"),
    line("get a d --user=ada:1"),
    line("user list --user=ada:1"),
    line("get a --user=ada:wrong"),
    line("get t --user=root:2"),
    line("role revoke-permission reader a c --user=root:2"),
    line("user revoke-role ada reader --user=root:2"),
    line("get a --user=ada:1"),
    line("user delete root --user=root:2"),
    line("auth disable --user=root:2"),
    line("role delete reader"),
    line("role delete reader"),
    line("user delete ada"),
    line("user get ada"),
    // What makes no sense.
    line("get"),
    line("put"),
    line("get a b c"),
    line("lease grant soon"),
    line("lease revoke"),
    line("compaction"),
    line("compaction x"),
    line("txn x"),
    line("member add"),
    line("member remove x"),
    line("frobnicate"),
];

#[tokio::test(flavor = "multi_thread")]
async fn etcdctl_3_4() {
    if tools_are_there() {
        the_same_of_both(Path::new("etcd"), Path::new("etcdctl")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn etcdctl_3_5() {
    if let (true, Some(programs)) = (tools_are_there(), etcd_3_5()) {
        the_same_of_both(&programs.join("etcd"), &programs.join("etcdctl")).await;
    }
}

async fn the_same_of_both(etcd: &Path, etcdctl: &Path) {
    let addresses = Addresses::free();
    let theirs = {
        let _etcd = Etcd::of(etcd, &addresses);
        told(etcdctl, &addresses.client)
    };
    let cluster = Cluster::start(3).await;
    let leader = cluster.leader().await;
    // The leader first: some commands are for it, and are sent to the first endpoint.
    let ours = told(etcdctl, &cluster.members[leader].client.to_string());
    let differing = theirs.iter().zip(&ours).filter(|(theirs, ours)| theirs != ours);
    let differing = differing.map(|(theirs, ours)| format!("etcd:\n{theirs}\nours:\n{ours}"));
    let differing = differing.collect::<Vec<_>>();
    assert!(differing.is_empty(), "{}", differing.join("\n"));
    assert_eq!(theirs.len(), ours.len());
}

/// All that is printed, one text for each command.
fn told(etcdctl: &Path, endpoint: &str) -> Vec<String> {
    let mut lease = String::new();
    let mut told = Vec::new();
    for Line { words, stdin } in LINES {
        let reads = ["get ", "lease list"].iter().any(|read| words.starts_with(read));
        let formats: &[&[&str]] =
            if reads { &[&[], &["-w", "json"], &["-w", "fields"]] } else { &[&[]] };
        for format in formats {
            let mut command = etcdctl_of(etcdctl, endpoint);
            command.args(words.split(' ').map(|word| word.replace("LEASE", &lease)));
            let output = run(command.args(*format), stdin);
            let stdout = String::from_utf8_lossy(&output.stdout);
            if let Some(granted) = stdout.strip_prefix("lease ")
                && words.starts_with("lease grant")
            {
                lease = granted.chars().take_while(|letter| *letter != ' ').collect();
            }
            let stderr = String::from_utf8_lossy(&output.stderr);
            let code = output.status.code();
            told.push(format!(
                "{words} {format:?}\n{}{}{code:?}\n",
                plain(&stdout, endpoint),
                plain(&stderr, endpoint)
            ));
        }
    }
    told
}

/// Leaves out what no two clusters share: addresses, ids, terms, times, and lines of a log.
fn plain(text: &str, endpoint: &str) -> String {
    let text = text.replace(endpoint, "ENDPOINT");
    let lines = text.lines().filter(|line| !line.starts_with("{\"level\":"));
    lines.map(|line| plain_line(line) + "\n").collect()
}

fn plain_line(line: &str) -> String {
    let mut plain = String::new();
    let mut is_term = false;
    for word in line.split_inclusive(|letter: char| !letter.is_ascii_alphanumeric()) {
        let bare = word.trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric());
        let is_number = !bare.is_empty() && bare.chars().all(|letter| letter.is_ascii_digit());
        let is_id = bare.len() >= 15 && bare.chars().all(|letter| letter.is_ascii_hexdigit());
        let shown = if is_term && is_number {
            "TERM"
        } else if is_id {
            "ID"
        } else {
            bare
        };
        plain.push_str(shown);
        plain.push_str(&word[bare.len()..]);
        // The name of a number stands before it, with signs in between.
        is_term = if bare.is_empty() { is_term } else { ["term", "RaftTerm"].contains(&bare) };
    }
    plain
}
