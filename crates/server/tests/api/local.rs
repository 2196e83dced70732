//! A cluster of one, in memory: each command is committed and applied at once.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use host::Traffic;
use mvcc::{Command, Image, Lessor, Publish, Reply, Stamped, Store};
use server::{
    Backend, ChangeFailure, Detail, Failure, Feed, Frontend, Listener, MemberChange, MemberStatus,
    Metrics, Options, Origins, Peer, Streams,
};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tonic::transport::Channel;

/// The member, and the whole cluster.
#[derive(Clone)]
pub(crate) struct Local {
    state: Arc<Mutex<State>>,
    feed: Feed,
    metrics: Arc<Metrics>,
}

struct State {
    store: Store,
    lessor: Lessor,
    status: MemberStatus,
    peers: Vec<Peer>,
    /// What comes of each command, if not what should.
    failure: Option<Failure>,
    /// Whether a command waits for a leader.
    is_waited_for: bool,
}

impl Local {
    /// A member that leads itself, and has published its name.
    pub(crate) fn new() -> Self {
        let status = MemberStatus {
            cluster_id: 7,
            member_id: 8,
            term: 2,
            leader: Some(8),
            ..MemberStatus::default()
        };
        let peer =
            |id: u64, is_learner| Peer { id, urls: vec![format!("http://{id}")], is_learner };
        let peers = vec![peer(9, true), peer(8, false)];
        let (store, lessor) = (Store::new(), Lessor::new());
        let (failure, is_waited_for) = (None, false);
        let state = State { store, lessor, status, peers, failure, is_waited_for };
        let local = Self {
            state: Arc::new(Mutex::new(state)),
            feed: Feed::default(),
            metrics: Arc::new(Metrics::new(Detail::Extensive)),
        };
        let client_urls = vec!["http://client".to_owned()];
        let publish = Publish { member_id: 8, name: "n8".to_owned(), client_urls };
        local.apply(&Command::Publish(publish));
        local
    }

    /// What services are made of.
    pub(crate) fn frontend(&self, options: Options) -> Frontend<Self> {
        Frontend::new(self.clone(), options, Arc::clone(&self.metrics))
    }

    /// Changes how the member is.
    pub(crate) fn change(&self, change: impl FnOnce(&mut MemberStatus)) {
        change(&mut self.lock().status);
    }

    /// Has every command fail, or none.
    pub(crate) fn fail(&self, failure: Option<Failure>) {
        self.lock().failure = failure;
    }

    /// Returns when a command waits for a leader.
    pub(crate) async fn waited_for(&self) {
        while !self.lock().is_waited_for {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Tells the time, and has done what is due then.
    pub(crate) fn advance(&self, now_ms: u64) {
        let commands = self.lock().lessor.advance(now_ms, true);
        for command in &commands {
            self.apply(command);
        }
    }

    fn apply(&self, command: &Command) -> Reply {
        self.apply_stamped(&Stamped { stamp: None, command: command.clone() })
    }

    fn apply_stamped(&self, stamped: &Stamped) -> Reply {
        let command = &stamped.command;
        let mut state = self.lock();
        state.status.commit += 1;
        let reply = state.store.apply_stamped(stamped);
        self.feed.applied(&reply.changes);
        let State { store, lessor, .. } = &mut *state;
        lessor.applied(command, store);
        state.status.applied += 1;
        self.metrics.applied(command, &reply);
        reply
    }

    /// Does not return while there is no leader.
    async fn leader(&self) {
        while self.status().leader.is_none() {
            self.lock().is_waited_for = true;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics with the lock")
    }
}

impl Backend for Local {
    async fn propose(&self, command: Bytes) -> Result<Reply, Failure> {
        self.leader().await;
        let failure = self.lock().failure;
        if let Some(failure) = failure {
            return Err(failure);
        }
        Ok(self.apply_stamped(&Stamped::decode(command).expect("the services encode commands")))
    }

    async fn read_index(&self) -> Result<(), Failure> {
        self.leader().await;
        Ok(())
    }

    async fn change_members(&self, change: MemberChange) -> Result<(), ChangeFailure> {
        self.leader().await;
        let mut state = self.lock();
        match change {
            MemberChange::Add(peer) => state.peers.push(peer),
            MemberChange::Remove(id) => state.peers.retain(|peer| peer.id != id),
            MemberChange::Promote(_) => return Err(ChangeFailure::LearnerNotReady),
            MemberChange::Move { id, urls } => {
                let moved = state.peers.iter_mut().find(|peer| peer.id == id);
                moved.ok_or(ChangeFailure::MemberNotFound)?.urls = urls;
            }
        }
        Ok(())
    }

    async fn move_leader(&self, to: u64) -> Result<(), ChangeFailure> {
        self.lock().status.leader = Some(to);
        Ok(())
    }

    async fn inquire(&self, _: u64, _: u64, _: Bytes) -> Option<Bytes> {
        None
    }

    fn read<T>(&self, read: impl FnOnce(&Store) -> T) -> T {
        read(&self.lock().store)
    }

    fn read_lessor<T>(&self, read: impl FnOnce(&Lessor) -> T) -> T {
        read(&self.lock().lessor)
    }

    fn pin(&self) -> Image {
        self.lock().store.image()
    }

    fn release(&self, image: Image) {
        self.lock().store.release(image);
    }

    fn feed(&self) -> &Feed {
        &self.feed
    }

    fn status(&self) -> MemberStatus {
        self.lock().status
    }

    fn members(&self) -> Vec<Peer> {
        self.lock().peers.clone()
    }

    /// There is none: only this one runs.
    fn traffic(&self) -> Vec<(u64, Arc<Traffic>)> {
        vec![(9, Arc::default())]
    }

    fn connected(&self) -> Vec<u64> {
        self.lock().peers.iter().map(|peer| peer.id).collect()
    }
}

/// A server on loopback.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    frontend: Frontend<Local>,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(local: &Local) -> Self {
        let options = Options {
            request_timeout: Duration::from_millis(200),
            watch_progress_interval: Duration::from_millis(100),
            election_timeout: Duration::from_millis(20),
            // The least there is: tests log in often.
            bcrypt_cost: 4,
            ..Options::default()
        };
        Self::serve(local.frontend(options), Origins::new(["*".to_owned()])).await
    }

    pub(crate) async fn serve(frontend: Frontend<Local>, origins: Origins) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let (stop, stopped) = oneshot::channel();
        let router = server::router(frontend.clone(), origins);
        let shutdown = async {
            let _ = stopped.await;
        };
        let serving = tokio::spawn(server::serve(
            vec![Listener { socket: listener, tls: None, certificates_name_users: false }],
            router,
            Streams::default(),
            shutdown,
        ));
        Self { address, frontend, stop, serving }
    }

    pub(crate) async fn channel(&self) -> Channel {
        channel(&self.address.to_string()).await
    }

    /// Shuts down, which must not take long, whatever clients do.
    pub(crate) async fn stop(self) {
        let Self { frontend, stop, serving, .. } = self;
        frontend.stop();
        let _ = stop.send(());
        let stopped = timeout(Duration::from_secs(10), serving).await;
        stopped.expect("a shutdown ends").expect("serving does not panic");
    }
}

/// Connects to a server.
pub(crate) async fn channel(address: &str) -> Channel {
    let endpoint = Channel::from_shared(format!("http://{address}")).expect("it is an address");
    endpoint.connect().await.expect("the server listens")
}
