//! Removing secrets from displayed text.

mod quoted;
mod request;

pub use quoted::SecretSet;
use request::is_metadata;
pub use request::is_sensitive;
pub(crate) use request::secrets;
use std::ops::Range;

/// The replacement of a secret.
const REDACTED: &str = "[redacted]";
/// The maximum length of a displayed message in characters.
const MAX_LENGTH: usize = 400;
/// The number of bytes of a message that are examined. The rest is not shown.
const EXAMINED: usize = 8192;

/// Returns a text on one line, at most `MAX_LENGTH` characters long, without these secrets, without JWTs, and without the queries
/// of URLs.
pub(crate) fn line(text: &str, secrets: &[&str]) -> String {
    let redacted = without_secrets(text, secrets);
    let cut = cut_validation_message(&redacted);
    let mut line = String::with_capacity(cut.len().min(MAX_LENGTH));
    let mut rest = cut.as_str();
    while let Some(first) = rest.chars().next() {
        let word = rest.find(|c| !is_token_char(c)).map_or(rest, |end| rest.get(..end).unwrap_or(rest));
        if word.is_empty() {
            line.push(if first.is_control() { ' ' } else { first });
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
            // The query of a presigned URL contains its signature.
            if first == '?'
                && line.rsplit(char::is_whitespace).next().is_some_and(|word| word.contains("://"))
            {
                let query =
                    rest.find(|c: char| c.is_whitespace() || "\"'<>,)".contains(c)).unwrap_or(rest.len());
                line.push_str(if query == 0 { "" } else { REDACTED });
                rest = rest.get(query..).unwrap_or_default();
            }
            continue;
        }
        // A JWT is JSON in base64url, so it begins with `eyJ`.
        match word.find("eyJ") {
            Some(at) if word.len() - at >= 16 => {
                line.push_str(word.get(..at).unwrap_or_default());
                line.push_str(REDACTED);
            }
            _ => line.push_str(word),
        }
        rest = rest.get(word.len()..).unwrap_or_default();
    }
    if line.chars().count() > MAX_LENGTH {
        line = line.chars().take(MAX_LENGTH).chain(['…']).collect();
    }
    line.trim().to_owned()
}

fn is_token_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | '/' | '=' | '~')
}

/// The beginning of a text without these secrets, in any escaped form.
fn without_secrets(text: &str, secrets: &[&str]) -> String {
    // Only the beginning of a long secret can be shown. Escaped, it is up to six times as long.
    let secrets: Vec<&str> = secrets.iter().map(|secret| prefix(secret, EXAMINED)).collect();
    let longest = secrets.iter().map(|secret| secret.len()).max().unwrap_or(0);
    let examined = prefix(text, EXAMINED + 6 * longest);
    let shown = prefix(text, EXAMINED);
    replace(examined, shown.len(), &secrets, REDACTED)
}

/// Returns a text of any length with these secrets replaced, in any escaped form. Secrets shorter than 4 bytes remain.
///
/// For the crates of this family.
#[doc(hidden)]
pub fn replace_secrets(text: &str, secrets: &SecretSet, replacement: &str) -> String {
    replace_places(text, text.len(), quoted::places(text, secrets), replacement)
}

/// The first `length` bytes of a text, with secrets replaced that begin in them.
fn replace(text: &str, length: usize, secrets: &[&str], replacement: &str) -> String {
    replace_places(text, length, quoted::places(text, &secrets.iter().copied().collect()), replacement)
}

fn replace_places(text: &str, length: usize, places: Vec<Range<usize>>, replacement: &str) -> String {
    let shown = text.get(..length).unwrap_or(text);
    let mut kept = String::with_capacity(shown.len());
    let mut from = 0;
    for place in places {
        if place.start >= shown.len() {
            break;
        }
        if place.start >= from {
            kept.push_str(shown.get(from..place.start).unwrap_or_default());
            kept.push_str(replacement);
        }
        from = from.max(place.end);
    }
    kept.push_str(shown.get(from..).unwrap_or_default());
    kept
}

/// Returns whether a text contains one of these secrets.
pub(crate) fn holds(text: &str, secrets: &[&str]) -> bool {
    !quoted::places(prefix(text, EXAMINED), &secrets.iter().copied().collect()).is_empty()
}

/// Returns at most this many bytes of a text, cut at a character boundary.
fn prefix(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// The beginnings of validation messages, which contain no value.
const REASONS: [&str; 12] = [
    "String does not match pattern",
    "String is too short",
    "String is too long",
    "Object didn't pass validation for format",
    "Missing required property",
    "Additional properties not allowed",
    "Expected type",
    "Array is too short",
    "Array is too long",
    "Array items are not unique",
    "No enum match for",
    "Value",
];

/// Removes the value from `'<reason>: <value>' on property <path>` if the property is a secret or metadata: the value may be too
/// short to be searched for, and may occur anywhere in the reason.
fn cut_validation_message(text: &str) -> String {
    const MARK: &str = " on propert";
    let mut cut = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(MARK) {
        let path = after.split_once(' ').map_or("", |(_, path)| path.trim_start());
        let property = path.split(|c: char| c.is_whitespace() || c == '(').next().unwrap_or_default();
        let is_secret = property
            .split(['.', '[', ']', '\'', '"', ','])
            .any(|part| is_sensitive(part) || is_metadata(part));
        let quoted = before.trim_end();
        let quote = quoted.chars().next_back().filter(|last| matches!(last, '\'' | '"'));
        // The reason begins after the first quote that follows a space, or at the start of the text.
        let start = quote.and_then(|quote| {
            let first = format!(" {quote}");
            quoted.strip_prefix(quote).map(|_| 1).or_else(|| quoted.find(&first).map(|at| at + 2))
        });
        match start.filter(|start| is_secret && *start < quoted.len()) {
            Some(start) => {
                let reason = quoted.get(start..).unwrap_or_default();
                let known =
                    REASONS.iter().find(|known| reason.starts_with(**known)).copied().unwrap_or_default();
                cut.push_str(quoted.get(..start).unwrap_or_default());
                cut.push_str(known);
                cut.push_str(if known.is_empty() { "" } else { ": " });
                cut.push_str(REDACTED);
                cut.extend(quote);
            }
            None => cut.push_str(before),
        }
        cut.push_str(MARK);
        rest = after;
    }
    cut.push_str(rest);
    cut
}

/// Returns serde_json's message for data of the wrong type, without position and data. Serde's messages quote the data, and so
/// may those of a custom `Deserialize`. Serde's have known beginnings.
pub(crate) fn data_error(message: &str) -> String {
    const FOUND: [&str; 20] = [
        "boolean",
        "integer",
        "floating point",
        "character",
        "string",
        "byte array",
        "unit value",
        "Option value",
        "newtype struct",
        "sequence",
        "map",
        "enum",
        "unit variant",
        "newtype variant",
        "tuple variant",
        "struct variant",
        "null",
        "number",
        "NaN",
        "Infinity",
    ];
    let message = message.rfind(" at line ").map_or(message, |at| message.get(..at).unwrap_or(message));
    let expected = || message.rfind(", expected ").and_then(|at| message.get(at..)).unwrap_or_default();
    // Names of missing and duplicate fields come from the type, not from the data.
    if ["missing field `", "duplicate field `", "invalid length "]
        .iter()
        .any(|known| message.starts_with(known))
    {
        return message.to_owned();
    }
    for known in ["invalid type: ", "invalid value: "] {
        if let Some(found) = message.strip_prefix(known) {
            let found =
                FOUND.iter().find(|kind| found.starts_with(**kind)).copied().unwrap_or("another value");
            return format!("{known}{found}{}", expected());
        }
    }
    for known in ["unknown field", "unknown variant"] {
        if message.starts_with(known) {
            return format!("{known}{}", expected());
        }
    }
    "its type does not accept a value".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_and_line_ends_are_removed() {
        assert_eq!(
            line(
                "Invalid token: eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.abc\r\nfrom \"hunter2!\"",
                &["hunter2!"]
            ),
            "Invalid token: [redacted]  from \"[redacted]\""
        );
        assert_eq!(line("access_token=eyJhbGciOiJSUzI1NiJ9.e30.x&y", &[]), "access_token=[redacted]&y");
        assert_eq!(line(&"x y ".repeat(1000), &[]).chars().count(), 401);
        assert_eq!(line("Grüße", &[]), "Grüße");
    }

    #[test]
    fn a_secret_longer_than_what_is_shown_is_hidden_as_a_whole() {
        let secret = "s3cret-".repeat(5000);
        assert_eq!(line(&format!("wrong: {secret}"), &[&secret]), "wrong: [redacted]");
        assert_eq!(line(&format!("wrong: {secret} and {secret}"), &[&secret]), "wrong: [redacted]");
        assert_eq!(line("abcdefgh", &["abcdef", "cdefgh"]), "[redacted]");
    }

    #[test]
    fn an_error_about_data_does_not_quote_it() {
        for (message, expected) in [
            (
                "invalid type: string \"hunter2, expected x\", expected u8 at line 1 column 9",
                "invalid type: string, expected u8",
            ),
            (
                "invalid type: integer `123456`, expected a boolean",
                "invalid type: integer, expected a boolean",
            ),
            ("invalid value: hunter2, expected x", "invalid value: another value, expected x"),
            ("unknown variant `hunter2`, expected `gold`", "unknown variant, expected `gold`"),
            ("missing field `plan` at line 1 column 2", "missing field `plan`"),
            ("hunter2 is no plan", "its type does not accept a value"),
        ] {
            assert_eq!(data_error(message), expected);
        }
    }
}
