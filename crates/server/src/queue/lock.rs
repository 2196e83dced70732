//! The service `Lock`.

use bytes::Bytes;
use etcdpb::v3lockpb as pb;
use etcdpb::v3lockpb::lock_server::Lock;
use mvcc::{Command, DeleteRange, Response as Applied};
use tonic::{Request, Response, Status};

use super::{Queue, Waiting, apply, header};
use crate::backend::Backend;
use crate::frontend::{Frontend, mismatch};
use crate::status::Error;

/// Serves `Lock`.
pub(crate) struct LockService<B>(pub(crate) Frontend<B>);

#[tonic::async_trait]
impl<B: Backend> Lock for LockService<B> {
    /// A client that comes back with the same lease goes on from the place that it had, and has the
    /// lock if it had it.
    async fn lock(
        &self,
        request: Request<pb::LockRequest>,
    ) -> Result<Response<pb::LockResponse>, Status> {
        let frontend = self.0.of(&request);
        let pb::LockRequest { name, lease } = request.into_inner();
        let queue = Queue::new(&frontend, &name);
        let (place, _, mut revision) = queue.stand(lease, &Bytes::new()).await?;
        let waiting = Waiting::new(&frontend, place.clone());
        if queue.wait_for_those_before(&place).await? {
            let (is_there, now) = queue.is_there(&place).await?;
            if !is_there {
                return Err(Error::SessionExpired.into());
            }
            revision = now;
        }
        waiting.keep();
        Ok(Response::new(pb::LockResponse { header: header(&frontend, revision), key: place.key }))
    }

    async fn unlock(
        &self,
        request: Request<pb::UnlockRequest>,
    ) -> Result<Response<pb::UnlockResponse>, Status> {
        let frontend = self.0.of(&request);
        let key = request.into_inner().key;
        let command = Command::DeleteRange(DeleteRange { key, ..DeleteRange::default() });
        let Applied::DeleteRange(answer) = apply(&frontend, &command).await? else {
            return Err(mismatch(&command).into());
        };
        Ok(Response::new(pb::UnlockResponse { header: header(&frontend, answer.revision) }))
    }
}
