//! What the page shows of a cluster that runs: the traces of all members as one stream, and the
//! elections that they remember.
//!
//! A member tells of itself only (`/api/trace`, `/api/flight`). Whoever serves the page, a member
//! or the demo, listens to all of them as any other program could, and tells that on: `/api/live`,
//! `/api/elections`.
//!
//! - [`door`]: the way to a member.
//! - [`mod@listen`]: the records that a member tells.
//! - [`story`]: the traces of all members, as one.
//! - [`audience`]: a story for as long as somebody listens, told by any member.
//! - [`elections`]: what the members remember, as one trace.

mod audience;
mod door;
pub(crate) mod elections;
pub(crate) mod listen;
pub(crate) mod story;

pub(crate) use self::audience::Audience;
pub(crate) use self::door::Door;
pub(crate) use self::listen::listen;
pub(crate) use self::story::Story;
