//! How many tokens an application may fetch.

use std::fmt;

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

/// How many tokens an application may fetch with its credentials, by hour and by day.
///
/// Responses of `/oauth/token` have the header `auth0-client-quota-limit`. Beyond the quota they are 429 `too_many_requests` with
/// `retry-after` in seconds. Auth0's documentation does not say whether tokens of the Management API count; here they do. An hour and a
/// day begin at full hours and days of UTC, which is assumed.
///
/// ```
/// use std::time::Duration;
/// use users_mock::{Tenant, TokenQuota};
///
/// let tenant = Tenant::builder().users(1).token_quota(TokenQuota::none().per_hour(1)).build();
/// let id = tenant.user_ids().remove(0);
/// tenant.clock().block_on(async {
///     tenant.management().users().get(&id).await?;
///     let another = tenant.management();
///     let error = another.users().get(&id).await.unwrap_err();
///     assert_eq!(error.retry_after(), Some(Duration::from_secs(3600)));
///     Ok::<(), users_core::Error>(())
/// })?;
/// # Ok::<(), users_core::Error>(())
/// ```
///
/// Source: <https://auth0.com/docs/get-started/applications/fine-grained-m2m-token-quotas>.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TokenQuota {
    per_hour: Option<u64>,
    per_day: Option<u64>,
}

impl TokenQuota {
    /// No quota: responses do not have the header.
    pub fn none() -> Self {
        Self::default()
    }

    /// Sets the number of tokens in an hour.
    #[must_use]
    pub fn per_hour(mut self, tokens: u32) -> Self {
        self.per_hour = Some(tokens.into());
        self
    }

    /// Sets the number of tokens in a day.
    #[must_use]
    pub fn per_day(mut self, tokens: u32) -> Self {
        self.per_day = Some(tokens.into());
        self
    }
}

/// The tokens that were fetched in the current hour and day.
#[derive(Debug, Default)]
pub(crate) struct Spent {
    hour: Period,
    day: Period,
}

#[derive(Debug, Default)]
struct Period {
    /// In seconds since 1970.
    start: u64,
    tokens: u64,
}

impl Period {
    /// What is left of a quota, and the seconds until there is more.
    fn left(&mut self, quota: u64, length: u64, now: u64) -> Left {
        let start = now - now % length;
        if start != self.start {
            *self = Self { start, tokens: 0 };
        }
        Left { quota, remaining: quota.saturating_sub(self.tokens), seconds: start + length - now }
    }
}

struct Left {
    quota: u64,
    remaining: u64,
    seconds: u64,
}

/// What a request for a token has left.
pub(crate) struct Standing {
    /// The value of the header.
    pub(crate) header: String,
    /// The seconds until a token can be fetched, if the quota is spent.
    pub(crate) retry_after: Option<u64>,
}

impl Spent {
    /// Counts a token unless the quota is spent; `None` if there is no quota. `now` is in seconds since 1970.
    pub(crate) fn count(&mut self, quota: TokenQuota, now: u64) -> Option<Standing> {
        let mut limits = Vec::new();
        limits.extend(quota.per_hour.map(|quota| ("per_hour", self.hour.left(quota, HOUR, now))));
        limits.extend(quota.per_day.map(|quota| ("per_day", self.day.left(quota, DAY, now))));
        let spent = limits.iter().filter(|(_, limit)| limit.remaining == 0);
        let retry_after = spent.map(|(_, limit)| limit.seconds).max();
        if retry_after.is_none() {
            self.hour.tokens += 1;
            self.day.tokens += 1;
            for (_, limit) in &mut limits {
                limit.remaining -= 1;
            }
        }
        let header: Vec<String> = limits.iter().map(|(name, limit)| format!("b={name};{limit}")).collect();
        (!header.is_empty()).then(|| Standing { header: header.join(","), retry_after })
    }
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "q={};r={};t={}", self.quota, self.remaining, self.seconds)
    }
}
