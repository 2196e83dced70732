//! The service `Maintenance`: the care of one member.

mod downgrade;
mod snapshot;

use bytes::BytesMut;
use etcdpb::etcdserverpb as pb;
use etcdpb::etcdserverpb::alarm_request::AlarmAction;
use etcdpb::etcdserverpb::downgrade_request::DowngradeAction;
use etcdpb::etcdserverpb::maintenance_server::Maintenance;
use mvcc::{Alarm, AlarmCommand, Command, MemberAlarm, Response as Applied};
use tonic::codegen::BoxStream;
use tonic::{Request, Response, Status};

use crate::ETCD_VERSION;
use crate::backend::{Backend, ChangeFailure, Failure, Peer};
use crate::backup::Reading;
use crate::frontend::Frontend;
use crate::status::Error;

/// Serves `Maintenance`.
pub(crate) struct MaintenanceService<B>(pub(crate) Frontend<B>);

#[tonic::async_trait]
impl<B: Backend> Maintenance for MaintenanceService<B> {
    async fn alarm(
        &self,
        request: Request<pb::AlarmRequest>,
    ) -> Result<Response<pb::AlarmResponse>, Status> {
        let frontend = self.0.of(&request);
        let alarms = change_alarms(&frontend, request.get_ref()).await?;
        let alarms = alarms.iter().map(alarm_member).collect();
        Ok(Response::new(pb::AlarmResponse { header: self.header(), alarms }))
    }

    /// Learners answer this one too.
    async fn status(
        &self,
        _request: Request<pb::StatusRequest>,
    ) -> Result<Response<pb::StatusResponse>, Status> {
        let status = self.0.backend().status();
        let (size, alarms) =
            self.0.backend().read(|store| (store.size_bytes(), store.alarms().clone()));
        // Never 0: etcdctl 3.6 divides by it.
        let db_size = i64::try_from(size).unwrap_or(i64::MAX).max(1);
        let no_leader = status.leader.is_none().then(|| Failure::NoLeader.to_string());
        let quota = self.0.options().quota_bytes.unwrap_or(0);
        Ok(Response::new(pb::StatusResponse {
            header: self.header(),
            version: ETCD_VERSION.to_owned(),
            db_size,
            leader: status.leader.unwrap_or(0),
            raft_index: status.commit,
            raft_term: status.term,
            raft_applied_index: status.applied,
            errors: no_leader.into_iter().chain(alarms.iter().map(alarm_text)).collect(),
            db_size_in_use: db_size,
            is_learner: status.is_learner,
            storage_version: ETCD_VERSION.to_owned(),
            db_size_quota: i64::try_from(quota).unwrap_or(i64::MAX),
            downgrade_info: Some(pb::DowngradeInfo::default()),
        }))
    }

    /// There is nothing to do: what a compaction forgets is given back at once. As in etcd, the
    /// answer has no header.
    async fn defragment(
        &self,
        _request: Request<pb::DefragmentRequest>,
    ) -> Result<Response<pb::DefragmentResponse>, Status> {
        self.0.voter()?;
        Ok(Response::new(pb::DefragmentResponse { header: None }))
    }

    /// A hash of all that this member holds. It is equal on members that have applied the same, but
    /// no other server has it.
    async fn hash(
        &self,
        _request: Request<pb::HashRequest>,
    ) -> Result<Response<pb::HashResponse>, Status> {
        self.0.voter()?;
        let mut reading = Reading::begin(self.0.backend().clone());
        let (mut hash, mut step, mut is_more) = (0, BytesMut::new(), true);
        while is_more {
            let replaced = |_| Status::unavailable("the member was behind; ask again");
            is_more = reading.read(&mut step).map_err(replaced)?;
            hash = crc32c::crc32c_append(hash, &step);
            step.clear();
            tokio::task::yield_now().await;
        }
        Ok(Response::new(pb::HashResponse { header: self.header(), hash }))
    }

    async fn hash_kv(
        &self,
        request: Request<pb::HashKvRequest>,
    ) -> Result<Response<pb::HashKvResponse>, Status> {
        self.0.voter()?;
        let hash = self.0.hash_kv(request.into_inner().revision).await?;
        Ok(Response::new(pb::HashKvResponse {
            header: self.header(),
            hash: hash.hash,
            compact_revision: hash.compacted,
            hash_revision: hash.revision,
        }))
    }

    /// As in etcd, what this member has, whatever the others have. Learners answer this one too.
    async fn snapshot(
        &self,
        _request: Request<pb::SnapshotRequest>,
    ) -> Result<Response<BoxStream<pb::SnapshotResponse>>, Status> {
        Ok(Response::new(snapshot::stream(self.0.clone())))
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

    async fn downgrade(
        &self,
        request: Request<pb::DowngradeRequest>,
    ) -> Result<Response<pb::DowngradeResponse>, Status> {
        self.0.voter()?;
        let request = request.into_inner();
        match request.action() {
            DowngradeAction::Validate => downgrade::validate(&request.version)?,
            DowngradeAction::Enable => {
                downgrade::validate(&request.version)?;
                return Err(Status::unimplemented("there is no earlier version to go down to"));
            }
            DowngradeAction::Cancel => return Err(Error::NoDowngrade.into()),
        }
        let version = ETCD_VERSION.to_owned();
        Ok(Response::new(pb::DowngradeResponse { header: self.header(), version }))
    }
}

impl<B: Backend> MaintenanceService<B> {
    /// Does what is asked, and returns the alarms that it is about.
    /// A header with the latest revision.
    fn header(&self) -> Option<pb::ResponseHeader> {
        let mut header = None;
        self.0.fill_latest(&mut header);
        header
    }
}

async fn change_alarms<B: Backend>(
    frontend: &Frontend<B>,
    request: &pb::AlarmRequest,
) -> Result<Vec<MemberAlarm>, Error> {
    frontend.voter()?;
    let wanted = alarm(request.alarm());
    let of_member = |alarm| MemberAlarm { alarm, member_id: request.member_id };
    let command = match (request.action(), wanted) {
        (AlarmAction::Get, _) => {
            frontend.read_index().await?;
            let raised = frontend.backend().read(|store| store.alarms().clone());
            let is_wanted = |raised: &MemberAlarm| wanted.is_none_or(|w| w == raised.alarm);
            return Ok(raised.into_iter().filter(is_wanted).collect());
        }
        // As in etcd, there is nothing to raise and nothing to disarm.
        (AlarmAction::Activate | AlarmAction::Deactivate, None) => return Ok(Vec::new()),
        (AlarmAction::Activate, Some(alarm)) => AlarmCommand::Raise(of_member(alarm)),
        (AlarmAction::Deactivate, Some(alarm)) => AlarmCommand::Disarm(of_member(alarm)),
    };
    match frontend.apply(&Command::Alarm(command)).await? {
        Applied::Alarm(answer) => Ok(answer.alarms),
        other => unreachable!("the store answers what it is asked, and not {other:?}"),
    }
}

fn alarm(alarm: pb::AlarmType) -> Option<Alarm> {
    match alarm {
        pb::AlarmType::None => None,
        pb::AlarmType::Nospace => Some(Alarm::NoSpace),
        pb::AlarmType::Corrupt => Some(Alarm::Corrupt),
    }
}

fn alarm_type(alarm: Alarm) -> pb::AlarmType {
    match alarm {
        Alarm::NoSpace => pb::AlarmType::Nospace,
        Alarm::Corrupt => pb::AlarmType::Corrupt,
    }
}

fn alarm_member(MemberAlarm { alarm, member_id }: &MemberAlarm) -> pb::AlarmMember {
    pb::AlarmMember { member_id: *member_id, alarm: alarm_type(*alarm).into() }
}

/// What an alarm is called.
pub(crate) fn alarm_name(alarm: Alarm) -> &'static str {
    alarm_type(alarm).as_str_name()
}

/// An alarm as etcd writes it, down to the last space.
fn alarm_text(MemberAlarm { alarm, member_id }: &MemberAlarm) -> String {
    format!("memberID:{member_id} alarm:{} ", alarm_name(*alarm))
}
