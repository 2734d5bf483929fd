//! A number with its text.

use crate::json::read::read_number;
use crate::json::{Read, Reader, Stop, ToJson};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// A JSON number that keeps its original text, so that `1.10` stays `1.10`.
///
/// ```
/// use users_model::Number;
///
/// let latitude: Number = serde_json::from_str("52.5200")?;
/// assert_eq!((latitude.as_str(), latitude.as_f64()), ("52.5200", 52.52));
/// assert_eq!(serde_json::to_string(&latitude)?, "52.5200");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Number(String);

impl Number {
    /// Returns the text of the number.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the nearest `f64`; infinite if the number is out of range.
    pub fn as_f64(&self) -> f64 {
        self.0.parse().unwrap_or(f64::NAN)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        if raw.get().starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
            return Ok(Self(raw.get().to_owned()));
        }
        Err(serde::de::Error::custom("expected a number"))
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.clone()).map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

impl ToJson for Number {
    fn write_json(&self, text: &mut String) {
        text.push_str(&self.0);
    }
}

impl Read for Number {
    fn read(reader: &mut Reader<'_>) -> Result<Option<Self>, Stop> {
        let Some(text) = read_number(reader)? else { return Ok(None) };
        reader.charge(text.len())?;
        Ok(Some(Self(text.to_owned())))
    }
}
