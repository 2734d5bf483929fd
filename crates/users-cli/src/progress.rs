//! How far a run has come, on standard error.

use indicatif::{HumanCount, HumanDuration, ProgressBar, ProgressStyle};
use serde_json::{Value, json};
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
    /// A line every ten seconds
    #[value(skip)]
    Lines,
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
    /// A bar, or a spinner if the end is not known.
    pub(crate) fn new(style: Style, total: Option<u64>) -> Self {
        match style {
            Style::None => Self::None,
            Style::Json => Self::Json,
            Style::Lines => Self::Lines,
            Style::Auto if !std::io::stderr().is_terminal() => Self::Lines,
            Style::Auto => {
                let (bar, template) = match total {
                    Some(total) => (ProgressBar::new(total), "{wide_bar} {pos}/{len}\n{msg}"),
                    None => (ProgressBar::new_spinner(), "{spinner} {msg}"),
                };
                let style = ProgressStyle::with_template(template);
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
        let counts = Counts::from(run);
        match self {
            Self::None => {}
            Self::Bar(bar) => {
                bar.set_position(run.finished());
                bar.set_message(counts.describe(limits));
            }
            Self::Lines => eprintln!("{}", counts.describe(limits)),
            Self::Json => eprintln!("{}", counts.object(limits)),
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

/// Shows counts of users, of which the end may be known.
#[derive(Debug)]
pub(crate) struct Counter {
    what: &'static str,
    progress: Progress,
    total: Option<u64>,
    began: Instant,
    next: Instant,
    /// The count at the beginning.
    first: Option<u64>,
}

impl Counter {
    pub(crate) fn new(what: &'static str, style: Style, total: Option<u64>) -> Self {
        let progress = Progress::new(style, total);
        let began = Instant::now();
        let next = began + progress.interval();
        Self { what, progress, total, began, next, first: None }
    }

    /// Shows the numbers of users so far, if that is due.
    pub(crate) fn show(&mut self, done: u64, failed: u64, limits: impl FnOnce() -> Vec<RateLimitState>) {
        let first = *self.first.get_or_insert(done.saturating_sub(1));
        let now = Instant::now();
        if now < self.next {
            return;
        }
        self.next = now + self.progress.interval();
        let counts = Counts::new(done, failed, self.total, done - first, now - self.began);
        let text = |limits: &[_]| format!("{}: {}", self.what, counts.describe(limits));
        match &self.progress {
            Progress::None => {}
            Progress::Bar(bar) => {
                bar.set_position(done + failed);
                bar.set_message(text(&limits()));
            }
            Progress::Lines => eprintln!("{}", text(&limits())),
            Progress::Json => eprintln!("{}", counts.object(&limits())),
        }
    }

    /// Prints a line above the bar.
    pub(crate) fn line(&self, print: impl FnOnce()) {
        self.progress.line(print);
    }

    pub(crate) fn finish(&self) {
        self.progress.finish();
    }
}

/// Shows how many users were found, before a run begins.
#[derive(Debug)]
pub(crate) struct Found {
    progress: Progress,
    next: Instant,
}

impl Found {
    pub(crate) fn new(style: Style) -> Self {
        let progress = Progress::new(style, None);
        let next = Instant::now() + progress.interval();
        Self { progress, next }
    }

    /// Shows the number of users so far, if that is due.
    pub(crate) fn show(&mut self, count: usize, limits: impl FnOnce() -> Vec<RateLimitState>) {
        let now = Instant::now();
        if now < self.next {
            return;
        }
        self.next = now + self.progress.interval();
        let text = || format!("found {} users", HumanCount(count as u64));
        match &self.progress {
            Progress::None => {}
            Progress::Bar(bar) => {
                bar.tick();
                bar.set_message(text());
            }
            Progress::Lines => eprintln!("{}", text()),
            Progress::Json => {
                eprintln!(
                    "{}",
                    json!({"message_type": "found", "found": count, "rate_limits": objects(&limits())})
                );
            }
        }
    }

    pub(crate) fn finish(&self) {
        self.progress.finish();
    }
}

/// How far a run has come.
#[derive(Debug)]
struct Counts {
    done: u64,
    failed: u64,
    uncertain: u64,
    total: Option<u64>,
    rate: f64,
    time_left: Option<Duration>,
}

impl From<&BulkProgress> for Counts {
    fn from(run: &BulkProgress) -> Self {
        let BulkProgress { done, failed, uncertain, total, rate, time_left, .. } = *run;
        Self { done, failed, uncertain, total, rate, time_left }
    }
}

impl Counts {
    /// `fresh` is how many were done in `time`.
    // Counts of users are small enough for a float.
    #[allow(clippy::cast_precision_loss)]
    fn new(done: u64, failed: u64, total: Option<u64>, fresh: u64, time: Duration) -> Self {
        let rate = fresh as f64 / time.as_secs_f64().max(0.001);
        let left = total.map(|total| total.saturating_sub(done + failed) as f64 / rate);
        let time_left = left.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        Self { done, failed, uncertain: 0, total, rate, time_left }
    }

    fn describe(&self, limits: &[RateLimitState]) -> String {
        let mut text = format!("{} done, {} failed", self.done, self.failed + self.uncertain);
        if let Some(total) = self.total {
            let _ = write!(text, ", of {total}");
        }
        let _ = write!(text, "; {:.1} per second", self.rate);
        if let Some(left) = self.time_left {
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

    fn object(&self, limits: &[RateLimitState]) -> String {
        json!({"message_type": "status", "done": self.done, "failed": self.failed, "uncertain": self.uncertain, "total": self.total,
            "per_second": self.rate, "seconds_left": self.time_left.map(|left| left.as_secs_f64()), "rate_limits": objects(limits)})
        .to_string()
    }
}

fn objects(limits: &[RateLimitState]) -> Vec<Value> {
    let object = |limit: &RateLimitState| {
        json!({"limit": limit.limit, "remaining": limit.remaining, "per_second": limit.per_second,
            "paused_seconds": limit.paused.map(|paused| paused.as_secs_f64())})
    };
    limits.iter().map(object).collect()
}
