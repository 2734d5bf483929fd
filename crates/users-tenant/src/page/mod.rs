//! The page that shows a tenant in a browser. Each file has one of its parts; what they change goes through the control API.

mod faults;
mod frame;
mod history;
mod inbox;
mod key;
mod live;
mod look;
mod settings;
mod traffic;
mod user;
mod users;

pub(crate) use key::ask as ask_for_key;

use crate::context::Application;
use crate::guard::{KEY_FORM, LEAVE_FORM, STYLE};
use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};

const STYLE_TEXT: &str = include_str!("../../assets/page.css");
const SCRIPT: &str = include_str!("../../assets/page.js");

/// The pages and their files.
pub(crate) fn routes() -> Router<Application> {
    Router::new()
        .route("/", get(users::show))
        .route("/_tenant/page/users/{id}", get(user::show))
        .route("/_tenant/page/traffic", get(traffic::show))
        .route("/_tenant/page/traffic/events", get(traffic::events))
        .route("/_tenant/page/traffic/{number}", get(traffic::show_entry))
        .route("/_tenant/page/faults", get(faults::show))
        .route("/_tenant/page/inbox", get(inbox::show))
        .route("/_tenant/page/inbox/events", get(inbox::events))
        .route("/_tenant/page/settings", get(settings::show))
        .route(KEY_FORM, get(key::show).post(key::enter))
        .route(LEAVE_FORM, post(key::leave))
        .route(STYLE, get(async || file("text/css; charset=utf-8", STYLE_TEXT)))
        .route("/_tenant/page/page.js", get(async || file("text/javascript; charset=utf-8", SCRIPT)))
}

fn file(kind: &'static str, text: &'static str) -> Response {
    let headers = [(CONTENT_TYPE, kind), (CACHE_CONTROL, "no-cache"), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (headers, text).into_response()
}
