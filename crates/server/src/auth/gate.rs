//! Who may come in.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::Response;
use mvcc::{Auth, AuthRefusal, Store};
use tonic::Status;

use super::jwt::{Claims, Jwt};
use super::table::{Need, need_of};
use super::token::Token;
use crate::backend::Backend;
use crate::frontend::Frontend;
use crate::serve::Peer;
use crate::status::Error;

/// Who asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Who {
    /// Nobody who is known. While users matter, nobody may do anything.
    #[default]
    Nobody,
    /// This member, for itself.
    System,
    /// A user.
    User(Arc<str>),
}

/// What a request says about who asks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Credentials {
    token: Option<String>,
    /// Who that is by its certificate. Only looked at if there is no token.
    shown: Option<Arc<str>>,
    /// What reads it, if it is not one of ours.
    jwt: Option<Arc<Jwt>>,
}

impl Credentials {
    /// etcd looks at `token` first.
    pub(crate) fn of(headers: &HeaderMap, jwt: Option<Arc<Jwt>>) -> Self {
        let header = headers.get("token").or_else(|| headers.get("authorization"));
        let text = header.and_then(|value| value.to_str().ok());
        let token = text.map(|text| text.strip_prefix("Bearer ").unwrap_or(text).to_owned());
        Self { token, shown: None, jwt }
    }

    /// The same, on a connection on which a certificate was shown for that user.
    fn with_shown(self, shown: Option<Arc<str>>) -> Self {
        Self { shown, ..self }
    }

    /// Who that is, while users matter.
    fn who(&self, auth: &Auth) -> Result<Who, AuthRefusal> {
        let Some(token) = &self.token else {
            return self.shown.clone().map(Who::User).ok_or(AuthRefusal::UserEmpty);
        };
        if let Some(jwt) = &self.jwt {
            return who_by_claims(auth, jwt.read(token).ok_or(AuthRefusal::InvalidAuthToken)?);
        }
        let token = Token::read(token, auth.secret()).ok_or(AuthRefusal::InvalidAuthToken)?;
        let user = auth.users().get(&token.user).ok_or(AuthRefusal::InvalidAuthToken)?;
        if user.since != token.since || token.until <= now_seconds() {
            return Err(AuthRefusal::InvalidAuthToken);
        }
        Ok(Who::User(token.user.into()))
    }

    /// Who that is now.
    pub(crate) fn identify(&self, store: &Store) -> Result<Who, AuthRefusal> {
        if store.auth().is_enabled() { self.who(store.auth()) } else { Ok(Who::Nobody) }
    }
}

/// Who that is whose token says so. It says it of the users as they were at its auth revision.
fn who_by_claims(auth: &Auth, claims: Claims) -> Result<Who, AuthRefusal> {
    if claims.revision < auth.revision() {
        return Err(AuthRefusal::AuthOldRevision);
    }
    Ok(Who::User(claims.username.into()))
}

/// Whether that is an administrator, while users matter.
pub(crate) fn admit_admin(credentials: &Credentials, store: &Store) -> Result<(), AuthRefusal> {
    who_for(store.auth(), credentials, Need::Admin).map(drop)
}

/// The seconds since the Unix epoch.
pub(super) fn now_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

/// Lets a gRPC request in, with what is known of who asks; or answers that it may not.
pub(crate) async fn admit<B: Backend>(
    State(frontend): State<Frontend<B>>,
    mut request: Request,
    next: Next,
) -> Response {
    let shown = request.extensions().get::<Peer>().and_then(|peer| peer.user.clone());
    let credentials = Credentials::of(request.headers(), frontend.jwt()).with_shown(shown);
    let need = need_of(request.uri().path());
    let who = frontend.backend().read(|store| who_for(store.auth(), &credentials, need));
    match who {
        Ok(who) => {
            request.extensions_mut().insert(who);
            request.extensions_mut().insert(credentials);
            next.run(request).await
        }
        Err(refusal) if need == Need::QueueKeys => {
            Status::from(Error::RefusedWithoutCode(refusal.into())).into_http()
        }
        Err(refusal) => Status::from(Error::from(refusal)).into_http(),
    }
}

/// Who that is, as far as the need demands it.
fn who_for(auth: &Auth, credentials: &Credentials, need: Need) -> Result<Who, AuthRefusal> {
    if !auth.is_enabled() || matches!(need, Need::Nothing | Need::Watch) {
        return Ok(Who::Nobody);
    }
    let who = credentials.who(auth)?;
    if let (Need::Admin, Who::User(user)) = (need, &who) {
        auth.is_admin(user)?;
    }
    Ok(who)
}
