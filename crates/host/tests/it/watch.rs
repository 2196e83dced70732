//! What those see who watch a member.

use std::collections::BTreeSet;
use std::time::Duration;

use host::Batch;
use tokio::sync::mpsc;
use trace::{Event, Member, Phase, Role};

use crate::support::{Town, soon};

/// A viewer, and what it knows.
struct Viewer {
    batches: mpsc::Receiver<Batch>,
    member: Member,
    last: u64,
}

impl Viewer {
    fn new(batches: mpsc::Receiver<Batch>) -> Self {
        Self { batches, member: Member::default(), last: 0 }
    }

    async fn see(&mut self) -> Vec<Event> {
        let batch = soon("a batch", self.batches.recv()).await.expect("the member runs");
        for (t, event) in batch.iter() {
            assert!(*t >= self.last, "the time runs backwards");
            self.last = *t;
            self.member.fold(event);
        }
        batch.iter().map(|(_, event)| event.clone()).collect()
    }
}

/// First comes a key, and then what happens: the request, the entry, its commit, what it changed.
#[tokio::test]
async fn a_trace_begins_with_a_key() {
    let town = Town::new(&["a"]).await;
    let runner = town.start("a").await;
    runner.propose("before").await;
    let mut viewer = Viewer::new(runner.host.handle.watch().await.unwrap());
    let first = viewer.see().await;
    assert!(matches!(&first[..], [Event::Key(key)] if key.role == Role::Leader), "{first:?}");
    assert_eq!(viewer.member.log.last().unwrap().2, "before");

    runner.propose("after").await;
    let mut seen = Vec::new();
    while viewer.member.kv.last().is_none_or(|(_, value)| value.as_deref() != Some("after")) {
        seen.extend(viewer.see().await);
    }
    let op =
        |phase| move |event: &Event| matches!(event, Event::Operation { ph, .. } if *ph == phase);
    let asked = seen.iter().position(op(Phase::Invoked)).unwrap();
    let appended = seen.iter().position(|event| matches!(event, Event::Appended { .. })).unwrap();
    let answered = seen.iter().position(op(Phase::Ok)).unwrap();
    assert!(asked < appended && appended < answered, "{seen:?}");
    let status = runner.host.handle.status();
    assert_eq!((viewer.member.ci, viewer.member.ai), (status.raft.commit.0, status.applied.0));
}

/// What a member has from a snapshot, it tells as well, though no command of it is in its log.
#[tokio::test]
async fn a_key_tells_what_a_snapshot_held() {
    let town = Town::new(&["a"]).await;
    let data_dir = town.config(&town.cluster, "a").data_dir;
    host::begin_with(&data_dir, &town.cluster, town.id("a"), b"first\nsecond\n").unwrap();
    let runner = town.start("a").await;
    let mut viewer = Viewer::new(runner.host.handle.watch().await.unwrap());
    viewer.see().await;
    assert_eq!(viewer.member.kv, [("last".to_owned(), Some("second".to_owned()))]);
}

/// A viewer that does not look is not waited for. When it looks again it is told how much it
/// missed, and where the member stands.
#[tokio::test]
async fn a_slow_viewer_misses_something() {
    let town = Town::new(&["a"]).await;
    let runner = town.start("a").await;
    let mut slow = Viewer::new(runner.host.handle.watch().await.unwrap());
    let mut batches = runner.host.handle.watch().await.unwrap();
    // A quick one, by whom we know how much there was to see.
    let (sender, mut counted) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(batch) = batches.recv().await {
            let _ = sender.send(batch);
        }
    });
    let mut count = 0;
    while count < 1000 {
        runner.propose(&format!("c{count}")).await;
        while counted.try_recv().is_ok() {
            count += 1;
        }
        if count < 1000 {
            // The allowance of a busy member is told in spans.
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    runner.propose("last").await;
    let mut gaps = 0;
    while slow.member.kv.last().is_none_or(|(_, value)| value.as_deref() != Some("last")) {
        // Something must happen for it to be told.
        runner.propose("last").await;
        let seen = slow.see().await;
        for (place, event) in seen.iter().enumerate() {
            if let Event::Gap { lost } = event {
                assert!(*lost > 0);
                assert!(matches!(seen.get(place + 1), Some(Event::Key(_))), "no key after a gap");
                gaps += 1;
            }
        }
    }
    assert!(gaps > 0, "it missed nothing");
    assert_eq!(slow.member.log.last().unwrap().2, "last");
}

/// A viewer that goes is forgotten, and the others go on.
#[tokio::test]
async fn viewers_come_and_go() {
    let town = Town::new(&["a"]).await;
    let runner = town.start("a").await;
    for _ in 0..3 {
        drop(runner.host.handle.watch().await.unwrap());
        let mut viewer = Viewer::new(runner.host.handle.watch().await.unwrap());
        assert!(matches!(viewer.see().await[..], [Event::Key(_)]));
        runner.propose("x").await;
        viewer.see().await;
    }
}

/// What is told as answered was told as asked: reads are not told, and so neither is their end.
#[tokio::test]
async fn a_failed_read_is_not_told() {
    let mut town = Town::new(&["a", "b"]).await;
    // Its ticks are as short as that, and so is its patience with requests.
    town.heartbeat_interval = Duration::from_millis(1);
    let runner = town.start("a").await;
    let mut viewer = Viewer::new(runner.host.handle.watch().await.unwrap());
    assert!(soon("a refusal", runner.host.handle.read_index()).await.is_err());
    assert!(soon("a refusal", runner.host.handle.propose("x".into())).await.is_err());
    let (mut asked, mut failed) = (BTreeSet::new(), BTreeSet::new());
    while failed.is_empty() {
        for event in viewer.see().await {
            match event {
                Event::Operation { op, ph: Phase::Invoked, .. } => drop(asked.insert(op)),
                Event::Operation { op, .. } => drop(failed.insert(op)),
                _ => {}
            }
        }
    }
    assert!(failed.is_subset(&asked), "asked: {asked:?}, failed: {failed:?}");
}
