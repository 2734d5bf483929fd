//! Removing secrets from URLs and forms.

use crate::cassette::names::{Part, REDACTED_IN_URL, is_secret, is_signature, letters};
use crate::cassette::notation::{decode, encode, is_url, without_query};
use crate::cassette::personal::{is_personal, pseudonym, without_searched};
use crate::cassette::scrub::{Hidden, Scrub, Scrubber};
use users_core::is_sensitive;

/// The number of percent-encodings of a parameter that are examined.
const MAX_ENCODINGS: usize = 4;

impl Scrubber {
    pub(super) fn form(&mut self, text: &str, depth: usize) -> String {
        let pairs = text.split('&').map(|pair| match pair.split_once('=') {
            Some((name, value)) if is_secret(Part::Request, name) => {
                // A link ends with `#`.
                let (value, end) = value.strip_suffix('#').map_or((value, ""), |value| (value, "#"));
                self.secrets.add(&decode(value));
                format!("{name}={REDACTED_IN_URL}{end}")
            }
            Some((name, value)) if self.hides(name) => {
                let value = decode(value);
                let value = if name == "q" { without_searched(&value) } else { pseudonym(&value) };
                format!("{name}={}", encode(&self.text(Part::Request, &value)))
            }
            Some((name, value)) if value.contains('%') && depth < MAX_ENCODINGS => {
                let decoded = self.in_url(&decode(value));
                let scrubbed = if is_url(&decoded) {
                    self.url(&decoded, depth + 1)
                } else {
                    self.string(Part::Request, &decoded, Hidden::No, 0)
                };
                if scrubbed == decoded { self.in_url(pair) } else { format!("{name}={}", encode(&scrubbed)) }
            }
            _ => self.in_url(pair),
        });
        pairs.collect::<Vec<_>>().join("&")
    }

    /// A URL without its password and the values of secret parameters, and without any values if it is presigned.
    pub(super) fn url(&mut self, url: &str, depth: usize) -> String {
        // What follows `#` has the form of a query where a browser is given tokens.
        let (url, fragment) = match url.split_once('#') {
            Some((url, fragment)) if !fragment.is_empty() => {
                (url, format!("#{}", self.form(fragment, depth)))
            }
            _ => (url, String::new()),
        };
        let (place, query) = url.split_once('?').map_or((url, None), |(place, query)| (place, Some(query)));
        let place = self.place(place);
        let Some(query) = query else { return place + &fragment };
        let pairs = || query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        if pairs().any(|(name, _)| is_signature(name)) {
            for (_, value) in pairs().filter(|(name, _)| is_sensitive(name) || is_signature(name)) {
                self.secrets.add(&decode(value));
            }
            return without_query(&format!("{place}?{query}")) + &fragment;
        }
        format!("{place}?{}{fragment}", self.form(query, depth))
    }

    /// The part of a URL before its query, without a password.
    fn place(&mut self, place: &str) -> String {
        let Some((scheme, rest)) = place.split_once("://") else { return self.in_url(place) };
        let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        let authority =
            match authority.rsplit_once('@').and_then(|(user, host)| Some((user.split_once(':')?, host))) {
                Some(((user, password), host)) => {
                    self.secrets.add(&decode(password));
                    format!("{user}:{REDACTED_IN_URL}@{host}")
                }
                None => authority.to_owned(),
            };
        self.in_url(&format!("{scheme}://{authority}{path}"))
    }

    /// Whether a parameter has personal data that are to be replaced.
    fn hides(&self, name: &str) -> bool {
        self.scrub == Scrub::SecretsAndPersonalData && (name == "q" || is_personal(&letters(name)))
    }
}
