//! The service `Cluster`: who the members are, and how that changes.
//!
//! The header of its answers has no revision.

use std::time::{SystemTime, UNIX_EPOCH};

use etcdpb::etcdserverpb as pb;
use etcdpb::etcdserverpb::cluster_server::Cluster;
use tonic::{Request, Response, Status};

use crate::backend::{Backend, MemberChange, Peer};
use crate::frontend::Frontend;
use crate::membership::Membership;
use crate::status::Error;

/// Serves `Cluster`.
pub(crate) struct ClusterService<B>(pub(crate) Frontend<B>);

#[tonic::async_trait]
impl<B: Backend> Cluster for ClusterService<B> {
    async fn member_list(
        &self,
        request: Request<pb::MemberListRequest>,
    ) -> Result<Response<pb::MemberListResponse>, Status> {
        self.0.voter()?;
        if request.into_inner().linearizable {
            self.0.read_index().await?;
        }
        let (header, members) = self.answer();
        Ok(Response::new(pb::MemberListResponse { header, members }))
    }

    async fn member_add(
        &self,
        request: Request<pb::MemberAddRequest>,
    ) -> Result<Response<pb::MemberAddResponse>, Status> {
        let pb::MemberAddRequest { peer_urls: mut urls, is_learner } = request.into_inner();
        urls.sort();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
        let id = host::added_id(&urls, now).0;
        self.change(MemberChange::Add(Peer { id, urls, is_learner })).await?;
        let (header, members) = self.answer();
        let member = members.iter().find(|member| member.id == id).cloned();
        Ok(Response::new(pb::MemberAddResponse { header, member, members }))
    }

    async fn member_remove(
        &self,
        request: Request<pb::MemberRemoveRequest>,
    ) -> Result<Response<pb::MemberRemoveResponse>, Status> {
        self.change(MemberChange::Remove(request.into_inner().id)).await?;
        let (header, members) = self.answer();
        Ok(Response::new(pb::MemberRemoveResponse { header, members }))
    }

    async fn member_update(
        &self,
        request: Request<pb::MemberUpdateRequest>,
    ) -> Result<Response<pb::MemberUpdateResponse>, Status> {
        let pb::MemberUpdateRequest { id, peer_urls: mut urls } = request.into_inner();
        urls.sort();
        self.change(MemberChange::Move { id, urls }).await?;
        let (header, members) = self.answer();
        Ok(Response::new(pb::MemberUpdateResponse { header, members }))
    }

    async fn member_promote(
        &self,
        request: Request<pb::MemberPromoteRequest>,
    ) -> Result<Response<pb::MemberPromoteResponse>, Status> {
        self.change(MemberChange::Promote(request.into_inner().id)).await?;
        let (header, members) = self.answer();
        Ok(Response::new(pb::MemberPromoteResponse { header, members }))
    }
}

impl<B: Backend> ClusterService<B> {
    /// Checks a change, with all that is committed in view, and has it made.
    async fn change(&self, change: MemberChange) -> Result<(), Error> {
        self.0.voter()?;
        self.0.read_index().await?;
        let started = self.0.backend().read(|store| store.members().keys().copied().collect());
        let (peers, connected) = (self.0.backend().members(), self.0.backend().connected());
        Membership { peers, started, connected }.check(&change)?;
        self.0.change_members(change).await
    }

    /// What every answer of this service says.
    fn answer(&self) -> (Option<pb::ResponseHeader>, Vec<pb::Member>) {
        let mut header = None;
        self.0.fill(&mut header);
        (header, self.members())
    }

    /// The members by id, each with what it published of itself.
    fn members(&self) -> Vec<pb::Member> {
        let published = self.0.backend().read(|store| store.members().clone());
        let mut peers = self.0.backend().members();
        peers.sort_unstable_by_key(|peer| peer.id);
        let member = |Peer { id, urls, is_learner }| {
            let own = published.get(&id);
            pb::Member {
                id,
                name: own.map(|own| own.name.clone()).unwrap_or_default(),
                peer_urls: urls,
                client_urls: own.map(|own| own.client_urls.clone()).unwrap_or_default(),
                is_learner,
            }
        };
        peers.into_iter().map(member).collect()
    }
}
