//! Cross-origin requests: pages of applications call the Authentication API.

use crate::tenant::wire::answer::Answer;
use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

/// The paths below which pages of applications call the tenant. The Management API and the tenant's own pages are not for them.
const FOR_PAGES: &[&str] =
    &["/.well-known/", "/dbconnections/", "/mfa/", "/oauth/", "/passwordless/", "/userinfo"];

/// Whether pages of applications may call a path.
pub(crate) fn is_for_pages(path: &str) -> bool {
    FOR_PAGES.iter().any(|prefix| path.starts_with(prefix))
}

/// The origin that a request states.
pub(crate) fn origin(headers: &HeaderMap) -> Option<&str> {
    headers.get(ORIGIN)?.to_str().ok()
}

/// Whether a browser asks if it may send a request.
pub(crate) fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// The answer to a browser that asks if it may send a request.
pub(crate) fn preflight(origin: &str) -> Answer {
    let mut answer = Answer::new(Bytes::new());
    *answer.status_mut() = StatusCode::NO_CONTENT;
    allow(&mut answer, origin);
    let headers = answer.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST, DELETE, OPTIONS"));
    let names = HeaderValue::from_static("authorization, content-type, auth0-client, dpop");
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, names);
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("7200"));
    answer
}

/// Lets pages of an origin read an answer.
pub(crate) fn allow(answer: &mut Answer, origin: &str) {
    let Ok(origin) = HeaderValue::from_str(origin) else { return };
    let headers = answer.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    let exposed = "x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset";
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(exposed));
    headers.append(VARY, HeaderValue::from_static("origin"));
}
