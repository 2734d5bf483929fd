//! Replacing personal data, such that equal values remain equal.

use crate::cassette::names::letters;
use md5::{Digest as _, Md5};
use percent_encoding::percent_decode_str;
use std::fmt::Write as _;

/// The names of personal data, without case and punctuation.
const PERSONAL: &[&str] = &[
    "email",
    "phonenumber",
    "name",
    "givenname",
    "familyname",
    "nickname",
    "username",
    "picture",
    "lastip",
    "ip",
    "clientip",
    "initialip",
    "useragent",
];

/// Whether the value of a key is personal data, by its name without case and punctuation.
pub(crate) fn is_personal(name: &str) -> bool {
    PERSONAL.contains(&name)
}

/// Replaces everything that has the form of an e-mail address, plain or percent-encoded.
pub(crate) fn without_addresses(text: &str) -> String {
    let is_part = |character: char| character.is_alphanumeric() || "._-+".contains(character);
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((at, width)) = next_at(rest) {
        let (before, after) =
            (rest.get(..at).unwrap_or_default(), rest.get(at + width..).unwrap_or_default());
        let local = before.rfind(|character| !is_part(character)).map_or(0, |last| {
            last + before.get(last..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
        });
        let end = after.find(|character| !is_part(character)).unwrap_or(after.len());
        let (name, domain) = (before.get(local..).unwrap_or_default(), after.get(..end).unwrap_or_default());
        kept.push_str(before.get(..local).unwrap_or_default());
        let separator = rest.get(at..at + width).unwrap_or_default();
        if name.is_empty() || !domain.contains('.') || domain == "example.com" && name.starts_with("person-")
        {
            kept.push_str(name);
            kept.push_str(separator);
            kept.push_str(domain);
        } else {
            let address = pseudonym(&format!("{}@{domain}", percent_decode_str(name).decode_utf8_lossy()));
            kept.push_str(&address.replace('@', separator));
        }
        rest = after.get(end..).unwrap_or_default();
    }
    kept.push_str(rest);
    kept
}

/// A search without the values of personal attributes, as in `name:"Ada Lovelace"`.
pub(super) fn without_searched(query: &str) -> String {
    let (mut kept, mut rest) = (String::with_capacity(query.len()), query);
    while let Some((before, after)) = rest.split_once(':') {
        let name: String =
            before.chars().rev().take_while(|c| c.is_alphanumeric() || "_.".contains(*c)).collect();
        let name: String = name.chars().rev().collect();
        kept.push_str(before);
        kept.push(':');
        rest = after;
        if !is_personal(&letters(name.rsplit('.').next().unwrap_or_default())) {
            continue;
        }
        let (mark, value) = match rest.strip_prefix('"') {
            Some(quoted) => ("\"", quoted.split('"').next().unwrap_or_default()),
            None => ("", rest.split([' ', ')']).next().unwrap_or_default()),
        };
        // Ranges and alternatives are kept, but for the addresses in them.
        if value.starts_with(['[', '{', '(', '*']) {
            continue;
        }
        kept.push_str(mark);
        kept.push_str(&pseudonym(value));
        rest = rest.get(mark.len() + value.len()..).unwrap_or_default();
    }
    kept.push_str(rest);
    kept
}

/// The place and length of the next `@`, plain or percent-encoded.
fn next_at(text: &str) -> Option<(usize, usize)> {
    let plain = text.find('@').map(|at| (at, 1));
    let encoded = text.find("%40").map(|at| (at, 3));
    plain.into_iter().chain(encoded).min()
}

/// A value that replaces personal data: the same for the same value.
pub(crate) fn pseudonym(text: &str) -> String {
    if text.starts_with("person-") || text.starts_with("https://example.com/person-") || text.is_empty() {
        return text.to_owned();
    }
    let digest = Md5::digest(text.to_lowercase()).iter().take(6).fold(String::new(), |mut digest, byte| {
        let _ = write!(digest, "{byte:02x}");
        digest
    });
    match text {
        address if address.contains('@') => format!("person-{digest}@example.com"),
        url if url.contains("://") => format!("https://example.com/person-{digest}"),
        _ => format!("person-{digest}"),
    }
}
