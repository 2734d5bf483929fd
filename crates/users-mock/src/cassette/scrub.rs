//! Removing secrets, and by choice personal data, from what a cassette keeps.

use crate::cassette::assignments::secret_values;
use crate::cassette::har::{Entry, Pair};
use crate::cassette::names::{MIN_LENGTH, Part, REDACTED_IN_URL, is_secret, is_secret_value, letters};
use crate::cassette::notation::{
    as_bytes, as_text, boundary, decode, is_url, part_name, query_string, without_credentials, without_jwts,
    without_query,
};
use crate::cassette::personal::{is_personal, pseudonym, without_addresses};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::value::RawValue;
use users_core::model::JsonObject;
use users_core::model::json::unquote;
use users_core::{SecretSet, is_sensitive, replace_secrets};

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

/// Values of cookies shorter than this are removed from the header only.
const MIN_COOKIE: usize = 8;

/// The depth to which a body is examined key by key. What is deeper is removed if it may contain a secret.
const MAX_DEPTH: usize = 128;

/// The secrets that occur in exchanges, to be removed from all of them.
#[derive(Debug, Default)]
pub(crate) struct Secrets(SecretSet);

impl Secrets {
    pub(super) fn add(&mut self, secret: &str) {
        if secret.len() >= MIN_LENGTH && secret != REDACTED && secret != REDACTED_IN_URL {
            self.0.insert(secret);
        }
    }
}

/// Removes secrets, and by choice personal data. A cassette's requests and those that are compared with them become equal.
#[derive(Debug)]
pub(crate) struct Scrubber {
    pub(super) scrub: Scrub,
    pub(super) secrets: Secrets,
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
        request.url = self.url(&request.url, 0);
        request.query_string = query_string(&request.url);
        self.headers(Part::Request, &mut request.headers);
        self.headers(Part::Response, &mut response.headers);
        request.cookies.clear();
        response.cookies.clear();
        response.redirect_url = self.url(&response.redirect_url, 0);
        if let Some(body) = &mut request.post_data {
            let mime_type = body.mime_type.clone();
            // A boundary differs from request to request.
            let boundary = boundary(&mime_type);
            if let Some(boundary) = &boundary {
                body.mime_type = mime_type.replace(boundary, "boundary");
            }
            body.text = if body.encoding.is_some() {
                self.encoded_body(Part::Request, &mime_type, &body.text)
            } else {
                let text = boundary.map(|boundary| body.text.replace(&boundary, "boundary"));
                self.body(Part::Request, &mime_type, text.as_ref().unwrap_or(&body.text))
            };
        }
        let content = &mut response.content;
        content.text = if content.encoding.is_some() {
            self.encoded_body(Part::Response, &content.mime_type, &content.text)
        } else {
            self.body(Part::Response, &content.mime_type, &content.text)
        };
        if let Some(failure) = &mut response.error {
            failure.message = self.text(Part::Response, &failure.message);
        }
    }

    pub(super) fn headers(&mut self, part: Part, headers: &mut [Pair]) {
        for header in headers {
            let name = header.name.to_ascii_lowercase();
            let is_secret =
                is_sensitive(&name) || ["authorization", "cookie"].iter().any(|end| name.ends_with(end));
            header.value = if is_secret {
                self.add_credentials(&name, &header.value);
                REDACTED.to_owned()
            } else if name == "content-type" {
                match boundary(&header.value) {
                    Some(boundary) => header.value.replace(&boundary, "boundary"),
                    None => header.value.clone(),
                }
            } else if name == "location" || is_url(&header.value) {
                self.url(&header.value, 0)
            } else {
                self.text(part, &header.value)
            };
        }
    }

    /// Remembers the secrets in a header that is one.
    fn add_credentials(&mut self, name: &str, value: &str) {
        self.secrets.add(value);
        if name.ends_with("cookie") {
            // The attributes of a cookie that is set are no secrets.
            let count = if name == "set-cookie" { 1 } else { usize::MAX };
            for (_, value) in value.split(';').take(count).filter_map(|pair| pair.split_once('=')) {
                if value.len() >= MIN_COOKIE {
                    self.secrets.add(value);
                }
            }
            return;
        }
        // `Bearer` is not part of the secret.
        let Some((scheme, secret)) = value.trim().split_once(' ') else { return };
        let secret = secret.trim();
        self.secrets.add(secret);
        if scheme.eq_ignore_ascii_case("basic") {
            let decoded = STANDARD.decode(secret).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            if let Some((_, password)) = decoded.as_deref().and_then(|text| text.split_once(':')) {
                self.secrets.add(password);
                self.secrets.add(&decode(password));
            }
        }
    }

    /// The body that is kept in base64 because it is not text: what of it is text is scrubbed as such.
    fn encoded_body(&mut self, part: Part, mime_type: &str, body: &str) -> String {
        let Ok(bytes) = STANDARD.decode(body) else { return body.to_owned() };
        let scrubbed = self.body(part, mime_type, &as_text(&bytes));
        let mut kept = Vec::with_capacity(bytes.len());
        as_bytes(&scrubbed, &mut kept);
        STANDARD.encode(kept)
    }

    pub(super) fn body(&mut self, part: Part, mime_type: &str, text: &str) -> String {
        let mime_type = mime_type.trim().to_ascii_lowercase();
        if mime_type.starts_with("application/x-www-form-urlencoded") {
            return self.form(text, 0);
        }
        if mime_type.starts_with("multipart/") && mime_type.contains("boundary=") {
            return self.multipart(part, text);
        }
        self.content(part, text)
    }

    /// The parts of a form with files. One of a secret name is a secret.
    fn multipart(&mut self, part: Part, text: &str) -> String {
        // The delimiter is the first line.
        let delimiter = text.lines().find(|line| line.starts_with("--")).unwrap_or_default().trim_end();
        if delimiter.len() < 3 {
            return self.content(part, text);
        }
        let parts = text.split(delimiter).map(|field| {
            let Some((head, content)) = field.split_once("\r\n\r\n") else {
                return self.content(part, field);
            };
            let (content, end) =
                content.strip_suffix("\r\n").map_or((content, ""), |content| (content, "\r\n"));
            let content = if part_name(head).is_some_and(|name: String| is_secret(part, &name)) {
                self.secrets.add(content);
                REDACTED.to_owned()
            } else {
                self.content(part, content)
            };
            format!("{}\r\n\r\n{content}{end}", self.text(part, head))
        });
        parts.collect::<Vec<_>>().join(delimiter)
    }

    fn content(&mut self, part: Part, text: &str) -> String {
        if let Some(json) = self.json(part, text, Hidden::No, 0) {
            return json;
        }
        // Lines of JSON, as in exports.
        let is_json = |line: &str| serde_json::from_str::<&RawValue>(line.trim()).is_ok();
        if !text.lines().next().is_some_and(is_json) {
            return self.text(part, text);
        }
        let lines = text.split('\n').map(|line| match self.json(part, line, Hidden::No, 0) {
            Some(json) => format!("{json}{}", if line.ends_with('\r') { "\r" } else { "" }),
            None => self.text(part, line),
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
                // In lists of headers and parameters, the name stands beside the value.
                let name = object.get::<String>("name").ok().flatten();
                let is_pair = name.is_some_and(|name| is_secret_value(Part::Request, &name, "\""));
                let mut scrubbed = JsonObject::new();
                for (key, value) in object.iter() {
                    let is_value = is_pair && key == "value";
                    let hidden = if is_value { Hidden::Secret } else { hidden.below(part, key, value) };
                    let value = self.json(part, value, hidden, depth + 1)?;
                    let key = if key.len() >= 16 { self.text(part, key) } else { key.to_owned() };
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
                    let scrubbed = self.string(part, &text, hidden, depth + 1);
                    if scrubbed == text { raw.to_owned() } else { serde_json::to_string(&scrubbed).ok()? }
                }
                // A lone surrogate.
                Err(_) if hidden == Hidden::Secret => format!("\"{REDACTED}\""),
                Err(_) => self.text(part, raw),
            },
            b'0'..=b'9' | b'-' if hidden == Hidden::Secret => {
                self.secrets.add(raw);
                "0".to_owned()
            }
            _ => raw.to_owned(),
        })
    }

    pub(super) fn string(&mut self, part: Part, text: &str, hidden: Hidden, depth: usize) -> String {
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
            _ if is_url(text) => self.url(text, 0),
            // JSON within a string, as in logs.
            _ if text.trim_start().starts_with(['{', '[']) => {
                let scrubbed = self.json(part, text, Hidden::No, depth);
                let is_changed = scrubbed.as_ref().is_some_and(|json| json != text.trim());
                scrubbed.filter(|_| is_changed).unwrap_or_else(|| self.text(part, text))
            }
            _ => self.text(part, text),
        }
    }

    pub(super) fn in_url(&mut self, text: &str) -> String {
        let text = self.without_assigned(Part::Request, text, REDACTED_IN_URL);
        self.replace(&text, REDACTED_IN_URL)
    }

    pub(super) fn text(&mut self, part: Part, text: &str) -> String {
        let text = self.without_assigned(part, text, REDACTED);
        self.replace(&text, REDACTED)
    }

    /// The text without the values of secret names in it.
    fn without_assigned(&mut self, part: Part, text: &str, replacement: &str) -> String {
        let mut kept = String::with_capacity(text.len());
        let mut from = 0;
        for value in secret_values(part, text) {
            kept.push_str(text.get(from..value.start).unwrap_or_default());
            kept.push_str(replacement);
            let secret = text.get(value.clone()).unwrap_or_default();
            self.secrets.add(secret);
            self.secrets.add(&decode(secret));
            if let Some(secret) = unquote(&format!("\"{secret}\"")) {
                self.secrets.add(&secret);
            }
            from = value.end;
        }
        kept.push_str(text.get(from..).unwrap_or_default());
        kept
    }

    /// The text without known secrets, JWTs, credentials of headers and, by choice, e-mail addresses.
    fn replace(&self, text: &str, replacement: &str) -> String {
        let text = without_jwts(&replace_secrets(text, &self.secrets.0, replacement), replacement);
        let text = without_credentials(&text, replacement);
        if self.scrub == Scrub::SecretsAndPersonalData { without_addresses(&text) } else { text }
    }
}

/// Why the value of a key is replaced.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Hidden {
    No,
    Personal,
    Secret,
}

impl Hidden {
    /// That of the value of a key in an object.
    fn below(self, part: Part, key: &str, value: &str) -> Self {
        if self == Self::Secret || is_secret_value(part, key, value) {
            Self::Secret
        } else if is_personal(&letters(key)) {
            Self::Personal
        } else {
            Self::No
        }
    }
}
