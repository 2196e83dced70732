//! The service `Lease`.
//!
//! Grants, renewals and revocations are commands. How much time a lease has left, every member
//! counts for itself, so any member can tell.

mod renewals;

use etcdpb::etcdserverpb as pb;
use etcdpb::etcdserverpb::lease_server::Lease;
use futures_util::StreamExt;
use mvcc::{Command, LeaseCommand, Response as Applied};
use tonic::codegen::BoxStream;
use tonic::{Request, Response, Status, Streaming};

use self::renewals::Renewals;
use crate::backend::Backend;
use crate::frontend::{Frontend, mismatch};

/// How many renewals of one stream may be on their way at once.
const STREAM_RENEWALS_MAX: usize = 64;

/// Serves `Lease`. Clones share everything.
#[derive(Clone)]
pub(crate) struct LeaseService<B> {
    frontend: Frontend<B>,
    renewals: Renewals,
}

impl<B: Backend> LeaseService<B> {
    pub(crate) fn new(frontend: Frontend<B>) -> Self {
        Self { frontend, renewals: Renewals::default() }
    }
}

#[tonic::async_trait]
impl<B: Backend> Lease for LeaseService<B> {
    async fn lease_grant(
        &self,
        request: Request<pb::LeaseGrantRequest>,
    ) -> Result<Response<pb::LeaseGrantResponse>, Status> {
        let frontend = self.frontend.of(&request);
        let pb::LeaseGrantRequest { ttl, id } = request.into_inner();
        let id = if id == 0 { any_id() } else { id };
        let ttl_seconds = ttl.max(self.frontend.options().lease_ttl_seconds_min);
        let header = self.change(&frontend, LeaseCommand::Grant { id, ttl_seconds }).await?;
        let error = String::new();
        Ok(Response::new(pb::LeaseGrantResponse { header, id, ttl: ttl_seconds, error }))
    }

    async fn lease_revoke(
        &self,
        request: Request<pb::LeaseRevokeRequest>,
    ) -> Result<Response<pb::LeaseRevokeResponse>, Status> {
        let frontend = self.frontend.of(&request);
        let id = request.into_inner().id;
        let header = self.change(&frontend, LeaseCommand::Revoke { id }).await?;
        Ok(Response::new(pb::LeaseRevokeResponse { header }))
    }

    /// The answers come in the order of the requests. One that cannot be renewed, because there is
    /// no leader, say, ends the stream.
    async fn lease_keep_alive(
        &self,
        request: Request<Streaming<pb::LeaseKeepAliveRequest>>,
    ) -> Result<Response<BoxStream<pb::LeaseKeepAliveResponse>>, Status> {
        self.frontend.voter()?;
        let service = Self { frontend: self.frontend.of(&request), ..self.clone() };
        let answers = request.into_inner().map(move |request| {
            let service = service.clone();
            async move { service.keep_alive(request?.id).await }
        });
        Ok(Response::new(Box::pin(answers.buffered(STREAM_RENEWALS_MAX))))
    }

    /// Whether the lease has ended is decided by the log, so a member that may lag asks the leader
    /// first.
    async fn lease_time_to_live(
        &self,
        request: Request<pb::LeaseTimeToLiveRequest>,
    ) -> Result<Response<pb::LeaseTimeToLiveResponse>, Status> {
        let frontend = self.frontend.of(&request);
        let pb::LeaseTimeToLiveRequest { id, keys } = request.into_inner();
        frontend.voter()?;
        frontend.read_index().await?;
        if keys {
            frontend.permit(|store, user| store.permits_lease_keys(user, id))?;
        }
        let backend = frontend.backend();
        let (revision, lease, keys) = backend.read(|store| {
            let keys = store.lease_keys(id).filter(|_| keys).cloned().collect();
            (store.revision(), store.lease(id), keys)
        });
        let left_ms = backend.read_lessor(|lessor| lessor.left_ms(id)).unwrap_or(0);
        let ttl = lease.map_or(-1, |_| i64::try_from(left_ms / 1000).unwrap_or(i64::MAX));
        let granted_ttl = lease.map_or(0, |lease| lease.ttl_seconds);
        let header = self.header(revision);
        Ok(Response::new(pb::LeaseTimeToLiveResponse { header, id, ttl, granted_ttl, keys }))
    }

    /// As this member knows them; the one with the least time left first.
    async fn lease_leases(
        &self,
        _request: Request<pb::LeaseLeasesRequest>,
    ) -> Result<Response<pb::LeaseLeasesResponse>, Status> {
        self.frontend.voter()?;
        let backend = self.frontend.backend();
        let header = self.header(backend.read(mvcc::Store::revision));
        let ids = backend.read_lessor(mvcc::Lessor::by_time_left);
        let leases = ids.into_iter().map(|id| pb::LeaseStatus { id }).collect();
        Ok(Response::new(pb::LeaseLeasesResponse { header, leases }))
    }
}

impl<B: Backend> LeaseService<B> {
    /// Has the leases changed, and returns the header of the answer.
    async fn change(
        &self,
        frontend: &Frontend<B>,
        command: LeaseCommand,
    ) -> Result<Option<pb::ResponseHeader>, Status> {
        let command = Command::Lease(command);
        match frontend.apply(&command).await? {
            Applied::Lease(answer) => Ok(self.header(answer.revision)),
            _ => Err(mismatch(&command).into()),
        }
    }

    /// The header is of the time before, as in etcd. An unknown lease lives for 0 seconds.
    async fn keep_alive(&self, id: i64) -> Result<pb::LeaseKeepAliveResponse, Status> {
        let renewal = Command::Lease(LeaseCommand::Renew { ids: vec![id] });
        self.frontend.permit(|store, user| store.permits(user, &renewal))?;
        let header = self.header(self.frontend.backend().read(mvcc::Store::revision));
        let ttl = self.renewals.renew(&self.frontend, id).await?.unwrap_or(0);
        Ok(pb::LeaseKeepAliveResponse { header, id, ttl })
    }

    fn header(&self, revision: i64) -> Option<pb::ResponseHeader> {
        let mut header = Some(pb::ResponseHeader { revision, ..pb::ResponseHeader::default() });
        self.frontend.fill(&mut header);
        header
    }
}

/// A number that no lease is likely to have. It is positive.
pub(crate) fn any_id() -> i64 {
    let random = getrandom::u64().expect("a system that gave random numbers goes on doing so");
    (random >> 1).max(1).cast_signed()
}
