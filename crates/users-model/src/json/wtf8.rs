//! JSON strings with lone surrogates.

use serde::de::{Deserializer as _, Visitor};
use std::fmt;

/// A JSON string as WTF-8: UTF-8 with lone surrogates.
pub(crate) struct Wtf8;

impl Wtf8 {
    /// Decodes a string with its quotes.
    pub(crate) fn of(string: &str) -> Vec<u8> {
        serde_json::Deserializer::from_str(string).deserialize_bytes(Self).unwrap_or_default()
    }
}

impl Visitor<'_> for Wtf8 {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Self::Value, E> {
        Ok(bytes.to_vec())
    }
}
