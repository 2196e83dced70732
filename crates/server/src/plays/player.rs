//! Who carries out a play: a process of its own.
//!
//! The engine asserts what it holds, and a release build ends with the process that finds an
//! assertion broken. A reader's play must not end a member, so it is run by another process of the
//! same program, `quorate sim … --trace -`. What that writes is the answer; if it dies, takes too
//! long or writes too much, that is an answer as well.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, setpriority_process};
use serde::Deserialize;
use sim::Play;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// A play may take so long.
const PATIENCE: Duration = Duration::from_secs(20);
/// A trace may be so long. One that is as long as `Play` allows takes half of that.
const TRACE_BYTES_MAX: u64 = 64 << 20;
/// What a play says beside its trace is read up to here.
const SAID_BYTES_MAX: u64 = 16 << 10;
/// Whoever keeps the cluster running goes first.
const NICENESS: i32 = 10;

/// Starts processes that carry out plays. Clones start the same program.
#[derive(Clone, Debug)]
pub struct Player {
    program: OsString,
    /// What comes before the words of the play.
    words: Vec<OsString>,
    patience: Duration,
    trace_bytes_max: u64,
}

/// Why there is no trace.
#[derive(Debug)]
pub(super) enum Failure {
    /// The process could not be started, or heard.
    Process(io::Error),
    /// It took longer than it may.
    Slow(Duration),
    /// It wrote more than it may.
    Long(u64),
    /// It ended too early.
    Died {
        /// How.
        status: ExitStatus,
        /// Its last words.
        said: String,
    },
}

impl Player {
    /// Starts the program that this process is, too.
    ///
    /// # Errors
    ///
    /// If the system does not say which program that is.
    pub fn own() -> io::Result<Self> {
        // On Linux this is the program that runs, also if its file was replaced since.
        let program = if cfg!(target_os = "linux") {
            "/proc/self/exe".into()
        } else {
            std::env::current_exe()?.into_os_string()
        };
        Ok(Self::new(program, ["sim"]))
    }

    pub(super) fn new<W: Into<OsString>>(
        program: OsString,
        words: impl IntoIterator<Item = W>,
    ) -> Self {
        Self {
            program,
            words: words.into_iter().map(Into::into).collect(),
            patience: PATIENCE,
            trace_bytes_max: TRACE_BYTES_MAX,
        }
    }

    /// Carries out the play, and gives its trace. Whoever stops waiting ends it.
    pub(super) async fn play(&self, play: &Play) -> Result<Vec<u8>, Failure> {
        let mut child = self.start(play).map_err(Failure::Process)?;
        let played = timeout(self.patience, self.hear(&mut child)).await;
        // The child is killed when it is dropped, if it still runs.
        played.unwrap_or(Err(Failure::Slow(self.patience)))
    }

    fn start(&self, play: &Play) -> io::Result<Child> {
        let mut command = Command::new(&self.program);
        command.args(&self.words).args(play.words()).args(["--trace", "-"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.env("RUST_BACKTRACE", "0").kill_on_drop(true).spawn()?;
        let pid = child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?));
        if let Err(error) = setpriority_process(pid, NICENESS) {
            tracing::debug!(%error, "a play runs as if it were important");
        }
        Ok(child)
    }

    async fn hear(&self, child: &mut Child) -> Result<Vec<u8>, Failure> {
        let stdout = child.stdout.take().expect("it is piped");
        let stderr = child.stderr.take().expect("it is piped");
        // Both at once: a process that nobody hears does not go on.
        let said = tokio::spawn(read(stderr, SAID_BYTES_MAX));
        let trace = read(stdout, self.trace_bytes_max + 1).await.map_err(Failure::Process)?;
        if trace.len() as u64 > self.trace_bytes_max {
            return Err(Failure::Long(self.trace_bytes_max));
        }
        let status = child.wait().await.map_err(Failure::Process)?;
        if is_whole(&trace) {
            // A play in which a rule was broken ends with a trace and a failure.
            return Ok(trace);
        }
        let said = said.await.ok().and_then(Result::ok).unwrap_or_default();
        Err(Failure::Died { status, said: String::from_utf8_lossy(&said).trim().to_owned() })
    }
}

async fn read(from: impl AsyncRead + Unpin, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(bytes_max).read_to_end(&mut bytes).await?;
    Ok(bytes)
}

/// Whether the last record says that the run ended.
fn is_whole(trace: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Last<'a> {
        k: &'a str,
    }
    let lines = trace.strip_suffix(b"\n").unwrap_or_default();
    let last = lines.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    serde_json::from_slice::<Last<'_>>(last).is_ok_and(|last| last.k == "end")
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Process(error) => write!(f, "the play could not be carried out: {error}"),
            Self::Slow(patience) => write!(
                f,
                "the play was ended, for it took longer than {patience:?}: ask for a shorter one, \
                 or try again"
            ),
            Self::Long(bytes) => write!(
                f,
                "the play was ended, for its trace is longer than {bytes} bytes: ask for a \
                 shorter one"
            ),
            Self::Died { status, said } if said.is_empty() => {
                write!(f, "the engine died in this play ({status})")
            }
            Self::Died { status, said } => {
                write!(f, "the engine died in this play ({status}): {said}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A player that is a shell script.
    fn script(script: &str) -> Player {
        Player::new("sh".into(), ["-c", script, "sim"])
    }

    async fn play(player: &Player) -> Result<String, String> {
        let play = Play::new("one", Some(7), "5stop:n1", Some(9)).unwrap();
        let trace = player.play(&play).await.map_err(|failure| failure.to_string())?;
        Ok(String::from_utf8(trace).unwrap())
    }

    const END: &str = r#"{"i":1,"t":9,"k":"end","why":"over"}"#;

    #[tokio::test]
    async fn the_words_of_a_play_are_arguments() {
        let trace = play(&script(&format!("echo $*; echo '{END}'"))).await.unwrap();
        let words = "--scenario one --seed 7 --actions 5stop:n1 --until 9 --trace -";
        assert_eq!(trace, format!("{words}\n{END}\n"));
    }

    /// A rule that was broken is no failure of the player.
    #[tokio::test]
    async fn a_trace_that_says_that_it_ended_is_whole() {
        assert!(play(&script(&format!("echo '{END}'; exit 1"))).await.is_ok());
    }

    #[tokio::test]
    async fn a_play_that_dies_leaves_its_last_words() {
        let script = script("echo '{\"i\":0}'; echo 'assertion failed: 1 < 1' >&2; kill -9 $$");
        let why = play(&script).await.unwrap_err();
        let good = "the engine died in this play (signal: 9 (SIGKILL)): assertion failed: 1 < 1";
        assert_eq!(why, good);
    }

    #[tokio::test]
    async fn a_trace_that_was_cut_short_is_none() {
        let why = play(&script("printf '%s' '{\"k\":\"e'")).await.unwrap_err();
        assert_eq!(why, "the engine died in this play (exit status: 0)");
    }

    #[tokio::test]
    async fn a_play_that_takes_too_long_is_ended() {
        let patience = Duration::from_millis(20);
        let player = Player { patience, ..script("exec sleep 1000") };
        assert!(play(&player).await.unwrap_err().contains("longer than 20ms"));
    }

    #[tokio::test]
    async fn a_play_that_writes_too_much_is_ended() {
        let player = Player { trace_bytes_max: 1000, ..script("exec yes") };
        assert!(play(&player).await.unwrap_err().contains("longer than 1000 bytes"));
    }

    #[tokio::test]
    async fn a_program_that_is_not_there_is_named() {
        let why = play(&Player::new("/no/such".into(), ["sim"])).await.unwrap_err();
        assert!(why.starts_with("the play could not be carried out: "), "{why}");
    }
}
