//! How far a bulk run has come.

use super::outcome::Applied;
use crate::clock::{Clock, Instant};
use std::time::Duration;

/// How far a bulk run has come.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct BulkProgress {
    /// The inputs whose operation was carried out, in this run or an earlier one.
    pub done: u64,
    /// The inputs whose operation was not carried out.
    pub failed: u64,
    /// The inputs of which it is not known.
    pub uncertain: u64,
    /// The inputs whose operation is being executed or waits for the rate limit.
    pub waiting: usize,
    /// The number of all inputs, if they state it.
    pub total: Option<u64>,
    /// The outcomes per second since the run began, without those of an earlier run.
    pub rate: f64,
    /// The estimated time left, if the total and the rate are known.
    pub time_left: Option<Duration>,
}

impl BulkProgress {
    /// The number of inputs that have an outcome.
    pub fn finished(&self) -> u64 {
        self.done + self.failed + self.uncertain
    }
}

/// Counts the outcomes of a run.
#[derive(Debug)]
pub(crate) struct Counter {
    progress: BulkProgress,
    began: Option<Instant>,
    /// The outcomes of this run.
    own: u64,
}

impl Counter {
    pub(crate) fn new(total: Option<u64>) -> Self {
        Self { progress: BulkProgress { total, ..BulkProgress::default() }, began: None, own: 0 }
    }

    pub(crate) fn progress(&self) -> BulkProgress {
        self.progress
    }

    pub(crate) fn begin(&mut self, clock: &dyn Clock) {
        self.began.get_or_insert_with(|| clock.now());
    }

    /// Counts an outcome; `is_own` unless the journal has it from an earlier run.
    pub(crate) fn count(&mut self, applied: Applied, is_own: bool, waiting: usize, clock: &dyn Clock) {
        let progress = &mut self.progress;
        match applied {
            Applied::Yes => progress.done += 1,
            Applied::No => progress.failed += 1,
            Applied::Maybe => progress.uncertain += 1,
        }
        self.own += u64::from(is_own);
        progress.waiting = waiting;
        let elapsed = self.began.map(|began| clock.now().saturating_since(began).as_secs_f64());
        // A count of outcomes is small enough for a float.
        #[allow(clippy::cast_precision_loss)]
        let rate = elapsed.filter(|seconds| *seconds > 0.0).map(|seconds| self.own as f64 / seconds);
        progress.rate = rate.unwrap_or_default();
        let left = progress.total.map(|total| total.saturating_sub(progress.finished()));
        #[allow(clippy::cast_precision_loss)]
        let seconds = left.filter(|_| progress.rate > 0.0).map(|left| left as f64 / progress.rate);
        progress.time_left = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    }
}
