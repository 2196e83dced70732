//! The command that is run for each event.

use std::ffi::OsString;

use etcdpb::mvccpb::Event;
use etcdpb::mvccpb::event::EventType;
use tokio::process::Command;

use crate::client::quote::quote;
use crate::client::usage::Failure;

/// A command, and its arguments.
pub(super) struct Hook {
    program: OsString,
    arguments: Vec<OsString>,
}

impl Hook {
    pub(super) fn new(command: Vec<OsString>) -> Option<Self> {
        let mut words = command.into_iter();
        Some(Self { program: words.next()?, arguments: words.collect() })
    }

    /// Runs the command, and waits for it. `revision` is that of the response.
    pub(super) async fn run(&self, event: &Event, revision: i64) -> Result<(), Failure> {
        let kv = event.kv.clone().unwrap_or_default();
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .env("ETCD_WATCH_REVISION", revision.to_string())
            .env("ETCD_WATCH_EVENT_TYPE", quote(word(event.r#type()).as_bytes()))
            .env("ETCD_WATCH_KEY", quote(&kv.key))
            .env("ETCD_WATCH_VALUE", quote(&kv.value));
        let why = match command.status().await {
            Ok(status) if status.success() => return Ok(()),
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        };
        let words = [&self.program].into_iter().chain(&self.arguments);
        let words = words.map(|word| quote(word.as_encoded_bytes())).collect::<Vec<_>>();
        eprintln!("command [{}] error ({})", words.join(" "), why.replace(':', ""));
        Err(Failure::Told)
    }
}

/// What kind of event it is.
pub(super) fn word(kind: EventType) -> &'static str {
    match kind {
        EventType::Put => "PUT",
        EventType::Delete => "DELETE",
    }
}
