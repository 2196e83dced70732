//! The service `Cluster`: for now, who the members are.

use etcdpb::etcdserverpb as pb;
use etcdpb::etcdserverpb::cluster_server::Cluster;
use tonic::{Request, Response, Status};

use crate::backend::{Backend, Peer};
use crate::frontend::Frontend;

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
        // The header of this service has no revision.
        let mut response = pb::MemberListResponse { header: None, members: self.members() };
        self.0.fill(&mut response.header);
        Ok(Response::new(response))
    }
}

impl<B: Backend> ClusterService<B> {
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
