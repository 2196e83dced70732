//! The service `Maintenance`: for now, how the member is, and who shall lead.

use etcdpb::etcdserverpb as pb;
use etcdpb::etcdserverpb::maintenance_server::Maintenance;
use tonic::{Request, Response, Status};

use crate::ETCD_VERSION;
use crate::backend::{Backend, ChangeFailure, Failure, Peer};
use crate::frontend::Frontend;
use crate::status::Error;

/// Serves `Maintenance`.
pub(crate) struct MaintenanceService<B>(pub(crate) Frontend<B>);

#[tonic::async_trait]
impl<B: Backend> Maintenance for MaintenanceService<B> {
    /// Learners answer this one too.
    async fn status(
        &self,
        _request: Request<pb::StatusRequest>,
    ) -> Result<Response<pb::StatusResponse>, Status> {
        let status = self.0.backend().status();
        let (revision, size) =
            self.0.backend().read(|store| (store.revision(), store.size_bytes()));
        // Never 0: etcdctl 3.6 divides by it.
        let db_size = i64::try_from(size).unwrap_or(i64::MAX).max(1);
        let no_leader = status.leader.is_none().then(|| Failure::NoLeader.to_string());
        Ok(Response::new(pb::StatusResponse {
            header: Some(pb::ResponseHeader {
                cluster_id: status.cluster_id,
                member_id: status.member_id,
                revision,
                raft_term: status.term,
            }),
            version: ETCD_VERSION.to_owned(),
            db_size,
            leader: status.leader.unwrap_or(0),
            raft_index: status.commit,
            raft_term: status.term,
            raft_applied_index: status.applied,
            errors: no_leader.into_iter().collect(),
            db_size_in_use: db_size,
            is_learner: status.is_learner,
            storage_version: ETCD_VERSION.to_owned(),
            // There is no quota yet.
            db_size_quota: 0,
            downgrade_info: Some(pb::DowngradeInfo::default()),
        }))
    }

    /// Only the leader does it. Its answer has no header, as etcd's.
    async fn move_leader(
        &self,
        request: Request<pb::MoveLeaderRequest>,
    ) -> Result<Response<pb::MoveLeaderResponse>, Status> {
        let status = self.0.voter()?;
        let target = request.into_inner().target_id;
        if !status.is_leader() {
            return Err(Error::from(ChangeFailure::NotLeader).into());
        }
        let is_voter = |peer: &Peer| peer.id == target && !peer.is_learner;
        if !self.0.backend().members().iter().any(is_voter) {
            return Err(Error::from(ChangeFailure::BadTransferee).into());
        }
        if target != status.member_id {
            self.0.move_leader(target).await?;
        }
        Ok(Response::new(pb::MoveLeaderResponse { header: None }))
    }
}
