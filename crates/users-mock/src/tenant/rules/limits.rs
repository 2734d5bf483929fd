//! The rate limits of a tenant: token buckets, one for all requests or one for each kind of request.

use std::fmt;
use std::str::FromStr;

/// The rate limits of a tenant: of the Management API, and of the Authentication API. A new tenant has none.
///
/// A request takes one permit from each bucket that applies to it. If one of them is empty, the request is answered with 429 and takes no
/// permit. Responses with success and with 429 have the headers `x-ratelimit-limit`, `-remaining` and `-reset`, the second in which
/// the next permit is added; other errors do not, as recordings of Auth0 show.
///
/// ```
/// use std::time::Duration;
/// use users_mock::{Limits, MockTransport, Tenant};
///
/// let tenant = Tenant::builder().users(5).limits(Limits::free()).build();
/// let users = tenant.management().users();
/// tenant.clock().block_on(async {
///     for id in tenant.user_ids() {
///         users.get(id).await?; // a burst of two, then two per second
///     }
///     Ok::<(), users_core::Error>(())
/// })?;
/// assert!(tenant.clock().elapsed() >= Duration::from_millis(1500));
/// assert!(tenant.requests().iter().all(|request| request.status == 200), "the client keeps the limits");
/// # Ok::<(), users_core::Error>(())
/// ```
///
/// The limits of the tiers are from <https://auth0.com/docs/troubleshoot/customer-support/operational-policies/rate-limit-policy>.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    pub(crate) global: Option<Bucket>,
    pub(crate) read: Option<Bucket>,
    pub(crate) write: Option<Bucket>,
    pub(crate) delete: Option<Bucket>,
    pub(crate) authentication: Option<Bucket>,
    pub(crate) token: Option<Bucket>,
    pub(crate) userinfo: Option<Bucket>,
}

impl Limits {
    /// No limits: responses have no `x-ratelimit` headers.
    pub fn none() -> Self {
        Self::default()
    }

    /// The free tier: a burst of 2, then 2 per second; of the Authentication API 300, then 300 per minute, and 30 tokens per second.
    ///
    /// In this and every other tier, `/userinfo` answers a burst of 10 for a user, then 5 per minute.
    pub fn free() -> Self {
        let authentication = Bucket::per_minute(300, 300);
        let limits = Self::of_userinfo().authentication(authentication).token(Bucket::per_second(30, 30));
        limits.global(Bucket::per_second(2, 2))
    }

    /// Essentials and Professional: a burst of 40 reads, then 500 per minute; of writes and of deletes 20, then 200 per minute; of the
    /// Authentication API 25 per second.
    pub fn essentials() -> Self {
        let writes = || Bucket::per_minute(20, 200);
        let limits = Self::of_userinfo().authentication(Bucket::per_second(25, 25));
        limits.read(Bucket::per_minute(40, 500)).write(writes()).delete(writes())
    }

    /// Enterprise, production: a burst of 50, then 16 per second.
    pub fn enterprise() -> Self {
        Self::of_userinfo().global(Bucket::per_second(50, 16))
    }

    /// Enterprise, development: a burst of 10, then 2 per second.
    pub fn enterprise_development() -> Self {
        Self::of_userinfo().global(Bucket::per_second(10, 2))
    }

    /// A private cloud of 100 requests per second: a burst of 50, then 50 per second.
    pub fn private_cloud() -> Self {
        Self::of_userinfo().global(Bucket::per_second(50, 50))
    }

    fn of_userinfo() -> Self {
        Self::none().userinfo(Bucket::per_minute(10, 5))
    }

    /// Limits all requests of the Management API by this bucket.
    #[must_use]
    pub fn global(mut self, bucket: Bucket) -> Self {
        self.global = Some(bucket);
        self
    }

    /// Limits `GET` of the Management API by this bucket.
    #[must_use]
    pub fn read(mut self, bucket: Bucket) -> Self {
        self.read = Some(bucket);
        self
    }

    /// Limits `POST`, `PUT` and `PATCH` of the Management API by this bucket.
    #[must_use]
    pub fn write(mut self, bucket: Bucket) -> Self {
        self.write = Some(bucket);
        self
    }

    /// Limits `DELETE` of the Management API by this bucket.
    #[must_use]
    pub fn delete(mut self, bucket: Bucket) -> Self {
        self.delete = Some(bucket);
        self
    }

    /// Limits all requests of the Authentication API by this bucket.
    #[must_use]
    pub fn authentication(mut self, bucket: Bucket) -> Self {
        self.authentication = Some(bucket);
        self
    }

    /// Limits `POST /oauth/token` by this bucket.
    #[must_use]
    pub fn token(mut self, bucket: Bucket) -> Self {
        self.token = Some(bucket);
        self
    }

    /// Limits `/userinfo` by a bucket like this for each user.
    #[must_use]
    pub fn userinfo(mut self, bucket: Bucket) -> Self {
        self.userinfo = Some(bucket);
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

impl Limits {
    /// The name of the tier that has these limits.
    ///
    /// ```
    /// use users_mock::Limits;
    ///
    /// assert_eq!(Limits::essentials().tier(), Some("essentials"));
    /// ```
    pub fn tier(&self) -> Option<&'static str> {
        TIERS.iter().find(|(_, limits)| limits() == *self).map(|(name, _)| *name)
    }

    /// The names of the tiers.
    pub fn tiers() -> impl Iterator<Item = &'static str> {
        TIERS.iter().map(|(name, _)| *name)
    }
}

/// Parses the name of a tier, as in `essentials`.
impl FromStr for Limits {
    type Err = UnknownTier;

    fn from_str(name: &str) -> Result<Self, UnknownTier> {
        let tier = TIERS.iter().find(|(known, _)| *known == name);
        tier.map(|(_, limits)| limits()).ok_or_else(|| UnknownTier(name.to_owned()))
    }
}

/// The error for a name that is not a tier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownTier(String);

impl fmt::Display for UnknownTier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known: Vec<&str> = TIERS.iter().map(|(name, _)| *name).collect();
        write!(f, "{:?} is not a tier; there are {}", self.0, known.join(", "))
    }
}

impl std::error::Error for UnknownTier {}

/// A token bucket: its capacity and refill rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    pub(crate) size: u32,
    added: u32,
    pub(crate) every: Period,
    windowed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Period {
    Second,
    Minute,
}

impl Period {
    pub(crate) fn millis(self) -> u64 {
        match self {
            Self::Second => 1000,
            Self::Minute => 60_000,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Minute => "minute",
        }
    }
}

impl Bucket {
    /// A burst of `size`, and `added` more per second.
    pub fn per_second(size: u32, added: u32) -> Self {
        Self { size, added, every: Period::Second, windowed: false }
    }

    /// A burst of `size`, and `added` more per minute.
    pub fn per_minute(size: u32, added: u32) -> Self {
        Self { size, added, every: Period::Minute, windowed: false }
    }

    /// Refills at the start of each second or minute instead of continuously. Auth0's documentation describes both.
    #[must_use]
    pub fn windowed(mut self) -> Self {
        self.windowed = true;
        self
    }

    /// The refill up to a time, in units of which a period's milliseconds are one permit.
    pub(crate) fn refilled_by(&self, millis: u64) -> u64 {
        let period = self.every.millis();
        let counted = if self.windowed { millis - millis % period } else { millis };
        counted.saturating_mul(self.added.into())
    }

    pub(crate) fn capacity(&self) -> u64 {
        u64::from(self.size).saturating_mul(self.every.millis())
    }

    /// The second in which the next permit is added.
    pub(crate) fn next_second(&self, level: u64, now: u64) -> u64 {
        let period = self.every.millis();
        let wait = match u64::from(self.added) {
            0 => period,
            _ if self.windowed => period - now % period,
            added => (period - level % period).div_ceil(added),
        };
        (now + wait).div_ceil(1000)
    }
}
