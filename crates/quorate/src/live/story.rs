//! The traces of all members, as one stream.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::mpsc;
use trace::{Event, Fault, Frame, Record};

/// Records that a page may be behind. One that is slower loses them, and is told where things
/// stand.
const BEHIND_MAX: usize = 4096;
/// Batches of records that wait for a page's connection.
const WAITING_MAX: usize = 64;
/// How often it is looked whether a listener may hear more, while nothing is told.
const LOOK: Duration = Duration::from_secs(1);

/// What the members tell, as far as it was told.
pub(crate) struct Story {
    hello: Event,
    now: Mutex<Now>,
}

/// Where the story is. Who begins to listen gets the frame, and then every record after it.
struct Now {
    frame: Frame,
    told: broadcast::Sender<Arc<Told>>,
}

/// An event of a member.
struct Told {
    t: u64,
    member: String,
    event: Event,
}

impl Story {
    /// A story that begins with that hello, when the members were so.
    pub(crate) fn new(hello: Event, frame: Frame) -> Self {
        let now = Mutex::new(Now { frame, told: broadcast::Sender::new(BEHIND_MAX) });
        Self { hello, now }
    }

    /// Who there is.
    pub(crate) fn hello(&self) -> &Event {
        &self.hello
    }

    /// Sends away all who listen.
    pub(crate) fn end(&self) {
        self.now().told = broadcast::Sender::new(1);
    }

    /// A member tells of something.
    pub(crate) fn tell(&self, member: &str, t: u64, event: Event) {
        let mut now = self.now();
        now.frame.fold_event(member, &event);
        // Nobody may be listening.
        let _ = now.told.send(Arc::new(Told { t, member: member.to_owned(), event }));
    }

    /// Something was done to a member, or it ended by itself.
    pub(crate) fn fault(&self, member: &str, fault: Fault) {
        self.tell(member, now_us(), Event::Fault { f: fault });
    }

    /// The story from now on, for as long as that may be heard: a hello, a key for each member, and
    /// then what is told.
    pub(crate) fn listen(
        self: &Arc<Self>,
        may_hear: impl Fn() -> bool + Send + Sync + 'static,
    ) -> mpsc::Receiver<Vec<Record>> {
        let (batches, receiver) = mpsc::channel(WAITING_MAX);
        let story = self.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = story.recite(&batches, &may_hear) => {}
                // Also while nothing is told.
                () = is_over(&may_hear) => {}
            }
        });
        receiver
    }

    /// Ends when the listener is gone, or may not hear more.
    async fn recite(&self, batches: &mpsc::Sender<Vec<Record>>, may_hear: &impl Fn() -> bool) {
        let mut number = Numbering::default();
        let (keys, mut told) = self.keys();
        let mut first = vec![number.record(now_us(), None, self.hello.clone())];
        first.extend(keys.into_iter().map(|(name, key)| number.record(now_us(), Some(name), key)));
        let mut batch = first;
        while may_hear() {
            if batches.send(std::mem::take(&mut batch)).await.is_err() {
                return;
            }
            let received = tokio::select! {
                received = told.recv() => received,
                () = batches.closed() => return,
            };
            match received {
                Ok(first) => {
                    batch.push(number.told(&first));
                    while let Ok(more) = told.try_recv() {
                        batch.push(number.told(&more));
                    }
                }
                Err(RecvError::Lagged(lost)) => {
                    let keys;
                    (keys, told) = self.keys();
                    for (name, key) in keys {
                        let gap = Event::Gap { lost };
                        batch.push(number.record(now_us(), Some(name.clone()), gap));
                        batch.push(number.record(now_us(), Some(name), key));
                    }
                }
                Err(RecvError::Closed) => return,
            }
        }
    }

    /// Where each member stands, and what is told after that.
    fn keys(&self) -> (Vec<(String, Event)>, broadcast::Receiver<Arc<Told>>) {
        let now = self.now();
        let members = now.frame.members.iter();
        let keys = members.map(|(name, member)| (name.clone(), Event::Key(member.clone())));
        (keys.collect(), now.told.subscribe())
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends when nothing more may be heard.
async fn is_over(may_hear: &impl Fn() -> bool) {
    while may_hear() {
        tokio::time::sleep(LOOK).await;
    }
}

/// Counts the records of one stream.
#[derive(Default)]
struct Numbering(u64);

impl Numbering {
    fn record(&mut self, t: u64, n: Option<String>, event: Event) -> Record {
        self.0 += 1;
        Record { i: self.0 - 1, t, n, event }
    }

    fn told(&mut self, told: &Told) -> Record {
        self.record(told.t, Some(told.member.clone()), told.event.clone())
    }
}

fn now_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[tokio::test]
    async fn who_may_not_hear_more_is_sent_away_also_while_nothing_is_told() {
        let story = Arc::new(Story::new(Event::Unknown, Frame::default()));
        let may_hear = Arc::new(AtomicBool::new(true));
        let asked = may_hear.clone();
        let mut told = story.listen(move || asked.load(Ordering::SeqCst));
        assert_eq!(told.recv().await.map(|batch| batch.len()), Some(1), "the hello");
        may_hear.store(false, Ordering::SeqCst);
        assert_eq!(told.recv().await, None);
    }
}
