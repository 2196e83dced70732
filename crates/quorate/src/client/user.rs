//! `quorate user`: who there is. The words, and what is printed, are `etcdctl`'s.

use clap::{ArgAction, Args, Subcommand};
use etcdpb::authpb::UserAddOptions;
use etcdpb::etcdserverpb::auth_client::AuthClient;
use etcdpb::etcdserverpb::{
    AuthUserAddRequest, AuthUserChangePasswordRequest, AuthUserDeleteRequest, AuthUserGetRequest,
    AuthUserGetResponse, AuthUserGrantRoleRequest, AuthUserListRequest, AuthUserListResponse,
    AuthUserRevokeRoleRequest,
};

use super::endpoints::Endpoints;
use super::output::{self, Done, Format};
use super::password;
use super::role;
use super::simple::{Simple, line};
use super::usage::Failure;

/// What to do with users.
#[derive(Args)]
pub(crate) struct User {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Add a user
    Add(Add),
    /// Delete a user
    Delete(Name),
    /// Tell the roles of a user
    Get(Get),
    /// List all users
    List,
    /// Give a user another password
    Passwd(Passwd),
    /// Give a user a role
    GrantRole(Grant),
    /// Take a role from a user
    RevokeRole(Grant),
}

#[derive(Args)]
struct Name {
    /// The user
    #[arg(value_name = "USER")]
    name: String,
}

#[derive(Args)]
struct Add {
    /// What the user is called, or that and its password as NAME:PASSWORD
    #[arg(value_name = "USER")]
    name: String,
    /// Its password
    #[arg(long)]
    new_user_password: Option<String>,
    /// It has none, and cannot log in with one
    #[arg(long, conflicts_with = "new_user_password")]
    no_password: bool,
    #[command(flatten)]
    typed: Typed,
}

#[derive(Args)]
struct Typed {
    /// Ask for the password, and do not show it; otherwise it is a line of the standard input
    #[arg(
        long,
        action = ArgAction::Set,
        num_args = 0..=1,
        require_equals = true,
        default_value_t = true,
        default_missing_value = "true"
    )]
    interactive: bool,
}

#[derive(Args)]
struct Get {
    #[command(flatten)]
    user: Name,
    /// Tell what its roles permit, too
    #[arg(long)]
    detail: bool,
}

#[derive(Args)]
struct Passwd {
    #[command(flatten)]
    user: Name,
    #[command(flatten)]
    typed: Typed,
}

#[derive(Args)]
struct Grant {
    #[command(flatten)]
    user: Name,
    /// The role
    role: String,
}

impl User {
    pub(crate) async fn run(self, endpoints: &Endpoints, format: Format) -> Result<(), Failure> {
        match self.action {
            Action::Add(add) => format.print_any(&add.run(endpoints).await?),
            Action::Delete(Name { name }) => format.print_any(&delete(endpoints, name).await?),
            Action::Get(get) => get.run(endpoints, format).await,
            Action::List => {
                let request = AuthUserListRequest {};
                let call = async |channel| AuthClient::new(channel).user_list(request).await;
                format.print(&endpoints.read(call).await?)
            }
            Action::Passwd(passwd) => format.print_any(&passwd.run(endpoints).await?),
            Action::GrantRole(grant) => format.print_any(&grant.grant(endpoints).await?),
            Action::RevokeRole(grant) => format.print_any(&grant.revoke(endpoints).await?),
        }
    }
}

impl Add {
    async fn run(self, endpoints: &Endpoints) -> Result<Done, Failure> {
        let Self { name, new_user_password, no_password, typed } = self;
        let (name, password) = match (new_user_password, name.split_once(':')) {
            _ if no_password => (name, String::new()),
            (Some(password), _) => (name, password),
            (None, Some(("", _))) => {
                return Err(Failure::Usage("empty user name is not allowed".to_owned()));
            }
            (None, Some((name, password))) => (name.to_owned(), password.to_owned()),
            (None, None) => {
                let password = typed.password(&name)?;
                (name, password)
            }
        };
        let told = format!("User {name} created");
        let options = Some(UserAddOptions { no_password });
        let request = AuthUserAddRequest { name, password, options, ..Default::default() };
        let call = async |channel| AuthClient::new(channel).user_add(request.clone()).await;
        Ok(Done::new(told, endpoints.write(call).await?.header))
    }
}

impl Typed {
    fn password(&self, user: &str) -> Result<String, Failure> {
        if self.interactive { password::ask_new(user) } else { password::read_line() }
    }
}

async fn delete(endpoints: &Endpoints, name: String) -> Result<Done, Failure> {
    let told = format!("User {name} deleted");
    let request = AuthUserDeleteRequest { name };
    let call = async |channel| AuthClient::new(channel).user_delete(request.clone()).await;
    Ok(Done::new(told, endpoints.write(call).await?.header))
}

impl Get {
    async fn run(self, endpoints: &Endpoints, format: Format) -> Result<(), Failure> {
        let Self { user: Name { name }, detail } = self;
        let request = AuthUserGetRequest { name: name.clone() };
        let call = async |channel| AuthClient::new(channel).user_get(request.clone()).await;
        let answer = endpoints.read(call).await?;
        if !detail {
            return format.print(&UserRoles { name, answer });
        }
        output::print(format!("User: {name}\n").as_bytes())?;
        for role in answer.roles {
            output::print(b"\n")?;
            format.print_any(&role::get(endpoints, role).await?)?;
        }
        Ok(())
    }
}

impl Passwd {
    async fn run(self, endpoints: &Endpoints) -> Result<Done, Failure> {
        let name = self.user.name;
        let password = self.typed.password(&name)?;
        let request = AuthUserChangePasswordRequest { name, password, ..Default::default() };
        let call =
            async |channel| AuthClient::new(channel).user_change_password(request.clone()).await;
        Ok(Done::new("Password updated".to_owned(), endpoints.write(call).await?.header))
    }
}

impl Grant {
    async fn grant(self, endpoints: &Endpoints) -> Result<Done, Failure> {
        let Self { user: Name { name: user }, role } = self;
        let told = format!("Role {role} is granted to user {user}");
        let request = AuthUserGrantRoleRequest { user, role };
        let call = async |channel| AuthClient::new(channel).user_grant_role(request.clone()).await;
        Ok(Done::new(told, endpoints.write(call).await?.header))
    }

    async fn revoke(self, endpoints: &Endpoints) -> Result<Done, Failure> {
        let Self { user: Name { name }, role } = self;
        let told = format!("Role {role} is revoked from user {name}");
        let request = AuthUserRevokeRoleRequest { name, role };
        let call = async |channel| AuthClient::new(channel).user_revoke_role(request.clone()).await;
        Ok(Done::new(told, endpoints.write(call).await?.header))
    }
}

/// A user's roles, with its name, which the answer does not say.
pub(crate) struct UserRoles {
    name: String,
    pub(crate) answer: AuthUserGetResponse,
}

impl Simple for UserRoles {
    fn simple(&self, out: &mut Vec<u8>) {
        line(out, format!("User: {}", self.name).as_bytes());
        let roles = self.answer.roles.iter().map(|role| format!(" {role}"));
        line(out, format!("Roles:{}", roles.collect::<String>()).as_bytes());
    }
}

impl Simple for AuthUserListResponse {
    fn simple(&self, out: &mut Vec<u8>) {
        for user in &self.users {
            line(out, user.as_bytes());
        }
    }
}
