//! `quorate role`: what users may do. The words, and what is printed, are `etcdctl`'s.

use bytes::Bytes;
use clap::{Args, Subcommand};
use etcdpb::authpb::Permission;
use etcdpb::authpb::permission::Type;
use etcdpb::etcdserverpb::auth_client::AuthClient;
use etcdpb::etcdserverpb::{
    AuthRoleAddRequest, AuthRoleDeleteRequest, AuthRoleGetRequest, AuthRoleGetResponse,
    AuthRoleGrantPermissionRequest, AuthRoleListRequest, AuthRoleListResponse,
    AuthRoleRevokePermissionRequest,
};

use super::endpoints::Endpoints;
use super::keys::{Keys, OPEN, prefix_end};
use super::output::{Done, Format};
use super::simple::{Simple, line};
use super::usage::Failure;

/// What to do with roles.
#[derive(Args)]
pub(crate) struct Role {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Add a role, which permits nothing yet
    Add(Name),
    /// Delete a role
    Delete(Name),
    /// Tell what a role permits
    Get(Name),
    /// List all roles
    List,
    /// Let a role permit something
    GrantPermission(Grant),
    /// Let a role not permit something any more
    RevokePermission(Revoke),
}

#[derive(Args)]
struct Name {
    /// The role
    role: String,
}

#[derive(Args)]
struct Grant {
    /// The role
    role: String,
    /// What may be done with the keys: read, write or readwrite
    #[arg(value_name = "PERMISSION", value_parser = parse_kind)]
    kind: Type,
    #[command(flatten)]
    keys: Keys,
}

#[derive(Args)]
struct Revoke {
    /// The role
    role: String,
    #[command(flatten)]
    keys: Keys,
}

impl Role {
    pub(crate) async fn run(self, endpoints: &Endpoints, format: Format) -> Result<(), Failure> {
        match self.action {
            Action::Add(Name { role }) => format.print_any(&add(endpoints, role).await?),
            Action::Delete(Name { role }) => format.print_any(&delete(endpoints, role).await?),
            Action::Get(Name { role }) => format.print_any(&get(endpoints, role).await?),
            Action::List => {
                let request = AuthRoleListRequest {};
                let call = async |channel| AuthClient::new(channel).role_list(request).await;
                format.print_any(&endpoints.read(call).await?)
            }
            Action::GrantPermission(grant) => format.print_any(&grant.run(endpoints).await?),
            Action::RevokePermission(revoke) => format.print_any(&revoke.run(endpoints).await?),
        }
    }
}

async fn add(endpoints: &Endpoints, name: String) -> Result<Done, Failure> {
    let told = format!("Role {name} created");
    let request = AuthRoleAddRequest { name };
    let call = async |channel| AuthClient::new(channel).role_add(request.clone()).await;
    Ok(Done::new(told, endpoints.write(call).await?.header))
}

async fn delete(endpoints: &Endpoints, role: String) -> Result<Done, Failure> {
    let told = format!("Role {role} deleted");
    let request = AuthRoleDeleteRequest { role };
    let call = async |channel| AuthClient::new(channel).role_delete(request.clone()).await;
    Ok(Done::new(told, endpoints.write(call).await?.header))
}

/// What a role permits.
pub(crate) async fn get(endpoints: &Endpoints, role: String) -> Result<RolePermissions, Failure> {
    let request = AuthRoleGetRequest { role: role.clone() };
    let call = async |channel| AuthClient::new(channel).role_get(request.clone()).await;
    Ok(RolePermissions { role, answer: endpoints.read(call).await? })
}

impl Grant {
    async fn run(self, endpoints: &Endpoints) -> Result<Done, Failure> {
        let told = format!("Role {} updated", self.role);
        let (key, range_end) = self.keys.into_range();
        let perm = Some(Permission { perm_type: self.kind.into(), key, range_end });
        let request = AuthRoleGrantPermissionRequest { name: self.role, perm };
        let call =
            async |channel| AuthClient::new(channel).role_grant_permission(request.clone()).await;
        Ok(Done::new(told, endpoints.write(call).await?.header))
    }
}

impl Revoke {
    async fn run(self, endpoints: &Endpoints) -> Result<Done, Failure> {
        let Self { role, keys } = self;
        let given = keys.first();
        let (key, range_end) = keys.into_range();
        let what = match &range_end[..] {
            [] => [b"key ", &given[..]].concat(),
            end => [b"range ", &interval(&given, end)[..]].concat(),
        };
        let told = [b"Permission of ", &what[..], b" is revoked from role ", role.as_bytes()];
        let request = AuthRoleRevokePermissionRequest { role: role.clone(), key, range_end };
        let call =
            async |channel| AuthClient::new(channel).role_revoke_permission(request.clone()).await;
        Ok(Done::new(told.concat(), endpoints.write(call).await?.header))
    }
}

fn parse_kind(text: &str) -> Result<Type, String> {
    let upper = text.to_ascii_uppercase();
    Type::from_str_name(&upper).ok_or_else(|| format!("invalid permission type: {text}"))
}

/// What a role permits, with its name, which the answer does not say.
pub(crate) struct RolePermissions {
    role: String,
    pub(crate) answer: AuthRoleGetResponse,
}

impl Simple for RolePermissions {
    fn simple(&self, out: &mut Vec<u8>) {
        line(out, format!("Role {}", self.role).as_bytes());
        for (title, kind) in [("KV Read:", Type::Read), ("KV Write:", Type::Write)] {
            line(out, title.as_bytes());
            let is_wanted = |it: &&Permission| [kind, Type::Readwrite].contains(&it.perm_type());
            for permission in self.answer.perm.iter().filter(is_wanted) {
                line(out, &[b"\t", &keys(permission)[..]].concat());
            }
        }
    }
}

/// The keys of a permission.
fn keys(Permission { key, range_end, .. }: &Permission) -> Vec<u8> {
    if range_end.is_empty() {
        return key.to_vec();
    }
    let interval = interval(key, range_end);
    if !key.is_empty() && prefix_end(key) == *range_end {
        [&interval[..], b" (prefix ", key, b")"].concat()
    } else {
        interval
    }
}

/// As mathematicians write it, but for what has no end.
fn interval(key: &Bytes, range_end: &[u8]) -> Vec<u8> {
    if range_end == OPEN {
        [b"[", &key[..], b", <open ended>"].concat()
    } else {
        [b"[", &key[..], b", ", range_end, b")"].concat()
    }
}

impl Simple for AuthRoleListResponse {
    fn simple(&self, out: &mut Vec<u8>) {
        for role in &self.roles {
            line(out, role.as_bytes());
        }
    }
}
