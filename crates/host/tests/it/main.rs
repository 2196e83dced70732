//! Hosts as they run: members of small clusters, all in this process, on the loopback. No test
//! depends on how long anything takes, but for a patience that no working cluster exhausts.

#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

mod cluster;
mod peers;
mod stop;
mod support;
mod watch;
