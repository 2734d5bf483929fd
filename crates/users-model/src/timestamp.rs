//! Timestamps in Auth0's format.

use crate::json::read::read_text;
use crate::json::{Read, Reader, Stop};
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
    text: Text,
    moment: jiff::Timestamp,
}

/// The original text. Auth0's format has 24 characters, which are kept in place.
#[derive(Clone)]
enum Text {
    InPlace([u8; LENGTH]),
    Other(Box<str>),
}

/// The length of a timestamp in Auth0's format.
const LENGTH: usize = 24;

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
        Self::new(&format!("{moment:.3}"), moment)
    }

    /// Returns the milliseconds since 1970-01-01T00:00:00Z.
    pub fn unix_millis(&self) -> i64 {
        self.moment.as_millisecond()
    }

    fn new(text: &str, moment: jiff::Timestamp) -> Self {
        let in_place = text.as_bytes().try_into().map(Text::InPlace);
        Self { text: in_place.unwrap_or_else(|_| Text::Other(text.into())), moment }
    }

    /// Returns the original text.
    pub fn as_str(&self) -> &str {
        match &self.text {
            // It was a string before.
            Text::InPlace(bytes) => std::str::from_utf8(bytes).unwrap_or_default(),
            Text::Other(text) => text,
        }
    }

    /// Returns the time as the standard library's type.
    pub fn to_system_time(&self) -> SystemTime {
        self.moment.into()
    }
}

/// Parses Auth0's format, `2023-01-25T19:00:26.187Z`. `None` for any other text and for a day that does not exist.
fn parse_in_place(text: &str) -> Option<jiff::Timestamp> {
    let bytes: &[u8; LENGTH] = text.as_bytes().try_into().ok()?;
    let [
        y1,
        y2,
        y3,
        y4,
        b'-',
        o1,
        o2,
        b'-',
        d1,
        d2,
        b'T',
        h1,
        h2,
        b':',
        m1,
        m2,
        b':',
        s1,
        s2,
        b'.',
        f1,
        f2,
        f3,
        b'Z',
    ] = *bytes
    else {
        return None;
    };
    let number = |digits: &[u8]| {
        digits.iter().try_fold(0_i16, |number, digit| {
            digit.is_ascii_digit().then(|| number * 10 + i16::from(digit - b'0'))
        })
    };
    let small = |tens, ones| number(&[tens, ones]).and_then(|number| i8::try_from(number).ok());
    let (month, day) = (small(o1, o2)?, small(d1, d2)?);
    let (hour, minute, second) = (small(h1, h2)?, small(m1, m2)?, small(s1, s2)?);
    let nanosecond = i32::from(number(&[f1, f2, f3])?) * 1_000_000;
    let date = jiff::civil::Date::new(number(&[y1, y2, y3, y4])?, month, day).ok()?;
    let time = jiff::civil::Time::new(hour, minute, second, nanosecond).ok()?;
    jiff::tz::Offset::UTC.to_timestamp(date.to_datetime(time)).ok()
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InPlace(bytes) => fmt::Debug::fmt(&String::from_utf8_lossy(bytes), f),
            Self::Other(text) => fmt::Debug::fmt(text, f),
        }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        let moment = parse_in_place(text).or_else(|| text.parse().ok());
        match moment {
            Some(moment) => Ok(Self::new(text, moment)),
            None => Err(InvalidTimestamp(text.to_owned())),
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

impl Read for Timestamp {
    fn read(reader: &mut Reader<'_>) -> Result<Option<Self>, Stop> {
        let text = read_text(reader)?.and_then(crate::json::Text::unescaped);
        Ok(text.and_then(|text| text.parse().ok()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
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
        Self::new(&moment.to_string(), moment)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auth0_s_format_is_parsed_like_any_other() {
        let times =
            ["00:00:00.000", "23:59:59.999", "24:00:00.000", "12:60:00.000", "12:00:60.000", "1x:00:00.000"];
        let days = (0..=40_000).map(|year| (year % 10_000, year % 14, year % 33));
        let edges = [(2023, 2, 29), (2024, 2, 29), (1900, 2, 29), (2000, 2, 29), (9999, 12, 31), (0, 1, 1)];
        for (year, month, day) in days.chain(edges) {
            for time in times {
                let text = format!("{year:04}-{month:02}-{day:02}T{time}Z");
                let expected = text.parse::<jiff::Timestamp>().ok();
                let parsed = text.parse::<Timestamp>().ok();
                assert_eq!(parsed.as_ref().map(|timestamp| timestamp.moment), expected, "{text}");
                assert!(parsed.is_none_or(|timestamp| timestamp.as_str() == text));
            }
        }
        // Of the same length, but of another format.
        for text in [
            "2023-01-25T19:00:26+01:00",
            "2023-01-25T19:00:26.1876Z",
            "+002023-01-25T19:00:26Z",
            "2023-01-25 19:00:26.187Z",
        ] {
            assert_eq!(
                text.parse::<Timestamp>().ok().map(|timestamp| timestamp.moment),
                text.parse().ok(),
                "{text}"
            );
        }
    }
}
