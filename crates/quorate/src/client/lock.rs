//! `quorate lock`.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::process::ExitStatus;

use clap::Args;
use etcdpb::v3lockpb::lock_client::LockClient;
use etcdpb::v3lockpb::{LockRequest, LockResponse};
use tokio::process::Command;

use super::endpoints::Endpoints;
use super::keys::bytes;
use super::output::Format;
use super::session::{Interrupt, Session};
use super::usage::Failure;

/// The arguments of `lock`.
#[derive(Args)]
pub(crate) struct Lock {
    /// The lock
    name: OsString,
    /// What to run while the lock is held; without it, the lock is held until interrupted
    #[arg(trailing_var_arg = true)]
    command: Vec<OsString>,
    /// For how many seconds the lock outlives a client that dies, at least
    #[arg(long, default_value = "10")]
    ttl: i64,
}

impl Lock {
    pub(crate) async fn run(self, endpoints: &Endpoints, format: Format) -> Result<(), Failure> {
        let mut interrupt = Interrupt::new()?;
        let session = Session::begin(endpoints, self.ttl).await?;
        let outcome = self.hold(endpoints, &session, &mut interrupt, format).await;
        // The outcome says more than that the lease has ended already.
        let ended = session.end().await;
        outcome.and(ended)
    }

    async fn hold(
        self,
        endpoints: &Endpoints,
        session: &Session<'_>,
        interrupt: &mut Interrupt,
        format: Format,
    ) -> Result<(), Failure> {
        let request = LockRequest { name: bytes(self.name), lease: session.lease };
        let call = async |channel| LockClient::new(channel).lock(request.clone()).await;
        let lock = tokio::select! {
            lock = endpoints.wait(call) => lock?,
            failure = session.lost() => return Err(failure),
            () = interrupt.came() => return Ok(()),
        };
        let Some((program, arguments)) = self.command.split_first() else {
            session.show(lock.key, format).await?;
            return tokio::select! {
                failure = session.lost() => Err(failure),
                () = interrupt.came() => Ok(()),
            };
        };
        let mut command = Command::new(program);
        command.args(arguments).envs(environment(&lock));
        let failed = |error| Failure::Failed(format!("{}: {error}", program.display()));
        let mut child = command.spawn().map_err(failed)?;
        // An interrupt from the terminal is the command's too, and the command decides.
        let status = tokio::select! {
            status = child.wait() => status,
            failure = session.lost() => {
                drop(failure);
                eprintln!("the lock is lost, while the command still runs");
                child.wait().await
            }
        };
        outcome(status.map_err(failed)?)
    }
}

/// What the command finds in its environment.
fn environment(lock: &LockResponse) -> [(&'static str, OsString); 2] {
    let revision = lock.header.as_ref().map_or(0, |header| header.revision);
    let key = OsStr::from_bytes(&lock.key).to_owned();
    [("ETCD_LOCK_KEY", key), ("ETCD_LOCK_REV", revision.to_string().into())]
}

/// The command's exit code is the program's.
fn outcome(status: ExitStatus) -> Result<(), Failure> {
    match status.code() {
        Some(0) => Ok(()),
        Some(code) => Err(Failure::Command(u8::try_from(code).unwrap_or(1))),
        None => Err(Failure::Failed(status.to_string())),
    }
}
