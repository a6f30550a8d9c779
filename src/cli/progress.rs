//! A progress bar on standard error, for files that take longer than half a second, where a person sees it.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use socklab_core::report::page::shorten;
use socklab_core::wording;

/// How long a file may take without a bar.
const PATIENCE: Duration = Duration::from_millis(500);

/// Columns for the file's name.
const NAME_WIDTH: usize = 24;

/// The progress of reading one file.
pub(super) struct Progress {
    name: String,
    size: Option<u64>,
    bytes: Arc<AtomicU64>,
    start: Instant,
    bar: Option<ProgressBar>,
    wanted: bool,
}

impl Progress {
    /// Begins. `bytes` counts what was read of the file, `size` is what there is, where that is known.
    pub(super) fn new(name: &str, size: Option<u64>, bytes: Arc<AtomicU64>) -> Self {
        let wanted = io::stderr().is_terminal();
        Progress { name: name.to_owned(), size, bytes, start: Instant::now(), bar: None, wanted }
    }

    /// To be called now and then.
    pub(super) fn tick(&mut self, frames: u64) {
        if !self.wanted || (self.bar.is_none() && self.start.elapsed() < PATIENCE) {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| bar(&self.name, self.size));
        bar.set_position(self.bytes.load(Ordering::Relaxed));
        bar.set_message(wording::count(frames, "frame"));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar(name: &str, size: Option<u64>) -> ProgressBar {
    let template = match size {
        Some(_) => "{prefix} {bar:24} {percent:>3}% {msg}",
        None => "{prefix} {spinner} {bytes} {msg}",
    };
    let bar = ProgressBar::with_draw_target(size, ProgressDrawTarget::stderr());
    // The templates are ours; an unreadable one would leave the default style.
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.with_prefix(shorten(name, NAME_WIDTH))
}
