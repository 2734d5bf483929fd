//! The notations of URLs, forms, tokens and bytes.

use crate::cassette::har::Pair;
use crate::cassette::names::{MIN_LENGTH, REDACTED_IN_URL};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// The characters that stand for the bytes that are not UTF-8: private ones of the last plane.
const BYTES: u32 = 0x0010_FF00;

/// Bytes as text, from which [`as_bytes`] restores them.
pub(super) fn as_text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().filter_map(|byte| char::from_u32(BYTES + u32::from(*byte))));
    }
    text
}

/// Appends the bytes of a text of [`as_text`].
pub(super) fn as_bytes(text: &str, bytes: &mut Vec<u8>) {
    for character in text.chars() {
        match u32::from(character).checked_sub(BYTES).and_then(|byte| u8::try_from(byte).ok()) {
            Some(byte) => bytes.push(byte),
            None => bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}

/// The name of a part of a form, by its headers.
pub(super) fn part_name(head: &str) -> Option<String> {
    let (_, name) = head.split_once(" name=").or_else(|| head.split_once(";name="))?;
    Some(match name.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next()?.to_owned(),
        None => name.split([';', '\r', '\n']).next()?.to_owned(),
    })
}

pub(super) fn encode(value: &str) -> String {
    utf8_percent_encode(value, NON_ALPHANUMERIC).to_string()
}

/// Text without what follows `Basic` or `Bearer`, if that has the form of credentials: it is long, and no word.
pub(super) fn without_credentials(text: &str, replacement: &str) -> String {
    const MIN_CREDENTIALS: usize = 12;
    let is_part = |character: char| character.is_ascii_alphanumeric() || "-_.~+/=".contains(character);
    let (mut kept, mut from) = (String::with_capacity(text.len()), 0);
    for (space, _) in text.match_indices(' ') {
        let ends_with = |scheme: &str| {
            let start = space.checked_sub(scheme.len()).and_then(|start| text.get(start..space));
            start.is_some_and(|word| word.eq_ignore_ascii_case(scheme))
        };
        if space + 1 < from || !(ends_with("basic") || ends_with("bearer")) {
            continue;
        }
        let after = text.get(space + 1..).unwrap_or_default();
        let end = after.find(|character| !is_part(character)).unwrap_or(after.len());
        let credentials = after.get(..end).unwrap_or_default();
        let is_word = !credentials.bytes().any(|byte| byte.is_ascii_digit());
        if credentials.len() >= MIN_CREDENTIALS && !is_word {
            kept.push_str(text.get(from..=space).unwrap_or_default());
            kept.push_str(replacement);
            from = space + 1 + end;
        }
    }
    kept.push_str(text.get(from..).unwrap_or_default());
    kept
}

pub(super) fn decode(value: &str) -> String {
    percent_decode_str(&value.replace('+', " ")).decode_utf8_lossy().into_owned()
}

/// Whether a text is a URL, or a path with a query, as in log entries.
pub(super) fn is_url(text: &str) -> bool {
    let is_path = text.starts_with('/') && text.contains('?');
    (text.contains("://") || is_path) && !text.contains(char::is_whitespace)
}

/// A URL whose parameters have no values.
pub(super) fn without_query(url: &str) -> String {
    let Some((place, query)) = url.split_once('?') else { return url.to_owned() };
    let names = query.split(['&', '#']).filter(|pair| !pair.is_empty());
    let names = names.map(|pair| format!("{}={REDACTED_IN_URL}", pair.split('=').next().unwrap_or_default()));
    format!("{place}?{}", names.collect::<Vec<_>>().join("&"))
}

/// The decoded parameters of a URL.
pub(super) fn query_string(url: &str) -> Vec<Pair> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.map(|(name, value)| Pair { name: decode(name), value: decode(value) }).collect()
}

pub(super) fn boundary(mime_type: &str) -> Option<String> {
    let (_, boundary) = mime_type.split_once("boundary=")?;
    let boundary = boundary.split(';').next()?.trim().trim_matches('"');
    (boundary.len() >= MIN_LENGTH && boundary != "boundary").then(|| boundary.to_owned())
}

/// JWTs are JSON in base64url, so they begin with `eyJ`.
pub(super) fn without_jwts(text: &str, replacement: &str) -> String {
    let is_part = |character: char| character.is_ascii_alphanumeric() || "-_.=".contains(character);
    let (mut kept, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(start) = rest.find("eyJ") {
        let (before, token) = rest.split_at(start);
        let end = token.find(|character| !is_part(character)).unwrap_or(token.len());
        let (token, after) = token.split_at(end);
        kept.push_str(before);
        kept.push_str(if token.len() >= 16 { replacement } else { token });
        rest = after;
    }
    kept.push_str(rest);
    kept
}
