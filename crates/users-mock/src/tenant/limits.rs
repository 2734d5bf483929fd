//! How many requests a tenant takes: token buckets, of one for everything or one for each kind of request.

use http::Method;
use std::fmt;
use std::str::FromStr;

/// The rate limits of a tenant's Management API. A tenant takes any number of requests unless it is given some.
///
/// A request is counted where all buckets that it draws from have room; else it is answered with 429, and takes nothing. Successes and
/// 429s tell the state of the bucket in `x-ratelimit-limit`, `-remaining` and `-reset`, which is when the next request is
/// added, to the second; other errors tell nothing. So the recordings have it.
///
/// ```
/// use std::time::Duration;
/// use users_mock::{Limits, MockTransport, Tenant};
///
/// let tenant = Tenant::builder().users(5).limits(Limits::free()).build();
/// let users = tenant.management().users();
/// tenant.clock().block_on(async {
///     for id in tenant.user_ids() {
///         users.get(id).await?; // two at once, then two per second
///     }
///     Ok::<(), users_core::Error>(())
/// })?;
/// assert!(tenant.clock().elapsed() >= Duration::from_millis(1500));
/// assert!(tenant.requests().iter().all(|request| request.status == 200), "the client keeps the pace");
/// # Ok::<(), users_core::Error>(())
/// ```
///
/// The tiers' figures are from <https://auth0.com/docs/troubleshoot/customer-support/operational-policies/rate-limit-policy>.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    global: Option<Bucket>,
    read: Option<Bucket>,
    write: Option<Bucket>,
    delete: Option<Bucket>,
}

impl Limits {
    /// No limit at all, and none announced: answers carry no `x-ratelimit` headers.
    pub fn none() -> Self {
        Self::default()
    }

    /// The free tier: 2 at once, 2 per second.
    pub fn free() -> Self {
        Self::none().global(Bucket::per_second(2, 2))
    }

    /// Essentials and Professional: reads 40 at once and 500 per minute, writes and deletes 20 and 200 each.
    pub fn essentials() -> Self {
        let change = || Bucket::per_minute(20, 200);
        Self::none().read(Bucket::per_minute(40, 500)).write(change()).delete(change())
    }

    /// Enterprise, production: 50 at once, 16 per second.
    pub fn enterprise() -> Self {
        Self::none().global(Bucket::per_second(50, 16))
    }

    /// Enterprise, not for production: 10 at once, 2 per second.
    pub fn enterprise_development() -> Self {
        Self::none().global(Bucket::per_second(10, 2))
    }

    /// A private cloud of 100 requests per second: 50 at once, 50 per second.
    pub fn private_cloud() -> Self {
        Self::none().global(Bucket::per_second(50, 50))
    }

    /// Counts every request in this bucket.
    #[must_use]
    pub fn global(mut self, bucket: Bucket) -> Self {
        self.global = Some(bucket);
        self
    }

    /// Counts `GET` in this bucket.
    #[must_use]
    pub fn read(mut self, bucket: Bucket) -> Self {
        self.read = Some(bucket);
        self
    }

    /// Counts `POST`, `PUT` and `PATCH` in this bucket.
    #[must_use]
    pub fn write(mut self, bucket: Bucket) -> Self {
        self.write = Some(bucket);
        self
    }

    /// Counts `DELETE` in this bucket.
    #[must_use]
    pub fn delete(mut self, bucket: Bucket) -> Self {
        self.delete = Some(bucket);
        self
    }
}

type Tier = (&'static str, fn() -> Limits);

const TIERS: [Tier; 6] = [
    ("none", Limits::none),
    ("free", Limits::free),
    ("essentials", Limits::essentials),
    ("enterprise", Limits::enterprise),
    ("enterprise-development", Limits::enterprise_development),
    ("private-cloud", Limits::private_cloud),
];

/// A tier by its name, as in `essentials`.
impl FromStr for Limits {
    type Err = UnknownTier;

    fn from_str(name: &str) -> Result<Self, UnknownTier> {
        let tier = TIERS.iter().find(|(known, _)| *known == name);
        tier.map(|(_, limits)| limits()).ok_or_else(|| UnknownTier(name.to_owned()))
    }
}

/// No tier has this name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownTier(String);

impl fmt::Display for UnknownTier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known: Vec<&str> = TIERS.iter().map(|(name, _)| *name).collect();
        write!(f, "{:?} is no tier; there are {}", self.0, known.join(", "))
    }
}

impl std::error::Error for UnknownTier {}

/// How many requests may come at once, and how fast room for more is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    size: u32,
    added: u32,
    every: Period,
    windowed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Period {
    Second,
    Minute,
}

impl Period {
    fn millis(self) -> u64 {
        match self {
            Self::Second => 1000,
            Self::Minute => 60_000,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Minute => "minute",
        }
    }
}

impl Bucket {
    /// `size` at once, and room for `added` more per second.
    pub fn per_second(size: u32, added: u32) -> Self {
        Self { size, added, every: Period::Second, windowed: false }
    }

    /// `size` at once, and room for `added` more per minute.
    pub fn per_minute(size: u32, added: u32) -> Self {
        Self { size, added, every: Period::Minute, windowed: false }
    }

    /// Makes the room at the top of each second or minute at once, not little by little. Auth0's documentation tells of both.
    #[must_use]
    pub fn windowed(mut self) -> Self {
        self.windowed = true;
        self
    }

    /// What is added up to a moment, of which `millis()` of the period make one request.
    fn made_by(&self, millis: u64) -> u64 {
        let period = self.every.millis();
        let counted = if self.windowed { millis - millis % period } else { millis };
        counted.saturating_mul(self.added.into())
    }

    fn whole(&self) -> u64 {
        u64::from(self.size).saturating_mul(self.every.millis())
    }

    /// When there is one more request than now, to the second.
    fn next_second(&self, level: u64, now: u64) -> u64 {
        let period = self.every.millis();
        let wait = match u64::from(self.added) {
            0 => period,
            _ if self.windowed => period - now % period,
            added => (period - level % period).div_ceil(added),
        };
        (now + wait).div_ceil(1000)
    }
}

/// What the answer's headers tell of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) limit: u64,
    pub(super) remaining: u64,
    /// Seconds since 1970.
    pub(super) reset: u64,
}

/// The buckets of a tenant at work.
#[derive(Debug, Default)]
pub(super) struct Limiter {
    global: Option<Level>,
    read: Option<Level>,
    write: Option<Level>,
    delete: Option<Level>,
}

/// A bucket, and what was in it at a moment.
#[derive(Debug)]
struct Level {
    bucket: Bucket,
    /// A period's milliseconds make one request.
    held: u64,
    at: u64,
}

impl Level {
    fn full(bucket: Bucket, now: u64) -> Self {
        Self { held: bucket.whole(), bucket, at: now }
    }

    fn fill(&mut self, now: u64) {
        let added = self.bucket.made_by(now).saturating_sub(self.bucket.made_by(self.at));
        self.held = self.held.saturating_add(added).min(self.bucket.whole());
        self.at = self.at.max(now);
    }

    fn standing(&self, now: u64) -> Standing {
        Standing {
            limit: self.bucket.size.into(),
            remaining: self.held / self.bucket.every.millis(),
            reset: self.bucket.next_second(self.held, now),
        }
    }
}

impl Limiter {
    /// Full buckets.
    pub(super) fn new(limits: Limits, now: u64) -> Self {
        let full = |bucket: Option<Bucket>| bucket.map(|bucket| Level::full(bucket, now));
        Self {
            global: full(limits.global),
            read: full(limits.read),
            write: full(limits.write),
            delete: full(limits.delete),
        }
    }

    /// Other limits from now on, with as much in the buckets as was there.
    pub(super) fn change(&mut self, limits: Limits, now: u64) {
        let before = std::mem::replace(self, Self::new(limits, now));
        for (level, before) in [
            (&mut self.global, before.global),
            (&mut self.read, before.read),
            (&mut self.write, before.write),
            (&mut self.delete, before.delete),
        ] {
            if let (Some(level), Some(mut before)) = (level, before) {
                before.fill(now);
                let kept = before.held / before.bucket.every.millis() * level.bucket.every.millis();
                level.held = level.held.min(kept);
            }
        }
    }

    /// Counts a request. Gives what its headers tell, or why it is refused; `None` where there is no limit.
    pub(super) fn take(&mut self, method: &Method, now: u64) -> Option<Result<Standing, Refusal>> {
        let (group, level) = match *method {
            Method::GET | Method::HEAD => ("read", &mut self.read),
            Method::DELETE => ("delete", &mut self.delete),
            _ => ("write", &mut self.write),
        };
        let mut drawn: Vec<(Option<&str>, &mut Level)> = Vec::new();
        drawn.extend(self.global.as_mut().map(|level| (None, level)));
        drawn.extend(level.as_mut().map(|level| (Some(group), level)));
        for (group, level) in &mut drawn {
            level.fill(now);
            if level.held < level.bucket.every.millis() {
                let every = level.bucket.every.name();
                let message = match group {
                    None => "Global limit has been reached".to_owned(),
                    Some(group) => format!("Global per {every} users_{group} group limit has been reached"),
                };
                return Some(Err(Refusal { standing: level.standing(now), message }));
            }
        }
        for (_, level) in &mut drawn {
            level.held -= level.bucket.every.millis();
        }
        let standings = drawn.iter().map(|(_, level)| level.standing(now));
        standings.min_by_key(|standing| standing.remaining).map(Ok)
    }
}

/// Why a request is not taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) standing: Standing,
    pub(super) message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of as many requests as one likes are taken at each of these moments.
    fn taken(limits: Limits, moments: &[u64]) -> Vec<usize> {
        let mut limiter = Limiter::new(limits, 0);
        let mut taken =
            |now| (0..1000).take_while(|_| limiter.take(&Method::GET, now).unwrap().is_ok()).count();
        moments.iter().map(|now| taken(*now)).collect()
    }

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let enterprise = taken(Limits::enterprise(), &[0, 62, 63, 125, 1000, 100_000]);
        assert_eq!(enterprise, [50, 0, 1, 1, 14, 50]);
        assert_eq!(taken(Limits::essentials(), &[0, 119, 120, 60_000]), [40, 0, 1, 40]);
        let windowed = Limits::none().global(Bucket::per_second(50, 16).windowed());
        assert_eq!(taken(windowed, &[0, 999, 1000, 1999, 2000]), [50, 0, 16, 0, 16]);
    }

    #[test]
    fn a_reset_is_the_second_in_which_one_more_is_added() {
        let mut limiter = Limiter::new(Limits::none().read(Bucket::per_minute(10, 5)), 0);
        let first = limiter.take(&Method::GET, 7_000).unwrap().unwrap();
        assert_eq!(first, Standing { limit: 10, remaining: 9, reset: 19 });
        assert!(limiter.take(&Method::DELETE, 7_000).is_none(), "what has no bucket has no limit");
    }

    #[test]
    fn a_refusal_names_the_bucket_and_takes_nothing_from_the_others() {
        let limits = Limits::none().global(Bucket::per_second(2, 1)).write(Bucket::per_minute(1, 1));
        let mut limiter = Limiter::new(limits, 0);
        assert!(limiter.take(&Method::POST, 0).unwrap().is_ok());
        let refusal = limiter.take(&Method::PATCH, 0).unwrap().unwrap_err();
        assert_eq!(refusal.message, "Global per minute users_write group limit has been reached");
        assert_eq!(refusal.standing, Standing { limit: 1, remaining: 0, reset: 60 });
        assert!(limiter.take(&Method::GET, 0).unwrap().is_ok());
        assert_eq!(
            limiter.take(&Method::GET, 0).unwrap().unwrap_err().message,
            "Global limit has been reached"
        );
    }

    #[test]
    fn limits_that_change_keep_what_is_in_the_buckets() {
        let mut limiter = Limiter::new(Limits::enterprise(), 0);
        (0..50).for_each(|_| assert!(limiter.take(&Method::GET, 0).unwrap().is_ok()));
        limiter.change(Limits::none().global(Bucket::per_second(50, 8)), 0);
        assert!(limiter.take(&Method::GET, 124).unwrap().is_err());
        assert!(limiter.take(&Method::GET, 125).unwrap().is_ok());
    }
}
