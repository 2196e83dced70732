//! Why the store does not do what it is asked to.

use crate::auth::AuthRefusal;

/// Why a request is refused. It prints as etcd's text, word for word, because clients compare it.
///
/// A refusal is an answer like any other: every member refuses the same command with the same
/// words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The request names no key.
    #[error("etcdserver: key is not provided")]
    EmptyKey,
    /// A put wants to keep the value or lease of a key that does not exist; or an operation of a
    /// transaction is empty.
    #[error("etcdserver: key not found")]
    KeyNotFound,
    /// A put both keeps the value and gives one.
    #[error("etcdserver: value is provided")]
    ValueProvided,
    /// A put both keeps the lease and gives one.
    #[error("etcdserver: lease is provided")]
    LeaseProvided,
    /// A transaction is too long, or too deep.
    #[error("etcdserver: too many operations in txn request")]
    TooManyOps,
    /// A transaction would put a key twice, or both put and delete it.
    #[error("etcdserver: duplicate key given in txn request")]
    DuplicateKey,
    /// A put names a lease that does not exist, or such a lease is to be revoked.
    #[error("etcdserver: requested lease not found")]
    LeaseNotFound,
    /// A lease is to be granted under the number of another one.
    #[error("etcdserver: lease already exists")]
    LeaseExists,
    /// A lease is to live for longer than [`LEASE_TTL_SECONDS_MAX`](crate::LEASE_TTL_SECONDS_MAX).
    #[error("etcdserver: too large lease TTL")]
    LeaseTtlTooLarge,
    /// The revision is older than the history that is kept.
    #[error("etcdserver: mvcc: required revision has been compacted")]
    Compacted {
        /// The revision up to which history was compacted: the oldest that can be read.
        at: i64,
    },
    /// A member has no space left, and the command may take more.
    #[error("etcdserver: mvcc: database space exceeded")]
    NoSpace,
    /// The members differ, so nothing may be changed.
    #[error("etcdserver: corrupt cluster")]
    Corrupt,
    /// The user may not do that, or a change of users is none.
    #[error(transparent)]
    Auth(#[from] AuthRefusal),
    /// The revision is yet to come.
    #[error("etcdserver: mvcc: required revision is a future revision")]
    FutureRevision {
        /// The latest revision.
        current: i64,
    },
}
