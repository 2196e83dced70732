//! Shows how much of its files a member has read, if that takes long: as a bar on a terminal, and
//! as lines of the log anywhere else.

use std::io::{self, IsTerminal};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use host::Progress;
use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};

/// What takes less is not worth a word.
const PATIENCE: Duration = Duration::from_secs(1);
/// The time between two lines.
const BETWEEN_LINES: Duration = Duration::from_secs(1);
/// The time between two pictures of the bar.
const BETWEEN_PICTURES: Duration = Duration::from_millis(100);

/// Shows what it is told, now and then. A bar goes away when this is dropped.
pub(super) fn show() -> impl Fn(Progress) + Send + Sync + 'static {
    let bar = io::stderr().is_terminal().then(bar);
    let pause = if bar.is_some() { BETWEEN_PICTURES } else { BETWEEN_LINES };
    let next = Mutex::new(Instant::now() + PATIENCE);
    move |progress| {
        let Ok(mut next) = next.lock() else { return };
        let now = Instant::now();
        if now < *next {
            return;
        }
        *next = now + pause;
        if let Some(bar) = &bar {
            bar.set_length(progress.total);
            bar.set_position(progress.read);
        } else {
            let Progress { read, total } = progress;
            tracing::info!(read, total, "reading what this member holds");
        }
    }
}

fn bar() -> ProgressBar {
    let template = "reading what this member holds [{bar:40}] {bytes} of {total_bytes}";
    let style = ProgressStyle::with_template(template).expect("the template is well-formed");
    ProgressBar::new(0).with_style(style).with_finish(ProgressFinish::AndClear)
}
