//! The service `Election`.

use bytes::Bytes;
use etcdpb::v3electionpb as pb;
use etcdpb::v3electionpb::election_server::Election;
use mvcc::{Change, KeyValue, Op, Put, WatchRequest, WatchResponse};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::codegen::BoxStream;
use tonic::{Request, Response, Status};

use super::{Place, Queue, Waiting, first_change, header, if_there, leave, session};
use crate::backend::Backend;
use crate::convert::response;
use crate::frontend::Frontend;
use crate::status::Error;

/// What waits for the connection of one who observes.
const OBSERVED_MAX: usize = 16;

/// Serves `Election`.
pub(crate) struct ElectionService<B>(pub(crate) Frontend<B>);

#[tonic::async_trait]
impl<B: Backend> Election for ElectionService<B> {
    /// A client that comes back with the same lease goes on from the place that it had.
    async fn campaign(
        &self,
        request: Request<pb::CampaignRequest>,
    ) -> Result<Response<pb::CampaignResponse>, Status> {
        let frontend = self.0.of(&request);
        let pb::CampaignRequest { name, lease, value } = request.into_inner();
        let queue = Queue::new(&frontend, &name);
        let (place, said, revision) = queue.stand(lease, &value).await?;
        let waiting = Waiting::new(&frontend, place.clone());
        if said.is_some_and(|said| said != value) {
            proclaim(&frontend, &place, value).await?;
        }
        // The lease may have ended meanwhile. (etcd does not look, and says that it leads.)
        if queue.wait_for_those_before(&place).await? && !queue.is_there(&place).await?.0 {
            return Err(Error::NotElected.into());
        }
        waiting.keep();
        let Place { key, revision: rev, lease } = place;
        let leader = Some(pb::LeaderKey { name, key, rev, lease });
        Ok(Response::new(pb::CampaignResponse { header: header(&frontend, revision), leader }))
    }

    async fn proclaim(
        &self,
        request: Request<pb::ProclaimRequest>,
    ) -> Result<Response<pb::ProclaimResponse>, Status> {
        let frontend = self.0.of(&request);
        let pb::ProclaimRequest { leader, value } = request.into_inner();
        let mut place = place(leader)?;
        if place.lease == 0 {
            place.lease = session(&frontend).await?;
        }
        let revision = proclaim(&frontend, &place, value).await?;
        Ok(Response::new(pb::ProclaimResponse { header: header(&frontend, revision) }))
    }

    async fn leader(
        &self,
        request: Request<pb::LeaderRequest>,
    ) -> Result<Response<pb::LeaderResponse>, Status> {
        let frontend = self.0.of(&request);
        frontend.voter()?;
        let (front, revision) = Queue::new(&frontend, &request.into_inner().name).front().await?;
        let leader = front.ok_or(Error::NobodyElected)?;
        Ok(Response::new(led_by(&frontend, leader, revision)))
    }

    async fn observe(
        &self,
        request: Request<pb::LeaderRequest>,
    ) -> Result<Response<BoxStream<pb::LeaderResponse>>, Status> {
        let frontend = self.0.of(&request);
        frontend.voter()?;
        let (seen, told) = mpsc::channel(OBSERVED_MAX);
        let queue = Queue::new(&frontend, &request.into_inner().name);
        tokio::spawn(async move {
            let gone = seen.clone();
            tokio::select! {
                () = gone.closed() => {}
                result = observe(&queue, &seen) => {
                    if let Err(error) = result {
                        let _ = seen.send(Err(error.into())).await;
                    }
                }
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(told))))
    }

    async fn resign(
        &self,
        request: Request<pb::ResignRequest>,
    ) -> Result<Response<pb::ResignResponse>, Status> {
        let frontend = self.0.of(&request);
        let place = place(request.into_inner().leader)?;
        let revision = leave(&frontend, &place).await?;
        Ok(Response::new(pb::ResignResponse { header: header(&frontend, revision) }))
    }
}

/// Who it is that proclaims or resigns.
fn place(leader: Option<pb::LeaderKey>) -> Result<Place, Error> {
    let pb::LeaderKey { key, rev, lease, .. } = leader.ok_or(Error::MissingLeader)?;
    Ok(Place { key, revision: rev, lease })
}

/// Says something new at a place, and returns the revision.
async fn proclaim<B: Backend>(
    frontend: &Frontend<B>,
    place: &Place,
    value: Bytes,
) -> Result<i64, Error> {
    let put = Put { key: place.key.clone(), value, lease: place.lease, ..Put::default() };
    let (was_there, revision) = if_there(frontend, place, Op::Put(put)).await?;
    if was_there { Ok(revision) } else { Err(Error::NotElected) }
}

fn led_by<B: Backend>(
    frontend: &Frontend<B>,
    leader: KeyValue,
    revision: i64,
) -> pb::LeaderResponse {
    pb::LeaderResponse { header: header(frontend, revision), kv: Some(response::key_value(leader)) }
}

/// Tells who leads, what it says, and who leads after it, until nobody listens any more.
async fn observe<B: Backend>(
    queue: &Queue<B>,
    seen: &mpsc::Sender<Result<pb::LeaderResponse, Status>>,
) -> Result<(), Error> {
    let frontend = &queue.frontend;
    loop {
        let (leader, revision) = match queue.front().await? {
            (Some(leader), revision) => (leader, revision),
            (None, revision) => match queue.first_comer(revision).await {
                Some(leader) => {
                    let revision = leader.mod_revision;
                    (leader, revision)
                }
                // It may be there by now.
                None => continue,
            },
        };
        let key = leader.key.clone();
        if seen.send(Ok(led_by(frontend, leader, revision))).await.is_err() {
            return Ok(());
        }
        let watching = frontend.hub().open(frontend.backend());
        watching.create(&WatchRequest { key, start_revision: revision + 1, ..Default::default() });
        'reign: loop {
            let changes = match watching.next().await {
                WatchResponse::Events { changes, .. } => changes,
                WatchResponse::Created { .. } | WatchResponse::Progress { .. } => continue,
                WatchResponse::Refused { .. }
                | WatchResponse::Canceled { .. }
                | WatchResponse::Compacted { .. } => break,
            };
            for change in changes {
                let Change::Put { kv, .. } = change else { break 'reign };
                let revision = kv.mod_revision;
                if seen.send(Ok(led_by(frontend, kv, revision))).await.is_err() {
                    return Ok(());
                }
            }
        }
    }
}

impl<B: Backend> Queue<B> {
    /// Who comes first after that revision, at which nobody was there. `None` if it may have been
    /// missed.
    async fn first_comer(&self, revision: i64) -> Option<KeyValue> {
        let request = WatchRequest {
            key: self.prefix.clone(),
            range_end: self.end(),
            start_revision: revision + 1,
            no_deletes: true,
            ..WatchRequest::default()
        };
        match first_change(&self.frontend, &request).await? {
            Change::Put { kv, .. } => Some(kv),
            Change::Delete { .. } => None,
        }
    }
}
