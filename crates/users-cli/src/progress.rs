//! How far a run has come, on standard error.

use indicatif::{HumanDuration, ProgressBar, ProgressStyle};
use serde_json::json;
use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::time::Duration;
use tokio::time::Instant;
use users_hyper::{BulkProgress, RateLimitState};

/// The time between two lines without a terminal.
const LINE: Duration = Duration::from_secs(10);

/// How progress is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Style {
    /// A bar on a terminal, or else a line every ten seconds
    #[default]
    Auto,
    /// A JSON object per second
    Json,
    /// Nothing
    None,
}

/// Shows progress.
#[derive(Debug)]
pub(crate) enum Progress {
    Bar(ProgressBar),
    Lines,
    Json,
    None,
}

impl Progress {
    pub(crate) fn new(style: Style, total: usize) -> Self {
        match style {
            Style::None => Self::None,
            Style::Json => Self::Json,
            Style::Auto if !std::io::stderr().is_terminal() => Self::Lines,
            Style::Auto => {
                let bar = ProgressBar::new(total as u64);
                let style = ProgressStyle::with_template("{wide_bar} {pos}/{len}\n{msg}");
                Self::Bar(bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())))
            }
        }
    }

    /// How often [`show`](Self::show) is due.
    pub(crate) fn interval(&self) -> Duration {
        match self {
            Self::Bar(_) => Duration::from_millis(200),
            Self::Json => Duration::from_secs(1),
            Self::Lines | Self::None => LINE,
        }
    }

    pub(crate) fn show(&self, run: &BulkProgress, limits: &[RateLimitState]) {
        match self {
            Self::None => {}
            Self::Bar(bar) => {
                bar.set_position(run.finished());
                bar.set_message(describe(run, limits));
            }
            Self::Lines => eprintln!("{}", describe(run, limits)),
            Self::Json => eprintln!("{}", object(run, limits)),
        }
    }

    /// Prints a line above the bar.
    pub(crate) fn line(&self, print: impl FnOnce()) {
        match self {
            Self::Bar(bar) => bar.suspend(print),
            _ => print(),
        }
    }

    pub(crate) fn finish(&self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

fn describe(run: &BulkProgress, limits: &[RateLimitState]) -> String {
    let mut text = format!("{} done, {} failed", run.done, run.failed + run.uncertain);
    if let Some(total) = run.total {
        let _ = write!(text, ", of {total}");
    }
    let _ = write!(text, "; {:.1} per second", run.rate);
    if let Some(left) = run.time_left {
        let _ = write!(text, ", {} left", HumanDuration(left));
    }
    for limit in limits {
        let _ = write!(
            text,
            "; {} of {} requests remain, {:.1} per second return",
            limit.remaining, limit.limit, limit.per_second
        );
        if let Some(paused) = limit.paused {
            let _ = write!(text, ", paused for {}", HumanDuration(paused));
        }
    }
    text
}

fn object(run: &BulkProgress, limits: &[RateLimitState]) -> String {
    let limits: Vec<_> = limits
        .iter()
        .map(|limit| {
            json!({"limit": limit.limit, "remaining": limit.remaining, "per_second": limit.per_second,
                "paused_seconds": limit.paused.map(|paused| paused.as_secs_f64())})
        })
        .collect();
    json!({"message_type": "status", "done": run.done, "failed": run.failed, "uncertain": run.uncertain, "total": run.total,
        "per_second": run.rate, "seconds_left": run.time_left.map(|left| left.as_secs_f64()), "rate_limits": limits})
    .to_string()
}

/// Shows a count whose end is not known.
#[derive(Debug)]
pub(crate) struct Counter {
    what: &'static str,
    /// On a terminal.
    bar: Option<ProgressBar>,
    next: Instant,
}

impl Counter {
    pub(crate) fn new(what: &'static str) -> Self {
        let style = ProgressStyle::with_template("{spinner} {msg}");
        let bar = std::io::stderr().is_terminal().then(|| {
            ProgressBar::new_spinner().with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
        });
        Self { what, bar, next: Instant::now() + LINE }
    }

    pub(crate) fn show(&mut self, count: u64) {
        let text = || format!("{} {count} users", self.what);
        match &self.bar {
            Some(bar) => {
                bar.tick();
                bar.set_message(text());
            }
            None if Instant::now() < self.next => {}
            None => {
                self.next = Instant::now() + LINE;
                eprintln!("{}", text());
            }
        }
    }

    /// Prints a line above the spinner.
    pub(crate) fn line(&self, print: impl FnOnce()) {
        match &self.bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
