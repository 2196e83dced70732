//! What a host can run.

use bytes::Bytes;
use replica::StateMachine;
use trace::Change;

/// A state machine that a host can run and show.
pub trait Machine: StateMachine<Reply: Send, Image: Send, State: Send> + Send + 'static {
    /// Says a command in one short line.
    fn text(command: &Bytes) -> String;

    /// The keys that a command changed, for those who watch.
    fn changes(reply: &Self::Reply) -> Vec<Change>;
}
