//! Which values of a request no message may show.

use bytes::Bytes;
use http::HeaderName;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, USER_AGENT};
use percent_encoding::percent_decode_str;
use std::borrow::Cow;
use users_model::Secret;

/// A key or parameter with one of these in its name holds a secret, in any case and spelling.
const SENSITIVE: [&str; 8] = ["password", "secret", "token", "key", "hash", "assertion", "code", "otp"];

/// Headers that hold no secret. Everything else may be the caller's.
const HARMLESS: [HeaderName; 5] = [ACCEPT, ACCEPT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, USER_AGENT];

/// Whether what stands under this key is a secret.
pub(super) fn is_sensitive(key: &str) -> bool {
    let key = letters(key);
    // `link_with` holds an ID token.
    key == "linkwith" || SENSITIVE.iter().any(|part| key.contains(part))
}

/// Whether text that stands under this key is the tenant's own.
pub(super) fn is_metadata(key: &str) -> bool {
    matches!(letters(key).as_str(), "usermetadata" | "appmetadata")
}

/// A name without case and punctuation: `client_secret`, `clientSecret` and `client-secret` are the same.
fn letters(key: &str) -> String {
    key.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The values of a finished request that no message may show: those under sensitive keys of its query and body, its headers,
/// and the text in metadata.
pub(crate) fn secrets(request: &http::Request<Bytes>) -> Vec<Secret> {
    let mut found = Vec::new();
    let custom_domain = HeaderName::from_static("auth0-custom-domain");
    for (name, value) in request.headers() {
        let Ok(text) = std::str::from_utf8(value.as_bytes()) else { continue };
        if HARMLESS.contains(name) || *name == custom_domain {
            continue;
        }
        found.push(Secret::new(text));
        // `Bearer …`: the server may quote the token alone.
        found.extend(text.split_once(' ').map(|(_, rest)| Secret::new(rest.trim())));
    }
    form(request.uri().query().unwrap_or_default(), &mut found);
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let body = String::from_utf8_lossy(request.body());
    if let Some((_, boundary)) = kind.split_once("boundary=") {
        multipart(&body, boundary.trim_matches('"'), &mut found);
    } else if kind.starts_with("application/x-www-form-urlencoded") {
        form(&body, &mut found);
    } else {
        json(&body, &mut found);
    }
    found.retain(|secret| !secret.expose().is_empty());
    found
}

fn form(pairs: &str, found: &mut Vec<Secret>) {
    for (key, value) in pairs.split('&').filter_map(|pair| pair.split_once('=')) {
        let value = value.replace('+', " ");
        if is_sensitive(&percent_decode_str(key).decode_utf8_lossy()) {
            found.push(Secret::new(percent_decode_str(&value).decode_utf8_lossy()));
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
        json(content, found);
    }
}

/// What stands where in a JSON text.
#[derive(Clone, Copy, Default)]
struct Place {
    is_object: bool,
    /// Below a sensitive key: every text and number counts.
    is_sensitive: bool,
    /// Below metadata: every text counts.
    is_metadata: bool,
}

/// Collects the texts and numbers under sensitive keys. It needs no valid JSON, and no stack for nested values.
fn json(text: &str, found: &mut Vec<Secret>) {
    let mut places = vec![Place::default()];
    // What the next value counts as: that of its key, or of the list that it is in.
    let mut next = Place::default();
    let mut is_key = false;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let here = places.last().copied().unwrap_or_default();
        let mut taken = first.len_utf8();
        match first {
            '{' | '[' => {
                places.push(Place { is_object: first == '{', ..next });
                is_key = first == '{';
            }
            '}' | ']' => {
                places.pop();
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

/// The length of the JSON string at the beginning of this text, with its quotes.
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
    if bare.contains('\\') {
        // One that has no UTF-8 form stays as it is written.
        serde_json::from_str(string).map_or(Cow::Borrowed(bare), Cow::Owned)
    } else {
        Cow::Borrowed(bare)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        json(text, &mut found);
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
