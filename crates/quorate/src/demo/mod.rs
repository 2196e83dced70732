//! `quorate demo`: a cluster to play with, of real member processes on this machine.
//!
//! The demo starts `quorate serve` once for each member, watches over the processes, and serves the
//! page. It is no part of the cluster: a member that it kills is killed, and what the page shows is
//! what the members tell.
//!
//! - [`plan`]: how the members are to be started.
//! - [`keeper`]: owns one member's process; [`member`] is what the others hold of it.
//! - [`follow`]: follows one member's trace.
//! - [`page`]: the page, and the buttons' other end.

mod follow;
mod keeper;
mod member;
mod page;
mod plan;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;

use self::keeper::Action;
use self::member::Member;
use crate::client::usage::Failure;
use crate::live::Story;

/// How long the members may take to be ready.
const START_PATIENCE: Duration = Duration::from_secs(20);

/// Run a cluster of several members on this machine, with a page that shows it
#[derive(Args)]
pub(crate) struct Demo {
    /// How many members
    #[arg(long, default_value = "3", value_parser = clap::value_parser!(u16).range(1..=9))]
    members: u16,
    /// The first member's client port; each further member's is 10 higher, peer ports are one above
    #[arg(long, default_value = "2379", value_parser = clap::value_parser!(u16).range(1..=65000))]
    base_port: u16,
    /// The port of the page
    #[arg(long, default_value = "7070", value_parser = clap::value_parser!(u16).range(1..))]
    page_port: u16,
    /// Where to keep the members' data, for the next time [default: a temporary directory]
    #[arg(long)]
    data_dir: Option<PathBuf>,
}

impl Demo {
    /// Runs until Ctrl-C.
    pub(crate) fn main(self) -> ExitCode {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let ended = runtime.map_err(Failure::from).and_then(|runtime| runtime.block_on(self.run()));
        match ended {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => failure.report(),
        }
    }

    async fn run(self) -> Result<(), Failure> {
        // From here on Ctrl-C stops the members before it stops the demo.
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let page = page::bind(self.page_port).await.map_err(Failure::Failed)?;
        let (data_dir, temporary) = self.data_dir()?;
        let plans = plan::plans(self.members, self.base_port, &data_dir);
        for plan in &plans {
            plan.check_ports().map_err(Failure::Failed)?;
        }
        let story = Arc::new(Story::new(plan::hello(&plans), plan::frame(&plans)));
        let members = plans.into_iter().map(|plan| Member::new(plan, story.clone()));
        let members = Arc::new(members.collect::<Vec<_>>());

        let ended = tokio::select! {
            shown = self.show(page, &members, story, &data_dir) => shown,
            _ = interrupt.recv() => Ok(()),
            _ = terminate.recv() => Ok(()),
        };
        for member in members.iter() {
            member.shut_down().await;
        }
        drop(temporary);
        ended
    }

    /// Starts the members, says so, and serves the page, for ever.
    async fn show(
        &self,
        page: TcpListener,
        members: &Arc<Vec<Member>>,
        story: Arc<Story>,
        data_dir: &Path,
    ) -> Result<(), Failure> {
        let begin = Instant::now();
        start_all(members).await?;
        self.greet(members, data_dir, begin.elapsed())?;
        Ok(page::serve(page, members.clone(), story).await?)
    }

    /// The directory for all members, and what removes it in the end if it is temporary.
    fn data_dir(&self) -> Result<(PathBuf, Option<tempfile::TempDir>), Failure> {
        if let Some(path) = &self.data_dir {
            std::fs::create_dir_all(path).map_err(|error| {
                Failure::Failed(format!("cannot use --data-dir {}: {error}", path.display()))
            })?;
            return Ok((path.clone(), None));
        }
        let temporary = tempfile::Builder::new().prefix("quorate-demo-").tempdir();
        let temporary = temporary?;
        Ok((temporary.path().to_owned(), Some(temporary)))
    }

    /// Says what there is, and what to try.
    fn greet(&self, members: &[Member], data_dir: &Path, took: Duration) -> io::Result<()> {
        let urls = members.iter().map(|member| member.plan.client_url.as_str());
        let endpoints = urls.collect::<Vec<_>>().join(",");
        let count = members.len();
        let kept = match &self.data_dir {
            Some(path) => format!("their data is in {}", path.display()),
            None => "their data is removed at the end".to_owned(),
        };
        let mut out = io::stdout().lock();
        let members_are = if count == 1 { "1 member" } else { &format!("{count} members") };
        writeln!(out, "{members_are}, each a process of its own; {kept}:")?;
        for member in members {
            writeln!(out, "  {}  {}", member.plan.name, member.plan.client_url)?;
        }
        let (port, took) = (self.page_port, took.as_secs_f64());
        writeln!(out, "The page: http://127.0.0.1:{port} (ready in {took:.1} s)")?;
        writeln!(out, "Logs: {}", data_dir.join("*.log").display())?;
        writeln!(out, "\nTry, in another terminal:\n")?;
        writeln!(out, "  export ETCDCTL_API=3 ETCDCTL_ENDPOINTS={endpoints}")?;
        writeln!(out, "  etcdctl put greeting hello")?;
        writeln!(out, "  etcdctl endpoint status -w table")?;
        let program = std::env::current_exe()?;
        let program = program.display();
        writeln!(out, "  {program} get greeting")?;
        writeln!(out, "  {program} status")?;
        writeln!(out, "\nStop the leader on the page, and read again. Ctrl-C stops everything.")?;
        out.flush()
    }
}

/// Starts all members, and waits until each is ready.
async fn start_all(members: &[Member]) -> Result<(), Failure> {
    for member in members {
        member.act(Action::Start).await.map_err(Failure::Failed)?;
    }
    let all_ready = async {
        for member in members {
            member.ready().await?;
        }
        Ok(())
    };
    timeout(START_PATIENCE, all_ready)
        .await
        .unwrap_or_else(|_| Err(format!("no leader within {START_PATIENCE:?}; see the logs")))
        .map_err(Failure::Failed)
}
