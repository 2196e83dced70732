//! Clusters to try out, and a peer that says whatever a test wants.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use host::{Cluster, Config, Host, Machine, Origin, Restorer, Security, StartError};
use raft::{Envelope, Index, NodeId, codec};
use replica::StateMachine;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use trace::Change;

/// Longer than anything takes on the busiest machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// Remembers every command, in order. Clones share what they remember.
#[derive(Clone, Debug, Default)]
pub(crate) struct Journal(pub(crate) Arc<Mutex<Vec<Bytes>>>);

impl Journal {
    pub(crate) fn commands(&self) -> Vec<Bytes> {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn holds(&self, command: &str) -> bool {
        self.commands().contains(&Bytes::from(command.to_owned()))
    }
}

impl StateMachine for Journal {
    /// The command.
    type Reply = Bytes;
    type Image = Vec<Bytes>;
    type State = Vec<Bytes>;

    fn apply(&mut self, _: Index, command: Bytes) -> Bytes {
        self.0.lock().unwrap().push(command.clone());
        command
    }

    fn image(&self) -> Vec<Bytes> {
        self.0.lock().unwrap().clone()
    }

    fn replace(&mut self, state: Vec<Bytes>) {
        *self.0.lock().unwrap() = state;
    }
}

impl Machine for Journal {
    fn text(command: &Bytes) -> String {
        String::from_utf8_lossy(command).into_owned()
    }

    fn changes(reply: &Bytes) -> Vec<Change> {
        vec![("last".into(), Some(reply.clone()))]
    }

    fn latest(state: &Vec<Bytes>, _: usize) -> Vec<Change> {
        state.last().map(|command| ("last".into(), Some(command.clone()))).into_iter().collect()
    }

    fn name_of(&self, _: NodeId) -> Option<String> {
        None
    }

    fn for_each_piece<E>(
        image: Vec<Bytes>,
        mut write: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        image.iter().try_for_each(|command| write(&[command, &b"\n"[..]].concat()))
    }

    type Restorer = Lines;
}

/// Takes a journal back, a command to a line.
#[derive(Default)]
pub(crate) struct Lines(Vec<u8>);

impl Restorer for Lines {
    type State = Vec<Bytes>;

    fn feed(&mut self, piece: &[u8]) -> Result<(), String> {
        self.0.extend_from_slice(piece);
        Ok(())
    }

    fn finish(self) -> Result<Vec<Bytes>, String> {
        let lines = self.0.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        Ok(lines.map(Bytes::copy_from_slice).collect())
    }
}

/// A few hundred commands to a snapshot.
pub(crate) const SNAPSHOT_BYTES: u64 = 20_000;

/// A cluster of members that may run, and their directories.
pub(crate) struct Town {
    pub(crate) cluster: Cluster,
    pub(crate) heartbeat_interval: Duration,
    ports: BTreeMap<String, u16>,
    dirs: TempDir,
}

/// A member that runs.
pub(crate) struct Runner {
    pub(crate) host: Host<Bytes>,
    pub(crate) journal: Journal,
}

impl Town {
    /// A cluster of members of these names.
    pub(crate) async fn new(names: &[&str]) -> Self {
        let mut listeners = Vec::new();
        for _ in names {
            listeners.push(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap());
        }
        let ports = listeners.iter().map(|listener| listener.local_addr().unwrap().port());
        let ports = names.iter().map(|name| (*name).to_owned()).zip(ports).collect();
        let heartbeat_interval = Duration::from_millis(50);
        let dirs = TempDir::new().unwrap();
        Self { cluster: cluster(&ports, "token"), heartbeat_interval, ports, dirs }
    }

    pub(crate) async fn start(&self, name: &str) -> Runner {
        self.start_in(&self.cluster, name).await
    }

    /// Starts the member, in the belief that its cluster has another token.
    pub(crate) async fn start_with_token(&self, name: &str, token: &str) -> Runner {
        self.start_in(&cluster(&self.ports, token), name).await
    }

    async fn start_in(&self, cluster: &Cluster, name: &str) -> Runner {
        let journal = Journal::default();
        loop {
            match self.try_start(cluster, name, &journal).await {
                Ok(host) => return Runner { host, journal },
                // An earlier run of the member may still be about to let them go.
                Err(StartError::Listen { .. } | StartError::Locked(_)) => {
                    sleep(Duration::from_millis(10)).await;
                }
                Err(error) => panic!("{error}"),
            }
        }
    }

    pub(crate) async fn try_start(
        &self,
        cluster: &Cluster,
        name: &str,
        journal: &Journal,
    ) -> Result<Host<Bytes>, StartError> {
        Host::start(self.config(cluster, name), journal.clone(), |_| {}, |_| {}).await
    }

    pub(crate) fn config(&self, cluster: &Cluster, name: &str) -> Config {
        Config {
            cluster: cluster.clone(),
            own: cluster.named(name).unwrap().id,
            origin: Origin::Founded,
            data_dir: self.dirs.path().join(name),
            listen_peers: vec![self.address(name)],
            heartbeat_interval: self.heartbeat_interval,
            election_timeout: 8 * self.heartbeat_interval,
            snapshot_bytes: SNAPSHOT_BYTES,
            force_new_cluster: false,
            scrub_bytes_per_second: 0,
            security: Security::default(),
        }
    }

    pub(crate) fn id(&self, name: &str) -> NodeId {
        self.cluster.named(name).unwrap().id
    }

    pub(crate) fn address(&self, name: &str) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.ports[name]).into()
    }

    /// What a dialer says first.
    pub(crate) fn hello(&self, from: &str, to: &str) -> Vec<u8> {
        hello(*b"QUORATE", 1, self.cluster.id.0, self.id(from), self.id(to))
    }

    /// Dials `to` as `from`, and shakes hands.
    pub(crate) async fn dial(&self, from: &str, to: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address(to)).await.unwrap();
        stream.write_all(&self.hello(from, to)).await.unwrap();
        let mut answer = [0; 17];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(answer.as_slice(), self.answer(to));
        stream
    }

    /// What a listener answers.
    pub(crate) fn answer(&self, own: &str) -> Vec<u8> {
        let mut answer = vec![1];
        answer.put_u64_le(self.cluster.id.0);
        answer.put_u64_le(self.id(own).0);
        answer
    }

    /// Listens in place of the member of that name, and takes the connection of one that dials.
    pub(crate) async fn take_call(&self, listener: &TcpListener, own: &str) -> TcpStream {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut hello = [0; 32];
        stream.read_exact(&mut hello).await.unwrap();
        stream.write_all(&self.answer(own)).await.unwrap();
        stream
    }
}

impl Runner {
    /// Proposes until it is answered: elections may take their time.
    pub(crate) async fn propose(&self, command: &str) {
        let command = Bytes::from(command.to_owned());
        let answered = async {
            loop {
                match self.host.handle.propose(command.clone()).await {
                    Ok(reply) => return assert_eq!(reply, command),
                    Err(host::Failure::Replica(_)) => {}
                    Err(host::Failure::Stopped) => panic!("the member stopped"),
                }
            }
        };
        timeout(PATIENCE, answered).await.expect("no answer to a proposal");
    }

    pub(crate) async fn read_index(&self) {
        let answered = async { while self.host.handle.read_index().await.is_err() {} };
        timeout(PATIENCE, answered).await.expect("no answer to a read");
    }

    pub(crate) fn leader(&self) -> Option<NodeId> {
        self.host.handle.standing().leader
    }

    /// Lets the member go, and waits until its threads have ended.
    pub(crate) async fn stop(self) {
        let Host { handle, fatal } = self.host;
        drop(handle);
        let end = timeout(PATIENCE, fatal).await.expect("the member's threads go on");
        assert!(end.is_err(), "{end:?}");
    }
}

fn cluster(ports: &BTreeMap<String, u16>, token: &str) -> Cluster {
    let parts = ports.iter().map(|(name, port)| format!("{name}=http://127.0.0.1:{port}"));
    Cluster::parse(&parts.collect::<Vec<_>>().join(","), token).unwrap()
}

pub(crate) fn hello(
    magic: [u8; 7],
    version: u8,
    cluster: u64,
    from: NodeId,
    to: NodeId,
) -> Vec<u8> {
    let mut hello = magic.to_vec();
    hello.put_u8(version);
    hello.put_u64_le(cluster);
    hello.put_u64_le(from.0);
    hello.put_u64_le(to.0);
    hello
}

/// A frame of one message.
pub(crate) fn frame(envelope: &Envelope) -> BytesMut {
    let mut body = BytesMut::new();
    body.put_u64_le(1);
    codec::encode_envelope(envelope, &mut body);
    let mut frame = BytesMut::new();
    frame.put_u32_le(u32::try_from(body.len()).unwrap());
    frame.put_u32_le(crc32c::crc32c(&body));
    frame.put(body);
    frame
}

/// Waits until the other side has closed the connection, whatever it says before.
pub(crate) async fn closes(stream: &mut TcpStream) {
    let mut buffer = [0; 4096];
    let closed = async { while stream.read(&mut buffer).await.is_ok_and(|bytes| bytes > 0) {} };
    timeout(PATIENCE, closed).await.expect("the connection stays open");
}

/// Waits until it is so.
pub(crate) async fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let so = async {
        while !is_so() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, so).await.unwrap_or_else(|_| panic!("never: {what}"));
}

/// Waits for it, and not for ever.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("never: {what}"))
}
