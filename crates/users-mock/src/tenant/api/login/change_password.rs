//! The pages behind the links of mails and tickets, and the mail that changes a password.

use crate::encoding::encode;
use crate::tenant::api::account::set_password;
use crate::tenant::api::login::credentials::find;
use crate::tenant::api::login::mails::send_password_change;
use crate::tenant::events::{Event, details, name_of, record};
use crate::tenant::logins::{Ticket, TicketKind};
use crate::tenant::object::string;
use crate::tenant::page::{self, Page};
use crate::tenant::store::{Belonging, User};
use crate::tenant::wire::answer::{
    Answer, Failure, add_change_standing, assumed_oauth_error, oauth_error, redirect, text,
};
use crate::tenant::wire::context::WriteContext;
use crate::tenant::wire::request::Request;
use crate::tenant::wire::route::{Guard, Handler, Route};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use serde_json::json;
use std::sync::Arc;

pub(crate) const ROUTES: &[Route] = &[
    Route::new("POST", "/dbconnections/change_password", Guard::Handler, Handler::Write(request_change)),
    Route::new("GET", "/u/reset-password", Guard::Handler, Handler::Write(show_change)),
    Route::new("POST", "/u/reset-password", Guard::Handler, Handler::Write(change)),
    Route::new("GET", "/u/email-verification", Guard::Handler, Handler::Write(verify_email)),
    Route::new("GET", "/u/unblock", Guard::Handler, Handler::Write(unblock)),
];

/// Sends a link, and answers the same for an address that nobody has.
fn request_change(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let body = request.body()?;
    let connection = string(&body, "connection").unwrap_or_default();
    let email = string(&body, "email").unwrap_or_default().to_lowercase();
    for (name, value) in [("connection", &connection), ("email", &email)] {
        if value.is_empty() {
            let description = format!("Missing required property: {name}");
            return Ok(oauth_error(StatusCode::BAD_REQUEST, "invalid_request", &description));
        }
    }
    let user = find(context.store(), &connection, &email).cloned();
    if let Some(user) = &user {
        send_password_change(context, request, user);
    }
    let event = Event {
        user_id: user.as_ref().map_or("", |user| user.id()),
        user_name: email,
        connection: Some(&connection),
        ..Event::new(if user.is_some() { "scpr" } else { "fcpr" })
    };
    record(context, request, &event);
    let error = context.config.assumptions.change_password_of_unknown_user.as_ref();
    if let Some(error) = error.filter(|_| user.is_none()) {
        return Ok(assumed_oauth_error(error));
    }
    let mut answer = text(StatusCode::OK, "We've just sent you an email to reset your password.");
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    add_change_standing(&mut answer, context.clock.millis());
    Ok(answer)
}

/// A ticket of this kind with its user, or the page that says why it is of no use.
fn open(
    context: &WriteContext<'_>,
    request: &Request,
    kind: TicketKind,
) -> Result<(String, Ticket, Arc<User>), &'static str> {
    let now = context.clock.millis();
    let secret = request.query("ticket").unwrap_or_default().to_owned();
    let ticket = context.logins.tickets.get(&secret, now).filter(|ticket| ticket.kind == kind);
    let ticket = ticket.ok_or("This ticket is not valid.")?;
    if ticket.is_used {
        return Err("This ticket was already used.");
    }
    if ticket.expires_at <= now {
        return Err("This ticket was expired.");
    }
    let user = context.store().users().get(&ticket.user_id).ok_or("This ticket is not valid.")?;
    Ok((secret, ticket.clone(), Arc::clone(user)))
}

fn refused(title: &str, text: &str) -> Answer {
    page::shown(StatusCode::BAD_REQUEST, Page::Message { title: title.to_owned(), text: text.to_owned() })
}

fn mark_used(context: &mut WriteContext<'_>, secret: &str) {
    let now = context.clock.millis();
    if let Some(ticket) = context.logins.tickets.get_mut(secret, now) {
        ticket.is_used = true;
    }
}

/// Sends the browser where the ticket says, or shows a message.
fn done(ticket: &Ticket, user: &User, title: &str, text: &str) -> Answer {
    let Some(result) = &ticket.result else {
        return page::shown(StatusCode::OK, Page::Message { title: title.to_owned(), text: text.to_owned() });
    };
    let email = match user.string("email").filter(|_| result.includes_email) {
        Some(email) => format!("email={}&", encode(&email)),
        None => String::new(),
    };
    redirect(&result_url(&result.url, &email, text, true))
}

/// The address of a result, whose parameters stand before the fragment.
fn result_url(url: &str, email: &str, message: &str, is_success: bool) -> String {
    let (before, fragment) = url.split_at(url.find('#').unwrap_or(url.len()));
    let mark = if before.contains('?') { '&' } else { '?' };
    format!("{before}{mark}{email}message={}&success={is_success}{fragment}", encode(message))
}

// A handler returns a `Result`, whether it can fail or not.
#[allow(clippy::unnecessary_wraps)]
fn verify_email(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let (secret, ticket, user) = match open(context, request, TicketKind::EmailVerification) {
        Ok(found) => found,
        Err(why) => {
            record(context, request, &Event { description: why.to_owned(), ..Event::new("fv") });
            let secret = request.query("ticket").unwrap_or_default();
            let ticket = context.logins.tickets.get(secret, context.clock.millis());
            let url = ticket.and_then(|ticket| ticket.result.as_ref()).map(|result| result.url.as_str());
            return Ok(match url {
                Some(url) => redirect(&result_url(url, "", "Access expired.", false)),
                None => refused("Email verification", why),
            });
        }
    };
    mark_used(context, &secret);
    let now = context.clock.now();
    context.transaction.update_user(user.id(), |user| {
        user.supply("email_verified", "true");
        user.set_updated_at(&now);
    });
    let connection = user.connection();
    let query = json!({
        "email": user.string("email"), "idp_user_id": user.id().split_once('|').map(|(_, id)| id),
        "resultUrl": ticket.result.as_ref().map(|result| &result.url),
    });
    let event = Event {
        details: details(&json!({"query": query})),
        description: "Your email was verified. You can continue using the application.".to_owned(),
        user_id: user.id(),
        user_name: name_of(user.shown()),
        connection: connection.as_deref(),
        ..Event::new("sv")
    };
    record(context, request, &event);
    let text = "Your email was verified. You can continue using the application.";
    Ok(done(&ticket, &user, "Email verified", text))
}

// A handler returns a `Result`, whether it can fail or not.
#[allow(clippy::unnecessary_wraps)]
fn unblock(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let (secret, ticket, user) = match open(context, request, TicketKind::Unblock) {
        Ok(found) => found,
        Err(why) => return Ok(refused("Blocked account", why)),
    };
    mark_used(context, &secret);
    context.transaction.update_user(user.id(), |user| user.belongings_mut(Belonging::BlockedFor).clear());
    let event = Event { user_id: user.id(), user_name: name_of(user.shown()), ..Event::new("ublkdu") };
    record(context, request, &event);
    Ok(done(&ticket, &user, "Account unblocked", "Your account has been unblocked."))
}

// A handler returns a `Result`, whether it can fail or not.
#[allow(clippy::unnecessary_wraps)]
fn show_change(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    Ok(match open(context, request, TicketKind::PasswordChange) {
        Ok((secret, _, user)) => change_page(request, &secret, &user, StatusCode::OK, None),
        Err(why) => refused("Change your password", why),
    })
}

fn change_page(
    request: &Request,
    secret: &str,
    user: &User,
    status: StatusCode,
    error: Option<&str>,
) -> Answer {
    let page = Page::ChangePassword {
        action: request.path(&format!("/u/reset-password?ticket={secret}")),
        email: user.string("email").unwrap_or_default(),
        error: error.map(ToOwned::to_owned),
    };
    page::shown(status, page)
}

/// Changes the password, which also ends blocks by failed logins.
fn change(context: &mut WriteContext<'_>, request: &Request) -> Result<Answer, Failure> {
    let body = request.body()?;
    let (secret, ticket, user) = match open(context, request, TicketKind::PasswordChange) {
        Ok(found) => found,
        Err(why) => {
            record(context, request, &Event { description: why.to_owned(), ..Event::new("fcp") });
            return Ok(refused("Change your password", why));
        }
    };
    let field = |names: [&str; 2]| names.iter().find_map(|name| string(&body, name)).unwrap_or_default();
    let password = field(["password", "password-reset"]);
    if password != field(["confirm", "re-enter-password"]) {
        let error = Some("Passwords don't match");
        return Ok(change_page(request, &secret, &user, StatusCode::BAD_REQUEST, error));
    }
    if let Err(failure) = set_password(context, user.id(), &password) {
        let text = failure.message().split_once(": ").map_or(failure.message(), |(_, text)| text).to_owned();
        return Ok(change_page(request, &secret, &user, StatusCode::BAD_REQUEST, Some(&text)));
    }
    mark_used(context, &secret);
    let revokes = context.config.assumptions.password_change_revokes_refresh_tokens;
    context.transaction.update_user(user.id(), |user| {
        if ticket.verifies_email {
            user.supply("email_verified", "true");
        }
        user.belongings_mut(Belonging::BlockedFor).clear();
        if ticket.unblocks && user.shown().contains_key("blocked") {
            user.set("blocked", false);
        }
        if revokes {
            user.belongings_mut(Belonging::RefreshTokens).clear();
        }
    });
    let connection = user.connection();
    let event = Event {
        description: "Your password has been changed.".to_owned(),
        user_id: user.id(),
        user_name: name_of(user.shown()),
        connection: connection.as_deref(),
        ..Event::new("scp")
    };
    record(context, request, &event);
    // The page of Universal Login has no use for the `result_url` of a ticket.
    let (title, text) = ("Password changed".to_owned(), "Your password has been changed.".to_owned());
    Ok(page::shown(StatusCode::OK, Page::Message { title, text }))
}
