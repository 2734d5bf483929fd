//! What a client believes of one bucket, and the law by which it draws from it.

use crate::clock::Instant;
use std::time::Duration;

/// A token bucket of the tenant's, seen from outside: its size is told, its level is told in whole requests some time
/// ago, its rate is not told at all. Others may draw from it.
///
/// The law: the fuller the bucket, the faster the requests. Its level then settles where as much is drawn as is added, without
/// anybody knowing the rate; and clients that see the same level draw the same share, without knowing of each other.
///
/// Levels are requests, rates are requests per second.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    size: f64,
    /// The level at `at`.
    level: f64,
    at: Instant,
    /// What is added per second, less what others take.
    rate: f64,
    /// What was presumed of the rate at first.
    presumed: f64,
    /// Whether the rate was measured, not presumed.
    is_measured: bool,
    /// Whether the rate is given, so that what is there may be drawn at once.
    is_given: bool,
    /// When a request last drew from it, and when the one before.
    drawn_at: Option<Instant>,
    drawn_before: Option<Instant>,
    /// How many requests drew from it in all, those apart that were refused.
    drawn: f64,
    /// Nothing may be drawn before.
    held_until: Instant,
    /// Until when the server requested that nothing be sent.
    requested_until: Instant,
    /// When an answer last told the level.
    told_at: Option<Instant>,
    /// The number of the request whose answer that was.
    told_by: u64,
    window: Option<Window>,
}

/// Where the measuring of the rate began.
#[derive(Clone, Copy, Debug)]
struct Window {
    at: Instant,
    remaining: f64,
    /// What this client had drawn until then.
    drawn: f64,
    /// Whether the bucket was full since, so that some of what would have been added was lost.
    overflowed: bool,
    /// Whether it was full whenever an answer told of it.
    only_full: bool,
}

/// When a bucket may be drawn from again after a 429.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hold {
    /// Nothing may be drawn before.
    pub(super) until: Instant,
    /// Until when the server requested that nothing be sent.
    pub(super) requested_until: Instant,
}

/// What an answer tells of a bucket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    pub(super) number: u64,
    /// When the server counted the request, about.
    pub(super) at: Instant,
    pub(super) remaining: f64,
    /// How many requests of this client drew from the bucket after it.
    pub(super) later: f64,
}

/// An empty bucket lets this part of its size go per second …
const SLOWEST: f64 = 0.01;
/// … and a full one e to this many times as much.
const STEEPNESS: f64 = 6.0;
/// From this part of its size on a bucket counts as full, and lets a request go at once.
const FULL: f64 = 0.98;
/// No tier of Auth0's adds as much as this part of the size per second.
const QUICK: f64 = 1.5;
/// How much faster than measured a bucket may fill before a call is refused for its deadline.
const MARGIN: f64 = 1.25;
/// What is added per second before anything is known, as a part of the size; no tier of Auth0's adds less than 0.16 …
const PRESUMED: f64 = 0.15;
/// … and the least, for small buckets: what the smallest of the tiers adds.
const PRESUMED_LEAST: f64 = 2.0;
/// How much more per second is presumed after an answer that tells nothing, as a part of the size …
const PRESUMED_MORE: f64 = 0.0005;
/// … and as long as no answer has told anything.
const PRESUMED_MORE_AT_FIRST: f64 = 0.1;
/// What is left of the believed rate after a 429.
const LESS: f64 = 0.9;
/// After so many seconds without an answer a measured rate counts for less.
const SILENCE: f64 = 10.0;
/// The rate that no estimate falls below: a request per minute.
const LEAST_RATE: f64 = 1.0 / 60.0;

impl Bucket {
    pub(super) fn new(size: f64, now: Instant) -> Self {
        Self::full(size, (PRESUMED * size).max(PRESUMED_LEAST), now)
    }

    /// What is assumed of a tenant that has not answered yet: the free tier, 2 at once and 2 per second.
    pub(super) fn least(now: Instant) -> Self {
        Self { is_given: true, ..Self::full(2.0, 2.0, now) }
    }

    /// A request was not refused, though nothing was told: where requests wait, more may go.
    pub(super) fn presume_more(&mut self, now: Instant) {
        if self.level(now) < FULL * self.size {
            self.rate += if self.is_given { PRESUMED_MORE_AT_FIRST } else { PRESUMED_MORE * self.size };
        }
    }

    fn full(size: f64, rate: f64, now: Instant) -> Self {
        Self {
            size,
            level: size,
            at: now,
            rate,
            presumed: rate,
            is_measured: false,
            is_given: false,
            drawn_at: None,
            drawn_before: None,
            told_at: None,
            drawn: 0.0,
            held_until: now,
            requested_until: now,
            told_by: 0,
            window: None,
        }
    }

    pub(super) fn level(&self, now: Instant) -> f64 {
        let time = seconds(self.at, now).max(0.0);
        // What others took is forgotten with time, and so is what was measured of a tenant that has changed.
        let silence = (time - SILENCE).max(0.0);
        let added = self.rate * (time - silence) + self.rate.max(self.presumed) * silence;
        (self.level + added).min(self.size)
    }

    pub(super) fn rate(&self) -> f64 {
        self.rate
    }

    pub(super) fn held(&self, now: Instant) -> Duration {
        self.held_until.saturating_since(now)
    }

    /// How long the server requested that nothing be sent.
    pub(super) fn requested(&self, now: Instant) -> Duration {
        self.requested_until.saturating_since(now)
    }

    pub(super) fn hold(&mut self, hold: Hold) {
        self.held_until = self.held_until.max(hold.until);
        self.requested_until = self.requested_until.max(hold.requested_until);
    }

    /// How long until a request may be drawn; zero means now.
    pub(super) fn wait(&self, now: Instant) -> Duration {
        /// Longer than this, after a hold, nobody sleeps without looking again.
        const LONGEST: Duration = Duration::from_secs(60);
        let held = self.held(now);
        if self.may_draw(now + held) {
            return held;
        }
        // With time it only becomes truer.
        let (mut early, mut late) = (Duration::ZERO, LONGEST);
        while late > early + Duration::from_micros(100) {
            let middle = (early + late) / 2;
            if self.may_draw(now + held + middle) { late = middle } else { early = middle }
        }
        // At the end of a clock's range no moment is later.
        (now + held + late).saturating_since(now)
    }

    /// How long a request must wait behind so many others at least: even if somewhat more is added than was measured, or where
    /// that is not known, as much as any tier adds.
    pub(super) fn least_wait(&self, others: usize, now: Instant) -> Duration {
        let is_recent = self.told_at.is_some_and(|told_at| seconds(told_at, now) < SILENCE);
        let is_known = self.is_measured && is_recent;
        let rate = if is_known { MARGIN * self.rate } else { self.rate.max(QUICK * self.size) };
        self.wait_at(rate, others, now)
    }

    /// How long a request will have to wait behind so many others, by what is believed.
    pub(super) fn likely_wait(&self, others: usize, now: Instant) -> Duration {
        self.wait_at(self.rate, others, now)
    }

    fn wait_at(&self, rate: f64, others: usize, now: Instant) -> Duration {
        let held = self.held(now);
        #[allow(clippy::cast_precision_loss)] // nobody queues 2⁵³ calls
        let missing = others as f64 + 1.0 - self.level(now + held);
        held + Duration::try_from_secs_f64((missing / rate).max(0.0)).unwrap_or(Duration::MAX)
    }

    fn may_draw(&self, at: Instant) -> bool {
        let level = self.level(at);
        let per_second = self.size * SLOWEST * (STEEPNESS * level / self.size).exp();
        let is_due = self.drawn_at.is_none_or(|drawn_at| seconds(drawn_at, at) * per_second >= 1.0);
        level >= 1.0 && (is_due || self.is_given || level >= FULL * self.size)
    }

    pub(super) fn draw(&mut self, now: Instant) {
        self.level = self.level(now) - 1.0;
        self.drawn += 1.0;
        self.drawn_before = self.drawn_at.replace(now);
        self.at = now;
    }

    /// A request was not sent after all.
    pub(super) fn give_back(&mut self) {
        self.level += 1.0;
        self.drawn -= 1.0;
        self.drawn_at = self.drawn_before;
    }

    /// A request was refused, which takes nothing from the bucket, and tells that too much was believed of it.
    pub(super) fn refused(&mut self) {
        self.rate = (self.rate * LESS).max(LEAST_RATE);
        self.drawn -= 1.0;
    }

    /// The level that was believed at the moment that an answer tells of.
    fn believed(&self, told: &Told) -> f64 {
        (self.level + self.rate * seconds(self.at, told.at) + told.later).min(self.size)
    }

    /// How far the level that an answer tells, in whole requests, is from what was believed.
    pub(super) fn surprise(&self, told: &Told) -> f64 {
        let believed = self.believed(told);
        (believed - believed.clamp(told.remaining, told.remaining + 1.0)).abs()
    }

    /// Takes over what an answer tells.
    pub(super) fn learn(&mut self, told: &Told, now: Instant) {
        if told.number < self.told_by {
            return;
        }
        // What fits is kept, for it is finer than whole requests; before anything was told there is nothing to keep.
        let believed = if self.told_by == 0 { 0.0 } else { self.believed(told) };
        let level = believed.clamp(told.remaining, told.remaining + 1.0);
        self.measure(told);
        let since = self.rate * seconds(told.at, now).max(0.0);
        self.level = (level + since - told.later).clamp(0.0, self.size);
        (self.at, self.told_at, self.told_by) = (now, Some(now), told.number);
    }

    /// Compares what is left with what was left and what was drawn in between.
    fn measure(&mut self, told: &Told) {
        let is_full = told.remaining + 1.0 >= self.size;
        let drawn = self.drawn - told.later;
        let here =
            Window { at: told.at, remaining: told.remaining, drawn, overflowed: is_full, only_full: is_full };
        let Some(window) = &mut self.window else {
            self.window = Some(here);
            return;
        };
        window.overflowed |= is_full;
        window.only_full &= is_full;
        let time = seconds(window.at, told.at);
        let added = told.remaining - window.remaining + drawn - window.drawn;
        let is_plenty = window.only_full && added >= 20.0 && added > time * QUICK * self.size;
        let is_long = time >= 2.0 && (added >= 8.0 || time >= 8.0);
        if !is_plenty && !is_long {
            return;
        }
        let overflowed = window.overflowed;
        if is_plenty {
            // All that was drawn came back at once, and more may.
            self.rate = self.rate.max(2.0 * added / time.max(0.02));
        } else if window.overflowed {
            // At least so much was added.
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

/// The seconds from one moment to another; less than zero if the other is earlier.
fn seconds(from: Instant, to: Instant) -> f64 {
    to.saturating_since(from).as_secs_f64() - from.saturating_since(to).as_secs_f64()
}
