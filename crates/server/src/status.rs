//! From what can go wrong to what gRPC says: one table.
//!
//! Clients compare the texts, so they are etcd's, word for word. Where a store or a member says why
//! it refused, the text stands there; the codes stand only here.

use mvcc::{AuthRefusal, Refusal};
use tonic::{Code, Status};

use crate::backend::{ChangeFailure, Failure};

/// Why a request got no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    /// The store refuses it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The member could not do it.
    #[error(transparent)]
    Failed(#[from] Failure),
    /// The members are not changed, or another one does not lead.
    #[error(transparent)]
    NotChanged(#[from] ChangeFailure),
    /// A member is to be reached nowhere, or at what is no peer URL.
    #[error("etcdserver: given member URLs are invalid")]
    BadMemberUrls,
    /// A member is to be reached where another one is.
    #[error("etcdserver: Peer URLs already exists")]
    PeerUrlExists,
    /// There are as many learners as there may be.
    #[error("etcdserver: too many learner members in cluster")]
    TooManyLearners,
    /// A range is to be sorted in a way that does not exist.
    #[error("etcdserver: invalid sort option")]
    InvalidSortOption,
    /// A command is longer than the log takes.
    #[error("etcdserver: request is too large")]
    RequestTooLarge,
    /// A version to go down to is no version.
    #[error("etcdserver: wrong downgrade target version format")]
    WrongVersionFormat,
    /// A version to go down to is not the one before.
    #[error("etcdserver: invalid downgrade target version")]
    InvalidTargetVersion,
    /// A downgrade is to be cancelled, and there is none.
    #[error("etcdserver: no inflight downgrade job")]
    NoDowngrade,
    /// A client says that it is of a version whose name is no text.
    #[error("etcdserver: invalid client api version")]
    InvalidClientApiVersion,
    /// A learner is asked for what only voters do.
    #[error("etcdserver: rpc not supported for learner")]
    NotSupportedForLearner,
    /// The store refuses what an election or a lock needs.
    #[error(transparent)]
    RefusedWithoutCode(Refusal),
    /// Who proclaims, or has waited, is not, or no more, at its place.
    #[error("election: not leader")]
    NotElected,
    /// Nobody leads the election.
    #[error("election: no leader")]
    NobodyElected,
    /// Somebody proclaims or resigns, and does not say who.
    #[error("\"leader\" field must be provided")]
    MissingLeader,
    /// Who has waited for a lock has lost its lease meanwhile.
    #[error("mutex: session is expired")]
    SessionExpired,
    /// A user that logs in with certificates only wants to log in with a password.
    #[error("auth: authentication failed, password was given for no password user")]
    NoPasswordUser,
    /// A user logs in where tokens are made elsewhere.
    #[error("auth: token signing attempted with verify-only key")]
    VerifyOnly,
    /// The store answered something else than was asked: a bug.
    #[error("the reply does not belong to the command")]
    Mismatch,
}

/// The user may not, or cannot log in.
impl From<AuthRefusal> for Error {
    fn from(refusal: AuthRefusal) -> Self {
        Self::Refused(refusal.into())
    }
}

impl Error {
    fn code(self) -> Code {
        match self {
            Self::Refused(refusal) => match refusal {
                Refusal::EmptyKey
                | Refusal::KeyNotFound
                | Refusal::ValueProvided
                | Refusal::LeaseProvided
                | Refusal::TooManyOps
                | Refusal::DuplicateKey => Code::InvalidArgument,
                Refusal::LeaseNotFound => Code::NotFound,
                Refusal::LeaseExists => Code::FailedPrecondition,
                Refusal::Compacted { .. }
                | Refusal::FutureRevision { .. }
                | Refusal::LeaseTtlTooLarge => Code::OutOfRange,
                Refusal::NoSpace => Code::ResourceExhausted,
                Refusal::Corrupt => Code::DataLoss,
                Refusal::Auth(refusal) => code_of_auth(refusal),
            },
            Self::Failed(failure) => code_of_failure(failure),
            Self::NotChanged(failure) => match failure {
                ChangeFailure::Failed(failure) => code_of_failure(failure),
                ChangeFailure::MemberNotFound => Code::NotFound,
                ChangeFailure::MemberExists
                | ChangeFailure::NotLearner
                | ChangeFailure::LearnerNotReady
                | ChangeFailure::NotEnoughStarted
                | ChangeFailure::NotLeader
                | ChangeFailure::BadTransferee => Code::FailedPrecondition,
                ChangeFailure::Unhealthy => Code::Unavailable,
                // As in etcd, which has no code for it.
                ChangeFailure::TransferTimedOut => Code::Unknown,
            },
            Self::InvalidSortOption
            | Self::RequestTooLarge
            | Self::BadMemberUrls
            | Self::WrongVersionFormat
            | Self::InvalidTargetVersion
            | Self::InvalidClientApiVersion => Code::InvalidArgument,
            Self::NoDowngrade => Code::FailedPrecondition,
            // Clients with several endpoints try another one on this code and that text.
            Self::NotSupportedForLearner | Self::PeerUrlExists | Self::TooManyLearners => {
                Code::FailedPrecondition
            }
            // etcd has no codes for these.
            Self::RefusedWithoutCode(_)
            | Self::NotElected
            | Self::NobodyElected
            | Self::MissingLeader
            | Self::SessionExpired
            | Self::NoPasswordUser
            | Self::VerifyOnly => Code::Unknown,
            Self::Mismatch => Code::Internal,
        }
    }
}

/// The code of what users may not, also for the words of a watch that is refused.
pub(crate) fn code_of_auth(refusal: AuthRefusal) -> Code {
    match refusal {
        AuthRefusal::UserEmpty
        | AuthRefusal::RoleEmpty
        | AuthRefusal::AuthFailed
        | AuthRefusal::PermissionNotGiven
        | AuthRefusal::InvalidAuthMgmt
        | AuthRefusal::AuthOldRevision => Code::InvalidArgument,
        AuthRefusal::PermissionDenied => Code::PermissionDenied,
        AuthRefusal::InvalidAuthToken => Code::Unauthenticated,
        AuthRefusal::RootUserNotExist
        | AuthRefusal::RootRoleNotExist
        | AuthRefusal::UserAlreadyExist
        | AuthRefusal::UserNotFound
        | AuthRefusal::RoleAlreadyExist
        | AuthRefusal::RoleNotFound
        | AuthRefusal::RoleNotGranted
        | AuthRefusal::PermissionNotGranted
        | AuthRefusal::AuthNotEnabled => Code::FailedPrecondition,
    }
}

fn code_of_failure(failure: Failure) -> Code {
    match failure {
        Failure::NoLeader
        | Failure::LeaderChanged
        | Failure::TimedOut
        | Failure::LeaderFailed
        | Failure::ConnectionLost
        | Failure::Stopped => Code::Unavailable,
        Failure::Overloaded => Code::ResourceExhausted,
        Failure::TooLarge => Code::InvalidArgument,
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The codes and texts as etcd documents them (`rpctypes`), spelled out once more.
    #[test]
    fn codes_and_texts_are_those_of_etcd() {
        use Code::{FailedPrecondition, InvalidArgument, NotFound, OutOfRange, Unavailable};

        let check = |error: Error, code: Code, text: &str| {
            let status = Status::from(error);
            assert_eq!((status.code(), status.message()), (code, text));
        };
        check(Refusal::EmptyKey.into(), InvalidArgument, "etcdserver: key is not provided");
        check(Refusal::KeyNotFound.into(), InvalidArgument, "etcdserver: key not found");
        check(Refusal::ValueProvided.into(), InvalidArgument, "etcdserver: value is provided");
        check(Refusal::LeaseProvided.into(), InvalidArgument, "etcdserver: lease is provided");
        let text = "etcdserver: too many operations in txn request";
        check(Refusal::TooManyOps.into(), InvalidArgument, text);
        let text = "etcdserver: duplicate key given in txn request";
        check(Refusal::DuplicateKey.into(), InvalidArgument, text);
        let text = "etcdserver: requested lease not found";
        check(Refusal::LeaseNotFound.into(), NotFound, text);
        let text = "etcdserver: lease already exists";
        check(Refusal::LeaseExists.into(), FailedPrecondition, text);
        check(Refusal::LeaseTtlTooLarge.into(), OutOfRange, "etcdserver: too large lease TTL");
        let text = "etcdserver: mvcc: required revision has been compacted";
        check(Refusal::Compacted { at: 1 }.into(), OutOfRange, text);
        let text = "etcdserver: mvcc: required revision is a future revision";
        check(Refusal::FutureRevision { current: 1 }.into(), OutOfRange, text);
        let text = "etcdserver: mvcc: database space exceeded";
        check(Refusal::NoSpace.into(), Code::ResourceExhausted, text);
        check(Refusal::Corrupt.into(), Code::DataLoss, "etcdserver: corrupt cluster");
        let text = "etcdserver: wrong downgrade target version format";
        check(Error::WrongVersionFormat, InvalidArgument, text);
        let text = "etcdserver: invalid downgrade target version";
        check(Error::InvalidTargetVersion, InvalidArgument, text);
        check(Error::NoDowngrade, FailedPrecondition, "etcdserver: no inflight downgrade job");
        check(Failure::NoLeader.into(), Unavailable, "etcdserver: no leader");
        check(Failure::LeaderChanged.into(), Unavailable, "etcdserver: leader changed");
        check(Failure::TimedOut.into(), Unavailable, "etcdserver: request timed out");
        let text = "etcdserver: request timed out, possibly due to previous leader failure";
        check(Failure::LeaderFailed.into(), Unavailable, text);
        let text = "etcdserver: request timed out, possibly due to connection lost";
        check(Failure::ConnectionLost.into(), Unavailable, text);
        check(Failure::Stopped.into(), Unavailable, "etcdserver: server stopped");
        let text = "etcdserver: invalid client api version";
        check(Error::InvalidClientApiVersion, InvalidArgument, text);
        let text = "etcdserver: too many requests";
        check(Failure::Overloaded.into(), Code::ResourceExhausted, text);
        let text = "etcdserver: request is too large";
        check(Failure::TooLarge.into(), InvalidArgument, text);
        check(Error::InvalidSortOption, InvalidArgument, "etcdserver: invalid sort option");
        check(Error::RequestTooLarge, InvalidArgument, "etcdserver: request is too large");
        let text = "etcdserver: rpc not supported for learner";
        check(Error::NotSupportedForLearner, FailedPrecondition, text);
    }

    /// Those of changes of the members, likewise.
    #[test]
    fn codes_and_texts_of_changes_are_those_of_etcd() {
        use ChangeFailure::{
            BadTransferee, LearnerNotReady, MemberExists, MemberNotFound, NotEnoughStarted,
            NotLeader, NotLearner, TransferTimedOut, Unhealthy,
        };
        use Code::{FailedPrecondition, InvalidArgument, NotFound, Unavailable, Unknown};

        let check = |error: Error, code: Code, text: &str| {
            let status = Status::from(error);
            assert_eq!(status.code(), code, "{text}");
            assert_eq!(status.message(), format!("etcdserver: {text}"));
        };
        check(Error::BadMemberUrls, InvalidArgument, "given member URLs are invalid");
        check(Error::PeerUrlExists, FailedPrecondition, "Peer URLs already exists");
        let text = "too many learner members in cluster";
        check(Error::TooManyLearners, FailedPrecondition, text);
        check(MemberExists.into(), FailedPrecondition, "member ID already exist");
        check(MemberNotFound.into(), NotFound, "member not found");
        check(NotLearner.into(), FailedPrecondition, "can only promote a learner member");
        let text = "can only promote a learner member which is in sync with leader";
        check(LearnerNotReady.into(), FailedPrecondition, text);
        let text = "re-configuration failed due to not enough started members";
        check(NotEnoughStarted.into(), FailedPrecondition, text);
        check(Unhealthy.into(), Unavailable, "unhealthy cluster");
        check(NotLeader.into(), FailedPrecondition, "not leader");
        check(BadTransferee.into(), FailedPrecondition, "bad leader transferee");
        let text = "request timed out, leader transfer took too long";
        check(TransferTimedOut.into(), Unknown, text);
        let failure = ChangeFailure::Failed(Failure::NoLeader);
        check(failure.into(), Unavailable, "no leader");
    }
}
