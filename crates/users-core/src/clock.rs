//! The seam to time and randomness. Nothing else in this crate asks the operating system for either.
#![allow(clippy::disallowed_methods)]

use futures_util::future::{Either, select};
use std::fmt;
use std::future::Future;
use std::ops::Add;
use std::pin::{Pin, pin};
use std::time::{Duration, SystemTime};

/// Where time and randomness come from.
///
/// [`SystemClock`] is the default of every builder. `users-hyper` brings one on tokio's timers, `users-mock` a virtual one
/// on which an hour passes in no time.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The monotonic time.
    fn now(&self) -> Instant;
    /// The time of day.
    fn unix_now(&self) -> SystemTime;
    /// A future that is ready once this time has passed.
    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>>;
    /// A random number: for jitter and boundaries, never for anything that must stay secret.
    fn random(&self) -> u64;
}

/// A moment of a [`Clock`]: the time since some start that only that clock knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(Duration);

impl Instant {
    /// The moment this long after the clock's start.
    pub fn from_start(since: Duration) -> Self {
        Self(since)
    }

    /// The time since the clock's start.
    pub fn since_start(self) -> Duration {
        self.0
    }

    /// The time from an earlier moment to this one; zero if the other is later.
    pub fn saturating_since(self, earlier: Instant) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;

    fn add(self, time: Duration) -> Instant {
        Instant(self.0.saturating_add(time))
    }
}

/// The machine's own clock, with timers that need no runtime: one thread of its own, started when first slept on.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct SystemClock;

impl SystemClock {
    /// The machine's clock.
    pub fn new() -> Self {
        Self
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
        Instant(START.get_or_init(std::time::Instant::now).elapsed())
    }

    fn unix_now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(futures_timer::Delay::new(time))
    }

    fn random(&self) -> u64 {
        fastrand::u64(..)
    }
}

/// The time ran out before the future was ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Elapsed;

/// Runs a future for at most this long. At the very end the future is polled once more before the time counts as run out.
pub(crate) async fn within<F: Future>(
    clock: &dyn Clock,
    time: Option<Duration>,
    future: F,
) -> Result<F::Output, Elapsed> {
    match time {
        None => Ok(future.await),
        Some(time) => Timer::new(clock, time).limit(future).await,
    }
}

/// A time limit for several futures together, which begins when the first of them is pending.
pub(crate) struct Timer<'a>(LateSleep<'a>);

impl<'a> Timer<'a> {
    pub(crate) fn new(clock: &'a dyn Clock, time: Duration) -> Self {
        Self(LateSleep::Unasked(clock, time))
    }

    /// Runs a future until the time has passed.
    pub(crate) async fn limit<F: Future>(&mut self, future: F) -> Result<F::Output, Elapsed> {
        match select(pin!(future), &mut self.0).await {
            Either::Left((output, _)) => Ok(output),
            Either::Right(_) => Err(Elapsed),
        }
    }
}

/// A sleep that is made when first polled, after the future beside it: so a transport's own timer fires first, and its error,
/// which is more precise, is returned.
enum LateSleep<'a> {
    Unasked(&'a dyn Clock, Duration),
    Asleep(Pin<Box<dyn Future<Output = ()> + Send>>),
}

impl Future for LateSleep<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut std::task::Context<'_>) -> std::task::Poll<()> {
        if let Self::Unasked(clock, time) = *self {
            *self = Self::Asleep(clock.sleep(time));
        }
        match &mut *self {
            Self::Asleep(sleep) => sleep.as_mut().poll(context),
            Self::Unasked(..) => std::task::Poll::Pending,
        }
    }
}
