//! What goes between members, in Prometheus' text format.
//!
//! The host counts it; the names and labels are etcd's: `To` and `From` are the other member's ID.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use host::{RoundTrips, Traffic};

const ROUND_TRIPS: &str = "etcd_network_peer_round_trip_time_seconds";

/// The lines for that traffic with those members.
pub(super) fn text(traffic: &[(u64, Arc<Traffic>)]) -> String {
    let mut text = String::new();
    let mut counter = |name: &str, label: &str, help: &str, count: fn(&Traffic) -> &AtomicU64| {
        head(&mut text, name, help, "counter");
        for (id, traffic) in traffic {
            line(&mut text, name, &format!("{label}=\"{id:x}\""), &count(traffic).load(Relaxed));
        }
    };
    let help = "Bytes that were sent to members.";
    counter("etcd_network_peer_sent_bytes_total", "To", help, |traffic| &traffic.sent_bytes);
    let help = "Bytes that members sent.";
    let name = "etcd_network_peer_received_bytes_total";
    counter(name, "From", help, |traffic| &traffic.received_bytes);
    let help = "Messages that could not be sent to members.";
    let name = "etcd_network_peer_sent_failures_total";
    counter(name, "To", help, |traffic| &traffic.lost_messages);
    head(
        &mut text,
        ROUND_TRIPS,
        "How long a leader's heartbeats took there and back.",
        "histogram",
    );
    for (id, traffic) in traffic {
        round_trips(&mut text, *id, &traffic.round_trips());
    }
    text
}

fn round_trips(text: &mut String, id: u64, times: &RoundTrips) {
    let bucket = format!("{ROUND_TRIPS}_bucket");
    let mut count = 0;
    for (place, more) in times.counts.iter().enumerate() {
        count += more;
        let bound = RoundTrips::bound(place).as_secs_f64();
        line(text, &bucket, &format!("To=\"{id:x}\",le=\"{bound}\""), &count);
    }
    count += times.longer;
    let to = format!("To=\"{id:x}\"");
    line(text, &bucket, &format!("{to},le=\"+Inf\""), &count);
    line(text, &format!("{ROUND_TRIPS}_sum"), &to, &times.sum.as_secs_f64());
    line(text, &format!("{ROUND_TRIPS}_count"), &to, &count);
}

fn head(text: &mut String, name: &str, help: &str, kind: &str) {
    writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}")
        .expect("a string takes everything");
}

fn line(text: &mut String, name: &str, labels: &str, value: &dyn std::fmt::Display) {
    writeln!(text, "{name}{{{labels}}} {value}").expect("a string takes everything");
}
