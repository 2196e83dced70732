//! A member of the demo, as the page and the demo itself see it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::AbortHandle;
use tokio::time::timeout;

use super::follow;
use super::keeper::{Action, Command, Keeper, Life, State};
use super::plan::Plan;
use crate::live::Story;

/// How long a member may take to end when it is asked to.
const END_PATIENCE: Duration = Duration::from_secs(3);

/// A member of the demo.
pub(super) struct Member {
    pub(super) plan: Plan,
    commands: mpsc::Sender<Command>,
    life: watch::Receiver<Life>,
    /// Follows its trace.
    follower: AbortHandle,
}

impl Member {
    /// A member that is not started yet.
    pub(super) fn new(plan: Plan, story: Arc<Story>) -> Self {
        let (commands, receiver) = mpsc::channel(8);
        let (keeper, life) = Keeper::new(plan.clone(), story.clone());
        tokio::spawn(keeper.run(receiver));
        let follower = tokio::spawn(follow::follow(plan.clone(), life.clone(), story));
        Self { plan, commands, life, follower: follower.abort_handle() }
    }

    /// Does something to it. Fails with a reason for people.
    pub(super) async fn act(&self, action: Action) -> Result<(), String> {
        let (done, result) = oneshot::channel();
        let gone = || "the demo is ending".to_owned();
        self.commands.send((action, done)).await.map_err(|_| gone())?;
        result.await.map_err(|_| gone())?
    }

    /// Waits until it serves clients. Fails if it ends first, with the last thing that it said.
    pub(super) async fn ready(&self) -> Result<(), String> {
        let mut life = self.life.clone();
        let found = life.wait_for(|life| life.is_ready || life.state == State::Stopped).await;
        match found {
            Ok(life) if life.is_ready => Ok(()),
            Ok(life) => Err(format!("member {} ended: {}", self.plan.name, life.last_line)),
            Err(_) => Err("the demo is ending".to_owned()),
        }
    }

    /// How it is.
    pub(super) fn life(&self) -> Life {
        self.life.borrow().clone()
    }

    /// Ends it, in good order if it lets itself.
    pub(super) async fn shut_down(&self) {
        // A member that ends waits for those who still listen to it.
        self.follower.abort();
        // A paused process does not even hear that it shall end; one that has ended need not.
        let _ = self.act(Action::Resume).await;
        let _ = self.act(Action::End).await;
        let mut life = self.life.clone();
        let ended = life.wait_for(|life| life.state == State::Stopped);
        if timeout(END_PATIENCE, ended).await.is_err() {
            let _ = self.act(Action::Stop).await;
        }
    }
}
