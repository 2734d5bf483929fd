//! How long Redis is left alone after a failed exchange.

use std::time::Duration;

/// The first pause, at least half of it, and the longest.
const FIRST: Duration = Duration::from_millis(600);
const LONGEST: Duration = Duration::from_millis(2500);

/// The pauses after failed exchanges: doubled after each, and random, so that processes do not try at the same time.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    last: Option<Duration>,
}

impl Backoff {
    /// The pause after a failure: between half of the next one and all of it.
    pub(crate) fn failed(&mut self, random: u64) -> Duration {
        let pause = self.last.map_or(FIRST, |last| (2 * last).min(LONGEST));
        self.last = Some(pause);
        let part = 0.5 + f64::from(u32::try_from(random % 1000).unwrap_or(0)) / 2000.0;
        pause.mul_f64(part)
    }

    /// An exchange has succeeded.
    pub(crate) fn succeeded(&mut self) {
        self.last = None;
    }
}
