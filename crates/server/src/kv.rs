//! The service `KV`.

use etcdpb::etcdserverpb as pb;
use etcdpb::etcdserverpb::kv_server::Kv;
use mvcc::{Command, Compact, Response as Applied};
use tonic::codegen::BoxStream;
use tonic::{Request, Response, Status};

use crate::backend::Backend;
use crate::convert::{request, response};
use crate::frontend::{Frontend, mismatch};
use crate::range_stream;
use crate::status::Error;

/// Serves `KV`.
pub(crate) struct KvService<B>(pub(crate) Frontend<B>);

#[tonic::async_trait]
impl<B: Backend> Kv for KvService<B> {
    async fn range(
        &self,
        request: Request<pb::RangeRequest>,
    ) -> Result<Response<pb::RangeResponse>, Status> {
        let frontend = self.0.of(&request);
        let mut response = read_range(&frontend, request.into_inner()).await?;
        self.0.fill(&mut response.header);
        Ok(Response::new(response))
    }

    async fn range_stream(
        &self,
        request: Request<pb::RangeRequest>,
    ) -> Result<Response<BoxStream<pb::RangeStreamResponse>>, Status> {
        let frontend = self.0.of(&request);
        let request = request.into_inner();
        let serializable = request.serializable;
        let range = request::range(request)?;
        range.validate().map_err(Error::from)?;
        range_stream::check(&range)?;
        make_linearizable(&frontend, serializable).await?;
        Ok(Response::new(range_stream::stream(frontend, range).await?))
    }

    async fn put(
        &self,
        request: Request<pb::PutRequest>,
    ) -> Result<Response<pb::PutResponse>, Status> {
        let frontend = self.0.of(&request);
        let command = Command::Put(request::put(request.into_inner()));
        let Applied::Put(answer) = frontend.apply(&command).await? else {
            return Err(mismatch(&command).into());
        };
        let mut response = response::put(answer);
        self.0.fill(&mut response.header);
        Ok(Response::new(response))
    }

    async fn delete_range(
        &self,
        request: Request<pb::DeleteRangeRequest>,
    ) -> Result<Response<pb::DeleteRangeResponse>, Status> {
        let frontend = self.0.of(&request);
        let command = Command::DeleteRange(request::delete_range(request.into_inner()));
        let Applied::DeleteRange(answer) = frontend.apply(&command).await? else {
            return Err(mismatch(&command).into());
        };
        let mut response = response::delete_range(answer);
        self.0.fill(&mut response.header);
        Ok(Response::new(response))
    }

    async fn txn(
        &self,
        request: Request<pb::TxnRequest>,
    ) -> Result<Response<pb::TxnResponse>, Status> {
        let frontend = self.0.of(&request);
        let request = request.into_inner();
        let serializable = request::txn_is_serializable(&request);
        let txn = request::txn(request, self.0.options().txn_ops_max)?;
        let answer = if txn.is_read_only() {
            read_txn(&frontend, &txn, serializable).await?
        } else {
            let command = Command::Txn(txn);
            let Applied::Txn(answer) = frontend.apply(&command).await? else {
                return Err(mismatch(&command).into());
            };
            answer
        };
        let mut response = response::txn(answer);
        self.0.fill(&mut response.header);
        Ok(Response::new(response))
    }

    /// `physical` has no meaning here: when a compaction is applied, the space is free.
    async fn compact(
        &self,
        request: Request<pb::CompactionRequest>,
    ) -> Result<Response<pb::CompactionResponse>, Status> {
        let frontend = self.0.of(&request);
        let command = Command::Compact(Compact { revision: request.into_inner().revision });
        let Applied::Compact(answer) = frontend.apply(&command).await? else {
            return Err(mismatch(&command).into());
        };
        let mut response = response::compact(answer);
        self.0.fill(&mut response.header);
        Ok(Response::new(response))
    }
}

async fn read_range<B: Backend>(
    frontend: &Frontend<B>,
    request: pb::RangeRequest,
) -> Result<pb::RangeResponse, Error> {
    let serializable = request.serializable;
    let range = request::range(request)?;
    range.validate()?;
    make_linearizable(frontend, serializable).await?;
    frontend.range(range).await.map(response::range)
}

/// Gets ready for a range, unless what this member has will do.
async fn make_linearizable<B: Backend>(
    frontend: &Frontend<B>,
    serializable: bool,
) -> Result<(), Error> {
    if !serializable {
        frontend.voter()?;
        frontend.read_index().await?;
    }
    frontend.metrics().ranges.inc();
    Ok(())
}

/// Answers a transaction that only reads, without a place in the log.
async fn read_txn<B: Backend>(
    frontend: &Frontend<B>,
    txn: &mvcc::Txn,
    serializable: bool,
) -> Result<mvcc::TxnResponse, Error> {
    frontend.voter()?;
    txn.validate(frontend.options().txn_ops_max)?;
    if !serializable {
        frontend.read_index().await?;
    }
    frontend.trust_own_store()?;
    frontend.permit(|store, user| store.permits_txn(user, txn))?;
    frontend.metrics().txns.inc();
    Ok(frontend.backend().read(|store| store.read_txn(txn))?)
}
