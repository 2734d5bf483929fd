//! User ids and identity ids. Ids become path segments and must not be empty.

use crate::json::read::read_number;
use crate::json::{Read, Reader, Stop, ToJson, write_string};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use std::fmt;
use std::str::FromStr;

/// The error of a text that cannot be used as an id in a path.
///
/// An empty id would turn `DELETE /users/{id}` into `DELETE /users/`, which is how an SDK once deleted a whole tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidId {
    /// The text is empty.
    #[error("the id is empty: the path would name the whole collection")]
    Empty,
    /// The text has only white space and invisible characters, which a server may strip.
    #[error("the id is blank: it has only white space or invisible characters")]
    Blank,
    /// The text is `.` or `..`, also between invisible characters; a server may resolve it to another path.
    #[error("the id is a dot segment, which would change the path")]
    DotSegment,
    /// The text contains a NUL or another control character.
    #[error("the id contains a control character")]
    ControlCharacter,
}

impl InvalidId {
    /// Checks whether a text can be used as one segment of a path.
    pub fn check(text: &str) -> Result<(), Self> {
        // Letters, digits and punctuation, as in nearly every id.
        // Without a branch per byte, several are compared at once.
        let is_graphic = text.bytes().fold(true, |all, byte| all & byte.is_ascii_graphic());
        if is_graphic && !matches!(text, "" | "." | "..") {
            return Ok(());
        }
        let visible: String = text.chars().filter(|c| !is_invisible(*c)).collect();
        let visible = visible.trim();
        if text.is_empty() {
            Err(Self::Empty)
        } else if visible.is_empty() {
            Err(Self::Blank)
        } else if matches!(visible, "." | "..") {
            Err(Self::DotSegment)
        } else if text.chars().any(char::is_control) {
            Err(Self::ControlCharacter)
        } else {
            Ok(())
        }
    }
}

/// Whether a character is invisible: Unicode's `Default_Ignorable_Code_Point`, and blank characters that are not white space.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffc}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d159}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

impl From<std::convert::Infallible> for InvalidId {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

/// The id of a user: `auth0|507f1f77bcf86cd799439020`, `samlp|connection|ada@example.com`.
///
/// It contains the raw id, which is percent-encoded exactly once when a path is built. An id that contains `%3A` or `/` is taken
/// literally.
///
/// ```
/// use users_model::UserId;
///
/// let id = UserId::new("samlp|acme|ada@example.com")?;
/// assert_eq!(id.provider(), Some("samlp"));
/// assert_eq!(id.bare(), "acme|ada@example.com");
/// assert!(UserId::new("").is_err());
/// assert!(UserId::new("..").is_err());
/// # Ok::<(), users_model::InvalidId>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserId(String);

impl UserId {
    /// Creates an id.
    ///
    /// # Errors
    ///
    /// An error if the text is empty, blank, a dot segment, or contains a control character.
    pub fn new(id: impl Into<String>) -> Result<Self, InvalidId> {
        let id = id.into();
        InvalidId::check(&id)?;
        Ok(Self(id))
    }

    /// Returns the id, not encoded.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the part before the first `|`: the provider of the user's first identity.
    pub fn provider(&self) -> Option<&str> {
        self.0.split_once('|').map(|(provider, _)| provider)
    }

    /// Returns the part after the first `|`: the id within its provider. Returns the whole id if there is no `|`.
    pub fn bare(&self) -> &str {
        self.0.split_once('|').map_or(&self.0, |(_, bare)| bare)
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for UserId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl FromStr for UserId {
    type Err = InvalidId;

    fn from_str(id: &str) -> Result<Self, InvalidId> {
        Self::new(id)
    }
}

impl TryFrom<&str> for UserId {
    type Error = InvalidId;

    fn try_from(id: &str) -> Result<Self, InvalidId> {
        Self::new(id)
    }
}

impl TryFrom<String> for UserId {
    type Error = InvalidId;

    fn try_from(id: String) -> Result<Self, InvalidId> {
        Self::new(id)
    }
}

impl TryFrom<&String> for UserId {
    type Error = InvalidId;

    fn try_from(id: &String) -> Result<Self, InvalidId> {
        Self::new(id.as_str())
    }
}

impl From<UserId> for String {
    fn from(id: UserId) -> Self {
        id.0
    }
}

impl From<&UserId> for String {
    fn from(id: &UserId) -> Self {
        id.0.clone()
    }
}

impl From<&UserId> for UserId {
    fn from(id: &UserId) -> Self {
        id.clone()
    }
}

impl<'de> Deserialize<'de> for UserId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl Serialize for UserId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// The id of an identity within its provider, without the provider's prefix.
///
/// Auth0 encodes it as a string or, for some providers (GitHub), as a number. Both are kept in their original form, numbers of
/// any length included.
///
/// ```
/// use users_model::IdentityId;
///
/// let id: IdentityId = serde_json::from_str("123456789012345678901234567890")?;
/// assert_eq!(id.as_str(), "123456789012345678901234567890");
/// assert_eq!(serde_json::to_string(&id)?, "123456789012345678901234567890");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdentityId {
    text: String,
    number: bool,
}

impl IdentityId {
    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns whether the id is encoded as a number.
    pub fn is_number(&self) -> bool {
        self.number
    }
}

impl fmt::Display for IdentityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<&str> for IdentityId {
    fn from(text: &str) -> Self {
        Self { text: text.to_owned(), number: false }
    }
}

impl From<String> for IdentityId {
    fn from(text: String) -> Self {
        Self { text, number: false }
    }
}

impl PartialEq<str> for IdentityId {
    fn eq(&self, other: &str) -> bool {
        self.text == other
    }
}

impl PartialEq<&str> for IdentityId {
    fn eq(&self, other: &&str) -> bool {
        self.text == *other
    }
}

impl<'de> Deserialize<'de> for IdentityId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        match raw.get().as_bytes().first() {
            Some(b'"') => serde_json::from_str(raw.get()).map(|text| Self { text, number: false }),
            Some(b'-' | b'0'..=b'9') => Ok(Self { text: raw.get().to_owned(), number: true }),
            _ => Err(serde::de::Error::custom("an identity's user_id is a string or a number")),
        }
        .map_err(serde::de::Error::custom)
    }
}

impl Serialize for IdentityId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.number {
            RawValue::from_string(self.text.clone()).map_err(serde::ser::Error::custom)?.serialize(serializer)
        } else {
            serializer.serialize_str(&self.text)
        }
    }
}

impl ToJson for UserId {
    fn write_json(&self, text: &mut String) {
        write_string(text, &self.0);
    }
}

impl ToJson for IdentityId {
    fn write_json(&self, text: &mut String) {
        if self.number {
            text.push_str(&self.text);
        } else {
            write_string(text, &self.text);
        }
    }
}

impl Read for UserId {
    fn read(reader: &mut Reader<'_>) -> Result<Option<Self>, Stop> {
        Ok(String::read(reader)?.and_then(|id| Self::new(id).ok()))
    }
}

impl Read for IdentityId {
    fn read(reader: &mut Reader<'_>) -> Result<Option<Self>, Stop> {
        if reader.peek() == b'"' {
            return Ok(String::read(reader)?.map(Self::from));
        }
        let Some(text) = read_number(reader)? else { return Ok(None) };
        reader.charge(text.len())?;
        Ok(Some(Self { text: text.to_owned(), number: true }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_could_change_a_path_is_not_an_id() {
        for (text, why) in [
            ("", InvalidId::Empty),
            (" \t", InvalidId::Blank),
            ("\u{3000}", InvalidId::Blank),
            (".", InvalidId::DotSegment),
            ("..", InvalidId::DotSegment),
            ("auth0|a\0b", InvalidId::ControlCharacter),
        ] {
            assert_eq!(UserId::new(text), Err(why), "{text:?}");
        }
        for text in ["auth0|1", "a/b", "%2e%2e", "...", "a b", "ü|%3A", "sms|+1"] {
            assert_eq!(UserId::new(text).map(|id| id.to_string()), Ok(text.to_owned()));
        }
    }
}
