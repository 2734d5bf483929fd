//! Errors of texts that are not JSON.

use serde::de::Error as _;
use serde_json::value::RawValue;

/// serde_json's error of a text that is not JSON, for its message, line and column.
#[cold]
pub(super) fn syntax_error(text: &[u8]) -> serde_json::Error {
    match serde_json::from_slice::<&RawValue>(text) {
        Err(error) => error,
        Ok(_) => serde_json::Error::custom("the text is not JSON"),
    }
}
