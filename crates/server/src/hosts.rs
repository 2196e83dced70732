//! For which hosts a member is asked (`--host-whitelist`): etcd's guard against pages that have
//! their own name lead to this machine.
//!
//! It is looked at for plain HTTP without TLS: a page can neither send gRPC nor show a certificate
//! for a name that is not its own.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};

use crate::serve::Peer;

/// The hosts for which a member may be asked.
#[derive(Clone, Debug)]
pub struct Hosts(Arc<BTreeSet<String>>);

impl Hosts {
    /// These, without ports; `*` is any.
    pub fn new(hosts: impl IntoIterator<Item = String>) -> Self {
        Self(Arc::new(hosts.into_iter().filter(|host| !host.is_empty()).collect()))
    }

    /// Has those answer only who asks for such a host.
    pub fn guard(self, routes: Router) -> Router {
        if self.0.is_empty() || self.0.contains("*") {
            return routes;
        }
        routes.layer(middleware::from_fn_with_state(self, look))
    }

    fn allow(&self, request: &Request) -> bool {
        let content_type = request.headers().get(header::CONTENT_TYPE);
        let is_grpc =
            content_type.is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"));
        let is_encrypted = request.extensions().get::<Peer>().is_some_and(|peer| peer.is_encrypted);
        if is_grpc || is_encrypted {
            return true;
        }
        let authority = request.uri().authority().map(ToString::to_string).or_else(|| {
            let host = request.headers().get(header::HOST)?;
            host.to_str().ok().map(str::to_owned)
        });
        authority.is_some_and(|authority| self.0.contains(host_of(&authority)))
    }
}

/// The host, without its port.
fn host_of(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        // An address of IPv6 is in brackets before its port.
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

async fn look(State(hosts): State<Hosts>, request: Request, next: Next) -> Response {
    if hosts.allow(&request) {
        return next.run(request).await;
    }
    let line = "this member is not asked for that host: add it to --host-whitelist, or use TLS\n";
    (StatusCode::MISDIRECTED_REQUEST, line).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[test]
    fn only_listed_hosts_are_answered() {
        let hosts = Hosts::new(["localhost".to_owned(), "[::1]".to_owned()]);
        let check = |host: &str, content_type: &str, peer: Option<Peer>, expected: bool| {
            let mut request = Request::builder().header("host", host);
            request = request.header("content-type", content_type);
            let mut request = request.body(Body::empty()).unwrap();
            if let Some(peer) = peer {
                request.extensions_mut().insert(peer);
            }
            assert_eq!(hosts.allow(&request), expected, "{host}");
        };
        check("localhost", "", None, true);
        check("localhost:2379", "", None, true);
        check("[::1]:2379", "", None, true);
        check("evil.example:2379", "", None, false);
        check("evil.example", "application/json", None, false);
        check("evil.example", "application/grpc", None, true);
        let peer = |is_encrypted| Peer { is_encrypted, user: None };
        check("evil.example", "", Some(peer(true)), true);
        check("evil.example", "", Some(peer(false)), false);
    }
}
