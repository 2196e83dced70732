//! Who asks: the flags that say it, and the token that a server gives for them.

use std::sync::{Mutex, PoisonError};

use clap::Args;
use etcdpb::etcdserverpb::AuthenticateRequest;
use etcdpb::etcdserverpb::auth_client::AuthClient;
use tonic::metadata::AsciiMetadataValue;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::{Request, Status, transport};

use super::password;
use super::usage::Failure;

/// A connection to a server, on which each request says who asks.
pub(crate) type Channel = InterceptedService<transport::Channel, Token>;

/// Who asks.
#[derive(Args)]
pub(crate) struct User {
    /// Who asks, as NAME or NAME:PASSWORD; a password that is not given is asked for
    #[arg(
        long = "user",
        id = "asking-user",
        global = true,
        env = "ETCDCTL_USER",
        hide_env_values = true
    )]
    user: Option<String>,
    /// The password of --user, which is a name alone then
    #[arg(
        long = "password",
        id = "asking-password",
        global = true,
        env = "ETCDCTL_PASSWORD",
        hide_env_values = true
    )]
    password: Option<String>,
}

impl User {
    /// Finds the password, where it has to be typed.
    pub(crate) fn login(self) -> Result<Login, Failure> {
        let Some(user) = self.user.filter(|user| !user.is_empty()) else {
            return Ok(Login::default());
        };
        let (name, password) = match (self.password, user.split_once(':')) {
            (Some(password), _) => (user, password),
            (None, Some((name, password))) => (name.to_owned(), password.to_owned()),
            (None, None) => {
                let password = password::ask("Password: ")?;
                (user, password)
            }
        };
        Ok(Login { request: Some(AuthenticateRequest { name, password }), ..Login::default() })
    }
}

/// A name with its password, and the token that they were last good for.
#[derive(Default)]
pub(crate) struct Login {
    request: Option<AuthenticateRequest>,
    token: Mutex<Option<Token>>,
}

/// What a server wants to see of whoever has logged in; nothing, for whoever has not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Token(Option<AsciiMetadataValue>);

impl Login {
    /// Whether anybody asks who has a name.
    pub(crate) fn is_wanted(&self) -> bool {
        self.request.is_some()
    }

    /// The token. Logs in if there is none yet. Where authentication is off, none is needed.
    pub(crate) async fn token(&self, server: &transport::Channel) -> Result<Token, Status> {
        let known = self.lock().clone();
        let (None, Some(request)) = (&known, &self.request) else {
            return Ok(known.unwrap_or_default());
        };
        let token = match AuthClient::new(server.clone()).authenticate(request.clone()).await {
            Ok(answer) => {
                let token = AsciiMetadataValue::try_from(answer.into_inner().token);
                Token(Some(token.map_err(|_| Status::internal("the token is not ASCII"))?))
            }
            Err(status) if is_off(&status) => Token::default(),
            Err(status) => return Err(status),
        };
        *self.lock() = Some(token.clone());
        Ok(token)
    }

    /// Whether a server wants to see a new token. It has done nothing then. Forgets the old one.
    pub(crate) fn is_over(&self, status: &Status) -> bool {
        let is_over = self.request.is_some()
            && matches!(
                status.message(),
                "etcdserver: invalid auth token" | "etcdserver: revision of auth store is old"
            );
        if is_over {
            *self.lock() = None;
        }
        is_over
    }

    /// The token that is known, as text.
    pub(crate) fn known(&self) -> Option<String> {
        let token = self.lock();
        let token = token.as_ref().and_then(|token| token.0.as_ref());
        token.and_then(|token| token.to_str().ok()).map(str::to_owned)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Token>> {
        self.token.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Interceptor for Token {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(token) = &self.0 {
            request.metadata_mut().insert("token", token.clone());
        }
        Ok(request)
    }
}

fn is_off(status: &Status) -> bool {
    status.message() == "etcdserver: authentication is not enabled"
}
