//! The messages that Auth0 would have sent.

use crate::context::Application;
use crate::page::frame::{Frame, rendered};
use crate::page::live::{follow, since};
use crate::page::look::{encoded, to_the_second};
use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response, sse};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::json;
use users_mock::{Mail, MailKind};

#[derive(Template)]
#[template(path = "page/inbox.html")]
struct Inbox<'a> {
    frame: &'a Frame,
    active: &'static str,
    count: usize,
    /// The number of the newest message.
    last: u64,
    /// The newest first, each as HTML.
    articles: String,
}

#[derive(Template)]
#[template(path = "page/mail.html")]
struct Article<'a> {
    mount: &'a str,
    mail: &'a Mail,
}

impl Article<'_> {
    fn kind(&self) -> &'static str {
        match self.mail.kind {
            MailKind::VerifyEmail => "Verification",
            MailKind::ChangePassword => "Password change",
            MailKind::Passcode => "Code",
            MailKind::Blocked => "Blocked",
            MailKind::Invitation => "Invitation",
            _ => "",
        }
    }

    /// What the button says that opens the link.
    fn action(&self) -> &'static str {
        match self.mail.kind {
            MailKind::VerifyEmail => "Verify the address",
            MailKind::ChangePassword => "Change the password",
            MailKind::Blocked => "Unblock the account",
            MailKind::Invitation => "Accept the invitation",
            _ => "Open the link",
        }
    }

    fn user(&self) -> Option<String> {
        self.mail.user_id.as_deref().map(encoded)
    }

    fn sent_at(&self) -> String {
        to_the_second(self.mail.sent_at.as_str())
    }
}

pub(super) async fn show(frame: Frame) -> Response {
    let mails = frame.hosted.tenant().mails();
    let page = Inbox {
        frame: &frame,
        active: "inbox",
        count: mails.len(),
        last: newest(&mails),
        articles: mails.iter().rev().filter_map(|mail| article(&frame.mount, mail)).collect(),
    };
    rendered(StatusCode::OK, &page)
}

#[derive(Deserialize)]
pub(super) struct Parameters {
    since: Option<u64>,
}

/// Streams the messages that the page does not show yet.
pub(super) async fn events(
    frame: Frame,
    State(application): State<Application>,
    headers: HeaderMap,
    Query(parameters): Query<Parameters>,
) -> impl IntoResponse {
    let (mut last, mount) = (since(&headers, parameters.since), frame.mount);
    let mut count = None;
    follow(&frame.hosted, application.tenants.closing(), move |hosted| {
        let mails = hosted.tenant().mails();
        let is_unchanged = newest(&mails) == last && count == Some(mails.len());
        if is_unchanged {
            return None;
        }
        // They are numbered from 1 again after a reset.
        last = last.min(newest(&mails));
        let fresh = mails.iter().filter(|mail| mail.id > last).filter_map(|mail| article(&mount, mail));
        let data = json!({"count": mails.len(), "articles": fresh.collect::<Vec<_>>()});
        (last, count) = (newest(&mails), Some(mails.len()));
        Some(sse::Event::default().event("mails").id(last.to_string()).data(data.to_string()))
    })
}

fn newest(mails: &[Mail]) -> u64 {
    mails.last().map(|mail| mail.id).unwrap_or_default()
}

fn article(mount: &str, mail: &Mail) -> Option<String> {
    Article { mount, mail }.render().ok()
}
