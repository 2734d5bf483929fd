//! Strings of a JSON text.

use super::wtf8::unescaped;
use std::borrow::Cow;

/// A string.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a> {
    /// The text between the quotes.
    raw: &'a str,
    has_escapes: bool,
}

impl<'a> Text<'a> {
    pub(super) fn new(raw: &'a str, has_escapes: bool) -> Self {
        Self { raw, has_escapes }
    }

    /// The length of the text with its escapes.
    pub(crate) fn len(self) -> usize {
        self.raw.len()
    }

    /// The text with its quotes and escapes.
    pub(crate) fn quoted(self) -> String {
        format!("\"{}\"", self.raw)
    }

    /// The text without escapes; `None` if it contains a lone surrogate.
    #[inline]
    pub(crate) fn unescaped(self) -> Option<Cow<'a, str>> {
        if self.has_escapes { self.unescape().map(Cow::Owned) } else { Some(Cow::Borrowed(self.raw)) }
    }

    /// The text without escapes, as [`unescaped`](Self::unescaped).
    #[inline]
    pub(crate) fn into_string(self) -> Option<String> {
        if self.has_escapes { self.unescape() } else { Some(self.raw.to_owned()) }
    }

    #[cold]
    fn unescape(self) -> Option<String> {
        unescaped(self.raw)
    }

    /// The text, if it contains no escapes.
    #[inline]
    pub(crate) fn plain(self) -> Option<&'a str> {
        (!self.has_escapes).then_some(self.raw)
    }
}

/// The offset of the next quote, backslash or control character, or of the end.
#[inline]
pub(super) fn skip_plain(bytes: &[u8], at: usize) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
    // Sets the high bit of each byte that is zero. Bits above the lowest of them may be wrong.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word;
    let mut rest = bytes.get(at..).unwrap_or_default();
    while let Some((chunk, tail)) = rest.split_first_chunk() {
        let word = u64::from_le_bytes(*chunk);
        // `"` is 0x22, and becomes 0x20; control characters stay below that.
        let controls_and_quotes = (word ^ (ONES * 2)).wrapping_sub(ONES * 0x21) & !word;
        let backslashes = zeros(word ^ (ONES * u64::from(b'\\')));
        let stops = (controls_and_quotes | backslashes) & HIGH_BITS;
        if stops != 0 {
            return bytes.len() - rest.len() + stops.trailing_zeros() as usize / 8;
        }
        rest = tail;
    }
    let is_stop = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..=0x1f);
    bytes.len() - rest.len() + rest.iter().position(is_stop).unwrap_or(rest.len())
}
