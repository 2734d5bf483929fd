//! Percent-encoding, forms, and the properties of bodies.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use users_core::model::JsonObject;

/// What is encoded in the parameters of an address: all but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Encodes a value of a query or a fragment.
pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// Percent-decodes text; bytes that are not UTF-8 become U+FFFD.
pub(crate) fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// The pairs of a query or a form.
pub(crate) fn pairs(text: &str) -> Vec<(String, String)> {
    let decode_part = |part: &str| decode(&part.replace('+', " "));
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(key, value)| (decode_part(key), decode_part(value)))
        .collect()
}

/// The properties of a body, which is JSON or a form; none if it is neither.
pub(crate) fn properties(body: &[u8]) -> JsonObject {
    let text = std::str::from_utf8(body).unwrap_or_default();
    if text.trim_start().starts_with('{') {
        return JsonObject::from_json(text).unwrap_or_default();
    }
    let mut object = JsonObject::new();
    for (key, value) in pairs(text) {
        // A text has a JSON form.
        let _ = object.insert(key, value);
    }
    object
}
