//! Why Redis is left alone after a failed exchange, and until when.

use crate::backoff::Backoff;
use crate::store::Unavailable;
use users_core::Instant;

/// The failed exchanges since the last one that succeeded.
#[derive(Debug, Default)]
pub(super) struct Outage {
    last: Option<(Unavailable, Instant)>,
    backoff: Backoff,
}

impl Outage {
    /// Why Redis is not asked now, if it is not.
    pub(super) fn cause(&self, now: Instant) -> Option<&Unavailable> {
        self.last.as_ref().filter(|(_, until)| now < *until).map(|(cause, _)| cause)
    }

    pub(super) fn failed(&mut self, cause: Unavailable, now: Instant, random: u64) {
        self.last = Some((cause, now + self.backoff.failed(random)));
    }

    pub(super) fn ended(&mut self) {
        *self = Self::default();
    }
}
