//! Which tenant a request is for.

use crate::name::{InvalidTenantName, TenantName};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, Uri};

/// The header that selects a tenant.
pub(crate) const HEADER: &str = "x-tenant";

/// The path below which each tenant is served.
const PREFIX: &str = "/t/";

/// The tenant of a request, and how it was selected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Selection {
    pub(crate) name: TenantName,
    /// The path below which the tenant is served: `/t/NAME` if the path selected it, otherwise empty.
    pub(crate) mount: String,
    /// Whether the host or the path selects the tenant, so that its links need no header.
    is_in_links: bool,
}

impl Selection {
    /// Finds the tenant: the first of the host `NAME.localhost`, the path `/t/NAME/…`, which is removed, and the header `x-tenant`.
    pub(crate) fn take(parts: &mut Parts) -> Result<Self, InvalidTenantName> {
        let host = parts.uri.host().unwrap_or_default().to_ascii_lowercase();
        if let Some(name) = host.strip_suffix(".localhost") {
            return Ok(Self { name: name.parse()?, mount: String::new(), is_in_links: true });
        }
        if let Some(rest) = parts.uri.path().strip_prefix(PREFIX) {
            let (name, below) = rest.split_once('/').unwrap_or((rest, ""));
            let (name, path) = (name.parse::<TenantName>()?, format!("/{below}"));
            let mount = format!("{PREFIX}{name}");
            parts.uri = with_path(&parts.uri, &path);
            return Ok(Self { name, mount, is_in_links: true });
        }
        let name = match Self::header(&parts.headers) {
            Some(name) => name.parse()?,
            None => TenantName::default(),
        };
        Ok(Self { is_in_links: name.is_default(), name, mount: String::new() })
    }

    fn header(headers: &HeaderMap) -> Option<&str> {
        // A value that is not text is no name.
        headers.get(HEADER).map(|value| value.to_str().unwrap_or_default())
    }

    /// The path below which links select the tenant.
    pub(crate) fn link_path(&self) -> String {
        if self.is_in_links { self.mount.clone() } else { format!("{PREFIX}{}", self.name) }
    }
}

/// The URI with another path, and the same query.
fn with_path(uri: &Uri, path: &str) -> Uri {
    let target = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = target.parse::<PathAndQuery>().ok();
    Uri::from_parts(parts).unwrap_or_else(|_| uri.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The name, the mount, the path below it and that of links; or the error.
    fn select(uri: &str, header: Option<&str>) -> Result<(String, String, String, String), String> {
        let mut request = http::Request::get(uri);
        if let Some(name) = header {
            request = request.header(HEADER, name);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        let selection = Selection::take(&mut parts).map_err(|error| error.to_string())?;
        let target = parts.uri.path_and_query().unwrap().to_string();
        let links = selection.link_path();
        Ok((selection.name.to_string(), selection.mount, target, links))
    }

    #[test]
    fn the_host_then_the_path_then_the_header_select_a_tenant() {
        for (uri, header, expected) in [
            ("http://127.0.0.1:4400/api?q=a", None, ("default", "", "/api?q=a", "")),
            ("http://127.0.0.1:4400/api", Some("Shop"), ("shop", "", "/api", "/t/shop")),
            (
                "http://127.0.0.1:4400/t/Shop/api?q=a%2Fb",
                None,
                ("shop", "/t/shop", "/api?q=a%2Fb", "/t/shop"),
            ),
            ("http://127.0.0.1:4400/t/shop", Some("other"), ("shop", "/t/shop", "/", "/t/shop")),
            ("http://Shop.Localhost:4400/t/other/api", Some("third"), ("shop", "", "/t/other/api", "")),
            ("http://localhost/t/shop//x", None, ("shop", "/t/shop", "//x", "/t/shop")),
            ("http://localhost/tenants", None, ("default", "", "/tenants", "")),
        ] {
            let (name, mount, target, links) = select(uri, header).unwrap();
            assert_eq!((name.as_str(), mount.as_str(), target.as_str(), links.as_str()), expected, "{uri}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused_with_what_is_one() {
        for (uri, header) in [
            ("http://a.b.localhost/api", None),
            ("http://localhost/t/a%2Fb/api", None),
            ("http://localhost/t//api", None),
            ("http://localhost/api", Some("")),
            ("http://localhost/api", Some("a_b")),
        ] {
            let error = select(uri, header).unwrap_err();
            assert!(error.contains("letters a to z, digits and hyphens"), "{uri}: {error}");
        }
    }
}
