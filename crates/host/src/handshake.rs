//! How two members make sure of each other before they talk.
//!
//! ```text
//!   dialer   ── "QUORATE" version u8, cluster u64, from u64, to u64 ──▶   listener
//!            ◀────────── verdict u8, cluster u64, member u64 ──────────
//! ```
//!
//! Numbers in little-endian order. The verdict is the listener's version, or 0 if the dialer's
//! certificate is another member's. The listener says who it is in any case, so that both sides can
//! say what is wrong. It talks to any member of its cluster, also to one that it does not know: the
//! configuration that has it may not have come yet.
//!
//! Who asks something of the state machine opens otherwise, too: see [`inquiry`](crate::inquiry).
//! Who is to join a cluster asks who belongs to it, and hangs up:
//!
//! ```text
//!   joiner   ── "QUO-WHO" version u8 ──▶   listener
//!            ◀── version u8, length u32, roster ──
//! ```

use std::io;

use bytes::{Buf, BufMut};
use raft::NodeId;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::cluster::ClusterId;
use crate::inquiry::{self, Question};

/// The version of all that members say to each other, handshake and messages.
pub(crate) const VERSION: u8 = 1;
/// The verdict on a dialer who shows the certificate of somebody else.
const IMPOSTOR: u8 = 0;
const MAGIC: &[u8; 7] = b"QUORATE";
/// What somebody says first who wants to know who the members are.
const QUESTION: &[u8; 7] = b"QUO-WHO";
const OPENING_BYTES: usize = 8;
const HELLO_BYTES: usize = 32;
/// A roster is not longer.
const ROSTER_BYTES_MAX: usize = 1 << 20;
const ANSWER_BYTES: usize = 17;

/// Who somebody says to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) cluster: ClusterId,
    pub(crate) member: NodeId,
}

/// Why two members do not talk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error(
        "it is of cluster {theirs}, and this member of cluster {ours}: \
         compare --initial-cluster and --initial-cluster-token of both"
    )]
    OtherCluster { ours: ClusterId, theirs: ClusterId },
    #[error(
        "it speaks version {0} of the protocol between members, and this member version {VERSION}"
    )]
    OtherVersion(u8),
    #[error("it is {0}, which is not a member that is expected there")]
    OtherMember(NodeId),
    #[error(
        "{0} shows a certificate that names no host of its peer URLs: give it one that does, with \
         --peer-cert-file"
    )]
    Impostor(NodeId),
    #[error("it does not speak the protocol between members")]
    Stranger,
}

/// How a handshake failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// The dialer's side.
pub(crate) async fn dial(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    own: Identity,
    to: NodeId,
) -> Result<(), Error> {
    let mut hello = Vec::with_capacity(HELLO_BYTES);
    hello.put_slice(MAGIC);
    hello.put_u8(VERSION);
    hello.put_u64_le(own.cluster.0);
    hello.put_u64_le(own.member.0);
    hello.put_u64_le(to.0);
    stream.write_all(&hello).await?;

    let mut answer = [0; ANSWER_BYTES];
    stream.read_exact(&mut answer).await?;
    let mut answer = answer.as_slice();
    let verdict = answer.get_u8();
    let theirs =
        Identity { cluster: ClusterId(answer.get_u64_le()), member: NodeId(answer.get_u64_le()) };
    if verdict == IMPOSTOR {
        return Err(Refusal::Impostor(own.member).into());
    }
    if verdict != VERSION {
        return Err(Refusal::OtherVersion(verdict).into());
    }
    if theirs.cluster != own.cluster {
        return Err(Refusal::OtherCluster { ours: own.cluster, theirs: theirs.cluster }.into());
    }
    if theirs.member != to {
        return Err(Refusal::OtherMember(theirs.member).into());
    }
    Ok(())
}

/// Asks who the members are.
pub(crate) async fn ask(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
) -> Result<String, Error> {
    let mut question = QUESTION.to_vec();
    question.put_u8(VERSION);
    stream.write_all(&question).await?;
    let version = stream.read_u8().await?;
    if version != VERSION {
        return Err(Refusal::OtherVersion(version).into());
    }
    let length = usize::try_from(stream.read_u32_le().await?).unwrap_or(usize::MAX);
    if length > ROSTER_BYTES_MAX {
        return Err(Refusal::Stranger.into());
    }
    let mut roster = vec![0; length];
    stream.read_exact(&mut roster).await?;
    String::from_utf8(roster).map_err(|_| Refusal::Stranger.into())
}

/// Who dialed, and what is left to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Visitor {
    /// That member, which will send messages.
    Member(NodeId),
    /// Somebody who asked for the roster, and has it.
    Joiner,
    /// Somebody who asks the state machine something, and is to be answered.
    Asker(Question),
}

/// The listener's side. Says who dialed.
/// `is_believed` tells whether the dialer may be that member, by what else is known of it.
pub(crate) async fn answer(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    own: Identity,
    roster: impl Fn() -> String,
    is_believed: impl Fn(NodeId) -> bool,
) -> Result<Visitor, Error> {
    let mut hello = [0; HELLO_BYTES];
    let (opening, rest) = hello.split_at_mut(OPENING_BYTES);
    stream.read_exact(opening).await?;
    if opening.starts_with(QUESTION) {
        tell(stream, &roster()).await?;
        return Ok(Visitor::Joiner);
    }
    if opening.starts_with(inquiry::QUESTION) {
        return Ok(Visitor::Asker(inquiry::read_question(stream, own.cluster).await?));
    }
    if !opening.starts_with(MAGIC) {
        return Err(Refusal::Stranger.into());
    }
    stream.read_exact(rest).await?;
    let mut hello = &hello[MAGIC.len()..];
    let version = hello.get_u8();
    let cluster = ClusterId(hello.get_u64_le());
    let (from, to) = (NodeId(hello.get_u64_le()), NodeId(hello.get_u64_le()));
    // Only of a member of this cluster is known what it would show.
    let is_impostor = version == VERSION && cluster == own.cluster && !is_believed(from);

    let mut answer = Vec::with_capacity(ANSWER_BYTES);
    answer.put_u8(if is_impostor { IMPOSTOR } else { VERSION });
    answer.put_u64_le(own.cluster.0);
    answer.put_u64_le(own.member.0);
    stream.write_all(&answer).await?;

    if is_impostor {
        return Err(Refusal::Impostor(from).into());
    }
    if version != VERSION {
        return Err(Refusal::OtherVersion(version).into());
    }
    if cluster != own.cluster {
        return Err(Refusal::OtherCluster { ours: own.cluster, theirs: cluster }.into());
    }
    if from == own.member || to != own.member {
        return Err(Refusal::OtherMember(from).into());
    }
    Ok(Visitor::Member(from))
}

/// Tells who the members are.
async fn tell(stream: &mut (impl AsyncWrite + Unpin), roster: &str) -> Result<(), Error> {
    let mut answer = vec![VERSION];
    answer.put_u32_le(u32::try_from(roster.len()).expect("a roster of some members is short"));
    answer.put_slice(roster.as_bytes());
    Ok(stream.write_all(&answer).await?)
}

#[cfg(test)]
mod tests {
    use tokio::io::duplex;

    use super::*;

    const DIALER: Identity = Identity { cluster: ClusterId(5), member: NodeId(1) };
    const LISTENER: Identity = Identity { cluster: ClusterId(5), member: NodeId(2) };

    /// Lets them shake hands, and says what each makes of it. The dialer wants to reach `to`.
    async fn shake(
        dialer: Identity,
        to: NodeId,
        listener: Identity,
    ) -> (Result<(), Refusal>, Result<Visitor, Refusal>) {
        let (mut near, mut far) = duplex(64);
        let (dialed, answered) = tokio::join!(
            dial(&mut near, dialer, to),
            answer(&mut far, listener, String::new, |_| true)
        );
        (dialed.map_err(refusal), answered.map_err(refusal))
    }

    fn refusal(error: Error) -> Refusal {
        match error {
            Error::Refused(refusal) => refusal,
            Error::Io(error) => panic!("{error}"),
        }
    }

    #[tokio::test]
    async fn members_make_sure_of_each_other() {
        let shaken = shake(DIALER, LISTENER.member, LISTENER).await;
        assert_eq!(shaken, (Ok(()), Ok(Visitor::Member(DIALER.member))));
    }

    #[tokio::test]
    async fn who_asks_is_told_who_the_members_are() {
        let (mut near, mut far) = duplex(64);
        let roster = || "somebody\n".repeat(1000);
        let (told, answered) =
            tokio::join!(ask(&mut near), answer(&mut far, LISTENER, roster, |_| true));
        assert_eq!(told.map_err(refusal), Ok(roster()));
        assert_eq!(answered.map_err(refusal), Ok(Visitor::Joiner));
    }

    /// Both sides learn why.
    #[tokio::test]
    async fn another_cluster_is_refused() {
        let stranger = Identity { cluster: ClusterId(6), ..DIALER };
        let (dialed, answered) = shake(stranger, LISTENER.member, LISTENER).await;
        let (ours, theirs) = (stranger.cluster, LISTENER.cluster);
        assert_eq!(dialed, Err(Refusal::OtherCluster { ours, theirs }));
        assert_eq!(answered, Err(Refusal::OtherCluster { ours: theirs, theirs: ours }));
    }

    /// Another member has the address now.
    #[tokio::test]
    async fn another_member_is_refused() {
        let (dialed, answered) = shake(DIALER, NodeId(3), LISTENER).await;
        assert_eq!(dialed, Err(Refusal::OtherMember(LISTENER.member)));
        assert_eq!(answered, Err(Refusal::OtherMember(DIALER.member)));
    }

    #[tokio::test]
    async fn who_is_no_other_member_is_refused() {
        let dialer = Identity { member: LISTENER.member, ..DIALER };
        let (_, answered) = shake(dialer, LISTENER.member, LISTENER).await;
        assert_eq!(answered, Err(Refusal::OtherMember(LISTENER.member)));
    }

    /// Both sides learn it.
    #[tokio::test]
    async fn who_shows_another_certificate_is_refused() {
        let (mut near, mut far) = duplex(64);
        let is_believed = |member| member != DIALER.member;
        let (dialed, answered) = tokio::join!(
            dial(&mut near, DIALER, LISTENER.member),
            answer(&mut far, LISTENER, String::new, is_believed)
        );
        assert_eq!(dialed.map_err(refusal), Err(Refusal::Impostor(DIALER.member)));
        assert_eq!(answered.map_err(refusal), Err(Refusal::Impostor(DIALER.member)));
    }

    #[tokio::test]
    async fn another_version_is_refused() {
        let (mut near, mut far) = duplex(64);
        let mut hello = MAGIC.to_vec();
        hello.push(VERSION + 1);
        hello.resize(HELLO_BYTES, 0);
        near.write_all(&hello).await.unwrap();
        let refused = answer(&mut far, LISTENER, String::new, |_| true).await.map_err(refusal);
        assert_eq!(refused, Err(Refusal::OtherVersion(VERSION + 1)));
        // It says which version it speaks.
        assert_eq!(near.read_u8().await.unwrap(), VERSION);

        let (mut near, mut far) = duplex(64);
        far.write_all(&[VERSION + 1; ANSWER_BYTES]).await.unwrap();
        let refused = dial(&mut near, DIALER, LISTENER.member).await.map_err(refusal);
        assert_eq!(refused, Err(Refusal::OtherVersion(VERSION + 1)));
    }

    /// Nothing is said to those who say nothing of the kind.
    #[tokio::test]
    async fn a_stranger_gets_no_answer() {
        let (mut near, mut far) = duplex(64);
        near.write_all(&[b'x'; HELLO_BYTES]).await.unwrap();
        let refused = answer(&mut far, LISTENER, String::new, |_| true).await.map_err(refusal);
        assert_eq!(refused, Err(Refusal::Stranger));
        drop(far);
        assert_eq!(near.read(&mut [0]).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn who_hangs_up_is_not_heard() {
        let (mut near, mut far) = duplex(64);
        near.write_all(&MAGIC[..]).await.unwrap();
        drop(near);
        let error = answer(&mut far, LISTENER, String::new, |_| true).await.unwrap_err();
        assert!(matches!(error, Error::Io(_)), "{error}");

        let (mut near, far) = duplex(64);
        drop(far);
        let error = dial(&mut near, DIALER, LISTENER.member).await.unwrap_err();
        assert!(matches!(error, Error::Io(_)), "{error}");
    }
}
