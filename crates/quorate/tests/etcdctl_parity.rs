//! `quorate` against a real etcd: it must print what `etcdctl` prints, byte for byte.
//!
//! The same list of commands runs twice, each time against a fresh etcd on the same addresses, so
//! that even ids and revisions are the same. Needs `etcd` and `etcdctl` (3.4) on the `PATH`;
//! without them the test says so and does nothing, unless `QUORATE_REQUIRE_TOOLS=1`.

mod support;

use std::process::{Command, Output};
use std::thread::sleep;
use std::time::Duration;

use support::tools::{Addresses, Etcd, quorate, run, tools_are_there};

/// How both must behave, and what is compared.
#[derive(Clone, Copy, PartialEq)]
enum Expect {
    /// Both succeed, with the same on stdout.
    Same,
    /// Both fail, and say so with the same line on stderr.
    Refused,
    /// Both fail. Their words differ, because the shape of the command line does.
    Misused,
}

use Expect::{Misused, Refused, Same};

/// Commands, with what they read from stdin. Those that succeed also run with `-w json`
/// and `-w fields`.
///
/// The single quotes hold one letter because etcdctl 3.4 cuts longer strings in them short.
const COMMANDS: &[(Expect, &[&str], &str)] = &[
    (Same, &["get", "absent"], ""),
    (Same, &["put", "a", "1"], ""),
    (Same, &["put", "a", "2", "--prev-kv"], ""),
    (Same, &["put", "b"], "from\nstdin\n"),
    (Same, &["put", "c", ""], ""),
    (Same, &["put", "--", "-d", "--dash"], ""),
    (Same, &["put", "e<&>\u{2028}é", "<&>\u{2028}é"], ""),
    (Same, &["put", "a", "--ignore-value"], ""),
    (Same, &["put", "a", "3", "--ignore-lease", "--prev-kv"], ""),
    (Same, &["get", "a"], ""),
    (Same, &["get", "c"], ""),
    (Same, &["get", "--", "-d"], ""),
    (Same, &["get", "a", "c"], ""),
    (Same, &["get", "z", "a"], ""),
    (Same, &["get", "", "--prefix"], ""),
    (Same, &["get", "a", "--prefix"], ""),
    (Same, &["get", "e", "--prefix"], ""),
    (Same, &["get", "b", "--from-key"], ""),
    (Same, &["get", "", "--from-key", "--limit", "2"], ""),
    (Same, &["get", "a", "--rev", "2"], ""),
    (Same, &["get", "a", "--consistency=s"], ""),
    (Same, &["get", "", "--prefix", "--keys-only"], ""),
    (Same, &["get", "", "--prefix", "--order=DESCEND"], ""),
    (Same, &["get", "", "--prefix", "--order=ascend", "--sort-by=value"], ""),
    (Same, &["get", "", "--prefix", "--order=DESCEND", "--sort-by=MODIFY", "--limit=2"], ""),
    (Same, &["get", "", "--prefix", "--sort-by=CREATE"], ""),
    (Same, &["get", "", "--prefix", "--sort-by=VERSION", "--order=DESCEND", "--limit=1"], ""),
    (Same, &["txn"], "\n\n\n"),
    (Same, &["txn"], "mod(\"a\") > \"0\"\n\nput a \"two words\"\nget a\n\nput b 0\n\n"),
    (Same, &["txn"], "ver(\"a\") > \"99\"\n\nput a 1\n\nget a\nget no\ndel b --prev-kv\n\n"),
    (Same, &["txn"], "value(\"a\") = \"two words\"\nc(\"a\") < \"9\"\n\nput x 'q'\n\n\n"),
    (Same, &["txn"], "val(\"a\") != \"\\x41\\101\"\n\nput \"\\t\\u00e9\" v\nget x --prefix\n\n\n"),
    (Same, &["txn", "-i"], "  create(\"a\")   =   \"0\"  \n\n\ndel a --prefix\n\n"),
    (Same, &["del", "absent"], ""),
    (Same, &["del", "x", "--prev-kv"], ""),
    (Same, &["del", "b", "d", "--prev-kv"], ""),
    (Same, &["del", "e", "--prefix"], ""),
    (Same, &["del", "", "--from-key", "--prev-kv"], ""),
    (Refused, &["get", ""], ""),
    (Refused, &["get", "a", "-w", "table"], ""),
    (Refused, &["compaction", "1000"], ""),
    (Refused, &["put", "", "x"], ""),
    (Refused, &["del", ""], ""),
    (Refused, &["get", "a", "--rev=1000"], ""),
    (Refused, &["put", "absent", "--ignore-value"], ""),
    (Refused, &["put", "a", "x", "--lease=1234"], ""),
    (Refused, &["put", "a", "x", "--lease=1", "--ignore-lease"], ""),
    (Refused, &["txn"], "\nput a 1\nput a 2\n\n\n"),
    (Refused, &["txn"], "mod(\"\") = \"0\"\n\n\n\n"),
    (Refused, &["txn"], "junk\n"),
    (Refused, &["txn"], "mod(\"a\") > \"0\"\n\nfrob a\n\n\n"),
    (Refused, &["member", "remove", "1"], ""),
    (Refused, &["member", "promote", "1"], ""),
    (Refused, &["member", "update", "1", "--peer-urls=http://127.0.0.1:1"], ""),
    (Refused, &["move-leader", "1"], ""),
    (Misused, &["member", "add", "m2"], ""),
    (Misused, &["member", "remove", "xyz"], ""),
    (Misused, &["txn"], "mod(\"a\") > \"0\"\n\nput a 1\n"),
    (Misused, &["txn"], "mod(\"a\") > \"x\"\n\n\n\n"),
    (Misused, &["get"], ""),
    (Misused, &["get", "a", "--prefix", "--from-key"], ""),
    (Misused, &["get", "a", "b", "--prefix"], ""),
    (Misused, &["get", "a", "--order=up"], ""),
    (Misused, &["get", "a", "--consistency=x"], ""),
    (Misused, &["get", "a", "--print-value-only", "-w", "json"], ""),
    (Misused, &["put", "a", "b", "--ignore-value"], ""),
    (Misused, &["put", "a", "b", "--lease=xyz"], ""),
    (Misused, &["del", "a", "b", "c"], ""),
    (Misused, &["--bogus"], ""),
];

/// Commands about users, in this order, each in one form. At last users matter.
const USERS: &[(Expect, &[&str], &str)] = &[
    (Refused, &["auth", "enable"], ""),
    (Same, &["user", "add", "root:root"], ""),
    (Same, &["user", "add", "ann", "--interactive=false"], "ann\n"),
    (Same, &["user", "add", "bob", "--new-user-password", "bob", "-w", "json"], ""),
    (Same, &["user", "add", "cat", "--no-password", "-w", "fields"], ""),
    (Refused, &["user", "add", "cat:x"], ""),
    (Same, &["user", "passwd", "ann", "--interactive=false"], "new:one\n"),
    (Refused, &["user", "passwd", "none", "--interactive=false"], "x\n"),
    (Same, &["role", "add", "keeper"], ""),
    (Same, &["role", "add", "second", "-w", "json"], ""),
    (Same, &["role", "add", "third", "-w", "fields"], ""),
    (Refused, &["role", "add", "third"], ""),
    (Same, &["role", "grant-permission", "keeper", "readwrite", "a", "b"], ""),
    (Same, &["role", "grant-permission", "keeper", "READ", "foo", "--prefix"], ""),
    (Same, &["role", "grant-permission", "keeper", "Write", "q", "--from-key", "-w", "json"], ""),
    (Same, &["role", "grant-permission", "keeper", "read", "r", "-w", "fields"], ""),
    (Same, &["role", "grant-permission", "second", "read", "", "--prefix"], ""),
    (Refused, &["role", "grant-permission", "none", "read", "r"], ""),
    (Same, &["role", "get", "keeper"], ""),
    (Same, &["role", "get", "keeper", "-w", "json"], ""),
    (Same, &["role", "get", "keeper", "-w", "fields"], ""),
    (Same, &["role", "get", "second"], ""),
    (Refused, &["role", "get", "none"], ""),
    (Same, &["role", "list"], ""),
    (Same, &["role", "list", "-w", "json"], ""),
    (Same, &["role", "list", "-w", "fields"], ""),
    (Same, &["user", "grant-role", "ann", "keeper"], ""),
    (Same, &["user", "grant-role", "ann", "second", "-w", "json"], ""),
    (Same, &["user", "grant-role", "bob", "keeper", "-w", "fields"], ""),
    (Refused, &["user", "grant-role", "ann", "none"], ""),
    (Same, &["user", "get", "ann"], ""),
    (Same, &["user", "get", "cat"], ""),
    (Same, &["user", "get", "ann", "-w", "json"], ""),
    (Refused, &["user", "get", "ann", "-w", "fields"], ""),
    (Refused, &["user", "get", "ann", "-w", "table"], ""),
    (Same, &["user", "get", "ann", "--detail"], ""),
    (Same, &["user", "get", "ann", "--detail", "-w", "json"], ""),
    (Same, &["user", "get", "ann", "--detail", "-w", "fields"], ""),
    (Refused, &["user", "get", "none"], ""),
    (Same, &["user", "list"], ""),
    (Same, &["user", "list", "-w", "json"], ""),
    (Refused, &["user", "list", "-w", "fields"], ""),
    (Same, &["user", "revoke-role", "ann", "second"], ""),
    (Refused, &["user", "revoke-role", "ann", "second"], ""),
    (Same, &["role", "revoke-permission", "keeper", "foo", "--prefix"], ""),
    (Same, &["role", "revoke-permission", "keeper", "q", "--from-key"], ""),
    (Same, &["role", "revoke-permission", "keeper", "r"], ""),
    (Refused, &["role", "revoke-permission", "keeper", "r"], ""),
    (Same, &["role", "delete", "third"], ""),
    (Refused, &["role", "delete", "third"], ""),
    (Misused, &["role", "grant-permission", "keeper", "wrong", "a"], ""),
    (Misused, &["role", "grant-permission", "keeper", "read"], ""),
    (Misused, &["role", "grant-permission", "keeper", "read", "a", "b", "--prefix"], ""),
    (Misused, &["role", "grant-permission", "keeper", "read", "a", "--prefix", "--from-key"], ""),
    (Misused, &["user", "add", ":x"], ""),
    (Misused, &["user", "add"], ""),
    (Misused, &["user", "get"], ""),
    (Same, &["--user", "root:wrong", "get", "absent"], ""),
    (Same, &["auth", "enable"], ""),
    (Refused, &["get", "a"], ""),
    (Refused, &["user", "list"], ""),
    (Refused, &["--user", "root:wrong", "user", "list"], ""),
    (Refused, &["--user", "none:x", "user", "list"], ""),
    (Refused, &["--user", "ann:new:one", "user", "list"], ""),
    (Same, &["--user", "root:root", "user", "list"], ""),
    (Same, &["--user", "root", "--password", "root", "role", "list"], ""),
    (Same, &["--user", "bob:bob", "put", "a", "7"], ""),
    (Same, &["--user", "ann:new:one", "get", "a"], ""),
    (Refused, &["--user", "bob:bob", "put", "b", "7"], ""),
    (Refused, &["--user", "bob:bob", "get", "", "--prefix"], ""),
    (Refused, &["--user", "root:root", "user", "delete", "root"], ""),
    (Same, &["--user", "root:root", "user", "delete", "bob"], ""),
    (Refused, &["--user", "bob:bob", "put", "a", "8"], ""),
    (Same, &["--user", "root:root", "auth", "disable"], ""),
    (Same, &["get", "a"], ""),
];

/// Commands that only read, some of which have other names: ours, and etcdctl's.
const RENAMED: &[(&[&str], &[&str])] = &[
    (&["members"], &["member", "list"]),
    (&["member", "list"], &["member", "list"]),
    (&["member", "list", "-w", "json"], &["member", "list", "-w", "json"]),
    (&["members", "-w", "json"], &["member", "list", "-w", "json"]),
    (&["member", "list", "-w", "table"], &["member", "list", "-w", "table"]),
    (&["member", "list", "-w", "fields"], &["member", "list", "-w", "fields"]),
    (&["endpoint", "hashkv"], &["endpoint", "hashkv"]),
    (&["endpoint", "hashkv", "--rev", "7"], &["endpoint", "hashkv", "--rev", "7"]),
    (&["endpoint", "hashkv", "-w", "json"], &["endpoint", "hashkv", "-w", "json"]),
    (&["endpoint", "hashkv", "-w", "table"], &["endpoint", "hashkv", "-w", "table"]),
    (&["endpoint", "hashkv", "-w", "fields"], &["endpoint", "hashkv", "-w", "fields"]),
    (&["endpoint", "status", "--cluster"], &["endpoint", "status", "--cluster"]),
    (&["endpoint", "status", "-w", "table"], &["endpoint", "status", "-w", "table"]),
    (&["endpoint", "status", "-w", "fields"], &["endpoint", "status", "-w", "fields"]),
    (&["alarm", "list"], &["alarm", "list"]),
    (&["alarm", "disarm"], &["alarm", "disarm"]),
    (&["alarm", "disarm", "-w", "json"], &["alarm", "disarm", "-w", "json"]),
    (&["defrag"], &["defrag"]),
    (&["status"], &["endpoint", "status"]),
    (&["status", "-w", "json"], &["endpoint", "status", "-w", "json"]),
];

#[test]
fn the_same_as_etcdctl() {
    if !tools_are_there() {
        return;
    }
    let addresses = Addresses::free();
    let theirs = {
        let _etcd = Etcd::start(&addresses);
        run_all(|| addresses.etcdctl())
    };
    let _etcd = Etcd::start(&addresses);
    let ours = run_all(|| addresses.quorate());

    for (expected, got) in theirs.iter().zip(&ours) {
        expected.check(got);
    }
    for (our_args, their_args) in RENAMED {
        settle_on_same(
            || run(addresses.quorate().args(*our_args), ""),
            || run(addresses.etcdctl().args(*their_args), ""),
        );
    }
}

#[test]
fn the_same_about_users() {
    if !tools_are_there() {
        return;
    }
    let addresses = Addresses::free();
    let theirs = {
        let _etcd = Etcd::start(&addresses);
        run_once(|| addresses.etcdctl())
    };
    let _etcd = Etcd::start(&addresses);
    let ours = run_once(|| addresses.quorate());
    for (expected, got) in theirs.iter().zip(&ours) {
        expected.check(got);
    }
}

#[test]
fn only_values_only_counts_and_the_next_endpoint() {
    if !tools_are_there() {
        return;
    }
    let addresses = Addresses::free();
    let _etcd = Etcd::start(&addresses);
    for key in ["a", "b"] {
        assert!(run(addresses.quorate().args(["put", key, "value"]), "").status.success());
    }
    let print = |args: &[&str]| run(addresses.quorate().args(args), "").stdout;
    assert_eq!(print(&["get", "", "--prefix", "--print-value-only"]), b"value\nvalue\n");
    assert_eq!(print(&["get", "", "--prefix", "--count-only"]), b"2\n");

    let nobody = Addresses::free().client;
    let both = format!("http://{nobody},{}", addresses.client);
    let got = run(quorate().env("ETCDCTL_ENDPOINTS", &both).args(["get", "a"]), "");
    assert_eq!(got.stdout, b"a\nvalue\n");

    let got = run(quorate().args(["--endpoints", &both, "status"]), "");
    assert_eq!(got.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&got.stdout).starts_with(&addresses.client));
    assert!(String::from_utf8_lossy(&got.stderr).contains(&nobody));

    let got = run(quorate().args(["--endpoints", &nobody, "put", "a", "x"]), "");
    assert_eq!(got.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&got.stderr).contains("no server could be reached"));
}

/// What came of one command.
struct Outcome {
    expect: Expect,
    command: String,
    output: Output,
}

impl Outcome {
    /// Compares what `quorate` did with what `etcdctl` did, which is `self`.
    fn check(&self, ours: &Self) {
        let Self { expect, command, output } = self;
        let success = *expect == Same;
        assert_eq!(output.status.success(), success, "etcdctl {command}: {output:?}");
        assert_eq!(ours.output.status.success(), success, "quorate {command}: {:?}", ours.output);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let complaint = text(&ours.output.stderr);
        match expect {
            Same => assert_eq!(text(&ours.output.stdout), text(&output.stdout), "{command}"),
            Refused => {
                // etcdctl also logs there.
                let lines = text(&output.stderr);
                let error = lines.lines().rfind(|line| line.starts_with("Error:"));
                assert_eq!(complaint.lines().next(), error, "{command}");
            }
            Misused => {
                assert_eq!(ours.output.status.code(), Some(2), "{command}: {complaint}");
                assert_eq!(complaint.lines().count(), 1, "{command}: {complaint}");
            }
        }
    }
}

fn run_all(program: impl Fn() -> Command) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for (expect, args, stdin) in COMMANDS {
        let formats: &[&[&str]] = match expect {
            Same => &[&[], &["-w", "json"], &["-w", "fields"]],
            Refused | Misused => &[&[]],
        };
        for format in formats {
            // Before the others, since `--` ends the flags.
            let output = run(program().args(*format).args(*args), stdin);
            let command = format!("{format:?} {args:?} < {stdin:?}");
            outcomes.push(Outcome { expect: *expect, command, output });
        }
    }
    outcomes
}

fn run_once(program: impl Fn() -> Command) -> Vec<Outcome> {
    let run_one = |(expect, args, stdin): &(Expect, &[&str], &str)| {
        let command = format!("{args:?} < {stdin:?}");
        Outcome { expect: *expect, command, output: run(program().args(*args), stdin) }
    };
    USERS.iter().map(run_one).collect()
}

/// Asks both until they agree: the server writes to its disk now and then, and counts that.
fn settle_on_same(ours: impl Fn() -> Output, theirs: impl Fn() -> Output) {
    let (mut got, mut expected) = (ours(), theirs());
    for _ in 0..10 {
        if got.stdout == expected.stdout {
            break;
        }
        sleep(Duration::from_millis(100));
        (got, expected) = (ours(), theirs());
    }
    assert!(expected.status.success() && got.status.success(), "{got:?}");
    let [got, expected] = [got, expected].map(|o| String::from_utf8_lossy(&o.stdout).into_owned());
    assert_eq!(got, expected);
}
