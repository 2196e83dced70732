//! From a configuration to a running member.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use raft::{NodeId, WriteId};
use replica::Replica;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use trace::{Observer, Sight};

use crate::clock::Clock;
use crate::cluster::Cluster;
use crate::disk::DiskThread;
use crate::driver::{Driver, End, Inbox, Waiting};
use crate::forced::{self, ForceError};
use crate::handle::{Handle, Phone, Request};
use crate::handshake::Identity;
use crate::leaving::{Leaving, is_removed};
use crate::links::Links;
use crate::listener::Ear;
use crate::machine::Machine;
use crate::meters::Meters;
use crate::open::open;
use crate::progress::{CountingDisk, Meter, Progress};
use crate::scrubber::Scrubber;
use crate::security::Security;
use crate::snapshots::{self, Keeper, SnapshotError};
use crate::traffic::Pulse;
use crate::viewers::Viewers;

/// Requests that wait for the driver's next turn; who comes then waits.
const REQUESTS_MAX: usize = 4096;
/// Batches of messages from peers that wait for the driver's next turn.
const MESSAGES_MAX: usize = 256;

/// What became of snapshots, for the driver's next turns; the snapshot thread waits then.
const SNAPSHOTS_DONE_MAX: usize = 16;

/// What a member is told when it starts.
#[derive(Clone, Debug)]
pub struct Config {
    /// The cluster that it belongs to.
    pub cluster: Cluster,
    /// Which member it is.
    pub own: NodeId,
    /// How it came to the cluster.
    pub origin: Origin,
    /// Where it keeps what it must not forget.
    pub data_dir: PathBuf,
    /// Where it listens for other members.
    pub listen_peers: Vec<SocketAddr>,
    /// Its TLS with other members.
    pub security: Security,
    /// The time between heartbeats of a leader.
    pub heartbeat_interval: Duration,
    /// The shortest time without a leader after which a member campaigns. The longest is twice
    /// that.
    pub election_timeout: Duration,
    /// A snapshot is taken when the log has grown by so many bytes since the last one.
    pub snapshot_bytes: u64,
    /// Give up all other members, and go on as the only voter.
    pub force_new_cluster: bool,
    /// So many bytes of files at rest are read again in a second, to see whether they are whole. 0
    /// for none.
    pub scrub_bytes_per_second: u64,
}

/// How a member came to its cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The cluster began with it, and with the others of [`Config::cluster`].
    Founded,
    /// It was added later, and [`join`](crate::join())ed: its log tells it who the members are.
    Joined,
}

/// Why a member cannot start. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The timers do not fit together.
    #[error("--heartbeat-interval and --election-timeout do not fit: {0}")]
    Timers(raft::ConfigError),
    /// The data directory cannot be used.
    #[error(
        "cannot use the data directory {}: {source}; start this member as the user who owns it, or \
         give it one where it may write, by --data-dir", path.display()
    )]
    DataDir {
        /// The directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process uses the data directory.
    #[error(
        "the data directory {} is used by another process: stop that one, or give this member \
         its own --data-dir", .0.display()
    )]
    Locked(PathBuf),
    /// The log or the snapshots cannot be used.
    #[error(transparent)]
    Files(#[from] wal::OpenError),
    /// The newest snapshot cannot be read.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The member was removed from its cluster.
    #[error(
        "this member was removed from the cluster, and can never come back: to have one here \
         again, remove {}, and add a new member", .0.display()
    )]
    Removed(PathBuf),
    /// It cannot go on without the others.
    #[error("--force-new-cluster: {0}")]
    Forced(#[from] ForceError),
    /// A peer address cannot be listened on.
    #[error("cannot listen for members on {address}: {}", advice(source))]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The operating system gives no thread, or no random numbers.
    #[error("the operating system refuses: {0}")]
    System(io::Error),
}

fn advice(source: &io::Error) -> String {
    if source.kind() == io::ErrorKind::AddrInUse {
        "another process does; stop it, or choose another --listen-peer-urls".into()
    } else {
        source.to_string()
    }
}

/// Why a running member had to stop.
#[derive(Debug, thiserror::Error)]
pub enum Fatal {
    /// The disk failed. What was acknowledged is durable; what was not is unknown.
    #[error(transparent)]
    Log(#[from] wal::Error),
    /// A snapshot cannot be read any more.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// The others have removed it.
    #[error("this member was removed from the cluster; its data directory can be removed too")]
    Removed,
    /// A thread of the member ended, by a bug.
    #[error("a thread of the member ended; its panic is in the log above")]
    Bug,
}

/// A member that was started.
#[derive(Debug)]
pub struct Host<R> {
    /// What a server holds of it.
    pub handle: Handle<R>,
    /// Ends when the member had to stop.
    pub fatal: oneshot::Receiver<Fatal>,
}

/// The disk thread's result when the driver is gone: nothing went wrong.
type DiskEnd = Result<(), wal::Error>;

impl<R: Send + 'static> Host<R> {
    /// Reads the log, and starts the member's threads and connections. Runs on a tokio runtime.
    /// `on_sync` is told how long each write and sync of the log takes, and `on_read`, until the
    /// member is started, how much of its files it has read.
    pub async fn start<S: Machine<Reply = R>>(
        config: Config,
        mut machine: S,
        on_sync: impl Fn(Duration) + Send + 'static,
        on_read: impl Fn(Progress) + Send + Sync + 'static,
    ) -> Result<Self, StartError> {
        let tick = config.heartbeat_interval.clamp(Duration::from_millis(1), TICK);
        let replica_config = replica_config(&config, tick)?;
        // What can be refused without having touched anything comes first.
        let listeners = listen(&config.listen_peers).await?;
        let (opened, state) = read_files::<S>(&config, on_read).await?;
        let wal::Opened { log, snapshots, restored, .. } = opened;
        let mut observer = Observer::new(sight::<S>(&config, tick), &restored);
        if let Some(state) = state {
            observer.restored(S::latest(&state, trace::Member::KEYS));
            machine.replace(state);
        }
        let own = Identity { cluster: config.cluster.id, member: config.own };
        let meters = Arc::new(Meters::default());
        let (requests, request_receiver) = mpsc::channel(REQUESTS_MAX);
        let (messages, message_receiver) = mpsc::channel(MESSAGES_MAX);
        let (writes, write_receiver) = std::sync::mpsc::channel();
        let (persisted, persisted_receiver) = watch::channel(WriteId::default());
        let (tasks, task_receiver) = std::sync::mpsc::channel();
        let (done, done_receiver) = mpsc::channel(SNAPSHOTS_DONE_MAX);

        let links = Links::new(
            own,
            &config.cluster,
            config.security.clone(),
            tokio::runtime::Handle::current(),
            meters.clone(),
        );
        let connections = links.connections();
        let answerer = machine.answerer();
        let Config { own: id, origin, data_dir, .. } = &config;
        let leaving = Leaving::new(*id, *origin, data_dir, &restored);
        let replica = Replica::new(replica_config, restored, machine);
        let (status, status_receiver) = watch::channel(replica.status());
        let given_up = forced::given_up(&config.data_dir)?;
        let (security, seen) = (config.security.clone(), status_receiver.clone());
        let ear = Ear::new(own, security, given_up, seen, messages, meters.clone(), answerer);
        for listener in listeners {
            tokio::spawn(ear.clone().listen(listener));
        }
        let clock = Clock::default();
        let driver = Driver {
            replica,
            observer,
            links,
            leaving,
            writes,
            tasks,
            status,
            meters: meters.clone(),
            pulse: Pulse::default(),
            waiting: Waiting::default(),
            viewers: Viewers::default(),
            sent: clock.now_us(),
            clock,
        };
        let inbox = Inbox {
            requests: request_receiver,
            messages: message_receiver,
            snapshots: done_receiver,
            persisted: persisted_receiver,
        };
        let disk =
            DiskThread { wal: log, writes: write_receiver, persisted, meters: meters.clone() };
        let disk = spawn("disk", move || disk.run(on_sync))?;
        let keeper = Keeper::new(config.own, snapshots);
        let keeper = spawn("snapshots", move || keeper.run::<S>(&task_receiver, &done))?;
        let fatal = spawn_driver(driver, inbox, tick, disk, keeper)?;
        start_scrubber(&config, &meters, &requests)?;
        let phone = Arc::new(Phone { cluster: config.cluster.id, security: config.security });
        let handle = Handle { requests, status: status_receiver, connections, meters, phone };
        Ok(Self { handle, fatal })
    }
}

async fn listen(addresses: &[SocketAddr]) -> Result<Vec<TcpListener>, StartError> {
    let mut listeners = Vec::new();
    for &address in addresses {
        let listener = TcpListener::bind(address).await;
        listeners.push(listener.map_err(|source| StartError::Listen { address, source })?);
    }
    Ok(listeners)
}

/// Opens what the member has on its disk, and makes a state of its newest snapshot.
async fn read_files<S: Machine>(
    config: &Config,
    on_read: impl Fn(Progress) + Send + Sync + 'static,
) -> Result<(wal::Opened<CountingDisk>, Option<S::State>), StartError> {
    let meter = Meter::new(on_read);
    let opened = open_files(config, &meter).await?;
    let Some(snapshot) = &opened.restored.snapshot else { return Ok((opened, None)) };
    let state = snapshots::restore::<S>(&opened.snapshots, snapshot)?;
    tracing::info!(position = %snapshot.position, bytes = snapshot.bytes, "read a snapshot");
    Ok((opened, Some(state)))
}

/// Opens what the member has on its disk, and sees whether it may go on with it.
async fn open_files(
    config: &Config,
    meter: &Arc<Meter>,
) -> Result<wal::Opened<CountingDisk>, StartError> {
    if config.force_new_cluster {
        forced::check(&config.data_dir)?;
    }
    let mut opened = open(config, meter)?;
    if is_removed(config.own, config.origin, &config.data_dir, &opened.restored) {
        return Err(StartError::Removed(config.data_dir.clone()));
    }
    if config.force_new_cluster {
        forced::go_on_alone(config, &mut opened).await?;
    }
    Ok(opened)
}

/// A leader whose disk does not answer for so long hands over, or longer if elections are slow.
const DISK_PATIENCE: Duration = Duration::from_secs(1);

/// The longest tick. Elections are counted in ticks, so it must be fine enough to spread them.
const TICK: Duration = Duration::from_millis(10);

fn replica_config(config: &Config, tick: Duration) -> Result<replica::Config, StartError> {
    let ticks =
        |time: Duration| u32::try_from(time.as_micros() / tick.as_micros()).unwrap_or(u32::MAX / 4);
    let random = || getrandom::u64().map_err(|error| StartError::System(error.into()));
    let configuration = match config.origin {
        Origin::Founded => config.cluster.configuration(),
        Origin::Joined => raft::Configuration::unknown(),
    };
    let patience = ticks(config.election_timeout);
    let raft = raft::Config {
        election_ticks: patience..=patience.saturating_mul(2),
        heartbeat_ticks: ticks(config.heartbeat_interval),
        first_forward: Clock::default().now_us(),
        seed: random()?,
        log_bytes_max: log_bytes_max(config.snapshot_bytes),
        disk_ticks: ticks(DISK_PATIENCE.max(config.election_timeout * 2)),
        // What a follower may lag by without being sent a whole snapshot.
        keep_bytes: usize::try_from(config.snapshot_bytes / 4).unwrap_or(usize::MAX),
        ..raft::Config::new(config.own, configuration)
    };
    raft.check().map_err(StartError::Timers)?;
    // Far from those of every other run, and far from the end of the numbers.
    let first_ticket = random()? >> 1;
    let snapshot_bytes = config.snapshot_bytes;
    Ok(replica::Config { snapshot_bytes, ..replica::Config::new(raft, first_ticket) })
}

/// How many bytes of committed entries may be in memory: as many as come together while a snapshot
/// is being sent, and the next one is taken, and never so few that writes wait for it.
fn log_bytes_max(snapshot_bytes: u64) -> usize {
    const LEAST: u64 = 256 << 20;
    let wanted = snapshot_bytes.saturating_mul(8).max(LEAST);
    usize::try_from(wanted).unwrap_or(usize::MAX)
}

/// Starts the scrubber, if there is to be one.
fn start_scrubber<R: Send + 'static>(
    config: &Config,
    meters: &Arc<Meters>,
    requests: &mpsc::Sender<Request<R>>,
) -> Result<(), StartError> {
    let rate = config.scrub_bytes_per_second;
    if rate > 0 {
        let identity = wal::Identity { cluster: config.cluster.id.0, member: config.own.0 };
        let (meters, driver) = (meters.clone(), requests.downgrade());
        let scrubber = Scrubber::new(&config.data_dir, identity, rate, meters, driver);
        // It ends by itself when the member does.
        spawn("scrubber", move || scrubber.run())?;
    }
    Ok(())
}

fn sight<S: Machine>(config: &Config, tick: Duration) -> Sight {
    let peers = config.cluster.peers.values();
    Sight {
        own: config.own,
        names: peers.map(|peer| (peer.id, peer.name.clone())).collect::<BTreeMap<_, _>>(),
        tick_us: u64::try_from(tick.as_micros()).expect("at most 10 ms"),
        command: S::text,
        logged: |tagged| S::text(&replica::command_of(tagged)),
    }
}

/// Starts the driver's thread, with a runtime of its own for its timer and its inbox.
fn spawn_driver<S: Machine>(
    driver: Driver<S>,
    inbox: Inbox<S::Reply, S::State>,
    tick: Duration,
    disk: thread::JoinHandle<DiskEnd>,
    keeper: thread::JoinHandle<Result<(), SnapshotError>>,
) -> Result<oneshot::Receiver<Fatal>, StartError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(StartError::System)?;
    let (fatal, receiver) = oneshot::channel();
    let driver = spawn("driver", move || runtime.block_on(driver.run(inbox, tick)))?;
    spawn("watchdog", move || {
        let end = match (driver.join(), disk.join(), keeper.join()) {
            (Ok(End::Stopped), Ok(Ok(())), Ok(Ok(()))) => return,
            (Ok(End::Removed), Ok(Ok(())), Ok(Ok(()))) => Fatal::Removed,
            (_, Ok(Err(error)), _) => Fatal::Log(error),
            (_, _, Ok(Err(error))) => Fatal::Snapshot(error),
            (Err(_), ..) | (_, Err(_), _) | (_, _, Err(_)) => Fatal::Bug,
        };
        // Nobody listens any more only if the process is about to end anyway.
        let _ = fatal.send(end);
    })?;
    Ok(receiver)
}

fn spawn<T: Send + 'static>(
    name: &str,
    body: impl FnOnce() -> T + Send + 'static,
) -> Result<thread::JoinHandle<T>, StartError> {
    thread::Builder::new().name(name.to_owned()).spawn(body).map_err(StartError::System)
}
