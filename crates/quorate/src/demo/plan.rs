//! How the members are to be started: names, ports, directories.

use std::io;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use host::Cluster;
use tokio::process::Command;
use trace::{Event, Frame, NodeInfo, Role, Timing, VERSION};

/// The members' timers, in milliseconds: what the page tells is what the members are told.
pub(super) const HEARTBEAT_INTERVAL: u64 = 50;
pub(super) const ELECTION_TIMEOUT: u64 = 150;

/// Tells the demo's cluster from others at the same addresses.
const TOKEN: &str = "quorate-demo";

/// How to start a member.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) name: String,
    pub(super) client_url: String,
    pub(super) peer_url: String,
    /// The number by which etcd's API names it.
    pub(super) id: u64,
    initial_cluster: String,
    data_dir: PathBuf,
    /// Where what it logs is kept.
    pub(super) log: PathBuf,
}

/// The plans of all members: client ports from `base_port` in steps of 10, peer ports one above.
pub(super) fn plans(members: u16, base_port: u16, data_dir: &Path) -> Vec<Plan> {
    let name = |member: u16| char::from(b'A' + u8::try_from(member).expect("at most nine"));
    let url =
        |member: u16, offset: u16| format!("http://127.0.0.1:{}", base_port + 10 * member + offset);
    let parts = (0..members).map(|member| format!("{}={}", name(member), url(member, 1)));
    let initial_cluster = parts.collect::<Vec<_>>().join(",");
    let cluster = Cluster::parse(&initial_cluster, TOKEN).expect("names and URLs as above");
    let plan = |member| Plan {
        name: name(member).to_string(),
        client_url: url(member, 0),
        peer_url: url(member, 1),
        id: cluster.named(&name(member).to_string()).expect("one of them").id.0,
        initial_cluster: initial_cluster.clone(),
        data_dir: data_dir.join(name(member).to_string()),
        log: data_dir.join(format!("{}.log", name(member))),
    };
    (0..members).map(plan).collect()
}

/// The first record of the demo's trace.
pub(super) fn hello(plans: &[Plan]) -> Event {
    let nodes = plans.iter().map(|plan| NodeInfo {
        id: plan.name.clone(),
        client: plan.client_url.clone(),
        peer: plan.peer_url.clone(),
    });
    Event::Hello {
        v: VERSION,
        src: "live".into(),
        cluster: TOKEN.into(),
        nodes: nodes.collect(),
        voters: plans.iter().map(|plan| plan.name.clone()).collect(),
        timing: Timing {
            election_us: (1000 * ELECTION_TIMEOUT, 2000 * ELECTION_TIMEOUT),
            heartbeat_us: 1000 * HEARTBEAT_INTERVAL,
        },
        build: env!("CARGO_PKG_VERSION").into(),
        can: vec!["write".into(), "fault".into()],
        run: None,
    }
}

/// The members before anything was started.
pub(super) fn frame(plans: &[Plan]) -> Frame {
    let stopped = trace::Member { role: Role::Stopped, ..trace::Member::default() };
    let members = plans.iter().map(|plan| (plan.name.clone(), stopped.clone()));
    Frame { members: members.collect() }
}

impl Plan {
    /// Looks whether the ports are free, so that the demo can say it with its own flag. Fails with
    /// a reason for people.
    pub(super) fn check_ports(&self) -> Result<(), String> {
        for url in [&self.client_url, &self.peer_url] {
            let address = host::address_of(url).expect("it was made of an address");
            TcpListener::bind(address).map_err(|error| {
                format!(
                    "cannot start member {} on {address}: {error}; choose another --base-port",
                    self.name
                )
            })?;
        }
        Ok(())
    }

    /// The command that starts it.
    pub(super) fn command(&self) -> io::Result<Command> {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .args(["serve", "--stop-with-stdin", "--name", &self.name])
            .arg("--data-dir")
            .arg(&self.data_dir)
            .args(["--listen-client-urls", &self.client_url])
            .args(["--advertise-client-urls", &self.client_url])
            .args(["--listen-peer-urls", &self.peer_url])
            .args(["--initial-advertise-peer-urls", &self.peer_url])
            .args(["--initial-cluster", &self.initial_cluster])
            .args(["--initial-cluster-token", TOKEN])
            .args(["--heartbeat-interval", &HEARTBEAT_INTERVAL.to_string()])
            .args(["--election-timeout", &ELECTION_TIMEOUT.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            // Ctrl-C is for the demo, which then ends its members one by one.
            .process_group(0)
            .kill_on_drop(true);
        for (variable, _) in std::env::vars_os() {
            // The flags above say all, and the variables are for members that people start.
            if variable.to_string_lossy().starts_with("ETCD_") {
                command.env_remove(variable);
            }
        }
        Ok(command)
    }
}
