//! `quorate endpoint health`.

use std::time::{Duration, Instant};

use etcdpb::etcdserverpb::RangeRequest;
use etcdpb::etcdserverpb::maintenance_client::MaintenanceClient;
use etcdpb::etcdserverpb::{AlarmRequest, AlarmResponse};

use crate::client::endpoints::{Endpoints, kv_client};
use crate::client::output::Format;
use crate::client::simple::{Simple, line};
use crate::client::table::Table;
use crate::client::usage::Failure;

/// How one server is.
pub(crate) struct ServerHealth {
    pub(crate) endpoint: String,
    pub(crate) health: bool,
    /// How long it took to find that out, as Go writes it.
    pub(crate) took: String,
    /// What is wrong, if anything.
    pub(crate) error: String,
}

/// Has each server read a key, linearizably, and looks whether an alarm is raised.
pub(super) async fn run(endpoints: &Endpoints, format: Format) -> Result<(), Failure> {
    let mut servers = Vec::new();
    for name in endpoints.names() {
        let start = Instant::now();
        let error = match examine(endpoints, name).await {
            Ok(()) => String::new(),
            Err(failure) => failure.to_string(),
        };
        let took = go_duration(start.elapsed());
        let (endpoint, health) = (name.clone(), error.is_empty());
        servers.push(ServerHealth { endpoint, health, took, error });
    }
    let is_healthy = servers.iter().all(|server| server.health);
    if format == Format::Simple {
        for server in servers.iter().filter(|server| !server.health) {
            let ServerHealth { endpoint, error, .. } = server;
            eprintln!("{endpoint} is unhealthy: failed to commit proposal: {error}");
        }
    }
    format.print(&servers)?;
    let unhealthy = || Failure::Failed("unhealthy cluster".to_owned());
    if is_healthy { Ok(()) } else { Err(unhealthy()) }
}

async fn examine(endpoints: &Endpoints, name: &str) -> Result<(), Failure> {
    let request = RangeRequest { key: "health".into(), ..RangeRequest::default() };
    match endpoints.ask(name, async |channel| kv_client(channel).range(request.clone()).await).await
    {
        // Whoever may not read that key knows by that very answer that a quorum is there.
        Err(failure) if failure.to_string() == "etcdserver: permission denied" => return Ok(()),
        answer => drop(answer?),
    }
    let request = AlarmRequest::default();
    let call = async |channel| MaintenanceClient::new(channel).alarm(request).await;
    let AlarmResponse { alarms, .. } = endpoints.ask(name, call).await?;
    if alarms.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = alarms.iter().map(|alarm| alarm.alarm().as_str_name()).collect();
    Err(Failure::Failed(format!("Active Alarm(s): {}", names.join(", "))))
}

impl Simple for Vec<ServerHealth> {
    /// Those that are not healthy are told of on stderr.
    fn simple(&self, out: &mut Vec<u8>) {
        for ServerHealth { endpoint, took, .. } in self.iter().filter(|server| server.health) {
            let text =
                format!("{endpoint} is healthy: successfully committed proposal: took = {took}");
            line(out, text.as_bytes());
        }
    }

    fn table(&self) -> Option<Table> {
        let mut table = Table::new(&["ENDPOINT", "HEALTH", "TOOK", "ERROR"]);
        for ServerHealth { endpoint, health, took, error } in self {
            table.row(vec![endpoint.clone(), health.to_string(), took.clone(), error.clone()]);
        }
        Some(table)
    }
}

/// A time as Go writes it: `1.5s`, `2.152296ms`, `17.2µs`.
fn go_duration(time: Duration) -> String {
    let nanos = time.as_nanos();
    let (unit, name) = match nanos {
        0 => return "0s".to_owned(),
        1..1_000 => (1, "ns"),
        1_000..1_000_000 => (1_000, "µs"),
        1_000_000..1_000_000_000 => (1_000_000, "ms"),
        _ => (1_000_000_000, "s"),
    };
    let (whole, rest) = (nanos / unit, nanos % unit);
    let digits = unit.ilog10() as usize;
    let fraction = format!("{rest:0digits$}");
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    let fraction = if rest == 0 { "" } else { fraction };
    format!("{whole}{point}{fraction}{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_go_writes_them() {
        let nanos = [0, 17, 17_200, 2_152_296, 20_000_000, 1_500_000_000, 5_000_000_000];
        let texts = nanos.map(|nanos| go_duration(Duration::from_nanos(nanos)));
        assert_eq!(texts, ["0s", "17ns", "17.2µs", "2.152296ms", "20ms", "1.5s", "5s"]);
    }
}
