//! `quorate serve`: one member, until it is told to stop.

pub(crate) mod config_file;
mod flags;
pub(crate) mod others;
mod reading;
mod security;

use std::io;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::pin::pin;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use host::{Fatal, Host};
use server::{Differs, Doubt, Frontend, Member, Metrics, Player, SharedStore};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tokio::time::sleep;

pub(crate) use self::flags::Serve;
use self::flags::Settings;
use crate::client::usage::Failure;
use crate::live::Audience;

/// The pause between two attempts to announce the member.
const ANNOUNCE_PAUSE: Duration = Duration::from_millis(100);

impl Serve {
    /// Runs until a signal says otherwise, or the disk does.
    pub(crate) fn main(self) -> ExitCode {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let result =
            runtime.map_err(Failure::from).and_then(|runtime| runtime.block_on(self.run()));
        match result {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => failure.report(),
        }
    }

    async fn run(self) -> Result<(), Failure> {
        let filter = self.log_filter().map_err(Failure::Usage)?;
        let stop_with_stdin = self.stop_with_stdin;
        let settings = self.settings().map_err(Failure::Usage)?;
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).init();
        settings.warn_of_open_doors();
        let stop = stop_signals(stop_with_stdin)?;
        run(settings, stop).await.map_err(Failure::Failed)
    }
}

/// Runs the member until `stop` ends. Fails with a reason for people.
async fn run(mut settings: Settings, stop: impl Future<Output = ()>) -> Result<(), String> {
    let mut stop = pin!(stop);
    // First what can be refused without having touched anything.
    let listeners = listen_all(&settings.listen_clients, &settings).await?;
    let for_operators = listen_all(&settings.listen_metrics, &settings).await?;
    settings.take_place().await.map_err(|error| error.to_string())?;
    let Settings { host, name, advertise_client_urls, options, jwt, .. } = settings;
    let Settings { compaction, compare_every, compare_at_start, .. } = settings;
    let Settings { origins, hosts, streams, detail, .. } = settings;
    let connector = settings.client_tls.connector;
    let metrics = Arc::new(Metrics::new(detail));
    let store = SharedStore::new(metrics.clone());
    let (cluster, data_dir) = (host.cluster.clone(), host.data_dir.clone());
    let (own, timing) = (host.own, server::trace::timing(&host));
    let on_sync = {
        let metrics = metrics.clone();
        move |took| metrics.wal_synced(took)
    };
    let host = Host::start(host, store.clone(), on_sync, reading::show()).await;
    let Host { handle, mut fatal } = host.map_err(|error| error.to_string())?;
    let member = Member::new(handle, store, cluster, own, timing).with_jwt(jwt.clone());
    tokio::spawn(announce(member.clone(), name, advertise_client_urls));

    let [(end, ended), (operators_end, operators_ended)] =
        [(); 2].map(|()| oneshot::channel::<()>());
    let frontend = Frontend::new(member.clone(), options, metrics).with_jwt(jwt);
    if compare_at_start {
        let checked = tokio::select! {
            checked = server::check_at_start(&frontend) => checked,
            () = &mut stop => return Ok(()),
        };
        checked.map_err(|doubt| match doubt {
            Doubt::Differs => start_anew(&data_dir),
            Doubt::Split => SPLIT.to_owned(),
        })?;
    }
    let upkeep = tokio::spawn(server::upkeep(frontend.clone(), compaction, compare_every));
    let operators = server::operators(frontend.clone());
    let operators_ended = end_of(Some(operators_ended));
    tokio::spawn(server::serve(for_operators, operators, streams, operators_ended));
    let player = Player::own().map_err(|error| format!("cannot find this program: {error}"))?;
    let router = server::router(frontend.clone(), origins).merge(member.routes());
    let router = router.merge(Audience::new(member.clone(), connector).routes());
    let router = hosts.guard(router.merge(server::page::plays(player)));
    let serving = tokio::spawn(server::serve(listeners, router, streams, end_of(Some(ended))));
    let outcome = tokio::select! {
        () = &mut stop => Ok(()),
        fatal = &mut fatal => Err(fatal.unwrap_or(Fatal::Bug).to_string()),
        differs = upkeep => Err(match differs {
            Ok(Differs) => start_anew(&data_dir),
            Err(panic) => panic.to_string(),
        }),
    };
    if outcome.is_ok() {
        tracing::info!("stopping");
        frontend.stop();
        drop((end, operators_end));
        // What is being answered is answered.
        let _ = serving.await;
    }
    outcome
}

const SPLIT: &str = "the members' stores differ, and no majority has the same, so nobody knows \
                     which are right: compare them with `quorate endpoint hashkv`; then start this \
                     member without --experimental-initial-corrupt-check, and replace those that \
                     are wrong";

/// Begins this process again, for the member to give up its store, which is not that of the others,
/// and to be sent theirs. Returns only if that does not work, with the reason.
fn start_anew(data_dir: &Path) -> String {
    tracing::error!(
        "the store of this member is not that of the others: it starts again, and is sent theirs"
    );
    if let Err(error) = host::give_up_state(data_dir) {
        return format!("cannot give up the store in {}: {error}", data_dir.display());
    }
    let begun = std::env::current_exe()
        .map(|program| Command::new(program).args(std::env::args_os().skip(1)).exec());
    let error = begun.unwrap_or_else(|error| error);
    format!("the store of this member is not that of the others ({error}): start it again")
}

/// Sockets at these addresses, with TLS where it is asked for.
async fn listen_all(
    addresses: &[(SocketAddr, bool)],
    settings: &Settings,
) -> Result<Vec<server::Listener>, String> {
    let mut listeners = Vec::new();
    for (address, is_encrypted) in addresses {
        let tls = settings.client_tls.acceptor.clone().filter(|_| *is_encrypted);
        let certificates_name_users = settings.client_tls.name_users;
        let socket = listen(*address).await?;
        listeners.push(server::Listener { socket, tls, certificates_name_users });
    }
    Ok(listeners)
}

async fn listen(address: SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "cannot listen for clients on {address}: another process does; stop it, or choose \
             another --listen-client-urls"
        ),
        _ => format!("cannot listen for clients on {address}: {error}"),
    })
}

/// Tells the others, through the log, how this member is called and where clients reach it. When
/// that is done, the member has a leader and has caught up with it.
async fn announce(member: Member, name: String, client_urls: Vec<String>) {
    while let Err(error) = member.publish(&name, &client_urls).await {
        if error == server::Failure::Stopped {
            // It will never be ready, and whoever stopped it says why.
            return;
        }
        tracing::warn!(%error, "not ready yet");
        sleep(ANNOUNCE_PAUSE).await;
    }
    tracing::info!(name, ?client_urls, "ready to serve client requests");
}

/// Ends when the process is told to stop.
fn stop_signals(with_stdin: bool) -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let stdin = with_stdin.then(stdin_end).transpose()?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            () = end_of(stdin) => {}
        }
    })
}

/// Ends with what is waited for; never, if there is nothing.
async fn end_of(awaited: Option<oneshot::Receiver<()>>) {
    match awaited {
        // It ends with a word, or with whoever would say it.
        Some(word) => drop(word.await),
        None => std::future::pending().await,
    }
}

/// Ends when standard input does, also of a process that is stopped when whoever holds the other
/// end dies.
fn stdin_end() -> io::Result<oneshot::Receiver<()>> {
    go_on_without_parent()?;
    let (end, ended) = oneshot::channel();
    thread::Builder::new().name("stdin".into()).spawn(move || {
        // Nothing is expected to come, and an error is an end too.
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        let _ = end.send(());
    })?;
    Ok(ended)
}

/// Has the kernel continue this process when its parent dies: a stopped one notices nothing, and
/// would be left for good. To one that runs, that signal does nothing.
///
/// A kernel does so by itself only for a process group that the death leaves without a parent in
/// its session, which is not the case where the first process of a container is of the same
/// session.
#[cfg(target_os = "linux")]
fn go_on_without_parent() -> io::Result<()> {
    use rustix::process::{Signal, set_parent_process_death_signal};

    Ok(set_parent_process_death_signal(Some(Signal::CONT))?)
}

#[cfg(not(target_os = "linux"))]
fn go_on_without_parent() -> io::Result<()> {
    Ok(())
}
