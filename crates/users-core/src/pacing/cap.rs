//! The highest rate that an operator allows, below what the tenant would.

use crate::clock::Instant;
use std::time::Duration;

/// Counts requests against a highest rate, by the generic cell rate algorithm: whole nanoseconds, so that no error accumulates.
///
/// Within any time, no more permits are granted than the rate allows in that time, and the burst.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cap {
    /// The time that one request takes up.
    interval: Duration,
    /// How many requests may be sent at once: those of one second, and at least one.
    burst: u32,
    /// When the whole burst may be sent again.
    full_at: Instant,
}

impl Cap {
    /// Allows this number of requests per second; `None` unless it is positive and finite.
    pub(super) fn new(per_second: f64, now: Instant) -> Option<Self> {
        if !per_second.is_finite() || per_second <= 0.0 {
            return None;
        }
        // Rounded up, so that the rate is not exceeded; a cast of a float stays within the integer's range.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let (nanos, burst) = ((1e9 / per_second).ceil() as u64, per_second as u32);
        Some(Self { interval: Duration::from_nanos(nanos), burst: burst.max(1), full_at: now })
    }

    /// The time until a request may be sent behind others; zero means now.
    pub(super) fn wait_behind(&self, others: usize, now: Instant) -> Duration {
        let needed = u32::try_from(others).unwrap_or(u32::MAX).saturating_add(1);
        let taken = self.full_at.saturating_since(now).saturating_add(self.interval.saturating_mul(needed));
        taken.saturating_sub(self.interval.saturating_mul(self.burst))
    }

    pub(super) fn draw(&mut self, now: Instant) {
        self.full_at = self.full_at.max(now) + self.interval;
    }

    /// Uses up the burst, so that one request may be sent an interval after this moment.
    pub(super) fn empty(&mut self, at: Instant) {
        self.full_at = self.full_at.max(at + self.interval.saturating_mul(self.burst));
    }

    /// Returns what a request drew that was not sent.
    pub(super) fn undraw(&mut self) {
        self.full_at = Instant::from_start(self.full_at.since_start().saturating_sub(self.interval));
    }
}
