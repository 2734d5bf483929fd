//! The source of time and randomness. Nothing else in this crate asks the operating system for either.
#![allow(clippy::disallowed_methods)]

use std::borrow::BorrowMut;
use std::fmt;
use std::future::Future;
use std::ops::Add;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

/// A source of time, timers and randomness.
///
/// [`SystemClock`] is the default of client builders. `users-hyper` has a clock on tokio's timers, `users-mock` a virtual one on
/// which timers fire without waiting.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// Returns the monotonic time.
    fn now(&self) -> Instant;
    /// Returns the time of day.
    fn unix_now(&self) -> SystemTime;
    /// Returns a future that completes after this time.
    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>>;
    /// Returns a random number: for jitter, never for anything that must stay secret.
    fn random(&self) -> u64;
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> Instant {
        (**self).now()
    }

    fn unix_now(&self) -> SystemTime {
        (**self).unix_now()
    }

    fn sleep(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        (**self).sleep(time)
    }

    fn random(&self) -> u64 {
        (**self).random()
    }
}

/// A moment of a [`Clock`]: the time since that clock's start. Moments of different clocks are not comparable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(Duration);

impl Instant {
    /// Returns the moment this long after the clock's start.
    pub fn from_start(since: Duration) -> Self {
        Self(since)
    }

    /// Returns the time since the clock's start.
    pub fn since_start(self) -> Duration {
        self.0
    }

    /// Returns the time from an earlier moment to this one; zero if `earlier` is later.
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

/// The system's clock. Its timers need no runtime: they run on a thread that the first sleep starts.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct SystemClock;

impl SystemClock {
    /// Returns the system's clock.
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

/// The time limit passed before the future completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Elapsed;

/// Runs a future for at most this long. At the end of that time the future is polled once more before it counts as elapsed.
pub(crate) fn within<F: Future + Unpin>(
    clock: &dyn Clock,
    time: Option<Duration>,
    future: F,
) -> Limited<Timer<'_>, F> {
    let timer = time.map_or_else(Timer::never, |time| Timer::new(clock, time));
    Limited { timer, future }
}

/// A time limit shared by several futures. It starts when the first of them is pending.
pub(crate) struct Timer<'a>(LateSleep<'a>);

impl<'a> Timer<'a> {
    pub(crate) fn new(clock: &'a dyn Clock, time: Duration) -> Self {
        Self(LateSleep::New(clock, time))
    }

    /// A time limit that starts now, and does not borrow its clock.
    #[cfg(feature = "tower")]
    pub(crate) fn started(clock: &dyn Clock, time: Duration) -> Self {
        Self(LateSleep::Started(clock.sleep(time)))
    }

    /// No time limit.
    pub(crate) fn never() -> Self {
        Self(LateSleep::Never)
    }

    /// Ready when the time has passed.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(context)
    }

    /// Runs a future until the time has passed.
    pub(crate) fn limit<F: Future + Unpin>(&mut self, future: F) -> Limited<&mut Self, F> {
        Limited { timer: self, future }
    }
}

/// A future with a time limit. Written by hand: each layer of `async fn` would exist once for each future.
pub(crate) struct Limited<T, F> {
    timer: T,
    future: F,
}

impl<'a, T: BorrowMut<Timer<'a>> + Unpin, F: Future + Unpin> Future for Limited<T, F> {
    type Output = Result<F::Output, Elapsed>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Poll::Ready(output) = Pin::new(&mut self.future).poll(context) {
            return Poll::Ready(Ok(output));
        }
        self.timer.borrow_mut().poll(context).map(|()| Err(Elapsed))
    }
}

/// A sleep that starts when it is first polled, after the future that it limits. So a transport's own timer fires first, and its
/// more precise error is returned.
enum LateSleep<'a> {
    Never,
    New(&'a dyn Clock, Duration),
    Started(Pin<Box<dyn Future<Output = ()> + Send>>),
}

impl Future for LateSleep<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if let Self::New(clock, time) = *self {
            *self = Self::Started(clock.sleep(time));
        }
        match &mut *self {
            Self::Started(sleep) => sleep.as_mut().poll(context),
            Self::Never | Self::New(..) => Poll::Pending,
        }
    }
}
