//! The service `Auth`.

use std::sync::Arc;

use bytes::Bytes;
use etcdpb::authpb;
use etcdpb::authpb::permission::Type;
use etcdpb::etcdserverpb as pb;
use etcdpb::etcdserverpb::auth_server::Auth;
use mvcc::{AuthCommand, AuthRefusal, Command, Permission, PermissionKind, ROOT, Role, User};
use tokio::sync::Semaphore;
use tonic::{Request, Response, Status};

use super::gate::{Who, now_seconds};
use super::token::Token;
use crate::backend::Backend;
use crate::frontend::Frontend;
use crate::status::Error;

/// Passwords that are hashed at a time. Each takes a processor for a while.
const HASHES_MAX: usize = 2;

/// How long the secret is that tokens are signed with.
const SECRET_BYTES: usize = 32;

/// Serves `Auth`.
pub(crate) struct AuthService<B> {
    frontend: Frontend<B>,
    hashing: Arc<Semaphore>,
}

impl<B: Backend> AuthService<B> {
    pub(crate) fn new(frontend: Frontend<B>) -> Self {
        Self { frontend, hashing: Arc::new(Semaphore::new(HASHES_MAX)) }
    }

    /// Has users changed, and returns the header of the answer.
    async fn change<T>(
        &self,
        request: &Request<T>,
        command: AuthCommand,
    ) -> Result<Option<pb::ResponseHeader>, Error> {
        self.frontend.of(request).apply(&Command::Auth(command)).await?;
        Ok(self.header())
    }

    fn header(&self) -> Option<pb::ResponseHeader> {
        let mut header = None;
        self.frontend.fill_latest(&mut header);
        header
    }

    /// Looks at the users as they are now.
    async fn look<T>(
        &self,
        look: impl FnOnce(&mvcc::Auth) -> Result<T, AuthRefusal>,
    ) -> Result<T, Error> {
        self.frontend.voter()?;
        self.frontend.read_index().await?;
        Ok(self.frontend.backend().read(|store| look(store.auth()))?)
    }

    /// Hashes a password, on a thread where that holds nobody up.
    async fn hash(&self, password: String) -> Result<String, Error> {
        let cost = self.frontend.options().bcrypt_cost;
        self.work(move || bcrypt::hash(password, cost)).await?.map_err(|_| Error::Mismatch)
    }

    /// Whether that is the password.
    async fn verify(&self, password: String, hash: String) -> Result<bool, Error> {
        Ok(self.work(move || bcrypt::verify(password, &hash)).await?.unwrap_or(false))
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let _place = self.hashing.acquire().await.map_err(|_| Error::Mismatch)?;
        tokio::task::spawn_blocking(work).await.map_err(|_| Error::Mismatch)
    }

    /// Whether who asks is an administrator, or that user.
    fn is_own(
        auth: &mvcc::Auth,
        who: &Who,
        is_own: impl Fn(&User) -> bool,
    ) -> Result<(), AuthRefusal> {
        let Who::User(name) = who else { return Ok(()) };
        let is_own = auth.users().get(&**name).is_some_and(is_own);
        if is_own { Ok(()) } else { auth.is_admin(name) }
    }
}

#[tonic::async_trait]
impl<B: Backend> Auth for AuthService<B> {
    async fn auth_enable(
        &self,
        request: Request<pb::AuthEnableRequest>,
    ) -> Result<Response<pb::AuthEnableResponse>, Status> {
        let mut secret = [0; SECRET_BYTES];
        getrandom::fill(&mut secret).expect("a system that gave random numbers goes on doing so");
        let secret = Bytes::copy_from_slice(&secret);
        let header = self.change(&request, AuthCommand::Enable { secret }).await?;
        Ok(Response::new(pb::AuthEnableResponse { header }))
    }

    async fn auth_disable(
        &self,
        request: Request<pb::AuthDisableRequest>,
    ) -> Result<Response<pb::AuthDisableResponse>, Status> {
        let header = self.change(&request, AuthCommand::Disable).await?;
        Ok(Response::new(pb::AuthDisableResponse { header }))
    }

    async fn auth_status(
        &self,
        _request: Request<pb::AuthStatusRequest>,
    ) -> Result<Response<pb::AuthStatusResponse>, Status> {
        let status = |auth: &mvcc::Auth| Ok((auth.is_enabled(), auth.revision()));
        let (enabled, auth_revision) = self.look(status).await?;
        let header = self.header();
        Ok(Response::new(pb::AuthStatusResponse { header, enabled, auth_revision }))
    }

    /// Nobody learns whether there is such a user, be it from how long the answer takes.
    async fn authenticate(
        &self,
        request: Request<pb::AuthenticateRequest>,
    ) -> Result<Response<pb::AuthenticateResponse>, Status> {
        let pb::AuthenticateRequest { name, password } = request.into_inner();
        let found = |auth: &mvcc::Auth| {
            if !auth.is_enabled() {
                return Err(AuthRefusal::AuthNotEnabled);
            }
            Ok((auth.users().get(&name).cloned(), auth.secret().clone(), auth.revision()))
        };
        let (user, secret, revision) = self.look(found).await?;
        let Some(user) = user else {
            self.hash(password).await?;
            return Err(Error::from(AuthRefusal::AuthFailed).into());
        };
        let Some(hash) = user.password else { return Err(Error::NoPasswordUser.into()) };
        if !self.verify(password, hash).await? {
            return Err(Error::from(AuthRefusal::AuthFailed).into());
        }
        let now = now_seconds();
        let token = if let Some(jwt) = self.frontend.jwt() {
            jwt.sign(name, revision, now).ok_or(Error::VerifyOnly)?
        } else {
            let until = now + self.frontend.options().auth_token_ttl.as_secs();
            Token { user: name, since: user.since, until }.sign(&secret)
        };
        let header = self.header();
        Ok(Response::new(pb::AuthenticateResponse { header, token }))
    }

    async fn user_add(
        &self,
        request: Request<pb::AuthUserAddRequest>,
    ) -> Result<Response<pb::AuthUserAddResponse>, Status> {
        let pb::AuthUserAddRequest { name, password, options, .. } = request.get_ref().clone();
        let has_password = !options.is_some_and(|options| options.no_password);
        let password = if has_password { Some(self.hash(password).await?) } else { None };
        let header = self.change(&request, AuthCommand::UserAdd { name, password }).await?;
        Ok(Response::new(pb::AuthUserAddResponse { header }))
    }

    async fn user_get(
        &self,
        request: Request<pb::AuthUserGetRequest>,
    ) -> Result<Response<pb::AuthUserGetResponse>, Status> {
        let who = self.frontend.of(&request).who().clone();
        let name = request.into_inner().name;
        let is_same = matches!(&who, Who::User(user) if **user == name);
        let roles = self.look(|auth| {
            Self::is_own(auth, &who, |_| is_same)?;
            let user = auth.users().get(&name).ok_or(AuthRefusal::UserNotFound)?;
            Ok(user.roles.iter().cloned().collect())
        });
        let roles = roles.await?;
        Ok(Response::new(pb::AuthUserGetResponse { header: self.header(), roles }))
    }

    async fn user_list(
        &self,
        _request: Request<pb::AuthUserListRequest>,
    ) -> Result<Response<pb::AuthUserListResponse>, Status> {
        let users = self.look(|auth| Ok(auth.users().keys().cloned().collect())).await?;
        Ok(Response::new(pb::AuthUserListResponse { header: self.header(), users }))
    }

    async fn user_delete(
        &self,
        request: Request<pb::AuthUserDeleteRequest>,
    ) -> Result<Response<pb::AuthUserDeleteResponse>, Status> {
        let name = request.get_ref().name.clone();
        let header = self.change(&request, AuthCommand::UserDelete { name }).await?;
        Ok(Response::new(pb::AuthUserDeleteResponse { header }))
    }

    async fn user_change_password(
        &self,
        request: Request<pb::AuthUserChangePasswordRequest>,
    ) -> Result<Response<pb::AuthUserChangePasswordResponse>, Status> {
        let pb::AuthUserChangePasswordRequest { name, password, .. } = request.get_ref().clone();
        let password = Some(self.hash(password).await?);
        let command = AuthCommand::UserChangePassword { name, password };
        let header = self.change(&request, command).await?;
        Ok(Response::new(pb::AuthUserChangePasswordResponse { header }))
    }

    async fn user_grant_role(
        &self,
        request: Request<pb::AuthUserGrantRoleRequest>,
    ) -> Result<Response<pb::AuthUserGrantRoleResponse>, Status> {
        let pb::AuthUserGrantRoleRequest { user, role } = request.get_ref().clone();
        let header = self.change(&request, AuthCommand::UserGrantRole { user, role }).await?;
        Ok(Response::new(pb::AuthUserGrantRoleResponse { header }))
    }

    async fn user_revoke_role(
        &self,
        request: Request<pb::AuthUserRevokeRoleRequest>,
    ) -> Result<Response<pb::AuthUserRevokeRoleResponse>, Status> {
        let pb::AuthUserRevokeRoleRequest { name: user, role } = request.get_ref().clone();
        let header = self.change(&request, AuthCommand::UserRevokeRole { user, role }).await?;
        Ok(Response::new(pb::AuthUserRevokeRoleResponse { header }))
    }

    async fn role_add(
        &self,
        request: Request<pb::AuthRoleAddRequest>,
    ) -> Result<Response<pb::AuthRoleAddResponse>, Status> {
        let name = request.get_ref().name.clone();
        let header = self.change(&request, AuthCommand::RoleAdd { name }).await?;
        Ok(Response::new(pb::AuthRoleAddResponse { header }))
    }

    async fn role_get(
        &self,
        request: Request<pb::AuthRoleGetRequest>,
    ) -> Result<Response<pb::AuthRoleGetResponse>, Status> {
        let who = self.frontend.of(&request).who().clone();
        let name = request.into_inner().role;
        let role = self.look(|auth| {
            Self::is_own(auth, &who, |user| user.roles.contains(&name))?;
            auth.roles().get(&name).cloned().ok_or(AuthRefusal::RoleNotFound)
        });
        let perm = permissions(&name, role.await?);
        Ok(Response::new(pb::AuthRoleGetResponse { header: self.header(), perm }))
    }

    async fn role_list(
        &self,
        _request: Request<pb::AuthRoleListRequest>,
    ) -> Result<Response<pb::AuthRoleListResponse>, Status> {
        let roles = self.look(|auth| Ok(auth.roles().keys().cloned().collect())).await?;
        Ok(Response::new(pb::AuthRoleListResponse { header: self.header(), roles }))
    }

    async fn role_delete(
        &self,
        request: Request<pb::AuthRoleDeleteRequest>,
    ) -> Result<Response<pb::AuthRoleDeleteResponse>, Status> {
        let name = request.get_ref().role.clone();
        let header = self.change(&request, AuthCommand::RoleDelete { name }).await?;
        Ok(Response::new(pb::AuthRoleDeleteResponse { header }))
    }

    async fn role_grant_permission(
        &self,
        request: Request<pb::AuthRoleGrantPermissionRequest>,
    ) -> Result<Response<pb::AuthRoleGrantPermissionResponse>, Status> {
        let pb::AuthRoleGrantPermissionRequest { name: role, perm } = request.get_ref().clone();
        let perm = perm.ok_or_else(|| Error::from(AuthRefusal::PermissionNotGiven))?;
        let kind = match perm.perm_type() {
            Type::Read => PermissionKind::Read,
            Type::Write => PermissionKind::Write,
            Type::Readwrite => PermissionKind::ReadWrite,
        };
        let permission = Permission::new(kind, perm.key, perm.range_end);
        let header = self.change(&request, AuthCommand::RoleGrant { role, permission }).await?;
        Ok(Response::new(pb::AuthRoleGrantPermissionResponse { header }))
    }

    async fn role_revoke_permission(
        &self,
        request: Request<pb::AuthRoleRevokePermissionRequest>,
    ) -> Result<Response<pb::AuthRoleRevokePermissionResponse>, Status> {
        let pb::AuthRoleRevokePermissionRequest { role, key, range_end } =
            request.get_ref().clone();
        let command = AuthCommand::RoleRevoke { role, key, range_end };
        let header = self.change(&request, command).await?;
        Ok(Response::new(pb::AuthRoleRevokePermissionResponse { header }))
    }
}

/// What a role permits, by key. The one that may do everything says so in etcd's way.
fn permissions(name: &str, role: Role) -> Vec<authpb::Permission> {
    let permission = |kind: Type, key: Bytes, range_end: Bytes| authpb::Permission {
        perm_type: kind.into(),
        key,
        range_end,
    };
    if name == ROOT {
        return vec![permission(Type::Readwrite, Bytes::new(), Bytes::from_static(b"\0"))];
    }
    let permissions = role.permissions.into_iter();
    let permissions = permissions.map(|((key, range_end), kind)| {
        let kind = match kind {
            PermissionKind::Read => Type::Read,
            PermissionKind::Write => Type::Write,
            PermissionKind::ReadWrite => Type::Readwrite,
        };
        permission(kind, key, range_end)
    });
    permissions.collect()
}
