//! The flags of `serve`: etcd's names, etcd's environment variables.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::builder::{RangedI64ValueParser, RangedU64ValueParser};
use clap::{Args, ValueEnum, value_parser};
use host::{Cluster, JoinError, Joined, Origin};
use server::{AutoCompaction, Detail, Hosts, Jwt, Options, Origins};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use super::security::{ClientTls, SecurityFlags};
use crate::client::usage::parse_duration;

/// Watchers are not told how far they are more often than this.
const WATCH_PROGRESS_MIN: Duration = Duration::from_millis(100);

/// Run one member of a cluster
#[derive(Args)]
pub(crate) struct Serve {
    /// The member's name, as --initial-cluster spells it
    #[arg(long, env = "ETCD_NAME", default_value = "default")]
    name: String,
    /// Where the member keeps what it must not forget [default: NAME.quorate]
    #[arg(long, env = "ETCD_DATA_DIR")]
    data_dir: Option<PathBuf>,
    /// Where to listen for clients
    #[arg(
        long,
        env = "ETCD_LISTEN_CLIENT_URLS",
        value_delimiter = ',',
        default_value = "http://localhost:2379"
    )]
    listen_client_urls: Vec<String>,
    /// Where clients are told to reach this member [default: those of --listen-client-urls]
    #[arg(long, env = "ETCD_ADVERTISE_CLIENT_URLS", value_delimiter = ',')]
    advertise_client_urls: Vec<String>,
    /// Where to listen for other members
    #[arg(
        long,
        env = "ETCD_LISTEN_PEER_URLS",
        value_delimiter = ',',
        default_value = "http://localhost:2380"
    )]
    listen_peer_urls: Vec<String>,
    /// Where other members reach this one, as --initial-cluster spells it
    #[arg(
        long,
        env = "ETCD_INITIAL_ADVERTISE_PEER_URLS",
        value_delimiter = ',',
        default_value = "http://localhost:2380"
    )]
    initial_advertise_peer_urls: Vec<String>,
    /// All members, as NAME=URL,NAME=URL [default: this member alone]
    #[arg(long, env = "ETCD_INITIAL_CLUSTER")]
    initial_cluster: Option<String>,
    /// Whether the cluster starts for the first time, or this member joins one that runs
    #[arg(long, env = "ETCD_INITIAL_CLUSTER_STATE", default_value = "new")]
    initial_cluster_state: ClusterState,
    /// Tells clusters apart that have members at the same addresses
    #[arg(long, env = "ETCD_INITIAL_CLUSTER_TOKEN", default_value = "etcd-cluster")]
    initial_cluster_token: String,
    /// The other members are gone for good: go on with what this one has, as the only voter. Once,
    /// and then start it without this flag
    #[arg(long, env = "ETCD_FORCE_NEW_CLUSTER")]
    force_new_cluster: bool,
    /// Milliseconds between heartbeats of a leader
    #[arg(long, env = "ETCD_HEARTBEAT_INTERVAL", default_value = "50", value_parser = millis())]
    heartbeat_interval: u64,
    /// Milliseconds without a leader after which a member may campaign; it waits for a random time
    /// between this and twice this
    #[arg(long, env = "ETCD_ELECTION_TIMEOUT", default_value = "150", value_parser = millis())]
    election_timeout: u64,
    /// Take a snapshot when the log has grown by so many bytes since the last one, and drop the log
    /// before it, but for a quarter of that
    #[arg(long, env = "QUORATE_SNAPSHOT_BYTES", default_value = "67108864", value_parser = bytes())]
    snapshot_bytes: u64,
    /// Read so many bytes of files at rest per second again, to see whether they are whole; 0 for
    /// none
    #[arg(long, env = "QUORATE_SCRUB_BYTES_PER_SECOND", default_value = "1048576")]
    scrub_bytes_per_second: u64,
    /// How many bytes the store may take before it takes no more; 0 for 2 GiB, less for any number
    #[arg(
        long,
        env = "ETCD_QUOTA_BACKEND_BYTES",
        default_value = "0",
        allow_negative_numbers = true
    )]
    quota_backend_bytes: i64,
    /// How --auto-compaction-retention counts
    #[arg(long, env = "ETCD_AUTO_COMPACTION_MODE", default_value = "periodic")]
    auto_compaction_mode: CompactionMode,
    /// How much history to keep: hours, or a time like 30m, or a number of revisions; 0 for all
    #[arg(long, env = "ETCD_AUTO_COMPACTION_RETENTION", default_value = "0")]
    auto_compaction_retention: String,
    /// How often the leader has all members compare their stores, as 10m; 0s for never
    #[arg(
        long,
        env = "ETCD_CORRUPT_CHECK_TIME",
        alias = "experimental-corrupt-check-time",
        default_value = "0s",
        value_parser = parse_duration
    )]
    corrupt_check_time: Duration,
    /// Compare the store with those of the other members before serving clients; as
    /// --feature-gates=InitialCorruptCheck=true says, too
    #[arg(long, env = "ETCD_EXPERIMENTAL_INITIAL_CORRUPT_CHECK")]
    experimental_initial_corrupt_check: bool,
    /// Gates of etcd, as InitialCorruptCheck=true; no other has an effect
    #[arg(long, env = "ETCD_FEATURE_GATES", value_delimiter = ',', hide = true)]
    feature_gates: Vec<String>,
    /// How many bytes a request of a client may have
    #[arg(long, env = "ETCD_MAX_REQUEST_BYTES", default_value = "1572864")]
    max_request_bytes: u32,
    /// How many operations a transaction may have
    #[arg(long, env = "ETCD_MAX_TXN_OPS", default_value = "128")]
    max_txn_ops: u32,
    /// What users get when they log in: simple, a token that members sign, or
    /// jwt,sign-method=ES256,priv-key=FILE,pub-key=FILE,ttl=5m, one that others can make and read
    #[arg(long, env = "ETCD_AUTH_TOKEN", default_value = "simple")]
    auth_token: String,
    /// Seconds after which a client has to log in again, unless --auth-token says it
    #[arg(long, env = "ETCD_AUTH_TOKEN_TTL", default_value = "300", value_parser = seconds())]
    auth_token_ttl: u64,
    /// How much work it is to hash a password: twice as much with each step
    #[arg(long, env = "ETCD_BCRYPT_COST", default_value = "10", value_parser = cost())]
    bcrypt_cost: u32,
    /// How long a watcher hears nothing before it is told how far it is, if it asked for that; at
    /// least 100ms
    #[arg(
        long,
        env = "ETCD_WATCH_PROGRESS_NOTIFY_INTERVAL",
        alias = "experimental-watch-progress-notify-interval",
        default_value = "10m",
        value_parser = parse_duration
    )]
    watch_progress_notify_interval: Duration,
    /// How many requests a client may have under way on one connection
    #[arg(long, env = "ETCD_MAX_CONCURRENT_STREAMS", default_value_t = u32::MAX)]
    max_concurrent_streams: u32,
    /// How long a client may be silent before it is asked whether it is there; 0s for never
    #[arg(
        long,
        env = "ETCD_GRPC_KEEPALIVE_INTERVAL",
        default_value = "2h",
        value_parser = parse_duration
    )]
    grpc_keepalive_interval: Duration,
    /// How long it may take to answer that
    #[arg(
        long,
        env = "ETCD_GRPC_KEEPALIVE_TIMEOUT",
        default_value = "20s",
        value_parser = parse_duration
    )]
    grpc_keepalive_timeout: Duration,
    /// Where to listen for whoever asks for /metrics and health alone
    #[arg(long, env = "ETCD_LISTEN_METRICS_URLS", value_delimiter = ',')]
    listen_metrics_urls: Vec<String>,
    /// What to count: extensive is also how long calls of gRPC take, for each method
    #[arg(long, env = "ETCD_METRICS", default_value = "basic")]
    metrics: Metrics,
    /// Origins whose pages may ask over HTTP; * for all
    #[arg(long, env = "ETCD_CORS", value_delimiter = ',', default_value = "*")]
    cors: Vec<String>,
    /// Hosts for which the member may be asked over HTTP without TLS; * for all
    #[arg(long, env = "ETCD_HOST_WHITELIST", value_delimiter = ',', default_value = "*")]
    host_whitelist: Vec<String>,
    #[command(flatten)]
    security: SecurityFlags,
    /// A file of etcd's with all that flags would say, as YAML or JSON. Other flags do not count
    #[arg(long, env = "ETCD_CONFIG_FILE")]
    config_file: Option<PathBuf>,
    /// What to log: error, warn, info, debug, trace, or a filter like info,host=debug
    #[arg(long, env = "ETCD_LOG_LEVEL", default_value = "info")]
    log_level: String,
    /// Stop when standard input ends: whoever started this member is gone then
    #[arg(long, hide = true)]
    pub(super) stop_with_stdin: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ClusterState {
    New,
    Existing,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Metrics {
    Basic,
    Extensive,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CompactionMode {
    Periodic,
    Revision,
}

/// etcd allows no election timeout that is longer.
fn millis() -> RangedU64ValueParser<u64> {
    value_parser!(u64).range(1..=50_000)
}

/// A token that is over at once would let nobody in.
fn seconds() -> RangedU64ValueParser<u64> {
    value_parser!(u64).range(1..)
}

/// What the hash can be asked for.
fn cost() -> RangedI64ValueParser<u32> {
    value_parser!(u32).range(4..=31)
}

/// Less than a kilobyte would be a snapshot for every few entries.
fn bytes() -> RangedU64ValueParser<u64> {
    value_parser!(u64).range(1024..)
}

/// What the flags say, looked up and checked.
pub(super) struct Settings {
    pub(super) host: host::Config,
    pub(super) name: String,
    pub(super) state: ClusterState,
    /// Where to listen for clients, and whether they must speak TLS there.
    pub(super) listen_clients: Vec<(SocketAddr, bool)>,
    pub(super) client_tls: ClientTls,
    /// As those for clients.
    pub(super) listen_metrics: Vec<(SocketAddr, bool)>,
    pub(super) streams: server::Streams,
    pub(super) advertise_client_urls: Vec<String>,
    pub(super) options: Options,
    pub(super) jwt: Option<Arc<Jwt>>,
    pub(super) compaction: AutoCompaction,
    /// How often the members' stores are compared.
    pub(super) compare_every: Option<Duration>,
    /// Whether this one's is before it serves.
    pub(super) compare_at_start: bool,
    pub(super) origins: Origins,
    pub(super) hosts: Hosts,
    pub(super) detail: Detail,
}

const NOT_A_URL: &str = "is not of the form http://host:port or https://host:port";

/// The flags do not fit together.
pub(super) type FlagError = String;

impl Serve {
    /// The file that has all flags, and what starts a member with them.
    pub(crate) fn config_file(&self) -> Option<(&Path, bool)> {
        self.config_file.as_deref().map(|file| (file, self.stop_with_stdin))
    }

    /// What to log.
    pub(super) fn log_filter(&self) -> Result<EnvFilter, FlagError> {
        for part in self.log_level.split(',').filter(|part| !part.contains('=')) {
            // Alone, a word that is no level would mean a part of the program: a slip of the pen
            // would silence everything.
            part.parse::<LevelFilter>().map_err(|_| {
                format!("--log-level: {part:?} is not one of error, warn, info, debug and trace")
            })?;
        }
        EnvFilter::try_new(&self.log_level).map_err(|error| format!("--log-level: {error}"))
    }

    pub(super) fn settings(self) -> Result<Settings, FlagError> {
        let own_urls = &self.initial_advertise_peer_urls;
        let initial_cluster = self.initial_cluster.clone().unwrap_or_else(|| {
            let parts = own_urls.iter().map(|url| format!("{}={url}", self.name));
            parts.collect::<Vec<_>>().join(",")
        });
        let cluster = Cluster::parse(&initial_cluster, &self.initial_cluster_token)
            .map_err(|error| format!("--initial-cluster: {error}"))?;
        let own = self.own(&cluster, &initial_cluster)?;
        let data_dir =
            self.data_dir.clone().unwrap_or_else(|| format!("{}.quorate", self.name).into());
        let joins = self.initial_cluster_state == ClusterState::Existing;
        if joins && cluster.peers.len() == 1 && !host::has_log(&data_dir) {
            return Err(format!(
                "--initial-cluster-state existing: --initial-cluster {initial_cluster} names no \
                 other member to join; name those that run, or start a cluster with \
                 --initial-cluster-state new"
            ));
        }
        if let Some(url) =
            self.advertise_client_urls.iter().find(|url| host::address_of(url).is_none())
        {
            return Err(format!("--advertise-client-urls: {url:?} {NOT_A_URL}"));
        }
        let advertise_client_urls = if self.advertise_client_urls.is_empty() {
            self.listen_client_urls.clone()
        } else {
            self.advertise_client_urls.clone()
        };
        let client_urls = self.listen_client_urls.iter().chain(&self.listen_metrics_urls);
        let client_urls = client_urls.cloned().collect::<Vec<_>>();
        let client_tls = self.security.clients(&data_dir, &client_urls)?;
        let security = self.security.peers(&data_dir, &self.listen_peer_urls, &cluster)?;
        let listen_peers = addresses("--listen-peer-urls", &self.listen_peer_urls)?;
        Ok(Settings {
            client_tls,
            options: self.options(),
            jwt: Jwt::parse(&self.auth_token, parse_duration)
                .map_err(|error| format!("--auth-token: {error}"))?
                .map(Arc::new),
            compaction: self.compaction()?,
            compare_every: Some(self.corrupt_check_time).filter(|time| !time.is_zero()),
            compare_at_start: self.compares_at_start(),
            origins: Origins::new(self.cors.iter().cloned()),
            hosts: Hosts::new(self.host_whitelist.iter().cloned()),
            detail: match self.metrics {
                Metrics::Basic => Detail::Basic,
                Metrics::Extensive => Detail::Extensive,
            },
            host: host::Config {
                cluster,
                own,
                origin: Origin::Founded,
                data_dir,
                listen_peers: listen_peers.into_iter().map(|(address, _)| address).collect(),
                security,
                heartbeat_interval: Duration::from_millis(self.heartbeat_interval),
                election_timeout: Duration::from_millis(self.election_timeout),
                snapshot_bytes: self.snapshot_bytes,
                force_new_cluster: self.force_new_cluster,
                scrub_bytes_per_second: self.scrub_bytes_per_second,
            },
            listen_clients: addresses("--listen-client-urls", &self.listen_client_urls)?,
            listen_metrics: addresses("--listen-metrics-urls", &self.listen_metrics_urls)?,
            streams: server::Streams {
                count_max: self.max_concurrent_streams,
                silence_max: Some(self.grpc_keepalive_interval).filter(|time| !time.is_zero()),
                patience: self.grpc_keepalive_timeout,
            },
            name: self.name,
            state: self.initial_cluster_state,
            advertise_client_urls,
        })
    }

    /// What clients may ask.
    fn options(&self) -> Options {
        let election_timeout = Duration::from_millis(self.election_timeout);
        Options {
            request_bytes_max: self.max_request_bytes as usize,
            txn_ops_max: self.max_txn_ops as usize,
            quota_bytes: match self.quota_backend_bytes {
                0 => Options::default().quota_bytes,
                bytes => u64::try_from(bytes).ok(),
            },
            auth_token_ttl: Duration::from_secs(self.auth_token_ttl),
            bcrypt_cost: self.bcrypt_cost,
            // A shorter one is raised, as etcd does.
            watch_progress_interval: self.watch_progress_notify_interval.max(WATCH_PROGRESS_MIN),
            ..Options::for_election_timeout(election_timeout)
        }
    }

    /// Whether one of two flags says that the store is to be compared before it is served.
    fn compares_at_start(&self) -> bool {
        let mut gates = self.feature_gates.iter();
        let is_open = gates.any(|gate| gate.trim() == "InitialCorruptCheck=true");
        self.experimental_initial_corrupt_check || is_open
    }

    /// Which history to forget.
    fn compaction(&self) -> Result<AutoCompaction, FlagError> {
        let text = &self.auto_compaction_retention;
        let number = text.parse::<u32>();
        Ok(match (self.auto_compaction_mode, number) {
            (_, Ok(0)) => AutoCompaction::Off,
            (CompactionMode::Periodic, Ok(hours)) => {
                AutoCompaction::Periodic(Duration::from_hours(hours.into()))
            }
            (CompactionMode::Periodic, Err(_)) => match parse_duration(text) {
                Ok(time) if time.is_zero() => AutoCompaction::Off,
                Ok(time) => AutoCompaction::Periodic(time),
                Err(why) => return Err(format!("--auto-compaction-retention: {text:?}: {why}")),
            },
            (CompactionMode::Revision, Ok(revisions)) => {
                AutoCompaction::Revisions(revisions.into())
            }
            (CompactionMode::Revision, Err(_)) => {
                return Err(format!(
                    "--auto-compaction-retention: {text:?} is not a number of revisions, which \
                     --auto-compaction-mode revision wants"
                ));
            }
        })
    }

    /// The member's own place in the cluster.
    fn own(&self, cluster: &Cluster, initial_cluster: &str) -> Result<raft::NodeId, FlagError> {
        let Some(peer) = cluster.named(&self.name) else {
            return Err(format!(
                "--name {} is not in --initial-cluster {initial_cluster}: add {}={} to it, or \
                 give this member one of its names",
                self.name,
                self.name,
                self.initial_advertise_peer_urls.join(",")
            ));
        };
        let mut own_urls = self.initial_advertise_peer_urls.clone();
        own_urls.sort();
        if peer.urls != own_urls {
            return Err(format!(
                "--initial-cluster says that {} is at {}, and --initial-advertise-peer-urls {}: \
                 make them equal",
                self.name,
                peer.urls.join(","),
                own_urls.join(",")
            ));
        }
        Ok(peer.id)
    }
}

impl Settings {
    /// Says what a network that is not trusted could do.
    pub(super) fn warn_of_open_doors(&self) {
        let asks_members = |security: &host::Security| {
            security.acceptor.as_ref().is_some_and(|acceptor| acceptor.asks_for_certificates())
        };
        if !asks_members(&self.host.security) {
            for address in self.host.listen_peers.iter().filter(|one| !one.ip().is_loopback()) {
                tracing::warn!(
                    %address,
                    "whoever reaches this address can speak for a member: give \
                     --peer-trusted-ca-file and https:// URLs"
                );
            }
        }
    }

    /// Finds this member's place in a cluster that it has joined, or joins it.
    pub(super) async fn take_place(&mut self) -> Result<(), JoinError> {
        let host::Config { cluster, own, data_dir, security, .. } = &self.host;
        let joined = match host::recall_joined(data_dir, cluster)? {
            Some(joined) => joined,
            // Who is there already goes on as it began, whatever the flag says.
            None if self.state == ClusterState::New || host::has_log(data_dir) => return Ok(()),
            None => host::join(data_dir, cluster, &cluster.peers[own], security).await?,
        };
        let Joined { cluster, own } = joined;
        tracing::info!(cluster = %cluster.id, member = format!("{:x}", own.0), "joined a cluster");
        self.host = host::Config { cluster, own, origin: Origin::Joined, ..self.host.clone() };
        Ok(())
    }
}

/// The addresses of URLs, and whether they ask for TLS.
fn addresses(flag: &str, urls: &[String]) -> Result<Vec<(SocketAddr, bool)>, FlagError> {
    let address = |url| address(url).map(|address| (address, host::is_encrypted(url)));
    urls.iter().map(|url| address(url).map_err(|why| format!("{flag}: {url:?} {why}"))).collect()
}

fn address(url: &str) -> Result<SocketAddr, String> {
    let address = host::address_of(url).ok_or(NOT_A_URL)?;
    let found = address.to_socket_addrs().map_err(|error| format!("has no address: {error}"))?;
    // `localhost` means 127.0.0.1 to etcd's clients.
    let found = found.collect::<Vec<_>>();
    let first = found.iter().find(|address| address.is_ipv4()).or_else(|| found.first());
    first.copied().ok_or_else(|| "has no address".into())
}
