//! The pages of logins, as HTML.

mod templates;

use axum::Router;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use users_mock::Page;

const STYLE: &str = include_str!("../../assets/login.css");
const SCRIPT: &str = include_str!("../../assets/login.js");

/// What the pages load. Nobody else may be loaded, and forms may be posted anywhere, as an application's callback is elsewhere.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The same for a page that an application opens in a frame, to send it a message.
const FRAMED: &str = "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'";

/// The files of the pages.
pub(crate) fn assets<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/u/assets/login.css", get(async || file("text/css; charset=utf-8", STYLE)))
        .route("/u/assets/login.js", get(async || file("text/javascript; charset=utf-8", SCRIPT)))
}

fn file(kind: &'static str, text: &'static str) -> Response {
    let headers = [(CONTENT_TYPE, kind), (CACHE_CONTROL, "no-cache"), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (headers, text).into_response()
}

/// Renders the page of a response, if it has one. `mount` is the path below which the tenant is served.
pub(crate) fn render(mut response: Response, mount: &str) -> Response {
    let Some(page) = response.extensions_mut().remove::<Page>() else { return response };
    // A page that cannot be rendered is one that this version does not know; its description in JSON remains.
    let Some(html) = templates::html(&page, mount) else { return response };
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(CONTENT_LENGTH);
    let policy = if matches!(page, Page::WebMessage { .. }) { FRAMED } else { POLICY };
    for (name, value) in [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, policy),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        parts.headers.insert(name, HeaderValue::from_static(value));
    }
    if !matches!(page, Page::WebMessage { .. }) {
        parts.headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    }
    Response::from_parts(parts, html.into())
}
