//! Who may send requests. Any website that a person visits can send requests to this machine, so an address of loopback is no protection.
//!
//! The checks are made in this order, and the first that fails answers the request:
//!
//! 1. The host that the request names is one of this machine. A website whose name is made to point here (DNS rebinding) sends its own.
//! 2. A request for the page or the control API does not come from another website.
//! 3. One that may change something has a content type or a header that a website cannot send without being asked for it (CORS), and no
//!    response here grants that.
//! 4. It has the key, if there is one. A browser in which the key was entered has a cookie instead, which opens the page, and the control
//!    API for requests with the header [`CONTROL`], which the script of the page sends.

use crate::key::Key;
use crate::problem::Problem;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, ORIGIN};
use http::request::Parts;
use http::uri::{Authority, Uri};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use std::net::{Ipv4Addr, Ipv6Addr};

/// The header with which a request without a JSON body may change something.
pub(crate) const CONTROL: &str = "x-tenant-control";

/// The header of the key.
pub(crate) const KEY: &str = "x-tenant-key";

/// Who may send requests.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guard {
    /// Names of hosts beside those of loopback, in small letters.
    pub(crate) allowed_hosts: Vec<String>,
    /// The key that the control API requires.
    pub(crate) key: Option<Key>,
}

/// The path to which the form of the key is posted.
pub(crate) const KEY_FORM: &str = "/_tenant/page/key";

/// The path to which the form that removes the cookie is posted.
pub(crate) const LEAVE_FORM: &str = "/_tenant/page/leave";

/// The style of the page, which the form of the key needs too.
pub(crate) const STYLE: &str = "/_tenant/page/page.css";

impl Guard {
    /// Checks the host of a request, for every endpoint.
    pub(crate) fn check_host(&self, parts: &Parts) -> Result<(), Problem> {
        let headers: Vec<&HeaderValue> = parts.headers.get_all(HOST).iter().collect();
        let in_target = parts.uri.authority();
        if let ([], None) = (headers.as_slice(), in_target) {
            return Err(Problem::forbidden("The request has no Host header, so it is not answered."));
        }
        let of_headers = headers.iter().map(|value| value.to_str().unwrap_or_default());
        for authority in of_headers.chain(in_target.map(Authority::as_str)) {
            self.check_authority(authority)?;
        }
        Ok(())
    }

    fn check_authority(&self, text: &str) -> Result<(), Problem> {
        let is_whole = |authority: &Authority| {
            let has_port = authority.as_str().len() > authority.host().len();
            !authority.as_str().contains('@') && (!has_port || authority.port_u16().is_some())
        };
        let host = text.parse::<Authority>().ok().filter(is_whole);
        let host = host.map(|authority| authority.host().to_ascii_lowercase());
        if host.as_ref().is_some_and(|host| is_loopback(host) || self.allowed_hosts.contains(host)) {
            return Ok(());
        }
        let name = host.unwrap_or_else(|| "NAME".to_owned());
        Err(Problem::forbidden(format!(
            "The host {text:?} is not this machine. If it is, start users-tenant with --allowed-host {name}."
        )))
    }

    /// Checks that a request for the page or the control API has the key, if there is one. `port` is that of the server.
    pub(crate) fn check_key(&self, parts: &Parts, port: u16) -> Result<(), Problem> {
        let Some(key) = &self.key else { return Ok(()) };
        let (path, headers) = (parts.uri.path(), &parts.headers);
        if path == STYLE || is_form(parts) {
            return Ok(());
        }
        let bearer = headers.get(AUTHORIZATION).and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
        let given = headers.get(KEY).map(HeaderValue::as_bytes);
        let has_key = [bearer, given].into_iter().flatten().any(|given| key.is(given));
        let is_of_page = is_page(path) || headers.contains_key(CONTROL);
        if has_key || (is_of_page && key.is_in_cookies(headers, port)) {
            return Ok(());
        }
        let message = format!(
            "The page and the control API require the key of --key, as `authorization: Bearer KEY` or `{KEY}: KEY`."
        );
        Err(Problem::new(StatusCode::UNAUTHORIZED, message))
    }
}

/// Checks that a request for the page or the control API, whose path is one of [`is_own`], is no other website's.
pub(crate) fn check_own(parts: &Parts) -> Result<(), Problem> {
    check_site(parts)?;
    // A browser sends forms with their origin, which was checked; one that sends none is refused below.
    if is_form(parts) && parts.headers.contains_key(ORIGIN) {
        Ok(())
    } else {
        check_change(&parts.method, &parts.headers)
    }
}

/// Whether a path is one of the page or the control API.
pub(crate) fn is_own(path: &str) -> bool {
    path == "/" || is_control(path)
}

/// Whether a request is a form that sets or removes the cookie.
fn is_form(parts: &Parts) -> bool {
    parts.method == Method::POST && [KEY_FORM, LEAVE_FORM].contains(&parts.uri.path())
}

/// Whether a path is one of the page, or of the events that it follows.
pub(crate) fn is_page(path: &str) -> bool {
    path == "/" || path == "/_tenant/events" || path.starts_with("/_tenant/page/")
}

/// Whether a path is one of the control API.
pub(crate) fn is_control(path: &str) -> bool {
    path == "/_tenant" || path.starts_with("/_tenant/")
}

/// Whether a host is this machine, by its name alone.
fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        || host
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
            .and_then(|address| address.parse::<Ipv6Addr>().ok())
            .is_some_and(|address| address.is_loopback())
}

/// Checks that the request does not come from another website. Its host was checked before.
fn check_site(parts: &Parts) -> Result<(), Problem> {
    let refused = |header: &str, value: &HeaderValue| {
        Err(Problem::forbidden(format!(
            "Another website cannot use the page or the control API ({header}: {}). Open the address itself, or use a program that is not \
             a browser.",
            value.to_str().unwrap_or_default()
        )))
    };
    let own = format!(
        "{}://{}",
        parts.uri.scheme_str().unwrap_or_default(),
        parts.uri.authority().map(Authority::as_str).unwrap_or_default()
    );
    for origin in parts.headers.get_all(ORIGIN) {
        if !origin.as_bytes().eq_ignore_ascii_case(own.as_bytes()) {
            return refused("origin", origin);
        }
    }
    for site in parts.headers.get_all(HeaderName::from_static("sec-fetch-site")) {
        if !["same-origin", "none"].contains(&site.to_str().unwrap_or_default()) {
            return refused("sec-fetch-site", site);
        }
    }
    Ok(())
}

/// Checks that the first request to a tenant, which makes it, is not part of another website's page: an image there could make so many that
/// those in use are removed. Applications of this machine are no other websites here, and a person may open an address.
pub(crate) fn check_first_use(parts: &Parts) -> Result<(), Problem> {
    let header =
        |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_opened = header("sec-fetch-mode") == "navigate" && header("sec-fetch-dest") == "document";
    let origin = header("origin").parse::<Uri>().unwrap_or_default();
    if header("sec-fetch-site") != "cross-site" || is_opened || is_loopback(origin.host().unwrap_or_default())
    {
        return Ok(());
    }
    Err(Problem::forbidden(
        "A page of another website cannot make a tenant. Open the address itself, or use the tenant by a program first.",
    ))
}

/// Checks that a request that may change something is not one that a browser sends to any address.
fn check_change(method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
    if [Method::GET, Method::HEAD, Method::OPTIONS].contains(method) || headers.contains_key(CONTROL) {
        return Ok(());
    }
    let mut kinds = headers.get_all(CONTENT_TYPE).iter().peekable();
    let is_json = |kind: &HeaderValue| {
        let essence = kind.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
        essence.eq_ignore_ascii_case("application/json")
    };
    if kinds.peek().is_some() && kinds.all(is_json) {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        format!("Send `content-type: application/json`, or `{CONTROL}: 1` if there is no body."),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(method: &str, uri: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = http::Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn status(result: Result<(), Problem>) -> u16 {
        use axum::response::IntoResponse as _;
        result.map_or_else(|problem| problem.into_response().status().as_u16(), |()| 200)
    }

    #[test]
    fn only_hosts_of_this_machine_and_those_that_are_allowed_pass() {
        let guard = Guard { allowed_hosts: vec!["auth.test".into(), "192.168.1.5".into()], key: None };
        for (host, expected) in [
            ("localhost", 200),
            ("LOCALHOST:4400", 200),
            ("shop.localhost:4400", 200),
            ("localhost:evil.com", 403),
            ("[::1]:4400", 200),
            ("127.0.0.1:4400", 200),
            ("127.9.9.9", 200),
            ("[::1]:4400", 200),
            ("auth.test:4400", 200),
            ("192.168.1.5", 200),
            ("127.evil.example", 403),
            ("127.0.0.1.evil.example", 403),
            ("localhost.evil.example", 403),
            ("evil-localhost", 403),
            ("evil.example", 403),
            ("auth.test.evil.example", 403),
            ("evil.example@localhost", 403),
            ("localhost@evil.example", 403),
            ("[::2]", 403),
            ("0.0.0.0:4400", 403),
            ("127.1", 403),
            ("2130706433", 403),
            ("localhost.", 403),
            ("", 403),
            ("local host", 403),
        ] {
            assert_eq!(
                status(guard.check_host(&parts("GET", "/x", &[("host", host)]))),
                expected,
                "{host:?}"
            );
        }
        assert_eq!(status(guard.check_host(&parts("GET", "/x", &[]))), 403, "without a host");
        let both = [("host", "localhost")];
        assert_eq!(status(guard.check_host(&parts("GET", "http://evil.example/x", &both))), 403);
        let twice = [("host", "localhost"), ("host", "evil.example")];
        assert_eq!(status(guard.check_host(&parts("GET", "/x", &twice))), 403);
        assert_eq!(status(guard.check_host(&parts("GET", "http://localhost:4400/x", &[]))), 200, "HTTP/2");
    }

    #[test]
    fn other_websites_are_refused() {
        for (headers, expected) in [
            (vec![], 200),
            (vec![("origin", "http://localhost:4400")], 200),
            (vec![("origin", "http://localhost:4400"), ("sec-fetch-site", "same-origin")], 200),
            (vec![("sec-fetch-site", "none")], 200),
            (vec![("origin", "https://localhost:4400")], 403),
            (vec![("origin", "http://localhost:3000")], 403),
            (vec![("origin", "http://shop.localhost:4400")], 403),
            (vec![("origin", "http://127.0.0.1:4400")], 403),
            (vec![("origin", "https://evil.example")], 403),
            (vec![("origin", "null")], 403),
            (vec![("origin", "")], 403),
            (vec![("origin", "http://localhost:4400"), ("origin", "https://evil.example")], 403),
            (vec![("sec-fetch-site", "cross-site")], 403),
            (vec![("sec-fetch-site", "same-site")], 403),
        ] {
            for path in ["/", "/_tenant", "/_tenant/events"] {
                let parts = parts("GET", &format!("http://localhost:4400{path}"), &headers);
                assert_eq!(status(check_own(&parts)), expected, "{path} {headers:?}");
            }
        }
    }

    #[test]
    fn a_change_needs_json_or_the_header() {
        for (headers, expected) in [
            (vec![("content-type", "application/json")], 200),
            (vec![("content-type", "Application/JSON; charset=utf-8")], 200),
            (vec![("x-tenant-control", "1")], 200),
            (vec![], 415),
            (vec![("content-type", "text/plain; application/json")], 415),
            (vec![("content-type", "text/plain"), ("content-type", "application/json")], 415),
            (vec![("content-type", "application/x-www-form-urlencoded")], 415),
            (vec![("content-type", "application/jsonp")], 415),
        ] {
            for method in ["POST", "PUT", "DELETE", "PATCH", "BREW"] {
                let parts = parts(method, "http://localhost/_tenant/reset", &headers);
                assert_eq!(status(check_own(&parts)), expected, "{method} {headers:?}");
            }
        }
    }

    #[test]
    fn a_page_of_another_website_makes_no_tenant() {
        let cross = ("sec-fetch-site", "cross-site");
        for (headers, is_allowed) in [
            (vec![], true),
            (vec![("sec-fetch-site", "same-site"), ("origin", "http://localhost:3000")], true),
            (vec![cross, ("origin", "http://localhost:3000"), ("sec-fetch-mode", "cors")], true),
            (vec![cross, ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")], true),
            (vec![cross, ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")], false),
            (vec![cross, ("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")], false),
            (vec![cross, ("origin", "https://evil.example"), ("sec-fetch-mode", "cors")], false),
            (vec![cross, ("origin", "http://localhost.evil.example"), ("sec-fetch-mode", "cors")], false),
        ] {
            let checked = check_first_use(&parts("GET", "http://localhost/t/new/users", &headers));
            assert_eq!(checked.is_ok(), is_allowed, "{headers:?}");
        }
    }

    #[test]
    fn a_form_of_the_page_needs_its_own_origin() {
        let form = ("content-type", "application/x-www-form-urlencoded");
        for (headers, expected) in [
            (vec![form, ("origin", "http://localhost")], 200),
            (vec![form, ("origin", "http://localhost"), ("sec-fetch-site", "same-origin")], 200),
            (vec![form], 415),
            (vec![form, ("origin", "null")], 403),
            (vec![form, ("origin", "https://evil.example")], 403),
            (vec![form, ("origin", "http://localhost"), ("sec-fetch-site", "cross-site")], 403),
        ] {
            for path in [KEY_FORM, LEAVE_FORM] {
                let parts = parts("POST", &format!("http://localhost{path}"), &headers);
                assert_eq!(status(check_own(&parts)), expected, "{path} {headers:?}");
            }
        }
        let elsewhere =
            parts("POST", "http://localhost/_tenant/reset", &[form, ("origin", "http://localhost")]);
        assert_eq!(status(check_own(&elsewhere)), 415);
    }

    #[test]
    fn the_page_requires_the_key_or_the_cookie_and_the_control_api_the_key() {
        let key = Key::new("k3y".into());
        let cookie = key.cookie(4400);
        let guard = Guard { key: Some(key), ..Guard::default() };
        let of_browser = ("cookie", cookie.as_str());
        // The headers, and the statuses of the page and of the control API.
        for (headers, page, control) in [
            (vec![("authorization", "Bearer k3y")], 200, 200),
            (vec![("x-tenant-key", "k3y")], 200, 200),
            (vec![("authorization", "Bearer other"), ("x-tenant-key", "k3y")], 200, 200),
            (vec![], 401, 401),
            (vec![("authorization", "k3y")], 401, 401),
            (vec![("x-tenant-key", "k3")], 401, 401),
            (vec![("x-tenant-key", "k3y ")], 401, 401),
            (vec![of_browser], 200, 401),
            (vec![of_browser, ("content-type", "application/json")], 200, 401),
            (vec![of_browser, ("x-tenant-control", "1")], 200, 200),
            (vec![("cookie", "users-tenant-4400=k3y"), ("x-tenant-control", "1")], 401, 401),
            (vec![("x-tenant-control", "1")], 401, 401),
        ] {
            for (path, expected) in [
                ("/", page),
                ("/_tenant/page/inbox", page),
                ("/_tenant/events", page),
                (LEAVE_FORM, page),
                ("/_tenant", control),
                ("/_tenant/reset", control),
                ("/_tenant/pages", control),
                (STYLE, 200),
            ] {
                let parts = parts("GET", &format!("http://localhost{path}"), &headers);
                assert_eq!(status(guard.check_key(&parts, 4400)), expected, "{path} {headers:?}");
            }
        }
    }
}
