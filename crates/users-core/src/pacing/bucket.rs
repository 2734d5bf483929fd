//! The estimate of one of the tenant's buckets, and the rule by which permits are granted from it.

use crate::clock::Instant;
use std::time::Duration;

/// An estimate of one token bucket of the tenant. Responses report its size and its level, in whole requests and some time ago;
/// its refill rate is not reported, and other clients may draw from it.
///
/// The rule: the fuller the bucket, the higher the rate of requests. The level then settles where as much is drawn as is added,
/// without the rate being known, and clients that observe the same level draw the same share.
///
/// Levels are in requests, rates in requests per second.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    size: f64,
    /// The level at `at`.
    level: f64,
    at: Instant,
    /// The refill rate, less what other clients draw.
    rate: f64,
    /// The refill rate that was assumed at first.
    assumed: f64,
    /// Whether the rate was measured rather than assumed.
    is_measured: bool,
    /// Whether the rate is fixed, so that the whole level may be drawn at once.
    is_fixed: bool,
    /// When the last two requests drew from it.
    drawn_at: Option<Instant>,
    drawn_before: Option<Instant>,
    /// The number of requests that drew from it, rate-limited ones excluded.
    drawn: f64,
    /// No request may draw before this moment.
    held_until: Instant,
    /// The end of the delay that the server requested.
    requested_until: Instant,
    /// When a response last reported the level.
    observed_at: Option<Instant>,
    /// The number of the request of that response.
    observed_number: u64,
    window: Option<Window>,
}

/// The beginning of a measurement of the refill rate.
#[derive(Clone, Copy, Debug)]
struct Window {
    at: Instant,
    remaining: f64,
    /// What this client had drawn by then.
    drawn: f64,
    /// Whether the bucket was full since, so that a part of the refill was lost.
    overflowed: bool,
    /// Whether every response reported a full bucket.
    only_full: bool,
}

/// When a bucket may be drawn from again after a 429.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hold {
    /// No request may draw before this moment.
    pub(super) until: Instant,
    /// The end of the delay that the server requested.
    pub(super) requested_until: Instant,
}

/// The state of a bucket as a response reports it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Observation {
    pub(super) number: u64,
    /// About when the server counted the request.
    pub(super) at: Instant,
    pub(super) remaining: f64,
    /// The number of requests of this client that drew from the bucket after it.
    pub(super) later: f64,
}

/// The rate at an empty bucket, as a part of its size per second …
const SLOWEST: f64 = 0.01;
/// … and the exponent by which a full bucket exceeds it (e to this power).
const STEEPNESS: f64 = 6.0;
/// The part of its size from which a bucket counts as full and grants a permit at once.
const FULL: f64 = 0.98;
/// A refill rate above that of any tier of Auth0's, as a part of the size per second.
const FASTEST_TIER: f64 = 1.5;
/// The factor by which the refill rate may exceed the measured one before a call fails for its deadline.
const MARGIN: f64 = 1.25;
/// The refill rate assumed at first, as a part of the size per second; Auth0's tiers have 0.16 or more …
const ASSUMED: f64 = 0.15;
/// … and the least, for small buckets: that of the smallest tier.
const ASSUMED_LEAST: f64 = 2.0;
/// The increase of the assumed rate after a response that reports no limit, as a part of the size …
const RAISE: f64 = 0.0005;
/// … and while no response has reported one.
const RAISE_AT_FIRST: f64 = 0.1;
/// The factor of the estimated rate after a 429.
const RATE_AFTER_429: f64 = 0.9;
/// The seconds without a response after which a measured rate becomes less reliable.
const SILENCE: f64 = 10.0;
/// The least number of seconds in which a rate that keeps the bucket full is measured.
const SHORTEST_WINDOW: f64 = 0.02;
/// The least estimate of a rate: one request per minute.
const LEAST_RATE: f64 = 1.0 / 60.0;

impl Bucket {
    pub(super) fn new(size: f64, now: Instant) -> Self {
        Self::full(size, (ASSUMED * size).max(ASSUMED_LEAST), now)
    }

    /// The assumption before the first response: the free tier, 2 requests at once and 2 per second.
    pub(super) fn least(now: Instant) -> Self {
        Self { is_fixed: true, ..Self::full(2.0, 2.0, now) }
    }

    /// Raises the assumed rate after a response that was not rate limited and reported no limit, where requests wait.
    pub(super) fn raise_assumed_rate(&mut self, now: Instant) {
        if self.level(now) < FULL * self.size {
            self.rate += if self.is_fixed { RAISE_AT_FIRST } else { RAISE * self.size };
        }
    }

    fn full(size: f64, rate: f64, now: Instant) -> Self {
        Self {
            size,
            level: size,
            at: now,
            rate,
            assumed: rate,
            is_measured: false,
            is_fixed: false,
            drawn_at: None,
            drawn_before: None,
            observed_at: None,
            drawn: 0.0,
            held_until: now,
            requested_until: now,
            observed_number: 0,
            window: None,
        }
    }

    pub(super) fn level(&self, now: Instant) -> f64 {
        let time = seconds(self.at, now).max(0.0);
        // Other clients may have stopped, and the tenant may have changed, so the measured rate loses weight with time.
        let silence = (time - SILENCE).max(0.0);
        let added = self.rate * (time - silence) + self.rate.max(self.assumed) * silence;
        (self.level + added).min(self.size)
    }

    pub(super) fn rate(&self) -> f64 {
        self.rate
    }

    pub(super) fn held(&self, now: Instant) -> Duration {
        self.held_until.saturating_since(now)
    }

    /// The rest of the delay that the server requested.
    pub(super) fn requested(&self, now: Instant) -> Duration {
        self.requested_until.saturating_since(now)
    }

    pub(super) fn hold(&mut self, hold: Hold) {
        self.held_until = self.held_until.max(hold.until);
        self.requested_until = self.requested_until.max(hold.requested_until);
    }

    /// The time until a request may draw; zero means now.
    pub(super) fn wait(&self, now: Instant) -> Duration {
        /// The longest sleep, after a hold, before the estimate is evaluated again.
        const LONGEST: Duration = Duration::from_secs(60);
        let held = self.held(now);
        if self.may_draw(now + held) {
            return held;
        }
        // `may_draw` is monotonic in time.
        let (mut early, mut late) = (Duration::ZERO, LONGEST);
        while late > early + Duration::from_micros(100) {
            let middle = (early + late) / 2;
            if self.may_draw(now + held + middle) { late = middle } else { early = middle }
        }
        // At the end of a clock's range no moment is later.
        (now + held + late).saturating_since(now)
    }

    /// The least time that a request waits behind others, even if the refill rate is somewhat higher than measured, or where it
    /// is unknown, as high as that of any tier.
    pub(super) fn least_wait(&self, others: usize, now: Instant) -> Duration {
        let is_recent = self.observed_at.is_some_and(|observed_at| seconds(observed_at, now) < SILENCE);
        let is_known = self.is_measured && is_recent;
        let rate = if is_known { MARGIN * self.rate } else { self.rate.max(FASTEST_TIER * self.size) };
        self.wait_at(rate, others, now)
    }

    /// The estimated time that a request waits behind others.
    pub(super) fn likely_wait(&self, others: usize, now: Instant) -> Duration {
        self.wait_at(self.rate, others, now)
    }

    fn wait_at(&self, rate: f64, others: usize, now: Instant) -> Duration {
        let held = self.held(now);
        #[allow(clippy::cast_precision_loss)] // queues are shorter than 2⁵³
        let missing = others as f64 + 1.0 - self.level(now + held);
        held + Duration::try_from_secs_f64((missing / rate).max(0.0)).unwrap_or(Duration::MAX)
    }

    /// The number of requests that it allows within this time, an estimate.
    pub(super) fn allowed_within(&self, time: Duration, now: Instant) -> f64 {
        let held = self.held(now);
        let after = |time: Duration| self.level(now + held) + self.rate * time.as_secs_f64();
        time.checked_sub(held).map_or(0.0, after)
    }

    fn may_draw(&self, at: Instant) -> bool {
        let level = self.level(at);
        let is_due = || {
            let per_second = self.size * SLOWEST * (STEEPNESS * level / self.size).exp();
            self.drawn_at.is_none_or(|drawn_at| seconds(drawn_at, at) * per_second >= 1.0)
        };
        level >= 1.0 && (self.is_fixed || level >= FULL * self.size || is_due())
    }

    pub(super) fn draw(&mut self, now: Instant) {
        self.level = self.level(now) - 1.0;
        self.drawn += 1.0;
        self.drawn_before = self.drawn_at.replace(now);
        self.at = now;
    }

    /// Returns what a request drew that was not sent.
    pub(super) fn undraw(&mut self) {
        self.level += 1.0;
        self.drawn -= 1.0;
        self.drawn_at = self.drawn_before;
    }

    /// Records a rate-limited request: it drew nothing, and the estimated rate was too high.
    pub(super) fn rate_limited(&mut self) {
        self.rate = (self.rate * RATE_AFTER_429).max(LEAST_RATE);
        self.drawn -= 1.0;
    }

    /// The estimated level at the moment of an observation.
    fn estimated(&self, observation: &Observation) -> f64 {
        (self.level + self.rate * seconds(self.at, observation.at) + observation.later).min(self.size)
    }

    /// The difference between the estimated and the observed level, in whole requests.
    pub(super) fn deviation(&self, observation: &Observation) -> f64 {
        let estimated = self.estimated(observation);
        (estimated - estimated.clamp(observation.remaining, observation.remaining + 1.0)).abs()
    }

    /// Corrects the estimate by an observation.
    pub(super) fn learn(&mut self, observation: &Observation, now: Instant) {
        if observation.number < self.observed_number {
            return;
        }
        // An estimate that agrees is kept, since it is finer than whole requests; the first observation has none to agree with.
        let estimated = if self.observed_number == 0 { 0.0 } else { self.estimated(observation) };
        let level = estimated.clamp(observation.remaining, observation.remaining + 1.0);
        self.measure(observation);
        let since = self.rate * seconds(observation.at, now).max(0.0);
        self.level = (level + since - observation.later).clamp(0.0, self.size);
        (self.at, self.observed_at, self.observed_number) = (now, Some(now), observation.number);
    }

    /// Measures the refill rate from the levels at two observations and what was drawn in between.
    fn measure(&mut self, observation: &Observation) {
        let is_full = observation.remaining + 1.0 >= self.size;
        let drawn = self.drawn - observation.later;
        let here = Window {
            at: observation.at,
            remaining: observation.remaining,
            drawn,
            overflowed: is_full,
            only_full: is_full,
        };
        let Some(window) = &mut self.window else {
            self.window = Some(here);
            return;
        };
        window.overflowed |= is_full;
        window.only_full &= is_full;
        let time = seconds(window.at, observation.at);
        let added = observation.remaining - window.remaining + drawn - window.drawn;
        let is_plenty = window.only_full && added >= 20.0 && added > time * FASTEST_TIER * self.size;
        let is_long = time >= 2.0 && (added >= 8.0 || time >= 8.0);
        if !is_plenty && !is_long {
            return;
        }
        let overflowed = window.overflowed;
        if is_plenty {
            // All that was drawn was refilled at once, so the rate may be higher.
            self.rate = self.rate.max(2.0 * added / time.max(SHORTEST_WINDOW));
            if time < SHORTEST_WINDOW {
                return;
            }
        } else if window.overflowed {
            // A lower bound, since the bucket overflowed.
            self.rate = self.rate.max((added - 1.0) / time);
        } else if added / time < self.rate / 4.0 {
            self.rate = added / time;
        } else {
            self.rate += 0.3 * (added / time - self.rate);
        }
        self.rate = self.rate.max(LEAST_RATE);
        self.is_measured = !overflowed;
        self.window = Some(here);
    }
}

/// The seconds from one moment to another; negative if the other is earlier.
fn seconds(from: Instant, to: Instant) -> f64 {
    if from <= to {
        to.saturating_since(from).as_secs_f64()
    } else {
        -from.saturating_since(to).as_secs_f64()
    }
}
