//! The servers, and which of them to ask.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use etcdpb::etcdserverpb::MemberListRequest;
use etcdpb::etcdserverpb::cluster_client::ClusterClient;
use etcdpb::etcdserverpb::kv_client::KvClient;
use tokio::time::{sleep, timeout};
use tonic::transport;
use tonic::{Code, Response, Status};

use super::login::{Channel, Login};
use super::security::Security;
use super::server::Server;
use super::usage::Failure;

/// How long to wait after no server could answer, before asking them again.
pub(crate) const PAUSE: Duration = Duration::from_millis(50);

/// The servers of one cluster. Any of them can answer.
pub(crate) struct Endpoints {
    names: Vec<String>,
    security: Security,
    login: Arc<Login>,
    dial_timeout: Duration,
    command_timeout: Duration,
}

/// What a failed attempt says about the next one.
enum Attempt {
    /// There was no connection, so the server has not seen the request.
    Unreachable(String),
    /// The server answered with an error, or the connection broke while it could have acted.
    Refused(Status),
}

impl Endpoints {
    /// Takes addresses with or without `http://` or `https://`.
    pub(crate) fn new(
        names: Vec<String>,
        security: Security,
        login: Login,
        dial_timeout: Duration,
        command_timeout: Duration,
    ) -> Result<Self, Failure> {
        security.check()?;
        names.iter().try_for_each(|name| Server::named(name, &security).map(drop))?;
        let login = Arc::new(login);
        Ok(Self { names, security, login, dial_timeout, command_timeout })
    }

    /// The servers of another cluster, for which one waits as long as for these.
    pub(crate) fn elsewhere(
        &self,
        name: String,
        security: Security,
        login: Login,
    ) -> Result<Self, Failure> {
        Self::new(vec![name], security, login, self.dial_timeout, self.command_timeout)
    }

    /// The addresses, as they were given.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// These, or all of the cluster.
    pub(crate) async fn chosen(&self, whole_cluster: bool) -> Result<Self, Failure> {
        if !whole_cluster {
            return Ok(self.with_names(self.names.clone()));
        }
        let request = MemberListRequest { linearizable: true };
        let list = self
            .read(async |channel| ClusterClient::new(channel).member_list(request).await)
            .await?;
        let names = list.members.into_iter().flat_map(|member| member.client_urls);
        Ok(self.with_names(names.collect()))
    }

    fn with_names(&self, names: Vec<String>) -> Self {
        let Self { dial_timeout, command_timeout, .. } = *self;
        let (security, login) = (self.security.clone(), self.login.clone());
        Self { names, security, login, dial_timeout, command_timeout }
    }

    /// The server with that name.
    pub(crate) fn server(&self, name: &str) -> Result<Server, Failure> {
        Server::named(name, &self.security)
    }

    /// The token that servers want to see, if they do and there is somebody to log in.
    pub(crate) async fn token(&self) -> Result<Option<String>, Failure> {
        if !self.login.is_wanted() {
            return Ok(None);
        }
        // Whatever is asked, one has to log in before.
        self.read(async |_| Ok(Response::new(()))).await?;
        Ok(self.login.known())
    }

    /// Asks one server after the other until one answers. While all that answer are unavailable
    /// (they have no leader, say) it asks again, until the command's time is over.
    pub(crate) async fn read<R>(
        &self,
        call: impl AsyncFn(Channel) -> Result<Response<R>, Status>,
    ) -> Result<R, Failure> {
        let rounds = self.rounds(&call);
        timeout(self.command_timeout, rounds).await.unwrap_or_else(|_| Err(out_of_time()))
    }

    /// As [`read`](Self::read), but however long it takes: the answer comes when others have done
    /// what the client waits for.
    pub(crate) async fn wait<R>(
        &self,
        call: impl AsyncFn(Channel) -> Result<Response<R>, Status>,
    ) -> Result<R, Failure> {
        self.rounds(&call).await
    }

    /// Asks the first server that can be reached, once. A write whose answer got lost may have
    /// been carried out, and must not be carried out twice.
    pub(crate) async fn write<R>(
        &self,
        call: impl AsyncFn(Channel) -> Result<Response<R>, Status>,
    ) -> Result<R, Failure> {
        let round = self.round(&call, false);
        let outcome = timeout(self.command_timeout, round).await.map_err(|_| out_of_time())?;
        outcome.map_err(Failure::from)
    }

    /// Asks the server with that name, once.
    pub(crate) async fn ask<R>(
        &self,
        name: &str,
        call: impl AsyncFn(Channel) -> Result<Response<R>, Status>,
    ) -> Result<R, Failure> {
        let attempt = self.attempt(name, &call);
        let outcome = timeout(self.command_timeout, attempt).await.map_err(|_| out_of_time())?;
        outcome.map_err(Failure::from)
    }

    async fn rounds<R>(
        &self,
        call: &impl AsyncFn(Channel) -> Result<Response<R>, Status>,
    ) -> Result<R, Failure> {
        loop {
            match self.round(call, true).await {
                Err(Attempt::Refused(status)) if status.code() == Code::Unavailable => {
                    sleep(PAUSE).await;
                }
                outcome => return outcome.map_err(Failure::from),
            }
        }
    }

    /// Tries each server until one can be reached, and if `repeatable`, until one is available.
    async fn round<R>(
        &self,
        call: &impl AsyncFn(Channel) -> Result<Response<R>, Status>,
        repeatable: bool,
    ) -> Result<R, Attempt> {
        let mut unreachable = Vec::new();
        let mut unavailable = None;
        for name in &self.names {
            match self.attempt(name, call).await {
                Ok(answer) => return Ok(answer),
                Err(Attempt::Unreachable(reason)) => unreachable.push(reason),
                Err(Attempt::Refused(status))
                    if repeatable && status.code() == Code::Unavailable =>
                {
                    unavailable = Some(status);
                }
                Err(refused) => return Err(refused),
            }
        }
        let unreachable = Attempt::Unreachable(unreachable.join("; "));
        Err(unavailable.map_or(unreachable, Attempt::Refused))
    }

    async fn attempt<R>(
        &self,
        name: &str,
        call: &impl AsyncFn(Channel) -> Result<Response<R>, Status>,
    ) -> Result<R, Attempt> {
        let unreachable = |reason: &str| Attempt::Unreachable(format!("{name}: {reason}"));
        let server = self.server(name).map_err(|_| unreachable("not an address"))?;
        let channel = timeout(self.dial_timeout, server.channel()).await;
        let channel = channel.map_err(|_| unreachable("no connection in time"))?;
        let channel = channel.map_err(|error| unreachable(&root_cause(error.as_ref())))?;
        let answer = self.call_as_user(channel, call).await.map(Response::into_inner);
        answer.map_err(|status| Attempt::Refused(with_cause(name, &status)))
    }

    /// Calls, and says who asks. Logs in first if need be, and again if that is over.
    async fn call_as_user<R>(
        &self,
        channel: transport::Channel,
        call: &impl AsyncFn(Channel) -> Result<Response<R>, Status>,
    ) -> Result<Response<R>, Status> {
        let token = self.login.token(&channel).await?;
        match call(Channel::new(channel.clone(), token)).await {
            Err(status) if self.login.is_over(&status) => {
                let token = self.login.token(&channel).await?;
                call(Channel::new(channel, token)).await
            }
            outcome => outcome,
        }
    }
}

impl From<Attempt> for Failure {
    fn from(attempt: Attempt) -> Self {
        Self::Failed(match attempt {
            Attempt::Unreachable(reasons) => format!("no server could be reached: {reasons}"),
            Attempt::Refused(status) => status.message().to_owned(),
        })
    }
}

/// A client that takes answers of any size: the server does not bound them either.
pub(crate) fn kv_client(channel: Channel) -> KvClient<Channel> {
    KvClient::new(channel).max_decoding_message_size(usize::MAX)
}

/// The words that `etcdctl` has for it.
fn out_of_time() -> Failure {
    Failure::Failed("context deadline exceeded".to_owned())
}

/// A connection that broke is called a "transport error". What broke it says more.
fn with_cause(name: &str, status: &Status) -> Status {
    match status.source() {
        None => status.clone(),
        Some(source) => Status::new(status.code(), format!("{name}: {}", root_cause(source))),
    }
}

/// The innermost error is the one that says something: "Connection refused".
fn root_cause(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
