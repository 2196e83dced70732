//! A cluster for the browser tests: `quorate demo` as a child process.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::command::run;

/// How long the demo may take to show its page, and to end.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many ports, from the first on, are kept for a demo's members. Its page comes after them.
const MEMBER_PORTS: u16 = 15;

/// A running demo. It is killed when dropped; [`Demo::stop`] ends it properly.
pub(crate) struct Demo {
    child: Child,
    /// Where its page is.
    pub(crate) page: String,
}

impl Demo {
    /// Starts three members on ports that nobody uses, and waits until the page is there.
    pub(crate) fn start(program: &Path) -> Result<Self> {
        let base_port = free_ports()?;
        let page_port = base_port + MEMBER_PORTS;
        let mut command = Command::new(program);
        command.args(["demo", "--members", "3"]);
        command.args(["--base-port", &base_port.to_string()]);
        command.args(["--page-port", &page_port.to_string()]);
        Self::spawn(command, format!("http://127.0.0.1:{page_port}"), PATIENCE)
    }

    /// Runs `command` and waits until it prints a line with the address `page`.
    fn spawn(mut command: Command, page: String, patience: Duration) -> Result<Self> {
        let mut child = command.stdout(Stdio::piped()).spawn().context("cannot start the demo")?;
        let output = child.stdout.take().context("the demo has no standard output")?;
        let demo = Self { child, page };
        let (found, wait) = mpsc::channel();
        let page = demo.page.clone();
        // The thread reads to the end, so that the demo never waits for a full pipe.
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                println!("demo: {line}");
                if line.contains(&page) {
                    // Nobody listens after the first such line.
                    let _ = found.send(());
                }
            }
        });
        match wait.recv_timeout(patience) {
            Ok(()) => Ok(demo),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                bail!("the demo did not name {} within {patience:?}", demo.page)
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                bail!("the demo ended, or closed its output, before it named {}", demo.page)
            }
        }
    }

    /// Asks the demo to end. An error if it does not end soon and well.
    ///
    /// Not by an interrupt, as Ctrl-C does: who runs this in the background has interrupts ignored
    /// for all its children.
    pub(crate) fn stop(self) -> Result<()> {
        self.stop_within(PATIENCE)
    }

    fn stop_within(mut self, patience: Duration) -> Result<()> {
        run(Command::new("kill").args(["-TERM", &self.child.id().to_string()]))?;
        let deadline = Instant::now() + patience;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait()? {
                if !status.success() {
                    bail!("the demo ended badly when asked to ({status})");
                }
                return Ok(());
            }
            thread::sleep(Duration::from_millis(20));
        }
        bail!("the demo did not end within {patience:?} of being asked to")
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // After `stop` it has ended, and both fail; in every other case it must not outlive us.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The first of some adjacent ports that nobody listens on. Another process may still take one
/// before the demo does; the demo then says so.
pub(crate) fn free_ports() -> Result<u16> {
    const COUNT: u16 = MEMBER_PORTS + 1;
    // Below the range from which systems give ports to outgoing connections.
    let bases = (20_000..32_000).step_by(usize::from(COUNT));
    // Two runs at a time shall not look at the same ports first.
    let skip = std::process::id() as usize % 512;
    let is_free = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    let mut free = bases.skip(skip).filter(|base| (*base..base + COUNT).all(is_free));
    free.next().context("no free ports between 20000 and 32000")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(500);

    /// A stand-in for the demo, of which only the life as a process matters here.
    fn spawn(script: &str, patience: Duration) -> Result<Demo> {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Demo::spawn(command, "http://127.0.0.1:1".to_string(), patience)
    }

    fn failure(result: Result<impl Sized>) -> String {
        result.err().expect("it must fail").to_string()
    }

    #[test]
    fn it_ends_when_asked_to() {
        let demo = spawn(
            "trap 'exit 0' TERM; echo starting; echo page at http://127.0.0.1:1/; \
             while :; do sleep 0.01; done",
            PATIENCE,
        );
        demo.expect("it names the page").stop_within(PATIENCE).expect("it ends well");
    }

    #[test]
    fn a_demo_that_does_not_listen_is_an_error() {
        let demo = spawn("trap '' TERM; echo http://127.0.0.1:1; exec sleep 60", PATIENCE);
        let error = failure(demo.expect("it names the page").stop_within(SHORT));
        assert!(error.contains("did not end"), "{error}");
    }

    #[test]
    fn a_bad_end_is_an_error() {
        let demo = spawn(
            "trap 'exit 9' TERM; echo http://127.0.0.1:1; while :; do sleep 0.01; done",
            PATIENCE,
        );
        let error = failure(demo.expect("it names the page").stop_within(PATIENCE));
        assert!(error.contains("ended badly"), "{error}");
    }

    #[test]
    fn no_page_is_an_error() {
        assert!(failure(spawn("exit 0", PATIENCE)).contains("ended, or closed its output"));
        assert!(failure(spawn("exec sleep 60", SHORT)).contains("did not name"));
    }

    #[test]
    fn ports_in_use_are_passed_over() {
        let base = free_ports().expect("some are free");
        let _held = TcpListener::bind((Ipv4Addr::LOCALHOST, base + 3)).expect("it was free");
        assert_ne!(free_ports().expect("others are free"), base);
    }
}
