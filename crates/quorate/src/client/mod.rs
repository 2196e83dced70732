//! The client commands: `put`, `get`, `del`, `txn`, `watch`, `lease`, `lock`, `elect`, `status`,
//! `member`, `auth`, `user`, `role` and others.
//!
//! They speak the etcd v3 API and print what `etcdctl` prints, so they work with any etcd server,
//! and scripts that were written for `etcdctl` work with them:
//!
//! ```text
//! $ quorate put greeting hello
//! OK
//! $ quorate get greeting --output json
//! {"header":{"cluster_id":…,"revision":2,…},"kvs":[{"key":"Z3JlZXRpbmc=",…}],"count":1}
//! ```
//!
//! Each command is a file: its flags, the request that it makes of them, and nothing else. The
//! connection is in [`endpoints`], what the answers look like in [`simple`] and [`json`].
//!
//! Left out: `etcdctl`'s format `protobuf`.

mod alarm;
mod auth;
mod check;
mod compaction;
mod defrag;
mod del;
mod elect;
mod endpoint;
mod endpoints;
mod fields;
mod get;
mod json;
mod keys;
mod lease;
mod lock;
mod login;
mod member;
mod mirror;
mod move_leader;
pub(crate) mod output;
mod password;
mod put;
mod quote;
mod role;
mod security;
mod server;
mod session;
mod simple;
mod snapshot;
mod table;
mod trace_save;
mod txn;
mod txn_grammar;
pub(crate) mod usage;
mod user;
mod watch;

use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};

use self::endpoints::Endpoints;
use self::output::Format;
use self::security::Security;
use self::usage::Failure;

/// Where the servers are, and how to print their answers. The same for every command.
#[derive(Args)]
#[command(next_help_heading = "Options of the client commands")]
pub(crate) struct Connection {
    /// Addresses of the servers, tried in this order
    #[arg(
        long,
        global = true,
        env = "ETCDCTL_ENDPOINTS",
        default_value = "http://127.0.0.1:2379",
        value_delimiter = ','
    )]
    endpoints: Vec<String>,
    /// How to print
    #[arg(
        short,
        long,
        global = true,
        env = "ETCDCTL_WRITE_OUT",
        default_value = "simple",
        alias = "write-out",
        short_alias = 'w'
    )]
    output: Format,
    /// How long to wait for a connection to one server
    #[arg(
        long,
        global = true,
        env = "ETCDCTL_DIAL_TIMEOUT",
        default_value = "2s",
        value_parser = usage::parse_duration
    )]
    dial_timeout: Duration,
    /// How long to wait for the answer, all attempts together
    #[arg(
        long,
        global = true,
        env = "ETCDCTL_COMMAND_TIMEOUT",
        default_value = "5s",
        value_parser = usage::parse_duration
    )]
    command_timeout: Duration,
    #[command(flatten)]
    security: Security,
    #[command(flatten)]
    user: login::User,
}

/// What to do.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Write a key
    Put(put::Put),
    /// Read a key or a range of keys
    Get(get::Get),
    /// Delete a key or a range of keys
    Del(del::Del),
    /// Compare, then write, read or delete, in one step
    Txn(txn::Txn),
    /// Tell what changes, as it happens
    Watch(watch::Watch),
    /// Grant, renew, inspect and end leases
    Lease(lease::Lease),
    /// Hold a lock, until interrupted or while a command runs
    Lock(lock::Lock),
    /// Lead an election, until interrupted, or watch who leads it
    Elect(elect::Elect),
    /// Tell how each server is, as `endpoint status`
    Status(endpoint::Status),
    /// Tell how each server is: health, status, hash of its keys
    Endpoint(endpoint::Endpoint),
    /// List the members of the cluster, as `member list`
    Members(member::List),
    /// Add, remove, change or list members
    Member(member::Member),
    /// Hand leadership to another member
    MoveLeader(move_leader::MoveLeader),
    /// List the members' alarms, or disarm them
    Alarm(alarm::Alarm),
    /// Let in only users, or everybody
    Auth(auth::Auth),
    /// Add, delete, change or list users
    User(user::User),
    /// Add, delete, change or list roles: what users may do
    Role(role::Role),
    /// Copy keys to another cluster, and keep the copy up to date
    MakeMirror(mirror::MakeMirror),
    /// Measure what a cluster can do
    Check(check::Check),
    /// Forget the history before a revision
    Compaction(compaction::Compaction),
    /// Give space back to the disk
    Defrag(defrag::Defrag),
    /// Save backups, look at them, restore them
    Snapshot(snapshot::Snapshot),
    /// Record what members do
    Trace(trace_save::Trace),
}

/// Carries `command` out and says how it went.
pub(crate) fn main(command: Command, connection: Connection) -> ExitCode {
    match run(command, connection) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run(command: Command, connection: Connection) -> Result<(), Failure> {
    let Connection { endpoints, output, dial_timeout, command_timeout, security, user } =
        connection;
    let login = user.login()?;
    let endpoints = Endpoints::new(endpoints, security, login, dial_timeout, command_timeout)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::Failed(error.to_string()))?;
    runtime.block_on(async {
        match command {
            Command::Put(put) => output.print_any(&put.run(&endpoints).await?),
            Command::Get(get) => get.run(&endpoints, output).await,
            Command::Del(del) => output.print_any(&del.run(&endpoints).await?),
            Command::Txn(txn) => output.print_any(&txn.run(&endpoints).await?),
            Command::Watch(watch) => watch.run(&endpoints, output).await,
            Command::Lease(lease) => lease.run(&endpoints, output).await,
            Command::Lock(lock) => lock.run(&endpoints, output).await,
            Command::Elect(elect) => elect.run(&endpoints, output).await,
            Command::Status(status) => status.run(&endpoints, output).await,
            Command::Members(list) => output.print_any(&list.run(&endpoints).await?),
            Command::Member(member) => member.run(&endpoints, output).await,
            Command::MoveLeader(transfer) => transfer.run(&endpoints).await,
            Command::Endpoint(endpoint) => endpoint.run(&endpoints, output).await,
            Command::Alarm(alarm) => alarm.run(&endpoints, output).await,
            Command::Auth(auth) => auth.run(&endpoints, output).await,
            Command::User(user) => user.run(&endpoints, output).await,
            Command::Role(role) => role.run(&endpoints, output).await,
            Command::MakeMirror(mirror) => mirror.run(&endpoints).await,
            Command::Check(check) => check.run(&endpoints).await,
            Command::Compaction(compaction) => compaction.run(&endpoints).await,
            Command::Defrag(defrag) => defrag.run(&endpoints).await,
            Command::Snapshot(snapshot) => snapshot.run(&endpoints, output).await,
            Command::Trace(trace) => trace.run(&endpoints).await,
        }
    })
}
