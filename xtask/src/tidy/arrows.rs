//! Who may depend on whom. The table here is the whole of it: a new arrow is a change to the table.

use super::Finding;
use crate::metadata::{Dependency, DependencyKind, Metadata, Package};

/// What one crate of the workspace may use.
struct Row {
    name: &'static str,
    /// Which crates of the workspace; in its tests, too.
    inside: &'static [&'static str],
    /// Which crates from outside, if the list is closed. Its tests may use others.
    outside: Option<&'static [&'static str]>,
    /// Whether the asynchronous runtime must not end up in it, at any depth.
    is_sans_io: bool,
}

const fn row(name: &'static str, inside: &'static [&'static str]) -> Row {
    Row { name, inside, outside: None, is_sans_io: false }
}

/// From the bottom up: a crate uses only those above it.
const TABLE: &[Row] = &[
    Row { outside: Some(&["bytes"]), is_sans_io: true, ..row("raft", &[]) },
    Row { is_sans_io: true, ..row("wal", &["raft"]) },
    Row { is_sans_io: true, ..row("mvcc", &[]) },
    Row { is_sans_io: true, ..row("replica", &["raft"]) },
    Row { is_sans_io: true, ..row("trace", &["raft"]) },
    Row { is_sans_io: true, ..row("explore", &["raft"]) },
    Row { is_sans_io: true, ..row("sim", &["raft", "wal", "mvcc", "replica", "trace"]) },
    row("tls", &[]),
    row("host", &["raft", "wal", "replica", "trace", "tls"]),
    row("etcdpb", &[]),
    row("server", &["tls", "host", "mvcc", "raft", "replica", "trace", "etcdpb", "sim"]),
    row(
        "quorate",
        &["raft", "wal", "mvcc", "replica", "trace", "host", "etcdpb", "server", "sim", "tls"],
    ),
    row("xtask", &[]),
];

const RUNTIME: &str = "tokio";

/// Compares the manifests with the table.
pub(super) fn check(metadata: &Metadata) -> Vec<Finding> {
    let members: Vec<&str> = metadata.members().map(|package| package.name.as_str()).collect();
    let mut findings = Vec::new();
    for package in metadata.members() {
        let Some(row) = TABLE.iter().find(|row| row.name == package.name) else {
            findings.push(finding(package, "has no row in xtask/src/tidy/arrows.rs"));
            continue;
        };
        for dependency in &package.dependencies {
            if !row.allows(dependency, &members) {
                findings.push(finding(package, &format!("must not use {}", dependency.name)));
            }
        }
        if row.is_sans_io && metadata.built_into(package).contains(RUNTIME) {
            findings.push(finding(package, &format!("is sans-IO, and yet builds {RUNTIME}")));
        }
    }
    let gone = TABLE.iter().filter(|row| !members.contains(&row.name));
    findings.extend(gone.map(|row| {
        Finding::in_file("xtask/src/tidy/arrows.rs", format!("no crate is named {}", row.name))
    }));
    findings
}

impl Row {
    fn allows(&self, dependency: &Dependency, members: &[&str]) -> bool {
        let name = dependency.name.as_str();
        if members.contains(&name) {
            return self.inside.contains(&name);
        }
        let is_for_tests = dependency.kind == Some(DependencyKind::Dev);
        is_for_tests || self.outside.is_none_or(|list| list.contains(&name))
    }
}

fn finding(package: &Package, message: &str) -> Finding {
    Finding::in_file("Cargo.toml", format!("crate {} {message}", package.name))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// Checks a workspace that has every crate of the table, and these arrows `(from, to, kind)`.
    /// What is not in the table is from outside, unless it is `newcomer`.
    fn check(arrows: &[(&str, &str, Option<&str>)]) -> Vec<String> {
        let mut names: Vec<&str> = TABLE.iter().map(|row| row.name).collect();
        let mut members = names.clone();
        for (from, to, _) in arrows {
            names.extend([from, to]);
            members.extend([from, to].into_iter().filter(|name| **name == "newcomer"));
        }
        names.sort_unstable();
        names.dedup();
        let from =
            |name: &str| arrows.iter().filter(move |arrow| arrow.0 == name).collect::<Vec<_>>();
        let packages: Vec<Value> = (names.iter())
            .map(|name| {
                let asked: Vec<Value> = (from(name).iter())
                    .map(|(_, to, kind)| json!({ "name": to, "kind": kind }))
                    .collect();
                json!({ "id": name, "name": name, "dependencies": asked, "targets": [] })
            })
            .collect();
        let nodes: Vec<Value> = (names.iter())
            .map(|name| {
                let deps: Vec<Value> = (from(name).iter())
                    .map(|(_, to, kind)| json!({ "pkg": to, "dep_kinds": [{ "kind": kind }] }))
                    .collect();
                json!({ "id": name, "deps": deps })
            })
            .collect();
        let metadata = json!({
            "packages": packages, "workspace_members": members,
            "target_directory": "", "resolve": { "nodes": nodes },
        });
        let metadata = Metadata::parse(&metadata.to_string()).expect("it has every field");
        super::check(&metadata).into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn the_arrows_of_the_table_are_fine() {
        let arrows = [("wal", "raft", None), ("raft", "bytes", None), ("wal", "crc32c", None)];
        assert!(check(&arrows).is_empty());
    }

    #[test]
    fn a_new_arrow_is_found_in_every_section() {
        for kind in [None, Some("dev"), Some("build")] {
            assert_eq!(check(&[("mvcc", "raft", kind)]), ["crate mvcc must not use raft"]);
        }
    }

    #[test]
    fn the_core_has_no_other_dependency_than_bytes() {
        let arrow = ("raft", "serde", None);
        assert_eq!(check(&[arrow]), ["crate raft must not use serde"]);
        assert!(check(&[("raft", "proptest", Some("dev"))]).is_empty());
    }

    #[test]
    fn the_runtime_is_found_at_any_depth() {
        let arrows = [("wal", "helper", None), ("helper", "tokio", None)];
        assert_eq!(check(&arrows), ["crate wal is sans-IO, and yet builds tokio"]);
    }

    #[test]
    fn the_runtime_may_serve_tests() {
        let arrows = [("wal", "helper", Some("dev")), ("helper", "tokio", None)];
        assert!(check(&arrows).is_empty());
        assert!(check(&[("host", "tokio", None)]).is_empty());
    }

    #[test]
    fn a_crate_without_a_row_is_found() {
        let arrow = ("newcomer", "bytes", None);
        assert_eq!(check(&[arrow]), ["crate newcomer has no row in xtask/src/tidy/arrows.rs"]);
    }
}
