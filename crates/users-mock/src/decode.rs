//! Percent-decoding.

use percent_encoding::percent_decode_str;

/// Percent-decodes text; bytes that are not UTF-8 become U+FFFD.
pub(crate) fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}
