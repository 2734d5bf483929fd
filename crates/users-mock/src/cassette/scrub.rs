//! Removing secrets, and by choice personal data, from what a cassette keeps.

use crate::cassette::har::{Entry, Pair};
use crate::cassette::personal::{is_personal, pseudonym, without_addresses};
use percent_encoding::percent_decode_str;
use serde_json::value::RawValue;
use std::collections::BTreeSet;
use users_core::model::JsonObject;
use users_core::{is_sensitive, replace_secrets};

/// What is removed from a cassette.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scrub {
    /// Tokens, passwords, secrets, codes, cookies, tickets and the signatures of presigned URLs, wherever they occur.
    #[default]
    Secrets,
    /// The same, and e-mail addresses, phone numbers, names, pictures and IP addresses. Each value is replaced by one that is
    /// derived from it, so that equal values remain equal. A value that is easily guessed can therefore be recognized.
    SecretsAndPersonalData,
}

/// What replaces a secret in text.
const REDACTED: &str = "[redacted]";

/// What replaces a secret in a URL or a form, where brackets would have to be escaped.
const REDACTED_IN_URL: &str = "redacted";

/// Secrets shorter than this are removed under their keys only: elsewhere they would match ordinary text.
const MIN_LENGTH: usize = 4;

/// The depth to which a body is examined key by key. What is deeper is removed if it may contain a secret.
const MAX_DEPTH: usize = 128;

/// The ends of the names of secrets, without case and punctuation.
const SECRET_ENDS: &[&str] = &[
    "password",
    "secret",
    "token",
    "assertion",
    "otp",
    "otpcode",
    "oobcode",
    "bindingcode",
    "usercode",
    "devicecode",
    "recoverycode",
    "recoverycodes",
    "verificationcode",
    "codeverifier",
    "linkwith",
    "hash",
    "salt",
    "apikey",
    "privatekey",
    "ticket",
    "ticketid",
    "invitation",
];

/// Names of settings, which are objects and no secrets.
const SETTINGS: &[&str] = &["refreshtoken", "token"];

/// Whether a text is part of a request or of a response.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Request,
    Response,
}

/// The secrets that occur in exchanges, to be removed from all of them.
#[derive(Debug, Default)]
pub(crate) struct Secrets(BTreeSet<String>);

impl Secrets {
    fn add(&mut self, secret: &str) {
        if secret.len() >= MIN_LENGTH && secret != REDACTED && secret != REDACTED_IN_URL {
            self.0.insert(secret.to_owned());
        }
    }
}

/// Removes secrets, and by choice personal data. A cassette's requests and those that are compared with them become equal.
#[derive(Debug)]
pub(crate) struct Scrubber {
    scrub: Scrub,
    secrets: Secrets,
}

impl Scrubber {
    pub(crate) fn new(scrub: Scrub) -> Self {
        Self { scrub, secrets: Secrets::default() }
    }

    /// Scrubs entries: first each secret is found by its key, then it is removed wherever it occurs.
    pub(crate) fn scrub_all(&mut self, entries: &mut [Entry]) {
        for _ in 0..2 {
            for entry in &mut *entries {
                self.scrub(entry);
            }
        }
    }

    pub(crate) fn scrub(&mut self, entry: &mut Entry) {
        let (request, response) = (&mut entry.request, &mut entry.response);
        request.url = self.url(&request.url);
        request.query_string = query_string(&request.url);
        self.headers(&mut request.headers);
        self.headers(&mut response.headers);
        request.cookies.clear();
        response.cookies.clear();
        response.redirect_url = self.url(&response.redirect_url);
        if let Some(body) = request.post_data.as_mut().filter(|body| body.encoding.is_none()) {
            let boundary = boundary(&body.mime_type);
            if let Some(boundary) = boundary {
                // It differs from request to request.
                body.text = body.text.replace(&boundary, "boundary");
                body.mime_type = body.mime_type.replace(&boundary, "boundary");
            }
            body.text = self.body(Part::Request, &body.mime_type, &body.text);
        }
        let content = &mut response.content;
        if content.encoding.is_none() {
            content.text = self.body(Part::Response, &content.mime_type, &content.text);
        }
        if let Some(failure) = &mut response.error {
            failure.message = self.text(&failure.message);
        }
    }

    fn headers(&mut self, headers: &mut [Pair]) {
        for header in headers {
            let name = header.name.to_ascii_lowercase();
            let is_secret =
                matches!(name.as_str(), "authorization" | "proxy-authorization" | "cookie" | "set-cookie")
                    || is_sensitive(&name);
            header.value = if is_secret {
                // `Bearer` is not part of the secret.
                let (scheme, secret) = header.value.split_once(' ').unwrap_or(("", &header.value));
                self.secrets.add(if scheme.contains('=') { &header.value } else { secret });
                REDACTED.to_owned()
            } else if name == "content-type" {
                match boundary(&header.value) {
                    Some(boundary) => header.value.replace(&boundary, "boundary"),
                    None => header.value.clone(),
                }
            } else if header.value.contains("://") {
                self.url(&header.value)
            } else {
                self.text(&header.value)
            };
        }
    }

    fn body(&mut self, part: Part, mime_type: &str, text: &str) -> String {
        if mime_type.starts_with("application/x-www-form-urlencoded") {
            return self.form(text);
        }
        if let Some(json) = self.json(part, text, Hidden::No, 0) {
            return json;
        }
        // Lines of JSON, as in exports and in the parts of a form.
        let lines = text.split('\n').map(|line| match self.json(part, line, Hidden::No, 0) {
            Some(json) => format!("{json}{}", if line.ends_with('\r') { "\r" } else { "" }),
            None => self.text(line),
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// The JSON with its secrets replaced, value by value, so that everything else keeps its text; `None` if it is not JSON.
    fn json(&mut self, part: Part, json: &str, hidden: Hidden, depth: usize) -> Option<String> {
        let json = json.trim();
        let raw: &RawValue = serde_json::from_str(json).ok()?;
        let raw = raw.get();
        if depth > MAX_DEPTH {
            return Some("null".to_owned());
        }
        Some(match raw.as_bytes().first()? {
            b'{' => {
                let object = JsonObject::from_json(raw).ok()?;
                let mut scrubbed = JsonObject::new();
                for (key, value) in object.iter() {
                    let value = self.json(part, value, hidden.below(part, key, value), depth + 1)?;
                    let key = if key.len() >= 16 { self.text(key) } else { key.to_owned() };
                    scrubbed.insert_raw(key, &value).ok()?;
                }
                scrubbed.to_json()
            }
            b'[' => {
                let items: Vec<&RawValue> = serde_json::from_str(raw).ok()?;
                let mut scrubbed = Vec::with_capacity(items.len());
                for item in items {
                    scrubbed.push(self.json(part, item.get(), hidden, depth + 1)?);
                }
                format!("[{}]", scrubbed.join(","))
            }
            b'"' => match serde_json::from_str::<String>(raw) {
                Ok(text) => {
                    let scrubbed = self.string(&text, hidden);
                    if scrubbed == text { raw.to_owned() } else { serde_json::to_string(&scrubbed).ok()? }
                }
                // A lone surrogate.
                Err(_) if hidden == Hidden::Secret => format!("\"{REDACTED}\""),
                Err(_) => self.text(raw),
            },
            b'0'..=b'9' | b'-' if hidden == Hidden::Secret => {
                self.secrets.add(raw);
                "0".to_owned()
            }
            _ => raw.to_owned(),
        })
    }

    fn string(&mut self, text: &str, hidden: Hidden) -> String {
        match hidden {
            Hidden::Secret if text.contains("://") => {
                // The secret of a link is its query.
                if let Some((_, query)) = text.split_once('?') {
                    query.split(['&', '#']).filter_map(|pair| pair.split_once('=')).for_each(|(_, value)| {
                        self.secrets.add(value);
                    });
                }
                without_query(text)
            }
            Hidden::Secret => {
                self.secrets.add(text);
                REDACTED.to_owned()
            }
            Hidden::Personal if self.scrub == Scrub::SecretsAndPersonalData => pseudonym(text),
            _ if is_url(text) => self.url(text),
            _ => self.text(text),
        }
    }

    fn form(&mut self, text: &str) -> String {
        let pairs = text.split('&').map(|pair| match pair.split_once('=') {
            Some((name, value)) if is_secret(Part::Request, name) => {
                self.secrets.add(&decode(value));
                format!("{name}={REDACTED_IN_URL}")
            }
            _ => self.in_url(pair),
        });
        pairs.collect::<Vec<_>>().join("&")
    }

    /// A URL without the values of secret parameters, and without any values if it is presigned.
    fn url(&mut self, url: &str) -> String {
        let Some((place, query)) = url.split_once('?') else { return self.in_url(url) };
        let pairs = || query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        if pairs().any(|(name, _)| is_signature(name)) {
            for (_, value) in pairs().filter(|(name, _)| is_sensitive(name) || is_signature(name)) {
                self.secrets.add(&decode(value));
            }
            return without_query(&format!("{}?{query}", self.in_url(place)));
        }
        format!("{}?{}", self.in_url(place), self.form(query))
    }

    fn in_url(&self, text: &str) -> String {
        self.replace(text, REDACTED_IN_URL)
    }

    fn text(&self, text: &str) -> String {
        self.replace(text, REDACTED)
    }

    /// The text without known secrets, JWTs and, by choice, e-mail addresses.
    fn replace(&self, text: &str, replacement: &str) -> String {
        let secrets: Vec<&str> = self.secrets.0.iter().map(String::as_str).collect();
        let text = without_jwts(&replace_secrets(text, &secrets, replacement), replacement);
        if self.scrub == Scrub::SecretsAndPersonalData { without_addresses(&text) } else { text }
    }
}

/// Why the value of a key is replaced.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hidden {
    No,
    Personal,
    Secret,
}

impl Hidden {
    /// That of the value of a key in an object.
    fn below(self, part: Part, key: &str, value: &str) -> Self {
        let name = letters(key);
        let is_setting = value.starts_with('{') && SETTINGS.contains(&name.as_str());
        if self == Self::Secret || (is_secret(part, key) && !is_setting) {
            Self::Secret
        } else if is_personal(&name) {
            Self::Personal
        } else {
            Self::No
        }
    }
}

/// Whether a key or parameter has a secret value. In responses, `code` is that of an error.
fn is_secret(part: Part, name: &str) -> bool {
    let name = letters(name);
    SECRET_ENDS.iter().any(|end| name.ends_with(end)) || (part == Part::Request && name == "code")
}

/// Whether a parameter of this name occurs in presigned URLs only.
fn is_signature(name: &str) -> bool {
    let name = letters(name);
    name == "sig" || ["signature", "xamz", "credential", "keypairid"].iter().any(|part| name.contains(part))
}

/// A name without case and punctuation.
fn letters(name: &str) -> String {
    name.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn decode(value: &str) -> String {
    percent_decode_str(&value.replace('+', " ")).decode_utf8_lossy().into_owned()
}

/// Whether a text is a URL, or a path with a query, as in log entries.
fn is_url(text: &str) -> bool {
    let is_path = text.starts_with('/') && text.contains('?');
    (text.contains("://") || is_path) && !text.contains(char::is_whitespace)
}

/// A URL whose parameters have no values.
fn without_query(url: &str) -> String {
    let Some((place, query)) = url.split_once('?') else { return url.to_owned() };
    let names = query.split(['&', '#']).filter(|pair| !pair.is_empty());
    let names = names.map(|pair| format!("{}={REDACTED_IN_URL}", pair.split('=').next().unwrap_or_default()));
    format!("{place}?{}", names.collect::<Vec<_>>().join("&"))
}

/// The decoded parameters of a URL.
fn query_string(url: &str) -> Vec<Pair> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.map(|(name, value)| Pair { name: decode(name), value: decode(value) }).collect()
}

fn boundary(mime_type: &str) -> Option<String> {
    let (_, boundary) = mime_type.split_once("boundary=")?;
    let boundary = boundary.split(';').next()?.trim().trim_matches('"');
    (boundary.len() >= MIN_LENGTH && boundary != "boundary").then(|| boundary.to_owned())
}

/// JWTs are JSON in base64url, so they begin with `eyJ`.
fn without_jwts(text: &str, replacement: &str) -> String {
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
