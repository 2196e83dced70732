//! The operator's page is true: every command on `docs/operating.md` is run, in its order, and
//! prints what the page says.
//!
//! In a block of `console`, a line with `$` is a command; what follows it is printed, in that
//! order, with `…` for anything. A command that ends with `&` runs on, and what follows it is
//! waited for. A line with `#` says what happens to members. The page's ports become free ones.

mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use support::process::Process;
use support::tools::{quorate, run};
use support::{PATIENCE, free_addresses};
use tempfile::TempDir;

const PAGE: &str = include_str!("../../../docs/operating.md");
/// The ports on the page: longer ones first, for a shorter one may be a part of them.
const PORTS: [&str; 6] = ["22379", "22380", "32379", "32380", "2379", "2380"];

#[test]
fn what_the_page_says_happens() {
    let mut operator = Operator::new();
    let mut commands = 0;
    for (command, printed) in blocks(PAGE).flat_map(steps) {
        eprintln!("{command}");
        commands += usize::from(command.starts_with("$ "));
        let printed = printed.iter().map(|line| operator.here(line)).collect::<Vec<_>>();
        match (command.strip_prefix("$ "), command.strip_prefix("# ")) {
            (Some(command), _) => operator.run(&operator.here(command), &printed),
            (_, Some(event)) => operator.let_happen(event),
            _ => panic!("{command:?} is no command"),
        }
    }
    assert!(commands > 30, "the page has commands");
}

/// The blocks of commands on a page.
fn blocks(page: &str) -> impl Iterator<Item = &str> {
    let parts = page.split("```console\n").skip(1);
    parts.map(|part| part.split("```").next().expect("a block ends"))
}

/// The commands and events of a block, and what is printed after each.
fn steps(block: &str) -> Vec<(&str, Vec<&str>)> {
    let mut steps = Vec::<(&str, Vec<&str>)>::new();
    for line in block.lines() {
        if line.starts_with("$ ") || line.starts_with("# ") {
            steps.push((line, Vec::new()));
        } else {
            steps.last_mut().expect("a block begins with a command").1.push(line);
        }
    }
    steps
}

/// Who follows the page, in a directory of their own.
struct Operator {
    /// What the page's ports are here.
    ports: Vec<(&'static str, String)>,
    variables: BTreeMap<String, String>,
    /// How each member was started last.
    started: BTreeMap<String, String>,
    members: BTreeMap<String, Process>,
    directory: TempDir,
}

impl Operator {
    fn new() -> Self {
        let free = free_addresses::<6>().map(|address| address.port().to_string());
        let mut variables = BTreeMap::new();
        let program = quorate().get_program().to_owned();
        let bin = Path::new(&program).parent().and_then(Path::to_str).expect("text");
        let path = std::env::var("PATH").unwrap_or_default();
        variables.insert("PATH".into(), format!("{bin}:{path}"));
        Self {
            ports: PORTS.into_iter().zip(free).collect(),
            variables,
            started: BTreeMap::new(),
            members: BTreeMap::new(),
            directory: tempfile::tempdir().expect("there is room for a directory"),
        }
    }

    /// The same, with the ports that are free here.
    fn here(&self, text: &str) -> String {
        let ports = self.ports.iter();
        ports.fold(text.to_owned(), |text, (page, here)| {
            text.replace(&format!(":{page}"), &format!(":{here}"))
        })
    }

    fn run(&mut self, command: &str, printed: &[String]) {
        if let Some(assignment) = command.strip_prefix("export ") {
            let (name, value) = assignment.split_once('=').expect("a variable and its value");
            let said = self.says(&format!("printf %s \"{value}\"")).expect("the shell can");
            self.variables.insert(name.to_owned(), said);
        } else if let Some(serve) = command.strip_suffix(" &") {
            let name = serve.split(" --name ").nth(1).and_then(|rest| rest.split(' ').next());
            let name = name.expect("a member has a name");
            self.started.insert(name.to_owned(), serve.to_owned());
            self.start(name, printed);
        } else {
            self.print(command, printed);
        }
    }

    /// Runs a command until it prints that. Those that only ask may have to ask again.
    fn print(&mut self, command: &str, printed: &[String]) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let said = self.says(command);
            match &said {
                Ok(text) if fits(text, printed) => return,
                _ => assert!(
                    Instant::now() < deadline,
                    "{command}: {printed:#?}, not {said:#?}\n{}",
                    self.logs()
                ),
            }
            sleep(Duration::from_millis(100));
        }
    }

    /// What a command prints, if it succeeds.
    fn says(&self, command: &str) -> Result<String, String> {
        let output = run(&mut self.shell(command), "");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }

    fn shell(&self, command: &str) -> Command {
        let mut shell = Command::new("sh");
        shell.args(["-c", command]).current_dir(self.directory.path());
        shell.env_clear().envs(&self.variables);
        shell
    }

    fn start(&mut self, name: &str, printed: &[String]) {
        let serve = format!("exec {} --stop-with-stdin", self.started[name]);
        let log = self.directory.path().join(format!("{name}.log"));
        let mut process = Process::start(&mut self.shell(&serve), &log);
        let deadline = Instant::now() + PATIENCE;
        while !fits(&process.output(), printed) {
            let ended = process.ended();
            assert!(ended.is_none() && Instant::now() < deadline, "{serve}: {}", process.output());
            sleep(Duration::from_millis(20));
        }
        self.members.insert(name.to_owned(), process);
    }

    /// `m1 stops`, `m2 and m3 die`, `m1, m2 and m3 start`.
    fn let_happen(&mut self, event: &str) {
        let (names, verb) = event.rsplit_once(' ').expect("who does what");
        for name in names.split([',', ' ']).filter(|word| word.starts_with('m')) {
            match verb {
                "die" | "dies" => self.member(name).kill(),
                "stop" | "stops" => {
                    let mut member = self.member(name);
                    member.signal(Signal::TERM);
                    assert!(member.wait().success());
                }
                "start" | "starts" => self.start(name, &[]),
                other => panic!("{other:?} is nothing that happens to a member"),
            }
        }
    }

    /// The end of what each member that runs has logged.
    fn logs(&self) -> String {
        let end = |process: &Process| {
            let lines = process.output().lines().map(str::to_owned).collect::<Vec<_>>();
            lines[lines.len().saturating_sub(12)..].join("\n")
        };
        let logs = self.members.iter();
        logs.map(|(name, process)| format!("---- {name}\n{}\n", end(process)))
            .collect::<Vec<_>>()
            .concat()
    }

    fn member(&mut self, name: &str) -> Process {
        self.members.remove(name).expect("it runs")
    }
}

/// Whether a text has lines that fit these, in that order.
fn fits(text: &str, printed: &[String]) -> bool {
    let mut lines = text.lines();
    printed.iter().all(|pattern| lines.any(|line| is_like(line, pattern)))
}

/// Whether a line is like that pattern, in which `…` stands for anything.
fn is_like(line: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('…');
    let first = parts.next().expect("there is one at least");
    let Some(mut rest) = line.strip_prefix(first) else { return false };
    let parts = parts.collect::<Vec<_>>();
    let Some((last, between)) = parts.split_last() else { return rest.is_empty() };
    for part in between {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[test]
fn dots_stand_for_anything() {
    assert!(is_like("a b c", "a b c") && !is_like("a b c d", "a b c"));
    assert!(is_like("a b c", "a …") && is_like("a b c", "…c") && is_like("a b c", "a…b…c"));
    assert!(is_like("", "…") && !is_like("a b c", "…d…") && !is_like("a b c", "b…"));
}
