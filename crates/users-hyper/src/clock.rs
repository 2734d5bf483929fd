//! The clock on tokio's timers. No other file of this crate asks the operating system for the time.
#![allow(clippy::disallowed_methods)]

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, SystemTime};
use users_core::{Clock, Instant, SystemClock};

/// A clock on tokio's timers. It follows tokio's time where that is paused (`tokio::time::pause`).
///
/// The time of day is always the system's. Outside a tokio runtime it sleeps on [`SystemClock`].
#[derive(Clone, Copy, Debug)]
pub struct TokioClock {
    start: tokio::time::Instant,
}

impl TokioClock {
    /// Creates a clock that starts now.
    pub fn new() -> Self {
        Self { start: tokio::time::Instant::now() }
    }
}

impl Default for TokioClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for TokioClock {
    fn now(&self) -> Instant {
        Instant::from_start(self.start.elapsed())
    }

    fn unix_now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        if tokio::runtime::Handle::try_current().is_err() {
            return SystemClock::new().sleep(time);
        }
        Box::pin(tokio::time::sleep(time))
    }

    fn random(&self) -> u64 {
        fastrand::u64(..)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_hour_passes_at_once_while_tokios_time_is_paused() {
        let clock = TokioClock::new();
        let start = clock.now();
        clock.sleep(Duration::from_secs(3600)).await;
        assert_eq!(clock.now().saturating_since(start).as_secs(), 3600);
    }

    #[test]
    fn it_sleeps_outside_a_runtime_too() {
        drop(TokioClock::default().sleep(Duration::from_secs(1)));
    }
}
