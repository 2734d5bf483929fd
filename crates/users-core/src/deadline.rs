//! The time that is left of a call or of an attempt.

use crate::clock::{Clock, Instant, Limited, Timer, within};
use crate::error::Error;
use crate::transport::{Sent, TransportError, TransportErrorKind};
use std::future::Future;
use std::time::Duration;

/// When a call must end; never, if it has no time limit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    pub(crate) fn new(started: Instant, time: Option<Duration>) -> Self {
        Self(time.map(|time| started + time))
    }

    /// The time until the deadline; `None` if there is none.
    pub(crate) fn left(self, clock: &dyn Clock) -> Option<Duration> {
        self.0.map(|end| end.saturating_since(clock.now()))
    }

    /// Runs a future that comes before the request, until the deadline at most.
    pub(crate) fn limit<F: Future + Unpin>(self, clock: &dyn Clock, future: F) -> Limited<Timer<'_>, F> {
        within(clock, self.left(clock), future)
    }

    /// The error of a call whose time ran out before its request was sent.
    pub(crate) fn passed(when: &str) -> Error {
        let message = format!("the call's time ran out {when}");
        Error::transport(TransportError::new(TransportErrorKind::Timeout, Sent::No, message))
    }
}
