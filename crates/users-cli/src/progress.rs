//! Progress on standard error: a bar on a terminal, and a line every ten seconds elsewhere.

use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal as _;
use std::time::Duration;
use users_hyper::{BulkProgress, Clock as _, Instant, SystemClock};

/// The time between two lines.
const PAUSE: Duration = Duration::from_secs(10);

pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    clock: SystemClock,
    shown: Instant,
    what: &'static str,
}

impl Progress {
    /// Begins to show progress. Without a total, a bar counts.
    pub(crate) fn new(what: &'static str, total: Option<u64>) -> Self {
        let clock = SystemClock::new();
        let bar = std::io::stderr().is_terminal().then(|| match total {
            Some(total) => ProgressBar::new(total),
            None => ProgressBar::no_length(),
        });
        if let Some(bar) = &bar {
            let counter =
                if total.is_some() { "{wide_bar} {pos}/{len} {msg} {eta}" } else { "{spinner} {pos} {msg}" };
            // The template is one that is known to be valid.
            if let Ok(style) = ProgressStyle::with_template(&format!("{what} {counter}")) {
                bar.set_style(style);
            }
        }
        let shown = clock.now();
        Self { bar, clock, shown, what }
    }

    /// Shows a count.
    pub(crate) fn count(&mut self, count: u64) {
        self.show(count, String::new);
    }

    /// Shows how far a run has come.
    pub(crate) fn run(&mut self, progress: &BulkProgress) {
        self.show(progress.finished(), || {
            let mut text = format!("{:.0}/s", progress.rate);
            if progress.failed + progress.uncertain > 0 {
                text = format!("{text}, {} failed", progress.failed + progress.uncertain);
            }
            text
        });
    }

    fn show(&mut self, count: u64, text: impl Fn() -> String) {
        if let Some(bar) = &self.bar {
            bar.set_position(count);
            bar.set_message(text());
            return;
        }
        let now = self.clock.now();
        if now.saturating_since(self.shown) >= PAUSE {
            self.shown = now;
            eprintln!("{} {count} {}", self.what, text());
        }
    }

    /// Prints a line above the bar.
    pub(crate) fn print(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| eprintln!("{line}")),
            None => eprintln!("{line}"),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
