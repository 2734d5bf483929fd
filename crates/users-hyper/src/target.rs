//! The server of a request, by which connections are kept.

use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderValue, Uri, uri};
use std::cmp::Ordering;
use std::fmt;
use std::net::IpAddr;

/// Scheme, host and port of a URI. Errors show it as `host:port`.
#[derive(Clone)]
pub(crate) struct Target {
    authority: Option<Authority>,
    is_http: bool,
}

impl Target {
    /// The target of a URI.
    pub(crate) fn new(uri: &Uri) -> Self {
        Self { authority: uri.authority().cloned(), is_http: uri.scheme() == Some(&Scheme::HTTP) }
    }

    /// Takes the target out of a URI, which keeps its path and query.
    pub(crate) fn split_from(uri: &mut Uri) -> Self {
        let parts = std::mem::take(uri).into_parts();
        *uri = Uri::from(parts.path_and_query.unwrap_or_else(|| PathAndQuery::from_static("/")));
        Self { is_http: parts.scheme == Some(Scheme::HTTP), authority: parts.authority }
    }

    /// The URI of this path and query at the target.
    pub(crate) fn uri(&self, path_and_query: Option<PathAndQuery>) -> Uri {
        let mut parts = uri::Parts::default();
        parts.scheme = Some(if self.is_http { Scheme::HTTP } else { Scheme::HTTPS });
        parts.authority.clone_from(&self.authority);
        parts.path_and_query = Some(path_and_query.unwrap_or_else(|| PathAndQuery::from_static("/")));
        // Fails only without an authority, which no connection is opened to.
        Uri::from_parts(parts).unwrap_or_default()
    }

    /// The value of the `Host` header: without user name and password, and without the scheme's own port.
    pub(crate) fn host_header(&self) -> HeaderValue {
        let (host, port) = self.host_and_port();
        let value = match port {
            Some(port) if port != self.default_port() => HeaderValue::try_from(format!("{host}:{port}")),
            _ => HeaderValue::from_str(host),
        };
        // An authority holds only characters that a header may.
        value.unwrap_or_else(|_| HeaderValue::from_static(""))
    }

    fn host_and_port(&self) -> (&str, Option<u16>) {
        self.authority.as_ref().map_or(("", None), |authority| (authority.host(), authority.port_u16()))
    }

    fn default_port(&self) -> u16 {
        if self.is_http { 80 } else { 443 }
    }

    fn authority(&self) -> &str {
        self.authority.as_ref().map_or("", Authority::as_str)
    }
}

impl Ord for Target {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.authority(), self.is_http).cmp(&(other.authority(), other.is_http))
    }
}

impl PartialOrd for Target {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Target {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Target {}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (host, port) = self.host_and_port();
        write!(f, "{host}:{}", port.unwrap_or(self.default_port()))
    }
}

/// Whether a URI's host is this machine: `127.0.0.0/8`, `::1` or `localhost`.
pub(crate) fn is_loopback(host: &str) -> bool {
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    // The usual address is compared, since parsing it takes longer than the rest of the checks.
    let is_usual = host == "127.0.0.1" || host.eq_ignore_ascii_case("localhost");
    is_usual || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_loopback() {
        for (uri, loopback) in [
            ("http://localhost/", true),
            ("http://LOCALHOST:8080/", true),
            ("http://127.0.0.1/", true),
            ("http://127.9.8.7:1/", true),
            ("http://[::1]:80/", true),
            ("http://localhost.example/", false),
            ("http://localhost@tenant.example/", false),
            ("http://127.0.0.1.example/", false),
            ("http://10.0.0.1/", false),
            ("http://[::2]/", false),
        ] {
            assert_eq!(is_loopback(Uri::from_static(uri).host().unwrap()), loopback, "{uri}");
        }
    }

    #[test]
    fn errors_and_the_host_header_show_host_and_port_only() {
        for (uri, shown, host) in [
            ("https://tenant.example/api/v2/users?q=secret", "tenant.example:443", "tenant.example"),
            ("https://tenant.example:443/", "tenant.example:443", "tenant.example"),
            ("http://tenant.example:443/", "tenant.example:443", "tenant.example:443"),
            ("http://user:password@[::1]/", "[::1]:80", "[::1]"),
            ("http://127.0.0.1:8080", "127.0.0.1:8080", "127.0.0.1:8080"),
        ] {
            let target = Target::new(&Uri::from_static(uri));
            assert_eq!(target.to_string(), shown);
            assert_eq!(target.host_header(), host, "{uri}");
        }
    }

    #[test]
    fn a_uri_is_split_into_its_target_and_its_origin_form_and_joined_again() {
        for (uri, origin, joined) in [
            ("https://tenant.example/a?b=c", "/a?b=c", "https://tenant.example/a?b=c"),
            ("http://127.0.0.1:8080", "/", "http://127.0.0.1:8080/"),
        ] {
            let mut rest = Uri::from_static(uri);
            let target = Target::split_from(&mut rest);
            assert_eq!(rest, origin);
            assert_eq!(target.uri(rest.path_and_query().cloned()), joined);
        }
    }
}
