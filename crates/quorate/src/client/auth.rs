//! `quorate auth`: whether users matter. The words, and what is printed, are `etcdctl`'s.

use clap::{Args, Subcommand};
use etcdpb::etcdserverpb::auth_client::AuthClient;
use etcdpb::etcdserverpb::{
    AuthDisableRequest, AuthEnableRequest, AuthRoleAddRequest, AuthStatusRequest,
    AuthStatusResponse, AuthUserGrantRoleRequest,
};
use tonic::{Response, Status};

use super::endpoints::Endpoints;
use super::login::Channel;
use super::output::{self, Format};
use super::simple::{Simple, line};
use super::usage::Failure;

/// The user that there must be, and the role that it must have.
const ROOT: &str = "root";

/// Whether users matter.
#[derive(Args)]
pub(crate) struct Auth {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// From now on, let in only users; there must be a user root
    Enable,
    /// From now on, let in everybody
    Disable,
    /// Tell whether users matter, and how often they were changed
    Status,
}

impl Auth {
    pub(crate) async fn run(self, endpoints: &Endpoints, format: Format) -> Result<(), Failure> {
        match self.action {
            Action::Enable => {
                enable(endpoints).await?;
                output::print(b"Authentication Enabled\n")
            }
            Action::Disable => {
                let request = AuthDisableRequest {};
                let call = async |channel| AuthClient::new(channel).auth_disable(request).await;
                endpoints.write(call).await?;
                output::print(b"Authentication Disabled\n")
            }
            Action::Status => {
                let request = AuthStatusRequest {};
                let call = async |channel| AuthClient::new(channel).auth_status(request).await;
                format.print(&endpoints.read(call).await?)
            }
        }
    }
}

/// As `etcdctl`, gives the user root its role, where it has none yet.
async fn enable(endpoints: &Endpoints) -> Result<(), Failure> {
    let request = AuthEnableRequest {};
    let call = async |channel: Channel| {
        let mut client = AuthClient::new(channel);
        match client.auth_enable(request).await {
            Err(status) if lacks_role(&status) => {
                let role = AuthRoleAddRequest { name: ROOT.to_owned() };
                existing(client.role_add(role).await)?;
                let (user, role) = (ROOT.to_owned(), ROOT.to_owned());
                client.user_grant_role(AuthUserGrantRoleRequest { user, role }).await?;
                client.auth_enable(request).await
            }
            outcome => outcome,
        }
    };
    endpoints.write(call).await.map(drop)
}

fn lacks_role(status: &Status) -> bool {
    status.message() == "etcdserver: root user does not have root role"
}

/// It is no failure that the role is there already.
fn existing<R>(answer: Result<Response<R>, Status>) -> Result<(), Status> {
    match answer {
        Err(status) if status.message() == "etcdserver: role name already exists" => Ok(()),
        outcome => outcome.map(drop),
    }
}

impl Simple for AuthStatusResponse {
    fn simple(&self, out: &mut Vec<u8>) {
        line(out, format!("Authentication Status: {}", self.enabled).as_bytes());
        line(out, format!("AuthRevision: {}", self.auth_revision).as_bytes());
    }
}
