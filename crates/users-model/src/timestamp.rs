//! Timestamps in Auth0's format.

use crate::json::read::read_text;
use crate::json::{Read, Reader, Stop, ToJson, write_string};
use jiff::civil::{Date, Time};
use jiff::tz::Offset;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

/// A timestamp in Auth0's format, `2023-01-25T19:00:26.187Z`, or any other of RFC 3339.
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
#[derive(Clone)]
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
        Self::new(&format(moment), moment)
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

/// Parses a date and time of RFC 3339. The calendar is jiff's; its parser accepts many more formats, and would be a large part of a
/// small program.
fn parse(text: &str) -> Option<jiff::Timestamp> {
    let (seconds, rest) = text.as_bytes().split_first_chunk::<19>()?;
    let [y1, y2, y3, y4, b'-', o1, o2, b'-', d1, d2, b'T' | b't' | b' ', h1, h2, b':', m1, m2, b':', s1, s2] =
        *seconds
    else {
        return None;
    };
    let date = Date::new(number([y1, y2, y3, y4])?, number([o1, o2])?, number([d1, d2])?).ok()?;
    // A leap second counts as the second before it.
    let second = number([s1, s2]).filter(|second: &i8| *second <= 60)?.min(59);
    let (nanosecond, offset) = match *rest {
        [b'.', f1, f2, f3, b'Z'] => (number::<i32, 3>([f1, f2, f3])? * 1_000_000, Offset::UTC),
        _ => fraction_and_offset(rest)?,
    };
    let time = Time::new(number([h1, h2])?, number([m1, m2])?, second, nanosecond).ok()?;
    offset.to_timestamp(date.to_datetime(time)).ok()
}

/// The number of a few digits.
fn number<T: TryFrom<u16>, const N: usize>(digits: [u8; N]) -> Option<T> {
    let mut number = 0_u16;
    for digit in digits {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + u16::from(digit);
    }
    T::try_from(number).ok()
}

/// The nanoseconds of a fraction, if there is one, and the offset from UTC.
fn fraction_and_offset(text: &[u8]) -> Option<(i32, Offset)> {
    let (nanoseconds, text) = fraction(text)?;
    Some((nanoseconds, self::offset(text)?))
}

/// The nanoseconds of a fraction of up to nine digits, if there is one, and what follows it.
fn fraction(text: &[u8]) -> Option<(i32, &[u8])> {
    let Some((b'.', digits)) = text.split_first() else { return Some((0, text)) };
    let length = digits.iter().take_while(|digit| digit.is_ascii_digit()).count();
    let (digits, rest) = digits.split_at_checked(length).filter(|_| (1..=9).contains(&length))?;
    let padded = digits.iter().copied().chain(std::iter::repeat(b'0')).take(9);
    Some((padded.fold(0, |number, digit| number * 10 + i32::from(digit - b'0')), rest))
}

/// The offset from UTC: `Z`, `+01:00`.
fn offset(text: &[u8]) -> Option<Offset> {
    let (sign, [h1, h2, b':', m1, m2]) = (match text.split_first()? {
        (b'Z' | b'z', []) => return Some(Offset::UTC),
        (b'+', rest) => (1, rest),
        (b'-', rest) => (-1, rest),
        _ => return None,
    }) else {
        return None;
    };
    let (hours, minutes): (i32, i32) = (number([*h1, *h2])?, number([*m1, *m2])?);
    let is_valid = hours < 24 && minutes < 60;
    is_valid.then(|| Offset::from_seconds(sign * (hours * 60 + minutes) * 60).ok()).flatten()
}

/// Writes a time in Auth0's format.
fn format(moment: jiff::Timestamp) -> String {
    let time = Offset::UTC.to_datetime(moment);
    // Years before 0 have a sign and six digits.
    let (sign, width) = if time.year() < 0 { ("-", 6) } else { ("", 4) };
    format!(
        "{sign}{:0width$}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        time.year().unsigned_abs(),
        time.month(),
        time.day(),
        time.hour(),
        time.minute(),
        time.second(),
        time.millisecond(),
    )
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Timestamp").field(&self.as_str()).finish()
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
        match parse(text) {
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

impl ToJson for Timestamp {
    fn write_json(&self, text: &mut String) {
        write_string(text, self.as_str());
    }
}

impl Read for Timestamp {
    fn read(reader: &mut Reader<'_>) -> Result<Option<Self>, Stop> {
        let Some(text) = read_text(reader)?.and_then(crate::json::Text::unescaped) else { return Ok(None) };
        Ok(parse(&text).map(|moment| Self::new(&text, moment)))
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

    fn moment(text: &str) -> Option<jiff::Timestamp> {
        text.parse::<Timestamp>().ok().map(|timestamp| timestamp.moment)
    }

    #[test]
    fn timestamps_are_those_of_jiff() {
        const TIMES: [&str; 9] = [
            "T00:00:00.000Z",
            "T23:59:59.999Z",
            "T24:00:00.000Z",
            "T12:60:00.000Z",
            "T12:00:60.000Z",
            "T1x:00:00.000Z",
            "t12:34:56z",
            "T12:34:56.123456789+01:00",
            " 12:34:56.1-23:59",
        ];
        let days = (0..40_000).map(|day| (day % 10_000, day % 14, day % 33));
        let edges = [(2023, 2, 29), (2024, 2, 29), (1900, 2, 29), (2000, 2, 29), (9999, 12, 31), (0, 1, 1)];
        for (year, month, day) in days.chain(edges) {
            for time in TIMES {
                let text = format!("{year:04}-{month:02}-{day:02}{time}");
                assert_eq!(moment(&text), text.parse().ok(), "{text}");
            }
        }
        for text in ["-002023-01-25T19:00:26.187Z", "-009999-01-02T01:59:59.000Z"] {
            let millis = text.parse::<jiff::Timestamp>().unwrap().as_millisecond();
            assert_eq!(Timestamp::from_unix_millis(millis).as_str(), text);
        }
        for millis in [0, -1, 1_674_673_226_187, i64::MAX] {
            let timestamp = Timestamp::from_unix_millis(millis);
            assert_eq!(timestamp.as_str(), format!("{:.3}", timestamp.moment));
        }
    }

    #[test]
    fn a_text_that_is_not_rfc_3339_is_no_timestamp() {
        const TEXTS: [&str; 14] = [
            "",
            "2023-01-25",
            "2023-01-25T19:00:26",
            "2023-01-25T19:00Z",
            "2023-01-25T19:00:26.Z",
            "2023-01-25T19:00:26.1234567890Z",
            "2023-01-25T19:00:26+0100",
            "2023-01-25T19:00:26+24:00",
            "2023-01-25T19:00:26+01:60",
            "2023-01-25T19:00:26Z ",
            "2023-01-25T19:00:26Z[UTC]",
            "+002023-01-25T19:00:26Z",
            "2023-01-25T19:00:61Z",
            "２023-01-25T19:00:26.187Z",
        ];
        for text in TEXTS {
            assert_eq!(moment(text), None, "{text}");
        }
    }
}
