//! How long Redis is left alone after a failed exchange.

use crate::store::Unavailable;
use std::time::Duration;
use users_core::Instant;

/// The first pause after a failed exchange, at least half of it, and the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(600);
const LONGEST_PAUSE: Duration = Duration::from_millis(2500);

/// The failed exchanges since the last one that succeeded.
#[derive(Debug, Default)]
pub(super) struct Outage {
    last: Option<(Unavailable, Instant)>,
    pause: Option<Duration>,
}

impl Outage {
    /// Why Redis is not asked now, if it is not.
    pub(super) fn cause(&self, now: Instant) -> Option<&Unavailable> {
        self.last.as_ref().filter(|(_, until)| now < *until).map(|(cause, _)| cause)
    }

    pub(super) fn failed(&mut self, cause: Unavailable, now: Instant, random: u64) {
        let pause = self.pause.unwrap_or(FIRST_PAUSE);
        let part = 0.5 + f64::from(u32::try_from(random % 1000).unwrap_or(0)) / 2000.0;
        self.last = Some((cause, now + pause.mul_f64(part)));
        self.pause = Some((2 * pause).min(LONGEST_PAUSE));
    }

    pub(super) fn ended(&mut self) {
        *self = Self::default();
    }
}
