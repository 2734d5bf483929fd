//! What is around every part of the page.

use crate::context::Application;
use crate::hosted::Hosted;
use crate::problem::Problem;
use crate::selection::Selection;
use askama::Template;
use axum::extract::FromRequestParts;
use axum::response::{Html, IntoResponse as _, Response};
use http::StatusCode;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::request::Parts;
use std::sync::Arc;

/// What the page loads: its own files, and the events and answers of this server.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";

/// The tenant that a page shows, and where it is.
pub(super) struct Frame {
    pub(super) hosted: Arc<Hosted>,
    /// The path below which the tenant is served.
    pub(super) mount: String,
    pub(super) tenant: String,
    /// Whether the key was entered, which can be forgotten again.
    pub(super) has_key: bool,
}

impl FromRequestParts<Application> for Frame {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, application: &Application) -> Result<Self, Problem> {
        let missing = || Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "No tenant was selected.");
        let selection = parts.extensions.get::<Selection>().ok_or_else(missing)?;
        let hosted = application.tenants.hosted(&selection.name);
        Ok(Self {
            hosted,
            mount: selection.link_path(),
            tenant: selection.name.to_string(),
            has_key: application.guard.key.is_some(),
        })
    }
}

#[derive(Template)]
#[template(path = "page/missing.html")]
struct Missing<'a> {
    frame: &'a Frame,
    active: &'static str,
    message: &'a str,
}

/// The answer to a request for something that does not exist.
pub(super) fn missing(frame: &Frame, active: &'static str, message: &str) -> Response {
    rendered(StatusCode::NOT_FOUND, &Missing { frame, active, message })
}

/// Renders a part of the page.
pub(super) fn rendered(status: StatusCode, template: &impl Template) -> Response {
    let Ok(html) = template.render() else {
        return Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "The page was not rendered.").into_response();
    };
    let mut response = (status, Html(html)).into_response();
    for (name, value) in [
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "same-origin"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
