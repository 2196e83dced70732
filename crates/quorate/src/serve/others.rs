//! The flags of etcd that this program has no use for. Who starts a member with etcd's command line
//! shall neither be refused for nothing nor believe that something holds which does not:
//!
//! - a flag that changes nothing here is taken, and a line says so;
//! - one that asks for what is so anyway is taken, and refused when it asks for something else;
//! - one that asks for what there is not is refused, with what to do.
//!
//! `docs/flags.md` has them all, which a test makes sure of.

use clap::{Arg, ArgMatches, Command};

/// A flag, how it is written, and what becomes of it.
struct Row {
    name: &'static str,
    shape: Shape,
    verdict: Verdict,
    /// Said when it is refused or has no effect.
    why: &'static str,
}

enum Shape {
    /// `--flag`, `--flag=true` or `--flag=false`.
    Switch,
    /// `--flag VALUE` or `--flag=VALUE`.
    Value,
}

enum Verdict {
    /// It changes nothing.
    Idle,
    /// These values say what is so.
    Only(&'static [&'static str]),
    Refused,
}

use Shape::{Switch, Value};
use Verdict::{Idle, Only, Refused};

const fn row(name: &'static str, shape: Shape, verdict: Verdict, why: &'static str) -> Row {
    Row { name, shape, verdict, why }
}

const SNAPSHOTS: &str = "--snapshot-bytes says when a snapshot is taken";
const NO_BACKEND: &str = "the store is in memory, and its log on disk";
const COMPARED: &str = "--corrupt-check-time has whole stores compared, compacted or not";
const NAME_THEM: &str = "name the members with --initial-cluster";
const NO_PROXY: &str = "a member is no proxy";
const STEPWISE: &str = "compaction and ranges go in steps of their own";
const LINES: &str = "the log is lines on standard error";
const DUTY: &str = "remaining times of leases are always written into the log";

const ROWS: &[Row] = &[
    row("pre-vote", Switch, Only(&["true"]), "members always ask before they campaign"),
    row("strict-reconfig-check", Switch, Idle, "no change may cost the quorum"),
    row("enable-grpc-gateway", Switch, Only(&["true"]), "JSON is always served"),
    row("enable-v2", Switch, Only(&["false"]), "there is no API of version 2"),
    row("v2-deprecation", Value, Idle, "there is no API of version 2"),
    row("enable-pprof", Switch, Idle, "there is no profiler inside"),
    row("proxy", Value, Only(&["off"]), NO_PROXY),
    row("unsafe-no-fsync", Switch, Only(&["false"]), "what is acknowledged is on disk"),
    row("socket-reuse-port", Switch, Only(&["false"]), "a port is for one member"),
    row("socket-reuse-address", Switch, Only(&["false"]), "a port is for one member"),
    row("max-learners", Value, Only(&["1"]), "there may be one learner"),
    row("experimental-max-learners", Value, Only(&["1"]), "there may be one learner"),
    row("tls-max-version", Value, Only(&["TLS1.3"]), "TLS 1.2 and 1.3 are spoken"),
    row("log-outputs", Value, Only(&["default", "stderr"]), LINES),
    row("log-format", Value, Only(&["console"]), LINES),
    row("logger", Value, Idle, LINES),
    row("log-package-levels", Value, Idle, "--log-level takes such a filter"),
    row("debug", Switch, Idle, "--log-level says what to log"),
    row("snapshot-count", Value, Idle, SNAPSHOTS),
    row("snapshot-catchup-entries", Value, Idle, SNAPSHOTS),
    row("experimental-snapshot-catchup-entries", Value, Idle, SNAPSHOTS),
    row("max-snapshots", Value, Idle, SNAPSHOTS),
    row("max-wals", Value, Idle, SNAPSHOTS),
    row("backend-batch-limit", Value, Idle, NO_BACKEND),
    row("backend-batch-interval", Value, Idle, NO_BACKEND),
    row("backend-bbolt-freelist-type", Value, Idle, NO_BACKEND),
    row("experimental-backend-bbolt-freelist-type", Value, Idle, NO_BACKEND),
    row("compaction-batch-limit", Value, Idle, STEPWISE),
    row("experimental-compaction-batch-limit", Value, Idle, STEPWISE),
    row("compaction-sleep-interval", Value, Idle, STEPWISE),
    row("experimental-compaction-sleep-interval", Value, Idle, STEPWISE),
    row("compact-hash-check-time", Value, Idle, COMPARED),
    row("experimental-compact-hash-check-time", Value, Idle, COMPARED),
    row("experimental-compact-hash-check-enabled", Switch, Idle, COMPARED),
    row("experimental-enable-lease-checkpoint", Switch, Idle, DUTY),
    row("experimental-enable-lease-checkpoint-persist", Switch, Idle, DUTY),
    row("initial-election-tick-advance", Switch, Idle, "a member waits for its own time-out"),
    row("warning-apply-duration", Value, Idle, "slow requests are not logged"),
    row("experimental-warning-apply-duration", Value, Idle, "slow requests are not logged"),
    row("grpc-keepalive-min-time", Value, Idle, "clients may ping as often as they like"),
    row("self-signed-cert-validity", Value, Idle, "certificates of --auto-tls do not end"),
    row("wal-dir", Value, Refused, "the log is in --data-dir; mount another disk there"),
    row("listen-client-http-urls", Value, Refused, "--listen-client-urls are for both protocols"),
    row("discovery", Value, Refused, NAME_THEM),
    row("discovery-srv", Value, Refused, NAME_THEM),
    row("discovery-endpoints", Value, Refused, NAME_THEM),
    row("discovery-token", Value, Refused, NAME_THEM),
    row("discovery-fallback", Value, Idle, NAME_THEM),
    row("discovery-proxy", Value, Idle, NAME_THEM),
    row("proxy-failure-wait", Value, Idle, NO_PROXY),
    row("proxy-refresh-interval", Value, Idle, NO_PROXY),
    row("proxy-dial-timeout", Value, Idle, NO_PROXY),
    row("proxy-write-timeout", Value, Idle, NO_PROXY),
    row("proxy-read-timeout", Value, Idle, NO_PROXY),
];

/// Lets `serve` take them all. None is in its help.
pub(crate) fn allow(serve: Command) -> Command {
    ROWS.iter().fold(serve, |serve, row| {
        let arg = Arg::new(row.name).long(row.name).hide(true);
        serve.arg(match row.shape {
            Switch => arg.num_args(0..=1).require_equals(true).default_missing_value("true"),
            Value => arg.num_args(1),
        })
    })
}

/// What is to be said of those that were given. Fails with what must not be given. A variable may
/// give them too, unless there is none of that name to ask for.
pub(crate) fn judge(
    serve: &ArgMatches,
    variable: impl Fn(String) -> Option<String>,
) -> Result<Vec<String>, String> {
    let mut notes = Vec::new();
    for row in ROWS {
        let name = format!("ETCD_{}", row.name.to_uppercase().replace('-', "_"));
        let given = serve.get_one::<String>(row.name).cloned();
        let given = given.or_else(|| variable(name).filter(|value| !value.is_empty()));
        if let Some(value) = given {
            notes.extend(row.judge(&value)?);
        }
    }
    Ok(notes)
}

impl Row {
    fn judge(&self, value: &str) -> Result<Option<String>, String> {
        let Self { name, verdict, why, .. } = self;
        match verdict {
            Idle => Ok(Some(format!("--{name} has no effect: {why}"))),
            Only(values) if values.contains(&value) => Ok(None),
            Only(values) => {
                let values = values.join(" or ");
                Err(format!("--{name} {value}: {why}; it can only be {values}"))
            }
            Refused => Err(format!("--{name} is not supported: {why}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(arguments: &[&str]) -> Result<Vec<String>, String> {
        let command = allow(Command::new("serve"));
        let all = ["serve"].iter().chain(arguments);
        judge(&command.try_get_matches_from(all).map_err(|error| error.to_string())?, |_| None)
    }

    #[test]
    fn what_changes_nothing_is_taken() {
        assert_eq!(judged(&["--pre-vote", "--enable-v2=false", "--proxy", "off"]), Ok(vec![]));
        let notes = judged(&["--snapshot-count", "100000"]).unwrap();
        assert_eq!(notes, [format!("--snapshot-count has no effect: {SNAPSHOTS}")]);
    }

    #[test]
    fn what_there_is_not_is_refused() {
        for (arguments, says) in [
            (&["--pre-vote=false"][..], "it can only be true"),
            (&["--proxy=on"], "it can only be off"),
            (&["--discovery-srv=example"], "name the members"),
        ] {
            let error = judged(arguments).unwrap_err();
            assert!(error.contains(says), "{arguments:?}: {error}");
        }
    }

    #[test]
    fn each_stands_in_the_documentation() {
        let page = include_str!("../../../../docs/flags.md");
        for Row { name, .. } in ROWS {
            assert!(page.contains(&format!("`--{name}`")), "docs/flags.md has no --{name}");
        }
    }
}
