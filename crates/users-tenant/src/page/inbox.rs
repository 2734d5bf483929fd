//! The messages that Auth0 would have sent.

use crate::page::frame::{Frame, rendered};
use askama::Template;
use axum::response::Response;
use http::StatusCode;
use users_mock::Mail;

#[derive(Template)]
#[template(path = "page/inbox.html")]
struct Inbox<'a> {
    frame: &'a Frame,
    active: &'static str,
    mails: Vec<Mail>,
}

/// The newest first.
pub(super) async fn show(frame: Frame) -> Response {
    let mut mails = frame.hosted.tenant().mails();
    mails.reverse();
    rendered(StatusCode::OK, &Inbox { frame: &frame, active: "inbox", mails })
}
