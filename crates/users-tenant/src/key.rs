//! The key of a server, and the cookie that a browser has instead of it.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use std::fmt;

/// What the cookie is derived from, beside the key.
const PURPOSE: &[u8] = b"users-tenant: the page in a browser";

/// The key that the control API requires.
#[derive(Clone)]
pub(crate) struct Key {
    text: String,
    /// The value of the cookie, from which the key cannot be found.
    cookie: String,
}

impl Key {
    pub(crate) fn new(text: String) -> Self {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, text.as_bytes()), PURPOSE);
        let digits = tag.as_ref().iter().flat_map(|byte| [byte >> 4, byte & 15]);
        let cookie = digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect();
        Self { text, cookie }
    }

    /// Whether this is the key. The time that it takes does not depend on the first byte that differs.
    pub(crate) fn is(&self, given: &[u8]) -> bool {
        verify_slices_are_equal(given, self.text.as_bytes()).is_ok()
    }

    /// The cookie of a browser whose user has entered the key. Its name has the port, because browsers send cookies to every port.
    pub(crate) fn cookie(&self, port: u16) -> String {
        format!("{}={}", name(port), self.cookie)
    }

    /// Whether a request has the cookie.
    pub(crate) fn is_in_cookies(&self, headers: &HeaderMap, port: u16) -> bool {
        let name = name(port);
        let headers = headers.get_all(COOKIE).iter().filter_map(|header| header.to_str().ok());
        let mut cookies =
            headers.flat_map(|header| header.split(';')).filter_map(|cookie| cookie.trim().split_once('='));
        cookies.any(|(given, value)| {
            given == name && verify_slices_are_equal(value.as_bytes(), self.cookie.as_bytes()).is_ok()
        })
    }
}

/// Without the key.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

/// The name of the cookie.
pub(crate) fn name(port: u16) -> String {
    format!("users-tenant-{port}")
}

/// The header that sets or, with an age of 0, removes a cookie.
pub(crate) fn set_cookie(cookie: &str, is_secure: bool, max_age: Option<u32>) -> Option<HeaderValue> {
    let secure = if is_secure { "; Secure" } else { "" };
    let age = max_age.map(|age| format!("; Max-Age={age}")).unwrap_or_default();
    HeaderValue::from_str(&format!("{cookie}; Path=/; HttpOnly; SameSite=Strict{secure}{age}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_not_the_key_and_belongs_to_one_key_and_one_port() {
        let key = Key::new("k3y".into());
        let cookie = key.cookie(4400);
        assert!(!cookie.contains("k3y") && !format!("{key:?}").contains("k3y"), "{cookie}");
        let other = Key::new("other".into()).cookie(4400);
        for (header, expected) in [
            (cookie.clone(), true),
            (format!("a=b; {cookie};c=d"), true),
            (format!("{other}; {cookie}"), true),
            (other, false),
            (key.cookie(4401), false),
            ("users-tenant-4400=k3y".into(), false),
            ("users-tenant-4400=".into(), false),
            ("users-tenant-4400".into(), false),
            (String::new(), false),
        ] {
            let headers = HeaderMap::from_iter([(COOKIE, HeaderValue::from_str(&header).unwrap())]);
            assert_eq!(key.is_in_cookies(&headers, 4400), expected, "{header}");
        }
        assert!(!key.is_in_cookies(&HeaderMap::new(), 4400));
    }
}
