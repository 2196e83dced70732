//! What a host can run.

use bytes::Bytes;
use raft::NodeId;
use replica::StateMachine;
use trace::Change;

use crate::inquiry::Answerer;

/// A state machine that a host can run, store and show.
pub trait Machine: StateMachine<Reply: Send, Image: Send, State: Send> + Send + 'static {
    /// Says a command in one short line.
    fn text(command: &Bytes) -> String;

    /// The keys that a command changed, for those who watch.
    fn changes(reply: &Self::Reply) -> Vec<Change>;

    /// The keys of a state that changed last, at most so many, the latest at the end.
    fn latest(state: &Self::State, count: usize) -> Vec<Change>;

    /// How a member is called that came later, if the machine has been told.
    fn name_of(&self, id: NodeId) -> Option<String>;

    /// Turns an image into the bytes of a snapshot, piece by piece. It may take long. Equal states
    /// give equal bytes.
    ///
    /// # Errors
    ///
    /// That of `write`.
    fn for_each_piece<E>(
        image: Self::Image,
        write: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E>;

    /// Answers what other members ask of this one's state. Without a word, unless the machine has
    /// something to say.
    fn answerer(&self) -> Answerer {
        Answerer::new(async |_| Bytes::new())
    }

    /// Turns the bytes of a snapshot into a state.
    type Restorer: Restorer<State = Self::State>;
}

/// Turns the bytes of a snapshot into a state.
pub trait Restorer: Default {
    /// What becomes of them.
    type State;

    /// Takes the next piece, of any length.
    ///
    /// # Errors
    ///
    /// Why it cannot be part of a state.
    fn feed(&mut self, piece: &[u8]) -> Result<(), String>;

    /// The state, when all pieces were taken.
    ///
    /// # Errors
    ///
    /// Why they are no state.
    fn finish(self) -> Result<Self::State, String>;
}
