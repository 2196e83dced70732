//! Those who watch a member's trace.

use std::sync::Arc;

use tokio::sync::mpsc;
use trace::{Event, Observer};

/// What happened since the last batch: moments, in microseconds since the Unix epoch, and events.
/// The first batch begins with a key.
pub type Batch = Arc<[(u64, Event)]>;

/// Batches that wait for a viewer. One that is slower loses some, and is told so.
const WAITING_MAX: usize = 256;

/// Viewers at a time. Each takes memory, and some of the driver's time.
const VIEWERS_MAX: usize = 64;

/// Those who watch.
#[derive(Debug, Default)]
pub(crate) struct Viewers {
    viewers: Vec<Viewer>,
}

#[derive(Debug)]
struct Viewer {
    batches: mpsc::Sender<Batch>,
    lost: u64,
}

impl Viewers {
    pub(crate) fn channel() -> (mpsc::Sender<Batch>, mpsc::Receiver<Batch>) {
        mpsc::channel(WAITING_MAX)
    }

    /// Lets one more watch, from now on; if there is no room, its channel is closed.
    pub(crate) fn add(&mut self, batches: mpsc::Sender<Batch>, now: u64, observer: &mut Observer) {
        self.viewers.retain(|viewer| !viewer.batches.is_closed());
        if self.viewers.len() == VIEWERS_MAX {
            return;
        }
        // What was not shown yet is in the key.
        self.show(observer.take(), now, observer);
        let viewer = Viewer { batches, lost: 0 };
        if viewer.batches.try_send([(now, observer.key())].into()).is_ok() {
            self.viewers.push(viewer);
        }
        observer.set_watched(now, !self.viewers.is_empty());
    }

    /// Shows what there is to tell. Never waits: a viewer that is too slow loses it.
    pub(crate) fn show(&mut self, told: Vec<(u64, Event)>, now: u64, observer: &mut Observer) {
        if told.is_empty() || self.viewers.is_empty() {
            return;
        }
        let batch = Batch::from(told);
        self.viewers.retain_mut(|viewer| viewer.show(&batch, now, observer));
        observer.set_watched(now, !self.viewers.is_empty());
    }
}

impl Viewer {
    /// False if the viewer is gone.
    fn show(&mut self, batch: &Batch, now: u64, observer: &Observer) -> bool {
        let count = batch.len() as u64;
        match self.batches.try_reserve() {
            Ok(room) if self.lost == 0 => room.send(batch.clone()),
            Ok(room) => {
                let gap = Event::Gap { lost: std::mem::take(&mut self.lost) + count };
                room.send([(now, gap), (now, observer.key())].into());
            }
            Err(mpsc::error::TrySendError::Full(())) => self.lost += count,
            Err(mpsc::error::TrySendError::Closed(())) => return false,
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use raft::{NodeId, Restored};
    use trace::{Asked, Phase, Sight};

    use super::*;

    fn observer() -> Observer {
        let text = |_: &bytes::Bytes| String::new();
        let (own, names) = (NodeId(1), BTreeMap::new());
        let sight = Sight { own, names, tick_us: 1, command: text, logged: text };
        Observer::new(sight, &Restored::default())
    }

    fn told() -> Vec<(u64, Event)> {
        let op = |ph| (0, Event::Operation { op: "1".into(), ph, asked: Asked::default() });
        vec![op(Phase::Invoked), op(Phase::Ok)]
    }

    /// It is told how much it missed, and where the member stands; and then goes on.
    #[test]
    fn a_slow_viewer_loses_some() {
        let (mut viewers, mut observer) = (Viewers::default(), observer());
        let (viewer, mut batches) = Viewers::channel();
        viewers.add(viewer, 0, &mut observer);
        let missed = 3;
        for _ in 1..WAITING_MAX + missed {
            viewers.show(told(), 0, &mut observer);
        }
        assert_eq!(*batches.try_recv().unwrap(), [(0, observer.key())]);
        for _ in 1..WAITING_MAX {
            assert_eq!(*batches.try_recv().unwrap(), *told());
        }
        batches.try_recv().unwrap_err();

        viewers.show(told(), 7, &mut observer);
        viewers.show(told(), 8, &mut observer);
        let lost = 2 * (missed as u64 + 1);
        let good = [(7, Event::Gap { lost }), (7, observer.key())];
        assert_eq!(*batches.try_recv().unwrap(), good);
        assert_eq!(*batches.try_recv().unwrap(), *told());
    }

    /// Who comes when there is no room is sent away; when somebody has left, there is room again.
    #[test]
    fn there_is_room_for_so_many() {
        let (mut viewers, mut observer) = (Viewers::default(), observer());
        let mut watch = || {
            let (viewer, mut batches) = Viewers::channel();
            viewers.add(viewer, 0, &mut observer);
            batches.try_recv().ok().map(|_| batches)
        };
        let mut inside = (0..VIEWERS_MAX).map(|_| watch().unwrap()).collect::<Vec<_>>();
        assert!(watch().is_none());
        inside.pop();
        assert!(watch().is_some());
    }

    /// Nothing is told when the last one is gone.
    #[test]
    fn a_viewer_that_goes_is_forgotten() {
        let (mut viewers, mut observer) = (Viewers::default(), observer());
        let (viewer, batches) = Viewers::channel();
        viewers.add(viewer, 0, &mut observer);
        observer.dropped(0, 1, "");
        assert_eq!(observer.take().len(), 1);
        drop(batches);
        viewers.show(told(), 0, &mut observer);
        observer.dropped(0, 1, "");
        assert_eq!(observer.take(), []);
    }
}
