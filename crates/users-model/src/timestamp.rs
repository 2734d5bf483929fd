//! Timestamps in Auth0's format.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

/// A timestamp in Auth0's format: `2023-01-25T19:00:26.187Z`.
///
/// It keeps its original text, so that it is written back unchanged. Comparison is by time.
///
/// ```
/// use users_model::Timestamp;
///
/// let created: Timestamp = "2023-01-25T19:00:26.187Z".parse()?;
/// let later: Timestamp = "2023-01-25T20:00:26.188+01:00".parse()?;
/// assert!(created < later);
/// assert_eq!(created.unix_millis(), 1_674_673_226_187);
/// assert_eq!(Timestamp::from_unix_millis(1_674_673_226_187).as_str(), created.as_str());
/// # Ok::<(), users_model::InvalidTimestamp>(())
/// ```
#[derive(Clone, Debug)]
pub struct Timestamp {
    text: String,
    moment: jiff::Timestamp,
}

/// The error of a text that is not an RFC 3339 date and time with an offset.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a date and time like 2023-01-25T19:00:26.187Z")]
pub struct InvalidTimestamp(String);

impl Timestamp {
    /// Creates a timestamp from milliseconds since 1970-01-01T00:00:00Z. A value out of range is clamped to the nearest
    /// representable time.
    pub fn from_unix_millis(millis: i64) -> Self {
        let moment = jiff::Timestamp::from_millisecond(millis).unwrap_or(if millis < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        });
        Self { text: format!("{moment:.3}"), moment }
    }

    /// Returns the milliseconds since 1970-01-01T00:00:00Z.
    pub fn unix_millis(&self) -> i64 {
        self.moment.as_millisecond()
    }

    /// Returns the original text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the time as the standard library's type.
    pub fn to_system_time(&self) -> SystemTime {
        self.moment.into()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        match text.parse() {
            Ok(moment) => Ok(Self { text: text.to_owned(), moment }),
            Err(_) => Err(InvalidTimestamp(text.to_owned())),
        }
    }
}

impl From<SystemTime> for Timestamp {
    /// Converts a time, truncated to milliseconds, the precision of Auth0.
    fn from(time: SystemTime) -> Self {
        let millis = match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |millis| -millis),
        };
        Self::from_unix_millis(millis)
    }
}

impl PartialEq for Timestamp {
    fn eq(&self, other: &Self) -> bool {
        self.moment == other.moment
    }
}

impl Eq for Timestamp {}

impl PartialOrd for Timestamp {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Timestamp {
    fn cmp(&self, other: &Self) -> Ordering {
        self.moment.cmp(&other.moment)
    }
}

impl std::hash::Hash for Timestamp {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.moment.hash(state);
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

#[cfg(feature = "jiff")]
impl From<&Timestamp> for jiff::Timestamp {
    fn from(timestamp: &Timestamp) -> Self {
        timestamp.moment
    }
}

#[cfg(feature = "jiff")]
impl From<jiff::Timestamp> for Timestamp {
    fn from(moment: jiff::Timestamp) -> Self {
        Self { text: moment.to_string(), moment }
    }
}

#[cfg(feature = "chrono")]
impl From<&Timestamp> for chrono::DateTime<chrono::Utc> {
    fn from(timestamp: &Timestamp) -> Self {
        timestamp.to_system_time().into()
    }
}

#[cfg(feature = "chrono")]
impl From<chrono::DateTime<chrono::Utc>> for Timestamp {
    fn from(moment: chrono::DateTime<chrono::Utc>) -> Self {
        SystemTime::from(moment).into()
    }
}
