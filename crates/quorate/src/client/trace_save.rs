//! `quorate trace save`: writes what members tell into one file, which the page opens.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;
use trace::{Event, Record};

use super::endpoints::Endpoints;
use super::usage::{self, Failure};
use crate::live::listen;

#[derive(clap::Args)]
pub(crate) struct Trace {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Listen to the members at the endpoints, and write what they tell to a file
    Save(Save),
}

#[derive(clap::Args)]
struct Save {
    /// The file; - is the standard output
    file: PathBuf,
    /// How long to listen; Ctrl-C ends it sooner
    #[arg(
        long = "for",
        value_name = "TIME",
        default_value = "10s",
        value_parser = usage::parse_duration
    )]
    time: Duration,
}

impl Trace {
    pub(super) async fn run(self, endpoints: &Endpoints) -> Result<(), Failure> {
        let Action::Save(Save { file, time }) = self.action;
        let records = record(endpoints, time).await?;
        let count = records.len();
        write(&records, &file)
            .map_err(|error| Failure::Failed(format!("{}: {error}", file.display())))?;
        eprintln!("{count} records in {}", file.display());
        Ok(())
    }
}

/// Listens to all of them for so long.
async fn record(endpoints: &Endpoints, time: Duration) -> Result<Vec<Record>, Failure> {
    let token = endpoints.token().await?;
    let tape = Arc::new(Mutex::new(Tape::default()));
    let mut streams = JoinSet::new();
    for (number, name) in endpoints.names().iter().enumerate() {
        let (server, tape) = (endpoints.server(name)?, tape.clone());
        let (name, token) = (name.clone(), token.clone());
        streams.spawn(async move {
            let kept = async {
                let stream = server.dial().await?;
                let keep = |record| held(&tape).keep(number, record);
                listen(&server.address, stream, "/api/trace", token.as_deref(), keep).await
            };
            kept.await.map_err(|error| format!("{name}: {error}"))
        });
    }
    let mut end = pin!(sleep(time));
    loop {
        tokio::select! {
            () = &mut end => break,
            _ = tokio::signal::ctrl_c() => break,
            ended = streams.join_next() => match ended {
                Some(Ok(Err(why))) => eprintln!("{why}"),
                Some(_) => {}
                None => break,
            },
        }
    }
    let records = std::mem::take(&mut *held(&tape)).finish();
    records.ok_or_else(|| Failure::Failed("no member told anything".to_owned()))
}

fn held(tape: &Mutex<Tape>) -> MutexGuard<'_, Tape> {
    // Whoever panicked with it has ended the program.
    tape.lock().unwrap_or_else(PoisonError::into_inner)
}

fn write(records: &[Record], path: &Path) -> io::Result<()> {
    let out: Box<dyn Write> = if path.as_os_str() == "-" {
        Box::new(io::stdout().lock())
    } else {
        Box::new(File::create(path)?)
    };
    let mut out = BufWriter::new(out);
    records.iter().try_for_each(|record| record.write_line(&mut out))?;
    out.flush()
}

/// Several streams that become one.
#[derive(Debug, Default)]
struct Tape {
    hello: Option<Record>,
    records: Vec<Record>,
    /// Which stream tells of each member. Another one would tell everything twice.
    tellers: BTreeMap<String, usize>,
}

impl Tape {
    fn keep(&mut self, stream: usize, record: Record) {
        match (&record.event, &record.n) {
            (Event::Hello { .. }, _) => {
                self.hello.get_or_insert(record);
            }
            (_, Some(name)) => {
                let teller = *self.tellers.entry(name.clone()).or_insert(stream);
                if teller == stream {
                    self.records.push(record);
                }
            }
            (_, None) => {}
        }
    }

    /// One stream, in the order of time, numbered anew; nothing, if nothing was told.
    fn finish(mut self) -> Option<Vec<Record>> {
        self.records.sort_by_key(|record| record.t);
        let mut hello = self.hello?;
        hello.t = self.records.first()?.t;
        let mut all = vec![hello];
        all.append(&mut self.records);
        for (number, record) in (0..).zip(&mut all) {
            record.i = number;
        }
        Some(all)
    }
}

#[cfg(test)]
mod tests {
    use trace::Role;

    use super::*;

    fn record(i: u64, t: u64, n: &str, term: u64) -> Record {
        let event = Event::Standing { role: Role::Follower, term, vote: None, lead: None };
        Record { i, t, n: Some(n.to_owned()), event }
    }

    fn hello(t: u64) -> Record {
        let line = format!(
            r#"{{"i":0,"t":{t},"k":"hello","v":1,"src":"live","cluster":"","nodes":[],"voters":[],
            "timing":{{"election_us":[1,2],"heartbeat_us":1}},"build":"","can":[]}}"#
        );
        serde_json::from_str(&line).unwrap()
    }

    #[test]
    fn streams_become_one() {
        let mut tape = Tape::default();
        tape.keep(0, hello(7));
        tape.keep(0, record(1, 10, "a", 1));
        tape.keep(0, record(2, 30, "a", 2));
        tape.keep(1, hello(5));
        tape.keep(1, record(1, 20, "b", 1));
        // The demo tells of all members; what is known of them already is left out.
        tape.keep(1, record(2, 21, "a", 1));
        let told = tape.finish().unwrap();
        let hello = Record { t: 10, ..hello(7) };
        let rest = [record(1, 10, "a", 1), record(2, 20, "b", 1), record(3, 30, "a", 2)];
        assert_eq!(told[0], hello);
        assert_eq!(told[1..], rest);
        assert_eq!(Tape::default().finish(), None);
    }
}
