//! Finding names with their values in text that is not JSON as a whole: `name=value`, `name: "value"`, with quotation marks in any
//! form, as in JSON that is cut off, in JSON within a string, in HTML and in links within sentences.

use super::names::{Part, is_secret, is_secret_value};
use std::ops::Range;

/// The most bytes of a name that are examined.
const MAX_NAME: usize = 64;

/// The ranges of the values of secret names, in their order.
pub(super) fn secret_values(part: Part, text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    // HTML and lists of headers have `name="password" value="…"`.
    let mut is_next_value_secret = false;
    let mut from = 0;
    while let Some(separator) = next_separator(text, from) {
        from = separator.end;
        let Some(name) = name_before(text, separator.start) else { continue };
        let is_named = name.text.eq_ignore_ascii_case("name");
        let is_value = name.text.eq_ignore_ascii_case("value") && is_next_value_secret;
        let is_candidate = is_value || is_named || is_secret(part, name.text);
        if !is_candidate && !is_secret_value(part, name.text, "\"") {
            continue;
        }
        // A name is short, so that a long text without marks is not searched again and again.
        let scope = if is_named { prefix(text, separator.end + 2 * MAX_NAME) } else { text };
        let Some(value) = value_after(scope, &separator, name.is_quoted) else { continue };
        let content = text.get(value.clone()).unwrap_or_default();
        if is_named {
            is_next_value_secret = is_secret(Part::Request, content);
        } else if is_value || is_secret_value(part, name.text, content) || !content.starts_with(['{', '[']) {
            is_next_value_secret = false;
            from = value.end.max(from);
            found.push(value);
        }
    }
    found
}

/// The next `=` or `:`, plain or percent-encoded.
fn next_separator(text: &str, from: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let mut at = from;
    loop {
        at += bytes.get(at..)?.iter().position(|byte| matches!(byte, b'=' | b':' | b'%'))?;
        if bytes.get(at) != Some(&b'%') {
            return Some(at..at + 1);
        }
        if matches!(bytes.get(at + 1..at + 3), Some([b'3', b'd' | b'D' | b'a' | b'A'])) {
            return Some(at..at + 3);
        }
        at += 1;
    }
}

struct Name<'a> {
    text: &'a str,
    is_quoted: bool,
}

/// The name that ends before a separator.
fn name_before(text: &str, separator: usize) -> Option<Name<'_>> {
    let before = text.get(..separator)?.trim_end_matches(' ');
    let mut unquoted = before;
    for mark in ["%22", "%27", "&quot;", "\"", "'"] {
        if let Some(rest) = before.strip_suffix(mark) {
            unquoted = rest.trim_end_matches('\\');
            break;
        }
    }
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.[]".contains(byte);
    let length = unquoted.bytes().rev().take(MAX_NAME).take_while(is_part).count();
    let start = unquoted.len() - length;
    let mut name = unquoted.get(start..)?;
    // The digits of a percent-encoded character are not part of the name.
    if unquoted.get(..start)?.ends_with('%') {
        name = name.get(2..)?;
    }
    (!name.is_empty()).then_some(Name { text: name, is_quoted: unquoted.len() != before.len() })
}

/// The value that begins after a separator; `None` if there is none, or if the text is a sentence with a colon.
fn value_after(text: &str, separator: &Range<usize>, is_name_quoted: bool) -> Option<Range<usize>> {
    let after = text.get(separator.end..)?;
    let trimmed = after.trim_start();
    let start = text.len() - trimmed.len();
    let is_apart = trimmed.len() != after.len();
    let slashes = trimmed.len() - trimmed.trim_start_matches('\\').len();
    let marks = ["\"", "'", "%22", "%27", "&quot;"];
    let unescaped = trimmed.get(slashes..)?;
    if let Some(mark) = marks.iter().find(|mark| unescaped.starts_with(**mark)) {
        let opening = slashes + mark.len();
        let content = trimmed.get(opening..)?;
        let length = closing(content, trimmed.get(..opening)?);
        let start = start + opening;
        return (length > 0).then_some(start..start + length);
    }
    let is_plain_colon = text.get(separator.clone()) == Some(":");
    if slashes > 0 || (is_plain_colon && is_apart && !is_name_quoted) {
        return None;
    }
    // An object or array that is cut off: what is secret extends to its end.
    if trimmed.starts_with(['{', '[']) && is_name_quoted {
        return Some(start..text.len());
    }
    let length = unquoted_length(trimmed, separator.len() > 1);
    (length > 0).then_some(start..start + length)
}

/// The length of a value without quotation marks, whose end is percent-encoded if its separator is.
fn unquoted_length(text: &str, is_encoded: bool) -> usize {
    let is_end = |at: usize, character: char| {
        let is_encoded_end = || {
            let code = text.get(at + 1..at + 3).unwrap_or_default();
            ["20", "22", "23", "26", "7D", "7d"].contains(&code)
        };
        character.is_whitespace()
            || "&;,<>\"'\\)}|#".contains(character)
            || (is_encoded && character == '%' && is_encoded_end())
    };
    text.char_indices().find(|(at, character)| is_end(*at, *character)).map_or(text.len(), |(at, _)| at)
}

/// The beginning of a text, of at least this many bytes if it is as long.
fn prefix(text: &str, bytes: usize) -> &str {
    (bytes..=bytes + 3).find_map(|end| text.get(..end)).unwrap_or(text)
}

/// The length of a content up to its closing quotation mark, which equals the opening one; up to the end if there is none.
fn closing(content: &str, mark: &str) -> usize {
    if mark != "\"" {
        return content.find(mark).unwrap_or(content.len());
    }
    let mut is_escaped = false;
    for (at, byte) in content.bytes().enumerate() {
        match byte {
            b'"' if !is_escaped => return at,
            b'\\' => is_escaped = !is_escaped,
            _ => is_escaped = false,
        }
    }
    content.len()
}

#[cfg(test)]
mod tests {
    use super::{Part, secret_values};

    #[test]
    fn values_of_secret_names_are_found_in_every_notation_and_others_are_not() {
        for (text, values) in [
            ("a=b&password=s3cret&c=d", vec!["s3cret"]),
            ("see https://example.com/reset?ticket=s3cret, please", vec!["s3cret"]),
            (r#"{"a":1,"access_token": "s3c\"ret","b":"#, vec![r#"s3c\"ret"#]),
            (r#"{\"password\":\"s3cret\",\"a\":1}"#, vec!["s3cret"]),
            (r#"{"hash":{"value":"s3cret"#, vec![r#"{"value":"s3cret"#]),
            ("https%3A%2F%2Fapp%2F%3Faccess_token%3Ds3cret%26a%3D1", vec!["s3cret"]),
            ("https%3A%2F%2Fapp%2F%3Fcode%3Ds3cret%26a%3D1", vec!["s3cret"]),
            (r#"<input name="access_token" value="s3cret"><input name="a" value="b">"#, vec!["s3cret"]),
            ("password:s3cret", vec!["s3cret"]),
            ("password = s3cret", vec!["s3cret"]),
            ("Invalid token: it is expired", vec![]),
            ("'Missing required property: password'", vec![]),
            ("password=", vec![]),
            ("token_type=Bearer", vec![]),
            ("=:=%3D%3A%", vec![]),
        ] {
            let found: Vec<&str> =
                secret_values(Part::Request, text).into_iter().map(|value| &text[value]).collect();
            assert_eq!(found, values, "{text}");
        }
    }
}
