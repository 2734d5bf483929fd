//! Finding the secrets of a request.

use bytes::Bytes;
use http::HeaderName;
use http::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use percent_encoding::percent_decode_str;
use std::borrow::Cow;
use users_model::{Secret, json};

/// A key or parameter whose name contains one of these holds a secret, in any case and spelling.
const SENSITIVE: [&str; 8] = ["password", "secret", "token", "key", "hash", "assertion", "code", "otp"];

/// Returns whether a value with this name is taken for a secret, and left out of errors: the name contains `password`, `secret`,
/// `token`, `key`, `hash`, `assertion`, `code` or `otp`, in any case and spelling.
///
/// ```
/// assert!(users_core::is_sensitive("clientSecret"));
/// assert!(!users_core::is_sensitive("nickname"));
/// ```
pub fn is_sensitive(key: &str) -> bool {
    let key = letters(key);
    // `link_with` holds an ID token.
    key == "linkwith" || SENSITIVE.iter().any(|part| key.contains(part))
}

/// Returns whether the value of this key is metadata, whose text is confidential.
pub(super) fn is_metadata(key: &str) -> bool {
    matches!(letters(key).as_str(), "usermetadata" | "appmetadata")
}

/// A name without case and punctuation: `client_secret`, `clientSecret` and `client-secret` are equal.
fn letters(key: &str) -> String {
    let mut letters = key.to_lowercase();
    letters.retain(char::is_alphanumeric);
    letters
}

/// Returns the values of a finished request that no message may show: those of sensitive keys in its query and body, its headers,
/// and the strings in metadata.
pub(crate) fn secrets(request: &http::Request<Bytes>) -> Vec<Secret> {
    let mut found = Vec::new();
    let custom_domain = HeaderName::from_static("auth0-custom-domain");
    for (name, value) in request.headers() {
        if !is_standard(name, value.as_bytes()) && *name != custom_domain {
            header(value.as_bytes(), &mut found);
        }
    }
    form(request.uri().query().unwrap_or_default(), &mut found);
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let body = String::from_utf8_lossy(request.body());
    if let Some((_, boundary)) = kind.split_once("boundary=") {
        multipart(&body, boundary.trim_matches('"'), &mut found);
    } else if kind.starts_with("application/x-www-form-urlencoded") {
        form(&body, &mut found);
    } else {
        json_text(&body, &mut found);
    }
    found.retain(|secret| !secret.expose().is_empty());
    found
}

/// Returns whether a header has a value that the client or an operation sets by default.
fn is_standard(name: &HeaderName, value: &[u8]) -> bool {
    match *name {
        ACCEPT => value == b"application/json",
        CONTENT_TYPE => {
            value.starts_with(b"application/json") || value.starts_with(b"multipart/form-data; boundary=")
        }
        USER_AGENT => value == concat!("users/", env!("CARGO_PKG_VERSION")).as_bytes(),
        _ => false,
    }
}

/// Collects a header's value and its parts: the server may quote the token of `Bearer …`, or a single cookie.
fn header(value: &[u8], found: &mut Vec<Secret>) {
    let latin_1: String = value.iter().copied().map(char::from).collect();
    for text in [String::from_utf8_lossy(value).into_owned(), latin_1] {
        for part in text.split([' ', ';', ',', '=']) {
            found.push(Secret::new(part.trim()));
        }
        found.push(Secret::new(text));
    }
}

fn form(pairs: &str, found: &mut Vec<Secret>) {
    for pair in pairs.split('&') {
        let Some((key, value)) = pair.split_once('=') else { continue };
        let value = value.replace('+', " ");
        if is_sensitive(&percent_decode_str(key).decode_utf8_lossy()) {
            let value = percent_decode_str(&value).decode_utf8_lossy();
            for part in value.split(',') {
                found.push(Secret::new(part));
            }
            found.push(Secret::new(value));
        }
    }
}

fn multipart(body: &str, boundary: &str, found: &mut Vec<Secret>) {
    for part in body.split(&format!("--{boundary}")) {
        let Some((head, content)) = part.split_once("\r\n\r\n") else { continue };
        let content = content.strip_suffix("\r\n").unwrap_or(content);
        let name =
            head.split_once("name=\"").and_then(|(_, rest)| rest.split_once('"')).map(|(name, _)| name);
        if name.is_some_and(is_sensitive) {
            found.push(Secret::new(content));
        }
        json_text(content, found);
    }
}

/// The context of a value in a JSON text.
#[derive(Clone, Copy, Default)]
struct Context {
    is_object: bool,
    /// Whether it is below a sensitive key: strings and numbers are collected.
    is_sensitive: bool,
    /// Whether it is below metadata: strings are collected.
    is_metadata: bool,
}

/// Collects the secrets of a JSON text. The text may be invalid, and nesting does not use the call stack.
fn json_text(text: &str, found: &mut Vec<Secret>) {
    let mut contexts = vec![Context::default()];
    // The context of the next value: that of its key, or of its list.
    let mut next = Context::default();
    let mut is_key = false;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let here = contexts.last().copied().unwrap_or_default();
        let mut taken = first.len_utf8();
        match first {
            '{' | '[' => {
                contexts.push(Context { is_object: first == '{', ..next });
                is_key = first == '{';
            }
            '}' | ']' => {
                contexts.pop();
                is_key = false;
            }
            ',' => {
                next = here;
                is_key = here.is_object;
            }
            ':' => is_key = false,
            '"' => {
                taken = string_length(rest);
                let value = unquoted(rest.get(..taken).unwrap_or_default());
                if is_key {
                    next.is_sensitive = here.is_sensitive || is_sensitive(&value);
                    next.is_metadata = here.is_metadata || is_metadata(&value);
                } else if next.is_sensitive || next.is_metadata {
                    found.push(Secret::new(value));
                }
            }
            '-' | '0'..='9' => {
                taken = rest
                    .find(|c: char| !c.is_ascii_alphanumeric() && !"+-.".contains(c))
                    .unwrap_or(rest.len());
                if next.is_sensitive {
                    found.push(Secret::new(rest.get(..taken).unwrap_or_default()));
                }
            }
            _ => {}
        }
        rest = rest.get(taken..).unwrap_or_default();
    }
}

/// The length of the JSON string at the start of this text, quotes included.
fn string_length(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn unquoted(string: &str) -> Cow<'_, str> {
    let bare = string.trim_matches('"');
    if !bare.contains('\\') {
        return Cow::Borrowed(bare);
    }
    // Servers quote lone surrogates as U+FFFD, if at all.
    json::unquote(string).map_or(Cow::Borrowed(bare), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        json_text(text, &mut found);
        found.iter().map(|secret| secret.expose().to_owned()).collect()
    }

    #[test]
    fn values_under_sensitive_keys_are_found_at_any_depth() {
        for (text, secrets) in [
            (r#"{"password":"a\"b","email":"c"}"#, vec!["a\"b"]),
            (r#"{"options":{"clientSecret":"x"},"id":"y"}"#, vec!["x"]),
            (r#"[{"tokens":["x",{"deep":12345}],"after":"y"},{"otp":-1.5e9}]"#, vec!["x", "12345", "-1.5e9"]),
            (r#"{"user_metadata":{"a":["x"],"n":12345},"name":"y"}"#, vec!["x"]),
            (r#"{"a":{"b":{}},"password":"x","c":"y"}"#, vec!["x"]),
            (r#"{"password":{"a":{}},"c":"y"}"#, vec![]),
            (r#"{"password":"unfinished"#, vec!["unfinished"]),
            (r#"]]}}"key":"x""#, vec![]),
        ] {
            assert_eq!(found(text), secrets, "{text}");
        }
        let deep = format!("{}\"x\"", r#"{"password":"#.repeat(100_000));
        assert_eq!(found(&deep), ["x"]);
    }

    #[test]
    fn names_are_compared_without_case_and_punctuation() {
        for (name, sensitive) in [
            ("client_secret", true),
            ("X-API-Key", true),
            ("idToken", true),
            ("recovery code", true),
            ("email", false),
            ("user_id", false),
            ("connection", false),
            ("per_page", false),
        ] {
            assert_eq!(is_sensitive(name), sensitive, "{name}");
        }
    }
}
