//! Renewals, gathered.
//!
//! A renewal costs a place in the log. While some are on their way, those that come wait, and go
//! together as one command. So a member has one at a time on its way, however many clients keep
//! their leases alive.

use std::sync::{Arc, OnceLock};

use mvcc::{Command, LeaseCommand, LeaseOutcome, Response};
use tokio::sync::{mpsc, oneshot};

use crate::backend::{Backend, Failure};
use crate::frontend::{Frontend, mismatch};
use crate::status::Error;

/// How many renewals one command carries at most. As many may wait for the next one; who comes then
/// waits to be let in.
const RENEWALS_MAX: usize = 1000;

/// How long a lease lives from now on, or `None` if there is no such lease.
type Outcome = Result<Option<i64>, Error>;

/// Where renewals go. Clones share everything.
#[derive(Clone, Default)]
pub(crate) struct Renewals(Arc<OnceLock<mpsc::Sender<Renewal>>>);

/// A lease that is to be renewed, and who waits for the answer.
struct Renewal {
    id: i64,
    answer: oneshot::Sender<Outcome>,
}

impl Renewals {
    /// Has a lease renewed.
    pub(crate) async fn renew<B: Backend>(&self, frontend: &Frontend<B>, id: i64) -> Outcome {
        let gate = self.0.get_or_init(|| {
            let (gate, waiting) = mpsc::channel(RENEWALS_MAX);
            // Whether they may was looked at before.
            tokio::spawn(carry(frontend.as_system(), waiting));
            gate
        });
        let (answer, outcome) = oneshot::channel();
        let stopped = Err(Failure::Stopped.into());
        if gate.send(Renewal { id, answer }).await.is_err() {
            return stopped;
        }
        outcome.await.unwrap_or(stopped)
    }
}

/// Carries renewals, until nobody can come any more.
async fn carry<B: Backend>(frontend: Frontend<B>, mut waiting: mpsc::Receiver<Renewal>) {
    let mut renewals = Vec::new();
    while waiting.recv_many(&mut renewals, RENEWALS_MAX).await > 0 {
        let ids = renewals.iter().map(|renewal| renewal.id).collect();
        let outcomes = renew_all(&frontend, ids).await;
        for (place, renewal) in renewals.drain(..).enumerate() {
            let outcome = outcomes.as_ref().map(|ttls| ttls.get(place).copied().flatten());
            // Who has gone does not hear it.
            let _ = renewal.answer.send(outcome.map_err(|error| *error));
        }
    }
}

async fn renew_all<B: Backend>(
    frontend: &Frontend<B>,
    ids: Vec<i64>,
) -> Result<Vec<Option<i64>>, Error> {
    let command = Command::Lease(LeaseCommand::Renew { ids });
    let Response::Lease(answer) = frontend.apply(&command).await? else {
        return Err(mismatch(&command));
    };
    let LeaseOutcome::Renewed(ttls_seconds) = answer.outcome else {
        return Err(mismatch(&command));
    };
    Ok(ttls_seconds)
}
