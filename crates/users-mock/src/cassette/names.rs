//! The names of secrets, of keys, parameters and parts of forms, and what replaces their values.

use percent_encoding::percent_decode_str;

/// Secrets shorter than this are removed under their keys only: elsewhere they would match ordinary text.
pub(super) const MIN_LENGTH: usize = 4;

/// What replaces a secret in a URL or a form, where brackets would have to be escaped.
pub(super) const REDACTED_IN_URL: &str = "redacted";

/// The ends of the names of secrets, without case and punctuation.
const SECRET_ENDS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "smtppass",
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
    "authorizationcode",
    "codeverifier",
    "linkwith",
    "hash",
    "salt",
    "apikey",
    "accesskey",
    "privatekey",
    "signingkey",
    "encryptionkey",
    "samlresponse",
    "ticket",
    "ticketid",
    "invitation",
];

/// Names of headers, which logs show as keys. Objects of these names are settings.
const SECRET_HEADERS: &[&str] = &["authorization", "proxyauthorization", "cookie", "setcookie"];

/// Names of settings, which are objects and no secrets.
const SETTINGS: &[&str] = &["refreshtoken", "token"];

/// Whether a text is part of a request or of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Request,
    Response,
}

/// Whether a key or parameter has a secret value. In responses, `code` is that of an error.
pub(super) fn is_secret(part: Part, name: &str) -> bool {
    let name = letters(&percent_decode_str(name).decode_utf8_lossy());
    // Items of a form are numbered: `token[0]`.
    let name = name.trim_end_matches(|character: char| character.is_ascii_digit());
    SECRET_ENDS.iter().any(|end| name.ends_with(end)) || (part == Part::Request && name == "code")
}

/// Whether a key has a secret value in JSON, of which the beginning is enough.
pub(super) fn is_secret_value(part: Part, key: &str, json: &str) -> bool {
    let name = letters(key);
    if json.starts_with('{') && SETTINGS.contains(&name.as_str()) {
        return false;
    }
    let items = json.strip_prefix('[').map(str::trim_start);
    let is_text = json.starts_with('"') || items.is_some_and(|items| items.starts_with('"'));
    is_secret(part, key)
        || (is_text && SECRET_HEADERS.contains(&name.as_str()))
        || (items.is_some() && is_text && name.strip_suffix('s').is_some_and(|one| is_secret(part, one)))
}

/// Whether a parameter of this name occurs in presigned URLs only.
pub(super) fn is_signature(name: &str) -> bool {
    let name = letters(name);
    name == "sig" || ["signature", "xamz", "credential", "keypairid"].iter().any(|part| name.contains(part))
}

/// A name without case and punctuation.
pub(super) fn letters(name: &str) -> String {
    name.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
