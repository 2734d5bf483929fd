//! Rate limits as stated by response headers.

use http::header::{DATE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue};
use std::time::{Duration, SystemTime};

/// A rate limit as stated by the headers of a response. Error responses often have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimit {
    /// The size of the bucket: the number of requests that may be sent at once (`x-ratelimit-limit`).
    pub limit: Option<u64>,
    /// The number of requests left (`x-ratelimit-remaining`).
    pub remaining: Option<u64>,
    /// When the next requests are added, in whole seconds (`x-ratelimit-reset`). The bucket is not necessarily full then.
    pub reset: Option<SystemTime>,
}

impl RateLimit {
    /// Reads the `x-ratelimit-…` headers; `None` if there are none.
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        // One walk over a response's few headers is faster than three look-ups. Of repeated headers, the first counts.
        let (mut limit, mut remaining, mut reset) = (None, None, None);
        for (name, value) in headers {
            let found = match name.as_str().strip_prefix("x-ratelimit-") {
                Some("limit") => &mut limit,
                Some("remaining") => &mut remaining,
                Some("reset") => &mut reset,
                _ => continue,
            };
            found.get_or_insert(value);
        }
        let number = |value: Option<&HeaderValue>| number(value?.as_bytes().trim_ascii());
        let this = Self {
            limit: number(limit),
            remaining: number(remaining),
            reset: number(reset)
                .and_then(|seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))),
        };
        (this.limit.is_some() || this.remaining.is_some() || this.reset.is_some()).then_some(this)
    }
}

/// A number of decimal digits.
fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, digit| {
        let digit = char::from(*digit).to_digit(10)?;
        number.checked_mul(10)?.checked_add(digit.into())
    })
}

/// The time at which the server made the response.
pub(crate) fn server_date(headers: &HeaderMap) -> Option<SystemTime> {
    date(headers, &DATE)
}

fn date(headers: &HeaderMap, name: &HeaderName) -> Option<SystemTime> {
    httpdate::parse_http_date(headers.get(name)?.to_str().ok()?.trim()).ok()
}

/// Returns the delay that the server requests: `Retry-After` in seconds or as a date, else `x-ratelimit-reset`. Dates count from the
/// response's own `Date`, so that a wrong clock on this machine has no effect; `now` is used if there is none.
///
/// A custom [`Pacer`](crate::Pacer) keeps to it after a 429.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use users_core::{http::HeaderMap, server_delay};
///
/// let mut headers = HeaderMap::new();
/// headers.insert("x-ratelimit-reset", "784111777".parse()?);
/// headers.insert("date", "Sun, 06 Nov 1994 08:49:36 GMT".parse()?);
/// assert_eq!(server_delay(&headers, SystemTime::now()), Some(Duration::from_secs(1)));
/// # Ok::<(), users_core::http::header::InvalidHeaderValue>(())
/// ```
pub fn server_delay(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let until =
        |moment: SystemTime| moment.duration_since(server_date(headers).unwrap_or(now)).unwrap_or_default();
    if let Some(text) = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()) {
        if let Ok(seconds) = text.trim().parse::<u64>() {
            return Some(Duration::from_secs(seconds));
        }
        if let Some(moment) = date(headers, &RETRY_AFTER) {
            return Some(until(moment));
        }
    }
    RateLimit::from_headers(headers)?.reset.map(until)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_s_delay_counts_from_its_own_date() {
        let wrong_clock = SystemTime::UNIX_EPOCH;
        for (headers, seconds) in [
            (vec![("retry-after", "7")], Some(7)),
            (
                vec![
                    ("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT"),
                    ("date", "Sun, 06 Nov 1994 08:49:30 GMT"),
                ],
                Some(7),
            ),
            (vec![("x-ratelimit-reset", "784111777"), ("date", "Sun, 06 Nov 1994 08:49:36 GMT")], Some(1)),
            (vec![("x-ratelimit-reset", "784111777"), ("date", "Sun, 06 Nov 1994 08:49:40 GMT")], Some(0)),
            (vec![("retry-after", "2"), ("x-ratelimit-reset", "784111777")], Some(2)),
            (vec![("retry-after", "soon"), ("x-ratelimit-limit", "50")], None),
            (vec![], None),
        ] {
            let map: HeaderMap =
                headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
            assert_eq!(server_delay(&map, wrong_clock), seconds.map(Duration::from_secs), "{headers:?}");
        }
    }
}
