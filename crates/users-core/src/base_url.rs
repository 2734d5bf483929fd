//! The base URL of a client.

use crate::error::Error;
use bytes::Bytes;
use http::Uri;
use http::uri::{Authority, Parts, PathAndQuery, Scheme};
use std::fmt;

/// A scheme, an authority and a path prefix: `https://tenant.eu.auth0.com/api/v2`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    scheme: Scheme,
    authority: Authority,
    path: String,
}

impl BaseUrl {
    /// Parses a base URL. `https://` is added if there is no scheme; the host's case and a trailing `/` are ignored.
    ///
    /// # Errors
    ///
    /// An error of kind [`Configuration`](crate::ErrorKind::Configuration) if the URL is not valid or contains more than scheme,
    /// host, port and a plain path: a user name, a query, a fragment, an empty segment or a dot segment.
    pub fn parse(url: &str) -> Result<Self, Error> {
        let url = url.trim();
        let refuse = |why: &str| {
            Err(Error::configuration(format!("{:?} is not a base URL: {why}", without_user(url))))
        };
        if url.is_empty() {
            return refuse("it is empty");
        }
        let with_scheme = if url.contains("://") { url.to_owned() } else { format!("https://{url}") };
        let Ok(uri) = with_scheme.parse::<Uri>() else {
            return refuse("it is not a URL of ASCII characters");
        };
        let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
            return refuse("it has no host");
        };
        if *scheme != Scheme::HTTP && *scheme != Scheme::HTTPS {
            return refuse("its scheme is neither https nor http");
        }
        if authority.as_str().contains('@') {
            return refuse("it contains a user name or password");
        }
        if !is_host(authority.host()) {
            return refuse("its host is neither a DNS name nor an IP address");
        }
        let port = authority.as_str().strip_prefix(authority.host()).unwrap_or_default();
        if !port.is_empty() && port.strip_prefix(':').is_none_or(|port| !is_port(port)) {
            return refuse("its port is not a number from 1 to 65535");
        }
        let is_default_port =
            (*scheme == Scheme::HTTPS && port == ":443") || (*scheme == Scheme::HTTP && port == ":80");
        if uri.query().is_some() || url.contains('#') {
            return refuse("it contains a query or fragment");
        }
        let path = uri.path().trim_end_matches('/');
        if path.split('/').skip(1).any(|segment| matches!(segment, "" | "." | "..")) {
            return refuse("its path has an empty segment or a dot segment");
        }
        // Some servers interpret other characters, such as `\` and `;`.
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~' | '/');
        if !path.chars().all(is_plain) {
            return refuse("its path contains characters other than letters, digits and -._~");
        }
        let authority = if is_default_port { authority.host() } else { authority.as_str() };
        let Ok(authority) = authority.to_ascii_lowercase().parse() else {
            return refuse("its host is not valid");
        };
        Ok(Self { scheme: scheme.clone(), authority, path: path.to_owned() })
    }

    /// Parses a tenant's domain, which has no path. `https://` before it and `/` after it are accepted.
    pub(crate) fn from_domain(domain: &str) -> Result<Self, Error> {
        let url = Self::parse(domain)?;
        if url.path.is_empty() {
            Ok(url)
        } else {
            Err(Error::configuration(format!(
                "{domain:?} is not a domain: it has a path; set base_url instead"
            )))
        }
    }

    /// Returns the host, and the port if it is not the scheme's default.
    pub fn authority(&self) -> &str {
        self.authority.as_str()
    }

    /// The host alone.
    pub(crate) fn host(&self) -> &str {
        self.authority.host()
    }

    /// The port, or the scheme's default.
    #[cfg(feature = "tracing")]
    pub(crate) fn port(&self) -> u16 {
        self.authority.port_u16().unwrap_or(if self.is_plain_http() { 80 } else { 443 })
    }

    /// Returns the path that precedes every request's path, without a trailing `/`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns whether the scheme is `http`: requests are not encrypted.
    pub fn is_plain_http(&self) -> bool {
        self.scheme == Scheme::HTTP
    }

    /// Returns whether the host is this machine: `localhost`, `127.0.0.0/8` or `[::1]`.
    pub fn is_loopback(&self) -> bool {
        let host = self.host();
        host == "localhost"
            || host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
            || host
                .trim_matches(['[', ']'])
                .parse::<std::net::Ipv6Addr>()
                .is_ok_and(|address| address.is_loopback())
    }

    /// The same authority with another path prefix.
    pub(crate) fn with_path(&self, path: &str) -> Self {
        Self { path: path.to_owned(), ..self.clone() }
    }

    /// The same URL on the host's alias for requests with a client certificate. An IP address and `localhost` have none.
    pub(crate) fn mtls_alias(&self) -> Result<Self, Error> {
        let host = self.host();
        if host == "localhost" || host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok() {
            return Ok(self.clone());
        }
        Self::parse(&format!("{}://mtls.{}{}", self.scheme, self.authority, self.path))
    }

    /// The URI of a path and query on this authority. The path begins with this URL's own.
    pub(crate) fn uri(&self, path_and_query: String) -> Result<Uri, Error> {
        let invalid = |error: &dyn fmt::Display| Error::invalid(format!("the URL is not valid: {error}"));
        let mut parts = Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        let path_and_query = PathAndQuery::from_maybe_shared(Bytes::from(path_and_query));
        parts.path_and_query = Some(path_and_query.map_err(|error| invalid(&error))?);
        Uri::from_parts(parts).map_err(|error| invalid(&error))
    }

    pub(crate) fn is_authority_of(&self, uri: &Uri) -> bool {
        let is_same = |authority: &Authority| {
            // Almost always equal in case too.
            authority.as_str() == self.authority.as_str() || *authority == self.authority
        };
        uri.scheme() == Some(&self.scheme) && uri.authority().is_some_and(is_same)
    }
}

/// Whether a port is a number in its usual form, from 1 to 65535.
fn is_port(port: &str) -> bool {
    !port.starts_with(['0', '+']) && port.parse::<u16>().is_ok()
}

/// Whether a host is a DNS name, an IPv4 address or an IPv6 address in brackets.
fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[') {
        return address
            .strip_suffix(']')
            .is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok());
    }
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    host.len() <= 253 && host.split('.').all(is_label)
}

/// The part of an invalid URL that may be shown: without a password before an `@`, a query and a fragment.
fn without_user(url: &str) -> &str {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    url.rsplit_once('@').map_or(url, |(_, rest)| rest)
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme, self.authority, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_may_have_a_scheme_and_any_case() {
        for (domain, url) in [
            ("tenant.eu.auth0.com", "https://tenant.eu.auth0.com"),
            (" https://Tenant.EU.auth0.com/ ", "https://tenant.eu.auth0.com"),
            ("HTTPS://tenant.auth0.com//", "https://tenant.auth0.com"),
            ("http://127.0.0.1:4000", "http://127.0.0.1:4000"),
            ("https://tenant.auth0.com:443", "https://tenant.auth0.com"),
            ("https://tenant.auth0.com:8443", "https://tenant.auth0.com:8443"),
        ] {
            assert_eq!(BaseUrl::from_domain(domain).unwrap().to_string(), url, "{domain:?}");
        }
    }

    #[test]
    fn an_invalid_base_url_is_refused_without_showing_a_password() {
        for url in [
            "",
            "   ",
            "https://",
            "ftp://tenant.auth0.com",
            "https://ada:hunter2@tenant.auth0.com",
            "https://tenant.auth0.com/api?x=1",
            "https://tenant.auth0.com/api/../v2",
            "https://tenant.auth0.com/api//v2",
            "https://ten ant",
            "https://tänant.example",
            "https:tenant.auth0.com",
            "https:/tenant.auth0.com",
            "tenant.auth0.com:hunter2",
            "tenant.auth0.com:99999",
            "tenant.auth0.com:",
            "http://[::1]tenant.example",
            "https://*",
            "https://..",
            "https://a,b",
            "https://tenant.auth0.com/%2e%2e/v2",
        ] {
            let error = BaseUrl::parse(url).unwrap_err();
            assert!(!error.to_string().contains("hunter2") || !url.contains('@'), "{error}");
        }
    }

    #[test]
    fn names_have_an_alias_for_client_certificates_and_addresses_do_not() {
        for (url, alias) in [
            ("https://login.example.com", "https://mtls.login.example.com"),
            ("https://login.example.com:8443/auth", "https://mtls.login.example.com:8443/auth"),
            ("http://localhost:4000", "http://localhost:4000"),
            ("https://127.0.0.1:4000", "https://127.0.0.1:4000"),
            ("https://10.0.0.1", "https://10.0.0.1"),
            ("https://[2001:db8::1]", "https://[2001:db8::1]"),
        ] {
            assert_eq!(BaseUrl::parse(url).unwrap().mtls_alias().unwrap().to_string(), alias);
        }
        let long = format!("{}.example.com", ["a"; 120].join("."));
        let error = BaseUrl::parse(&long).unwrap().mtls_alias().unwrap_err();
        assert!(error.to_string().contains("mtls."), "{error}");
    }

    #[test]
    fn loopback_is_distinguished_from_names_that_resemble_it() {
        for (url, loopback) in [
            ("http://localhost:1", true),
            ("http://127.8.9.1", true),
            ("http://[::1]:80", true),
            ("http://127.0.0.1.example.com", false),
            ("http://localhost.example.com", false),
            ("http://10.0.0.1", false),
        ] {
            assert_eq!(BaseUrl::parse(url).unwrap().is_loopback(), loopback, "{url}");
        }
    }
}
