//! What members ask each other beside what Raft says: a question to the state machine, on a
//! connection of its own, which ends with the answer.
//!
//! ```text
//!   asker      ── "QUO-ASK" version u8, cluster u64, after u64, length u32, question ──▶  listener
//!              ◀── version u8, length u32, answer ──
//! ```
//!
//! Numbers in little-endian order. The listener waits until it has applied the log up to the index
//! `after`, so that the answer is about all that the asker knew of. If it does not come so far, or
//! is of another cluster, it hangs up. What question and answer mean, the state machine says
//! ([`Machine::answerer`](crate::Machine::answerer)).

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes};
use raft::Index;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::cluster::ClusterId;
use crate::handle::Status;
use crate::handshake::VERSION;
use crate::security::Security;

/// What an asker says first.
pub(crate) const QUESTION: &[u8; 7] = b"QUO-ASK";
/// The rest of what stands before the question itself.
const HEAD_BYTES: usize = 20;
/// Neither is longer.
const WORDS_BYTES_MAX: usize = 1 << 16;
/// How long a listener waits for its log to be applied.
const PATIENCE: Duration = Duration::from_secs(5);

/// Answers what other members ask.
#[derive(Clone)]
pub struct Answerer(Arc<dyn Fn(Bytes) -> Answer + Send + Sync>);

type Answer = Pin<Box<dyn Future<Output = Bytes> + Send>>;

impl Answerer {
    /// Answers with what that comes to.
    pub fn new<F>(answer: impl Fn(Bytes) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Bytes> + Send + 'static,
    {
        Self(Arc::new(move |question| Box::pin(answer(question))))
    }
}

impl fmt::Debug for Answerer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answerer")
    }
}

/// A question that somebody asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Question {
    after: Index,
    words: Bytes,
}

/// Reads a question whose opening was read.
pub(crate) async fn read_question(
    stream: &mut (impl AsyncRead + Unpin),
    own: ClusterId,
) -> io::Result<Question> {
    let mut head = [0; HEAD_BYTES];
    stream.read_exact(&mut head).await?;
    let mut head = head.as_slice();
    let (cluster, after) = (ClusterId(head.get_u64_le()), Index(head.get_u64_le()));
    if cluster != own {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "a question of another cluster"));
    }
    let words = read_words(stream, head.get_u32_le()).await?;
    Ok(Question { after, words })
}

/// Answers it, when this member has applied as much as it is about.
pub(crate) async fn answer(
    stream: &mut (impl AsyncWrite + Unpin),
    question: Question,
    answerer: &Answerer,
    status: &mut watch::Receiver<Status>,
) -> io::Result<()> {
    let Question { after, words } = question;
    let applied = status.wait_for(|status| status.applied >= after);
    let has_applied = timeout(PATIENCE, applied).await.is_ok_and(|waited| waited.is_ok());
    if !has_applied {
        return Err(io::ErrorKind::TimedOut.into());
    }
    let answer = answerer.0(words).await;
    let mut out = vec![VERSION];
    put_words(&answer, &mut out);
    stream.write_all(&out).await
}

/// Asks the member at that peer URL.
pub(crate) async fn ask(
    url: &str,
    security: &Security,
    cluster: ClusterId,
    after: Index,
    question: &[u8],
) -> io::Result<Bytes> {
    let mut stream = security.dial(url, |_| Ok(())).await?;
    ask_on(&mut stream, cluster, after, question).await
}

async fn ask_on(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    cluster: ClusterId,
    after: Index,
    question: &[u8],
) -> io::Result<Bytes> {
    let mut out = QUESTION.to_vec();
    out.put_u8(VERSION);
    out.put_u64_le(cluster.0);
    out.put_u64_le(after.0);
    put_words(question, &mut out);
    stream.write_all(&out).await?;
    if stream.read_u8().await? != VERSION {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let length = stream.read_u32_le().await?;
    read_words(stream, length).await
}

fn put_words(words: &[u8], out: &mut Vec<u8>) {
    out.put_u32_le(u32::try_from(words.len()).expect("a question or an answer is short"));
    out.put_slice(words);
}

async fn read_words(stream: &mut (impl AsyncRead + Unpin), length: u32) -> io::Result<Bytes> {
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length > WORDS_BYTES_MAX {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut words = vec![0; length];
    stream.read_exact(&mut words).await?;
    Ok(words.into())
}

#[cfg(test)]
mod tests {
    use tokio::io::duplex;

    use super::*;

    const CLUSTER: ClusterId = ClusterId(5);

    /// Skips what the handshake reads.
    async fn read_opening(stream: &mut (impl AsyncRead + Unpin)) {
        let mut opening = [0; 8];
        stream.read_exact(&mut opening).await.unwrap();
        assert_eq!(opening[..7], QUESTION[..]);
    }

    #[tokio::test]
    async fn a_question_comes_as_it_was_asked() {
        let (mut near, mut far) = duplex(64);
        let asking =
            tokio::spawn(
                async move { ask_on(&mut near, CLUSTER, Index(9), b"how are you?").await },
            );
        read_opening(&mut far).await;
        let question = read_question(&mut far, CLUSTER).await.unwrap();
        assert_eq!(question, Question { after: Index(9), words: "how are you?".into() });
        let mut out = vec![VERSION];
        put_words(b"well", &mut out);
        far.write_all(&out).await.unwrap();
        assert_eq!(asking.await.unwrap().unwrap(), "well");
    }

    #[tokio::test]
    async fn who_is_of_another_cluster_gets_no_answer() {
        let (mut near, mut far) = duplex(64);
        let asking = tokio::spawn(async move { ask_on(&mut near, CLUSTER, Index(0), b"").await });
        read_opening(&mut far).await;
        let refused = read_question(&mut far, ClusterId(6)).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::InvalidInput);
        drop(far);
        assert_eq!(asking.await.unwrap().unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }

    /// Nothing is allocated for it.
    #[tokio::test]
    async fn words_have_a_greatest_length() {
        let refused = read_words(&mut &b""[..], u32::MAX).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::InvalidData);
    }
}
