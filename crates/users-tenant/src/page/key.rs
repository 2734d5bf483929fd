//! The form that asks for the key of a server. It works without a script.

use crate::context::Application;
use crate::guard::KEY_FORM;
use crate::key::{name, set_cookie};
use crate::page::frame::{Frame, rendered};
use crate::problem::Problem;
use crate::selection::Selection;
use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::response::{IntoResponse as _, Redirect, Response};
use http::header::{ACCEPT, SET_COOKIE};
use http::request::Parts;
use http::uri::{PathAndQuery, Scheme};
use http::{Method, StatusCode};
use serde::Deserialize;

#[derive(Template)]
#[template(path = "page/key.html")]
struct Ask<'a> {
    mount: &'a str,
    form: &'static str,
    /// Where to go with the key.
    next: &'a str,
    is_wrong: bool,
}

#[derive(Deserialize)]
pub(super) struct Entered {
    #[serde(default)]
    key: String,
    #[serde(default)]
    next: String,
}

/// The form, for a browser that opens the page without the key; `None` for other requests.
pub(crate) fn ask(parts: &Parts, selection: &Selection) -> Option<Response> {
    let accept = parts.headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    if parts.method != Method::GET || !accept.contains("text/html") {
        return None;
    }
    let mount = selection.link_path();
    let target = parts.uri.path_and_query().map_or("/", PathAndQuery::as_str);
    Some(form(&mount, &format!("{mount}{target}"), false))
}

/// Answers who opens the address of the form itself.
pub(super) async fn show(frame: Frame) -> Redirect {
    Redirect::to(&format!("{}/", frame.mount))
}

/// Sets the cookie, and goes to where the key was asked for.
pub(super) async fn enter(
    frame: Frame,
    State(application): State<Application>,
    entered: Result<Form<Entered>, FormRejection>,
) -> Result<Response, Problem> {
    let Form(Entered { key, next }) = entered.map_err(|error| Problem::bad_request(error.body_text()))?;
    let mount = &frame.mount;
    let next = if is_own(mount, &next) { next } else { format!("{mount}/") };
    let Some(expected) = &application.guard.key else { return Ok(Redirect::to(&next).into_response()) };
    if !expected.is(key.as_bytes()) {
        return Ok(form(mount, &next, true));
    }
    let cookie = expected.cookie(application.endpoint.address.port());
    Ok(with_cookie(&application, &next, &cookie, None))
}

/// Removes the cookie.
pub(super) async fn leave(frame: Frame, State(application): State<Application>) -> Response {
    let cookie = format!("{}=", name(application.endpoint.address.port()));
    with_cookie(&application, &format!("{}/", frame.mount), &cookie, Some(0))
}

fn with_cookie(application: &Application, next: &str, cookie: &str, max_age: Option<u32>) -> Response {
    let mut response = Redirect::to(next).into_response();
    let is_secure = application.endpoint.scheme == Scheme::HTTPS;
    if let Some(cookie) = set_cookie(cookie, is_secure, max_age) {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}

fn form(mount: &str, next: &str, is_wrong: bool) -> Response {
    rendered(StatusCode::UNAUTHORIZED, &Ask { mount, form: KEY_FORM, next, is_wrong })
}

/// Whether an address is one of the page, so that the form does not lead to another website.
fn is_own(mount: &str, next: &str) -> bool {
    let path = next.split('?').next().unwrap_or_default();
    path.strip_prefix(mount).is_some_and(|path| path == "/" || path.starts_with("/_tenant/page/"))
}

#[cfg(test)]
mod tests {
    use super::is_own;

    #[test]
    fn the_form_leads_to_the_page_alone() {
        for (mount, next, expected) in [
            ("", "/", true),
            ("", "/?q=a//b", true),
            ("", "/_tenant/page/inbox", true),
            ("/t/shop", "/t/shop/", true),
            ("/t/shop", "/t/shop/_tenant/page/traffic?method=GET", true),
            ("/t/shop", "/", false),
            ("", "//evil.example/", false),
            ("", "/\\evil.example", false),
            ("", "https://evil.example/", false),
            ("", "/authorize", false),
            ("", "", false),
        ] {
            assert_eq!(is_own(mount, next), expected, "{next}");
        }
    }
}
