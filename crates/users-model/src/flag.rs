//! A boolean that identity providers sometimes send as a string.

use crate::json::{Read, Reader, Stop, ToJson};
use serde::{Deserialize, Serialize};

/// A boolean that may be encoded as a string.
///
/// `email_verified` is a boolean for database users, the string `"true"` from Apple, and any string where a SAML attribute is
/// mapped to it. Auth0 treats every string except the empty one and `"false"` as true. The original form is kept.
///
/// ```
/// use users_model::Flag;
///
/// assert!(Flag::from(true).is_true());
/// assert!(serde_json::from_str::<Flag>(r#""true""#)?.is_true());
/// assert!(!serde_json::from_str::<Flag>(r#""false""#)?.is_true());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum Flag {
    /// A boolean.
    Bool(bool),
    /// A string.
    Text(String),
}

impl Flag {
    /// Returns whether the value is true.
    pub fn is_true(&self) -> bool {
        match self {
            Self::Bool(value) => *value,
            Self::Text(text) => !text.is_empty() && text != "false",
        }
    }
}

impl From<bool> for Flag {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl PartialEq<bool> for Flag {
    fn eq(&self, other: &bool) -> bool {
        self.is_true() == *other
    }
}

impl ToJson for Flag {
    fn write_json(&self, text: &mut String) {
        match self {
            Self::Bool(value) => value.write_json(text),
            Self::Text(value) => value.write_json(text),
        }
    }
}

impl Read for Flag {
    fn read(reader: &mut Reader<'_>) -> Result<Option<Self>, Stop> {
        if reader.peek() == b'"' {
            Ok(String::read(reader)?.map(Self::Text))
        } else {
            Ok(bool::read(reader)?.map(Self::Bool))
        }
    }
}
